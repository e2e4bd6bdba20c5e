//! What the errors of PC/SC (part 5; the names are pcsc-lite's) mean to whoever reads
//! a card.

use devices::ReaderFault;
use pcsc::Error;

/// Why there is no answer.
#[derive(Clone, Copy)]
pub(super) enum Failure {
    /// PC/SC says what is the matter.
    Certain(ReaderFault),
    /// Only that the exchange failed, which for a moment is all there is to say when a
    /// card is lifted.
    InDoubt,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        fault_of(error).map_or(Self::InDoubt, Self::Certain)
    }
}

/// What an error means where no card was being talked to: a service that is just going
/// down answers with all sorts of failures.
pub(super) fn certain(error: Error) -> ReaderFault {
    fault_of(error).unwrap_or(ReaderFault::ServiceDown)
}

/// What an error says for certain.
fn fault_of(error: Error) -> Option<ReaderFault> {
    Some(match error {
        Error::NoSmartcard | Error::RemovedCard => ReaderFault::CardGone,
        Error::ResetCard => ReaderFault::CardReset,
        Error::UnknownReader | Error::ReaderUnavailable | Error::NoReadersAvailable => ReaderFault::Unplugged,
        Error::NoService
        | Error::ServiceStopped
        | Error::Shutdown
        | Error::InvalidHandle
        | Error::SystemCancelled => ReaderFault::ServiceDown,
        Error::SharingViolation => ReaderFault::Busy,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_that_says_something_has_its_fault() {
        for (errors, fault) in [
            (&[Error::RemovedCard, Error::NoSmartcard][..], Some(ReaderFault::CardGone)),
            (&[Error::ResetCard], Some(ReaderFault::CardReset)),
            (&[Error::UnknownReader, Error::ReaderUnavailable], Some(ReaderFault::Unplugged)),
            (
                &[Error::NoService, Error::ServiceStopped, Error::InvalidHandle],
                Some(ReaderFault::ServiceDown),
            ),
            (&[Error::SharingViolation], Some(ReaderFault::Busy)),
            (&[Error::NotTransacted, Error::UnresponsiveCard, Error::CommDataLost], None),
        ] {
            for error in errors {
                assert_eq!(fault_of(*error), fault, "{error}");
            }
        }
    }
}
