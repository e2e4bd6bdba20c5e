//! Whatever is changed in whatever answer, from the first byte of EF.CardAccess to the
//! last of DG1: the reading fails as an error, and nothing is proven.

use std::time::Duration;

use card::{AccessKey, AccessPolicy, Can, CardFiles, ChipAuthentication, FileId, ReadError};
use chip_reader::{CardReader, Presence, ReaderFault};
use zeroize::Zeroizing;

use crate::script::{Example, ScriptedChance};

/// Plays an exchange with one answer changed. A command that the exchange does not have
/// is answered with nothing: the card is gone.
struct Changed {
    steps: Vec<(Vec<u8>, Vec<u8>)>,
    at: usize,
}

impl Changed {
    fn new(example: &Example<'_>, step: usize, change: impl FnOnce(&mut Vec<u8>)) -> Self {
        let bytes = |hex: &str| hex::decode(hex).unwrap();
        let mut steps: Vec<_> =
            example.steps.iter().map(|(sent, received)| (bytes(sent), bytes(received))).collect();
        change(&mut steps[step].1);
        Self { steps, at: 0 }
    }
}

impl CardReader for Changed {
    fn wait_for_card(&mut self, _: Duration) -> Result<Option<Presence>, ReaderFault> {
        Ok(None)
    }

    fn exchange(&mut self, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, ReaderFault> {
        let (expected, answer) = self.steps.get(self.at).ok_or(ReaderFault::CardGone)?;
        self.at += 1;
        if expected == command { Ok(Zeroizing::new(answer.clone())) } else { Err(ReaderFault::CardGone) }
    }

    fn reset_card(&mut self) -> Result<Presence, ReaderFault> {
        Ok(Presence { atr: vec![0x3B, 0x80, 0x80, 0x01, 0x01] })
    }

    fn wait_for_removal(&mut self, _: Duration) -> Result<bool, ReaderFault> {
        Ok(false)
    }

    fn longest_response(&self) -> usize {
        65_538
    }
}

fn play(mut reader: Changed, chance: &[&str]) -> Result<CardFiles, ReadError> {
    // A second opening, with short answers, draws once more.
    let twice = [chance, chance].concat();
    let mut chance = ScriptedChance::new(&twice);
    let key = AccessKey::Can(Can::new("012345").unwrap());
    let mut session = card::open(&mut reader, &key, AccessPolicy::PaceOnly, &mut chance, &mut |_| ())?;
    let came_to = session.authenticate_chip(&mut chance, &mut |_| ())?;
    assert_eq!(came_to, ChipAuthentication::Started);
    session.read(FileId::Dg1, &mut |_| ())?;
    Ok(session.finish())
}

fn example() -> Example<'static> {
    Example::all(include_str!("chip_authentication.txt")).remove(0)
}

#[test]
fn the_exchange_itself_is_read() {
    let example = example();
    let files = play(Changed::new(&example, 0, |_| ()), &example.chance).unwrap();
    assert_eq!(files.proofs().len(), 1);
}

#[test]
fn any_changed_byte_of_any_answer_is_noticed() {
    let example = example();
    for step in 0..example.steps.len() {
        for at in 0..example.steps[step].1.len() / 2 {
            let reader = Changed::new(&example, step, |answer| answer[at] ^= 1 << (at % 8));
            let came = play(reader, &example.chance);
            assert!(came.is_err(), "answer {step}, byte {at}");
        }
    }
}

#[test]
fn any_answer_cut_off_is_noticed() {
    let example = example();
    for step in 0..example.steps.len() {
        for length in (0..example.steps[step].1.len() / 2).step_by(3) {
            let reader = Changed::new(&example, step, |answer| answer.truncate(length));
            let came = play(reader, &example.chance);
            assert!(came.is_err(), "answer {step}, cut to {length}");
        }
    }
}

// Bytes behind an answer: between its data and its status.
#[test]
fn any_answer_with_more_than_it_should_have_is_noticed_or_harmless() {
    let example = example();
    for step in 0..example.steps.len() {
        let reader = Changed::new(&example, step, |answer| {
            let end = answer.len() - 2;
            answer.splice(end..end, [0x04, 0x01, 0xFF]);
        });
        // In the clear more may follow a data object; through the channel nothing may.
        let came = play(reader, &example.chance);
        assert!(came.is_err() || step < 6, "answer {step}");
    }
}
