//! A whole system by Debian's RAUC: from the bundle that `kiosk-repo` lists and the fleet server's word
//! to the commit or the way back, by `fleetd` itself, with `kiosk-tryboot` as the boot loader's part.
//! What runs, and what a board does at a restart, is played here: by what lies in the slot that starts.

use std::{
    fs,
    io::Write as _,
    net::SocketAddr,
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use jiff::Timestamp;
use pretend_platform::fleet::{ActionId, Assignment, Fleet, FleetOptions, Metadata, Status};
use tempfile::TempDir;
use upkeep::{DeviceHealth, Folder, Vitals};

use crate::{
    debian::{Board, Format},
    repository::serve,
    site::{NAME, program},
};

const LIMIT: Duration = Duration::from_mins(1);
const KEYS: [&str; 8] =
    ["root-1", "root-2", "root-3", "targets-1", "targets-2", "targets-3", "snapshot", "timestamp"];

/// How a system behaves once it is started: the first word of its image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum System {
    Well,
    WithoutReader,
    /// Its kernel stops; a watchdog starts the machine anew.
    NeverComesUp,
}

impl System {
    const ALL: [Self; 3] = [Self::Well, Self::WithoutReader, Self::NeverComesUp];

    fn word(self) -> &'static str {
        match self {
            Self::Well => "well",
            Self::WithoutReader => "without-reader",
            Self::NeverComesUp => "never-comes-up",
        }
    }

    fn image(self, seq: u64) -> Vec<u8> {
        let mut image = format!("{} {seq}\n", self.word()).into_bytes();
        // Nothing that packs to less than a block.
        image.extend((0..1_000_000_u64).map(|at| (at.wrapping_mul(seq + 7) >> 3) as u8));
        image
    }

    /// The system that came with the machine is well, and says no word.
    fn of(image: &[u8]) -> Self {
        let said = |system: &Self| image.starts_with(format!("{} ", system.word()).as_bytes());
        Self::ALL.into_iter().find(said).unwrap_or(Self::Well)
    }
}

/// What comes of `fleetd` when it restarts the machine.
#[derive(Clone, Copy)]
enum Restart {
    /// It hears that the restart was asked for, and goes on until it comes.
    Asked,
    /// The machine is down before it hears anything.
    AtOnce,
}

struct Site {
    fleet: Fleet,
    web: SocketAddr,
    folder: TempDir,
    board: Board,
    fleetd: Option<Child>,
    started: Timestamp,
    /// The arguments of all restarts.
    restarts: Vec<String>,
}

