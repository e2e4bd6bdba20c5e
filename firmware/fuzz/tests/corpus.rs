//! Every kept input goes through its target in the usual test run: what was once found
//! stays found, and the seeds still get as far as they are meant to.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use fuzz::{Reached, TARGETS, Target};

/// All that the tree should carry.
const MOST_BYTES: usize = 200_000;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

fn inputs(target: &Target) -> Vec<(String, Vec<u8>)> {
    let folder = fs::read_dir(corpus().join(target.name)).expect(target.name);
    let mut inputs: Vec<_> = folder
        .map(|file| {
            let path = file.unwrap().path();
            (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap())
        })
        .collect();
    inputs.sort();
    inputs
}

#[test]
fn every_kept_input_is_parsed_or_refused_and_never_a_panic() {
    let mut replayed = 0;
    for target in TARGETS {
        for (name, bytes) in inputs(&target) {
            // A panic in a parser names itself but not its input.
            println!("{}/{name}", target.name);
            target.run(&bytes);
            replayed += 1;
        }
    }
    assert!(replayed > TARGETS.len(), "the corpus is not there");
}

#[test]
fn every_target_has_a_seed_that_its_parser_accepts() {
    for target in TARGETS {
        let accepted = inputs(&target).iter().any(|(_, bytes)| target.run(bytes) == Reached::Accepted);
        assert!(accepted, "no input of {} gets through: fuzzing would not get far", target.name);
    }
}

#[test]
fn every_target_refuses_nothing_at_all_and_noise() {
    for target in TARGETS {
        for noise in [&[][..], &[0xFF; 64], &[0x30, 0x80, 0x30, 0x80]] {
            assert_eq!(target.run(noise), Reached::Refused, "{}", target.name);
        }
    }
}

#[test]
fn the_corpus_is_small_marked_as_test_and_belongs_to_a_target() {
    let mut bytes = 0;
    for target in TARGETS {
        for (name, input) in inputs(&target) {
            assert!(name.starts_with("test-"), "{}/{name} does not say that it is test data", target.name);
            bytes += input.len();
        }
    }
    assert!(bytes <= MOST_BYTES, "the corpus has {bytes} bytes");
    let folders: BTreeSet<String> = fs::read_dir(corpus())
        .unwrap()
        .map(|folder| folder.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    let targets: BTreeSet<String> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    assert_eq!(folders, targets);
}
