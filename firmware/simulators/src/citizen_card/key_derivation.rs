//! Session keys out of shared secrets (ICAO Doc 9303-11, 9.7.1), over OpenSSL only,
//! so that nothing here is computed by the library that the reader uses.

use openssl::{
    error::ErrorStack,
    pkey::PKey,
    sha::{sha1, sha256},
    sign::Signer,
    symm::{self, Crypter, Mode},
};

use crate::card_profile::Cipher;

/// What a derived key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Encryption = 1,
    Authentication = 2,
    Password = 3,
}

/// The key that a hash over secret and counter gives: SHA-1 for 3DES (whose parity
/// bits nobody looks at) and AES-128, SHA-256 for longer keys.
pub(super) fn derive(cipher: Cipher, secret: &[u8], purpose: Purpose) -> Vec<u8> {
    let input = [secret, &[0, 0, 0, purpose as u8]].concat();
    match cipher {
        Cipher::TripleDes | Cipher::Aes128 => sha1(&input)[..16].to_vec(),
        Cipher::Aes192 => sha256(&input)[..24].to_vec(),
        Cipher::Aes256 => sha256(&input).to_vec(),
    }
}

/// The key of basic access control and of PACE with the zone's data.
pub(super) fn zone_secret(information: &str) -> [u8; 20] {
    sha1(information.as_bytes())
}

/// Zero padding after a bit (ISO/IEC 9797-1, method 2).
pub(super) fn pad(bytes: &[u8], block: usize) -> Vec<u8> {
    let mut out = bytes.to_vec();
    out.push(0x80);
    out.resize(out.len().next_multiple_of(block), 0);
    out
}

/// Takes that padding off; `None` where there is none.
pub(super) fn unpad(bytes: &[u8]) -> Option<Vec<u8>> {
    let end = bytes.iter().rposition(|byte| *byte != 0)?;
    (bytes[end] == 0x80).then(|| bytes[..end].to_vec())
}

/// Whole blocks through a cipher in CBC mode, unpadded.
pub(super) fn chain(
    cipher: Cipher,
    mode: Mode,
    key: &[u8],
    start: &[u8],
    bytes: &[u8],
) -> Result<Vec<u8>, ErrorStack> {
    match cipher {
        Cipher::TripleDes => run(symm::Cipher::des_ede3_cbc(), mode, &two_key(key), Some(start), bytes),
        Cipher::Aes128 => run(symm::Cipher::aes_128_cbc(), mode, key, Some(start), bytes),
        Cipher::Aes192 => run(symm::Cipher::aes_192_cbc(), mode, key, Some(start), bytes),
        Cipher::Aes256 => run(symm::Cipher::aes_256_cbc(), mode, key, Some(start), bytes),
    }
}

/// Eight bytes of MAC over bytes that the caller has padded where padding belongs
/// to the message (Doc 9303-11, 9.8.6 and 9.8.7).
pub(super) fn mac(cipher: Cipher, key: &[u8], bytes: &[u8]) -> Result<[u8; 8], ErrorStack> {
    let block = match cipher {
        Cipher::TripleDes => return retail_mac(key, bytes),
        Cipher::Aes128 => symm::Cipher::aes_128_cbc(),
        Cipher::Aes192 => symm::Cipher::aes_192_cbc(),
        Cipher::Aes256 => symm::Cipher::aes_256_cbc(),
    };
    let mut signer = Signer::new_without_digest(&*PKey::cmac(&block, key)?)?;
    signer.update(bytes)?;
    Ok(signer.sign_to_vec()?[..8].try_into().expect("eight of sixteen"))
}

fn run(
    cipher: symm::Cipher,
    mode: Mode,
    key: &[u8],
    start: Option<&[u8]>,
    bytes: &[u8],
) -> Result<Vec<u8>, ErrorStack> {
    let mut crypter = Crypter::new(cipher, mode, key, start)?;
    crypter.pad(false);
    let mut out = vec![0; bytes.len() + cipher.block_size()];
    let mut count = crypter.update(bytes, &mut out)?;
    count += crypter.finalize(&mut out[count..])?;
    out.truncate(count);
    Ok(out)
}

