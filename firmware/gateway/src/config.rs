//! The `[gateway]` section of a site's settings.

use std::path::PathBuf;

use serde::Deserialize;

/// Where the platform is and what proves that it is the platform.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct GatewayConfig {
    /// `https://host[:port]`, nothing behind it.
    pub url: String,
    /// This machine's name at the platform.
    pub kiosk: String,
    /// The only certificate authority that may vouch for the platform (PEM).
    pub platform_ca: PathBuf,
    /// This machine's certificate (PEM).
    pub client_certificate: PathBuf,
    /// Its private key (PEM, PKCS#8).
    pub client_key: PathBuf,
    /// The key with which the platform signs its answers.
    pub platform_signing_key: PathBuf,
    /// The key to which everything about a person is sealed.
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
    /// How often a request is sent at most while a citizen waits.
    #[serde(default = "GatewayConfig::tries")]
    pub tries: u8,
}

impl GatewayConfig {
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
}
