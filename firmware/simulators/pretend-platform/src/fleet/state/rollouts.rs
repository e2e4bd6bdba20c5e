//! Rollouts: who is in which group, and when the next begins. hawkBit looks at them every few
//! seconds, this server as soon as something happens.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::fleet::{
    AfterSuccess, FleetRefusal, FleetState, Group, GroupCounts, GroupId, GroupPlan, GroupStatus, Rollout,
    RolloutId, RolloutPlan, RolloutStatus, Status, Target, TargetId,
    rollout::{MOST_GROUPS, MOST_TARGETS, Success},
};

impl FleetState {
    /// Makes a rollout and its groups; nobody gets anything before it is started.
    pub fn create_rollout(&mut self, plan: RolloutPlan, now: Timestamp) -> Result<RolloutId, FleetRefusal> {
        self.set(plan.assignment.set)?;
        if plan.name.is_empty() {
            return Err(FleetRefusal::invalid("a rollout has a name"));
        }
        if self.rollouts.values().any(|rollout| rollout.name == plan.name) {
            return Err(FleetRefusal::Exists { what: "rollout", name: plan.name });
        }
        let members = self.members(&plan)?;
        let id = RolloutId(self.next.rollouts.next());
        let groups = plan.groups.into_iter().zip(members).map(|(plan, targets)| Group {
            id: GroupId(self.next.groups.next()),
            plan,
            status: GroupStatus::Scheduled,
            targets,
            counts: GroupCounts::default(),
            success: Success::default(),
        });
        let rollout = Rollout {
            id,
            name: plan.name,
            description: plan.description,
            assignment: plan.assignment,
            query: plan.query,
            status: RolloutStatus::Ready,
            groups: groups.collect(),
            created: now,
            modified: now,
        };
        self.rollouts.insert(id, rollout);
        Ok(id)
    }

    /// Who is in which group: oldest targets first, so the same fleet gives the same groups.
    fn members(&self, plan: &RolloutPlan) -> Result<Vec<Vec<TargetId>>, FleetRefusal> {
        if !(1..=MOST_GROUPS).contains(&plan.groups.len()) {
            return Err(FleetRefusal::Quota { of: "groups of a rollout", limit: MOST_GROUPS });
        }
        let mut free: Vec<&Target> =
            self.targets.values().filter(|target| plan.query.means(target)).collect();
        if free.is_empty() {
            return Err(FleetRefusal::invalid("the rollout means no target"));
        }
        let mut groups = Vec::new();
        for group in &plan.groups {
            check(group)?;
            let candidates: Vec<_> =
                free.iter().filter(|target| group.query.means(target)).map(|target| target.id).collect();
            let share = (candidates.len() as f64 * group.percent / 100.0).round() as usize;
            let members = candidates[..share.min(candidates.len())].to_vec();
            if members.len() > MOST_TARGETS {
                return Err(FleetRefusal::Quota { of: "targets of a group", limit: MOST_TARGETS });
            }
            let taken: BTreeSet<_> = members.iter().copied().collect();
            free.retain(|target| !taken.contains(&target.id));
            groups.push(members);
        }
        if free.is_empty() {
            return Ok(groups);
        }
        Err(FleetRefusal::invalid(format!("{} targets are in no group", free.len())))
    }

    /// The first group begins.
    pub fn start_rollout(&mut self, id: RolloutId, now: Timestamp) -> Result<(), FleetRefusal> {
        self.move_rollout(id, RolloutStatus::Ready, RolloutStatus::Running, now)?;
        self.begin_next_group(id, now);
        self.advance(id, now);
        Ok(())
    }

    /// No group begins until it is resumed. Targets go on with what they have.
    pub fn pause_rollout(&mut self, id: RolloutId, now: Timestamp) -> Result<(), FleetRefusal> {
        self.move_rollout(id, RolloutStatus::Running, RolloutStatus::Paused, now)
    }

    /// It goes on. After a group that failed or was to be looked at, the next one begins: whoever
    /// resumes has decided so.
    pub fn resume_rollout(&mut self, id: RolloutId, now: Timestamp) -> Result<(), FleetRefusal> {
        self.move_rollout(id, RolloutStatus::Paused, RolloutStatus::Running, now)?;
        let groups = &self.rollout(id)?.groups;
        let last = groups.iter().rfind(|group| group.status != GroupStatus::Scheduled);
        let decided = |group: &Group| {
            let acted = group.success == Success::ActedUpon;
            group.status == GroupStatus::Error || (acted && group.plan.conditions.then == AfterSuccess::Pause)
        };
        if last.is_some_and(decided) {
            self.begin_next_group(id, now);
        }
        self.advance(id, now);
        Ok(())
    }

