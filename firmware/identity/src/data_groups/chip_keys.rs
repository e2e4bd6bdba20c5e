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

/// Whether the unsigned EF.CardAccess offers what the signed DG14 says: nothing else,
/// and no form of PACE less, for whoever takes the stronger one away leaves the weaker
/// (ICAO 9303-11, 9.2).
pub(crate) fn compare_access(card_access: Option<&[u8]>, dg14: Option<&[u8]>) -> AccessOffer {
    let (Some(card_access), Some(dg14)) = (card_access, dg14) else { return AccessOffer::NotChecked };
    let offers = tlv::only(card_access, SET, "EF.CardAccess is no set").and_then(|set| set.inside().all());
    let (Ok(offers), Ok(signed)) = (offers, security_infos(dg14)) else { return AccessOffer::NotConfirmed };
    let among = |all: &[Tlv<'_>], one: &Tlv<'_>| all.iter().any(|info| info.whole == one.whole);
    let nothing_else = offers.iter().all(|offer| among(&signed, offer));
    let nothing_less = signed.iter().filter(|info| is_pace(info)).all(|info| among(&offers, info));
    if nothing_else && nothing_less { AccessOffer::Confirmed } else { AccessOffer::NotConfirmed }
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

    #[test]
    fn an_offer_that_the_issuer_did_not_sign_is_not_confirmed() {
        let access = hex::decode(CARD_ACCESS).unwrap();
        let signed = dg14(&format!("{CHIP_AUTHENTICATION}{}", &CARD_ACCESS[4..]));
        assert_eq!(compare_access(Some(&access), Some(&signed)), AccessOffer::Confirmed);
        let without = dg14(CHIP_AUTHENTICATION);
        assert_eq!(compare_access(Some(&access), Some(&without)), AccessOffer::NotConfirmed);
        // Somebody took the stronger of two forms of PACE out of the unsigned file.
        let stronger = "3012060A04007F0007020204020402010202010D";
        let both = dg14(&format!("{CHIP_AUTHENTICATION}{}{stronger}", &CARD_ACCESS[4..]));
        assert_eq!(compare_access(Some(&access), Some(&both)), AccessOffer::NotConfirmed);
        assert_eq!(compare_access(Some(&access), None), AccessOffer::NotChecked);
        assert_eq!(compare_access(Some(&access[..9]), Some(&signed)), AccessOffer::NotConfirmed);
    }
}
