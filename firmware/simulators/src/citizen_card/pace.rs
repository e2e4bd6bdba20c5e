//! PACE from the chip's side, every mapping, group and cipher (ICAO Doc 9303-11,
//! 4.4), and the ways in which a chip may break it.

use openssl::{
    bn::{BigNum, BigNumContext, BigNumRef},
    error::ErrorStack,
    memcmp,
    symm::Mode,
};
use rand_core::CryptoRng;

use super::{
    apdu::Status,
    key_derivation::{Purpose, chain, derive, mac, pad},
    mapping,
    secure_channel::SecureChannel,
};
use crate::{
    card_profile::{Agreement, BadKey, Cipher, Mapping, PaceFault, PaceProtocol},
    der,
    domain::{Domain, Element},
};

/// One run of the protocol.
pub(super) struct Pace {
    terms: Terms,
    stage: Stage,
}

/// What stays the same through a run.
struct Terms {
    protocol: PaceProtocol,
    domain: Domain,
    /// The chip's static key, for chip authentication mapping.
    chip_key: Option<BigNum>,
    fault: Option<PaceFault>,
}

/// Where a run stands.
enum Stage {
    /// A password is chosen and has become a key.
    Begun { key: Vec<u8> },
    /// The sealed nonce is out.
    NonceSent { nonce: Vec<u8> },
    /// Both sides have the mapped generator; the private number of the mapping.
    Mapped { generator: Element, private: Option<BigNum> },
    /// Both sides have the shared secret; the tokens are left.
    Agreed { secret: Vec<u8>, own: Vec<u8>, terminal: Vec<u8>, private: Option<BigNum> },
}

/// What one step comes to.
pub(super) enum Step {
    /// Goes on with this answer.
    Next(Pace, Vec<u8>),
    /// The terminal has proved the password.
    Open(SecureChannel, Vec<u8>),
    /// The terminal does not know the password.
    WrongPassword,
    /// The terminal breaks the protocol.
    Refused(Status),
}

impl Pace {
    /// A run with a chosen password.
    pub(super) fn begin(
        protocol: PaceProtocol,
        password: &[u8],
        chip_key: Option<BigNum>,
        fault: Option<PaceFault>,
    ) -> Result<Self, ErrorStack> {
        let domain = Domain::standard(protocol.parameters())?;
        let key = derive(protocol.cipher(), password, Purpose::Password);
        Ok(Self { terms: Terms { protocol, domain, chip_key, fault }, stage: Stage::Begun { key } })
    }

    /// Whether the tokens are all that is left: the end of the command chain.
    pub(super) fn is_at_its_last_step(&self) -> bool {
        matches!(self.stage, Stage::Agreed { .. })
    }

    /// Takes one GENERAL AUTHENTICATE: the value of its DO 7C.
    pub(super) fn step(self, request: &[u8], chance: &mut dyn CryptoRng) -> Result<Step, ErrorStack> {
        let field = |tag| der::find(request, tag);
        let (terms, refused) = (self.terms, Ok(Step::Refused(Status::WRONG_DATA)));
        match self.stage {
            Stage::Begun { key } if request.is_empty() => terms.send_nonce(&key, chance),
            Stage::Begun { .. } => refused,
            Stage::NonceSent { nonce } => match (terms.protocol.mapping(), field(0x81)) {
                (_, None) => refused,
                (Mapping::Im, Some(theirs)) => terms.map_integrated(&nonce, theirs),
                (Mapping::Gm | Mapping::Cam, Some(theirs)) => match terms.domain.read(theirs) {
                    Some(theirs) => terms.map_generic(&nonce, &theirs, chance),
                    None => refused,
                },
            },
            Stage::Mapped { generator, private } => {
                match field(0x83).and_then(|bytes| terms.domain.read(bytes)) {
                    Some(theirs) => terms.agree(&generator, private, &theirs, chance),
                    None => refused,
                }
            }
            Stage::Agreed { secret, own, terminal, private } => match field(0x85) {
                Some(token) => terms.confirm(&secret, [&own, &terminal], private.as_deref(), token),
                None => refused,
            },
        }
    }
}

impl Terms {
    fn cipher(&self) -> Cipher {
        self.protocol.cipher()
    }

    fn next(self, stage: Stage, answer: Vec<u8>) -> Step {
        Step::Next(Pace { terms: self, stage }, answer)
    }

    fn send_nonce(self, key: &[u8], chance: &mut dyn CryptoRng) -> Result<Step, ErrorStack> {
        // Integrated mapping takes as many whole blocks as the key is long (4.4.3.3);
        // the others may, and chips keep to sixteen bytes.
        let length = match self.protocol.mapping() {
            Mapping::Im => self.cipher().key_length().next_multiple_of(16),
            Mapping::Gm | Mapping::Cam => 16,
        };
        let mut nonce = vec![0x5A; length];
        if self.fault != Some(PaceFault::StaleNonce) {
            chance.fill_bytes(&mut nonce);
        }
        let start = vec![0; self.cipher().block()];
        let sealed = chain(self.cipher(), Mode::Encrypt, key, &start, &nonce)?;
        Ok(self.next(Stage::NonceSent { nonce }, der::object(0x80, &sealed)))
    }

    fn map_generic(
        self,
        nonce: &[u8],
        theirs: &Element,
        chance: &mut dyn CryptoRng,
    ) -> Result<Step, ErrorStack> {
        let private = self.domain.draw(chance)?;
        let own = self.domain.write(&self.domain.power(&self.domain.generator()?, &private)?)?;
        let terminal = self.domain.write(theirs)?;
        if own == terminal {
            return Ok(Step::Refused(Status::AUTHENTICATION_FAILED));
        }
        let shared = self.domain.power(theirs, &private)?;
        let generator = mapping::generic(&self.domain, nonce, &shared)?;
        let sent = match self.fault {
            Some(PaceFault::MappingKey(bad)) => self.bad_key(bad, &terminal)?,
            _ => own,
        };
        Ok(self.next(Stage::Mapped { generator, private: Some(private) }, der::object(0x82, &sent)))
    }

