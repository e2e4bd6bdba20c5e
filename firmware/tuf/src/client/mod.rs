//! The workflow of a client (TUF 1.0.34, section 5).
//!
//! `refresh` walks root, timestamp, snapshot and targets; each is trusted, and kept, as soon as
//! it has passed its checks. `find` walks delegations, fetching only roles that may list the
//! path: a careless signer of one path stops nobody else's. `download` streams.

mod download;
mod limits;
mod rules;
mod search;

use jiff::Timestamp as Time;

use self::rules::Seen;
pub use self::{download::TargetCheck, limits::Limits, search::Target};
use crate::{
    error::{ClientError, Distrust, MetadataError},
    metadata::{Metadata, Role, Root, Snapshot, Targets, Timestamp},
    name::quoted,
    store::{Change, Store},
    transport::{Body as _, Resource, Transport},
};

/// A client of one repository.
pub struct Client<T, S> {
    transport: T,
    store: S,
    limits: Limits,
    fresh: Option<Fresh>,
}

/// Whether a timestamp that ran out is taken. It proves that nobody holds newer metadata back;
/// on a medium that was carried somewhere, somebody's word may have to do instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StaleTimestamp {
    /// As the specification has it (section 5.4.4).
    Refused,
    /// Its expiry alone is passed over: signatures and versions count as ever, and so does the
    /// expiry of every other role. The caller has another reason to believe that it is fresh.
    Tolerated,
}

/// What a refresh ended with. Expiry is judged by its time from then on (section 5.1).
struct Fresh {
    now: Time,
    root: Metadata<Root>,
    snapshot: Metadata<Snapshot>,
    targets: Metadata<Targets>,
}

/// What is trusted after a refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refreshed {
    /// Version of root.
    pub root: u64,
    /// Version of timestamp.
    pub timestamp: u64,
    /// Version of snapshot.
    pub snapshot: u64,
    /// Version of targets.
    pub targets: u64,
    /// The earliest moment at which one of the four expires.
    pub good_until: Time,
    /// When timestamp expires; bounds the floor of a `TrustedClock`.
    pub timestamp_expires: Time,
    /// When timestamp claims to have been signed, if it does.
    pub signed_at: Option<Time>,
}

impl<T: Transport, S: Store> Client<T, S> {
    /// A client over this transport, remembering in this store.
    pub fn new(transport: T, store: S, limits: Limits) -> Self {
        Self { transport, store, limits, fresh: None }
    }

    /// Gives the root of trust that the machine was shipped with (section 5.2). Once: a
    /// trusted root is not replaced, it is updated.
    pub fn trust(&mut self, root: &[u8]) -> Result<(), ClientError> {
        if self.store.read(Root::TYPE)?.is_some() {
            return Err(ClientError::RootAlreadyThere);
        }
        let root = rules::own_root(root).map_err(|why| ClientError::untrusted(Root::TYPE, why))?;
        let mut floors = self.store.floors().clone();
        floors.root = floors.root.max(root.signed().version.get());
        let put = [(Root::TYPE.to_owned(), root.bytes().to_vec())].into();
        Ok(self.store.commit(Change { put, floors, ..Change::default() })?)
    }

    /// Brings the four top-level roles up to date (sections 5.3 to 5.6). What was trusted
    /// before an error stays trusted; what passed before it is kept.
    pub async fn refresh(&mut self, now: Time) -> Result<Refreshed, ClientError> {
        self.refresh_with(now, StaleTimestamp::Refused).await
    }

    /// The same, with a timestamp that may have run out.
    pub async fn refresh_with(&mut self, now: Time, stale: StaleTimestamp) -> Result<Refreshed, ClientError> {
        self.fresh = None;
        let root = self.refresh_root(now).await?;
        let timestamp = self.refresh_timestamp(&root, now, stale).await?;
        let snapshot = self.refresh_snapshot(&root, &timestamp, now).await?;
        let signers = rules::signers_of_targets(&root);
        let targets = self.role(Targets::TYPE, &signers, &root, &snapshot, now).await?;
        let refreshed = Refreshed::of(&root, &timestamp, &snapshot, &targets);
        self.fresh = Some(Fresh { now, root, snapshot, targets });
        Ok(refreshed)
    }

    /// The way to the repository.
    pub fn transport(&self) -> &T {
        &self.transport
    }

    /// Takes another way to the same repository. The next thing is a refresh.
    pub fn go_by(&mut self, transport: T) {
        self.fresh = None;
        self.transport = transport;
    }

    /// What is remembered.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// Gives transport and store back.
    pub fn into_parts(self) -> (T, S) {
        (self.transport, self.store)
    }

