//! The checks of section 5, one function each. Pure: bytes, what was trusted before and the
//! time go in, trusted metadata or a reason comes out.

use std::collections::BTreeMap;

use jiff::Timestamp as Time;

use crate::{
    error::Distrust,
    key::{Key, KeyId, PublicKey},
    metadata::{
        Delegation, Delegations, MetaFile, Metadata, Role, RoleKeys, Root, Snapshot, Targets, Timestamp,
    },
    store::Floors,
};

/// Whose signatures a role needs.
pub(super) struct Signers<'a> {
    /// For people: `root version 3`, `the role os`.
    named: String,
    keys: &'a BTreeMap<KeyId, Key>,
    role: &'a RoleKeys,
}

impl Signers<'_> {
    /// Reads metadata and counts the signatures that it needs.
    pub(super) fn check<T: Role>(&self, bytes: &[u8]) -> Result<Metadata<T>, Distrust> {
        let metadata = Metadata::<T>::parse(bytes)?;
        metadata.verify(&self.named, self.keys, self.role)?;
        Ok(metadata)
    }
}

fn by_root<'a>(root: &'a Metadata<Root>, role: &'a RoleKeys) -> Signers<'a> {
    let named = format!("root version {}", root.signed().version.get());
    Signers { named, keys: &root.signed().keys, role }
}

pub(super) fn signers_of_timestamp(root: &Metadata<Root>) -> Signers<'_> {
    by_root(root, &root.signed().roles.timestamp)
}

pub(super) fn signers_of_snapshot(root: &Metadata<Root>) -> Signers<'_> {
    by_root(root, &root.signed().roles.snapshot)
}

pub(super) fn signers_of_targets(root: &Metadata<Root>) -> Signers<'_> {
    by_root(root, &root.signed().roles.targets)
}

pub(super) fn delegator<'a>(name: &str, delegations: &'a Delegations, role: &'a Delegation) -> Signers<'a> {
    Signers { named: format!("the role {name}"), keys: &delegations.keys, role: &role.signers }
}

/// A root that nothing before it vouches for: it must at least fit itself.
pub(super) fn own_root(bytes: &[u8]) -> Result<Metadata<Root>, Distrust> {
    let root = Metadata::<Root>::parse(bytes)?;
    by_root(&root, &root.signed().roles.root).check(bytes)
}

/// Sections 5.3.4 and 5.3.5: signed by the old root's keys and by its own, and exactly one
/// version on.
pub(super) fn next_root(trusted: &Metadata<Root>, bytes: &[u8]) -> Result<Metadata<Root>, Distrust> {
    by_root(trusted, &trusted.signed().roles.root).check::<Root>(bytes)?;
    let next = own_root(bytes)?;
    let (expected, found) = (trusted.signed().version.next(), next.signed().version);
    if expected == Some(found) {
        return Ok(next);
    }
    Err(Distrust::WrongVersion {
        expected: expected.map_or(u64::MAX, crate::metadata::Version::get),
        found: found.get(),
    })
}

/// Section 5.3.11: a public key that could sign timestamp or snapshot no longer can. A key
/// that is only added takes nothing back.
pub(super) fn takes_online_keys_away(before: &Root, after: &Root) -> bool {
    let pairs =
        [(&before.roles.timestamp, &after.roles.timestamp), (&before.roles.snapshot, &after.roles.snapshot)];
    pairs.into_iter().any(|(old, new)| {
        let still: Vec<_> = after.public_keys(new).into_iter().map(PublicKey::fingerprint).collect();
        before.public_keys(old).into_iter().any(|key| !still.contains(&key.fingerprint()))
    })
}

/// Whether a timestamp says anything new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// The version that is trusted already: nothing changes, whatever else it says.
    Before,
    /// A later one.
    New,
}

/// Section 5.4.3.
pub(super) fn next_timestamp(
    old: Option<&Metadata<Timestamp>>,
    floors: &Floors,
    new: &Metadata<Timestamp>,
) -> Result<Seen, Distrust> {
    let new = new.signed();
    let old = old.map(Metadata::signed);
    let old_version = old.map_or(0, |old| old.version.get());
    at_least(Timestamp::TYPE, new.version.get(), floors.timestamp.max(old_version))?;
    if new.version.get() == old_version {
        return Ok(Seen::Before);
    }
    let snapshot = old.map_or(0, |old| old.meta.snapshot.version.get());
    at_least(Snapshot::TYPE, new.meta.snapshot.version.get(), floors.snapshot.max(snapshot))?;
    Ok(Seen::New)
}

/// Section 5.5.5: no role falls back, none vanishes.
pub(super) fn next_snapshot(
    old: Option<&Metadata<Snapshot>>,
    floors: &Floors,
    new: &Metadata<Snapshot>,
) -> Result<(), Distrust> {
    let listed = old.into_iter().flat_map(|old| old.signed().roles()).map(|(role, it)| (role, it.get()));
    let floors = floors.targets.iter().map(|(role, least)| (role.as_str(), *least));
    for (role, least) in listed.chain(floors) {
        let Some(meta) = new.signed().role(role) else {
            return Err(Distrust::RoleVanished { role: role.to_owned() });
        };
        at_least(role, meta.version.get(), least)?;
    }
    Ok(())
}

/// Sections 5.6.2 to 5.6.5.
pub(super) fn announced_targets(
    signers: &Signers<'_>,
    announced: &MetaFile,
    bytes: &[u8],
    now: Time,
) -> Result<Metadata<Targets>, Distrust> {
    announced.check_bytes(bytes)?;
    let targets = signers.check::<Targets>(bytes)?;
    announced.check_version(targets.signed().version)?;
    targets.check_expiry(now)?;
    Ok(targets)
}

pub(super) fn at_least(role: &str, found: u64, least: u64) -> Result<(), Distrust> {
    if found >= least {
        return Ok(());
    }
    Err(Distrust::Rollback { role: role.to_owned(), found, least })
}
