//! Chip authentication: the chip agrees new keys of the secure channel with a key that
//! no copy of its files holds. ICAO Doc 9303-11, 6.2; version 2 of TR-03110-3 besides.
//!
//! Whether the key is the issuer's is not decided here: its file is not even verified
//! yet. So nothing of it is trusted, and the proof that comes of it only says with which
//! key the chip answered.

use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::{
    Agreement, ChipProof, Cipher, KeyId, ReadError, Step,
    apdu::{Command, DONE, WRONG_LENGTH},
    chip_key::{ChipKey, KeyFlaw},
    cipher::{CipherKey, Purpose},
    group::{Group, Pair},
    pace::public_key_object,
    secure_messaging::Channel,
    security_infos::{ChipAuthenticationInfo, ChipPublicKeyInfo, SecurityInfos, Version},
    tlv,
    wire::Wire,
};

/// What came of asking the chip to authenticate itself (9303-11, 6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum ChipAuthentication {
    /// The channel goes on under keys that only the chip with the announced key can
    /// have. The proof counts from the next answer on, which is the first under these
    /// keys: read one more file.
    Started,
    /// The chip announces no key for it.
    NotOffered,
    /// The chip announces only keys or protocols that are not known here.
    Unknown,
}

const STEP: Step = Step::ChipAuthentication;

/// Runs chip authentication with the best that the chip announces; at its end the wire is
/// a new secure channel.
pub(crate) fn establish(
    wire: &mut Wire<'_>,
    infos: &SecurityInfos,
    chance: &mut dyn CryptoRng,
) -> Result<ChipAuthentication, ReadError> {
    if infos.chip_keys().next().is_none() {
        return Ok(ChipAuthentication::NotOffered);
    }
    let mut choices = Choice::among(infos);
    choices.sort_by_key(|choice| std::cmp::Reverse(choice.strength()));
    for choice in choices {
        match ChipKey::parse(&choice.key.public_key) {
            Ok(ChipKey::Curve(curve, theirs)) => agree(wire, &choice, curve, &theirs, chance)?,
            Ok(ChipKey::Primes(primes, theirs)) => agree(wire, &choice, primes, &theirs, chance)?,
            Err(KeyFlaw::Unknown) => continue,
            Err(KeyFlaw::Malformed) => {
                return Err(ReadError::Malformed { step: STEP, why: "the chip's key breaks its format" });
            }
            Err(KeyFlaw::Unsafe(flaw)) => return Err(ReadError::AccessFailed { step: STEP, flaw }),
        }
        return Ok(ChipAuthentication::Started);
    }
    Ok(ChipAuthentication::Unknown)
}

/// A key of the chip and the protocol to use it with.
struct Choice<'a> {
    key: &'a ChipPublicKeyInfo,
    info: ChipAuthenticationInfo,
    cipher: Cipher,
    /// The chip has several keys, so it must be told which is meant.
    ambiguous: bool,
}

impl<'a> Choice<'a> {
    /// Every key with every protocol announced for it. A key without any is for triple
    /// DES: the first chips announced nothing else (9303-11, 9.2.5).
    fn among(infos: &'a SecurityInfos) -> Vec<Self> {
        let ambiguous = infos.chip_keys().count() > 1;
        let mut choices = Vec::new();
        for key in infos.chip_keys() {
            let announced: Vec<_> = infos
                .chip_authentication()
                .filter(|info| info.agreement() == Some(key.agreement))
                // One of both may have been left without a number where there is one key.
                .filter(|info| info.key_id == key.key_id || (!ambiguous && fits(info, key)))
                .cloned()
                .collect();
            let implied = ChipAuthenticationInfo::implied(key);
            let infos = if announced.is_empty() { vec![implied] } else { announced };
            choices.extend(infos.into_iter().filter_map(|info| {
                let cipher = info.cipher()?;
                Some(Self { key, info, cipher, ambiguous })
            }));
        }
        choices
    }

    /// Version 1 first, because version 2 needs a terminal that has authenticated itself
    /// (TR-03110-2); then curves before primes, then the stronger cipher.
    fn strength(&self) -> (bool, bool, u32) {
        let first = self.info.version == Version::One;
        (first, self.key.agreement == Agreement::Ecdh, self.cipher.strength())
    }

    fn key_id(&self) -> Option<&KeyId> {
        self.info.key_id.as_ref().or(self.key.key_id.as_ref())
    }

    fn proof(&self) -> ChipProof {
        ChipProof::ChipAuthentication {
            protocol: self.info.protocol,
            key_id: self.key_id().cloned(),
            public_key: self.key.public_key.clone(),
        }
    }
}

fn fits(info: &ChipAuthenticationInfo, key: &ChipPublicKeyInfo) -> bool {
    info.key_id.is_none() || key.key_id.is_none()
}

