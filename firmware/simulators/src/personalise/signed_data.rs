//! CMS SignedData as security objects and master lists have it (RFC 5652, 5; ICAO
//! Doc 9303-10, 4.6.2.2), well made or broken on purpose.

use jiff::civil::Date;
use openssl::{error::ErrorStack, hash::hash};

use super::{authority::Holder, signing::hash_identifier};
use crate::{
    card_profile::{ContentEncoding, Hash, SecurityObjectPart, SignerIdentifier},
    der,
};

const SIGNED_DATA: &str = "1.2.840.113549.1.7.2";
const CONTENT_TYPE: &str = "1.2.840.113549.1.9.3";
const MESSAGE_DIGEST: &str = "1.2.840.113549.1.9.4";
const SIGNING_TIME: &str = "1.2.840.113549.1.9.5";
/// Bytes in one piece of a content whose length is left open.
const PIECE: usize = 100;

/// One content under one signature.
pub(super) struct SignedData<'a> {
    pub content_type: &'a str,
    pub content: &'a [u8],
    pub signer: &'a Holder,
    pub hash: Hash,
    /// Certificates beside the signer's.
    pub further_certificates: Vec<Vec<u8>>,
    pub identifier: SignerIdentifier,
    pub signed_on: Date,
    pub encoding: ContentEncoding,
    /// What is changed once it is signed.
    pub altered: Option<SecurityObjectPart>,
}

impl SignedData<'_> {
    /// ContentInfo around it.
    pub(super) fn encode(&self) -> Result<Vec<u8>, ErrorStack> {
        let pair = self.signer.pair.hashing(self.hash);
        let attributes = self.attributes(self.signed_on)?;
        // Signed as SET, stored as [0] (RFC 5652, 5.4).
        let mut signature = pair.sign(&der::sorted_set(attributes.clone()))?;
        let mut content = self.content.to_vec();
        let mut stored = attributes;
        match self.altered {
            None => {}
            Some(SecurityObjectPart::Signature) => flip_last(&mut signature),
            Some(SecurityObjectPart::HashList) => flip_last(&mut content),
            Some(SecurityObjectPart::Attributes) => {
                let later = self.signed_on.tomorrow().unwrap_or(self.signed_on);
                stored = self.attributes(later)?;
            }
        }
        stored.sort();
        let signer_info = der::sequence(&[
            der::integer(if self.identifier == SignerIdentifier::KeyIdentifier { 3 } else { 1 }),
            self.signer_identifier()?,
            hash_identifier(self.hash),
            der::group(0xA0, &stored),
            pair.algorithm(),
            der::octets(&signature),
        ]);
        let certificates = [vec![self.signer.certificate.clone()], self.further_certificates.clone()];
        let parts = Parts {
            hashes: der::set(&[hash_identifier(self.hash)]),
            content_type: der::oid(self.content_type),
            content,
            certificates: certificates.concat().concat(),
            signer_infos: der::set(&[signer_info]),
        };
        Ok(match self.encoding {
            ContentEncoding::Der => parts.definite(),
            ContentEncoding::BerIndefinite => parts.indefinite(),
        })
    }

    fn attributes(&self, signed_on: Date) -> Result<Vec<Vec<u8>>, ErrorStack> {
        let attribute = |name, value| der::sequence(&[der::oid(name), der::set(&[value])]);
        let time = signed_on.strftime("%y%m%d030000Z").to_string();
        let digest = hash(self.hash.digest(), self.content)?;
        Ok(vec![
            attribute(CONTENT_TYPE, der::oid(self.content_type)),
            attribute(SIGNING_TIME, der::object(0x17, time.as_bytes())),
            attribute(MESSAGE_DIGEST, der::octets(&digest)),
        ])
    }

    fn signer_identifier(&self) -> Result<Vec<u8>, ErrorStack> {
        let mut serial = self.signer.serial()?;
        match self.identifier {
            SignerIdentifier::KeyIdentifier => {
                return Ok(der::object(0x80, &self.signer.pair.key_identifier()?));
            }
            SignerIdentifier::IssuerAndSerial => {}
            SignerIdentifier::Unfitting => flip_last(&mut serial),
        }
        Ok(der::sequence(&[self.signer.issuer()?, der::unsigned(&serial)]))
    }
}

/// The fields of SignedData, each encoded, but for the content.
struct Parts {
    hashes: Vec<u8>,
    content_type: Vec<u8>,
    content: Vec<u8>,
    certificates: Vec<u8>,
    signer_infos: Vec<u8>,
}

impl Parts {
    fn definite(self) -> Vec<u8> {
        let content = der::group(0xA0, &[der::octets(&self.content)]);
        let signed_data = der::sequence(&[
            der::integer(3),
            self.hashes,
            der::sequence(&[self.content_type, content]),
            der::object(0xA0, &self.certificates),
            self.signer_infos,
        ]);
        der::sequence(&[der::oid(SIGNED_DATA), der::group(0xA0, &[signed_data])])
    }

    /// As writers do that stream: outer lengths left open, the content in pieces
    /// (X.690, 8.7.3).
    fn indefinite(self) -> Vec<u8> {
        let pieces: Vec<Vec<u8>> = self.content.chunks(PIECE).map(der::octets).collect();
        let content = open_ended(0xA0, &[open_ended(0x24, &pieces)]);
        let signed_data = open_ended(
            0x30,
            &[
                der::integer(3),
                self.hashes,
                open_ended(0x30, &[self.content_type, content]),
                open_ended(0xA0, &[self.certificates]),
                self.signer_infos,
            ],
        );
        open_ended(0x30, &[der::oid(SIGNED_DATA), open_ended(0xA0, &[signed_data])])
    }
}

/// A constructed object whose length is left open.
fn open_ended(tag: u8, parts: &[Vec<u8>]) -> Vec<u8> {
    [&[tag, 0x80][..], &parts.concat(), &[0, 0]].concat()
}

fn flip_last(bytes: &mut [u8]) {
    *bytes.last_mut().expect("nothing that is signed is empty") ^= 1;
}
