//! The `[gateway]` section of a site's settings, and what it leads to: keys and TLS.

use std::{
    fs,
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use serde::Deserialize;

use crate::GatewayError;

/// Where the platform is and what proves that it is the platform. Nothing about that
/// has a default; times have.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct GatewayConfig {
    /// `https://host[:port]`, nothing behind it.
    pub url: String,
    /// This machine's name at the platform, such as `hn-dongda-03`.
    pub kiosk: String,
    /// The only certificate authority that may vouch for the platform (PEM).
    pub platform_ca: PathBuf,
    /// This machine's certificate (PEM).
    pub client_certificate: PathBuf,
    /// Its private key (PEM, PKCS#8).
    pub client_key: PathBuf,
    /// The key with which the platform signs its answers (64 hexadecimal digits).
    pub platform_signing_key: PathBuf,
    /// The key to which everything about a person is sealed (64 hexadecimal digits).
    pub platform_sealing_key: PathBuf,
    /// Until the connection stands, in milliseconds.
    #[serde(default = "GatewayConfig::connect_timeout")]
    pub connect_timeout_ms: u64,
    /// Until an answer has come, in milliseconds, where a citizen waits.
    #[serde(default = "GatewayConfig::answer_timeout")]
    pub answer_timeout_ms: u64,
    /// Until a receipt has come, in milliseconds.
    #[serde(default = "GatewayConfig::submit_timeout")]
    pub submit_timeout_ms: u64,
    /// From how long an answer counts as slow, in milliseconds.
    #[serde(default = "GatewayConfig::slow_after")]
    pub slow_after_ms: u64,
    /// How often a request is sent at most while a citizen waits. A record is sent once;
    /// the outbox sends it again.
    #[serde(default = "GatewayConfig::tries")]
    pub tries: u8,
}

impl GatewayConfig {
    /// The settings for a platform whose files lie in one folder under the names that
    /// enrolment gives them.
    pub fn in_folder(url: &str, kiosk: &str, folder: &Path) -> Self {
        Self {
            url: url.to_owned(),
            kiosk: kiosk.to_owned(),
            platform_ca: folder.join("platform-ca.pem"),
            client_certificate: folder.join("kiosk-client.pem"),
            client_key: folder.join("kiosk-client.key"),
            platform_signing_key: folder.join("platform-signing.pub"),
            platform_sealing_key: folder.join("platform-seal.pub"),
            connect_timeout_ms: Self::connect_timeout(),
            answer_timeout_ms: Self::answer_timeout(),
            submit_timeout_ms: Self::submit_timeout(),
            slow_after_ms: Self::slow_after(),
            tries: Self::tries(),
        }
    }

    fn connect_timeout() -> u64 {
        3_000
    }

    fn answer_timeout() -> u64 {
        5_000
    }

    fn submit_timeout() -> u64 {
        8_000
    }

    fn slow_after() -> u64 {
        2_000
    }

    fn tries() -> u8 {
        2
    }

    /// The address without a slash at its end.
    pub(crate) fn base(&self) -> Result<String, GatewayError> {
        let refused = |why| GatewayError::Setting { key: "url", why };
        let rest = self.url.strip_prefix("https://").ok_or(refused("does not begin with https://"))?;
        let host = rest.strip_suffix('/').unwrap_or(rest);
        if host.is_empty() || host.contains(['/', '?', '#', '@']) {
            return Err(refused("is not https://host[:port]"));
        }
        Ok(format!("https://{host}"))
    }

    /// The name, which stands in paths.
    pub(crate) fn kiosk_name(&self) -> Result<String, GatewayError> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if (1..=64).contains(&self.kiosk.len()) && self.kiosk.bytes().all(plain) {
            return Ok(self.kiosk.clone());
        }
        Err(GatewayError::Setting { key: "kiosk", why: "is not small letters, digits and hyphens" })
    }

    /// A duration that is not nothing.
    pub(crate) fn time(key: &'static str, milliseconds: u64) -> Result<Duration, GatewayError> {
        if milliseconds == 0 {
            return Err(GatewayError::Setting { key, why: "is 0" });
        }
        Ok(Duration::from_millis(milliseconds))
    }

    /// How often at most; at least once.
    pub(crate) fn tries_at_most(&self) -> Result<u8, GatewayError> {
        if self.tries == 0 {
            return Err(GatewayError::Setting { key: "tries", why: "is 0" });
        }
        Ok(self.tries)
    }

    /// TLS 1.3 that trusts one authority and shows our certificate. Written out rather
    /// than left to the HTTP client, so that no system authority can slip in.
    pub(crate) fn tls(&self) -> Result<ClientConfig, GatewayError> {
        let missing = |what, path: &Path| GatewayError::Key { what, path: path.to_owned() };
        let mut roots = RootCertStore::empty();
        for authority in certificates(&self.platform_ca) {
            roots.add(authority).map_err(|_| missing("certificate authority", &self.platform_ca))?;
        }
        if roots.is_empty() {
            return Err(missing("certificate authority", &self.platform_ca));
        }
        let chain = certificates(&self.client_certificate);
        if chain.is_empty() {
            return Err(missing("certificate", &self.client_certificate));
        }
        let key = PrivateKeyDer::from_pem_file(&self.client_key)
            .map_err(|_| missing("private key", &self.client_key))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(GatewayError::Identity)?
            .with_root_certificates(roots)
            .with_client_auth_cert(chain, key)
            .map_err(GatewayError::Identity)
    }
}

/// A public key out of its file.
pub(crate) fn public_key<K: FromStr>(what: &'static str, path: &Path) -> Result<K, GatewayError> {
    let missing = || GatewayError::Key { what, path: path.to_owned() };
    fs::read_to_string(path).ok().and_then(|text| text.trim().parse().ok()).ok_or_else(missing)
}

fn certificates(path: &Path) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_file_iter(path).into_iter().flatten().filter_map(Result::ok).collect()
}
