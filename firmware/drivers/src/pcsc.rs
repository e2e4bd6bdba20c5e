//! A card reader behind the PC/SC service (`pcscd`): contactless or contact, one at a
//! time, held for ourselves while a card lies on it.
//!
//! It never looks into what it carries, never sleeps longer than it is told, and
//! survives the reader being unplugged and the service being restarted: the next wait
//! finds them again.

use std::{
    ffi::{CStr, CString},
    time::{Duration, Instant},
};

use devices::{CardReader, Presence, ReaderFault};
use pcsc::{
    Card, Context, Disposition, Error, MAX_BUFFER_SIZE_EXTENDED, PNP_NOTIFICATION, Protocol, Protocols,
    ReaderState, Scope, ShareMode, State,
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
/// How often a card is asked whether it is still there. The service alone would notice
/// within 400 ms only.
const LOOK_EVERY: Duration = Duration::from_millis(100);
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

    /// As `find`, but a reader may take a moment to be plugged in again.
    fn find_within(&mut self, limit: Duration) -> Result<(Context, CString), ReaderFault> {
        let first = self.find();
        let (Err(ReaderFault::Unplugged), Some(context)) = (&first, &self.context) else { return first };
        let mut any = [ReaderState::new(PNP_NOTIFICATION(), State::UNAWARE)];
        match context.get_status_change(limit.min(PATIENCE_FOR_READER), &mut any) {
            Ok(()) => self.find(),
            Err(_) => first,
        }
    }

    /// Connects to the card that the service sees. `Ok(None)`: it sees none any more.
    fn connect(&mut self, context: &Context, name: &CStr) -> Result<Option<Presence>, ReaderFault> {
        match context.connect(name, ShareMode::Exclusive, Protocols::ANY) {
            Ok(card) => {
                let status = card.status2_owned().map_err(certain)?;
                (self.card, self.protocol) = (Some(card), status.protocol2());
                Ok(Some(Presence { atr: status.atr().to_vec() }))
            }
            Err(Error::NoSmartcard | Error::RemovedCard) => Ok(None),
            Err(error) => Err(certain(error)),
        }
    }

    /// What a failed exchange means. Where PC/SC only says that it failed, the service
    /// is given a moment to notice that the card is gone.
    fn explain(&mut self, error: Error) -> ReaderFault {
        let fault = fault_of(error).unwrap_or_else(|| {
            let gone = self.wait_until(PATIENCE_FOR_DOUBT, |state| !state.contains(State::PRESENT));
            match gone {
                Ok(true) => ReaderFault::CardGone,
                Ok(false) => ReaderFault::CardMute,
                Err(fault) => fault,
            }
        });
        self.card = None;
        if fault == ReaderFault::ServiceDown {
            self.context = None;
        }
        fault
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
        loop {
            let (context, name) = self.find_within(left(deadline))?;
            let seen = self.wait_until(left(deadline), |state| {
                state.contains(State::PRESENT) && !state.contains(State::MUTE)
            })?;
            if seen && let Some(presence) = self.connect(&context, &name)? {
                return Ok(Some(presence));
            }
            if left(deadline).is_zero() {
                // A card that does not even answer to power is worth a word.
                let mute = self.wait_until(Duration::ZERO, |state| state.contains(State::MUTE))?;
                return if mute { Err(ReaderFault::CardMute) } else { Ok(None) };
            }
        }
    }

    fn exchange(&mut self, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, ReaderFault> {
        let card = self.card.as_ref().ok_or(ReaderFault::CardGone)?;
        let answer = card.transmit(command, &mut self.space).map(|bytes| Zeroizing::new(bytes.to_vec()));
        if let Ok(answer) = &answer {
            self.space[..answer.len()].zeroize();
        }
        answer.map_err(|error| self.explain(error))
    }

    fn reset_card(&mut self) -> Result<Presence, ReaderFault> {
        let card = self.card.as_mut().ok_or(ReaderFault::CardGone)?;
        // Power off and on: some readers answer a mere reset from memory.
        let reset = card
            .reconnect(ShareMode::Exclusive, Protocols::ANY, Disposition::UnpowerCard)
            .and_then(|()| card.status2_owned());
        match reset {
            Ok(status) => Ok(Presence { atr: status.atr().to_vec() }),
            Err(error) => Err(self.explain(error)),
        }
    }

    fn wait_for_removal(&mut self, limit: Duration) -> Result<bool, ReaderFault> {
        let deadline = Instant::now() + limit;
        loop {
            let Some(card) = &self.card else {
                return self.wait_until(left(deadline), |state| !state.contains(State::PRESENT));
            };
            if let Err(error) = card.transmit(&ARE_YOU_THERE, &mut self.space) {
                match self.explain(error) {
                    // Nobody lays a card that talked a moment ago down mute.
                    ReaderFault::CardGone | ReaderFault::CardMute => return Ok(true),
                    fault => return Err(fault),
                }
            }
            let pause = LOOK_EVERY.min(left(deadline));
            if pause.is_zero() {
                return Ok(false);
            }
            if self.wait_until(pause, |state| !state.contains(State::PRESENT))? {
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

/// What an error means where no card was being talked to.
fn certain(error: Error) -> ReaderFault {
    fault_of(error).unwrap_or(ReaderFault::CardMute)
}

/// What an error says for certain. `None`: only that an exchange failed, which it also
/// does for a moment when a card is lifted.
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
