//! The groups in which PACE agrees keys: standardised curves and prime groups of
//! ICAO Doc 9303-11, 9.5.1, over OpenSSL's arithmetic.
//!
//! Only the tables here are used, never parameters that a chip sends. Secret numbers
//! come from the caller's chance, never from OpenSSL's; they are cleared when freed.

use openssl::{
    bn::{BigNum, BigNumContext, BigNumRef},
    dh::Dh,
    ec::{EcGroup, EcPoint, PointConversionForm},
    error::ErrorStack,
    nid::Nid,
};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::AccessFlaw;

/// A secret exponent. Allocated so that OpenSSL clears it when it is freed.
pub(crate) struct Secret(BigNum);

/// What PACE needs of a group. `Element`s handed out are members of the group.
pub(crate) trait Group: Sized {
    /// A public key.
    type Element;
    /// The tag of a public key in a token, 9303-11, 9.4.
    const TOKEN_TAG: u16;

    /// The group with standardised parameters of this number.
    fn standard(parameters: u8) -> Option<Self>;
    /// The generator of the parameters.
    fn generator(&self) -> Result<Self::Element, AccessFlaw>;
    /// The number of elements that the generator makes.
    fn order(&self) -> Result<BigNum, AccessFlaw>;
    /// The element, as many times as the secret says.
    fn raise(&self, base: &Self::Element, secret: &Secret) -> Result<Self::Element, AccessFlaw>;
    /// Two elements combined; never the neutral one.
    fn combine(&self, one: &Self::Element, other: &Self::Element) -> Result<Self::Element, AccessFlaw>;
    /// A public key for the wire.
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
}

impl From<ErrorStack> for AccessFlaw {
    fn from(_: ErrorStack) -> Self {
        Self::Arithmetic
    }
}

/// An elliptic curve.
pub(crate) struct Curve {
    group: EcGroup,
}

impl Curve {
    /// Bytes of a coordinate.
    fn field_length(&self) -> usize {
        (self.group.degree() as usize).div_ceil(8)
    }
}

impl Group for Curve {
    type Element = EcPoint;
    const TOKEN_TAG: u16 = 0x86;

    fn standard(parameters: u8) -> Option<Self> {
        let name = match parameters {
            8 => Nid::X9_62_PRIME192V1,
            9 => Nid::BRAINPOOL_P192R1,
            10 => Nid::SECP224R1,
            11 => Nid::BRAINPOOL_P224R1,
            12 => Nid::X9_62_PRIME256V1,
            13 => Nid::BRAINPOOL_P256R1,
            14 => Nid::BRAINPOOL_P320R1,
            15 => Nid::SECP384R1,
            16 => Nid::BRAINPOOL_P384R1,
            17 => Nid::BRAINPOOL_P512R1,
            18 => Nid::SECP521R1,
            _ => return None,
        };
        Some(Self { group: EcGroup::from_curve_name(name).ok()? })
    }

    fn generator(&self) -> Result<EcPoint, AccessFlaw> {
        Ok(self.group.generator_opt().ok_or(AccessFlaw::Arithmetic)?.to_owned(&self.group)?)
    }

    fn order(&self) -> Result<BigNum, AccessFlaw> {
        let mut order = BigNum::new()?;
        let mut context = BigNumContext::new()?;
        self.group.order(&mut order, &mut context)?;
        Ok(order)
    }

    fn raise(&self, base: &EcPoint, secret: &Secret) -> Result<EcPoint, AccessFlaw> {
        let mut product = EcPoint::new(&self.group)?;
        let mut context = BigNumContext::new_secure()?;
        product.mul2(&self.group, base, &secret.0, &mut context)?;
        if product.is_infinity(&self.group) { Err(AccessFlaw::NeutralElement) } else { Ok(product) }
    }

    fn combine(&self, one: &EcPoint, other: &EcPoint) -> Result<EcPoint, AccessFlaw> {
        let mut sum = EcPoint::new(&self.group)?;
        let mut context = BigNumContext::new_secure()?;
        sum.add(&self.group, one, other, &mut context)?;
        if sum.is_infinity(&self.group) { Err(AccessFlaw::NeutralElement) } else { Ok(sum) }
    }

    fn encode(&self, element: &EcPoint) -> Result<Vec<u8>, AccessFlaw> {
        let mut context = BigNumContext::new()?;
        Ok(element.to_bytes(&self.group, PointConversionForm::UNCOMPRESSED, &mut context)?)
    }

