//! `[metrics]` of the settings.

use std::{
    num::{NonZeroU32, NonZeroU64},
    path::PathBuf,
    time::Duration,
};

use reqwest::header::HeaderValue;
use serde::Deserialize;

use super::LEAST_BUFFER;
use crate::settings::{Address, SettingsError, text};

/// Where figures go.
#[derive(Clone)]
pub struct PushSettings {
    /// The address that takes Prometheus text.
    pub address: Address,
    /// How often.
    pub every: Duration,
    /// The most bytes that wait on the disk.
    pub buffer: NonZeroU64,
    /// What proves the kiosk to the engine.
    pub bearer: Option<HeaderValue>,
}

/// As it stands in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PushFile {
    push: Address,
    every_seconds: NonZeroU32,
    buffer_bytes: NonZeroU64,
    bearer_token: Option<PathBuf>,
}

impl PushFile {
    pub(crate) fn read(self) -> Result<PushSettings, SettingsError> {
        if self.buffer_bytes < LEAST_BUFFER {
            return Err(SettingsError::Metrics("buffer-bytes is less than 65536"));
        }
        let bearer = match &self.bearer_token {
            None => None,
            Some(path) => {
                let wrong = |_| SettingsError::Metrics("bearer-token holds more than printable letters");
                let mut value =
                    HeaderValue::try_from(format!("Bearer {}", text(path)?.trim())).map_err(wrong)?;
                value.set_sensitive(true);
                Some(value)
            }
        };
        Ok(PushSettings {
            address: self.push,
            every: Duration::from_secs(self.every_seconds.get().into()),
            buffer: self.buffer_bytes,
            bearer,
        })
    }
}
