//! What a badge signs, and what comes of it.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// 32 bytes of chance, drawn by whoever is to believe the answer, and for one answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Challenge(pub [u8; 32]);

/// A text that is no challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a challenge is 64 hexadecimal digits")]
pub struct NoChallenge;

impl fmt::Display for Challenge {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&hex::encode(self.0))
    }
}

impl FromStr for Challenge {
    type Err = NoChallenge;

    fn from_str(text: &str) -> Result<Self, NoChallenge> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| NoChallenge)?;
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for Challenge {
    type Error = NoChallenge;

    fn try_from(text: String) -> Result<Self, NoChallenge> {
        text.parse()
    }
}

impl From<Challenge> for String {
    fn from(challenge: Challenge) -> Self {
        challenge.to_string()
    }
}

/// That somebody is at a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The machine's name in the fleet.
    pub kiosk: String,
    /// Whose badge it is, by the id of the staff file; never a name.
    pub holder: String,
    /// Of whoever reads the badge.
    pub nonce: Challenge,
    /// Of whoever else is to believe it, if anybody asked.
    pub challenge: Option<Challenge>,
}

impl Claim {
    /// The bytes that are signed. Every part with its length before it, so that no two claims
    /// read the same.
    pub fn bytes(&self) -> Vec<u8> {
        let challenge = self.challenge.map(|challenge| challenge.0);
        let parts = [
            self.kiosk.as_bytes(),
            self.holder.as_bytes(),
            &self.nonce.0,
            challenge.as_ref().map_or(&[][..], |challenge| challenge),
        ];
        let mut bytes = b"one-touch staff badge 1".to_vec();
        for part in parts {
            bytes.extend((part.len() as u64).to_be_bytes());
            bytes.extend(part);
        }
        bytes
    }
}

/// What a badge signed, for others to believe. As text: the nonce and the signature in hexadecimal
/// digits, with a colon between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// As in the claim.
    pub nonce: Challenge,
    /// Over the claim's bytes.
    pub signature: Vec<u8>,
}

/// A text that is no proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a proof is a nonce and a signature in hexadecimal digits, with a colon between")]
pub struct NoProof;

impl fmt::Display for Proof {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.nonce, hex::encode(&self.signature))
    }
}

impl FromStr for Proof {
    type Err = NoProof;

    fn from_str(text: &str) -> Result<Self, NoProof> {
        let (nonce, signature) = text.split_once(':').ok_or(NoProof)?;
        let nonce = nonce.parse().map_err(|NoChallenge| NoProof)?;
        Ok(Self { nonce, signature: hex::decode(signature).map_err(|_| NoProof)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(kiosk: &str, holder: &str, challenge: Option<u8>) -> Claim {
        Claim {
            kiosk: kiosk.to_owned(),
            holder: holder.to_owned(),
            nonce: Challenge([1; 32]),
            challenge: challenge.map(|byte| Challenge([byte; 32])),
        }
    }

    #[test]
    fn no_two_claims_read_the_same() {
        let claims = [
            claim("kiosk-1", "kt-01", None),
            claim("kiosk-1k", "t-01", None),
            claim("kiosk-", "1kt-01", None),
            claim("kiosk-1", "kt-01", Some(1)),
            claim("kiosk-1", "kt-01", Some(2)),
            Claim { nonce: Challenge([2; 32]), ..claim("kiosk-1", "kt-01", None) },
        ];
        for (place, one) in claims.iter().enumerate() {
            for other in &claims[place + 1..] {
                assert_ne!(one.bytes(), other.bytes(), "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn a_proof_is_read_as_it_was_written_and_nothing_else_is_one() {
        let proof = Proof { nonce: Challenge([0xA5; 32]), signature: vec![0x30, 1, 2] };
        assert_eq!(proof.to_string().parse(), Ok(proof.clone()));
        let text = proof.to_string();
        for wrong in ["", ":", &text[1..], &text.replace(':', ""), &format!("{text}0"), &format!("{text}:00")]
        {
            assert_eq!(wrong.parse::<Proof>(), Err(NoProof), "{wrong}");
        }
    }
}
