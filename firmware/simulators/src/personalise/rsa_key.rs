//! RSA keys out of given chance, so that a scenario has the same keys whenever it
//! is played. Never for anything real: the search is not hardened.

use openssl::{
    bn::{BigNum, BigNumContext, BigNumRef},
    error::ErrorStack,
    pkey::{PKey, Private},
    rsa::RsaPrivateKeyBuilder,
};
use rand_core::CryptoRng;

const PUBLIC_EXPONENT: u32 = 65_537;

/// A key pair with a modulus of exactly so many bits, a multiple of sixteen.
pub(super) fn generate(bits: u32, chance: &mut dyn CryptoRng) -> Result<PKey<Private>, ErrorStack> {
    let mut context = BigNumContext::new()?;
    let exponent = BigNum::from_u32(PUBLIC_EXPONENT)?;
    let (p, q) = (prime(bits / 2, chance, &mut context)?, prime(bits / 2, chance, &mut context)?);
    let (mut modulus, mut product, mut private) = (BigNum::new()?, BigNum::new()?, BigNum::new()?);
    modulus.checked_mul(&p, &q, &mut context)?;
    let (p_less, q_less) = (one_less(&p)?, one_less(&q)?);
    product.checked_mul(&p_less, &q_less, &mut context)?;
    private.mod_inverse(&exponent, &product, &mut context)?;
    let (mut d_p, mut d_q, mut inverse) = (BigNum::new()?, BigNum::new()?, BigNum::new()?);
    d_p.nnmod(&private, &p_less, &mut context)?;
    d_q.nnmod(&private, &q_less, &mut context)?;
    inverse.mod_inverse(&q, &p, &mut context)?;
    let key = RsaPrivateKeyBuilder::new(modulus, exponent, private)?
        .set_factors(p, q)?
        .set_crt_params(d_p, d_q, inverse)?;
    PKey::from_rsa(key.build())
}

/// A prime whose two highest bits are set, so that a product of two has all bits,
/// and to which the public exponent is coprime.
fn prime(bits: u32, chance: &mut dyn CryptoRng, context: &mut BigNumContext) -> Result<BigNum, ErrorStack> {
    let mut bytes = vec![0; bits as usize / 8];
    chance.fill_bytes(&mut bytes);
    let mut candidate = BigNum::from_slice(&bytes)?;
    for bit in [0, bits as i32 - 1, bits as i32 - 2] {
        candidate.set_bit(bit)?;
    }
    while !candidate.is_prime_fasttest(0, context, true)?
        || one_less(&candidate)?.mod_word(PUBLIC_EXPONENT)? == 0
    {
        candidate.add_word(2)?;
    }
    Ok(candidate)
}

fn one_less(number: &BigNumRef) -> Result<BigNum, ErrorStack> {
    let mut out = number.to_owned()?;
    out.sub_word(1)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::SeededChance;

    #[test]
    fn a_key_is_whole_and_the_same_for_the_same_chance() {
        let make = |seed| generate(1024, &mut SeededChance::new(seed)).unwrap().rsa().unwrap();
        let key = make(1);
        assert!(key.check_key().unwrap());
        assert_eq!(key.n().num_bits(), 1024);
        assert_eq!(key.n(), make(1).n());
        assert_ne!(key.n(), make(2).n());
    }
}
