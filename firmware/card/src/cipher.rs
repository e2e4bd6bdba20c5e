//! The ciphers and MACs of the chip protocols, and the keys they run under. ICAO
//! Doc 9303-11, 9.7.1 (key derivation) and 9.8 (3DES with the retail MAC, AES with
//! CMAC). Keys are wiped on drop and never printed.

use aes::{Aes128, Aes192, Aes256};
use cbc::cipher::{
    Array, BlockCipherDecrypt, BlockCipherEncrypt, BlockModeDecrypt, BlockModeEncrypt, BlockSizeUser,
    KeyInit, KeyIvInit,
};
use cmac::{Cmac, Mac};
use des::{Des, TdesEde2};
use sha1::{Digest, Sha1};
use sha2::Sha256;
use zeroize::{Zeroize, Zeroizing};

use crate::Cipher;

/// What a derived key is for; the number goes into its derivation.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    /// Encrypts.
    Encryption = 1,
    /// Authenticates.
    Mac = 2,
    /// Encrypts the nonce of PACE.
    Password = 3,
}

/// A key with its cipher.
pub(crate) struct CipherKey {
    cipher: Cipher,
    bytes: Zeroizing<Vec<u8>>,
}

impl Cipher {
    /// Bytes in a block.
    pub(crate) fn block(self) -> usize {
        if self == Self::TripleDes { 8 } else { 16 }
    }

    /// The security strength in bits, for choosing (NIST SP 800-57 part 1, table 2). Triple DES
    /// has two keys here, for which the table says 80; that is for 2^40 known blocks, of which a
    /// session has a few thousand.
    pub(crate) fn strength(self) -> u32 {
        match self {
            Self::TripleDes => 112,
            Self::Aes128 => 128,
            Self::Aes192 => 192,
            Self::Aes256 => 256,
        }
    }

    /// Bytes in a key.
    pub(crate) fn key_length(self) -> usize {
        match self {
            Self::TripleDes | Self::Aes128 => 16,
            Self::Aes192 => 24,
            Self::Aes256 => 32,
        }
    }
}

impl CipherKey {
    /// 9303-11, 9.7.1: the hash of the shared secret and the purpose's number.
    pub fn derive(cipher: Cipher, secret: &[u8], purpose: Purpose) -> Self {
        let number = (purpose as u32).to_be_bytes();
        let mut bytes = Zeroizing::new(match cipher {
            Cipher::TripleDes | Cipher::Aes128 => hash::<Sha1>(secret, number),
            Cipher::Aes192 | Cipher::Aes256 => hash::<Sha256>(secret, number),
        });
        bytes.truncate(cipher.key_length());
        if cipher == Cipher::TripleDes {
            // DES ignores the parity bits; the standard's examples set them.
            for byte in bytes.iter_mut() {
                *byte = *byte & 0xFE | u8::from(byte.count_ones() % 2 == u32::from(*byte & 1));
            }
        }
        Self { cipher, bytes }
    }

    /// From its bytes, which must be as many as the cipher has.
    pub fn from_bytes(cipher: Cipher, bytes: &[u8]) -> Self {
        assert_eq!(bytes.len(), cipher.key_length(), "{KEY_FITS}");
        Self { cipher, bytes: Zeroizing::new(bytes.to_vec()) }
    }

    /// The cipher.
    pub fn cipher(&self) -> Cipher {
        self.cipher
    }

    /// CBC over whole blocks, in place.
    pub fn encrypt(&self, iv: &[u8], data: &mut [u8]) {
        match self.cipher {
            Cipher::TripleDes => encrypt::<TdesEde2>(&self.bytes, iv, data),
            Cipher::Aes128 => encrypt::<Aes128>(&self.bytes, iv, data),
            Cipher::Aes192 => encrypt::<Aes192>(&self.bytes, iv, data),
            Cipher::Aes256 => encrypt::<Aes256>(&self.bytes, iv, data),
        }
    }

