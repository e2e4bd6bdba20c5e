//! The chip's own keys and what the card says about its protocols: EF.CardAccess,
//! EF.DG14, EF.DG15 (ICAO Doc 9303-11, 9.2).

use openssl::{
    bn::{BigNum, BigNumContext},
    ec::{Asn1Flag, EcGroup, EcGroupRef, EcKey, EcPoint},
    error::ErrorStack,
    nid::Nid,
    pkey::{PKey, Private},
};
use rand_core::CryptoRng;

use super::CurveForm;
use crate::der;

/// id-TA, id-CA-ECDH-AES-CBC-CMAC-128, id-PACE-ECDH-GM-AES-CBC-CMAC-128, id-PK-ECDH.
const TERMINAL_AUTHENTICATION: &str = "0.4.0.127.0.7.2.2.2";
pub(crate) const CHIP_AUTHENTICATION: &str = "0.4.0.127.0.7.2.2.3.2.2";
pub(crate) const PACE: &str = "0.4.0.127.0.7.2.2.4.2.2";
const CHIP_PUBLIC_KEY: &str = "0.4.0.127.0.7.2.2.1.2";
/// id-icao-mrtd-security-aaProtocolObject and ecdsa-plain-SHA256.
const ACTIVE_AUTHENTICATION: &str = "2.23.136.1.1.5";
const ECDSA_PLAIN_SHA256: &str = "0.4.0.127.0.7.1.1.4.1.3";
/// Standardised domain parameters 13: brainpoolP256r1 (Doc 9303-11, 9.5.1).
pub(crate) const BRAINPOOL_P256: u8 = 13;

/// The two key pairs that a chip never gives away.
#[derive(Clone)]
pub(crate) struct ChipKeys {
    /// Chip authentication.
    pub agreement: PKey<Private>,
    /// Active authentication.
    pub signature: PKey<Private>,
}

impl ChipKeys {
    pub(crate) fn generate(chance: &mut dyn CryptoRng) -> Result<Self, ErrorStack> {
        let mut key = || generate_key(Nid::BRAINPOOL_P256R1, CurveForm::Explicit, chance);
        Ok(Self { agreement: key()?, signature: key()? })
    }
}

/// EF.CardAccess: what may be used to open the chip, readable by everybody.
pub(super) fn card_access() -> Vec<u8> {
    der::set(&[terminal_authentication(), chip_authentication(), pace()])
}

/// EF.DG14: the protocols again, under the issuer's signature, and the chip's key.
pub(crate) fn dg14(keys: &ChipKeys, with_pace: bool) -> Result<Vec<u8>, ErrorStack> {
    let public = keys.agreement.public_key_to_der()?;
    let active = [der::oid(ACTIVE_AUTHENTICATION), der::integer(1), der::oid(ECDSA_PLAIN_SHA256)];
    let mut infos = vec![
        terminal_authentication(),
        chip_authentication(),
        der::sequence(&[der::oid(CHIP_PUBLIC_KEY), public]),
        der::sequence(&active),
    ];
    if with_pace {
        infos.push(pace());
    }
    Ok(der::object(0x6E, &der::sorted_set(infos)))
}

/// EF.DG15: the active authentication key.
pub(crate) fn dg15(keys: &ChipKeys) -> Result<Vec<u8>, ErrorStack> {
    Ok(der::object(0x6F, &keys.signature.public_key_to_der()?))
}

fn terminal_authentication() -> Vec<u8> {
    der::sequence(&[der::oid(TERMINAL_AUTHENTICATION), der::integer(1)])
}

fn chip_authentication() -> Vec<u8> {
    der::sequence(&[der::oid(CHIP_AUTHENTICATION), der::integer(1)])
}

fn pace() -> Vec<u8> {
    der::sequence(&[der::oid(PACE), der::integer(2), der::integer(BRAINPOOL_P256)])
}

/// A key pair whose private number comes out of `chance`.
pub(super) fn generate_key(
    curve: Nid,
    form: CurveForm,
    chance: &mut dyn CryptoRng,
) -> Result<PKey<Private>, ErrorStack> {
    let mut group = EcGroup::from_curve_name(curve)?;
    group.set_asn1_flag(match form {
        CurveForm::Named => Asn1Flag::NAMED_CURVE,
        CurveForm::Explicit => Asn1Flag::EXPLICIT_CURVE,
    });
    let private = draw_scalar(&group, chance)?;
    let mut public = EcPoint::new(&group)?;
    public.mul_generator2(&group, &private, &mut *BigNumContext::new()?)?;
    PKey::from_ec_key(EcKey::from_private_components(&group, &private, &public)?)
}

/// A number from 1 to the order less one: draws until one fits.
pub(crate) fn draw_scalar(group: &EcGroupRef, chance: &mut dyn CryptoRng) -> Result<BigNum, ErrorStack> {
    let mut order = BigNum::new()?;
    group.order(&mut order, &mut *BigNumContext::new()?)?;
    loop {
        let mut bytes = vec![0; order.num_bytes() as usize];
        chance.fill_bytes(&mut bytes);
        let drawn = BigNum::from_slice(&bytes)?;
        if drawn.num_bits() > 0 && drawn < order {
            return Ok(drawn);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn card_access_is_that_of_real_cards() {
        assert_eq!(
            hex::encode_upper(card_access()),
            "3134300D060804007F0007020202020101300F060A04007F000702020302020201013012060A04007F00070202040202\
             02010202010D"
        );
    }
}
