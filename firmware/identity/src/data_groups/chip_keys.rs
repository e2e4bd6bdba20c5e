//! DG14 and DG15: with which keys the chip could prove that it is no copy (ICAO
//! 9303-11, 6.1, 6.2 and 9.2). What it then proves is judged in `chip`; here is only
//! what it offers.

use crate::{
    algorithm::{OBJECT_IDENTIFIER, SEQUENCE, SET, object_identifier, parts},
    chip::security_infos,
    evidence::AccessOffer,
    tlv::{self, Malformed, Tlv},
};

/// Chip authentication, its keys, and active authentication; PACE with chip
/// authentication mapping is below.
const PROOFS: [&str; 3] = ["0.4.0.127.0.7.2.2.3.", "0.4.0.127.0.7.2.2.1.", "2.23.136.1.1.5"];
/// id-PACE-ECDH-CAM (9303-11, 9.2.3), as an offer begins.
pub(crate) const MAPPING_OFFERED: &str = "mapping 0.4.0.127.0.7.2.2.4.6";

/// What the two files offer, as object identifiers, each once.
pub(crate) fn offered(dg14: Option<&[u8]>, dg15: Option<&[u8]>) -> Vec<String> {
    let mut offered = Vec::new();
    for (group, found) in [("DG14", dg14.map(protocols)), ("DG15", dg15.map(key_algorithm))] {
        match found {
            None => {}
            Some(Ok(names)) => offered.extend(names.into_iter().filter_map(|name| offer(group, &name))),
            // The issuer signed it, and a proof may be hidden in it.
            Some(Err(_)) => offered.push(format!("{group} not understood")),
        }
    }
    offered.dedup();
    offered
}

fn offer(group: &str, name: &str) -> Option<String> {
    let mapping = MAPPING_OFFERED.trim_start_matches("mapping ");
    if name.starts_with(mapping) {
        Some(format!("mapping {name}"))
    } else if group == "DG15" || PROOFS.iter().any(|known| name.starts_with(known)) {
        Some(format!("{group} {name}"))
    } else {
        None
    }
}

/// By what PACE was chosen.
#[derive(Clone, Copy)]
pub(crate) enum Offered<'a> {
    /// EF.CardAccess, read from this chip.
    Shown(&'a [u8]),
    /// That of another chip, remembered: this one was not asked.
    Remembered(&'a [u8]),
    /// Whoever opened the chip looked for the file first, and there was none.
    Absent,
    /// Nobody knows: the file is not among those at hand.
    Unknown,
}

/// Whether the unsigned EF.CardAccess offers the forms of PACE that the signed DG14
/// names: no other, and none less, for whoever takes the stronger one away leaves the
/// weaker, and whoever takes the file away leaves BAC (ICAO 9303-11, 9.2). One that was
/// remembered is held to the same, and never becomes what this chip showed.
pub(crate) fn compare_access(offered: Offered<'_>, dg14: Option<&[u8]>) -> AccessOffer {
    let unless_remembered = |state| match offered {
        Offered::Remembered(_) => AccessOffer::Remembered,
        Offered::Shown(_) | Offered::Absent | Offered::Unknown => state,
    };
    let Some(dg14) = dg14 else { return unless_remembered(AccessOffer::NotChecked) };
    let signed: Vec<Tlv<'_>> = security_infos(dg14).unwrap_or_default().into_iter().filter(is_pace).collect();
    if signed.is_empty() {
        return unless_remembered(AccessOffer::NotSigned);
    }
    let (offers, if_same) = match offered {
        Offered::Shown(file) => (pace_offers(file), AccessOffer::Confirmed),
        Offered::Remembered(file) => (pace_offers(file), AccessOffer::RememberedAsSigned),
        Offered::Absent => (Ok(Vec::new()), AccessOffer::Confirmed),
        Offered::Unknown => return AccessOffer::NotChecked,
    };
    let Ok(offers) = offers else { return AccessOffer::NotConfirmed };
    let all_among = |some: &[Tlv<'_>], others: &[Tlv<'_>]| {
        some.iter().all(|one| others.iter().any(|other| other.whole == one.whole))
    };
    if all_among(&offers, &signed) && all_among(&signed, &offers) {
        if_same
    } else {
        AccessOffer::NotConfirmed
    }
}

fn pace_offers(card_access: &[u8]) -> Result<Vec<Tlv<'_>>, Malformed> {
    let infos = tlv::only(card_access, SET, "EF.CardAccess is no set")?.inside().all()?;
    Ok(infos.into_iter().filter(is_pace).collect())
}

/// One of the forms of PACE, below id-PACE (9303-11, 9.2.3).
fn is_pace(info: &Tlv<'_>) -> bool {
    let name = info.inside().take(OBJECT_IDENTIFIER, "?").and_then(object_identifier);
    name.is_ok_and(|name| name.to_string().starts_with("0.4.0.127.0.7.2.2.4."))
}

