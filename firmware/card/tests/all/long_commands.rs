//! Commands that short length does not hold, through readers and to chips that know no other:
//! PACE over prime groups, and chip authentication over one of 2048 bits. The virtual card
//! puts the pieces together by code of its own, and its channel counts for itself.

use std::time::Duration;

use card::{AccessKey, AccessPolicy, CardFiles, ChipAuthentication, FileId, Pin, ReadError, Session, Step};
use card_faults::Listed as _;
use chip_reader::{CardReader, Presence, ReaderFault};
use faults::Fault;
use simulators::{
    card_profile::{
        ChipAuthenticationVersion::{self, V1, V2},
        Cipher, LongCommands, Mapping, PaceProtocol, PasswordKind,
    },
    chance::SeededChance,
    in_memory::InMemoryReader,
    scenario::CardScript,
};
use zeroize::Zeroizing;

use crate::virtual_card::{Issued, lay};

/// Keeps what is sent, and may answer in the chip's place.
struct Watched<R> {
    reader: R,
    sent: Vec<Vec<u8>>,
    /// Instead of the chip's answer to the first command with this class: the given bytes,
    /// or the answer before where there are none.
    forged: Option<(u8, Option<Vec<u8>>)>,
    before: Vec<u8>,
}

impl<R: CardReader> Watched<R> {
    fn new(reader: R) -> Self {
        Self { reader, sent: Vec::new(), forged: None, before: Vec::new() }
    }

    /// How many commands had this class and instruction.
    fn count(&self, class: u8, instruction: u8) -> usize {
        self.sent.iter().filter(|command| command[..2] == [class, instruction]).count()
    }

    fn longest(&self) -> usize {
        self.sent.iter().map(Vec::len).max().unwrap_or_default()
    }
}

impl<R: CardReader> CardReader for Watched<R> {
    fn wait_for_card(&mut self, limit: Duration) -> Result<Option<Presence>, ReaderFault> {
        self.reader.wait_for_card(limit)
    }

    fn exchange(&mut self, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, ReaderFault> {
        self.sent.push(command.to_vec());
        assert!(self.sent.len() < 500, "the reader never ends");
        let mut answer = self.reader.exchange(command)?;
        if self.forged.as_ref().is_some_and(|(class, _)| *class == command[0]) {
            let (_, forged) = self.forged.take().unwrap();
            answer = Zeroizing::new(forged.unwrap_or_else(|| self.before.clone()));
        }
        self.before = answer.to_vec();
        Ok(answer)
    }

    fn reset_card(&mut self) -> Result<Presence, ReaderFault> {
        self.reader.reset_card()
    }

    fn wait_for_removal(&mut self, limit: Duration) -> Result<bool, ReaderFault> {
        self.reader.wait_for_removal(limit)
    }

    fn longest_response(&self) -> usize {
        self.reader.longest_response()
    }
}

/// Header, length, data, length: the longest command of short length.
const SHORT_COMMAND: usize = 4 + 1 + 255 + 1;

/// Which of both know short length only.
const SHORT: [(bool, bool); 3] = [(true, false), (false, true), (true, true)];

/// A card on a reader, either of which may know short length only.
fn lay_short(mut script: CardScript, (chip, reader): (bool, bool)) -> (Watched<InMemoryReader>, Issued) {
    script.short_length |= chip;
    let (laid, issued) = lay(&script);
    (Watched::new(if reader { laid.short_only() } else { laid }), issued)
}

fn open<'r>(reader: &'r mut dyn CardReader, key: &AccessKey) -> Result<Session<'r>, ReadError> {
    card::open(reader, key, AccessPolicy::PaceOnly, &mut SeededChance::new(3), &mut |_| ())
}

fn read_on(mut session: Session<'_>) -> Result<CardFiles, ReadError> {
    for file in [FileId::Sod, FileId::Dg1, FileId::Dg13, FileId::Dg14, FileId::Dg15, FileId::Dg2] {
        session.read(file, &mut |_| ())?;
    }
    Ok(session.finish())
}

fn prove(mut session: Session<'_>) -> Result<CardFiles, ReadError> {
    let came_to = session.authenticate_chip(&mut SeededChance::new(5), &mut |_| ())?;
    assert_eq!(came_to, ChipAuthentication::Started);
    read_on(session)
}

fn pace_over(parameters: u8, mapping: Mapping) -> CardScript {
    let mut script = CardScript::default();
    let parameters = parameters.try_into().unwrap();
    script.profile.access.pace = vec![PaceProtocol::new(mapping, Cipher::Aes128, parameters).unwrap()];
    script
}

fn proof_over(version: ChipAuthenticationVersion, cipher: Cipher) -> CardScript {
    let mut script = CardScript::default();
    let version_1 = simulators::card_profile::ChipAuthentication::new(cipher, 2.try_into().unwrap());
    let key = if version == V2 { version_1.in_version_2() } else { version_1 };
    script.profile.chip_authentication = vec![key.with_key_id(1)];
    script
}

