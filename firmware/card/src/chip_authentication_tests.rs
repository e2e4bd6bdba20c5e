//! Version 2 of chip authentication against the worked examples of the BSI for
//! TR-03110 (EAC over curves and over a prime group). The examples run it inside a channel
//! and after terminal authentication, which is not built here; here it runs in the clear,
//! where its commands can be seen.

use super::*;
use crate::script::{ScriptedChance, ScriptedReader};

/// The worked example over a curve: its security infos, the terminal's private key, and
/// the exchange. The last command under the new keys was computed from them with the
/// Python package `cryptography`.
pub(crate) const ECDH_INFOS: &str = concat!(
    "31820137300D060804007F00070202020201023012060A04007F000702020302020201020201013012060A04",
    "007F0007020204020202010202010D301C060904007F000702020302300C060704007F0007010202010D0201",
    "01302F060804007F0007020206162368747470733A2F2F7777772E686A702D636F6E73756C74696E672E636F",
    "6D2F686F6D653017060A04007F0007020205020330090201010201010101003017060A04007F000702020502",
    "0330090201010201020101FF3019060904007F000702020502300C060704007F0007010202010D3062060904",
    "007F0007020201023052300C060704007F0007010202010D03420004A44EBE5451DF7AADB01E459B8C928A87",
    "746A57927C8C28A6775C97A7E1FE8D9A46FF4A1CC7E4D1389AEA19758E4F75C28C598FD734AEBEB135337CF9",
    "5BE12E94020101",
);
const ECDH_CHANCE: &str = "A6A4D255C5BF7A77EC3D0553DB74F693CF044E18C98364D4977A296108AF19BD";
const ECDH_STEPS: [(&str, &str); 3] = [
    ("002241A40F800A04007F00070202030202840101", "9000"),
    (
        concat!(
            "00860000457C438041045A7A377FC9CAFC03AC7FF45441A8B2909D88EAB8E6B0173847AB49B949DF3799A34E",
            "E57EC55268CF8B1C3EC489F8BF4CF4C68D3FD9670E89C0D5D3FFF1AAF89F00",
        ),
        "7C1481084287B3072A3EDC608208FF0117D68DEE8E729000",
    ),
    (
        "0CB09E000D9701DF8E0874B4809D388F9D7000",
        concat!(
            "87210143E08F359017CDFD112FC5390C9CA9DF113FBEA50E7670D8AA551EB45699FB60990290008E08D56EBC",
            "D3AB72BBCB9000",
        ),
    ),
];

/// The worked example over a prime group: its security infos, the terminal's private key, and
/// the exchange. The last command under the new keys was computed from them with the
/// Python package `cryptography`.
pub(crate) const DH_INFOS: &str = concat!(
    "3182017C300D060804007F00070202020201023012060A04007F000702020301020201020201013012060A04",
    "007F00070202040102020102020100301C060904007F000702020301300C060704007F000701020201000201",
    "01302F060804007F0007020206162368747470733A2F2F7777772E686A702D636F6E73756C74696E672E636F",
    "6D2F686F6D653017060A04007F0007020205010330090201010201010101003017060A04007F000702020501",
    "0330090201010201020101FF3019060904007F000702020501300C060704007F000701020201003081A60609",
    "04007F000702020101308195300C060704007F00070102020100038184000281801B3345F8DC04341BF8B2C9",
    "7F652FA680E5D4FA4C146AE4B839431A644A79BC368C4822C89CD018A57F953644BEDA679C5B532902320E83",
    "E13B80DEEF8C18AF3E7D493AE3F88196101B9F78EAFE4B3025EF8BFF916B2FC02D762D0838DEA29C09B48559",
    "1C2F47F87C71F530BB358F56AF6459D86DBF85EAF9EDBD962CD364F7B8020101",
);
const DH_CHANCE: &str = "0DD05A00F2BE7CD6A8BD0AFF10E47B9CC9BBC842";
const DH_STEPS: [(&str, &str); 3] = [
    ("002241A40F800A04007F00070202030102840101", "9000"),
    (
        concat!(
            "00860000867C8183808180A2830947A6FCAACDE2FCB88B29AB38E07C3453ABC4BCB466087E11C79F32A19E6E",
            "F22BE108F8DD18FE8249C960951511200DC985AA3EC0CCAD59A5F9BBCC33EE5F1577E20330B4DD10EB06B740",
            "277C97A189180EDE52BEE9D429F10FB77F180F05D6A99C499CB5E1ECEEB8E92284F66EA98479674CE73F53C5",
            "67A03B0D29783300",
        ),
        "7C1481081A1AC1AB04D969658208756891580F70164D9000",
    ),
    (
        "0CB09E000D9701DF8E08CF354940910CFE9400",
        concat!(
            "872101DC6BD6F33AB21DE7749BC94A24449205BAE53472EEF56C9260F4CCBA167BF1C3990290008E08989808",
            "8A17855ACC9000",
        ),
    ),
];

