//! What the tool prints and with which exit code it ends, run as a program on files
//! of the virtual card and on lists made by the OpenSSL command line.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use jiff::civil::{Date, date};
use serde_json::Value;
use simulators::{chance::SeededChance, people::People, personalise::Issuer, scenario::CardScript};
use tempfile::TempDir;

const TODAY: Date = date(2026, 11, 21);

fn tool(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kiosk-card")).current_dir(folder).args(arguments).output().unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("the tool ends by itself")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A folder with `card/`, the files by identifier, `trust.pem`, the same with another
/// country's authority in `both.pem`, and the revocation list `list.crl`.
fn card(script: &CardScript) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let people = Path::new(env!("CARGO_MANIFEST_DIR")).join("../simulators/people");
    let issuer = Issuer::generate(TODAY, &mut SeededChance::new(1)).unwrap();
    let all = People::load(&people).unwrap();
    let issued = issuer.personalise(all.person("khue").unwrap(), &people, script, TODAY).unwrap();
    fs::create_dir(folder.path().join("card")).unwrap();
    for id in [0x1E, 0x1D, 1, 2, 13, 14, 15] {
        let path = folder.path().join(format!("card/{:04X}.bin", 0x0100 + u16::from(id)));
        fs::write(path, issued.file(id).unwrap()).unwrap();
    }
    fs::write(folder.path().join("trust.pem"), issuer.csca_pem()).unwrap();
    let both = [issuer.csca_pem(), issuer.foreign_csca().certificate_pem().unwrap()].concat();
    fs::write(folder.path().join("both.pem"), both).unwrap();
    fs::write(folder.path().join("list.crl"), issuer.revocation_list().unwrap()).unwrap();
    folder
}

fn verify(folder: &Path, further: &[&str]) -> Output {
    let usual = ["verify", "card", "--trust", "trust.pem", "--date", "2026-11-21"];
    tool(folder, &[&usual[..], further].concat())
}

#[test]
fn an_authentic_card_ends_with_0_and_every_check_has_a_line() {
    let folder = card(&CardScript::default());
    let output = verify(folder.path(), &[]);
    let out = text(&output.stdout);
    assert_eq!(code(&output), 0, "{out}{}", text(&output.stderr));
    assert!(out.starts_with("verdict: authentic\n"), "{out}");
    for line in [
        "signature of EF.SOD          passed",
        "digest of DG2                passed",
        "digest of DG3                not done: the file is not there",
        "chain to the trust list      passed",
        "revocation                   not done: no revocation list of this issuer",
        "chip authentication          not done: the chip was not asked",
        "revocation: not checked",
    ] {
        assert!(out.contains(line), "{line}\n{out}");
    }
    let listed = verify(folder.path(), &["--crl", "list.crl", "--require-crl"]);
    assert_eq!(code(&listed), 0, "{}", text(&listed.stderr));
    assert!(text(&listed.stdout).contains("revocation: not in the list of 2026-11-21"));
}

#[test]
fn the_json_has_the_whole_judgement_and_nothing_personal() {
    let folder = card(&CardScript::default());
    let out = text(&verify(folder.path(), &["--json"]).stdout);
    let judgement: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(judgement["verdict"], "authentic");
    assert_eq!(judgement["revocation"]["result"], "not-checked");
    assert_eq!(judgement["chip"]["result"], "not-checked");
    assert_eq!(judgement["checks"][0]["of"], "signature");
    assert_eq!(judgement["checks"][0]["outcome"], "passed");
    let people = Path::new(env!("CARGO_MANIFEST_DIR")).join("../simulators/people");
    let all = People::load(&people).unwrap();
    let person = all.person("khue").unwrap();
    for personal in [&person.number, &person.name, &person.address, &person.number[3..].to_owned()] {
        assert!(!out.to_uppercase().contains(&personal.to_uppercase()), "{personal}");
    }
}

/// A card whose signer has a fault of that name.
fn signer(fault: &str) -> CardScript {
    toml::from_str(&format!("[faults]\nsigner = '{fault}'")).unwrap()
}

