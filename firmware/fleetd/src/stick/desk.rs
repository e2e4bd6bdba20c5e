//! What is in the machine's sockets, and what became of it.

use std::{path::Path, time::Duration};

use audit::{Event, Log, OfficerNumber, StickOutcome};
use badge::Present;
use faults::{Fault, chain};
use jiff::Timestamp;
use stick::Staged;
use tokio::time::Instant;
use upkeep::{Folder, StickState};

use super::{AtTheMachine, StickPart};
use crate::{ddi::Pace, update::Outcome};

/// A stick with updates.
#[derive(Debug)]
pub enum Seen {
    /// None is in.
    Nothing,
    /// It is being read.
    Reading,
    /// It is staged, and waits for a technician.
    Waiting(Box<Staged>),
    /// It was dealt with. Nothing more is done until it is pulled and put in again.
    Dealt,
}

/// The desk.
pub struct Desk {
    /// `[stick]`.
    pub part: StickPart,
    /// A stick with updates.
    pub seen: Seen,
    /// Whether a stick for logs that is in has got them.
    pub logs_dealt: bool,
    /// When the fleet server is told next.
    pub tell_at: Instant,
    /// How patiently.
    pub tell_pace: Pace,
    /// What was said last: a stick that waits says so once.
    said: Option<Fault>,
    /// What the staff page shows.
    shown: Option<StickState>,
    /// Who is at the machine.
    pub technician: AtTheMachine,
    upkeep: Folder,
    log: Option<Log>,
}

impl Desk {
    /// Nothing is in. Without its log a machine is brought up to date all the same.
    pub fn new(
        part: StickPart,
        log: &Path,
        technician: AtTheMachine,
        upkeep: Folder,
        clock: Timestamp,
    ) -> Self {
        let log = Log::open(log, clock).map_err(|error| tracing::error!(error = chain(&error), "audit log"));
        let mut desk = Self {
            part,
            seen: Seen::Nothing,
            logs_dealt: false,
            tell_at: Instant::now(),
            tell_pace: Pace::default(),
            said: None,
            // Of before, until it is known that none is in.
            shown: Some(StickState::Reading),
            technician,
            upkeep,
            log: log.ok(),
        };
        desk.show(None);
        desk
    }

    /// Says on the staff page how far the stick has come that is in.
    pub fn show(&mut self, state: Option<StickState>) {
        if self.shown == state {
            return;
        }
        match self.upkeep.tell_stick(state) {
            Ok(()) => self.shown = state,
            Err(error) => tracing::warn!(error = chain(&error), "stick on the staff page"),
        }
    }

    /// Says why a stick is not acted on, once for each stick and reason.
    pub fn refuse(&mut self, fault: Fault, why: &dyn std::error::Error, clock: Timestamp) {
        self.show(Some(StickState::Refused(fault)));
        if self.said.replace(fault) == Some(fault) {
            return;
        }
        tracing::warn!(code = fault.code(), why = chain(why), advice = fault.staff().en, "stick");
        self.note(clock, &Event::StickRefused { fault });
    }

    /// The stick is out.
    pub fn pulled(&mut self) {
        if !matches!(self.seen, Seen::Nothing) {
            self.show(None);
        }
        self.seen = Seen::Nothing;
        self.said = None;
    }

    /// A permit was taken.
    pub fn admitted(&self, uses: u16, technician: Option<&Present>) -> Event {
        let id = technician.map(Present::holder);
        tracing::info!(uses, technician = id.unwrap_or("not needed"), "stick admitted");
        // The audit log holds service numbers, and no other word for a person.
        let technician = id.and_then(|id| id.parse::<OfficerNumber>().ok());
        Event::StickAdmitted { times: uses, technician }
    }

    /// Writes an event down.
    pub fn note(&mut self, clock: Timestamp, event: &Event) {
        let Some(log) = &mut self.log else { return };
        if let Err(error) = log.append(clock, None, event) {
            tracing::error!(error = chain(&error), "audit log");
        }
    }

    /// How much longer than its bound a reading is waited for.
    pub const GRACE: Duration = Duration::from_mins(1);
}

/// An outcome, as auditors have it.
pub fn outcome_word(outcome: &Outcome) -> StickOutcome {
    match outcome {
        Outcome::Committed => StickOutcome::Committed,
        Outcome::AlreadyThere => StickOutcome::AlreadyThere,
        Outcome::NotAllowed(_) => StickOutcome::NotAllowed,
        Outcome::NotWritten(_) => StickOutcome::NotWritten,
        Outcome::RehearsalFailed(_) => StickOutcome::RehearsalFailed,
        Outcome::RolledBack(_) => StickOutcome::RolledBack,
        Outcome::NeverCameUp => StickOutcome::NeverCameUp,
        Outcome::Stuck(_) => StickOutcome::Stuck,
    }
}
