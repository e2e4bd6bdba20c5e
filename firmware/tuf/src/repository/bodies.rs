//! Bodies of metadata, from scratch and from the version before.

use std::collections::BTreeMap;

use jiff::Timestamp as Time;

use crate::{
    key::{Key, KeyId},
    metadata::{
        Delegation, Delegations, Expiry, Extra, MetaFile, Paths, RoleKeys, Root, RootRoles, SIGNED_AT,
        Snapshot, SpecVersion, TargetFile, Targets, Threshold, Timestamp, TimestampMeta, Version,
    },
    name::{TargetPath, quoted},
};

impl RoleKeys {
    /// A role that so many of these keys must sign for.
    pub fn new(threshold: Threshold, keys: &[&Key]) -> Self {
        Self { key_ids: keys.iter().map(|key| key.usual_id()).collect(), threshold, extra: Extra::new() }
    }
}

impl Root {
    /// Version 1: each role with its keys and how many of them must sign. Snapshots are
    /// consistent.
    pub fn first(
        expires: Time,
        root: (Threshold, &[&Key]),
        targets: (Threshold, &[&Key]),
        snapshot: (Threshold, &[&Key]),
        timestamp: (Threshold, &[&Key]),
    ) -> Self {
        let all = [root, targets, snapshot, timestamp];
        let keys = all.iter().flat_map(|(_, keys)| *keys).map(|key| (key.usual_id(), (*key).clone()));
        let role = |(threshold, keys)| RoleKeys::new(threshold, keys);
        Self {
            spec_version: SpecVersion::ours(),
            version: Version::FIRST,
            expires: Expiry::new(expires),
            consistent_snapshot: true,
            keys: keys.collect(),
            roles: RootRoles {
                root: role(root),
                targets: role(targets),
                snapshot: role(snapshot),
                timestamp: role(timestamp),
                extra: Extra::new(),
            },
            extra: Extra::new(),
        }
    }

    /// Lists the keys that its roles name, and no others.
    #[must_use]
    pub fn with_keys(mut self, keys: &[&Key]) -> Self {
        self.keys.extend(keys.iter().map(|key| (key.usual_id(), (*key).clone())));
        let RootRoles { root, targets, snapshot, timestamp, .. } = &self.roles;
        let named: Vec<&KeyId> =
            [root, targets, snapshot, timestamp].into_iter().flat_map(|role| &role.key_ids).collect();
        self.keys.retain(|id, _| named.contains(&id));
        self
    }
}

impl Targets {
    /// Version 1, which lists nothing.
    pub fn first(expires: Time) -> Self {
        Self {
            spec_version: SpecVersion::ours(),
            version: Version::FIRST,
            expires: Expiry::new(expires),
            targets: BTreeMap::new(),
            delegations: None,
            extra: Extra::new(),
        }
    }

    /// Lists a file; a second one of the same path replaces the first.
    pub fn list(&mut self, path: &TargetPath, file: TargetFile) {
        self.targets.insert(path.as_str().to_owned(), file);
    }

    /// Delegates paths; after all roles that were delegated to before.
    pub fn delegate(
        &mut self,
        name: &RoleName,
        terminating: bool,
        paths: Paths,
        threshold: Threshold,
        keys: &[&Key],
    ) {
        let delegations = self.delegations.get_or_insert_default();
        delegations.keys.extend(keys.iter().map(|key| (key.usual_id(), (*key).clone())));
        let signers = RoleKeys::new(threshold, keys);
        let role = Delegation { name: name.0.clone(), signers, terminating, paths };
        let Delegations { roles, .. } = delegations;
        roles.retain(|other| other.name != role.name);
        roles.push(role);
    }
}

/// The name of a delegated role that we write: one that is the same in an address and as a
/// file name, whichever server or stick carries it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RoleName(String);

/// A text is no name that we give a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a role is named with ASCII letters, digits and _.-~, and not as a top-level role is")]
pub struct NotARoleName;

impl RoleName {
    /// Checks a name.
    pub fn new(name: &str) -> Result<Self, NotARoleName> {
        let plain = !name.is_empty() && name.len() <= 100 && quoted(name) == name && !name.starts_with('.');
        if plain && !["root", "targets", "snapshot", "timestamp"].contains(&name) {
            return Ok(Self(name.to_owned()));
        }
        Err(NotARoleName)
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Snapshot {
    /// A snapshot of these roles, by name.
    pub fn of(version: Version, expires: Time, roles: impl IntoIterator<Item = (String, MetaFile)>) -> Self {
        Self {
            spec_version: SpecVersion::ours(),
            version,
            expires: Expiry::new(expires),
            meta: roles.into_iter().map(|(role, meta)| (format!("{role}.json"), meta)).collect(),
            extra: Extra::new(),
        }
    }
}

impl Timestamp {
    /// Says that this snapshot is fresh, and claims when that was signed.
    pub fn of(version: Version, expires: Time, signed_at: Time, snapshot: MetaFile) -> Self {
        let claimed = String::from(Expiry::new(signed_at));
        Self {
            spec_version: SpecVersion::ours(),
            version,
            expires: Expiry::new(expires),
            meta: TimestampMeta { snapshot },
            extra: Extra::from_iter([(SIGNED_AT.to_owned(), claimed.into())]),
        }
    }
}
