//! Which slot is started, and what may become of the other one: the value of the boot record,
//! and every legal change of it. Pure; `BootRecord` makes a change durable.
//!
//! ```text
//!            begin          finish         try_out         commit
//!  nothing ───────▶ writing ──────▶ whole ─────────▶ trial ───────▶ good
//!                                     │                │ roll_back, or no starts left
//!                                     └─▶ rejected ◀───┘
//!                                  refuse
//! ```
//!
//! The good slot is never written. What was on trial becomes good only by `commit`.

mod fields;

use serde::{Deserialize, Serialize};

pub use self::fields::{BootFault, BootFile, Checkpoint, Rejected, Trial, Writing};
use crate::{
    slots::{Content, DeltaFile, Slot},
    status,
};

/// How many rejected releases are remembered.
const MOST_REJECTED: usize = 16;
/// The longest reason that is kept, in bytes.
const LONGEST_WHY: usize = 300;

/// The boot record's value. Owned by whoever holds the folder's lock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BootFile", into = "BootFile")]
pub struct Boot {
    file: BootFile,
}

/// What the launcher is to start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// From where.
    pub slot: Slot,
    /// Whether it is on trial.
    pub standing: Standing,
}

/// What is started: known to be good, or not yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The good one.
    Good,
    /// On trial, with so many more starts.
    Trial {
        /// Starts left after this one.
        left: u8,
    },
    /// On trial without starts left, but there is no way back. See `Refused::Stuck`.
    Stuck,
}

/// Why a change is not legal now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// `commit` or `roll_back` first.
    #[error("a release is on trial")]
    OnTrial,
    /// `try_out` first.
    #[error("no release is on trial")]
    NoTrial,
    /// Nothing is being written, or something else than this.
    #[error("this is not what is being written")]
    NotWriting,
    /// A checkpoint before the one that is kept.
    #[error("a checkpoint does not go back")]
    Backwards,
    /// The spare slot holds nothing whole.
    #[error("the spare slot holds no whole release")]
    NothingWhole,
    /// A trial wants at least one start.
    #[error("a trial has at least one start")]
    NoTries,
    /// It was rolled back before.
    #[error("release {release_seq} was rejected before: {why}")]
    Rejected {
        /// Its number.
        release_seq: u64,
        /// Why.
        why: String,
    },
    /// A downgrade.
    #[error("release {release_seq} is below the floor {floor}")]
    BelowFloor {
        /// Its number.
        release_seq: u64,
        /// The least that is taken.
        floor: u64,
    },
    /// The good slot holds it already.
    #[error("release {release_seq} is in the good slot already")]
    AlreadyGood {
        /// Its number.
        release_seq: u64,
    },
    /// What runs lies in the spare slot: start the kiosk's program again first, so that it
    /// comes from the good one.
    #[error("the spare slot is the one that runs")]
    SpareRuns,
    /// A trial that never started proves nothing.
    #[error("the release on trial was not started yet")]
    NotStarted,
    /// No slot is good, and none is on trial.
    #[error("nothing is installed")]
    NothingInstalled,
    /// The trial has changed the data for good, and the good slot's release cannot read that.
    /// Whoever keeps the snapshot of the data restores it, says so by `data_restored`, and rolls
    /// back then. Until that the trial is started again and again: of two releases it is the only
    /// one that can read the data.
    #[error("release {release_seq} changed the data for good: going back needs the data as it was")]
    Stuck {
        /// Its number.
        release_seq: u64,
    },
}

impl Boot {
    /// A machine that came with an image in this slot, of which no release is known.
    pub fn with_image(good: Option<Slot>) -> Self {
        let last = match good {
            Some(slot) => format!("slot {slot} came with the machine"),
            None => "nothing was installed yet".to_owned(),
        };
        Self { file: BootFile { good, last, ..BootFile::default() } }
    }

    /// What is left of a damaged record: the slot that `current` stands for, and a floor that
    /// somebody else remembers.
    pub fn rebuilt(good: Option<Slot>, floor: u64) -> Self {
        let mut boot = Self::with_image(good);
        boot.file.floor = floor;
        boot.file.last = match good {
            Some(slot) => format!("the record was damaged; slot {slot} was the last good one"),
            None => "the record was damaged, and no slot was known to be good".to_owned(),
        };
        boot
    }