fn protocols(dg14: &[u8]) -> Result<Vec<String>, Malformed> {
    security_infos(dg14)?
        .into_iter()
        .map(|info| {
            let name = info.inside().take(OBJECT_IDENTIFIER, "a protocol has no name")?;
            Ok(object_identifier(name)?.to_string())
        })
        .collect()
}

fn key_algorithm(dg15: &[u8]) -> Result<Vec<String>, Malformed> {
    let group = tlv::only(dg15, 0x6F, "DG15 does not begin with its tag")?;
    let mut key = group.inside().take(SEQUENCE, "DG15 holds no key")?.inside();
    let (name, _) = parts(key.take(SEQUENCE, "DG15 has no algorithm")?)?;
    Ok(vec![name.to_string()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlv::object;

    const CARD_ACCESS: &str = "31143012060A04007F0007020204020202010202010D";
    const CHIP_AUTHENTICATION: &str = "300F060A04007F00070202030202020101";

    fn dg14(infos: &str) -> Vec<u8> {
        object(0x6E, &object(SET, &hex::decode(infos).unwrap()))
    }

    #[test]
    fn what_is_offered_is_named_and_nothing_is_claimed() {
        let key = object(SEQUENCE, &object(OBJECT_IDENTIFIER, &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01]));
        let dg15 = object(0x6F, &object(SEQUENCE, &key));
        let offered = offered(Some(&dg14(CHIP_AUTHENTICATION)), Some(&dg15));
        assert_eq!(offered, ["DG14 0.4.0.127.0.7.2.2.3.2.2", "DG15 1.2.840.10045.2.1"]);
    }

    #[test]
    fn a_group_that_is_not_understood_says_so() {
        assert_eq!(offered(Some(&[0x6E, 0x01]), None), ["DG14 not understood"]);
    }

    fn compared(access: &[u8], dg14: &[u8]) -> AccessOffer {
        compare_access(Offered::Shown(access), Some(dg14))
    }

    #[test]
    fn an_offer_that_the_issuer_did_not_sign_is_not_confirmed() {
        let access = hex::decode(CARD_ACCESS).unwrap();
        let signed = dg14(&format!("{CHIP_AUTHENTICATION}{}", &CARD_ACCESS[4..]));
        assert_eq!(compared(&access, &signed), AccessOffer::Confirmed);
        // Somebody took the stronger of two forms of PACE out of the unsigned file.
        let stronger = "3012060A04007F0007020204020402010202010D";
        let both = dg14(&format!("{CHIP_AUTHENTICATION}{}{stronger}", &CARD_ACCESS[4..]));
        assert_eq!(compared(&access, &both), AccessOffer::NotConfirmed);
        // Or put another one there.
        assert_eq!(compared(&access, &dg14(stronger)), AccessOffer::NotConfirmed);
        assert_eq!(compared(&access[..9], &signed), AccessOffer::NotConfirmed);
    }

    #[test]
    fn a_chip_without_the_file_offers_less_than_was_signed_and_a_folder_says_nothing() {
        let signed = dg14(&CARD_ACCESS[4..]);
        assert_eq!(compare_access(Offered::Absent, Some(&signed)), AccessOffer::NotConfirmed);
        assert_eq!(compare_access(Offered::Unknown, Some(&signed)), AccessOffer::NotChecked);
    }

    #[test]
    fn where_no_pace_was_signed_there_is_nothing_to_compare() {
        let access = hex::decode(CARD_ACCESS).unwrap();
        assert_eq!(compared(&access, &dg14(CHIP_AUTHENTICATION)), AccessOffer::NotSigned);
        assert_eq!(compared(&access, &[0x6E, 0x01]), AccessOffer::NotSigned);
        assert_eq!(compare_access(Offered::Shown(&access), None), AccessOffer::NotChecked);
    }

    #[test]
    fn what_was_remembered_is_held_to_the_same_and_never_called_shown() {
        let access = hex::decode(CARD_ACCESS).unwrap();
        let compared = |dg14: Option<&[u8]>| compare_access(Offered::Remembered(&access), dg14);
        let stronger = "3012060A04007F0007020204020402010202010D";
        let both = dg14(&format!("{}{stronger}", &CARD_ACCESS[4..]));
        assert_eq!(compared(Some(&dg14(&CARD_ACCESS[4..]))), AccessOffer::RememberedAsSigned);
        assert_eq!(compared(Some(&both)), AccessOffer::NotConfirmed);
        assert_eq!(compared(Some(&dg14(stronger))), AccessOffer::NotConfirmed);
        for nothing_signed in [None, Some(&dg14(CHIP_AUTHENTICATION)[..]), Some(&[0x6E, 0x01][..])] {
            assert_eq!(compared(nothing_signed), AccessOffer::Remembered);
        }
    }
}
