//! `kiosk-card read` against a real, private `pcscd` with the virtual card on its
//! virtual reader. The tool finds the daemon by its environment; the card must stand
//! in the daemon's own network, so it is a child: the test marked `ignore`.

use std::{
    env, fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use jiff::civil::{Date, date};
use serde_json::{Value, json};
use simulators::{
    chance::SeededChance,
    citizen_card::CitizenCard,
    pcscd::PrivatePcscd,
    people::People,
    personalise::{Issuer, Personalised},
    scenario::CardScript,
    vpcd::VpcdCard,
};

const TODAY: Date = date(2026, 11, 21);
const SOCKET: &str = "PCSCLITE_CSOCK_NAME";
const PORT: &str = "VIRTUAL_READER_PORT";

#[test]
fn a_whole_card_is_read_judged_and_kept_as_asked() {
    run("child_reads");
}

#[test]
fn a_copied_chip_ends_with_the_code_of_its_verdict() {
    run("child_meets_copies");
}

#[test]
fn a_chip_that_lists_its_applications_and_lengths_has_them_printed() {
    run("child_reads_the_master_file");
}

#[test]
fn of_several_readers_none_is_taken_by_chance() {
    run("child_finds_several_readers");
}

#[test]
fn a_refused_key_ends_with_the_tries_left_and_the_time_it_took() {
    run("child_is_refused");
}

#[test]
fn a_card_without_a_pin_says_so_and_takes_its_number() {
    run("child_has_no_pin");
}

#[test]
fn a_card_with_a_pin_is_opened_with_each_of_its_passwords() {
    run("child_gives_every_password");
}

#[test]
fn a_chip_that_knows_bac_only_is_opened_where_that_is_asked_for_and_it_is_said() {
    run("child_knows_bac_only");
}

/// Runs a child to its end, beside a daemon of its own.
fn run(name: &str) {
    let folder = tempfile::tempdir().unwrap();
    let daemon = PrivatePcscd::start(folder.path()).unwrap();
    let mut child = daemon.inside(env::current_exe().unwrap());
    child.args(["--exact", name, "--ignored", "--nocapture"]);
    child.env(SOCKET, daemon.socket_name()).env(PORT, daemon.port().to_string());
    assert!(child.status().unwrap().success(), "{name} failed");
}

fn read(folder: &Path, further: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kiosk-card"));
    command.current_dir(folder).args(["read", "--reader", "virtual pcd 00 00"]);
    command.args(["--date", "2026-11-21"]).args(further).output().unwrap()
}

fn answer_of(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
}

#[test]
#[ignore = "a child of the tests above"]
fn child_reads() {
    let (_card, issuer, issued, number) = laid(&CardScript::default());
    let portrait = issued.file(2).unwrap().to_vec();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("trust.pem"), issuer.csca_pem()).unwrap();

    let key = ["--number", &number];
    let judged =
        read(folder.path(), &[&key[..], &["--trust", "trust.pem", "--portrait", "face.jpg"]].concat());
    let answer = answer_of(&judged);
    assert_eq!(judged.status.code(), Some(0), "{answer}");
    assert_eq!(answer["judgement"]["verdict"], "authentic");
    assert_eq!(answer["judgement"]["chip"]["result"], "proven");
    assert_eq!(answer["holder"], Value::Null);
    let out = String::from_utf8(judged.stdout).unwrap();
    assert!(!out.contains(&number[3..]) && !out.contains("KHU"), "{out}");
    let said = String::from_utf8(judged.stderr).unwrap();
    assert!(said.contains("secured by PACE") && said.contains("DG2: "), "{said}");
    let face = fs::read(folder.path().join("face.jpg")).unwrap();
    assert!(
        portrait.windows(face.len()).any(|bytes| bytes == face),
        "the portrait is as it lies on the chip"
    );

    let shown = answer_of(&read(
        folder.path(),
        &[&key[..], &["--trust", "trust.pem", "--personal", "--files", "kept"]].concat(),
    ));
    assert_eq!(shown["holder"]["number"], number.as_str());
    // The sixteenth of DG13, as it lies there behind its number.
    let unknown = &shown["holder"]["unknown-fields"];
    assert_eq!((unknown.as_array().unwrap().len(), &unknown[0]["number"]), (1, &16.into()));
    let value = unknown[0]["value"].as_str().unwrap();
    let bytes = (0..value.len()).step_by(2).map(|at| u8::from_str_radix(&value[at..at + 2], 16).unwrap());
    let field: Vec<u8> = [2, 1, 16].into_iter().chain(bytes).collect();
    assert!(field.len() > 6 && issued.file(13).unwrap().windows(field.len()).any(|it| it == field));
    let kept = Command::new(env!("CARGO_BIN_EXE_kiosk-card"))
        .current_dir(folder.path())
        .args(["verify", "kept", "--trust", "trust.pem", "--date", "2026-11-21"])
        .output()
        .unwrap();
    assert_eq!(kept.status.code(), Some(0), "{}", String::from_utf8_lossy(&kept.stdout));

    let unjudged = read(folder.path(), &key);
    assert_eq!((unjudged.status.code(), &answer_of(&unjudged)["judgement"]), (Some(0), &Value::Null));
    let wrong = read(folder.path(), &["--can", "000000"]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("kiosk-card: the card refused the "));
}

