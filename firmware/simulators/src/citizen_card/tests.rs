//! The chip against the worked examples of ICAO Doc 9303-11, appendices D and G,
//! played through its command interface, and against terminals that misbehave.

use std::convert::Infallible;

use rand_core::{TryCryptoRng, TryRng};

use super::*;
use crate::card_profile::{CardProfile, Cipher, Mapping, PaceProtocol};

/// Chance that says what the worked examples drew.
pub(super) struct Written(Vec<u8>);

impl Written {
    pub(super) fn new(draws: &[&str]) -> Self {
        Self(hex::decode(draws.concat()).unwrap())
    }
}

impl TryRng for Written {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        unreachable!("the chip draws bytes")
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        unreachable!("the chip draws bytes")
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        let rest = self.0.split_off(bytes.len());
        bytes.copy_from_slice(&std::mem::replace(&mut self.0, rest));
        Ok(())
    }
}

impl TryCryptoRng for Written {}

/// EF.COM of appendix D, and a portrait and a forbidden file for the rest.
fn content(information: &str) -> Personalised {
    let common = hex::decode("60145F0104303130365F36063034303030305C026175").unwrap();
    Personalised::for_tests(
        information,
        "000158",
        [(0x1E, common), (2, vec![0xD2; 40_000]), (3, vec![0xD3; 10])].into(),
        &CardProfile::default(),
    )
}

fn say(card: &mut CitizenCard, apdu: &str) -> String {
    hex::encode_upper(card.answer(&hex::decode(apdu).unwrap()))
}

const SELECT_APPLICATION: &str = "00A4040C07A0000002471001";

/// A chip after the mutual authentication of appendix D.3.
fn after_basic_access() -> CitizenCard {
    let chance = Written::new(&["4608F91988702212", "0B4F80323EB3191CB04970CB4052790B"]);
    let content = content("L898902C<369080619406236");
    let mut card = CitizenCard::with_chance(content, &CardScript::default(), Box::new(chance));
    assert_eq!(say(&mut card, SELECT_APPLICATION), "9000");
    assert_eq!(say(&mut card, "0084000008"), "4608F919887022129000");
    let request =
        "008200002872C29C2371CC9BDB65B779B8E8D37B29ECC154AA56A8799FAE2F498F76ED92F25F1448EEA8AD90A728";
    let expected = "46B9342A41396CD7386BF5803104D7CEDC122B9132139BAF2EEDC94EE178534F2F2D235D074D74499000";
    assert_eq!(say(&mut card, request), expected);
    card
}

#[test]
fn basic_access_and_3des_messaging_go_as_in_appendix_d() {
    let mut card = after_basic_access();
    for (command, answer) in [
        ("0CA4020C158709016375432908C044F68E08BF8B92D635FF24F800", "990290008E08FA855A5D4C50A8ED9000"),
        ("0CB000000D9701048E08ED6705417E96BA5500", "8709019FF0EC34F9922651990290008E08AD55CC17140B2DED9000"),
        (
            "0CB000040D9701128E082EA28A70F3C7B53500",
            "871901FB9235F4E4037F2327DCC8964F1F9B8C30F42C8E2FFF224A990290008E08C8B2787EAEA07D749000",
        ),
    ] {
        assert_eq!(say(&mut card, command), answer);
    }
}

#[test]
fn a_command_played_twice_ends_the_channel() {
    let mut card = after_basic_access();
    let command = "0CA4020C158709016375432908C044F68E08BF8B92D635FF24F800";
    assert!(say(&mut card, command).ends_with("9000"));
    assert_eq!(say(&mut card, command), "6988");
    // Even the right next command finds no channel.
    assert_eq!(say(&mut card, "0CB000000D9701048E08ED6705417E96BA5500"), "6988");
}

#[test]
fn a_command_without_its_code_ends_the_channel() {
    let mut card = after_basic_access();
    assert_eq!(say(&mut card, "0CB000000397010400"), "6987");
    assert_eq!(say(&mut card, "0CA4020C158709016375432908C044F68E08BF8B92D635FF24F800"), "6988");
}

