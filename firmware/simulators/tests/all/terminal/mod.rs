//! A small terminal of its own, written from ICAO Doc 9303-11 for these tests: it
//! shares no code with the virtual card, nor with the reader crate. It trusts
//! nothing that a chip sends.

mod group;
mod opening;
mod proof;
mod tlv;

use openssl::{
    hash::{MessageDigest, hash},
    pkey::PKey,
    sign::Signer,
    symm::{Cipher as Algorithm, Crypter, Mode},
};
use simulators::{card_profile::Cipher, chance::SeededChance, chip::Chip as _, citizen_card::CitizenCard};

pub use self::{
    group::Group,
    opening::{Opened, Opening},
    tlv::{object, oid, value},
};

/// Why a terminal gives up.
#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    /// The chip refuses.
    Status(u16),
    /// An answer lacks what it must hold.
    Missing(&'static str),
    /// A public key is none, is neutral, or is the terminal's own.
    BadKey,
    /// The chip does not know the password either.
    WrongToken,
    /// The chip authentication data do not fit the static key.
    NotGenuine,
    /// A protected answer has the wrong code, or none.
    WrongMac,
}

/// A terminal with a card in its field.
pub struct Terminal<'a> {
    pub card: &'a mut CitizenCard,
    pub channel: Option<Channel>,
    chance: SeededChance,
}

impl<'a> Terminal<'a> {
    pub fn new(card: &'a mut CitizenCard) -> Self {
        Self { card, channel: None, chance: SeededChance::new(99) }
    }

    /// One plain command by its hexadecimal digits: answer and status.
    pub fn plain(&mut self, apdu: &str) -> (Vec<u8>, u16) {
        split(self.card.answer(&hex::decode(apdu).unwrap()))
    }

    /// One command, protected where there is a channel.
    pub fn send(
        &mut self,
        header: [u8; 4],
        data: &[u8],
        expected: Option<usize>,
    ) -> Result<(Vec<u8>, u16), Failure> {
        let Some(channel) = &mut self.channel else {
            return Ok(split(self.card.answer(&apdu(header, data, expected))));
        };
        let command = channel.protect(header, data, expected);
        let (answer, status) = split(self.card.answer(&command));
        // What comes without protection says only that the channel is gone.
        if answer.is_empty() {
            return Err(Failure::Status(status));
        }
        channel.unprotect(&answer)
    }

    /// The same, where only 9000 will do.
    pub fn must(
        &mut self,
        header: [u8; 4],
        data: &[u8],
        expected: Option<usize>,
    ) -> Result<Vec<u8>, Failure> {
        match self.send(header, data, expected)? {
            (answer, 0x9000) => Ok(answer),
            (_, status) => Err(Failure::Status(status)),
        }
    }

    pub fn select_application(&mut self) -> Result<(), Failure> {
        let name = [0xA0, 0x00, 0x00, 0x02, 0x47, 0x10, 0x01];
        self.must([0x00, 0xA4, 0x04, 0x0C], &name, None).map(drop)
    }

    /// A file by its short identifier, in pieces of 200 bytes.
    pub fn read(&mut self, short_identifier: u8) -> Result<Vec<u8>, Failure> {
        const PIECE: usize = 200;
        let mut file = self.must([0x00, 0xB0, 0x80 | short_identifier, 0], &[], Some(PIECE.min(4)))?;
        let length = tlv::whole_length(&file).ok_or(Failure::Missing("header"))?;
        while file.len() < length {
            let wanted = PIECE.min(length - file.len());
            let piece = if file.len() < 0x8000 {
                let offset = (file.len() as u16).to_be_bytes();
                self.must([0x00, 0xB0, offset[0], offset[1]], &[], Some(wanted))?
            } else {
                let offset = object(0x54, &(file.len() as u32).to_be_bytes()[1..]);
                // The length counts the data object around the piece (ISO/IEC 7816-4, READ BINARY with odd INS).
                let around = if wanted < 0x80 { 2 } else { 3 };
                let answer = self.must([0x00, 0xB1, 0, 0], &offset, Some(wanted + around))?;
                value(&answer, 0x53).ok_or(Failure::Missing("DO 53"))?.to_vec()
            };
            if piece.is_empty() {
                return Err(Failure::Missing("the rest of the file"));
            }
            file.extend(piece);
        }
        Ok(file)
    }

