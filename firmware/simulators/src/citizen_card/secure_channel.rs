//! Secure messaging from the chip's side (ICAO Doc 9303-11, 9.8): commands are
//! opened, answers are wrapped, and the counter moves by one for each.

use openssl::{error::ErrorStack, memcmp, symm::Mode};

use super::{
    apdu::{Answer, Command, Expected, Status, extended_length, short_length},
    key_derivation::{Purpose, chain, derive, mac, pad, unpad},
};
use crate::{card_profile::Cipher, der};

/// Bytes that protection adds at most to an answer: DO 87 with a three-byte length
/// and its indicator, DO 99, DO 8E. Padding comes on top.
const OVERHEAD: usize = 4 + 1 + 4 + 10;

/// Keys and counter of one channel.
pub(super) struct SecureChannel {
    cipher: Cipher,
    encryption: Vec<u8>,
    authentication: Vec<u8>,
    counter: u128,
}

impl SecureChannel {
    /// A channel on keys derived from a shared secret.
    pub(super) fn new(cipher: Cipher, secret: &[u8], counter: u64) -> Self {
        Self {
            cipher,
            encryption: derive(cipher, secret, Purpose::Encryption),
            authentication: derive(cipher, secret, Purpose::Authentication),
            counter: counter.into(),
        }
    }

    /// Checks and opens a protected command. An error ends the channel.
    pub(super) fn open(&mut self, outer: &Command) -> Result<Command, Status> {
        self.counter += 1;
        let mac = der::find(&outer.data, 0x8E).ok_or(Status::OBJECTS_MISSING)?;
        let mut protected = Vec::new();
        let (mut sealed, mut expected, mut rest) = (None, None, &outer.data[..]);
        while let Some((tag, value, after)) = der::split(rest) {
            match tag {
                0x85 | 0x87 => sealed = Some((tag, value)),
                0x97 => expected = Some(parse_expected(value)?),
                0x8E if after.is_empty() => break,
                _ => return Err(Status::OBJECTS_WRONG),
            }
            protected.extend_from_slice(&rest[..rest.len() - after.len()]);
            rest = after;
        }
        let header = [outer.class, outer.instruction, outer.p1, outer.p2];
        let mut input = pad(&header, self.block());
        if !protected.is_empty() {
            input.extend(pad(&protected, self.block()));
        }
        let right = self.mac(&input).map_err(|_| Status::OBJECTS_WRONG)?;
        if mac.len() != right.len() || !memcmp::eq(mac, &right) {
            return Err(Status::OBJECTS_WRONG);
        }
        let data = sealed.map_or(Ok(Vec::new()), |(tag, value)| self.unseal(tag, value))?;
        let class = outer.class & !0x0C;
        Ok(Command { class, data, expected, ..outer.clone() })
    }

    /// Wraps an answer to a command with that instruction byte.
    pub(super) fn wrap(&mut self, instruction: u8, answer: &Answer) -> Result<Vec<u8>, ErrorStack> {
        self.counter += 1;
        let mut objects = Vec::new();
        if !answer.data.is_empty() {
            let sealed = self.crypt(Mode::Encrypt, &pad(&answer.data, self.block()))?;
            // Odd instructions carry BER-TLV and no padding indicator.
            objects = if instruction % 2 == 1 {
                der::object(0x85, &sealed)
            } else {
                der::object(0x87, &[&[0x01], sealed.as_slice()].concat())
            };
        }
        objects.extend(der::object(0x99, &answer.status.0.to_be_bytes()));
        let mac = self.mac(&pad(&objects, self.block()))?;
        objects.extend(der::object(0x8E, &mac));
        Ok(Answer { data: objects, status: answer.status }.bytes())
    }

    /// Moves the counter past an answer without making one.
    pub(super) fn skip(&mut self) {
        self.counter += 1;
    }

    /// Wraps an answer with the counter that the answer before had.
    pub(super) fn wrap_stale(&mut self, instruction: u8, answer: &Answer) -> Result<Vec<u8>, ErrorStack> {
        let counter = self.counter;
        self.counter = counter.saturating_sub(2);
        let wrapped = self.wrap(instruction, answer);
        self.counter = counter + 1;
        wrapped
    }

    /// Encryption and authentication key, to be held against worked examples.
    #[cfg(test)]
    pub(super) fn keys(&self) -> [&[u8]; 2] {
        [&self.encryption, &self.authentication]
    }

