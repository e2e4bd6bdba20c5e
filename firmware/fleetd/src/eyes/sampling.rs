//! What was seen, in the words of the families. Pure but for the machine's own figures.

use jiff::Timestamp;
use metrics::{Buffer, Family, Histogram, Lost, Sample, families};
use release::Hardware;
use tuf::{
    clock::{ClockLevel, Reading},
    store::Disk,
};
use upkeep::{DeviceHealth, Figures, Vitals};

use super::Machine;

/// What the loop sees at one moment.
pub struct Seen {
    /// The time, and how well it is known.
    pub reading: Reading,
    /// What the system's clock says, by which `kioskd` goes.
    pub clock: Timestamp,
    /// The board.
    pub hardware: Hardware,
    /// How the kiosk is.
    pub vitals: Option<Vitals>,
    /// What it did.
    pub figures: Option<Figures>,
    /// Where the update stands, in a word.
    pub update: &'static str,
    /// How the newest one ended, in a word.
    pub outcome: Option<&'static str>,
    /// The slots.
    pub slots: Option<install::Status>,
    /// Polls of the fleet server that were answered, and that were not.
    pub polls: (u64, u64),
    /// When the first of the repository's metadata expires.
    pub metadata_until: Option<Timestamp>,
}

impl Seen {
    /// The time that the sample is given. A clock that is certainly wrong gives none: all its
    /// samples would have the same.
    pub fn at(&self) -> Option<Timestamp> {
        (self.reading.level != ClockLevel::Unknown).then_some(self.reading.time)
    }
}

/// A sample, and how much of what was seen is in no list.
#[derive(Default)]
pub struct Saying {
    pub(super) sample: Sample,
    pub(super) refused: u64,
}

impl Saying {
    pub(super) fn say(&mut self, family: &'static Family, labels: &[&str], value: f64) {
        let said = self.sample.set(family, labels, value);
        self.note(said);
    }

    fn note(&mut self, said: Result<(), metrics::Refused>) {
        if let Err(error) = said {
            tracing::debug!(%error, "not said");
            self.refused += 1;
        }
    }
}

/// The sample of a moment. `words_refused` counts on.
pub fn sample<D: Disk>(
    seen: &Seen,
    machine: &Machine,
    buffer: &Buffer<D>,
    words_refused: &mut u64,
) -> Sample {
    let mut saying = Saying::default();
    saying.say(&families::UP, &[], 1.0);
    saying.say(&families::INFO, &[seen.hardware.as_str(), env!("CARGO_PKG_VERSION")], 1.0);
    let trust = match seen.reading.level {
        ClockLevel::Unknown => 0.0,
        ClockLevel::Floor => 1.0,
        ClockLevel::Authenticated => 2.0,
    };
    saying.say(&families::CLOCK_TRUST, &[], trust);
    kiosk(seen, &mut saying);
    update(seen, &mut saying);
    machine.measure(&mut saying);
    saying.say(&families::BUFFERED, &[], buffer.bytes() as f64);
    let Lost { full, disk, damaged, refused } = buffer.lost();
    for (why, count) in [("full", full), ("disk", disk), ("damaged", damaged), ("refused", refused)] {
        saying.say(&families::LOST, &[why], count as f64);
    }
    *words_refused += saying.refused;
    saying.say(&families::WORDS_REFUSED, &[], *words_refused as f64);
    saying.sample
}

/// What `kioskd` says, if it speaks of now.
fn kiosk(seen: &Seen, saying: &mut Saying) {
    let vitals = seen.vitals.as_ref().filter(|vitals| vitals.are_fresh(seen.clock));
    saying.say(&families::KIOSKD_UP, &[], yes(vitals.is_some()));
    let Some(vitals) = vitals else { return };
    saying.say(&families::KIOSKD_INFO, &[&vitals.version], 1.0);
    saying.say(&families::KIOSKD_START, &[], unix(vitals.started));
    saying.say(&families::SCREEN_DRAWS, &[], yes(vitals.screen_draws));
    for (device, health) in &vitals.devices {
        saying.say(&families::DEVICE_WORKS, &[device], yes(health.works()));
        if let DeviceHealth::Degraded(code) | DeviceHealth::Failed(code) = health {
            saying.say(&families::DEVICE_FAULT, &[device, code], 1.0);
        }
    }
    for (event, count) in &vitals.events {
        if families::EVENTS.contains(&event.as_str()) {
            saying.say(&families::EVENTS_TOTAL, &[event], *count as f64);
        }
    }
    saying.say(&families::OUTBOX_WAITING, &[], f64::from(vitals.waiting));
    if let Some(figures) = &seen.figures {
        done(figures, seen.clock, saying);
    }
}

