//! The integrated mapping of PACE: two nonces become an element of the group by way of a
//! block cipher. ICAO Doc 9303-11, 4.4.3.3.2.

use openssl::bn::BigNumRef;
use zeroize::Zeroizing;

use crate::{
    AccessFlaw, Cipher,
    cipher::CipherKey,
    group::{Group, Secret},
};

/// c0 and c1 for 3DES and AES-128.
const SHORT: [[u8; 16]; 2] = [
    0xA668_892A_7C41_E3CA_739F_40B0_57D8_5904_u128.to_be_bytes(),
    0xA4E1_36AC_725F_738B_01C1_F602_17C1_88AD_u128.to_be_bytes(),
];
/// c0 and c1 for AES-192 and AES-256, each in two halves.
const LONG: [[u128; 2]; 2] = [
    [0xD463_D652_3412_4EF7_8970_5498_6DCA_0A17, 0x4E28_DF75_8CBA_A03F_2406_1641_4D5A_1676],
    [0x54BD_7255_F0AA_F831_BEC3_423F_CF39_D69B, 0x6CBF_0666_77D0_FAAE_5AAD_D99D_F8E5_3517],
];

/// The generator that both nonces make: `s` is the chip's secret one, `t` is ours.
pub(crate) fn map<G: Group>(group: &G, cipher: Cipher, s: &[u8], t: &[u8]) -> Result<G::Element, AccessFlaw> {
    group.element_of(&number(cipher, s, t, &*group.field()?)?)
}

/// R_p(s, t): a number of the field.
pub(crate) fn number(cipher: Cipher, s: &[u8], t: &[u8], prime: &BigNumRef) -> Result<Secret, AccessFlaw> {
    let bits = prime.num_bits().unsigned_abs() as usize;
    Secret::reduced(&pseudo_random(cipher, s, t, bits)?, prime)
}

/// R(s, t): at least 64 bits more than the prime has, so that reducing leaves no bias.
fn pseudo_random(
    cipher: Cipher,
    s: &[u8],
    t: &[u8],
    prime_bits: usize,
) -> Result<Zeroizing<Vec<u8>>, AccessFlaw> {
    let [c0, c1] = constants(cipher);
    // The smallest number of whole blocks that are at least as long as the key.
    if s.len() != c0.len() || t.len() != cipher.key_length() {
        return Err(AccessFlaw::NonceLength);
    }
    let encrypt = |key: &[u8], data: &[u8]| {
        let mut data = Zeroizing::new(data.to_vec());
        CipherKey::from_bytes(cipher, &key[..cipher.key_length()])
            .encrypt(&vec![0; cipher.block()], &mut data);
        data
    };
    let rounds = (prime_bits + 64).div_ceil(c0.len() * 8);
    let mut number = Zeroizing::new(Vec::with_capacity(rounds * c0.len()));
    let mut key = encrypt(t, s);
    for _ in 0..rounds {
        number.extend_from_slice(&encrypt(&key, &c1));
        key = encrypt(&key, &c0);
    }
    Ok(number)
}

fn constants(cipher: Cipher) -> [Vec<u8>; 2] {
    match cipher {
        Cipher::TripleDes | Cipher::Aes128 => SHORT.map(|bytes| bytes.to_vec()),
        Cipher::Aes192 | Cipher::Aes256 => LONG.map(|halves| halves.map(u128::to_be_bytes).concat()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonces_of_another_length_are_refused() {
        for (s, t) in [(16, 15), (32, 16), (8, 16)] {
            let error = pseudo_random(Cipher::Aes128, &vec![1; s], &vec![1; t], 256).err();
            assert_eq!(error, Some(AccessFlaw::NonceLength), "{s} {t}");
        }
        assert!(pseudo_random(Cipher::Aes192, &[1; 32], &[1; 24], 256).is_ok());
    }
}
