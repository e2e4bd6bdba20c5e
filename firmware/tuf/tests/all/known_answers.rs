//! Signatures made by OpenSSL's command line, under keys that it made: each kind of key says
//! yes to them and no to everything near them.

use std::{fs, path::Path, process::Command};

use tuf::{
    key::Key,
    repository::{Draft, Ed25519Signer, Signer as _},
};

const MESSAGE: &[u8] = b"{\"_type\":\"root\"}";

struct Made {
    key: Key,
    signature: Vec<u8>,
}

fn openssl(folder: &Path, line: &str) {
    let output = Command::new("openssl").args(line.split(' ')).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "openssl {line}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Has OpenSSL make a key, sign the message, and write the public key.
fn made(key: impl FnOnce(String) -> Key, generate: &str, sign: &str) -> Made {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("message"), MESSAGE).unwrap();
    openssl(folder.path(), generate);
    openssl(folder.path(), "pkey -in key.pem -pubout -out public.pem");
    openssl(folder.path(), sign);
    let pem = fs::read_to_string(folder.path().join("public.pem")).unwrap();
    Made { key: key(pem), signature: fs::read(folder.path().join("signature")).unwrap() }
}

fn ed25519_of_pem(pem: &str) -> Key {
    use ed25519_dalek::pkcs8::DecodePublicKey as _;
    Key::ed25519(&ed25519_dalek::VerifyingKey::from_public_key_pem(pem).unwrap())
}

fn all() -> [(&'static str, Made); 4] {
    const RAW: &str = "pkeyutl -sign -inkey key.pem -rawin -in message -out signature";
    const SHA256: &str = "dgst -sha256 -sign key.pem -out signature";
    let pss = |salt| format!("{SHA256} -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:{salt} message");
    let rsa = "genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:2048 -out key.pem";
    [
        ("ed25519", made(|pem| ed25519_of_pem(&pem), "genpkey -algorithm ed25519 -out key.pem", RAW)),
        (
            "ecdsa-sha2-nistp256",
            made(
                Key::ecdsa_p256,
                "genpkey -algorithm ec -pkeyopt ec_paramgen_curve:P-256 -out key.pem",
                &format!("{SHA256} message"),
            ),
        ),
        ("rsassa-pss-sha256, short salt", made(Key::rsa_pss, rsa, &pss("32"))),
        ("rsassa-pss-sha256, long salt", made(Key::rsa_pss, rsa, &pss("max"))),
    ]
}

#[test]
fn each_kind_of_key_knows_its_signature_and_no_other() {
    let all = all();
    for (name, made) in &all {
        let public = made.key.public().expect(name);
        assert!(public.verifies(MESSAGE, &made.signature), "{name}");
        assert!(!public.verifies(b"another message", &made.signature), "{name}");
        for at in [0, made.signature.len() / 2, made.signature.len() - 1] {
            let mut changed = made.signature.clone();
            changed[at] ^= 1;
            assert!(!public.verifies(MESSAGE, &changed), "{name}, octet {at}");
        }
        assert!(!public.verifies(MESSAGE, &made.signature[1..]), "{name}");
        assert!(!public.verifies(MESSAGE, &[]), "{name}");
        for (other, its) in all.iter().filter(|(other, _)| other != name) {
            assert!(!public.verifies(MESSAGE, &its.signature), "{name} takes that of {other}");
            assert_ne!(public.fingerprint(), its.key.public().unwrap().fingerprint());
        }
    }
}

#[test]
fn keys_that_are_weak_or_of_another_kind_never_count() {
    let any = "dgst -sha256 -sign key.pem -out signature message";
    let pss = "dgst -sha256 -sign key.pem -sigopt rsa_padding_mode:pss -out signature message";
    let p384 = "genpkey -algorithm ec -pkeyopt ec_paramgen_curve:P-384 -out key.pem";
    let small = "genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:1024 -out key.pem";
    assert!(made(Key::ecdsa_p256, p384, any).key.public().is_none());
    assert!(made(Key::rsa_pss, small, pss).key.public().is_none());
    assert!(made(Key::ecdsa_p256, small, any).key.public().is_none());
    for public in ["", "zz", &"00".repeat(32), &"01".repeat(31)] {
        let text = format!(r#"{{"keytype":"ed25519","scheme":"ed25519","keyval":{{"public":"{public}"}}}}"#);
        assert!(serde_json::from_str::<Key>(&text).unwrap().public().is_none(), "{public}");
    }
    // A key of a kind that nobody knows yet is kept as it stands.
    let text = r#"{"keytype":"ml-dsa","keyval":{"public":"x","y":1},"scheme":"ml-dsa-65","z":[]}"#;
    let key: Key = serde_json::from_str(text).unwrap();
    assert!(key.public().is_none());
    assert_eq!(serde_json::to_value(key).unwrap(), serde_json::from_str::<serde_json::Value>(text).unwrap());
}

#[test]
fn one_key_in_two_spellings_is_one_key() {
    let folder = tempfile::tempdir().unwrap();
    openssl(folder.path(), "genpkey -algorithm ec -pkeyopt ec_paramgen_curve:P-256 -out key.pem");
    openssl(folder.path(), "pkey -in key.pem -pubout -out plain.pem");
    openssl(folder.path(), "ec -in key.pem -pubout -conv_form compressed -out compressed.pem");
    let [plain, compressed] = ["plain.pem", "compressed.pem"].map(|name| {
        let pem = fs::read_to_string(folder.path().join(name)).unwrap();
        Key::ecdsa_p256(pem).public().expect(name).fingerprint().to_vec()
    });
    assert_eq!(plain, compressed);
}

#[test]
fn our_signature_by_a_key_of_openssl_is_one_to_openssl() {
    let folder = tempfile::tempdir().unwrap();
    openssl(folder.path(), "genpkey -algorithm ed25519 -out key.pem");
    let signer =
        Ed25519Signer::from_pem(&fs::read_to_string(folder.path().join("key.pem")).unwrap()).unwrap();
    let body = tuf::metadata::Targets::first("2027-01-01T00:00:00Z".parse().unwrap());
    let mut draft = Draft::new(&body);
    let signature = signer.sign(&draft.to_sign()).unwrap();
    // Attached as if it came from an air-gapped machine; a wrong one is not taken.
    assert!(draft.attach(signer.key_id(), &signer.key(), &signature[1..]).is_err());
    draft.attach(signer.key_id(), &signer.key(), &signature).unwrap();
    fs::write(folder.path().join("message"), draft.to_sign()).unwrap();
    fs::write(folder.path().join("signature"), &signature).unwrap();
    openssl(folder.path(), "pkey -in key.pem -pubout -out public.pem");
    openssl(folder.path(), "pkeyutl -verify -pubin -inkey public.pem -rawin -in message -sigfile signature");
}
