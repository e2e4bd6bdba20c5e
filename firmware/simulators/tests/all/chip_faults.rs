//! Every fault of a chip at the level of commands and answers, as `[card.faults]`
//! writes it down.

use std::{path::Path, time::Duration};

use devices::{CardReader, ReaderFault};
use jiff::civil::{Date, date};
use simulators::{
    card_profile::{BadKey, Cipher, Mapping, PaceFault, PaceProtocol},
    chance::SeededChance,
    chip::Chip as _,
    citizen_card::CitizenCard,
    in_memory::InMemoryReader,
    people::People,
    personalise::{Issuer, Personalised},
    scenario::CardScript,
};

use crate::terminal::{Failure, Opening, Terminal};

const PEOPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/people");
const TODAY: Date = date(2026, 11, 21);

struct Laid {
    issued: Personalised,
    card: CitizenCard,
}

/// A card with the `[card]` section of a scenario.
fn lay(section: &str) -> Laid {
    let script: CardScript = toml::from_str(section).unwrap_or_else(|error| panic!("{error}"));
    let issuer = Issuer::generate(TODAY, &mut SeededChance::new(1)).unwrap();
    let people = People::load(Path::new(PEOPLE)).unwrap();
    let issued =
        issuer.personalise(people.person("khue").unwrap(), Path::new(PEOPLE), &script, TODAY).unwrap();
    let card = CitizenCard::new(issued.clone(), &script, 7);
    Laid { issued, card }
}

impl Laid {
    /// PACE as on citizen cards; then the application.
    fn open(&mut self) -> Terminal<'_> {
        let mut terminal = Terminal::new(&mut self.card);
        terminal.pace(usual(self.issued.mrz_information())).map(drop).unwrap();
        terminal.select_application().unwrap();
        terminal
    }

    fn pace_fails_by(&mut self, protocol: PaceProtocol) -> Option<Failure> {
        let opening = Opening { protocol, ..usual(self.issued.mrz_information()) };
        Terminal::new(&mut self.card).pace(opening).err()
    }
}

fn usual(information: &str) -> Opening<'_> {
    Opening { protocol: PaceProtocol::CITIZEN_CARD, password: (1, information.as_bytes()), named: false }
}

const READ_PORTRAIT: [u8; 4] = [0, 0xB0, 0x82, 0];

#[test]
fn a_length_beyond_the_end_is_answered_in_three_ways() {
    for (at_the_end, status, left) in
        [("warning", 0x6282, 95), ("silent", 0x9000, 95), ("exact-length", 0x6C5F, 0)]
    {
        let mut laid = lay(&format!("faults = {{ reading = {{ at-the-end = '{at_the_end}' }} }}"));
        // EF.DG1 has 95 bytes.
        let (bytes, said) = laid.open().send([0, 0xB0, 0x81, 0], &[], Some(200)).unwrap();
        assert_eq!((said, bytes.len()), (status, left), "{at_the_end}");
    }
}

#[test]
fn a_length_beyond_what_the_chip_sends_is_answered_in_three_ways() {
    for (refusal, status, got) in
        [("shortened", 0x9000, 160), ("wrong-length", 0x6700, 0), ("exact-length", 0x6CA0, 0)]
    {
        let mut laid =
            lay(&format!("faults = {{ reading = {{ longest = 160, beyond-longest = '{refusal}' }} }}"));
        let mut terminal = laid.open();
        for asked in [200, 1000, 65_536] {
            let (bytes, said) = terminal.send(READ_PORTRAIT, &[], Some(asked)).unwrap();
            assert_eq!((said, bytes.len()), (status, got), "{refusal}, {asked} bytes");
        }
        assert_eq!(terminal.send(READ_PORTRAIT, &[], Some(160)).unwrap().1, 0x9000);
    }
}

#[test]
fn a_chip_of_256_bytes_refuses_more_with_6700() {
    let mut laid = lay("faults = { reading = { longest = 256, beyond-longest = 'wrong-length' } }");
    let mut terminal = laid.open();
    assert_eq!(terminal.send(READ_PORTRAIT, &[], Some(257)).unwrap().1, 0x6700);
    assert_eq!(terminal.send(READ_PORTRAIT, &[], Some(256)).unwrap().1, 0x9000);
}

