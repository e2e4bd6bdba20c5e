//! What a kiosk tells an engine arrives with its own time, once, through whatever happens between
//! them.

use std::{fs, num::NonZeroU64, time::Duration};

use fleetd::{
    ddi::Failure,
    eyes::{DrainError, Engine, PushError, PushSettings},
};
use jiff::{SignedDuration, Timestamp};
use metrics::{Buffer, Lost, Sample, families};
use reqwest::header::HeaderValue;
use tempfile::TempDir;
use tuf::store::Folder;

use crate::{
    site::{Program, Site},
    victoria::{Answer, Front, Victoria, client},
};

/// A kiosk's buffer and its way to an engine that can be told to fail.
struct Way {
    victoria: Victoria,
    front: Front,
    engine: Engine,
    buffer: Buffer<Folder>,
    place: TempDir,
    start: Timestamp,
}

const ROOMY: NonZeroU64 = NonZeroU64::new(1 << 20).unwrap();

impl Way {
    async fn new() -> Option<Self> {
        let victoria = Victoria::start().await?;
        let front = Front::start(&victoria).await;
        let settings = PushSettings {
            address: front.address().try_into().unwrap(),
            every: Duration::from_mins(1),
            buffer: ROOMY,
            bearer: Some(HeaderValue::from_static("Bearer of-the-kiosk")),
        };
        let place = TempDir::new().unwrap();
        let engine = Engine::new(client(), &settings);
        let buffer = Buffer::open(Folder::open(place.path()).unwrap(), ROOMY).unwrap();
        // Long ago enough for an hour of samples that lie in the past of the engine.
        let start =
            Timestamp::from_second(Timestamp::now().as_second()).unwrap() - SignedDuration::from_hours(3);
        Some(Self { victoria, front, engine, buffer, place, start })
    }

    /// A sample of that minute.
    fn sees(&mut self, minute: i64) {
        let mut sample = Sample::default();
        sample.set(&families::UP, &[], 1.0).unwrap();
        sample.set(&families::POLLS, &["answer"], minute as f64).unwrap();
        let at = self.start + SignedDuration::from_mins(minute);
        self.buffer.put(&sample.lines(&"kiosk-1".parse().unwrap(), Some(at))).unwrap();
    }

    /// Minutes and polls that the engine holds.
    async fn held(&self) -> Vec<(i64, i64)> {
        let samples = self.victoria.samples("kiosk_polls_total{kiosk=\"kiosk-1\"}").await;
        let minute = |time: i64| (time - self.start.as_millisecond()) / 60_000;
        samples.into_iter().map(|(time, value)| (minute(time), value as i64)).collect()
    }
}

