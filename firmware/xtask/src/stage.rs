//! Everything that runs for one visit of the demo: the desk, the platform, `kioskd`,
//! and somebody at the screen. Ended and removed together.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use crate::{
    demo::{Options, Person, Script, people, scenario_path},
    project, report, site,
};

/// One of the project's programs.
pub fn program(name: &str) -> Command {
    Command::new(project::target().join("debug").join(name))
}

/// Everything that runs for one visit. Ended and removed when dropped, in this order.
pub struct Stage {
    kioskd: Running,
    platform: Running,
    desk: Running,
    folder: Scratch,
    out: PathBuf,
    control: u16,
    person: Person,
    otp: String,
    begun: Instant,
}

/// A program; ended when dropped, also where the stage was never set.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

/// A folder with a short path for sockets and ports; gone when dropped.
struct Scratch(PathBuf);

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
}

/// Stages that this process has set: several may stand at the same time.
static STAGES: AtomicU32 = AtomicU32::new(0);

/// The socket on which whoever stands before the camera is told to move.
const BODY: &str = "body.sock";

impl Stage {
    /// Starts everything but the one at the screen.
    pub fn set(options: &Options, scenario: &Path, script: &Script, out: &Path) -> Result<Self> {
        let begun = Instant::now();
        let number = STAGES.fetch_add(1, Ordering::Relaxed);
        let name = format!("kiosk-demo-{}-{number}", std::process::id());
        let scratch = Scratch(std::env::temp_dir().join(name));
        let folder = &scratch.0;
        fs::create_dir_all(folder)?;
        clear(out)?;
        fs::create_dir_all(out.join("logs"))?;
        let person = script.person()?;

        let desk = program("pretend-desk")
            .arg("--scenario")
            .arg(scenario)
            .arg("--people")
            .arg(people())
            .arg("--folder")
            .arg(folder)
            .args(["--today", &today()?])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log(out, "desk")?)
            .spawn()
            .context("cannot start pretend-desk")?;
        let mut desk = Running(desk);
        let ready: DeskReady = first_line(&mut desk.0, "pretend-desk", out)?;

