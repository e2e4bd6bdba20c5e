//! The chip proves that it is no copy: chip authentication and active
//! authentication (ICAO Doc 9303-11, 6.1 and 6.2; BSI TR-03110-3 for version 2).

use openssl::{
    bn::BigNum,
    ecdsa::EcdsaSig,
    error::ErrorStack,
    hash::hash,
    pkey::{PKey, Private},
    rsa::Padding,
};
use rand_core::CryptoRng;

use super::{
    key_derivation::{Purpose, derive, mac, pad},
    secure_channel::SecureChannel,
};
use crate::{
    card_profile::{
        ActiveAuthentication, ActiveKey, Agreement, ChipAuthentication, ChipAuthenticationVersion, Cipher,
        Hash,
    },
    der,
    domain::Domain,
    personalise::chip_keys::AgreementKey,
};

/// A new channel, and what the chip says when it takes it.
pub(super) struct Agreed {
    pub channel: SecureChannel,
    /// The value of the answer's DO 7C: empty in version 1.
    pub answer: Vec<u8>,
}

/// A channel on the secret shared with the terminal's key; `None`: that key is no
/// member of the group.
pub(super) fn agree(
    protocol: ChipAuthentication,
    key: &AgreementKey,
    theirs: &[u8],
    chance: &mut dyn CryptoRng,
) -> Result<Option<Agreed>, ErrorStack> {
    let domain = Domain::standard(key.parameters)?;
    let Some(element) = domain.read(theirs) else { return Ok(None) };
    let shared = domain.power(&element, &*BigNum::from_slice(&key.private)?)?;
    let secret = domain.secret(&shared)?;
    let cipher = protocol.cipher();
    if protocol.version() == ChipAuthenticationVersion::V1 {
        return Ok(Some(Agreed { channel: SecureChannel::new(cipher, &secret, 0), answer: Vec::new() }));
    }
    let mut nonce = [0; 8];
    chance.fill_bytes(&mut nonce);
    // Version 2 hashes the nonce between secret and counter (TR-03110-3, A.2.3.2).
    let secret = [secret.as_slice(), &nonce].concat();
    let token = token(protocol, &secret, &domain.write(&element)?)?;
    let answer = [der::object(0x81, &nonce), der::object(0x82, &token)].concat();
    Ok(Some(Agreed { channel: SecureChannel::new(cipher, &secret, 0), answer }))
}

/// The token over the terminal's key (TR-03110-3, A.2.4.1).
fn token(protocol: ChipAuthentication, secret: &[u8], theirs: &[u8]) -> Result<[u8; 8], ErrorStack> {
    let tag = match protocol.parameters().agreement() {
        Agreement::Dh => 0x84,
        Agreement::Ecdh => 0x86,
    };
    let key = derive(protocol.cipher(), secret, Purpose::Authentication);
    let over = der::group(0x7F49, &[der::oid(&protocol.identifier()), der::object(tag, theirs)]);
    match protocol.cipher() {
        Cipher::TripleDes => mac(Cipher::TripleDes, &key, &pad(&over, 8)),
        aes => mac(aes, &key, &over),
    }
}

/// The signature over the terminal's eight bytes.
pub(super) fn sign(
    active: ActiveAuthentication,
    key: &PKey<Private>,
    challenge: &[u8],
    chance: &mut dyn CryptoRng,
) -> Result<Vec<u8>, ErrorStack> {
    match active.key() {
        ActiveKey::Ecdsa { .. } => {
            let key = key.ec_key()?;
            let width = (key.group().order_bits() as i32 + 7) / 8;
            let signature = EcdsaSig::sign(&hash(active.hash().digest(), challenge)?, &key)?;
            Ok([signature.r().to_vec_padded(width)?, signature.s().to_vec_padded(width)?].concat())
        }
        ActiveKey::Rsa { .. } => {
            let key = key.rsa()?;
            let mut own = vec![0; own_part(key.size() as usize, active.hash())];
            chance.fill_bytes(&mut own);
            let frame = frame(active.hash(), &own, challenge)?;
            let mut signature = vec![0; key.size() as usize];
            key.private_encrypt(&frame, &mut signature, Padding::NONE)?;
            Ok(signature)
        }
    }
}

