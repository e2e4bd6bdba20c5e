//! DSSE 1.0 (github.com/secure-systems-lab/dsse): the envelope, and what its signatures are over.
//! Unknown fields of the envelope are passed over, as the specification wants: nothing of them
//! is used. Key ids are not looked at: they are not signed.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE},
};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};

use crate::{Command, Refusal};

/// What is in the envelope.
pub const PAYLOAD_TYPE: &str = "application/vnd.mot-cham.command.v1+json";
/// The longest envelope that is read, in bytes: as much as hawkBit lets a software module's
/// metadata hold.
pub const LONGEST_ENVELOPE: usize = 4000;
/// The most signatures.
const MOST_SIGNATURES: usize = 8;

/// A command and its signatures, which nobody has looked at yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    command: Command,
    signatures: Vec<(String, [u8; 64])>,
}

#[derive(Serialize, Deserialize)]
struct Envelope {
    payload: String,
    #[serde(rename = "payloadType")]
    payload_type: String,
    signatures: Vec<EnvelopeSignature>,
}

#[derive(Serialize, Deserialize)]
struct EnvelopeSignature {
    #[serde(default)]
    keyid: String,
    sig: String,
}

/// What a signature is over ("pre-authentication encoding").
pub fn pae(payload_type: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), body.len()).into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

impl Signed {
    /// A command that nobody has signed; refused if it is out of bounds.
    pub fn draft(command: Command) -> Result<Self, Refusal> {
        command.to_bytes()?;
        Ok(Self { command, signatures: Vec::new() })
    }

    /// Reads an envelope.
    pub fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        if bytes.len() > LONGEST_ENVELOPE {
            return Err(Refusal::TooLong { most: LONGEST_ENVELOPE });
        }
        let not_one = || Refusal::NotAnEnvelope { most: MOST_SIGNATURES };
        let envelope: Envelope = serde_json::from_slice(bytes).map_err(|_| not_one())?;
        if envelope.payload_type != PAYLOAD_TYPE {
            return Err(Refusal::OtherType);
        }
        if !(1..=MOST_SIGNATURES).contains(&envelope.signatures.len()) {
            return Err(not_one());
        }
        let payload = unwrapped(&envelope.payload).ok_or_else(not_one)?;
        let signature = |one: EnvelopeSignature| Some((one.keyid, unwrapped(&one.sig)?.try_into().ok()?));
        let signatures = envelope.signatures.into_iter().map(signature).collect::<Option<_>>();
        Ok(Self { command: Command::parse(&payload)?, signatures: signatures.ok_or_else(not_one)? })
    }

    /// What is signed, or is to be. Nobody has looked yet who signed it.
    pub fn command(&self) -> &Command {
        &self.command
    }

    /// Adds a signature, unless this key's is there.
    pub fn sign(&mut self, key: &SigningKey) -> Result<(), Refusal> {
        let signature = key.sign(&self.message()?);
        self.attach(&key.verifying_key(), signature.to_bytes())
    }

    /// Adds a signature over `message()` that was made elsewhere, as in a token, unless this key's
    /// is there; refused if it is not by this key.
    pub fn attach(&mut self, key: &VerifyingKey, signature: [u8; 64]) -> Result<(), Refusal> {
        let message = self.message()?;
        if self.is_by(key, &message) {
            return Ok(());
        }
        if self.signatures.len() == MOST_SIGNATURES {
            return Err(Refusal::NotAnEnvelope { most: MOST_SIGNATURES });
        }
        if key.verify_strict(&message, &Signature::from_bytes(&signature)).is_err() {
            return Err(Refusal::NotSigned { kind: self.command.what.kind(), have: 0, needed: 1 });
        }
        self.signatures.push((hex::encode(key.as_bytes()), signature));
        Ok(())
    }

    /// The envelope as text; refused if it is longer than kiosks read.
    pub fn to_text(&self) -> Result<String, Refusal> {
        let envelope = Envelope {
            payload: STANDARD.encode(self.command.to_bytes()?),
            payload_type: PAYLOAD_TYPE.to_owned(),
            signatures: self
                .signatures
                .iter()
                .map(|(id, signature)| EnvelopeSignature {
                    keyid: id.clone(),
                    sig: STANDARD.encode(signature),
                })
                .collect(),
        };
        let text = serde_json::to_string(&envelope).expect("text keys only");
        if text.len() > LONGEST_ENVELOPE {
            return Err(Refusal::TooLong { most: LONGEST_ENVELOPE });
        }
        Ok(text)
    }

    /// What the signatures are over.
    pub fn message(&self) -> Result<Vec<u8>, Refusal> {
        Ok(pae(PAYLOAD_TYPE, &self.command.to_bytes()?))
    }

    /// Whether one of the signatures is by this key.
    pub(crate) fn is_by(&self, key: &VerifyingKey, message: &[u8]) -> bool {
        self.signatures.iter().any(|(_, signature)| {
            // Strict: no key of small order, for which one signature fits many messages.
            key.verify_strict(message, &Signature::from_bytes(signature)).is_ok()
        })
    }
}

/// Either alphabet, as the specification wants.
fn unwrapped(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).or_else(|_| URL_SAFE.decode(text)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The test vector of the specification (protocol.md).
    #[test]
    fn what_is_signed_is_written_as_the_specification_shows() {
        let bytes = pae("http://example.com/HelloWorld", b"hello world");
        assert_eq!(bytes, b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
    }
}
