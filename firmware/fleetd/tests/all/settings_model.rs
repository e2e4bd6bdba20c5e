//! A kiosk in memory round the state machine of settings. The power can be cut before any of its
//! acts: it ends with settings that it is well with, and says in one line what happened.

use std::{collections::BTreeMap, time::Duration};

use configuration::{Age, Whose, hexadecimal};
use fleetd::{
    configuration::{Candidate, Effect, Event, Found, Memory, Patience, State},
    update::{ActionId, Before, Moment},
};
use jiff::{SignedDuration, Timestamp};
use release::Sha256Digest;
use upkeep::{DeviceHealth, Vitals};

use crate::model::{Cut, Lease};

/// What is wrong with the new settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Settings {
    Good,
    CheckFails,
    Ill,
    /// `kioskd` cannot read them and goes by the ones before.
    NotTaken,
    /// The programs do not start.
    RestartFails,
}

const NEW: Sha256Digest = Sha256Digest::new([9; 32]);
const OLD: Sha256Digest = Sha256Digest::new([8; 32]);
const ACTION: ActionId = ActionId(52);

fn patience() -> Patience {
    Patience {
        idle: Duration::from_mins(2),
        idle_forced: Duration::from_mins(1),
        announce: Duration::from_mins(1),
        well_for: Duration::from_mins(1),
        ill_for: Duration::from_mins(1),
    }
}

fn candidate(set: Sha256Digest, version: u32) -> Candidate {
    let ages = BTreeMap::from([(Whose::Fleet, Age { version, sha256: set })]);
    Candidate { set, line: format!("fleet {version}"), ages }
}

struct Kiosk {
    disk: Memory,
    memory: Memory,
    settings: Settings,
    listed: Candidate,
    current: Option<Sha256Digest>,
    /// What the running `kioskd` goes by.
    goes_by: Option<Sha256Digest>,
    lease: Lease,
    closed: bool,
    window: bool,
    update_disturbs: bool,
    now: Timestamp,
    started: Timestamp,
    until_cut: Option<usize>,
    acts: Vec<&'static str>,
    said: Vec<String>,
    reports: Vec<(ActionId, bool, String)>,
}

impl Kiosk {
    fn new(settings: Settings, good: Option<Candidate>) -> Self {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let current = good.as_ref().map(|good| good.set);
        let ages = good.as_ref().map(|good| good.ages.clone()).unwrap_or_default();
        let memory = Memory { good, ages, ..Memory::default() };
        Self {
            disk: memory.clone(),
            memory,
            settings,
            listed: candidate(NEW, 2),
            current,
            goes_by: current,
            lease: Lease::Free,
            closed: false,
            window: true,
            update_disturbs: false,
            now,
            started: now - SignedDuration::from_hours(1),
            until_cut: None,
            acts: vec![],
            said: vec![],
            reports: vec![],
        }
    }

    fn ten_seconds(&mut self) {
        self.now += SignedDuration::from_secs(10);
        if self.try_ten_seconds().is_err() {
            self.until_cut = None;
            (self.lease, self.closed) = (Lease::Free, false);
            self.memory = self.disk.clone();
            self.launch();
            for effect in self.memory.resume() {
                self.carry_out(effect).ok().expect("one cut a test");
            }
        }
    }

    fn minutes(&mut self, minutes: usize) {
        for _ in 0..minutes * 6 {
            self.ten_seconds();
        }
    }

    fn try_ten_seconds(&mut self) -> Result<(), Cut> {
        // Every minute the repository is looked into.
        if self.now.as_second() % 60 == 0 && !self.memory.state.disturbs() {
            self.carry_out(Effect::Gather)?;
        }
        let moment = Moment {
            now: self.now,
            clock: self.now,
            passed: Duration::from_secs(10),
            window: self.window,
            glance: None,
            vitals: Some(self.vitals()),
        };
        self.happens(Event::Tick { moment, free: !self.update_disturbs })
    }

    fn happens(&mut self, event: Event) -> Result<(), Cut> {
        let (memory, effects) = self.memory.clone().step(event, &patience());
        self.memory = memory;
        if self.memory != self.disk {
            self.act("remember")?;
            self.disk = self.memory.clone();
        }
        effects.into_iter().try_for_each(|effect| self.carry_out(effect))
    }

