//! A release that goes through a fleet in groups.

use jiff::Timestamp;

use super::{Assignment, FleetRefusal, GroupId, Query, RolloutId, Status, TargetId};

/// Groups of a rollout.
pub const MOST_GROUPS: usize = 500;
/// Targets of a group.
pub const MOST_TARGETS: usize = 20_000;

/// What is asked of a rollout.
#[derive(Clone, Debug)]
pub struct RolloutPlan {
    /// Its name.
    pub name: String,
    /// For people.
    pub description: String,
    /// What every target gets.
    pub assignment: Assignment,
    /// Who gets it.
    pub query: Query,
    /// In which groups.
    pub groups: Vec<GroupPlan>,
}

/// What is asked of a group.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupPlan {
    /// Its name.
    pub name: String,
    /// Who of the rollout's targets may be in it.
    pub query: Query,
    /// How many of these that are in no group yet, in percent, above 0 to 100.
    pub percent: f64,
    /// When it goes on, and how it stops.
    pub conditions: Conditions,
}

/// When a rollout goes on after a group, and when it stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conditions {
    /// From so many percent finished on the group has succeeded.
    pub success_percent: u8,
    /// What then happens.
    pub then: AfterSuccess,
    /// With more than so many percent failed the rollout pauses; never, without it.
    pub error_percent: Option<u8>,
}

/// What happens after a group has succeeded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AfterSuccess {
    /// The next begins.
    #[default]
    NextGroup,
    /// The rollout pauses until somebody resumes it.
    Pause,
}

impl GroupPlan {
    /// So many groups of the same size, as hawkBit's `amountGroups`.
    pub fn equal(amount: usize, conditions: Conditions) -> Result<Vec<Self>, FleetRefusal> {
        if !(1..=MOST_GROUPS).contains(&amount) {
            return Err(FleetRefusal::Quota { of: "groups of a rollout", limit: MOST_GROUPS });
        }
        let query = Query::parse("")?;
        let group = |at: usize| Self {
            name: format!("group-{}", at + 1),
            query: query.clone(),
            percent: 100.0 / (amount - at) as f64,
            conditions,
        };
        Ok((0..amount).map(group).collect())
    }
}

/// A rollout as it is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Rollout {
    /// Its number.
    pub id: RolloutId,
    /// Its name.
    pub name: String,
    /// For people.
    pub description: String,
    /// What every target gets.
    pub assignment: Assignment,
    /// Who gets it.
    pub query: Query,
    /// How far it is.
    pub status: RolloutStatus,
    /// Its groups, in their order.
    pub groups: Vec<Group>,
    /// When it was made.
    pub created: Timestamp,
    /// When it changed last.
    pub modified: Timestamp,
}

/// How far a rollout is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "hawkBit's words")]
pub enum RolloutStatus {
    Ready,
    Running,
    Paused,
    Finished,
}

impl RolloutStatus {
    /// hawkBit's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Finished => "finished",
        }
    }
}

/// A group as it is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Group {
    /// Its number.
    pub id: GroupId,
    /// What was asked.
    pub plan: GroupPlan,
    /// How far it is.
    pub status: GroupStatus,
    /// Who is in it, oldest target first.
    pub targets: Vec<TargetId>,
    /// How far they are.
    pub counts: GroupCounts,
    pub(super) success: Success,
}

/// How far a group is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "hawkBit's words")]
pub enum GroupStatus {
    Scheduled,
    Running,
    Finished,
    Error,
}

impl GroupStatus {
    /// hawkBit's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Error => "error",
        }
    }
}

/// Whether what follows from success was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Success {
    #[default]
    Open,
    ActedUpon,
}

/// Actions of a group's targets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupCounts {
    /// Not over.
    pub running: usize,
    /// Installed, or fetched where that is all.
    pub finished: usize,
    /// Failed.
    pub error: usize,
    /// Cancelled.
    pub cancelled: usize,
}

impl Group {
    pub(super) fn count(&mut self, status: Status) {
        self.counts.running = self.counts.running.saturating_sub(1);
        match status {
            Status::Finished | Status::Downloaded => self.counts.finished += 1,
            Status::Error => self.counts.error += 1,
            _ => self.counts.cancelled += 1,
        }
    }

    /// Targets that have no action of this group yet.
    pub fn not_started(&self) -> usize {
        let GroupCounts { running, finished, error, cancelled } = self.counts;
        self.targets.len().saturating_sub(running + finished + error + cancelled)
    }

    /// At least the threshold; hawkBit's `ThresholdRolloutGroupSuccessCondition`.
    pub(super) fn has_succeeded(&self) -> bool {
        self.counts.finished * 100 >= usize::from(self.plan.conditions.success_percent) * self.targets.len()
    }

    /// More than the threshold; hawkBit's `ThresholdRolloutGroupErrorCondition`.
    pub(super) fn has_failed(&self) -> bool {
        let limit = self.plan.conditions.error_percent;
        limit.is_some_and(|limit| self.counts.error * 100 > usize::from(limit) * self.targets.len())
    }
}
