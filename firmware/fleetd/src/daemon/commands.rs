//! Commands in the loop: remembers first, then acts. What lies in the folder of upkeep is made to
//! be what is remembered, at any time.

use std::{path::Path, time::Duration};

use command::Time;
use faults::chain;
use install::record::{Record, RecordError};
use jiff::{SignedDuration, Timestamp};
use tuf::{clock::ClockLevel, store::Folder};
use upkeep::{Lock, Message};

use super::{
    Daemon, MemoryLost,
    hold::{Hold, say},
    jobs,
};
use crate::{
    commands::{self, Effect, Event, Memory, Moment},
    kept::KeepError,
    machine,
    update::{Report, State, idle},
};

/// The longest that telling the machine to go down may take.
const REBOOT: Duration = Duration::from_mins(1);
/// Between two clocks that say the same.
const SAME: SignedDuration = SignedDuration::from_secs(5);

/// What is remembered of commands, and what is held for them.
pub(super) struct Commands {
    pub memory: Memory,
    folder: Folder,
    record: Record<Memory>,
    hold: Hold,
    /// Nothing of ours lies in the folder of upkeep.
    cleared: bool,
}

impl Commands {
    /// Reads what is remembered. A damaged record begins anew: it takes no command from before,
    /// and keeps the lock that is there.
    pub fn open(state: &Path, upkeep: &upkeep::Folder) -> Result<Self, KeepError> {
        const NAME: &str = "commands";
        let mut folder = Folder::open(&state.join(NAME))?;
        let record = match Record::open(&mut folder, NAME) {
            Err(error @ (RecordError::Damaged { .. } | RecordError::Foreign { .. })) => {
                tracing::error!(error = chain(&error), "what was ordered before is lost");
                let memory = Memory::with_lock(upkeep.current_lock());
                Record::replace(&mut folder, NAME, &memory)?;
                Record::open(&mut folder, NAME)?
            }
            record => record?,
        };
        let memory = record.value().cloned().unwrap_or_default();
        Ok(Self { memory, folder, record, hold: Hold::new(upkeep), cleared: false })
    }

    /// Keeps the memory, unless it is kept already: in both generations, so that no damaged file
    /// brings an older one back.
    fn keep(&mut self) -> Result<(), KeepError> {
        if self.record.value() == Some(&self.memory) {
            return Ok(());
        }
        Ok(self.record.put_twice(&mut self.folder, self.memory.clone())?)
    }

    /// The server has taken a report.
    pub fn sent(&mut self, report: &Report) -> Result<(), KeepError> {
        self.memory.outgoing.sent(report);
        self.keep()
    }
}

impl Daemon {
    /// What is left of before the start.
    pub(super) fn resume_commands(&mut self) -> Result<(), MemoryLost> {
        let (memory, effects) = std::mem::take(&mut self.commands.memory).resume();
        self.commands.memory = memory;
        self.commanded_effects(effects)
    }

    /// Time passed.
    pub(super) fn tick_commands(&mut self) -> Result<(), MemoryLost> {
        if !self.commands.memory.is_quiet() {
            self.commanded(Event::Tick)?;
        } else if !self.commands.cleared {
            self.show_commands();
        }
        Ok(())
    }

    /// Something happened to a command.
    pub(super) fn commanded(&mut self, event: Event) -> Result<(), MemoryLost> {
        let (moment, policy) = (self.command_moment(), self.policy());
        let settings = self.settings.commands.as_ref();
        let memory = std::mem::take(&mut self.commands.memory);
        let (memory, effects) = memory.step(event, settings, &policy, &moment);
        self.commands.memory = memory;
        self.commanded_effects(effects)
    }

    fn commanded_effects(&mut self, effects: Vec<Effect>) -> Result<(), MemoryLost> {
        self.commands.keep()?;
        self.show_commands();
        effects.into_iter().try_for_each(|effect| self.carry_out_command(effect))
    }

    fn carry_out_command(&mut self, effect: Effect) -> Result<(), MemoryLost> {
        match effect {
            Effect::Announce(from) => self.commands.hold.announce(from),
            Effect::Open => self.commands.hold.open(),
            Effect::Lease => {
                let got = self.commands.hold.take();
                self.commanded(Event::Leased(got))?;
            }
            Effect::Reboot => {
                let Some(settings) = &self.settings.commands else { return Ok(()) };
                let command = settings.reboot.clone();
                tracing::warn!("the machine is started anew, as ordered");
                self.jobs.command(async move { Event::ToldToGoDown(jobs::run(&command, REBOOT, &[]).await) });
            }
            Effect::Collect { id, which } => {
                let Some((kiosk, logs)) = self
                    .settings
                    .commands
                    .as_ref()
                    .and_then(|settings| Some((settings.kiosk.clone(), settings.logs.clone()?)))
                else {
                    return self.commanded(Event::Collected(Err("no logs are collected here".to_owned())));
                };
                let folder = self.settings.files.state.join("logs");
                self.jobs.command(async move {
                    Event::Collected(commands::logs::collect(logs, kiosk, id, which, folder).await)
                });
            }
        }
        Ok(())
    }

    /// Makes lock and message what is remembered, by the clock that `kioskd` goes by.
    fn show_commands(&mut self) {
        let reading = self.clock.read(machine::clocks());
        let clock = machine::clocks().system;
        let by_clock =
            |until: Timestamp| until.saturating_add(clock.duration_since(reading.time)).unwrap_or(until);
        let same = |one: Timestamp, other: Timestamp| one.duration_since(other).abs() <= SAME;
        let memory = &self.commands.memory;
        let upkeep = &self.upkeep;
        if let Some(lock) = memory.lock {
            let lock = Lock { until: by_clock(lock.until), ..lock };
            let there = upkeep.current_lock();
            if !there.is_some_and(|there| there.reason == lock.reason && same(there.until, lock.until)) {
                say(upkeep.lock(lock));
            }
        }
        if let Some(message) = &memory.message {
            let message = Message { until: by_clock(message.until), words: message.words.clone() };
            let there = upkeep.current_message();
            if !there.is_some_and(|there| there.words == message.words && same(there.until, message.until)) {
                say(upkeep.show(&message));
            }
        }
        let unlocked = if memory.lock.is_some() { Ok(()) } else { upkeep.unlock() };
        let shows_none = if memory.message.is_some() { Ok(()) } else { upkeep.show_none() };
        let cleared = unlocked.is_ok() && shows_none.is_ok();
        say(unlocked.and(shows_none));
        self.commands.cleared = cleared && memory.lock.is_none() && memory.message.is_none();
    }

    fn command_moment(&self) -> Moment {
        let clocks = machine::clocks();
        let reading = self.clock.read(clocks);
        let time = match reading.level {
            ClockLevel::Unknown => Time::Unknown,
            ClockLevel::Floor | ClockLevel::Authenticated => Time::Known(reading.time),
        };
        let updates = matches!(
            self.kept.memory.state,
            State::Waiting { closes: Some(_), .. }
                | State::Activating { .. }
                | State::Trial { .. }
                | State::Committing { .. }
                | State::RollingBack { .. }
        ) || self.configure_disturbs();
        let clock = clocks.system;
        let idle = idle(self.upkeep.vitals().as_ref(), clock);
        Moment { time, clock, boot: machine::boot_id().unwrap_or_default(), idle, updates }
    }
}
