//! The chip proves that it is no copy: chip authentication and active
//! authentication (ICAO Doc 9303-11, 6.1 and 6.2).

use openssl::{
    bn::BigNumContext,
    ec::{EcGroup, EcPoint},
    ecdsa::EcdsaSig,
    error::ErrorStack,
    nid::Nid,
    sha::sha256,
};

use super::{
    pace::read_point,
    secure_channel::{SecureChannel, Suite},
};
use crate::personalise::chip_keys::ChipKeys;

/// A channel on the secret shared with the terminal's key; `None`: that key is no
/// point of the curve.
pub(super) fn agree(keys: &ChipKeys, theirs: &[u8]) -> Result<Option<SecureChannel>, ErrorStack> {
    let group = EcGroup::from_curve_name(Nid::BRAINPOOL_P256R1)?;
    let Some(theirs) = read_point(&group, theirs) else { return Ok(None) };
    let mut context = BigNumContext::new()?;
    let own = keys.agreement.ec_key()?;
    let mut shared = EcPoint::new(&group)?;
    shared.mul2(&group, &theirs, own.private_key(), &mut context)?;
    let (mut x, mut y) = (openssl::bn::BigNum::new()?, openssl::bn::BigNum::new()?);
    shared.affine_coordinates(&group, &mut x, &mut y, &mut context)?;
    Ok(Some(SecureChannel::new(Suite::Aes128, &x.to_vec_padded(32)?, 0)))
}

/// The signature over the terminal's eight bytes, both numbers in a row.
pub(super) fn sign(keys: &ChipKeys, challenge: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    let key = keys.signature.ec_key()?;
    let signature = EcdsaSig::sign(&sha256(challenge), &key)?;
    Ok([signature.r().to_vec_padded(32)?, signature.s().to_vec_padded(32)?].concat())
}
