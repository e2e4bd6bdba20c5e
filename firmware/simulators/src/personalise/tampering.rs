//! What happens to a card's files after they were signed: forgers, copyists, and
//! the mistakes of personalisation machines.

use openssl::error::ErrorStack;

use super::{CARD_ACCESS, Personalised, chip_keys::ChipKeys, record::table_of_contents, security_infos};
use crate::{
    card_profile::{CardFaults, CardProfile, CloneKind},
    chance::SeededChance,
    der,
};

/// EF.COM, EF.DG14 and EF.DG15.
const COMMON: u8 = 0x1E;
const PROTOCOLS: [u8; 2] = [14, 15];
/// A length of 2 147 483 647 bytes.
const OVERSIZE: [u8; 5] = [0x84, 0x7F, 0xFF, 0xFF, 0xFF];

/// Does to a signed card what the script says.
pub(super) fn tamper(
    card: &mut Personalised,
    profile: &CardProfile,
    faults: &CardFaults,
    seed: u64,
) -> Result<(), ErrorStack> {
    for group in &faults.altered {
        if let Some(file) = card.elementary.get_mut(&group.number()) {
            alter(group.number(), file);
        }
    }
    for group in &faults.absent {
        card.elementary.remove(&group.number());
    }
    if let Some(kind) = faults.cloned {
        copy_to_another_chip(card, profile, kind, seed)?;
    }
    if faults.hidden_card_access {
        card.master.remove(&CARD_ACCESS);
    }
    if let Some(weaker) = faults.weaker_card_access {
        card.master.insert(CARD_ACCESS, security_infos::card_access(profile, &[weaker]));
    }
    for file in &faults.oversize {
        if let Some(file) = card.elementary.get_mut(file) {
            *file = oversized(file);
        }
    }
    Ok(())
}

/// Changes the last byte; in the zone to a letter, so that it still reads as one.
fn alter(group: u8, file: &mut [u8]) {
    let last = file.last_mut().expect("no file is empty");
    *last = match group {
        1 if *last == b'X' => b'Y',
        1 => b'X',
        _ => *last ^ 1,
    };
}

/// The files are those that were signed, the private keys are not.
fn copy_to_another_chip(
    card: &mut Personalised,
    profile: &CardProfile,
    kind: CloneKind,
    seed: u64,
) -> Result<(), ErrorStack> {
    card.keys = ChipKeys::generate(profile, &mut SeededChance::new(!seed))?;
    match kind {
        CloneKind::KeysMissing => Ok(()),
        CloneKind::KeysReplaced => {
            let files = [security_infos::dg14(profile, &card.keys)?, security_infos::dg15(&card.keys)?];
            let written = PROTOCOLS.into_iter().zip(files).filter_map(|(group, file)| Some((group, file?)));
            card.elementary.extend(written);
            Ok(())
        }
        CloneKind::ProtocolsHidden => {
            hide_protocols(card, profile);
            Ok(())
        }
    }
}

fn hide_protocols(card: &mut Personalised, profile: &CardProfile) {
    let silent =
        CardProfile { chip_authentication: Vec::new(), active_authentication: None, ..profile.clone() };
    card.keys.agreement.clear();
    card.keys.signature = None;
    for group in PROTOCOLS {
        card.elementary.remove(&group);
    }
    let left: Vec<u8> = card.elementary.keys().copied().filter(|number| *number <= 16).collect();
    card.elementary.insert(COMMON, table_of_contents(&left, profile.security_object.version));
    if let Some(access) = card.master.get_mut(&CARD_ACCESS) {
        *access = security_infos::card_access(&silent, &silent.access.pace);
    }
}

/// The same value behind a length that no chip holds.
fn oversized(file: &[u8]) -> Vec<u8> {
    let (_, value, _) = der::split(file).expect("the files of a card are objects");
    [&file[..1], &OVERSIZE, value].concat()
}