#[test]
fn every_verdict_has_its_exit_code() {
    let check = |script: &CardScript, further: &[&str], expected: i32, words: &str| {
        let output = verify(card(script).path(), further);
        let out = text(&output.stdout);
        assert_eq!(code(&output), expected, "{out}{}", text(&output.stderr));
        assert!(out.starts_with(&format!("verdict: {words}")), "{out}");
    };
    let usual = CardScript::default;
    check(&CardScript { unknown_issuer: true, ..usual() }, &[], 10, "CHAIN UNKNOWN");
    check(&CardScript { forged_portrait: Some("dat".to_owned()), ..usual() }, &[], 11, "ALTERED: DG2");
    let revoked = signer("revoked");
    check(&revoked, &["--crl", "list.crl"], 12, "REVOKED on 2026-");
    check(&revoked, &[], 0, "authentic");
    check(&usual(), &["--date", "2047-01-01"], 13, "SIGNER EXPIRED");
    check(&signer("expired"), &[], 13, "SIGNER EXPIRED");
    check(&signer("wrong-usage"), &[], 14, "SIGNER NOT VALID");
    check(&signer("foreign"), &["--trust", "both.pem"], 14, "SIGNER NOT VALID");
    check(&signer("foreign"), &[], 10, "CHAIN UNKNOWN");
    check(&usual(), &["--require-crl"], 16, "NOT CONFIRMED: no current revocation list");
    check(&usual(), &["--require-chip"], 17, "NOT CONFIRMED: the chip was not asked");
    let folder = card(&usual());
    let alone =
        tool(folder.path(), &["verify", "card/011D.bin", "--trust", "trust.pem", "--date", "2026-11-21"]);
    assert_eq!(code(&alone), 18, "{}", text(&alone.stdout));
    fs::remove_file(folder.path().join("card/011D.bin")).unwrap();
    assert_eq!(code(&verify(folder.path(), &[])), 19);
}

#[test]
fn a_wrong_command_line_or_file_is_named_in_one_line() {
    let folder = card(&CardScript::default());
    let check = |arguments: &[&str], expected: i32, words: &str| {
        let output = tool(folder.path(), arguments);
        let said = text(&output.stderr);
        assert_eq!(code(&output), expected, "{said}");
        assert!(said.contains(words) && said.lines().count() == 1, "{said}");
        assert!(output.stdout.is_empty());
    };
    check(&[], 2, "no command");
    check(&["open"], 2, "no such command: open");
    check(&["verify", "card"], 2, "--trust");
    check(&["verify", "--trust", "trust.pem"], 2, "folder");
    check(&["verify", "card", "--trust", "trust.pem", "--can", "123456"], 2, "--can");
    check(&["verify", "card", "--trust", "trust.pem", "--date", "yesterday"], 2, "yesterday is no day");
    check(&["read"], 2, "--can, --number, --mrz, --pin or --puk");
    check(&["read", "--can", "12345"], 2, "six digits");
    check(&["read", "--pin", "123"], 2, "4 to 16 digits");
    check(&["read", "--puk", "12345678901234567"], 2, "4 to 16 digits");
    check(&["read", "--pin", "12345", "--puk", "1234567890"], 2, "one key is enough");
    check(&["masterlist"], 2, "inspect or import");
    check(&["verify", "nowhere", "--trust", "trust.pem"], 1, "nowhere");
    check(&["verify", "card", "--trust", "card/0101.bin"], 1, "card/0101.bin");
    check(&["verify", "card", "--trust", "trust.pem", "--crl", "trust.pem"], 3, "trust.pem");
    fs::copy(folder.path().join("card/0101.bin"), folder.path().join("card/DG1")).unwrap();
    check(&["verify", "card", "--trust", "trust.pem"], 1, "two files of the folder are DG1");
}

#[test]
fn every_command_explains_itself() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, words) in [
        (&["--help"][..], "EXIT CODES"),
        (&["read", "--help"], "--portrait FILE"),
        (&["verify", "--help"], "--require-crl"),
        (&["masterlist", "--help"], "--accept-older"),
        (&["masterlist", "import", "--help"], "--dry-run"),
        (&["--version"], "kiosk-card "),
    ] {
        let output = tool(folder.path(), arguments);
        assert_eq!(code(&output), 0);
        assert!(text(&output.stdout).contains(words), "{arguments:?}");
    }
}

