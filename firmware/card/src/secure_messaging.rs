//! The secure channel: every command encrypted and authenticated, every answer
//! checked before a byte of it is believed. ICAO Doc 9303-11, 9.8.
//!
//! It never gives out data whose code does not fit, and never compares a code in
//! a time that depends on where it differs.

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::{
    Cipher,
    apdu::{Answer, Command, DONE, Length, SHORT_ANSWER, assemble},
    cipher::{CipherKey, pad, unpad},
    tlv,
};

const CRYPTOGRAM: u16 = 0x87;
const CRYPTOGRAM_OF_OBJECTS: u16 = 0x85;
const EXPECTED: u16 = 0x97;
const STATUS: u16 = 0x99;
const CODE: u16 = 0x8E;
/// Says that a cryptogram is padded; stands before it in object 87.
const PADDED: u8 = 0x01;
/// Status object, code object: what every protected answer has.
const ANSWER_FRAME: usize = 4 + 10;

/// What a short answer holds through the channel, whatever its cipher.
pub(crate) const SHORT_PLAIN: usize = 223;

/// Why an answer is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Distrust {
    /// It came without protection, which a chip does when it gave the channel up.
    Unprotected(u16),
    /// Its code does not fit: changed, or an old one played again.
    MacWrong,
    /// It breaks the format.
    Malformed(&'static str),
}

/// One end of the channel.
pub(crate) struct Channel {
    encryption: CipherKey,
    mac: CipherKey,
    /// The send sequence counter, as long as a block.
    counter: Zeroizing<Vec<u8>>,
}

impl Channel {
    /// From the session keys; the counter starts where the access protocol says.
    pub fn new(encryption: CipherKey, mac: CipherKey, counter: Zeroizing<Vec<u8>>) -> Self {
        assert_eq!(counter.len(), mac.cipher().block(), "the counter is one block long");
        Self { encryption, mac, counter }
    }

    /// The protected form of a command, for the wire.
    pub fn protect(&mut self, command: &Command) -> Zeroizing<Vec<u8>> {
        step(&mut self.counter, 1);
        let mut header = command.header;
        header[0] |= 0x0C;

        let mut body = Vec::with_capacity(command.data.len() + 40);
        if !command.data.is_empty() {
            let mut data = command.data.clone();
            pad(&mut data, self.cipher().block());
            self.encryption.encrypt(&self.iv(), &mut data);
            if command.is_odd() {
                tlv::push(&mut body, CRYPTOGRAM_OF_OBJECTS, &data);
            } else {
                data.insert(0, PADDED);
                tlv::push(&mut body, CRYPTOGRAM, &data);
            }
        }
        if let Some(expected) = command.expected {
            // 256 and 65,536 are written as zeros, which is what truncating gives.
            let bytes = (expected as u16).to_be_bytes();
            tlv::push(&mut body, EXPECTED, if expected > SHORT_ANSWER { &bytes } else { &bytes[1..] });
        }
        let code = self.code(&header, &body);
        tlv::push(&mut body, CODE, &code);

        let answer = command.likely.or(command.expected).unwrap_or(0);
        let long = body.len() > 255 || self.protected(answer) > SHORT_ANSWER;
        if long {
            assemble(header, &body, Some(65_536), Length::Extended)
        } else {
            assemble(header, &body, Some(256), Length::Short)
        }
    }

    /// The answer that a protected answer carries.
    pub fn open(&mut self, answer: &Answer) -> Result<Answer, Distrust> {
        step(&mut self.counter, 1);
        if answer.data.is_empty() && answer.status != DONE {
            return Err(Distrust::Unprotected(answer.status));
        }
        let parts = Parts::of(&answer.data).map_err(Distrust::Malformed)?;
        let code = self.code(&[], parts.authenticated);
        if !bool::from(code.as_slice().ct_eq(parts.code)) {
            return Err(Distrust::MacWrong);
        }
        if parts.status != answer.status {
            return Err(Distrust::Malformed("the status inside and outside differ"));
        }
        let data = match parts.cryptogram {
            Some(cryptogram) => self.decrypt(cryptogram).map_err(Distrust::Malformed)?,
            None => Zeroizing::default(),
        };
        Ok(Answer { data, status: parts.status })
    }

    /// Undoes the counting of one command and its answer: the chip refused the
    /// command's outer length before its own channel saw it.
    pub fn take_back(&mut self) {
        step(&mut self.counter, -2);
    }

