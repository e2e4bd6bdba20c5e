//! Which keys are taken, and whose signatures are theirs.

use super::*;
use crate::{
    algorithm::Digest,
    pretend_state::{Written, curve, rsa},
};

fn info(key: &PKey<openssl::pkey::Private>) -> Vec<u8> {
    key.public_key_to_der().unwrap()
}

#[test]
fn a_written_out_curve_is_taken_only_with_exactly_its_own_numbers() {
    let key = curve(Nid::BRAINPOOL_P256R1, Written::Out);
    let whole = info(&key);
    assert!(PublicKey::parse(&whole).is_ok());
    // Version, cofactor and the point lie outside of what is compared; the
    // point is checked against the known curve.
    let group = EcGroup::from_curve_name(Nid::BRAINPOOL_P256R1).unwrap();
    let mut context = BigNumContext::new().unwrap();
    let form = openssl::ec::PointConversionForm::UNCOMPRESSED;
    let generator = group.generator_opt().unwrap().to_bytes(&group, form, &mut context).unwrap();
    let (mut prime, mut a, mut b, mut order) =
        (BigNum::new().unwrap(), BigNum::new().unwrap(), BigNum::new().unwrap(), BigNum::new().unwrap());
    group.components_gfp(&mut prime, &mut a, &mut b, &mut context).unwrap();
    group.order(&mut order, &mut context).unwrap();
    for number in [prime.to_vec(), a.to_vec(), b.to_vec(), generator, order.to_vec()] {
        let at = whole.windows(number.len()).position(|octets| octets == number).unwrap();
        for octet in at..at + number.len() {
            let mut other = whole.clone();
            other[octet] ^= 1;
            assert!(PublicKey::parse(&other).is_err(), "octet {octet}");
        }
    }
}

#[test]
fn a_point_that_is_not_on_its_curve_is_refused() {
    for written in [Written::ByName, Written::Out] {
        let mut whole = info(&curve(Nid::X9_62_PRIME256V1, written));
        *whole.last_mut().unwrap() ^= 1;
        assert_eq!(PublicKey::parse(&whole).err(), Some(SignerFault::BadKey));
    }
}

#[test]
fn the_point_at_infinity_is_no_key() {
    let whole = info(&curve(Nid::X9_62_PRIME256V1, Written::ByName));
    let algorithm = tlv::only(&whole, SEQUENCE, "?").unwrap().inside().take(SEQUENCE, "?").unwrap();
    let bits = tlv::object(algorithm::BIT_STRING, &[0, 0]);
    let infinity = tlv::object(SEQUENCE, &[algorithm.whole, &bits].concat());
    assert_eq!(PublicKey::parse(&infinity).err(), Some(SignerFault::BadKey));
}

#[test]
fn curves_that_are_short_or_rare_are_refused_by_name() {
    let short = info(&curve(Nid::X9_62_PRIME192V1, Written::ByName));
    let named = SignerFault::UnknownAlgorithm("1.2.840.10045.3.1.1".to_owned());
    assert_eq!(PublicKey::parse(&short).err(), Some(named));
    let rare = info(&curve(Nid::SECP256K1, Written::Out));
    let unnamed = SignerFault::UnknownAlgorithm("a curve that is not known".to_owned());
    assert_eq!(PublicKey::parse(&rare).err(), Some(unnamed));
}

#[test]
fn a_chips_own_key_may_lie_on_the_short_curves_of_the_table() {
    for nid in [Nid::X9_62_PRIME192V1, Nid::BRAINPOOL_P192R1] {
        for written in [Written::ByName, Written::Out] {
            let short = info(&curve(nid, written));
            assert!(PublicKey::parse_of_chip(&short).is_ok());
            assert!(PublicKey::parse(&short).is_err(), "an issuer's key");
        }
    }
    let rare = info(&curve(Nid::SECP256K1, Written::ByName));
    assert!(PublicKey::parse_of_chip(&rare).is_err());
}

#[test]
fn a_scheme_of_another_kind_of_key_is_not_its() {
    let key = PublicKey::parse(&info(&rsa(2048))).ok().unwrap();
    assert!(!key.made(&[0; 256], Scheme::Ecdsa(Digest::Sha256), b"message"));
    assert!(!key.made(&[], Scheme::RsaPkcs1(Digest::Sha256), b"message"));
    let key = PublicKey::parse(&info(&curve(Nid::SECP384R1, Written::ByName))).ok().unwrap();
    assert!(!key.made(b"no signature", Scheme::Ecdsa(Digest::Sha384), b"message"));
}

#[test]
fn a_cut_key_is_refused_and_never_a_panic() {
    for key in [curve(Nid::SECP384R1, Written::Out), rsa(2048)] {
        let whole = info(&key);
        for length in 0..whole.len() {
            assert!(PublicKey::parse(&whole[..length]).is_err(), "{length} bytes");
        }
    }
}
