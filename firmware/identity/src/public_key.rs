//! Public keys of certificates, and the one place where a signature is checked.
//! A curve that comes with its numbers written out is looked up among the known
//! curves and replaced by it: received parameters are never calculated with.

use std::{fmt, ops::RangeInclusive};

use const_oid::ObjectIdentifier;
use openssl::{
    bn::{BigNum, BigNumContext},
    ec::{EcGroup, EcKey, EcPoint},
    ecdsa::EcdsaSigRef,
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
    /// Of the standardised domain parameters (ICAO 9303-11, 9.5.1).
    number: u8,
}

/// The curves that issuing states use, none below the 224 bits of ICAO 9303-12,
/// 4.1.6.
static CURVES: [Curve; 9] = [
    Curve { oid: "1.3.132.0.33", nid: Nid::SECP224R1, name: "P-224", number: 10 },
    Curve { oid: "1.2.840.10045.3.1.7", nid: Nid::X9_62_PRIME256V1, name: "P-256", number: 12 },
    Curve { oid: "1.3.132.0.34", nid: Nid::SECP384R1, name: "P-384", number: 15 },
    Curve { oid: "1.3.132.0.35", nid: Nid::SECP521R1, name: "P-521", number: 18 },
    Curve { oid: "1.3.36.3.3.2.8.1.1.5", nid: Nid::BRAINPOOL_P224R1, name: "brainpoolP224r1", number: 11 },
    Curve { oid: "1.3.36.3.3.2.8.1.1.7", nid: Nid::BRAINPOOL_P256R1, name: "brainpoolP256r1", number: 13 },
    Curve { oid: "1.3.36.3.3.2.8.1.1.9", nid: Nid::BRAINPOOL_P320R1, name: "brainpoolP320r1", number: 14 },
    Curve { oid: "1.3.36.3.3.2.8.1.1.11", nid: Nid::BRAINPOOL_P384R1, name: "brainpoolP384r1", number: 16 },
    Curve { oid: "1.3.36.3.3.2.8.1.1.13", nid: Nid::BRAINPOOL_P512R1, name: "brainpoolP512r1", number: 17 },
];

/// Those that only a chip's own key may lie on: it proves one chip for ten years and
/// signs no documents, and the standard's table has them (ICAO 9303-11, 9.5.1).
static CURVES_OF_CHIPS: [Curve; 2] = [
    Curve { oid: "1.2.840.10045.3.1.1", nid: Nid::X9_62_PRIME192V1, name: "P-192", number: 8 },
    Curve { oid: "1.3.36.3.3.2.8.1.1.3", nid: Nid::BRAINPOOL_P192R1, name: "brainpoolP192r1", number: 9 },
];

/// Whose key it is: of a chip's, less is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Owner {
    Issuer,
    Chip,
}

impl Owner {
    fn rsa_bits(self) -> RangeInclusive<i32> {
        match self {
            Self::Issuer => RSA_BITS,
            Self::Chip => RSA_BITS_OF_CHIPS,
        }
    }

    fn curves(self) -> impl Iterator<Item = &'static Curve> {
        let further: &[Curve] = match self {
            Self::Issuer => &[],
            Self::Chip => &CURVES_OF_CHIPS,
        };
        CURVES.iter().chain(further)
    }
}

/// What kind of key a certificate holds (ICAO 9303-12, 4.1.6; RFC 3279, 2.3).
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

