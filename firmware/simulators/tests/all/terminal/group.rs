//! Groups for key agreement from the terminal's side. Curves are OpenSSL's with the
//! generator changed, numbers those of RFC 5114.

use openssl::{
    bn::{BigNum, BigNumContext, BigNumRef},
    dh::Dh,
    ec::{EcGroup, EcPoint, PointConversionForm},
    nid::Nid,
};
use simulators::card_profile::Cipher;

use super::cbc;

/// A group by its standardised number.
pub enum Group {
    Numbers { p: BigNum, q: BigNum, g: BigNum },
    Curve { group: EcGroup, generator: Vec<u8> },
}

impl Group {
    pub fn standard(number: u8) -> Self {
        let curve = match number {
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
            numbers => {
                let group = match numbers {
                    0 => Dh::get_1024_160(),
                    1 => Dh::get_2048_224(),
                    2 => Dh::get_2048_256(),
                    other => panic!("no group {other}"),
                };
                let group = group.unwrap();
                let copy = |number: &BigNumRef| number.to_owned().unwrap();
                return Self::Numbers {
                    p: copy(group.prime_p()),
                    q: copy(group.prime_q().unwrap()),
                    g: copy(group.generator()),
                };
            }
        };
        let group = EcGroup::from_curve_name(curve).unwrap();
        let generator = encode(&group, group.generator_opt().unwrap());
        Self::Curve { group, generator }
    }

    pub fn order(&self) -> BigNum {
        match self {
            Self::Numbers { q, .. } => q.to_owned_number(),
            Self::Curve { group, .. } => {
                let mut order = BigNum::new().unwrap();
                group.order(&mut order, &mut context()).unwrap();
                order
            }
        }
    }

    /// The standard generator, encoded.
    pub fn generator(&self) -> Vec<u8> {
        match self {
            Self::Numbers { p, g, .. } => g.to_vec_padded(p.num_bytes()).unwrap(),
            Self::Curve { generator, .. } => generator.clone(),
        }
    }

    /// An encoded element, so many times itself.
    pub fn times(&self, element: &[u8], exponent: &BigNumRef) -> Vec<u8> {
        match self {
            Self::Numbers { p, .. } => {
                let mut out = BigNum::new().unwrap();
                out.mod_exp(&BigNum::from_slice(element).unwrap(), exponent, p, &mut context()).unwrap();
                out.to_vec_padded(p.num_bytes()).unwrap()
            }
            Self::Curve { group, .. } => {
                let base = EcPoint::from_bytes(group, element, &mut context()).unwrap();
                let mut out = EcPoint::new(group).unwrap();
                out.mul2(group, &base, exponent, &mut context()).unwrap();
                encode(group, &out)
            }
        }
    }

    pub fn combine(&self, left: &[u8], right: &[u8]) -> Vec<u8> {
        match self {
            Self::Numbers { p, .. } => {
                let [left, right] = [left, right].map(|bytes| BigNum::from_slice(bytes).unwrap());
                let mut out = BigNum::new().unwrap();
                out.mod_mul(&left, &right, p, &mut context()).unwrap();
                out.to_vec_padded(p.num_bytes()).unwrap()
            }
            Self::Curve { group, .. } => {
                let [left, right] =
                    [left, right].map(|bytes| EcPoint::from_bytes(group, bytes, &mut context()).unwrap());
                let mut out = EcPoint::new(group).unwrap();
                out.add(group, &left, &right, &mut context()).unwrap();
                encode(group, &out)
            }
        }
    }

    /// Whether these bytes are an element that may be calculated with.
    pub fn accepts(&self, element: &[u8]) -> bool {
        match self {
            Self::Numbers { p, q, .. } => {
                let Ok(number) = BigNum::from_slice(element) else { return false };
                let one = BigNum::from_u32(1).unwrap();
                let mut power = BigNum::new().unwrap();
                power.mod_exp(&number, q, p, &mut context()).unwrap();
                number > one && number < *p && power == one
            }
            Self::Curve { group, generator } => {
                element.len() == generator.len()
                    && EcPoint::from_bytes(group, element, &mut context())
                        .is_ok_and(|point| point.is_on_curve(group, &mut context()).unwrap())
            }
        }
    }

    /// The shared secret in a shared element.
    pub fn secret(&self, element: &[u8]) -> Vec<u8> {
        match self {
            Self::Numbers { .. } => element.to_vec(),
            Self::Curve { .. } => element[1..][..element.len() / 2].to_vec(),
        }
    }

    /// The tag of a public key in a public key object (9.4).
    pub fn tag(&self) -> u32 {
        if matches!(self, Self::Curve { .. }) { 0x86 } else { 0x84 }
    }