/// Plays an example and sends one more command under the new keys; gives the proof.
fn play(infos: &str, chance: &str, steps: &[(&str, &str)]) -> Result<Vec<ChipProof>, ReadError> {
    let infos = SecurityInfos::parse(&hex::decode(infos).unwrap()).unwrap();
    let mut reader = ScriptedReader::new(steps);
    let (mut wire, _) = Wire::open(&mut reader)?;
    let came_to = establish(&mut wire, &infos, &mut ScriptedChance::new(&[chance]))?;
    assert_eq!(came_to, ChipAuthentication::Started);
    let answer = wire.send(STEP, &Command::asking([0x00, 0xB0, 0x9E, 0x00], 223))?;
    assert_eq!(answer.data.len(), 22);
    let proofs = std::mem::take(&mut wire.proofs);
    reader.assert_finished();
    Ok(proofs)
}

#[test]
fn version_2_is_that_of_the_bsi() {
    for (infos, chance, steps, protocol) in [
        (ECDH_INFOS, ECDH_CHANCE, ECDH_STEPS, "0.4.0.127.0.7.2.2.3.2.2"),
        (DH_INFOS, DH_CHANCE, DH_STEPS, "0.4.0.127.0.7.2.2.3.1.2"),
    ] {
        let proofs = play(infos, chance, &steps).unwrap_or_else(|error| panic!("{protocol}: {error}"));
        let [ChipProof::ChipAuthentication { protocol: found, key_id, public_key }] = &proofs[..] else {
            panic!("{protocol}: {proofs:?}");
        };
        assert_eq!(found.to_string(), protocol);
        assert_eq!(key_id.as_ref().map(KeyId::as_bytes), Some(&[1][..]));
        assert!(infos.to_uppercase().contains(&hex::encode_upper(public_key)));
    }
}

// The shared keys of the examples, both sides' numbers.
#[test]
fn the_keys_of_version_2_are_those_of_the_bsi() {
    for (secret, nonce, encryption, mac) in [
        (
            "791DA04273CCFE862E52DF60347E2557192E1F8D7517822CE3D306056C1CDEB4",
            "4287B3072A3EDC60",
            "94ABCD271AB7D9A5590BA52CB518B831",
            "78B5709E7ABEDB185B424D0EE3A82499",
        ),
        (
            concat!(
                "2A4FC2D11490DF4773DDFA6FF705557C51F4AD4533E8D8A66A3001BFDD271DB87BE3C1CAC22A05E8AF1A066D",
                "D0298E75DB928AAFDF00EB4BFB1BD12F372313C1CA649056517305638515D5A4FBE0AC59BDC80E8C5A5F4625",
                "4D231916EA77F80AC58E6B63A26198EE4387F10981E8E46FFBA23790C81E679363C589587D30BBB3",
            ),
            "1A1AC1AB04D96965",
            "E813D09DF69FFCC63763C537F828985C",
            "066721F3EBEA787B4F1C6DCA431EC229",
        ),
    ] {
        let secret = hex::decode(secret.to_owned() + nonce).unwrap();
        let key = |purpose| CipherKey::derive(Cipher::Aes128, &secret, purpose).to_hex();
        assert_eq!((key(Purpose::Encryption).as_str(), key(Purpose::Mac).as_str()), (encryption, mac));
    }
}

// The token of the example with its last bit turned, and another nonce with the same token.
#[test]
fn a_wrong_token_proves_nothing() {
    for (right, wrong) in [("EE8E72", "EE8E73"), ("8108428", "8108528")] {
        let answer = ECDH_STEPS[1].1.replace(right, wrong);
        let steps = [ECDH_STEPS[0], (ECDH_STEPS[1].0, answer.as_str())];
        let error = play(ECDH_INFOS, ECDH_CHANCE, &steps).unwrap_err();
        assert!(matches!(error, ReadError::ChipNotProven { step: STEP }), "{error}");
    }
}

