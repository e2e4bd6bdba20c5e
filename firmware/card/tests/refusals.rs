//! What can go wrong between reader and chip, each as its own error. The exchanges
//! are those of ICAO Doc 9303-11, appendix G.1, up to the point where they go wrong;
//! a script that is not asked to its end, or asked for more, fails the test.

mod script;

use card::{
    AccessFlaw, AccessKey, AccessPolicy, Can, FileId, MrzKey, Password, Protocol, ReadError, Session, Step,
};
use devices::ReaderFault;
use faults::Fault;
use script::{ScriptedChance, ScriptedReader};

type Exchange = (&'static str, &'static str);

const MAPPING_KEY: &str = "7F4EF07B9EA82FD78AD689B38D0BC78CF21F249D953BC46F4C6E19259C010F99";
const AGREEMENT_KEY: &str = "A73FB703AC1436A18E0CFA5ABB3F7BEC7A070E7A6788486BEE230C4A22762595";

const CARD_ACCESS: Exchange = ("00B09C0000", "31143012060A04007F0007020204020202010202010D9000");
const SET: Exchange = ("0022C1A412800A04007F0007020204020283010184010D", "9000");
const NONCE: Exchange = ("10860000027C0000", "7C12801095A3A016522EE98D01E76CB6B98B42C39000");
const MAP: Exchange = (
    "10860000457C438141047ACF3EFC982EC45565A4B155129EFBC74650DCBFA6362D896FC70262E0C2CC5E\
     544552DCB6725218799115B55C9BAA6D9F6BC3A9618E70C25AF71777A9C4922D00",
    "7C43824104824FBA91C9CBE26BEF53A0EBE7342A3BF178CEA9F45DE0B70AA601651FBA3F5730D8C879AAA9\
     C9F73991E61B58F4D52EB87A0A0C709A49DC63719363CCD13C549000",
);
const AGREE: Exchange = (
    "10860000457C438341042DB7A64C0355044EC9DF190514C625CBA2CEA48754887122F3A5EF0D5EDD301C35\
     56F3B3B186DF10B857B58F6A7EB80F20BA5DC7BE1D43D9BF850149FBB3646200",
    "7C438441049E880F842905B8B3181F7AF7CAA9F0EFB743847F44A306D2D28C1D9EC65DF6DB7764B22277A2\
     EDDC3C265A9F018F9CB852E111B768B326904B59A0193776F0949000",
);
const PROVE: Exchange = ("008600000C7C0A8508C2B0BD78D94BA86600", "7C0A86083ABB9674BCE93C089000");
const APPLICATION: Exchange = (
    "0CA4040C1D871101752F676B09FAC86A87D632749A49C7CC8E08C18BA1FCE707BD9F00",
    "990290008E08BEA7B381C494A0799000",
);
const COM: Exchange = (
    "0CB09E0000000E970210008E08AE40D80FB74A4E6B0000",
    "8721010EB1A4E62C2033A872CE91AAA3C110208F79355105E44691FC1B0CAE4CEEDBDA990262828E0823\
     8B05A2FE3752C16282",
);
/// The same with a small and with a short answer, at the same count.
const COM_SMALL: &str = "0CB09E0000000E970204008E086A8047EFA912686E0000";
const COM_SHORT: Exchange = (
    "0CB09E000D9701DF8E087A7F9F89002C9F4F00",
    "8721010EB1A4E62C2033A872CE91AAA3C110208F79355105E44691FC1B0CAE4CEEDBDA990290008E08F255B3\
     CA9751B21A9000",
);
/// From the reset to the open application.
const OPENED: [Exchange; 7] = [CARD_ACCESS, SET, NONCE, MAP, AGREE, PROVE, APPLICATION];

fn key() -> AccessKey {
    AccessKey::Mrz(MrzKey::new("T22000129", "640812", "101031").unwrap())
}

fn chance() -> ScriptedChance {
    ScriptedChance::new(&[MAPPING_KEY, AGREEMENT_KEY])
}

