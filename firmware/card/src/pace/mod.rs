//! PACE with generic mapping: from a short password to strong keys, without a
//! listener learning anything. ICAO Doc 9303-11, 4.4.
//!
//! The session keys exist only once the chip has proven that it knows the password.

use rand_core::CryptoRng;
use sha1::{Digest, Sha1};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::{
    AccessFlaw, AccessKey, Agreement, Cipher, Mapping, Protocol, ReadError, Step,
    apdu::{Command, DONE},
    cipher::{CipherKey, Purpose},
    group::{Curve, Group, Primes, Secret},
    secure_messaging::Channel,
    security_infos::{PaceInfo, SecurityInfos},
    tlv,
    wire::{Link, Wire},
};

/// The form of PACE that is used, with what MSE:Set AT must say.
pub(crate) struct Choice {
    identifier: Vec<u8>,
    agreement: Agreement,
    cipher: Cipher,
    parameters: u8,
    /// Another set of parameters is announced under the same identifier, so the
    /// chip cannot know which is meant unless it is told.
    ambiguous: bool,
}

impl Choice {
    /// The best of what the chip offers: curves before primes, then the stronger
    /// cipher, then the chip's own order. `None`: nothing known here.
    pub fn among(infos: &SecurityInfos) -> Option<Self> {
        let known = |info: &PaceInfo| {
            let (Mapping::Generic, agreement, cipher) = info.form()?;
            let parameters = info.parameters?;
            let supported = match agreement {
                Agreement::Dh => Primes::standard(parameters).is_some(),
                Agreement::Ecdh => Curve::standard(parameters).is_some(),
            };
            supported.then(|| Self {
                identifier: info.protocol.as_bytes().to_vec(),
                agreement,
                cipher,
                parameters,
                ambiguous: infos.pace().filter(|other| other.protocol == info.protocol).count() > 1,
            })
        };
        let strength = |choice: &Self| (choice.agreement == Agreement::Ecdh, choice.cipher.strength());
        // `max_by_key` takes the last of equals; reversed, that is the chip's first.
        let choices: Vec<Self> = infos.pace().filter_map(known).collect();
        choices.into_iter().rev().max_by_key(strength)
    }

    fn protocol(&self) -> Protocol {
        Protocol::Pace {
            mapping: Mapping::Generic,
            agreement: self.agreement,
            cipher: self.cipher,
            parameters: self.parameters,
        }
    }
}

/// Runs PACE; at its end the wire is a secure channel.
pub(crate) fn establish(
    wire: &mut Wire<'_>,
    choice: &Choice,
    key: &AccessKey,
    chance: &mut dyn CryptoRng,
) -> Result<Protocol, ReadError> {
    choose(wire, choice, key)?;
    let channel = match choice.agreement {
        Agreement::Ecdh => agree::<Curve>(wire, choice, key, chance)?,
        Agreement::Dh => agree::<Primes>(wire, choice, key, chance)?,
    };
    wire.link = Link::Secure(channel);
    Ok(choice.protocol())
}

/// Tells the chip which form and which password: MSE:Set AT, 9303-11, 4.4.4.1.
///
/// The parameters are named (object 84) even where there is one set only: some chips
/// insist. Others refuse the object; they are asked again without, unless it matters.
fn choose(wire: &mut Wire<'_>, choice: &Choice, key: &AccessKey) -> Result<(), ReadError> {
    let step = Step::Pace(0);
    let password = match key {
        AccessKey::Mrz(_) => 0x01,
        AccessKey::Can(_) => 0x02,
    };
    let mut data = tlv::object(0x80, &choice.identifier);
    tlv::push(&mut data, 0x83, &[password]);
    let without = data.clone();
    tlv::push(&mut data, 0x84, &[choice.parameters]);

    let set = |data| Command::carrying([0x00, 0x22, 0xC1, 0xA4], data, None);
    let mut status = wire.send(step, &set(data))?.status;
    if matches!(status, 0x6700 | 0x6A80 | 0x6A86 | 0x6A87 | 0x6A88) && !choice.ambiguous {
        status = wire.send(step, &set(without))?.status;
    }
    match status {
        // 63Cx: the password was tried wrong before; the chip warns and goes on.
        DONE | 0x63C1..=0x63CF => Ok(()),
        0x63C0 | 0x6983 => Err(ReadError::KeyWrong { tries_left: Some(0) }),
        status => Err(ReadError::AccessRefused { step, status }),
    }
}

