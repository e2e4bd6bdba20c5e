//! How PACE turns the nonce into a generator: generic and integrated mapping (ICAO
//! Doc 9303-11, 4.4.3.3). Chip authentication mapping begins as the generic one.

use openssl::{
    bn::{BigNum, BigNumContext, BigNumRef},
    ec::EcPoint,
    error::ErrorStack,
    symm::Mode,
};

use super::key_derivation::chain;
use crate::{
    card_profile::Cipher,
    domain::{Domain, Element},
};

/// Constants of the pseudo-random function for blocks of 128 bits.
const SHORT: [[u8; 16]; 2] = [
    0xa668_892a_7c41_e3ca_739f_40b0_57d8_5904_u128.to_be_bytes(),
    0xa4e1_36ac_725f_738b_01c1_f602_17c1_88ad_u128.to_be_bytes(),
];
/// The same for 256 bits, as halves: AES-192 and AES-256.
const LONG: [[[u8; 16]; 2]; 2] = [
    [
        0xd463_d652_3412_4ef7_8970_5498_6dca_0a17_u128.to_be_bytes(),
        0x4e28_df75_8cba_a03f_2406_1641_4d5a_1676_u128.to_be_bytes(),
    ],
    [
        0x54bd_7255_f0aa_f831_bec3_423f_cf39_d69b_u128.to_be_bytes(),
        0x6cbf_0666_77d0_faae_5aad_d99d_f8e5_3517_u128.to_be_bytes(),
    ],
];
/// Bits by which the pseudo-random number must be longer than the prime.
const SURPLUS: i32 = 64;

/// Generic mapping: the generator to the nonce, times the shared element.
pub(super) fn generic(domain: &Domain, nonce: &[u8], shared: &Element) -> Result<Element, ErrorStack> {
    let scaled = domain.power(&domain.generator()?, &*BigNum::from_slice(nonce)?)?;
    domain.combine(&scaled, shared)
}

/// Integrated mapping of the chip's nonce `s` and the terminal's `t`.
pub(super) fn integrated(domain: &Domain, cipher: Cipher, s: &[u8], t: &[u8]) -> Result<Element, ErrorStack> {
    let number = pseudo_random(domain.prime(), cipher, s, t)?;
    match domain {
        Domain::Numbers { prime, order, .. } => {
            let mut context = BigNumContext::new()?;
            let (mut cofactor, mut rest) = (BigNum::new()?, BigNumRef::to_owned(prime)?);
            rest.sub_word(1)?;
            cofactor.checked_div(&rest, order, &mut context)?;
            domain.power(&Element::Number(number), &cofactor)
        }
        Domain::Curve { group, .. } => {
            let (x, y) = encode_point(domain, &number)?;
            let mut point = EcPoint::new(group)?;
            point.set_affine_coordinates_gfp(group, &x, &y, &mut *BigNumContext::new()?)?;
            Ok(Element::Point(point))
        }
    }
}

/// R(s, t) of 4.4.3.3.2: keys and output both come out of the cipher in CBC mode.
fn pseudo_random(prime: &BigNumRef, cipher: Cipher, s: &[u8], t: &[u8]) -> Result<BigNum, ErrorStack> {
    let [for_key, for_output] = match cipher {
        Cipher::TripleDes | Cipher::Aes128 => SHORT.map(|constant| constant.to_vec()),
        Cipher::Aes192 | Cipher::Aes256 => LONG.map(|halves| halves.concat()),
    };
    let start = vec![0; cipher.block()];
    let encrypt = |key: &[u8], bytes: &[u8]| chain(cipher, Mode::Encrypt, key, &start, bytes);
    let mut key = encrypt(t, s)?;
    let mut output = Vec::new();
    while (output.len() as i32) * 8 < prime.num_bits() + SURPLUS {
        key.truncate(cipher.key_length());
        output.extend(encrypt(&key, &for_output)?);
        key = encrypt(&key, &for_key)?;
    }
    let mut number = BigNum::new()?;
    number.nnmod(&*BigNum::from_slice(&output)?, prime, &mut *BigNumContext::new()?)?;
    Ok(number)
}

/// The point for a number of the field, where that is 3 modulo 4 (appendix B.2,
/// steps 1 to 9): one of two candidate coordinates is always on the curve.
fn encode_point(domain: &Domain, t: &BigNumRef) -> Result<(BigNum, BigNum), ErrorStack> {
    let Domain::Curve { prime, a, b, .. } = domain else { unreachable!("points lie on curves") };
    let mut field = Field { prime, context: BigNumContext::new()? };
    let square = field.times(t, t)?;
    let alpha = field.minus(&square)?;
    let alpha_square = field.times(&alpha, &alpha)?;
    let sum = field.plus(&alpha, &alpha_square)?;
    let inverse = field.inverse(&sum)?;
    let one_more = field.plus(&*BigNum::from_u32(1)?, &inverse)?;
    let a_inverse = field.inverse(a)?;
    let minus_b = field.minus(b)?;
    let ratio = field.times(&minus_b, &a_inverse)?;
    let x2 = field.times(&ratio, &one_more)?;
    let x3 = field.times(&alpha, &x2)?;
    let h2 = field.curve(&x2, a, b)?;
    let cube = field.times(&square, t)?;
    let u = field.times(&cube, &h2)?;
    // h2 to the power p - 1 - (p + 1) / 4.
    let (mut quarter, mut exponent) = (BigNumRef::to_owned(prime)?, BigNumRef::to_owned(prime)?);
    quarter.add_word(1)?;
    quarter.div_word(4)?;
    exponent.sub_word(1)?;
    let mut power = BigNum::new()?;
    power.checked_sub(&exponent, &quarter)?;
    let root = field.power(&h2, &power)?;
    let root_square = field.times(&root, &root)?;
    if field.times(&root_square, &h2)? == BigNum::from_u32(1)? {
        return Ok((x2, field.times(&root, &h2)?));
    }
    Ok((x3, field.times(&root, &u)?))
}

