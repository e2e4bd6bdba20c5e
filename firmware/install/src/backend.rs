//! What fleetd asks of whatever installs: slots of its own (`AppSlots`), or a system's updater
//! (the crate `rauc`). Nothing here knows how it is done.

use std::{future::Future, num::NonZeroU8};

use tuf::transport::{Body, Resource, Transport, TransportError};

use crate::{
    boot::{Boot, Rejected},
    error::InstallError,
    slots::{Content, DeltaFile},
};

/// Installs releases of one kind.
pub trait InstallBackend: Send {
    /// What is installed, and what is under way.
    fn status(&self) -> Result<Status, InstallError>;

    /// Writes a release beside the one that runs, or goes on with a write that broke off. A
    /// release that is there already, whole, is not written again. The source is not trusted.
    /// Nothing is activated.
    ///
    /// Dropping this future stops the write as a broken source does.
    fn write<S: Source>(
        &mut self,
        content: &Content,
        source: &mut S,
    ) -> impl Future<Output = Result<(), InstallError>> + Send;

    /// The next start takes what was written, for at most so many starts.
    fn try_out(&mut self, tries: NonZeroU8) -> Result<(), InstallError>;

    /// The release on trial may change data from now on, so that the release before cannot
    /// read it. To be called before it does.
    fn data_migrating(&mut self) -> Result<(), InstallError>;

    /// The data is as it was before the trial.
    fn data_restored(&mut self) -> Result<(), InstallError>;

    /// A release that was written and has not run is never taken again.
    fn refuse(&mut self, content: &Content, why: &str) -> Result<(), InstallError>;

    /// What is on trial is good.
    fn commit(&mut self) -> Result<(), InstallError>;

    /// The next start takes the release before; what is on trial is never taken again.
    fn roll_back(&mut self, why: &str) -> Result<(), InstallError>;
}

/// Where a target comes from.
pub trait Source: Send {
    /// The target under way.
    type Body: Body;

    /// Opens the target, from its byte `from` on if that can be done, else from the first.
    fn open(&mut self, from: u64) -> impl Future<Output = Result<Self::Body, TransportError>> + Send;
}

/// A file of a repository: `tuf::Client::transport` and `tuf::Client::file_of` a target.
#[derive(Clone, Debug)]
pub struct RepositoryFile<'a, T> {
    /// The way to the repository.
    pub transport: &'a T,
    /// What the repository calls the file.
    pub file: String,
}

impl<T: Transport> Source for RepositoryFile<'_, T> {
    type Body = T::Body;

    async fn open(&mut self, from: u64) -> Result<T::Body, TransportError> {
        let body = self.transport.fetch(Resource::Target(&self.file), from).await?;
        body.ok_or(TransportError::Status { code: 404 })
    }
}

/// What is installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The release that is started unless one is on trial; none: unknown.
    pub good: Option<Content>,
    /// The release on trial.
    pub trial: Option<OnTrial>,
    /// A release that is written whole and not on trial.
    pub whole: Option<Content>,
    /// A release that is being written.
    pub writing: Option<Progress>,
    /// No release below this one is taken.
    pub floor: u64,
    /// Releases that were rolled back, the newest last.
    pub rejected: Vec<Rejected>,
    /// The last change, in a line.
    pub last: String,
    /// All this in a line.
    pub line: String,
}

impl Status {
    /// What a boot record says.
    pub fn of(boot: &Boot) -> Self {
        let file = boot.fields();
        let spare = boot.content(boot.spare()).cloned();
        Self {
            good: file.good.and_then(|good| boot.content(good)).cloned(),
            trial: file.trial.and_then(|trial| {
                Some(OnTrial {
                    content: boot.content(trial.slot)?.clone(),
                    tries_left: trial.tries_left,
                    runs: file.running == Some(trial.slot),
                    data_migrated: trial.data_migrated,
                })
            }),
            whole: spare.filter(|content| file.trial.is_none() && boot.takes(content).is_ok()),
            writing: file.writing.as_ref().map(|writing| Progress {
                content: writing.content.clone(),
                delta: writing.delta,
                taken: writing.checkpoint.taken,
            }),
            floor: file.floor,
            rejected: file.rejected.clone(),
            last: file.last.clone(),
            line: boot.line(),
        }
    }
}

/// A release on trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnTrial {
    /// The release.
    pub content: Content,
    /// Starts left.
    pub tries_left: u8,
    /// Whether it was started last: it is what runs.
    pub runs: bool,
    /// Whether it may have changed the data.
    pub data_migrated: bool,
}

/// A write under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The release.
    pub content: Content,
    /// What it comes by; none: its target.
    pub delta: Option<DeltaFile>,
    /// Bytes of the target or the delta that need not come again.
    pub taken: u64,
}
