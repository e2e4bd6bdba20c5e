//! A card reader without a reader: a virtual card behind the `CardReader` trait,
//! in the same process. A hand held elsewhere lays and lifts the card.

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use devices::{CardReader, Presence, ReaderFault};
use zeroize::Zeroizing;

use crate::{chip::Chip, citizen_card::apdu::Command};

/// What the best readers carry: 65 536 bytes and two of status.
const LONGEST_RESPONSE: usize = 65_538;
/// What a reader of short length carries: 256 bytes and two of status.
const SHORT_RESPONSE: usize = 258;

/// The reader; its clones are the same reader, so one may be kept to lay and lift
/// the card while a daemon's thread holds the other.
#[derive(Clone)]
pub struct InMemoryReader {
    shared: Arc<Shared>,
    short_only: bool,
}

struct Shared {
    slot: Mutex<Slot>,
    changed: Condvar,
}

struct Slot {
    card: Box<dyn Chip>,
    lies: Lies,
    /// Powered and talked to since it was laid down.
    powered: bool,
    fault: Option<ReaderFault>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Lies {
    Beside,
    On,
    /// Lifted by the script; comes back as soon as somebody waits for a card.
    LiftedForAMoment,
}

impl InMemoryReader {
    /// A reader with a card beside it, not on it.
    pub fn new(card: impl Chip + 'static) -> Self {
        let slot = Mutex::new(Slot { card: Box::new(card), lies: Lies::Beside, powered: false, fault: None });
        Self { shared: Arc::new(Shared { slot, changed: Condvar::new() }), short_only: false }
    }

    /// The same reader as one that carries short length only: a command of extended length
    /// gets no answer through it.
    #[must_use]
    pub fn short_only(&self) -> Self {
        Self { short_only: true, ..self.clone() }
    }

    /// Lays the card down.
    pub fn lay(&self) {
        self.change(|slot| slot.lies = Lies::On);
    }

    /// Takes the card away.
    pub fn lift(&self) {
        self.change(|slot| {
            slot.lies = Lies::Beside;
            slot.powered = false;
        });
    }

    /// Another card takes the place of the one before; it is not laid down yet.
    pub fn replace(&self, card: impl Chip + 'static) {
        self.change(|slot| {
            *slot = Slot { card: Box::new(card), lies: Lies::Beside, powered: false, fault: slot.fault };
        });
    }

    /// Every call fails so until told otherwise.
    pub fn fail_with(&self, fault: Option<ReaderFault>) {
        self.change(|slot| slot.fault = fault);
    }

    /// Command APDUs that the card has answered.
    pub fn answered(&self) -> u64 {
        self.slot().card.answered()
    }

    /// The QR printed on the card.
    pub fn printed_code(&self) -> String {
        self.slot().card.printed_code().unwrap_or_default().to_owned()
    }

    fn change(&self, change: impl FnOnce(&mut Slot)) {
        change(&mut self.slot());
        self.shared.changed.notify_all();
    }

    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.shared.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the card lies as asked, or a fault stands.
    fn wait_until(&self, limit: Duration, there: impl Fn(&Slot) -> bool) -> MutexGuard<'_, Slot> {
        let goes_on = |slot: &mut Slot| slot.fault.is_none() && !there(slot);
        let waited = self.shared.changed.wait_timeout_while(self.slot(), limit, goes_on);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

impl Slot {
    fn check(&self) -> Result<(), ReaderFault> {
        self.fault.map_or(Ok(()), Err)
    }

    fn power(&mut self) -> Presence {
        self.card.reset();
        self.powered = true;
        Presence { atr: self.card.atr() }
    }
}

impl CardReader for InMemoryReader {
    fn wait_for_card(&mut self, limit: Duration) -> Result<Option<Presence>, ReaderFault> {
        let mut slot = self.wait_until(limit, |slot| slot.lies != Lies::Beside);
        slot.check()?;
        if slot.lies == Lies::Beside {
            return Ok(None);
        }
        slot.lies = Lies::On;
        Ok(Some(slot.power()))
    }

