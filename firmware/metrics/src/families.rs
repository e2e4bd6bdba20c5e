//! The only list of what a kiosk can say. The label `kiosk` is on every series.

use crate::{
    Family,
    Values::{Board, FaultCode, OneOf, Service, Version},
};

/// The devices, by the word of the audit log.
pub const DEVICES: &[&str] =
    &["card-reader", "camera", "receipt-printer", "code-scanner", "network", "store"];

/// How a visit ended, by the word of the audit log.
pub const OUTCOMES: &[&str] = &[
    "none",
    "activated",
    "received",
    "already-active",
    "overdue",
    "locked",
    "no-account",
    "level-one",
    "card-expired",
    "declined",
    "staff-way",
    "refused",
];

/// What a card was: the chip's proof where its data are the issuer's, or why it went no further.
pub const VERDICTS: &[&str] =
    &["chip-proven", "chip-not-offered", "chip-not-checked", "refused", "expired", "not-read"];

/// What one look at the face came to, by the word of the audit log.
pub const FACE_DECISIONS: &[&str] = &[
    "matched",
    "grey-zone",
    "not-matched",
    "no-face",
    "several-faces",
    "poor-picture",
    "not-live",
    "frozen",
    "damaged",
    "unsteady",
    "upside-down",
    "no-model",
    "too-long",
    "broken-off",
];

/// What a slip was for, by the word of the audit log; test slips are not counted.
pub const SLIPS: &[&str] = &["received", "registered", "counter", "police"];

/// Events of the audit log that are indicators of the services.
pub const EVENTS: &[&str] = &[
    "visit-begun",
    "visit-timed-out",
    "visit-refused",
    "consent-refused",
    "help-called",
    "another-way-offered",
    "face-by-officers",
    "vneid-approved",
    "secrets-set",
    "transaction-stored",
    "transaction-acknowledged",
    "transaction-retried",
    "paper-refilled",
    "machine-closed",
    "staff-refused",
];

/// Where an update stands.
pub const UPDATE_STATES: &[&str] = &[
    "idle",
    "asking",
    "fetching",
    "rehearsing",
    "refusing",
    "waiting",
    "activating",
    "trial",
    "committing",
    "rolling-back",
];

/// How an update ended.
pub const UPDATE_OUTCOMES: &[&str] = &[
    "committed",
    "already-there",
    "not-allowed",
    "not-written",
    "rehearsal-failed",
    "rolled-back",
    "never-came-up",
    "stuck",
];

