//! Public keys of certificates, and the one place where a signature is checked.
//! A curve that comes with its numbers written out is looked up among the known
//! curves and replaced by it: received parameters are never calculated with.

use std::fmt;

use const_oid::ObjectIdentifier;
use openssl::{
    bn::{BigNum, BigNumContext},
    ec::{EcGroup, EcKey, EcPoint},
    error::ErrorStack,
    nid::Nid,
    pkey::{PKey, Public},
    rsa::{Padding, Rsa},
    sign::{RsaPssSaltlen, Verifier},
};
use serde::Serialize;

use crate::{
    algorithm::{self, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, Scheme, object_identifier, parts},
    error::SignerFault,
    tlv::{self, Malformed, Tlv},
};

const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const PRIME_FIELD: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.1.1");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const RSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");

/// A curve that is believed.
struct Curve {
    oid: &'static str,
    nid: Nid,
    name: &'static str,
}

/// The curves that issuing states use, none below the 224 bits of ICAO 9303-12,
/// 4.4.3.
static CURVES: [Curve; 9] = [
    Curve { oid: "1.3.132.0.33", nid: Nid::SECP224R1, name: "P-224" },
    Curve { oid: "1.2.840.10045.3.1.7", nid: Nid::X9_62_PRIME256V1, name: "P-256" },
    Curve { oid: "1.3.132.0.34", nid: Nid::SECP384R1, name: "P-384" },
    Curve { oid: "1.3.132.0.35", nid: Nid::SECP521R1, name: "P-521" },
    Curve { oid: "1.3.36.3.3.2.8.1.1.5", nid: Nid::BRAINPOOL_P224R1, name: "brainpoolP224r1" },
    Curve { oid: "1.3.36.3.3.2.8.1.1.7", nid: Nid::BRAINPOOL_P256R1, name: "brainpoolP256r1" },
    Curve { oid: "1.3.36.3.3.2.8.1.1.9", nid: Nid::BRAINPOOL_P320R1, name: "brainpoolP320r1" },
    Curve { oid: "1.3.36.3.3.2.8.1.1.11", nid: Nid::BRAINPOOL_P384R1, name: "brainpoolP384r1" },
    Curve { oid: "1.3.36.3.3.2.8.1.1.13", nid: Nid::BRAINPOOL_P512R1, name: "brainpoolP512r1" },
];

/// What kind of key a certificate holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum KeyKind {
    /// On an elliptic curve.
    Ec {
        /// The curve's name in the table of known curves.
        curve: &'static str,
        /// How the certificate says which curve it is.
        written: CurveForm,
    },
    /// RSA.
    Rsa {
        /// Bits of the modulus.
        bits: u32,
    },
}

/// How a certificate says on which curve its key lies. ICAO 9303-12, 4.4.3, wants
/// the numbers written out, which we look up and never calculate with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CurveForm {
    /// By its object identifier.
    Named,
    /// By all its numbers.
    Explicit,
}

/// Least and most bits of an RSA modulus: below it is broken, above it only slow.
const RSA_BITS: std::ops::RangeInclusive<i32> = 2048..=8192;

/// A key that a signature can be checked with.
pub(crate) struct PublicKey {
    key: PKey<Public>,
    kind: Kind,
    description: KeyKind,
}

impl fmt::Display for KeyKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ec { curve, written: CurveForm::Named } => write!(out, "{curve}"),
            Self::Ec { curve, written: CurveForm::Explicit } => write!(out, "{curve} (explicit)"),
            Self::Rsa { bits } => write!(out, "RSA {bits}"),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Ec,
    Rsa,
    /// The certificate binds the key to RSA-PSS.
    RsaPssOnly,
}

impl PublicKey {
    /// From a SubjectPublicKeyInfo.
    pub fn parse(info: &[u8]) -> Result<Self, SignerFault> {
        let read = || -> Result<_, Malformed> {
            let mut list = algorithm::whole(info, SEQUENCE)?.inside();
            let (name, parameters) = parts(list.take(SEQUENCE, "a key has no algorithm")?)?;
            let bits = algorithm::bits(list.take(algorithm::BIT_STRING, "a key has no bits")?)?;
            list.end()?;
            Ok((name, parameters, bits))
        };
        let (name, parameters, bits) = read().map_err(|_| SignerFault::BadKey)?;
        match (name, parameters) {
            (EC_PUBLIC_KEY, Some(parameters)) => {
                let (key, description) = ec_key(parameters, bits)?;
                Ok(Self { key, kind: Kind::Ec, description })
            }
            (RSA, _) => Self::of_rsa(bits, Kind::Rsa),
            (RSA_PSS, _) => Self::of_rsa(bits, Kind::RsaPssOnly),
            (other, _) => Err(SignerFault::UnknownAlgorithm(other.to_string())),
        }
    }

    fn of_rsa(bits: &[u8], kind: Kind) -> Result<Self, SignerFault> {
        let key = rsa_key(bits)?;
        let description = KeyKind::Rsa { bits: key.bits() };
        Ok(Self { key, kind, description })
    }

    /// What kind of key it is.
    pub fn description(&self) -> KeyKind {
        self.description
    }

    /// Whether this key made that signature. A scheme of another kind of key, and
    /// a signature that is no signature at all, are simply not its.
    pub fn made(&self, signature: &[u8], scheme: Scheme, message: &[u8]) -> bool {
        let fits = matches!(
            (self.kind, scheme),
            (Kind::Ec, Scheme::Ecdsa(_))
                | (Kind::Rsa, Scheme::RsaPkcs1(_) | Scheme::RsaPss { .. })
                | (Kind::RsaPssOnly, Scheme::RsaPss { .. })
        );
        fits && self.check(signature, scheme, message).unwrap_or(false)
    }

