//! Basic access control from the chip's side (ICAO Doc 9303-11, 4.3).

use openssl::{error::ErrorStack, memcmp, symm::Mode};
use rand_core::CryptoRng;

use super::{
    key_derivation::{Purpose, chain, derive, mac, pad, zone_secret},
    secure_channel::SecureChannel,
};
use crate::card_profile::Cipher;

/// Answers the terminal's mutual authentication: forty bytes in, forty bytes and a
/// channel out. `None`: the terminal does not know the key.
pub(super) fn authenticate(
    information: &str,
    challenge: [u8; 8],
    request: &[u8],
    chance: &mut dyn CryptoRng,
) -> Result<Option<(Vec<u8>, SecureChannel)>, ErrorStack> {
    let seed = zone_secret(information);
    let encryption = derive(Cipher::TripleDes, &seed[..16], Purpose::Encryption);
    let authentication = derive(Cipher::TripleDes, &seed[..16], Purpose::Authentication);
    let crypt = |mode, bytes: &[u8]| chain(Cipher::TripleDes, mode, &encryption, &[0; 8], bytes);
    let code = |bytes: &[u8]| mac(Cipher::TripleDes, &authentication, &pad(bytes, 8));
    let Some((sealed, theirs)) = request.split_at_checked(32) else { return Ok(None) };
    let right = code(sealed)?;
    if theirs.len() != right.len() || !memcmp::eq(theirs, &right) {
        return Ok(None);
    }
    let plain = crypt(Mode::Decrypt, sealed)?;
    let (terminal, own, terminal_key) = (&plain[..8], &plain[8..16], &plain[16..]);
    if own != &challenge[..] {
        return Ok(None);
    }
    let mut key = [0; 16];
    chance.fill_bytes(&mut key);
    let mut answer = crypt(Mode::Encrypt, &[&challenge[..], terminal, &key].concat())?;
    answer.extend(code(&answer)?);
    let secret: Vec<u8> = terminal_key.iter().zip(key).map(|(theirs, ours)| theirs ^ ours).collect();
    let counter = [&challenge[4..], &terminal[4..]].concat();
    let counter = u64::from_be_bytes(counter.try_into().expect("four and four bytes"));
    Ok(Some((answer, SecureChannel::new(Cipher::TripleDes, &secret, counter))))
}
