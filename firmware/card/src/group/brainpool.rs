//! brainpoolP256r1, the curve over which citizens' cards do PACE. OpenSSL has no code of its
//! own for it, only arithmetic for any curve, which is slower. The group's arithmetic here is
//! written to take the same time whatever the secret, and the field's was generated with a
//! proof (fiat-crypto); the library as a whole was not audited.

use bp256::{
    Scalar,
    elliptic_curve::{
        PrimeField as _,
        group::Group as _,
        sec1::{FromSec1Point as _, ToSec1Point as _},
    },
    r1::{AffinePoint, ProjectivePoint},
};
use openssl::bn::BigNum;
use zeroize::{Zeroize as _, Zeroizing};

use super::{Curve, Group, Secret};
use crate::AccessFlaw;

/// Bytes of a coordinate, and of a number below the order.
const WIDTH: usize = 32;

/// The curve, and the same one in OpenSSL's hands for what is not arithmetic in the group.
pub(crate) struct BrainpoolP256 {
    table: Curve,
}

impl BrainpoolP256 {
    /// Its number among the standardised parameters (9303-11, 9.5.1).
    pub const PARAMETERS: u8 = 13;

    fn scalar(&self, secret: &Secret) -> Result<Zeroizing<Scalar>, AccessFlaw> {
        // A nonce may be longer than the order, or above it.
        let reduced = secret.below(&*self.order()?)?;
        let bytes = Zeroizing::new(reduced.0.to_vec_padded(WIDTH as i32)?);
        let scalar = bytes.as_slice().try_into().ok().and_then(|bytes| Scalar::from_repr(bytes).into());
        scalar.map(Zeroizing::new).ok_or(AccessFlaw::Arithmetic)
    }
}

fn not_neutral(point: ProjectivePoint) -> Result<ProjectivePoint, AccessFlaw> {
    if point.is_identity().into() { Err(AccessFlaw::NeutralElement) } else { Ok(point) }
}

impl Group for BrainpoolP256 {
    type Element = ProjectivePoint;
    const KEY_TAG: u16 = Curve::KEY_TAG;

    fn standard(parameters: u8) -> Option<Self> {
        (parameters == Self::PARAMETERS).then_some(Self { table: Curve::standard(parameters)? })
    }

    fn generator(&self) -> Result<ProjectivePoint, AccessFlaw> {
        Ok(ProjectivePoint::GENERATOR)
    }

    fn order(&self) -> Result<BigNum, AccessFlaw> {
        self.table.order()
    }

    fn field(&self) -> Result<BigNum, AccessFlaw> {
        self.table.field()
    }

    fn raise(&self, base: &ProjectivePoint, secret: &Secret) -> Result<ProjectivePoint, AccessFlaw> {
        not_neutral(*base * *self.scalar(secret)?)
    }

    fn combine(&self, one: &ProjectivePoint, other: &ProjectivePoint) -> Result<ProjectivePoint, AccessFlaw> {
        not_neutral(*one + *other)
    }

    fn element_of(&self, number: &Secret) -> Result<ProjectivePoint, AccessFlaw> {
        self.decode(&self.table.encode(&self.table.element_of(number)?)?)
    }

    fn encode(&self, element: &ProjectivePoint) -> Result<Vec<u8>, AccessFlaw> {
        Ok(element.to_affine().to_sec1_point(false).as_bytes().to_vec())
    }

    fn decode(&self, bytes: &[u8]) -> Result<ProjectivePoint, AccessFlaw> {
        // Uncompressed only (9303-11, 9.4.5), which also rules out infinity. The curve has
        // cofactor 1: on the curve is in the group.
        if bytes.len() != 1 + 2 * WIDTH || bytes[0] != 0x04 {
            return Err(AccessFlaw::KeyNotInGroup);
        }
        let point = AffinePoint::from_sec1_bytes(bytes).map_err(|_| AccessFlaw::KeyNotInGroup)?;
        Ok(point.into())
    }

    fn into_secret(self, mut element: ProjectivePoint) -> Result<Zeroizing<Vec<u8>>, AccessFlaw> {
        let mut point = element.to_affine();
        let encoded = Zeroizing::new(<[u8; 1 + 2 * WIDTH]>::from(point.to_uncompressed_point()));
        point.zeroize();
        element.zeroize();
        Ok(Zeroizing::new(encoded[1..=WIDTH].to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use simulators::chance::SeededChance;

    use super::*;

    /// OpenSSL's arithmetic is the opponent.
    fn both() -> (BrainpoolP256, Curve) {
        (BrainpoolP256::standard(13).unwrap(), Curve::standard(13).unwrap())
    }

    #[test]
    fn every_step_comes_to_what_openssl_computes() {
        let ((own, other), chance) = (both(), &mut SeededChance::new(5));
        let mut points = (own.generator().unwrap(), other.generator().unwrap());
        for _ in 0..32 {
            let secret = Secret::draw(&own.order().unwrap(), chance).unwrap();
            let raised = (own.raise(&points.0, &secret).unwrap(), other.raise(&points.1, &secret).unwrap());
            points =
                (own.combine(&raised.0, &points.0).unwrap(), other.combine(&raised.1, &points.1).unwrap());
            for (ours, theirs) in [(&raised.0, &raised.1), (&points.0, &points.1)] {
                assert_eq!(own.encode(ours).unwrap(), other.encode(theirs).unwrap());
            }
            let mapped = (own.element_of(&secret).unwrap(), other.element_of(&secret).unwrap());
            assert_eq!(own.encode(&mapped.0).unwrap(), other.encode(&mapped.1).unwrap());
        }
        assert_eq!(own.into_secret(points.0).unwrap(), other.into_secret(points.1).unwrap());
    }

    #[test]
    fn a_nonce_of_any_length_is_taken_and_none_that_makes_the_neutral_element() {
        let (own, other) = both();
        let (base, theirs) = (own.generator().unwrap(), other.generator().unwrap());
        let order = own.order().unwrap().to_vec();
        for nonce in [vec![1], vec![7; 16], vec![0xFF; 32], vec![0xFF; 64], [&order[..31], &[0xFF]].concat()]
        {
            let nonce = Secret::from_bytes(&nonce).unwrap();
            let (ours, theirs) = (own.raise(&base, &nonce).unwrap(), other.raise(&theirs, &nonce).unwrap());
            assert_eq!(own.encode(&ours).unwrap(), other.encode(&theirs).unwrap());
        }
        for nonce in [vec![0; 16], order] {
            let nonce = Secret::from_bytes(&nonce).unwrap();
            assert!(matches!(own.raise(&base, &nonce), Err(AccessFlaw::NeutralElement)));
        }
    }

    #[test]
    fn what_is_no_point_of_the_curve_is_refused() {
        let (own, other) = both();
        let point = own.encode(&own.generator().unwrap()).unwrap();
        let prime = own.field().unwrap().to_vec();
        let mut off = point.clone();
        off[64] ^= 1;
        let compressed = [&[0x02], &point[1..33]].concat();
        let beyond = [&[0x04], prime.as_slice(), &point[33..]].concat();
        for bytes in [off, compressed, beyond, vec![0], vec![], [&point[..], &[0]].concat(), vec![4; 65]] {
            assert!(matches!(own.decode(&bytes), Err(AccessFlaw::KeyNotInGroup)), "{bytes:02X?}");
            assert!(other.decode(&bytes).is_err());
        }
    }
}