impl Site {
    /// `None`: skipped.
    async fn new(restart: Restart) -> Option<Self> {
        let board = Board::new()?;
        let folder = TempDir::new().unwrap();
        let mut options = FleetOptions::new(folder.path().join("artifacts"));
        options.settings.poll_every = Duration::from_secs(1);
        let fleet = Fleet::start(options).await.unwrap();
        fleet.state().create_target(NAME, Some("secret"), Timestamp::now()).unwrap();
        let web = serve(&folder.path().join("repository")).await;
        let (started, restarts) = (Timestamp::now(), Vec::new());
        let mut site = Self { fleet, web, folder, board, fleetd: None, started, restarts };
        site.make_repository();
        site.write_settings(restart);
        site.say_how_it_is();
        site.start_fleetd();
        Some(site)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `kiosk-repo`, by somebody who says yes to what they are shown.
    fn repo(&self, words: &str) {
        let mut tool = Command::new(program("kiosk-repo"));
        tool.args(words.split(' ')).current_dir(self.folder.path());
        let mut tool =
            tool.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        // One that asks nothing may be gone already.
        _ = tool.stdin.take().unwrap().write_all(b"yes\n");
        let ran = tool.wait_with_output().unwrap();
        assert!(ran.status.success(), "{words}: {}", String::from_utf8_lossy(&ran.stderr));
    }

    fn make_repository(&self) {
        fs::create_dir(self.path("keys")).unwrap();
        let role = |key: &str| key.trim_end_matches(['-', '1', '2', '3']).to_owned();
        for key in KEYS {
            self.repo(&format!("new-key keys/{key}"));
        }
        let keys = KEYS.map(|key| format!(" --{}-key keys/{key}.pub", role(key))).concat();
        self.repo(&format!("init repository{keys}"));
        self.sign("root");
        self.sign("targets");
        self.publish();
    }

    fn sign(&self, role: &str) {
        self.repo(&format!("draft repository {role} request"));
        for number in [1, 2] {
            self.repo(&format!("sign request --key keys/{role}-{number} --out signature"));
            self.repo("merge repository signature");
            fs::remove_file(self.path("signature")).unwrap();
        }
        fs::remove_file(self.path("request")).unwrap();
    }

    fn publish(&self) {
        self.repo("publish repository --snapshot-key keys/snapshot --timestamp-key keys/timestamp");
    }

    fn write_settings(&self, restart: Restart) {
        for made in ["state", "upkeep"] {
            fs::create_dir(self.path(made)).unwrap();
        }
        fs::write(self.path("token"), "secret").unwrap();
        let then = match restart {
            Restart::Asked => "",
            Restart::AtOnce => "kill -9 $PPID\n",
        };
        let wanted = self.path("restart-wanted");
        fs::write(self.path("restart"), format!("#!/bin/sh\ntouch {}\n{then}", wanted.display())).unwrap();
        fs::set_permissions(self.path("restart"), fs::Permissions::from_mode(0o755)).unwrap();
        let (fleet, web) = (self.fleet.address(), self.web);
        let quoted = |path: PathBuf| format!("{:?}", path.display().to_string());
        let at = |name: &str| quoted(self.path(name));
        let settings = format!(
            "[fleet]\nserver = \"http://{fleet}\"\ntenant = \"DEFAULT\"\ncontroller = \"{NAME}\"\n\
             poll-seconds = 1\ntarget-token = {}\n[tls]\n[repository]\n\
             metadata = \"http://{web}/metadata\"\ntargets = \"http://{web}/targets\"\nroot = {}\n\
             [kiosk]\nhardware = \"pi5-counter\"\n[install]\nbackend = \"rauc\"\n\
             [files]\nstate = {}\nslots = {}\nupkeep = {}\n[hours]\nutc-offset-minutes = 420\nwindows = []\n\
             [update]\nidle-seconds = 1\nidle-forced-seconds = 1\nannounce-seconds = 1\nwell-seconds = 1\n\
             ill-seconds = 2\ncut-off-seconds = 60\ntries = 3\nrestart = [{}]\nrehearse = \"none\"\n",
            at("token"),
            at("repository/metadata/1.root.json"),
            at("state"),
            quoted(self.board.path("slots")),
            at("upkeep"),
            at("restart")
        );
        fs::write(self.path("fleetd.toml"), settings).unwrap();
    }

    /// Under a kernel that was started as often as the board.
    fn start_fleetd(&mut self) {
        let boot_id = self.path("boot-id");
        fs::write(&boot_id, self.board.boot_id()).unwrap();
        let mut fleetd = Command::new("unshare");
        let inside = "mount --bind \"$1\" /proc/sys/kernel/random/boot_id && exec \"$2\" --config \"$3\"";
        fleetd.args(["--mount", "sh", "-c", inside, "sh"]).arg(boot_id).arg(env!("CARGO_BIN_EXE_fleetd"));
        fleetd.arg(self.path("fleetd.toml")).env("DBUS_SYSTEM_BUS_ADDRESS", self.board.bus());
        self.fleetd = Some(fleetd.spawn().unwrap());
    }

    fn kill_fleetd(&mut self) {
        if let Some(mut fleetd) = self.fleetd.take() {
            // It may be dead already.
            _ = fleetd.kill();
            fleetd.wait().unwrap();
        }
    }

    /// What runs.
    fn system(&self) -> System {
        System::of(&self.board.read(if self.board.slot == "A" { "a.img" } else { "b.img" }))
    }

    /// What `kioskd` would.
    fn say_how_it_is(&self) {
        let reader = match self.system() {
            System::Well => DeviceHealth::Ready,
            System::WithoutReader => DeviceHealth::Failed("CARD-09".to_owned()),
            System::NeverComesUp => return,
        };
        let vitals = Vitals {
            version: self.board.slot.to_owned(),
            started: self.started,
            written: Timestamp::now(),
            screen_draws: true,
            devices: [("card-reader".to_owned(), reader)].into(),
            idle_since: Some(Timestamp::constant(1_767_225_600, 0)),
            waiting: 0,
            events: [].into(),
            configuration: None,
        };
        Folder::new(&self.path("upkeep")).tell(&vitals).unwrap();
    }

    /// The machine goes on: it says how it is, and is restarted if that was asked for.
    fn live(&mut self) {
        self.say_how_it_is();
        if fs::remove_file(self.path("restart-wanted")).is_ok() {
            self.restart();
        }
    }

    fn restart(&mut self) {
        self.kill_fleetd();
        loop {
            let argument = self.board.restart();
            self.restarts.push(argument);
            if self.system() != System::NeverComesUp {
                break;
            }
            // The watchdog; then the unit that restarts into a trial again, while it may.
            self.board.power_on(false);
            if self.board.chooser(&["get-primary"]) == self.board.slot {
                break;
            }
        }
        self.started = Timestamp::now();
        self.say_how_it_is();
        self.start_fleetd();
    }

    /// Lists a bundle, signed for RAUC by this authority, and orders it, forced.
    fn order(&mut self, seq: u64, system: System, signer: &str) -> ActionId {
        let bundle = self.board.pack(seq, &system.image(seq), signer, Board::compatible(), Format::Verity);
        self.repo(&format!(
            "add-release repository --target os/kiosk-{seq} {} --rauc --hw pi5-counter --kind os \
             --release-seq {seq} --min-release-seq 1",
            bundle.display()
        ));
        self.sign("targets");
        self.publish();
        let mut state = self.fleet.state();
        let module = state.create_module("application", "kiosk", &seq.to_string()).unwrap();
        let (key, value) = (fleetd::ddi::TARGET_KEY.to_owned(), format!("os/kiosk-{seq}"));
        state.add_metadata(module, Metadata { key, value, target_visible: true }).unwrap();
        let set = state.create_set("kiosk", &seq.to_string(), &[module]).unwrap();
        state.assign(NAME, &Assignment::of(set), Timestamp::now()).unwrap().unwrap()
    }

    /// What the server was told of an action.
    fn said(&self, action: ActionId) -> String {
        let state = self.fleet.state();
        let history = &state.action(action).unwrap().history;
        history.iter().flat_map(|entry| &entry.messages).fold(String::new(), |said, line| said + line + "\n")
    }

    async fn until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        let since = Instant::now();
        while !holds(self) {
            assert!(since.elapsed() < LIMIT, "{what}: not within {LIMIT:?}\n{}", self.board.log());
            self.live();
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn until_ends(&mut self, action: ActionId) -> Status {
        let status = |site: &Self| site.fleet.state().action(action).unwrap().status;
        self.until("the action ends", |site| [Status::Finished, Status::Error].contains(&status(site))).await;
        status(self)
    }

    /// `fleetd` has asked the server again so often.
    async fn until_polled(&mut self, times: u32) {
        for _ in 0..times {
            let polled = |site: &Self| site.fleet.state().target(NAME).unwrap().polled;
            let before = polled(self);
            self.until("another poll", |site| polled(site) != before).await;
        }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.kill_fleetd();
    }
}

/// The machine goes down before fleetd hears of the restart: it is restarted once all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_system_is_installed_by_rauc_tried_and_committed() {
    let Some(mut site) = Site::new(Restart::AtOnce).await else { return };
    let action = site.order(7, System::Well, "trusted");
    let ended = site.until_ends(action).await;
    let said = site.said(action);
    assert_eq!(ended, Status::Finished, "{said}");
    for word in ["into the spare slot", "rehearses no visit", "nobody is served", "on trial", "committed"] {
        assert!(said.contains(word), "nothing of '{word}' in {said}");
    }
    assert_eq!((site.board.slot, &site.restarts[..]), ("B", &["0 tryboot".to_owned()][..]));
    assert!(site.board.holds("b.img", &System::Well.image(7)));
    assert!(site.board.holds("a.img", b"the system as it came"), "slot A was touched");
    assert_eq!(site.board.chooser(&["get-primary"]), "B");
    assert!(!site.board.path("slots/app-a.img").exists(), "the bundle is left");
    site.restart();
    assert_eq!(site.board.slot, "B", "a plain restart stays");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_system_that_is_ill_is_gone_back_on() {
    let Some(mut site) = Site::new(Restart::AtOnce).await else { return };
    let action = site.order(7, System::WithoutReader, "trusted");
    let ended = site.until_ends(action).await;
    let said = site.said(action);
    assert_eq!(ended, Status::Error, "{said}");
    assert!(said.contains("on trial") && said.contains("rolled-back: card-reader"), "{said}");
    // Neither is the machine restarted again, nor the system tried.
    site.until_polled(2).await;
    assert_eq!((site.board.slot, &site.restarts[..]), ("A", &["0 tryboot".to_owned(), String::new()][..]));
    assert_eq!(site.board.chooser(&["get-state", "B"]), "bad");
    assert_eq!(site.system(), System::Well);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_system_that_never_comes_up_is_left_by_the_boot_loader() {
    let Some(mut site) = Site::new(Restart::Asked).await else { return };
    let action = site.order(7, System::NeverComesUp, "trusted");
    let ended = site.until_ends(action).await;
    let said = site.said(action);
    assert_eq!(ended, Status::Error, "{said}");
    assert!(said.contains("never-came-up"), "{said}");
    assert_eq!((site.board.slot, &site.restarts[..]), ("A", &["0 tryboot"; 3].map(str::to_owned)[..]));
    site.until_polled(2).await;
    assert_eq!(site.restarts.len(), 3, "it was tried again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bundle_that_rauc_does_not_trust_is_refused_once() {
    let Some(mut site) = Site::new(Restart::Asked).await else { return };
    let action = site.order(7, System::Well, "stranger");
    let ended = site.until_ends(action).await;
    let said = site.said(action);
    assert_eq!(ended, Status::Error, "{said}");
    assert!(said.contains("not-written") && said.contains("signature"), "{said}");
    // Neither by itself nor after a start.
    site.restart();
    site.until_polled(3).await;
    assert_eq!(site.board.log().matches("started").count(), 1, "{}", site.board.log());
    assert!(site.board.read("b.img").is_empty() && !site.board.path("slots/app-a.img").exists());
    assert_eq!(site.board.chooser(&["get-primary"]), "A");
}