/// Bytes of the chip's own part of the message: what the modulus leaves beside
/// header, hash and trailer (6.1.2.2).
fn own_part(modulus: usize, hash: Hash) -> usize {
    modulus - 1 - hash.length() - trailer(hash).len()
}

/// The message representative of ISO/IEC 9796-2, scheme 1, with partial recovery:
/// header, recoverable part, hash over all, trailer.
fn frame(algorithm: Hash, own: &[u8], challenge: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    let digest = hash(algorithm.digest(), &[own, challenge].concat())?;
    Ok([&[0x6A], own, &digest, trailer(algorithm)].concat())
}

fn trailer(hash: Hash) -> &'static [u8] {
    match hash {
        Hash::Sha1 => &[0xBC],
        Hash::Sha224 => &[0x38, 0xCC],
        Hash::Sha256 => &[0x34, 0xCC],
        Hash::Sha384 => &[0x36, 0xCC],
        Hash::Sha512 => &[0x35, 0xCC],
    }
}

#[cfg(test)]
mod tests {
    use openssl::{pkey::Public, sign::Verifier};

    use super::*;
    use crate::{
        card_profile::{CardProfile, KeyCoding},
        chance::SeededChance,
        personalise::chip_keys::ChipKeys,
    };

    fn bytes(hex: &str) -> Vec<u8> {
        hex::decode(hex).unwrap()
    }

    fn upper(bytes: &[u8]) -> String {
        hex::encode_upper(bytes)
    }

    #[test]
    fn the_frame_is_that_of_appendix_f() {
        let own = bytes(
            "9D2784A67F8E7C659973EA1AEA25D95B6C8F91E5002F369F0FBDCE8A3CEC1991B543F1696546C5524CF23A5303CD6C98\
             599F40B79F377B5F3A1406B3B4D8F96784D23AA88DB7E1032A405E69325FA91A6E86F5C71AEA978264C4A207446DAD4E\
             7292E2DCDA3024B47DA8",
        );
        assert_eq!(own_part(128, Hash::Sha1), own.len());
        let frame = frame(Hash::Sha1, &own, &bytes("F173589974BF40C6")).unwrap();
        assert_eq!(upper(&frame[..107]), format!("6A{}", upper(&own)));
        assert_eq!(upper(&frame[107..]), "C063AA1E6D22FBD976AB0FE73D94D2D9C6D88127BC");
    }

    fn active(key: ActiveKey, hash: Hash) -> (ActiveAuthentication, PKey<Private>) {
        let active = ActiveAuthentication::new(key, hash).unwrap();
        let profile = CardProfile { active_authentication: Some(active), ..CardProfile::default() };
        ChipKeys::generate(&profile, &mut SeededChance::new(1)).unwrap().signature.unwrap()
    }

    fn public(key: &PKey<Private>) -> PKey<Public> {
        PKey::public_key_from_der(&key.public_key_to_der().unwrap()).unwrap()
    }

    #[test]
    fn an_rsa_signature_opens_to_a_frame_over_the_challenge_for_every_hash() {
        for hash in Hash::ALL {
            let (active, key) = active(ActiveKey::Rsa { bits: 1024 }, hash);
            let signature = sign(active, &key, b"12345678", &mut SeededChance::new(2)).unwrap();
            let mut opened = vec![0; 128];
            public(&key).rsa().unwrap().public_decrypt(&signature, &mut opened, Padding::NONE).unwrap();
            let own = &opened[1..=own_part(128, hash)];
            assert_eq!(opened, frame(hash, own, b"12345678").unwrap(), "{hash:?}");
        }
    }

