//! PACE: from a short password to strong keys, without a listener learning anything.
//! ICAO Doc 9303-11, 4.4, with all its mappings.
//!
//! The session keys exist only once the chip has proven that it knows the password.

mod choice;
mod integrated;

use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::{
    AccessFlaw, AccessKey, Agreement, ChipProof, Cipher, Mapping, Password, Protocol, ReadError, Step,
    apdu::{Command, DONE, WRONG_LENGTH},
    cipher::{CipherKey, Purpose, unpad},
    group::{BrainpoolP256, Curve, Group, Pair, Primes, Secret},
    secure_messaging::Channel,
    tlv,
    wire::{Link, Wire},
};

pub(crate) use choice::Choice;

/// Runs PACE; at its end the wire is a secure channel.
///
/// A chip that refuses the extended length of a key is told all of it once more, with keys
/// in pieces: from MSE:Set AT on and with everything drawn anew, never the round alone, for
/// a refusal ends the run on the chip's side (9303-11, 4.4.4.3), and a key that was sent
/// once must not meet another nonce. Not with PIN or PUK: their counters may have counted
/// the run that ended (TR-03110-2), so there the refusal is the end.
pub(crate) fn establish(
    wire: &mut Wire<'_>,
    choice: &Choice,
    key: &AccessKey,
    chance: &mut dyn CryptoRng,
) -> Result<Protocol, ReadError> {
    let unlimited = matches!(key.password(), Password::Mrz | Password::Can);
    match run(wire, choice, key, chance) {
        Err(ReadError::CommandTooLong { status: Some(WRONG_LENGTH), .. })
            if unlimited && wire.cut_commands() =>
        {
            run(wire, choice, key, chance)
        }
        came_to => came_to,
    }
}

/// One run from the choice of the protocol to the tokens.
fn run(
    wire: &mut Wire<'_>,
    choice: &Choice,
    key: &AccessKey,
    chance: &mut dyn CryptoRng,
) -> Result<Protocol, ReadError> {
    find_way(wire, choice)?;
    choose(wire, choice, key)?;
    let rounds = Rounds { wire, password: key.password() };
    let established = match choice.agreement {
        Agreement::Ecdh if choice.parameters == BrainpoolP256::PARAMETERS => {
            agree::<BrainpoolP256>(rounds, choice, key, chance)?
        }
        Agreement::Ecdh => agree::<Curve>(rounds, choice, key, chance)?,
        Agreement::Dh => agree::<Primes>(rounds, choice, key, chance)?,
    };
    wire.link = Link::Secure(established.channel);
    wire.proofs.extend(established.proof);
    Ok(choice.protocol())
}

/// Whether the public keys can be sent at all, asked before anything is: a run that is begun and
/// not ended may cost a try of a PIN or PUK (TR-03110-2).
fn find_way(wire: &Wire<'_>, choice: &Choice) -> Result<(), ReadError> {
    let first = if choice.mapping == Mapping::Integrated { Round::Agree } else { Round::Map };
    let longest = first.command(&tlv::object(0x83, &vec![0; choice.key_length()]));
    if wire.has_way(&longest) {
        Ok(())
    } else {
        Err(ReadError::CommandTooLong { step: first.step(), status: None })
    }
}

/// Tells the chip which form and which password: MSE:Set AT, 9303-11, 4.4.4.1.
///
/// The parameters are named (object 84) even where there is one set only: some chips
/// insist. Others refuse the object; they are asked again without, unless it matters.
fn choose(wire: &mut Wire<'_>, choice: &Choice, key: &AccessKey) -> Result<(), ReadError> {
    let step = Step::Pace(0);
    let password = key.password();
    let mut data = tlv::object(0x80, &choice.identifier);
    tlv::push(&mut data, 0x83, &[password as u8]);
    let without = data.clone();
    tlv::push(&mut data, 0x84, &[choice.parameters]);

    let set = |data| Command::carrying([0x00, 0x22, 0xC1, 0xA4], data, None);
    let mut status = wire.send(step, &set(data))?.status;
    if matches!(status, 0x6700 | 0x6A80 | 0x6A86 | 0x6A87 | 0x6A88) && !choice.ambiguous {
        status = wire.send(step, &set(without))?.status;
    }
    match status {
        // The chip would refuse the last try of a PIN until its number was given, or else
        // lose the PIN over it (TR-03110-2): neither helps.
        0x63C1 if password == Password::Pin => Err(ReadError::KeySuspended { password, status }),
        // 63Cx: the password was tried wrong before; the chip warns and goes on.
        DONE | 0x63C1..=0x63CF => Ok(()),
        // In a warning this is no try gone wrong, but none left.
        0x63C0 => Err(ReadError::KeyBlocked { password, status }),
        status => Err(refused(step, password, status)),
    }
}

