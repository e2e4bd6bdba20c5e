//! Session keys out of shared secrets (ICAO Doc 9303-11, 9.7.1), over OpenSSL only,
//! so that nothing here is computed by the library that the reader uses.

use openssl::{
    error::ErrorStack,
    pkey::PKey,
    sha::sha1,
    sign::Signer,
    symm::{Cipher, Crypter, Mode},
};

/// What a derived key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Encryption = 1,
    Authentication = 2,
    Password = 3,
}

/// The first sixteen bytes of SHA-1 over secret and counter: an AES-128 key or the
/// two halves of a 3DES key (whose parity bits nobody looks at).
pub(super) fn derive(secret: &[u8], purpose: Purpose) -> [u8; 16] {
    let hash = sha1(&[secret, &[0, 0, 0, purpose as u8]].concat());
    hash[..16].try_into().expect("SHA-1 is longer")
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

/// Whole blocks through a cipher, unpadded.
pub(super) fn run(
    cipher: Cipher,
    mode: Mode,
    key: &[u8],
    iv: Option<&[u8]>,
    bytes: &[u8],
) -> Result<Vec<u8>, ErrorStack> {
    let mut crypter = Crypter::new(cipher, mode, key, iv)?;
    crypter.pad(false);
    let mut out = vec![0; bytes.len() + cipher.block_size()];
    let mut count = crypter.update(bytes, &mut out)?;
    count += crypter.finalize(&mut out[count..])?;
    out.truncate(count);
    Ok(out)
}

/// Two-key 3DES as OpenSSL's three-key cipher takes it.
pub(super) fn two_key(key: &[u8; 16]) -> [u8; 24] {
    let mut out = [0; 24];
    out[..16].copy_from_slice(key);
    out[16..].copy_from_slice(&key[..8]);
    out
}

/// The retail MAC over padded bytes (ISO/IEC 9797-1, MAC algorithm 3): single DES
/// chained with the first half of the key, 3DES for the last block.
pub(super) fn retail_mac(key: &[u8; 16], padded: &[u8]) -> Result<[u8; 8], ErrorStack> {
    let single = [&key[..8], &key[..8], &key[..8]].concat();
    let (front, last) = padded.split_at(padded.len() - 8);
    let chained = run(Cipher::des_ede3_cbc(), Mode::Encrypt, &single, Some(&[0; 8]), front)?;
    let before = chained.last_chunk::<8>().copied().unwrap_or_default();
    let mac = run(Cipher::des_ede3_cbc(), Mode::Encrypt, &two_key(key), Some(&before), last)?;
    Ok(mac.try_into().expect("one block in, one block out"))
}

/// The first eight bytes of the AES CMAC (Doc 9303-11, 9.8.7.2).
pub(super) fn cipher_mac(key: &[u8; 16], bytes: &[u8]) -> Result<[u8; 8], ErrorStack> {
    let key = PKey::cmac(&Cipher::aes_128_cbc(), key)?;
    let mut signer = Signer::new_without_digest(&key)?;
    signer.update(bytes)?;
    Ok(signer.sign_to_vec()?[..8].try_into().expect("eight of sixteen"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sets the lowest bit of each byte so that the number of ones is odd, as the
    /// standard prints DES keys.
    fn with_parity(key: [u8; 16]) -> [u8; 16] {
        key.map(|byte| byte & 0xFE | u8::from((byte & 0xFE).count_ones() % 2 == 0))
    }

    #[test]
    fn keys_of_the_worked_example_of_basic_access_control() {
        let seed = &zone_secret("L898902C<369080619406236")[..16];
        assert_eq!(hex::encode_upper(seed), "239AB9CB282DAF66231DC5A4DF6BFBAE");
        let key = |purpose| hex::encode_upper(with_parity(derive(seed, purpose)));
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
            assert_eq!(hex::encode_upper(derive(from, purpose)), expected, "{purpose:?}");
        }
    }
}