    fn draw(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        rand_core::Rng::fill_bytes(&mut self.chance, &mut bytes);
        bytes
    }
}

/// Session keys and counter (9.8).
pub struct Channel {
    pub cipher: Cipher,
    pub encryption: Vec<u8>,
    pub authentication: Vec<u8>,
    pub counter: u128,
}

impl Channel {
    pub fn new(cipher: Cipher, secret: &[u8]) -> Self {
        let (encryption, authentication) = (kdf(cipher, secret, 1), kdf(cipher, secret, 2));
        Self { cipher, encryption, authentication, counter: 0 }
    }

    fn block(&self) -> usize {
        if self.cipher == Cipher::TripleDes { 8 } else { 16 }
    }

    fn counter_bytes(&self) -> Vec<u8> {
        self.counter.to_be_bytes()[16 - self.block()..].to_vec()
    }

    fn start(&self) -> Vec<u8> {
        if self.cipher == Cipher::TripleDes {
            return vec![0; 8];
        }
        cbc(self.cipher, Mode::Encrypt, &self.encryption, &[0; 16], &self.counter_bytes())
    }

    /// A command in secure messaging (9.8.4).
    pub fn protect(&mut self, header: [u8; 4], data: &[u8], expected: Option<usize>) -> Vec<u8> {
        self.counter += 1;
        let header = [header[0] | 0x0C, header[1], header[2], header[3]];
        let mut objects = Vec::new();
        if !data.is_empty() {
            let sealed =
                cbc(self.cipher, Mode::Encrypt, &self.encryption, &self.start(), &padded(data, self.block()));
            objects = match header[1] % 2 {
                1 => object(0x85, &sealed),
                _ => object(0x87, &[&[1], sealed.as_slice()].concat()),
            };
        }
        if let Some(expected) = expected {
            let length = match expected {
                1..=255 => vec![expected as u8],
                256 => vec![0],
                65_536 => vec![0, 0],
                more => (more as u16).to_be_bytes().to_vec(),
            };
            objects.extend(object(0x97, &length));
        }
        let mut input = [self.counter_bytes(), padded(&header, self.block())].concat();
        if !objects.is_empty() {
            input.extend(padded(&objects, self.block()));
        }
        objects.extend(object(0x8E, &mac(self.cipher, &self.authentication, &input)));
        let outer = if expected.is_some_and(|expected| expected > 220) { 65_536 } else { 256 };
        apdu(header, &objects, Some(outer))
    }

    /// An answer in secure messaging (9.8.5): plain data and the protected status.
    pub fn unprotect(&mut self, answer: &[u8]) -> Result<(Vec<u8>, u16), Failure> {
        self.counter += 1;
        let theirs = value(answer, 0x8E).ok_or(Failure::WrongMac)?;
        let covered = &answer[..answer.len() - 10];
        let input = [self.counter_bytes(), padded(covered, self.block())].concat();
        if theirs != mac(self.cipher, &self.authentication, &input) {
            return Err(Failure::WrongMac);
        }
        let status = value(covered, 0x99).ok_or(Failure::Missing("DO 99"))?;
        let status = u16::from_be_bytes(status.try_into().map_err(|_| Failure::Missing("DO 99"))?);
        let sealed = value(covered, 0x87).map(|value| &value[1..]).or_else(|| value(covered, 0x85));
        let Some(sealed) = sealed else { return Ok((Vec::new(), status)) };
        let mut plain = cbc(self.cipher, Mode::Decrypt, &self.encryption, &self.start(), sealed);
        let end = plain.iter().rposition(|byte| *byte == 0x80).ok_or(Failure::Missing("padding"))?;
        plain.truncate(end);
        Ok((plain, status))
    }
}

