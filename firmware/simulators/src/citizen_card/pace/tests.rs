//! PACE against the worked examples that cannot be played through the command
//! interface, because they give keys in place of passwords, or no private keys.

use super::*;
use crate::citizen_card::tests::Written;

/// A run with integrated mapping: ICAO Doc 9303-11, appendix H.
struct Example {
    parameters: u8,
    key: &'static str,
    draws: [&'static str; 2],
    sealed_nonce: &'static str,
    terminal_nonce: &'static str,
    terminal_key: &'static str,
    chip_key: &'static str,
    tokens: [&'static str; 2],
    session_keys: [&'static str; 2],
}

/// The chip's private number of H.2 is given there as long as the prime; here it
/// stands reduced by the generator's order, which leads to the same keys.
const EXAMPLES: [Example; 2] = [
    Example {
        parameters: 13,
        key: "591468CDA83D65219CCCB8560233600F",
        draws: [
            "2923BE84E16CD6AE529049F1F1BBE9EB",
            "107CF58696EF6155053340FD633392BA81909DF7B9706F226F32086C7AFF974A",
        ],
        sealed_nonce: "143DC40C08C8E891FBED7DEDB92B64AD",
        terminal_nonce: "5DD4CBFC96F5453B130D890A1CDBAE32",
        terminal_key: "0489CBA23FFE96AA18D824627C3E934E54A9FD0B87A95D1471DC1C0ABFDCD640D46755DE9B7B778280B6BEBD57439ADF\
                       EB0E21FD4ED6DF42578C13418A59B34C37",
        chip_key: "0467F78E5F7F7686082B293E8D087E056916D0F74BC01A5F8957D0DE45691E51E8932B69A962B52A0985AD2C0A271EE6\
                   A13A8ADDDCD1A3A994B9DED257F4D22753",
        tokens: ["450F02B86F6A0909", "75D4D96E8D5B0308"],
        session_keys: ["0D3FEB33251A6370893D62AE8DAAF51B", "B01E89E3D9E8719E586B50B4A7506E0B"],
    },
    Example {
        parameters: 0,
        key: "591468CDA83D65219CCCB8560233600F",
        draws: ["FA5B7E3E49753A0DB9178B7B9BD898C8", "A5B780126B7C980E9FCEA1D4539DA1D27C342DFA"],
        sealed_nonce: "9ABB8864CA0FF1551E620D1EF4E13510",
        terminal_nonce: "B3A6DB3C870C3E99245E0D1C06B747DE",
        terminal_key: "0F0CC62945A8029251FB7EF3C094E12EC68E4EF07F27CB9D9CD04C5C4250FAE0E4F8A951557E929AEB48E5C6DD47F2F5\
                       CD7C351A9BD2CD722C07EDE166770F08FFCB370262CF308DD7B07F2E0DA9CAAA1492344C852906919538C98A4BA4187E\
                       76CE9D87832386D319CE2E043C3343AEAE6EDBA1A9894DC5094D22F7FE1351D5",
        chip_key: "928D9A0F9DBA450F13FC859C6F290D1D36E42431138A4378500BEB4E0401854CFF111F71CB6DC1D0335807A11388CC8E\
                   AA87B07907AAD9FBA6B169AF6D8C26AF8DDDC39ADC3AD2E3FF882B84D23E9768E95A80E4746FB07A9767679FE92133B4\
                   D379935C771BD7FBED6C7BB4B1708B275EA75679524CDC9C6A91370CC662A2F3",
        tokens: ["55D61977CBF5307E", "C2F04230187E1525"],
        session_keys: ["01AFC10CF87BE36D8179E87370171F07", "23F0FBD05FD6C7B8B88F4C8309669061"],
    },
];

fn data(tag: u32, hex: &str) -> Vec<u8> {
    der::object(tag, &hex::decode(hex).unwrap())
}

#[test]
fn integrated_mapping_goes_as_in_appendix_h() {
    for example in EXAMPLES {
        let protocol =
            PaceProtocol::new(Mapping::Im, Cipher::Aes128, example.parameters.try_into().unwrap()).unwrap();
        let mut pace = Pace::begin(protocol, &[], None, None).unwrap();
        pace.stage = Stage::Begun { key: hex::decode(example.key).unwrap() };
        let mut chance = Written::new(&example.draws);
        for (request, answer) in [
            (Vec::new(), data(0x80, example.sealed_nonce)),
            (data(0x81, example.terminal_nonce), data(0x82, "")),
            (data(0x83, example.terminal_key), data(0x84, example.chip_key)),
        ] {
            let Step::Next(next, made) = pace.step(&request, &mut chance).unwrap() else {
                panic!("the run ends at {}", hex::encode(request));
            };
            assert_eq!(hex::encode(made), hex::encode(answer));
            pace = next;
        }
        let last = pace.step(&data(0x85, example.tokens[0]), &mut chance).unwrap();
        let Step::Open(channel, made) = last else { panic!("the token is refused") };
        assert_eq!(hex::encode(made), hex::encode(data(0x86, example.tokens[1])));
        assert_eq!(channel.keys().map(hex::encode_upper), example.session_keys);
    }
}

/// ICAO Doc 9303-11, appendix I.
#[test]
fn chip_authentication_data_is_sealed_as_in_appendix_i() {
    let bytes = |hex: &str| hex::decode(hex).unwrap();
    let secret = bytes("67950559D0C06B4D4B86972D14460837461087F8419FDBC36AAF6CEAAC462832");
    let data = bytes("85DC3FA93D0952BFA82F5FD189EE75BD82F11D1F0B8ED4BF5319AC9B53C426B3");
    assert_eq!(
        hex::encode_upper(seal_chip_data(Cipher::Aes128, &secret, &data).unwrap()),
        "1EEA964DAAE372AC990E3EFDE6333353BFC89A6704D93DA8798CF77F5B7A54BD10CBA372B42BE0B9B5F28AA8DE2F4F92"
    );
}

/// The tokens of appendix I, whose chip keeps its private keys to itself.
#[test]
fn tokens_are_those_of_appendix_i() {
    let bytes = |hex: &str| hex::decode(hex).unwrap();
    let protocol = PaceProtocol::new(Mapping::Cam, Cipher::Aes128, 13.try_into().unwrap()).unwrap();
    let pace = Pace::begin(protocol, &[], None, None).unwrap();
    let secret = bytes("67950559D0C06B4D4B86972D14460837461087F8419FDBC36AAF6CEAAC462832");
    let chip = "0402AD566F3C6EC7F9324509AD50A51FA52030782A4968FCFEDF737DAEA993333111C3B9B4C2287789BD137E7F8AA882E2\
                A3C633CCD6ECC2C63C57AD401A09C2E1";
    let terminal = "04446C934084D9DAB863944F219520076C29EE3F7AE6722B11FF319EC1C7728F955483400BFF60BF0C5929270009277DC2A5\
                    15E12575010AD9BA916CF1BF86FEFC";
    for (public, expected) in [(chip, "E86BD06018A1CD3B"), (terminal, "8596CF055C67C1A3")] {
        let token = pace.terms.token(&secret, &bytes(public)).unwrap();
        assert_eq!(hex::encode_upper(token), expected);
    }
}

/// The key of the mapping is the static key, as many times itself as the data says.
#[test]
fn chip_authentication_data_leads_from_the_static_key_to_the_mapping_key() {
    let domain = Domain::standard(13.try_into().unwrap()).unwrap();
    let mut chance = crate::chance::SeededChance::new(4);
    let (chip, mapping) = (domain.draw(&mut chance).unwrap(), domain.draw(&mut chance).unwrap());
    let data = chip_data(domain.order(), &chip, &mapping).unwrap();
    let public = |private: &BigNum| domain.power(&domain.generator().unwrap(), private).unwrap();
    let led = domain.power(&public(&chip), &BigNum::from_slice(&data).unwrap()).unwrap();
    assert_eq!(domain.write(&led).unwrap(), domain.write(&public(&mapping)).unwrap());
}
