//! EF.CardSecurity as others made it: the two files of the BSI's worked examples of
//! Extended Access Control after TR-03110, which no code of ours had a hand in.

use openssl::ec::PointConversionForm;

use super::*;
use crate::{
    algorithm::{Digest, Scheme},
    certificate::trimmed,
    evidence::FoundBy,
};

fn file(name: &str) -> Vec<u8> {
    let mut paragraphs = include_str!("card_security_of_others.txt").split("\n\n");
    let hex: String = paragraphs
        .find_map(|paragraph| paragraph.strip_prefix(name)?.strip_prefix('\n'))
        .unwrap_or_else(|| panic!("no {name}"))
        .split_whitespace()
        .collect();
    hex::decode(hex).unwrap()
}

/// The chip's static key in the example over a curve.
const STATIC_KEY: &str = "04A44EBE5451DF7AADB01E459B8C928A87746A57927C8C28A6775C97A7E1FE8D9A46FF4A1CC7E4D1389AEA19758E4F75C28C598FD734AEBEB135337CF95BE12E94";

#[test]
fn the_files_of_the_worked_examples_open_and_their_signatures_hold() {
    for (name, length) in [("ecdh", 315), ("dh", 384)] {
        let file = file(name);
        let envelope = open(&file, Sha1::Refused).unwrap_or_else(|fault| panic!("{name}: {fault:?}"));
        assert_eq!(envelope.content.len(), length, "{name}");
        assert_eq!(envelope.digest, Digest::Sha256, "{name}");
        assert!(matches!(envelope.scheme, Scheme::RsaPss { .. }), "{name}: {:?}", envelope.scheme);
        assert_eq!(envelope.found_by, FoundBy::IssuerAndSerial, "{name}");
    }
}

#[test]
fn any_changed_byte_of_content_digest_or_signature_is_found() {
    for name in ["ecdh", "dh"] {
        let whole = file(name);
        let content = open(&whole, Sha1::Refused).unwrap().content.to_vec();
        let start = whole.windows(content.len()).position(|window| window == content).unwrap();
        // The signed attributes and the signature stand at the end; what lies between
        // them only names algorithms, and a NULL there may be written otherwise.
        let end = whole.len();
        let signed = (end - 401..end - 327).chain(end - 256..end);
        for at in (start..start + content.len()).chain(signed) {
            let mut changed = whole.clone();
            changed[at] ^= 1 << (at % 8);
            assert!(open(&changed, Sha1::Refused).is_err(), "{name}, byte {at}");
        }
    }
}

#[test]
fn the_signed_key_of_the_worked_example_proves_its_own_mapping_and_no_other() {
    let file = file("ecdh");
    let infos = open(&file, Sha1::Refused).unwrap().content;
    let group = public_key::standardized_group(13).unwrap();
    let mut context = BigNumContext::new().unwrap();
    let key = EcPoint::from_bytes(&group, &hex::decode(STATIC_KEY).unwrap(), &mut context).unwrap();
    let data = [0x5A; 32];
    let mut product = EcPoint::new(&group).unwrap();
    product.mul2(&group, &key, &BigNum::from_slice(&data).unwrap(), &mut context).unwrap();
    let form = PointConversionForm::UNCOMPRESSED;
    let mapping_key = product.to_bytes(&group, form, &mut context).unwrap();
    assert_eq!(check_mapping(infos, 13, &mapping_key, &data), Ok(()));
    let mut other = data;
    other[31] ^= 1;
    assert_eq!(check_mapping(infos, 13, &mapping_key, &other), Err(ProofFault::Wrong));
    assert_eq!(check_mapping(infos, 12, &mapping_key, &data), Err(ProofFault::NoSignedKey));
}

#[test]
fn both_worked_examples_sign_one_key_with_the_number_one() {
    for name in ["ecdh", "dh"] {
        let file = file(name);
        let infos = open(&file, Sha1::Refused).unwrap().content;
        let infos = algorithm::whole(infos, SET).unwrap().inside().all().unwrap();
        let keys = chip_keys(&infos).unwrap();
        assert_eq!(keys.len(), 1, "{name}");
        assert_eq!(keys[0].id, Some(trimmed(&[1])), "{name}");
    }
}
