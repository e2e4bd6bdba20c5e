//! What can go wrong through an open channel, each as its own error, after the exchanges of
//! ICAO Doc 9303-11, appendix G.1.

use card::{AccessPolicy, FileId, ReadError, Session, Step};
use card_faults::Listed as _;
use faults::Fault;

use crate::{
    appendix_g::*,
    script::{ScriptedChance, ScriptedReader},
};

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

// ISO/IEC 7816-4, 5.3.4: an answer in pieces, as T=0 readers bring it.
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
