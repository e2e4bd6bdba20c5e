//! What a face check leaves behind: that it was done, how, and how sure it is. Never
//! a picture, never a template. Scores are whole ten-thousandths, because a signed
//! record has no fractions.

use identity::IdentityId;
use jiff::Timestamp;
use keys::Signature;
use serde::Serialize;
use uuid::Uuid;

use crate::{
    liveness::LivenessEvidence,
    officers::{OfficerId, OfficersApproval},
    vneid::VneidApproval,
};

/// A cosine similarity in ten-thousandths: -10000 to 10000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Score(i16);

impl Score {
    /// Rounds towards zero, so that a score is never reported better than it is.
    pub(crate) fn of(cosine: f32) -> Self {
        Self((cosine.clamp(-1.0, 1.0) * 10_000.0) as i16)
    }

    /// The ten-thousandths.
    pub fn ten_thousandths(self) -> i16 {
        self.0
    }
}

/// This person is the holder of that card. It holds for one identity only.
pub struct FaceMatch {
    identity: IdentityId,
    evidence: FaceEvidence,
}

impl FaceMatch {
    pub(crate) fn by_camera(identity: IdentityId, evidence: CameraEvidence) -> Self {
        Self { identity, evidence: FaceEvidence::Camera(evidence) }
    }

    /// Two officers saw the person and the card, and signed for it.
    pub fn by_officers(approval: OfficersApproval) -> Self {
        let identity = approval.identity();
        Self { identity, evidence: FaceEvidence::Officers(approval.into_evidence()) }
    }

    /// The citizen approved in VNeID, and the platform signed that they did.
    pub fn by_vneid(approval: VneidApproval) -> Self {
        let identity = approval.identity();
        Self { identity, evidence: FaceEvidence::Vneid(approval.into_evidence()) }
    }

    /// Whose face it is.
    pub fn identity_id(&self) -> IdentityId {
        self.identity
    }

    /// How it was found out.
    pub fn evidence(&self) -> &FaceEvidence {
        &self.evidence
    }
}

/// How the face was checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "method", rename_all = "kebab-case")]
pub enum FaceEvidence {
    /// The camera's picture was compared with the portrait on the chip.
    Camera(CameraEvidence),
    /// Two officers vouched for the person.
    Officers(OfficersEvidence),
    /// The person approved in VNeID; no camera looked.
    Vneid(VneidEvidence),
}

/// What a comparison by camera rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct CameraEvidence {
    /// The median of the best frames' similarities to the portrait.
    pub score: Score,
    /// What was needed to be accepted.
    pub threshold: Score,
    /// Below this, the answer is no at once.
    pub grey_from: Score,
    /// Which try of this visit it was, from 1.
    pub attempt: u8,
    /// Frames that were looked at.
    pub frames_seen: u32,
    /// Frames that were good enough to compare.
    pub frames_compared: u32,
    /// Frames that were exactly equal to the one before: a frozen or replayed stream.
    pub frames_repeated: u32,
    /// What shows that a living person stood there.
    pub liveness: LivenessEvidence,
    /// SHA-256 of the detector's file.
    pub detector: String,
    /// SHA-256 of the recogniser's file.
    pub recogniser: String,
    /// SHA-256 of the landmark model's file.
    pub landmarks: String,
    /// How pictures are brought before the models; scores of two versions differ.
    pub preprocessing: u8,
}

/// Who vouched for a person whom the camera failed. With the identity's id it makes the
/// statement that both signed, so anyone with the officers' keys can check it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct OfficersEvidence {
    /// The visit.
    pub visit: Uuid,
    /// When.
    pub at: Timestamp,
    /// Two different officers.
    pub signed: [SignedBy; 2],
}

/// One officer's word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct SignedBy {
    /// The service number.
    pub officer: OfficerId,
    /// The officer's signature over visit, identity and time.
    pub signature: Signature,
}

/// The citizen's approval in VNeID. With the identity's id it makes the statement that
/// the platform signed, so anyone with the platform's key can check it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct VneidEvidence {
    /// The platform's handle of the request.
    pub authorization: String,
    /// When the citizen approved.
    pub at: Timestamp,
    /// The platform's signature over identity, handle and time.
    pub signature: Signature,
}
