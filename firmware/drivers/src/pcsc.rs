//! A card reader behind the PC/SC service (`pcscd`): contactless or contact, one at a
//! time, held for ourselves while a card lies on it.
//!
//! It never looks into what it carries, never sleeps longer than it is told, and
//! survives the reader being unplugged and the service being restarted: the next wait
//! finds them again. `wait_for_card` powers the card anew, `wait_for_removal` asks it
//! whether it is there: both end a secure channel, so they belong outside a reading.

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

/// The longest response of short length, and of extended length.
const SHORT_RESPONSE: usize = 258;
const EXTENDED_RESPONSE: usize = 65_538;

/// How long a reader that is not there is waited for before saying so.
const PATIENCE_FOR_READER: Duration = Duration::from_millis(500);
/// After a failed exchange: how long the service may take to notice that the card is
/// gone; it looks about every 400 ms.
const PATIENCE_FOR_DOUBT: Duration = Duration::from_millis(600);
/// How often is looked whether the reader is there again, and the card still. The service alone would notice
/// within 400 ms only.
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
    /// Part of the reader's name; none: the first reader.
    name_filter: Option<String>,
    length: AnswerLength,
    /// Gone while the service is down.
    context: Option<Context>,
    /// There while a card lies in the field and is powered.
    card: Option<Card>,
    /// A card stopped talking; the service may not have noticed yet.
    lost_lately: bool,
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
    /// The first reader whose name contains the filter, whatever its case. Fails where
    /// the service or the reader is not there now.
    pub fn open(name_filter: Option<&str>) -> Result<Self, ReaderFault> {
        let mut reader = Self {
            name_filter: name_filter.map(str::to_lowercase),
            length: AnswerLength::default(),
            context: None,
            card: None,
            lost_lately: false,
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
        let fits = |name: &CString| match &self.name_filter {
            Some(filter) => name.to_string_lossy().to_lowercase().contains(filter),
            None => true,
        };
        let name = names(&context).inspect_err(|_| self.context = None)?.into_iter().find(fits);
        Ok((context, name.ok_or(ReaderFault::Unplugged)?))
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

    /// Connects to the card that the service sees.
    fn connect(&mut self, context: &Context, name: &CStr) -> Result<Approach, ReaderFault> {
        let powered = match context.connect(name, ShareMode::Exclusive, Protocols::ANY) {
            // What was lost may have come back, or another card, unnoticed: power anew.
            Ok(mut card) if self.lost_lately => power(&mut card).map(|()| card),
            Ok(card) => Ok(card),
            // The service gives up on a card that lay crooked and never looks at it
            // again. It may lie straight by now.
            Err(Error::UnresponsiveCard | Error::UnpoweredCard) => context
                .connect(name, ShareMode::Direct, Protocols::UNDEFINED)
                .and_then(|mut card| power(&mut card).map(|()| card)),
            Err(error) => Err(error),
        };
        let status = powered.and_then(|card| Ok((card.status2_owned()?, card)));
        match status.map_err(Failure::from) {
            Ok((status, card)) => {
                (self.card, self.protocol, self.lost_lately) = (Some(card), status.protocol2(), false);
                Ok(Approach::Talks(Presence { atr: status.atr().to_vec() }))
            }
            Err(Failure::Certain(ReaderFault::CardGone)) => Ok(Approach::Gone),
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

    /// What a failure means. Where it is in doubt, the service is given a moment to
    /// notice that the card is gone.
    fn explain(&mut self, failure: Failure) -> ReaderFault {
        let fault = match failure {
            Failure::Certain(fault) => fault,
            Failure::InDoubt => match self.wait_until(PATIENCE_FOR_DOUBT, is_empty) {
                Ok(true) => ReaderFault::CardGone,
                Ok(false) => ReaderFault::CardMute,
                Err(fault) => fault,
            },
        };
        self.let_go();
        if fault == ReaderFault::ServiceDown {
            self.context = None;
        }
        fault
    }

    /// The card does not talk any more. It is not reset on leaving: where it is gone,
    /// the service would note it as mute, and not look again.
    fn let_go(&mut self) {
        if let Some(card) = self.card.take() {
            self.lost_lately = true;
            // Nothing was held any more where this fails.
            let _ = card.disconnect(Disposition::LeaveCard);
        }
    }

    /// Waits until the service sees the reader in such a state.
    fn wait_until(&mut self, limit: Duration, holds: fn(State) -> bool) -> Result<bool, ReaderFault> {
        let deadline = Instant::now() + limit;
        let (context, name) = self.find()?;
        let mut states = [ReaderState::new(name, State::UNAWARE)];
        loop {
            match context.get_status_change(left(deadline), &mut states) {
                Ok(()) => {}
                Err(Error::Timeout) => return Ok(false),
                Err(error) => return Err(certain(error)),
            }
            let state = states[0].event_state();
            if state.intersects(State::UNKNOWN | State::UNAVAILABLE | State::IGNORE) {
                return Err(ReaderFault::Unplugged);
            }
            if holds(state) {
                return Ok(true);
            }
            if left(deadline).is_zero() {
                return Ok(false);
            }
            states[0].sync_current_state();
        }
    }
}

impl CardReader for PcscReader {
    fn wait_for_card(&mut self, limit: Duration) -> Result<Option<Presence>, ReaderFault> {
        let deadline = Instant::now() + limit;
        // A card from before is given back first: it may be another one by now.
        self.card = None;
        if self.lost_lately {
            self.wait_until(PATIENCE_FOR_DOUBT.min(limit), is_empty)?;
        }
        let mut approach = Approach::Gone;
        loop {
            let (context, name) = self.find_within(left(deadline))?;
            if self.wait_until(left(deadline), is_present)? {
                approach = self.connect(&context, &name)?;
            }
            match approach {
                Approach::Talks(presence) => return Ok(Some(presence)),
                Approach::Mute if left(deadline).is_zero() => return Err(ReaderFault::CardMute),
                Approach::Gone if left(deadline).is_zero() => return Ok(None),
                Approach::Mute | Approach::Gone => {}
            }
            if self.wait_until(TRY_AGAIN_AFTER.min(left(deadline)), is_empty)? {
                approach = Approach::Gone;
            }
        }
    }

    fn exchange(&mut self, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, ReaderFault> {
        self.transmit(command).map_err(|failure| self.explain(failure))
    }

    fn reset_card(&mut self) -> Result<Presence, ReaderFault> {
        let card = self.card.as_mut().ok_or(ReaderFault::CardGone)?;
        match power(card).and_then(|()| card.status2_owned()) {
            Ok(status) => Ok(Presence { atr: status.atr().to_vec() }),
            Err(error) => Err(self.explain(error.into())),
        }
    }

    fn wait_for_removal(&mut self, limit: Duration) -> Result<bool, ReaderFault> {
        let deadline = Instant::now() + limit;
        loop {
            if self.card.is_none() {
                return self.wait_until(left(deadline), is_empty);
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
                Err(failure) => return Err(self.explain(failure)),
            }
            let pause = LOOK_EVERY.min(left(deadline));
            if pause.is_zero() {
                return Ok(false);
            }
            if self.wait_until(pause, is_empty)? {
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
    /// It is not there any more.
    Gone,
}

/// Power off and on: some readers answer a mere reset from memory.
fn power(card: &mut Card) -> Result<(), Error> {
    card.reconnect(ShareMode::Exclusive, Protocols::ANY, Disposition::UnpowerCard)
}

fn left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}

fn names(context: &Context) -> Result<Vec<CString>, ReaderFault> {
    match context.list_readers_owned() {
        Ok(names) => Ok(names),
        Err(Error::NoReadersAvailable) => Ok(Vec::new()),
        Err(error) => Err(certain(error)),
    }
}

fn is_present(state: State) -> bool {
    state.contains(State::PRESENT)
}

fn is_empty(state: State) -> bool {
    !state.contains(State::PRESENT)
}

/// Why there is no answer.
#[derive(Clone, Copy)]
enum Failure {
    /// PC/SC says what is the matter.
    Certain(ReaderFault),
    /// Only that the exchange failed, which for a moment is all there is to say when a
    /// card is lifted.
    InDoubt,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        fault_of(error).map_or(Self::InDoubt, Self::Certain)
    }
}

/// What an error means where no card was being talked to: a service that is just going
/// down answers with all sorts of failures.
fn certain(error: Error) -> ReaderFault {
    fault_of(error).unwrap_or(ReaderFault::ServiceDown)
}

/// What an error says for certain.
fn fault_of(error: Error) -> Option<ReaderFault> {
    Some(match error {
        Error::NoSmartcard | Error::RemovedCard | Error::ResetCard => ReaderFault::CardGone,
        Error::UnknownReader | Error::ReaderUnavailable | Error::NoReadersAvailable => ReaderFault::Unplugged,
        Error::NoService
        | Error::ServiceStopped
        | Error::Shutdown
        | Error::InvalidHandle
        | Error::SystemCancelled => ReaderFault::ServiceDown,
        Error::SharingViolation => ReaderFault::Busy,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_that_says_something_has_its_fault() {
        for (errors, fault) in [
            (&[Error::RemovedCard, Error::NoSmartcard, Error::ResetCard][..], Some(ReaderFault::CardGone)),
            (&[Error::UnknownReader, Error::ReaderUnavailable], Some(ReaderFault::Unplugged)),
            (
                &[Error::NoService, Error::ServiceStopped, Error::InvalidHandle],
                Some(ReaderFault::ServiceDown),
            ),
            (&[Error::SharingViolation], Some(ReaderFault::Busy)),
            (&[Error::NotTransacted, Error::UnresponsiveCard, Error::CommDataLost], None),
        ] {
            for error in errors {
                assert_eq!(fault_of(*error), fault, "{error}");
            }
        }
    }
}
