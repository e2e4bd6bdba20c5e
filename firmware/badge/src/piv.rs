//! The words with a card: SELECT, GET DATA, GENERAL AUTHENTICATE (NIST SP 800-73-4 part 2, 3),
//! short length only, as the standard has it.

use der::{Decode as _, Reader as _, SliceReader, Tag, Tagged as _, asn1::AnyRef};
use devices::CardReader;
use openssl::{sha::sha256, x509::X509};

use crate::{BadgeError, BadgeKey, Claim, Proof, list::Kind};

/// The PIV application, without its version (part 1, 2.2).
const APPLICATION: [u8; 9] = [0xA0, 0x00, 0x00, 0x03, 0x08, 0x00, 0x00, 0x10, 0x00];
/// The certificate of the card authentication key (part 1, table 3).
const CERTIFICATE: [u8; 5] = [0x5C, 0x03, 0x5F, 0xC1, 0x01];
/// The card authentication key (part 1, table 4b).
const CARD_AUTHENTICATION: u8 = 0x9E;

const DONE: u16 = 0x9000;
/// Pieces of an answer (61xx) that are asked for: a certificate has a few kilobytes.
const MOST_PIECES: usize = 64;
/// What one command carries; more goes in a chain (ISO/IEC 7816-4, 5.3.3).
const MOST_DATA: usize = 255;

/// SHA-256 in a DigestInfo, before the digest itself (RFC 8017, 9.2, note 1).
const DIGEST_INFO: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00,
    0x04, 0x20,
];

/// Has the card that lies on the reader, powered, sign a claim with its card authentication key,
/// which is of the kind of `key`. Whether it is that key, [`Badges::believe`] decides.
///
/// [`Badges::believe`]: crate::Badges::believe
pub fn sign(reader: &mut dyn CardReader, key: &BadgeKey, claim: &Claim) -> Result<Proof, BadgeError> {
    select(reader)?;
    let digest = sha256(&claim.bytes());
    let (algorithm, challenge) = match key.kind() {
        // SP 800-78-4, table 5.
        Kind::P256 => (0x11, digest.to_vec()),
        Kind::Rsa2048 => (0x07, padded(&digest)),
    };
    // A response is asked for with an empty object (part 2, 3.2.4).
    let template = object(0x7C, &[object(0x82, &[]), object(0x81, &challenge)].concat());
    let header = [0x00, 0x87, algorithm, CARD_AUTHENTICATION];
    let answer = ask(reader, "sign with its card authentication key", header, &template)?;
    let template = value(&answer, APPLICATION_28)?;
    let signature = value(template, RESPONSE)?.to_vec();
    Ok(Proof { nonce: claim.nonce, signature })
}

/// The key of the card that lies on the reader, powered, by its certificate; for whoever makes the
/// badges file. Who issued the certificate is not looked at: the file is what is believed.
pub fn read_key(reader: &mut dyn CardReader) -> Result<BadgeKey, BadgeError> {
    select(reader)?;
    let header = [0x00, 0xCB, 0x3F, 0xFF];
    let answer = ask(reader, "show its certificate", header, &CERTIFICATE)?;
    let certificate = value(value(&answer, APPLICATION_19)?, APPLICATION_16)?;
    let odd = BadgeError::Odd("a certificate that cannot be read; compressed ones are not taken");
    let der = X509::from_der(certificate)
        .and_then(|certificate| certificate.public_key()?.public_key_to_der())
        .map_err(|_| odd)?;
    BadgeKey::from_der(&der).map_err(|_| BadgeError::Odd("a key that is neither P-256 nor RSA 2048"))
}

fn select(reader: &mut dyn CardReader) -> Result<(), BadgeError> {
    ask(reader, "open its PIV application", [0x00, 0xA4, 0x04, 0x00], &APPLICATION).map(drop)
}

/// EMSA-PKCS1-v1_5 (RFC 8017, 9.2) for 2048 bits: the card does only the power.
fn padded(digest: &[u8; 32]) -> Vec<u8> {
    let mut message = vec![0xFF; 256];
    let tail = [&DIGEST_INFO[..], digest].concat();
    let at = message.len() - tail.len();
    message[..2].copy_from_slice(&[0x00, 0x01]);
    message[at - 1] = 0x00;
    message[at..].copy_from_slice(&tail);
    message
}

/// One command, in a chain where it must be, and the whole answer.
fn ask(
    reader: &mut dyn CardReader,
    step: &'static str,
    header: [u8; 4],
    data: &[u8],
) -> Result<Vec<u8>, BadgeError> {
    let refused = |status| BadgeError::Refused { step, status };
    let [class, instruction, p1, p2] = header;
    let mut pieces = data.chunks(MOST_DATA).peekable();
    let mut answer = Vec::new();
    let mut status = DONE;
    while let Some(piece) = pieces.next() {
        let is_last = pieces.peek().is_none();
        let mut command = vec![if is_last { class } else { class | 0x10 }, instruction, p1, p2];
        command.push(piece.len() as u8);
        command.extend(piece);
        command.extend(is_last.then_some(0x00));
        (answer, status) = exchange(reader, &command)?;
        if !is_last && status != DONE {
            return Err(refused(status));
        }
    }
    for _ in 0..MOST_PIECES {
        let [0x61, waiting] = status.to_be_bytes() else { break };
        let (more, next) = exchange(reader, &[0x00, 0xC0, 0x00, 0x00, waiting])?;
        answer.extend(more);
        status = next;
    }
    if status == DONE { Ok(answer) } else { Err(refused(status)) }
}

fn exchange(reader: &mut dyn CardReader, command: &[u8]) -> Result<(Vec<u8>, u16), BadgeError> {
    let answer = reader.exchange(command)?;
    let (data, status) = answer.split_last_chunk().ok_or(BadgeError::Odd("an answer without a status"))?;
    Ok((data.to_vec(), u16::from_be_bytes(*status)))
}

const APPLICATION_16: Tag = application(16);
const APPLICATION_19: Tag = application(19);
const APPLICATION_28: Tag = application(28);
const RESPONSE: Tag = Tag::ContextSpecific { constructed: false, number: der::TagNumber(2) };

/// As the standard writes the tags 70 (16, constructed), 53 (19, primitive) and 7C (28).
const fn application(number: u32) -> Tag {
    Tag::Application { constructed: number != 19, number: der::TagNumber(number) }
}

/// The value of the object with this tag among those that follow each other.
fn value(objects: &[u8], tag: Tag) -> Result<&[u8], BadgeError> {
    let odd = |_| BadgeError::Odd("an answer that is no BER-TLV");
    let mut reader = SliceReader::new(objects).map_err(odd)?;
    while !reader.is_finished() {
        let object = AnyRef::decode(&mut reader).map_err(odd)?;
        if object.tag() == tag {
            return Ok(object.value());
        }
    }
    Err(BadgeError::Odd("an answer without what was asked for"))
}

/// One data object of a one-byte tag (ISO/IEC 8825-1, 8.1.3).
fn object(tag: u8, value: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    match value.len() {
        length @ ..0x80 => bytes.push(length as u8),
        length @ ..0x100 => bytes.extend([0x81, length as u8]),
        length => bytes.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    bytes.extend(value);
    bytes
}
