//! The other way to prove who one is: the citizen approves in VNeID.

use jiff::Timestamp;

/// The platform's handle of one request for approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VneidId(pub(crate) String);

impl VneidId {
    /// The handle as the platform wrote it; its signed approval names it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A request that waits for the citizen's phone.
#[derive(Clone, PartialEq, Eq)]
pub struct VneidRequest {
    /// Its handle.
    pub id: VneidId,
    /// What the QR code on the screen holds.
    pub qr: String,
    /// Until when it can be scanned.
    pub expires_at: Timestamp,
}

/// How far a request is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VneidState {
    /// Not scanned or not answered yet.
    Waiting,
    /// The citizen whose number was asked for approved. The bytes are the platform's
    /// signed word, for `face::VneidApproval` to verify.
    Approved(Vec<u8>),
    /// The citizen said no.
    Rejected,
    /// Too late.
    Expired,
}
