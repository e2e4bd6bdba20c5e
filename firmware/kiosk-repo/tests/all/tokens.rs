//! Keys in a token. The token is Debian's SoftHSM 2: its PKCS#11, its storage and its signatures
//! are other people's; only the hardware is missing. What it never does, as locking a PIN or being
//! pulled out, a module in front of it does (`tests/ill_token/module.c`).
//!
//! Found at `target/opponents/softhsm2`; unpacked by
//! `firmware/xtask/unpack_debian.py`. Without it these tests are skipped, loudly, unless
//! `KIOSK_OPPONENTS` is set.

use std::{
    env, fs,
    io::{Read as _, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{self, Stdio},
};

use command::{Kind, What};

use crate::{
    common::{
        Run,
        office::{Office, PIN},
        python, python_fetches,
    },
    orders::taken,
};

fn words(all: &[String]) -> Vec<&str> {
    all.iter().map(String::as_str).collect()
}

const ED25519: &[&str] = &["-algorithm", "ED25519"];
const P256: &[&str] = &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];
const RSA: &[&str] = &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"];

#[tokio::test]
async fn kiosks_and_python_tuf_take_what_tokens_signed() {
    let Some(office) = Office::new() else { return };
    for token in ["First", "Second", "Online"] {
        office.token(token);
    }
    // Ed25519 and P-256 made in the token, RSA brought in.
    let roots = [office.new_key("First", "root-1", "ed25519"), office.new_key("Second", "root-2", "p256")];
    office.import("Second", "targets-1", "07", RSA);
    let targets = office.key("Second", "targets-1");
    let online = ["snapshot", "timestamp"].map(|label| office.new_key("Online", label, "ed25519"));
    let desk = &office.desk;
    // By file or by name: it is the same key.
    let first = "pkcs11:token=First;object=root-1";
    desk.done(&[
        "init",
        "repo",
        "--root-key",
        first,
        "--root-key",
        "root-2",
        "--targets-key",
        &targets,
        "--targets-key",
        "keys/targets-1.pub",
        "--snapshot-key",
        &online[0],
        "--timestamp-key",
        &online[1],
    ]);
    let signed = |role: &str, keys: [&str; 2]| {
        desk.done(&["draft", "repo", role, role]);
        for (out, key) in ["a", "b"].into_iter().zip(keys) {
            let out = format!("{role}.{out}");
            desk.done(&["sign", role, "--key", key, "--out", &out, "--yes"]);
            desk.done(&["merge", "repo", &out]);
            fs::remove_file(desk.path(&out)).unwrap();
        }
        fs::remove_file(desk.path(role)).unwrap();
    };
    signed("root", [&roots[0], &roots[1]]);
    desk.add("os/image-7", "7");
    signed("targets", [&targets, "keys/targets-1"]);
    // Two keys of one token: it is logged in to once.
    let online = ["--snapshot-key", &online[0], "--timestamp-key", &online[1]];
    desk.done(&[&["publish", "repo"][..], &online].concat());
    desk.done(&[&["refresh", "repo"][..], &online].concat());

    let mut kiosk = desk.kiosk();
    let refreshed = kiosk.refresh(desk.time()).await;
    assert_eq!((refreshed.root, refreshed.targets, refreshed.snapshot), (1, 1, 2));
    let (listed_by, bytes, _) = kiosk.install("os/image-7").await.unwrap();
    assert_eq!((listed_by.as_str(), bytes.as_slice()), ("targets", &b"image 7"[..]));

    // Another key for root, by its name, and the name of the one that goes.
    office.new_key("Second", "root-3", "ed25519");
    let [drop, add] =
        ["token=First;object=root-1", "token=Second;object=root-3"].map(|it| format!("root=pkcs11:{it}"));
    desk.done(&["rotate", "repo", "--drop", &drop, "--add", &add]);
    signed("root", [&roots[0], &roots[1]]);
    let progress = desk.done(&["status", "repo"]);
    assert!(progress.contains("2 of 2 signatures by the published root's keys"), "{progress}");
    assert!(progress.contains("1 of 2 signatures by its own keys"), "{progress}");

    let Some(python) = python() else { return };
    let run = python_fetches(&python, &desk.path("repo"), "os/image-7");
    assert_eq!((run.code, run.out.as_str()), (0, "image 7"), "{}", run.err);
}

