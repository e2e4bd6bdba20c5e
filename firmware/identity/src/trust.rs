//! Whom we believe: the certificates of the issuing states (CSCA).
use crate::error::IdentityError;
use jiff::civil::Date;

/// The trusted certificates of issuing states, out of the operator's settings.
pub struct TrustList {}

impl TrustList {
    /// Reads certificates in PEM. One that is broken is an error which says which.
    pub fn from_pem(text: &str) -> Result<Self, IdentityError> {
        _ = text;
        unimplemented!()
    }

    /// How many certificates there are.
    pub fn count(&self) -> usize {
        unimplemented!()
    }

    /// The first and the last day on which a certificate of the list begins to be valid.
    pub fn oldest_and_newest(&self) -> (Date, Date) {
        unimplemented!()
    }

    /// SHA-256 of the text that was read, in hexadecimal digits.
    pub fn digest(&self) -> &str {
        unimplemented!()
    }
}
