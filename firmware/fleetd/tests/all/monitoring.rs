//! The alerts and the dashboard, against an engine that holds well kiosks and ill ones.

use std::{
    collections::BTreeSet,
    process::{Command, Stdio},
};

use jiff::{SignedDuration, Timestamp};
use metrics::{Histogram, Sample, families};
use serde_json::Value;

use crate::victoria::{Victoria, programs};

const ALERTS: &str = include_str!("../../monitoring/alerts.yml");
const DASHBOARD: &str = include_str!("../../monitoring/dashboard.json");

/// A kiosk's day.
#[derive(Clone, Copy, PartialEq)]
enum Day {
    Well,
    /// Everything that can be wrong with one that speaks.
    Ill,
    /// Well, and silent for the last half hour.
    Silent,
}

/// The sample of a kiosk after so many minutes of its day.
fn sample(day: Day, minute: u32, now: Timestamp) -> Sample {
    let ill = day == Day::Ill;
    let choose = |well: f64, bad: f64| if ill { bad } else { well };
    let count = f64::from(minute);
    let mut sample = Sample::default();
    let mut say = |family, labels: &[&str], value| sample.set(family, labels, value).unwrap();
    say(&families::UP, &[], 1.0);
    say(&families::INFO, &["pi5-counter", "0.1.0"], 1.0);
    say(&families::CLOCK_TRUST, &[], choose(1.0, 0.0));
    say(&families::KIOSKD_UP, &[], choose(1.0, 0.0));
    say(&families::KIOSKD_INFO, &["0.1.0"], 1.0);
    say(&families::KIOSKD_START, &[], 1_800_000_000.0);
    say(&families::SCREEN_DRAWS, &[], choose(1.0, 0.0));
    for device in families::DEVICES {
        say(&families::DEVICE_WORKS, &[device], choose(1.0, 0.0));
    }
    if ill {
        say(&families::DEVICE_FAULT, &["receipt-printer", "PRINT-02"], 1.0);
        say(&families::THROTTLED, &["under-voltage"], 1.0);
    }
    say(&families::VISITS, &["eid.activate", "activated"], count);
    say(&families::FAULTS, &["CARD-01"], count);
    say(&families::SLIPS_PRINTED, &["registered"], count);
    say(&families::CARDS, &["chip-proven"], count);
    say(&families::FACE_TRIES, &["matched"], count);
    say(&families::FACE_TRIES, &["not-matched"], choose(0.1, 3.0) * count);
    // A well one too has people who are not seen to move.
    say(&families::FACE_TRIES, &["not-live"], choose(0.05, 0.3) * count);
    say(&families::EVENTS_TOTAL, &["help-called"], count);
    say(&families::OUTBOX_WAITING, &[], choose(0.0, 9.0));
    say(&families::OUTBOX_OLDEST, &[], choose(0.0, 7_200.0));
    say(&families::UPDATE_STATE, &["idle"], 1.0);
    say(&families::UPDATE_OUTCOME, &[if ill { "rolled-back" } else { "committed" }], 1.0);
    say(&families::RELEASE, &["good"], 7.0);
    say(&families::POLLS, &["answer"], count);
    say(&families::POLLS, &["failure"], choose(0.0, count));
    let good_for = choose(6.0, 1.0) * 86_400.0;
    say(&families::METADATA_EXPIRES, &[], now.as_second() as f64 + good_for);
    say(&families::TEMPERATURE, &[], choose(55.0, 91.0));
    say(&families::STORAGE_USED, &[], choose(0.1, 1.0));
    say(&families::DISK_FREE, &["state"], choose(9e9, 1e8));
    say(&families::DISK_SIZE, &["state"], 1e10);
    say(&families::MEMORY_AVAILABLE, &[], 1e9);
    say(&families::MEMORY_SIZE, &[], 4e9);
    say(&families::BUFFERED, &[], choose(0.0, 1e6));
    say(&families::LOST, &["full"], choose(0.0, count));
    let counts = vec![0, u64::from(minute), 0];
    let durations = Histogram { bounds: vec![60.0, 120.0], counts, sum: 90.0 * count };
    sample.set_histogram(&families::VISIT_SECONDS, durations).unwrap();
    sample
}

/// Gives an engine two hours of a kiosk, up to now.
async fn live(victoria: &Victoria, kiosk: &str, day: Day, now: Timestamp) {
    let mut text = String::new();
    for minute in 0..=120 {
        let ago = 120 - minute;
        if day == Day::Silent && ago < 30 {
            break;
        }
        let at = now - SignedDuration::from_mins(ago.into());
        text.push_str(&sample(day, minute, now).lines(&kiosk.parse().unwrap(), Some(at)));
    }
    victoria.take(text).await;
    victoria.settle().await;
}

