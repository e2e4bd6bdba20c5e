//! Everything that runs for one visit: the desk, the platform, `kioskd`, and somebody at the
//! screen. Ended and removed together.

use std::{
    fs,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use crate::{Places, Running, Script, first_line, report::Report, script::Person, site, terminate};

/// What is asked for at the screen, and which hardware is real.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which service.
    pub service: String,
    /// The citizen's language.
    pub language: String,
    /// The screen, as `1080x1920`.
    pub size: String,
    /// A real reader, by a part of its name.
    pub reader: Option<String>,
    /// A real camera.
    pub camera: Option<PathBuf>,
}

impl Options {
    /// The main job on a screen of a kiosk, in Vietnamese, with nothing real.
    pub fn usual() -> Self {
        Self {
            service: "eid.activate".to_owned(),
            language: "vi".to_owned(),
            size: "1080x1920".to_owned(),
            reader: None,
            camera: None,
        }
    }
}

/// Everything but the kiosk's own program. Ended and removed when dropped, in this order.
pub struct Stage {
    platform: Running,
    desk: Running,
    folder: Scratch,
    places: Places,
    options: Options,
    scenario: PathBuf,
    script: Script,
    out: PathBuf,
    control: u16,
    fleet: Option<u16>,
    pcsc_socket: Option<String>,
    person: Person,
    begun: Instant,
}

/// A folder with a short path for sockets and ports, of nobody else; gone when dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self> {
        let number = STAGES.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("kiosk-demo-{}-{number}", std::process::id()));
        fs::DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.0);
    }
}

/// What `pretend-desk` says once it is ready.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct DeskReady {
    pcsc_socket: Option<String>,
    in_memory_because: Option<String>,
    /// Where the printer can be opened.
    pub printer: PathBuf,
    /// Where the scanner can be opened.
    pub scanner: PathBuf,
    /// Where printed slips come to lie.
    pub slips: PathBuf,
    /// The country certificates that are believed.
    pub trust_list: PathBuf,
    /// The folder of the lists of signers that were called back.
    pub revocation_lists: PathBuf,
}

#[derive(Deserialize)]
struct PlatformReady {
    port: u16,
    control: u16,
    fleet: Option<u16>,
}

/// Stages that this process has set: several may stand at the same time.
static STAGES: AtomicU32 = AtomicU32::new(0);

/// The socket on which whoever stands before the camera is told to move.
pub const BODY: &str = "body.sock";

impl Stage {
    /// Starts everything but `kioskd`. `fleet`: the platform is the fleet server too, with these
    /// further options.
    pub fn set(
        places: &Places,
        options: &Options,
        scenario: &Path,
        out: &Path,
        fleet: Option<&[&str]>,
    ) -> Result<Self> {
        let begun = Instant::now();
        let script = Script::load(scenario)?;
        let scratch = Scratch::new()?;
        let folder = &scratch.0;
        clear(out)?;
        fs::create_dir_all(out.join("logs"))?;
        let person = script.person(&places.people)?;

        let desk = places
            .program("pretend-desk")
            .arg("--scenario")
            .arg(scenario)
            .arg("--people")
            .arg(&places.people)
            .arg("--folder")
            .arg(folder)
            .args(["--today", &today()?])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log(out, "desk")?)
            .spawn()
            .context("cannot start pretend-desk")?;
        let mut desk = Running(desk);
        let ready: DeskReady = first_line(&mut desk.0, "pretend-desk", &out.join("logs/desk.log"))?;

