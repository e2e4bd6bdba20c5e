//! The other way without anybody's help: the citizen approves in VNeID, and the
//! platform signs that they did. The approval names the identity and the request, so
//! it is good for one card at one visit.
//!
//! As bytes: canonical JSON `{"approval":{"at":…,"authorization":…,"identity":…},
//! "signature":…}`, the signature (base64) being the platform's over the canonical
//! bytes of `approval`, in the context `vneid-approval`. The evidence keeps what an
//! auditor needs to check it again.

use faults::Fault;
use identity::IdentityId;
use jiff::Timestamp;
use keys::{
    AnswerContext, PlatformKey, Signature,
    canonical::{self, Value},
};

use crate::evidence::VneidEvidence;

/// Why an approval does not stand in for the camera.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VneidRefused {
    /// It is not canonical JSON of the documented form.
    #[error("the approval has not the documented form")]
    Malformed,
    /// The platform did not sign this.
    #[error("the approval is not signed by the platform")]
    NotThePlatform,
    /// It is about another card.
    #[error("the approval is of another identity")]
    OtherIdentity,
    /// It is about another request, such as an earlier visit's.
    #[error("the approval is of another request")]
    OtherRequest,
}

impl VneidRefused {
    /// The entry of the fault list that this is.
    pub fn fault(self) -> Fault {
        Fault::PlatformNotTrusted
    }
}

/// The citizen's approval of this visit, signed by the platform.
pub struct VneidApproval {
    identity: IdentityId,
    evidence: VneidEvidence,
}

impl VneidApproval {
    /// The only way to one: the platform's signature fits, and it is about this
    /// identity and this visit's request.
    pub fn verify(
        bytes: &[u8],
        platform: &PlatformKey,
        identity: IdentityId,
        authorization: &str,
    ) -> Result<Self, VneidRefused> {
        let whole = canonical::parse(bytes).map_err(|_| VneidRefused::Malformed)?;
        let content = whole.get("approval").ok_or(VneidRefused::Malformed)?;
        let signature = whole.get("signature").and_then(Value::as_text);
        let signature: Signature =
            signature.and_then(|text| text.parse().ok()).ok_or(VneidRefused::Malformed)?;
        platform
            .verify(AnswerContext::VneidApproval, &content.to_bytes(), &signature)
            .map_err(|_| VneidRefused::NotThePlatform)?;
        let said = Statement::parse(content).ok_or(VneidRefused::Malformed)?;
        if said.identity != *identity.as_bytes() {
            return Err(VneidRefused::OtherIdentity);
        }
        if said.authorization != authorization {
            return Err(VneidRefused::OtherRequest);
        }
        let Statement { authorization, at, .. } = said;
        Ok(Self { identity, evidence: VneidEvidence { authorization, at, signature } })
    }

    pub(crate) fn identity(&self) -> IdentityId {
        self.identity
    }

    pub(crate) fn into_evidence(self) -> VneidEvidence {
        self.evidence
    }
}

/// What the platform signed.
struct Statement {
    authorization: String,
    identity: [u8; 32],
    at: Timestamp,
}

impl Statement {
    fn parse(content: &Value) -> Option<Self> {
        let text = |name| content.get(name)?.as_text();
        // Exactly these three: an unknown field may change what the others mean.
        if content.as_map()?.iter().count() != 3 {
            return None;
        }
        Some(Self {
            authorization: text("authorization")?.to_owned(),
            identity: hex::decode(text("identity")?).ok()?.try_into().ok()?,
            at: text("at")?.parse().ok()?,
        })
    }
}
