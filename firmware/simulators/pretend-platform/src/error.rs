//! Why the pretend platform cannot start.

use std::{io, net::SocketAddr, path::PathBuf};

/// Why the pretend platform cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlatformError {
    /// The scenario or the people cannot be read.
    #[error(transparent)]
    Scenario(#[from] simulators::scenario::SimulatorError),
    /// A fault names an operation that does not exist.
    #[error("no operation of openapi.yaml is called '{0}'")]
    NoSuchOperation(String),
    /// A file of the folder cannot be used.
    #[error("cannot use {}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file of the folder holds something else.
    #[error("{} is damaged; empty the folder to make it anew", path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
    },
    /// A key cannot be kept or read.
    #[error(transparent)]
    Key(#[from] keys::KeyError),
    /// A certificate cannot be made.
    #[error("cannot make a certificate")]
    Certificate(#[from] rcgen::Error),
    /// TLS does not take the certificates.
    #[error("TLS does not take the certificates of the folder")]
    Tls(#[from] rustls::Error),
    /// The port is taken.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}
