//! The fleet: kiosks, their server, and the hours of a day.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
    ops::Range,
    time::Duration,
};

use fleetd::{
    ddi::{TARGET_KEY, feedback, order_in},
    update::{self, Approved, Event, Policy, Sha256Digest},
};
use jiff::Timestamp;
use pretend_platform::fleet::{
    AfterSuccess, Assignment, Conditions, ConfirmationFlow, Feedback, FleetSettings, FleetState, GroupPlan,
    Link, Metadata, Query, RolloutId, RolloutPlan, Scheme,
};
use sha2::{Digest as _, Sha256};

use crate::{Kiosk, Second, Ward, kiosk::Known};

/// How often a kiosk with something to do looks at it.
const TICK: Second = 10;

/// What is simulated.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How many kiosks.
    pub kiosks: usize,
    /// Decides all chance.
    pub seed: u64,
    /// What the server tells kiosks to sleep.
    pub poll_every: Duration,
    /// The offices.
    pub ward: Ward,
    /// How updates are tried.
    pub policy: Policy,
}

impl Plan {
    /// Ward offices with a visit of seven minutes every forty, polled every five minutes.
    pub fn of_wards(kiosks: usize, seed: u64) -> Self {
        Self {
            kiosks,
            seed,
            poll_every: Duration::from_mins(5),
            ward: Ward { visit_every: 2_400, visit_lasts: 400 },
            policy: Policy {
                idle: Duration::from_mins(10),
                idle_forced: Duration::from_mins(2),
                announce: Duration::from_mins(1),
                well_for: Duration::from_mins(5),
                ill_for: Duration::from_mins(3),
                cut_off_for: Duration::from_hours(1),
            },
        }
    }
}

/// One in a hundred, a tenth of the rest, everybody else. More than two in a hundred that fail
/// pause the rollout.
pub fn three_groups() -> Vec<GroupPlan> {
    let conditions =
        Conditions { success_percent: 95, then: AfterSuccess::NextGroup, error_percent: Some(2) };
    let group = |name: &str, percent| GroupPlan {
        name: name.to_owned(),
        query: Query::parse("").expect("an empty query"),
        percent,
        conditions,
    };
    vec![group("first", 1.0), group("tenth", 10.0), group("rest", 100.0)]
}

/// The fleet.
pub struct Fleet {
    plan: Plan,
    /// The server's rules.
    pub server: FleetState,
    /// The kiosks.
    pub kiosks: Vec<Kiosk>,
    releases: BTreeMap<String, Approved>,
    is_well: Box<dyn Fn(Sha256Digest, usize) -> bool>,
    wakes: BinaryHeap<Reverse<(Second, usize)>>,
    now: Second,
    start: Timestamp,
    /// Whether the server answers.
    pub server_is_up: bool,
    /// Polls in each second, answered or not.
    pub polls: Vec<u32>,
}

/// What runs everywhere in the beginning.
pub const FIRST: Sha256Digest = Sha256Digest::new([6; 32]);

impl Fleet {
    /// A fleet in which nothing is to be done; every kiosk was started within one interval.
    pub fn new(plan: Plan) -> Self {
        let settings = FleetSettings {
            poll_every: plan.poll_every,
            gateway_token: None,
            confirmation: ConfirmationFlow::Off,
            secret: [0; 32],
        };
        let start = Timestamp::from_second(1_800_000_000).expect("a time of this century");
        let mut server = FleetState::new(settings);
        let mut kiosks = Vec::with_capacity(plan.kiosks);
        let mut wakes = BinaryHeap::new();
        for number in 0..plan.kiosks {
            let mut kiosk = Kiosk::new(number, plan.seed, plan.ward, FIRST);
            server.create_target(&kiosk.name(), None, start).expect("a new name");
            let chance = kiosk.draw("start");
            let wait = kiosk.pace.after_start(chance).as_secs();
            kiosk.poll_at = Second::try_from(wait).expect("one interval").max(1);
            wakes.push(Reverse((kiosk.poll_at, number)));
            kiosks.push(kiosk);
        }
        Self {
            plan,
            server,
            kiosks,
            releases: BTreeMap::new(),
            is_well: Box::new(|_, _| true),
            wakes,
            now: 0,
            start,
            server_is_up: true,
            polls: Vec::new(),
        }
    }