    fn carry_out(&mut self, effect: Effect) -> Result<(), Cut> {
        let event = match effect {
            Effect::Gather => {
                self.act("gather")?;
                let same = self.memory.good.as_ref().is_some_and(|good| good.set == self.listed.set);
                Event::Gathered(Ok(if same { Found::Same } else { Found::New(self.listed.clone()) }))
            }
            Effect::Check(_) => {
                self.act("check")?;
                let fails = self.settings == Settings::CheckFails;
                Event::Checked(if fails { Err("face.accept".to_owned()) } else { Ok(()) })
            }
            Effect::Announce(_) => {
                self.closed = true;
                return Ok(());
            }
            Effect::Open => {
                self.closed = false;
                if self.lease == Lease::Fleetd {
                    self.lease = Lease::Free;
                }
                return Ok(());
            }
            Effect::Lease => {
                if self.lease == Lease::Free {
                    self.lease = Lease::Fleetd;
                }
                let got = self.lease == Lease::Fleetd;
                Event::Leased(got.then(|| Before::of(Some(&self.vitals()))))
            }
            Effect::Switch(set) => {
                self.change(Some(set))?;
                let fails = self.settings == Settings::RestartFails;
                Event::Switched(if fails { Err("systemctl: 1".to_owned()) } else { Ok(()) })
            }
            Effect::Commit(set) => {
                assert_eq!((self.current, self.goes_by), (Some(set), Some(set)), "what is kept is in force");
                self.act("commit")?;
                Event::Committed
            }
            Effect::GoBack(good) => {
                self.change(good)?;
                Event::WentBack
            }
            Effect::Say(line) => {
                self.said.push(line);
                return Ok(());
            }
            Effect::Report { action, success, line } => {
                self.reports.push((action, success, line));
                return Ok(());
            }
        };
        self.happens(event)
    }

    fn change(&mut self, set: Option<Sha256Digest>) -> Result<(), Cut> {
        assert_eq!(self.lease, Lease::Fleetd, "settings are changed during a visit");
        assert!(!self.update_disturbs, "settings are changed during an update");
        self.act("point")?;
        self.current = set;
        self.act("restart")?;
        self.launch();
        Ok(())
    }

