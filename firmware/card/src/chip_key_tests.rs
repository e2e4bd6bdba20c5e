//! Keys in every form in which chips write them, encoded by OpenSSL where it can.

use openssl::{
    bn::{BigNum, BigNumContext, BigNumRef},
    ec::{Asn1Flag, EcGroup, EcKey, EcPoint},
    nid::Nid,
};

use super::*;
use crate::tlv;

const TABLE: [Nid; 11] = [
    Nid::X9_62_PRIME192V1,
    Nid::BRAINPOOL_P192R1,
    Nid::SECP224R1,
    Nid::BRAINPOOL_P224R1,
    Nid::X9_62_PRIME256V1,
    Nid::BRAINPOOL_P256R1,
    Nid::BRAINPOOL_P320R1,
    Nid::SECP384R1,
    Nid::BRAINPOOL_P384R1,
    Nid::BRAINPOOL_P512R1,
    Nid::SECP521R1,
];

/// Some key over the curve, as SubjectPublicKeyInfo.
fn key_over(group: &EcGroup) -> Vec<u8> {
    let context = &mut BigNumContext::new().unwrap();
    let mut point = EcPoint::new(group).unwrap();
    point.mul_generator2(group, &BigNum::from_u32(0x5EED).unwrap(), context).unwrap();
    EcKey::from_public_key(group, &point).unwrap().public_key_to_der().unwrap()
}

fn flaw(info: &[u8]) -> Option<KeyFlaw> {
    ChipKey::parse(info).err()
}

#[test]
fn every_curve_of_the_standard_is_known_by_name_and_spelt_out() {
    for nid in TABLE {
        let mut group = EcGroup::from_curve_name(nid).unwrap();
        for flag in [Asn1Flag::NAMED_CURVE, Asn1Flag::EXPLICIT_CURVE] {
            group.set_asn1_flag(flag);
            let ChipKey::Curve(curve, element) = ChipKey::parse(&key_over(&group)).ok().unwrap() else {
                panic!("{nid:?} is a curve");
            };
            let context = &mut BigNumContext::new().unwrap();
            let form = openssl::ec::PointConversionForm::UNCOMPRESSED;
            assert_eq!(
                curve.encode(&element).ok().unwrap(),
                element.to_bytes(&group, form, context).unwrap()
            );
        }
    }
}

// With a generator of their own choice somebody who knows its logarithm could pass for any
// chip (as with the certificates of CVE-2020-0601).
#[test]
fn a_known_curve_with_another_generator_is_unknown() {
    let known = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let context = &mut BigNumContext::new().unwrap();
    let (mut p, mut a, mut b) = (BigNum::new().unwrap(), BigNum::new().unwrap(), BigNum::new().unwrap());
    known.components_gfp(&mut p, &mut a, &mut b, context).unwrap();
    let (mut order, mut cofactor) = (BigNum::new().unwrap(), BigNum::new().unwrap());
    known.order(&mut order, context).unwrap();
    known.cofactor(&mut cofactor, context).unwrap();
    let mut twice = EcPoint::new(&known).unwrap();
    twice.mul_generator2(&known, &number(2), context).unwrap();
    let form = openssl::ec::PointConversionForm::UNCOMPRESSED;
    let twice = twice.to_bytes(&known, form, context).unwrap();
    let mut group = EcGroup::from_components(p, a, b, context).unwrap();
    let other = EcPoint::from_bytes(&group, &twice, context).unwrap();
    group.set_generator(other, order, cofactor).unwrap();
    group.set_asn1_flag(Asn1Flag::EXPLICIT_CURVE);
    assert_eq!(flaw(&key_over(&group)), Some(KeyFlaw::Unknown));
}

#[test]
fn a_curve_outside_the_table_is_unknown() {
    let mut group = EcGroup::from_curve_name(Nid::SECP256K1).unwrap();
    for flag in [Asn1Flag::NAMED_CURVE, Asn1Flag::EXPLICIT_CURVE] {
        group.set_asn1_flag(flag);
        assert_eq!(flaw(&key_over(&group)), Some(KeyFlaw::Unknown));
    }
}

fn integer(number: &BigNum) -> Vec<u8> {
    let bytes = number.to_vec();
    // Its first bit is a sign.
    let sign: &[u8] = if bytes.first().is_none_or(|first| first & 0x80 != 0) { &[0] } else { &[] };
    tlv::object(0x02, &[sign, &bytes].concat())
}

