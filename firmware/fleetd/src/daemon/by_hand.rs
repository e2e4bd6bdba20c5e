//! The loop's part with sticks.

use std::path::PathBuf;

use audit::Event as Audited;
use faults::chain;
use tokio::time::Instant;
use upkeep::StickState;

use super::{Daemon, MemoryLost, is_for_good, jobs::Kind};
use crate::{
    machine,
    repository::Source,
    stick::{Came, Installed, Refused, Seen, Wanted, outcome_word},
    update::{Event, Outcome, State},
};

impl Daemon {
    /// Looks what is in, goes on with what waits, tells the server what was done.
    pub(super) fn look_at_sticks(&mut self) -> Result<(), MemoryLost> {
        let Some(desk) = &mut self.stick else { return Ok(()) };
        desk.technician.look(machine::clocks().system);
        if let Some(installed) = self.kept.stick.to_tell()
            && Instant::now() >= desk.tell_at
        {
            self.jobs.tell_installed(installed.clone());
        }
        self.jobs.look_at_sticks(&desk.part);
        self.admit()
    }

    pub(super) fn stick_came(&mut self, came: Came) -> Result<(), MemoryLost> {
        match came {
            Came::Looked { update, logs } => self.sticks_seen(update, logs),
            Came::Read(Ok(staged)) => {
                if let Some(desk) = &mut self.stick {
                    desk.seen = Seen::Waiting(staged);
                }
                return self.admit();
            }
            Came::Read(Err(why)) => self.refuse_stick(&why),
            Came::Carried(carried) => self.carried(carried),
            Came::Told(installed, told) => return self.told(&installed, told),
        }
        Ok(())
    }

    fn sticks_seen(&mut self, update: bool, logs: bool) {
        let clock = machine::clocks().system;
        let now = self.clock.read(machine::clocks());
        let staging = self.staging();
        let can_begin = self.can_begin();
        let Some(desk) = &mut self.stick else { return };
        match (&desk.seen, update) {
            // What is staged goes with the stick, unless it is being installed.
            (Seen::Waiting(_), false) => {
                desk.pulled();
                self.wipe_staging();
            }
            (Seen::Dealt | Seen::Nothing, false) => desk.pulled(),
            (Seen::Nothing, true) if !can_begin => desk.refuse(Refused::Busy.fault(), &Refused::Busy, clock),
            (Seen::Nothing, true) => {
                let (part, uses) = (desk.part.clone(), self.kept.stick.uses());
                if self.jobs.read_stick(Wanted { part, staging, uses, now }) {
                    desk.seen = Seen::Reading;
                    desk.show(Some(StickState::Reading));
                }
            }
            _ => {}
        }
        let Some(desk) = &mut self.stick else { return };
        if !update && !logs {
            desk.show(None);
        }
        desk.logs_dealt &= logs;
        if logs
            && !desk.logs_dealt
            && let Some(part) = desk.part.logs.clone()
            && desk.technician.who().is_some()
            && self.jobs.carry_logs(part, clock)
        {
            desk.logs_dealt = true;
            desk.show(Some(StickState::Reading));
        }
    }

    /// Whether a stick may order something now.
    fn can_begin(&self) -> bool {
        let state = &self.kept.memory.state;
        let by_stick = state.order().is_some_and(|order| order.action.is_of_stick());
        *state == State::Idle || (state.can_be_called_off() && !by_stick)
    }

