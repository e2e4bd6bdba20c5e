//! The citizen's approval in VNeID: asked for, answered by a pretend owner, signed.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::{SignedDuration, Timestamp};
use keys::{
    AnswerContext, PlatformSecret,
    canonical::{Map, Value},
};
use rand_core::CryptoRng;
use serde_json::json;
use simulators::scenario::VneidScript;

use crate::{
    Code, Operation,
    answer::Answer,
    asked::VneidQuestion,
    world::{Outcome, Request, World, handle},
};

/// How long a pretend citizen takes to answer in VNeID.
const VNEID_ANSWERS_AFTER: SignedDuration = SignedDuration::from_secs(2);
/// How long a VNeID code is good.
const VNEID_LIVES: SignedDuration = SignedDuration::from_mins(10);

/// A request for approval, and what its owner will do.
pub(crate) struct Approval {
    asked: Timestamp,
    owner: VneidScript,
    identity: String,
}

impl World {
    pub(crate) fn ask_vneid(
        &mut self,
        asked: &VneidQuestion,
        now: Timestamp,
        chance: &mut dyn CryptoRng,
    ) -> Outcome {
        if asked.scopes != ["identify"] {
            return Err(Code::SchemaInvalid.into());
        }
        let identity = asked.identity.clone();
        let lower_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if identity.len() != 64 || !identity.bytes().all(lower_hex) {
            return Err(Code::SchemaInvalid.into());
        }
        let owner = self.account(&asked.number, Operation::CreateVneidAuthorization)?.vneid;
        let id = handle(chance);
        self.approvals.insert(id.clone(), Approval { asked: now, owner, identity });
        Ok(Answer::json(
            201,
            &json!({
                "authorization": id,
                "qrPayload": format!("https://vneid.test/a/{id}"),
                "expiresAt": (now + VNEID_LIVES).to_string(),
            }),
        ))
    }

    pub(crate) fn vneid(&mut self, request: &Request<'_>, now: Timestamp) -> Outcome {
        let id = request.named.ok_or(Code::NotFound)?;
        let approval = self.approvals.get(id).ok_or(Code::NotFound)?;
        let answered = approval.asked + VNEID_ANSWERS_AFTER;
        let progress = match approval.owner {
            VneidScript::Approves if now >= answered => {
                let signed =
                    STANDARD.encode(approved(id, &approval.identity, answered, &self.secrets.signing));
                json!({ "state": "approved", "approval": signed })
            }
            VneidScript::Rejects if now >= answered => json!({ "state": "rejected" }),
            _ if now >= approval.asked + VNEID_LIVES => json!({ "state": "expired" }),
            _ => json!({ "state": "waiting" }),
        };
        Ok(Answer::json(200, &progress))
    }
}

/// `VneidApproval` of `openapi.yaml`: the platform's signed word.
fn approved(id: &str, identity: &str, at: Timestamp, platform: &PlatformSecret) -> Vec<u8> {
    let approval = Map::new()
        .with("at", Value::text(at.to_string()))
        .with("authorization", Value::text(id))
        .with("identity", Value::text(identity));
    let approval = Value::from(approval);
    let signature = platform.sign(AnswerContext::VneidApproval, &approval.to_bytes());
    let whole = Map::new().with("approval", approval).with("signature", Value::text(signature.to_string()));
    Value::from(whole).to_bytes().to_vec()
}