#[test]
fn a_public_key_of_a_token_is_the_one_that_openssl_wrote() {
    let Some(office) = Office::new() else { return };
    office.token("Card");
    for (label, id, kind) in [("ed", "01", ED25519), ("p256", "fe", P256), ("rsa", "03", RSA)] {
        let written = office.import("Card", label, id, kind);
        office.desk.done(&["public-key", &format!("pkcs11:token=Card;object={label};id=%{id}"), label]);
        let read = String::from_utf8(office.desk.read(label)).unwrap();
        assert_eq!(read, String::from_utf8(written).unwrap());
        office.desk.refused(
            &["public-key", &format!("pkcs11:object={label}"), label],
            1,
            &["not written over"],
        );
    }
    let p384 = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"];
    let short = ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"];
    for (label, id, kind) in [("p384", "04", p384), ("short", "05", short)] {
        office.import("Card", label, id, &kind);
        office.desk.refused(&["public-key", &office.key("Card", label), label], 1, &["TOKEN-12", "P-256"]);
    }
    // As a kiosk's settings have the signer of commands.
    let signer = office.desk.done(&["command-signer", "pkcs11:token=Card;object=ed"]);
    assert_eq!(signer, office.desk.done(&["command-signer", "ed"]));
    office.desk.refused(&["command-signer", "pkcs11:object=p256"], 1, &["no Ed25519 key"]);
}

#[test]
fn a_new_key_stays_in_its_token_and_takes_no_others_name() {
    let Some(office) = Office::new() else { return };
    office.token("Card");
    let key = office.new_key("Card", "root", "ed25519");
    office.desk.refused(&["new-key", &key], 1, &["TOKEN-16", "take another"]);
    let pin = office.desk.path("pin");
    let nameless = format!("pkcs11:id=%07?pin-source=file:{}", pin.display());
    office.desk.refused(&["new-key", &nameless], 1, &["TOKEN-17", "object=LABEL"]);
    office.desk.refused(&["new-key", &key, "--algorithm", "rsa"], 2, &["ed25519 or p256"]);
    office.desk.refused(&["new-key", "file", "--algorithm", "p256"], 2, &["in a token"]);
    // What SoftHSM itself says of what it keeps.
    let mut privates = 0;
    for entry in fs::read_dir(office.desk.path("tokens")).unwrap() {
        for file in fs::read_dir(entry.unwrap().path()).unwrap() {
            let file = file.unwrap().path();
            let dump = process::Command::new(office.softhsm.join("root/usr/bin/softhsm2-dump-file"))
                .arg(&file)
                .output();
            let dump = String::from_utf8_lossy(&dump.unwrap().stdout).into_owned();
            let flag = |name: &str| {
                let rest =
                    dump.split(&format!("{name}\n")).nth(1).unwrap_or_else(|| panic!("{name}: {dump}"));
                rest.lines().nth(1).unwrap().to_owned()
            };
            if dump.contains("CKO_PRIVATE_KEY") {
                privates += 1;
                for (name, value) in
                    [("CKA_SENSITIVE", "TRUE"), ("CKA_EXTRACTABLE", "FALSE"), ("CKA_PRIVATE", "TRUE")]
                {
                    assert!(flag(name).contains(value), "{name}: {dump}");
                }
            }
        }
    }
    assert_eq!(privates, 1);
}

#[test]
fn commands_to_kiosks_are_signed_in_tokens() {
    let Some(office) = Office::new() else { return };
    office.token("Card");
    office.import("Card", "p256", "01", P256);
    let desk = &office.desk;
    let keys = ["root-1", "root-2"].map(|label| {
        let (key, public) = (office.new_key("Card", label, "ed25519"), format!("keys/{label}.pub"));
        fs::rename(desk.path(label), desk.path(&public)).unwrap();
        key
    });
    let made = ["command", "made", "--kiosk", "ha-noi-0017", "--from", "2027-01-15", "--until", "2027-01-16"];
    let made = [&made[..], &["--reboot", "--yes", "--key"]].concat();
    desk.refused(&[&made[..], &[&office.key("Card", "p256")]].concat(), 1, &["no Ed25519 key"]);
    desk.done(&[&made[..], &[&keys[0]]].concat());
    desk.done(&["countersign", "made", "--key", &keys[1], "--out", "signed", "--yes"]);
    assert_eq!(taken(desk, "made", &[Kind::Reboot]), Err("CMD-06"));
    assert_eq!(taken(desk, "signed", &[Kind::Reboot]), Ok((What::Reboot {}, 2)));
}

