//! Rollouts: a bad release stops in its first group.

use pretend_platform::fleet::{
    AfterSuccess, Conditions, FleetState, GroupPlan, GroupStatus, Link, Query, RolloutId, RolloutPlan,
    RolloutStatus, SetId,
};

use crate::fleet_state::*;

const ALL: Conditions =
    Conditions { success_percent: 100, then: AfterSuccess::NextGroup, error_percent: Some(20) };

fn kiosks(count: usize) -> (FleetState, SetId) {
    let names: Vec<_> = (1..=count).map(|at| format!("k{at:05}")).collect();
    fleet(&names.iter().map(String::as_str).collect::<Vec<_>>())
}

fn plan(set: SetId, groups: Vec<GroupPlan>) -> RolloutPlan {
    RolloutPlan {
        name: "release".to_owned(),
        description: String::new(),
        assignment: forced(set),
        query: Query::parse("id==k*").unwrap(),
        groups,
    }
}

fn started(count: usize, groups: usize, conditions: Conditions) -> (FleetState, RolloutId) {
    let (mut state, set) = kiosks(count);
    let groups = GroupPlan::equal(groups, conditions).unwrap();
    let rollout = state.create_rollout(plan(set, groups), at(0)).unwrap();
    assert_eq!(state.actions().len(), 0);
    state.start_rollout(rollout, at(1)).unwrap();
    (state, rollout)
}

/// The kiosks that have something to do, by name.
fn busy(state: &FleetState) -> Vec<String> {
    state.targets().filter(|target| !target.active.is_empty()).map(|target| target.name.clone()).collect()
}

/// What the kiosk that was led to something says of it.
fn reports(state: &mut FleetState, kiosk: &str, finished: &str) {
    let action = state.target(kiosk).unwrap().active[0];
    state.feedback(kiosk, action, &said("closed", finished), at(2)).unwrap();
}

fn statuses(state: &FleetState, rollout: RolloutId) -> (RolloutStatus, Vec<GroupStatus>) {
    let rollout = state.rollout(rollout).unwrap();
    (rollout.status, rollout.groups.iter().map(|group| group.status).collect())
}

#[test]
fn groups_are_the_same_for_the_same_fleet() {
    for (targets, groups, sizes) in
        [(10, 3, vec![3, 4, 3]), (10, 1, vec![10]), (3, 3, vec![1, 1, 1]), (2, 4, vec![1, 0, 1, 0])]
    {
        let (state, rollout) = started(targets, groups, ALL);
        let groups = &state.rollout(rollout).unwrap().groups;
        let members: Vec<_> = groups.iter().flat_map(|group| &group.targets).map(|id| id.0).collect();
        assert!(members.iter().copied().eq(1..=targets as u64), "{members:?}");
        let got: Vec<_> = groups.iter().map(|group| group.targets.len()).collect();
        assert_eq!(got, sizes);
    }
}

#[test]
fn a_release_that_fails_in_the_first_group_never_reaches_the_second() {
    let (mut state, rollout) = started(10, 2, ALL);
    assert_eq!(busy(&state), ["k00001", "k00002", "k00003", "k00004", "k00005"]);
    reports(&mut state, "k00001", "failure");
    // 20 of 100 is the threshold, not more.
    assert_eq!(statuses(&state, rollout).0, RolloutStatus::Running);
    reports(&mut state, "k00002", "failure");
    let expected = (RolloutStatus::Paused, vec![GroupStatus::Error, GroupStatus::Scheduled]);
    assert_eq!(statuses(&state, rollout), expected);
    for kiosk in ["k00003", "k00004", "k00005"] {
        reports(&mut state, kiosk, "success");
    }
    assert_eq!(statuses(&state, rollout), expected);
    assert_eq!((busy(&state).len(), state.actions().len()), (0, 5));

    // Whoever resumes has decided that it goes on.
    state.resume_rollout(rollout, at(3)).unwrap();
    assert_eq!(busy(&state), ["k00006", "k00007", "k00008", "k00009", "k00010"]);
    for kiosk in busy(&state) {
        reports(&mut state, &kiosk, "success");
    }
    let expected = (RolloutStatus::Finished, vec![GroupStatus::Error, GroupStatus::Finished]);
    assert_eq!(statuses(&state, rollout), expected);
}

#[test]
fn the_next_group_begins_at_the_threshold() {
    let half = Conditions { success_percent: 50, ..ALL };
    let (mut state, rollout) = started(8, 2, half);
    reports(&mut state, "k00001", "success");
    assert_eq!(state.actions().len(), 4);
    reports(&mut state, "k00002", "success");
    assert_eq!(state.actions().len(), 8);
    let expected = (RolloutStatus::Running, vec![GroupStatus::Running, GroupStatus::Running]);
    assert_eq!(statuses(&state, rollout), expected);
    // What comes late in the first group stops it still.
    reports(&mut state, "k00003", "failure");
    assert_eq!(statuses(&state, rollout).0, RolloutStatus::Paused);
}