    /// Section 5.3: from the trusted root to the newest, one version at a time.
    async fn refresh_root(&mut self, now: Time) -> Result<Metadata<Root>, ClientError> {
        let bytes = self.store.read(Root::TYPE)?.ok_or(ClientError::NoTrustedRoot)?;
        let untrusted = |why| ClientError::untrusted(Root::TYPE, why);
        let mut root = rules::own_root(&bytes).map_err(untrusted)?;
        for _ in 0..self.limits.new_roots {
            let Some(next) = root.signed().version.next() else { break };
            let file = format!("{}.root.json", next.get());
            let Some(bytes) = self.fetch(&file, self.limits.root).await? else { break };
            let next = rules::next_root(&root, &bytes).map_err(untrusted)?;
            self.keep_root(&root, &next)?;
            root = next;
        }
        rules::at_least(Root::TYPE, root.signed().version.get(), self.store.floors().root)
            .map_err(untrusted)?;
        root.check_expiry(now).map_err(untrusted)?;
        Ok(root)
    }

    /// Sections 5.3.8 and 5.3.11: whoever takes a key away from timestamp or snapshot says
    /// that what these signed no longer counts, versions included (fast-forward recovery).
    fn keep_root(&mut self, before: &Metadata<Root>, root: &Metadata<Root>) -> Result<(), ClientError> {
        let mut change = Change { floors: self.store.floors().clone(), ..Change::default() };
        change.floors.root = change.floors.root.max(root.signed().version.get());
        change.put.insert(Root::TYPE.to_owned(), root.bytes().to_vec());
        if rules::takes_online_keys_away(before.signed(), root.signed()) {
            change.drop = [Timestamp::TYPE, Snapshot::TYPE].map(str::to_owned).into();
            change.floors.timestamp = 0;
            change.floors.snapshot = 0;
            change.floors.targets.clear();
        }
        Ok(self.store.commit(change)?)
    }

    /// Section 5.4.
    async fn refresh_timestamp(
        &mut self,
        root: &Metadata<Root>,
        now: Time,
        stale: StaleTimestamp,
    ) -> Result<Metadata<Timestamp>, ClientError> {
        let untrusted = |why| ClientError::untrusted(Timestamp::TYPE, why);
        let signers = rules::signers_of_timestamp(root);
        let old = self.stored(|bytes| signers.check::<Timestamp>(bytes))?;
        let file = format!("{}.json", Timestamp::TYPE);
        let bytes = self.fetch_needed(&file, self.limits.timestamp).await?;
        let new = signers.check::<Timestamp>(&bytes).map_err(untrusted)?;
        let seen = rules::next_timestamp(old.as_ref(), self.store.floors(), &new).map_err(untrusted)?;
        let (timestamp, is_new) = match (seen, old) {
            (Seen::Before, Some(old)) => (old, false),
            _ => (new, true),
        };
        match stale {
            StaleTimestamp::Refused => timestamp.check_expiry(now).map_err(untrusted)?,
            StaleTimestamp::Tolerated => {}
        }
        if is_new {
            let mut floors = self.store.floors().clone();
            floors.timestamp = timestamp.signed().version.get();
            floors.snapshot = floors.snapshot.max(timestamp.signed().meta.snapshot.version.get());
            let put = [(Timestamp::TYPE.to_owned(), timestamp.bytes().to_vec())].into();
            self.store.commit(Change { put, floors, ..Change::default() })?;
        }
        Ok(timestamp)
    }

    /// Section 5.5.
    async fn refresh_snapshot(
        &mut self,
        root: &Metadata<Root>,
        timestamp: &Metadata<Timestamp>,
        now: Time,
    ) -> Result<Metadata<Snapshot>, ClientError> {
        let untrusted = |why| ClientError::untrusted(Snapshot::TYPE, why);
        let signers = rules::signers_of_snapshot(root);
        let announced = &timestamp.signed().meta.snapshot;
        let old = self.stored(|bytes| signers.check::<Snapshot>(bytes))?;
        if let Some(old) = &old
            && announced.check_version(old.signed().version).is_ok()
            && announced.check_bytes(old.bytes()).is_ok()
            && old.check_expiry(now).is_ok()
        {
            return Ok(old.clone());
        }
        let file = file_name(Snapshot::TYPE, root, announced.version.get())?;
        let most = announced.length.unwrap_or(u64::MAX).min(self.limits.snapshot);
        let bytes = self.fetch_needed(&file, most).await?;
        announced.check_bytes(&bytes).map_err(untrusted)?;
        let new = signers.check::<Snapshot>(&bytes).map_err(untrusted)?;
        announced.check_version(new.signed().version).map_err(untrusted)?;
        rules::next_snapshot(old.as_ref(), self.store.floors(), &new).map_err(untrusted)?;
        new.check_expiry(now).map_err(untrusted)?;
        let mut floors = self.store.floors().clone();
        floors.snapshot = new.signed().version.get();
        floors.targets = new.signed().roles().map(|(role, it)| (role.to_owned(), it.get())).collect();
        let put = [(Snapshot::TYPE.to_owned(), new.bytes().to_vec())].into();
        self.store.commit(Change { put, floors, ..Change::default() })?;
        Ok(new)
    }

