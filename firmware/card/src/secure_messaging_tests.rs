//! The channel against the worked examples of ICAO Doc 9303-11, appendix D.4, and
//! of BSI TR-03110, and against answers that somebody changed.

use super::*;

fn bytes(hex: &str) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(hex::decode(hex).unwrap())
}

fn channel(cipher: Cipher, encryption: &str, mac: &str, counter: &str) -> Channel {
    Channel::new(CipherKey::from_hex(cipher, encryption), CipherKey::from_hex(cipher, mac), bytes(counter))
}

/// The channel of appendix D.4, before its first command.
fn channel_of_appendix_d() -> Channel {
    channel(
        Cipher::TripleDes,
        "979EC13B1CBFE9DCD01AB0FED307EAE5",
        "F1CB1F1FB5ADF208806B89DC579DC1F8",
        "887022120C06C226",
    )
}

/// The channel that the BSI example makes with PACE.
fn channel_of_bsi() -> Channel {
    channel(
        Cipher::Aes128,
        "68406B4162100563D9C901A6154D2901",
        "73FF268784F72AF833FDC9464049AFC9",
        "00000000000000000000000000000000",
    )
}

fn answer(hex: &str) -> Answer {
    Answer::parse(bytes(hex)).unwrap()
}

#[test]
fn the_three_exchanges_of_appendix_d_are_reproduced() {
    let mut channel = channel_of_appendix_d();
    let select = Command::carrying([0, 0xA4, 2, 0x0C], vec![0x01, 0x1E], None);
    let head = Command::asking([0, 0xB0, 0, 0], 4);
    let rest = Command::asking([0, 0xB0, 0, 4], 18);
    for (command, sent, received, plain, counter) in [
        (
            select,
            "0CA4020C158709016375432908C044F68E08BF8B92D635FF24F800",
            "990290008E08FA855A5D4C50A8ED9000",
            "",
            "887022120C06C228",
        ),
        (
            head,
            "0CB000000D9701048E08ED6705417E96BA5500",
            "8709019FF0EC34F9922651990290008E08AD55CC17140B2DED9000",
            "60145F01",
            "887022120C06C22A",
        ),
        (
            rest,
            "0CB000040D9701128E082EA28A70F3C7B53500",
            "871901FB9235F4E4037F2327DCC8964F1F9B8C30F42C8E2FFF224A990290008E08C8B2787EAEA07D749000",
            "04303130365F36063034303030305C026175",
            "887022120C06C22C",
        ),
    ] {
        assert_eq!(hex::encode_upper(&*channel.protect(&command)), sent);
        let opened = channel.open(&answer(received)).expect("the standard's answer is genuine");
        assert_eq!((hex::encode_upper(&*opened.data).as_str(), opened.status), (plain, DONE));
        assert_eq!(hex::encode_upper(&*channel.counter), counter);
    }
}

// The first command after PACE in the examples sends the reference of a certificate
// holder; its cryptogram and the code of the empty answer are given.
#[test]
fn the_aes_channels_of_bsi_are_reproduced() {
    let over_a_prime_group = channel(
        Cipher::Aes128,
        "2F7F46ADCC9E7E521B45D192FAFA9126",
        "805A1D27D45A5116F73C54469462B7D8",
        "00000000000000000000000000000000",
    );
    for (mut channel, reference, cryptogram, code) in [
        (
            channel_of_bsi(),
            "830D44454356434141543030303031",
            "1D871101BE90237EEB4BA0FF253EA246AE31C8B8",
            "A89570A68664A7D6",
        ),
        (
            over_a_prime_group,
            "830F444554455354435643413030303033",
            "2D872101B37BB57DA1DB37D1C49604917BD699E61D6A3074E69E4067A1B3990388233633",
            "EBFF08D3B20A0414",
        ),
    ] {
        let command = Command::carrying([0, 0x22, 0x81, 0xB6], hex::decode(reference).unwrap(), None);
        let sent = hex::encode_upper(&*channel.protect(&command));
        assert!(sent.starts_with(&format!("0C2281B6{cryptogram}8E08")), "{sent}");
        let opened = channel.open(&answer(&format!("990290008E08{code}9000"))).unwrap();
        assert!(opened.data.is_empty());
    }
}

#[test]
fn any_changed_bit_of_an_answer_is_found() {
    let genuine = hex::decode("8709019FF0EC34F9922651990290008E08AD55CC17140B2DED9000").unwrap();
    for at in 0..genuine.len() * 8 {
        let mut channel = channel_of_appendix_d();
        step(&mut channel.counter, 2);
        channel.protect(&Command::asking([0, 0xB0, 0, 0], 4));
        let mut changed = genuine.clone();
        changed[at / 8] ^= 1 << (at % 8);
        let opened = channel.open(&Answer::parse(Zeroizing::new(changed)).unwrap());
        assert!(opened.is_err(), "bit {at}");
    }
}

#[test]
fn an_answer_played_again_is_found() {
    let mut channel = channel_of_appendix_d();
    let select = Command::carrying([0, 0xA4, 2, 0x0C], vec![0x01, 0x1E], None);
    let reply = answer("990290008E08FA855A5D4C50A8ED9000");
    channel.protect(&select);
    assert!(channel.open(&reply).is_ok());
    channel.protect(&select);
    assert_eq!(channel.open(&reply).err(), Some(Distrust::MacWrong));
}

#[test]
fn a_bare_status_is_not_mistaken_for_an_answer() {
    let mut channel = channel_of_appendix_d();
    assert_eq!(channel.open(&answer("6988")).err(), Some(Distrust::Unprotected(0x6988)));
    let mut channel = channel_of_appendix_d();
    assert!(matches!(channel.open(&answer("9000")), Err(Distrust::Malformed(_))));
}

#[test]
fn the_counter_carries_and_borrows() {
    let mut counter = [0x00, 0xFF, 0xFF];
    step(&mut counter, 1);
    assert_eq!(counter, [1, 0, 0]);
    step(&mut counter, -2);
    assert_eq!(counter, [0, 0xFF, 0xFE]);
}

#[test]
fn the_longest_answer_is_used_to_the_last_block() {
    for (channel, short) in [(channel_of_appendix_d(), 231), (channel_of_bsi(), 223)] {
        assert_eq!(channel.longest_plain(258), short);
        for limit in 258..5000 {
            let plain = channel.longest_plain(limit);
            assert!(channel.protected(plain) + 2 <= limit, "{plain} in {limit}");
            let slack = if limit < 300 { 2 } else { 1 };
            assert!(channel.protected(plain + slack * 16) + 2 > limit, "{plain} in {limit}");
        }
    }
}

#[test]
fn a_command_is_extended_only_when_its_answer_is() {
    let mut channel = channel_of_bsi();
    let short = channel.protect(&Command::asking([0, 0xB0, 0x9E, 0], 223));
    assert_eq!((short[4], short.len()), (13, 4 + 1 + 13 + 1));
    let long = channel.protect(&Command::asking([0, 0xB0, 0x9E, 0], 224));
    assert_eq!(hex::encode(&long[..10]), "0cb09e0000000d9701e0");
    assert_eq!(long[long.len() - 2..], [0, 0]);
}

// 9303-11, 9.8.4: an odd instruction's data go into object 85, without the byte
// that says "padded".
#[test]
fn an_odd_instruction_uses_its_own_object() {
    let mut channel = channel_of_bsi();
    let sent = channel.protect(&Command::carrying([0, 0xB1, 0, 0], vec![0x54, 2, 0x80, 0], Some(100)));
    assert_eq!(hex::encode(&sent[..7]), "0cb100001f8510");
}
