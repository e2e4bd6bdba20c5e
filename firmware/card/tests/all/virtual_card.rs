//! Whole readings of the virtual citizen card, which shares no protocol code with this
//! crate: what is read is what the issuer wrote, and in how many commands.

use std::{collections::BTreeMap, path::PathBuf, thread, time::Duration};

use card::{
    AccessKey, AccessPolicy, Agreement, Can, CardFiles, Cipher, FileId, Mapping, MrzKey, Opening, Password,
    Pin, Progress, Protocol, ReadError, Session,
};
use card_faults::Listed as _;
use chip_reader::{CardReader, ReaderFault, ShortLength};
use faults::Fault;
use jiff::civil::date;
use simulators::{
    card_profile::{
        BeyondLongest, CardFaults, Lengths, PasswordKind, PasswordState, ReadingFaults, ShortFile,
    },
    chance::SeededChance,
    citizen_card::CitizenCard,
    in_memory::InMemoryReader,
    people::People,
    personalise::{Issuer, Personalised},
    scenario::CardScript,
};

/// What the kiosk reads of a card besides EF.CardAccess and EF.COM.
const WANTED: [FileId; 6] = [FileId::Sod, FileId::Dg1, FileId::Dg13, FileId::Dg14, FileId::Dg15, FileId::Dg2];

/// What the issuer wrote and printed, kept aside before the chip takes it.
pub struct Issued {
    files: BTreeMap<FileId, Vec<u8>>,
    pub can: AccessKey,
    pub zone: AccessKey,
    mrz: String,
}

impl Issued {
    fn of(card: &Personalised) -> Self {
        let files = WANTED.into_iter().chain([FileId::Com]);
        let files = files.filter_map(|file| Some((file, card.file(file.short_id())?.to_vec()))).collect();
        let can = AccessKey::Can(Can::new(card.can()).unwrap());
        let zone = AccessKey::Mrz(MrzKey::from_mrz(card.mrz()).unwrap());
        Self { files, can, zone, mrz: card.mrz().to_owned() }
    }

    pub fn assert_read(&self, files: &CardFiles) {
        for (file, bytes) in &self.files {
            // Not `assert_eq`: a portrait in the output helps nobody.
            assert!(files.file(*file) == Some(bytes), "{file} is not as issued");
        }
    }
}

/// A reader on which the card lies, and what the issuer wrote.
pub fn lay(script: &CardScript) -> (InMemoryReader, Issued) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../simulators/people");
    let people = People::load(&folder).unwrap();
    let today = date(2026, 11, 21);
    let issuer = Issuer::generate(today, &mut SeededChance::new(1)).unwrap();
    let card = issuer.personalise(people.person("khue").unwrap(), &folder, script, today).unwrap();
    let issued = Issued::of(&card);
    let mut reader = InMemoryReader::new(CitizenCard::new(card, script, 7));
    reader.lay();
    reader.wait_for_card(Duration::ZERO).unwrap().expect("the card was laid down");
    (reader, issued)
}

fn open<'r>(
    reader: &'r mut InMemoryReader,
    key: &AccessKey,
    policy: AccessPolicy,
) -> Result<Session<'r>, ReadError> {
    card::open(reader, key, policy, &mut SeededChance::new(3), &mut |_| ())
}

fn read_all(session: Session<'_>) -> Result<CardFiles, ReadError> {
    let mut session = session;
    for file in WANTED {
        session.read(file, &mut |_| ())?;
    }
    Ok(session.finish())
}

#[test]
fn a_whole_card_is_read_in_at_most_25_commands() {
    let (mut reader, card) = lay(&CardScript::default());
    let before = reader.answered();
    let files = read_all(open(&mut reader, &card.can, AccessPolicy::PaceOnly).unwrap()).unwrap();
    card.assert_read(&files);
    let log = files.log();
    println!("{log:?}, portrait of {} bytes", files.file(FileId::Dg2).unwrap().len());
    assert!(log.apdus <= 25, "{log:?}");
    assert_eq!(u64::from(log.apdus), reader.answered() - before, "every command is counted");
    let order = [&[FileId::CardAccess, FileId::Com][..], &WANTED].concat();
    assert_eq!(log.files, order);
    // Headers, codes and padding are the price of the channel: a few bytes in a hundred.
    let read: usize = order.iter().map(|file| files.file(*file).unwrap().len()).sum();
    assert!((log.bytes_down as usize) < read + read / 20 + 1000, "{log:?} for {read} bytes");
    let expected = Protocol::Pace {
        mapping: Mapping::Generic,
        agreement: Agreement::Ecdh,
        cipher: Cipher::Aes128,
        parameters: 13,
    };
    assert_eq!(files.access(), expected);
}

