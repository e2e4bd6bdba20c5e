//! Is the person before the camera the person on the card? Finds the face in a frame,
//! says what to change until it can be compared, compares it with the portrait of an
//! authentic card, and decides at thresholds that stand in the configuration.
//!
//! A [`FaceMatch`] can only come out of [`Attempt::decide`], of two officers'
//! signatures ([`FaceMatch::by_officers`]) or of the citizen's approval in VNeID
//! ([`FaceMatch::by_vneid`]), and it holds for one identity. Nothing
//! here keeps, prints or logs a picture or a template; both are wiped on drop.
//! That a living person stands there must be shown as well (see [`Task`]). The measures follow ISO/IEC 29794-5 where they can; they are not conformant.

mod align;
mod attempt;
mod compare;
mod comparisons;
mod config;
mod detect;
mod engine;
mod error;
mod evidence;
mod huffman;
mod liveness;
mod mesh;
mod models;
mod mounting;
#[cfg(any(test, feature = "numerics"))]
mod numerics;
mod officers;
mod orientation;
mod picture;
mod portrait;
mod quality;
mod session;
mod template;
mod timing;
mod vneid;
mod why;

pub use attempt::{Attempt, Reference};
pub use compare::{Comparison, Sample};
pub use config::{FaceConfig, QualityLimits};
pub use engine::Engine;
pub use error::FaceError;
pub use evidence::{
    CameraEvidence, FaceEvidence, FaceMatch, OfficersEvidence, Score, SignedBy, VneidEvidence,
};
pub use identity::Picture;
pub use liveness::{
    LightEvidence, LivenessConfig, LivenessEvidence, NotLive, OwnLight, PassiveEvidence, PassiveModel,
    PatternEvidence, Rhythm, Skin, Task, Tempo,
};
#[cfg(feature = "numerics")]
pub use numerics::ModelInput;
pub use officers::{
    ApprovalRefused, FirstSigned, OfficerId, OfficerKeys, OfficersApproval, Signed, Statement,
};
pub use picture::{decode_frame, preview, preview_of, read_picture};
pub use portrait::PortraitFlaw;
pub use quality::{Component, Measure, Quality};
pub use screen::{FaceHint, Glow};
pub use session::Look;
pub use timing::Timings;
pub use vneid::{VneidApproval, VneidRefused};
pub use why::{NoMatch, Why};

#[cfg(test)]
mod tests;
