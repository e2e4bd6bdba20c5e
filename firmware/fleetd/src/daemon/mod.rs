//! The daemon: one loop that owns the memory of the update. Everything that happens comes
//! through here, one thing after the other; what takes long is a job beside it.

mod backend;
mod by_hand;
mod commands;
mod configure;
mod hold;
mod jobs;
mod look;
mod slots;
mod start;
mod writing;

use std::time::Duration;

use faults::chain;
use install::record::RecordError;
use jiff::Timestamp;
use tokio::{
    sync::oneshot,
    time::{self, Instant, MissedTickBehavior},
};
use tuf::clock::TrustedClock;
use upkeep::Folder;

pub use self::{
    backend::Chosen,
    slots::{Facts, kiosk},
    start::{StartError, start},
};
use self::{
    commands::Commands,
    configure::Configure,
    hold::Hold,
    jobs::{CameTo, Done, Jobs, Kind},
};
use crate::{
    commands::Event as Commanded,
    ddi::{Asked, DdiError, Pace, Polled},
    eyes::Eyes,
    kept::{KeepError, Keeper, Kept},
    machine,
    repository::Source,
    settings::Settings,
    stick::Desk,
    update::{Before, Effect, Event, Moment, Report, State},
};

/// How often the state is looked at.
const TICK: Duration = Duration::from_secs(1);
/// After the server took a report or asked for something it is asked again soon: it may have
/// more (one action a poll).
const DRAIN: Duration = Duration::from_secs(1);

/// The daemon.
pub struct Daemon {
    settings: Settings,
    keeper: Keeper,
    kept: Kept,
    commands: Commands,
    clock: TrustedClock,
    upkeep: Folder,
    hold: Hold,
    stick: Option<Desk>,
    jobs: Jobs,
    configure: Option<Configure>,
    pace: Pace,
    poll_at: Instant,
    report_at: Instant,
    report_pace: Pace,
    ticked: Instant,
    eyes: Option<Eyes>,
}