#[test]
fn a_paused_rollout_begins_no_group_until_it_is_resumed() {
    let (mut state, rollout) = started(4, 2, ALL);
    state.pause_rollout(rollout, at(2)).unwrap();
    assert_eq!(state.pause_rollout(rollout, at(2)).unwrap_err().status(), 400);
    reports(&mut state, "k00001", "success");
    reports(&mut state, "k00002", "success");
    assert_eq!(busy(&state).len(), 0);
    state.resume_rollout(rollout, at(3)).unwrap();
    assert_eq!(busy(&state), ["k00003", "k00004"]);
    assert_eq!(state.resume_rollout(rollout, at(3)).unwrap_err().status(), 400);
    assert_eq!(state.start_rollout(rollout, at(3)).unwrap_err().status(), 400);
}

#[test]
fn a_group_may_end_with_a_look_of_a_person() {
    let (mut state, rollout) = started(2, 2, Conditions { then: AfterSuccess::Pause, ..ALL });
    reports(&mut state, "k00001", "success");
    let expected = (RolloutStatus::Paused, vec![GroupStatus::Finished, GroupStatus::Scheduled]);
    assert_eq!(statuses(&state, rollout), expected);
    state.resume_rollout(rollout, at(3)).unwrap();
    assert_eq!(busy(&state), ["k00002"]);
    reports(&mut state, "k00002", "success");
    assert_eq!(statuses(&state, rollout).0, RolloutStatus::Finished);
}

#[test]
fn cancelled_kiosks_and_deleted_ones_hold_nobody_up() {
    let (mut state, rollout) = started(4, 2, Conditions { success_percent: 50, ..ALL });
    let action = state.target("k00001").unwrap().active[0];
    state.cancel(action, at(2)).unwrap();
    state.cancel_feedback("k00001", action, &said("closed", "success"), at(2)).unwrap();
    assert_eq!(state.rollout(rollout).unwrap().groups[0].counts.cancelled, 1);
    state.delete_target("k00003", at(2)).unwrap();
    state.delete_target("k00002", at(2)).unwrap();
    assert_eq!(busy(&state), ["k00004"]);
    reports(&mut state, "k00004", "success");
    let expected = (RolloutStatus::Finished, vec![GroupStatus::Finished, GroupStatus::Finished]);
    assert_eq!(statuses(&state, rollout), expected);
}

#[test]
fn a_kiosk_that_has_it_already_counts_at_once() {
    let (mut state, set) = kiosks(2);
    state.install_offline("k00001", "kiosk", "1", at(0)).unwrap();
    let rollout = state.create_rollout(plan(set, GroupPlan::equal(2, ALL).unwrap()), at(1)).unwrap();
    state.start_rollout(rollout, at(1)).unwrap();
    assert_eq!(busy(&state), ["k00002"]);
}

#[test]
fn groups_of_ones_own_take_what_is_left() {
    let (mut state, set) = kiosks(10);
    let group = |name: &str, query: &str, percent| GroupPlan {
        name: name.to_owned(),
        query: Query::parse(query).unwrap(),
        percent,
        conditions: ALL,
    };
    let lab = group("lab", "id==k0000*", 50.0);
    let short = plan(set, vec![lab.clone(), group("half", "", 50.0)]);
    let refused = state.create_rollout(short, at(0)).unwrap_err().to_string();
    assert!(refused.contains("in no group"), "{refused}");
    let rollout = state.create_rollout(plan(set, vec![lab, group("rest", "", 100.0)]), at(0)).unwrap();
    let groups = &state.rollout(rollout).unwrap().groups;
    assert_eq!(groups.iter().map(|group| group.targets.len()).collect::<Vec<_>>(), [5, 5]);

    let none =
        RolloutPlan { query: Query::parse("id==x").unwrap(), ..plan(set, vec![group("a", "", 100.0)]) };
    assert!(state.create_rollout(RolloutPlan { name: "none".to_owned(), ..none }, at(0)).is_err());
    let zero = RolloutPlan { name: "zero".to_owned(), ..plan(set, vec![group("a", "", 0.0)]) };
    assert!(state.create_rollout(zero, at(0)).is_err());
    assert_eq!(GroupPlan::equal(501, ALL).unwrap_err().status(), 429);
}

#[test]
fn ten_thousand_kiosks_are_led_through_four_groups() {
    let (mut state, rollout) = started(10_000, 4, ALL);
    let names: Vec<_> = state.targets().map(|target| target.name.clone()).collect();
    assert_eq!(state.actions().len(), 2500);
    // Each group is done when the first of the next polls.
    for name in &names {
        let Some(Link::Deployment { action, .. }) = state.poll(name, at(3)).unwrap().link else {
            panic!("{name} has nothing to do");
        };
        assert_eq!(state.deployment(name, action, 0, at(4)).unwrap().modules.len(), 1);
        state.feedback(name, action, &said("closed", "success"), at(5)).unwrap();
    }
    assert_eq!(statuses(&state, rollout).0, RolloutStatus::Finished);
    assert_eq!((state.actions().len(), state.traffic().polls), (10_000, 10_000));
}
