//! Is it a living person who stands there? Presentation attack detection after
//! ISO/IEC 30107-1: the person is asked for movements that nobody could know beforehand
//! ([`Task`]), and it is watched that they come when asked for, that a turning head has
//! relief, that its skin answers to the kiosk's own light, that no pattern of pixels or dots lies
//! over it, and that it stays one face. Where the operator installed the passive model, it must
//! agree as well.
//!
//! What this does not stop stands in `firmware/SECURITY.md`: a film of the holder whose
//! movements are steered live, a mask whose mouth moves.

mod challenge;
mod config;
mod draw;
mod evidence;
#[cfg(test)]
mod films;
mod fourier;
mod light;
pub(crate) mod passive;
mod pattern;
mod plane;
mod relief;
mod repeats;
mod rhythm;
mod trial;

pub use challenge::{Task, Tempo};
pub use config::{LivenessConfig, OwnLight, PassiveModel};
pub use evidence::{LivenessEvidence, NotLive, PassiveEvidence};
pub use light::{LightEvidence, Skin};
pub use pattern::PatternEvidence;
pub use rhythm::Rhythm;

pub(crate) use challenge::Challenge;
pub(crate) use draw::Draw;
pub(crate) use light::{Light, Tint, tint};
pub(crate) use passive::Passive;
pub(crate) use pattern::prominence;
pub(crate) use relief::Shape;
pub(crate) use repeats::{Came, Frames};
pub(crate) use trial::{Rest, Said, Seen, Trial};
