//! Long commands, byte for byte, after ISO/IEC 7816-4, 5.3.3. None of the exchanges here
//! was made by this crate.

use super::*;
use crate::script::ScriptedReader;

/// The answer to reset of a chip that knows chaining and no extended length; of one that
/// knows neither.
const CHAINING: &str = "3B858001807300218000AB";
const NEITHER: &str = "3B8580018073002100002B";

/// A public key of 2048 bits as a round of PACE carries it: 264 bytes.
fn round() -> Vec<u8> {
    [hex::decode("7C82010483820100").unwrap(), vec![0xAA; 256]].concat()
}

/// The first 255 of them in a command, and what is left.
fn first(header: &str) -> String {
    format!("{header}FF7C82010483820100{}", "AA".repeat(247))
}

fn last(header: &str) -> String {
    format!("{header}09{}00", "AA".repeat(9))
}

/// What a chip with this answer to reset, in a reader that carries so much, is sent and
/// what comes of it.
fn send(
    atr: &str,
    longest: usize,
    header: [u8; 4],
    script: &[(&str, &str)],
) -> Result<(Vec<u8>, u16), ReadError> {
    let mut reader = ScriptedReader::new(script).with_atr(atr).with_longest_response(longest);
    let (mut wire, presence) = Wire::open(&mut reader).unwrap();
    wire.limits = limits::find(&mut wire, &presence.atr).unwrap();
    let command = Command::carrying(header, round(), Some(65_536));
    let came_to = wire.send(Step::Pace(2), &command);
    reader.assert_finished();
    came_to.map(|answer| (answer.data.to_vec(), answer.status))
}

const ROUND: [u8; 4] = [0x10, 0x86, 0, 0];
const ALONE: [u8; 4] = [0x00, 0x86, 0, 0];

#[test]
fn a_long_command_goes_in_pieces_where_reader_or_chip_know_short_length_only() {
    for (atr, longest) in [(CHAINING, 65_538), (CHAINING, 258), ("3B80800101", 258)] {
        // A round of PACE says itself that rounds follow.
        let script = [(&*first("10860000"), "9000"), (&*last("10860000"), "7C009000")];
        assert_eq!(send(atr, longest, ROUND, &script).unwrap(), (vec![0x7C, 0], DONE));
        let script = [(&*first("10860000"), "9000"), (&*last("00860000"), "7C009000")];
        assert_eq!(send(atr, longest, ALONE, &script).unwrap(), (vec![0x7C, 0], DONE));
    }
}

#[test]
fn a_long_command_goes_whole_where_both_know_extended_length() {
    let whole = format!("108600000001087C82010483820100{}0000", "AA".repeat(256));
    for atr in ["3B80800101", "3B85800180730021C000EB"] {
        assert_eq!(send(atr, 65_538, ROUND, &[(&*whole, "9000")]).unwrap().1, DONE);
    }
}

// 7F66: commands of 271 bytes at most; this one has 273 with its lengths. Its header, seven
// bytes of lengths and 264 of data are too many by two.
#[test]
fn a_command_longer_than_the_chip_describes_goes_in_pieces() {
    let described = "3B85800180730021E000CB";
    let longest = ("00B0810000", "7F6608 0202010F 02020800 9000");
    let script = [longest, (&*first("10860000"), "9000"), (&*last("10860000"), "7C009000")];
    assert_eq!(send(described, 65_538, ROUND, &script).unwrap().1, DONE);
    let longest = ("00B0810000", "7F6608 02020111 02020800 9000");
    let whole = format!("108600000001087C82010483820100{}0000", "AA".repeat(256));
    assert_eq!(send(described, 65_538, ROUND, &[longest, (&*whole, "9000")]).unwrap().1, DONE);
}

// ISO/IEC 7816-4, 5.3.4: what is left of a long key.
#[test]
fn the_answer_to_the_last_piece_may_come_in_pieces_too() {
    let long = format!("7C82010484820100{}6108", "BB".repeat(248));
    let rest = format!("{}9000", "BB".repeat(8));
    let script = [(&*first("10860000"), "9000"), (&*last("10860000"), &*long), ("00C0000008", &*rest)];
    assert_eq!(send(CHAINING, 258, ROUND, &script).unwrap().0.len(), 264);
}

#[test]
fn after_a_piece_that_is_refused_nothing_more_is_sent() {
    for status in [0x6A80_u16, 0x6985, 0x6700, 0x6282, 0x63C0, 0x9001] {
        let refusal = format!("{status:04X}");
        let came_to = send(CHAINING, 258, ROUND, &[(&*first("10860000"), &*refusal)]).unwrap();
        assert_eq!(came_to, (Vec::new(), status));
    }
    for status in [0x6883_u16, 0x6884] {
        let refusal = format!("{status:04X}");
        let error = send(CHAINING, 258, ROUND, &[(&*first("10860000"), &*refusal)]).unwrap_err();
        let said = matches!(error, ReadError::CommandTooLong { step: Step::Pace(2), status: Some(said) } if said == status);
        assert!(said, "{error:?}");
    }
}

#[test]
fn a_piece_that_is_answered_with_data_ends_the_command() {
    let error = send(CHAINING, 258, ROUND, &[(&*first("10860000"), "7C009000")]).unwrap_err();
    assert!(matches!(error, ReadError::Malformed { step: Step::Pace(2), .. }), "{error}");
    let script = [(&*first("10860000"), "6102"), ("00C0000002", "7C009000")];
    let error = send(CHAINING, 258, ROUND, &script).unwrap_err();
    assert!(matches!(error, ReadError::Malformed { step: Step::Pace(2), .. }), "{error}");
}

#[test]
fn where_there_is_no_way_nothing_is_sent() {
    let error = send(NEITHER, 258, ROUND, &[]).unwrap_err();
    assert!(matches!(error, ReadError::CommandTooLong { status: None, .. }), "{error:?}");
    // A chip that says nothing is not tried with other commands (9303-10, 3.6.5).
    let error = send("3B80800101", 258, [0x00, 0x22, 0x41, 0xA6], &[]).unwrap_err();
    assert!(matches!(error, ReadError::CommandTooLong { status: None, .. }), "{error:?}");
}

#[test]
fn a_refused_extended_length_is_told_from_any_other_refusal() {
    let whole = format!("108600000001087C82010483820100{}0000", "AA".repeat(256));
    for atr in ["3B80800101", NEITHER] {
        let error = send(atr, 65_538, ROUND, &[(&*whole, "6700")]).unwrap_err();
        assert!(matches!(error, ReadError::CommandTooLong { status: Some(0x6700), .. }), "{error:?}");
    }
    assert_eq!(send("3B80800101", 65_538, ROUND, &[(&*whole, "6A80")]).unwrap().1, 0x6A80);
}