    #[test]
    fn a_plain_signature_fits_the_key_on_every_curve() {
        for (number, hash) in
            [(8, Hash::Sha1), (11, Hash::Sha224), (13, Hash::Sha256), (14, Hash::Sha256), (18, Hash::Sha512)]
        {
            let parameters = number.try_into().unwrap();
            let key = ActiveKey::Ecdsa { parameters, coding: KeyCoding::Explicit };
            let (active, key) = active(key, hash);
            let signature = sign(active, &key, b"12345678", &mut SeededChance::new(2)).unwrap();
            let (r, s) = signature.split_at(signature.len() / 2);
            let number = |bytes| BigNum::from_slice(bytes).unwrap();
            let signature = EcdsaSig::from_private_components(number(r), number(s)).unwrap();
            let key = public(&key);
            let mut verifier = Verifier::new(hash.digest(), &key).unwrap();
            assert!(verifier.verify_oneshot(&signature.to_der().unwrap(), b"12345678").unwrap());
        }
    }

    /// The worked examples of the BSI for chip authentication, version 2.
    struct Worked {
        parameters: u8,
        chip: &'static str,
        terminal: &'static str,
        nonce: &'static str,
        token: &'static str,
        keys: [&'static str; 2],
    }

    const WORKED: [Worked; 2] = [
        Worked {
            parameters: 13,
            chip: "7984674CF3B3A524BF929CE8A67FCF22173DA0BAD595EED6DEB72D22C542FA9D",
            terminal: "045A7A377FC9CAFC03AC7FF45441A8B2909D88EAB8E6B0173847AB49B949DF3799A34EE57EC55268CF8B1C3EC489F8BF\
                       4CF4C68D3FD9670E89C0D5D3FFF1AAF89F",
            nonce: "4287B3072A3EDC60",
            token: "FF0117D68DEE8E72",
            keys: ["94ABCD271AB7D9A5590BA52CB518B831", "78B5709E7ABEDB185B424D0EE3A82499"],
        },
        Worked {
            parameters: 0,
            chip: "D0E5A95ECA541DEF4FE92B9FF9920D49A454C297",
            terminal: "A2830947A6FCAACDE2FCB88B29AB38E07C3453ABC4BCB466087E11C79F32A19E6EF22BE108F8DD18FE8249C960951511\
                       200DC985AA3EC0CCAD59A5F9BBCC33EE5F1577E20330B4DD10EB06B740277C97A189180EDE52BEE9D429F10FB77F180F\
                       05D6A99C499CB5E1ECEEB8E92284F66EA98479674CE73F53C567A03B0D297833",
            nonce: "1A1AC1AB04D96965",
            token: "756891580F70164D",
            keys: ["E813D09DF69FFCC63763C537F828985C", "066721F3EBEA787B4F1C6DCA431EC229"],
        },
    ];

    #[test]
    fn version_2_goes_as_in_the_worked_examples() {
        for worked in WORKED {
            let parameters = worked.parameters.try_into().unwrap();
            let protocol = ChipAuthentication::new(Cipher::Aes128, parameters).in_version_2();
            let key = AgreementKey::from_private(parameters, &bytes(worked.chip)).unwrap();
            let mut chance = crate::citizen_card::tests::Written::new(&[worked.nonce]);
            let agreed = agree(protocol, &key, &bytes(worked.terminal), &mut chance).unwrap().unwrap();
            let expected = format!("8108{}8208{}", worked.nonce, worked.token);
            assert_eq!(upper(&agreed.answer), expected, "parameters {}", worked.parameters);
            assert_eq!(agreed.channel.keys().map(upper), worked.keys);
        }
    }

    #[test]
    fn a_key_outside_the_group_is_not_agreed_with() {
        let protocol = ChipAuthentication::CITIZEN_CARD;
        let key = AgreementKey::from_private(protocol.parameters(), &[7]).unwrap();
        let mut bent = key.public.clone();
        bent[64] ^= 1;
        let mut chance = SeededChance::new(1);
        assert!(agree(protocol, &key, &bent, &mut chance).unwrap().is_none());
        assert!(agree(protocol, &key, &[0], &mut chance).unwrap().is_none());
    }
}