/// Arithmetic modulo a prime.
struct Field<'a> {
    prime: &'a BigNumRef,
    context: BigNumContext,
}

impl Field<'_> {
    fn times(&mut self, left: &BigNumRef, right: &BigNumRef) -> Result<BigNum, ErrorStack> {
        let mut out = BigNum::new()?;
        out.mod_mul(left, right, self.prime, &mut self.context)?;
        Ok(out)
    }

    fn plus(&mut self, left: &BigNumRef, right: &BigNumRef) -> Result<BigNum, ErrorStack> {
        let mut out = BigNum::new()?;
        out.mod_add(left, right, self.prime, &mut self.context)?;
        Ok(out)
    }

    fn minus(&mut self, number: &BigNumRef) -> Result<BigNum, ErrorStack> {
        let mut out = BigNum::new()?;
        out.mod_sub(&*BigNum::new()?, number, self.prime, &mut self.context)?;
        Ok(out)
    }

    fn inverse(&mut self, number: &BigNumRef) -> Result<BigNum, ErrorStack> {
        let mut out = BigNum::new()?;
        out.mod_inverse(number, self.prime, &mut self.context)?;
        Ok(out)
    }

    fn power(&mut self, number: &BigNumRef, exponent: &BigNumRef) -> Result<BigNum, ErrorStack> {
        let mut out = BigNum::new()?;
        out.mod_exp(number, exponent, self.prime, &mut self.context)?;
        Ok(out)
    }

    /// x³ + ax + b.
    fn curve(&mut self, x: &BigNumRef, a: &BigNumRef, b: &BigNumRef) -> Result<BigNum, ErrorStack> {
        let square = self.times(x, x)?;
        let factor = self.plus(&square, a)?;
        let product = self.times(&factor, x)?;
        self.plus(&product, b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        hex::decode(hex).unwrap()
    }

    fn number(bytes: &BigNumRef) -> String {
        hex::encode_upper(bytes.to_vec())
    }

    #[test]
    fn integrated_mapping_over_a_curve_is_that_of_appendix_h_1() {
        let domain = Domain::standard(13.try_into().unwrap()).unwrap();
        let s = bytes("2923BE84E16CD6AE529049F1F1BBE9EB");
        let t = bytes("5DD4CBFC96F5453B130D890A1CDBAE32");
        let random = pseudo_random(domain.prime(), Cipher::Aes128, &s, &t).unwrap();
        assert_eq!(number(&random), "A2F8FF2DF50E52C6599F386ADCB595D229F6A167ADE2BE5F2C3296ADD5B7430E");
        let mapped = integrated(&domain, Cipher::Aes128, &s, &t).unwrap();
        assert_eq!(
            hex::encode_upper(domain.write(&mapped).unwrap()),
            "048E82D31559ED0FDE92A4D0498ADD3C23BABA94FB77691E31E90AEA77FB17D427\
             4C1AE14BD0C3DBAC0C871B7F3608169364437CA30AC243A089D3F266C1E60FAD"
        );
    }

    #[test]
    fn integrated_mapping_over_numbers_is_that_of_appendix_h_2() {
        let domain = Domain::standard(0.try_into().unwrap()).unwrap();
        let s = bytes("FA5B7E3E49753A0DB9178B7B9BD898C8");
        let t = bytes("B3A6DB3C870C3E99245E0D1C06B747DE");
        let random = pseudo_random(domain.prime(), Cipher::Aes128, &s, &t).unwrap();
        assert_eq!(
            number(&random),
            "A0C7C50C002061A51CC87D254EF38068607417B6EE1B36473CFB800D2D2E5FA2B6980F01105D24FAB22ACD1BFA5C8A4C\
             093ECDFAFE6D7125D42A843E338603835CF19AFAFF75EFE21DC5F6AA1F9AE46C25087E7368166FB08C1E4627AFED7D93\
             570417B790FF7F747E57F432B04E1236819E0DFEF5B6E77CA4999925328182D2"
        );
        let mapped = integrated(&domain, Cipher::Aes128, &s, &t).unwrap();
        assert_eq!(
            hex::encode_upper(domain.write(&mapped).unwrap()),
            "1D7D767F11E333BCD6DBAEF40E799E7A926B96973550656FF3C830726D118D61C276CDCC61D475CF03A98E0C0E79CAEB\
             A5BE25578BD4551D0B10903236F0B0F976852FA78EEA14EA0ACA87D1E91F688FE0DFF897BBE35A472621D343564B262F\
             34223AE8FC59B664BFEDFA2BFE7516CA5510A6BBB633D517EC25D4E0BBAA16C2"
        );
    }

    #[test]
    fn a_mapped_point_lies_on_its_curve_for_every_cipher_and_curve() {
        for parameters in [8, 9, 11, 12, 13, 14, 15, 16, 17, 18] {
            let domain = Domain::standard(parameters.try_into().unwrap()).unwrap();
            for cipher in [Cipher::TripleDes, Cipher::Aes128, Cipher::Aes192, Cipher::Aes256] {
                let t = vec![7; cipher.key_length()];
                let s = vec![5; cipher.key_length().next_multiple_of(16)];
                let mapped = integrated(&domain, cipher, &s, &t).unwrap();
                let written = domain.write(&mapped).unwrap();
                assert!(domain.read(&written).is_some(), "{parameters} {cipher:?}");
            }
        }
    }
}
