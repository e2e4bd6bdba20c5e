//! How each device is, for the staff page, the open services and the fleet.

use faults::Fault;
use serde::{Deserialize, Serialize};

/// The devices a kiosk may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Device {
    /// The chip card reader.
    CardReader,
    /// The camera that looks at the citizen.
    Camera,
    /// The receipt printer.
    ReceiptPrinter,
    /// The QR code scanner.
    CodeScanner,
    /// The connection to the platform.
    Network,
    /// The outbox and the audit log on the disk.
    Store,
}

/// How a device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Not looked at yet.
    Starting,
    /// Works.
    Ready,
    /// Works, but somebody should come: paper is low, answers are slow.
    Degraded(Fault),
    /// Does not work; services that need it are closed.
    Failed(Fault),
}

impl State {
    /// Whether a service may rely on the device.
    pub fn works(self) -> bool {
        matches!(self, Self::Ready | Self::Degraded(_))
    }

    /// What is wrong, if anything is.
    pub fn fault(self) -> Option<Fault> {
        match self {
            Self::Degraded(fault) | Self::Failed(fault) => Some(fault),
            Self::Starting | Self::Ready => None,
        }
    }
}
