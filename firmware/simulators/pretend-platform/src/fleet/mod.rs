//! A fleet server for demo and tests that speaks hawkBit's Direct Device Integration (DDI) v1 and
//! enough of its management REST to run rollouts; a real hawkBit takes its place by URL.
//!
//! [`FleetState`] is everything that it knows, pure and without sockets.
//! Written from hawkBit's published contract. It trusts nobody's releases and signs none: what may
//! be installed is for TUF metadata to say.

mod action;
mod asked;
mod control;
mod ddi;
mod download;
mod exchange;
mod faults;
mod feedback;
mod ids;
mod management;
mod query;
mod range;
mod refusal;
mod rollout;
mod server;
mod software;
mod state;
mod target;
mod window;
mod wire;

pub use action::{Action, Entry, MOST_MESSAGES, MOST_STATUSES, Status, Urgency};
pub use exchange::{Exchange, Heard};
pub use faults::{Call, FleetFault, Mishap};
pub use feedback::{
    ConfigData, Confirmation, Confirmed, Execution, Feedback, FeedbackResult, FeedbackStatus, FinalResult,
    InstalledVersion, Progress,
};
pub use ids::{ActionId, ArtifactId, GroupId, ModuleId, RolloutId, SetId, TargetId};
pub use query::Query;
pub use range::{Part, part};
pub use refusal::FleetRefusal;
pub use rollout::{
    AfterSuccess, Conditions, Group, GroupCounts, GroupPlan, GroupStatus, Rollout, RolloutPlan, RolloutStatus,
};
pub use server::{Fleet, FleetOptions, Login};
pub use software::{Artifact, Content, DistributionSet, Hashes, LARGEST_ARTIFACT, Metadata, SoftwareModule};
pub use state::{
    Assignment, AutoConfirm, ConfirmationFlow, Credential, Deployment, FleetSettings, FleetState, Handling,
    Link, Poll, WindowState,
};
pub use target::{AttributeMode, MOST_ATTRIBUTES, Target, Traffic, UpdateStatus};
pub use window::MaintenanceWindow;
pub use wire::Scheme;