/// Why the loop ended, other than by order.
#[derive(Debug, thiserror::Error)]
#[error("what is remembered cannot be kept")]
pub struct MemoryLost(#[from] KeepError);

impl From<RecordError> for MemoryLost {
    fn from(error: RecordError) -> Self {
        Self(error.into())
    }
}

impl Daemon {
    /// Runs until told to stop.
    pub async fn run(mut self, mut stop: oneshot::Receiver<()>) -> Result<(), MemoryLost> {
        let mut tick = time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        if self.source() == Source::Network {
            // What a power cut left of a stick that nothing is done with.
            self.wipe_staging();
        }
        self.carry_out_all(self.kept.memory.resume())?;
        self.configure_resume()?;
        self.resume_commands()?;
        _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
        loop {
            tokio::select! {
                done = self.jobs.next() => self.done(done)?,
                _ = tick.tick() => self.tick()?,
                _ = &mut stop => return Ok(()),
            }
        }
    }

    fn tick(&mut self) -> Result<(), MemoryLost> {
        _ = sd_notify::notify(&[sd_notify::NotifyState::Watchdog]);
        self.configure_tick()?;
        self.tick_commands()?;
        let others = self.configure_disturbs() || self.commands.memory.has_machine();
        if self.kept.memory.state != State::Idle && !others {
            let moment = self.moment();
            self.happens(Event::Tick(moment))?;
        }
        if Instant::now() >= self.report_at
            && let Some(report) = self.next_report()
        {
            self.jobs.report(report);
        }
        if Instant::now() >= self.poll_at {
            self.jobs.poll();
        }
        self.look();
        self.look_at_sticks()
    }

    fn done(&mut self, done: Done) -> Result<(), MemoryLost> {
        match done.came_to {
            CameTo::Event(event, refreshed) => {
                self.refreshed(refreshed.as_ref());
                self.happens(*event)
            }
            CameTo::Settings(event, refreshed) => {
                self.refreshed(refreshed.as_ref());
                self.configured(*event)
            }
            CameTo::Polled(polled) => self.polled(polled),
            CameTo::Looked(came_to) => self.looked(came_to),
            CameTo::Command(event) => self.commanded(*event),
            CameTo::Reported(report, sent) => self.reported(&report, sent),
            CameTo::Told(line, took) => {
                self.configure_told(&line, took);
                Ok(())
            }
            CameTo::Stick(came) => self.stick_came(*came),
            CameTo::Said => Ok(()),
        }
    }

    /// Moves the update on: remembers first, then acts.
    fn happens(&mut self, event: Event) -> Result<(), MemoryLost> {
        if let (State::Committing { release, .. }, Event::Committed) = (&self.kept.memory.state, &event) {
            self.kept.floor = self.kept.floor.max(release.seq().get());
        }
        let before = self.kept.memory.state.word();
        let (memory, effects) = std::mem::take(&mut self.kept.memory).step(event, &self.policy());
        self.kept.memory = memory;
        let after = self.kept.memory.state.word();
        if after != before {
            tracing::info!(from = before, to = after, "update");
        }
        let stick_ended = self.stick_ended();
        self.keeper.keep(&self.kept)?;
        if stick_ended {
            self.wipe_staging();
        }
        self.carry_out_all(effects)
    }

    fn carry_out_all(&mut self, effects: Vec<Effect>) -> Result<(), MemoryLost> {
        effects.into_iter().try_for_each(|effect| self.carry_out(effect))
    }

    fn carry_out(&mut self, effect: Effect) -> Result<(), MemoryLost> {
        let now = self.now();
        match effect {
            Effect::Ask(target) => self.jobs.ask(target, self.source(), now),
            Effect::Fetch(release) => self.jobs.fetch(*release, self.source(), now),
            Effect::Stop => {
                for kind in [Kind::Ask, Kind::Fetch, Kind::Rehearse] {
                    self.jobs.stop(kind);
                }
            }
            Effect::Rehearse(_) => self.jobs.rehearse(self.settings.rehearse.clone()),
            Effect::Announce(from) => self.hold.announce(from),
            Effect::Open => self.hold.open(),
            Effect::Lease => {
                let got = self.hold.take().then(|| Before::of(self.upkeep.vitals().as_ref()));
                self.happens(Event::Leased(got))?;
            }
            Effect::Activate(release) => {
                self.jobs.activate(*release, self.settings.tries, self.settings.restart.clone());
            }
            Effect::Commit(release) => self.jobs.commit(*release),
            Effect::RollBack { release, why } => {
                self.jobs.roll_back(*release, why, self.settings.restart.clone());
            }
            Effect::Refuse { release, why } => self.jobs.refuse(*release, why),
        }
        Ok(())
    }

    fn moment(&mut self) -> Moment {
        let now = self.now();
        let passed = self.ticked.elapsed();
        self.ticked = Instant::now();
        // The slots' record is read only where it decides something.
        let on_trial = matches!(self.kept.memory.state, State::Trial { .. });
        let glance = on_trial.then(|| self.jobs.glance()).flatten();
        let window = self.hours().are_open(now);
        Moment { now, clock: machine::clocks().system, passed, window, glance, vitals: self.upkeep.vitals() }
    }

    fn reported(&mut self, report: &Report, sent: Result<(), DdiError>) -> Result<(), MemoryLost> {
        let line = &report.line;
        match sent {
            Ok(()) => tracing::info!(line, "reported"),
            Err(error) if is_for_good(&error) => {
                tracing::warn!(error = chain(&error), line, "report dropped");
            }
            Err(error) => {
                tracing::warn!(error = chain(&error), "report");
                let wait = self.report_pace.after_failure(error.failure(), machine::chance());
                self.report_at = Instant::now() + wait;
                return Ok(());
            }
        }
        self.report_pace = Pace::default();
        self.kept.memory.outgoing.sent(report);
        self.keeper.keep(&self.kept)?;
        self.commands.sent(report)?;
        match self.next_report() {
            Some(next) => self.jobs.report(next),
            // What was told may have been what the server waited for.
            None => self.poll_at = self.poll_at.min(Instant::now() + DRAIN),
        }
        Ok(())
    }

    fn polled(&mut self, polled: Result<Polled, DdiError>) -> Result<(), MemoryLost> {
        self.saw_poll(polled.is_ok());
        let polled = match polled {
            Ok(polled) => polled,
            Err(error) => {
                tracing::warn!(error = chain(&error), "poll");
                let wait = self.pace.after_failure(error.failure(), machine::chance());
                self.poll_at = Instant::now() + wait;
                return Ok(());
            }
        };
        self.poll_at = Instant::now() + self.pace.after_answer(polled.sleep, machine::chance());
        if polled.wants_attributes {
            self.jobs.tell_attributes(self.configure_line());
        }
        match polled.asked {
            Asked::Install(order) if self.configures(&order) => self.configure_ordered(&order),
            Asked::Consent(order) if self.configures(&order) => {
                self.jobs.consent_to_settings(order.action);
                Ok(())
            }
            Asked::Nothing => {
                self.commanded(Commanded::NothingWanted)?;
                self.happens(Event::NothingWanted)
            }
            Asked::Command(order) => self.commanded(Commanded::Ordered(order)),
            Asked::CallOff(action) if self.commands.memory.is_about(action) => {
                self.commanded(Commanded::CalledOff(action))
            }
            Asked::Install(order) => self.happens(Event::Ordered(order)),
            Asked::CallOff(action) => self.happens(Event::CalledOff(action)),
            Asked::Consent(order) => {
                self.jobs.consent(order, self.now());
                Ok(())
            }
        }
    }

    fn next_report(&self) -> Option<Report> {
        self.kept.memory.outgoing.first().or(self.commands.memory.outgoing.first()).cloned()
    }

    fn now(&self) -> Timestamp {
        self.clock.read(machine::clocks()).time
    }
}

/// The server will never take it: it has forgotten the action, or has enough of it.
fn is_for_good(error: &DdiError) -> bool {
    matches!(error, DdiError::Gone | DdiError::Status { code: 400 | 404 | 409 })
        || matches!(error, DdiError::NotAccepted { code: 403 })
}
