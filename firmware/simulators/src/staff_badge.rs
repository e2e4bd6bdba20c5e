//! The chip of a staff badge: as much of a PIV card (NIST SP 800-73-4) as its card authentication
//! key needs, from the chip's side. It shares no code with the crate `badge`.

use std::{fs, io, path::Path};

use openssl::{
    asn1::Asn1Time,
    bn::{BigNum, BigNumContext},
    ec::{EcGroup, EcKey, EcPoint},
    ecdsa::EcdsaSig,
    error::ErrorStack,
    hash::MessageDigest,
    nid::Nid,
    pkey::{Id, PKey, Private},
    rsa::{Padding, Rsa},
    x509::{X509, X509NameBuilder},
};

use crate::{
    chip::Chip,
    citizen_card::apdu::{Answer, Command, Status},
    der::{find, group, object},
    scenario::BadgeScript,
};

/// The application: who registered it, and its kind (part 1, 2.2).
const APPLICATION: [u8; 11] = [0xA0, 0x00, 0x00, 0x03, 0x08, 0x00, 0x00, 0x10, 0x00, 0x01, 0x00];
/// The name of the card authentication certificate in a GET DATA.
const CERTIFICATE: [u8; 3] = [0x5F, 0xC1, 0x01];
/// The longest answer of short length.
const SHORT_ANSWER: usize = 256;

/// A badge of somebody invented.
pub struct StaffBadge {
    key: PKey<Private>,
    certificate: Vec<u8>,
    selected: bool,
    /// The pieces of a chain so far.
    chained: Vec<u8>,
    /// What did not fit into the answer just given, with its status.
    waiting: Vec<u8>,
    answered: u64,
}

impl StaffBadge {
    /// A badge with a new key of P-256.
    pub fn p256() -> Result<Self, ErrorStack> {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
        Self::with(PKey::from_ec_key(EcKey::generate(&group)?)?)
    }

    /// A badge with this private key of P-256, for what is to be the same each time.
    pub fn of_secret(secret: &[u8; 32]) -> Result<Self, ErrorStack> {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
        let secret = BigNum::from_slice(secret)?;
        let mut public = EcPoint::new(&group)?;
        public.mul_generator2(&group, &secret, &mut *BigNumContext::new()?)?;
        Self::with(PKey::from_ec_key(EcKey::from_private_components(&group, &secret, &public)?)?)
    }

    /// A badge with a new key of RSA 2048.
    pub fn rsa() -> Result<Self, ErrorStack> {
        Self::with(PKey::from_rsa(Rsa::generate(2048)?)?)
    }

    /// The badge of that script whose key is in the folder; it is made where none is. So several
    /// programs of one demo have the same badge.
    pub fn kept(folder: &Path, script: &BadgeScript) -> io::Result<Self> {
        let path = folder.join("badge.pem");
        if !path.exists() {
            fs::create_dir_all(folder)?;
            let made = if script.rsa { Self::rsa()? } else { Self::p256()? };
            fs::write(path, made.key.private_key_to_pem_pkcs8()?)?;
            return Ok(made);
        }
        Ok(Self::with(PKey::private_key_from_pem(&fs::read(path)?)?)?)
    }

    fn with(key: PKey<Private>) -> Result<Self, ErrorStack> {
        Ok(Self {
            certificate: certificate(&key)?,
            key,
            selected: false,
            chained: Vec::new(),
            waiting: Vec::new(),
            answered: 0,
        })
    }

    /// A badges file in which it is the badge of that person.
    pub fn list(&self, holder: &str) -> Result<String, ErrorStack> {
        let key = openssl::base64::encode_block(&self.key.public_key_to_der()?);
        Ok(format!("[[badge]]\nholder = {holder:?}\nkey = \"{key}\"\n"))
    }

    fn carry_out(&mut self, command: &Command) -> Answer {
        if command.is_chained() {
            self.chained.extend(&command.data);
            return Status::OK.into();
        }
        let mut data = std::mem::take(&mut self.chained);
        data.extend(&command.data);
        match (command.instruction, command.parameters()) {
            (0xA4, 0x0400) => self.select(&data),
            _ if !self.selected => Status::CONDITIONS.into(),
            (0xCB, 0x3FFF) => match find(&data, 0x5C) {
                Some(name) if name == CERTIFICATE => Answer::with(object(
                    0x53,
                    &[object(0x70, &self.certificate), object(0x71, &[0]), object(0xFE, &[])].concat(),
                )),
                _ => Status::NOT_FOUND.into(),
            },
            (0x87, parameters) => self.authenticate(parameters, &data),
            _ => Status::UNKNOWN_INSTRUCTION.into(),
        }
    }

