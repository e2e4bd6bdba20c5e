//! Active authentication: the caller's challenge goes to the chip, and what comes back is
//! carried out as it came.

use card::{AccessKey, AccessPolicy, ActiveAuthentication, Can, ChipProof, FileId, ReadError, Step};

use crate::script::{Example, ScriptedChance, ScriptedReader};

/// RND.IFD of ICAO Doc 9303-11, appendix F.
const CHALLENGE: [u8; 8] = [0xF1, 0x73, 0x58, 0x99, 0x74, 0xBF, 0x40, 0xC6];

fn play(example: &Example<'_>) -> Result<(ActiveAuthentication, Vec<ChipProof>), ReadError> {
    let mut reader = ScriptedReader::new(&example.steps);
    let mut chance = ScriptedChance::new(&example.chance);
    let key = AccessKey::Can(Can::new("012345").unwrap());
    let mut session = card::open(&mut reader, &key, AccessPolicy::PaceOnly, &mut chance, &mut |_| ())?;
    let came_to = session.authenticate_actively(CHALLENGE, &mut |_| ())?;
    let proofs = session.finish().proofs().to_vec();
    reader.assert_finished();
    Ok((came_to, proofs))
}

#[test]
fn the_answer_is_carried_out_as_it_came() {
    let examples = Example::all(include_str!("active_authentication.txt"));
    let answered: Vec<_> = examples.iter().filter(|example| example.proof.is_some()).collect();
    assert_eq!(answered.len(), 7);
    for example in answered {
        let title = example.title;
        let (came_to, proofs) = play(example).unwrap_or_else(|error| panic!("{title}: {error}"));
        assert_eq!(came_to, ActiveAuthentication::Answered, "{title}");
        let response = hex::decode(example.proof.unwrap()).unwrap();
        assert_eq!(proofs, [ChipProof::ActiveAuthentication { challenge: CHALLENGE, response }], "{title}");
    }
}

#[test]
fn a_chip_that_does_not_sign_has_proven_nothing() {
    let examples = Example::all(include_str!("active_authentication.txt"));
    let find = |title| examples.iter().find(|example| example.title == title).expect(title);
    for (title, expected) in [("refused", 0x6982), ("empty", 0x9000)] {
        let error = play(find(title)).expect_err(title);
        assert!(
            matches!(error, ReadError::ChipRefused { step: Step::ActiveAuthentication, status } if status == expected),
            "{title}: {error}"
        );
    }
    let (came_to, proofs) = play(find("no DG15")).unwrap();
    assert_eq!((came_to, proofs.len()), (ActiveAuthentication::NotOffered, 0));
}

// No DG15 is no mistake of the chip's; one that is refused is told as such.
#[test]
fn a_key_that_the_chip_keeps_to_itself_is_an_error() {
    let examples = Example::all(include_str!("active_authentication.txt"));
    let mut example = examples.into_iter().find(|example| example.title == "no DG15").unwrap();
    let last = example.steps.len() - 1;
    example.steps[last].1 = "6982";
    let error = play(&example).expect_err("unprotected");
    assert!(
        matches!(error, ReadError::Unprotected { step: Step::File(FileId::Dg15), status: 0x6982 }),
        "{error}"
    );
}