    fn decode(&self, bytes: &[u8]) -> Result<EcPoint, AccessFlaw> {
        // Uncompressed only (9303-11, 9.4.5), which also rules out infinity.
        if bytes.len() != 1 + 2 * self.field_length() || bytes[0] != 0x04 {
            return Err(AccessFlaw::KeyNotInGroup);
        }
        let mut context = BigNumContext::new()?;
        let point =
            EcPoint::from_bytes(&self.group, bytes, &mut context).map_err(|_| AccessFlaw::KeyNotInGroup)?;
        // All curves of the table have cofactor 1: on the curve is in the group.
        match point.is_on_curve(&self.group, &mut context) {
            Ok(true) => Ok(point),
            _ => Err(AccessFlaw::KeyNotInGroup),
        }
    }

    fn into_secret(self, mut element: EcPoint) -> Result<Zeroizing<Vec<u8>>, AccessFlaw> {
        let (mut x, mut y) = (BigNum::new_secure()?, BigNum::new_secure()?);
        let mut context = BigNumContext::new_secure()?;
        element.affine_coordinates(&self.group, &mut x, &mut y, &mut context)?;
        let secret = Zeroizing::new(x.to_vec_padded(self.field_length() as i32)?);
        // OpenSSL frees a point without clearing it; the generator goes over it.
        let one = BigNum::from_u32(1)?;
        element.mul_generator2(&self.group, &one, &mut context)?;
        Ok(secret)
    }
}

/// A subgroup of the numbers modulo a prime, RFC 5114.
pub(crate) struct Primes {
    parameters: Dh<openssl::pkey::Params>,
}

impl Primes {
    fn power(&self, base: &BigNumRef, exponent: &BigNumRef) -> Result<BigNum, AccessFlaw> {
        let mut result = BigNum::new_secure()?;
        let mut context = BigNumContext::new_secure()?;
        result.mod_exp(base, exponent, self.parameters.prime_p(), &mut context)?;
        Ok(result)
    }

    fn length(&self) -> i32 {
        self.parameters.prime_p().num_bytes()
    }
}

impl Group for Primes {
    type Element = BigNum;
    const TOKEN_TAG: u16 = 0x84;

    fn standard(parameters: u8) -> Option<Self> {
        let parameters = match parameters {
            0 => Dh::get_1024_160(),
            1 => Dh::get_2048_224(),
            2 => Dh::get_2048_256(),
            _ => return None,
        };
        Some(Self { parameters: parameters.ok()? })
    }

    fn generator(&self) -> Result<BigNum, AccessFlaw> {
        Ok(self.parameters.generator().to_owned()?)
    }

    fn order(&self) -> Result<BigNum, AccessFlaw> {
        Ok(self.parameters.prime_q().ok_or(AccessFlaw::Arithmetic)?.to_owned()?)
    }

    fn raise(&self, base: &BigNum, secret: &Secret) -> Result<BigNum, AccessFlaw> {
        let power = self.power(base, &secret.0)?;
        if power.num_bits() <= 1 { Err(AccessFlaw::NeutralElement) } else { Ok(power) }
    }

    fn combine(&self, one: &BigNum, other: &BigNum) -> Result<BigNum, AccessFlaw> {
        let mut product = BigNum::new_secure()?;
        let mut context = BigNumContext::new_secure()?;
        product.mod_mul(one, other, self.parameters.prime_p(), &mut context)?;
        if product.num_bits() <= 1 { Err(AccessFlaw::NeutralElement) } else { Ok(product) }
    }

    fn encode(&self, element: &BigNum) -> Result<Vec<u8>, AccessFlaw> {
        Ok(element.to_vec_padded(self.length())?)
    }

    fn decode(&self, bytes: &[u8]) -> Result<BigNum, AccessFlaw> {
        if bytes.len() > self.length() as usize {
            return Err(AccessFlaw::KeyNotInGroup);
        }
        let element = BigNum::from_slice(bytes)?;
        // RFC 2631, 2.1.5: between 1 and the prime, and of the subgroup's order.
        if element.num_bits() <= 1
            || *element >= *self.parameters.prime_p()
            || self.power(&element, &*self.order()?)? != BigNum::from_u32(1)?
        {
            return Err(AccessFlaw::KeyNotInGroup);
        }
        Ok(element)
    }

    fn into_secret(self, mut element: BigNum) -> Result<Zeroizing<Vec<u8>>, AccessFlaw> {
        let secret = Zeroizing::new(element.to_vec_padded(self.length())?);
        element.clear();
        Ok(secret)
    }
}