fn agree<G: Group>(
    wire: &mut Wire<'_>,
    choice: &Choice<'_>,
    group: G,
    theirs: &G::Element,
    chance: &mut dyn CryptoRng,
) -> Result<(), ReadError> {
    let failed = |flaw| ReadError::AccessFailed { step: STEP, flaw };
    let pair = group.generator().and_then(|base| Pair::draw(&group, &base, chance)).map_err(failed)?;
    let secret = pair.with(&group, theirs).and_then(|secret| group.into_secret(secret)).map_err(failed)?;
    let answer = match send(wire, choice, &pair.public) {
        // The old keys remain valid, and no counter counts this: the same key once more,
        // from the choice of the protocol on.
        Err(ReadError::CommandTooLong { status: Some(WRONG_LENGTH), .. }) if wire.cut_commands() => {
            send(wire, choice, &pair.public)?
        }
        came_to => came_to?,
    };
    let nonce = answer.as_ref().map_or(&[][..], |explicit| &explicit.nonce);
    // 9303-11, 9.7.4; version 2 mixes the chip's nonce in (TR-03110-3).
    let secret = Zeroizing::new([&secret, nonce].concat());
    let encryption = CipherKey::derive(choice.cipher, &secret, Purpose::Encryption);
    let mac = CipherKey::derive(choice.cipher, &secret, Purpose::Mac);
    if let Some(Explicit { token, .. }) = &answer {
        let object = public_key_object(choice.info.protocol.as_bytes(), G::KEY_TAG, &pair.public);
        if !bool::from(mac.mac_token(&object).as_slice().ct_eq(token)) {
            return Err(ReadError::ChipNotProven { step: STEP });
        }
    }
    let counter = Zeroizing::new(vec![0; choice.cipher.block()]);
    wire.rekey(Channel::new(encryption, mac, counter), choice.proof());
    Ok(())
}

/// What the chip adds in version 2: it proves itself in its answer already.
struct Explicit {
    nonce: Vec<u8>,
    token: Vec<u8>,
}

/// Gives the chip our public key, in the way that its protocol wants.
fn send(wire: &mut Wire<'_>, choice: &Choice<'_>, public: &[u8]) -> Result<Option<Explicit>, ReadError> {
    let one_command = choice.cipher == Cipher::TripleDes && choice.info.version == Version::One;
    if one_command {
        match set_key_agreement(wire, choice, public) {
            Ok(DONE) => return Ok(None),
            // It goes in pieces only where the chip says so; what follows always may.
            Ok(_) | Err(ReadError::CommandTooLong { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    // With triple DES the other way may be built instead (9303-11, 6.2.4); after a refusal
    // the old keys remain valid.
    set_authentication(wire, choice)?;
    general_authenticate(wire, choice, public)
}

/// MSE:Set KAT, 9303-11, 6.2.4.1: one command does it all.
fn set_key_agreement(wire: &mut Wire<'_>, choice: &Choice<'_>, public: &[u8]) -> Result<u16, ReadError> {
    let mut data = tlv::object(0x91, public);
    if let Some(id) = choice.key_id() {
        tlv::push(&mut data, 0x84, id.as_bytes());
    }
    Ok(wire.send(STEP, &Command::carrying([0x00, 0x22, 0x41, 0xA6], data, None))?.status)
}

/// MSE:Set AT, 9303-11, 6.2.4.2. A chip with one key may dislike that it is named.
fn set_authentication(wire: &mut Wire<'_>, choice: &Choice<'_>) -> Result<(), ReadError> {
    let without = tlv::object(0x80, choice.info.protocol.as_bytes());
    let mut data = without.clone();
    if let Some(id) = choice.key_id() {
        tlv::push(&mut data, 0x84, id.as_bytes());
    }
    let set = |data| Command::carrying([0x00, 0x22, 0x41, 0xA4], data, None);
    let mut status = wire.send(STEP, &set(data))?.status;
    if status != DONE && choice.key_id().is_some() && !choice.ambiguous {
        status = wire.send(STEP, &set(without))?.status;
    }
    if status == DONE { Ok(()) } else { Err(ReadError::ChipRefused { step: STEP, status }) }
}

/// GENERAL AUTHENTICATE, 9303-11, 6.2.4.2.
fn general_authenticate(
    wire: &mut Wire<'_>,
    choice: &Choice<'_>,
    public: &[u8],
) -> Result<Option<Explicit>, ReadError> {
    let data = tlv::object(0x7C, &tlv::object(0x80, public));
    let command = Command::carrying([0x00, 0x86, 0x00, 0x00], data, Some(256)).answered_with(64);
    let answer = wire.send(STEP, &command)?;
    if answer.status != DONE {
        return Err(ReadError::ChipRefused { step: STEP, status: answer.status });
    }
    if choice.info.version == Version::One {
        // The answer is an empty template; some chips leave even that out.
        return Ok(None);
    }
    let read = || {
        let (objects, _) = tlv::expect(&answer.data, 0x7C)?;
        let (nonce, rest) = tlv::expect(objects, 0x81)?;
        let (token, _) = tlv::expect(rest, 0x82)?;
        Ok(Explicit { nonce: nonce.to_vec(), token: token.to_vec() })
    };
    read().map(Some).map_err(|why| ReadError::Malformed { step: STEP, why })
}

#[cfg(test)]
#[path = "chip_authentication_tests.rs"]
pub(crate) mod tests;