    fn map_integrated(self, nonce: &[u8], theirs: &[u8]) -> Result<Step, ErrorStack> {
        if theirs.len() != self.cipher().key_length() {
            return Ok(Step::Refused(Status::WRONG_DATA));
        }
        let generator = mapping::integrated(&self.domain, self.cipher(), nonce, theirs)?;
        if self.domain.is_neutral(&generator)? {
            return Ok(Step::Refused(Status::AUTHENTICATION_FAILED));
        }
        // The chip's side of the mapping data is empty (4.4.5.2.2).
        Ok(self.next(Stage::Mapped { generator, private: None }, der::object(0x82, &[])))
    }

    /// Key agreement on the mapped generator.
    fn agree(
        self,
        generator: &Element,
        mapping: Option<BigNum>,
        theirs: &Element,
        chance: &mut dyn CryptoRng,
    ) -> Result<Step, ErrorStack> {
        let private = self.domain.draw(chance)?;
        let own = self.domain.write(&self.domain.power(generator, &private)?)?;
        let terminal = self.domain.write(theirs)?;
        if own == terminal {
            return Ok(Step::Refused(Status::AUTHENTICATION_FAILED));
        }
        let secret = self.domain.secret(&self.domain.power(theirs, &private)?)?;
        let sent = match self.fault {
            Some(PaceFault::AgreementKey(bad)) => self.bad_key(bad, &terminal)?,
            _ => own.clone(),
        };
        Ok(self.next(Stage::Agreed { secret, own, terminal, private: mapping }, der::object(0x84, &sent)))
    }

    /// Tokens over the other side's key prove that both derived the same.
    fn confirm(
        self,
        secret: &[u8],
        [own, terminal]: [&[u8]; 2],
        mapping: Option<&BigNumRef>,
        token: &[u8],
    ) -> Result<Step, ErrorStack> {
        let right = self.token(secret, own)?;
        if token.len() != right.len() || !memcmp::eq(token, &right) || self.fault == Some(PaceFault::Fails) {
            return Ok(Step::WrongPassword);
        }
        let mut ours = self.token(secret, terminal)?;
        if self.fault == Some(PaceFault::WrongToken) {
            ours[7] ^= 1;
        }
        let mut answer = der::object(0x86, &ours);
        if let (Mapping::Cam, Some(mapping), Some(chip)) = (self.protocol.mapping(), mapping, &self.chip_key)
        {
            let mut data = chip_data(self.domain.order(), chip, mapping)?;
            if self.fault == Some(PaceFault::WrongChipData) {
                data[0] ^= 1;
            }
            answer.extend(der::object(0x8A, &seal_chip_data(self.cipher(), secret, &data)?));
        }
        Ok(Step::Open(SecureChannel::new(self.cipher(), secret, 0), answer))
    }

    /// The token of 4.4.3.4, over protocol and public key (9.4.5).
    fn token(&self, secret: &[u8], public: &[u8]) -> Result<[u8; 8], ErrorStack> {
        let tag = match self.protocol.parameters().agreement() {
            Agreement::Dh => 0x84,
            Agreement::Ecdh => 0x86,
        };
        let key = derive(self.cipher(), secret, Purpose::Authentication);
        let over = der::group(0x7F49, &[der::oid(&self.protocol.identifier()), der::object(tag, public)]);
        match self.cipher() {
            // The retail MAC pads where the CMAC does by itself.
            Cipher::TripleDes => mac(Cipher::TripleDes, &key, &pad(&over, 8)),
            aes => mac(aes, &key, &over),
        }
    }

    /// A public key that the terminal must not take.
    fn bad_key(&self, bad: BadKey, terminal: &[u8]) -> Result<Vec<u8>, ErrorStack> {
        match bad {
            BadKey::Echoed => Ok(terminal.to_vec()),
            BadKey::Neutral => {
                let neutral = self.domain.power(&self.domain.generator()?, self.domain.order())?;
                self.domain.write(&neutral)
            }
            BadKey::OutsideGroup => {
                let mut bent = self.domain.write(&self.domain.generator()?)?;
                *bent.last_mut().expect("no element is empty") ^= 1;
                Ok(bent)
            }
        }
    }
}

/// What ties the static key to the key of the mapping (4.4.3.5.1), as long as the
/// group's order (4.4.5.6).
fn chip_data(order: &BigNumRef, chip: &BigNumRef, mapping: &BigNumRef) -> Result<Vec<u8>, ErrorStack> {
    let mut context = BigNumContext::new()?;
    let (mut inverse, mut data) = (BigNum::new()?, BigNum::new()?);
    inverse.mod_inverse(chip, order, &mut context)?;
    data.mod_mul(&inverse, mapping, order, &mut context)?;
    data.to_vec_padded(order.num_bytes())
}

/// The chip authentication data under the new session key; the first counter would
/// be zero, so this one counts as minus one (4.4.3.5.4).
fn seal_chip_data(cipher: Cipher, secret: &[u8], data: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    let key = derive(cipher, secret, Purpose::Encryption);
    let start = chain(cipher, Mode::Encrypt, &key, &[0; 16], &[0xFF; 16])?;
    chain(cipher, Mode::Encrypt, &key, &start, &pad(data, 16))
}

#[cfg(test)]
mod tests;
