//! One kiosk: the real update machine, and a pretended ward office round it.

use std::{collections::BTreeMap, time::Duration};

use fleetd::{
    ddi::{Failure, Pace},
    update::{
        self, Before, Effect, Event, Glance, Memory, Moment, NotActivated, NotAllowed, Policy, Sha256Digest,
        State,
    },
};
use jiff::{SignedDuration, Timestamp};
use upkeep::{DeviceHealth, Vitals};

use crate::{Second, chance::draw};

/// The office that it stands in.
#[derive(Clone, Copy, Debug)]
pub struct Ward {
    /// Visits begin this often, from an offset that is drawn for each kiosk.
    pub visit_every: Second,
    /// How long a visit lasts; 0: nobody comes.
    pub visit_lasts: Second,
}

/// How many starts a release is given.
const TRIES: u8 = 3;
/// How long a download takes at best, and how much longer it may take.
const DOWNLOAD: (Second, Second) = (20, 280);

/// A kiosk.
pub struct Kiosk {
    number: usize,
    seed: u64,
    ward: Ward,
    /// The real thing: what is on the disk.
    pub memory: Memory,
    pub(crate) pace: Pace,
    /// What is good.
    pub good: Sha256Digest,
    trial: Option<(Sha256Digest, u8)>,
    spare: Option<Sha256Digest>,
    failed: Vec<Sha256Digest>,
    /// What runs.
    pub running: Sha256Digest,
    started: Second,
    has_lease: bool,
    closed: Option<Second>,
    /// When a download that is under way ends.
    fetched_at: Option<Second>,
    /// Whether the power is on.
    pub powered: bool,
    pub(crate) poll_at: Second,
    pub(crate) draws: u32,
    /// Releases that ran here, good or not.
    pub ran: Vec<Sha256Digest>,
    /// Restarts by an update while somebody may have been served. None, ever.
    pub disturbed: u32,
}

/// What all kiosks know of releases: by the name of the target.
pub struct Known<'a> {
    pub releases: &'a BTreeMap<String, update::Approved>,
    /// Whether a release is well on a kiosk.
    pub is_well: &'a dyn Fn(Sha256Digest, usize) -> bool,
    pub policy: &'a Policy,
    pub start: Timestamp,
}

impl Kiosk {
    /// A kiosk that runs this release.
    pub fn new(number: usize, seed: u64, ward: Ward, good: Sha256Digest) -> Self {
        Self {
            number,
            seed,
            ward,
            memory: Memory::default(),
            pace: Pace::default(),
            good,
            trial: None,
            spare: None,
            failed: Vec::new(),
            running: good,
            started: 0,
            has_lease: false,
            closed: None,
            fetched_at: None,
            powered: true,
            poll_at: 0,
            draws: 0,
            ran: vec![good],
            disturbed: 0,
        }
    }

    /// Its name in the fleet.
    pub fn name(&self) -> String {
        format!("kiosk-{:05}", self.number)
    }

    pub(crate) fn draw(&mut self, what: &str) -> u32 {
        self.draws += 1;
        draw(self.seed, self.number, what, self.draws)
    }

    /// Since when nobody is served; none while somebody is.
    fn idle_since(&self, now: Second) -> Option<Second> {
        if self.ward.visit_lasts == 0 {
            return Some(0);
        }
        let offset = draw(self.seed, self.number, "visits", 0) % self.ward.visit_every;
        let into = (now + offset) % self.ward.visit_every;
        // Whoever would begin after the machine closed is not let in.
        let begun = now.checked_sub(into);
        let barred = self.closed.is_some_and(|closed| begun.is_none_or(|begun| begun >= closed));
        if into < self.ward.visit_lasts && !barred && !self.has_lease {
            return None;
        }
        Some(now.saturating_sub(into.saturating_sub(self.ward.visit_lasts)))
    }

    /// The power comes back.
    pub(crate) fn power_on(&mut self, now: Second, known: &Known<'_>) {
        self.powered = true;
        (self.has_lease, self.closed, self.fetched_at) = (false, None, None);
        self.launch(now);
        let wait = self.draw("start");
        self.poll_at = now + seconds(self.pace.after_start(wait));
        let effects = self.memory.resume();
        self.carry_out(effects, now, known);
    }

    pub(crate) fn power_off(&mut self) {
        self.powered = false;
    }

    /// Something happened: the machine decides, the kiosk obeys.
    pub(crate) fn happens(&mut self, event: Event, now: Second, known: &Known<'_>) {
        let (memory, effects) = std::mem::take(&mut self.memory).step(event, known.policy);
        self.memory = memory;
        self.carry_out(effects, now, known);
    }

    fn carry_out(&mut self, effects: Vec<Effect>, now: Second, known: &Known<'_>) {
        for effect in effects {
            if let Some(event) = self.do_it(effect, now, known) {
                self.happens(event, now, known);
            }
        }
    }

