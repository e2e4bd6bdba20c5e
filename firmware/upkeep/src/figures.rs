//! What the kiosk did since its start, as `kioskd` counts it: the indicators of the services.
//! Numbers under words of closed lists, never what anybody did.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Folder, FolderError};

const NAME: &str = "figures.json";

/// The upper bounds of how long visits take, in seconds.
pub const VISIT_BOUNDS: &[u32] = &[15, 30, 60, 90, 120, 180, 240, 300, 420, 600, 900];

/// What the kiosk did. Every count begins at 0 with `kioskd`. Fields that are not known here are
/// passed over: the other program may be a release ahead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// Visits that ended, by service and outcome.
    pub visits: BTreeMap<String, BTreeMap<String, u64>>,
    /// How long they took.
    pub durations: Durations,
    /// Faults by code.
    pub faults: BTreeMap<String, u64>,
    /// Slips printed, by what they were for.
    pub slips: BTreeMap<String, u64>,
    /// Cards by what they were.
    pub cards: BTreeMap<String, u64>,
    /// Looks at a face by what they came to.
    pub faces: BTreeMap<String, u64>,
    /// When the oldest transaction that waits was stored.
    pub oldest: Option<Timestamp>,
}

/// How long things took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Durations {
    /// The upper bounds of all buckets but the last, in seconds.
    pub bounds: Vec<u32>,
    /// How many fell into each bucket and no lower one.
    pub counts: Vec<u64>,
    /// All together, in milliseconds.
    pub sum: u64,
}

impl Default for Figures {
    fn default() -> Self {
        Self {
            visits: BTreeMap::new(),
            durations: Durations {
                bounds: VISIT_BOUNDS.to_vec(),
                counts: vec![0; VISIT_BOUNDS.len() + 1],
                sum: 0,
            },
            faults: BTreeMap::new(),
            slips: BTreeMap::new(),
            cards: BTreeMap::new(),
            faces: BTreeMap::new(),
            oldest: None,
        }
    }
}

impl Durations {
    /// Counts one. A bound belongs to its bucket.
    pub fn count(&mut self, took: Duration) {
        let bucket = self.bounds.iter().position(|bound| took <= Duration::from_secs((*bound).into()));
        if let Some(count) = self.counts.get_mut(bucket.unwrap_or(self.bounds.len())) {
            *count += 1;
        }
        self.sum += took.as_millis() as u64;
    }
}

impl Folder {
    /// Puts the figures in place of the ones before.
    pub fn tell_figures(&self, figures: &Figures) -> Result<(), FolderError> {
        self.put(NAME, figures)
    }

    /// The newest figures, if there are any.
    pub fn figures(&self) -> Option<Figures> {
        self.get(NAME)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_as_they_were_told() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::new(place.path());
        assert_eq!(folder.figures(), None);
        let mut figures = Figures::default();
        figures.visits.entry("eid.activate".to_owned()).or_default().insert("received".to_owned(), 3);
        figures.durations.count(Duration::from_secs(75));
        figures.oldest = Some(Timestamp::from_second(1_800_000_000).unwrap());
        folder.tell_figures(&figures).unwrap();
        assert_eq!(folder.figures(), Some(figures));
    }

    #[test]
    fn a_time_falls_into_the_first_bucket_that_holds_it() {
        let mut durations = Figures::default().durations;
        for millis in [0, 15_000, 15_001, 30_000, 900_000, 900_001] {
            durations.count(Duration::from_millis(millis));
        }
        assert_eq!(durations.counts, [2, 2, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
        assert_eq!(durations.sum, 1_860_002);
    }
}
