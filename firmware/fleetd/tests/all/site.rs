//! A site: fleet server, repository, and a kiosk with real slots, the real launcher and the
//! real `fleetd`. What runs from a slot is a script that says how it is, as `kioskd` would.

use std::{
    fs,
    net::SocketAddr,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::{Child, Command},
    time::{Duration, Instant},
};

use install::{BootRecord, SlotFolder};
use jiff::Timestamp;
use pretend_platform::fleet::{ActionId, Assignment, Fleet, FleetOptions, Metadata, SetId, Status};
use tempfile::TempDir;
use upkeep::{Folder, Lease, Opening};

use crate::{contract::Contract, repository::Repository};

pub const NAME: &str = "kiosk-1";
const TOKEN: &str = "secret-of-kiosk-1";

/// Seconds of `idle.ask-after-seconds` that make the kiosk ill.
pub const ILL: u32 = 599;
/// The same, which its own checks refuse.
pub const UNSOUND: u32 = 598;

/// How a release behaves.
#[derive(Clone, Copy)]
pub enum Program {
    Well,
    WithoutReader,
    Crashes,
}

impl Program {
    pub fn image_bytes(self, seq: u64) -> Vec<u8> {
        self.image(seq).into_bytes()
    }

    /// One script that is a whole image. It says how it is every half second, without a visit.
    pub fn image(self, seq: u64) -> String {
        let reader = match self {
            Self::Well => r#""ready""#,
            Self::WithoutReader => r#"{"failed":"CARD-09"}"#,
            Self::Crashes => return format!("#!/bin/sh\necho {seq} >> \"$KIOSK_TEST/tried\"\nexit 1\n"),
        };
        format!(
            "#!/bin/sh\ncd \"$KIOSK_TEST\" || exit 1\necho {seq} > runs\nstarted=$(date -u +%FT%T.%NZ)\n\
             settings=configuration/current\nif [ -e $settings ]; then goes=\\\"$(basename \"$(readlink $settings)\")\\\"; else goes=null; fi\n\
             reader='{reader}'\nif grep -qs 'is = {ILL}' $settings/configuration.toml; then reader='{{\"failed\":\"CARD-09\"}}'; fi\n\
             while :; do\n\
             now=$(date -u +%FT%T.%NZ)\nprintf '{{\"version\":\"{seq}\",\"started\":\"%s\",\"written\":\"%s\",\
             \"screen_draws\":true,\"devices\":{{\"card-reader\":%s}},\"configuration\":%s,\
             \"idle_since\":\"2026-01-01T00:00:00Z\",\"waiting\":0,\"events\":{{}}}}' \"$started\" \"$now\" \"$reader\" \"$goes\" > upkeep/v\n\
             mv upkeep/v upkeep/vitals.json\nsleep 0.5\ndone\n"
        )
    }
}

/// Everything.
pub struct Site {
    pub fleet: Fleet,
    pub repository: Repository,
    /// Commands so far: each is a software module of its own.
    modules: u32,
    pub kiosk: Kiosk,
    contract: Contract,
    _folder: TempDir,
}

impl Drop for Site {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.contract.was_kept();
        }
    }
}

/// The machine.
pub struct Kiosk {
    folder: PathBuf,
    fleetd: Option<Child>,
}

