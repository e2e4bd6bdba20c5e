//! A card reader behind the PC/SC service (`pcscd`): one slot, contactless or contact,
//! held for ourselves while a card lies on it, so that no other program can reset the
//! card under a secure channel.
//!
//! It never looks into what it carries, never sleeps longer than it is told, and
//! survives the reader being unplugged and the service being restarted: the next wait
//! finds them again. `wait_for_card` powers the card anew, `wait_for_removal` asks it
//! whether it is there: both end a secure channel, so they belong outside a reading.

mod failure;
mod service;
mod slot;

use std::{
    ffi::{CStr, CString},
    thread,
    time::{Duration, Instant},
};

use devices::{CardReader, Presence, ReaderFault};
use pcsc::{
    Card, Context, Disposition, Error, MAX_BUFFER_SIZE_EXTENDED, Protocol, Protocols, ReaderState, Scope,
    ShareMode, State,
};
use zeroize::{Zeroize, Zeroizing};

pub use self::slot::{SlotChoice, SlotKind};
use self::{
    failure::{Failure, certain},
    service::{is_empty, is_free, is_present, names, power, power_unseen},
};

/// The longest response of short length, and of extended length.
const SHORT_RESPONSE: usize = 258;
const EXTENDED_RESPONSE: usize = 65_538;

/// How long a reader that is not there is waited for before saying so.
const PATIENCE_FOR_READER: Duration = Duration::from_millis(500);
/// Before a lost card is looked for again: how long the service may take to notice that
/// it is gone; it looks about every 400 ms.
const PATIENCE_FOR_DOUBT: Duration = Duration::from_millis(600);
/// How often is looked whether the reader is there again, and the card still. The
/// service alone would notice within 400 ms only.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How long a card that does not answer to power is left alone.
const TRY_AGAIN_AFTER: Duration = Duration::from_millis(300);
/// SELECT of the master file: any answer at all shows that the card is there.
const ARE_YOU_THERE: [u8; 4] = [0x00, 0xA4, 0x00, 0x0C];

/// Which lengths the reader can carry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AnswerLength {
    /// Short length only, for readers that fail on more.
    Short,
    /// Extended length, which every current reader carries.
    #[default]
    Extended,
}

/// One reader of the PC/SC service.
pub struct PcscReader {
    choice: SlotChoice,
    /// The slot that was chosen; it stays the one while it is there, whatever is
    /// plugged in beside it.
    slot: Option<CString>,
    length: AnswerLength,
    /// Gone while the service is down.
    context: Option<Context>,
    /// There while a card lies in the field and is powered.
    card: Option<Card>,
    /// When a card stopped talking; the service may not have noticed.
    lost: Option<Instant>,
    /// T=0 knows no extended length.
    protocol: Option<Protocol>,
    /// Where answers arrive; wiped after each.
    space: Zeroizing<Vec<u8>>,
}

/// The names of all readers, for messages and settings.
pub fn list_readers() -> Result<Vec<String>, ReaderFault> {
    let context = Context::establish(Scope::User).map_err(certain)?;
    let names = names(&context)?;
    Ok(names.iter().map(|name| name.to_string_lossy().into_owned()).collect())
}

impl PcscReader {
    /// The one slot that fits the choice. Fails where the service or the slot is not
    /// there now, and where several fit.
    pub fn open(choice: SlotChoice) -> Result<Self, ReaderFault> {
        let mut reader = Self {
            choice,
            slot: None,
            length: AnswerLength::default(),
            context: None,
            card: None,
            lost: None,
            protocol: None,
            space: Zeroizing::new(vec![0; MAX_BUFFER_SIZE_EXTENDED]),
        };
        reader.find()?;
        Ok(reader)
    }

    /// The same reader with another idea of how long its answers may be.
    #[must_use]
    pub fn with_answers(self, length: AnswerLength) -> Self {
        Self { length, ..self }
    }

    /// The context and the reader's name of now.
    fn find(&mut self) -> Result<(Context, CString), ReaderFault> {
        let context = match &self.context {
            Some(context) if context.is_valid().is_ok() => context.clone(),
            _ => {
                self.card = None;
                let context = Context::establish(Scope::User).map_err(certain)?;
                self.context.insert(context).clone()
            }
        };
        let names = names(&context).inspect_err(|_| self.context = None)?;
        let slot = match self.slot.take() {
            Some(slot) if names.contains(&slot) => slot,
            _ => self.choice.pick(names)?,
        };
        Ok((context, self.slot.insert(slot).clone()))
    }

    /// As `find`, but a reader may take a moment to be plugged in again. It also keeps
    /// a caller who asks at once again from running in circles.
    fn find_within(&mut self, limit: Duration) -> Result<(Context, CString), ReaderFault> {
        let deadline = Instant::now() + limit.min(PATIENCE_FOR_READER);
        loop {
            match self.find() {
                Err(ReaderFault::Unplugged) if !left(deadline).is_zero() => {
                    thread::sleep(LOOK_EVERY.min(left(deadline)));
                }
                found => return found,
            }
        }
    }