    /// The fields.
    pub fn fields(&self) -> &BootFile {
        &self.file
    }

    /// The slot that may be written: beside the good one; where none is good, beside the one
    /// that was started last.
    pub fn spare(&self) -> Slot {
        self.file.good.or(self.file.running).map_or(Slot::A, Slot::other)
    }

    /// What a slot holds.
    pub fn content(&self, slot: Slot) -> Option<&Content> {
        self.file.contents[slot.index()].as_ref()
    }

    /// The state in one line of plain English.
    pub fn line(&self) -> String {
        status::line(self)
    }

    /// Begins to write a release into the spare slot, or goes on with it: returns from where.
    /// From here on the spare slot holds nothing.
    pub fn begin(&mut self, content: &Content) -> Result<Checkpoint, Refused> {
        self.begin_by(content, None)
    }

    /// The same by a delta. A write that came another way so far begins anew.
    pub fn begin_by(&mut self, content: &Content, delta: Option<&DeltaFile>) -> Result<Checkpoint, Refused> {
        self.takes(content)?;
        if self.file.trial.is_some() {
            return Err(Refused::OnTrial);
        }
        let spare = self.spare();
        if self.file.running == Some(spare) {
            return Err(Refused::SpareRuns);
        }
        if let Some(writing) = &self.file.writing
            && (&writing.content, writing.delta.as_ref()) == (content, delta)
        {
            return Ok(writing.checkpoint.clone());
        }
        self.file.contents[spare.index()] = None;
        let checkpoint = Checkpoint::default();
        self.file.writing = Some(Writing { content: content.clone(), delta: delta.copied(), checkpoint });
        let by = if delta.is_some() { " by a delta" } else { "" };
        self.file.last = format!("began to write release {} to slot {spare}{by}", content.release_seq);
        Ok(Checkpoint::default())
    }

    /// Whether this release may be written at all.
    pub(crate) fn takes(&self, content: &Content) -> Result<(), Refused> {
        let release_seq = content.release_seq.get();
        if let Some(rejected) = self.rejected(content) {
            return Err(Refused::Rejected { release_seq, why: rejected.why.clone() });
        }
        if release_seq < self.file.floor {
            return Err(Refused::BelowFloor { release_seq, floor: self.file.floor });
        }
        let good = self.file.good.and_then(|slot| self.content(slot));
        if good.is_some_and(|good| good.listed == content.listed && good.image == content.image) {
            return Err(Refused::AlreadyGood { release_seq });
        }
        Ok(())
    }

    /// Why a release is black-listed, if it is.
    pub fn rejected(&self, content: &Content) -> Option<&Rejected> {
        self.file.rejected.iter().find(|rejected| rejected.sha256 == content.listed.sha256)
    }

    /// Notes how far the write has come for sure.
    pub fn checkpoint(&mut self, content: &Content, checkpoint: &Checkpoint) -> Result<(), Refused> {
        let writing = self.writing(content)?;
        let kept = &writing.checkpoint;
        if checkpoint.taken < kept.taken || checkpoint.written < kept.written {
            return Err(Refused::Backwards);
        }
        writing.checkpoint = checkpoint.clone();
        Ok(())
    }

    /// What was written is worth nothing: the next write begins at the first byte, and not by the
    /// same delta.
    pub fn start_over(&mut self, content: &Content, why: &str) -> Result<(), Refused> {
        let writing = self.writing(content)?;
        (writing.checkpoint, writing.delta) = (Checkpoint::default(), None);
        let what = format!("release {} is to be written from its beginning", content.release_seq);
        self.file.last = format!("{what}: {}", shortened(why));
        Ok(())
    }

    /// The spare slot holds the release, whole and right.
    pub fn finish(&mut self, content: &Content) -> Result<(), Refused> {
        self.writing(content)?;
        let spare = self.spare();
        self.file.writing = None;
        self.file.contents[spare.index()] = Some(content.clone());
        self.file.last = format!("release {} was written to slot {spare}", content.release_seq);
        Ok(())
    }

    fn writing(&mut self, content: &Content) -> Result<&mut Writing, Refused> {
        let writing = self.file.writing.as_mut();
        writing.filter(|writing| writing.content == *content).ok_or(Refused::NotWriting)
    }