    fn move_rollout(
        &mut self,
        id: RolloutId,
        from: RolloutStatus,
        to: RolloutStatus,
        now: Timestamp,
    ) -> Result<(), FleetRefusal> {
        let rollout = self.rollouts.get_mut(&id).ok_or_else(|| FleetRefusal::missing("rollout", id))?;
        if rollout.status != from {
            return Err(FleetRefusal::RolloutState(rollout.status.word()));
        }
        (rollout.status, rollout.modified) = (to, now);
        Ok(())
    }

    /// An action of a group is over.
    pub(super) fn settle(&mut self, id: RolloutId, group: GroupId, status: Status, now: Timestamp) {
        let Some(rollout) = self.rollouts.get_mut(&id) else { return };
        if let Some(group) = rollout.groups.iter_mut().find(|held| held.id == group) {
            group.count(status);
        }
        self.advance(id, now);
    }

    /// Looks at the running groups: stops at errors, goes on after success, ends what is done.
    fn advance(&mut self, id: RolloutId, now: Timestamp) {
        loop {
            let Some(rollout) = self.rollouts.get_mut(&id) else { return };
            if rollout.status != RolloutStatus::Running {
                return;
            }
            rollout.modified = now;
            match look(rollout) {
                Next::Wait => return,
                Next::Pause => rollout.status = RolloutStatus::Paused,
                Next::Finish => rollout.status = RolloutStatus::Finished,
                Next::Begin => self.begin_next_group(id, now),
            }
        }
    }

    fn begin_next_group(&mut self, id: RolloutId, now: Timestamp) {
        let Some(rollout) = self.rollouts.get_mut(&id) else { return };
        let scheduled = rollout.groups.iter_mut().find(|group| group.status == GroupStatus::Scheduled);
        let Some(group) = scheduled else { return };
        group.status = GroupStatus::Running;
        // Targets that were deleted meanwhile are no part of it any more.
        group.targets.retain(|target| self.targets.contains_key(target));
        group.counts.running = group.targets.len();
        let (targets, number) = (group.targets.clone(), group.id);
        let assignment = rollout.assignment.clone();
        for target in targets {
            let has_it = self.targets.get(&target).is_some_and(|held| held.installed == Some(assignment.set));
            let action = self.begin(target, &assignment, Some((id, number)), now);
            if has_it {
                // hawkBit finishes at once what is there already.
                self.close(action, Status::Finished, now);
            }
        }
    }
}

/// What follows from how far the groups are.
enum Next {
    Wait,
    Begin,
    Pause,
    Finish,
}

fn look(rollout: &mut Rollout) -> Next {
    let more = rollout.groups.iter().any(|group| group.status == GroupStatus::Scheduled);
    for group in rollout.groups.iter_mut().filter(|group| group.status == GroupStatus::Running) {
        if group.has_failed() {
            group.status = GroupStatus::Error;
            return Next::Pause;
        }
        let succeeded = group.success == Success::Open && group.has_succeeded();
        if succeeded {
            group.success = Success::ActedUpon;
        }
        if group.counts.running == 0 {
            group.status = GroupStatus::Finished;
        }
        if succeeded && more {
            return match group.plan.conditions.then {
                AfterSuccess::NextGroup => Next::Begin,
                AfterSuccess::Pause => Next::Pause,
            };
        }
    }
    let running = rollout.groups.iter().any(|group| group.status == GroupStatus::Running);
    match (running, more) {
        (true, _) => Next::Wait,
        // The last group ended short of success and of its error threshold: hawkBit goes on.
        (false, true) => Next::Begin,
        (false, false) => Next::Finish,
    }
}

fn check(group: &GroupPlan) -> Result<(), FleetRefusal> {
    let conditions = &group.conditions;
    let percents = [Some(conditions.success_percent), conditions.error_percent];
    if !(group.percent > 0.0 && group.percent <= 100.0) || percents.iter().flatten().any(|part| *part > 100) {
        return Err(FleetRefusal::invalid("a percentage of a group is out of range"));
    }
    Ok(())
}
