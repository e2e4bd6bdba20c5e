//! What is accepted, and everything that is not.

use std::collections::BTreeSet;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use command::{
    AllowFault, AllowList, Command, CommandId, For, Here, Kind, LONGEST_ENVELOPE, LONGEST_PERIOD, Ledger,
    Name, PAYLOAD_TYPE, Refusal, Signed, Signer, Time, What, accept, pae,
};
use ed25519_dalek::{Signer as _, SigningKey};
use jiff::{SignedDuration, Timestamp};
use upkeep::{Line, LockReason, Words};

fn name(text: &str) -> Name {
    text.to_owned().try_into().unwrap()
}

/// The operator may do all, the deputy all but start anew, the province only show messages.
fn key(of: &str) -> SigningKey {
    let seed = match of {
        "operator" => 1,
        "deputy" => 2,
        "province" => 3,
        _ => 9,
    };
    SigningKey::from_bytes(&[seed; 32])
}

fn signer(of: &str, may: &[Kind]) -> Signer {
    Signer { name: name(of), key: key(of).verifying_key(), may: may.iter().copied().collect() }
}

fn allowed() -> AllowList {
    let deputy = [Kind::Lock, Kind::Unlock, Kind::CollectLogs, Kind::Message];
    let signers =
        vec![signer("operator", &Kind::ALL), signer("deputy", &deputy), signer("province", &[Kind::Message])];
    AllowList::new(signers, [Kind::CollectLogs].into()).unwrap()
}

fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + minute * 60).unwrap()
}

fn command(number: u8, what: What) -> Command {
    Command {
        id: CommandId::new([number; 16]),
        r#for: For::Kiosks([name("ha-noi-0017"), name("ha-noi-0018")].into()),
        what,
        not_before: at(0),
        not_after: at(60),
        sequence: number.into(),
    }
}

fn line(text: &str) -> Line {
    text.to_owned().try_into().unwrap()
}

fn message() -> What {
    What::Message {
        words: Words { vi: line("Nghỉ trưa đến 13:30"), en: line("Lunch until 13:30") },
        until: at(90),
    }
}

fn logs() -> What {
    What::CollectLogs { which: [name("kioskd")].into() }
}

fn signed(command: Command, by: &[&str]) -> Vec<u8> {
    let mut signed = Signed::draft(command).unwrap();
    for of in by {
        signed.sign(&key(of)).unwrap();
    }
    signed.to_text().unwrap().into_bytes()
}

fn begun() -> Ledger {
    let mut ledger = Ledger::default();
    assert!(ledger.begin(at(-10)));
    ledger
}

fn at_minute(minute: i64, envelope: &[u8], ledger: &Ledger) -> Result<Ledger, &'static str> {
    let (kiosk, site) = (name("ha-noi-0017"), name("ba-dinh"));
    let here = Here { kiosk: &kiosk, site: Some(&site), time: Time::Known(at(minute)) };
    let accepted = accept(envelope, &allowed(), &here, ledger);
    accepted.map(|(_, ledger)| ledger).map_err(|refusal| refusal.code())
}

fn check(envelope: &[u8], expected: Result<(), &str>) {
    let got = at_minute(5, envelope, &begun()).map(|_| ());
    assert_eq!(got, expected, "{}", String::from_utf8_lossy(envelope));
}

/// An envelope around any bytes, well signed by the operator.
fn around(payload: &[u8], payload_type: &str) -> Vec<u8> {
    let signature = key("operator").sign(&pae(payload_type, payload));
    format!(
        r#"{{"payload":"{}","payloadType":"{payload_type}","signatures":[{{"sig":"{}"}}]}}"#,
        BASE64_STANDARD.encode(payload),
        BASE64_STANDARD.encode(signature.to_bytes())
    )
    .into_bytes()
}

#[test]
fn every_kind_is_accepted_from_those_who_may() {
    let kinds =
        [What::Lock { minutes: 30, reason: LockReason::Repair }, What::Unlock {}, What::Reboot {}, message()];
    for (number, what) in (1..).zip(kinds) {
        check(&signed(command(number, what), &["operator"]), Ok(()));
    }
    check(&signed(command(9, logs()), &["operator", "deputy"]), Ok(()));
    check(&signed(command(9, message()), &["province"]), Ok(()));
}

