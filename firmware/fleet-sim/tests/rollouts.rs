//! What the fleet team relies on, in a fleet of thousands.

use std::time::Duration;

use fleet_sim::{
    Fleet, Plan,
    loopback::{self, Load},
    three_groups,
};
use pretend_platform::fleet::{GroupStatus, RolloutStatus};

const DAY: u32 = 86_400;

fn plan(kiosks: usize) -> Plan {
    Plan::of_wards(kiosks, 7)
}

#[test]
fn a_good_release_reaches_everybody_and_disturbs_nobody() {
    let mut fleet = Fleet::new(plan(1_000));
    let (rollout, new) = fleet.roll_out(7, three_groups());
    fleet.run(DAY);
    assert_eq!(fleet.server.rollout(rollout).unwrap().status, RolloutStatus::Finished);
    for kiosk in &fleet.kiosks {
        assert_eq!((kiosk.good, kiosk.running, kiosk.disturbed), (new, new, 0), "{}", kiosk.name());
        assert_eq!(kiosk.ran.len(), 2, "{} was started more than once", kiosk.name());
    }
}

#[test]
fn a_bad_release_stops_in_the_first_group() {
    let mut fleet = Fleet::new(plan(1_000));
    let (rollout, bad) = fleet.roll_out(7, three_groups());
    fleet.well_where(move |digest, _| digest != bad);
    fleet.run(DAY);
    let rollout = fleet.server.rollout(rollout).unwrap();
    assert_eq!(rollout.status, RolloutStatus::Paused);
    assert_eq!(rollout.groups[0].status, GroupStatus::Error);
    assert_eq!(rollout.groups[0].targets.len(), 10);
    let ran = fleet.kiosks.iter().filter(|kiosk| kiosk.ran.contains(&bad)).count();
    assert!((1..=10).contains(&ran), "{ran} kiosks ran it");
    for kiosk in &fleet.kiosks {
        assert_eq!(kiosk.disturbed, 0);
        assert_ne!(kiosk.good, bad);
        assert_ne!(kiosk.running, bad, "{} still runs it", kiosk.name());
    }
}

#[test]
fn a_release_that_is_bad_on_one_kiosk_in_five_stops_too() {
    let mut fleet = Fleet::new(plan(1_000));
    let (rollout, bad) = fleet.roll_out(7, three_groups());
    fleet.well_where(move |digest, number| digest != bad || !number.is_multiple_of(5));
    fleet.run(DAY);
    let rollout = fleet.server.rollout(rollout).unwrap();
    assert_eq!(rollout.status, RolloutStatus::Paused);
    let ran = fleet.kiosks.iter().filter(|kiosk| kiosk.ran.contains(&bad)).count();
    assert!(ran <= 10, "{ran} kiosks ran it");
}

/// The most polls in a second, and the mean, of these seconds.
fn peak_and_mean(polls: &[u32]) -> (u32, f64) {
    let peak = polls.iter().copied().max().unwrap_or(0);
    (peak, f64::from(polls.iter().sum::<u32>()) / polls.len() as f64)
}

#[test]
fn when_the_power_of_a_region_returns_nobody_stampedes() {
    let mut fleet = Fleet::new(plan(10_000));
    fleet.run(900);
    fleet.cut_power(0..10_000);
    fleet.run(600);
    fleet.restore_power(0..10_000);
    fleet.run(900);
    let after = &fleet.polls[1_501..=1_800];
    let (peak, mean) = peak_and_mean(after);
    assert!((25.0..45.0).contains(&mean), "{mean} polls a second");
    assert!(f64::from(peak) < 2.0 * mean, "{peak} polls in one second, {mean} on the mean");
}

#[test]
fn a_server_that_was_away_is_not_run_down_when_it_returns() {
    let mut fleet = Fleet::new(plan(10_000));
    fleet.run(900);
    fleet.server_is_up = false;
    fleet.run(3_600);
    // While it is away it is asked less and less.
    let (_, late) = peak_and_mean(&fleet.polls[4_000..4_500]);
    assert!(late < 12.0, "{late} polls a second at a server that is away");
    fleet.server_is_up = true;
    fleet.run(3_600);
    let (peak, mean) = peak_and_mean(&fleet.polls[4_501..8_100]);
    assert!(f64::from(peak) < 2.0 * mean.max(33.0), "{peak} polls in one second, {mean} on the mean");
}

#[test]
fn a_power_cut_in_the_middle_of_a_rollout_ends_well() {
    let mut fleet = Fleet::new(plan(500));
    let (rollout, new) = fleet.roll_out(7, three_groups());
    for hour in 0..12 {
        fleet.run(3_000);
        // Another hundred each time, whatever they are at.
        let hundred = hour % 5 * 100..hour % 5 * 100 + 100;
        fleet.cut_power(hundred.clone());
        fleet.run(600);
        fleet.restore_power(hundred);
    }
    fleet.run(DAY);
    assert_eq!(fleet.server.rollout(rollout).unwrap().status, RolloutStatus::Finished);
    for kiosk in &fleet.kiosks {
        assert_eq!((kiosk.good, kiosk.running), (new, new), "{}", kiosk.name());
    }
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let run = || {
        let mut fleet = Fleet::new(plan(300));
        let (_, new) = fleet.roll_out(7, three_groups());
        fleet.run(DAY / 4);
        (fleet.polls.clone(), fleet.kiosks.iter().filter(|kiosk| kiosk.good == new).count())
    };
    assert_eq!(run(), run());
}

#[test]
fn real_clients_poll_a_real_server_and_each_reports_once() {
    let folder = tempfile::tempdir().unwrap();
    let load = Load {
        kiosks: 200,
        lasts: Duration::from_secs(8),
        poll_every: Duration::from_secs(1),
        seed: 7,
        folder: folder.path().to_owned(),
    };
    let seen = tokio::runtime::Runtime::new().unwrap().block_on(loopback::run(&load)).unwrap();
    assert_eq!((&seen["reports"], &seen["reports failed"]), (&200.into(), &0.into()), "{seen:#}");
    assert_eq!(seen["polls failed"], 0, "{seen:#}");
    assert!(seen["polls"].as_u64().unwrap() >= 400, "{seen:#}");
}
