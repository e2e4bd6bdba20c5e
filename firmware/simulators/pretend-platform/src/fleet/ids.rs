//! Numbers of things, as hawkBit gives them: one sequence a kind, from 1.

use std::{fmt, num::ParseIntError, str::FromStr};

use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIntError;

            fn from_str(text: &str) -> Result<Self, ParseIntError> {
                text.parse().map(Self)
            }
        }
    )*};
}

ids! {
    /// A target's number; its order of creation. Kiosks themselves know only their names.
    TargetId
    /// One release for one kiosk.
    ActionId
    /// A distribution set.
    SetId
    /// A software module.
    ModuleId
    /// An artifact of a module.
    ArtifactId
    /// A rollout.
    RolloutId
    /// A group of a rollout.
    GroupId
}

/// The next number of each kind.
#[derive(Debug, Default)]
pub(super) struct Sequences {
    pub targets: Sequence,
    pub actions: Sequence,
    pub sets: Sequence,
    pub modules: Sequence,
    pub artifacts: Sequence,
    pub rollouts: Sequence,
    pub groups: Sequence,
}

/// 1, 2, 3 …
#[derive(Debug, Default)]
pub(super) struct Sequence(u64);

impl Sequence {
    pub fn next(&mut self) -> u64 {
        self.0 += 1;
        self.0
    }
}