#[test]
fn what_is_accepted_is_what_was_signed_and_says_by_whom() {
    let kiosk = name("ha-noi-0018");
    let here = Here { kiosk: &kiosk, site: None, time: Time::Known(at(60)) };
    let asked = command(4, message());
    let envelope = signed(asked.clone(), &["deputy", "stranger", "province"]);
    let (accepted, _) = accept(&envelope, &allowed(), &here, &begun()).unwrap();
    assert_eq!(accepted.command(), &asked);
    assert_eq!(accepted.signers(), [name("deputy"), name("province")]);
    assert_eq!(accepted.at(), at(60));
}

/// Made without this crate: canonical JSON by hand, signed by OpenSSL (`pkeyutl -rawin`).
#[test]
fn envelopes_of_another_tool_are_taken() {
    let kiosk = name("kiosk-1");
    let signers = vec![Signer { name: name("tool"), ..signer("stranger", &Kind::ALL) }];
    let allowed = AllowList::new(signers, BTreeSet::new()).unwrap();
    let here = Here { kiosk: &kiosk, site: None, time: Time::Known(at(5)) };
    for (envelope, kind) in [
        (include_str!("../../fuzz/corpus/command/test-message"), Kind::Message),
        (include_str!("../../fuzz/corpus/command/test-lock"), Kind::Lock),
        (include_str!("../../fuzz/corpus/command/test-logs"), Kind::CollectLogs),
        (include_str!("../../fuzz/corpus/command/test-reboot"), Kind::Reboot),
    ] {
        let (accepted, _) = accept(envelope.as_bytes(), &allowed, &here, &begun()).unwrap();
        assert_eq!(accepted.command().what.kind(), kind);
        assert_eq!(Signed::parse(envelope.as_bytes()).unwrap().to_text().unwrap(), envelope);
    }
}

#[test]
fn a_signature_made_elsewhere_is_taken_from_its_own_key_alone() {
    let mut draft = Signed::draft(command(1, message())).unwrap();
    let signature = key("province").sign(&draft.message().unwrap()).to_bytes();
    let refused = draft.attach(&key("operator").verifying_key(), signature).unwrap_err();
    assert!(matches!(refused, Refusal::NotSigned { have: 0, .. }), "{refused}");
    for _ in 0..2 {
        draft.attach(&key("province").verifying_key(), signature).unwrap();
    }
    let text = draft.to_text().unwrap();
    assert_eq!(text.matches("\"sig\"").count(), 1, "{text}");
    check(text.as_bytes(), Ok(()));
}

#[test]
fn nobody_orders_what_they_may_not() {
    check(&signed(command(1, What::Reboot {}), &["province"]), Err("CMD-06"));
    check(&signed(command(1, What::Reboot {}), &["deputy", "province"]), Err("CMD-06"));
    check(&signed(command(1, What::Unlock {}), &["province"]), Err("CMD-06"));
    check(&signed(command(1, message()), &["stranger"]), Err("CMD-06"));
    // Two must sign, two different ones, and both may.
    for by in
        [&["operator"][..], &["operator", "operator"], &["operator", "province"], &["operator", "stranger"]]
    {
        check(&signed(command(1, logs()), by), Err("CMD-06"));
    }
    // The same signature twice in one envelope is one signer.
    let text = String::from_utf8(signed(command(1, logs()), &["operator"])).unwrap();
    let one = text.split("\"signatures\":[").nth(1).unwrap().trim_end_matches("]}");
    let twice = text.replace(one, &format!("{one},{one}"));
    check(twice.as_bytes(), Err("CMD-06"));
}

#[test]
fn a_kiosk_without_signers_takes_nothing() {
    let kiosk = name("ha-noi-0017");
    let here = Here { kiosk: &kiosk, site: None, time: Time::Known(at(5)) };
    let envelope = signed(command(1, What::Unlock {}), &["operator", "deputy"]);
    let refusal = accept(&envelope, &AllowList::default(), &here, &begun()).unwrap_err();
    assert_eq!(refusal, Refusal::NotSigned { kind: Kind::Unlock, have: 0, needed: 1 });
}

