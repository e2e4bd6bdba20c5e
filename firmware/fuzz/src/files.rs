//! Single files of the chip that need no signature to be looked at, and the code printed
//! on the card. ICAO Doc 9303-10, 4.6.1 and 4.7; 9303-11, 9.2.

use std::{str, sync::LazyLock};

use card::{
    KeyError, MrzKey, RenewalAges,
    security_infos::{SecurityInfo, SecurityInfos},
};
use identity::{
    CardCode, CommonData, DocumentDetails, IdentityError, PersonalDetails, Portrait, check_expiry, contacts,
    displayed,
    master_file::{Application, Limits},
    portrait::LARGEST_SIDE,
};

use crate::{Reached, TODAY};

/// EF.CardAccess, and what is inside DG14 and EF.CardSecurity.
pub(crate) fn security_infos(bytes: &[u8]) -> Reached {
    let Ok(parsed) = SecurityInfos::parse(bytes) else { return Reached::Refused };
    for info in &parsed.infos {
        match info {
            SecurityInfo::Pace(pace) => drop(pace.form()),
            SecurityInfo::ChipAuthentication(info) => drop((info.agreement(), info.cipher())),
            _ => {}
        }
    }
    Reached::Accepted
}

/// EF.COM, and the same bytes as EF.DIR and EF.ATR/INFO.
pub(crate) fn com(bytes: &[u8]) -> Reached {
    // Nothing at all is a list of no applications: that says not how far an input got.
    for application in Application::list(bytes).unwrap_or_default() {
        assert!((1..=16).contains(&application.identifier().len()), "an identifier beyond its bounds");
    }
    let _ = Limits::of(bytes);
    Reached::by(CommonData::parse(bytes).is_ok())
}

/// A machine readable zone: alone, as one types it in; as the text of a DG1; and as a
/// whole DG1.
pub(crate) fn mrz(bytes: &[u8]) -> Reached {
    let typed = str::from_utf8(bytes).is_ok_and(|text| MrzKey::from_mrz(text).is_ok());
    let files = [bytes.to_vec(), object(&[0x61], &object(&[0x5F, 0x1F], bytes))];
    let read = files.iter().any(|file| {
        // An expired zone has been read, or nobody could say that it is expired.
        matches!(check_expiry(file, TODAY), Ok(()) | Err(IdentityError::Expired { .. }))
    });
    Reached::by(typed || read)
}

/// A DG2 and the pixels of its picture.
pub(crate) fn dg2(bytes: &[u8]) -> Reached {
    Portrait::of_group(bytes).map_or(Reached::Refused, |portrait| decode(&portrait))
}

/// A picture, JPEG or JPEG 2000, in the least DG2 that can hold it.
pub(crate) fn picture(bytes: &[u8]) -> Reached {
    dg2(&portrait_group(bytes))
}

/// A DG2 around one picture in a facial record of ISO/IEC 19794-5, 5.
pub fn portrait_group(bytes: &[u8]) -> Vec<u8> {
    const RECORD: usize = 14;
    const BLOCK: usize = 32;
    let length = |length: usize| u32::try_from(length).expect("inputs are short").to_be_bytes();
    let header = [b"FAC\x00010\0", &length(RECORD + BLOCK + bytes.len())[..], &[0, 1]].concat();
    let block = [&length(BLOCK + bytes.len())[..], &[0; BLOCK - 4]].concat();
    let record = object(&[0x5F, 0x2E], &[&header, &block, bytes].concat());
    let template = object(&[0x7F, 0x60], &record);
    let group = object(&[0x7F, 0x61], &[&[0x02, 0x01, 0x01], &template[..]].concat());
    object(&[0x75], &group)
}

fn decode(portrait: &Portrait) -> Reached {
    let Ok(picture) = portrait.decode() else { return Reached::Refused };
    assert!(picture.width <= LARGEST_SIDE && picture.height <= LARGEST_SIDE, "a picture beyond its bounds");
    let pixels = picture.width as usize * picture.height as usize;
    assert_eq!(picture.rgb.len(), pixels * 3, "a picture with too few or too many pixels");
    Reached::Accepted
}

/// DG5, DG7, DG11, DG12 or DG16, by its tag.
pub(crate) fn details(bytes: &[u8]) -> Reached {
    let accepted = match bytes.first() {
        Some(0x65) => displayed::portraits(bytes).is_ok(),
        Some(0x67) => displayed::signatures(bytes).is_ok(),
        Some(0x6B) => PersonalDetails::parse(bytes).is_ok_and(|details| {
            drop((details.name(), details.other_names(), details.birth_place(), details.address()));
            drop((details.profession(), details.title(), details.summary(), details.custody()));
            true
        }),
        Some(0x6C) => DocumentDetails::parse(bytes).is_ok_and(|details| {
            drop((details.authority(), details.other_persons(), details.endorsements()));
            drop(details.exit_requirements());
            true
        }),
        Some(0x70) => contacts::parse(bytes).is_ok(),
        _ => false,
    };
    Reached::by(accepted)
}

/// The code printed on the card.
pub(crate) fn card_code(bytes: &[u8]) -> Reached {
    static AGES: LazyLock<RenewalAges> = LazyLock::new(|| {
        RenewalAges::new(&[14, 25, 40, 60], 2, Some("991231")).expect("the ages of the law")
    });
    let Ok(text) = str::from_utf8(bytes) else { return Reached::Refused };
    let Ok(code) = CardCode::parse(text) else { return Reached::Refused };
    // A number that was parsed always has the digits that open the chip.
    assert!(code.can().is_ok(), "a citizen's number without its last six digits");
    match code.candidates(&AGES) {
        Ok(keys) => assert!(keys.len() <= 3, "{} keys of one code", keys.len()),
        Err(error) => assert_eq!(error, KeyError::IssuedBeforeBirth),
    }
    Reached::Accepted
}

/// A data object with a length of four bytes, which every reader of BER takes.
pub(crate) fn object(tag: &[u8], value: &[u8]) -> Vec<u8> {
    let length = u32::try_from(value.len()).expect("inputs are short").to_be_bytes();
    [tag, &[0x84], &length, value].concat()
}