    /// The generator of integrated mapping (4.4.3.3.2).
    pub fn integrated(&self, cipher: Cipher, nonce: &[u8], challenge: &[u8]) -> Vec<u8> {
        match self {
            Self::Numbers { p, q, .. } => {
                let number = pseudo_random(p, cipher, nonce, challenge);
                let mut cofactor = BigNum::new().unwrap();
                cofactor.checked_div(p, q, &mut context()).unwrap();
                self.times(&number.to_vec(), &cofactor)
            }
            Self::Curve { group, .. } => {
                let [mut p, mut a, mut b] = [(); 3].map(|()| BigNum::new().unwrap());
                group.components_gfp(&mut p, &mut a, &mut b, &mut context()).unwrap();
                let number = pseudo_random(&p, cipher, nonce, challenge);
                let point = swu(&p, &a, &b, &number);
                let width = p.num_bytes();
                let coordinates = [point.0, point.1].map(|number| number.to_vec_padded(width).unwrap());
                [vec![4], coordinates.concat()].concat()
            }
        }
    }
}

fn pseudo_random(p: &BigNumRef, cipher: Cipher, s: &[u8], t: &[u8]) -> BigNum {
    let (c0, c1) = match cipher {
        Cipher::TripleDes | Cipher::Aes128 => {
            ("A668892A7C41E3CA739F40B057D85904", "A4E136AC725F738B01C1F60217C188AD")
        }
        Cipher::Aes192 | Cipher::Aes256 => (
            "D463D65234124EF7897054986DCA0A174E28DF758CBAA03F240616414D5A1676",
            "54BD7255F0AAF831BEC3423FCF39D69B6CBF066677D0FAAE5AADD99DF8E53517",
        ),
    };
    let (c0, c1) = (hex::decode(c0).unwrap(), hex::decode(c1).unwrap());
    let start = if cipher == Cipher::TripleDes { &[0; 8][..] } else { &[0; 16] };
    let encrypt =
        |key: &[u8], bytes: &[u8]| cbc(cipher, openssl::symm::Mode::Encrypt, &key[..t.len()], start, bytes);
    let rounds = (p.num_bits() as usize + 64).div_ceil(8 * c0.len());
    let mut key = encrypt(t, s);
    let mut out = Vec::new();
    for _ in 0..rounds {
        out.extend(encrypt(&key, &c1));
        key = encrypt(&key, &c0);
    }
    let mut number = BigNum::new().unwrap();
    number.nnmod(&BigNum::from_slice(&out).unwrap(), p, &mut context()).unwrap();
    number
}

/// The point of appendix B, by way of a square root instead of the appendix's power:
/// with r = h2^((p+1)/4), either r² is h2, or x3 is right and y is t³·h2/r.
fn swu(p: &BigNumRef, a: &BigNumRef, b: &BigNumRef, t: &BigNumRef) -> (BigNum, BigNum) {
    let mul = |left: &BigNumRef, right: &BigNumRef| {
        let mut out = BigNum::new().unwrap();
        out.mod_mul(left, right, p, &mut context()).unwrap();
        out
    };
    let add = |left: &BigNumRef, right: &BigNumRef| {
        let mut out = BigNum::new().unwrap();
        out.mod_add(left, right, p, &mut context()).unwrap();
        out
    };
    let negative = |number: &BigNumRef| {
        let mut out = BigNum::new().unwrap();
        out.mod_sub(p, number, p, &mut context()).unwrap();
        out
    };
    let inverse = |number: &BigNumRef| {
        let mut out = BigNum::new().unwrap();
        out.mod_inverse(number, p, &mut context()).unwrap();
        out
    };
    let t2 = mul(t, t);
    let alpha = negative(&t2);
    let fraction = add(&BigNum::from_u32(1).unwrap(), &inverse(&add(&mul(&alpha, &alpha), &alpha)));
    let x2 = mul(&mul(&negative(b), &inverse(a)), &fraction);
    let h2 = add(&add(&mul(&mul(&x2, &x2), &x2), &mul(a, &x2)), b);
    let mut quarter = p.to_owned().unwrap();
    quarter.add_word(1).unwrap();
    quarter.div_word(4).unwrap();
    let mut root = BigNum::new().unwrap();
    root.mod_exp(&h2, &quarter, p, &mut context()).unwrap();
    if mul(&root, &root) == h2 {
        return (x2, root);
    }
    (mul(&alpha, &x2), mul(&mul(&mul(&t2, t), &h2), &inverse(&root)))
}

fn encode(group: &EcGroup, point: &openssl::ec::EcPointRef) -> Vec<u8> {
    point.to_bytes(group, PointConversionForm::UNCOMPRESSED, &mut context()).unwrap()
}

fn context() -> BigNumContext {
    BigNumContext::new().unwrap()
}

/// A copy, which the library's number has no trait for.
trait Copied {
    fn to_owned_number(&self) -> BigNum;
}

impl Copied for BigNum {
    fn to_owned_number(&self) -> BigNum {
        BigNumRef::to_owned(self).unwrap()
    }
}