#[test]
fn what_is_changed_after_signing_is_not_signed() {
    let genuine = signed(command(1, What::Lock { minutes: 30, reason: LockReason::Check }), &["operator"]);
    let text = String::from_utf8(genuine).unwrap();
    let other = signed(command(1, What::Lock { minutes: 31, reason: LockReason::Check }), &["stranger"]);
    let other = String::from_utf8(other).unwrap();
    let payload = |text: &str| text.split('"').nth(3).unwrap().to_owned();
    check(text.replace(&payload(&text), &payload(&other)).as_bytes(), Err("CMD-06"));
    // Every bit of the signature counts.
    let signature = text.rsplit('"').nth(1).unwrap();
    let mut bytes = BASE64_STANDARD.decode(signature).unwrap();
    for at in 0..bytes.len() {
        bytes[at] ^= 1;
        let forged = text.replace(signature, &BASE64_STANDARD.encode(&bytes));
        check(forged.as_bytes(), Err("CMD-06"));
        bytes[at] ^= 1;
    }
    // The key's name in the envelope is not signed, and does not count.
    let id = hex::encode(key("operator").verifying_key().as_bytes());
    check(text.replace(&id, "somebody").as_bytes(), Ok(()));
}

#[test]
fn what_is_cut_off_anywhere_is_refused() {
    let whole = signed(command(1, message()), &["operator", "province"]);
    for length in 0..whole.len() {
        assert!(at_minute(5, &whole[..length], &begun()).is_err(), "{length}");
    }
}

#[test]
fn a_command_is_good_in_its_time_alone() {
    let envelope = signed(command(1, What::Unlock {}), &["operator"]);
    for (minute, expected) in
        [(-1, Err("CMD-08")), (0, Ok(())), (60, Ok(())), (61, Err("CMD-09")), (100_000, Err("CMD-09"))]
    {
        let got = at_minute(minute, &envelope, &begun()).map(|_| ());
        assert_eq!(got, expected, "{minute}");
    }
    let kiosk = name("ha-noi-0017");
    let here = Here { kiosk: &kiosk, site: None, time: Time::Unknown };
    let refusal = accept(&envelope, &allowed(), &here, &begun()).unwrap_err();
    assert!(refusal == Refusal::TimeUnknown && refusal.is_for_now());
}