    fn exchange(&mut self, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, ReaderFault> {
        let mut slot = self.slot();
        slot.check()?;
        if slot.lies != Lies::On || !slot.powered {
            return Err(ReaderFault::CardGone);
        }
        if self.short_only && Command::parse(command).is_none_or(|command| command.extended) {
            return Err(ReaderFault::CardMute);
        }
        let answer = Zeroizing::new(slot.card.answer(command));
        if slot.card.is_lifted_now() {
            slot.lies = Lies::LiftedForAMoment;
            slot.powered = false;
            return Err(ReaderFault::CardGone);
        }
        let time = slot.card.time_of_last_answer();
        drop(slot);
        thread::sleep(time);
        // Somebody may have lifted the card while the answer was on its way.
        if self.slot().powered { Ok(answer) } else { Err(ReaderFault::CardGone) }
    }

    fn reset_card(&mut self) -> Result<Presence, ReaderFault> {
        let mut slot = self.slot();
        slot.check()?;
        if slot.lies == Lies::On { Ok(slot.power()) } else { Err(ReaderFault::CardGone) }
    }

    fn wait_for_removal(&mut self, limit: Duration) -> Result<bool, ReaderFault> {
        let slot = self.wait_until(limit, |slot| slot.lies != Lies::On);
        slot.check()?;
        Ok(slot.lies != Lies::On)
    }

    fn longest_response(&self) -> usize {
        if self.short_only { SHORT_RESPONSE } else { LONGEST_RESPONSE }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{
        card_profile::CardProfile, citizen_card::CitizenCard, personalise::Personalised, scenario::CardScript,
    };

    const NOW: Duration = Duration::ZERO;
    const SOON: Duration = Duration::from_secs(20);

    fn reader() -> InMemoryReader {
        let content = Personalised::for_tests("X", "123456", BTreeMap::new(), &CardProfile::default());
        InMemoryReader::new(CitizenCard::new(content, &CardScript::default(), 1))
    }

    #[test]
    fn a_card_beside_the_reader_is_no_card() {
        let mut reader = reader();
        assert_eq!(reader.wait_for_card(NOW), Ok(None));
        assert_eq!(reader.exchange(&[0, 0xB0, 0x9C, 0, 0]), Err(ReaderFault::CardGone));
        assert_eq!(reader.reset_card(), Err(ReaderFault::CardGone));
        assert_eq!(reader.wait_for_removal(NOW), Ok(true));
    }

    #[test]
    fn whoever_waits_sees_the_card_laid_down_by_another_thread() {
        let mut reader = reader();
        let hand = reader.clone();
        let waiting = thread::spawn(move || reader.wait_for_card(SOON));
        hand.lay();
        assert!(waiting.join().unwrap().unwrap().is_some());
    }

    #[test]
    fn a_lifted_card_is_gone_until_somebody_waits_for_it_again() {
        let mut reader = reader();
        reader.lay();
        reader.wait_for_card(NOW).unwrap().unwrap();
        let answer = reader.exchange(&[0, 0xB0, 0x9C, 0, 1]).unwrap();
        assert_eq!(answer.as_slice(), [0x31, 0x90, 0]);
        reader.lift();
        assert_eq!(reader.exchange(&[0, 0xB0, 0x9C, 0, 1]), Err(ReaderFault::CardGone));
        reader.lay();
        assert_eq!(reader.exchange(&[0, 0xB0, 0x9C, 0, 1]), Err(ReaderFault::CardGone));
        reader.wait_for_card(NOW).unwrap().unwrap();
        assert!(reader.exchange(&[0, 0xB0, 0x9C, 0, 1]).is_ok());
        assert_eq!(reader.answered(), 2);
    }

    #[test]
    fn a_reader_of_short_length_carries_no_more() {
        let mut reader = reader().short_only();
        reader.lay();
        reader.wait_for_card(NOW).unwrap().unwrap();
        assert_eq!(reader.longest_response(), 258);
        assert!(reader.exchange(&[0, 0xB0, 0x9C, 0, 0]).is_ok());
        assert_eq!(reader.exchange(&[0, 0xB0, 0x9C, 0, 0, 0, 0]), Err(ReaderFault::CardMute));
    }

    #[test]
    fn a_reader_told_to_fail_fails_and_recovers() {
        let mut reader = reader();
        reader.lay();
        reader.fail_with(Some(ReaderFault::Unplugged));
        assert_eq!(reader.wait_for_card(SOON), Err(ReaderFault::Unplugged));
        assert_eq!(reader.wait_for_removal(SOON), Err(ReaderFault::Unplugged));
        reader.fail_with(None);
        assert!(reader.wait_for_card(NOW).unwrap().is_some());
    }
}
