//! What the test issuer signs holds before an independent judge: the `openssl`
//! program checks the security object against the trust list.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use jiff::civil::date;
use openssl::sha::sha256;
use simulators::{
    chance::SeededChance,
    people::{People, Person},
    personalise::{CurveForm, Issuer, Personalised},
    scenario::CardScript,
};

/// The folder of the invented citizens.
const PEOPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/people");
const TODAY: jiff::civil::Date = date(2026, 11, 21);

struct Bench {
    folder: tempfile::TempDir,
    issuer: Issuer,
    person: Person,
}

impl Bench {
    fn new(form: CurveForm) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let person = Person {
            number: "001190000158".into(),
            name: "NGUYỄN THỊ ĐOAN".into(),
            born: date(1990, 11, 7),
            sex: "Nữ".into(),
            address: "Số 1, xã Ví Dụ".into(),
            ..People::load(Path::new(PEOPLE)).unwrap().person("khue").unwrap().clone()
        };
        let issuer = Issuer::generate_with(form, TODAY, &mut SeededChance::new(1)).unwrap();
        Self { folder, issuer, person }
    }

    fn card(&self, script: &CardScript) -> Personalised {
        self.issuer.personalise(&self.person, Path::new(PEOPLE), script, TODAY).unwrap()
    }

    /// Runs the `openssl` program over the card's SOD and the trust list.
    fn verify(&self, card: &Personalised, further: &[&str]) -> Output {
        let path = |name: &str| self.folder.path().join(name);
        // EF.SOD is the CMS object inside tag 77 with a two-byte length.
        fs::write(path("sod.der"), &card.file(0x1D).unwrap()[4..]).unwrap();
        fs::write(path("csca.pem"), self.issuer.csca_pem()).unwrap();
        let mut command = Command::new("openssl");
        command.args(["cms", "-verify", "-inform", "DER", "-binary", "-purpose", "any"]);
        command.arg("-in").arg(path("sod.der")).arg("-CAfile").arg(path("csca.pem"));
        command.arg("-out").arg(path("content.der")).args(["-attime", "1795219200"]).args(further);
        command.output().unwrap()
    }

    fn signed_content(&self) -> Vec<u8> {
        fs::read(self.folder.path().join("content.der")).unwrap()
    }
}

fn holds(content: &[u8], hash: &[u8]) -> bool {
    content.windows(hash.len()).any(|window| window == hash)
}

#[test]
fn the_security_object_verifies_against_the_trust_list() {
    let bench = Bench::new(CurveForm::Named);
    let card = bench.card(&CardScript::default());
    let output = bench.verify(&card, &[]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for group in [1, 2, 13, 14, 15] {
        assert!(holds(&bench.signed_content(), &sha256(card.file(group).unwrap())), "DG{group}");
    }
}

#[test]
fn the_signature_holds_with_explicit_curves_too() {
    let bench = Bench::new(CurveForm::Explicit);
    let card = bench.card(&CardScript::default());
    // The program refuses to build chains over explicit curves, so only the signature.
    let output = bench.verify(&card, &["-noverify"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let output = bench.verify(&card, &[]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("explicit ECC parameters"));
}

#[test]
fn a_forged_portrait_is_not_the_one_that_was_signed() {
    let bench = Bench::new(CurveForm::Named);
    let script = CardScript { forged_portrait: Some("dat".into()), ..CardScript::default() };
    let card = bench.card(&script);
    assert!(bench.verify(&card, &[]).status.success());
    assert!(!holds(&bench.signed_content(), &sha256(card.file(2).unwrap())));
    assert!(holds(&bench.signed_content(), &sha256(card.file(1).unwrap())));
}

#[test]
fn an_unknown_issuer_is_not_in_the_trust_list() {
    let bench = Bench::new(CurveForm::Named);
    let script = CardScript { unknown_issuer: true, ..CardScript::default() };
    let card = bench.card(&script);
    let output = bench.verify(&card, &[]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("unable to get local issuer certificate"));
    assert!(bench.verify(&card, &["-noverify"]).status.success());
}

#[test]
fn an_expired_card_ended_yesterday_and_is_otherwise_genuine() {
    let bench = Bench::new(CurveForm::Named);
    let card = bench.card(&CardScript { expired: true, ..CardScript::default() });
    assert_eq!(&card.mrz()[38..44], "261120");
    assert!(bench.verify(&card, &[]).status.success());
}

#[test]
fn the_card_says_the_same_on_the_outside_as_in_the_chip() {
    let bench = Bench::new(CurveForm::Named);
    let card = bench.card(&CardScript::default());
    assert_eq!(card.printed_code(), "001190000158||Nguyễn Thị Đoan|07111990|Nữ|Số 1, xã Ví Dụ|21112022");
    assert_eq!(card.can(), "000158");
    assert_eq!(&card.mrz()[60..], "NGUYEN<<THI<DOAN<<<<<<<<<<<<<<");
    assert_eq!(&card.mrz()[38..44], "301107");
    assert_eq!(&card.file(1).unwrap()[5..], card.mrz().as_bytes());
}

#[test]
fn dg13_is_der_that_another_tool_can_walk() {
    let bench = Bench::new(CurveForm::Named);
    let card = bench.card(&CardScript::default());
    let path = bench.folder.path().join("dg13.der");
    fs::write(&path, card.file(13).unwrap()).unwrap();
    let output =
        Command::new("openssl").args(["asn1parse", "-inform", "DER", "-i", "-in"]).arg(path).output();
    let text = String::from_utf8(output.unwrap().stdout).unwrap();
    for expected in ["PRINTABLESTRING   :001190000158", "UTF8STRING        :Nguyễn Thị Đoan", "07/11/1990"]
    {
        assert!(text.contains(expected), "{expected} in\n{text}");
    }
}

#[test]
fn a_number_of_eleven_digits_is_refused() {
    let bench = Bench::new(CurveForm::Named);
    let person = Person { number: "00119000015".into(), ..bench.person.clone() };
    let made = bench.issuer.personalise(&person, Path::new(PEOPLE), &CardScript::default(), TODAY);
    let message = made.err().unwrap().to_string();
    assert!(message.contains("00119000015"), "{message}");
}

#[test]
fn the_issuer_of_a_folder_stays_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let open = |seed| Issuer::open(folder.path(), TODAY, &mut SeededChance::new(seed)).unwrap().csca_pem();
    let first = open(1);
    assert_eq!(open(2), first);
    assert_eq!(fs::read_to_string(folder.path().join("csca.pem")).unwrap(), first);
}

#[test]
fn certificates_say_that_they_are_for_tests() {
    let bench = Bench::new(CurveForm::Named);
    let csca = openssl::x509::X509::from_pem(bench.issuer.csca_pem().as_bytes()).unwrap();
    let subject = format!("{:?}", csca.subject_name());
    assert!(subject.contains("TEST"), "{subject}");
    assert_eq!(csca.authority_key_id().unwrap().as_slice(), csca.subject_key_id().unwrap().as_slice());
    assert!(csca.verify(&csca.public_key().unwrap()).unwrap());
}