fn open_with<'r>(
    reader: &'r mut ScriptedReader,
    key: &AccessKey,
    policy: AccessPolicy,
) -> Result<Session<'r>, ReadError> {
    card::open(reader, key, policy, &mut chance(), &mut |_| ())
}

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

// TR-03110-3, B.11.1: whether another try makes sense is another question than whether
// this one was wrong.
#[test]
fn a_password_that_the_chip_does_not_take_is_told_from_a_wrong_one() {
    for status in ["63C0", "6983"] {
        let blocked = refusal(&OPENED[..1], &[(SET.0, status)]);
        assert!(matches!(blocked, ReadError::KeyBlocked { password: Password::Mrz, .. }), "{blocked}");
        assert_eq!(blocked.fault(), Fault::CardKeyWrong);
    }
    for status in ["6984", "6985", "6283"] {
        let suspended = refusal(&OPENED[..1], &[(SET.0, status)]);
        assert!(matches!(suspended, ReadError::KeySuspended { password: Password::Mrz, .. }), "{suspended}");
    }
    for round in 2..6 {
        let suspended = refusal(&OPENED[..round], &[(OPENED[round].0, "6985")]);
        assert!(matches!(suspended, ReadError::KeySuspended { status: 0x6985, .. }), "{suspended}");
        let blocked = refusal(&OPENED[..round], &[(OPENED[round].0, "6983")]);
        assert!(matches!(blocked, ReadError::KeyBlocked { status: 0x6983, .. }), "{blocked}");
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

const NO_CARD_ACCESS: [Exchange; 6] = [
    ("00B09C0000", "6982"),
    ("00A4020C02011C", "6982"),
    ("00A4000C", "6D00"),
    ("00A4000C023F00", "6D00"),
    ("00B09C0000", "6982"),
    ("00A4020C02011C", "6982"),
];

#[test]
fn without_pace_only_the_policy_and_a_zone_lead_to_bac() {
    let can = AccessKey::Can(Can::new("012345").unwrap());
    for (key, policy) in [
        (&key(), AccessPolicy::PaceOnly),
        (&can, AccessPolicy::PaceOnly),
        (&can, AccessPolicy::PaceOrBacWhenNotOffered),
        (&can, AccessPolicy::BacOnly),
    ] {
        let script = [&NO_CARD_ACCESS[..], &[("00A4040C07A0000002471001", "9000")]].concat();
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

// Appendix D.3, on a chip that offers PACE: only the policy of that name does without it,
// and the offer stays among the files for the caller to log.
#[test]
fn bac_in_spite_of_pace_is_asked_for_by_name() {
    let script = [
        CARD_ACCESS,
        ("00A4040C07A0000002471001", "9000"),
        ("0084000008", "4608F919887022129000"),
        (
            "0082000028 72C29C2371CC9BDB65B779B8E8D37B29ECC154AA56A8799FAE2F498F76ED92F2 5F1448EEA8AD90A7 28",
            "46B9342A41396CD7386BF5803104D7CEDC122B9132139BAF2EEDC94EE178534F 2F2D235D074D7449 9000",
        ),
        (
            "0CB09E0000000E970210008E083BEAFEC83850C2450000",
            "87190129DB515DFABD81FA28DAAB76505C1CE2774BB47FEF3BB9E9990262828E08F0E534A99CE6A76E6282",
        ),
    ];
    let mut reader = ScriptedReader::new(&script);
    let mut chance = ScriptedChance::new(&["781723860C06C226", "0B795240CB7049B01C19B33E32804F0B"]);
    let key = AccessKey::Mrz(MrzKey::new("L898902C", "690806", "940623").unwrap());
    let session = card::open(&mut reader, &key, AccessPolicy::BacOnly, &mut chance, &mut |_| ())
        .unwrap_or_else(|error| panic!("{error}"));
    let files = session.finish();
    assert_eq!(files.access(), Protocol::Bac);
    assert!(files.file(FileId::CardAccess).is_some());
    reader.assert_finished();
}

#[test]
fn a_chip_without_the_application_is_no_identity_card() {
    let error = refusal(&NO_CARD_ACCESS, &[("00A4040C07A0000002471001", "6A82")]);
    assert!(matches!(error, ReadError::NotAnIdentityCard { status: 0x6A82 }), "{error}");
    assert_eq!(error.fault(), Fault::CardNotChip);
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

/// An open session whose next commands are these.
fn in_session(next: &[Exchange], test: impl FnOnce(&mut Session<'_>)) {
    let mut reader = ScriptedReader::new(&[&OPENED[..], &[COM], next].concat());
    let mut session = open_with(&mut reader, &key(), AccessPolicy::PaceOnly).ok().unwrap();
    test(&mut session);
    drop(session);
    reader.assert_finished();
}

const DG1: &str = "0CB0810000000E970210008E0862805FB1014E90630000";
const DG1_ANSWER: &str = concat!(
    "876101DC966161F6C36411BFD34C6CFDA96FCC785A839F639A17218B5A98907D10B4DCB44A9BB0AEEEE0D1",
    "F9CABEA9CBD7F8707DD73E7A10C751D0343319230EA92DB6793C8F7A69AF3A90287D57D2E7E7CEB423410F",
    "A1D5FE6CAF24E47F6DC7119AAC990290008E08D8CFF3B8B79FEE879000"
);

#[test]
fn a_file_is_kept_and_not_read_twice() {
    in_session(&[(DG1, DG1_ANSWER)], |session| {
        session.read(FileId::Dg1, &mut |_| ()).unwrap();
        session.read(FileId::Dg1, &mut |_| ()).unwrap();
        assert_eq!(session.file(FileId::Dg1).map(<[u8]>::len), Some(95));
        assert!(session.file(FileId::Dg2).is_none());
    });
}

// After the first answer that is not genuine nothing may be sent any more.
#[test]
fn a_forged_answer_ends_the_channel() {
    let forged = DG1_ANSWER.replace("876101DC", "876101DD").leak();
    in_session(&[(DG1, forged)], |session| {
        let error = session.read(FileId::Dg1, &mut |_| ()).unwrap_err();
        assert!(matches!(error, ReadError::MacWrong { step: Step::File(FileId::Dg1) }), "{error}");
        assert_eq!(error.fault(), Fault::CardGarbled);
        let after = session.read(FileId::Dg1, &mut |_| ()).unwrap_err();
        assert!(matches!(after, ReadError::ChannelLost { .. }), "{after}");
        assert!(session.file(FileId::Dg1).is_none());
    });
}

#[test]
fn an_answer_of_an_earlier_command_is_found() {
    in_session(&[(DG1, COM.1)], |session| {
        let error = session.read(FileId::Dg1, &mut |_| ()).unwrap_err();
        assert!(matches!(error, ReadError::MacWrong { .. }), "{error}");
    });
}

#[test]
fn a_refusal_counts_only_through_the_channel() {
    let absent = "0CB08B0000000E970210008E0875FE704CD7E063A20000";
    in_session(&[(absent, "99026A828E0886CB5E6500973A536A82")], |session| {
        let error = session.read(FileId::Dg11, &mut |_| ()).unwrap_err();
        assert!(matches!(error, ReadError::Absent { file: FileId::Dg11 }), "{error}");
    });
    in_session(&[(absent, "6A82")], |session| {
        let error = session.read(FileId::Dg11, &mut |_| ()).unwrap_err();
        assert!(matches!(error, ReadError::Unprotected { status: 0x6A82, .. }), "{error}");
    });
    let fingerprints = "0CB0830000000E970210008E0861A225BE5BE7E0950000";
    in_session(&[(fingerprints, "990269828E088E71B4FA816838066982")], |session| {
        let error = session.read(FileId::Dg3, &mut |_| ()).unwrap_err();
        assert!(matches!(error, ReadError::Refused { file: FileId::Dg3, status: 0x6982 }), "{error}");
        assert_eq!(error.fault(), Fault::CardRefused);
    });
}

#[test]
fn an_absurd_length_is_refused_before_it_is_read() {
    let portrait = "0CB0820000000E970210008E084E3A2F0EE1BA48630000";
    let endless = concat!(
        "8731013DAD2E14557CFB956803963B3DCA7054674E35032D6EBE261AB5CF88A81BC35120D7D3821EAB539C",
        "17216CC969B14D3C990290008E08D2553770173E19F79000"
    );
    in_session(&[(portrait, endless)], |session| {
        let error = session.read(FileId::Dg2, &mut |_| ()).unwrap_err();
        assert!(matches!(error, ReadError::TooLong { file: FileId::Dg2, length: 0x8000_0005 }), "{error}");
    });
}

// The chip refuses the long answers before its channel sees the commands, and takes the
// same command once more in short: the counter must not have moved.
#[test]
fn a_long_answer_refused_on_the_outside_is_asked_short() {
    let last = [(COM.0, "6700"), (COM_SMALL, "6700"), COM_SHORT];
    let mut reader = ScriptedReader::new(&[&OPENED[..], &last].concat());
    let session = open_with(&mut reader, &key(), AccessPolicy::PaceOnly).ok().unwrap();
    assert!(session.file(FileId::Com).is_some());
    drop(session);
    reader.assert_finished();
}

// Another chip gives the channel up over the same refusal: all is done once more, with
// short answers from the start.
#[test]
fn a_chip_that_drops_the_channel_over_a_long_answer_is_opened_again() {
    let dropped = [(COM.0, "6700"), (COM_SMALL, "6988")];
    let script = [&OPENED[..], &dropped, &OPENED[..], &[COM_SHORT]].concat();
    let mut reader = ScriptedReader::new(&script);
    let mut chance = ScriptedChance::new(&[MAPPING_KEY, AGREEMENT_KEY, MAPPING_KEY, AGREEMENT_KEY]);
    let session = card::open(&mut reader, &key(), AccessPolicy::PaceOnly, &mut chance, &mut |_| ()).ok();
    assert!(session.unwrap().file(FileId::Com).is_some());
    reader.assert_finished();
}

// The answer to reset says that the chip can do short length only; the reader could
// do more.
#[test]
fn the_answer_to_reset_is_believed() {
    let mut reader =
        ScriptedReader::new(&[&OPENED[..], &[COM_SHORT]].concat()).with_atr("3B858001807300218000AB");
    assert!(open_with(&mut reader, &key(), AccessPolicy::PaceOnly).is_ok());
    reader.assert_finished();
}

// EF.ATR/INFO, where the answer to reset points to it: answers of 258 bytes.
#[test]
fn the_chips_own_description_is_believed() {
    let described = ("00B0810000", "430301020347020102 7F6608020203000202 0102 9000");
    let mut reader = ScriptedReader::new(&[&[described], &OPENED[..], &[COM_SHORT]].concat())
        .with_atr("3B85800180730021E000CB");
    assert!(open_with(&mut reader, &key(), AccessPolicy::PaceOnly).is_ok());
    reader.assert_finished();
}

// ISO/IEC 7816-4, 5.1.3: an answer in pieces, as T=0 readers bring it.
#[test]
fn an_answer_in_pieces_is_put_together() {
    let whole = COM.1;
    let (first, rest) = whole.split_at(20);
    let first = format!("{first}6131").leak();
    let pieces = [(COM.0, &*first), ("00C0000031", rest)];
    let mut reader = ScriptedReader::new(&[&OPENED[..], &pieces].concat());
    assert!(open_with(&mut reader, &key(), AccessPolicy::PaceOnly).is_ok());
    reader.assert_finished();
}
