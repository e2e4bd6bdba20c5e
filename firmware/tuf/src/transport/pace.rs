//! How slow a server may be.

use std::time::Duration;

use tokio::time::Instant;

use super::TransportError;

/// The least that must come. A server below it holds an update up without ever failing
/// (slow retrieval, TUF 1.0.34, section 1.5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// The longest that nothing may come.
    pub silence: Duration,
    /// How long bytes are counted together.
    pub window: Duration,
    /// The least bytes of such a time.
    pub least: u64,
}

impl Default for Pace {
    /// A bad mobile network passes: 16 KiB a minute.
    fn default() -> Self {
        Self { silence: Duration::from_secs(20), window: Duration::from_mins(1), least: 16_384 }
    }
}

/// Counts what comes.
#[derive(Debug)]
pub(super) struct Counted {
    pace: Pace,
    since: Instant,
    bytes: u64,
}

impl Counted {
    pub(super) fn start(pace: Pace) -> Self {
        Self { pace, since: Instant::now(), bytes: 0 }
    }

    /// Waits for something, but no longer than silence is allowed.
    pub(super) async fn wait<T>(&self, coming: impl Future<Output = T>) -> Result<T, TransportError> {
        let waited = tokio::time::timeout(self.pace.silence, coming).await;
        waited.map_err(|_| TransportError::Silent { seconds: self.pace.silence.as_secs() })
    }

    /// Notes that so many bytes came.
    pub(super) fn came(&mut self, bytes: usize) -> Result<(), TransportError> {
        self.bytes += bytes as u64;
        if self.since.elapsed() < self.pace.window {
            return Ok(());
        }
        if self.bytes < self.pace.least {
            return Err(TransportError::TooSlow { bytes: self.bytes, seconds: self.pace.window.as_secs() });
        }
        *self = Self::start(self.pace);
        Ok(())
    }
}
