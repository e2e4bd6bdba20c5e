//! What one kind of machine is made of: the typed form of `board-configs/*.toml`.
//! A file may inherit one other; a key that nobody knows is refused by file, line
//! and reason. Nothing about safety or retention has a default.

use std::path::{Path, PathBuf};

use faults::Fault;
use serde::Deserialize;

/// One machine, read and checked.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Board {
    /// Which kiosk, and where it stands.
    pub kiosk: Kiosk,
    /// The folders and files it works with.
    pub files: Files,
    /// The touchscreen.
    pub screen: ScreenPart,
    /// The chip card reader.
    pub reader: ReaderPart,
    /// The camera.
    pub camera: CameraPart,
    /// The receipt printer; none: no paper is offered.
    pub receipt_printer: Option<PrinterPart>,
    /// The code scanner; none: digits are typed.
    pub code_scanner: Option<ScannerPart>,
    /// The lamps; none on a desk.
    pub lights: Option<LightsPart>,
    /// The site's one upstream.
    pub gateway: GatewayPart,
    /// After how long a visit ends by itself.
    pub idle: Idle,
    /// For the face crate, which checks it.
    pub face: toml::Table,
}

impl Board {
    /// Reads `<name>.toml` in a folder, with everything that it inherits.
    pub fn load(folder: &Path, name: &str) -> Result<Self, BoardError> {
        let _ = (folder, name);
        unimplemented!()
    }
}

/// Which kiosk this is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Kiosk {
    /// The id under which it is enrolled, such as `HN-CG-DVH-01`.
    pub id: String,
    /// Where it stands, as printed on a slip.
    pub site: String,
}

/// The folders and files a kiosk works with.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Files {
    /// Outbox, audit log, keys: the only place that is written.
    pub data: PathBuf,
    /// Country certificates that are believed, PEM.
    pub trust_list: PathBuf,
    /// Face models with their manifest.
    pub models: PathBuf,
    /// The service catalogue.
    pub catalogue: PathBuf,
    /// Who may open the staff page.
    pub staff: PathBuf,
    /// The socket between kioskd and kiosk-ui.
    pub screen_socket: PathBuf,
}

/// The touchscreen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ScreenPart {
    /// Dots across, as the citizen sees it.
    pub width: u32,
    /// Dots down.
    pub height: u32,
    /// How the panel is mounted, in degrees clockwise: 0, 90, 180, 270.
    pub rotation: u16,
}

/// The chip card reader.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ReaderPart {
    /// Part of the PC/SC reader's name.
    pub name: String,
}

/// The camera.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CameraPart {
    /// The V4L2 node.
    pub device: PathBuf,
    /// Dots across.
    pub width: u32,
    /// Dots down.
    pub height: u32,
}

/// The receipt printer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PrinterPart {
    /// The serial port.
    pub port: PathBuf,
    /// Its speed.
    pub baud: u32,
    /// Dots across the paper: 576 or 384.
    pub dots: u32,
    /// How long a new roll is.
    pub roll_metres: u16,
}

/// The code scanner.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ScannerPart {
    /// The serial port.
    pub port: PathBuf,
    /// Its speed.
    pub baud: u32,
}

/// The lamps, by BCM pin number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LightsPart {
    /// Lights a dark face.
    pub fill_pin: u8,
    /// Stands beside the card slot.
    pub slot_pin: u8,
}

/// The site's one upstream.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct GatewayPart {
    /// `https://` only.
    pub url: String,
    /// The authority of the server's certificate, PEM.
    pub ca: PathBuf,
    /// The kiosk's TLS certificate, PEM.
    pub client_cert: PathBuf,
    /// Its key, PEM.
    pub client_key: PathBuf,
    /// The key that checks the platform's signed answers.
    pub signing_key: PathBuf,
    /// The key to which records and secrets are sealed.
    pub sealing_key: PathBuf,
    /// Until a connection must stand.
    pub connect_seconds: u16,
    /// Until an answer must be whole.
    pub answer_seconds: u16,
}

/// After how long a visit ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Idle {
    /// Without a tap, until "Are you still there?"
    pub ask_after_seconds: u16,
    /// From then, until the visit is wiped.
    pub end_after_seconds: u16,
}

/// Why a board cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BoardError {
    /// A file is not there.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file says something that is not allowed.
    #[error("{}:{line}: {reason}", path.display())]
    Wrong {
        /// Which.
        path: PathBuf,
        /// Where, from 1.
        line: usize,
        /// What.
        reason: String,
    },
    /// A file inherits itself, maybe through others.
    #[error("{} inherits itself", path.display())]
    Cycle {
        /// Which.
        path: PathBuf,
    },
}

impl BoardError {
    /// The entry of the fault list that this is.
    pub fn fault(&self) -> Fault {
        Fault::ConfigBroken
    }
}