/// A key of prime groups: with X9.42 where there is an order, else with PKCS#3.
fn key_modulo(p: &BigNum, g: &BigNum, q: Option<&BigNum>, y: &BigNum) -> Vec<u8> {
    let kind = if q.is_some() { DH_PUBLIC_NUMBER } else { DH_KEY_AGREEMENT };
    let numbers = [integer(p), integer(g), q.map(integer).unwrap_or_default()].concat();
    let algorithm = [tlv::object(0x06, kind.as_bytes()), tlv::object(0x30, &numbers)].concat();
    let key = tlv::object(0x03, &[&[0][..], &integer(y)].concat());
    tlv::object(0x30, &[tlv::object(0x30, &algorithm), key].concat())
}

fn number(value: u32) -> BigNum {
    BigNum::from_u32(value).unwrap()
}

fn less_one(number: &BigNumRef) -> BigNum {
    let mut less = number.to_owned().unwrap();
    less.sub_word(1).unwrap();
    less
}

fn half(number: &BigNum) -> BigNum {
    let mut half = BigNum::new().unwrap();
    half.rshift1(number).unwrap();
    half
}

#[test]
fn prime_groups_of_the_standard_and_safe_primes_are_taken() {
    for parameters in 0..=2 {
        let known = Primes::standard(parameters).unwrap();
        let (p, g, q) = (known.field().unwrap(), known.generator().unwrap(), known.order().unwrap());
        assert!(ChipKey::parse(&key_modulo(&p, &g, Some(&q), &g)).is_ok());
        assert!(ChipKey::parse(&key_modulo(&p, &g, None, &g)).is_ok(), "the table has its order");
    }
    let safe = BigNum::get_rfc3526_prime_2048().unwrap();
    let four = number(4);
    assert!(ChipKey::parse(&key_modulo(&safe, &number(2), None, &four)).is_ok());
    assert!(ChipKey::parse(&key_modulo(&safe, &number(2), Some(&half(&safe)), &four)).is_ok());
}

#[test]
fn groups_that_keep_no_secret_are_refused() {
    let known = Primes::standard(0).unwrap();
    let (p, g, q) = (known.field().unwrap(), known.generator().unwrap(), known.order().unwrap());
    let safe = BigNum::get_rfc3526_prime_2048().unwrap();
    let mut composite = BigNum::new().unwrap();
    composite.checked_mul(&q, &number(2), &mut BigNumContext::new().unwrap()).unwrap();
    let small = BigNum::get_rfc2409_prime_768().unwrap();
    let even = less_one(&safe);
    for (why, p, g, q) in [
        ("generator one", &p, &number(1), Some(&q)),
        ("generator zero", &p, &number(0), Some(&q)),
        ("generator of order two", &p, &less_one(&p), Some(&q)),
        ("generator of another order", &p, &number(2), Some(&q)),
        ("generator not below the prime", &p, &p, Some(&q)),
        ("order not prime", &p, &g, Some(&composite)),
        ("order tiny", &p, &less_one(&p), Some(&number(2))),
        ("order not of this prime", &safe, &number(2), Some(&q)),
        ("order as large as the prime", &p, &g, Some(&p)),
        ("prime too short", &small, &number(2), None),
        ("prime not prime", &even, &number(2), None),
        ("prime not a safe one and no order", &p, &number(2), None),
    ] {
        assert_eq!(
            flaw(&key_modulo(p, g, q, &number(4))),
            Some(KeyFlaw::Unsafe(AccessFlaw::GroupUnsafe)),
            "{why}"
        );
    }
}

#[test]
fn a_key_outside_its_group_is_refused() {
    let known = Primes::standard(0).unwrap();
    let (p, g, q) = (known.field().unwrap(), known.generator().unwrap(), known.order().unwrap());
    for y in [&number(0), &number(1), &number(2), &less_one(&p), &p] {
        let flaw = flaw(&key_modulo(&p, &g, Some(&q), y));
        assert_eq!(flaw, Some(KeyFlaw::Unsafe(AccessFlaw::KeyNotInGroup)));
    }
}

#[test]
fn what_is_no_key_is_malformed_or_unknown() {
    let rsa = "300D06092A864886F70D0101010500";
    let info = tlv::object(0x30, &[hex::decode(rsa).unwrap(), tlv::object(3, &[0, 1])].concat());
    assert_eq!(flaw(&info), Some(KeyFlaw::Unknown));
    let group = EcGroup::from_curve_name(Nid::BRAINPOOL_P256R1).unwrap();
    let whole = key_over(&group);
    for cut in 0..whole.len() {
        assert_eq!(flaw(&whole[..cut]), Some(KeyFlaw::Malformed), "{cut}");
    }
}