    /// CBC over whole blocks, in place.
    pub fn decrypt(&self, iv: &[u8], data: &mut [u8]) {
        match self.cipher {
            Cipher::TripleDes => decrypt::<TdesEde2>(&self.bytes, iv, data),
            Cipher::Aes128 => decrypt::<Aes128>(&self.bytes, iv, data),
            Cipher::Aes192 => decrypt::<Aes192>(&self.bytes, iv, data),
            Cipher::Aes256 => decrypt::<Aes256>(&self.bytes, iv, data),
        }
    }

    /// The eight-byte code over a message that is padded to whole blocks first, as
    /// secure messaging and BAC want it.
    pub fn mac_padded(&self, message: &[u8]) -> [u8; 8] {
        let mut padded = Zeroizing::new(Vec::with_capacity(message.len() + 16));
        padded.extend_from_slice(message);
        pad(&mut padded, self.cipher.block());
        self.mac(&padded)
    }

    /// The eight-byte code over a PACE token: CMAC brings its own padding, the
    /// retail MAC does not.
    pub fn mac_token(&self, message: &[u8]) -> [u8; 8] {
        if self.cipher == Cipher::TripleDes { self.mac_padded(message) } else { self.mac(message) }
    }

    fn mac(&self, message: &[u8]) -> [u8; 8] {
        match self.cipher {
            Cipher::TripleDes => retail_mac(&self.bytes, message),
            Cipher::Aes128 => cmac::<Cmac<Aes128>>(&self.bytes, message),
            Cipher::Aes192 => cmac::<Cmac<Aes192>>(&self.bytes, message),
            Cipher::Aes256 => cmac::<Cmac<Aes256>>(&self.bytes, message),
        }
    }
}

/// ISO/IEC 9797-1 padding method 2: a bit, then zeros to the end of the block.
pub(crate) fn pad(data: &mut Vec<u8>, block: usize) {
    data.push(0x80);
    data.resize(data.len().next_multiple_of(block), 0);
}

/// Takes the padding off; `None` where there is none.
pub(crate) fn unpad(data: &mut Vec<u8>) -> Option<()> {
    let end = data.iter().rposition(|byte| *byte != 0)?;
    (data[end] == 0x80).then(|| data.truncate(end))
}

fn hash<D: Digest>(secret: &[u8], number: [u8; 4]) -> Vec<u8> {
    let mut digest = D::new().chain_update(secret).chain_update(number).finalize();
    let bytes = digest.to_vec();
    digest.as_mut_slice().zeroize();
    bytes
}

const KEY_FITS: &str = "keys are derived to their cipher's length, ivs to its block";

fn encrypt<C: BlockCipherEncrypt + KeyInit>(key: &[u8], iv: &[u8], data: &mut [u8]) {
    let mut mode = cbc::Encryptor::<C>::new_from_slices(key, iv).expect(KEY_FITS);
    let (blocks, rest) = Array::<u8, C::BlockSize>::slice_as_chunks_mut(data);
    assert!(rest.is_empty(), "callers pad to whole blocks");
    mode.encrypt_blocks(blocks);
}

fn decrypt<C: BlockCipherDecrypt + KeyInit>(key: &[u8], iv: &[u8], data: &mut [u8]) {
    let mut mode = cbc::Decryptor::<C>::new_from_slices(key, iv).expect(KEY_FITS);
    let (blocks, rest) = Array::<u8, C::BlockSize>::slice_as_chunks_mut(data);
    assert!(rest.is_empty(), "callers check for whole blocks");
    mode.decrypt_blocks(blocks);
}

fn cmac<M: Mac + KeyInit>(key: &[u8], message: &[u8]) -> [u8; 8] {
    let mut mac = <M as KeyInit>::new_from_slice(key).expect(KEY_FITS);
    mac.update(message);
    mac.finalize().into_bytes()[..8].try_into().expect("CMAC with AES has sixteen bytes")
}

