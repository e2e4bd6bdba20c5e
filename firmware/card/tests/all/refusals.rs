//! What can go wrong between reader and chip until the channel stands, each as its own
//! error. The exchanges are those of ICAO Doc 9303-11, appendix G.1, up to the point where
//! they go wrong; a script that is not asked to its end, or asked for more, fails the test.

use card::{AccessFlaw, AccessKey, AccessPolicy, Can, FileId, Password, Pin, Protocol, Puk, ReadError, Step};
use card_faults::Listed as _;
use chip_reader::ReaderFault;
use faults::Fault;

use crate::{
    appendix_g::*,
    script::{ScriptedChance, ScriptedReader},
};

/// Plays the good exchanges, then the last one, and gives the error that comes of it.
fn refusal(good: &[Exchange], last: &[Exchange]) -> ReadError {
    let mut reader = ScriptedReader::new(&[good, last].concat());
    let error = open_with(&mut reader, &key(), AccessPolicy::PaceOrBacWhenNotOffered)
        .err()
        .expect("the script ends in a failure");
    reader.assert_finished();
    error
}

#[test]
fn a_wrong_key_is_its_own_error_with_the_tries_left() {
    let proof = PROVE.0;
    for (status, expected) in [("6300", None), ("63C2", Some(2)), ("63C0", Some(0)), ("6982", None)] {
        let error = refusal(&OPENED[..5], &[(proof, status)]);
        assert!(
            matches!(error, ReadError::KeyWrong { tries_left } if tries_left == expected),
            "{status}: {error}"
        );
        assert_eq!(error.fault(), Fault::CardKeyWrong);
    }
}

// TR-03110-3: whether another try makes sense is another question than whether
// this one was wrong.
#[test]
fn a_password_that_the_chip_does_not_take_is_told_from_a_wrong_one() {
    for status in ["63C0", "6983"] {
        let blocked = refusal(&OPENED[..1], &[(SET.0, status)]);
        assert!(matches!(blocked, ReadError::KeyBlocked { password: Password::Mrz, .. }), "{blocked}");
        assert_eq!(blocked.fault(), Fault::CardKeyBlocked);
    }
    for status in ["6984", "6283"] {
        let suspended = refusal(&OPENED[..1], &[(SET.0, status)]);
        assert!(matches!(suspended, ReadError::KeySuspended { password: Password::Mrz, .. }), "{suspended}");
        assert_eq!(suspended.fault(), Fault::CardKeyBlocked);
    }
    for round in 2..6 {
        let blocked = refusal(&OPENED[..round], &[(OPENED[round].0, "6983")]);
        assert!(matches!(blocked, ReadError::KeyBlocked { status: 0x6983, .. }), "{blocked}");
    }
}

// 6985 says that a PIN is suspended. The other passwords never are (TR-03110-2): there it says no
// more than that some condition is not met, and nobody may be told that wrong tries locked the card.
#[test]
fn only_a_pin_or_puk_is_suspended_where_the_conditions_of_use_are_not_met() {
    for round in 1..6 {
        let error = refusal(&OPENED[..round], &[(OPENED[round].0, "6985")]);
        let step = Step::Pace(round as u8 - 1);
        assert!(
            matches!(error, ReadError::AccessRefused { step: at, status: 0x6985 } if at == step),
            "{error}"
        );
        assert_eq!(error.fault(), Fault::CardNotSecured);
    }
    let set = "0022C1A412800A04007F0007020204020283010384010D";
    let mut reader = ScriptedReader::new(&[CARD_ACCESS, (set, "6985")]);
    let pin = AccessKey::Pin(Pin::new("123456").unwrap());
    let error = open_with(&mut reader, &pin, AccessPolicy::PaceOnly).err().unwrap();
    assert!(matches!(error, ReadError::KeySuspended { password: Password::Pin, status: 0x6985 }), "{error}");
}

// TR-03110-2: the last try of a PIN is not for the taking; of other passwords it is.
#[test]
fn the_last_try_of_a_pin_is_left_alone() {
    for (key, number) in [
        (AccessKey::Pin(Pin::new("123456").unwrap()), 3),
        (AccessKey::Puk(Puk::new("1234567890").unwrap()), 4),
    ] {
        let set = format!("0022C1A412800A04007F0007020204020283010{number}84010D");
        let warned = [CARD_ACCESS, (set.as_str(), "63C1"), (NONCE.0, "6300")];
        let steps = if number == 3 { &warned[..2] } else { &warned[..] };
        let mut reader = ScriptedReader::new(steps);
        let error = open_with(&mut reader, &key, AccessPolicy::PaceOnly).err().unwrap();
        match number {
            3 => assert!(
                matches!(error, ReadError::KeySuspended { password: Password::Pin, status: 0x63C1 }),
                "{error}"
            ),
            _ => assert!(matches!(error, ReadError::AccessRefused { step: Step::Pace(1), .. }), "{error}"),
        }
        reader.assert_finished();
    }
}