/// A state's root, its signer of master lists and a list of the root alone, all by
/// the OpenSSL command line.
fn published(folder: &Path) -> PathBuf {
    let openssl = |arguments: &[&str]| {
        let done = Command::new("openssl").current_dir(folder).args(arguments).output().unwrap();
        assert!(done.status.success(), "{arguments:?}: {}", text(&done.stderr));
    };
    let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:brainpoolP384r1", "-nodes", "-sha384"];
    let root = [
        "req",
        "-x509",
        "-subj",
        "/C=UT/CN=TEST CSCA",
        "-days",
        "3650",
        "-keyout",
        "root.key",
        "-out",
        "root.pem",
    ];
    openssl(&[&root[..], &curve, &["-addext", "keyUsage=critical,keyCertSign,cRLSign"]].concat());
    let request =
        ["req", "-subj", "/C=UT/CN=TEST list signer", "-keyout", "signer.key", "-out", "signer.csr"];
    openssl(&[&request[..], &curve].concat());
    let plan = "keyUsage=critical,digitalSignature\nextendedKeyUsage=critical,2.23.136.1.1.3\n\
                subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n";
    fs::write(folder.join("plan"), plan).unwrap();
    openssl(&[
        "x509",
        "-req",
        "-in",
        "signer.csr",
        "-CA",
        "root.pem",
        "-CAkey",
        "root.key",
        "-set_serial",
        "2",
        "-days",
        "3000",
        "-sha384",
        "-extfile",
        "plan",
        "-out",
        "signer.pem",
    ]);
    openssl(&["x509", "-in", "root.pem", "-outform", "DER", "-out", "root.cer"]);
    let certificate = fs::read(folder.join("root.cer")).unwrap();
    let long = |tag: u8, content: &[u8]| {
        let [high, low] = (content.len() as u16).to_be_bytes();
        [&[tag, 0x82, high, low][..], content].concat()
    };
    let content = long(0x30, &[&[2, 1, 0][..], &long(0x31, &certificate)].concat());
    fs::write(folder.join("content"), content).unwrap();
    openssl(&[
        "cms",
        "-sign",
        "-binary",
        "-nodetach",
        "-nosmimecap",
        "-keyid",
        "-md",
        "sha384",
        "-econtent_type",
        "2.23.136.1.1.2",
        "-in",
        "content",
        "-signer",
        "signer.pem",
        "-inkey",
        "signer.key",
        "-outform",
        "DER",
        "-out",
        "list.ml",
    ]);
    folder.join("list.ml")
}

#[test]
fn a_master_list_is_looked_into_with_its_root_only() {
    let folder = tempfile::tempdir().unwrap();
    published(folder.path());
    let output = tool(folder.path(), &["masterlist", "inspect", "list.ml", "--root", "root.cer"]);
    let out = text(&output.stdout);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    assert!(out.starts_with("master list of UT, signed at "), "{out}");
    assert!(out.contains("1 certificates of 1 countries: 1 self-signed, 0 links"), "{out}");
    assert!(out.contains("keys: brainpoolP384r1 1"), "{out}");
    let json = tool(folder.path(), &["masterlist", "inspect", "list.ml", "--root", "root.pem", "--json"]);
    let summary: Value = serde_json::from_str(&text(&json.stdout)).unwrap();
    assert_eq!((&summary["certificates"], &summary["countries"]["UT"]), (&1.into(), &1.into()));
    assert_eq!(summary["signer"]["algorithm"], "ecdsa-sha384");

    let other = tempfile::tempdir().unwrap();
    published(other.path());
    let stranger = other.path().join("root.cer");
    let refused =
        tool(folder.path(), &["masterlist", "inspect", "list.ml", "--root", stranger.to_str().unwrap()]);
    assert_eq!(code(&refused), 3);
    assert!(text(&refused.stderr).contains("is not trusted"), "{}", text(&refused.stderr));
    assert!(refused.stdout.is_empty());
}

#[test]
fn an_import_says_what_it_changes_and_refuses_to_go_back() {
    let folder = tempfile::tempdir().unwrap();
    published(folder.path());
    let import = |further: &[&str]| {
        let usual = ["masterlist", "import", "list.ml", "--trust", "trust.pem"];
        tool(folder.path(), &[&usual[..], further].concat())
    };
    let trust = folder.path().join("trust.pem");
    let dry = import(&["--root", "root.cer", "--dry-run"]);
    assert_eq!(code(&dry), 0, "{}", text(&dry.stderr));
    assert!(text(&dry.stdout).contains("1 added, 0 gone, 0 kept, 0 left out"));
    assert!(!trust.exists());
    assert_eq!(code(&import(&["--root", "root.cer"])), 0);
    // From now on the trust list is root enough.
    let again = import(&[]);
    assert!(text(&again.stdout).contains("0 added, 0 gone, 1 kept"), "{}", text(&again.stderr));

    let kept = fs::read_to_string(&trust).unwrap();
    let line = kept.lines().next().unwrap();
    assert!(line.starts_with("Master-list: UT "), "{line}");
    let (_, rest) = line.split_once("UT ").unwrap();
    let newer = kept.replacen(&rest[..4], "2200", 1);
    fs::write(&trust, &newer).unwrap();
    let back = import(&[]);
    assert_eq!(code(&back), 3);
    assert!(text(&back.stderr).contains("was imported before"), "{}", text(&back.stderr));
    assert_eq!(fs::read_to_string(&trust).unwrap(), newer);
    assert_eq!(code(&import(&["--accept-older"])), 0);
    assert_eq!(fs::read_to_string(&trust).unwrap(), kept);
}