/// The four rounds of 9303-11, 4.4.1.
fn agree<G: Group>(
    mut rounds: Rounds<'_, '_>,
    choice: &Choice,
    key: &AccessKey,
    chance: &mut dyn CryptoRng,
) -> Result<Established, ReadError> {
    let group = G::standard(choice.parameters).ok_or(ReadError::PaceUnknown)?;
    let encrypted = rounds.send(Round::Nonce, &[])?.expect(0x80)?;
    let nonce = decrypt_nonce(choice.cipher, key, &encrypted).map_err(failed(Round::Nonce))?;

    let (generator, mapping_key) = match choice.mapping {
        Mapping::Integrated => (map_integrated(&mut rounds, choice, &group, &nonce, chance)?, None),
        Mapping::Generic | Mapping::ChipAuthentication => {
            let (generator, theirs) = map_generic(&mut rounds, &group, &nonce, chance)?;
            (generator, Some(theirs))
        }
    };

    let own = Pair::draw(&group, &generator, chance).map_err(failed(Round::Agree))?;
    let theirs = rounds.send(Round::Agree, &tlv::object(0x83, &own.public))?.expect(0x84)?;
    let secret = own.agree(&group, &theirs).and_then(|secret| group.into_secret(secret));
    let secret = secret.map_err(failed(Round::Agree))?;

    let encryption = CipherKey::derive(choice.cipher, &secret, Purpose::Encryption);
    let mac = CipherKey::derive(choice.cipher, &secret, Purpose::Mac);
    let token = |public: &[u8]| mac.mac_token(&public_key_object(&choice.identifier, G::KEY_TAG, public));
    let answer = rounds.send(Round::Prove, &tlv::object(0x85, &token(&theirs)))?;
    if !bool::from(answer.expect(0x86)?.as_slice().ct_eq(&token(&own.public))) {
        return Err(failed(Round::Prove)(AccessFlaw::TokenWrong));
    }
    let proof = match (choice.mapping, mapping_key) {
        (Mapping::ChipAuthentication, Some(key)) => Some(chip_proof(choice, key, &encryption, &answer)?),
        _ => None,
    };
    let counter = Zeroizing::new(vec![0; choice.cipher.block()]);
    Ok(Established { channel: Channel::new(encryption, mac, counter), proof })
}

/// What PACE came to.
struct Established {
    channel: Channel,
    /// Of the chip authentication mapping.
    proof: Option<ChipProof>,
}

/// Generic mapping, 9303-11, 4.4.3.3.1: nonce times generator, plus what an agreement
/// makes. Also gives the chip's public key of that agreement.
fn map_generic<G: Group>(
    rounds: &mut Rounds<'_, '_>,
    group: &G,
    nonce: &[u8],
    chance: &mut dyn CryptoRng,
) -> Result<(G::Element, Vec<u8>), ReadError> {
    let failed = failed(Round::Map);
    let base = group.generator().map_err(failed)?;
    let own = Pair::draw(group, &base, chance).map_err(failed)?;
    let theirs = rounds.send(Round::Map, &tlv::object(0x81, &own.public))?.expect(0x82)?;
    let mapped = own.agree(group, &theirs).and_then(|agreed| generic(group, &base, nonce, &agreed));
    Ok((mapped.map_err(failed)?, theirs))
}

/// The generator of generic mapping.
fn generic<G: Group>(
    group: &G,
    base: &G::Element,
    nonce: &[u8],
    agreed: &G::Element,
) -> Result<G::Element, AccessFlaw> {
    group.combine(&group.raise(base, &Secret::from_bytes(nonce)?)?, agreed)
}

/// Integrated mapping, 9303-11, 4.4.3.3.2: a nonce of ours goes in the clear. What the
/// chip answers is empty (4.4.5.2.2) and says nothing.
fn map_integrated<G: Group>(
    rounds: &mut Rounds<'_, '_>,
    choice: &Choice,
    group: &G,
    nonce: &[u8],
    chance: &mut dyn CryptoRng,
) -> Result<G::Element, ReadError> {
    let mut own = vec![0; choice.cipher.key_length()];
    chance.fill_bytes(&mut own);
    rounds.send(Round::Map, &tlv::object(0x81, &own))?;
    integrated::map(group, choice.cipher, nonce, &own).map_err(failed(Round::Map))
}

fn failed(round: Round) -> impl Fn(AccessFlaw) -> ReadError + Copy {
    move |flaw| ReadError::AccessFailed { step: round.step(), flaw }
}

/// The rounds of GENERAL AUTHENTICATE, 9303-11, table 4.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Round {
    Nonce = 1,
    Map = 2,
    Agree = 3,
    Prove = 4,
}

impl Round {
    fn step(self) -> Step {
        Step::Pace(self as u8)
    }

    /// GENERAL AUTHENTICATE with these objects (9303-11, 4.4.4.2).
    fn command(self, objects: &[u8]) -> Command {
        let class = if self == Self::Prove { 0x00 } else { 0x10 };
        let mut command = Command::carrying([class, 0x86, 0x00, 0x00], tlv::object(0x7C, objects), Some(256));
        if command.data.len() > 255 {
            // A key this long comes back in an answer that is longer than a short one.
            command.expected = Some(65_536);
        }
        command
    }
}

/// The data objects of an answer to GENERAL AUTHENTICATE.
struct Objects {
    round: Round,
    bytes: Vec<u8>,
}