#[test]
fn a_plain_command_ends_the_channel() {
    let mut card = after_basic_access();
    assert_eq!(say(&mut card, "00B09E0004"), "6982");
    assert_eq!(say(&mut card, "0CA4020C158709016375432908C044F68E08BF8B92D635FF24F800"), "6988");
}

#[test]
fn a_wrong_basic_access_key_is_refused_and_the_challenge_is_spent() {
    let content = content("L898902C<369080619406237");
    let mut card = CitizenCard::with_chance(
        content,
        &CardScript::default(),
        Box::new(Written::new(&["4608F91988702212"])),
    );
    say(&mut card, SELECT_APPLICATION);
    say(&mut card, "0084000008");
    let request =
        "008200002872C29C2371CC9BDB65B779B8E8D37B29ECC154AA56A8799FAE2F498F76ED92F25F1448EEA8AD90A728";
    assert_eq!(say(&mut card, request), "6300");
    assert_eq!(card.time_of_last_answer(), Duration::from_millis(100));
    assert_eq!(say(&mut card, request), "6985");
}

/// The exchange of appendix G.1, with the chip's draws.
const PACE_DRAWS: [&str; 3] = [
    "3F00C4D39D153F2B2A214A078D899B22",
    "498FF49756F2DC1587840041839A85982BE7761D14715FB091EFA7BCE9058560",
    "107CF58696EF6155053340FD633392BA81909DF7B9706F226F32086C7AFF974A",
];
const PACE_EXCHANGE: [(&str, &str); 5] = [
    ("0022C1A40F800A04007F00070202040202830101", "9000"),
    ("10860000027C0000", "7C12801095A3A016522EE98D01E76CB6B98B42C39000"),
    (
        "10860000457C438141047ACF3EFC982EC45565A4B155129EFBC74650DCBFA6362D896FC70262E0C2CC5E544552DCB672521879911\
         5B55C9BAA6D9F6BC3A9618E70C25AF71777A9C4922D00",
        "7C43824104824FBA91C9CBE26BEF53A0EBE7342A3BF178CEA9F45DE0B70AA601651FBA3F5730D8C879AAA9C9F73991E61B58F4D5\
         2EB87A0A0C709A49DC63719363CCD13C549000",
    ),
    (
        "10860000457C438341042DB7A64C0355044EC9DF190514C625CBA2CEA48754887122F3A5EF0D5EDD301C3556F3B3B186DF10B857B\
         58F6A7EB80F20BA5DC7BE1D43D9BF850149FBB3646200",
        "7C438441049E880F842905B8B3181F7AF7CAA9F0EFB743847F44A306D2D28C1D9EC65DF6DB7764B22277A2EDDC3C265A9F018F9C\
         B852E111B768B326904B59A0193776F0949000",
    ),
    ("008600000C7C0A8508C2B0BD78D94BA86600", "7C0A86083ABB9674BCE93C089000"),
];

fn card_of_appendix_g(information: &str, script: &CardScript) -> CitizenCard {
    CitizenCard::with_chance(content(information), script, Box::new(Written::new(&PACE_DRAWS)))
}

#[test]
fn pace_goes_as_in_appendix_g() {
    let mut card = card_of_appendix_g("T22000129364081251010318", &CardScript::default());
    for (command, answer) in PACE_EXCHANGE {
        assert_eq!(say(&mut card, command), answer);
    }
}

