//! Root: who may sign what (TUF 1.0.34, section 4.3).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Expiry, Extra, Role, RoleKeys, SpecVersion, Version};
use crate::key::{Key, KeyId, PublicKey};

/// The keys of the four top-level roles.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Root {
    /// The specification that it was written by.
    pub spec_version: SpecVersion,
    /// Its version.
    pub version: Version,
    /// Until when it is good.
    pub expires: Expiry,
    /// Whether files are asked for by version or digest in their names (section 6.2).
    pub consistent_snapshot: bool,
    /// Every key by its id.
    pub keys: BTreeMap<KeyId, Key>,
    /// Whose keys they are.
    pub roles: RootRoles,
    /// Fields that we do not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The four roles. One that is missing makes no root.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RootRoles {
    /// Signs the next root.
    pub root: RoleKeys,
    /// Lists targets and delegates.
    pub targets: RoleKeys,
    /// Says which metadata belongs together.
    pub snapshot: RoleKeys,
    /// Says that the snapshot is fresh.
    pub timestamp: RoleKeys,
    /// Roles that we do not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Root {
    /// The keys of this role that we can use, each public key once.
    pub(crate) fn public_keys(&self, role: &RoleKeys) -> Vec<&PublicKey> {
        role.key_ids.iter().filter_map(|id| self.keys.get(id)?.public()).collect()
    }
}

impl Role for Root {
    const TYPE: &'static str = "root";
    const MOST_BYTES: u64 = 512_000;

    fn version(&self) -> Version {
        self.version
    }

    fn expires(&self) -> Expiry {
        self.expires
    }
}