// 63C2 to the first command only warns: two tries are left, and this may be the right one.
#[test]
fn a_warning_of_few_tries_does_not_stop_the_right_key() {
    let warned = [&OPENED[..1], &[(SET.0, "63C2")], &OPENED[2..], &[COM]].concat();
    let mut reader = ScriptedReader::new(&warned);
    assert!(open_with(&mut reader, &key(), AccessPolicy::PaceOnly).is_ok());
    reader.assert_finished();
}

// The policy allows BAC and the key would do for it: nothing more may be sent.
#[test]
fn pace_that_fails_never_becomes_bac() {
    let without = "0022C1A40F800A04007F00070202040202830101";
    let refused = refusal(&OPENED[..1], &[(SET.0, "6A80"), (without, "6A80")]);
    assert!(matches!(refused, ReadError::AccessRefused { step: Step::Pace(0), status: 0x6A80 }), "{refused}");
    for round in 2..5 {
        let error = refusal(&OPENED[..round], &[(OPENED[round].0, "6A80")]);
        let step = Step::Pace(round as u8 - 1);
        assert!(matches!(error, ReadError::AccessRefused { step: at, .. } if at == step), "{error}");
        assert_eq!(error.fault(), Fault::CardNotSecured);
    }
}

// AES has blocks of sixteen bytes; none, a part, five, and a part more than one.
#[test]
fn a_nonce_that_is_not_whole_blocks_is_refused() {
    for length in [0, 8, 80, 17] {
        let answer = format!("7C{:02X}80{length:02X}{}9000", length + 2, "5A".repeat(length));
        let steps = [&OPENED[..2], &[(NONCE.0, answer.as_str())]].concat();
        let mut reader = ScriptedReader::new(&steps);
        let error = open_with(&mut reader, &key(), AccessPolicy::PaceOnly).err().unwrap();
        let flaw = AccessFlaw::NonceLength;
        assert!(
            matches!(error, ReadError::AccessFailed { step: Step::Pace(1), flaw: found } if found == flaw),
            "{length}: {error}"
        );
    }
}

// A chip that offers parameters of nobody's, with a policy that would allow BAC.
#[test]
fn pace_of_an_unknown_form_never_becomes_bac() {
    let offer = "31143012060A04007F000702020404040201020201139000";
    let error = refusal(&[], &[("00B09C0000", offer)]);
    assert!(matches!(error, ReadError::PaceUnknown), "{error}");
}

#[test]
fn a_broken_card_access_is_not_taken_for_no_pace() {
    let broken = "310430020500 9000";
    let error = refusal(&[], &[("00B09C0000", broken)]);
    assert!(matches!(error, ReadError::Malformed { step: Step::File(FileId::CardAccess), .. }), "{error}");
}

/// A chip that first says "no such file", and lastly this to READ BINARY and to SELECT.
const fn card_access_answered(read: &'static str, select: &'static str) -> [Exchange; 6] {
    [
        ("00B09C0000", "6A82"),
        ("00A4020C02011C", "6A82"),
        ("00A4000C", "6D00"),
        ("00A4000C023F00", "6D00"),
        ("00B09C0000", read),
        ("00A4020C02011C", select),
    ]
}

pub const NO_CARD_ACCESS: [Exchange; 6] = card_access_answered("6A82", "6A82");
pub const SELECT_APPLICATION: Exchange = ("00A4040C07A0000002471001", "9000");

/// What chips say to SELECT and READ BINARY beside "no such file" (ISO/IEC 7816-4, table 6).
const NOT_ABSENT: [&str; 13] =
    ["6281", "6400", "6581", "6700", "6882", "6982", "6985", "6986", "6A83", "6A86", "6D00", "6E00", "6F00"];

// ICAO Doc 9303-11, 4.2: only a chip without EF.CardAccess is opened by BAC. One that
// answers anything else may offer PACE, and the policy and the key would allow BAC here.
#[test]
fn only_no_such_file_means_that_pace_is_not_offered() {
    for status in NOT_ABSENT {
        // 6700 to READ BINARY is asked about once more, in another length.
        let read = if status == "6700" { "6A82" } else { status };
        let script = [&card_access_answered(read, status)[..], &[SELECT_APPLICATION]].concat();
        for policy in [AccessPolicy::PaceOnly, AccessPolicy::PaceOrBacWhenNotOffered] {
            let mut reader = ScriptedReader::new(&script);
            let error = open_with(&mut reader, &key(), policy).err().unwrap();
            assert!(
                matches!(error, ReadError::Refused { file: FileId::CardAccess, status: said }
                    if format!("{said:04X}") == status),
                "{status}: {error}"
            );
            assert_eq!(error.fault(), Fault::CardRefused);
            reader.assert_finished();
        }
    }
    let challenge = ("0084000008", "6A80");
    let script = [&NO_CARD_ACCESS[..], &[SELECT_APPLICATION, challenge]].concat();
    let error = refusal(&script[..7], &script[7..]);
    assert!(matches!(error, ReadError::AccessRefused { step: Step::Bac, status: 0x6A80 }), "{error}");
}