#[test]
#[ignore = "a child of the tests above"]
fn child_reads_the_master_file() {
    let script = toml::from_str(
        "[profile.master-file]\nselectable = true\ndirectory = true\n\
         lengths = { command = 4096, answer = 32768 }",
    )
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (mut card, issuer, issued, number) = laid(&script);
    fs::write(folder.path().join("trust.pem"), issuer.csca_pem()).unwrap();
    let output = read(folder.path(), &["--number", &number, "--trust", "trust.pem", "--files", "kept"]);
    let answer = answer_of(&output);
    assert_eq!(output.status.code(), Some(0), "{answer}");
    let lds1 = json!([{ "identifier": "A0000002471001", "label": null, "name": "eMRTD (LDS1)" }]);
    assert_eq!(answer["applications"], lds1);
    assert_eq!(answer["limits"], json!({ "command": 4096, "answer": 32768 }));
    for (name, short_id) in [("EF.DIR", 0x1E), ("EF.ATRINFO", 0x01)] {
        let kept = fs::read(folder.path().join("kept").join(name)).unwrap();
        assert_eq!(Some(&kept[..]), issued.master_file(short_id), "{name}");
    }
    card.lift();
    drop(card);

    // A Vietnamese card has neither, and is read all the same.
    let (_card, issuer, _, number) = laid(&CardScript::default());
    fs::write(folder.path().join("trust.pem"), issuer.csca_pem()).unwrap();
    let output = read(folder.path(), &["--number", &number, "--trust", "trust.pem"]);
    let answer = answer_of(&output);
    assert_eq!(output.status.code(), Some(0), "{answer}");
    assert!(answer.get("applications").is_none() && answer.get("limits").is_none(), "{answer}");
    assert!(answer["files"].as_array().unwrap().len() >= 7, "{answer}");
}

