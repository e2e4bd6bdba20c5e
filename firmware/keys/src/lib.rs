//! The kiosk's own keys: sign what it vouches for, seal what only the server may
//! read, and the one canonical form (`canonical`) in which signed things are
//! written. Nothing else in the house sees a private key.
//!
//! It never prints a private key (none has `Debug`), never reads a clock and never
//! draws chance by itself, and it can seal but not open: `ServerSecret` and
//! `PlatformSecret` exist for the other side of the wire, the pretend platform and
//! tests. An officer's key lies here only sealed under the officer's PIN, and is opened for
//! one signature. Signatures are Ed25519 (RFC 8032), sealing is HPKE (RFC 9180).
//!
//! Keys in hardware come later through the file: a key unsealed by a TPM or by
//! systemd's credentials is a file that only this service sees, so `DeviceKey::load`
//! stays as it is.

pub mod canonical;
mod device_key;
mod error;
mod officer;
mod platform;
mod private_file;
mod seal;
mod signing;

pub use device_key::DeviceKey;
pub use error::KeyError;
pub use officer::{OfficerContext, OfficerKey, OfficerSecret, SealedOfficerKey};
pub use platform::{PlatformKey, PlatformSecret};
pub use seal::{ServerKey, ServerSecret, seal};
pub use signing::{AnswerContext, PublicKey, Signature, SigningContext};