        let platform_folder = folder.join("platform");
        let platform = program("pretend-platform")
            .arg("--scenario")
            .arg(scenario)
            .arg("--people")
            .arg(people())
            .arg("--dir")
            .arg(&platform_folder)
            .args(["--listen", "127.0.0.1:0", "--kiosk", "demo-kiosk"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log(out, "platform")?)
            .spawn()
            .context("cannot start pretend-platform")?;
        let mut platform = Running(platform);
        let listening: PlatformReady = first_line(&mut platform.0, "pretend-platform", out)?;

        site::write_board(options, folder, &ready, &platform_folder, listening.port)?;
        site::enrol(folder, &platform_folder)?;
        if let Some(reader) = &options.reader {
            site::look_for_reader(folder, reader)?;
        }
        let mut kioskd = program("kioskd");
        kioskd.arg("--board").arg(folder.join("demo.toml"));
        if options.camera.is_none() {
            kioskd
                .env("KIOSK_PRETEND_SCENARIO", scenario)
                .env("KIOSK_PRETEND_PEOPLE", people())
                .env("KIOSK_PRETEND_BODY", folder.join(BODY));
        }
        match (&options.reader, &ready.pcsc_socket, &ready.in_memory_because) {
            (Some(_), _, _) => {}
            (None, Some(socket), _) => _ = kioskd.env("PCSCLITE_CSOCK_NAME", socket),
            (None, None, why) => {
                println!(
                    "No private pcscd ({}); the kiosk reads its card in memory instead.",
                    why.as_deref().unwrap_or("no reason given")
                );
                kioskd.env("KIOSK_PRETEND_ISSUER", folder.join("issuer"));
            }
        }
        let kioskd = kioskd
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log(out, "kioskd")?)
            .spawn()
            .context("cannot start kioskd")?;
        let otp = script.otp().to_owned();
        let control = listening.control;
        let (kioskd, folder, out) = (Running(kioskd), scratch, out.to_owned());
        let mut stage = Self { kioskd, platform, desk, folder, out, control, person, otp, begun };
        stage.wait_for_screen_socket()?;
        Ok(stage)
    }

    fn wait_for_screen_socket(&mut self) -> Result<()> {
        let socket = self.folder.0.join("screen.sock");
        // Only looked for: a connection would be taken for a screen that came and went.
        while !socket.exists() {
            if let Some(status) = self.kioskd.0.try_wait()? {
                let said = fs::read_to_string(self.out.join("logs/kioskd.log")).unwrap_or_default();
                bail!("kioskd ended at once ({status}): {}", said.trim());
            }
            ensure!(self.begun.elapsed() < Duration::from_mins(1), "kioskd does not listen");
            thread::sleep(Duration::from_millis(50));
        }
        println!("kioskd is up after {} ms", self.begun.elapsed().as_millis());
        Ok(())
    }

    /// The robot citizen walks the visit; the report says what came of it.
    pub fn walk(mut self, options: &Options, script: &Script) -> Result<()> {
        let pages = self.out.join("pages");
        let mut robot = program("pretend-citizen");
        robot
            .arg("--socket")
            .arg(self.folder.0.join("screen.sock"))
            .arg("--scenario")
            .arg(scenario_path(&options.scenario)?)
            .args(["--person-phone", &self.person.phone, "--otp", &self.otp])
            .args(["--card-digits", &self.person.number[6..]])
            .arg("--out")
            .arg(&pages)
            .args(["--lang", &options.language, "--size", &options.size, "--service", &options.service])
            .stdin(Stdio::null());
        // A card in memory lies there already, and nobody can take it away.
        let card = self.folder.0.join("card.sock");
        if card.exists() {
            robot.arg("--control-card").arg(card);
        }
        if options.camera.is_none() {
            robot.arg("--control-body").arg(self.folder.0.join(BODY));
        }
        if script.shows_qr() {
            robot.arg("--control-scanner").arg(self.folder.0.join("desk.sock"));
        }
        let mut screen_peak_kib = None;
        let walked =
            run_watched(&mut robot, |process| screen_peak_kib = peak_memory(process).or(screen_peak_kib));
        let report = report::Report {
            out: self.out.clone(),
            folder: self.folder.0.clone(),
            control: self.control,
            script,
            person: self.person.clone(),
            walked,
            kioskd_peak_kib: peak_memory(self.kioskd.0.id()),
            screen_peak_kib,
        };
        let held = report.settle();
        self.end();
        held.and_then(|held| report.write(held))
    }

    /// The touchscreen in a window; keys in the terminal are the citizen's hands.
    pub fn open_window(mut self, options: &Options, script: &Script) -> Result<()> {
        println!("\n{}", script.title);
        println!("The citizen: {}, phone {}, code {}.", self.person.name, self.person.phone, self.otp);
        let [one, other] = site::OFFICERS.map(|(number, pin)| format!("{number} with PIN {pin}"));
        println!("Two officers may confirm them: {one}, {other}.");
        println!("Here: q shows the card's QR to the scanner, l lays the card down, t takes it away,");
        println!("p takes the paper out, r puts a new roll in, e ends. When the camera asks: a turns the");
        println!(
            "head left, d right, s looks straight again, b shuts the eyes, o opens them, n comes nearer,"
        );
        println!("m moves back.");
        let mut window = program("kiosk-ui")
            .arg("--socket")
            .arg(self.folder.0.join("screen.sock"))
            .args(["--size", &options.size])
            .stdin(Stdio::null())
            .stderr(log(&self.out, "kiosk-ui")?)
            .spawn()
            .context("cannot start kiosk-ui")?;
        let socket = |name: &str| self.folder.0.join(name);
        let hands = Hands { card: socket("card.sock"), desk: socket("desk.sock"), body: socket(BODY) };
        let (ended, end) = std::sync::mpsc::channel();
        thread::spawn(move || hands.obey(&ended));
        let mut screen_peak_kib = None;
        let failed = loop {
            screen_peak_kib = peak_memory(window.id()).or(screen_peak_kib);
            if let Some(status) = window.try_wait()? {
                break (!status.success()).then_some(status);
            }
            if end.recv_timeout(Duration::from_millis(200)).is_ok() {
                _ = window.kill();
                _ = window.wait();
                break None;
            }
        };
        let said = fs::read_to_string(self.out.join("logs/kiosk-ui.log")).unwrap_or_default();
        let mib = |kib: Option<u64>| kib.map_or("?".to_owned(), |kib| (kib / 1024).to_string());
        println!(
            "kiosk-ui held {} MiB at most, kioskd {} MiB",
            mib(screen_peak_kib),
            mib(peak_memory(self.kioskd.0.id()))
        );
        self.end();
        match failed {
            None => Ok(()),
            Some(status) => bail!("the touchscreen ended ({status}): {}", said.trim()),
        }
    }

    /// Ends every program, the kiosk first and in order.
    fn end(&mut self) {
        terminate(&mut self.kioskd.0);
        terminate(&mut self.platform.0);
        // The desk ends with its standard input.
        drop(self.desk.0.stdin.take());
        _ = self.desk.0.wait();
    }
}

