//! A public key out of the attributes that a token gives of it (PKCS#11 3.1, sections 6.1 and 6.3).

use cryptoki::object::KeyType;
use ed25519_dalek::VerifyingKey;
use openssl::{
    bn::{BigNum, BigNumContext},
    ec::{EcGroup, EcKey, EcPoint},
    nid::Nid,
    pkey::{PKey, Public as PublicPart},
    rsa::Rsa,
};

use crate::keys::Public;

/// 1.3.101.112 (RFC 8410) in DER; 1.3.6.1.4.1.11591.15.1, as older tokens have it; and by name.
const ED25519: [&[u8]; 3] =
    [b"\x06\x03\x2b\x65\x70", b"\x06\x09\x2b\x06\x01\x04\x01\xda\x47\x0f\x01", b"\x13\x0cedwards25519"];
/// 1.2.840.10045.3.1.7 in DER.
const P256: &[u8] = b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";

/// What a token says of a key; what it does not say is empty.
#[derive(Default)]
pub struct Said {
    pub ec_params: Vec<u8>,
    pub ec_point: Vec<u8>,
    pub modulus: Vec<u8>,
    pub exponent: Vec<u8>,
}

/// How a key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    Ed25519,
    EcdsaP256,
    RsaPss,
}

impl Scheme {
    /// The curve, as new keys are asked for. None: no key on a curve.
    pub fn ec_params(self) -> Option<&'static [u8]> {
        match self {
            Self::Ed25519 => Some(ED25519[0]),
            Self::EcdsaP256 => Some(P256),
            Self::RsaPss => None,
        }
    }
}

/// None: of a kind that kiosks do not check.
pub fn read(kind: KeyType, said: &Said) -> Option<(Scheme, Public)> {
    if kind == KeyType::EC_EDWARDS && ED25519.contains(&said.ec_params.as_slice()) {
        let key = VerifyingKey::from_bytes(&ed25519_point(&said.ec_point)?).ok()?;
        return Some((Scheme::Ed25519, Public::ed25519(&key)?));
    }
    if kind == KeyType::EC && said.ec_params == P256 {
        return Some((Scheme::EcdsaP256, Public::of(&p256(&said.ec_point)?)?));
    }
    if kind == KeyType::RSA {
        return Some((Scheme::RsaPss, Public::of(&rsa(said)?)?));
    }
    None
}

/// The 32 bytes bare, as an OCTET STRING or as a BIT STRING: the standard's versions differ, and
/// so do tokens. The length says which.
fn ed25519_point(said: &[u8]) -> Option<[u8; 32]> {
    let bare = match said.len() {
        32 => said,
        34 => said.strip_prefix(b"\x04\x20")?,
        35 => said.strip_prefix(b"\x03\x21\x00")?,
        _ => return None,
    };
    bare.try_into().ok()
}

/// An uncompressed point, as an OCTET STRING or bare.
fn p256(said: &[u8]) -> Option<PKey<PublicPart>> {
    let point = match said.len() {
        65 => said,
        67 => said.strip_prefix(b"\x04\x41")?,
        _ => return None,
    };
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).ok()?;
    let point = EcPoint::from_bytes(&group, point, &mut *BigNumContext::new().ok()?).ok()?;
    let key = EcKey::from_public_key(&group, &point).ok()?;
    key.check_key().ok()?;
    PKey::from_ec_key(key).ok()
}

fn rsa(said: &Said) -> Option<PKey<PublicPart>> {
    let number = |bytes: &[u8]| BigNum::from_slice(bytes).ok();
    PKey::from_rsa(Rsa::from_public_components(number(&said.modulus)?, number(&said.exponent)?).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use openssl::ec::PointConversionForm;

    use super::*;

    fn said(ec_params: &[u8], ec_point: Vec<u8>) -> Said {
        Said { ec_params: ec_params.to_vec(), ec_point, ..Said::default() }
    }

    #[test]
    fn every_spelling_of_an_ed25519_key_is_the_same_key() {
        let key = ed25519_dalek::SigningKey::from_bytes(&[7; 32]).verifying_key();
        let wanted = Public::ed25519(&key).unwrap().key().usual_id();
        for params in ED25519 {
            for before in [&b""[..], b"\x04\x20", b"\x03\x21\x00"] {
                let said = said(params, [before, key.as_bytes()].concat());
                let (scheme, public) = read(KeyType::EC_EDWARDS, &said).unwrap();
                assert_eq!((scheme, public.key().usual_id()), (Scheme::Ed25519, wanted.clone()));
            }
        }
        for wrong in [
            said(ED25519[0], key.as_bytes()[1..].to_vec()),
            said(ED25519[0], [&b"\x04\x21"[..], key.as_bytes()].concat()),
            said(ED25519[0], vec![0; 32]),
            said(b"\x06\x03\x2b\x65\x71", key.as_bytes().to_vec()),
            said(P256, key.as_bytes().to_vec()),
        ] {
            assert!(read(KeyType::EC_EDWARDS, &wrong).is_none(), "{:02x?}", wrong.ec_point);
        }
    }

    #[test]
    fn a_point_that_is_not_on_the_curve_is_no_key() {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        let key = EcKey::generate(&group).unwrap();
        let mut context = BigNumContext::new().unwrap();
        let point = key.public_key();
        let bare = point.to_bytes(&group, PointConversionForm::UNCOMPRESSED, &mut context).unwrap();
        let wrapped = [&b"\x04\x41"[..], &bare].concat();
        let ids = [bare.clone(), wrapped]
            .map(|point| read(KeyType::EC, &said(P256, point)).unwrap().1.key().usual_id());
        assert_eq!(ids[0], ids[1]);
        let mut off = bare.clone();
        off[64] ^= 1;
        for (params, point) in [(P256, off), (P256, bare[..64].to_vec()), (ED25519[0], bare)] {
            assert!(read(KeyType::EC, &said(params, point)).is_none());
        }
    }

    #[test]
    fn a_short_rsa_key_is_none() {
        let read = |bits| {
            let key = Rsa::generate(bits).unwrap();
            let (modulus, exponent) = (key.n().to_vec(), key.e().to_vec());
            read(KeyType::RSA, &Said { modulus, exponent, ..Said::default() }).map(|(scheme, _)| scheme)
        };
        assert_eq!((read(2048), read(1024)), (Some(Scheme::RsaPss), None));
    }
}
