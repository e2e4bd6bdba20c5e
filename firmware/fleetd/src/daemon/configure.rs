//! Settings from afar, carried out. Everything of them that the loop owns; what is decided, is
//! decided in `configuration`.

use std::time::Duration;

use ::configuration::Upkeep;
use faults::chain;
use install::record::Record;
use release::Sha256Digest;
use tokio::time::{Instant, sleep};
use tuf::{Refreshed, store::Folder};

use super::{
    Daemon, MemoryLost,
    hold::Hold,
    jobs::{Kind, RESTART, run},
};
use crate::{
    configuration::{Effect, Event, Memory, Part, Patience, Shelf, ShelfError, Wanted, gather},
    ddi::{Failure, Pace},
    hours::{Hours, HoursFile},
    kept::KeepError,
    machine,
    settings::Settings,
    update::{Before, Handling, Moment, Order, Policy, Report},
};

/// Its record in the folder of what is remembered.
const NAME: &str = "configuration";
/// The longest that the kiosk's own checks may take.
const CHECK: Duration = Duration::from_mins(2);
/// Before the fleet server is told again.
const TELL_AGAIN: Duration = Duration::from_mins(1);
/// Before what failed on this machine is tried again.
const AGAIN: Duration = Duration::from_secs(10);

/// The loop's part of settings.
pub struct Configure {
    part: Part,
    folder: Folder,
    record: Record<Memory>,
    memory: Memory,
    shelf: Shelf,
    hold: Hold,
    gather_at: Instant,
    pace: Pace,
    ticked: Instant,
    /// When the fleet server is told of the newest line; none: it has it.
    tell_at: Option<Instant>,
    /// What `fleetd` itself is told by what is in force.
    upkeep: Upkeep,
}

impl Configure {
    /// Reads what is remembered; `None` where the settings have no part for it.
    pub fn open(settings: &Settings, upkeep: &upkeep::Folder) -> Result<Option<Self>, KeepError> {
        let Some(part) = settings.configuration.clone() else { return Ok(None) };
        let mut folder = Folder::open(&settings.files.state.join(NAME))?;
        let record: Record<Memory> = Record::open(&mut folder, NAME)?;
        let memory = record.value().cloned().unwrap_or_default();
        let (shelf, pace) = (Shelf::new(&part.folder), Pace::new(part.every));
        let now = Instant::now();
        let mut configure = Self {
            gather_at: now + pace.after_start(machine::chance()),
            hold: Hold::new(upkeep),
            ticked: now,
            tell_at: memory.said.is_some().then_some(now),
            upkeep: Upkeep::default(),
            part,
            folder,
            record,
            memory,
            shelf,
            pace,
        };
        configure.read_upkeep();
        Ok(Some(configure))
    }

    fn good(&self) -> Option<Sha256Digest> {
        self.memory.good.as_ref().map(|good| good.set)
    }

    /// What is in force says when the machine may be closed. One that cannot be read says
    /// nothing; the next look into the repository lays it down anew.
    fn read_upkeep(&mut self) {
        let read = self.good().map(|good| self.shelf.read(good).ok_or(good));
        self.upkeep = match read {
            None => Upkeep::default(),
            Some(Ok(configuration)) => configuration.upkeep,
            Some(Err(set)) => {
                tracing::error!(?set, "the settings in force cannot be read");
                self.gather_at = Instant::now();
                Upkeep::default()
            }
        };
    }
}

impl Daemon {
    /// Whether an order is one for settings: it names a layer.
    pub(super) fn configures(&self, order: &Order) -> bool {
        self.configure.is_some() && order.target.starts_with("config/")
    }

    pub(super) fn configure_disturbs(&self) -> bool {
        self.configure.as_ref().is_some_and(|it| it.memory.state.disturbs())
    }

    /// One line for the fleet team: what happened last.
    pub(super) fn configure_line(&self) -> String {
        let said = self.configure.as_ref().and_then(|it| it.memory.said.clone());
        said.unwrap_or_else(|| "in-force: built-in".to_owned())
    }

