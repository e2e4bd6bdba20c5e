//! Key agreement in standardised groups from the chip's side (ICAO Doc 9303-11,
//! 9.5.1 and 9.6): powers of elements, their encoding, and the secret out of them.

use openssl::{
    bn::{BigNum, BigNumContext, BigNumRef},
    dh::Dh,
    ec::{EcGroup, EcPoint, PointConversionForm},
    error::ErrorStack,
};
use rand_core::CryptoRng;

use crate::card_profile::Parameters;

/// A group with its standard generator.
pub(crate) enum Domain {
    /// Numbers modulo a prime, the generator's order a smaller prime (RFC 5114).
    Numbers { prime: BigNum, order: BigNum, generator: BigNum },
    /// Points of a curve over a prime field.
    Curve { group: EcGroup, order: BigNum, prime: BigNum, a: BigNum, b: BigNum },
}

/// A member of a group.
pub(crate) enum Element {
    Number(BigNum),
    Point(EcPoint),
}

impl Domain {
    /// The group of that number.
    pub(crate) fn standard(parameters: Parameters) -> Result<Self, ErrorStack> {
        if let Some(curve) = parameters.curve() {
            let group = EcGroup::from_curve_name(curve)?;
            let mut context = BigNumContext::new()?;
            let (mut order, mut prime) = (BigNum::new()?, BigNum::new()?);
            let (mut a, mut b) = (BigNum::new()?, BigNum::new()?);
            group.order(&mut order, &mut context)?;
            group.components_gfp(&mut prime, &mut a, &mut b, &mut context)?;
            return Ok(Self::Curve { group, order, prime, a, b });
        }
        let group = match parameters.number() {
            0 => Dh::get_1024_160()?,
            1 => Dh::get_2048_224()?,
            _ => Dh::get_2048_256()?,
        };
        Ok(Self::Numbers {
            prime: group.prime_p().to_owned()?,
            order: group.prime_q().expect("the groups of RFC 5114 state their order").to_owned()?,
            generator: group.generator().to_owned()?,
        })
    }

    /// The prime of the field.
    pub(crate) fn prime(&self) -> &BigNumRef {
        match self {
            Self::Numbers { prime, .. } | Self::Curve { prime, .. } => prime,
        }
    }

    /// The generator's order.
    pub(crate) fn order(&self) -> &BigNumRef {
        match self {
            Self::Numbers { order, .. } | Self::Curve { order, .. } => order,
        }
    }

    /// The generator that everybody knows.
    pub(crate) fn generator(&self) -> Result<Element, ErrorStack> {
        match self {
            Self::Numbers { generator, .. } => Ok(Element::Number(BigNumRef::to_owned(generator)?)),
            Self::Curve { group, .. } => {
                Ok(Element::Point(group.generator_opt().expect("every curve here has one").to_owned(group)?))
            }
        }
    }

    /// A private number from 1 to the order less one.
    pub(crate) fn draw(&self, chance: &mut dyn CryptoRng) -> Result<BigNum, ErrorStack> {
        draw_below(self.order(), chance)
    }

    /// An element, as many times itself.
    pub(crate) fn power(&self, base: &Element, exponent: &BigNumRef) -> Result<Element, ErrorStack> {
        let mut context = BigNumContext::new()?;
        match (self, base) {
            (Self::Numbers { prime, .. }, Element::Number(base)) => {
                let mut out = BigNum::new()?;
                out.mod_exp(base, exponent, prime, &mut context)?;
                Ok(Element::Number(out))
            }
            (Self::Curve { group, .. }, Element::Point(base)) => {
                let mut out = EcPoint::new(group)?;
                out.mul2(group, base, exponent, &mut context)?;
                Ok(Element::Point(out))
            }
            _ => unreachable!("an element of another group"),
        }
    }

    /// The group's operation.
    pub(crate) fn combine(&self, left: &Element, right: &Element) -> Result<Element, ErrorStack> {
        let mut context = BigNumContext::new()?;
        match (self, left, right) {
            (Self::Numbers { prime, .. }, Element::Number(left), Element::Number(right)) => {
                let mut out = BigNum::new()?;
                out.mod_mul(left, right, prime, &mut context)?;
                Ok(Element::Number(out))
            }
            (Self::Curve { group, .. }, Element::Point(left), Element::Point(right)) => {
                let mut out = EcPoint::new(group)?;
                out.add(group, left, right, &mut context)?;
                Ok(Element::Point(out))
            }
            _ => unreachable!("elements of another group"),
        }
    }

    /// A public key as the other side sends it (9.4.5): an uncompressed point of the
    /// curve, or a number of the generator's own subgroup (RFC 2631, 2.1.5). Never
    /// the neutral element.
    pub(crate) fn read(&self, bytes: &[u8]) -> Option<Element> {
        let mut context = BigNumContext::new().ok()?;
        match self {
            Self::Numbers { prime, order, .. } => {
                let number = BigNum::from_slice(bytes).ok()?;
                let mut power = BigNum::new().ok()?;
                power.mod_exp(&number, order, prime, &mut context).ok()?;
                let one = BigNum::from_u32(1).ok()?;
                (number > one && number < *prime && power == one).then_some(Element::Number(number))
            }
            Self::Curve { group, .. } => {
                let point = EcPoint::from_bytes(group, bytes, &mut context).ok()?;
                let fits = bytes.first() == Some(&0x04) && point.is_on_curve(group, &mut context).ok()?;
                (fits && !point.is_infinity(group)).then_some(Element::Point(point))
            }
        }
    }