/// PACE as others worked it out: the protocol, the chip's draws, the exchange.
struct Worked {
    parameters: u8,
    draws: [&'static str; 3],
    exchange: [(&'static str, &'static str); 5],
}

/// ICAO Doc 9303-11, appendix G.2 (numbers, the zone), and the example of the BSI
/// for TR-03110 (a curve, the PIN).
const WORKED: [Worked; 2] = [
    Worked {
        parameters: 0,
        draws: [
            "FA5B7E3E49753A0DB9178B7B9BD898C8",
            "66DDAFEAC1609CB5B963BB0CB3FF8B3E047F336C",
            "A5B780126B7C980E9FCEA1D4539DA1D27C342DFA",
        ],
        exchange: [
            ("0022C1A40F800A04007F00070202040102830101", "9000"),
            ("10860000027C0000", "7C128010854D8DF5827FA6852D1A4FA701CDDDCA9000"),
            (
                "10860000867C818381818023FB3749EA030D2A25B278D2A562047ADE3F01B74F17A15402CB7352CA7D2B3EB71C343DB13D1D\
                 EBCE9A3666DBCFC920B49174A602CB47965CAA73DC702489A44D41DB914DE9613DC5E98C94160551C0DF86274B9359BC0490\
                 D01B03AD54022DCB4F57FAD6322497D7A1E28D46710F461AFE710FBBBC5F8BA166F4311975EC6C00",
                "7C818382818078879F57225AA8080D52ED0FC890A4B25336F699AA89A2D3A189654AF70729E623EA5738B26381E4DA19E004\
                 706FACE7B235C2DBF2F38748312F3C98C2DD4882A41947B324AA1259AC22579DB93F7085655AF30889DBB845D9E6783FE42C\
                 9F2449400306254C8AE8EE9DD812A804C0B66E8CAFC14F84D8258950A91B44126EE69000",
            ),
            (
                "10860000867C8183838180907D89E2D425A178AA81AF4A7774EC8E388C115CAE67031E85EECE520BD911551B9AE4D04369F2\
                 9A02626C86FBC6747CC7BC352645B6161A2A42D44EDA80A08FA8D61B76D3A154AD8A5A51786B0BC07147057871A922212C5F\
                 67F43173172236B7747D1671E6D692A3C7D40A0C3C5CE397545D015C175EB5130551EDBC2EE5D400",
                "7C8183848180075693D9AE941877573E634B6E644F8E60AF17A0076B8B123D9201074D36152BD8B3A213F53820C42ADC79AB\
                 5D0AEEC3AEFB91394DA476BD97B9B14D0A65C1FC71A0E019CB08AF55E1F729005FBA7E3FA5DC41899238A250767A6D46DB97\
                 4064386CD456743585F8E5D90CC8B4004B1F6D866C79CE0584E49687FF61BC29AEA19000",
            ),
            ("008600000C7C0A8508B46DD9BD4D98381F00", "7C0A8608917F37B5C0E6D8D19000"),
        ],
    },
    Worked {
        parameters: 13,
        draws: [
            "7D98C00FC6C9E9543BBF94A87073A123",
            "19C428715663DE745D1824B855D2B967890C99D68ED5FEEE9DCDF8D7BBA289D2",
            "15872C56908C144002177994CFAAEDD5467CE150853C44535051FF24183039D8",
        ],
        exchange: [
            ("0022C1A40F800A04007F00070202040202830103", "9000"),
            ("10860000027C0000", "7C128010CE834CDE69FFBB1D1EB21585CD709F189000"),
            (
                "10860000457C438141043DD29BBE5907FD21A152ADA4895FAAE7ACC55F5E50EFBFDE5AB0C6EB54F198D615913635F0FDF5BE\
                 B383E00355F82D3C41ED0DF2E28363433DFB73856A15DC9F00",
                "7C438241049CFCF7582AC986D0DD52FA53123414C3E1B96B4D00ABA8E574679B70EFB5BC3B45D2F13729CC2AE178E7E241B4\
                 43213533B77DBB44649A815DDC4A2384BA422A9000",
            ),
            (
                "10860000457C43834104518BC4E532AD2A9BD6527804D5D665ABD51041037A0CC8AA922804EB501C222B3427388599AFAAE9\
                 FBACE2DF93E13C3C4979CD12F0AE3E3C012602839155458200",
                "7C43844104282CF38073036AFAC216AF135BD994DA0C357F10BD4C34AFEA1042B2EB0FD6804DF3658B835AC2E7133F136911\
                 84542BB50B109963A4662ABDC08B9763AF4B5B9000",
            ),
            ("008600000C7C0A8508A27AE7B36573C1D900", "7C0A8608A2658C2F38600B0F9000"),
        ],
    },
];

#[test]
fn pace_goes_as_in_other_worked_examples() {
    for worked in WORKED {
        let mut script = CardScript::default();
        let parameters = worked.parameters.try_into().unwrap();
        let access = &mut script.profile.access;
        access.pace = vec![PaceProtocol::new(Mapping::Gm, Cipher::Aes128, parameters).unwrap()];
        access.passwords = vec![PasswordKind::Mrz, PasswordKind::Pin];
        access.pin = "123456".to_owned();
        let content = content("T22000129364081251010318");
        let mut card = CitizenCard::with_chance(content, &script, Box::new(Written::new(&worked.draws)));
        for (command, answer) in worked.exchange {
            assert_eq!(say(&mut card, command), answer);
        }
    }
}

/// A card for the first of the worked examples, over numbers.
fn card_over_numbers(section: &str) -> CitizenCard {
    let mut script: CardScript = toml::from_str(section).unwrap();
    let access = &mut script.profile.access;
    access.pace = vec![PaceProtocol::new(Mapping::Gm, Cipher::Aes128, 0.try_into().unwrap()).unwrap()];
    let chance = Box::new(Written::new(&WORKED[0].draws));
    CitizenCard::with_chance(content("T22000129364081251010318"), &script, chance)
}

/// The same command as three of ISO/IEC 7816-4, 5.3.3; its class, 10, is that of a round
/// of PACE, which all of them have in common.
fn cut(command: &str) -> [String; 3] {
    let data = &command[10..command.len() - 2];
    [(&data[..2], ""), (&data[2..200], ""), (&data[200..], "00")]
        .map(|(piece, expected)| format!("{}{:02X}{piece}{expected}", &command[..8], piece.len() / 2))
}

#[test]
fn the_rounds_of_a_worked_example_may_come_in_pieces() {
    let mut card = card_over_numbers("short-length = true");
    for (command, answer) in WORKED[0].exchange {
        if command.len() < 200 {
            assert_eq!(say(&mut card, command), answer);
            continue;
        }
        let [first, second, last] = cut(command);
        assert_eq!(say(&mut card, &first), "9000");
        assert_eq!(say(&mut card, &second), "9000");
        assert_eq!(say(&mut card, &last), answer);
    }
}

#[test]
fn a_broken_chain_is_6883_and_the_run_is_over() {
    let exchange = WORKED[0].exchange;
    let mut card = card_over_numbers("");
    assert_eq!(say(&mut card, exchange[0].0), "9000");
    assert_eq!(say(&mut card, exchange[1].0), exchange[1].1);
    let [first, ..] = cut(exchange[2].0);
    assert_eq!(say(&mut card, &first), "9000");
    assert_eq!(say(&mut card, "00B09C0001"), "6883");
    assert_eq!(say(&mut card, "00B09C0001"), "319000", "other commands go on");
    assert_eq!(say(&mut card, exchange[2].0), "6985", "not so the run");
}

#[test]
fn a_chip_without_chaining_says_6884_and_takes_whole_rounds() {
    for section in ["faults.long-commands = 'no-chaining'", "faults.long-commands = 'chaining-denied'"] {
        let mut card = card_over_numbers(section);
        let exchange = WORKED[0].exchange;
        for (command, answer) in &exchange[..2] {
            assert_eq!(say(&mut card, command), *answer, "{section}");
        }
        assert_eq!(say(&mut card, &cut(exchange[2].0)[0]), "6884", "{section}");
        let mut card = card_over_numbers(section);
        for (command, answer) in exchange {
            assert_eq!(say(&mut card, command), answer, "{section}");
        }
    }
}

#[test]
fn a_wrong_pace_token_opens_nothing_and_pauses_grow() {
    let mut card = card_of_appendix_g("T22000129364081251010318", &CardScript::default());
    for (command, _) in &PACE_EXCHANGE[..4] {
        say(&mut card, command);
    }
    assert_eq!(say(&mut card, "008600000C7C0A8508C2B0BD78D94BA86700"), "6300");
    assert_eq!(card.time_of_last_answer(), Duration::from_millis(100));
    assert_eq!(say(&mut card, PACE_EXCHANGE[4].0), "6985");
}

#[test]
fn a_point_off_the_curve_is_refused() {
    let mut card = card_of_appendix_g("T22000129364081251010318", &CardScript::default());
    say(&mut card, PACE_EXCHANGE[0].0);
    say(&mut card, PACE_EXCHANGE[1].0);
    let bent = PACE_EXCHANGE[2].0.replace("A9C4922D00", "A9C4922E00");
    assert_eq!(say(&mut card, &bent), "6A80");
}

#[test]
fn a_card_with_basic_access_only_knows_no_pace() {
    let script = CardScript { only_bac: true, ..CardScript::default() };
    let mut card = card_of_appendix_g("T22000129364081251010318", &script);
    assert_eq!(say(&mut card, PACE_EXCHANGE[0].0), "6D00");
}

#[test]
fn an_outsider_reads_nothing_but_card_access() {
    let mut card = CitizenCard::new(content("X"), &CardScript::default(), 1);
    assert_eq!(say(&mut card, "00A4000C023F00"), "6D00");
    assert_eq!(say(&mut card, "00A4000C"), "6D00");
    assert_eq!(say(&mut card, "00A4020C02011C"), "9000");
    assert_eq!(say(&mut card, "00B0000004"), "3134300D9000");
    assert_eq!(say(&mut card, "00B09C3400"), "010D9000");
    assert_eq!(say(&mut card, "00B09C3500FF"), "6700");
    assert_eq!(say(&mut card, "00B09C3604"), "6B00");
    assert_eq!(say(&mut card, "00A4020C02011E"), "6A82");
    assert_eq!(say(&mut card, SELECT_APPLICATION), "9000");
    for file in ["011E", "0102", "0103", "010B"] {
        assert_eq!(say(&mut card, &format!("00A4020C02{file}")), "6982");
    }
    assert_eq!(say(&mut card, "00B0820000"), "6982");
    assert_eq!(say(&mut card, "0088000008000000000000000000"), "6982");
}

#[test]
fn a_refused_card_access_is_refused_by_name_and_by_identifier_and_nothing_else_is() {
    let script: CardScript = toml::from_str("faults.card-access-status = 0x6F00").unwrap();
    let mut card = CitizenCard::new(content("X"), &script, 1);
    for refused in ["00B09C0000", "00A4020C02011C"] {
        assert_eq!(say(&mut card, refused), "6F00");
    }
    assert_eq!(say(&mut card, "00A4020C02011E"), "6A82");
    assert_eq!(say(&mut card, SELECT_APPLICATION), "9000");
    assert_eq!(say(&mut card, "00A4020C02011C"), "6982", "the application has its own files");
}

#[test]
fn the_answer_to_reset_says_whether_extended_length_and_chaining_work() {
    let atr = |short_length| {
        let script = CardScript { short_length, ..CardScript::default() };
        CitizenCard::new(content("X"), &script, 1).atr()
    };
    assert_eq!(atr(false)[8], 0xC0);
    assert_eq!(atr(true)[8], 0x80);
    let third_byte = |section: &str| {
        let script: CardScript = toml::from_str(section).unwrap();
        CitizenCard::new(content("X"), &script, 1).atr()[8]
    };
    assert_eq!(third_byte("faults.long-commands = 'no-chaining'"), 0x40);
    assert_eq!(third_byte("faults.long-commands = 'chaining-denied'"), 0xC0);
    let lengths = "profile.master-file.lengths = { command = 512, answer = 512 }";
    assert_eq!(third_byte(lengths), 0xE0, "and where the lengths stand");
    for atr in [atr(false), atr(true)] {
        assert_eq!(atr[1..].iter().fold(0, |sum, byte| sum ^ byte), 0, "check byte");
        assert_eq!(usize::from(atr[1] & 0x0F), atr.len() - 5);
    }
}