/// Two-key 3DES as OpenSSL's three-key cipher takes it.
fn two_key(key: &[u8]) -> Vec<u8> {
    [key, &key[..8]].concat()
}

/// The retail MAC over padded bytes (ISO/IEC 9797-1, MAC algorithm 3): single DES
/// chained with the first half of the key, 3DES for the last block.
fn retail_mac(key: &[u8], padded: &[u8]) -> Result<[u8; 8], ErrorStack> {
    let single = [&key[..8], &key[..8]].concat();
    let (front, last) = padded.split_at(padded.len() - 8);
    let chained = chain(Cipher::TripleDes, Mode::Encrypt, &single, &[0; 8], front)?;
    let before = chained.last_chunk::<8>().copied().unwrap_or_default();
    let mac = chain(Cipher::TripleDes, Mode::Encrypt, key, &before, last)?;
    Ok(mac.try_into().expect("one block in, one block out"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// NIST SP 800-38B, D.1 to D.3: the message of forty bytes under each key.
    #[test]
    fn cmac_is_that_of_the_standard_for_every_key_length() {
        let message = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411";
        let message = hex::decode(message).unwrap();
        for (cipher, key, expected) in [
            (Cipher::Aes128, "2b7e151628aed2a6abf7158809cf4f3c", "dfa66747de9ae630"),
            (Cipher::Aes192, "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b", "8a1de5be2eb31aad"),
            (
                Cipher::Aes256,
                "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
                "aaf3d8f1de5640c2",
            ),
        ] {
            let made = mac(cipher, &hex::decode(key).unwrap(), &message).unwrap();
            assert_eq!(hex::encode(made), expected, "{cipher:?}");
        }
    }

    /// Sets the lowest bit of each byte so that the number of ones is odd, as the
    /// standard prints DES keys.
    fn with_parity(key: &[u8]) -> Vec<u8> {
        key.iter().map(|byte| byte & 0xFE | u8::from((byte & 0xFE).count_ones() % 2 == 0)).collect()
    }

    #[test]
    fn keys_of_the_worked_example_of_basic_access_control() {
        let seed = &zone_secret("L898902C<369080619406236")[..16];
        assert_eq!(hex::encode_upper(seed), "239AB9CB282DAF66231DC5A4DF6BFBAE");
        let key = |purpose| hex::encode_upper(with_parity(&derive(Cipher::TripleDes, seed, purpose)));
        assert_eq!(key(Purpose::Encryption), "AB94FDECF2674FDFB9B391F85D7F76F2");
        assert_eq!(key(Purpose::Authentication), "7962D9ECE03D1ACD4C76089DCE131543");
    }

    #[test]
    fn padding_comes_off_as_it_went_on() {
        for bytes in [&b""[..], b"1234567", b"12345678", &[0x80, 0]] {
            assert_eq!(pad(bytes, 8).len() % 8, 0);
            assert_eq!(unpad(&pad(bytes, 8)).as_deref(), Some(bytes));
        }
        assert_eq!(unpad(&[1, 2, 3]), None);
        assert_eq!(unpad(&[0; 8]), None);
    }

    #[test]
    fn keys_of_the_worked_example_of_pace() {
        let information = zone_secret("T22000129364081251010318");
        let secret = "28768D20701247DAE81804C9E780EDE582A9996DB4A315020B2733197DB84925";
        let secret = hex::decode(secret).unwrap();
        for (from, purpose, expected) in [
            (&information[..], Purpose::Password, "89DED1B26624EC1E634C1989302849DD"),
            (&secret[..], Purpose::Encryption, "F5F0E35C0D7161EE6724EE513A0D9A7F"),
            (&secret[..], Purpose::Authentication, "FE251C7858B356B24514B3BD5F4297D1"),
        ] {
            assert_eq!(hex::encode_upper(derive(Cipher::Aes128, from, purpose)), expected, "{purpose:?}");
        }
    }
}