    /// Begins what is staged, if everything that it needs is there.
    fn admit(&mut self) -> Result<(), MemoryLost> {
        let clock = machine::clocks().system;
        let now = self.clock.read(machine::clocks());
        let can_begin = self.can_begin();
        let Some(desk) = &mut self.stick else { return Ok(()) };
        let Seen::Waiting(staged) = &desk.seen else { return Ok(()) };
        if !can_begin {
            desk.refuse(Refused::Busy.fault(), &Refused::Busy, clock);
            return Ok(());
        }
        let technician = desk.technician.who().cloned();
        let used = self.kept.stick.used(&staged.permit().permit().fields().id);
        let kiosk = Wanted::kiosk(&desk.part, self.jobs.facts());
        let admitted = match staged.admit(&kiosk, now, used, technician) {
            Ok(admitted) => admitted,
            Err(why @ stick::StickError::TechnicianNeeded(_)) => {
                desk.refuse(why.fault(), &why, clock);
                return Ok(());
            }
            Err(why) => {
                self.refuse_stick(&Refused::Stick(why));
                return Ok(());
            }
        };
        desk.seen = Seen::Dealt;
        desk.show(Some(StickState::Admitted));
        let event = desk.admitted(admitted.use_to_count().1, admitted.technician());
        desk.note(clock, &event);
        // An answer to the server's order must not be taken for one to this.
        for kind in [Kind::Ask, Kind::Fetch, Kind::Rehearse] {
            self.jobs.stop(kind);
        }
        let order = self.kept.stick.begin(&admitted, self.clock.kept().floor);
        self.happens(Event::Ordered(order))
    }

    fn refuse_stick(&mut self, why: &Refused) {
        if let Some(desk) = &mut self.stick {
            desk.refuse(why.fault(), why, machine::clocks().system);
            desk.seen = Seen::Dealt;
        }
        self.wipe_staging();
    }

    /// Takes note of how what a stick ordered ended. To be kept in the same write.
    pub(super) fn stick_ended(&mut self) -> bool {
        let Some((action, outcome)) = self.kept.memory.of_stick.take() else { return false };
        tracing::info!(outcome = outcome.line(), "stick");
        self.kept.stick.end(action, &outcome);
        if let Some(desk) = &mut self.stick {
            let event = Audited::StickEnded { outcome: outcome_word(&outcome) };
            desk.note(machine::clocks().system, &event);
            // Who pulled it out meanwhile is not there to be told.
            if matches!(desk.seen, Seen::Dealt) {
                let there = matches!(outcome, Outcome::Committed | Outcome::AlreadyThere);
                desk.show(Some(if there { StickState::Installed } else { StickState::NotInstalled }));
            }
        }
        true
    }

    fn carried(&mut self, carried: Result<stick::logs::Carried, stick::logs::LogsError>) {
        let clock = machine::clocks().system;
        let Some(desk) = &mut self.stick else { return };
        match carried {
            Ok(carried) => {
                tracing::info!(names = ?carried.names, missing = ?carried.missing, "logs carried out");
                let files = u16::try_from(carried.names.len()).unwrap_or(u16::MAX);
                desk.note(clock, &Audited::StickLogsTaken { files });
                desk.show(Some(StickState::LogsTaken));
            }
            Err(why) => desk.refuse(why.fault(), &why, clock),
        }
    }

    fn told(
        &mut self,
        installed: &Installed,
        told: Result<(), crate::ddi::DdiError>,
    ) -> Result<(), MemoryLost> {
        let Some(desk) = &mut self.stick else { return Ok(()) };
        match told {
            Err(error) if !is_for_good(&error) => {
                tracing::warn!(error = chain(&error), "installedBase");
                desk.tell_at =
                    Instant::now() + desk.tell_pace.after_failure(error.failure(), machine::chance());
                return Ok(());
            }
            Err(error) => tracing::warn!(error = chain(&error), ?installed, "the server does not know it"),
            Ok(()) => tracing::info!(?installed, "told the server"),
        }
        desk.tell_pace = crate::ddi::Pace::default();
        self.kept.stick.told(installed);
        Ok(self.keeper.keep(&self.kept)?)
    }

    /// Where what is under way comes from.
    pub(super) fn source(&self) -> Source {
        match self.kept.memory.state.order() {
            Some(order) if order.action.is_of_stick() => Source::Stick(self.kept.stick.stale(order.action)),
            _ => Source::Network,
        }
    }

    fn staging(&self) -> PathBuf {
        self.settings.files.state.join(crate::repository::STAGING)
    }

    pub(super) fn wipe_staging(&self) {
        if let Err(error) = stick::Staging::of(&self.staging()).wipe() {
            tracing::warn!(%error, "staging");
        }
    }
}
