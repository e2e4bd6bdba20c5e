//! Basic access control beyond the worked example: when it is run at all, and what comes of keys
//! that a chip refuses. The exchanges are those of ICAO Doc 9303-11, appendix D.3.

use card::{AccessKey, AccessPolicy, FileId, MrzKey, Opening, Password, Protocol, ReadError};
use card_faults::Listed as _;
use faults::Fault;

use crate::{
    appendix_g::{CARD_ACCESS, Exchange},
    refusals::{NO_CARD_ACCESS, SELECT_APPLICATION},
    script::{ScriptedChance, ScriptedReader},
};

const CHALLENGE: Exchange = ("0084000008", "4608F919887022129000");
const PROVE: Exchange = (
    "0082000028 72C29C2371CC9BDB65B779B8E8D37B29ECC154AA56A8799FAE2F498F76ED92F2 5F1448EEA8AD90A7 28",
    "46B9342A41396CD7386BF5803104D7CEDC122B9132139BAF2EEDC94EE178534F 2F2D235D074D7449 9000",
);
const COM: Exchange = (
    "0CB09E0000000E970210008E083BEAFEC83850C2450000",
    "87190129DB515DFABD81FA28DAAB76505C1CE2774BB47FEF3BB9E9990262828E08F0E534A99CE6A76E6282",
);
const CHANCE: [&str; 2] = ["781723860C06C226", "0B795240CB7049B01C19B33E32804F0B"];

fn key() -> MrzKey {
    MrzKey::new("L898902C", "690806", "940623").unwrap()
}

// On a chip that offers PACE: only the policy of that name does without it, and the offer stays
// among the files for the caller to log.
#[test]
fn bac_in_spite_of_pace_is_asked_for_by_name() {
    let mut reader = ScriptedReader::new(&[CARD_ACCESS, SELECT_APPLICATION, CHALLENGE, PROVE, COM]);
    let key = AccessKey::Mrz(key());
    let policy = AccessPolicy::BacOnly;
    let session = card::open(&mut reader, &key, policy, &mut ScriptedChance::new(&CHANCE), &mut |_| ())
        .unwrap_or_else(|error| panic!("{error}"));
    let files = session.finish();
    assert_eq!(files.access(), Protocol::Bac);
    assert!(files.file(FileId::CardAccess).is_some());
    reader.assert_finished();
}

/// Tries two keys, of which the first is answered so. They are the same key, so that the script can
/// say what is sent; the chip's answers alone make the first a wrong one.
fn try_two(status: &str, then: &[Exchange]) -> Result<Protocol, ReadError> {
    let refused = [SELECT_APPLICATION, CHALLENGE, (PROVE.0, status)];
    let mut reader = ScriptedReader::new(&[&NO_CARD_ACCESS[..], &refused, then].concat());
    let mut chance = ScriptedChance::new(&[CHANCE, CHANCE].concat());
    let policy = AccessPolicy::PaceOrBacWhenNotOffered;
    let opening = Opening { key: &AccessKey::Mrz(key()), candidates: &[key()], policy, offers: None };
    let opened = card::open_with(&mut reader, opening, &mut chance, &mut |_| ());
    let came_to = opened.map(|session| session.access());
    reader.assert_finished();
    came_to
}

// Chips of the field say 6985, 6A80 or 6F00 where others say 6300 or 6982.
#[test]
fn after_a_refusal_the_next_key_is_tried_whatever_the_chip_said() {
    for status in
        ["6300", "63C1", "6400", "6581", "6700", "6982", "6984", "6985", "6988", "6A80", "6A88", "6F00"]
    {
        let came_to = try_two(status, &[CHALLENGE, PROVE, COM]);
        assert!(matches!(came_to, Ok(Protocol::Bac)), "{status}: {came_to:?}");
        let error = try_two(status, &[CHALLENGE, (PROVE.0, status)]).unwrap_err();
        let tries = if status == "63C1" { Some(1) } else { None };
        assert!(
            matches!(error, ReadError::KeyWrong { tries_left } if tries_left == tries),
            "{status}: {error}"
        );
        assert_eq!(error.fault(), Fault::CardKeyWrong, "{status}");
    }
}

#[test]
fn a_chip_that_says_that_it_is_blocked_is_believed() {
    let error = try_two("6983", &[]).unwrap_err();
    assert!(matches!(error, ReadError::KeyBlocked { password: Password::Mrz, status: 0x6983 }), "{error}");
    assert_eq!(error.fault(), Fault::CardKeyBlocked);
}
