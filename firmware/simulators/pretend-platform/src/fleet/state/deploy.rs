//! Who gets what: actions are made, cancelled, closed.

use std::sync::Arc;

use jiff::Timestamp;

use crate::fleet::{
    Action, ActionId, ConfirmationFlow, FleetRefusal, FleetState, GroupId, MaintenanceWindow, RolloutId,
    SetId, Status, TargetId, UpdateStatus, Urgency, action::USUAL_WEIGHT,
};

/// What is given to targets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The distribution set.
    pub set: SetId,
    /// How urgent it is.
    pub urgency: Urgency,
    /// 0 to 1000; the heaviest goes first.
    pub weight: u16,
    /// When it may be installed.
    pub window: Option<MaintenanceWindow>,
    /// Whether the kiosk must confirm it first.
    pub confirmation: ConfirmationFlow,
}

impl Assignment {
    /// Of a set: forced, of the usual weight, at any time, without confirmation.
    pub fn of(set: SetId) -> Self {
        let (window, confirmation) = (None, ConfirmationFlow::Off);
        Self { set, urgency: Urgency::Forced, weight: USUAL_WEIGHT, window, confirmation }
    }
}

impl FleetState {
    /// Gives a set to a target; `None` where it is assigned already. What the target was still to
    /// do is cancelled, as hawkBit does without multi-assignments.
    pub fn assign(
        &mut self,
        controller: &str,
        assignment: &Assignment,
        now: Timestamp,
    ) -> Result<Option<ActionId>, FleetRefusal> {
        let target = self.target_id(controller)?;
        self.set(assignment.set)?;
        if self.targets[&target].assigned == Some(assignment.set) {
            return Ok(None);
        }
        Ok(Some(self.begin(target, assignment, None, now)))
    }

    pub(super) fn begin(
        &mut self,
        target: TargetId,
        assignment: &Assignment,
        rollout: Option<(RolloutId, GroupId)>,
        now: Timestamp,
    ) -> ActionId {
        for old in self.targets[&target].active.clone() {
            if let Some(old) = self.actions.get_mut(&old)
                && old.status != Status::Canceling
            {
                old.status = Status::Canceling;
                old.note_own(Status::Canceling, "cancel obsolete action due to new update", now);
            }
        }
        let id = ActionId(self.next.actions.next());
        let held = self.targets.get_mut(&target).expect("the caller looked it up");
        let waits = assignment.confirmation == ConfirmationFlow::On && !held.auto_confirm;
        let status = if waits { Status::WaitForConfirmation } else { Status::Running };
        let mut action = Action {
            id,
            target,
            controller: held.controller.clone(),
            set: assignment.set,
            urgency: assignment.urgency,
            window: assignment.window.clone(),
            weight: assignment.weight,
            rollout,
            status,
            active: true,
            code: None,
            history: Vec::new(),
            created: now,
            modified: now,
        };
        action.note_own(status, "Assignment initiated", now);
        held.assigned = Some(assignment.set);
        held.update = UpdateStatus::Pending;
        held.actions.push(id);
        let weight = |of: &ActionId| self.actions.get(of).map_or(0, |action| action.weight);
        let at = held.active.partition_point(|other| weight(other) >= assignment.weight);
        held.active.insert(at, id);
        self.actions.insert(id, action);
        id
    }

    /// Asks the target to stop.
    pub fn cancel(&mut self, id: ActionId, now: Timestamp) -> Result<(), FleetRefusal> {
        let action = self.action_mut(id)?;
        if !action.active || action.status.is_cancel() {
            return Err(FleetRefusal::NoCancel(id));
        }
        action.status = Status::Canceling;
        action.note_own(Status::Canceling, "manual cancelation requested", now);
        Ok(())
    }