impl Site {
    pub async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let mut options = FleetOptions::new(folder.path().join("artifacts"));
        options.settings.poll_every = Duration::from_secs(1);
        let contract = Contract::default();
        options.heard = Some(contract.listen());
        let fleet = Fleet::start(options).await.unwrap();
        fleet.state().create_target(NAME, Some(TOKEN), Timestamp::now()).unwrap();
        let repository = Repository::new(&folder.path().join("repository")).await;
        let root = folder.path().join("repository/metadata/1.root.json");
        let kiosk = Kiosk::new(folder.path(), NAME, fleet.address(), repository.address, &root);
        Self { fleet, repository, modules: 0, kiosk, contract, _folder: folder }
    }

    /// One that takes settings from afar, at any hour.
    pub async fn with_settings() -> Self {
        let site = Self::new().await;
        site.kiosk.write_configuration();
        site
    }

    /// Signs a layer.
    pub fn layer(&mut self, name: &str, version: u32, more: &str) {
        let whose = configuration::Whose::try_from(name.to_owned()).unwrap();
        let text = format!("schema = 1\nlayer = \"{name}\"\nversion = {version}\n{more}");
        self.repository.put(&whose.target(), text.as_bytes());
    }

    /// What the kiosk told the fleet server of its settings last.
    pub fn told(&self) -> String {
        let state = self.fleet.state();
        state.target(NAME).unwrap().attributes.get("configuration").cloned().unwrap_or_default()
    }

    /// Hands a command on, under a number of its own.
    pub fn command(&mut self, envelope: &str) -> ActionId {
        self.modules += 1;
        self.hand_on("command", &self.modules.to_string(), fleetd::ddi::COMMAND_KEY, envelope)
    }

    /// Wants an action called off.
    pub fn call_off(&mut self, action: ActionId) {
        self.fleet.state().cancel(action, Timestamp::now()).unwrap();
    }

    /// Signs a release and orders it, forced.
    pub fn order(&mut self, seq: u64, program: Program) -> ActionId {
        let target = self.repository.release(seq, program.image(seq).as_bytes());
        self.assign(&target, "1")
    }

    /// Orders a release that was ordered before, under a new distribution set.
    pub fn order_again(&mut self, seq: u64) -> ActionId {
        self.assign(&format!("app/kiosk-{seq}"), "2")
    }

    /// Orders what nobody signed.
    pub fn order_unsigned(&mut self, seq: u64) -> ActionId {
        self.assign(&format!("app/kiosk-{seq}"), "1")
    }

    /// Orders whatever is at this path, forced.
    pub fn assign(&mut self, target: &str, version: &str) -> ActionId {
        self.hand_on("kiosk", version, fleetd::ddi::TARGET_KEY, target)
    }

    fn hand_on(&mut self, name: &str, version: &str, key: &str, value: &str) -> ActionId {
        let mut state = self.fleet.state();
        let module = state.create_module("application", name, version).unwrap();
        let word = Metadata { key: key.to_owned(), value: value.to_owned(), target_visible: true };
        state.add_metadata(module, word).unwrap();
        let set = state.create_set(name, version, &[module]).unwrap();
        state.assign(NAME, &Assignment::of(set), Timestamp::now()).unwrap().unwrap()
    }

    /// What the server calls a release that it has not ordered.
    pub fn know(&mut self, version: &str) -> SetId {
        let mut state = self.fleet.state();
        let module = state.create_module("application", "kiosk", version).unwrap();
        state.create_set("kiosk", version, &[module]).unwrap()
    }

    /// What the server believes to be installed.
    pub fn installed(&self) -> Option<SetId> {
        self.fleet.state().target(NAME).unwrap().installed
    }

    pub fn status(&self, action: ActionId) -> Status {
        self.fleet.state().action(action).unwrap().status
    }

    /// What the kiosk said of an action, the oldest first.
    pub fn said(&self, action: ActionId) -> Vec<String> {
        let state = self.fleet.state();
        let history = &state.action(action).unwrap().history;
        let messages = history.iter().flat_map(|entry| &entry.messages).map(ToString::to_string);
        messages.filter(|line| !line.starts_with("Update Server")).collect()
    }

    /// Waits until something holds; says where things stand if it never does.
    pub async fn until(&self, what: &str, limit: Duration, holds: impl Fn(&Self) -> bool) {
        let since = Instant::now();
        while !holds(self) {
            assert!(since.elapsed() < limit, "not within {limit:?}: {what}; {}", self.kiosk.line());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

impl Kiosk {
    /// A kiosk in this folder, with release 6 in its first slot.
    pub fn new(folder: &Path, name: &str, fleet: SocketAddr, repository: SocketAddr, root: &Path) -> Self {
        let kiosk = Self { folder: folder.to_owned(), fleetd: None };
        kiosk.write_settings(name, fleet, repository, root);
        kiosk
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn write_settings(&self, name: &str, fleet: SocketAddr, repository: SocketAddr, root: &Path) {
        for folder in ["slots", "state", "upkeep"] {
            fs::create_dir(self.path(folder)).unwrap();
        }
        let image = self.path("slots").join("app-a.img");
        fs::write(&image, Program::Well.image(6)).unwrap();
        fs::set_permissions(&image, fs::Permissions::from_mode(0o755)).unwrap();
        symlink("app-a.img", self.path("slots").join("current")).unwrap();
        fs::write(self.path("token"), format!("secret-of-{name}")).unwrap();
        fs::write(self.path("badges.toml"), "").unwrap();
        self.write_restart();
        let path = |name: &str| format!("{:?}", self.path(name).display().to_string());
        let settings = format!(
            r#"[fleet]
server = "http://{fleet}"
tenant = "DEFAULT"
controller = "{name}"
poll-seconds = 1
target-token = {token}

[tls]

[repository]
metadata = "http://{repository}/metadata"
targets = "http://{repository}/targets"
root = {root:?}

[kiosk]
hardware = "pc-dev"

[files]
state = {state}
slots = {slots}
upkeep = {upkeep}

[hours]
utc-offset-minutes = 420
windows = []

[update]
idle-seconds = 1
idle-forced-seconds = 1
announce-seconds = 1
well-seconds = 3
ill-seconds = 5
cut-off-seconds = 60
tries = 2
restart = [{restart}]
rehearse = ["/bin/sh", "-c", "test -s \"$KIOSK_IMAGE\""]

[stick]
path = {stick}
most-megabytes = 1
keep-free-megabytes = 1
badges = {badges}

[stick.logs]
path = {out}
key = "{key}"
most-kilobytes = 64
files = {{ fleetd-audit = {audit} }}
"#,
            stick = path("stick"),
            badges = path("badges.toml"),
            out = path("out"),
            key = crate::stick::log_key().public(),
            audit = path("state/audit.log"),
            token = path("token"),
            root = root.display().to_string(),
            state = path("state"),
            slots = path("slots"),
            upkeep = path("upkeep"),
            restart = path("restart"),
        );
        let commands = crate::commands::settings(&self.folder);
        fs::write(self.path("fleetd.toml"), settings + &commands).unwrap();
    }

    /// Adds a section to the settings.
    pub fn also_set(&self, section: &str) {
        let path = self.path("fleetd.toml");
        let settings = fs::read_to_string(&path).unwrap();
        fs::write(path, format!("{settings}\n{section}")).unwrap();
    }

    /// All figures, for who reads them on the spot.
    pub fn metrics_page(&self) -> String {
        fs::read_to_string(self.path("upkeep/metrics.prom")).unwrap()
    }

    fn write_configuration(&self) {
        fs::create_dir(self.path("configuration")).unwrap();
        let path = self.path("fleetd.toml");
        let settings = fs::read_to_string(&path).unwrap();
        let settings = settings.replace("windows = []", "windows = [\"00:00-12:00\", \"12:00-00:00\"]");
        let part = format!(
            "[configuration]\nprovince = \"ha-noi\"\nsite = \"nghia-do\"\nfolder = {:?}\nevery-seconds = 1\n\
             well-seconds = 3\nill-seconds = 5\n\
             check = [\"/bin/sh\", \"-c\", \"! grep 'is = {UNSOUND}' $KIOSK_CONFIGURATION/configuration.toml >&2\"]\n",
            self.path("configuration").display().to_string(),
        );
        fs::write(path, settings + &part).unwrap();
    }

    /// The settings that are in force, by their link.
    pub fn settings(&self) -> Option<configuration::Configuration> {
        let link = fs::read_link(self.path("configuration/current")).ok()?;
        let name = link.file_name().unwrap().to_str().unwrap().to_owned();
        let set = release::Sha256Digest::try_from(name).unwrap();
        fleetd::configuration::Shelf::new(&self.path("configuration")).read(set)
    }

    /// The settings that `kioskd` says it goes by.
    pub fn goes_by(&self) -> Option<String> {
        self.upkeep().vitals()?.configuration
    }

    /// What systemd would do: end the program, and start the launcher until something stays up.
    fn write_restart(&self) {
        let here = self.folder.display();
        let launch = program("kiosk-launch").display().to_string();
        let script = format!(
            "#!/bin/sh\nexport KIOSK_TEST={here}\nif [ -f {here}/pid ]; then kill \"$(cat {here}/pid)\" 2>/dev/null; fi\n\
             setsid sh -c 'echo $$ > {here}/pid; for start in 1 2 3 4 5; do\n\
             {launch} --slots {here}/slots --runtime {here} -- kioskd & child=$!; trap \"kill $child; exit 0\" TERM; wait $child\n\
             sleep 0.1; done' > {here}/log 2>&1 &\nexit 0\n"
        );
        let path = self.path("restart");
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Starts the programs and `fleetd`.
    pub async fn start(&mut self) {
        assert!(Command::new(self.path("restart")).status().unwrap().success());
        let since = Instant::now();
        while self.upkeep().vitals().is_none() {
            assert!(since.elapsed() < Duration::from_secs(10), "{:?}", fs::read_to_string(self.path("log")));
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        self.start_fleetd();
    }

    pub fn start_fleetd(&mut self) {
        let mut fleetd = Command::new(env!("CARGO_BIN_EXE_fleetd"));
        self.fleetd = Some(fleetd.arg("--config").arg(self.path("fleetd.toml")).spawn().unwrap());
    }

    pub fn kill_fleetd(&mut self) {
        if let Some(mut fleetd) = self.fleetd.take() {
            fleetd.kill().unwrap();
            fleetd.wait().unwrap();
        }
    }

    pub fn upkeep(&self) -> Folder {
        Folder::new(&self.path("upkeep"))
    }

    /// Somebody is served.
    pub fn begin_visit(&self) -> Lease {
        self.upkeep().lease().unwrap().expect("the machine is free")
    }

    /// Whether a visit could not begin.
    pub fn closed(&self) -> bool {
        matches!(self.upkeep().opening(Timestamp::now()), Opening::ClosedFor(_))
    }

    /// The number of the release that runs.
    pub fn runs(&self) -> String {
        fs::read_to_string(self.path("runs")).unwrap_or_default().trim().to_owned()
    }

    /// The slots in a line.
    pub fn line(&self) -> String {
        BootRecord::new(SlotFolder::new(&self.path("slots"))).read().unwrap().line()
    }
}

impl Drop for Kiosk {
    fn drop(&mut self) {
        self.kill_fleetd();
        if let Ok(pid) = fs::read_to_string(self.path("pid")) {
            _ = Command::new("kill").arg(pid.trim()).status();
        }
    }
}

/// A program of another crate, built beside the tests.
pub fn program(name: &str) -> PathBuf {
    let here = std::env::current_exe().unwrap();
    let program = here.ancestors().nth(2).unwrap().join(name);
    assert!(program.is_file(), "build {} first: cargo build --workspace", program.display());
    program
}
