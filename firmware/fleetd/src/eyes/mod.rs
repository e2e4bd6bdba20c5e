//! What the fleet sees of a kiosk: every so often its figures are written into the buffer on the
//! disk, with their time, and sent from there to a Prometheus-compatible engine. It holds up
//! nothing: an engine that is away costs a file a sample, a full buffer its oldest.

mod engine;
mod machine;
mod sampling;
mod settings;

use std::{collections::BTreeMap, num::NonZeroU64, path::Path, time::Duration};

use faults::chain;
use jiff::Timestamp;
use metrics::{Buffer, BufferError, KioskName};
use reqwest::Client;
use tokio::{sync::mpsc, time::Instant};
use tuf::store::{Folder, StoreError};

pub use self::{
    engine::{DrainError, Engine, PushError},
    machine::Machine,
    sampling::{Seen, sample},
    settings::{PushFile, PushSettings},
};
use crate::{
    ddi::{Failure, Pace},
    machine as own,
};

/// How often the repository's metadata are brought up to date, so that what is known of their
/// expiry, and of the time, does not get old on a kiosk that is ordered nothing.
const REFRESH_EVERY: Duration = Duration::from_hours(6);
/// The same after a failure.
const REFRESH_AGAIN: Duration = Duration::from_mins(30);
/// So many looks may wait while the engine takes what waited before.
const QUEUE: usize = 64;

/// The loop's end.
pub struct Eyes {
    every: Duration,
    look_at: Instant,
    refresh_at: Instant,
    tell: mpsc::Sender<Seen>,
    /// Polls of the fleet server that were answered, and that were not.
    pub polls: (u64, u64),
    /// When the first of the repository's metadata expires.
    pub metadata_until: Option<Timestamp>,
    /// The slots, as they were when they could be read last.
    pub slots: Option<install::Status>,
}

/// Why the eyes do not open.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EyesError {
    /// The folder.
    #[error("the folder of the samples")]
    Folder(#[from] StoreError),
    /// What lies in it.
    #[error("the buffer of the samples")]
    Buffer(#[from] BufferError),
}

/// Where the task works.
pub struct Place<'a> {
    /// What `fleetd` remembers.
    pub state: &'a Path,
    /// What `kioskd` and `fleetd` tell each other.
    pub upkeep: &'a Path,
    /// The slots.
    pub slots: &'a Path,
}

impl Eyes {
    /// Opens the buffer and starts the task, within the runtime.
    pub fn open(
        settings: &PushSettings,
        kiosk: KioskName,
        place: &Place<'_>,
        client: Client,
    ) -> Result<Self, EyesError> {
        let buffer = Buffer::open(Folder::open(&place.state.join("metrics"))?, settings.buffer)?;
        let disks = BTreeMap::from([("state", place.state.to_owned()), ("slots", place.slots.to_owned())]);
        let task = Task {
            buffer,
            engine: Engine::new(client, settings),
            kiosk,
            upkeep: upkeep::Folder::new(place.upkeep),
            machine: Machine { proc: "/proc".into(), sys: "/sys".into(), disks },
            pace: Pace::new(settings.every),
            try_at: Instant::now(),
            words_refused: 0,
        };
        let (tell, seen) = mpsc::channel(QUEUE);
        tokio::spawn(task.work(seen));
        // The fleet's kiosks look, and send, spread over the whole interval.
        let first = Pace::new(settings.every).after_start(own::chance());
        let refresh = Pace::new(REFRESH_AGAIN).after_start(own::chance());
        Ok(Self {
            every: settings.every,
            look_at: Instant::now() + first,
            refresh_at: Instant::now() + refresh,
            tell,
            polls: (0, 0),
            metadata_until: None,
            slots: None,
        })
    }

    /// Whether it is time to look. Says so once.
    pub fn look_now(&mut self) -> bool {
        let now = Instant::now();
        let due = now >= self.look_at;
        while self.look_at <= now {
            self.look_at += self.every;
        }
        due
    }

    /// Whether it is time to bring the metadata up to date. Says so once.
    pub fn refresh_now(&mut self) -> bool {
        let due = Instant::now() >= self.refresh_at;
        if due {
            self.refresh_at = Instant::now() + REFRESH_EVERY;
        }
        due
    }

    /// They are up to date, whoever wanted that: an order or the settings may have, too.
    pub fn refreshed(&mut self, good_until: Timestamp) {
        self.metadata_until = Some(good_until);
        self.refresh_at = Instant::now() + REFRESH_EVERY;
    }

    /// That failed.
    pub fn refresh_failed(&mut self) {
        self.refresh_at = Instant::now() + REFRESH_AGAIN;
    }

    /// Hands over what was seen.
    pub fn saw(&self, seen: Seen) {
        if self.tell.try_send(seen).is_err() {
            tracing::warn!("a sample is left out: those before are still being sent");
        }
    }
}

/// Samples, keeps and sends.
struct Task {
    buffer: Buffer<Folder>,
    engine: Engine,
    kiosk: KioskName,
    upkeep: upkeep::Folder,
    machine: Machine,
    pace: Pace,
    try_at: Instant,
    words_refused: u64,
}

impl Task {
    async fn work(mut self, mut seen: mpsc::Receiver<Seen>) {
        while let Some(seen) = seen.recv().await {
            let sample = sample(&seen, &self.machine, &self.buffer, &mut self.words_refused);
            if let Err(error) = self.upkeep.show_metrics(&sample.page(&self.kiosk)) {
                tracing::debug!(error = chain(&error), "metrics.prom");
            }
            let at = seen.at();
            let lines = sample.lines(&self.kiosk, at);
            if at.is_some()
                && let Err(error) = self.buffer.put(&lines)
            {
                tracing::warn!(error = chain(&error), "a sample is lost");
            }
            if Instant::now() < self.try_at {
                continue;
            }
            // Without a time worth keeping, what is seen now is sent now or never.
            let undated = at.is_none().then_some(lines);
            if let Err(error) = self.send(undated).await {
                tracing::warn!(error = chain(&error), waiting = self.buffer.waiting(), "metrics");
                self.try_at = Instant::now() + self.pace.after_failure(error.failure(), own::chance());
            } else {
                self.pace = Pace::default();
            }
        }
    }

    async fn send(&mut self, undated: Option<String>) -> Result<(), DrainError> {
        if let Some(lines) = undated {
            self.engine.push(lines).await?;
        }
        self.engine.drain(&mut self.buffer).await
    }
}

impl DrainError {
    /// How long to stay away.
    pub fn failure(&self) -> Failure {
        match self {
            Self::Push(PushError::Busy { retry_after }) => Failure::Busy(*retry_after),
            _ => Failure::Trouble,
        }
    }
}

/// The least buffer: a few samples.
pub(crate) const LEAST_BUFFER: NonZeroU64 = NonZeroU64::new(64 * 1024).unwrap();