macro_rules! families {
    ($($(#[doc = $doc:literal])+ $name:ident = $family:expr;)+) => {
        $($(#[doc = $doc])+ pub static $name: Family = $family;)+

        /// Every family, in the order of the list.
        pub static ALL: &[&Family] = &[$(&$name),+];
    };
}

families! {
    /// The heartbeat.
    UP = Family::gauge("kiosk_up", "1 in every sample; a kiosk that sends none is silent", &[], 1);
    /// The inventory.
    INFO = Family::gauge(
        "kiosk_info",
        "1; what the kiosk is",
        &[("hardware", Board), ("fleetd", Version)],
        1,
    );
    /// The clock.
    CLOCK_TRUST = Family::gauge(
        "kiosk_clock_trust",
        "0: the clock is certainly wrong; 1: it is past what is known; 2: an authenticated source vouches",
        &[],
        1,
    );

    /// Whether `kioskd` speaks.
    KIOSKD_UP = Family::gauge("kiosk_kioskd_up", "Whether kioskd said within 30 s how it is", &[], 1);
    /// Its version.
    KIOSKD_INFO = Family::gauge("kiosk_kioskd_info", "1; the version of kioskd", &[("version", Version)], 1);
    /// Its start.
    KIOSKD_START = Family::gauge(
        "kiosk_kioskd_start_time_seconds",
        "When kioskd was started, in Unix time; its counters began then",
        &[],
        1,
    );
    /// The touchscreen.
    SCREEN_DRAWS = Family::gauge("kiosk_screen_draws", "Whether the touchscreen draws what it is sent", &[], 1);
    /// The devices.
    DEVICE_WORKS = Family::gauge(
        "kiosk_device_works",
        "Whether a device can be used",
        &[("device", OneOf(DEVICES))],
        DEVICES.len(),
    );
    /// What they lack.
    DEVICE_FAULT = Family::gauge(
        "kiosk_device_fault",
        "1 while a device has this fault",
        &[("device", OneOf(DEVICES)), ("code", FaultCode)],
        DEVICES.len(),
    );

    /// The visits.
    VISITS = Family::counter(
        "kiosk_visits_total",
        "Visits that ended, by service and outcome",
        &[("service", Service), ("outcome", OneOf(OUTCOMES))],
        120,
    );
    /// How long they took.
    VISIT_SECONDS = Family::histogram("kiosk_visit_duration_seconds", "How long visits took");
    /// The faults.
    FAULTS = Family::counter("kiosk_faults_total", "Faults by their code", &[("code", FaultCode)], 120);
    /// The paper.
    SLIPS_PRINTED =
        Family::counter("kiosk_slips_printed_total", "Slips printed", &[("slip", OneOf(SLIPS))], SLIPS.len());
    /// The cards.
    CARDS = Family::counter(
        "kiosk_cards_total",
        "Cards by what they were",
        &[("verdict", OneOf(VERDICTS))],
        VERDICTS.len(),
    );
    /// The faces.
    FACE_TRIES = Family::counter(
        "kiosk_face_tries_total",
        "Looks at a face by what they came to",
        &[("decision", OneOf(FACE_DECISIONS))],
        FACE_DECISIONS.len(),
    );
    /// Other indicators.
    EVENTS_TOTAL = Family::counter(
        "kiosk_events_total",
        "Events of the audit log that are indicators of the services",
        &[("event", OneOf(EVENTS))],
        EVENTS.len(),
    );
    /// The outbox.
    OUTBOX_WAITING = Family::gauge("kiosk_outbox_waiting", "Transactions without a receipt", &[], 1);
    /// Its oldest.
    OUTBOX_OLDEST = Family::gauge(
        "kiosk_outbox_oldest_seconds",
        "How long the oldest transaction has waited; 0 if none waits",
        &[],
        1,
    );

    /// The update.
    UPDATE_STATE = Family::gauge(
        "kiosk_update_state",
        "1 for where the update stands",
        &[("state", OneOf(UPDATE_STATES))],
        1,
    );
    /// The update before.
    UPDATE_OUTCOME = Family::gauge(
        "kiosk_update_outcome",
        "1 for how the newest update ended",
        &[("outcome", OneOf(UPDATE_OUTCOMES))],
        1,
    );
    /// What was fetched.
    UPDATE_TAKEN = Family::gauge(
        "kiosk_update_taken_bytes",
        "Bytes of the release that is being written which need not come again",
        &[],
        1,
    );
    /// The slots.
    RELEASE = Family::gauge(
        "kiosk_release",
        "The number of the release that is good, on trial, or whole in the spare slot",
        &[("slot", OneOf(&["good", "trial", "spare"]))],
        3,
    );
    /// The trial.
    TRIAL_STARTS_LEFT =
        Family::gauge("kiosk_trial_starts_left", "Starts that the release on trial has left", &[], 1);
    /// The floor.
    RELEASE_FLOOR = Family::gauge("kiosk_release_floor", "No release below this one is taken", &[], 1);
    /// The black-list.
    RELEASES_REJECTED =
        Family::gauge("kiosk_releases_rejected", "Releases that failed on this kiosk", &[], 1);
    /// The polls.
    POLLS = Family::counter(
        "kiosk_polls_total",
        "Polls of the fleet server",
        &[("came_to", OneOf(&["answer", "failure"]))],
        2,
    );
    /// The metadata.
    METADATA_EXPIRES = Family::gauge(
        "kiosk_metadata_expires_time_seconds",
        "When the first of the repository's metadata expires, in Unix time, as last seen",
        &[],
        1,
    );

    /// The processor.
    TEMPERATURE = Family::gauge("kiosk_temperature_celsius", "The processor's temperature", &[], 1);
    /// What slows it down.
    THROTTLED = Family::gauge(
        "kiosk_throttled",
        "Whether the machine is slowed down now, and by what",
        &[("by", OneOf(&["under-voltage", "frequency-cap", "throttling", "soft-temperature-limit"]))],
        4,
    );
    /// Free space.
    DISK_FREE = Family::gauge(
        "kiosk_disk_free_bytes",
        "Free space of the file system of a folder",
        &[("place", OneOf(&["state", "slots"]))],
        2,
    );
    /// All space.
    DISK_SIZE = Family::gauge(
        "kiosk_disk_size_bytes",
        "Size of the file system of a folder",
        &[("place", OneOf(&["state", "slots"]))],
        2,
    );
    /// The flash.
    STORAGE_USED = Family::gauge(
        "kiosk_storage_life_used_ratio",
        "How much of its life the eMMC says is used, in tenths rounded up",
        &[],
        1,
    );
    /// Free memory.
    MEMORY_AVAILABLE = Family::gauge("kiosk_memory_available_bytes", "Memory that programs can have", &[], 1);
    /// All memory.
    MEMORY_SIZE = Family::gauge("kiosk_memory_size_bytes", "Memory of the machine", &[], 1);
    /// The machine's start.
    UPTIME = Family::gauge("kiosk_uptime_seconds", "Since the machine was started", &[], 1);

    /// What waits to be sent.
    BUFFERED = Family::gauge("kiosk_metrics_buffered_bytes", "Samples that wait on the disk", &[], 1);
    /// What was lost.
    LOST = Family::counter(
        "kiosk_metrics_lost_total",
        "Samples lost: the buffer was full, the disk failed, a file was damaged, the engine refused it",
        &[("why", OneOf(&["full", "disk", "damaged", "refused"]))],
        4,
    );
    /// What was not said.
    WORDS_REFUSED = Family::counter(
        "kiosk_metrics_words_refused_total",
        "Values that are in no list: kioskd is of another version",
        &[],
        1,
    );
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::Kind;

    #[test]
    fn names_and_labels_are_as_prometheus_wants_them() {
        let mut seen = HashSet::new();
        for family in ALL {
            let name = family.name;
            assert!(seen.insert(name), "{name} twice");
            assert!(name.starts_with("kiosk_"), "{name}");
            assert_eq!(name.ends_with("_total"), family.kind == Kind::Counter, "{name}");
            let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            assert!(plain(name), "{name}");
            for (label, _) in family.labels {
                assert!(plain(label) && *label != "kiosk" && *label != "le", "{name} {label}");
            }
            assert!(!family.help.contains('\n') && !family.help.ends_with('.'), "{name}");
            assert!((1..=120).contains(&family.most), "{name}");
        }
    }

    #[test]
    fn a_kiosk_has_a_few_hundred_series_at_most() {
        let most: usize = ALL.iter().map(|family| family.most * family.series().len()).sum();
        assert!(most < 400, "{most}");
    }

    #[test]
    fn the_words_are_those_of_the_audit_log() {
        fn check<T: Copy>(ours: &[&str], all: &[T], word: fn(T) -> &'static str) {
            assert_eq!(ours, all.iter().map(|each| word(*each)).collect::<Vec<_>>());
        }
        check(DEVICES, audit::Part::ALL, audit::Part::word);
        check(OUTCOMES, audit::Outcome::ALL, audit::Outcome::word);
        check(FACE_DECISIONS, audit::FaceDecision::ALL, audit::FaceDecision::word);
        let slips = audit::SlipKind::ALL.split_last().unwrap();
        assert_eq!(slips.0, &audit::SlipKind::Test);
        check(SLIPS, slips.1, audit::SlipKind::word);
        for event in EVENTS {
            assert!(audit::KINDS.iter().any(|kind| kind.name == *event), "{event}");
        }
        for chip in audit::ChipGenuineness::ALL {
            assert!(VERDICTS.contains(&format!("chip-{}", chip.word()).as_str()), "{chip:?}");
        }
    }
}