/// The four rounds of 9303-11, 4.4.1.
fn agree<G: Group>(
    wire: &mut Wire<'_>,
    choice: &Choice,
    key: &AccessKey,
    chance: &mut dyn CryptoRng,
) -> Result<Channel, ReadError> {
    let failed = |round| move |flaw| ReadError::AccessFailed { step: Step::Pace(round), flaw };
    let group = G::standard(choice.parameters).ok_or(ReadError::PaceUnknown)?;

    let encrypted = round(wire, 1, &[], 0x80)?;
    let nonce = decrypt_nonce(choice.cipher, key, &encrypted).map_err(failed(1))?;

    let own = group.generator().and_then(|base| Pair::draw(&group, &base, chance)).map_err(failed(2))?;
    let theirs = round(wire, 2, &tlv::object(0x81, &own.public), 0x82)?;
    let generator = own.map(&group, &theirs, &nonce).map_err(failed(2))?;

    let own = Pair::draw(&group, &generator, chance).map_err(failed(3))?;
    let theirs = round(wire, 3, &tlv::object(0x83, &own.public), 0x84)?;
    let secret =
        own.agree(&group, &theirs).and_then(|secret| group.into_secret(secret)).map_err(failed(3))?;

    let encryption = CipherKey::derive(choice.cipher, &secret, Purpose::Encryption);
    let mac = CipherKey::derive(choice.cipher, &secret, Purpose::Mac);
    let token = |public: &[u8]| mac.mac_token(&token_of(&choice.identifier, G::TOKEN_TAG, public));
    let answer = round(wire, 4, &tlv::object(0x85, &token(&theirs)), 0x86)?;
    if !bool::from(answer.as_slice().ct_eq(&token(&own.public))) {
        return Err(failed(4)(AccessFlaw::TokenWrong));
    }
    let counter = Zeroizing::new(vec![0; choice.cipher.block()]);
    Ok(Channel::new(encryption, mac, counter))
}

/// A key pair over a generator.
struct Pair {
    secret: Secret,
    /// The public key as the chip gets it.
    public: Vec<u8>,
}

impl Pair {
    fn draw<G: Group>(
        group: &G,
        generator: &G::Element,
        chance: &mut dyn CryptoRng,
    ) -> Result<Self, AccessFlaw> {
        let secret = Secret::draw(&*group.order()?, chance)?;
        let public = group.encode(&group.raise(generator, &secret)?)?;
        Ok(Self { secret, public })
    }

    /// The element that this pair and the other side's public key make.
    fn agree<G: Group>(&self, group: &G, theirs: &[u8]) -> Result<G::Element, AccessFlaw> {
        let theirs = group.decode(theirs)?;
        // Our own key sent back, in whatever form, would make the chip prove nothing.
        if group.encode(&theirs)? == self.public {
            return Err(AccessFlaw::OwnKeyReturned);
        }
        group.raise(&theirs, &self.secret)
    }

    /// Generic mapping, 9303-11, 4.4.3.3.1: nonce times generator, plus what was agreed.
    fn map<G: Group>(&self, group: &G, theirs: &[u8], nonce: &Secret) -> Result<G::Element, AccessFlaw> {
        let agreed = self.agree(group, theirs)?;
        group.combine(&group.raise(&group.generator()?, nonce)?, &agreed)
    }
}

/// One GENERAL AUTHENTICATE: data object out, data object of this tag back.
fn round(wire: &mut Wire<'_>, number: u8, data: &[u8], wanted: u32) -> Result<Vec<u8>, ReadError> {
    let step = Step::Pace(number);
    let class = if number == 4 { 0x00 } else { 0x10 };
    let mut command = Command::carrying([class, 0x86, 0x00, 0x00], tlv::object(0x7C, data), Some(256));
    if command.data.len() > 255 {
        // A key this long comes back in an answer that is longer than a short one.
        command.expected = Some(65_536);
    }
    let answer = wire.send(step, &command)?;
    match answer.status {
        DONE => {}
        status if number == 4 => return Err(key_refused(step, status)),
        status => return Err(ReadError::AccessRefused { step, status }),
    }
    tlv::expect(&answer.data, 0x7C)
        .and_then(|(objects, _)| tlv::expect(objects, wanted))
        .map(|(value, _)| value.to_vec())
        .map_err(|why| ReadError::Malformed { step, why })
}

/// What a refusal of the last proof means: nearly always, that the key is wrong.
pub(crate) fn key_refused(step: Step, status: u16) -> ReadError {
    match status {
        0x63C0..=0x63CF => ReadError::KeyWrong { tries_left: Some((status & 0xF) as u8) },
        0x6300 | 0x6982 | 0x6988 => ReadError::KeyWrong { tries_left: None },
        0x6983 => ReadError::KeyWrong { tries_left: Some(0) },
        status => ReadError::AccessRefused { step, status },
    }
}

/// The nonce under the key of the password.
fn decrypt_nonce(cipher: Cipher, key: &AccessKey, encrypted: &[u8]) -> Result<Secret, AccessFlaw> {
    if !(16..=32).contains(&encrypted.len()) || !encrypted.len().is_multiple_of(cipher.block()) {
        return Err(AccessFlaw::NonceLength);
    }
    let password = match key {
        AccessKey::Can(can) => Zeroizing::new(can.0.to_vec()),
        AccessKey::Mrz(mrz) => Zeroizing::new(Sha1::digest(&mrz.0).to_vec()),
    };
    let mut nonce = Zeroizing::new(encrypted.to_vec());
    CipherKey::derive(cipher, &password, Purpose::Password).decrypt(&vec![0; cipher.block()], &mut nonce);
    Secret::from_bytes(&nonce)
}

/// What a token covers, 9303-11, 4.4.3.4: the identifier and the other's public key.
fn token_of(identifier: &[u8], tag: u16, public: &[u8]) -> Vec<u8> {
    let mut inner = tlv::object(0x06, identifier);
    tlv::push(&mut inner, tag, public);
    tlv::object(0x7F49, &inner)
}