#[test]
fn every_key_and_length_reads_the_same_bytes() {
    let short = CardScript { short_length: true, ..CardScript::default() };
    let bac = CardScript { only_bac: true, ..CardScript::default() };
    let short_bac = CardScript { only_bac: true, short_length: true, ..CardScript::default() };
    for script in [CardScript::default(), short, bac, short_bac] {
        let (mut reader, card) = lay(&script);
        let policy = AccessPolicy::PaceOrBacWhenNotOffered;
        let files = read_all(open(&mut reader, &card.zone, policy).unwrap()).unwrap();
        card.assert_read(&files);
        assert_eq!(files.access() == Protocol::Bac, script.only_bac, "{script:?}");
        assert_eq!(files.file(FileId::CardAccess).is_none(), script.only_bac, "{script:?}");
    }
}

/// EF.CardAccess, five commands of PACE, and the application.
const UNTIL_COM: u32 = 7;

/// What a chip dislikes is learnt once: no whole reading takes many commands more than that
/// of a chip without habits that gives as much at once.
#[test]
fn what_a_chip_dislikes_is_learnt_once_in_a_whole_reading() {
    let cost = |reading: ReadingFaults| {
        let faults = CardFaults { reading, ..CardFaults::default() };
        let (mut reader, card) = lay(&CardScript { faults, ..CardScript::default() });
        let files = read_all(open(&mut reader, &card.can, AccessPolicy::PaceOnly).unwrap()).unwrap();
        card.assert_read(&files);
        files.log().apdus
    };
    let usual = ReadingFaults::default();
    let at_the_end = |at_the_end| ReadingFaults { at_the_end, ..usual };
    let beyond = |longest, beyond_longest| ReadingFaults { longest: Some(longest), beyond_longest, ..usual };
    let (long, short) = (cost(usual), cost(beyond(223, BeyondLongest::Shortened)));
    println!("{long} commands by long answers, {short} by short ones");
    for (reading, most) in [
        // A file then costs its first bytes and its rest.
        (at_the_end(ShortFile::WrongLength), long + 12),
        (at_the_end(ShortFile::WrongOffset), long + 12),
        (at_the_end(ShortFile::ExactLength), long + 12),
        // EF.CardAccess in three commands; then 4,096 and 1,024 bytes are tried, and 4,096
        // once more in a file that is known to have them.
        (beyond(231, BeyondLongest::PlainWrongLength), short + 5),
        // Two commands find it out; then all from the reset on is done once more.
        (beyond(256, BeyondLongest::ChannelDropped), short + 2 + UNTIL_COM),
    ] {
        let apdus = cost(reading);
        println!("{reading:?}: {apdus} commands");
        assert!(apdus <= most, "{reading:?}: {apdus} > {most}");
    }
}

/// The first files are short, so opening does not show it.
#[test]
fn a_chip_that_breaks_off_over_a_long_answer_is_read_with_short_ones_where_the_caller_says_so() {
    for (longest, breaks_at) in [(1024, FileId::Sod), (3000, FileId::Dg2)] {
        let beyond_longest = BeyondLongest::ChannelDroppedByAnswer;
        let reading = ReadingFaults { longest: Some(longest), beyond_longest, ..ReadingFaults::default() };
        let faults = CardFaults { reading, ..CardFaults::default() };
        let (mut reader, card) = lay(&CardScript { faults, ..CardScript::default() });
        let mut session = open(&mut reader, &card.can, AccessPolicy::PaceOnly).unwrap();
        let broken = WANTED.into_iter().find_map(|file| Some((file, session.read(file, &mut |_| ()).err()?)));
        let (file, error) = broken.expect("a file is too long for the chip");
        assert_eq!(file, breaks_at);
        // It asks for less, as of a chip that only refused the length, and there is no channel any more.
        assert!(matches!(error, ReadError::Unprotected { status: 0x6988, .. }), "{error}");
        assert!(error.may_be_of_a_long_answer());
        assert_eq!(error.fault(), Fault::CardGarbled);
        let after = session.read(file, &mut |_| ()).unwrap_err();
        assert!(
            matches!(after, ReadError::ChannelLost { .. }) && !after.may_be_of_a_long_answer(),
            "{after}"
        );
        drop(session);

        let mut short = ShortLength::of(&mut reader);
        let chance = &mut SeededChance::new(3);
        let opened = card::open(&mut short, &card.can, AccessPolicy::PaceOnly, chance, &mut |_| ());
        card.assert_read(&opened.and_then(read_all).unwrap());
    }
}

