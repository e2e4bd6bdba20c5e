//! Elliptic curves: the standardised ones of ICAO Doc 9303-11, 9.5.1, and the point
//! encoding of its appendix B.

use openssl::{
    bn::{BigNum, BigNumContext, BigNumRef},
    ec::{EcGroup, EcPoint, PointConversionForm},
    nid::Nid,
};
use zeroize::Zeroizing;

use super::{Group, Secret};
use crate::AccessFlaw;

/// An elliptic curve of the table.
pub(crate) struct Curve {
    group: EcGroup,
}

/// A curve as a chip spells it out in its file; only ever compared with the table.
pub(crate) struct CurveParameters<'a> {
    /// The field's prime.
    pub prime: &'a [u8],
    /// The coefficient of x.
    pub a: &'a [u8],
    /// The constant coefficient.
    pub b: &'a [u8],
    /// The base point, in whatever form.
    pub generator: &'a [u8],
    /// The order of the base point.
    pub order: &'a [u8],
}

/// Numbers of the standardised parameters, and OpenSSL's names for them.
const TABLE: [(u8, Nid); 11] = [
    (8, Nid::X9_62_PRIME192V1),
    (9, Nid::BRAINPOOL_P192R1),
    (10, Nid::SECP224R1),
    (11, Nid::BRAINPOOL_P224R1),
    (12, Nid::X9_62_PRIME256V1),
    (13, Nid::BRAINPOOL_P256R1),
    (14, Nid::BRAINPOOL_P320R1),
    (15, Nid::SECP384R1),
    (16, Nid::BRAINPOOL_P384R1),
    (17, Nid::BRAINPOOL_P512R1),
    (18, Nid::SECP521R1),
];

impl Curve {
    /// The curve of the table that is spelt out here. `None`: another one, or one of the
    /// table with another generator, over which anybody may know every secret.
    pub fn spelt_out(parameters: &CurveParameters<'_>) -> Option<Self> {
        TABLE.into_iter().filter_map(|(number, _)| Self::standard(number)).find(|curve| {
            // An error of OpenSSL's means that the bytes are no point of this curve.
            curve.is(parameters).unwrap_or(false)
        })
    }

    /// The curve of the table with this object identifier, as its text.
    pub fn named(identifier: &str) -> Option<Self> {
        let nid = openssl::asn1::Asn1Object::from_str(identifier).ok()?.nid();
        TABLE.into_iter().find(|(_, known)| *known == nid).and_then(|(number, _)| Self::standard(number))
    }

    fn is(&self, parameters: &CurveParameters<'_>) -> Result<bool, AccessFlaw> {
        let (prime, a, b) = self.components()?;
        let same = |own: &BigNumRef, theirs: &[u8]| Ok::<_, AccessFlaw>(*own == *BigNum::from_slice(theirs)?);
        if !(same(&prime, parameters.prime)?
            && same(&a, parameters.a)?
            && same(&b, parameters.b)?
            && same(&*self.order()?, parameters.order)?)
        {
            return Ok(false);
        }
        let mut context = BigNumContext::new()?;
        let theirs = EcPoint::from_bytes(&self.group, parameters.generator, &mut context)?;
        Ok(self.generator()?.eq(&self.group, &theirs, &mut context)?)
    }

    fn components(&self) -> Result<(BigNum, BigNum, BigNum), AccessFlaw> {
        let (mut prime, mut a, mut b) = (BigNum::new()?, BigNum::new()?, BigNum::new()?);
        let mut context = BigNumContext::new()?;
        self.group.components_gfp(&mut prime, &mut a, &mut b, &mut context)?;
        Ok((prime, a, b))
    }

    /// Bits of its field: how large it is beside others.
    pub fn bits(&self) -> u32 {
        self.group.degree()
    }

    /// Bytes of a coordinate.
    fn field_length(&self) -> usize {
        (self.group.degree() as usize).div_ceil(8)
    }

    /// 9303-11, appendix B.2; needs a prime that is three more than a multiple of four.
    /// Both candidates are computed whichever is taken, so that the time says little of
    /// the secret number.
    #[expect(clippy::many_single_char_names, reason = "the names of the standard")]
    fn encode_point(&self, t: &BigNumRef) -> Result<EcPoint, AccessFlaw> {
        let (p, a, b) = self.components()?;
        let mut field = Field::new(&p)?;
        // Steps 1 to 4. (Step 5, h3, is used by no other step.)
        let (x2, x3) = field.candidates(t, &a, &b)?;
        let h2 = field.on_curve(&x2, &a, &b)?;
        // 6. U = t^3 h2
        let cube = field.power(t, &*BigNum::from_u32(3)?)?;
        let u = field.mul(&cube, &h2)?;
        // 7. A = h2^(p - 1 - (p + 1) / 4)
        let root = field.power(&h2, &*exponent_of_step_7(&p)?)?;
        // 8. and 9. The one of both whose x lies on the curve: the first if A^2 h2 = 1.
        let square = field.mul(&root, &root)?;
        let check = field.mul(&square, &h2)?;
        let (first, second) = (field.mul(&root, &h2)?, field.mul(&root, &u)?);
        let (x, y) = if check.num_bits() == 1 { (x2, first) } else { (x3, second) };
        // 10. All curves of the table have cofactor 1.
        let mut point = EcPoint::new(&self.group)?;
        // OpenSSL refuses coordinates off the curve, so a slip above cannot go on.
        point.set_affine_coordinates(&self.group, &x, &y, &mut field.context)?;
        Ok(point)
    }
}