fn with(mut script: CardScript, long_commands: LongCommands) -> CardScript {
    script.faults.long_commands = long_commands;
    script
}

#[test]
fn pace_over_every_prime_group_opens_chips_through_short_length_alone() {
    for parameters in [0, 1, 2] {
        for (mapping, keys) in [(Mapping::Gm, 2), (Mapping::Im, 1)] {
            for short in SHORT {
                let (mut reader, card) = lay_short(pace_over(parameters, mapping), short);
                let said = format!("{mapping:?} over {parameters}, {short:?}");
                let files = open(&mut reader, &card.can).and_then(read_on);
                card.assert_read(&files.unwrap_or_else(|error| panic!("{said}: {error}")));
                if short.1 {
                    assert!(reader.longest() <= SHORT_COMMAND, "{said}");
                }
                // A key of 1024 bits fits into one command, one of 2048 bits takes two.
                let pieces = if parameters == 0 { keys } else { 2 * keys };
                let rounds = 1 + pieces + usize::from(mapping == Mapping::Im);
                assert_eq!(reader.count(0x10, 0x86), rounds, "{said}");
                assert_eq!(reader.count(0x00, 0x22), 1, "{said}: once, without a step down");
            }
        }
    }
}

#[test]
fn a_chip_proves_itself_over_2048_bits_through_short_length_alone() {
    for (version, cipher) in
        [(V1, Cipher::Aes128), (V1, Cipher::Aes256), (V2, Cipher::Aes128), (V1, Cipher::TripleDes)]
    {
        for short in SHORT {
            let (mut reader, card) = lay_short(proof_over(version, cipher), short);
            let said = format!("{version:?} {cipher:?}, {short:?}");
            let files = open(&mut reader, &card.can).and_then(prove);
            let files = files.unwrap_or_else(|error| panic!("{said}: {error}"));
            card.assert_read(&files);
            assert_eq!(files.proofs().len(), 1, "{said}");
            // 264 bytes in pieces of 223; the class of a protected command that goes on.
            let instruction = if cipher == Cipher::TripleDes { 0x22 } else { 0x86 };
            assert_eq!(reader.count(0x1C, instruction), 1, "{said}");
            assert!(!short.1 || reader.longest() <= SHORT_COMMAND, "{said}");
        }
    }
}

#[test]
fn nothing_goes_in_pieces_where_extended_length_works() {
    for script in [pace_over(2, Mapping::Gm), proof_over(V1, Cipher::Aes128)] {
        let (mut reader, card) = lay_short(script, (false, false));
        card.assert_read(&open(&mut reader, &card.can).and_then(prove).unwrap());
        assert_eq!(reader.count(0x1C, 0x86), 0);
        assert!(reader.count(0x10, 0x86) <= 3, "the rounds of PACE alone");
        assert!(reader.longest() > SHORT_COMMAND);
    }
}

// Neither tried for ever nor taken for a wrong key.
#[test]
fn a_chip_that_takes_no_pieces_is_told_as_such_at_once() {
    use LongCommands::{ChainingDenied, NoChaining};
    for (short, long_commands, status, rounds) in [
        // What the chip says leaves no way: PACE is not begun.
        ((true, true), NoChaining, None, 0),
        ((false, true), NoChaining, None, 0),
        // Extended length is the one chance left, which it refuses.
        ((true, false), NoChaining, Some(0x6700), 2),
        ((true, true), ChainingDenied, Some(0x6884), 2),
        ((true, false), ChainingDenied, Some(0x6884), 2),
    ] {
        let (mut reader, card) = lay_short(with(pace_over(2, Mapping::Gm), long_commands), short);
        let error = open(&mut reader, &card.can).err().unwrap();
        let expected = matches!(error, ReadError::CommandTooLong { step: Step::Pace(2), status: said } if said == status);
        assert!(expected, "{short:?} {long_commands:?}: {error:?}");
        assert_eq!(error.fault(), Fault::CardNotSecured);
        assert_eq!(reader.count(0x10, 0x86), rounds, "{short:?} {long_commands:?}");
        assert_eq!(reader.count(0x00, 0x22), usize::from(rounds > 0), "PACE is begun once, if at all");
    }
    // It says no, and takes extended length for all that.
    let (mut reader, card) = lay_short(with(pace_over(2, Mapping::Gm), NoChaining), (false, false));
    card.assert_read(&open(&mut reader, &card.can).and_then(read_on).unwrap());
}

#[test]
fn a_chip_that_cannot_take_the_key_of_its_proof_keeps_its_channel() {
    use LongCommands::{ChainingDenied, NoChaining};
    for (long_commands, status) in [(NoChaining, None), (ChainingDenied, Some(0x6884))] {
        let (mut reader, card) = lay_short(with(proof_over(V1, Cipher::Aes128), long_commands), (true, true));
        let mut session = open(&mut reader, &card.can).unwrap();
        let error = session.authenticate_chip(&mut SeededChance::new(5), &mut |_| ()).unwrap_err();
        let expected = matches!(error, ReadError::CommandTooLong { step: Step::ChipAuthentication, status: said } if said == status);
        assert!(expected, "{error:?}");
        // The refusal came through the channel, whose counters agree still.
        card.assert_read(&read_on(session).unwrap());
    }
}