/// The hands of the citizen and of the technician, by keys in the terminal.
struct Hands {
    card: PathBuf,
    desk: PathBuf,
    body: PathBuf,
}

impl Hands {
    fn obey(&self, ended: &std::sync::mpsc::Sender<()>) {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            let said = match line.trim() {
                "q" => say(&self.desk, "scan"),
                "l" => say(&self.card, "lay"),
                "t" => say(&self.card, "lift"),
                "p" => say(&self.desk, "paper-out"),
                "r" => say(&self.desk, "paper-enough"),
                "a" => say(&self.body, "turn-left"),
                "d" => say(&self.body, "turn-right"),
                "s" => say(&self.body, "look-straight"),
                "b" => say(&self.body, "close-eyes"),
                "o" => say(&self.body, "open-eyes"),
                "n" => say(&self.body, "come-closer"),
                "m" => say(&self.body, "move-back"),
                "e" => {
                    _ = ended.send(());
                    return;
                }
                _ => Ok("q, l, t, a, d, s, b, o, n, m, p, r or e".to_owned()),
            };
            match said {
                Ok(answer) => println!("{answer}"),
                Err(error) => println!("{error}"),
            }
        }
    }
}

/// Says a word on a control socket and gives the answer.
fn say(socket: &Path, word: &str) -> Result<String> {
    let mut stream = UnixStream::connect(socket)?;
    writeln!(stream, "{word}")?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer)?;
    Ok(answer.trim_end().to_owned())
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
fn peak_memory(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

fn terminate(child: &mut Child) {
    _ = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(5) {
        if matches!(child.try_wait(), Ok(Some(_))) {
            return;
        }
        thread::sleep(Duration::from_millis(20));
    }
    _ = child.kill();
    _ = child.wait();
}

/// The first line that a program says, as JSON; it ends when it cannot start.
fn first_line<T: for<'a> Deserialize<'a>>(child: &mut Child, name: &str, out: &Path) -> Result<T> {
    let stdout: ChildStdout = child.stdout.take().expect("it was piped");
    let mut reader = BufReader::new(stdout);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    // Nothing more is expected, but a closed pipe must not end it.
    thread::spawn(move || std::io::copy(&mut reader, &mut std::io::sink()));
    serde_json::from_str(&line).with_context(|| {
        let log = out.join("logs").join(format!("{}.log", name.trim_start_matches("pretend-")));
        format!("{name} did not start: {}", fs::read_to_string(log).unwrap_or_default().trim())
    })
}

fn log(out: &Path, name: &str) -> Result<fs::File> {
    Ok(fs::File::create(out.join("logs").join(format!("{name}.log")))?)
}

/// Empties what an earlier demo wrote there; never a folder that is something else.
fn clear(out: &Path) -> Result<()> {
    if out.exists() && fs::read_dir(out)?.next().is_some() {
        ensure!(
            out.join("result.json").exists() || out.join("logs").exists(),
            "{} is not empty and not an earlier demo's; choose another --out",
            out.display()
        );
        fs::remove_dir_all(out)?;
    }
    Ok(fs::create_dir_all(out)?)
}

fn today() -> Result<String> {
    let output = Command::new("date").env("TZ", "UTC-7").arg("+%F").output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