    /// Ten seconds passed.
    pub(crate) fn tick(&mut self, passed: Second, now: Second, known: &Known<'_>) {
        if self.fetched_at.is_some_and(|at| now >= at) {
            self.fetched_at = None;
            self.happens(Event::Written(Ok(())), now, known);
        }
        let moment = Moment {
            now: known.at(now),
            clock: known.at(now),
            passed: Duration::from_secs(passed.into()),
            window: true,
            glance: Some(Glance {
                good: Some(self.good),
                trial: self.trial.map(|(digest, _)| digest),
                trial_runs: self.trial.is_some_and(|(digest, _)| digest == self.running),
            }),
            vitals: Some(self.vitals(now, known)),
        };
        self.happens(Event::Tick(moment), now, known);
    }

    /// Whether something is to be done between two polls.
    pub(crate) fn is_busy(&self) -> bool {
        self.memory.state != State::Idle || self.memory.outgoing.first().is_some()
    }

    fn do_it(&mut self, effect: Effect, now: Second, known: &Known<'_>) -> Option<Event> {
        match effect {
            Effect::Ask(target) => Some(Event::Resolved(match known.releases.get(&target) {
                None => Err(NotAllowed::NotListed),
                Some(release) if release.digest == self.good => Err(NotAllowed::RunsAlready),
                Some(release) if self.failed.contains(&release.digest) => Err(NotAllowed::FailedBefore),
                Some(release) => Ok(Box::new(release.clone())),
            })),
            Effect::Fetch(release) => {
                if self.fetched_at.is_none() {
                    let longer = self.draw("download") % DOWNLOAD.1;
                    self.fetched_at = Some(now + DOWNLOAD.0 + longer);
                    self.spare = Some(release.digest);
                }
                None
            }
            Effect::Stop => {
                self.fetched_at = None;
                None
            }
            Effect::Rehearse(_) => Some(Event::Rehearsed(Ok(()))),
            Effect::Refuse { release, .. } => {
                self.failed.push(release.digest);
                Some(Event::Refused)
            }
            Effect::Announce(from) => {
                let from = from.duration_since(known.start).as_secs();
                self.closed = Some(Second::try_from(from).unwrap_or(now));
                None
            }
            Effect::Open => {
                (self.has_lease, self.closed) = (false, None);
                None
            }
            Effect::Lease => {
                self.has_lease |= self.idle_since(now).is_some();
                Some(Event::Leased(self.has_lease.then(|| Before::of(Some(&self.vitals(now, known))))))
            }
            Effect::Activate(release) => {
                if self.failed.contains(&release.digest) {
                    return Some(Event::Activated(Err(NotActivated::NeverCameUp)));
                }
                if self.trial.is_none_or(|(digest, _)| digest != release.digest) {
                    self.trial = Some((release.digest, TRIES));
                }
                self.restart(now);
                Some(Event::Activated(Ok(())))
            }
            Effect::Commit(release) => {
                (self.good, self.trial) = (release.digest, None);
                Some(Event::Committed)
            }
            Effect::RollBack { release, .. } => {
                self.trial = None;
                self.failed.push(release.digest);
                self.restart(now);
                Some(Event::RolledBack(Ok(())))
            }
        }
    }

    /// Starts the programs anew because of an update.
    fn restart(&mut self, now: Second) {
        // Without the lease somebody may be served.
        self.disturbed += u32::from(!self.has_lease);
        self.launch(now);
    }

    /// What the launcher does at every start.
    fn launch(&mut self, now: Second) {
        self.started = now;
        self.running = match self.trial {
            Some((digest, 0)) => {
                self.trial = None;
                self.failed.push(digest);
                self.good
            }
            Some((digest, tries)) => {
                self.trial = Some((digest, tries - 1));
                digest
            }
            None => self.good,
        };
        self.ran.push(self.running);
    }

    fn vitals(&self, now: Second, known: &Known<'_>) -> Vitals {
        let well = (known.is_well)(self.running, self.number);
        let reader = if well { DeviceHealth::Ready } else { DeviceHealth::Failed("CARD-09".to_owned()) };
        Vitals {
            version: "0.1.0".to_owned(),
            started: known.at(self.started),
            written: known.at(now),
            screen_draws: true,
            devices: [("card-reader".to_owned(), reader)].into(),
            idle_since: self.idle_since(now).map(|since| known.at(since)),
            waiting: 0,
            events: BTreeMap::new(),
            configuration: None,
        }
    }

    pub(crate) fn after_answer(&mut self, sleep: Duration, now: Second) {
        let chance = self.draw("poll");
        self.poll_at = now + seconds(self.pace.after_answer(sleep, chance));
    }

    pub(crate) fn after_failure(&mut self, now: Second) {
        let chance = self.draw("failure");
        self.poll_at = now + seconds(self.pace.after_failure(Failure::Trouble, chance));
    }
}

impl Known<'_> {
    pub(crate) fn at(&self, second: Second) -> Timestamp {
        self.start + SignedDuration::from_secs(second.into())
    }
}

fn seconds(wait: Duration) -> Second {
    Second::try_from(wait.as_secs()).unwrap_or(Second::MAX / 2).max(1)
}