    /// How many bytes of plain data fit into an answer of that many bytes.
    pub(super) fn room_in(&self, outer: usize) -> usize {
        let overhead = if outer <= 256 { OVERHEAD - 1 } else { OVERHEAD };
        // One byte at least is padding.
        (outer.saturating_sub(overhead) / self.block() * self.block()).saturating_sub(1)
    }

    fn unseal(&self, tag: u32, value: &[u8]) -> Result<Vec<u8>, Status> {
        let ((0x87, [0x01, sealed @ ..]) | (0x85, sealed)) = (tag, value) else {
            return Err(Status::OBJECTS_WRONG);
        };
        if sealed.is_empty() || sealed.len() % self.block() != 0 {
            return Err(Status::OBJECTS_WRONG);
        }
        let padded = self.crypt(Mode::Decrypt, sealed).map_err(|_| Status::OBJECTS_WRONG)?;
        unpad(&padded).ok_or(Status::OBJECTS_WRONG)
    }

    fn block(&self) -> usize {
        self.cipher.block()
    }

    /// With AES every message starts from the encrypted counter (9.8.7.1).
    fn crypt(&self, mode: Mode, bytes: &[u8]) -> Result<Vec<u8>, ErrorStack> {
        let start = match self.cipher {
            Cipher::TripleDes => vec![0; 8],
            aes => chain(aes, Mode::Encrypt, &self.encryption, &[0; 16], &self.counter.to_be_bytes())?,
        };
        chain(self.cipher, mode, &self.encryption, &start, bytes)
    }

    /// The MAC over counter and padded bytes; the counter is a block long.
    fn mac(&self, padded: &[u8]) -> Result<[u8; 8], ErrorStack> {
        let counter = &self.counter.to_be_bytes()[16 - self.block()..];
        mac(self.cipher, &self.authentication, &[counter, padded].concat())
    }
}

/// The most bytes that a protected command asks for, as one reads it without its keys.
pub(super) fn asked_for(outer: &Command) -> Option<usize> {
    let length = der::find(&outer.data, 0x97)?;
    parse_expected(length).ok().map(Expected::limit)
}

fn parse_expected(value: &[u8]) -> Result<Expected, Status> {
    match value {
        [length] => Ok(short_length(*length)),
        [high, low] => Ok(extended_length(*high, *low)),
        _ => Err(Status::OBJECTS_WRONG),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The shared secret of the BSI's worked example for PACE (TR-03110, elliptic
    /// curves) and the first two messages under it.
    fn channel() -> SecureChannel {
        let secret = "6E7D077CCD367C2EAA683F1E8EC534302E2D00B6ADAF8A87A6EDA78740F17606";
        SecureChannel::new(Cipher::Aes128, &hex::decode(secret).unwrap(), 0)
    }

    #[test]
    fn aes_messages_are_those_of_the_worked_example() {
        let mut channel = channel();
        assert_eq!(hex::encode_upper(&channel.encryption), "68406B4162100563D9C901A6154D2901");
        assert_eq!(hex::encode_upper(&channel.authentication), "73FF268784F72AF833FDC9464049AFC9");
        channel.counter = 1;
        let sealed = hex::decode("01BE90237EEB4BA0FF253EA246AE31C8B8").unwrap();
        let opened = channel.unseal(0x87, &sealed).unwrap();
        assert_eq!(hex::encode_upper(opened), "830D44454356434141543030303031");
        let answer = channel.wrap(0x22, &Status::OK.into()).unwrap();
        assert_eq!(hex::encode_upper(answer), "990290008E08A89570A68664A7D69000");
    }

    #[test]
    fn an_answer_of_that_room_just_fits() {
        for (cipher, outer) in [
            (Cipher::Aes128, 256),
            (Cipher::TripleDes, 256),
            (Cipher::Aes128, 300),
            (Cipher::Aes128, 4096),
            (Cipher::TripleDes, 65_533),
        ] {
            let length = |bytes: usize| {
                let mut channel = SecureChannel::new(cipher, b"any", 0);
                channel.wrap(0xB0, &Answer::with(vec![0; bytes])).unwrap().len() - 2
            };
            let room = channel_room(cipher, outer);
            assert!(length(room) <= outer, "{cipher:?} {outer}");
            assert!(length(room + 1) > outer - 3, "{cipher:?} {outer}: room for more");
        }
        assert_eq!(channel_room(Cipher::Aes128, 256), 223);
        assert_eq!(channel_room(Cipher::TripleDes, 256), 231);
        assert_eq!(channel_room(Cipher::Aes128, 0), 0);
    }

    fn channel_room(cipher: Cipher, outer: usize) -> usize {
        SecureChannel::new(cipher, b"any", 0).room_in(outer)
    }
}
