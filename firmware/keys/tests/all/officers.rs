//! An officer's key is opened only with the officer's PIN, and only as the key of the
//! officer whom it was sealed for.

use keys::{KeyError, OfficerContext, OfficerKey, OfficerSecret, SealedOfficerKey};
use rand_core::UnwrapErr;

const NUMBER: &str = "100001";
const PIN: &str = "80246137";
const CONTEXT: OfficerContext = OfficerContext::FaceByOfficers;

fn chance() -> UnwrapErr<getrandom::SysRng> {
    UnwrapErr(getrandom::SysRng)
}

fn officer() -> (OfficerKey, SealedOfficerKey) {
    let secret = OfficerSecret::generate(&mut chance());
    (secret.public(), secret.seal(NUMBER, PIN, &mut chance()))
}

fn refused(opened: &Result<OfficerSecret, KeyError>) -> bool {
    matches!(opened, Err(KeyError::Seal { act: "opened" }))
}

#[test]
fn the_pin_opens_the_key_and_the_key_signs() {
    let (public, sealed) = officer();
    // as it comes out of a file
    let sealed: SealedOfficerKey = sealed.to_string().parse().unwrap();
    let public: OfficerKey = public.to_string().parse().unwrap();
    let signature = sealed.open(NUMBER, &public, PIN).unwrap().sign(CONTEXT, b"statement");
    assert!(public.verify(CONTEXT, b"statement", &signature).is_ok());
    assert!(public.verify(CONTEXT, b"another statement", &signature).is_err());
}

#[test]
fn another_pin_another_number_and_another_key_are_refused() {
    let (public, sealed) = officer();
    assert!(refused(&sealed.open(NUMBER, &public, "80246138")));
    assert!(refused(&sealed.open(NUMBER, &public, "")));
    assert!(refused(&sealed.open("100002", &public, PIN)));
    assert!(refused(&sealed.open(NUMBER, &officer().0, PIN)));
}

#[test]
fn a_changed_seal_is_refused_and_a_cut_one_is_none() {
    let (public, sealed) = officer();
    let text = sealed.to_string();
    // one letter of salt, nonce, ciphertext and tag each
    for at in [4, 28, 50, 98] {
        let other = if &text[at..=at] == "A" { "B" } else { "A" };
        let changed: SealedOfficerKey = format!("{}{other}{}", &text[..at], &text[at + 1..]).parse().unwrap();
        assert!(refused(&changed.open(NUMBER, &public, PIN)), "letter {at}");
    }
    for wrong in [&text[..text.len() - 4], &text[3..], "v1.", "", "v2.AAAA", &format!("{text}AAAA")] {
        assert!(wrong.parse::<SealedOfficerKey>().is_err(), "{wrong}");
    }
}

#[test]
fn one_key_under_one_pin_never_looks_the_same() {
    let secret = OfficerSecret::generate(&mut chance());
    let sealed = || secret.seal(NUMBER, PIN, &mut chance()).to_string();
    let (one, other) = (sealed(), sealed());
    assert_ne!(one, other);
    assert!(!one.contains(PIN));
}

/// Sealed and signed by Python's `cryptography`: Argon2id(iterations=6, lanes=1,
/// memory_cost=32768), ChaCha20Poly1305, Ed25519.
#[test]
fn a_key_sealed_by_another_program_is_opened() {
    let public: OfficerKey =
        "ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c".parse().unwrap();
    let sealed: SealedOfficerKey = OF_PYTHON.parse().unwrap();
    let signature = sealed.open(NUMBER, &public, PIN).unwrap().sign(CONTEXT, b"statement");
    assert_eq!(signature.to_string(), SIGNED_BY_PYTHON);
}

const OF_PYTHON: &str = "v1.AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGwDX4LY8teC1dr3mNdfDZS/iccFCcN/H/tfzbOLt9rzaFAeIkEgaRrTslW71Ytvqew==";
const SIGNED_BY_PYTHON: &str =
    "U1G2M3Rjbuuos0jlbLvaLMq/htG1xH9ZicvR0vELz8G1/yRngAYdsDOWVapWZBED5QFgEcmMkTX808x1U8O6DA==";
