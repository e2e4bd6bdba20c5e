//! The signed repository: what a target is, and the way to its bytes.

use std::path::Path;

use bytes::Bytes;
use install::Content;
use jiff::Timestamp;
use release::{Delta, Release};
use reqwest::Client as Http;
use stick::Staging;
use tuf::{
    Client, ClientError, Limits, Refreshed, StaleTimestamp, Target, TargetCheck, TargetPath,
    store::{DurableStore, Folder, MemoryStore, StoreError},
    transport::{Body, FolderTransport, HttpsTransport, Resource, Transport, TransportError},
};

use crate::{settings::RepositoryPart, update::NotAllowed};

/// Where what comes off a stick is staged, within `[files] state`.
pub const STAGING: &str = "stick";

/// Where the repository is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// At its servers.
    Network,
    /// In what was staged off a stick that was admitted, its timestamp taken so.
    Stick(StaleTimestamp),
}

/// The way to the files.
#[derive(Clone)]
pub enum Way {
    /// Over the network.
    Network(HttpsTransport),
    /// In staging.
    Staged(FolderTransport),
}

/// A file under way.
pub enum WayBody {
    /// Over the network.
    Network(<HttpsTransport as Transport>::Body),
    /// In staging.
    Staged(<FolderTransport as Transport>::Body),
}

impl Transport for Way {
    type Body = WayBody;

    async fn fetch(&self, resource: Resource<'_>, from: u64) -> Result<Option<WayBody>, TransportError> {
        Ok(match self {
            Self::Network(way) => way.fetch(resource, from).await?.map(WayBody::Network),
            Self::Staged(way) => way.fetch(resource, from).await?.map(WayBody::Staged),
        })
    }
}

impl Body for WayBody {
    fn starts_at(&self) -> u64 {
        match self {
            Self::Network(body) => body.starts_at(),
            Self::Staged(body) => body.starts_at(),
        }
    }

    async fn next(&mut self) -> Result<Option<Bytes>, TransportError> {
        match self {
            Self::Network(body) => body.next().await,
            Self::Staged(body) => body.next().await,
        }
    }
}

/// The repository, and what is remembered of it.
pub struct Repository {
    client: Client<Way, DurableStore<Folder>>,
    network: HttpsTransport,
    staged: FolderTransport,
}

/// Why the repository cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RepositoryError {
    /// What is remembered cannot be read.
    #[error("what is remembered of the repository")]
    Store(#[from] StoreError),
    /// The root that the machine was shipped with.
    #[error("the root of trust")]
    Root(#[from] ClientError),
}

/// A target as somebody with a right to it has listed it, and where its bytes are.
pub struct Found {
    /// The target.
    pub target: Target,
    /// What the repository calls its file.
    pub file: String,
    /// The way to it.
    pub way: Way,
}

impl Repository {
    /// Opens what is remembered in a folder. `root` is the metadata that the machine was
    /// shipped with; it counts where nothing is remembered yet.
    pub fn open(
        folder: &Path,
        part: &RepositoryPart,
        http: Http,
        root: &[u8],
    ) -> Result<Self, RepositoryError> {
        let network = HttpsTransport::new(http, part.metadata.as_str(), part.targets.as_str());
        let staged = Staging::of(&folder.with_file_name(STAGING)).transport();
        let store = DurableStore::open(Folder::open(folder)?)?;
        let mut client = Client::new(Way::Network(network.clone()), store, Limits::default());
        match client.trust(root) {
            Ok(()) | Err(ClientError::RootAlreadyThere) => Ok(Self { client, network, staged }),
            Err(error) => Err(error.into()),
        }
    }

    /// Brings the metadata up to date and looks a path up. The outer error is the network's or
    /// the repository's, and may pass; the inner one is about the name.
    pub async fn look_up(
        &mut self,
        name: &str,
        source: Source,
        now: Timestamp,
    ) -> Result<(Refreshed, Result<Found, NotAllowed>), ClientError> {
        let (way, stale) = match source {
            Source::Network => (Way::Network(self.network.clone()), StaleTimestamp::Refused),
            Source::Stick(stale) => (Way::Staged(self.staged.clone()), stale),
        };
        self.client.go_by(way.clone());
        let refreshed = self.client.refresh_with(now, stale).await?;
        let Ok(path) = TargetPath::new(name) else { return Ok((refreshed, Err(NotAllowed::NoName))) };
        let Some(target) = self.client.find(&path).await? else {
            return Ok((refreshed, Err(NotAllowed::NotListed)));
        };
        let file = self.client.file_of(&target)?;
        Ok((refreshed, Ok(Found { target, file, way })))
    }

    /// Brings the metadata up to date, by the network.
    pub async fn refresh(&mut self, now: Timestamp) -> Result<Refreshed, ClientError> {
        self.client.go_by(Way::Network(self.network.clone()));
        self.client.refresh(now).await
    }

    /// A copy of what is remembered, to judge a stick by.
    pub fn memory(&self) -> Result<MemoryStore, StoreError> {
        MemoryStore::copy_of(self.client.store())
    }
}

/// Why a small target cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The network or the repository; it may pass.
    #[error("it cannot be read")]
    Repository(#[from] ClientError),
    /// No target has such a name.
    #[error("{name} is no name of a target")]
    NoName {
        /// It.
        name: String,
    },
    /// Listed as longer than it may be.
    #[error("{name} is {length} bytes long, and may have {most}")]
    TooLong {
        /// It.
        name: String,
        /// How long.
        length: u64,
        /// How long it may be.
        most: u64,
    },
}

impl Repository {
    /// A small target, whole; `None`: nobody who may lists it. After `refresh`, whose time counts.
    pub async fn read(&mut self, name: &str, most: u64) -> Result<Option<Vec<u8>>, ReadError> {
        let path = TargetPath::new(name).map_err(|_| ReadError::NoName { name: name.to_owned() })?;
        let Some(target) = self.client.find(&path).await? else { return Ok(None) };
        let length = target.file.length;
        if length > most {
            return Err(ReadError::TooLong { name: name.to_owned(), length, most });
        }
        let mut bytes = Vec::new();
        self.client.download(&target, &mut TargetCheck::new(&target), &mut bytes).await?;
        Ok(Some(bytes))
    }
}

impl Repository {
    /// The file of a delta, if it is listed as its release says. After `look_up`, whose time counts.
    pub async fn delta(&mut self, delta: &Delta) -> Result<Option<String>, ClientError> {
        let Ok(path) = TargetPath::new(delta.name.as_str()) else { return Ok(None) };
        let sha256 = String::from(delta.sha256);
        let listed = self.client.find(&path).await?.filter(|target| {
            target.file.length == delta.length.get() && target.file.hashes.get("sha256") == Some(&sha256)
        });
        listed.map(|target| self.client.file_of(&target)).transpose()
    }

    /// How far back the signers let kiosks go from this release, if they still list it. After
    /// `look_up`, whose time counts.
    pub async fn least(&mut self, good: &Content) -> Result<Option<u64>, ClientError> {
        let Ok(path) = TargetPath::new(&good.target) else { return Ok(None) };
        Ok(least_of(good, self.client.find(&path).await?))
    }
}

/// How far back the signers let kiosks go from a release, by what is listed under its path.
pub fn least_of(good: &Content, listed: Option<Target>) -> Option<u64> {
    let listed = listed
        .filter(|target| target.file.hashes.get("sha256") == Some(hex::encode(good.listed.sha256).as_str()));
    let release = listed.and_then(|target| target.file.custom::<Release>()?.ok());
    release.map(|release| release.fields().min_release_seq.get())
}