/// EF.ATR/INFO costs a command of its own, and saves those that a portrait is cut into.
#[test]
fn a_chip_that_states_its_lengths_is_asked_for_all_of_them() {
    let cost = |lengths| {
        let mut script = CardScript::default();
        script.profile.master_file.lengths = lengths;
        let (mut reader, card) = lay(&script);
        let files = read_all(open(&mut reader, &card.can, AccessPolicy::PaceOnly).unwrap()).unwrap();
        card.assert_read(&files);
        (files.log().apdus, files.file(FileId::Dg2).unwrap().len())
    };
    let (unsaid, portrait) = cost(None);
    let (stated, _) = cost(Some(Lengths { command: 2048, answer: 32_767 }));
    println!("{unsaid} commands without, {stated} with, portrait of {portrait} bytes");
    assert_eq!(unsaid - stated, portrait.div_ceil(4096) as u32 - 1 - 1);
}

#[test]
fn a_password_that_a_chip_does_not_take_is_told_from_a_wrong_one() {
    let script = |passwords| {
        let mut script = CardScript::default();
        script.profile.access.passwords = vec![PasswordKind::Can, PasswordKind::Pin];
        script.faults.passwords = passwords;
        script
    };
    let refused = |state| {
        let (mut reader, card) = lay(&script(state));
        open(&mut reader, &card.can, AccessPolicy::PaceOrBacWhenNotOffered).err()
    };
    let blocked = refused(PasswordState::Blocked);
    assert!(matches!(blocked, Some(ReadError::KeyBlocked { password: Password::Can, status: 0x6983 })));
    let suspended = refused(PasswordState::Suspended);
    assert!(matches!(suspended, Some(ReadError::KeySuspended { password: Password::Can, status: 0x6984 })));
    // The last try is worth taking, but not of a PIN.
    assert!(refused(PasswordState::LastTry).is_none());
    let (mut reader, _) = lay(&script(PasswordState::LastTry));
    let pin = AccessKey::Pin(Pin::new("470815").unwrap());
    let left = open(&mut reader, &pin, AccessPolicy::PaceOnly).err();
    assert!(matches!(left, Some(ReadError::KeySuspended { password: Password::Pin, status: 0x63C1 })));
}

#[test]
fn a_chip_with_bac_alone_is_not_read_where_the_policy_says_pace() {
    let script = CardScript { only_bac: true, ..CardScript::default() };
    let (mut reader, card) = lay(&script);
    let error = open(&mut reader, &card.zone, AccessPolicy::PaceOnly).err().unwrap();
    assert!(matches!(error, ReadError::PaceNotOffered), "{error}");
    let error = open(&mut reader, &card.can, AccessPolicy::PaceOrBacWhenNotOffered).err().unwrap();
    assert!(matches!(error, ReadError::KeyNotForBac), "{error}");
}

#[test]
fn of_the_candidates_for_bac_the_right_one_opens_and_none_is_tried_where_pace_is_asked_for() {
    let wrong = |expiry: &str| MrzKey::new("095012345", "950902", expiry).unwrap();
    let right = |made: &Issued| MrzKey::from_mrz(&made.mrz).unwrap();
    let try_all = |only_bac, candidates: fn(MrzKey, [MrzKey; 2]) -> Vec<MrzKey>, policy| {
        let (mut reader, card) = lay(&CardScript { only_bac, ..CardScript::default() });
        let candidates = candidates(right(&card), [wrong("350902"), wrong("250902")]);
        let chance = &mut SeededChance::new(3);
        let session = card::open_with(
            &mut reader,
            Opening { key: &card.can, candidates: &candidates, policy, offers: None },
            chance,
            &mut |_| (),
        )?;
        Ok((session.access(), session.log().apdus))
    };
    let policy = AccessPolicy::PaceOrBacWhenNotOffered;
    let last = try_all(true, |right, [one, two]| vec![one, two, right], policy);
    let first = try_all(true, |right, [one, two]| vec![right, one, two], policy);
    let (last, first) = (last.unwrap(), first.unwrap());
    assert_eq!((last.0, first.0), (Protocol::Bac, Protocol::Bac));
    assert_eq!(last.1 - first.1, 4, "a challenge and an answer for each wrong one");
    let none: Result<_, ReadError> = try_all(true, |_, [one, two]| vec![one, two], policy);
    assert!(matches!(none, Err(ReadError::KeyWrong { .. })), "{none:?}");
    let forbidden = try_all(true, |right, _| vec![right], AccessPolicy::PaceOnly);
    assert!(matches!(forbidden, Err(ReadError::PaceNotOffered)), "{forbidden:?}");
    let offered = try_all(false, |right, _| vec![right], policy).unwrap();
    assert!(matches!(offered.0, Protocol::Pace { .. }), "{offered:?}");
}