/// ISO/IEC 9797-1 algorithm 3: single DES all the way, triple at the end.
fn retail_mac(key: &[u8], message: &[u8]) -> [u8; 8] {
    let (first, second) = key.split_at(8);
    let first = Des::new_from_slice(first).expect(KEY_FITS);
    let second = Des::new_from_slice(second).expect(KEY_FITS);
    let mut state = Array::<u8, <Des as BlockSizeUser>::BlockSize>::default();
    let (blocks, rest) = Array::slice_as_chunks(message);
    assert!(rest.is_empty(), "callers pad to whole blocks");
    for block in blocks {
        let block: &Array<u8, <Des as BlockSizeUser>::BlockSize> = block;
        state.iter_mut().zip(block).for_each(|(state, byte)| *state ^= byte);
        first.encrypt_block(&mut state);
    }
    second.decrypt_block(&mut state);
    first.encrypt_block(&mut state);
    state.into()
}

#[cfg(test)]
impl CipherKey {
    pub(crate) fn from_hex(cipher: Cipher, hex: &str) -> Self {
        Self::from_bytes(cipher, &hex::decode(hex).unwrap())
    }

    pub(crate) fn to_hex(&self) -> String {
        hex::encode_upper(&*self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // ICAO Doc 9303-11, appendix D.1.
    #[test]
    fn keys_of_bac_are_derived_as_in_the_standard() {
        let seed = hex::decode("239AB9CB282DAF66231DC5A4DF6BFBAE").unwrap();
        let key = |purpose| CipherKey::derive(Cipher::TripleDes, &seed, purpose).to_hex();
        assert_eq!(key(Purpose::Encryption), "AB94FDECF2674FDFB9B391F85D7F76F2");
        assert_eq!(key(Purpose::Mac), "7962D9ECE03D1ACD4C76089DCE131543");
    }

    // ICAO Doc 9303-11, appendix G.1.
    #[test]
    fn keys_of_pace_are_derived_as_in_the_standard() {
        let secret = hex::decode("28768D20701247DAE81804C9E780EDE582A9996DB4A315020B2733197DB84925").unwrap();
        let key = |purpose| CipherKey::derive(Cipher::Aes128, &secret, purpose).to_hex();
        assert_eq!(key(Purpose::Encryption), "F5F0E35C0D7161EE6724EE513A0D9A7F");
        assert_eq!(key(Purpose::Mac), "FE251C7858B356B24514B3BD5F4297D1");
    }

    // NIST SP 800-38B, examples for AES-192 and AES-256 with an empty message, cut to eight bytes.
    #[test]
    fn cmac_of_the_longer_keys_is_that_of_the_standard() {
        let mac = |cipher, key| hex::encode_upper(CipherKey::from_hex(cipher, key).mac_token(&[]));
        assert_eq!(
            mac(Cipher::Aes192, "8E73B0F7DA0E6452C810F32B809079E562F8EAD2522C6B7B"),
            "D17DDF46ADAACDE5"
        );
        assert_eq!(
            mac(Cipher::Aes256, "603DEB1015CA71BE2B73AEF0857D77811F352C073B6108D72D9810A30914DFF4"),
            "028962F61B7BF89E"
        );
    }

    #[test]
    fn padding_comes_off_only_where_it_is() {
        let mut data = vec![1, 2, 3];
        pad(&mut data, 8);
        assert_eq!(data, [1, 2, 3, 0x80, 0, 0, 0, 0]);
        assert_eq!((unpad(&mut data), data.as_slice()), (Some(()), &[1, 2, 3][..]));
        let mut whole = vec![7; 8];
        pad(&mut whole, 8);
        assert_eq!(whole.len(), 16, "a whole block gets a block of padding");
        assert!(unpad(&mut vec![1, 2, 3]).is_none());
        assert!(unpad(&mut vec![0; 8]).is_none());
    }
}