    /// Puts the spare slot on trial for so many starts.
    pub fn try_out(&mut self, tries: u8) -> Result<(), Refused> {
        if self.file.trial.is_some() {
            return Err(Refused::OnTrial);
        }
        let slot = self.spare();
        let content = self.content(slot).ok_or(Refused::NothingWhole)?;
        self.takes(content)?;
        if tries == 0 {
            return Err(Refused::NoTries);
        }
        self.file.last =
            format!("release {} in slot {slot} goes on trial for {}", content.release_seq, starts(tries));
        self.file.trial = Some(Trial { slot, tries, tries_left: tries, data_migrated: false });
        Ok(())
    }

    /// Counts a start before it is made, and says what to start. A trial without starts left is
    /// rolled back here.
    pub fn count_start(&mut self) -> Result<Start, Refused> {
        let Some(trial) = &mut self.file.trial else { return self.start_good() };
        let slot = trial.slot;
        let standing = if trial.tries_left > 0 {
            trial.tries_left -= 1;
            Standing::Trial { left: trial.tries_left }
        } else {
            let why = format!("started {} and never found good", times(trial.tries));
            // Where nothing is good, what is on trial is better than nothing.
            if self.file.good.is_some() && self.roll_back(&why).is_ok() {
                return self.start_good();
            }
            Standing::Stuck
        };
        self.file.running = Some(slot);
        Ok(Start { slot, standing })
    }

    fn start_good(&mut self) -> Result<Start, Refused> {
        let slot = self.file.good.ok_or(Refused::NothingInstalled)?;
        self.file.running = Some(slot);
        Ok(Start { slot, standing: Standing::Good })
    }

    /// Counts a start that a boot loader has decided on: it started this slot, and would next start
    /// `wanted`. A trial that it started once too often, or has given up, is rolled back here. Where
    /// it has given up the good slot, what it started instead is the good one from now on: of the
    /// two it is the one that starts.
    pub fn was_started(&mut self, slot: Slot, wanted: Slot) {
        match self.file.trial {
            Some(trial) if trial.slot == slot => match self.file.trial.as_mut() {
                Some(trial) if trial.tries_left > 0 => trial.tries_left -= 1,
                _ => {
                    let why = format!("started {} and never found good", times(trial.tries));
                    // Stuck: it is the only one that can read the data, and goes on.
                    _ = self.roll_back(&why);
                }
            },
            Some(trial) if wanted != trial.slot => {
                // Stuck: the slot before runs on data that it cannot read, and says so itself.
                _ = self.roll_back(&format!("the boot loader went back to slot {slot}"));
            }
            Some(_) => {}
            None => self.adopt(slot, wanted),
        }
        self.file.running = Some(slot);
    }

    fn adopt(&mut self, slot: Slot, wanted: Slot) {
        let Some(good) = self.file.good.filter(|good| *good != slot && wanted == slot) else { return };
        // Only what was good once: nothing that was being written, was rolled back or never tried.
        let untried = self.content(slot).is_some_and(|held| held.release_seq.get() >= self.file.floor);
        let rejected = self.content(slot).is_some_and(|held| self.rejected(held).is_some());
        if self.file.writing.is_some() || untried || rejected {
            return;
        }
        let what =
            self.content(good).map_or_else(String::new, |held| format!(", release {},", held.release_seq));
        self.file.last =
            format!("slot {good}{what} does not start any more: the boot loader took slot {slot}");
        self.file.contents[good.index()] = None;
        self.file.good = Some(slot);
    }

    /// What the spare slot holds is not needed any more, nor what is being written there.
    pub fn empty_spare(&mut self) -> Result<(), Refused> {
        if self.file.trial.is_some() {
            return Err(Refused::OnTrial);
        }
        let spare = self.spare();
        self.file.writing = None;
        self.file.contents[spare.index()] = None;
        Ok(())
    }

    /// The trial is about to change the data that the release before keeps.
    pub fn data_migrating(&mut self) -> Result<(), Refused> {
        self.file.trial.as_mut().ok_or(Refused::NoTrial)?.data_migrated = true;
        Ok(())
    }

    /// The data is as it was before the trial.
    pub fn data_restored(&mut self) -> Result<(), Refused> {
        self.file.trial.as_mut().ok_or(Refused::NoTrial)?.data_migrated = false;
        Ok(())
    }