    /// Signs a release, in groups of so many percent of what is left each; with more than
    /// `error_percent` failed the rollout pauses.
    pub fn roll_out(&mut self, seq: u64, groups: Vec<GroupPlan>) -> (RolloutId, Sha256Digest) {
        let target = format!("app/kiosk-{seq}");
        let digest = Sha256Digest::new(Sha256::digest(&target).into());
        let release = format!(r#"{{"hw":["pc-dev"],"kind":"app","release_seq":{seq},"min_release_seq":1}}"#);
        let approved = Approved {
            target: target.clone(),
            digest,
            length: 4_000_000,
            release: serde_json::from_str(&release).expect("a release"),
            turn: None,
        };
        self.releases.insert(target.clone(), approved);
        let now = self.time();
        let words = "the server's rules allow this";
        let module = self.server.create_module("application", "kiosk", &seq.to_string()).expect(words);
        let key = TARGET_KEY.to_owned();
        let named = Metadata { key, value: target, target_visible: true };
        self.server.add_metadata(module, named).expect(words);
        let set = self.server.create_set("kiosk", &seq.to_string(), &[module]).expect(words);
        let plan = RolloutPlan {
            name: format!("release {seq}"),
            description: String::new(),
            assignment: Assignment::of(set),
            query: Query::parse("").expect("an empty query"),
            groups,
        };
        let rollout = self.server.create_rollout(plan, now).expect(words);
        self.server.start_rollout(rollout, now).expect(words);
        (rollout, digest)
    }

    /// Says which releases are well where.
    pub fn well_where(&mut self, is_well: impl Fn(Sha256Digest, usize) -> bool + 'static) {
        self.is_well = Box::new(is_well);
    }

    /// The power of some kiosks goes.
    pub fn cut_power(&mut self, kiosks: Range<usize>) {
        self.kiosks[kiosks].iter_mut().for_each(Kiosk::power_off);
    }

    /// It comes back.
    pub fn restore_power(&mut self, kiosks: Range<usize>) {
        for number in kiosks {
            let known = known(&self.releases, &*self.is_well, &self.plan.policy, self.start);
            self.kiosks[number].power_on(self.now, &known);
            self.wakes.push(Reverse((self.now + 1, number)));
        }
    }

    /// Lets time pass.
    pub fn run(&mut self, seconds: Second) {
        let until = self.now + seconds;
        self.polls.resize(until as usize + 1, 0);
        while let Some(Reverse((at, number))) = self.wakes.peek().copied()
            && at <= until
        {
            self.wakes.pop();
            self.now = at;
            if self.kiosks[number].powered {
                let next = self.wake(number);
                self.wakes.push(Reverse((next, number)));
            }
        }
        self.now = until;
    }

    /// The time of the fleet.
    pub fn time(&self) -> Timestamp {
        known(&self.releases, &*self.is_well, &self.plan.policy, self.start).at(self.now)
    }

    /// One kiosk does what is due; when to look again.
    fn wake(&mut self, number: usize) -> Second {
        let now = self.now;
        let known = known(&self.releases, &*self.is_well, &self.plan.policy, self.start);
        let kiosk = &mut self.kiosks[number];
        if kiosk.is_busy() {
            kiosk.tick(TICK, now, &known);
        }
        if now >= kiosk.poll_at {
            self.polls[now as usize] += 1;
            if self.server_is_up {
                poll(kiosk, &mut self.server, now, &known);
            } else {
                kiosk.after_failure(now);
            }
        }
        if self.server_is_up {
            report(kiosk, &mut self.server, now, &known);
        }
        if kiosk.is_busy() {
            (now + TICK).min(kiosk.poll_at.max(now + 1))
        } else {
            kiosk.poll_at.max(now + 1)
        }
    }
}

fn known<'a>(
    releases: &'a BTreeMap<String, Approved>,
    is_well: &'a dyn Fn(Sha256Digest, usize) -> bool,
    policy: &'a Policy,
    start: Timestamp,
) -> Known<'a> {
    Known { releases, is_well, policy, start }
}

/// What `fleetd`'s loop does with the answer of a poll, through the same JSON.
fn poll(kiosk: &mut Kiosk, server: &mut FleetState, now: Second, known: &Known<'_>) {
    let (name, time) = (kiosk.name(), known.at(now));
    let Ok(polled) = server.poll(&name, time) else { return kiosk.after_failure(now) };
    kiosk.after_answer(polled.sleep, now);
    let event = match polled.link {
        None => Event::NothingWanted,
        Some(Link::Deployment { action, .. }) => {
            let Ok(deployment) = server.deployment(&name, action, 0, time) else { return };
            let body = deployment.body("http://fleet", Scheme::Http).to_string();
            let Some(order) = order_in(body.as_bytes()) else { return };
            Event::Ordered(order)
        }
        Some(Link::Cancel { action }) => match server.cancellation(&name, action, time) {
            Ok(stopped) => Event::CalledOff(update::ActionId(stopped.0)),
            Err(_) => return,
        },
        Some(Link::Confirmation { .. }) => return,
    };
    kiosk.happens(event, now, known);
}

fn report(kiosk: &mut Kiosk, server: &mut FleetState, now: Second, known: &Known<'_>) {
    let (name, time) = (kiosk.name(), known.at(now));
    while let Some(report) = kiosk.memory.outgoing.first().cloned() {
        let body = Feedback::parse(&feedback(&report)).expect("the server reads what fleetd writes");
        let action = pretend_platform::fleet::ActionId(report.action.0);
        // Refused for good or taken: either way it is not sent again.
        _ = if report.of_cancel {
            server.cancel_feedback(&name, action, &body, time)
        } else {
            server.feedback(&name, action, &body, time)
        };
        kiosk.memory.outgoing.sent(&report);
    }
}