#[test]
fn a_chip_without_extended_length_refuses_it_in_plain_and_protected() {
    let mut laid = lay("short-length = true");
    assert_eq!(Terminal::new(&mut laid.card).plain("00A4020C000002011C").1, 0x6700);
    let mut terminal = laid.open();
    assert_eq!(terminal.send(READ_PORTRAIT, &[], Some(300)).unwrap().1, 0x6700);
    assert_eq!(terminal.send(READ_PORTRAIT, &[], Some(200)).unwrap().1, 0x9000);
}

#[test]
fn an_offset_past_the_end_is_6b00() {
    let mut laid = lay("");
    let mut terminal = laid.open();
    terminal.must([0, 0xB0, 0x81, 0], &[], Some(4)).unwrap();
    assert_eq!(terminal.send([0, 0xB0, 0, 95], &[], Some(4)).unwrap().1, 0x6B00);
    assert_eq!(terminal.send([0, 0xB0, 0, 94], &[], Some(1)).unwrap().1, 0x9000);
}

#[test]
fn a_portrait_beyond_32_kilobytes_is_read_by_odd_commands() {
    let mut laid = lay("profile = { data-groups = { portrait-bytes = 45000 } }");
    let file = laid.issued.file(2).unwrap().to_vec();
    assert!(file.len() > 0x8000);
    assert!(laid.open().read(2).unwrap() == file);
}

#[test]
fn wrong_passwords_are_counted_or_not_and_pauses_grow() {
    let wrong_can = |terminal: &mut Terminal<'_>| {
        let opening = Opening { password: (2, b"999999"), ..usual("") };
        terminal.pace(opening).err().unwrap()
    };
    for (how, statuses) in [
        ("access-number-counted", [0x63C2, 0x63C1, 0x63C0, 0x6300]),
        ("plain", [0x6300; 4]),
        ("counted", [0x63C2, 0x63C1, 0x63C0, 0x63C0]),
    ] {
        let mut laid = lay(&format!("faults = {{ wrong-password = '{how}' }}"));
        let mut terminal = Terminal::new(&mut laid.card);
        let mut last = Duration::ZERO;
        for status in statuses {
            assert_eq!(wrong_can(&mut terminal), Failure::Status(status), "{how}");
            assert!(terminal.card.time_of_last_answer() > last, "{how}: the pause does not grow");
            last = terminal.card.time_of_last_answer();
        }
    }
}

#[test]
fn a_wrong_zone_is_counted_only_where_everything_is() {
    for (how, status) in [("access-number-counted", 0x6300), ("counted", 0x63C2)] {
        let mut laid = lay(&format!("faults = {{ wrong-password = '{how}' }}"));
        let failure = Terminal::new(&mut laid.card).pace(usual("A1234567<890010110301019")).err();
        assert_eq!(failure, Some(Failure::Status(status)), "{how}");
    }
}

#[test]
fn the_reference_to_domain_parameters_is_required_or_refused() {
    for (how, named, unnamed) in [
        ("as-needed", None, None),
        ("required", None, Some(Failure::Status(0x6A87))),
        ("refused", Some(Failure::Status(0x6A87)), None),
    ] {
        let mut laid = lay(&format!("faults = {{ pace-reference = '{how}' }}"));
        let opening = usual(laid.issued.mrz_information());
        let mut terminal = Terminal::new(&mut laid.card);
        assert_eq!(terminal.pace(opening).err(), unnamed, "{how}");
        let mut terminal = Terminal::new(&mut laid.card);
        assert_eq!(terminal.pace(Opening { named: true, ..opening }).err(), named, "{how}");
    }
}

#[test]
fn a_card_pulled_at_a_command_gives_no_answer_to_it_once() {
    let laid = lay("faults = { gone-at-command = 3 }");
    let mut reader = InMemoryReader::new(laid.card);
    reader.lay();
    let select = hex::decode("00A4020C02011C").unwrap();
    reader.wait_for_card(Duration::ZERO).unwrap().unwrap();
    for _ in 0..2 {
        assert!(reader.exchange(&select).is_ok());
    }
    assert_eq!(reader.exchange(&select).err(), Some(ReaderFault::CardGone));
    assert_eq!(reader.exchange(&select).err(), Some(ReaderFault::CardGone));
    reader.wait_for_card(Duration::ZERO).unwrap().unwrap();
    assert!(reader.exchange(&select).is_ok());
}