impl Objects {
    /// The one with this tag; others may stand before it, such as the references of
    /// certification authorities in the last round.
    fn expect(&self, tag: u32) -> Result<Vec<u8>, ReadError> {
        let malformed = |why| ReadError::Malformed { step: self.round.step(), why };
        let mut rest = self.bytes.as_slice();
        loop {
            let (found, value, after) = tlv::split(rest).map_err(malformed)?;
            if found == tag {
                return Ok(value.to_vec());
            }
            rest = after;
        }
    }
}

/// GENERAL AUTHENTICATE, 9303-11, 4.4.4.2, round by round.
struct Rounds<'a, 'r> {
    wire: &'a mut Wire<'r>,
    /// For what a refusal means.
    password: Password,
}

impl Rounds<'_, '_> {
    fn send(&mut self, round: Round, data: &[u8]) -> Result<Objects, ReadError> {
        let step = round.step();
        let answer = self.wire.send(step, &round.command(data))?;
        match answer.status {
            DONE => {}
            status if round == Round::Prove => return Err(key_refused(step, self.password, status)),
            status => return Err(refused(step, self.password, status)),
        }
        let (objects, _) =
            tlv::expect(&answer.data, 0x7C).map_err(|why| ReadError::Malformed { step, why })?;
        Ok(Objects { round, bytes: objects.to_vec() })
    }
}

/// What a refusal of the last proof means: nearly always, that the key is wrong.
fn key_refused(step: Step, password: Password, status: u16) -> ReadError {
    match status {
        0x63C0..=0x63CF => ReadError::KeyWrong { tries_left: Some((status & 0xF) as u8) },
        0x6300 | 0x6982 | 0x6988 => ReadError::KeyWrong { tries_left: None },
        status => refused(step, password, status),
    }
}

/// What a refusal before it means (TR-03110-3, and ISO/IEC 7816-4, table 6). That the conditions of
/// use are not met (6985) says of a PIN or PUK that it is suspended. The zone and the number on the
/// card never are (TR-03110-2): there it may be any condition.
fn refused(step: Step, password: Password, status: u16) -> ReadError {
    match status {
        0x6983 => ReadError::KeyBlocked { password, status },
        0x6283 | 0x6984 => ReadError::KeySuspended { password, status },
        0x6985 if matches!(password, Password::Pin | Password::Puk) => {
            ReadError::KeySuspended { password, status }
        }
        status => ReadError::AccessRefused { step, status },
    }
}

/// The nonce under the key of the password.
fn decrypt_nonce(
    cipher: Cipher,
    key: &AccessKey,
    encrypted: &[u8],
) -> Result<Zeroizing<Vec<u8>>, AccessFlaw> {
    // Whole blocks, as many as the chip likes (9303-11, 4.4.3.3): with triple DES one block
    // of eight bytes is allowed, and some chips take it.
    if !(1..=64).contains(&encrypted.len()) || !encrypted.len().is_multiple_of(cipher.block()) {
        return Err(AccessFlaw::NonceLength);
    }
    let mut nonce = Zeroizing::new(encrypted.to_vec());
    CipherKey::derive(cipher, &key.encoded(), Purpose::Password)
        .decrypt(&vec![0; cipher.block()], &mut nonce);
    Ok(nonce)
}

/// What the chip proves by the chip authentication mapping.
fn chip_proof(
    choice: &Choice,
    mapping_key: Vec<u8>,
    encryption: &CipherKey,
    answer: &Objects,
) -> Result<ChipProof, ReadError> {
    let data = decrypt_chip_data(encryption, &answer.expect(0x8A)?).map_err(failed(Round::Prove))?;
    Ok(ChipProof::ChipAuthenticationMapping { parameters: choice.parameters, mapping_key, data })
}

/// The chip authentication data, 9303-11, 4.4.3.5: CBC from the encryption of a block of
/// ones, padded.
fn decrypt_chip_data(encryption: &CipherKey, encrypted: &[u8]) -> Result<Vec<u8>, AccessFlaw> {
    let block = encryption.cipher().block();
    if encrypted.is_empty() || !encrypted.len().is_multiple_of(block) {
        return Err(AccessFlaw::ChipDataMalformed);
    }
    let mut iv = vec![0xFF; block];
    encryption.encrypt(&vec![0; block], &mut iv);
    let mut data = encrypted.to_vec();
    encryption.decrypt(&iv, &mut data);
    unpad(&mut data).ok_or(AccessFlaw::ChipDataMalformed)?;
    Ok(data)
}

/// A public key data object, 9303-11, 9.4, as tokens cover it: the identifier of the
/// protocol and the other side's public key.
pub(crate) fn public_key_object(identifier: &[u8], tag: u16, public: &[u8]) -> Vec<u8> {
    let mut inner = tlv::object(0x06, identifier);
    tlv::push(&mut inner, tag, public);
    tlv::object(0x7F49, &inner)
}

#[cfg(test)]
#[path = "worked_numbers_tests.rs"]
mod tests;