    /// The trial becomes good. Only now the floor rises.
    pub fn commit(&mut self) -> Result<(), Refused> {
        let trial = self.file.trial.ok_or(Refused::NoTrial)?;
        if self.file.running != Some(trial.slot) {
            return Err(Refused::NotStarted);
        }
        let release_seq = self.trial_seq(trial);
        self.file.trial = None;
        self.file.good = Some(trial.slot);
        self.file.floor = self.file.floor.max(release_seq);
        self.file.last = format!("release {release_seq} in slot {} was found good", trial.slot);
        Ok(())
    }

    /// Ends the trial and black-lists its release. On a machine without a good slot nothing can
    /// be started then, until another release was tried.
    pub fn roll_back(&mut self, why: &str) -> Result<(), Refused> {
        let trial = self.file.trial.ok_or(Refused::NoTrial)?;
        let release_seq = self.trial_seq(trial);
        if let Some(good) = self.file.good
            && trial.data_migrated
            && !self.good_reads_the_trials_data(good, trial.slot)
        {
            return Err(Refused::Stuck { release_seq });
        }
        let why = shortened(why);
        if let Some(sha256) = self.content(trial.slot).map(|content| content.listed.sha256) {
            self.black_list(Rejected { sha256, release_seq, why: why.to_owned() });
        }
        self.file.trial = None;
        let back = self.file.good.map_or_else(String::new, |good| format!(" to slot {good}"));
        self.file.last = format!("release {release_seq} in slot {} was rolled back{back}: {why}", trial.slot);
        Ok(())
    }

    /// Black-lists a release that is neither good nor on trial: it failed before it ran.
    pub fn refuse(&mut self, content: &Content, why: &str) -> Result<(), Refused> {
        let (sha256, release_seq) = (content.listed.sha256, content.release_seq.get());
        let holds = |slot| self.content(slot).is_some_and(|held| held.listed.sha256 == sha256);
        if self.file.good.is_some_and(holds) {
            return Err(Refused::AlreadyGood { release_seq });
        }
        if self.file.trial.is_some_and(|trial| holds(trial.slot)) {
            return Err(Refused::OnTrial);
        }
        let why = shortened(why);
        self.black_list(Rejected { sha256, release_seq, why: why.to_owned() });
        self.file.last = format!("release {release_seq} was refused before it ran: {why}");
        Ok(())
    }

    fn black_list(&mut self, rejected: Rejected) {
        self.file.rejected.retain(|other| other.sha256 != rejected.sha256);
        self.file.rejected.push(rejected);
        let surplus = self.file.rejected.len().saturating_sub(MOST_REJECTED);
        self.file.rejected.drain(..surplus);
    }

    /// Unknown is "no": a release that says nothing of its data may not know what it meets.
    fn good_reads_the_trials_data(&self, good: Slot, trial: Slot) -> bool {
        let Some(left) = self.content(trial).and_then(|content| content.data_schema) else { return true };
        let kept = self.content(good).and_then(|content| content.data_schema);
        left.reversible || left.from == left.to || kept.is_some_and(|kept| kept.to >= left.to)
    }

    /// Lets releases below the floor in, down to this one: signed metadata says so, and the
    /// caller has checked that.
    pub fn lower_floor(&mut self, to: u64, why: &str) {
        if to < self.file.floor {
            self.file.floor = to;
            self.file.last = format!("the floor was lowered to {to}: {}", shortened(why));
        }
    }

    fn trial_seq(&self, trial: Trial) -> u64 {
        self.content(trial.slot).map_or(0, |content| content.release_seq.get())
    }
}

pub(crate) fn starts(number: u8) -> String {
    if number == 1 { "1 start".to_owned() } else { format!("{number} starts") }
}

fn times(number: u8) -> String {
    if number == 1 { "once".to_owned() } else { format!("{number} times") }
}

/// One line, and not endless: a reason may come from far away.
fn shortened(why: &str) -> &str {
    let line = why.lines().next().unwrap_or_default();
    let end = (0..=LONGEST_WHY.min(line.len())).rev().find(|end| line.is_char_boundary(*end));
    &line[..end.unwrap_or(0)]
}