    /// The most plain bytes whose protected answer, with status, is not longer.
    pub fn longest_plain(&self, answer: usize) -> usize {
        let room = answer.saturating_sub(2 + ANSWER_FRAME);
        let room = room.saturating_sub(if room > 0x102 { 5 } else { 4 });
        let block = self.cipher().block();
        (room / block * block).saturating_sub(1)
    }

    /// How long the data of the protected form of a command are, where those and what it
    /// asks for are long.
    pub fn protected_command(&self, command: &Command) -> usize {
        let cryptogram = (command.data.len() + 1).next_multiple_of(self.cipher().block()) + 1;
        // Tag and length of the cryptogram, what is expected, the code.
        4 + cryptogram + 4 + 10
    }

    /// How long the protected answer to so many plain bytes is, without status.
    fn protected(&self, plain: usize) -> usize {
        if plain == 0 {
            return ANSWER_FRAME;
        }
        let cryptogram = (plain + 1).next_multiple_of(self.cipher().block()) + 1;
        ANSWER_FRAME
            + cryptogram
            + match cryptogram {
                0..=0x7F => 2,
                0x80..=0xFF => 3,
                _ => 4,
            }
    }

    /// The code over counter, padded header (if any) and data objects.
    fn code(&self, header: &[u8], objects: &[u8]) -> [u8; 8] {
        let mut message = Zeroizing::new(Vec::with_capacity(objects.len() + 40));
        message.extend_from_slice(&self.counter);
        if !header.is_empty() {
            message.extend_from_slice(header);
            // A command without objects is padded once, by the code itself.
            if objects.is_empty() {
                return self.mac.mac_padded(&message);
            }
            pad(&mut message, self.cipher().block());
        }
        message.extend_from_slice(objects);
        self.mac.mac_padded(&message)
    }

    fn decrypt(&self, cryptogram: &[u8]) -> Result<Zeroizing<Vec<u8>>, &'static str> {
        if cryptogram.is_empty() || !cryptogram.len().is_multiple_of(self.cipher().block()) {
            return Err("a cryptogram is not whole blocks");
        }
        let mut data = Zeroizing::new(cryptogram.to_vec());
        self.encryption.decrypt(&self.iv(), &mut data);
        unpad(&mut data).ok_or("a cryptogram has no padding")?;
        Ok(data)
    }

    /// Zeros for 3DES, the encrypted counter for AES (9303-11, 9.8.6 and 9.8.7).
    fn iv(&self) -> Vec<u8> {
        let zeros = vec![0; self.cipher().block()];
        if self.cipher() == Cipher::TripleDes {
            return zeros;
        }
        let mut iv = self.counter.to_vec();
        self.encryption.encrypt(&zeros, &mut iv);
        iv
    }

    fn cipher(&self) -> Cipher {
        self.encryption.cipher()
    }
}

/// Adds to a big-endian counter.
fn step(counter: &mut [u8], by: i8) {
    let mut carry = i16::from(by);
    for byte in counter.iter_mut().rev() {
        let sum = i16::from(*byte) + carry;
        *byte = sum as u8;
        carry = sum >> 8;
    }
}

/// A protected answer taken apart.
struct Parts<'a> {
    cryptogram: Option<&'a [u8]>,
    status: u16,
    code: &'a [u8],
    /// Every byte that the code covers.
    authenticated: &'a [u8],
}

impl<'a> Parts<'a> {
    /// Cryptogram (if any), status, code; in this order and nothing else.
    fn of(bytes: &'a [u8]) -> Result<Self, &'static str> {
        let (mut tag, mut value, mut rest) = tlv::split(bytes)?;
        let cryptogram = match (u16::try_from(tag), value) {
            (Ok(CRYPTOGRAM), [PADDED, cryptogram @ ..]) | (Ok(CRYPTOGRAM_OF_OBJECTS), cryptogram) => {
                (tag, value, rest) = tlv::split(rest)?;
                Some(cryptogram)
            }
            (Ok(CRYPTOGRAM), _) => return Err("a cryptogram does not say that it is padded"),
            _ => None,
        };
        let (true, &[high, low]) = (tag == u32::from(STATUS), value) else {
            return Err("the status object is missing");
        };
        let authenticated = &bytes[..bytes.len() - rest.len()];
        let (code, rest) = tlv::expect(rest, CODE.into())?;
        if code.len() != 8 || !rest.is_empty() {
            return Err("the code object is not eight bytes at the end");
        }
        Ok(Self { cryptogram, status: u16::from_be_bytes([high, low]), code, authenticated })
    }
}

#[cfg(test)]
#[path = "secure_messaging_tests.rs"]
mod tests;
