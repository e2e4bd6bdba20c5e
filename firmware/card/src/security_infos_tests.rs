//! Security infos as chips announce them.

use super::*;

fn parse(hex: &str) -> SecurityInfos {
    SecurityInfos::parse(&hex::decode(hex).unwrap()).unwrap()
}

fn forms(hex: &str) -> Vec<(Option<Cipher>, Option<u8>)> {
    parse(hex).pace().map(|info| (info.form().map(|(.., cipher)| cipher), info.parameters)).collect()
}

#[test]
fn the_profile_of_vietnamese_cards_is_read() {
    let infos = parse(
        "3134300D060804007F0007020202020101300F060A04007F000702020302020201013012060A04007F0007020204020202010202010D",
    );
    assert_eq!(infos.infos.len(), 3, "terminal and chip authentication are kept");
    let pace: Vec<_> = infos.pace().collect();
    assert_eq!(pace.len(), 1);
    assert_eq!(pace[0].form(), Some((Mapping::Generic, Agreement::Ecdh, Cipher::Aes128)));
    assert_eq!(pace[0].parameters, Some(13));
}

#[test]
fn every_mapping_has_a_form() {
    // Finnish, German and one that offers integrated mapping only.
    assert_eq!(
        forms("31283012060A04007F000702020402040201020201103012060A04007F00070202040604020102020110"),
        [(Some(Cipher::Aes256), Some(16)), (Some(Cipher::Aes256), Some(16))]
    );
    assert_eq!(
        forms("31283012060A04007F0007020204020202010202010D3012060A04007F0007020204060202010202010D"),
        [(Some(Cipher::Aes128), Some(13)), (Some(Cipher::Aes128), Some(13))]
    );
    assert_eq!(forms("31143012060A04007F00070202040404020102020112"), [(Some(Cipher::Aes256), Some(18))]);
    assert_eq!(forms("31143012060A04007F0007020204020102010202010D"), [(Some(Cipher::TripleDes), Some(13))]);
}

// As the first BSI test cards announce it: version 1 is another protocol.
#[test]
fn an_old_version_is_no_form() {
    let infos = parse("3120300F060A04007F00070202040202020101300D060804007F0007020202020102");
    assert_eq!(infos.pace().map(|info| (info.version, info.form())).collect::<Vec<_>>(), [(1, None)]);
}

#[test]
fn a_broken_file_is_refused() {
    for hex in ["", "3003020101", "3105300306", "310430020500", "3106020101020102"] {
        assert!(SecurityInfos::parse(&hex::decode(hex).unwrap()).is_err(), "{hex}");
    }
}