fn done(figures: &Figures, clock: Timestamp, saying: &mut Saying) {
    for (service, outcomes) in &figures.visits {
        for (outcome, count) in outcomes {
            saying.say(&families::VISITS, &[service, outcome], *count as f64);
        }
    }
    let histogram = Histogram {
        bounds: figures.durations.bounds.iter().copied().map(f64::from).collect(),
        counts: figures.durations.counts.clone(),
        sum: figures.durations.sum as f64 / 1000.0,
    };
    let said = saying.sample.set_histogram(&families::VISIT_SECONDS, histogram);
    saying.note(said);
    for (family, counts) in [
        (&families::FAULTS, &figures.faults),
        (&families::SLIPS_PRINTED, &figures.slips),
        (&families::CARDS, &figures.cards),
        (&families::FACE_TRIES, &figures.faces),
    ] {
        for (word, count) in counts {
            saying.say(family, &[word], *count as f64);
        }
    }
    let age = figures.oldest.map_or(0.0, |oldest| clock.duration_since(oldest).as_secs_f64().max(0.0));
    saying.say(&families::OUTBOX_OLDEST, &[], age.round());
}

fn update(seen: &Seen, saying: &mut Saying) {
    saying.say(&families::UPDATE_STATE, &[seen.update], 1.0);
    if let Some(outcome) = seen.outcome {
        saying.say(&families::UPDATE_OUTCOME, &[outcome], 1.0);
    }
    let (answers, failures) = seen.polls;
    saying.say(&families::POLLS, &["answer"], answers as f64);
    saying.say(&families::POLLS, &["failure"], failures as f64);
    if let Some(until) = seen.metadata_until {
        saying.say(&families::METADATA_EXPIRES, &[], unix(until));
    }
    let Some(slots) = &seen.slots else { return };
    let trial = slots.trial.as_ref();
    for (slot, content) in [
        ("good", slots.good.as_ref()),
        ("trial", trial.map(|trial| &trial.content)),
        ("spare", slots.whole.as_ref()),
    ] {
        if let Some(content) = content {
            saying.say(&families::RELEASE, &[slot], content.release_seq.get() as f64);
        }
    }
    if let Some(trial) = trial {
        saying.say(&families::TRIAL_STARTS_LEFT, &[], trial.tries_left.into());
    }
    if let Some(writing) = &slots.writing {
        saying.say(&families::UPDATE_TAKEN, &[], writing.taken as f64);
    }
    saying.say(&families::RELEASE_FLOOR, &[], slots.floor as f64);
    saying.say(&families::RELEASES_REJECTED, &[], slots.rejected.len() as f64);
}

fn yes(holds: bool) -> f64 {
    f64::from(u8::from(holds))
}