    /// The card that is ours already, powered anew. One that does not answer is let go,
    /// not reset: where it is gone, the service would not look for the next one.
    fn power_held(&mut self) -> Option<Presence> {
        let answer = self.reset_card();
        if answer.is_err() {
            self.let_go();
        }
        answer.ok()
    }

    /// Connects to the card that the service sees.
    fn connect(&mut self, context: &Context, name: &CStr) -> Result<Approach, ReaderFault> {
        let powered = match context.connect(name, ShareMode::Exclusive, Protocols::ANY) {
            // What was lost may have come back, or another card, unnoticed: power anew.
            Ok(mut card) if self.lost.is_some() => power(&mut card).map(|()| card),
            Ok(card) => Ok(card),
            // The service gives up on a card that lay crooked and never looks at it
            // again. It may lie straight by now.
            Err(Error::UnresponsiveCard | Error::UnpoweredCard) => power_unseen(context, name),
            Err(error) => Err(error),
        };
        self.take(powered)
    }

    /// A card that was laid down before the service noticed that the one before it was
    /// gone is no change to the service: it never powers it. So we do, once, and let the
    /// service get used to it before the card is read: one that is just being noticed is
    /// powered again.
    fn look_past_service(&mut self, context: &Context, name: &CStr) {
        self.lost = power_unseen(context, name).ok().map(|card| {
            // The next look finds it whether this works or not.
            let _ = card.disconnect(Disposition::LeaveCard);
            Instant::now()
        });
    }

    /// Makes the card ours, if it has power.
    fn take(&mut self, powered: Result<Card, Error>) -> Result<Approach, ReaderFault> {
        let status = powered.and_then(|card| Ok((card.status2_owned()?, card)));
        match status.map_err(Failure::from) {
            // Powered again in the same moment by the service.
            Ok((status, _)) if status.protocol2().is_none() => Ok(Approach::Mute),
            Ok((status, card)) => {
                (self.card, self.protocol, self.lost) = (Some(card), status.protocol2(), None);
                Ok(Approach::Talks(Presence { atr: status.atr().to_vec() }))
            }
            Err(Failure::Certain(ReaderFault::CardGone)) => Ok(Approach::Gone),
            Err(Failure::Certain(ReaderFault::Busy)) => Ok(Approach::Busy),
            Err(Failure::InDoubt) => Ok(Approach::Mute),
            Err(Failure::Certain(fault)) => Err(fault),
        }
    }

    /// Sends a command; no status bytes are no answer, though some drivers call it one.
    fn transmit(&mut self, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let card = self.card.as_ref().ok_or(Failure::Certain(ReaderFault::CardGone))?;
        let answer = Zeroizing::new(card.transmit(command, &mut self.space)?.to_vec());
        self.space[..answer.len()].zeroize();
        if answer.len() < 2 { Err(Failure::InDoubt) } else { Ok(answer) }
    }

    /// What a failure means. A card that still answers to power stays ours.
    fn explain(&mut self, failure: Failure) -> ReaderFault {
        let fault = match failure {
            Failure::Certain(fault) => fault,
            Failure::InDoubt => self.ask_power(),
        };
        if fault != ReaderFault::CardMute {
            self.let_go();
        }
        if fault == ReaderFault::ServiceDown {
            self.context = None;
        }
        fault
    }

    /// Whether a card that stopped talking is still there. One that talked a moment ago
    /// and now does not even answer to power was lifted: the service would say so 400 ms
    /// later only. Nothing is lost by it: no channel outlives a failed exchange.
    fn ask_power(&mut self) -> ReaderFault {
        let Some(card) = &mut self.card else { return ReaderFault::CardGone };
        match power(card).map_err(Failure::from) {
            Ok(()) => ReaderFault::CardMute,
            Err(Failure::Certain(fault)) => fault,
            // If it is not the service or the reader that went away.
            Err(Failure::InDoubt) => self.find().err().unwrap_or(ReaderFault::CardGone),
        }
    }

    /// The card does not talk any more. It is not reset on leaving: where it is gone,
    /// the service would note it as mute, and not look again.
    fn let_go(&mut self) {
        if let Some(card) = self.card.take() {
            self.lost = Some(Instant::now());
            // Nothing was held any more where this fails.
            let _ = card.disconnect(Disposition::LeaveCard);
        }
    }