/// One step down, from MSE:Set on.
#[test]
fn a_chip_that_refuses_the_extended_length_it_announced_is_given_pieces() {
    use LongCommands::{ExtendedRefused, ExtendedRefusedOutside};
    for refusal in [ExtendedRefused, ExtendedRefusedOutside] {
        let (mut reader, card) = lay_short(with(pace_over(2, Mapping::Gm), refusal), (false, false));
        card.assert_read(&open(&mut reader, &card.can).and_then(read_on).unwrap());
        assert_eq!(reader.count(0x00, 0x22), 2, "PACE is begun anew, nonce and all");
        // Nonce, refused key; nonce, two keys in two pieces each.
        assert_eq!(reader.count(0x10, 0x86), 2 + 5);

        for (version, cipher) in [(V1, Cipher::Aes128), (V2, Cipher::Aes256), (V1, Cipher::TripleDes)] {
            let (mut reader, card) = lay_short(with(proof_over(version, cipher), refusal), (false, false));
            let files = open(&mut reader, &card.can).and_then(prove);
            let files = files.unwrap_or_else(|error| panic!("{refusal:?} {version:?} {cipher:?}: {error}"));
            card.assert_read(&files);
            assert_eq!(files.proofs().len(), 1);
        }
    }
}

// Its counter may have counted the run that the chip ended.
#[test]
fn pace_with_a_pin_is_not_begun_anew() {
    let mut script = with(pace_over(2, Mapping::Gm), LongCommands::ExtendedRefused);
    script.profile.access.passwords = vec![PasswordKind::Can, PasswordKind::Pin];
    let (mut reader, _) = lay_short(script, (false, false));
    let pin = AccessKey::Pin(Pin::new("470815").unwrap());
    let error = open(&mut reader, &pin).err().unwrap();
    assert!(matches!(error, ReadError::CommandTooLong { status: Some(0x6700), .. }), "{error:?}");
    assert_eq!(reader.count(0x00, 0x22), 1);
}

// Nor is it begun where it could not be ended, of which the counter knows nothing either.
#[test]
fn where_a_key_has_no_way_nothing_is_sent_with_a_pin() {
    for (mapping, step) in [(Mapping::Gm, Step::Pace(2)), (Mapping::Im, Step::Pace(3))] {
        let mut script = with(pace_over(1, mapping), LongCommands::NoChaining);
        script.profile.access.passwords = vec![PasswordKind::Can, PasswordKind::Pin];
        let (mut reader, _) = lay_short(script.clone(), (false, true));
        let pin = AccessKey::Pin(Pin::new("470815").unwrap());
        let error = open(&mut reader, &pin).err().unwrap();
        let expected = matches!(error, ReadError::CommandTooLong { step: at, status: None } if at == step);
        assert!(expected, "{mapping:?}: {error:?}");
        assert_eq!(reader.count(0x00, 0x22) + reader.count(0x10, 0x86), 0, "{mapping:?}");
    }
    // A key of 1024 bits fits.
    let (mut reader, card) =
        lay_short(with(pace_over(0, Mapping::Gm), LongCommands::NoChaining), (true, true));
    card.assert_read(&open(&mut reader, &card.can).and_then(read_on).unwrap());
}

/// What a channel comes to whose answer to a piece in the middle was changed.
fn forge(forged: Option<&str>) -> ReadError {
    let (mut reader, card) = lay_short(proof_over(V1, Cipher::Aes128), (true, true));
    reader.forged = Some((0x1C, forged.map(|hex| hex::decode(hex).unwrap())));
    let mut session = open(&mut reader, &card.can).unwrap();
    let error = session.authenticate_chip(&mut SeededChance::new(5), &mut |_| ()).unwrap_err();
    let after = session.read(FileId::Dg1, &mut |_| ()).unwrap_err();
    assert!(matches!(after, ReadError::ChannelLost { .. }), "{after}");
    assert!(session.proofs().is_empty());
    drop(session);
    assert_eq!(reader.sent.last().map(|command| command[0]), Some(0x1C), "nothing is sent after it");
    error
}

#[test]
fn an_answer_to_a_piece_counts_only_through_the_channel() {
    assert!(matches!(forge(Some("9000")), ReadError::Malformed { .. }));
    for status in ["6700", "6883", "6884", "6A80"] {
        let error = forge(Some(status));
        assert!(matches!(error, ReadError::Unprotected { step: Step::ChipAuthentication, .. }), "{error:?}");
    }
    // The answer to the command before: its counter is another.
    assert!(matches!(forge(None), ReadError::MacWrong { .. }));
}