    /// The server took a line, or did not; it is told until it has the newest.
    pub(super) fn configure_told(&mut self, told: &str, took: bool) {
        let newest = self.configure_line();
        let Some(it) = &mut self.configure else { return };
        if !took {
            it.tell_at = it.tell_at.map(|_| Instant::now() + TELL_AGAIN);
        } else if told == newest {
            it.tell_at = None;
        }
    }

    /// The site's hours: what is in force says, or the settings.
    pub(super) fn hours(&self) -> Hours {
        let ours = &self.settings.hours;
        let windows = self.configure.as_ref().and_then(|it| it.upkeep.windows.as_ref());
        let Some(windows) = windows else { return ours.clone() };
        let windows = windows.is.iter().map(ToString::to_string).collect();
        let file = HoursFile { utc_offset_minutes: ours.utc_offset_minutes(), windows };
        Hours::new(&file).unwrap_or_else(|_| ours.clone())
    }

    /// The same for the pace of updates.
    pub(super) fn policy(&self) -> Policy {
        let mut policy = self.settings.policy;
        let seconds = |number: u32| Duration::from_secs(number.into());
        if let Some(upkeep) = self.configure.as_ref().map(|it| &it.upkeep) {
            policy.idle = upkeep.idle_seconds.map_or(policy.idle, |said| seconds(said.is.get()));
            policy.announce = upkeep.announce_seconds.map_or(policy.announce, |said| seconds(said.is.get()));
        }
        policy
    }

    pub(super) fn configure_ordered(&mut self, order: &Order) -> Result<(), MemoryLost> {
        // It is done, and the server has not heard yet.
        if self.kept.memory.outgoing.ends(order.action) || order.download == Handling::Skip {
            return Ok(());
        }
        self.configured(Event::Ordered { action: order.action, forced: order.install == Handling::Forced })
    }

    pub(super) fn configure_resume(&mut self) -> Result<(), MemoryLost> {
        let effects = self.configure.as_ref().map(|it| it.memory.resume());
        effects.into_iter().flatten().try_for_each(|effect| self.configure_carry_out(effect))
    }

    pub(super) fn configure_tick(&mut self) -> Result<(), MemoryLost> {
        let Some(it) = &mut self.configure else { return Ok(()) };
        let passed = it.ticked.elapsed();
        it.ticked = Instant::now();
        let resting = it.memory.state.candidate().is_none();
        let tells = it.tell_at.is_some_and(|at| Instant::now() >= at);
        let gathers = Instant::now() >= it.gather_at;
        if tells {
            self.jobs.tell_attributes(self.configure_line());
        }
        if gathers {
            self.configure_carry_out(Effect::Gather)?;
        }
        if resting {
            return Ok(());
        }
        let now = self.now();
        let moment = Moment {
            now,
            clock: machine::clocks().system,
            passed,
            window: self.hours().are_open(now),
            glance: None,
            vitals: self.upkeep.vitals(),
        };
        let free = !self.kept.memory.state.disturbs() && !self.commands.memory.has_machine();
        self.configured(Event::Tick { moment, free })
    }

    /// Moves settings on: remembers first, then acts.
    pub(super) fn configured(&mut self, event: Event) -> Result<(), MemoryLost> {
        let policy = self.policy();
        let Some(it) = &mut self.configure else { return Ok(()) };
        match &event {
            Event::NotNow(why) => {
                tracing::warn!(why, "settings");
                it.gather_at = Instant::now() + it.pace.after_failure(Failure::Trouble, machine::chance());
            }
            Event::Gathered(_) => {
                it.gather_at = Instant::now() + it.pace.after_answer(it.part.every, machine::chance());
            }
            _ => {}
        }
        let patience = Patience {
            idle: policy.idle,
            idle_forced: policy.idle_forced,
            announce: policy.announce,
            well_for: it.part.well_for,
            ill_for: it.part.ill_for,
        };
        let (before, good) = (it.memory.state.word(), it.good());
        let (memory, effects) = std::mem::take(&mut it.memory).step(event, &patience);
        it.memory = memory;
        if it.memory.state.word() != before {
            tracing::info!(from = before, to = it.memory.state.word(), "settings");
        }
        it.remember()?;
        if it.good() != good {
            it.read_upkeep();
        }
        if it.memory.state.disturbs() {
            // Other sets are about to be thrown away; the next look comes.
            self.jobs.stop(Kind::Gather);
        }
        effects.into_iter().try_for_each(|effect| self.configure_carry_out(effect))
    }

