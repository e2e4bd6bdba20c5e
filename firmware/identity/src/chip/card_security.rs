//! EF.CardSecurity (ICAO 9303-11, 9.2): the chip's keys, signed by the issuer as
//! EF.SOD is, and the proof by PACE with chip authentication mapping (9303-11,
//! 4.4.3.5): the ephemeral key of the mapping must be the chip's own static key,
//! multiplied by the number that the chip sent.

use const_oid::ObjectIdentifier;
use openssl::{
    bn::{BigNum, BigNumContext},
    ec::{EcGroup, EcPoint},
    error::ErrorStack,
};

use super::{ProofFault, chip_keys};
use crate::{
    algorithm::{self, INTEGER, SEQUENCE, SET, parts},
    envelope::{Envelope, EnvelopeFault},
    policy::Sha1,
    public_key,
    tlv::{self, Malformed},
};

/// id-SecurityObject (BSI TR-03110-3, A.1.2.5).
const SECURITY_OBJECT: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.127.0.7.3.2.1");
/// standardizedDomainParameters (TR-03110-3, A.2.1.1).
const STANDARDIZED: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.127.0.7.1.2");

/// Opens EF.CardSecurity in definite form. Whether to believe its signer is the
/// chain's question.
pub(crate) fn open(file: &[u8], sha1: Sha1) -> Result<Envelope<'_>, EnvelopeFault> {
    let envelope = tlv::only(file, SEQUENCE, "EF.CardSecurity is no envelope")?;
    Envelope::open(envelope, SECURITY_OBJECT, sha1)
}

/// Whether `mapping_key` is `data` times the static key of the signed `infos`.
pub(crate) fn check_mapping(
    infos: &[u8],
    parameters: u8,
    mapping_key: &[u8],
    data: &[u8],
) -> Result<(), ProofFault> {
    let group = public_key::standardized_group(parameters).ok_or(ProofFault::NoSignedKey)?;
    let infos = algorithm::whole(infos, SET)?.inside().all()?;
    let mut seen = false;
    for key in chip_keys(&infos)? {
        let Some(point) = static_key(key.info, parameters)? else { continue };
        seen = true;
        if is_product(&group, mapping_key, data, point).unwrap_or(false) {
            return Ok(());
        }
    }
    Err(if seen { ProofFault::Wrong } else { ProofFault::NoSignedKey })
}

/// The point of a SubjectPublicKeyInfo over these domain parameters: named by their
/// number, or as a curve of the same numbers.
fn static_key(info: &[u8], parameters: u8) -> Result<Option<&[u8]>, Malformed> {
    let mut list = algorithm::whole(info, SEQUENCE)?.inside();
    let algorithm = list.take(SEQUENCE, "a key has no algorithm")?;
    let point = algorithm::bits(list.take(algorithm::BIT_STRING, "a key has no bits")?)?;
    let of_these = match parts(algorithm)? {
        (STANDARDIZED, Some(number)) if number.tag == INTEGER => {
            tlv::small_number(number)? == u32::from(parameters)
        }
        _ => public_key::is_on_standardized(info, parameters),
    };
    Ok(of_these.then_some(point))
}

fn is_product(group: &EcGroup, product: &[u8], factor: &[u8], point: &[u8]) -> Result<bool, ErrorStack> {
    let mut context = BigNumContext::new()?;
    // Both refuse a point that is not on the curve.
    let point = EcPoint::from_bytes(group, point, &mut context)?;
    let product = EcPoint::from_bytes(group, product, &mut context)?;
    let factor = BigNum::from_slice(factor)?;
    let mut result = EcPoint::new(group)?;
    result.mul2(group, &point, &factor, &mut context)?;
    Ok(!result.is_infinity(group) && result.eq(group, &product, &mut context)?)
}

#[cfg(test)]
#[path = "card_security_tests.rs"]
mod tests;