fn exponent_of_step_7(p: &BigNumRef) -> Result<BigNum, AccessFlaw> {
    let mut quarter = p.to_owned()?;
    quarter.add_word(1)?;
    quarter.div_word(4)?;
    let mut exponent = p.to_owned()?;
    exponent.sub_word(1)?;
    let mut result = BigNum::new()?;
    result.checked_sub(&exponent, &quarter)?;
    Ok(result)
}

/// Arithmetic modulo a prime, in memory that is cleared when it is freed.
struct Field<'a> {
    prime: &'a BigNumRef,
    context: BigNumContext,
}

impl<'a> Field<'a> {
    fn new(prime: &'a BigNumRef) -> Result<Self, AccessFlaw> {
        Ok(Self { prime, context: BigNumContext::new_secure()? })
    }

    fn add(&mut self, x: &BigNumRef, y: &BigNumRef) -> Result<BigNum, AccessFlaw> {
        let mut sum = BigNum::new_secure()?;
        sum.mod_add(x, y, self.prime, &mut self.context)?;
        Ok(sum)
    }

    fn negate(&mut self, x: &BigNumRef) -> Result<BigNum, AccessFlaw> {
        let mut negative = BigNum::new_secure()?;
        negative.mod_sub(&*BigNum::new()?, x, self.prime, &mut self.context)?;
        Ok(negative)
    }

    fn mul(&mut self, x: &BigNumRef, y: &BigNumRef) -> Result<BigNum, AccessFlaw> {
        let mut product = BigNum::new_secure()?;
        product.mod_mul(x, y, self.prime, &mut self.context)?;
        Ok(product)
    }

    fn power(&mut self, x: &BigNumRef, exponent: &BigNumRef) -> Result<BigNum, AccessFlaw> {
        let mut power = BigNum::new_secure()?;
        power.mod_exp(x, exponent, self.prime, &mut self.context)?;
        Ok(power)
    }

    /// The two places of which one lies on the curve, steps 1 to 3 of appendix B.2.
    fn candidates(
        &mut self,
        t: &BigNumRef,
        a: &BigNumRef,
        b: &BigNumRef,
    ) -> Result<(BigNum, BigNum), AccessFlaw> {
        // 1. alpha = -t^2
        let square = self.mul(t, t)?;
        let alpha = self.negate(&square)?;
        // 2. X2 = -b a^-1 (1 + (alpha + alpha^2)^-1)
        let square = self.mul(&alpha, &alpha)?;
        let sum = self.add(&alpha, &square)?;
        let inverse = self.invert(&sum)?;
        let inner = self.add(&inverse, &*BigNum::from_u32(1)?)?;
        let ratio = self.invert(a)?;
        let ratio = self.mul(b, &ratio)?;
        let ratio = self.negate(&ratio)?;
        let x2 = self.mul(&ratio, &inner)?;
        // 3. X3 = alpha X2
        let x3 = self.mul(&alpha, &x2)?;
        Ok((x2, x3))
    }

    /// Zero has no inverse; for the secret number that would be one chance in the field.
    fn invert(&mut self, x: &BigNumRef) -> Result<BigNum, AccessFlaw> {
        let mut inverse = BigNum::new_secure()?;
        inverse.mod_inverse(x, self.prime, &mut self.context)?;
        Ok(inverse)
    }

    /// x^3 + a x + b
    fn on_curve(&mut self, x: &BigNumRef, a: &BigNumRef, b: &BigNumRef) -> Result<BigNum, AccessFlaw> {
        let square = self.mul(x, x)?;
        let inner = self.add(&square, a)?;
        let product = self.mul(&inner, x)?;
        self.add(&product, b)
    }
}

impl Group for Curve {
    type Element = EcPoint;
    const KEY_TAG: u16 = 0x86;

    fn standard(parameters: u8) -> Option<Self> {
        let (_, name) = TABLE.into_iter().find(|(number, _)| *number == parameters)?;
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

    fn field(&self) -> Result<BigNum, AccessFlaw> {
        Ok(self.components()?.0)
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

    fn element_of(&self, number: &Secret) -> Result<EcPoint, AccessFlaw> {
        if self.field()?.mod_word(4)? != 3 {
            // NIST P-224, which the standard excludes for this reason (9303-11, 9.5.1).
            return Err(AccessFlaw::Arithmetic);
        }
        self.encode_point(&number.0)
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
