//! The chip against the worked examples of ICAO Doc 9303-11, appendices D and G,
//! played through its command interface, and against terminals that misbehave.

use std::convert::Infallible;

use rand_core::{TryCryptoRng, TryRng};

use super::*;
use crate::personalise::chip_keys::ChipKeys;

/// Chance that says what the worked examples drew.
struct Written(Vec<u8>);

impl Written {
    fn new(draws: &[&str]) -> Self {
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
        ChipKeys::generate(&mut SeededChance::new(3)).unwrap(),
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
fn the_answer_to_reset_says_whether_extended_length_works() {
    let atr = |short_length| {
        let script = CardScript { short_length, ..CardScript::default() };
        CitizenCard::new(content("X"), &script, 1).atr()
    };
    assert_eq!(atr(false)[8] & 0x40, 0x40);
    assert_eq!(atr(true)[8] & 0x40, 0);
    for atr in [atr(false), atr(true)] {
        assert_eq!(atr[1..].iter().fold(0, |sum, byte| sum ^ byte), 0, "check byte");
        assert_eq!(usize::from(atr[1] & 0x0F), atr.len() - 5);
    }
}
