//! The chip proves that it is no copy: chip authentication and active
//! authentication (ICAO Doc 9303-11, 6.1 and 6.2).

use openssl::{
    bn::{BigNum, BigNumContext},
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
    let (mut x, mut y) = (BigNum::new()?, BigNum::new()?);
    shared.affine_coordinates(&group, &mut x, &mut y, &mut context)?;
    Ok(Some(SecureChannel::new(Suite::Aes128, &x.to_vec_padded(32)?, 0)))
}

/// The signature over the terminal's eight bytes, both numbers in a row.
pub(super) fn sign(keys: &ChipKeys, challenge: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    let key = keys.signature.ec_key()?;
    let signature = EcdsaSig::sign(&sha256(challenge), &key)?;
    Ok([signature.r().to_vec_padded(32)?, signature.s().to_vec_padded(32)?].concat())
}

#[cfg(test)]
mod tests {
    use openssl::{derive::Deriver, ec::PointConversionForm, pkey::PKey};

    use super::*;
    use crate::{
        chance::SeededChance,
        citizen_card::{
            apdu::{Answer, Status},
            secure_channel::SecureChannel,
        },
        personalise::chip_keys::{dg14, dg15},
    };

    fn keys(seed: u64) -> ChipKeys {
        ChipKeys::generate(&mut SeededChance::new(seed)).unwrap()
    }

    /// The public key at the end of a file, as OpenSSL reads it.
    fn public_key(bytes: &[u8]) -> PKey<openssl::pkey::Public> {
        (0..bytes.len()).find_map(|at| PKey::public_key_from_der(&bytes[at..]).ok()).unwrap()
    }

    #[test]
    fn the_signature_fits_the_key_in_dg15() {
        let keys = keys(1);
        let signature = sign(&keys, b"12345678").unwrap();
        assert_eq!(signature.len(), 64);
        let (r, s) = signature.split_at(32);
        let number = |bytes| BigNum::from_slice(bytes).unwrap();
        let signature = EcdsaSig::from_private_components(number(r), number(s)).unwrap();
        let key = public_key(&dg15(&keys).unwrap()).ec_key().unwrap();
        assert!(signature.verify(&sha256(b"12345678"), &key).unwrap());
        assert!(!signature.verify(&sha256(b"12345679"), &key).unwrap());
    }

    #[test]
    fn the_new_channel_is_on_the_secret_that_the_key_in_dg14_leads_to() {
        let (chip, terminal) = (keys(1), keys(2).agreement);
        let file = dg14(&chip, true).unwrap();
        let chip_key = public_key(&file);
        let mut deriver = Deriver::new(&terminal).unwrap();
        deriver.set_peer(&chip_key).unwrap();
        let secret = deriver.derive_to_vec().unwrap();
        let key = terminal.ec_key().unwrap();
        let (form, mut context) = (PointConversionForm::UNCOMPRESSED, BigNumContext::new().unwrap());
        let point = key.public_key().to_bytes(key.group(), form, &mut context).unwrap();
        let mut channel = agree(&chip, &point).unwrap().unwrap();
        let mut expected = SecureChannel::new(Suite::Aes128, &secret, 0);
        let wrapped = |channel: &mut SecureChannel| channel.wrap(0xB0, &Answer::from(Status::OK)).unwrap();
        assert_eq!(wrapped(&mut channel), wrapped(&mut expected));
        assert!(agree(&chip, &point[..64]).unwrap().is_none());
    }
}
