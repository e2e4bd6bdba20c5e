//! EF.SOD: the hashes of all data groups under the document signer's signature
//! (ICAO Doc 9303-10, 4.6.2; CMS: RFC 5652).

use jiff::civil::Date;
use openssl::{error::ErrorStack, hash::MessageDigest, sha::sha256, sign::Signer};

use super::certificates::Authority;
use crate::der;

const SIGNED_DATA: &str = "1.2.840.113549.1.7.2";
const SECURITY_OBJECT: &str = "2.23.136.1.1.1";
const CONTENT_TYPE: &str = "1.2.840.113549.1.9.3";
const MESSAGE_DIGEST: &str = "1.2.840.113549.1.9.4";
const SIGNING_TIME: &str = "1.2.840.113549.1.9.5";
const SHA256: &str = "2.16.840.1.101.3.4.2.1";
const ECDSA_WITH_SHA256: &str = "1.2.840.10045.4.3.2";

/// The whole file over data groups by number.
pub(super) fn file(
    groups: &[(u8, &[u8])],
    authority: &Authority,
    signed_on: Date,
) -> Result<Vec<u8>, ErrorStack> {
    let content = hash_list(groups);
    let attributes = attributes(&content, signed_on);
    let mut signer = Signer::new(MessageDigest::sha256(), &authority.signer_key)?;
    // Signed as SET, stored as [0] (RFC 5652, 5.4).
    signer.update(&der::sorted_set(attributes.clone()))?;
    let signature = signer.sign_to_vec()?;
    let signer_info = der::sequence(&[
        der::integer(1),
        signer_identifier(authority)?,
        sha256_identifier(),
        der::object(0xA0, in_order(attributes).as_slice()),
        der::sequence(&[der::oid(ECDSA_WITH_SHA256)]),
        der::octets(&signature),
    ]);
    let signed_data = der::sequence(&[
        der::integer(3),
        der::set(&[sha256_identifier()]),
        der::sequence(&[der::oid(SECURITY_OBJECT), der::group(0xA0, &[der::octets(&content)])]),
        der::object(0xA0, &authority.signer.to_der()?),
        der::set(&[signer_info]),
    ]);
    Ok(der::group(0x77, &[der::sequence(&[der::oid(SIGNED_DATA), der::group(0xA0, &[signed_data])])]))
}

/// LDSSecurityObject, version 0.
fn hash_list(groups: &[(u8, &[u8])]) -> Vec<u8> {
    let hashes: Vec<Vec<u8>> = groups
        .iter()
        .map(|(number, file)| der::sequence(&[der::integer(*number), der::octets(&sha256(file))]))
        .collect();
    der::sequence(&[der::integer(0), sha256_identifier(), der::sequence(&hashes)])
}

fn attributes(content: &[u8], signed_on: Date) -> Vec<Vec<u8>> {
    let attribute = |name, value| der::sequence(&[der::oid(name), der::set(&[value])]);
    let time = signed_on.strftime("%y%m%d030000Z").to_string();
    vec![
        attribute(CONTENT_TYPE, der::oid(SECURITY_OBJECT)),
        attribute(SIGNING_TIME, der::object(0x17, time.as_bytes())),
        attribute(MESSAGE_DIGEST, der::octets(&sha256(content))),
    ]
}

fn in_order(mut parts: Vec<Vec<u8>>) -> Vec<u8> {
    parts.sort();
    parts.concat()
}

fn signer_identifier(authority: &Authority) -> Result<Vec<u8>, ErrorStack> {
    let mut serial = authority.signer.serial_number().to_bn()?.to_vec();
    if serial.first().is_none_or(|byte| *byte >= 0x80) {
        serial.insert(0, 0);
    }
    Ok(der::sequence(&[authority.signer.issuer_name().to_der()?, der::object(0x02, &serial)]))
}

fn sha256_identifier() -> Vec<u8> {
    der::sequence(&[der::oid(SHA256)])
}
