//! The worked examples of ICAO Doc 9303-11 for the other mappings of PACE (appendices H
//! and I), played from the first command: with their numbers as chance, every byte sent
//! must be the example's. The private keys of appendix H.2 are given modulo the order of
//! the group, which makes the same public keys.
//!
//! What follows an example on the wire was computed from its session keys with another
//! implementation, the Python package `cryptography`; the file that stands for
//! EF.CardSecurity is none, as nothing here looks into it.

use card::{
    AccessFlaw, AccessKey, AccessPolicy, Agreement, Can, CardFiles, ChipProof, Cipher, FileId, Mapping,
    MrzKey, Protocol, ReadError, Step,
};

use crate::script::{ScriptedChance, ScriptedReader};

fn read(steps: &[(&str, &str)], chance: &[&str], key: &AccessKey) -> CardFiles {
    let mut reader = ScriptedReader::new(steps);
    let mut chance = ScriptedChance::new(chance);
    let session = card::open(&mut reader, key, AccessPolicy::PaceOnly, &mut chance, &mut |_| ())
        .unwrap_or_else(|error| panic!("{error}"));
    let files = session.finish();
    assert!(chance.is_used_up());
    reader.assert_finished();
    files
}

fn pace(mapping: Mapping, agreement: Agreement, parameters: u8) -> Protocol {
    Protocol::Pace { mapping, agreement, cipher: Cipher::Aes128, parameters }
}

/// The key of appendix H, which the standard gives as bytes only, is that of this number.
fn can_of_appendix_h() -> AccessKey {
    AccessKey::Can(Can::new("123456").unwrap())
}

// Appendix H.1.
#[test]
fn integrated_mapping_over_a_curve_is_that_of_the_standard() {
    let steps = [
        ("00B09C0000", "31143012060A04007F0007020204040202010202010D9000"),
        ("0022C1A412800A04007F0007020204040283010284010D", "9000"),
        ("10860000027C0000", "7C128010143DC40C08C8E891FBED7DEDB92B64AD9000"),
        ("10860000147C1281105DD4CBFC96F5453B130D890A1CDBAE3200", "7C0282009000"),
        (
            concat!(
                "10860000457C4383410489CBA23FFE96AA18D824627C3E934E54A9FD0B87A95D1471DC1C0ABFDCD640D46755",
                "DE9B7B778280B6BEBD57439ADFEB0E21FD4ED6DF42578C13418A59B34C3700"
            ),
            concat!(
                "7C4384410467F78E5F7F7686082B293E8D087E056916D0F74BC01A5F8957D0DE45691E51E8932B69A962B52A",
                "0985AD2C0A271EE6A13A8ADDDCD1A3A994B9DED257F4D227539000"
            ),
        ),
        ("008600000C7C0A8508450F02B86F6A090900", "7C0A860875D4D96E8D5B03089000"),
        (
            "0CA4040C1D87110164F8A41BFD5031171DA9AE8C6EDB879F8E08D2AA07DB38A815A700",
            "990290008E08A606D8A3D3F44AC89000",
        ),
        (
            "0CB09E0000000E970210008E0892CB6213CAA753510000",
            concat!(
                "87210177533D65FB22825F1B2E24C8327D7568979857DD1978D4EC7C66456DCE78BC8B990262828E08AD67D8",
                "3CC865576A6282"
            ),
        ),
    ];
    let files = read(
        &steps,
        &[
            "5DD4CBFC96F5453B130D890A1CDBAE32",
            "A73FB703AC1436A18E0CFA5ABB3F7BEC7A070E7A6788486BEE230C4A22762595",
        ],
        &can_of_appendix_h(),
    );
    assert_eq!(files.access(), pace(Mapping::Integrated, Agreement::Ecdh, 13));
    assert_eq!(files.access().to_string(), "PACE-ECDH-IM-AES-CBC-CMAC-128 (13)");
    assert!(files.proofs().is_empty());
}