#[test]
fn one_protected_answer_goes_wrong_and_the_terminal_sees_it() {
    // Answer 1 selects the application, 2 and 3 read.
    for (mishap, seen) in [
        ("corrupt-mac", Failure::WrongMac),
        ("stale-counter", Failure::WrongMac),
        ("replayed", Failure::WrongMac),
        ("no-mac", Failure::WrongMac),
        ("plain", Failure::WrongMac),
    ] {
        let mut laid = lay(&format!("faults = {{ channel = {{ at = 3, does = '{mishap}' }} }}"));
        let mut terminal = laid.open();
        let read = |terminal: &mut Terminal<'_>| terminal.send([0, 0xB0, 0x81, 0], &[], Some(20));
        let first = read(&mut terminal).unwrap();
        assert_eq!(read(&mut terminal), Err(seen), "{mishap}");
        // A terminal that looked away could go on.
        assert_eq!(read(&mut terminal).unwrap(), first, "{mishap}");
    }
}

#[test]
fn what_goes_wrong_on_the_channel_is_what_it_is_called() {
    let answers = |mishap: &str| {
        let mut laid = lay(&format!("faults = {{ channel = {{ at = 3, does = '{mishap}' }} }}"));
        let mut terminal = laid.open();
        [(); 2].map(|()| {
            let channel = terminal.channel.as_mut().unwrap();
            let command = channel.protect([0, 0xB0, 0x81, 0], &[], Some(20));
            let answer = terminal.card.answer(&command);
            terminal.channel.as_mut().unwrap().counter += 1;
            answer
        })
    };
    let [first, second] = answers("replayed");
    assert_eq!(first, second);
    let [whole, cut] = answers("no-mac");
    assert_eq!(whole.len(), cut.len() + 10);
    let [_, plain] = answers("plain");
    assert_eq!(hex::encode_upper(&plain[..5]), "615D5F1F5A");
    assert_eq!(plain.len(), 22);
    let [_, corrupt] = answers("corrupt-mac");
    assert_eq!(corrupt.len(), whole.len());
}

fn faulty_pace(fault: &str, protocol: PaceProtocol) -> Option<Failure> {
    let mapping = format!("{:?}", protocol.mapping()).to_lowercase();
    let agreement = format!("{:?}", protocol.parameters().agreement()).to_lowercase();
    let mut laid = lay(&format!(
        "[faults]\npace = {fault}\n[profile.access]\npace = [{{ mapping = '{mapping}', agreement = '{agreement}', \
         cipher = 'aes-128', parameters = {} }}]",
        protocol.parameters().number()
    ));
    laid.pace_fails_by(protocol)
}

fn protocol(mapping: Mapping, parameters: u8) -> PaceProtocol {
    PaceProtocol::new(mapping, Cipher::Aes128, parameters.try_into().unwrap()).unwrap()
}

#[test]
fn bad_keys_of_the_chip_are_seen_in_curves_and_in_numbers() {
    for number in [0, 13] {
        for key in ["echoed", "outside-group", "neutral"] {
            let mapping = faulty_pace(&format!("{{ mapping-key = '{key}' }}"), protocol(Mapping::Gm, number));
            assert_eq!(mapping, Some(Failure::BadKey), "{number}: {key} mapping key");
            for way in [Mapping::Gm, Mapping::Im] {
                let agreement = faulty_pace(&format!("{{ agreement-key = '{key}' }}"), protocol(way, number));
                assert_eq!(agreement, Some(Failure::BadKey), "{number}: {key} agreement key, {way:?}");
            }
        }
    }
}

#[test]
fn faults_are_read_as_the_kinds_that_they_are() {
    let script: CardScript = toml::from_str("faults = { pace = { mapping-key = 'echoed' } }").unwrap();
    assert_eq!(script.faults.pace, Some(PaceFault::MappingKey(BadKey::Echoed)));
}

#[test]
fn a_wrong_token_and_wrong_chip_data_are_seen() {
    let token = faulty_pace("'wrong-token'", protocol(Mapping::Gm, 13));
    assert_eq!(token, Some(Failure::WrongToken));
    let mut laid = lay(
        "faults = { pace = 'wrong-chip-data' }\nprofile = { access = { pace = [{ mapping = 'cam', agreement = \
         'ecdh', cipher = 'aes-128', parameters = 13 }] } }",
    );
    let opening = Opening { protocol: protocol(Mapping::Cam, 13), ..usual(laid.issued.mrz_information()) };
    let mut terminal = Terminal::new(&mut laid.card);
    let opened = terminal.pace(opening).ok().unwrap();
    let file = terminal.read(0x1D).unwrap();
    // 3059 … 0342 0004: the only point in EF.CardSecurity besides the signer's, and first.
    let at = file.windows(4).position(|window| window == [0x03, 0x42, 0x00, 0x04]).unwrap();
    let key = &file[at + 3..at + 3 + 65];
    assert_eq!(Terminal::check_chip_data(&opened, key), Err(Failure::NotGenuine));
}

