//! Chip authentication against exchanges that another implementation made, and against
//! chips that cannot do it.

use card::{
    AccessFlaw, AccessKey, AccessPolicy, Can, CardFiles, ChipAuthentication, ChipProof, FileId, ReadError,
    Step,
};
use card_faults::Listed as _;
use faults::Fault;

use crate::script::{Example, ScriptedChance, ScriptedReader};

const EXAMPLES: &str = include_str!("chip_authentication.txt");

/// Opens the example's chip, asks it to authenticate itself, and reads DG1.
fn play(steps: &[(&str, &str)], chance: &[&str]) -> Result<(ChipAuthentication, CardFiles), ReadError> {
    let mut reader = ScriptedReader::new(steps);
    let mut chance = ScriptedChance::new(chance);
    let key = AccessKey::Can(Can::new("012345").unwrap());
    let mut session = card::open(&mut reader, &key, AccessPolicy::PaceOnly, &mut chance, &mut |_| ())?;
    let came_to = session.authenticate_chip(&mut chance, &mut |_| ())?;
    assert!(session.proofs().is_empty(), "nothing is proven before an answer under the new keys");
    session.read(FileId::Dg1, &mut |_| ())?;
    let files = session.finish();
    assert!(chance.is_used_up());
    reader.assert_finished();
    Ok((came_to, files))
}

#[test]
fn every_exchange_of_the_other_implementation_is_reproduced() {
    let examples = Example::all(EXAMPLES);
    assert_eq!(examples.len(), 10);
    for Example { title, chance, steps, proof } in examples {
        let (came_to, files) = play(&steps, &chance).unwrap_or_else(|error| panic!("{title}: {error}"));
        assert_eq!(came_to, ChipAuthentication::Started, "{title}");
        let [ChipProof::ChipAuthentication { protocol, key_id, public_key }] = files.proofs() else {
            panic!("{title}: {:?}", files.proofs());
        };
        let number = key_id.as_ref().map_or("-".to_owned(), |id| hex::encode_upper(id.as_bytes()));
        assert_eq!(
            Some(format!("{protocol} {number} {}", hex::encode_upper(public_key)).as_str()),
            proof,
            "{title}"
        );
        let dg14 = files.file(FileId::Dg14).unwrap();
        assert!(dg14.windows(public_key.len()).any(|bytes| bytes == public_key), "{title}");
        assert_eq!(files.file(FileId::Dg1).map(<[u8]>::len), Some(95), "{title}");
    }
}

/// The first example with its last exchanges replaced.
fn play_first(keep: usize, then: &[(&str, &str)]) -> ReadError {
    let Example { chance, steps, .. } = Example::all(EXAMPLES).remove(0);
    let steps = [&steps[..keep], then].concat();
    play(&steps, &chance).err().expect("this chip cannot do it")
}

/// Commands of the first example before DG1 under the new keys.
const BEFORE_THE_PROOF: usize = 11;

// A copy answers the key agreement with success, but has no new keys. Whatever it says
// then, it is not taken for a disturbed line.
#[test]
fn a_chip_without_the_private_key_is_found_at_its_next_answer() {
    let example = Example::all(EXAMPLES).remove(0);
    let (command, genuine) = example.steps[BEFORE_THE_PROOF];
    let changed = genuine.replace("990262828E08", "990262828E09");
    let other_mac = format!("{}0000{}", &genuine[..genuine.len() - 8], &genuine[genuine.len() - 4..]);
    for answer in ["6988", "9000", &changed, &other_mac, "990290008E0800000000000000009000"] {
        let error = play_first(BEFORE_THE_PROOF, &[(command, answer)]);
        assert!(
            matches!(error, ReadError::ChipNotProven { step: Step::File(FileId::Dg1) }),
            "{answer}: {error}"
        );
        assert_eq!(error.fault(), Fault::CloneSuspected);
    }
}

// Where the chip refuses, the old keys stay valid and the session goes on; what to make of
// it is the caller's.
#[test]
fn what_stands_in_the_way_is_told_apart() {
    let came_to = |title: &str| {
        let examples = Example::all(include_str!("chip_authentication_refused.txt"));
        let example = examples.into_iter().find(|example| example.title == title).expect(title);
        let mut reader = ScriptedReader::new(&example.steps);
        let mut chance = ScriptedChance::new(&example.chance);
        let key = AccessKey::Can(Can::new("012345").unwrap());
        let mut session =
            card::open(&mut reader, &key, AccessPolicy::PaceOnly, &mut chance, &mut |_| ()).unwrap();
        let came_to = session.authenticate_chip(&mut chance, &mut |_| ());
        assert!(session.finish().proofs().is_empty(), "{title}");
        reader.assert_finished();
        came_to
    };
    let step = Step::ChipAuthentication;
    for title in ["no DG14", "no key"] {
        assert!(matches!(came_to(title), Ok(ChipAuthentication::NotOffered)), "{title}");
    }
    for title in ["a curve that is not in the table", "version 3 only"] {
        assert!(matches!(came_to(title), Ok(ChipAuthentication::Unknown)), "{title}");
    }
    for (title, expected) in [("MSE:Set AT refused", 0x6A80), ("GENERAL AUTHENTICATE refused", 0x6300)] {
        let error = came_to(title).expect_err(title);
        assert!(
            matches!(error, ReadError::ChipRefused { step: at, status } if (at, status) == (step, expected)),
            "{title}: {error}"
        );
        assert_eq!(error.fault(), Fault::CardNotSecured);
    }
    for (title, expected) in [
        ("a key off its curve", AccessFlaw::KeyNotInGroup),
        ("a generator of order two", AccessFlaw::GroupUnsafe),
    ] {
        let error = came_to(title).expect_err(title);
        assert!(
            matches!(error, ReadError::AccessFailed { step: at, flaw } if (at, flaw) == (step, expected)),
            "{title}: {error}"
        );
    }
}