// Whatever a chip said at first: the master file was perhaps not the current place.
#[test]
fn a_card_access_that_is_there_after_the_master_file_was_selected_is_used() {
    for status in NOT_ABSENT {
        let first = [("00B09C0000", "6A82"), ("00A4020C02011C", status)];
        let selected = [("00A4000C", status), ("00A4000C023F00", "9000")];
        let script = [&first[..], &selected, &OPENED, &[COM]].concat();
        let mut reader = ScriptedReader::new(&script);
        let came = open_with(&mut reader, &key(), AccessPolicy::PaceOrBacWhenNotOffered);
        assert!(matches!(came.map(|session| session.access()), Ok(Protocol::Pace { .. })), "{status}");
        reader.assert_finished();
    }
}

// Who asks for BAC by name does not depend on the file.
#[test]
fn bac_by_name_needs_no_word_about_pace() {
    let script =
        [&card_access_answered("6982", "6982")[..], &[SELECT_APPLICATION, ("0084000008", "6A80")]].concat();
    let mut reader = ScriptedReader::new(&script);
    let error = open_with(&mut reader, &key(), AccessPolicy::BacOnly).err().unwrap();
    assert!(matches!(error, ReadError::AccessRefused { step: Step::Bac, status: 0x6A80 }), "{error}");
    reader.assert_finished();
}

#[test]
fn without_pace_only_the_policy_and_a_zone_lead_to_bac() {
    let can = AccessKey::Can(Can::new("012345").unwrap());
    for (key, policy) in [
        (&key(), AccessPolicy::PaceOnly),
        (&can, AccessPolicy::PaceOnly),
        (&can, AccessPolicy::PaceOrBacWhenNotOffered),
        (&can, AccessPolicy::BacOnly),
    ] {
        let script = [&NO_CARD_ACCESS[..], &[SELECT_APPLICATION]].concat();
        let mut reader = ScriptedReader::new(&script);
        let error = open_with(&mut reader, key, policy).err().unwrap();
        let expected = if policy == AccessPolicy::PaceOnly {
            matches!(error, ReadError::PaceNotOffered)
        } else {
            matches!(error, ReadError::KeyNotForBac)
        };
        assert!(expected, "{error}");
        reader.assert_finished();
    }
}

#[test]
fn a_chip_without_the_application_is_no_identity_card() {
    // Whether it said so of the file or, as a card of another trade, something else.
    for first in [NO_CARD_ACCESS, card_access_answered("6D00", "6D00")] {
        let error = refusal(&first, &[(SELECT_APPLICATION.0, "6A82")]);
        assert!(matches!(error, ReadError::NotAnIdentityCard { status: 0x6A82 }), "{error}");
        assert_eq!(error.fault(), Fault::CardNotChip);
    }
}

#[test]
fn our_own_key_sent_back_proves_nothing() {
    let own = concat!(
        "7C438441042DB7A64C0355044EC9DF190514C625CBA2CEA48754887122F3A5EF0D5EDD301C",
        "3556F3B3B186DF10B857B58F6A7EB80F20BA5DC7BE1D43D9BF850149FBB364629000"
    );
    let error = refusal(&OPENED[..4], &[(AGREE.0, own)]);
    let flaw = AccessFlaw::OwnKeyReturned;
    assert!(
        matches!(error, ReadError::AccessFailed { step: Step::Pace(3), flaw: found } if found == flaw),
        "{error}"
    );
}

// The chip's key of the example with its last bit turned, a compressed point, the
// point at infinity, and a key of another curve's length.
#[test]
fn a_key_off_the_curve_is_refused() {
    let off = concat!(
        "7C43824104824FBA91C9CBE26BEF53A0EBE7342A3BF178CEA9F45DE0B70AA601651FBA3F57",
        "30D8C879AAA9C9F73991E61B58F4D52EB87A0A0C709A49DC63719363CCD13C559000"
    );
    let compressed = "7C23822102824FBA91C9CBE26BEF53A0EBE7342A3BF178CEA9F45DE0B70AA601651FBA3F579000";
    let infinity = "7C038201009000";
    let short = "7C058203040102 9000";
    for answer in [off, compressed, infinity, short] {
        let error = refusal(&OPENED[..3], &[(MAP.0, answer)]);
        assert!(
            matches!(error, ReadError::AccessFailed { step: Step::Pace(2), flaw: AccessFlaw::KeyNotInGroup }),
            "{answer}: {error}"
        );
    }
}