    fn select(&mut self, name: &[u8]) -> Answer {
        self.selected = name.len() >= 5 && APPLICATION.starts_with(name);
        if !self.selected {
            return Status::NOT_FOUND.into();
        }
        let authority = group(0x79, &[object(0x4F, &APPLICATION[..5])]);
        Answer::with(group(0x61, &[object(0x4F, &APPLICATION[5..]), authority]))
    }

    /// GENERAL AUTHENTICATE as internal authentication (part 2, 3.2.4).
    fn authenticate(&self, parameters: u16, data: &[u8]) -> Answer {
        let algorithm = if self.key.id() == Id::EC { 0x11 } else { 0x07 };
        if parameters != algorithm << 8 | 0x9E {
            return Status(0x6A86).into();
        }
        let challenge = find(data, 0x7C).filter(|template| find(template, 0x82) == Some(&[]));
        let Some(challenge) = challenge.and_then(|template| find(template, 0x81)) else {
            return Status::WRONG_DATA.into();
        };
        match self.sign(challenge) {
            Ok(signature) => Answer::with(group(0x7C, &[object(0x82, &signature)])),
            Err(_) => Status::WRONG_DATA.into(),
        }
    }

    fn sign(&self, challenge: &[u8]) -> Result<Vec<u8>, ErrorStack> {
        if self.key.id() == Id::EC {
            let key = self.key.ec_key()?;
            return EcdsaSig::sign(challenge, &key)?.to_der();
        }
        let mut signature = vec![0; 256];
        let length = self.key.rsa()?.private_encrypt(challenge, &mut signature, Padding::NONE)?;
        signature.truncate(length);
        Ok(signature)
    }
}

impl Chip for StaffBadge {
    fn answer(&mut self, apdu: &[u8]) -> Vec<u8> {
        self.answered += 1;
        let Some(command) = Command::parse(apdu) else { return Answer::from(Status::WRONG_LENGTH).bytes() };
        let called_for = command.instruction == 0xC0 && !self.waiting.is_empty();
        let mut whole = if called_for {
            std::mem::take(&mut self.waiting)
        } else {
            self.waiting.clear();
            self.carry_out(&command).bytes()
        };
        if whole.len() - 2 > SHORT_ANSWER && !command.extended {
            self.waiting = whole.split_off(SHORT_ANSWER);
            whole.extend(Status::waiting(self.waiting.len() - 2).0.to_be_bytes());
        }
        whole
    }

    fn reset(&mut self) {
        self.selected = false;
        self.chained.clear();
        self.waiting.clear();
    }

    fn atr(&self) -> Vec<u8> {
        // Chaining works, extended length does not.
        let mut atr = vec![0x3B, 0x85, 0x80, 0x01, 0x80, 0x73, 0x94, 0x21, 0x80];
        atr.push(atr[1..].iter().fold(0, |sum, byte| sum ^ byte));
        atr
    }

    fn answered(&self) -> u64 {
        self.answered
    }
}

/// Signed by its own key: a machine believes its list of keys, and no issuer.
fn certificate(key: &PKey<Private>) -> Result<Vec<u8>, ErrorStack> {
    let mut name = X509NameBuilder::new()?;
    name.append_entry_by_text("CN", "Invented staff badge, for tests")?;
    let name = name.build();
    let mut certificate = X509::builder()?;
    certificate.set_version(2)?;
    let serial = BigNum::from_u32(1)?.to_asn1_integer()?;
    certificate.set_serial_number(&serial)?;
    certificate.set_subject_name(&name)?;
    certificate.set_issuer_name(&name)?;
    certificate.set_pubkey(key)?;
    // From 2020 to 2050.
    let (from, to) = (Asn1Time::from_unix(1_577_836_800)?, Asn1Time::from_unix(2_524_608_000)?);
    certificate.set_not_before(&from)?;
    certificate.set_not_after(&to)?;
    certificate.sign(key, MessageDigest::sha256())?;
    certificate.build().to_der()
}
