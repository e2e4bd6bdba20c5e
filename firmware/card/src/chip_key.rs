//! A chip's public key as its files write it: SubjectPublicKeyInfo over a curve or a
//! prime group. ICAO Doc 9303-11, 9.1 and 9.5; X.509 formats of TR-03111 and PKCS#3.
//!
//! Domain parameters that are spelt out are compared with the table of known curves and
//! never used as received; those of prime groups are checked first.

use der::{
    AnyRef, Decode, SliceReader, Tag, Tagged,
    asn1::{BitStringRef, ObjectIdentifier, UintRef},
};
use openssl::ec::EcPoint;

use crate::{
    AccessFlaw,
    group::{Curve, CurveParameters, Group, Primes},
};

/// ecPublicKey, with a curve named or spelt out.
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
/// dhpublicnumber of X9.42, with the subgroup's order.
const DH_PUBLIC_NUMBER: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10046.2.1");
/// dhKeyAgreement of PKCS#3, without the subgroup's order.
const DH_KEY_AGREEMENT: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.3.1");
/// standardizedDomainParameters, with a number of 9303-11, 9.5.1.
const STANDARDISED: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.127.0.7.1.2");
/// prime-field of X9.62.
const PRIME_FIELD: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.1.1");

/// A chip's public key; its element is a member of its group.
pub(crate) enum ChipKey {
    /// Over a curve.
    Curve(Curve, EcPoint),
    /// Modulo a prime.
    Primes(Primes, <Primes as Group>::Element),
}

/// Why a key cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyFlaw {
    /// It breaks its format.
    Malformed,
    /// It is of a kind, or over a curve, that is not known here.
    Unknown,
    /// It, or its group, would keep no secret.
    Unsafe(AccessFlaw),
}

impl From<der::Error> for KeyFlaw {
    fn from(_: der::Error) -> Self {
        Self::Malformed
    }
}

impl From<AccessFlaw> for KeyFlaw {
    fn from(flaw: AccessFlaw) -> Self {
        Self::Unsafe(flaw)
    }
}

impl ChipKey {
    /// From the DER of a SubjectPublicKeyInfo.
    pub fn parse(info: &[u8]) -> Result<Self, KeyFlaw> {
        let mut fields = sequence(AnyRef::from_der(info)?)?;
        let mut algorithm = sequence(AnyRef::decode(&mut fields)?)?;
        let key = BitStringRef::decode(&mut fields)?.as_bytes().ok_or(KeyFlaw::Malformed)?;
        let kind = ObjectIdentifier::decode(&mut algorithm)?;
        let parameters = AnyRef::decode(&mut algorithm)?;
        match kind {
            EC_PUBLIC_KEY => Self::over_curve(curve(parameters)?, key),
            DH_PUBLIC_NUMBER => Self::over_primes(primes(parameters, Order::Given)?, key),
            DH_KEY_AGREEMENT => Self::over_primes(primes(parameters, Order::NotGiven)?, key),
            STANDARDISED => Self::standardised(parameters, key),
            _ => Err(KeyFlaw::Unknown),
        }
    }

    fn standardised(parameters: AnyRef<'_>, key: &[u8]) -> Result<Self, KeyFlaw> {
        let &[number] = parameters.decode_as::<UintRef<'_>>()?.as_bytes() else {
            return Err(KeyFlaw::Unknown);
        };
        match (Curve::standard(number), Primes::standard(number)) {
            (Some(curve), _) => Self::over_curve(curve, key),
            (None, Some(primes)) => Self::over_primes(primes, key),
            (None, None) => Err(KeyFlaw::Unknown),
        }
    }

    fn over_curve(curve: Curve, key: &[u8]) -> Result<Self, KeyFlaw> {
        let element = curve.decode(key)?;
        Ok(Self::Curve(curve, element))
    }

    /// The key itself is an INTEGER inside the bit string (RFC 3279, 2.3.3).
    fn over_primes(primes: Primes, key: &[u8]) -> Result<Self, KeyFlaw> {
        let element = primes.decode(UintRef::from_der(key)?.as_bytes())?;
        Ok(Self::Primes(primes, element))
    }
}

/// EcpkParameters of X9.62: a name, or ECParameters spelt out.
fn curve(parameters: AnyRef<'_>) -> Result<Curve, KeyFlaw> {
    if parameters.tag() == Tag::ObjectIdentifier {
        let name: ObjectIdentifier = parameters.decode_as()?;
        return Curve::named(&name.to_string()).ok_or(KeyFlaw::Unknown);
    }
    let mut fields = sequence(parameters)?;
    UintRef::decode(&mut fields)?; // the version: 1, or 2 and 3 with a seed
    let mut field = sequence(AnyRef::decode(&mut fields)?)?;
    if ObjectIdentifier::decode(&mut field)? != PRIME_FIELD {
        return Err(KeyFlaw::Unknown);
    }
    let prime = UintRef::decode(&mut field)?;
    let mut coefficients = sequence(AnyRef::decode(&mut fields)?)?;
    let a = octets(&mut coefficients)?;
    let b = octets(&mut coefficients)?;
    let generator = octets(&mut fields)?;
    let order = UintRef::decode(&mut fields)?;
    Curve::spelt_out(&CurveParameters { prime: prime.as_bytes(), a, b, generator, order: order.as_bytes() })
        .ok_or(KeyFlaw::Unknown)
}

/// Whether the parameters of a prime group say its subgroup's order.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Given,
    NotGiven,
}

/// Prime and generator, then with X9.42 the order of the subgroup.
fn primes(parameters: AnyRef<'_>, order: Order) -> Result<Primes, KeyFlaw> {
    let mut fields = sequence(parameters)?;
    let prime = UintRef::decode(&mut fields)?;
    let generator = UintRef::decode(&mut fields)?;
    let order = if order == Order::Given { Some(UintRef::decode(&mut fields)?) } else { None };
    Ok(Primes::spelt_out(prime.as_bytes(), generator.as_bytes(), order.as_ref().map(UintRef::as_bytes))?)
}

fn sequence(any: AnyRef<'_>) -> der::Result<SliceReader<'_>> {
    any.tag().assert_eq(Tag::Sequence)?;
    SliceReader::new(any.value())
}

fn octets<'a>(fields: &mut SliceReader<'a>) -> der::Result<&'a [u8]> {
    let any = AnyRef::decode(fields)?;
    any.tag().assert_eq(Tag::OctetString)?;
    Ok(any.value())
}

#[cfg(test)]
#[path = "chip_key_tests.rs"]
mod tests;
