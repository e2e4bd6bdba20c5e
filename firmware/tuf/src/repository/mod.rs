//! The repository's side: make metadata, have it signed, lay it out (TUF 1.0.34, section 6).
//!
//! A `Draft` is metadata that still collects signatures: by a key at hand, or made elsewhere
//! over `to_sign()` and attached. `Release` writes snapshot and timestamp for a set of targets
//! roles. `RepositoryFolder` is the folder that a web server or a stick carries.

mod bodies;
mod draft;
mod folder;
mod release;
mod signer;

pub use self::{
    bodies::{NotARoleName, RoleName},
    draft::{Draft, ForeignSignature},
    folder::{PublishError, RepositoryFolder},
    release::{Announce, Release},
    signer::{Ed25519Signer, SignError, Signer},
};