fn unix(time: Timestamp) -> f64 {
    time.as_second() as f64
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU64;

    use jiff::SignedDuration;
    use tuf::store::Folder;

    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_second(1_800_000_000).unwrap()
    }

    fn seen() -> Seen {
        let vitals = Vitals {
            version: "0.1.0".to_owned(),
            started: now() - SignedDuration::from_hours(1),
            written: now(),
            screen_draws: true,
            devices: [
                ("card-reader".to_owned(), DeviceHealth::Ready),
                ("receipt-printer".to_owned(), DeviceHealth::Degraded("PRINT-02".to_owned())),
                ("camera".to_owned(), DeviceHealth::Failed("CAMERA-01".to_owned())),
            ]
            .into(),
            idle_since: None,
            waiting: 2,
            configuration: None,
            events: [("help-called".to_owned(), 4), ("memory-wiped".to_owned(), 9)].into(),
        };
        let mut figures = Figures::default();
        let outcomes = [("activated".to_owned(), 5)].into();
        figures.visits.insert("eid.activate".to_owned(), outcomes);
        figures.durations.count(std::time::Duration::from_secs(75));
        figures.faults.insert("CARD-01".to_owned(), 3);
        figures.cards.insert("chip-proven".to_owned(), 6);
        figures.faces.insert("grey-zone".to_owned(), 1);
        figures.slips.insert("registered".to_owned(), 5);
        figures.oldest = Some(now() - SignedDuration::from_secs(90));
        Seen {
            reading: Reading { time: now(), level: ClockLevel::Floor },
            clock: now(),
            hardware: Hardware::new("pi5-counter").unwrap(),
            vitals: Some(vitals),
            figures: Some(figures),
            update: "trial",
            outcome: Some("rolled-back"),
            slots: None,
            polls: (7, 1),
            metadata_until: Some(now() + SignedDuration::from_hours(24)),
        }
    }

    /// The lines of a sample, and how many words were refused by then.
    fn lines(seen: &Seen) -> (Vec<String>, u64) {
        let place = tempfile::tempdir().unwrap();
        let buffer = Buffer::open(Folder::open(place.path()).unwrap(), NonZeroU64::MAX).unwrap();
        let nowhere = Machine { proc: "/nowhere".into(), sys: "/nowhere".into(), disks: [].into() };
        let mut words_refused = 10;
        let sample = sample(seen, &nowhere, &buffer, &mut words_refused);
        let lines = sample.lines(&"k".parse().unwrap(), None);
        (
            lines.lines().map(|line| line.replace("kiosk=\"k\",", "").replace("{kiosk=\"k\"}", "")).collect(),
            words_refused,
        )
    }

    #[test]
    fn what_is_seen_is_said() {
        let (said, words_refused) = lines(&seen());
        for line in [
            "kiosk_up 1",
            "kiosk_info{hardware=\"pi5-counter\",fleetd=\"0.1.0\"} 1",
            "kiosk_clock_trust 1",
            "kiosk_kioskd_up 1",
            "kiosk_kioskd_info{version=\"0.1.0\"} 1",
            "kiosk_kioskd_start_time_seconds 1799996400",
            "kiosk_device_works{device=\"camera\"} 0",
            "kiosk_device_works{device=\"receipt-printer\"} 1",
            "kiosk_device_fault{device=\"camera\",code=\"CAMERA-01\"} 1",
            "kiosk_visits_total{service=\"eid.activate\",outcome=\"activated\"} 5",
            "kiosk_visit_duration_seconds_bucket{le=\"60\"} 0",
            "kiosk_visit_duration_seconds_bucket{le=\"90\"} 1",
            "kiosk_visit_duration_seconds_sum 75",
            "kiosk_faults_total{code=\"CARD-01\"} 3",
            "kiosk_cards_total{verdict=\"chip-proven\"} 6",
            "kiosk_face_tries_total{decision=\"grey-zone\"} 1",
            "kiosk_slips_printed_total{slip=\"registered\"} 5",
            "kiosk_events_total{event=\"help-called\"} 4",
            "kiosk_outbox_waiting 2",
            "kiosk_outbox_oldest_seconds 90",
            "kiosk_update_state{state=\"trial\"} 1",
            "kiosk_update_outcome{outcome=\"rolled-back\"} 1",
            "kiosk_polls_total{came_to=\"failure\"} 1",
            "kiosk_metadata_expires_time_seconds 1800086400",
            "kiosk_metrics_words_refused_total 10",
        ] {
            assert!(said.iter().any(|said| said == line), "nothing of {line} in {said:#?}");
        }
        assert!(said.iter().all(|line| !line.contains("memory-wiped")), "{said:#?}");
        assert_eq!(words_refused, 10);
    }

    #[test]
    fn a_kioskd_that_said_nothing_lately_is_down_and_nothing_else_is_said_of_it() {
        let mut silent = seen();
        silent.clock = now() + SignedDuration::from_secs(31);
        let never = Seen { vitals: None, ..seen() };
        for seen in [silent, never] {
            let (said, _) = lines(&seen);
            assert!(said.contains(&"kiosk_kioskd_up 0".to_owned()), "{said:#?}");
            for word in ["device", "visit", "outbox", "fault", "screen"] {
                assert!(said.iter().all(|line| !line.contains(word)), "{word} in {said:#?}");
            }
        }
    }

    #[test]
    fn words_of_another_version_are_counted_and_not_said() {
        let mut newer = seen();
        let (vitals, figures) = (newer.vitals.as_mut().unwrap(), newer.figures.as_mut().unwrap());
        vitals.devices.insert("001204012345".to_owned(), DeviceHealth::Ready);
        figures.faults.insert("0912345678".to_owned(), 1);
        figures.cards.insert("Nguyen Van A".to_owned(), 1);
        let outcomes = [("activated".to_owned(), 1)].into();
        figures.visits.insert("a.1990-01-01".to_owned(), outcomes);
        figures.durations.counts.pop();
        let (said, words_refused) = lines(&newer);
        assert_eq!(words_refused, 15);
        for word in ["001204012345", "0912345678", "Nguyen", "1990", "duration"] {
            assert!(said.iter().all(|line| !line.contains(word)), "{word} in {said:#?}");
        }
        assert!(said.contains(&"kiosk_metrics_words_refused_total 15".to_owned()), "{said:#?}");
    }

    #[test]
    fn a_clock_that_is_certainly_wrong_dates_nothing() {
        let mut lost = seen();
        assert_eq!(lost.at(), Some(now()));
        lost.reading.level = ClockLevel::Unknown;
        assert_eq!(lost.at(), None);
        assert!(lines(&lost).0.contains(&"kiosk_clock_trust 0".to_owned()));
    }
}
