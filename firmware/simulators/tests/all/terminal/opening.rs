//! The terminal opens a chip: basic access control (4.3) and PACE (4.4).

use openssl::{
    bn::{BigNum, BigNumContext},
    sha::sha1,
    symm::Mode,
};
use simulators::card_profile::{Cipher, Mapping, PaceProtocol};

use super::{Channel, Failure, Group, Terminal, cbc, kdf, mac, object, oid, padded, value};

/// A way through PACE with a password.
#[derive(Clone, Copy)]
pub struct Opening<'a> {
    pub protocol: PaceProtocol,
    /// The number of the password and what it is made of.
    pub password: (u8, &'a [u8]),
    /// Whether DO 84 names the domain parameters.
    pub named: bool,
}

/// What is left of a run, for those who look into it.
pub struct Opened {
    pub group: Group,
    /// The chip's sealed nonce.
    pub sealed_nonce: Vec<u8>,
    /// The chip's key of the mapping.
    pub mapping_key: Vec<u8>,
    /// Chip authentication data, opened.
    pub chip_data: Option<Vec<u8>>,
}

impl Terminal<'_> {
    /// Basic access control with document number, birth and expiry.
    pub fn basic_access(&mut self, information: &str) -> Result<(), Failure> {
        let seed = sha1(information.as_bytes());
        let [encryption, authentication] = [1, 2].map(|counter| kdf(Cipher::TripleDes, &seed[..16], counter));
        let challenge = self.must([0, 0x84, 0, 0], &[], Some(8))?;
        let (own, key) = (self.draw(8), self.draw(16));
        let crypt = |mode, bytes: &[u8]| cbc(Cipher::TripleDes, mode, &encryption, &[0; 8], bytes);
        let sealed = crypt(Mode::Encrypt, &[&own[..], &challenge, &key].concat());
        let code = |bytes: &[u8]| mac(Cipher::TripleDes, &authentication, &padded(bytes, 8));
        let request = [sealed.clone(), code(&sealed)].concat();
        let answer = self.must([0, 0x82, 0, 0], &request, Some(40))?;
        if answer.len() != 40 || answer[32..] != code(&answer[..32]) {
            return Err(Failure::WrongToken);
        }
        let plain = crypt(Mode::Decrypt, &answer[..32]);
        if plain[..8] != challenge[..] || plain[8..16] != own[..] {
            return Err(Failure::WrongToken);
        }
        let secret: Vec<u8> = key.iter().zip(&plain[16..]).map(|(ours, theirs)| ours ^ theirs).collect();
        let mut channel = Channel::new(Cipher::TripleDes, &secret);
        let counter = [&challenge[4..], &own[4..]].concat();
        channel.counter = counter.iter().fold(0, |sum, byte| sum << 8 | u128::from(*byte));
        self.channel = Some(channel);
        Ok(())
    }

    /// PACE; the channel is open afterwards.
    pub fn pace(&mut self, opening: Opening<'_>) -> Result<Opened, Failure> {
        let (protocol, cipher) = (opening.protocol, opening.protocol.cipher());
        let group = Group::standard(protocol.parameters().number());
        self.choose(opening)?;
        let sealed_nonce = self.step(&[], 0x80)?;
        let secret = match opening.password {
            (1, information) => sha1(information).to_vec(),
            (_, digits) => digits.to_vec(),
        };
        let start = vec![0; if cipher == Cipher::TripleDes { 8 } else { 16 }];
        let nonce = cbc(cipher, Mode::Decrypt, &kdf(cipher, &secret, 3), &start, &sealed_nonce);
        let (generator, mapping_key) = self.map(&group, protocol, &nonce)?;
        let (own, private) = self.key_pair(&group, &generator);
        let theirs = self.step(&object(0x83, &own), 0x84)?;
        if !group.accepts(&theirs) || theirs == own {
            return Err(Failure::BadKey);
        }
        let secret = group.secret(&group.times(&theirs, &private));
        let channel = Channel::new(cipher, &secret);
        let token = |public: &[u8]| {
            let key = object(0x06, &oid(&protocol.identifier()));
            let key = object(0x7F49, &[key, object(group.tag(), public)].concat());
            let key = if cipher == Cipher::TripleDes { padded(&key, 8) } else { key };
            mac(cipher, &channel.authentication, &key)
        };
        let request = object(0x7C, &object(0x85, &token(&theirs)));
        let answer = self.must([0, 0x86, 0, 0], &request, Some(256))?;
        let answer = value(&answer, 0x7C).ok_or(Failure::Missing("DO 7C"))?.to_vec();
        if value(&answer, 0x86) != Some(&token(&own)) {
            return Err(Failure::WrongToken);
        }
        let chip_data = value(&answer, 0x8A).map(|sealed| {
            let start = cbc(cipher, Mode::Encrypt, &channel.encryption, &[0; 16], &[0xFF; 16]);
            let mut plain = cbc(cipher, Mode::Decrypt, &channel.encryption, &start, sealed);
            plain.truncate(plain.iter().rposition(|byte| *byte == 0x80).unwrap_or(0));
            plain
        });
        self.channel = Some(channel);
        Ok(Opened { group, sealed_nonce, mapping_key, chip_data })
    }

    fn choose(&mut self, opening: Opening<'_>) -> Result<(), Failure> {
        let mut request = object(0x80, &oid(&opening.protocol.identifier()));
        request.extend(object(0x83, &[opening.password.0]));
        if opening.named {
            request.extend(object(0x84, &[opening.protocol.parameters().number()]));
        }
        self.must([0, 0x22, 0xC1, 0xA4], &request, None).map(drop)
    }

    /// One chained GENERAL AUTHENTICATE and the object that it must bring.
    fn step(&mut self, request: &[u8], wanted: u32) -> Result<Vec<u8>, Failure> {
        // Numbers of 2048 bits come back in an answer of extended length.
        let expected = if request.len() > 200 { 65_536 } else { 256 };
        let answer = self.must([0x10, 0x86, 0, 0], &object(0x7C, request), Some(expected))?;
        let answer = value(&answer, 0x7C).ok_or(Failure::Missing("DO 7C"))?;
        value(answer, wanted).map(<[u8]>::to_vec).ok_or(Failure::Missing("the step's object"))
    }

    fn map(
        &mut self,
        group: &Group,
        protocol: PaceProtocol,
        nonce: &[u8],
    ) -> Result<(Vec<u8>, Vec<u8>), Failure> {
        if protocol.mapping() == Mapping::Im {
            let length = match protocol.cipher() {
                Cipher::TripleDes | Cipher::Aes128 => 16,
                Cipher::Aes192 => 24,
                Cipher::Aes256 => 32,
            };
            let t = self.draw(length);
            let answer = self.step(&object(0x81, &t), 0x82)?;
            return Ok((group.integrated(protocol.cipher(), nonce, &t), answer));
        }
        let (own, private) = self.key_pair(group, &group.generator());
        let theirs = self.step(&object(0x81, &own), 0x82)?;
        if !group.accepts(&theirs) || theirs == own {
            return Err(Failure::BadKey);
        }
        let scaled = group.times(&group.generator(), &BigNum::from_slice(nonce).unwrap());
        Ok((group.combine(&scaled, &group.times(&theirs, &private)), theirs))
    }

    pub(super) fn key_pair(&mut self, group: &Group, generator: &[u8]) -> (Vec<u8>, BigNum) {
        let order = group.order();
        let drawn = BigNum::from_slice(&self.draw(order.num_bytes() as usize + 8)).unwrap();
        let mut private = BigNum::new().unwrap();
        private.nnmod(&drawn, &order, &mut BigNumContext::new().unwrap()).unwrap();
        (group.times(generator, &private), private)
    }
}