/// A command APDU, extended where it must be.
pub fn apdu(header: [u8; 4], data: &[u8], expected: Option<usize>) -> Vec<u8> {
    let mut out = header.to_vec();
    let extended = data.len() > 255 || expected.is_some_and(|expected| expected > 256);
    if extended {
        out.push(0);
    }
    if !data.is_empty() {
        let length = (data.len() as u16).to_be_bytes();
        out.extend(if extended { &length[..] } else { &length[1..] });
        out.extend(data);
    }
    if let Some(expected) = expected {
        let length = (expected as u16).to_be_bytes();
        out.extend(if extended { &length[..] } else { &length[1..] });
    }
    out
}

fn split(mut answer: Vec<u8>) -> (Vec<u8>, u16) {
    let status = answer.split_off(answer.len() - 2);
    (answer, u16::from_be_bytes([status[0], status[1]]))
}

/// KDF of 9.7.1.
pub fn kdf(cipher: Cipher, secret: &[u8], counter: u8) -> Vec<u8> {
    let (digest, length) = match cipher {
        Cipher::TripleDes | Cipher::Aes128 => (MessageDigest::sha1(), 16),
        Cipher::Aes192 => (MessageDigest::sha256(), 24),
        Cipher::Aes256 => (MessageDigest::sha256(), 32),
    };
    hash(digest, &[secret, &[0, 0, 0, counter]].concat()).unwrap()[..length].to_vec()
}

pub fn padded(bytes: &[u8], block: usize) -> Vec<u8> {
    let mut out = [bytes, &[0x80]].concat();
    while out.len() % block != 0 {
        out.push(0);
    }
    out
}

pub fn cbc(cipher: Cipher, mode: Mode, key: &[u8], start: &[u8], bytes: &[u8]) -> Vec<u8> {
    let (algorithm, key) = match cipher {
        Cipher::TripleDes => (Algorithm::des_ede3_cbc(), [key, &key[..8]].concat()),
        Cipher::Aes128 => (Algorithm::aes_128_cbc(), key.to_vec()),
        Cipher::Aes192 => (Algorithm::aes_192_cbc(), key.to_vec()),
        Cipher::Aes256 => (Algorithm::aes_256_cbc(), key.to_vec()),
    };
    let mut crypter = Crypter::new(algorithm, mode, &key, Some(start)).unwrap();
    crypter.pad(false);
    let mut out = vec![0; bytes.len() + 16];
    let count = crypter.update(bytes, &mut out).unwrap();
    out.truncate(count);
    out
}

/// MAC over padded bytes: MAC algorithm 3 of ISO/IEC 9797-1 block by block, or CMAC.
pub fn mac(cipher: Cipher, key: &[u8], bytes: &[u8]) -> Vec<u8> {
    let algorithm = match cipher {
        Cipher::TripleDes => {
            // E_K1(D_K2(E_K1-chain)): decryption under K2 as 3DES with one key.
            let [first, second] = [&key[..8], &key[8..]].map(|half| [half, half].concat());
            let chain = cbc(cipher, Mode::Encrypt, &first, &[0; 8], bytes);
            let last = &chain[chain.len() - 8..];
            let inner = cbc(cipher, Mode::Decrypt, &second, &[0; 8], last);
            return cbc(cipher, Mode::Encrypt, &first, &[0; 8], &inner);
        }
        Cipher::Aes128 => Algorithm::aes_128_cbc(),
        Cipher::Aes192 => Algorithm::aes_192_cbc(),
        Cipher::Aes256 => Algorithm::aes_256_cbc(),
    };
    let key = PKey::cmac(&algorithm, key).unwrap();
    let mut signer = Signer::new_without_digest(&key).unwrap();
    signer.update(bytes).unwrap();
    signer.sign_to_vec().unwrap()[..8].to_vec()
}
