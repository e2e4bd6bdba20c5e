//! A SHA-256 that is broken off and taken up again.

use serde::{Deserialize, Serialize};
use sha2::{
    Digest as _, Sha256,
    digest::common::hazmat::{SerializableState as _, SerializedState},
};

/// The state of a SHA-256 after some bytes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Midstate(SerializedState<Sha256>);

/// Text that is no state of a SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the state of a SHA-256")]
pub struct NotAMidstate;

impl Midstate {
    /// Of a digest under way.
    pub(crate) fn of(digest: &Sha256) -> Self {
        Self(digest.serialize())
    }

    /// The digest, to go on with.
    pub(crate) fn digest(&self) -> Result<Sha256, NotAMidstate> {
        Sha256::deserialize(&self.0).map_err(|_| NotAMidstate)
    }
}

impl Default for Midstate {
    /// Before the first byte.
    fn default() -> Self {
        Self::of(&Sha256::new())
    }
}

impl std::fmt::Debug for Midstate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Midstate({})", hex::encode(self.0))
    }
}

impl From<Midstate> for String {
    fn from(midstate: Midstate) -> Self {
        hex::encode(midstate.0)
    }
}

impl TryFrom<String> for Midstate {
    type Error = NotAMidstate;

    fn try_from(text: String) -> Result<Self, NotAMidstate> {
        let mut state = SerializedState::<Sha256>::default();
        hex::decode_to_slice(&text, &mut state).map_err(|_| NotAMidstate)?;
        let midstate = Self(state);
        midstate.digest().map(|_| midstate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_that_was_broken_off_anywhere_comes_to_the_same() {
        let bytes: Vec<u8> = (0..200).collect();
        for end in 0..bytes.len() {
            let mut digest = Sha256::new_with_prefix(&bytes[..end]);
            let text = String::from(Midstate::of(&digest));
            let mut again = Midstate::try_from(text).unwrap().digest().unwrap();
            again.update(&bytes[end..]);
            digest.update(&bytes[end..]);
            assert_eq!(again.finalize(), digest.finalize(), "broken off at {end}");
        }
    }

    #[test]
    fn other_text_is_no_midstate() {
        let good = String::from(Midstate::default());
        for text in ["", "00", &good[2..], &format!("{good}00"), &good.replace('6', "g")] {
            assert_eq!(Midstate::try_from(text.to_owned()), Err(NotAMidstate), "{text}");
        }
        // More bytes in the last block than a block has.
        let past = format!("{}ff{}", &good[..80], &good[82..]);
        assert_eq!(Midstate::try_from(past), Err(NotAMidstate));
    }
}