/// How a certificate says on which curve its key lies. ICAO 9303-12, 4.1.6, wants
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
const RSA_BITS: RangeInclusive<i32> = 2048..=8192;
/// Of a chip's key for active authentication, which protects one challenge and must
/// fit the chip (9303-12, 4.1.6, for chips of the years before).
const RSA_BITS_OF_CHIPS: RangeInclusive<i32> = 1024..=8192;

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
        Self::parse_of(info, Owner::Issuer)
    }

    /// From the SubjectPublicKeyInfo of a chip's own key, which may be shorter.
    pub fn parse_of_chip(info: &[u8]) -> Result<Self, SignerFault> {
        Self::parse_of(info, Owner::Chip)
    }

    fn parse_of(info: &[u8], owner: Owner) -> Result<Self, SignerFault> {
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
                let (key, description) = ec_key(parameters, bits, owner)?;
                Ok(Self { key, kind: Kind::Ec, description })
            }
            (RSA, _) => Self::of_rsa(bits, Kind::Rsa, owner.rsa_bits()),
            (RSA_PSS, _) => Self::of_rsa(bits, Kind::RsaPssOnly, owner.rsa_bits()),
            (other, _) => Err(SignerFault::UnknownAlgorithm(other.to_string())),
        }
    }

    fn of_rsa(bits: &[u8], kind: Kind, sizes: RangeInclusive<i32>) -> Result<Self, SignerFault> {
        let key = rsa_key(bits, sizes)?;
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

    /// Octets of the order of the key's curve; of an RSA key none.
    pub fn order_length(&self) -> usize {
        let order = || -> Result<usize, ErrorStack> {
            let mut order = BigNum::new()?;
            let mut context = BigNumContext::new()?;
            self.key.ec_key()?.group().order(&mut order, &mut context)?;
            Ok(order.num_bytes() as usize)
        };
        order().unwrap_or(0)
    }

    /// Whether this key made that signature of a digest, on a curve.
    pub fn made_plainly(&self, signature: &EcdsaSigRef, digest: &[u8]) -> bool {
        self.key.ec_key().and_then(|key| signature.verify(digest, &key)).unwrap_or(false)
    }

    /// An RSA signature opened without taking padding off: the number, and what it
    /// lacks to the modulus, for a signer sends the smaller one (ISO/IEC 9796-2, 6).
    pub fn open_raw(&self, signature: &[u8]) -> Option<[Vec<u8>; 2]> {
        let rsa = self.key.rsa().ok()?;
        let (number, mut opened, mut other) =
            (BigNum::from_slice(signature).ok()?, BigNum::new().ok()?, BigNum::new().ok()?);
        if number >= *rsa.n() {
            return None;
        }
        let mut context = BigNumContext::new().ok()?;
        opened.mod_exp(&number, rsa.e(), rsa.n(), &mut context).ok()?;
        other.checked_sub(rsa.n(), &opened).ok()?;
        let length = rsa.size() as i32;
        Some([opened.to_vec_padded(length).ok()?, other.to_vec_padded(length).ok()?])
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

fn rsa_key(bits: &[u8], sizes: RangeInclusive<i32>) -> Result<PKey<Public>, SignerFault> {
    let rsa = Rsa::public_key_from_der_pkcs1(bits).map_err(|_| SignerFault::BadKey)?;
    let size = rsa.n().num_bits();
    if size < *sizes.start() {
        return Err(SignerFault::Weak("an RSA key below 2048 bits"));
    }
    if size > *sizes.end() || !rsa.e().is_bit_set(0) || rsa.e().num_bits() < 2 {
        return Err(SignerFault::BadKey);
    }
    PKey::from_rsa(rsa).map_err(|_| SignerFault::BadKey)
}

fn ec_key(parameters: Tlv<'_>, bits: &[u8], owner: Owner) -> Result<(PKey<Public>, KeyKind), SignerFault> {
    let (curve, written) = match parameters.tag {
        OBJECT_IDENTIFIER => (named_curve(parameters, owner)?, CurveForm::Named),
        SEQUENCE => (written_out_curve(parameters, owner)?, CurveForm::Explicit),
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

fn named_curve(name: Tlv<'_>, owner: Owner) -> Result<&'static Curve, SignerFault> {
    let name = object_identifier(name).map_err(|_| SignerFault::BadKey)?.to_string();
    owner.curves().find(|known| known.oid == name).ok_or(SignerFault::UnknownAlgorithm(name))
}

/// The curve of a chip's standardised domain parameters by their number.
pub(crate) fn standardized_group(number: u8) -> Option<EcGroup> {
    Owner::Chip.curves().find(|curve| curve.number == number)?.group().ok()
}

/// Whether a chip's SubjectPublicKeyInfo is of a key on that curve.
pub(crate) fn is_on_standardized(info: &[u8], number: u8) -> bool {
    let found = PublicKey::parse_of_chip(info).ok().map(|key| key.description());
    Owner::Chip.curves().any(|known| {
        known.number == number && matches!(found, Some(KeyKind::Ec { curve, .. }) if curve == known.name)
    })
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
fn written_out_curve(parameters: Tlv<'_>, owner: Owner) -> Result<&'static Curve, SignerFault> {
    let numbers = WrittenOut::parse(parameters).map_err(|_| SignerFault::BadKey)?;
    for curve in owner.curves() {
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
mod tests;
