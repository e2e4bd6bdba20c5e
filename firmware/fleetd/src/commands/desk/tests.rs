//! The state machine, cut at every step.

use std::time::Duration;

use command::{AllowList, Command, For, Kind, Signed, Signer};
use ed25519_dalek::SigningKey;
use upkeep::LockReason;

use super::*;

const POLICY: Policy = Policy {
    idle: Duration::from_mins(10),
    idle_forced: Duration::from_mins(1),
    announce: Duration::from_mins(1),
    well_for: Duration::from_mins(5),
    ill_for: Duration::from_mins(3),
    cut_off_for: Duration::from_mins(30),
};

fn name(text: &str) -> Name {
    text.to_owned().try_into().unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn key() -> SigningKey {
    SigningKey::from_bytes(&[1; 32])
}

fn settings() -> Settings {
    let may = Kind::ALL.into_iter().collect();
    let signer = Signer { name: name("operator"), key: key().verifying_key(), may };
    Settings {
        kiosk: name("kiosk-1"),
        site: None,
        allowed: AllowList::new(vec![signer], [].into()).unwrap(),
        reboot: vec!["reboot".to_owned()],
        logs: None,
    }
}

fn order(number: u8, what: What) -> CommandOrder {
    let command = Command {
        id: CommandId::new([number; 16]),
        r#for: For::Kiosks([name("kiosk-1")].into()),
        what,
        not_before: at(0),
        not_after: at(3_600),
        sequence: number.into(),
    };
    let mut signed = Signed::draft(command).unwrap();
    signed.sign(&key()).unwrap();
    CommandOrder { action: ActionId(number.into()), envelope: signed.to_text().unwrap() }
}

/// A kiosk whose memory is written before every act.
struct Model {
    memory: Memory,
    moment: Moment,
    did: Vec<Effect>,
}

impl Model {
    fn new() -> Self {
        let moment = Moment {
            time: Time::Known(at(0)),
            clock: at(0),
            boot: "first".to_owned(),
            idle: Duration::MAX,
            updates: false,
        };
        Self { memory: Memory::default(), moment, did: Vec::new() }
    }

    fn happens(&mut self, event: Event) {
        let memory = std::mem::take(&mut self.memory);
        let (memory, effects) = memory.step(event, Some(&settings()), &POLICY, &self.moment);
        self.memory = memory;
        self.did.extend(effects);
    }

    fn at(&mut self, second: i64) {
        (self.moment.time, self.moment.clock) = (Time::Known(at(second)), at(second));
        self.happens(Event::Tick);
    }

    /// Only what lies on the disk is left.
    fn restarts(&mut self) {
        let kept = serde_json::to_string(&self.memory).unwrap();
        let (memory, effects) = serde_json::from_str::<Memory>(&kept).unwrap().resume();
        self.memory = memory;
        self.did.extend(effects);
    }

    fn boots(&mut self) {
        self.moment.boot.push('+');
        self.restarts();
    }

    fn reboots(&self) -> usize {
        self.did.iter().filter(|effect| **effect == Effect::Reboot).count()
    }

    /// The last line to the server, and whether it ends the action and how.
    fn said(&mut self) -> (String, Finished) {
        let mut last = None;
        while let Some(report) = self.memory.outgoing.first().cloned() {
            self.memory.outgoing.sent(&report);
            last = Some((report.line, report.finished));
        }
        last.expect("something was said")
    }
}

/// A machine that is told to go down, with a cut of this program after so many steps.
fn with_cut_after(steps: usize, cut: impl Fn(&mut Model)) -> Model {
    let mut kiosk = Model::new();
    let script: [&dyn Fn(&mut Model); 6] = [
        &|kiosk| kiosk.happens(Event::Ordered(order(1, What::Reboot {}))),
        &|kiosk| kiosk.at(1),
        &|kiosk| kiosk.at(61),
        &|kiosk| kiosk.happens(Event::Leased(true)),
        &|kiosk| kiosk.happens(Event::ToldToGoDown(Ok(()))),
        &|kiosk| kiosk.at(62),
    ];
    for (step, act) in script.iter().enumerate() {
        act(&mut kiosk);
        if step == steps {
            cut(&mut kiosk);
        }
    }
    kiosk
}

#[test]
fn the_machine_is_told_once_wherever_this_program_ends() {
    for steps in 0..6 {
        let mut kiosk = with_cut_after(steps, Model::restarts);
        // What waited is announced anew; what was begun is not begun again.
        for second in [63, 130, 131] {
            kiosk.at(second);
            kiosk.happens(Event::Leased(true));
        }
        assert_eq!(kiosk.reboots(), 1, "cut after step {steps}");
        kiosk.boots();
        kiosk.at(200);
        assert_eq!(kiosk.said(), ("restarted: the machine was started anew".to_owned(), Finished::Success));
        assert_eq!(kiosk.reboots(), 1);
        // The server has not heard, and asks again.
        kiosk.happens(Event::Ordered(order(1, What::Reboot {})));
        assert_eq!(kiosk.said().1, Finished::Success);
        // It asks under another number.
        kiosk.happens(Event::Ordered(CommandOrder { action: ActionId(9), ..order(1, What::Reboot {}) }));
        let (line, finished) = kiosk.said();
        assert!(line.starts_with("refused: CMD-11") && finished == Finished::Failure, "{line}");
        kiosk.at(300);
        assert_eq!(kiosk.reboots(), 1);
    }
}

#[test]
fn a_power_cut_never_repeats_it() {
    for steps in 0..6 {
        let mut kiosk = with_cut_after(steps, Model::boots);
        for second in [63, 130, 131, 200, 270] {
            kiosk.at(second);
            kiosk.happens(Event::Leased(true));
        }
        assert!(kiosk.reboots() <= 1, "cut after step {steps}: {}", kiosk.reboots());
    }
}

#[test]
fn a_machine_that_stays_up_is_opened_and_not_told_again() {
    let mut kiosk = with_cut_after(9, Model::restarts);
    kiosk.at(61 + 600);
    assert!(kiosk.memory.has_machine());
    kiosk.at(61 + 601);
    assert!(kiosk.said().0.starts_with("not-restarted"));
    assert!(kiosk.did.ends_with(&[Effect::Open]));
    kiosk.at(5_000);
    assert_eq!(kiosk.reboots(), 1);
}

#[test]
fn it_waits_for_citizens_and_updates_and_expires() {
    let mut kiosk = Model::new();
    kiosk.moment.idle = Duration::from_secs(59);
    kiosk.happens(Event::Ordered(order(1, What::Reboot {})));
    kiosk.at(1);
    assert_eq!(kiosk.said().0, "waits: somebody is served");
    (kiosk.moment.idle, kiosk.moment.updates) = (Duration::from_mins(1), true);
    kiosk.at(2);
    assert_eq!(kiosk.said().0, "waits: an update is under way");
    assert!(!kiosk.memory.has_machine());
    kiosk.moment.updates = false;
    kiosk.at(3);
    assert!(kiosk.memory.has_machine());
    assert_eq!(kiosk.did, [Effect::Announce(at(63))]);
    kiosk.at(62);
    assert_eq!(kiosk.did.len(), 1, "a minute is a minute");
    kiosk.at(63);
    assert_eq!(kiosk.did[1..], [Effect::Announce(at(63)), Effect::Lease]);
    kiosk.happens(Event::Leased(false));
    kiosk.at(3_601);
    let (line, finished) = kiosk.said();
    assert!(line.starts_with("expired") && finished == Finished::Failure, "{line}");
    assert!(kiosk.did.ends_with(&[Effect::Open]));
    kiosk.happens(Event::Leased(true));
    assert_eq!(kiosk.reboots(), 0);
}

#[test]
fn it_is_called_off_until_it_begins() {
    let mut kiosk = Model::new();
    kiosk.happens(Event::Ordered(order(1, What::Reboot {})));
    kiosk.at(1);
    assert!(kiosk.memory.is_about(ActionId(1)) && !kiosk.memory.is_about(ActionId(2)));
    kiosk.happens(Event::CalledOff(ActionId(1)));
    assert_eq!(kiosk.said(), ("called off".to_owned(), Finished::Success));
    assert!(kiosk.did.ends_with(&[Effect::Open]));
    kiosk.happens(Event::Leased(true));
    assert_eq!(kiosk.reboots(), 0);

    let mut kiosk = with_cut_after(9, Model::restarts);
    kiosk.happens(Event::CalledOff(ActionId(1)));
    assert!(kiosk.said().0.starts_with("too late"));
    assert!(kiosk.memory.has_machine());
    // Closed at the server while it waits: as if called off.
    let mut kiosk = Model::new();
    kiosk.happens(Event::Ordered(order(1, What::Reboot {})));
    kiosk.happens(Event::NothingWanted);
    kiosk.at(1);
    assert_eq!(kiosk.did, []);
}

#[test]
fn a_lock_holds_over_restarts_until_its_time_or_an_unlock() {
    let lock = What::Lock { minutes: 10, reason: LockReason::Check };
    let mut kiosk = Model::new();
    kiosk.happens(Event::Ordered(order(1, lock)));
    assert!(kiosk.said().0.starts_with("locked until 2027-01-15T08:10:00Z"));
    kiosk.boots();
    kiosk.at(599);
    assert_eq!(kiosk.memory.lock, Some(Lock { until: at(600), reason: LockReason::Check }));
    kiosk.moment.time = Time::Unknown;
    kiosk.happens(Event::Tick);
    assert!(kiosk.memory.lock.is_some(), "a lost clock opens nothing");
    kiosk.at(600);
    assert_eq!(kiosk.memory.lock, None);
    assert!(kiosk.memory.is_quiet());

    kiosk.memory.lock = Some(Lock { until: at(1 << 33), reason: LockReason::Check });
    kiosk.at(601);
    let week = SignedDuration::from_hours(7 * 24);
    assert_eq!(kiosk.memory.lock.unwrap().until, at(601) + week, "begun by a wrong clock");
    kiosk.happens(Event::Ordered(order(2, What::Lock { minutes: 10, reason: LockReason::Check })));
    kiosk.happens(Event::Ordered(order(3, What::Unlock {})));
    assert_eq!(kiosk.memory.lock, None);
}

#[test]
fn a_collection_that_broke_off_is_not_begun_again() {
    let mut kiosk = Model::new();
    let which = [name("kioskd")].into();
    kiosk.happens(Event::Ordered(order(1, What::CollectLogs { which })));
    assert!(kiosk.said().0.starts_with("refused: CMD-13"));
    kiosk.memory.doing = Some(Doing::Collecting {
        action: ActionId(7),
        id: CommandId::new([7; 16]),
        which: vec![name("kioskd")],
    });
    kiosk.restarts();
    assert!(kiosk.said().0.starts_with("broken-off"));
    kiosk.happens(Event::Collected(Ok("collected".to_owned())));
    assert_eq!((kiosk.memory.outgoing.first(), kiosk.did.len()), (None, 0));
}

#[test]
fn a_kiosk_without_settings_or_time_takes_nothing() {
    let mut kiosk = Model::new();
    let (memory, effects) =
        Memory::default().step(Event::Ordered(order(1, What::Unlock {})), None, &POLICY, &kiosk.moment);
    assert_eq!(effects, []);
    kiosk.memory = memory;
    assert!(kiosk.said().0.starts_with("refused: CMD-06"));

    let mut kiosk = Model::new();
    kiosk.moment.time = Time::Unknown;
    kiosk.happens(Event::Ordered(order(2, What::Reboot {})));
    let first = kiosk.memory.outgoing.clone();
    kiosk.happens(Event::Ordered(order(2, What::Reboot {})));
    assert_eq!(kiosk.memory.outgoing, first, "said once");
    let (line, finished) = kiosk.said();
    assert!(line.starts_with("CMD-10") && finished == Finished::None, "{line}");
    kiosk.moment.time = Time::Known(at(0));
    kiosk.happens(Event::Ordered(order(2, What::Reboot {})));
    assert!(kiosk.said().0.starts_with("accepted"));
}
