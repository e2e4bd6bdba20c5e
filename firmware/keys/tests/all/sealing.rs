//! Only the server opens what was sealed, and only as what it was sealed as.

use keys::{KeyError, ServerKey, ServerSecret, seal};
use rand_core::UnwrapErr;
use tempfile::TempDir;

fn chance() -> UnwrapErr<getrandom::SysRng> {
    UnwrapErr(getrandom::SysRng)
}

#[test]
fn the_server_opens_what_was_sealed_to_it() {
    let server = ServerSecret::generate(&mut chance());
    let sealed = seal(&server.public(), b"row 1", b"content", &mut chance()).unwrap();
    assert_eq!(sealed.len(), b"content".len() + 48, "32 for the key, 16 for the tag");
    assert_eq!(*server.open(b"row 1", &sealed).unwrap(), b"content");
}

#[test]
fn the_same_content_never_looks_the_same() {
    let server = ServerSecret::generate(&mut chance()).public();
    let sealed = || seal(&server, b"", b"content", &mut chance()).unwrap();
    assert_ne!(sealed(), sealed());
}

#[test]
fn another_server_another_row_and_any_changed_byte_are_refused() {
    let server = ServerSecret::generate(&mut chance());
    let sealed = seal(&server.public(), b"row 1", b"content", &mut chance()).unwrap();
    assert!(ServerSecret::generate(&mut chance()).open(b"row 1", &sealed).is_err());
    assert!(server.open(b"row 2", &sealed).is_err());
    for at in 0..sealed.len() {
        let mut bytes = sealed.clone();
        bytes[at] ^= 1;
        assert!(matches!(server.open(b"row 1", &bytes), Err(KeyError::Seal { .. })), "byte {at}");
    }
    for length in 0..sealed.len() {
        assert!(server.open(b"row 1", &sealed[..length]).is_err(), "{length} bytes");
    }
}

#[test]
fn a_server_key_survives_as_text_and_its_secret_as_a_file() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("server.key");
    let server = ServerSecret::generate(&mut chance());
    server.save(&path).unwrap();
    let public: ServerKey = server.public().to_string().parse().unwrap();
    let sealed = seal(&public, b"", b"content", &mut chance()).unwrap();
    assert_eq!(*ServerSecret::load(&path).unwrap().open(b"", &sealed).unwrap(), b"content");
}