// Appendix H.2.
#[test]
fn integrated_mapping_over_a_prime_group_is_that_of_the_standard() {
    let steps = [
        ("00B09C0000", "31143012060A04007F000702020403020201020201009000"),
        ("0022C1A412800A04007F00070202040302830102840100", "9000"),
        ("10860000027C0000", "7C1280109ABB8864CA0FF1551E620D1EF4E135109000"),
        ("10860000147C128110B3A6DB3C870C3E99245E0D1C06B747DE00", "7C0282009000"),
        (
            concat!(
                "10860000867C81838381800F0CC62945A8029251FB7EF3C094E12EC68E4EF07F27CB9D9CD04C5C4250FAE0E4",
                "F8A951557E929AEB48E5C6DD47F2F5CD7C351A9BD2CD722C07EDE166770F08FFCB370262CF308DD7B07F2E0D",
                "A9CAAA1492344C852906919538C98A4BA4187E76CE9D87832386D319CE2E043C3343AEAE6EDBA1A9894DC509",
                "4D22F7FE1351D500"
            ),
            concat!(
                "7C8183848180928D9A0F9DBA450F13FC859C6F290D1D36E42431138A4378500BEB4E0401854CFF111F71CB6D",
                "C1D0335807A11388CC8EAA87B07907AAD9FBA6B169AF6D8C26AF8DDDC39ADC3AD2E3FF882B84D23E9768E95A",
                "80E4746FB07A9767679FE92133B4D379935C771BD7FBED6C7BB4B1708B275EA75679524CDC9C6A91370CC662",
                "A2F39000"
            ),
        ),
        ("008600000C7C0A850855D61977CBF5307E00", "7C0A8608C2F04230187E15259000"),
        (
            "0CA4040C1D87110137BC6FB69B71B5DA07B2B63734E82B678E08D086365A409FE54200",
            "990290008E08129EDE83164E3F029000",
        ),
        (
            "0CB09E0000000E970210008E0862B9CF7DBA310D6C0000",
            concat!(
                "87210119A0BC02013FCA70F3F12AFB84B3EB28082323114048FD5F158993469177B0CB990262828E085D4314",
                "038777B7B86282"
            ),
        ),
    ];
    let files = read(
        &steps,
        &["B3A6DB3C870C3E99245E0D1C06B747DE", "89CCD99B0E8D3B1F11E1296DCA68EC53411CF2CA"],
        &can_of_appendix_h(),
    );
    assert_eq!(files.access(), pace(Mapping::Integrated, Agreement::Dh, 0));
}