    /// Ends an action that the target was asked to stop, without waiting for its word.
    pub fn force_cancel(&mut self, id: ActionId, now: Timestamp) -> Result<(), FleetRefusal> {
        let action = self.action_mut(id)?;
        if !action.active || action.status != Status::Canceling {
            return Err(FleetRefusal::NoCancel(id));
        }
        action.note_own(Status::Canceled, "A force quit has been performed.", now);
        self.close(id, Status::Canceled, now);
        Ok(())
    }

    /// Makes a soft action forced.
    pub fn force(&mut self, id: ActionId, now: Timestamp) -> Result<(), FleetRefusal> {
        let action = self.action_mut(id)?;
        if !action.active {
            return Err(FleetRefusal::Gone(id));
        }
        action.urgency = Urgency::Forced;
        action.modified = now;
        Ok(())
    }

    pub(super) fn action_mut(&mut self, id: ActionId) -> Result<&mut Action, FleetRefusal> {
        self.actions.get_mut(&id).ok_or_else(|| FleetRefusal::missing("action", id))
    }

    /// An action of this target; another's is not found.
    pub(super) fn action_of(&self, controller: &str, id: ActionId) -> Result<&Action, FleetRefusal> {
        let target = self.target_id(controller)?;
        let action = self.action(id)?;
        if action.target == target { Ok(action) } else { Err(FleetRefusal::missing("action", id)) }
    }

    /// An action is over; what it means for its target and its rollout.
    pub(super) fn close(&mut self, id: ActionId, status: Status, now: Timestamp) {
        let Some(action) = self.actions.get_mut(&id).filter(|action| action.active) else { return };
        action.active = false;
        action.status = status;
        action.modified = now;
        let (set, rollout) = (action.set, action.rollout);
        if let Some(target) = self.targets.get_mut(&action.target) {
            target.active.retain(|active| *active != id);
            match status {
                Status::Finished => {
                    target.installed = Some(set);
                    target.installed_by = Some(id);
                    target.installed_at = Some(now);
                    target.attributes_wanted = true;
                    let done = target.assigned == target.installed;
                    target.update = if done { UpdateStatus::InSync } else { UpdateStatus::Pending };
                }
                Status::Error => {
                    // So that the same set can be assigned again.
                    target.assigned = None;
                    target.update = UpdateStatus::Error;
                }
                Status::Downloaded => {
                    target.update = UpdateStatus::InSync;
                    target.attributes_wanted = true;
                }
                _ => {
                    let next = target.active.first().and_then(|next| self.actions.get(next));
                    target.assigned = next.map(|next| next.set).or(target.installed);
                    if next.is_none() {
                        target.update = UpdateStatus::InSync;
                    }
                }
            }
        }
        if let Some((rollout, group)) = rollout {
            self.settle(rollout, group, status, now);
        }
    }

    /// The target installed a set without being asked, from a stick perhaps. Whether that is news.
    pub fn install_offline(
        &mut self,
        controller: &str,
        name: &str,
        version: &str,
        now: Timestamp,
    ) -> Result<bool, FleetRefusal> {
        let target = self.target_id(controller)?;
        let set = self
            .set_named(name, version)
            .ok_or_else(|| FleetRefusal::missing("distribution set", format!("{name}:{version}")))?;
        let held = &self.targets[&target];
        if held.assigned == Some(set) && held.installed == Some(set) {
            return Ok(false);
        }
        let id = self.begin(target, &Assignment::of(set), None, now);
        if let Some(action) = self.actions.get_mut(&id) {
            action.note_own(Status::Finished, "Action reported as offline deployment", now);
        }
        self.close(id, Status::Finished, now);
        Ok(true)
    }

    /// The modules of an action's set, in its order.
    pub(super) fn modules_of(&self, set: SetId) -> Vec<Arc<crate::fleet::SoftwareModule>> {
        let modules = self.sets.get(&set).map_or(&[][..], |set| &set.modules);
        modules.iter().filter_map(|id| self.modules.get(id).cloned()).collect()
    }
}