    /// A public key for the other side; numbers as unsigned integers of the fewest bytes
    /// (9303-11, 9.4.1).
    pub(crate) fn write(&self, element: &Element) -> Result<Vec<u8>, ErrorStack> {
        match (self, element) {
            (Self::Numbers { .. }, Element::Number(number)) => Ok(number.to_vec()),
            (Self::Curve { group, .. }, Element::Point(point)) => {
                point.to_bytes(group, PointConversionForm::UNCOMPRESSED, &mut *BigNumContext::new()?)
            }
            _ => unreachable!("an element of another group"),
        }
    }

    /// What both sides take from a shared element: the number, as long as the prime
    /// (PKCS#3), or the point's first coordinate (TR-03111, 4.3.1).
    pub(crate) fn secret(&self, shared: &Element) -> Result<Vec<u8>, ErrorStack> {
        if let (Self::Numbers { prime, .. }, Element::Number(number)) = (self, shared) {
            return number.to_vec_padded(prime.num_bytes());
        }
        let written = self.write(shared)?;
        Ok(written[1..=(written.len() - 1) / 2].to_vec())
    }

    /// Whether it is what the generator's order leads to.
    pub(crate) fn is_neutral(&self, element: &Element) -> Result<bool, ErrorStack> {
        match (self, element) {
            (Self::Curve { group, .. }, Element::Point(point)) => Ok(point.is_infinity(group)),
            (_, Element::Number(number)) => Ok(*number == BigNum::from_u32(1)?),
            _ => unreachable!("an element of another group"),
        }
    }
}

/// A number from 1 to a limit less one: draws until one fits.
pub(crate) fn draw_below(limit: &BigNumRef, chance: &mut dyn CryptoRng) -> Result<BigNum, ErrorStack> {
    loop {
        let mut bytes = vec![0; limit.num_bytes() as usize];
        chance.fill_bytes(&mut bytes);
        // A limit that does not fill its first byte would be missed too often.
        let spare = bytes.len() as i32 * 8 - limit.num_bits();
        bytes[0] &= 0xFF >> spare;
        let drawn = BigNum::from_slice(&bytes)?;
        if drawn.num_bits() > 0 && *drawn < *limit {
            return Ok(drawn);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::SeededChance;

    const ALL: [u8; 14] = [0, 1, 2, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18];

    fn all() -> impl Iterator<Item = (u8, Domain)> {
        ALL.into_iter().map(|number| (number, Domain::standard(number.try_into().unwrap()).unwrap()))
    }

    #[test]
    fn two_sides_come_to_one_secret_in_every_group() {
        let mut chance = SeededChance::new(1);
        for (number, domain) in all() {
            let generator = domain.generator().unwrap();
            let mut pair = || {
                let private = domain.draw(&mut chance).unwrap();
                let public = domain.write(&domain.power(&generator, &private).unwrap()).unwrap();
                (private, public)
            };
            let (ours, theirs) = (pair(), pair());
            let secret = |private: &BigNum, public: &[u8]| {
                let public = domain.read(public).unwrap();
                domain.secret(&domain.power(&public, private).unwrap()).unwrap()
            };
            let agreed = secret(&ours.0, &theirs.1);
            assert_eq!(agreed, secret(&theirs.0, &ours.1), "parameters {number}");
            assert_eq!(agreed.len(), domain.prime().num_bytes() as usize, "parameters {number}");
        }
    }

    #[test]
    fn numbers_are_written_without_leading_zeros_and_secrets_with_them() {
        let domain = Domain::standard(0.try_into().unwrap()).unwrap();
        let (generator, mut chance) = (domain.generator().unwrap(), SeededChance::new(5));
        let mut any = || domain.power(&generator, &domain.draw(&mut chance).unwrap()).unwrap();
        let short = std::iter::repeat_with(&mut any).find(|it| domain.write(it).unwrap().len() == 127);
        let secret = domain.secret(&short.unwrap()).unwrap();
        assert_eq!((secret.len(), secret[0]), (128, 0));
    }

    #[test]
    fn only_members_of_the_right_subgroup_are_read() {
        for (number, domain) in all() {
            let generator = domain.write(&domain.generator().unwrap()).unwrap();
            assert!(domain.read(&generator).is_some(), "parameters {number}");
            let mut bent = generator.clone();
            *bent.last_mut().unwrap() ^= 1;
            assert!(domain.read(&bent).is_none(), "parameters {number}: a bent element");
            let neutral = domain.power(&domain.generator().unwrap(), domain.order()).unwrap();
            assert!(domain.is_neutral(&neutral).unwrap(), "parameters {number}");
            let neutral = domain.write(&neutral).unwrap();
            assert!(domain.read(&neutral).is_none(), "parameters {number}: the neutral element");
            assert!(domain.read(&[]).is_none(), "parameters {number}: nothing");
        }
    }
}