struct Alert {
    name: String,
    expression: String,
}

/// The rules, with every key that somebody who is called needs.
fn alerts() -> Vec<Alert> {
    let file: Value = serde_yaml_ng::from_str(ALERTS).unwrap();
    let rules =
        file["groups"].as_array().unwrap().iter().flat_map(|group| group["rules"].as_array().unwrap());
    rules
        .map(|rule| {
            let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{rule}")).to_owned();
            let severity = text(&rule["labels"]["severity"]);
            assert!(["info", "warning", "critical"].contains(&severity.as_str()), "{rule}");
            for words in ["summary", "action"] {
                assert!(text(&rule["annotations"][words]).len() > 5, "{rule}");
            }
            Alert { name: text(&rule["alert"]), expression: text(&rule["expr"]) }
        })
        .collect()
}

/// The dashboard's expressions with their panel, as Grafana would ask them of all kiosks.
fn panels() -> Vec<(String, String)> {
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let mut places = BTreeSet::new();
    let mut expressions = Vec::new();
    for panel in panels {
        let place = &panel["gridPos"];
        let place = ["x", "y", "w", "h"].map(|side| place[side].as_u64().unwrap());
        assert!(place[0] + place[2] <= 24, "{panel}");
        for (x, y) in (0..place[2]).flat_map(|x| (0..place[3]).map(move |y| (x, y))) {
            assert!(places.insert((place[0] + x, place[1] + y)), "two panels in one place: {panel}");
        }
        for target in panel["targets"].as_array().into_iter().flatten() {
            let expression = target["expr"].as_str().unwrap().replace("$kiosk", ".+");
            assert!(!expression.contains('$'), "{expression}");
            expressions.push((panel["title"].as_str().unwrap().to_owned(), expression));
        }
    }
    expressions
}

/// The names of ours that an expression names.
fn names(expression: &str) -> BTreeSet<&str> {
    let sign = |sign: char| sign.is_ascii_lowercase() || sign == '_';
    expression.split(|letter| !sign(letter)).filter(|word| word.starts_with("kiosk_")).collect()
}

#[test]
fn only_families_that_a_kiosk_has_are_named() {
    let ours: BTreeSet<String> = families::ALL.iter().flat_map(|family| family.series()).collect();
    let alerts = alerts().into_iter().map(|alert| (alert.name, alert.expression));
    for (place, expression) in alerts.chain(panels()) {
        let names = names(&expression);
        assert!(!names.is_empty(), "{place}: {expression}");
        for name in names {
            assert!(ours.contains(name), "{place}: there is no {name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_alert_is_silent_about_a_well_kiosk_and_speaks_of_an_ill_one() {
    let Some(victoria) = Victoria::start().await else { return };
    let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap();
    live(&victoria, "well", Day::Well, now).await;
    for Alert { name, expression } in alerts() {
        assert_eq!(victoria.ask(&expression, now.as_second()).await, [] as [Value; 0], "{name}");
    }
    live(&victoria, "ill", Day::Ill, now).await;
    live(&victoria, "silent", Day::Silent, now).await;
    for Alert { name, expression } in alerts() {
        let series = victoria.ask(&expression, now.as_second()).await;
        let who: BTreeSet<_> =
            series.iter().map(|series| series["metric"]["kiosk"].as_str().unwrap()).collect();
        let expected = if name == "KioskSilent" { "silent" } else { "ill" };
        assert_eq!(who, BTreeSet::from([expected]), "{name}: {series:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_panel_of_the_dashboard_shows_something() {
    let Some(victoria) = Victoria::start().await else { return };
    let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap();
    for (kiosk, day) in [("well", Day::Well), ("ill", Day::Ill), ("silent", Day::Silent)] {
        live(&victoria, kiosk, day, now).await;
    }
    let panels = panels();
    assert!(panels.len() > 20, "{}", panels.len());
    for (panel, expression) in panels {
        let shown = victoria.ask(&expression, now.as_second()).await;
        assert!(!shown.is_empty(), "{panel}: {expression}");
    }
}

#[test]
fn vmalert_takes_the_rules() {
    let Some(programs) = programs() else { return };
    let check = |rules: &str| {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), rules).unwrap();
        let mut vmalert = Command::new(programs.join("vmalert"));
        vmalert.arg("-dryRun").arg(format!("-rule={}", file.path().display()));
        vmalert.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success()
    };
    assert!(check(ALERTS));
    assert!(!check(&ALERTS.replacen("kiosk_kioskd_up == 0", "kiosk_kioskd_up == ", 1)));
}