#[test]
fn an_answer_of_version_2_without_its_token_is_malformed() {
    let steps = [ECDH_STEPS[0], (ECDH_STEPS[1].0, "7C009000")];
    let error = play(ECDH_INFOS, ECDH_CHANCE, &steps).unwrap_err();
    assert!(matches!(error, ReadError::Malformed { step: STEP, .. }), "{error}");
}

/// The protocols and keys that would be tried, best first.
fn order(infos: &[Vec<u8>]) -> Vec<(String, Option<Vec<u8>>)> {
    let infos = SecurityInfos::parse(&tlv::object(0x31, &infos.concat())).unwrap();
    let mut choices = Choice::among(&infos);
    choices.sort_by_key(|choice| std::cmp::Reverse(choice.strength()));
    let of = |choice: &Choice<'_>| {
        let protocol = choice.info.protocol.to_string();
        let short = protocol.trim_start_matches("0.4.0.127.0.7.2.2.3.").to_owned();
        (short, choice.key_id().map(|id| id.as_bytes().to_vec()))
    };
    choices.iter().map(of).collect()
}

/// A protocol by its last two arcs, with version and key number.
fn protocol(arcs: [u8; 2], version: u8, id: Option<u8>) -> Vec<u8> {
    let identifier = [&[0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x03][..], &arcs].concat();
    announce(&identifier, &[0x02, 0x01, version], id)
}

/// A key whose contents nobody looks at here.
fn key(arc: u8, id: Option<u8>) -> Vec<u8> {
    announce(&[0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x01, arc], &[0x30, 0x00], id)
}

fn announce(identifier: &[u8], value: &[u8], id: Option<u8>) -> Vec<u8> {
    let id = id.map(|id| tlv::object(0x02, &[id])).unwrap_or_default();
    tlv::object(0x30, &[tlv::object(0x06, identifier), value.to_vec(), id].concat())
}

fn expected(choices: &[(&str, Option<u8>)]) -> Vec<(String, Option<Vec<u8>>)> {
    choices.iter().map(|(protocol, id)| ((*protocol).to_owned(), id.map(|id| vec![id]))).collect()
}

#[test]
fn version_1_then_curves_then_the_stronger_cipher_is_tried_first() {
    let infos = [
        protocol([1, 4], 1, Some(1)),
        key(1, Some(1)),
        protocol([2, 4], 2, Some(2)),
        protocol([2, 1], 1, Some(2)),
        protocol([2, 3], 1, Some(2)),
        key(2, Some(2)),
    ];
    let best = [("2.3", Some(2)), ("2.1", Some(2)), ("1.4", Some(1)), ("2.4", Some(2))];
    assert_eq!(order(&infos), expected(&best));
}

// 9303-11, 9.2.6: with several keys the numbers decide; with one it may be missing on
// either side.
#[test]
fn a_protocol_goes_with_its_own_key() {
    let several = [protocol([2, 2], 1, Some(1)), key(2, Some(1)), key(2, Some(2)), key(1, Some(3))];
    let implied = [("2.2", Some(1)), ("2.1", Some(2)), ("1.1", Some(3))];
    assert_eq!(order(&several), expected(&implied), "a key without a protocol means triple DES");
    for (of_protocol, of_key) in [(None, Some(7)), (Some(7), None)] {
        let one = [protocol([2, 2], 1, of_protocol), key(2, of_key)];
        assert_eq!(order(&one), expected(&[("2.2", Some(7))]));
    }
    let other_number = [protocol([2, 2], 1, Some(1)), key(2, Some(2))];
    assert_eq!(order(&other_number), expected(&[("2.1", Some(2))]));
    let other_group = [protocol([1, 2], 1, None), key(2, None)];
    assert_eq!(order(&other_group), expected(&[("2.1", None)]));
}

#[test]
fn a_version_or_cipher_of_the_future_is_not_tried() {
    assert_eq!(order(&[protocol([2, 2], 3, None), key(2, None)]), []);
    assert_eq!(order(&[protocol([2, 5], 1, None), key(2, None)]), []);
}