#[test]
fn a_stale_nonce_comes_twice() {
    for (fault, same) in [("faults = { pace = 'stale-nonce' }", true), ("", false)] {
        let mut laid = lay(fault);
        let [first, second] = [(); 2].map(|()| {
            let opening = usual(laid.issued.mrz_information());
            Terminal::new(&mut laid.card).pace(opening).ok().unwrap().sealed_nonce
        });
        assert_eq!(first == second, same, "{fault}");
    }
}

#[test]
fn a_chip_whose_pace_always_fails_still_offers_basic_access() {
    let mut laid = lay("faults = { pace = 'fails' }");
    let opening = usual(laid.issued.mrz_information());
    let mut terminal = Terminal::new(&mut laid.card);
    assert_eq!(terminal.pace(opening).err(), Some(Failure::Status(0x6300)));
    terminal.select_application().unwrap();
    assert_eq!(terminal.basic_access(laid.issued.mrz_information()), Ok(()));
    assert!(terminal.read(1).is_ok());
}

#[test]
fn a_downgraded_card_access_leads_to_a_channel_in_the_weaker_protocol() {
    let mut laid = lay(
        "faults = { weaker-card-access = { mapping = 'gm', agreement = 'ecdh', cipher = '3des', parameters = 8 } }",
    );
    let weak = PaceProtocol::new(Mapping::Gm, Cipher::TripleDes, 8.try_into().unwrap()).unwrap();
    assert_eq!(laid.pace_fails_by(weak), None);
    assert_eq!(laid.pace_fails_by(PaceProtocol::CITIZEN_CARD), None);
}

#[test]
fn an_oversize_file_is_announced_but_ends_where_it_ends() {
    let mut laid = lay("faults = { oversize = [13] }");
    let length = laid.issued.file(13).unwrap().len();
    let mut terminal = laid.open();
    let header = terminal.must([0, 0xB0, 0x8D, 0], &[], Some(6)).unwrap();
    assert_eq!(header, [0x6D, 0x84, 0x7F, 0xFF, 0xFF, 0xFF]);
    let offset = (length as u16).to_be_bytes();
    assert_eq!(terminal.send([0, 0xB0, offset[0], offset[1]], &[], Some(1)).unwrap().1, 0x6B00);
}

#[test]
fn a_group_that_is_only_listed_cannot_be_selected_or_read() {
    let mut laid = lay("faults = { absent = [11] }");
    let mut terminal = laid.open();
    assert_eq!(terminal.send([0, 0xA4, 2, 0x0C], &[1, 0x0B], None).unwrap().1, 0x6A82);
    assert_eq!(terminal.send([0, 0xB0, 0x8B, 0], &[], Some(4)).unwrap().1, 0x6A82);
}

#[test]
fn a_clone_cannot_do_chip_authentication_with_the_key_that_was_signed() {
    use simulators::card_profile::ChipAuthentication;
    let profile = "profile = { chip-authentication = [{ agreement = 'ecdh', cipher = 'aes-128', parameters = 13, \
                   coding = 'standardised' }] }";
    for (faults, genuine) in [("", true), ("\nfaults = { cloned = 'keys-missing' }", false)] {
        let mut laid = lay(&format!("{profile}{faults}"));
        let file = laid.issued.file(14).unwrap().to_vec();
        let at = file.windows(4).position(|window| window == [0x03, 0x42, 0x00, 0x04]).unwrap();
        let mut terminal = laid.open();
        terminal.chip_authentication(ChipAuthentication::CITIZEN_CARD, &file[at + 3..at + 68]).unwrap();
        assert_eq!(terminal.read(1).is_ok(), genuine, "{faults}");
    }
}

#[test]
fn a_clone_that_hides_its_protocols_knows_none() {
    let mut laid = lay("faults = { cloned = 'protocols-hidden' }");
    let mut terminal = laid.open();
    assert_eq!(terminal.send([0, 0xB0, 0x8E, 0], &[], Some(4)).unwrap().1, 0x6A82);
    assert_eq!(terminal.send([0, 0x88, 0, 0], &[0; 8], Some(256)).unwrap().1, 0x6D00);
    let choose =
        terminal.send([0, 0x22, 0x41, 0xA4], &hex::decode("800A04007F00070202030202").unwrap(), None);
    assert_eq!(choose.unwrap().1, 0x6A80);
}
