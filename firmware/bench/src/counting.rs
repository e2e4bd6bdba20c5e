//! The one way from every reader to the one virtual card: counts commands and
//! bytes, and keeps the card's own CPU time apart from the reader's.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use devices::{CardReader, Presence, ReaderFault};
use nix::time::{ClockId, clock_gettime};
use simulators::{
    chip::Chip as _,
    citizen_card::{CitizenCard, exchange_time},
};
use zeroize::Zeroizing;

/// SELECT of the master file by its identifier, as `dmrtd` sends it.
const SELECT_MASTER_FILE: [u8; 7] = [0x00, 0xA4, 0x00, 0x0C, 0x02, 0x3F, 0x00];

/// What one reading cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Commands sent.
    pub apdus: u32,
    /// Bytes sent.
    pub bytes_up: u64,
    /// Bytes received, status bytes included.
    pub bytes_down: u64,
    /// Times the chip's refusal to SELECT the master file was kept from the reader.
    pub refusals_hidden: u32,
    /// CPU time spent in the card, not in the reader.
    pub in_card: Duration,
    /// How long it would take over the air at each of [`RATES`], by the card's model.
    pub projected: [Duration; 3],
}

/// Bit rates of the radio link that are projected, in kbit/s.
pub const RATES: [u32; 3] = [106, 424, 848];

/// The transport; its clones lead to the same card.
#[derive(Clone)]
pub struct Counting {
    line: Arc<Mutex<Line>>,
    longest_response: usize,
}

struct Line {
    card: CitizenCard,
    counts: Counts,
    hides_refusal: bool,
}

impl Counting {
    /// A transport that carries answers of any length.
    pub fn new(card: CitizenCard) -> Self {
        let line = Line { card, counts: Counts::default(), hides_refusal: false };
        Self { line: Arc::new(Mutex::new(line)), longest_response: 65_538 }
    }

    /// The same card through a reader that carries short answers only.
    pub fn short_only(&self) -> Self {
        Self { longest_response: 258, ..self.clone() }
    }

    /// Powers the card afresh and counts from nothing. `hides_refusal`: where the chip
    /// refuses to SELECT its master file, the reader hears that all is well.
    pub fn begin(&self, hides_refusal: bool) {
        let mut line = self.line();
        line.card.reset();
        line.counts = Counts::default();
        line.hides_refusal = hides_refusal;
    }

    /// What was counted since `begin`.
    pub fn counts(&self) -> Counts {
        self.line().counts
    }

    /// The card's answer to reset.
    pub fn atr(&self) -> Vec<u8> {
        self.line().card.atr()
    }

    /// One command to the card and its answer.
    pub fn send(&self, command: &[u8]) -> Vec<u8> {
        let mut line = self.line();
        let began = cpu_time();
        let mut answer = line.card.answer(command);
        line.counts.in_card += cpu_time().saturating_sub(began);
        line.counts.apdus += 1;
        line.counts.bytes_up += command.len() as u64;
        line.counts.bytes_down += answer.len() as u64;
        for (sum, kbps) in line.counts.projected.iter_mut().zip(RATES) {
            *sum += exchange_time(Some(kbps), command.len(), answer.len());
        }
        if line.hides_refusal && command == SELECT_MASTER_FILE && answer != [0x90, 0x00] {
            line.counts.refusals_hidden += 1;
            answer = vec![0x90, 0x00];
        }
        answer
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn power(&self) -> Presence {
        let mut line = self.line();
        line.card.reset();
        Presence { atr: line.card.atr() }
    }
}

impl CardReader for Counting {
    fn wait_for_card(&mut self, _: Duration) -> Result<Option<Presence>, ReaderFault> {
        Ok(Some(self.power()))
    }

    fn exchange(&mut self, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, ReaderFault> {
        Ok(Zeroizing::new(self.send(command)))
    }

    fn reset_card(&mut self) -> Result<Presence, ReaderFault> {
        Ok(self.power())
    }

    fn wait_for_removal(&mut self, _: Duration) -> Result<bool, ReaderFault> {
        Ok(false)
    }

    fn longest_response(&self) -> usize {
        self.longest_response
    }
}

/// CPU time of this thread so far: other programs on a busy machine do not add to it.
pub fn cpu_time() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).expect("Linux has this clock").into()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use jiff::civil::date;
    use simulators::{chance::SeededChance, people::People, personalise::Issuer, scenario::CardScript};

    use super::*;

    #[test]
    fn the_refusal_is_hidden_only_on_request_and_counted_as_it_was() {
        let people = Path::new(env!("CARGO_MANIFEST_DIR")).join("../simulators/people");
        let (today, script) = (date(2026, 11, 21), CardScript::default());
        let issuer = Issuer::generate(today, &mut SeededChance::new(1)).unwrap();
        let person = People::load(&people).unwrap().person("khue").unwrap().clone();
        let issued = issuer.personalise(&person, &people, &script, today).unwrap();
        let line = Counting::new(CitizenCard::new(issued, &script, 1));
        for (hides, heard) in [(false, [0x6D, 0x00]), (true, [0x90, 0x00])] {
            line.begin(hides);
            assert_eq!(line.send(&SELECT_MASTER_FILE), heard);
            let counts = line.counts();
            assert_eq!((counts.apdus, counts.bytes_up, counts.bytes_down), (1, 7, 2));
            assert_eq!(counts.refusals_hidden, u32::from(hides));
            assert_ne!(line.send(&[0x00, 0xFF, 0x00, 0x00]), [0x90, 0x00]);
        }
    }
}
