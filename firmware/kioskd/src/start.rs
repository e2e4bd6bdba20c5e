//! Puts the parts together and runs them until systemd says stop.

use std::{sync::Arc, time::Duration};

use boards::{Board, ChipAccess};
use card::AccessPolicy;
use faults::{Fault, chain};
use gateway::{Gateway, GatewayConfig, Heartbeat, TimeAndChance};
use jiff::Timestamp;
use outbox::{Limits, Outbox};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::{
    Refusal, card_desk,
    chance::Chance,
    clock, face_desk,
    happened::Tell,
    hardware,
    kiosk::{Kiosk, Parts},
    officer_desk::OfficerDesk,
    platform_desk::PlatformDesk,
    record_desk::{AuditLog, RecordDesk},
    screen_link::{self, ScreenLink},
    settings::Settings,
    wrong_pins,
};

/// Runs the kiosk. Returns when it was told to stop.
pub fn start(settings: Settings) -> Result<(), Refusal> {
    start_log();
    crash_whole();
    rustls::crypto::ring::default_provider()
        .install_default()
        .expect("no other part installs a TLS provider");
    let runtime = runtime()?;
    let ended = runtime.block_on(serve(settings));
    // Threads that wait for a card or a frame need not be waited for.
    runtime.shutdown_timeout(Duration::from_millis(500));
    ended
}

/// What the daemon's tasks run in.
pub fn runtime() -> Result<tokio::runtime::Runtime, Refusal> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Refusal { fault: Fault::StoreFailed, what: error.to_string() })
}

/// A broken promise of our own code in any thread ends the whole program; systemd
/// starts it again in a known state.
fn crash_whole() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |broken| {
        usual(broken);
        std::process::abort();
    }));
}

fn start_log() {
    let filter = EnvFilter::try_from_env("KIOSK_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    // The journal adds time and name; colours would be noise there.
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(std::io::stderr).init();
}

async fn serve(settings: Settings) -> Result<(), Refusal> {
    let refuse = |fault: Fault, what: String| Refusal { fault, what };
    let board = settings.board.clone();
    let (tell, happened) = Tell::new();
    settings.issuers.log(clock::today());

    let log = AuditLog::open(&board.files.data.path().join("audit.log"))
        .map_err(|error| refuse(error.fault(), chain(&error)))?;
    let outbox = Outbox::open(&board.files.data.path().join("outbox.sqlite"), limits(&board))
        .map_err(|error| refuse(error.fault(), chain(&error)))?;
    let lockout = wrong_pins::read(&wrong_pins::of_staff(board.files.data.path()))?;
    let officers = OfficerDesk::open(&settings, tell.clone())?;
    let socket = board.files.screen_socket.path();
    let screen = ScreenLink::listen(socket, panel(&board), tell.clone())
        .map_err(|error| refuse(Fault::SocketBusy, screen_link::describe(socket, &error)))?;
    let gateway = Gateway::connect(&gateway_config(&settings), Arc::new(Real))
        .map_err(|error| refuse(error.fault(), chain(&error)))?;
    let rules = settings.rules.on(clock::today()).map_err(|error| refuse(error.fault(), chain(&error)))?;

    let keys = Arc::clone(&settings.keys);
    let record = RecordDesk::start(outbox, keys, settings.kiosk.clone(), gateway.clone(), tell.clone());
    let heartbeat = Heartbeat {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        queue_depth: 0,
        devices: std::collections::BTreeMap::new(),
    };
    let card_tools = card_desk::Tools {
        issuers: Arc::clone(&settings.issuers),
        policy: access_policy(&board),
        engine: Arc::clone(&settings.engine),
        tell: tell.clone(),
    };
    let face_tools = face_desk::Tools {
        engine: Arc::clone(&settings.engine),
        config: settings.face.clone(),
        previews: screen.previews(),
        light: hardware::fill_light(&board),
        tell: tell.clone(),
    };
    let parts = Parts {
        card: hardware::card(&board, card_tools),
        face: hardware::face(&board, face_tools),
        platform: PlatformDesk::start(gateway, settings.keys.platform, heartbeat, tell.clone()),
        paper: hardware::paper(&board, tell.clone()),
        record,
        officers,
        screen,
        log,
    };
    hardware::scanner(&board, tell.clone());

    let kiosk = Kiosk::new(settings, parts, tell, rules, lockout);
    kiosk.run(happened, stop_signal()).await.map_err(|error| refuse(error.fault(), chain(&error)))
}

/// The panel as the touchscreen must know it.
fn panel(board: &boards::Board) -> screen::Panel {
    let boards::Screen { width, mm_wide, viewing_mm, .. } = &board.screen;
    screen::Panel::new(width.get(), mm_wide.get(), viewing_mm.get()).expect("a board's numbers are no 0")
}

fn limits(board: &boards::Board) -> Limits {
    let part = &board.outbox;
    Limits {
        count: part.count.get().into(),
        bytes: u64::from(part.mebibytes.get()) * 1024 * 1024,
        age_hours: part.age_hours.get(),
        remember_days: part.remember_days.get(),
    }
}

fn gateway_config(settings: &Settings) -> GatewayConfig {
    let part = &settings.board.gateway;
    GatewayConfig {
        url: part.url.as_str().to_owned(),
        kiosk: settings.kiosk.to_string(),
        platform_ca: part.ca.path().to_owned(),
        client_certificate: part.client_cert.path().to_owned(),
        client_key: part.client_key.path().to_owned(),
        platform_signing_key: part.signing_key.path().to_owned(),
        platform_sealing_key: part.sealing_key.path().to_owned(),
        connect_timeout_ms: u64::from(part.connect_seconds.get()) * 1000,
        answer_timeout_ms: u64::from(part.answer_seconds.get()) * 1000,
        submit_timeout_ms: u64::from(part.answer_seconds.get()) * 1000,
        slow_after_ms: 2_000,
        tries: 2,
    }
}

fn stop_signal() -> tokio::sync::oneshot::Receiver<()> {
    let (stop, stopped) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        let mut terminate = signal(SignalKind::terminate()).expect("signals can be heard");
        let mut interrupt = signal(SignalKind::interrupt()).expect("signals can be heard");
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        _ = stop.send(());
    });
    stopped
}

/// The real clock and the real chance, for the gateway.
struct Real;

impl TimeAndChance for Real {
    fn now(&self) -> Timestamp {
        clock::now()
    }

    fn fill(&self, bytes: &mut [u8]) {
        rand_core::Rng::fill_bytes(&mut Chance, bytes);
    }
}

/// How the board lets chips be opened. What is weaker than PACE is said in the journal at every
/// start, and again of every card that is opened so.
fn access_policy(board: &Board) -> AccessPolicy {
    match board.reader.access {
        ChipAccess::PaceOnly => AccessPolicy::PaceOnly,
        ChipAccess::PaceOrBac => {
            tracing::warn!("the board lets chips that offer no PACE be opened with BAC");
            AccessPolicy::PaceOrBacWhenNotOffered
        }
    }
}
