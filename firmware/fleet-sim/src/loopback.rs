//! The load of a fleet: many kiosks' real DDI client and pace against the real fleet server, over
//! HTTP on this machine. Their connections are shared, and there is no TLS: what is measured is
//! the server's and the client's work for a message, not a handshake.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use fleetd::{
    ddi::{Account, Asked, Controller, Pace, Secret},
    http,
    settings::Tls,
    update::{Execution, Finished, Report},
};
use jiff::Timestamp;
use pretend_platform::fleet::{Assignment, Fleet, FleetOptions, Metadata};
use serde_json::{Value, json};

use crate::chance::draw;

/// What is measured.
#[derive(Clone, Debug)]
pub struct Load {
    /// How many kiosks.
    pub kiosks: usize,
    /// How long.
    pub lasts: Duration,
    /// What the server tells kiosks to sleep. Five minutes in the field; less, to press more
    /// polls into the time.
    pub poll_every: Duration,
    /// Decides all chance.
    pub seed: u64,
    /// Where the server may put artifacts.
    pub folder: PathBuf,
}

/// Why there is no measure.
pub type Failed = Box<dyn std::error::Error + Send + Sync>;

const TOKEN: &str = "load";

/// What was seen.
#[derive(Default)]
struct Seen {
    /// When each poll was sent, and how long its answer took; the latter `None` where it failed.
    polls: Vec<(Duration, Option<Duration>)>,
    reports: usize,
    reports_failed: usize,
}

/// Runs the load. Everybody is switched on in the same moment, as after a power cut, and each has
/// one order to poll for and report on.
pub async fn run(load: &Load) -> Result<Value, Failed> {
    let mut options = FleetOptions::new(load.folder.clone());
    options.settings.poll_every = load.poll_every;
    options.settings.gateway_token = Some(TOKEN.to_owned());
    let fleet = Fleet::start(options).await?;
    let before = memory();
    order_for_all(&fleet, load.kiosks)?;
    let server = format!("http://{}", fleet.address()).parse()?;
    let client = http::client(&Tls { ca: None, identity: None })?;
    let seen = Arc::new(Mutex::new(Seen::default()));
    let (begun, cpu) = (Instant::now(), cpu());
    let mut kiosks = tokio::task::JoinSet::new();
    for number in 0..load.kiosks {
        let secret = Secret::Gateway(TOKEN.to_owned());
        let account = Account::new(&server, "DEFAULT", &name(number), Some(&secret))?;
        let controller = Controller::new(client.clone(), account);
        kiosks.spawn(kiosk(controller, number, load.clone(), begun, Arc::clone(&seen)));
    }
    kiosks.join_all().await;
    let seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(json!({
        "kiosks": load.kiosks,
        "seconds": begun.elapsed().as_secs_f64(),
        "told to sleep": load.poll_every.as_secs(),
        "polls": seen.polls.len(),
        "polls a second": seen.polls.len() as f64 / load.lasts.as_secs_f64(),
        "most polls in a second": most_in_a_second(&seen.polls),
        "polls failed": seen.polls.iter().filter(|(_, took)| took.is_none()).count(),
        "reports": seen.reports,
        "reports failed": seen.reports_failed,
        "answer in ms": percentiles(&seen.polls),
        "cpu seconds": self::cpu() - cpu,
        "resident KiB before and at most": [before, peak_memory()],
    }))
}

fn name(number: usize) -> String {
    format!("kiosk-{number}")
}

fn order_for_all(fleet: &Fleet, kiosks: usize) -> Result<(), Failed> {
    let now = Timestamp::now();
    let mut state = fleet.state();
    let module = state.create_module("application", "kiosk", "7")?;
    let key = fleetd::ddi::TARGET_KEY.to_owned();
    state.add_metadata(module, Metadata { key, value: "app/kiosk-7".to_owned(), target_visible: true })?;
    let set = state.create_set("kiosk", "7", &[module])?;
    for number in 0..kiosks {
        state.create_target(&name(number), None, now)?;
        state.assign(&name(number), &Assignment::of(set), now)?;
    }
    Ok(())
}

/// One kiosk: what `fleetd`'s loop does about the server, with nothing to install.
async fn kiosk(
    mut controller: Controller,
    number: usize,
    load: Load,
    begun: Instant,
    seen: Arc<Mutex<Seen>>,
) {
    let mut pace = Pace::new(load.poll_every);
    let mut drawn = 0;
    let mut chance = || {
        drawn += 1;
        draw(load.seed, number, "poll", drawn)
    };
    let mut wait = pace.after_start(chance());
    while begun.elapsed() + wait < load.lasts {
        tokio::time::sleep(wait).await;
        let (sent, since) = (begun.elapsed(), Instant::now());
        let polled = controller.poll().await;
        let took = polled.is_ok().then(|| since.elapsed());
        seen.lock().unwrap_or_else(PoisonError::into_inner).polls.push((sent, took));
        wait = match polled {
            Ok(polled) => {
                if let Asked::Install(order) = polled.asked {
                    let sent = controller.report(&installed(order.action)).await;
                    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                    seen.reports += 1;
                    seen.reports_failed += usize::from(sent.is_err());
                }
                pace.after_answer(polled.sleep, chance())
            }
            Err(error) => pace.after_failure(error.failure(), chance()),
        };
    }
}

fn installed(action: fleetd::update::ActionId) -> Report {
    Report {
        action,
        of_cancel: false,
        execution: Execution::Closed,
        finished: Finished::Success,
        line: "committed: it runs and passed its trial".to_owned(),
    }
}

fn most_in_a_second(polls: &[(Duration, Option<Duration>)]) -> usize {
    let mut seconds = std::collections::BTreeMap::<u64, usize>::new();
    for (sent, _) in polls {
        *seconds.entry(sent.as_secs()).or_default() += 1;
    }
    seconds.into_values().max().unwrap_or(0)
}

/// The median, and what 99 of 100 and 999 of 1000 stay below, in ms.
fn percentiles(polls: &[(Duration, Option<Duration>)]) -> Value {
    let mut took: Vec<_> = polls.iter().filter_map(|(_, took)| *took).collect();
    took.sort();
    let at = |share: usize| took.get(took.len() * share / 1_000).map(|took| took.as_secs_f64() * 1_000.0);
    json!({ "median": at(500), "p99": at(990), "p99.9": at(999) })
}

fn status(field: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

fn memory() -> Option<u64> {
    status("VmRSS:")
}

fn peak_memory() -> Option<u64> {
    status("VmHWM:")
}

/// Seconds of processor time that this process has used (proc_pid_stat(5), hundredths).
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(") ").next().unwrap_or_default();
    let fields: Vec<u64> = after_name.split(' ').map(|field| field.parse().unwrap_or(0)).collect();
    fields.get(11..13).map_or(0, |ticks| ticks.iter().sum()) as f64 / 100.0
}