// The daemon has two virtual readers, on one of which the card lies.
#[test]
#[ignore = "a child of the tests above"]
fn child_finds_several_readers() {
    let (_card, _, _, number) = laid(&CardScript::default());
    for further in [&[][..], &["--reader", "virtual pcd"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kiosk-card"));
        let output = command.args(["read", "--number", &number]).args(further).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(said.starts_with("kiosk-card: --reader NAME is needed: several readers"), "{said}");
    }
}

// The virtual card counts down from three for the access number, says nothing of the zone,
// and pauses 100 ms, 200 ms, 400 ms in its refusals.
#[test]
#[ignore = "a child of the tests above"]
fn child_is_refused() {
    let (_card, _, _, number) = laid(&CardScript::default());
    let folder = tempfile::tempdir().unwrap();
    let zone = "999999999,900101,300101";
    for (key, name, left, words, pause) in [
        (["--can", "000000"], "can", Value::from(2), "card access number after 0.", 100),
        (["--can", "000000"], "can", Value::from(1), "leaves 1 try: the key does not open", 200),
        (["--mrz", zone], "mrz", Value::Null, "does not say how many tries are left: the key", 400),
    ] {
        let output = read(folder.path(), &key);
        let refusal = &answer_of(&output)["refusal"];
        assert_eq!(output.status.code(), Some(1));
        assert_eq!((&refusal["password"], &refusal["outcome"]), (&name.into(), &"wrong".into()));
        assert_eq!(refusal["tries-left"], left);
        let time = |name: &str| refusal[name].as_u64().expect("it is a time");
        let (after, slowest) = (time("after-ms"), time("slowest-answer-ms"));
        assert!(pause <= slowest && slowest <= after, "{refusal}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("kiosk-card: the card refused the ") && said.contains(words), "{said}");
        assert!(!said.contains(key[1]), "{said}");
    }
    let right = read(folder.path(), &["--number", &number]);
    assert_eq!(right.status.code(), Some(0));
    assert!(answer_of(&right)["refusal"].is_null());
}

#[test]
#[ignore = "a child of the tests above"]
fn child_knows_bac_only() {
    let script = CardScript { only_bac: true, ..CardScript::default() };
    let (_card, _, issued, _) = laid(&script);
    let folder = tempfile::tempdir().unwrap();
    let key = ["--mrz", issued.mrz()];
    let said = |output: &Output| String::from_utf8_lossy(&output.stderr).into_owned();
    let refused = read(folder.path(), &key);
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("the chip does not offer PACE"), "{}", said(&refused));
    let allowed = read(folder.path(), &[&key[..], &["--allow-bac"]].concat());
    assert_eq!((allowed.status.code(), &answer_of(&allowed)["access"]), (Some(0), &"BAC".into()));
    assert!(said(&allowed).contains("opened with BAC"), "{}", said(&allowed));
}

#[test]
#[ignore = "a child of the tests above"]
fn child_gives_every_password() {
    let script = toml::from_str(
        "[profile.access]\npasswords = ['mrz', 'can', 'pin', 'puk']\npin = '135790'\n\
         puk = '0246813579'\n[faults]\nwrong-password = 'counted'",
    )
    .unwrap();
    let (_card, issuer, issued, number) = laid(&script);
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("trust.pem"), issuer.csca_pem()).unwrap();
    for key in [["--pin", "135790"], ["--puk", "0246813579"], ["--number", &number], ["--mrz", issued.mrz()]]
    {
        let output = read(folder.path(), &[&key[..], &["--trust", "trust.pem"]].concat());
        let answer = answer_of(&output);
        assert_eq!(output.status.code(), Some(0), "{}: {answer}", key[0]);
        assert_eq!(answer["judgement"]["verdict"], "authentic");
        assert!(answer["access"].as_str().unwrap().starts_with("PACE"), "{answer}");
    }
    // From the standard input, where nobody on the machine sees it.
    let mut command = Command::new(env!("CARGO_BIN_EXE_kiosk-card"));
    command.args(["read", "--reader", "virtual pcd 00 00", "--pin", "-"]);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"135790\n").unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));

    for (key, name) in [(["--pin", "0246813579"], "pin"), (["--puk", "135790"], "puk")] {
        let wrong = read(folder.path(), &key);
        let refusal = &answer_of(&wrong)["refusal"];
        assert_eq!(wrong.status.code(), Some(1));
        assert_eq!((&refusal["password"], &refusal["outcome"]), (&name.into(), &"wrong".into()));
        assert!(refusal["tries-left"].is_number(), "{refusal}");
    }
}

// A Vietnamese card has neither: the chip does not know that kind of password.
#[test]
#[ignore = "a child of the tests above"]
fn child_has_no_pin() {
    let (_card, _, _, number) = laid(&CardScript::default());
    let folder = tempfile::tempdir().unwrap();
    for option in ["--pin", "--puk"] {
        let output = read(folder.path(), &[option, "135790"]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(output.stdout.is_empty() && said.contains("PACE, round 0 was refused"), "{said}");
    }
    assert_eq!(read(folder.path(), &["--number", &number]).status.code(), Some(0));
}

#[test]
#[ignore = "a child of the tests above"]
fn child_meets_copies() {
    let active_only = "[profile]\nchip-authentication = []\n";
    for (profile, says) in [("", "does not hold the key"), (active_only, "clone-suspected")] {
        let script = toml::from_str(&format!("{profile}[faults]\ncloned = 'keys-missing'")).unwrap();
        let (mut card, issuer, _, number) = laid(&script);
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("trust.pem"), issuer.csca_pem()).unwrap();
        let output = read(folder.path(), &["--number", &number, "--trust", "trust.pem", "--personal"]);
        let (out, said) =
            (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert_eq!(output.status.code(), Some(15), "{said}");
        assert!(out.contains(says) || said.contains(says), "{out}{said}");
        assert!(!out.contains(&number), "a copy has no holder");
        card.lift();
    }
}

/// A card of one of the invented citizens on the virtual reader.
fn laid(script: &CardScript) -> (VpcdCard, Issuer, Personalised, String) {
    let people = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../simulators/people");
    let issuer = Issuer::generate(TODAY, &mut SeededChance::new(1)).unwrap();
    let all = People::load(&people).unwrap();
    let person = all.person("khue").unwrap();
    let issued = issuer.personalise(person, &people, script, TODAY).unwrap();
    let port = env::var(PORT).unwrap().parse().unwrap();
    let mut card = VpcdCard::new(Box::new(CitizenCard::new(issued.clone(), script, 7)), port);
    card.lay().unwrap();
    (card, issuer, issued, person.number.clone())
}