        let platform_folder = folder.join("platform");
        let platform = places
            .program("pretend-platform")
            .arg("--scenario")
            .arg(scenario)
            .arg("--people")
            .arg(&places.people)
            .arg("--dir")
            .arg(&platform_folder)
            .args(["--listen", "127.0.0.1:0", "--kiosk", "demo-kiosk"])
            .args(fleet.unwrap_or_default())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log(out, "platform")?)
            .spawn()
            .context("cannot start pretend-platform")?;
        let mut platform = Running(platform);
        let listening: PlatformReady =
            first_line(&mut platform.0, "pretend-platform", &out.join("logs/platform.log"))?;

        site::write_board(places, options, folder, &ready, &platform_folder, listening.port)?;
        site::enrol(places, folder, &platform_folder)?;
        if let Some(reader) = &options.reader {
            site::look_for_reader(places, folder, reader)?;
        } else if ready.pcsc_socket.is_none() {
            println!(
                "No private pcscd ({}); the kiosk reads its card in memory instead.",
                ready.in_memory_because.as_deref().unwrap_or("no reason given")
            );
        }
        Ok(Self {
            platform,
            desk,
            folder: scratch,
            places: places.clone(),
            options: options.clone(),
            scenario: scenario.to_owned(),
            script,
            out: out.to_owned(),
            control: listening.control,
            fleet: listening.fleet,
            pcsc_socket: ready.pcsc_socket,
            person,
            begun,
        })
    }

    /// The folder that all of it works in.
    pub fn folder(&self) -> &Path {
        &self.folder.0
    }

    /// The folder of the report.
    pub fn out(&self) -> &Path {
        &self.out
    }

    /// The scenario.
    pub fn script(&self) -> &Script {
        &self.script
    }

    /// The citizen.
    pub fn person(&self) -> &Person {
        &self.person
    }

    /// The platform's control port.
    pub fn control(&self) -> u16 {
        self.control
    }

    /// The fleet server's port, where there is one.
    pub fn fleet(&self) -> Option<u16> {
        self.fleet
    }

    /// The environment in which `kioskd` finds what is pretended.
    pub fn environment(&self) -> Vec<(&'static str, PathBuf)> {
        let mut variables = Vec::new();
        if self.options.camera.is_none() {
            variables.push(("KIOSK_PRETEND_SCENARIO", self.scenario.clone()));
            variables.push(("KIOSK_PRETEND_PEOPLE", self.places.people.clone()));
            variables.push(("KIOSK_PRETEND_BODY", self.folder.0.join(BODY)));
        }
        match (&self.options.reader, &self.pcsc_socket) {
            (Some(_), _) => {}
            (None, Some(socket)) => variables.push(("PCSCLITE_CSOCK_NAME", socket.into())),
            (None, None) => variables.push(("KIOSK_PRETEND_ISSUER", self.folder.0.join("issuer"))),
        }
        variables
    }

    /// The board of this run.
    pub fn board(&self) -> PathBuf {
        self.folder.0.join("demo.toml")
    }

    /// Starts `kioskd`, and waits until it listens.
    pub fn start_kiosk(&self) -> Result<Kiosk> {
        let kioskd = self
            .places
            .program("kioskd")
            .arg("--board")
            .arg(self.board())
            .envs(self.environment())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log(&self.out, "kioskd")?)
            .spawn()
            .context("cannot start kioskd")?;
        let mut kiosk = Kiosk(Running(kioskd));
        // Only looked for: a connection would be taken for a screen that came and went.
        while !self.screen_socket().exists() {
            if let Some(status) = kiosk.0.0.try_wait()? {
                let said = fs::read_to_string(self.out.join("logs/kioskd.log")).unwrap_or_default();
                bail!("kioskd ended at once ({status}): {}", said.trim());
            }
            ensure!(self.begun.elapsed() < Duration::from_mins(1), "kioskd does not listen");
            thread::sleep(Duration::from_millis(50));
        }
        println!("kioskd is up after {} ms", self.begun.elapsed().as_millis());
        Ok(kiosk)
    }

    /// Where the screen finds `kioskd`.
    pub fn screen_socket(&self) -> PathBuf {
        self.folder.0.join("screen.sock")
    }

    /// The robot citizen at the screen; its pictures go to a folder.
    pub fn robot(&self, pages: &Path) -> Command {
        let Options { service, language, size, .. } = &self.options;
        let mut robot = self.places.program("pretend-citizen");
        robot
            .arg("--socket")
            .arg(self.screen_socket())
            .arg("--scenario")
            .arg(&self.scenario)
            .args(["--person-phone", &self.person.phone, "--otp", self.script.otp()])
            .args(["--card-digits", &self.person.number[6..]])
            .arg("--out")
            .arg(pages)
            .args(["--lang", language, "--size", size, "--service", service])
            .stdin(Stdio::null());
        // A card in memory lies there already, and nobody can take it away.
        let card = self.folder.0.join("card.sock");
        if card.exists() {
            robot.arg("--control-card").arg(card);
        }
        if self.options.camera.is_none() {
            robot.arg("--control-body").arg(self.folder.0.join(BODY));
        }
        if self.script.shows_qr() {
            robot.arg("--control-scanner").arg(self.folder.0.join("desk.sock"));
        }
        robot
    }

    /// The robot citizen walks the visit; the report says what came of it.
    pub fn walk(mut self) -> Result<()> {
        let kiosk = self.start_kiosk()?;
        let mut screen_peak_kib = None;
        let walked = run_watched(&mut self.robot(&self.out.join("pages")), |process| {
            screen_peak_kib = peak_memory(process).or(screen_peak_kib);
        });
        let report = Report {
            out: self.out.clone(),
            folder: self.folder.0.clone(),
            control: self.control,
            script: self.script.clone(),
            person: self.person.clone(),
            walked,
            kioskd_peak_kib: kiosk.peak_memory(),
            screen_peak_kib,
        };
        let held = report.settle();
        self.end(kiosk);
        held.and_then(|held| report.write(held))
    }

    /// Ends every program, the kiosk first and in order.
    pub fn end(&mut self, kiosk: Kiosk) {
        kiosk.end();
        terminate(&mut self.platform.0);
        // The desk ends with its standard input.
        drop(self.desk.0.stdin.take());
        _ = self.desk.0.wait();
    }
}

/// `kioskd`.
pub struct Kiosk(Running);

impl Kiosk {
    /// The most memory that it has held, in KiB.
    pub fn peak_memory(&self) -> Option<u64> {
        peak_memory(self.0.0.id())
    }

    fn end(mut self) {
        terminate(&mut self.0.0);
    }
}

/// Runs a program and looks at its process while it runs.
fn run_watched(command: &mut Command, mut look: impl FnMut(u32)) -> Result<()> {
    let mut child = command.spawn().context("cannot start pretend-citizen")?;
    loop {
        if let Some(status) = child.try_wait()? {
            ensure!(status.success(), "pretend-citizen failed: {status}");
            return Ok(());
        }
        look(child.id());
        thread::sleep(Duration::from_millis(200));
    }
}

/// The most memory that a running process has held, in KiB.
pub fn peak_memory(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

fn log(out: &Path, name: &str) -> Result<fs::File> {
    Ok(fs::File::create(out.join("logs").join(format!("{name}.log")))?)
}

/// Empties what an earlier run wrote there; never a folder that is something else.
fn clear(out: &Path) -> Result<()> {
    if out.exists() && fs::read_dir(out)?.next().is_some() {
        ensure!(
            out.join("result.json").exists() || out.join("logs").exists(),
            "{} is not empty and not an earlier report; choose another --out",
            out.display()
        );
        fs::remove_dir_all(out)?;
    }
    Ok(fs::create_dir_all(out)?)
}

/// The day in Viet Nam.
fn today() -> Result<String> {
    let output = Command::new("date").env("TZ", "UTC-7").arg("+%F").output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