    fn configure_carry_out(&mut self, effect: Effect) -> Result<(), MemoryLost> {
        let now = self.now();
        let Some(it) = &mut self.configure else { return Ok(()) };
        let shelf = it.shelf.clone();
        match effect {
            Effect::Gather if it.memory.state.disturbs() => {}
            Effect::Gather => {
                let (place, ages, good) = (it.part.place.clone(), it.memory.ages.clone(), it.good());
                let wanted = Wanted { place, ages, good, shelf };
                self.jobs.settings(Kind::Gather, |repository| async move {
                    gather(&mut *repository.lock().await, &wanted, now).await
                });
            }
            Effect::Check(set) => {
                let (command, link) = (it.part.check.clone(), it.part.folder.join(Shelf::CANDIDATE));
                self.settle(move || async move {
                    if shelf.read(set).is_none() {
                        return Ok(Event::Lost);
                    }
                    shelf.point(Shelf::CANDIDATE, set)?;
                    let variables = [("KIOSK_CONFIGURATION", link.as_os_str())];
                    Ok(Event::Checked(run(&command, CHECK, &variables).await))
                });
            }
            Effect::Announce(from) => it.hold.announce(from),
            Effect::Open => it.hold.open(),
            Effect::Lease => {
                let got = it.hold.take().then(|| Before::of(self.upkeep.vitals().as_ref()));
                self.configured(Event::Leased(got))?;
            }
            Effect::Switch(set) => {
                let restart = it.part.restart.clone();
                self.settle(move || async move {
                    shelf.point(Shelf::CURRENT, set)?;
                    Ok(Event::Switched(run(&restart, RESTART, &[]).await))
                });
            }
            Effect::Commit(set) => self.settle(move || async move {
                shelf.point(Shelf::GOOD, set)?;
                shelf.keep_only(set)?;
                Ok(Event::Committed)
            }),
            Effect::GoBack(good) => {
                let restart = it.part.restart.clone();
                self.settle(move || async move {
                    match good {
                        Some(good) => shelf.point(Shelf::CURRENT, good)?,
                        None => shelf.unpoint(Shelf::CURRENT)?,
                    }
                    Ok(match run(&restart, RESTART, &[]).await {
                        Ok(()) => Event::WentBack,
                        Err(why) => again(why).await,
                    })
                });
            }
            Effect::Say(line) => {
                tracing::info!(line, "settings");
                it.tell_at = Some(Instant::now());
            }
            Effect::Report { action, success, line } => {
                self.kept.memory.outgoing.push(Report::of_settings(action, success, line));
                self.keeper.keep(&self.kept)?;
            }
        }
        Ok(())
    }

    /// What the machine itself fails at is tried again: the next tick asks for it.
    fn settle<F>(&mut self, job: impl FnOnce() -> F)
    where
        F: Future<Output = Result<Event, ShelfError>> + Send + 'static,
    {
        let job = job();
        self.jobs.settings(Kind::Settle, |_| async move {
            let event = match job.await {
                Ok(event) => event,
                Err(error) => again(chain(&error)).await,
            };
            (event, None::<Refreshed>)
        });
    }
}

async fn again(why: String) -> Event {
    sleep(AGAIN).await;
    Event::NotNow(why)
}

impl Configure {
    fn remember(&mut self) -> Result<(), MemoryLost> {
        // Some fields count seconds and are not kept: what is written decides.
        let written = |memory: &Memory| serde_json::to_vec(memory).expect("text keys only");
        if self.record.value().is_some_and(|old| written(old) == written(&self.memory)) {
            return Ok(());
        }
        Ok(self.record.put(&mut self.folder, self.memory.clone())?)
    }
}
