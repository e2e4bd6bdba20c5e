//! The pretended staff badge before OpenSC, which other people wrote for PIV cards: it must take it
//! for one, and have it sign. A process of its own, through a real `pcscd`; skipped where it is not
//! installed, unless `KIOSK_OPPONENTS` is set.

use std::{env, fs, path::Path, process::Command};

use openssl::{
    hash::{MessageDigest, hash},
    sign::Verifier,
    x509::X509,
};
use opponents::Opponent;
use simulators::pcscd::PrivatePcscd;

use crate::private_pcscd::{SOCKET, lay};

/// Runs one of its programs beside that daemon; what it said.
fn run(opensc: &Path, daemon: &PrivatePcscd, program: &str, arguments: &[&str]) -> String {
    let libraries = fs::read_dir(opensc.join("root/usr/lib")).unwrap().map(|entry| entry.unwrap().path());
    let output = Command::new(opensc.join("root/usr/bin").join(program))
        .args(arguments)
        .env("LD_LIBRARY_PATH", env::join_paths(libraries).unwrap())
        .env(SOCKET, daemon.socket_name())
        .output()
        .unwrap();
    assert!(output.status.success(), "{program} {arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_badge_is_a_piv_card_that_signs_without_a_pin() {
    let Some(opensc) = Opponent::OpenSc.find() else { return };
    for (rsa, how) in [(false, &["--signature-format", "openssl"][..]), (true, &["--pkcs1"])] {
        let folder = tempfile::tempdir().unwrap();
        let daemon = PrivatePcscd::start(folder.path()).unwrap();
        let _card = lay(folder.path(), &daemon, &format!("[card.badge]\nholder = \"kt-01\"\nrsa = {rsa}\n"));
        let name = run(&opensc, &daemon, "opensc-tool", &["--wait", "--name"]);
        assert_eq!(name.trim(), "Personal Identity Verification Card");
        // It calls the card authentication key and its certificate 04.
        let pem = run(&opensc, &daemon, "pkcs15-tool", &["--read-certificate", "04"]);
        let key = X509::from_pem(pem.as_bytes()).unwrap().public_key().unwrap();

        let message = b"at the machine";
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        fs::write(path("digest"), hash(MessageDigest::sha256(), message).unwrap()).unwrap();
        let sign = [
            "--sign",
            "--key",
            "04",
            "--sha-256",
            "--input",
            &path("digest"),
            "--output",
            &path("signature"),
        ];
        run(&opensc, &daemon, "pkcs15-crypt", &[&sign[..], how].concat());
        let signature = fs::read(path("signature")).unwrap();
        let mut verifier = Verifier::new(MessageDigest::sha256(), &key).unwrap();
        assert!(verifier.verify_oneshot(&signature, message).unwrap(), "rsa: {rsa}");
    }
}
