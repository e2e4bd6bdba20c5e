//! Publishing: the only part that touches what kiosks see.
//!
//! It may break off at any write: what kiosks follow is decided by the timestamp, the last
//! file; a second run goes on from there. No version is ever written with other bytes.

use jiff::Timestamp as Time;
use tuf::{
    metadata::{Metadata, Role as _, RoleKeys, Root, Snapshot, Targets, Timestamp, Version},
    repository::{Announce, Draft, Release, RepositoryFolder, Signer},
};

use crate::{
    Mistake, Repository,
    period::Period,
    repository::{Signers, listed, next, signers_of_delegated, signers_of_targets},
};

/// What was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// The roles that had drafts, with their new version.
    pub roles: Vec<(String, u64)>,
    /// Version of snapshot.
    pub snapshot: u64,
    /// Version of timestamp.
    pub timestamp: u64,
}

/// What kiosks see or will see: a root, and every targets role.
struct State {
    root: Metadata<Root>,
    release: Release,
}

impl Repository {
    /// Publishes every draft, with a new snapshot and a new timestamp; nothing if one of them
    /// is not signed by enough people, or what kiosks would then see does not hang together.
    pub fn publish(
        &self,
        now: Time,
        snapshot: &dyn Signer,
        timestamp: &dyn Signer,
    ) -> Result<Published, Mistake> {
        let drafts = self.drafts()?;
        if drafts.is_empty() {
            return Err(Mistake::NothingToPublish);
        }
        let state = self.coming_state(now)?;
        let folder = RepositoryFolder::new(self.folder());
        let mut roles = Vec::new();
        if let Some(root) = self.draft::<Root>(Root::TYPE)? {
            // Signed before anything is written: a refused signer publishes nothing.
            belongs(root.signed(), snapshot, timestamp)?;
            folder.publish_root(root.bytes()).map_err(|source| Mistake::Publish { source })?;
            roles.push((Root::TYPE.to_owned(), root.signed().version.get()));
        }
        let (snapshot, timestamp) = self.bind(now, &state, snapshot, timestamp)?;
        for role in drafts {
            if let Some(body) =
                (role != Root::TYPE).then(|| self.draft::<Targets>(&role)).transpose()?.flatten()
            {
                roles.push((role.clone(), body.signed().version.get()));
            }
            self.discard(&role)?;
        }
        Ok(Published { roles, snapshot, timestamp })
    }

    /// A new timestamp, and a new snapshot if its key is here, over what is published.
    pub fn refresh(
        &self,
        now: Time,
        snapshot: Option<&dyn Signer>,
        timestamp: &dyn Signer,
    ) -> Result<Published, Mistake> {
        let roles = Vec::new();
        let root = self.root()?;
        let root = root.ok_or_else(|| Mistake::NoRepository { path: self.folder().to_owned() })?;
        in_time(&root, now)?;
        if let Some(signer) = snapshot {
            let state = self.published_state(root, now)?;
            let (snapshot, timestamp) = self.bind(now, &state, signer, timestamp)?;
            return Ok(Published { roles, snapshot, timestamp });
        }
        stands(Timestamp::TYPE, root.signed(), &root.signed().roles.timestamp, timestamp)?;
        let snapshot = self.snapshot()?;
        let snapshot = snapshot.ok_or_else(|| Mistake::NoRepository { path: self.folder().to_owned() })?;
        let expires = snapshot.signed().expires.get();
        if now >= expires {
            return Err(Mistake::Expired {
                role: "snapshot (refresh with --snapshot-key)".to_owned(),
                expires,
            });
        }
        let number = self.announce(now, &Release::default(), &snapshot, timestamp)?;
        Ok(Published { roles, snapshot: snapshot.signed().version.get(), timestamp: number })
    }

    /// What kiosks will see once every draft is published.
    fn coming_state(&self, now: Time) -> Result<State, Mistake> {
        let root = self.coming_root()?;
        if self.draft::<Root>(Root::TYPE)?.is_some() {
            for signers in self.signers(Root::TYPE)? {
                signers.check(Root::TYPE, &root)?;
            }
        }
        in_time(&root, now)?;
        self.state(root, now, |role| self.coming_role(role))
    }

    fn published_state(&self, root: Metadata<Root>, now: Time) -> Result<State, Mistake> {
        self.state(root, now, |role| self.role(role))
    }

