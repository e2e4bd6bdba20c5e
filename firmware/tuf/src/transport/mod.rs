//! The way to a repository. It is not trusted: whatever comes is held against metadata.
//!
//! A transport says "not there" only where the repository said so. A network that is down, a
//! server that stutters or a stick that cannot be read is an error, never an answer: the end
//! of the chain of roots must not be where the cable was pulled.

mod folder;
#[cfg(feature = "https")]
mod https;
#[cfg(feature = "https")]
mod pace;

use std::{error::Error, future::Future};

use bytes::Bytes;

pub use self::folder::FolderTransport;
#[cfg(feature = "https")]
pub use self::{https::HttpsTransport, pace::Pace};

/// A file of a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource<'a> {
    /// A metadata file by its name, which is safe as a file name and within an address.
    Metadata(&'a str),
    /// A target file by its path, with the digest in it that a consistent snapshot puts there.
    Target(&'a str),
}

/// Fetches files of one repository.
pub trait Transport: Send + Sync {
    /// A file under way.
    type Body: Body;

    /// Opens a file, from its byte `from` on if the repository can do that. `None`: the
    /// repository says that there is no such file.
    fn fetch(
        &self,
        resource: Resource<'_>,
        from: u64,
    ) -> impl Future<Output = Result<Option<Self::Body>, TransportError>> + Send;
}

/// A file under way.
pub trait Body: Send {
    /// Which byte of the file comes first: what was asked for, or 0.
    fn starts_at(&self) -> u64;

    /// The next piece, not empty; `None` at the end. Pieces are small against any limit.
    fn next(&mut self) -> impl Future<Output = Result<Option<Bytes>, TransportError>> + Send;
}

/// Why a file could not be fetched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// No connection, a broken one, or an answer that is none.
    #[error("the connection failed")]
    Connection(#[source] Box<dyn Error + Send + Sync>),
    /// The server answered with neither the file nor 404.
    #[error("the server answered with status {code}")]
    Status {
        /// The HTTP status.
        code: u16,
    },
    /// Nothing came for too long.
    #[error("nothing came for {seconds} s")]
    Silent {
        /// How long, in seconds.
        seconds: u64,
    },
    /// So little came that it would never end (slow retrieval, TUF 1.0.34, section 1.5.2).
    #[error("{bytes} bytes in {seconds} s")]
    TooSlow {
        /// What came.
        bytes: u64,
        /// In how many seconds.
        seconds: u64,
    },
    /// Another part of the file than was asked for.
    #[error("another part of the file came than was asked for")]
    WrongPart,
    /// A name that no file of a repository has.
    #[error("not a name of a file")]
    UnusableName,
    /// A link, a folder, a device or a pipe where a file should be.
    #[error("not a plain file")]
    NotAFile,
    /// The medium cannot be read.
    #[error("the medium cannot be read")]
    Medium(#[source] std::io::Error),
}