#[test]
fn what_does_not_fit_is_refused_with_a_code_of_its_own() {
    let Some(mut office) = Office::new() else { return };
    office.token("Card");
    office.token("Twin");
    office.token("Twin");
    office.import("Card", "one", "01", ED25519);
    office.import("Card", "two", "02", ED25519);
    office.import("Card", "two", "03", ED25519);
    let refused = |office: &Office, name: &str, code: i32, words: &[&str]| {
        office.desk.refused(&["public-key", name, "out"], code, words);
        assert!(!office.desk.path("out").exists());
    };
    refused(&office, "pkcs11:token=Card", 2, &["names no object"]);
    refused(&office, "pkcs11:object=one?pin-value=27182818", 2, &["seen by everybody", "pin-source"]);
    refused(&office, "pkcs11:token=Gone;object=one", 1, &["TOKEN-03", "\"Card\" with serial="]);
    refused(&office, "pkcs11:object=one", 1, &["TOKEN-04", "3 tokens fit", "serial="]);
    refused(&office, "pkcs11:token=Card;object=none", 1, &["TOKEN-07", "no PIN"]);
    refused(&office, &office.key("Card", "none"), 1, &["TOKEN-05", "no public key"]);
    refused(&office, "pkcs11:token=Card;object=two", 1, &["TOKEN-06", "2 public keys", "id=%XX"]);
    office.desk.done(&["public-key", "pkcs11:token=Card;object=two;id=%03", "three"]);
    assert_eq!(office.desk.read("three"), office.desk.read("two-03.pub"));

    // Of two that are called the same, one by its serial number.
    let run = office.desk.run(&["public-key", "pkcs11:token=Twin;object=one", "out"]);
    assert!(run.err.contains("2 tokens fit"), "{}", run.err);
    let serial = run.err.split("serial=").nth(2).unwrap().split([',', ' ', '\n']).next().unwrap().to_owned();
    refused(&office, &format!("{}&x=1", office.key(&format!("Twin;serial={serial}"), "one")), 2, &["\"x\""]);
    refused(&office, &office.key(&format!("Twin;serial={serial}"), "one"), 1, &["TOKEN-05"]);

    for (module, words) in [
        ("/nowhere/module.so".to_owned(), ["TOKEN-02", "/nowhere/module.so"]),
        (office.desk.path("pin").to_str().unwrap().to_owned(), ["TOKEN-02", "pin"]),
    ] {
        refused(&office, &format!("pkcs11:token=Card;object=one?module-path={module}"), 1, &words);
    }
    let module = office.desk.environment.remove("PKCS11_MODULE_PATH").unwrap();
    refused(&office, "pkcs11:token=Card;object=one", 2, &["TOKEN-01", "PKCS11_MODULE_PATH"]);
    let named = format!("pkcs11:token=Card;object=one?module-path={}", module.to_str().unwrap());
    office.desk.done(&["public-key", &named, "out"]);
}

#[test]
fn a_wrong_pin_is_tried_once_and_a_pin_for_all_to_read_never() {
    let Some(mut office) = Office::new() else { return };
    office.token("Card");
    office.import("Card", "root", "01", ED25519);
    let sign = office.wanting("root-01.pub", "pkcs11:token=Card;object=root");
    office.ill("not");
    office.desk.refused(&words(&sign), 1, &["TOKEN-07", "pin-source=file:"]);
    assert_eq!(office.logins(), 0);
    let with = |office: &Office, file: &str| {
        let sign = words(&sign).into_iter().chain(["--passphrase-file", file]).map(str::to_owned);
        let run = office.desk.run(&words(&sign.collect::<Vec<_>>()));
        assert!(!run.out.contains(PIN) && !run.err.contains(PIN), "{}{}", run.out, run.err);
        run
    };
    let refused = |run: Run, code: &str, words: &str| {
        assert!(run.code == 1 && run.err.contains(code) && run.err.contains(words), "{}{}", run.out, run.err);
    };
    fs::set_permissions(office.desk.path("pin"), fs::Permissions::from_mode(0o640)).unwrap();
    let source = words(&sign).into_iter().map(str::to_owned);
    let mut source: Vec<_> = source.collect();
    *source.last_mut().unwrap() = office.key("Card", "root");
    office.desk.refused(&words(&source), 1, &["TOKEN-07", "others can read"]);
    assert_eq!(office.logins(), 0);
    fs::set_permissions(office.desk.path("pin"), fs::Permissions::from_mode(0o600)).unwrap();

    refused(with(&office, "wrong-pin"), "TOKEN-08", "the PIN is wrong; it is not tried again");
    assert_eq!(office.logins(), 1);
    office.ill("locked");
    refused(with(&office, "pin"), "TOKEN-09", "security officer");
    assert_eq!(office.logins(), 0);
    office.ill("locks");
    refused(with(&office, "pin"), "TOKEN-09", "security officer");
    assert_eq!(office.logins(), 1);
    // Unattended, the last try is nobody's.
    office.ill("last try");
    refused(with(&office, "pin"), "TOKEN-10", "by hand");
    assert_eq!(office.logins(), 0);
    assert!(!office.desk.path("signature").exists());
    office.ill("not");
    assert_eq!(with(&office, "pin").code, 0);
    assert_eq!(office.logins(), 1);
}