    fn state(
        &self,
        root: Metadata<Root>,
        now: Time,
        read: impl Fn(&str) -> Result<Option<Metadata<Targets>>, Mistake>,
    ) -> Result<State, Mistake> {
        let mut release = Release::default();
        let mut take = |role: &str, signers: &Signers| {
            let body = read(role)?.ok_or_else(|| Mistake::NoSuchRole { role: role.to_owned() })?;
            let drafted = self.draft::<Targets>(role)?.is_some();
            signers.check(role, &body).map_err(|mistake| match mistake {
                Mistake::NotSigned { role, source } if !drafted => Mistake::NoLongerStands { role, source },
                other => other,
            })?;
            let expires = body.signed().expires.get();
            if now >= expires {
                return Err(Mistake::Expired { role: role.to_owned(), expires });
            }
            let added = release.add(role, body.bytes().to_vec());
            added.map_err(|source| Mistake::Metadata {
                path: self.folder().to_owned(),
                role: role.to_owned(),
                source,
            })?;
            Ok(body)
        };
        let targets = take(Targets::TYPE, &signers_of_targets(root.signed()))?;
        for delegation in targets.signed().delegations.iter().flat_map(|it| &it.roles) {
            let role = &delegation.name;
            let signers = signers_of_delegated(targets.signed(), role);
            let signers = signers.ok_or_else(|| Mistake::NoSuchRole { role: role.clone() })?;
            let body = take(role, &signers)?;
            if let Some(path) = body.signed().targets.keys().find(|path| !delegation.paths.covers(path)) {
                return Err(Mistake::OutsideOfArea { role: role.clone(), path: path.clone() });
            }
            let mut paths = body.signed().targets.keys();
            if let Some(path) = paths.find(|path| targets.signed().targets.contains_key(*path)) {
                return Err(Mistake::Shadowed { role: role.clone(), path: path.clone() });
            }
        }
        Ok(State { root, release })
    }

    /// Writes roles, snapshot and timestamp.
    fn bind(
        &self,
        now: Time,
        state: &State,
        snapshot: &dyn Signer,
        timestamp: &dyn Signer,
    ) -> Result<(u64, u64), Mistake> {
        belongs(state.root.signed(), snapshot, timestamp)?;
        let version = match self.snapshot()? {
            Some(before) => next(Snapshot::TYPE, before.signed().version)?,
            None => Version::FIRST,
        };
        let version = self.free(Snapshot::TYPE, version)?;
        let end = Period::of(Snapshot::TYPE).end(now);
        let body = state.release.snapshot(version, end, Announce::Digests);
        let signed = Draft::signed_by(&body, &[snapshot]).map_err(|source| Mistake::Sign { source })?;
        let signed = Metadata::<Snapshot>::parse(&signed.bytes()).map_err(|source| Mistake::Metadata {
            path: self.folder().to_owned(),
            role: Snapshot::TYPE.to_owned(),
            source,
        })?;
        Ok((version.get(), self.announce(now, &state.release, &signed, timestamp)?))
    }

    /// Writes a timestamp over a snapshot, and before it what the snapshot binds.
    fn announce(
        &self,
        now: Time,
        release: &Release,
        snapshot: &Metadata<Snapshot>,
        signer: &dyn Signer,
    ) -> Result<u64, Mistake> {
        let version = match self.timestamp()? {
            Some(before) => next(Timestamp::TYPE, before.signed().version)?,
            None => Version::FIRST,
        };
        let end = Period::of(Timestamp::TYPE).end(now);
        let of = (snapshot.signed().version, snapshot.bytes());
        let body = Release::timestamp(of, version, end, now, Announce::Digests);
        let signed = Draft::signed_by(&body, &[signer]).map_err(|source| Mistake::Sign { source })?;
        let folder = RepositoryFolder::new(self.folder());
        let done = folder.publish(release, snapshot.bytes(), &signed.bytes());
        done.map_err(|source| Mistake::Publish { source })?;
        Ok(version.get())
    }
}

fn belongs(root: &Root, snapshot: &dyn Signer, timestamp: &dyn Signer) -> Result<(), Mistake> {
    stands(Snapshot::TYPE, root, &root.roles.snapshot, snapshot)?;
    stands(Timestamp::TYPE, root, &root.roles.timestamp, timestamp)
}

/// Refuses a key that is none of the role's.
fn stands(role: &str, root: &Root, keys: &RoleKeys, signer: &dyn Signer) -> Result<(), Mistake> {
    let id = signer.key_id();
    if keys.key_ids.contains(&id) && root.keys.contains_key(&id) {
        return Ok(());
    }
    Err(Mistake::Stranger { key_id: id.to_string(), role: role.to_owned(), wanted: listed(&keys.key_ids) })
}

fn in_time(root: &Metadata<Root>, now: Time) -> Result<(), Mistake> {
    let expires = root.signed().expires.get();
    if now < expires { Ok(()) } else { Err(Mistake::RootExpired { expires }) }
}
