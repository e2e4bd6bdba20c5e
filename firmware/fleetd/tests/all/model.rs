//! A kiosk in memory round the real state machine: slots, a launcher, a lease, programs that
//! are well or not, a server that asks again. The power can be cut before any of its acts.

use std::time::Duration;

use fleetd::update::{
    ActionId, Approved, Before, Effect, Event, Finished, Glance, Handling, MaintenanceWindow, Memory, Moment,
    NotActivated, Order, Policy, Report, State,
};
use jiff::{SignedDuration, Timestamp};
use release::Sha256Digest;
use upkeep::{DeviceHealth, Vitals};

/// What is wrong with a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    Good,
    WrongBytes,
    RehearsalFails,
    NeverComesUp,
    Ill,
    CutOff,
}

pub const OLD: Sha256Digest = Sha256Digest::new([6; 32]);
pub const NEW: Sha256Digest = Sha256Digest::new([7; 32]);
pub const ACTION: ActionId = ActionId(41);
const TRIES: u8 = 3;

pub fn policy() -> Policy {
    Policy {
        idle: Duration::from_mins(10),
        idle_forced: Duration::from_mins(2),
        announce: Duration::from_mins(1),
        well_for: Duration::from_mins(5),
        ill_for: Duration::from_mins(2),
        cut_off_for: Duration::from_mins(30),
    }
}