    fn check(&self, signature: &[u8], scheme: Scheme, message: &[u8]) -> Result<bool, ErrorStack> {
        let mut verifier = Verifier::new(scheme.digest().openssl(), &self.key)?;
        match scheme {
            Scheme::Ecdsa(_) => {}
            Scheme::RsaPkcs1(_) => verifier.set_rsa_padding(Padding::PKCS1)?,
            Scheme::RsaPss { mask, salt, .. } => {
                verifier.set_rsa_padding(Padding::PKCS1_PSS)?;
                verifier.set_rsa_mgf1_md(mask.openssl())?;
                verifier.set_rsa_pss_saltlen(RsaPssSaltlen::custom(i32::from(salt)))?;
            }
        }
        verifier.verify_oneshot(signature, message)
    }
}

fn rsa_key(bits: &[u8]) -> Result<PKey<Public>, SignerFault> {
    let rsa = Rsa::public_key_from_der_pkcs1(bits).map_err(|_| SignerFault::BadKey)?;
    let size = rsa.n().num_bits();
    if size < *RSA_BITS.start() {
        return Err(SignerFault::Weak("an RSA key below 2048 bits"));
    }
    if size > *RSA_BITS.end() || !rsa.e().is_bit_set(0) || rsa.e().num_bits() < 2 {
        return Err(SignerFault::BadKey);
    }
    PKey::from_rsa(rsa).map_err(|_| SignerFault::BadKey)
}

fn ec_key(parameters: Tlv<'_>, bits: &[u8]) -> Result<(PKey<Public>, KeyKind), SignerFault> {
    let (curve, written) = match parameters.tag {
        OBJECT_IDENTIFIER => (named_curve(parameters)?, CurveForm::Named),
        SEQUENCE => (written_out_curve(parameters)?, CurveForm::Explicit),
        _ => return Err(SignerFault::BadKey),
    };
    let group = curve.group()?;
    let made = || -> Result<_, ErrorStack> {
        let mut context = BigNumContext::new()?;
        // Refuses a point that is not on the curve.
        let point = EcPoint::from_bytes(&group, bits, &mut context)?;
        let key = EcKey::from_public_key(&group, &point)?;
        key.check_key()?;
        PKey::from_ec_key(key)
    };
    let key = made().map_err(|_| SignerFault::BadKey)?;
    Ok((key, KeyKind::Ec { curve: curve.name, written }))
}

impl Curve {
    fn group(&self) -> Result<EcGroup, SignerFault> {
        EcGroup::from_curve_name(self.nid).map_err(|_| SignerFault::BadKey)
    }
}

fn named_curve(name: Tlv<'_>) -> Result<&'static Curve, SignerFault> {
    let name = object_identifier(name).map_err(|_| SignerFault::BadKey)?.to_string();
    CURVES.iter().find(|known| known.oid == name).ok_or(SignerFault::UnknownAlgorithm(name))
}

/// The numbers of a curve over a prime field (RFC 3279, 2.3.5: ECParameters).
struct WrittenOut<'a> {
    prime: &'a [u8],
    a: &'a [u8],
    b: &'a [u8],
    generator: &'a [u8],
    order: &'a [u8],
}

/// The known curve that has exactly these numbers.
fn written_out_curve(parameters: Tlv<'_>) -> Result<&'static Curve, SignerFault> {
    let numbers = WrittenOut::parse(parameters).map_err(|_| SignerFault::BadKey)?;
    for curve in &CURVES {
        if numbers.are_those_of(&curve.group()?).unwrap_or(false) {
            return Ok(curve);
        }
    }
    Err(SignerFault::UnknownAlgorithm("a curve that is not known".to_owned()))
}

impl<'a> WrittenOut<'a> {
    fn parse(parameters: Tlv<'a>) -> Result<Self, Malformed> {
        let mut list = parameters.inside();
        tlv::small_number(list.take(INTEGER, "curve parameters have no version")?)?;
        let mut field = list.take(SEQUENCE, "a curve has no field")?.inside();
        if object_identifier(field.take(OBJECT_IDENTIFIER, "a field has no kind")?)? != PRIME_FIELD {
            return Err(Malformed("a curve is not over a prime field"));
        }
        let prime = field.take(INTEGER, "a field has no prime")?.value;
        let mut curve = list.take(SEQUENCE, "curve parameters have no curve")?.inside();
        let a = curve.take(OCTET_STRING, "a curve has no a")?.value;
        let b = curve.take(OCTET_STRING, "a curve has no b")?.value;
        let generator = list.take(OCTET_STRING, "a curve has no generator")?.value;
        let order = list.take(INTEGER, "a curve has no order")?.value;
        Ok(Self { prime, a, b, generator, order })
    }

    fn are_those_of(&self, group: &EcGroup) -> Result<bool, ErrorStack> {
        let mut context = BigNumContext::new()?;
        let (mut prime, mut a, mut b, mut order) =
            (BigNum::new()?, BigNum::new()?, BigNum::new()?, BigNum::new()?);
        group.components_gfp(&mut prime, &mut a, &mut b, &mut context)?;
        group.order(&mut order, &mut context)?;
        let pairs = [(self.prime, &prime), (self.a, &a), (self.b, &b), (self.order, &order)];
        for (ours, theirs) in pairs {
            if BigNum::from_slice(ours)? != *theirs {
                return Ok(false);
            }
        }
        let generator = EcPoint::from_bytes(group, self.generator, &mut context)?;
        match group.generator_opt() {
            Some(theirs) => generator.eq(group, theirs, &mut context),
            None => Ok(false),
        }
    }
}

#[cfg(test)]
mod tests {
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
}