// Appendix G.2's group with keys of order one and two, zero, and the modulus less one:
// all would make the "secret" one that anybody knows.
#[test]
fn a_key_outside_the_prime_subgroup_is_refused() {
    let map = concat!(
        "10860000867C818381818023FB3749EA030D2A25B278D2A562047ADE3F01B74F17A15402CB7352CA7D2B3E",
        "B71C343DB13D1DEBCE9A3666DBCFC920B49174A602CB47965CAA73DC702489A44D41DB914DE9613DC5E98C",
        "94160551C0DF86274B9359BC0490D01B03AD54022DCB4F57FAD6322497D7A1E28D46710F461AFE710FBBBC",
        "5F8BA166F4311975EC6C00"
    );
    let modulus_less_one = concat!(
        "7C8183828180B10B8F96A080E01DDE92DE5EAE5D54EC52C99FBCFB06A3C69A6A9DCA52D23B616073E28675",
        "A23D189838EF1E2EE652C013ECB4AEA906112324975C3CD49B83BFACCBDD7D90C4BD7098488E9C219A7372",
        "4EFFD6FAE5644738FAA31A4FF55BCCC0A151AF5F0DC8B4BD45BF37DF365C1A65E68CFDA76D4DA708DF1FB2",
        "BC2E4A43709000"
    );
    for answer in ["7C0382010 09000", "7C03820101 9000", "7C03820102 9000", modulus_less_one] {
        let mut reader = ScriptedReader::new(&[
            ("00B09C0000", "31143012060A04007F00070202040102020102020100 9000"),
            ("0022C1A412800A04007F00070202040102830101840100", "9000"),
            ("10860000027C0000", "7C128010854D8DF5827FA6852D1A4FA701CDDDCA9000"),
            (map, answer),
        ]);
        let mut chance = ScriptedChance::new(&["5265030F751F4AD18B08AC565FC7AC952E41618D"]);
        let error =
            card::open(&mut reader, &key(), AccessPolicy::PaceOnly, &mut chance, &mut |_| ()).err().unwrap();
        assert!(
            matches!(error, ReadError::AccessFailed { flaw: AccessFlaw::KeyNotInGroup, .. }),
            "{answer}: {error}"
        );
        reader.assert_finished();
    }
}

#[test]
fn a_chip_that_proves_nothing_opens_nothing() {
    let error = refusal(&OPENED[..5], &[(PROVE.0, "7C0A86083ABB9674BCE93C099000")]);
    assert!(
        matches!(error, ReadError::AccessFailed { step: Step::Pace(4), flaw: AccessFlaw::TokenWrong }),
        "{error}"
    );
    assert_eq!(error.fault(), Fault::CardNotSecured);
    let empty = refusal(&OPENED[..5], &[(PROVE.0, "7C0286009000")]);
    assert!(matches!(empty, ReadError::AccessFailed { flaw: AccessFlaw::TokenWrong, .. }), "{empty}");
}

#[test]
fn a_lifted_card_is_its_own_error_wherever_it_happens() {
    let whole = [&OPENED[..], &[COM]].concat();
    for lifted in 0..whole.len() {
        let error = refusal(&whole[..lifted], &[(whole[lifted].0, "")]);
        assert!(
            matches!(error, ReadError::NoAnswer { fault: ReaderFault::CardGone, .. }),
            "{lifted}: {error}"
        );
        assert_eq!(error.fault(), Fault::CardLifted);
    }
}

#[test]
fn chance_that_makes_no_number_is_refused() {
    let mut reader = ScriptedReader::new(&OPENED[..3]);
    let zeros = "00".repeat(32 * 128);
    let mut chance = ScriptedChance::new(&[&zeros]);
    let error =
        card::open(&mut reader, &key(), AccessPolicy::PaceOnly, &mut chance, &mut |_| ()).err().unwrap();
    assert!(matches!(error, ReadError::AccessFailed { flaw: AccessFlaw::Chance, .. }), "{error}");
}

#[test]
fn a_number_out_of_range_is_drawn_again() {
    let mut reader = ScriptedReader::new(&[&OPENED[..], &[COM]].concat());
    let (all, none) = ("FF".repeat(32), "00".repeat(32));
    let mut chance = ScriptedChance::new(&[&all, &none, MAPPING_KEY, &all, AGREEMENT_KEY]);
    assert!(card::open(&mut reader, &key(), AccessPolicy::PaceOnly, &mut chance, &mut |_| ()).is_ok());
    reader.assert_finished();
}
