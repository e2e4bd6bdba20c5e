//! The badge of somebody who services machines: a smart card that signs, with a key that never
//! leaves it, that its holder is at this machine now.
//!
//! Any card with a PIV application will do (NIST SP 800-73-4), by its card authentication key
//! (9E): that one works contactless and asks for no PIN of the card (SP 800-73-4 part 1, 3.1.3).
//! The PIN is typed at the machine, so a badge found in the street opens nothing.
//!
//! A machine holds public keys only ([`Badges`]). A [`Proof`] is believed by whoever has the list
//! and drew a [`Challenge`] for it: `kioskd`, which reads the badge, and `fleetd`, which so need
//! not take the word of `kioskd`. [`Present`] has no other constructor.
//!
//! It takes no time and no chance of its own, and keeps nothing.
#![deny(missing_docs)]

mod claim;
mod error;
mod list;
mod piv;

pub use self::{
    claim::{Challenge, Claim, NoChallenge, NoProof, Proof},
    error::BadgeError,
    list::{BadgeKey, Badges, NoKey, Present},
    piv::{read_key, sign},
};