#[test]
fn a_token_that_is_pulled_out_or_signs_wrongly_gives_no_signature() {
    let Some(mut office) = Office::new() else { return };
    office.token("Card");
    office.import("Card", "root", "01", P256);
    let sign = office.wanting("root-01.pub", &office.key("Card", "root"));
    for (how, expected) in [
        ("pulled out", ["TOKEN-11", "pulled out"]),
        ("each time", ["TOKEN-13", "anew at each signature"]),
        ("without the mechanism", ["TOKEN-14", "ECDSA): C_SignInit answered MechanismInvalid"]),
        ("another key", ["TOKEN-15", "not by the public key"]),
        ("unwilling", ["TOKEN-18", "C_Sign answered GeneralError"]),
    ] {
        office.ill(how);
        office.desk.refused(&words(&sign), 1, &expected);
        assert!(!office.desk.path("signature").exists());
    }
    // One that shows nothing before the PIN, and one whose PIN is typed on it.
    office.ill("shy");
    office.desk.refused(&["public-key", "pkcs11:token=Card;object=root", "public"], 1, &["TOKEN-07"]);
    office.desk.done(&["public-key", &office.key("Card", "root"), "public"]);
    assert_eq!(office.desk.read("public"), office.desk.read("root-01.pub"));
    office.ill("keys of its own");
    let last = sign.len() - 1;
    office.desk.done(&[&words(&sign)[..last], &["pkcs11:token=Card;object=root"]].concat());
    assert_eq!(office.logins(), 1);
    assert!(office.desk.done(&["merge", "repo", "signature"]).contains("1 of 1 signatures"));
}

#[test]
fn a_pin_that_is_typed_is_not_shown() {
    let Some(mut office) = Office::new() else { return };
    office.token("Card");
    office.import("Card", "root", "01", ED25519);
    let sign = office.wanting("root-01.pub", "'pkcs11:token=Card;object=root'");
    // A terminal of its own, by util-linux.
    let command =
        format!("{} {} --now {}", env!("CARGO_BIN_EXE_kiosk-repo"), sign.join(" "), office.desk.now);
    let mut script = process::Command::new("script");
    script.args(["-q", "-e", "-c", &command, "/dev/null"]).envs(&office.desk.environment);
    script.current_dir(office.desk.path("")).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut script = script.spawn().unwrap();
    let (mut shown, mut out) = (Vec::new(), script.stdout.take().unwrap());
    let mut piece = [0; 1024];
    // What is typed before it asks is thrown away.
    while !String::from_utf8_lossy(&shown).contains("PIN of the token \"Card\": ") {
        let length = out.read(&mut piece).unwrap();
        assert!(length > 0, "{}", String::from_utf8_lossy(&shown));
        shown.extend_from_slice(&piece[..length]);
    }
    let mut typed = script.stdin.take().unwrap();
    typed.write_all(format!("{PIN}\n").as_bytes()).unwrap();
    out.read_to_end(&mut shown).unwrap();
    let shown = String::from_utf8_lossy(&shown);
    assert!(script.wait().unwrap().success(), "{shown}");
    assert!(!shown.contains(PIN), "{shown}");
    assert!(office.desk.done(&["merge", "repo", "signature"]).contains("1 of 1 signatures"));
}

#[test]
fn the_readmes_walk_with_a_token_goes_through() {
    let Some(mut office) = Office::new() else { return };
    office.token("root-1");
    office.desk.now = jiff::Timestamp::now().to_string();
    office.desk.init();
    office.desk.sign("root", &["root-1", "root-2"]);
    office.desk.sign("targets", &["targets-1", "targets-2"]);
    office.desk.publish();
    let desk = &office.desk;
    fs::rename(desk.path("repo"), desk.path("repository")).unwrap();
    fs::copy(desk.path("repository/metadata/1.root.json"), desk.path("shipped-root.json")).unwrap();
    fs::copy(desk.path("pin"), desk.path("root-1.pin")).unwrap();
    let walk = include_str!("../../README.md").split("```sh token\n").nth(1).unwrap();
    let walk = walk.split("```").next().unwrap();
    let programs = Path::new(env!("CARGO_BIN_EXE_kiosk-repo")).parent().unwrap();
    let path = format!("{}:{}", programs.display(), env::var("PATH").unwrap());
    let mut shell = process::Command::new("sh");
    shell.args(["-eu", "-c", walk]).current_dir(desk.path("")).envs(&desk.environment).env("PATH", path);
    let run = Run::of(&shell.output().unwrap());
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert!(run.out.contains("published root version 2"), "{}", run.out);
    assert!(run.out.contains("3 of 2 signatures") || run.out.contains("2 of 2 signatures"), "{}", run.out);
}