    /// `kioskd` starts, and reads its settings.
    fn launch(&mut self) {
        self.started = self.now;
        let unreadable = self.settings == Settings::NotTaken && self.current == Some(NEW);
        self.goes_by = if unreadable { Some(OLD) } else { self.current };
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

    fn times(&self, act: &str) -> usize {
        self.acts.iter().filter(|it| **it == act).count()
    }

    fn vitals(&self) -> Vitals {
        let ill = self.goes_by == Some(NEW) && self.settings == Settings::Ill;
        let reader = if ill { DeviceHealth::Failed("CARD-09".to_owned()) } else { DeviceHealth::Ready };
        Vitals {
            version: "0.1.0".to_owned(),
            started: self.started,
            written: self.now,
            screen_draws: true,
            devices: [("card-reader".to_owned(), reader)].into(),
            idle_since: (self.lease != Lease::Visit).then_some(self.now - SignedDuration::from_mins(5)),
            waiting: 0,
            events: [].into(),
            configuration: self.goes_by.map(hexadecimal),
        }
    }
}

/// Walks to the end with a cut before every act in turn.
fn check(settings: Settings, good: Option<&Candidate>, word: &str) {
    let mut cuts = 0;
    for cut in 0.. {
        let mut kiosk = Kiosk::new(settings, good.cloned());
        kiosk.until_cut = Some(cut);
        kiosk.minutes(12);
        let case = format!("{settings:?}, cut before act {cut}, {:?}", kiosk.acts);
        let stays = if settings == Settings::Good { Some(NEW) } else { good.map(|good| good.set) };
        assert_eq!(kiosk.memory.state, State::Resting, "{case}");
        assert_eq!((kiosk.current, kiosk.goes_by), (stays, stays), "{case}");
        assert_eq!(kiosk.memory.good.as_ref().map(|good| good.set), stays, "{case}");
        assert_eq!((kiosk.closed, kiosk.lease), (false, Lease::Free), "{case}");
        let refused: Vec<_> = kiosk.memory.refused.iter().map(|refused| refused.set).collect();
        assert_eq!(refused, if settings == Settings::Good { vec![] } else { vec![NEW] }, "{case}");
        // Said once in plain words; a cut may have swallowed that, then it is said of the refusal.
        let said = kiosk.memory.said.clone().unwrap();
        assert!(said.contains(word) && !said.contains('\n'), "{case}: {said}");
        assert!(kiosk.times("commit") <= 2 && kiosk.times("point") <= 4, "{case}");
        if kiosk.until_cut.is_some() {
            break;
        }
        cuts += 1;
    }
    assert!(cuts > 5, "{settings:?} has only {cuts} acts");
}

#[test]
fn good_settings_come_into_force_and_stay() {
    check(Settings::Good, None, "in-force: fleet 2");
    check(Settings::Good, Some(&candidate(OLD, 1)), "in-force: fleet 2");
}

#[test]
fn settings_that_make_the_kiosk_ill_are_taken_back_by_themselves() {
    check(Settings::Ill, None, "card-reader");
    check(Settings::Ill, Some(&candidate(OLD, 1)), "card-reader");
}

#[test]
fn settings_that_kioskd_does_not_go_by_are_taken_back() {
    check(Settings::NotTaken, Some(&candidate(OLD, 1)), "does not go by them, but by 0808");
}

#[test]
fn settings_with_which_nothing_starts_are_taken_back() {
    check(Settings::RestartFails, Some(&candidate(OLD, 1)), "systemctl: 1");
}

#[test]
fn settings_that_the_check_refuses_are_never_in_force() {
    check(Settings::CheckFails, Some(&candidate(OLD, 1)), "check: face.accept");
    let mut kiosk = Kiosk::new(Settings::CheckFails, None);
    kiosk.minutes(12);
    assert_eq!(kiosk.times("point"), 0);
}

#[test]
fn what_failed_is_said_with_what_is_in_force_and_not_tried_again() {
    let mut kiosk = Kiosk::new(Settings::Ill, Some(candidate(OLD, 1)));
    kiosk.minutes(30);
    assert_eq!(kiosk.times("point"), 2, "there and back, once");
    let lines: Vec<_> = kiosk.said.iter().map(String::as_str).collect();
    let ill = "card-reader: worked before the update and does not now";
    let went_back = format!("went-back: fleet 2 made the kiosk ill: {ill}; fleet 1 is in force");
    let refused = format!("refused: fleet 2: it failed on this kiosk before: {ill}");
    assert_eq!(lines, [went_back, refused]);
    // A layer with another version is another set.
    (kiosk.settings, kiosk.listed) = (Settings::Good, candidate(Sha256Digest::new([10; 32]), 3));
    kiosk.minutes(12);
    assert_eq!(kiosk.said.last().unwrap(), "in-force: fleet 3");
    assert_eq!(kiosk.memory.ages[&Whose::Fleet].version, 3);
}

#[test]
fn a_visit_under_way_is_waited_for_also_on_the_way_back() {
    let mut kiosk = Kiosk::new(Settings::Ill, None);
    kiosk.lease = Lease::Visit;
    kiosk.minutes(20);
    assert_eq!(kiosk.times("point"), 0);
    kiosk.lease = Lease::Free;
    while kiosk.times("point") == 0 {
        kiosk.ten_seconds();
    }
    // fleetd was started anew, and somebody has come meanwhile.
    kiosk.lease = Lease::Visit;
    kiosk.minutes(20);
    assert_eq!((kiosk.times("point"), kiosk.memory.state.word()), (1, "going-back"));
    kiosk.lease = Lease::Free;
    kiosk.minutes(2);
    assert_eq!((kiosk.times("point"), kiosk.current), (2, None));
}

#[test]
fn they_wait_for_the_sites_window_and_for_an_update() {
    let mut kiosk = Kiosk::new(Settings::Good, None);
    kiosk.window = false;
    kiosk.minutes(20);
    assert_eq!((kiosk.memory.state.word(), kiosk.closed), ("waiting", false));
    (kiosk.window, kiosk.update_disturbs) = (true, true);
    kiosk.minutes(20);
    assert_eq!((kiosk.memory.state.word(), kiosk.closed), ("waiting", false));
    kiosk.update_disturbs = false;
    kiosk.minutes(5);
    assert_eq!(kiosk.current, Some(NEW));
}

#[test]
fn a_forced_order_waits_for_no_window_and_hears_the_end() {
    for (settings, success) in [(Settings::Good, true), (Settings::Ill, false), (Settings::CheckFails, false)]
    {
        let mut kiosk = Kiosk::new(settings, None);
        kiosk.window = false;
        kiosk.happens(Event::Ordered { action: ACTION, forced: true }).ok().unwrap();
        kiosk.minutes(12);
        let [(action, ended, line)] = &kiosk.reports[..] else { panic!("{:?}", kiosk.reports) };
        assert_eq!((*action, *ended), (ACTION, success), "{line}");
    }
}

#[test]
fn refused_layers_leave_everything_as_it_is_and_are_said_once() {
    let mut kiosk = Kiosk::new(Settings::Good, Some(candidate(OLD, 1)));
    let why = "layer fleet: version 1 is older than 2, which was in force here";
    for _ in 0..3 {
        kiosk.happens(Event::Gathered(Err(why.to_owned()))).ok().unwrap();
    }
    assert_eq!(kiosk.said, [format!("refused: {why}")]);
    assert_eq!((kiosk.current, &kiosk.memory.state), (Some(OLD), &State::Resting));
}

#[test]
fn layers_that_are_taken_back_in_time_never_come_into_force() {
    let mut kiosk = Kiosk::new(Settings::Good, Some(candidate(OLD, 1)));
    kiosk.window = false;
    kiosk.minutes(3);
    assert_eq!(kiosk.memory.state.word(), "waiting");
    kiosk.happens(Event::Gathered(Ok(Found::Same))).ok().unwrap();
    assert_eq!((kiosk.times("point"), &kiosk.memory.state), (0, &State::Resting));
}

#[test]
fn a_candidate_that_is_lost_is_fetched_again() {
    let mut kiosk = Kiosk::new(Settings::Good, None);
    let (memory, _) =
        kiosk.memory.clone().step(Event::Gathered(Ok(Found::New(candidate(NEW, 2)))), &patience());
    let (memory, effects) = memory.step(Event::Lost, &patience());
    assert_eq!((memory.state.clone(), effects), (State::Resting, vec![Effect::Gather]));
    kiosk.memory = memory;
    kiosk.minutes(12);
    assert_eq!(kiosk.current, Some(NEW));
}