#[test]
fn other_kiosks_and_sites_do_not_mind() {
    for (whom, expected) in [
        (For::Kiosks([name("ha-noi-0018")].into()), Err("CMD-07")),
        (For::Kiosks([name("ha-noi-001")].into()), Err("CMD-07")),
        (For::Site(name("ba-dinh")), Ok(())),
        (For::Site(name("hoan-kiem")), Err("CMD-07")),
        (For::Site(name("ha-noi-0017")), Err("CMD-07")),
    ] {
        let asked = Command { r#for: whom, ..command(1, What::Unlock {}) };
        check(&signed(asked, &["operator"]), expected);
    }
    let kiosk = name("ha-noi-0017");
    let nowhere = Here { kiosk: &kiosk, site: None, time: Time::Known(at(5)) };
    let asked = Command { r#for: For::Site(name("ba-dinh")), ..command(1, What::Unlock {}) };
    let refusal = accept(&signed(asked, &["operator"]), &allowed(), &nowhere, &begun()).unwrap_err();
    assert_eq!(refusal, Refusal::OtherKiosk);
}

#[test]
fn nothing_is_accepted_twice() {
    let first = signed(command(5, What::Reboot {}), &["operator"]);
    let ledger = at_minute(5, &first, &begun()).unwrap();
    assert_eq!(at_minute(6, &first, &ledger), Err("CMD-11"));
    // An older number of the same signer, whatever it orders, and the same number once more.
    for number in [4, 5] {
        let older = Command { id: CommandId::new([99; 16]), ..command(number, message()) };
        assert_eq!(at_minute(6, &signed(older.clone(), &["operator"]), &ledger), Err("CMD-11"), "{number}");
        // Another signer counts for themselves.
        assert!(at_minute(6, &signed(older, &["province"]), &ledger).is_ok());
    }
    assert!(at_minute(6, &signed(command(6, message()), &["operator"]), &ledger).is_ok());
}

#[test]
fn one_command_of_two_signers_is_one_command() {
    let both = signed(command(5, message()), &["operator", "province"]);
    let text = String::from_utf8(both.clone()).unwrap();
    let signatures = text.split("\"signatures\":[").nth(1).unwrap().trim_end_matches("]}");
    let middle = signatures.find("},{").unwrap() + 1;
    let (first, second) = (&signatures[..middle], &signatures[middle + 1..]);
    let only = |one: &str| text.replace(signatures, one).into_bytes();
    for (before, after) in [
        (only(first), only(second)),
        (only(second), only(first)),
        (only(first), both.clone()),
        (both, only(second)),
    ] {
        let ledger = at_minute(5, &before, &begun()).unwrap();
        assert_eq!(at_minute(6, &after, &ledger), Err("CMD-11"));
    }
}

#[test]
fn a_lost_ledger_brings_nothing_again() {
    let old = signed(command(5, What::Reboot {}), &["operator"]);
    let mut anew = Ledger::default();
    assert_eq!(at_minute(6, &old, &anew), Err("CMD-11"), "it has not begun");
    anew.begin(at(6));
    assert!(!anew.begin(at(60)), "it begins once");
    assert_eq!(at_minute(7, &old, &anew), Err("CMD-11"));
    let newer = Command { not_before: at(6), ..command(1, What::Reboot {}) };
    assert!(at_minute(7, &signed(newer, &["operator"]), &anew).is_ok());
}

#[test]
fn a_ledger_that_began_by_a_clock_that_was_years_ahead_takes_commands_again() {
    let envelope = signed(command(5, What::Reboot {}), &["operator"]);
    let mut ledger = Ledger::default();
    ledger.begin(at(5_000_000));
    assert_eq!(at_minute(5, &envelope, &ledger), Err("CMD-11"));
    assert!(ledger.begin(at(-1)));
    assert!(at_minute(5, &envelope, &ledger).is_ok());
}

#[test]
fn an_id_is_remembered_longer_than_the_command_is_good() {
    let both = signed(command(5, message()), &["operator", "province"]);
    let ledger = at_minute(5, &both, &begun()).unwrap();
    let later = Command { not_before: at(60), not_after: at(8_000), ..command(6, What::Unlock {}) };
    let ledger = at_minute(7_000, &signed(later, &["operator"]), &ledger).unwrap();
    let kept = serde_json::to_string(&ledger).unwrap();
    assert!(kept.contains(CommandId::new([5; 16]).as_str()), "{kept}");
    let much_later = Command { not_before: at(50_000), not_after: at(50_060), ..command(7, What::Unlock {}) };
    let ledger = at_minute(50_001, &signed(much_later, &["operator"]), &ledger).unwrap();
    let kept = serde_json::to_string(&ledger).unwrap();
    assert!(!kept.contains(CommandId::new([5; 16]).as_str()), "{kept}");
    assert_eq!(serde_json::from_str::<Ledger>(&kept).unwrap(), ledger);
}

#[test]
fn more_commands_than_are_remembered_wait() {
    let mut ledger = begun();
    let nth = |number: u16| {
        let mut id = [0; 16];
        id[..2].copy_from_slice(&number.to_be_bytes());
        Command { id: CommandId::new(id), sequence: number.into(), ..command(1, What::Unlock {}) }
    };
    for number in 1..=512 {
        ledger = at_minute(5, &signed(nth(number), &["operator"]), &ledger).unwrap();
    }
    assert_eq!(at_minute(5, &signed(nth(513), &["operator"]), &ledger), Err("CMD-12"));
    assert!(serde_json::to_vec(&ledger).unwrap().len() < 64 * 1024);
}

#[test]
fn what_is_longer_than_a_command_is_not_read() {
    let mut envelope = signed(command(1, What::Unlock {}), &["operator"]);
    envelope.resize(LONGEST_ENVELOPE, b' ');
    check(&envelope, Ok(()));
    envelope.push(b' ');
    check(&envelope, Err("CMD-01"));
}

#[test]
fn an_envelope_of_something_else_is_refused() {
    let payload = command(1, What::Unlock {}).to_bytes().unwrap();
    check(&around(&payload, PAYLOAD_TYPE), Ok(()));
    check(&around(&payload, "application/json"), Err("CMD-03"));
    check(b"{}", Err("CMD-02"));
    check(b"null", Err("CMD-02"));
    check(br#"{"payload":"","payloadType":"x","signatures":[]}"#, Err("CMD-03"));
    let text = String::from_utf8(around(&payload, PAYLOAD_TYPE)).unwrap();
    // Without signatures, with too many, and with one that is none.
    let one = text.split("\"signatures\":[").nth(1).unwrap().trim_end_matches("]}");
    check(text.replace(one, "").as_bytes(), Err("CMD-02"));
    let many = [r#"{"sig":"AAAA"}"#; 9].join(",");
    check(text.replace(one, &many).as_bytes(), Err("CMD-02"));
    check(text.replace(one, r#"{"sig":"AAAA"}"#).as_bytes(), Err("CMD-02"));
    check(text.replace(one, r#"{"sig":"not base64"}"#).as_bytes(), Err("CMD-02"));
    // What the specification wants to be passed over, and the other alphabet of base64.
    check(text.replacen('{', r#"{"colour":"green","#, 1).as_bytes(), Ok(()));
    let signature = text.rsplit('"').nth(1).unwrap();
    let other = signature.replace('+', "-").replace('/', "_");
    check(text.replace(signature, &other).as_bytes(), Ok(()));
}

/// A payload by hand, well signed.
fn payload(from: &str, to: &str) -> Vec<u8> {
    let asked = command(1, What::Lock { minutes: 30, reason: LockReason::Check });
    let text = String::from_utf8(asked.to_bytes().unwrap()).unwrap();
    assert!(text.contains(from), "{from} in {text}");
    around(text.replacen(from, to, 1).as_bytes(), PAYLOAD_TYPE)
}

#[test]
fn what_is_signed_has_one_spelling_and_nothing_beside_it() {
    check(&payload("check", "repair"), Ok(()));
    for (from, to) in [
        ("{", "{ "),
        ("\"minutes\":30", "\"minutes\":30.0"),
        ("\"minutes\":30", "\"minutes\":3e1"),
        ("\"minutes\":30", "\"minutes\":030"),
        ("\"minutes\":30", "\"minutes\":30,\"minutes\":30"),
        ("\"minutes\":30", "\"colour\":1,\"minutes\":30"),
        ("\"do\":\"lock\"", "\"do\":\"shell\""),
        ("\"do\":\"lock\"", "\"do\":\"Lock\""),
        ("\"do\":\"lock\"", "\"do\":\"reboot\""),
        ("\"do\":\"lock\",", ""),
        ("check", "mood"),
        ("\"not_before\":\"2027-01-15T08:00:00Z\"", "\"not_before\":\"2027-01-15T08:00:00.000Z\""),
        ("\"not_before\":\"2027-01-15T08:00:00Z\"", "\"not_before\":\"2027-01-15T15:00:00+07:00\""),
        ("[\"ha-noi-0017\",\"ha-noi-0018\"]", "[\"ha-noi-0018\",\"ha-noi-0017\"]"),
        ("[\"ha-noi-0017\",\"ha-noi-0018\"]", "[\"ha-noi-0017\",\"ha-noi-0017\"]"),
        ("[\"ha-noi-0017\",\"ha-noi-0018\"]", "[]"),
        ("ha-noi-0018", "../0018"),
        ("\"sequence\":1", "\"sequence\":0"),
        ("\"sequence\":1", "\"sequence\":-1"),
        ("\"sequence\":1", "\"sequence\":9007199254740992"),
        ("0101010101", "010101010A"),
        ("0101010101", "010101010"),
        ("{\"for\":", "{\"extra\":null,\"for\":"),
    ] {
        check(&payload(from, to), Err("CMD-04"));
    }
    check(&around(b"", PAYLOAD_TYPE), Err("CMD-04"));
    check(&around(b"[]", PAYLOAD_TYPE), Err("CMD-04"));
}

#[test]
fn bounds_hold() {
    let lock = |minutes| What::Lock { minutes, reason: LockReason::Operator };
    let sources =
        |count: u8| What::CollectLogs { which: (0..count).map(|at| name(&format!("s{at}"))).collect() };
    let shown = |minutes| match message() {
        What::Message { words, .. } => What::Message { words, until: at(minutes) },
        other => other,
    };
    for (what, fits) in [
        (lock(0), false),
        (lock(1), true),
        (lock(7 * 24 * 60), true),
        (lock(7 * 24 * 60 + 1), false),
        (sources(0), false),
        (sources(8), true),
        (sources(9), false),
        (shown(-1), false),
        (shown(0), true),
        (shown(30 * 24 * 60), true),
        (shown(30 * 24 * 60 + 1), false),
    ] {
        let made = Signed::draft(command(1, what.clone()));
        assert_eq!(made.is_ok(), fits, "{what:?}");
    }
    let many = |count: u16| For::Kiosks((0..count).map(|at| name(&format!("k{at}"))).collect());
    assert!(Signed::draft(Command { r#for: many(50), ..command(1, What::Unlock {}) }).is_ok());
    assert!(Signed::draft(Command { r#for: many(51), ..command(1, What::Unlock {}) }).is_err());
    let second = SignedDuration::from_secs(1);
    for (not_after, expected) in [
        (at(0), Err(Refusal::BadPeriod)),
        (at(0) - second, Err(Refusal::BadPeriod)),
        (at(0) + second, Ok(())),
        (at(0) + LONGEST_PERIOD, Ok(())),
        (at(0) + LONGEST_PERIOD + second, Err(Refusal::BadPeriod)),
    ] {
        let made = Signed::draft(Command { not_after, ..command(1, What::Unlock {}) });
        assert_eq!(made.map(|_| ()), expected, "{not_after}");
    }
    // The same when somebody signs it all the same.
    check(&payload("\"minutes\":30", "\"minutes\":0"), Err("CMD-04"));
    check(&payload("\"not_after\":\"2027-01-15T09", "\"not_after\":\"2027-02-15T09"), Err("CMD-05"));
    check(&payload("\"not_after\":\"2027-01-15T09", "\"not_after\":\"2027-01-15T08"), Err("CMD-05"));
}

#[test]
fn the_longest_message_for_many_kiosks_fits() {
    let words = Words { vi: line(&"ệ".repeat(120)), en: line(&"\"".repeat(120)) };
    let kiosks = (0..30).map(|at| name(&format!("thanh-pho-ho-chi-minh-{at:04}"))).collect();
    let asked = Command {
        r#for: For::Kiosks(kiosks),
        what: What::Message { words, until: at(90) },
        ..command(1, What::Unlock {})
    };
    check(&signed(asked, &["operator", "province"]), Err("CMD-07"));
}

#[test]
fn lists_that_make_no_sense_are_refused() {
    let all = &Kind::ALL;
    let twice = vec![signer("operator", all), Signer { name: name("other"), ..signer("operator", all) }];
    assert_eq!(AllowList::new(twice, BTreeSet::new()), Err(AllowFault::Twice(name("other"))));
    let same_name = vec![signer("operator", all), Signer { name: name("operator"), ..signer("deputy", all) }];
    assert_eq!(AllowList::new(same_name, BTreeSet::new()), Err(AllowFault::Twice(name("operator"))));
    let alone = vec![signer("operator", all), signer("province", &[Kind::Message])];
    assert_eq!(AllowList::new(alone, [Kind::Reboot].into()), Err(AllowFault::Nobody(Kind::Reboot)));
    // The neutral point: anything is "signed" by it.
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let weak = Signer { key: ed25519_dalek::VerifyingKey::from_bytes(&neutral).unwrap(), ..signer("x", all) };
    assert_eq!(AllowList::new(vec![weak], BTreeSet::new()), Err(AllowFault::Weak(name("x"))));
}

#[test]
fn codes_are_all_different() {
    assert_eq!(BTreeSet::from(Refusal::CODES).len(), Refusal::CODES.len());
}