const CHIP_MAPPING: [(&str, &str); 9] = [
    ("00B09C0000", "31143012060A04007F0007020204060202010202010D9000"),
    ("0022C1A412800A04007F0007020204060283010184010D", "9000"),
    ("10860000027C0000", "7C128010CB60E8E0D85B76A9BD304747C2AD42E29000"),
    (
        concat!(
            "10860000457C438141047F1D410ADB7DDB3B84BF1030800981A9105D7457B4A3ADE002384F3086C67EDE1AB8",
            "89104A27DB6D842B019020FBF3CEACB0DC627F7BDCAC29969E19D0E553C100"
        ),
        concat!(
            "7C43824104A234236AA9B9621E8EFB73B5245C0E09D2576E5277183C1208BDD55280CAE8B304F365713A356E",
            "65A451E165ECC9AC0AC46E3771342C8FE5AEDD092685338E239000"
        ),
    ),
    (
        concat!(
            "10860000457C43834104446C934084D9DAB863944F219520076C29EE3F7AE6722B11FF319EC1C7728F955483",
            "400BFF60BF0C5929270009277DC2A515E12575010AD9BA916CF1BF86FEFC00"
        ),
        concat!(
            "7C4384410402AD566F3C6EC7F9324509AD50A51FA52030782A4968FCFEDF737DAEA993333111C3B9B4C22877",
            "89BD137E7F8AA882E2A3C633CCD6ECC2C63C57AD401A09C2E19000"
        ),
    ),
    (
        "008600000C7C0A8508E86BD06018A1CD3B00",
        concat!(
            "7C3C86088596CF055C67C1A38A301EEA964DAAE372AC990E3EFDE6333353BFC89A6704D93DA8798CF77F5B7A",
            "54BD10CBA372B42BE0B9B5F28AA8DE2F4F929000"
        ),
    ),
    (
        "0CB09D0000000E970210008E08609B5AE63AA0546A0000",
        "871101F54074AD3D2E9BFE067731A9AAB69D0B990262828E085378E106C7BE211E6282",
    ),
    (
        "0CA4040C1D871101CDDDBF8014A7A7025A17D6ED3DBA6EBE8E080F5213089C30AF3000",
        "990290008E08E920A93D64F714629000",
    ),
    (
        "0CB09E0000000E970210008E0823DF318187DE827F0000",
        concat!(
            "872101D0FC0F07E7890CD458A082EFA0D3033AEDE709D01E2341F182CB3F0544225BF8990262828E08D5EBA8",
            "960004973D6282"
        ),
    ),
];
const CHIP_MAPPING_CHANCE: [&str; 2] = [
    "5D8BB87BD74D985A4B7D4325B9F7B976FE835122773400798914AA22738135CC",
    "76ECFDAA9841C323A3F5FC5E88B88DB3EFF7E35EBF57A7E6946CB630006C2120",
];

fn mrz_of_appendix_i() -> AccessKey {
    AccessKey::Mrz(MrzKey::new("C11T002JM", "960812", "231031").unwrap())
}

// Appendix I.
#[test]
fn chip_authentication_mapping_is_that_of_the_standard() {
    let files = read(&CHIP_MAPPING, &CHIP_MAPPING_CHANCE, &mrz_of_appendix_i());
    assert_eq!(files.access(), pace(Mapping::ChipAuthentication, Agreement::Ecdh, 13));
    assert_eq!(files.log().files, [FileId::CardAccess, FileId::CardSecurity, FileId::Com]);
    let [ChipProof::ChipAuthenticationMapping { parameters: 13, mapping_key, data }] = files.proofs() else {
        panic!("{:?}", files.proofs());
    };
    assert_eq!(
        hex::encode_upper(mapping_key),
        concat!(
            "04A234236AA9B9621E8EFB73B5245C0E09D2576E5277183C1208BDD55280CAE8B304F365713A356E65A451E1",
            "65ECC9AC0AC46E3771342C8FE5AEDD092685338E23"
        )
    );
    assert_eq!(hex::encode_upper(data), "85DC3FA93D0952BFA82F5FD189EE75BD82F11D1F0B8ED4BF5319AC9B53C426B3");
}

// The chip authentication data of the example with a bit turned in its last block: the
// padding is gone, and with it the belief in the chip.
#[test]
fn chip_authentication_data_without_padding_are_refused() {
    let (command, answer) = CHIP_MAPPING[5];
    let steps: Vec<_> = CHIP_MAPPING[..5]
        .iter()
        .copied()
        .chain([(command, answer)])
        .map(|(sent, received)| (sent, received.replace("4F929000", "4F939000")))
        .collect();
    let steps: Vec<_> = steps.iter().map(|(sent, received)| (*sent, received.as_str())).collect();
    let mut reader = ScriptedReader::new(&steps);
    let mut chance = ScriptedChance::new(&CHIP_MAPPING_CHANCE);
    let error =
        card::open(&mut reader, &mrz_of_appendix_i(), AccessPolicy::PaceOnly, &mut chance, &mut |_| ())
            .err()
            .expect("the data are broken");
    let flaw = AccessFlaw::ChipDataMalformed;
    assert!(
        matches!(error, ReadError::AccessFailed { step: Step::Pace(4), flaw: found } if found == flaw),
        "{error}"
    );
    reader.assert_finished();
}