    /// Waits until the service sees the reader in such a state, and says in which.
    fn wait_until(
        &mut self,
        limit: Duration,
        holds: fn(State) -> bool,
    ) -> Result<Option<State>, ReaderFault> {
        let deadline = Instant::now() + limit;
        let (context, name) = self.find()?;
        let mut states = [ReaderState::new(name, State::UNAWARE)];
        loop {
            match context.get_status_change(left(deadline), &mut states) {
                Ok(()) => {}
                Err(Error::Timeout) => return Ok(None),
                Err(error) => return Err(certain(error)),
            }
            let state = states[0].event_state();
            if state.intersects(State::UNKNOWN | State::UNAVAILABLE | State::IGNORE) {
                return Err(ReaderFault::Unplugged);
            }
            if holds(state) {
                return Ok(Some(state));
            }
            if left(deadline).is_zero() {
                return Ok(None);
            }
            states[0].sync_current_state();
        }
    }

    /// Waits until the service sees the slot empty. One that another program holds for
    /// itself could not be read.
    fn wait_until_empty(&mut self, limit: Duration) -> Result<bool, ReaderFault> {
        match self.wait_until(limit, |state| is_empty(state) || state.contains(State::EXCLUSIVE))? {
            Some(state) if state.contains(State::EXCLUSIVE) => Err(ReaderFault::Busy),
            state => Ok(state.is_some()),
        }
    }
}

impl CardReader for PcscReader {
    fn wait_for_card(&mut self, limit: Duration) -> Result<Option<Presence>, ReaderFault> {
        let deadline = Instant::now() + limit;
        if let Some(presence) = self.power_held() {
            return Ok(Some(presence));
        }
        let mut approach = Approach::Gone;
        loop {
            let (context, name) = self.find_within(left(deadline))?;
            let doubt = self.lost.map(|since| since + PATIENCE_FOR_DOUBT);
            let in_doubt = doubt.map_or(Duration::ZERO, left).min(left(deadline));
            if !in_doubt.is_zero() {
                // What the service says of the slot is not the whole truth yet.
                self.wait_until(in_doubt, |_| false)?;
            }
            let may_look = doubt.is_none_or(|doubt| left(doubt).is_zero());
            let pause = if doubt.is_some() { Duration::ZERO } else { left(deadline) };
            if may_look && self.wait_until(pause, is_present)?.is_some() {
                approach = self.connect(&context, &name)?;
            } else if may_look && doubt.is_some() {
                self.look_past_service(&context, &name);
                continue;
            }
            match approach {
                Approach::Talks(presence) => return Ok(Some(presence)),
                Approach::Mute if left(deadline).is_zero() => return Err(ReaderFault::CardMute),
                Approach::Busy if left(deadline).is_zero() => return Err(ReaderFault::Busy),
                Approach::Gone if left(deadline).is_zero() => return Ok(None),
                Approach::Busy => drop(self.wait_until(left(deadline), is_free)?),
                Approach::Mute | Approach::Gone => {
                    if self.wait_until(TRY_AGAIN_AFTER.min(left(deadline)), is_empty)?.is_some() {
                        approach = Approach::Gone;
                    }
                }
            }
        }
    }

    fn exchange(&mut self, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, ReaderFault> {
        self.transmit(command).map_err(|failure| self.explain(failure))
    }

    fn reset_card(&mut self) -> Result<Presence, ReaderFault> {
        let card = self.card.as_mut().ok_or(ReaderFault::CardGone)?;
        match power(card).and_then(|()| card.status2_owned()) {
            Ok(status) => {
                self.protocol = status.protocol2();
                Ok(Presence { atr: status.atr().to_vec() })
            }
            Err(error) => Err(self.explain(error.into())),
        }
    }

    fn wait_for_removal(&mut self, limit: Duration) -> Result<bool, ReaderFault> {
        let deadline = Instant::now() + limit;
        loop {
            if self.card.is_none() {
                return self.wait_until_empty(left(deadline));
            }
            match self.transmit(&ARE_YOU_THERE) {
                Ok(_) => {}
                // A card that talked a moment ago and now does not was lifted.
                Err(Failure::InDoubt | Failure::Certain(ReaderFault::CardGone)) => {
                    self.let_go();
                    // If it is not the service or the reader that went away.
                    self.find()?;
                    return Ok(true);
                }
                // It lies there still; whether for long, the service will say.
                Err(Failure::Certain(ReaderFault::CardReset)) => self.let_go(),
                Err(failure) => return Err(self.explain(failure)),
            }
            let pause = LOOK_EVERY.min(left(deadline));
            if pause.is_zero() {
                return Ok(false);
            }
            if self.wait_until(pause, is_empty)?.is_some() {
                self.card = None;
                return Ok(true);
            }
        }
    }

    fn longest_response(&self) -> usize {
        if self.length == AnswerLength::Short || self.protocol == Some(Protocol::T0) {
            SHORT_RESPONSE
        } else {
            EXTENDED_RESPONSE
        }
    }
}

/// What came of turning to a card.
enum Approach {
    /// It is powered and ours.
    Talks(Presence),
    /// It is there and does not answer.
    Mute,
    /// Another program holds it.
    Busy,
    /// It is not there any more.
    Gone,
}

fn left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}