pub fn approved(more: &str) -> Approved {
    let custom = format!(r#"{{"hw":["pc-dev"],"kind":"app","release_seq":7,"min_release_seq":5{more}}}"#);
    Approved {
        target: "app/kiosk-7".to_owned(),
        digest: NEW,
        length: 1_000,
        release: serde_json::from_str(&custom).unwrap(),
        turn: None,
    }
}

pub fn order(install: Handling) -> Order {
    Order {
        action: ACTION,
        target: "app/kiosk-7".to_owned(),
        download: Handling::Attempt,
        install,
        window: MaintenanceWindow::None,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lease {
    Free,
    Fleetd,
    Visit,
}

/// The power was cut.
pub struct Cut;

pub struct Kiosk {
    disk: Memory,
    memory: Memory,
    pub good: Sha256Digest,
    pub trial: Option<(Sha256Digest, u8)>,
    pub spare: Option<Sha256Digest>,
    pub failed: Option<Sha256Digest>,
    /// What runs.
    pub running: Sha256Digest,
    pub lease: Lease,
    pub closed: Option<Timestamp>,
    pub release: Release,
    pub now: Timestamp,
    /// Acts left until the power is cut.
    pub until_cut: Option<usize>,
    /// What the server heard.
    pub heard: Vec<Report>,
    /// How often the slot was put on trial, the running program changed, and so on.
    pub acts: Vec<&'static str>,
    /// What the server asks for, until it hears the end.
    pub wanted: Option<Order>,
    pub said_of_it: Approved,
    pub served_last: Timestamp,
    started: Timestamp,
    /// How far the machine's own clock is behind.
    pub clock_behind: SignedDuration,
}

impl Kiosk {
    pub fn new(release: Release, wanted: Order) -> Self {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        Self {
            disk: Memory::default(),
            memory: Memory::default(),
            good: OLD,
            trial: None,
            spare: None,
            failed: None,
            running: OLD,
            lease: Lease::Free,
            closed: None,
            release,
            now,
            until_cut: None,
            heard: vec![],
            acts: vec![],
            wanted: Some(wanted),
            said_of_it: approved(""),
            served_last: now,
            started: now,
            clock_behind: SignedDuration::ZERO,
        }
    }

    pub fn state(&self) -> &State {
        &self.memory.state
    }

    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Ten seconds: a tick, a poll, a report sent. A cut of the power in it starts it anew.
    pub fn ten_seconds(&mut self, window: bool) {
        self.now += SignedDuration::from_secs(10);
        if self.lease == Lease::Visit {
            self.served_last = self.now;
        }
        if self.try_ten_seconds(window).is_err() {
            self.start_anew();
        }
    }

    fn try_ten_seconds(&mut self, window: bool) -> Result<(), Cut> {
        let polled = match self.wanted.clone() {
            Some(order) => Event::Ordered(order),
            None => Event::NothingWanted,
        };
        self.happens(polled)?;
        let moment = self.moment(window);
        self.happens(Event::Tick(moment))?;
        self.send_reports()
    }

    pub fn happens(&mut self, event: impl Into<Option<Event>>) -> Result<(), Cut> {
        let Some(event) = event.into() else { return Ok(()) };
        let (memory, effects) = self.memory.clone().step(event, &policy());
        self.memory = memory;
        if self.memory != self.disk {
            self.act("remember")?;
            self.disk = self.memory.clone();
        }
        for effect in effects {
            let answer = self.carry_out(effect)?;
            self.happens(answer)?;
        }
        Ok(())
    }

    fn carry_out(&mut self, effect: Effect) -> Result<Option<Event>, Cut> {
        Ok(match effect {
            Effect::Ask(_) => {
                self.act("ask")?;
                Some(Event::Resolved(Ok(Box::new(self.said_of_it.clone()))))
            }
            Effect::Fetch(release) => {
                assert_ne!(release.digest, self.running, "the running slot is written to");
                self.act("fetch")?;
                self.spare = Some(release.digest);
                Some(Event::Written(match self.release {
                    Release::WrongBytes => Err("other bytes".to_owned()),
                    _ => Ok(()),
                }))
            }
            Effect::Rehearse(_) => {
                self.act("rehearse")?;
                let fails = self.release == Release::RehearsalFails;
                Some(Event::Rehearsed(if fails { Err("no page".to_owned()) } else { Ok(()) }))
            }
            Effect::Stop => None,
            Effect::Announce(from) => {
                self.closed = Some(from);
                None
            }
            Effect::Open => {
                self.closed = None;
                if self.lease == Lease::Fleetd {
                    self.lease = Lease::Free;
                }
                None
            }
            Effect::Lease => {
                if self.lease == Lease::Free {
                    self.lease = Lease::Fleetd;
                }
                let got = self.lease == Lease::Fleetd;
                Some(Event::Leased(got.then(|| Before::of(Some(&self.vitals())))))
            }
            Effect::Activate(release) => {
                assert_eq!(self.lease, Lease::Fleetd, "a slot is changed during a visit");
                assert_eq!(self.spare, Some(release.digest), "what is tried was never written");
                if self.failed == Some(release.digest) {
                    return Ok(Some(Event::Activated(Err(NotActivated::NeverCameUp))));
                }
                if self.trial.is_none_or(|(digest, _)| digest != release.digest) {
                    self.act("try out")?;
                    self.trial = Some((release.digest, TRIES));
                }
                self.act("restart")?;
                self.launch();
                Some(Event::Activated(Ok(())))
            }
            Effect::Commit(release) => {
                if self.good != release.digest {
                    assert_eq!(self.trial.map(|(digest, _)| digest), Some(release.digest));
                    self.act("commit")?;
                    (self.good, self.trial) = (release.digest, None);
                }
                Some(Event::Committed)
            }
            Effect::RollBack { release, .. } => {
                assert_eq!(self.lease, Lease::Fleetd, "a slot is changed during a visit");
                self.act("roll back")?;
                (self.trial, self.failed) = (None, Some(release.digest));
                self.act("restart")?;
                self.launch();
                Some(Event::RolledBack(Ok(())))
            }
            Effect::Refuse { release, .. } => {
                self.act("refuse")?;
                self.failed = Some(release.digest);
                Some(Event::Refused)
            }
        })
    }

    /// What the launcher does, without `fleetd`.
    fn launch(&mut self) {
        self.started = self.now;
        loop {
            let Some((digest, tries)) = self.trial else { break self.running = self.good };
            if tries == 0 {
                (self.trial, self.failed) = (None, Some(digest));
                continue;
            }
            self.trial = Some((digest, tries - 1));
            self.running = digest;
            if self.release != Release::NeverComesUp {
                break;
            }
        }
    }

    fn start_anew(&mut self) {
        self.until_cut = None;
        (self.lease, self.closed) = (Lease::Free, None);
        self.memory = self.disk.clone();
        self.launch();
        for effect in self.memory.resume() {
            let answer = self.carry_out(effect).ok().expect("one cut a test");
            self.happens(answer).ok().expect("one cut a test");
        }
    }

    fn send_reports(&mut self) -> Result<(), Cut> {
        while let Some(report) = self.memory.outgoing.first().cloned() {
            self.act("send")?;
            if report.finished != Finished::None && !report.of_cancel {
                self.wanted = None;
            }
            self.memory.outgoing.sent(&report);
            self.heard.push(report);
            self.act("remember")?;
            self.disk = self.memory.clone();
        }
        Ok(())
    }

    fn act(&mut self, act: &'static str) -> Result<(), Cut> {
        if let Some(left) = &mut self.until_cut {
            if *left == 0 {
                return Err(Cut);
            }
            *left -= 1;
        }
        self.acts.push(act);
        Ok(())
    }

    fn moment(&self, window: bool) -> Moment {
        let trial = self.trial.map(|(digest, _)| digest);
        let trial_runs = trial == Some(self.running);
        let glance = Some(Glance { good: Some(self.good), trial, trial_runs });
        let vitals = Some(self.vitals());
        Moment { now: self.now, clock: self.clock(), passed: Duration::from_secs(10), window, glance, vitals }
    }

    /// What the machine's own clock says.
    fn clock(&self) -> Timestamp {
        self.now - self.clock_behind
    }

    fn vitals(&self) -> Vitals {
        let ill = self.running == NEW && self.release == Release::Ill;
        let reader = if ill { DeviceHealth::Failed("CARD-09".to_owned()) } else { DeviceHealth::Ready };
        let cut_off = self.running == NEW && self.release == Release::CutOff;
        let network = if cut_off { DeviceHealth::Failed("NET-01".to_owned()) } else { DeviceHealth::Ready };
        Vitals {
            version: "0.1.0".to_owned(),
            started: self.started,
            written: self.clock(),
            screen_draws: true,
            devices: [("card-reader".to_owned(), reader), ("network".to_owned(), network)].into(),
            idle_since: (self.lease != Lease::Visit).then_some(self.served_last - self.clock_behind),
            waiting: 0,
            events: [].into(),
            configuration: None,
        }
    }
}
