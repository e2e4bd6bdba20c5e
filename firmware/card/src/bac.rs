//! Basic Access Control, for chips that do not offer PACE. ICAO Doc 9303-11, 4.3.
//! Its keys are only as strong as the machine readable zone is hard to guess.

use rand_core::CryptoRng;
use sha1::{Digest, Sha1};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::{
    AccessFlaw, Cipher, MrzKey, Password, Protocol, ReadError, Step,
    apdu::{Command, DONE},
    cipher::{CipherKey, Purpose},
    secure_messaging::Channel,
    wire::{Link, Wire},
};

const IV: [u8; 8] = [0; 8];

/// Runs BAC; at its end the wire is a secure channel.
pub(crate) fn establish(
    wire: &mut Wire<'_>,
    key: &MrzKey,
    chance: &mut dyn CryptoRng,
) -> Result<Protocol, ReadError> {
    let step = Step::Bac;
    let answer = wire.send(step, &Command::asking([0x00, 0x84, 0x00, 0x00], 8))?;
    if answer.status != DONE {
        return Err(ReadError::AccessRefused { step, status: answer.status });
    }
    let challenge: [u8; 8] = answer
        .data
        .as_slice()
        .try_into()
        .map_err(|_| ReadError::Malformed { step, why: "a challenge has eight bytes" })?;

    let own = Own::draw(chance);
    let keys = Keys::of(key);
    let answer =
        wire.send(step, &Command::carrying([0x00, 0x82, 0x00, 0x00], keys.prove(&own, challenge), Some(40)))?;
    if answer.status != DONE {
        return Err(refused(answer.status));
    }
    let channel =
        keys.accept(&own, challenge, &answer.data).map_err(|flaw| ReadError::AccessFailed { step, flaw })?;
    wire.link = Link::Secure(channel);
    Ok(Protocol::Bac)
}

/// What a refusal of our proof means: that the key is wrong, whatever the chip calls it. Beside 6300,
/// 6982 and 6988 chips of the field say 6985, 6A80 and 6F00 then. A status that speaks of a counter
/// is believed, though BAC has none.
fn refused(status: u16) -> ReadError {
    match status {
        0x6983 => ReadError::KeyBlocked { password: Password::Mrz, status },
        0x63C0..=0x63CF => ReadError::KeyWrong { tries_left: Some((status & 0xF) as u8) },
        _ => ReadError::KeyWrong { tries_left: None },
    }
}

/// What the terminal draws: its challenge and its half of the key.
struct Own {
    challenge: [u8; 8],
    half: Zeroizing<[u8; 16]>,
}

impl Own {
    fn draw(chance: &mut dyn CryptoRng) -> Self {
        let mut own = Self { challenge: [0; 8], half: Zeroizing::default() };
        chance.fill_bytes(&mut own.challenge);
        chance.fill_bytes(own.half.as_mut_slice());
        own
    }
}

/// The document basic access keys.
struct Keys {
    encryption: CipherKey,
    mac: CipherKey,
}

impl Keys {
    fn of(key: &MrzKey) -> Self {
        let digest = Zeroizing::new(Sha1::digest(&key.0).to_vec());
        Self::from_seed(&digest[..16])
    }

    fn from_seed(seed: &[u8]) -> Self {
        Self {
            encryption: CipherKey::derive(Cipher::TripleDes, seed, Purpose::Encryption),
            mac: CipherKey::derive(Cipher::TripleDes, seed, Purpose::Mac),
        }
    }

    /// Both challenges and our half, encrypted and authenticated.
    fn prove(&self, own: &Own, challenge: [u8; 8]) -> Vec<u8> {
        let mut data = [&own.challenge[..], &challenge, own.half.as_slice()].concat();
        self.encryption.encrypt(&IV, &mut data);
        let code = self.mac.mac_padded(&data);
        data.extend_from_slice(&code);
        data
    }

    /// The channel that the chip's proof makes.
    fn accept(&self, own: &Own, challenge: [u8; 8], proof: &[u8]) -> Result<Channel, AccessFlaw> {
        let (data, code) = proof.split_at_checked(32).ok_or(AccessFlaw::TokenWrong)?;
        if !bool::from(self.mac.mac_padded(data).as_slice().ct_eq(code)) {
            return Err(AccessFlaw::TokenWrong);
        }
        let mut data = Zeroizing::new(data.to_vec());
        self.encryption.decrypt(&IV, &mut data);
        let both = [challenge, own.challenge].concat();
        if !bool::from(data[..16].ct_eq(&both)) {
            return Err(AccessFlaw::TokenWrong);
        }
        let mut seed = own.half.clone();
        seed.iter_mut().zip(&data[16..]).for_each(|(own, theirs)| *own ^= theirs);
        let keys = Self::from_seed(seed.as_slice());
        let counter = [&challenge[4..], &own.challenge[4..]].concat();
        Ok(Channel::new(keys.encryption, keys.mac, Zeroizing::new(counter)))
    }
}
