//! A signature says what it is for, and nobody else's fits.

use std::{fs, os::unix::fs::PermissionsExt as _};

use keys::{AnswerContext, DeviceKey, KeyError, PlatformSecret, PublicKey, Signature, SigningContext};
use rand_core::UnwrapErr;
use tempfile::TempDir;

fn chance() -> UnwrapErr<getrandom::SysRng> {
    UnwrapErr(getrandom::SysRng)
}

const CONTEXTS: [SigningContext; 4] = [
    SigningContext::Transaction,
    SigningContext::Slip,
    SigningContext::AuditCheckpoint,
    SigningContext::Request,
];

#[test]
fn a_signature_fits_in_its_own_context_only() {
    let key = DeviceKey::generate(&mut chance());
    for given in CONTEXTS {
        let signature = key.sign(given, b"the same bytes");
        for asked in CONTEXTS {
            let fits = key.public().verify(asked, b"the same bytes", &signature).is_ok();
            assert_eq!(fits, asked == given, "{given:?} as {asked:?}");
        }
    }
}

#[test]
fn an_answer_is_not_a_receipt() {
    let platform = PlatformSecret::generate(&mut chance());
    let signature = platform.sign(AnswerContext::Answer, b"{}");
    assert!(platform.public().verify(AnswerContext::Receipt, b"{}", &signature).is_err());
    assert!(platform.public().verify(AnswerContext::Answer, b"{}", &signature).is_ok());
}

#[test]
fn one_key_never_signs_for_kiosk_and_platform_alike() {
    // The same file read as either kind: even then the contexts keep them apart.
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("key.pem");
    DeviceKey::generate(&mut chance()).save(&path).unwrap();
    let signature = DeviceKey::load(&path).unwrap().sign(SigningContext::Transaction, b"{}");
    let platform = PlatformSecret::load(&path).unwrap().public();
    assert!(platform.verify(AnswerContext::Receipt, b"{}", &signature).is_err());
}

#[test]
fn changed_bytes_another_key_and_a_changed_signature_are_refused() {
    let key = DeviceKey::generate(&mut chance());
    let signature = key.sign(SigningContext::Slip, b"paper");
    let refused = |key: PublicKey, bytes: &[u8], signature: &Signature| {
        matches!(key.verify(SigningContext::Slip, bytes, signature), Err(KeyError::SignatureWrong))
    };
    assert!(refused(key.public(), b"Paper", &signature));
    assert!(refused(DeviceKey::generate(&mut chance()).public(), b"paper", &signature));
    let mut bytes = *signature.as_bytes();
    bytes[40] ^= 1;
    assert!(refused(key.public(), b"paper", &Signature::from_bytes(&bytes).unwrap()));
}

#[test]
fn a_public_key_of_small_order_is_refused() {
    // The neutral element: with it, one signature would fit every message.
    let neutral = format!("01{}", "00".repeat(31));
    assert!(neutral.parse::<PublicKey>().is_err());
}

#[test]
fn the_signed_bytes_are_the_documented_ones() {
    // RFC 8032 without our code: the context, a zero byte, the message.
    let key = DeviceKey::generate(&mut chance());
    let signature = key.sign(SigningContext::Transaction, b"message");
    let plain = ed25519_dalek::VerifyingKey::from_bytes(&key.public().to_bytes()).unwrap();
    let signature = ed25519_dalek::Signature::from_bytes(signature.as_bytes());
    assert!(plain.verify_strict(b"mot-cham/1/transaction\0message", &signature).is_ok());
}

#[test]
fn keys_and_signatures_survive_as_text() {
    let key = DeviceKey::generate(&mut chance());
    let signature = key.sign(SigningContext::Slip, b"x");
    assert_eq!(key.public().to_string().parse::<PublicKey>().unwrap(), key.public());
    assert_eq!(signature.to_string().parse::<Signature>().unwrap(), signature);
    assert!("no key".parse::<PublicKey>().is_err());
    assert!(signature.to_string()[4..].parse::<Signature>().is_err());
}

#[test]
fn a_saved_key_is_the_same_key_and_only_its_owner_reads_it() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("device.pem");
    let key = DeviceKey::generate(&mut chance());
    key.save(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(fs::read_to_string(&path).unwrap().starts_with("-----BEGIN PRIVATE KEY-----"));
    assert_eq!(DeviceKey::load(&path).unwrap().public(), key.public());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing half-written stays");
}

#[test]
fn a_key_is_never_replaced() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("device.pem");
    let first = DeviceKey::generate(&mut chance());
    first.save(&path).unwrap();
    let error = DeviceKey::generate(&mut chance()).save(&path).unwrap_err();
    assert!(matches!(error, KeyError::AlreadyThere { .. }), "{error}");
    assert_eq!(DeviceKey::load(&path).unwrap().public(), first.public());
}

#[test]
fn each_way_a_key_file_can_be_wrong_is_said_in_one_line() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("device.pem");
    let complaint = || {
        let error = DeviceKey::load(&path).err().expect("it is wrong");
        assert_eq!(error.fault().code(), "KEY-01");
        error.to_string().replace(path.to_str().unwrap(), "FILE")
    };
    assert_eq!(complaint(), "there is no key at FILE");
    DeviceKey::generate(&mut chance()).save(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(complaint(), "the key file FILE is open to others (mode 644); it must be 600");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let half = fs::read(&path).unwrap()[..60].to_vec();
    fs::write(&path, half).unwrap();
    assert_eq!(complaint(), "the key file FILE is damaged or of another kind");
    fs::write(&path, [0xFF; 90]).unwrap();
    assert_eq!(complaint(), "the key file FILE is damaged or of another kind");
}
