//! The way to the servers: TLS 1.2 or 1.3 that trusts one authority, or none where a site has a
//! mirror of its own; no redirects, no system proxies, no system authorities.

use std::{path::Path, sync::Arc, time::Duration};

use reqwest::{Client, redirect::Policy};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};

use crate::settings::Tls;

/// Why no connection can be made at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// A file holds no certificate or no key.
    #[error("{} holds no {what}", path.display())]
    Missing {
        /// `certificate`, `private key`.
        what: &'static str,
        /// The file.
        path: std::path::PathBuf,
    },
    /// Certificate and key do not fit.
    #[error("the kiosk's certificate cannot be used")]
    Identity(#[source] rustls::Error),
    /// The client cannot be made.
    #[error("no HTTP client")]
    Client(#[source] reqwest::Error),
}

/// A client. Answers may take as long as they keep coming.
pub fn client(tls: &Tls) -> Result<Client, HttpError> {
    Client::builder()
        .tls_backend_preconfigured(config(tls)?)
        .redirect(Policy::none())
        .no_proxy()
        .connect_timeout(Duration::from_secs(10))
        .read_timeout(Duration::from_secs(30))
        .user_agent(concat!("fleetd/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(HttpError::Client)
}

fn config(tls: &Tls) -> Result<ClientConfig, HttpError> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = &tls.ca {
        for authority in certificates(path)? {
            let unusable = |_| HttpError::Missing { what: "certificate authority", path: path.clone() };
            roots.add(authority).map_err(unusable)?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(HttpError::Identity)?
        .with_root_certificates(roots);
    let Some(path) = &tls.identity else { return Ok(config.with_no_client_auth()) };
    let missing = |_| HttpError::Missing { what: "private key", path: path.clone() };
    let key = PrivateKeyDer::from_pem_file(path).map_err(missing)?;
    config.with_client_auth_cert(certificates(path)?, key).map_err(HttpError::Identity)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, HttpError> {
    let all: Vec<_> =
        CertificateDer::pem_file_iter(path).into_iter().flatten().filter_map(Result::ok).collect();
    if all.is_empty() {
        return Err(HttpError::Missing { what: "certificate", path: path.to_owned() });
    }
    Ok(all)
}
