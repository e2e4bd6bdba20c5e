//! Subgroups of the numbers modulo a prime: those of RFC 5114 that ICAO Doc 9303-11,
//! 9.5.1 has numbers for, and others once they were checked.

use openssl::{
    bn::{BigNum, BigNumContext, BigNumRef},
    dh::Dh,
    pkey::Params,
};
use zeroize::Zeroizing;

use super::{Group, Secret};
use crate::AccessFlaw;

/// A subgroup of the numbers modulo a prime.
pub(crate) struct Primes {
    prime: BigNum,
    generator: BigNum,
    order: BigNum,
}

/// Below, logarithms can be bought; above, a chip's file would stop the machine.
const PRIME_BITS: std::ops::RangeInclusive<i32> = 1024..=4096;
/// A subgroup of fewer elements than 2^160 is searched through.
const LEAST_ORDER_BITS: i32 = 160;
/// Rounds of Miller and Rabin; OpenSSL does at least 64 of its own accord.
const ROUNDS: i32 = 64;

impl Primes {
    /// The group that a chip spells out in its file, where it is one.
    ///
    /// The file is not verified when the key is agreed, and a group in which everybody
    /// can take logarithms would hand the channel to a listener. So the known groups are
    /// taken from their table, and of any other all that makes it a group is checked:
    /// the prime, the order of the subgroup, and that the generator has that order.
    /// Without an order (PKCS#3 has none) only a safe prime will do, whose only large
    /// subgroup is then clear.
    pub fn spelt_out(prime: &[u8], generator: &[u8], order: Option<&[u8]>) -> Result<Self, AccessFlaw> {
        let (prime, generator) = (BigNum::from_slice(prime)?, BigNum::from_slice(generator)?);
        let order = order.map(BigNum::from_slice).transpose()?;
        for known in (0..=2).filter_map(Self::standard) {
            let same_order = order.as_ref().is_none_or(|order| *order == known.order);
            if known.prime == prime && known.generator == generator && same_order {
                return Ok(known);
            }
        }
        let order = match order {
            Some(order) => order,
            None => half_of(&prime)?,
        };
        let group = Self { prime, generator, order };
        if group.is_sound()? { Ok(group) } else { Err(AccessFlaw::GroupUnsafe) }
    }

    fn is_sound(&self) -> Result<bool, AccessFlaw> {
        let mut context = BigNumContext::new()?;
        // Sizes first: what follows takes time that grows with them.
        if !PRIME_BITS.contains(&self.prime.num_bits())
            || self.order.num_bits() < LEAST_ORDER_BITS
            || self.order >= self.prime
            || self.generator.num_bits() <= 1
            || self.generator >= self.prime
        {
            return Ok(false);
        }
        let (_, rest) = self.cofactor()?;
        Ok(rest.num_bits() == 0
            && self.power(&self.generator, &self.order)? == BigNum::from_u32(1)?
            && self.order.is_prime(ROUNDS, &mut context)?
            && self.prime.is_prime(ROUNDS, &mut context)?)
    }

    /// How often the order goes into the prime less one, and what remains.
    fn cofactor(&self) -> Result<(BigNum, BigNum), AccessFlaw> {
        let mut all = self.prime.to_owned()?;
        all.sub_word(1)?;
        let (mut cofactor, mut rest) = (BigNum::new()?, BigNum::new()?);
        cofactor.div_rem(&mut rest, &all, &self.order, &mut *BigNumContext::new()?)?;
        Ok((cofactor, rest))
    }

    fn power(&self, base: &BigNumRef, exponent: &BigNumRef) -> Result<BigNum, AccessFlaw> {
        let mut result = BigNum::new_secure()?;
        let mut context = BigNumContext::new_secure()?;
        result.mod_exp(base, exponent, &self.prime, &mut context)?;
        Ok(result)
    }

    /// Bits of the prime: how large it is beside others.
    pub fn bits(&self) -> u32 {
        self.prime.num_bits().unsigned_abs()
    }

    fn length(&self) -> i32 {
        self.prime.num_bytes()
    }
}

/// The order of the great subgroup, if the prime is a safe one.
fn half_of(prime: &BigNumRef) -> Result<BigNum, AccessFlaw> {
    let mut half = BigNum::new()?;
    half.rshift1(prime)?;
    Ok(half)
}

impl TryFrom<Dh<Params>> for Primes {
    type Error = AccessFlaw;

    fn try_from(parameters: Dh<Params>) -> Result<Self, AccessFlaw> {
        Ok(Self {
            prime: parameters.prime_p().to_owned()?,
            generator: parameters.generator().to_owned()?,
            order: parameters.prime_q().ok_or(AccessFlaw::Arithmetic)?.to_owned()?,
        })
    }
}

impl Group for Primes {
    type Element = BigNum;
    const KEY_TAG: u16 = 0x84;

    fn standard(parameters: u8) -> Option<Self> {
        let parameters = match parameters {
            0 => Dh::get_1024_160(),
            1 => Dh::get_2048_224(),
            2 => Dh::get_2048_256(),
            _ => return None,
        };
        parameters.ok()?.try_into().ok()
    }

    fn generator(&self) -> Result<BigNum, AccessFlaw> {
        Ok(self.generator.to_owned()?)
    }

    fn order(&self) -> Result<BigNum, AccessFlaw> {
        Ok(self.order.to_owned()?)
    }

    fn field(&self) -> Result<BigNum, AccessFlaw> {
        Ok(self.prime.to_owned()?)
    }

    fn raise(&self, base: &BigNum, secret: &Secret) -> Result<BigNum, AccessFlaw> {
        let power = self.power(base, &secret.0)?;
        if power.num_bits() <= 1 { Err(AccessFlaw::NeutralElement) } else { Ok(power) }
    }

    fn element_of(&self, number: &Secret) -> Result<BigNum, AccessFlaw> {
        let (cofactor, _) = self.cofactor()?;
        let element = self.power(&number.0, &cofactor)?;
        if element.num_bits() <= 1 { Err(AccessFlaw::NeutralElement) } else { Ok(element) }
    }

    fn combine(&self, one: &BigNum, other: &BigNum) -> Result<BigNum, AccessFlaw> {
        let mut product = BigNum::new_secure()?;
        let mut context = BigNumContext::new_secure()?;
        product.mod_mul(one, other, &self.prime, &mut context)?;
        if product.num_bits() <= 1 { Err(AccessFlaw::NeutralElement) } else { Ok(product) }
    }

    /// Without leading zeros (9303-11, 9.4.1 and 9.4.3): what a token covers must be
    /// written alike on both sides.
    fn encode(&self, element: &BigNum) -> Result<Vec<u8>, AccessFlaw> {
        Ok(element.to_vec())
    }

    fn decode(&self, bytes: &[u8]) -> Result<BigNum, AccessFlaw> {
        if bytes.len() > self.length() as usize {
            return Err(AccessFlaw::KeyNotInGroup);
        }
        let element = BigNum::from_slice(bytes)?;
        // RFC 2631, 2.1.5: between 1 and the prime, and of the subgroup's order.
        if element.num_bits() <= 1
            || element >= self.prime
            || self.power(&element, &self.order)? != BigNum::from_u32(1)?
        {
            return Err(AccessFlaw::KeyNotInGroup);
        }
        Ok(element)
    }

    /// As long as the prime, unlike a public key (PKCS#3, 8.3).
    fn into_secret(self, mut element: BigNum) -> Result<Zeroizing<Vec<u8>>, AccessFlaw> {
        let secret = Zeroizing::new(element.to_vec_padded(self.length())?);
        element.clear();
        Ok(secret)
    }
}
