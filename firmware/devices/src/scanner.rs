//! The code scanner beside the card slot: it says what a QR code holds.

use std::future::Future;

use faults::Fault;
use zeroize::Zeroizing;

/// A scanner that sends each code it sees.
pub trait CodeScanner: Send {
    /// Waits for the next code. The text is personal: a card's QR holds a name.
    fn next_code(&mut self) -> impl Future<Output = Result<Zeroizing<String>, ScannerFault>> + Send;
}

/// Why no code will come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScannerFault {
    /// No scanner at the port.
    #[error("the code scanner is not connected")]
    Unplugged,
}

impl ScannerFault {
    /// The entry of the fault list that this is.
    pub fn fault(self) -> Fault {
        match self {
            Self::Unplugged => Fault::ScannerMissing,
        }
    }
}
