//! The groups in which PACE and chip authentication agree keys: standardised curves and
//! prime groups of ICAO Doc 9303-11, 9.5, over OpenSSL's arithmetic.
//!
//! brainpoolP256r1 has arithmetic of its own.
//!
//! Curves come from the table here only, never from parameters that a chip sends. Secret
//! numbers come from the caller's chance, never from OpenSSL's; they are cleared when
//! freed.

mod brainpool;
mod curve;
mod pair;
mod primes;

use openssl::{
    bn::{BigNum, BigNumContext, BigNumRef},
    error::ErrorStack,
};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::AccessFlaw;

pub(crate) use brainpool::BrainpoolP256;
pub(crate) use curve::{Curve, CurveParameters};
pub(crate) use pair::Pair;
pub(crate) use primes::Primes;

/// A secret exponent. Allocated so that OpenSSL clears it when it is freed.
pub(crate) struct Secret(BigNum);

/// What the protocols need of a group. `Element`s handed out are members of the group.
pub(crate) trait Group: Sized {
    /// A public key.
    type Element;
    /// The tag of a public key in a public key data object, 9303-11, 9.4.
    const KEY_TAG: u16;

    /// The group with standardised parameters of this number, 9303-11, 9.5.1.
    fn standard(parameters: u8) -> Option<Self>;
    /// The generator of the parameters.
    fn generator(&self) -> Result<Self::Element, AccessFlaw>;
    /// The number of elements that the generator makes.
    fn order(&self) -> Result<BigNum, AccessFlaw>;
    /// The prime of the field over which the group is built.
    fn field(&self) -> Result<BigNum, AccessFlaw>;
    /// The element, as many times as the secret says; never the neutral one.
    fn raise(&self, base: &Self::Element, secret: &Secret) -> Result<Self::Element, AccessFlaw>;
    /// Two elements combined; never the neutral one.
    fn combine(&self, one: &Self::Element, other: &Self::Element) -> Result<Self::Element, AccessFlaw>;
    /// The element that a number of the field stands for, for the integrated mapping:
    /// f_G of 9303-11, 4.4.3.3.2.
    fn element_of(&self, number: &Secret) -> Result<Self::Element, AccessFlaw>;
    /// A public key for the wire, 9303-11, 9.4.5.
    fn encode(&self, element: &Self::Element) -> Result<Vec<u8>, AccessFlaw>;
    /// A public key off the wire, checked to be a member.
    fn decode(&self, bytes: &[u8]) -> Result<Self::Element, AccessFlaw>;
    /// The bytes of a shared secret from which keys are derived. Wipes the element.
    fn into_secret(self, element: Self::Element) -> Result<Zeroizing<Vec<u8>>, AccessFlaw>;
}

impl Secret {
    /// A number from 1 to the order less one, each as likely: bytes are drawn until
    /// they make one. Chance that never does is broken and is refused.
    pub fn draw(order: &BigNumRef, chance: &mut dyn CryptoRng) -> Result<Self, AccessFlaw> {
        let bits = order.num_bits() as usize;
        let mut bytes = Zeroizing::new(vec![0; bits.div_ceil(8)]);
        // At least every second draw fits; 128 misses in a row do not happen by chance.
        for _ in 0..128 {
            chance.fill_bytes(&mut bytes);
            bytes[0] &= 0xFF >> (bytes.len() * 8 - bits);
            let number = Self::from_bytes(&bytes)?;
            if number.0.num_bits() > 0 && *number.0 < *order {
                return Ok(number);
            }
        }
        Err(AccessFlaw::Chance)
    }

    /// A number that is secret but not drawn: the nonce.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, AccessFlaw> {
        let mut number = BigNum::new_secure()?;
        number.copy_from_slice(bytes)?;
        number.set_const_time();
        Ok(Self(number))
    }

    /// A secret number of the field with this prime, from more bytes than it has.
    pub fn reduced(bytes: &[u8], prime: &BigNumRef) -> Result<Self, AccessFlaw> {
        Self::from_bytes(bytes)?.below(prime)
    }

    /// The same number modulo this one.
    fn below(&self, modulus: &BigNumRef) -> Result<Self, AccessFlaw> {
        let mut number = BigNum::new_secure()?;
        number.nnmod(&self.0, modulus, &mut *BigNumContext::new_secure()?)?;
        number.set_const_time();
        Ok(Self(number))
    }
}

impl From<ErrorStack> for AccessFlaw {
    fn from(_: ErrorStack) -> Self {
        Self::Arithmetic
    }
}

#[cfg(test)]
impl Secret {
    pub(crate) fn to_bytes(&self, length: i32) -> Vec<u8> {
        self.0.to_vec_padded(length).unwrap()
    }
}