#[test]
fn a_wrong_number_says_how_many_tries_are_left_and_the_right_one_still_opens() {
    let (mut reader, card) = lay(&CardScript::default());
    let wrong = AccessKey::Can(Can::new("000000").unwrap());
    for left in [2, 1] {
        let error = open(&mut reader, &wrong, AccessPolicy::PaceOnly).err().unwrap();
        assert!(matches!(error, ReadError::KeyWrong { tries_left: Some(tries) } if tries == left), "{error}");
        assert_eq!(error.fault(), Fault::CardKeyWrong);
    }
    assert!(open(&mut reader, &card.can, AccessPolicy::PaceOnly).is_ok());
}

#[test]
fn files_that_citizen_cards_lack_or_guard_are_told_apart() {
    let (mut reader, card) = lay(&CardScript::default());
    let mut session = open(&mut reader, &card.can, AccessPolicy::PaceOnly).unwrap();
    let absent = session.read(FileId::Dg11, &mut |_| ()).unwrap_err();
    assert!(matches!(absent, ReadError::Absent { file: FileId::Dg11 }), "{absent}");
    let guarded = session.read(FileId::Dg3, &mut |_| ()).unwrap_err();
    assert!(matches!(guarded, ReadError::Refused { file: FileId::Dg3, status: 0x6982 }), "{guarded}");
    session.read(FileId::Dg1, &mut |_| ()).expect("the channel goes on");
}

#[test]
fn a_card_lifted_in_the_portrait_is_read_again_after_it_is_laid_down() {
    let script = CardScript { lifted_in_portrait_after: Some(5000), ..CardScript::default() };
    let (mut reader, card) = lay(&script);
    let mut progress = Vec::new();
    let mut session = open(&mut reader, &card.can, AccessPolicy::PaceOnly).unwrap();
    let error = session.read(FileId::Dg2, &mut |step| progress.push(step)).unwrap_err();
    assert!(matches!(error, ReadError::NoAnswer { fault: ReaderFault::CardGone, .. }), "{error}");
    assert_eq!(error.fault(), Fault::CardLifted);
    assert!(
        matches!(progress[..], [Progress::Reading { file: FileId::Dg2, done: 4096, .. }]),
        "{progress:?}"
    );
    let lost = session.read(FileId::Dg2, &mut |_| ()).unwrap_err();
    assert!(matches!(lost, ReadError::ChannelLost { .. }), "{lost}");
    let given = [FileId::CardAccess, FileId::Com, FileId::Dg2];
    assert_eq!(session.log().files, given, "what came of the portrait was read");

    drop(session);
    reader.wait_for_card(Duration::from_secs(5)).unwrap().expect("it comes back");
    let files = read_all(open(&mut reader, &card.can, AccessPolicy::PaceOnly).unwrap()).unwrap();
    card.assert_read(&files);
}

#[test]
fn a_reader_that_fails_is_named_as_such() {
    for (fault, code) in [
        (ReaderFault::Unplugged, "READER-01"),
        (ReaderFault::ServiceDown, "READER-02"),
        (ReaderFault::Busy, "READER-03"),
        (ReaderFault::CardReset, "READER-05"),
    ] {
        let (mut reader, card) = lay(&CardScript::default());
        reader.fail_with(Some(fault));
        let error = open(&mut reader, &card.can, AccessPolicy::PaceOnly).err().unwrap();
        assert_eq!((error.fault(), error.fault().code()), (fault.fault(), code));
        // Once it is over the same card is read without being lifted.
        reader.fail_with(None);
        let files = read_all(open(&mut reader, &card.can, AccessPolicy::PaceOnly).unwrap()).unwrap();
        card.assert_read(&files);
    }
}

#[test]
fn a_session_can_be_given_to_another_thread() {
    let (mut reader, card) = lay(&CardScript::default());
    let session = open(&mut reader, &card.can, AccessPolicy::PaceOnly).unwrap();
    let files = thread::scope(|scope| scope.spawn(|| read_all(session)).join().unwrap()).unwrap();
    card.assert_read(&files);
}
