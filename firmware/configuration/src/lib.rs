//! What may be set of a kiosk from afar. Four layers lie over what is built in (the board and
//! `fleetd.toml`): of the fleet, of a province, of a site, of one device. A later one says
//! more than an earlier, of the keys that it may say.
//!
//! The keys are a closed list (`keys.rs`), each with the layers that may say it. No key is a
//! secret, an address of a server, or looser than what a board may have; a service can be
//! closed from afar and not opened. What is unknown, of another type or out of its range is
//! refused by layer, line and key.
//!
//! Pure: who signed a layer, and where it lies, others know (`tuf`, `fleetd`).

mod board;
mod keys;
mod layer;
mod merged;
mod notice;
mod section;
mod value;
mod whose;

pub use self::{
    board::Looser,
    keys::{AnnounceSeconds, Camera, Face, Files, Idle, IdleSeconds, Upkeep},
    layer::{Age, Layer, LayerError, MOST_LAYER_BYTES},
    merged::{Configuration, MOST_FILE_BYTES, MOST_SET_BYTES, NotASet, NotOneSet, Origin, WantedFile},
    notice::{MOST_NOTICES, Notice},
    section::Said,
    value::{AcceptScore, File, FileName, NamedFile, ServiceName, Window},
    whose::{Level, Place, Whose, Word, WrongName},
};

use release::Sha256Digest;
use sha2::{Digest as _, Sha256};

/// The digest of these bytes.
pub fn digest(bytes: &[u8]) -> Sha256Digest {
    Sha256Digest::new(Sha256::digest(bytes).into())
}

/// A digest as the name of a file.
pub fn hexadecimal(digest: Sha256Digest) -> String {
    hex::encode(digest.bytes())
}