fn each(minutes: impl IntoIterator<Item = i64>) -> Vec<(i64, i64)> {
    minutes.into_iter().map(|minute| (minute, minute)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_hour_of_samples_arrives_after_an_outage_with_their_own_times_once() {
    let Some(mut way) = Way::new().await else { return };
    way.front.always(Some(Answer::Status(500)));
    for minute in 0..90 {
        way.sees(minute);
        let error = way.engine.drain(&mut way.buffer).await.unwrap_err();
        assert!(matches!(error, DrainError::Push(PushError::Status { code: 500 })), "{error:?}");
    }
    assert_eq!(way.held().await, []);
    // Half way through, the power goes.
    let Way { victoria, front, engine, buffer, place, start } = way;
    drop(buffer);
    let buffer = Buffer::open(Folder::open(place.path()).unwrap(), ROOMY).unwrap();
    let mut way = Way { victoria, front, engine, buffer, place, start };
    assert_eq!(way.buffer.waiting(), 90);
    way.front.always(None);
    way.engine.drain(&mut way.buffer).await.unwrap();
    assert_eq!(way.held().await, each(0..90));
    assert_eq!((way.buffer.waiting(), way.buffer.lost()), (0, Lost::default()));
    assert_eq!(way.front.bearer().as_deref(), Some("Bearer of-the-kiosk"));
    // As the engine's own count has it.
    let end = way.start.as_second() + 90 * 60;
    let counted = way.victoria.ask("count_over_time(kiosk_polls_total[2h])", end).await;
    assert_eq!(counted[0]["value"][1], "90");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_lost_doubles_nothing() {
    let Some(mut way) = Way::new().await else { return };
    for minute in 0..5 {
        way.sees(minute);
    }
    way.front.then(&[Answer::TakenUnsaid, Answer::TakenUnsaid]);
    for _ in 0..2 {
        way.engine.drain(&mut way.buffer).await.unwrap_err();
        assert_eq!(way.buffer.waiting(), 5);
    }
    way.engine.drain(&mut way.buffer).await.unwrap();
    assert_eq!(way.front.pushes(), 3);
    assert_eq!(way.held().await, each(0..5));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_busy_engine_is_left_alone_for_as_long_as_it_asks() {
    let Some(mut way) = Way::new().await else { return };
    way.sees(0);
    way.front.then(&[Answer::Busy(120), Answer::Status(503), Answer::Status(401), Answer::Status(404)]);
    for failure in [
        Failure::Busy(Duration::from_mins(2)),
        Failure::Busy(Duration::ZERO),
        Failure::Trouble,
        Failure::Trouble,
    ] {
        let error = way.engine.drain(&mut way.buffer).await.unwrap_err();
        assert_eq!(error.failure(), failure, "{error:?}");
    }
    assert_eq!((way.buffer.waiting(), way.buffer.lost()), (1, Lost::default()));
    way.engine.drain(&mut way.buffer).await.unwrap();
    assert_eq!(way.held().await, each(0..1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sample_that_the_engine_refuses_takes_no_other_with_it() {
    let Some(mut way) = Way::new().await else { return };
    for minute in 0..150 {
        way.sees(minute);
    }
    way.front.poison("came_to=\"answer\"} 77 ");
    way.engine.drain(&mut way.buffer).await.unwrap();
    assert_eq!(way.held().await, each((0..150).filter(|minute| *minute != 77)));
    assert_eq!((way.buffer.waiting(), way.buffer.lost()), (0, Lost { refused: 1, ..Lost::default() }));
    assert!(way.front.pushes() < 20, "{}", way.front.pushes());
    let aside: Vec<_> = fs::read_dir(way.place.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "refused"))
        .collect();
    assert_eq!(aside.len(), 1);
    assert!(fs::read_to_string(&aside[0]).unwrap().contains("} 77 "));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_at_the_address_loses_nothing() {
    let Some(mut way) = Way::new().await else { return };
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let settings = PushSettings {
        address: format!("http://{nobody}/push").try_into().unwrap(),
        every: Duration::from_mins(1),
        buffer: ROOMY,
        bearer: None,
    };
    way.sees(0);
    let error = Engine::new(client(), &settings).drain(&mut way.buffer).await.unwrap_err();
    assert!(matches!(error, DrainError::Push(PushError::Unreachable(_))), "{error:?}");
    assert_eq!(error.failure(), Failure::Trouble);
    assert_eq!(way.buffer.waiting(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_time_a_sample_gets_that_of_its_arrival() {
    let Some(way) = Way::new().await else { return };
    let mut sample = Sample::default();
    sample.set(&families::CLOCK_TRUST, &[], 0.0).unwrap();
    let before = Timestamp::now().as_millisecond();
    way.engine.push(sample.lines(&"kiosk-1".parse().unwrap(), None)).await.unwrap();
    let after = Timestamp::now().as_millisecond();
    let samples = way.victoria.samples("kiosk_clock_trust").await;
    assert!(matches!(samples[..], [(at, 0.0)] if (before..=after).contains(&at)), "{samples:?}");
}

/// The longest that anything here may take.
const LIMIT: Duration = Duration::from_mins(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fleetd_itself_tells_how_kiosk_update_and_machine_are() {
    let Some(victoria) = Victoria::start().await else { return };
    let front = Front::start(&victoria).await;
    // The engine is away when the kiosk starts, and back before the longest wait is over.
    front.then(&[Answer::Status(500)]);
    let mut site = Site::new().await;
    site.kiosk.also_set(&format!(
        "[metrics]\npush = \"{}\"\nevery-seconds = 1\nbuffer-bytes = 1000000\n",
        front.address()
    ));
    site.kiosk.start().await;
    let action = site.order(7, Program::WithoutReader);
    site.until("samples arrive", LIMIT, |_| front.pushes() >= 3).await;
    site.until("the action fails", LIMIT, |site| {
        site.status(action) == pretend_platform::fleet::Status::Error
    })
    .await;
    // The last samples are of after that.
    let pushes = front.pushes();
    site.until("it goes on", LIMIT, |_| front.pushes() >= pushes + 3).await;
    site.kiosk.kill_fleetd();

    let up = victoria.samples("kiosk_up").await;
    assert!(up.len() >= 5, "{up:?}");
    let gaps: Vec<_> = up.windows(2).map(|two| two[1].0 - two[0].0).collect();
    assert!(gaps.iter().all(|gap| (500..10_000).contains(gap)), "{gaps:?}");
    let now = Timestamp::now().as_second();
    for (expression, value) in [
        ("kiosk_info{hardware=\"pc-dev\"}", "1"),
        ("kiosk_clock_trust", "1"),
        ("kiosk_kioskd_up", "1"),
        ("kiosk_screen_draws", "1"),
        ("kiosk_device_works{device=\"card-reader\"}", "1"),
        ("max_over_time(kiosk_device_fault{device=\"card-reader\", code=\"CARD-09\"}[5m])", "1"),
        ("kiosk_update_state{state=\"idle\"}", "1"),
        ("kiosk_update_outcome{outcome=\"rolled-back\"}", "1"),
        ("max_over_time(kiosk_release{slot=\"trial\"}[5m])", "7"),
        ("kiosk_release_floor > bool 0", "0"),
        ("kiosk_releases_rejected", "1"),
        ("kiosk_polls_total{came_to=\"answer\"} > bool 1", "1"),
        ("kiosk_metadata_expires_time_seconds > bool time()", "1"),
        ("kiosk_disk_free_bytes{place=\"state\"} > bool 0", "1"),
        ("kiosk_memory_available_bytes < bool kiosk_memory_size_bytes", "1"),
        ("kiosk_uptime_seconds > bool 0", "1"),
        ("sum(kiosk_metrics_lost_total)", "0"),
    ] {
        let said = victoria.ask(expression, now).await;
        assert_eq!(said.len(), 1, "{expression}: {said:?}");
        assert_eq!(said[0]["value"][1], value, "{expression}");
    }
    let page = site.kiosk.metrics_page();
    assert!(page.contains("# TYPE kiosk_up gauge\nkiosk_up{kiosk=\"kiosk-1\"} 1\n"), "{page}");
}