    /// Section 5.6 for any targets role: the kept metadata if it is the announced one *and*
    /// this delegator's keys signed it, else the repository's.
    async fn role(
        &mut self,
        name: &str,
        signers: &rules::Signers<'_>,
        root: &Metadata<Root>,
        snapshot: &Metadata<Snapshot>,
        now: Time,
    ) -> Result<Metadata<Targets>, ClientError> {
        let untrusted = |why| ClientError::untrusted(name, why);
        let announced = snapshot.signed().role(name).ok_or_else(|| untrusted(Distrust::NotInSnapshot))?;
        let check = |bytes: &[u8]| rules::announced_targets(signers, announced, bytes, now);
        if let Some(bytes) = self.store.read(name)?
            && let Ok(kept) = check(&bytes)
        {
            return Ok(kept);
        }
        let file = file_name(name, root, announced.version.get())?;
        let most = announced.length.unwrap_or(u64::MAX).min(self.limits.targets);
        let bytes = self.fetch_needed(&file, most).await?;
        let new = check(&bytes).map_err(untrusted)?;
        let floors = self.store.floors().clone();
        self.store.commit(Change { put: [(name.to_owned(), bytes)].into(), floors, ..Change::default() })?;
        Ok(new)
    }

    /// What is kept of a role, if its signers under the present root still stand to it. Its
    /// floors count either way.
    fn stored<R: Role>(
        &self,
        check: impl FnOnce(&[u8]) -> Result<Metadata<R>, Distrust>,
    ) -> Result<Option<Metadata<R>>, ClientError> {
        Ok(self.store.read(R::TYPE)?.and_then(|bytes| check(&bytes).ok()))
    }

    async fn fetch_needed(&self, file: &str, most: u64) -> Result<Vec<u8>, ClientError> {
        let bytes = self.fetch(file, most).await?;
        bytes.ok_or_else(|| ClientError::Missing { file: file.to_owned() })
    }

    /// Fetches a metadata file, never more than `most` bytes of it.
    async fn fetch(&self, file: &str, most: u64) -> Result<Option<Vec<u8>>, ClientError> {
        let failed = |source| ClientError::Transport { file: file.to_owned(), source };
        let body = self.transport.fetch(Resource::Metadata(file), 0).await.map_err(failed)?;
        let Some(mut body) = body else { return Ok(None) };
        let mut bytes = Vec::new();
        while let Some(piece) = body.next().await.map_err(failed)? {
            if (bytes.len() + piece.len()) as u64 > most {
                return Err(ClientError::TooLong { file: file.to_owned(), most });
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(Some(bytes))
    }
}

/// The name of a metadata file (section 6.2), quoted so that it stays within its folder.
fn file_name(role: &str, root: &Metadata<Root>, version: u64) -> Result<String, ClientError> {
    let name = quoted(role);
    // With room for a version and the endings of a store.
    if name.len() > crate::name::LONGEST_FILE_NAME - 40 {
        return Err(ClientError::RoleNameTooLong { role: role.to_owned() });
    }
    Ok(if root.signed().consistent_snapshot {
        format!("{version}.{name}.json")
    } else {
        format!("{name}.json")
    })
}

impl Refreshed {
    fn of(
        root: &Metadata<Root>,
        timestamp: &Metadata<Timestamp>,
        snapshot: &Metadata<Snapshot>,
        targets: &Metadata<Targets>,
    ) -> Self {
        let (root, timestamp) = (root.signed(), timestamp.signed());
        let (snapshot, targets) = (snapshot.signed(), targets.signed());
        let good_until = root.expires.min(timestamp.expires).min(snapshot.expires).min(targets.expires);
        Self {
            root: root.version.get(),
            timestamp: timestamp.version.get(),
            snapshot: snapshot.version.get(),
            targets: targets.version.get(),
            good_until: good_until.get(),
            timestamp_expires: timestamp.expires.get(),
            signed_at: timestamp.signed_at(),
        }
    }
}

impl From<MetadataError> for Distrust {
    fn from(error: MetadataError) -> Self {
        Self::Malformed(error)
    }
}
