//! The touchscreen in a window; keys in the terminal are the citizen's hands.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::Stdio,
    sync::mpsc,
    thread,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use rehearsal::{BODY, OFFICERS, Stage, peak_memory};

use crate::demo::places;

/// Opens the window and lets somebody walk the visit.
pub fn open(mut stage: Stage, size: &str) -> Result<()> {
    let kiosk = stage.start_kiosk()?;
    let person = stage.person();
    println!("\n{}", stage.script().title);
    println!("The citizen: {}, phone {}, code {}.", person.name, person.phone, stage.script().otp());
    let [one, other] = OFFICERS.map(|(number, pin)| format!("{number} with PIN {pin}"));
    println!("Two officers may confirm them: {one}, {other}.");
    println!("Here: q shows the card's QR to the scanner, l lays the card down, t takes it away,");
    println!("p takes the paper out, r puts a new roll in, e ends. When the camera asks: a turns the");
    println!("head left, d right, s looks straight again, b shuts the eyes, o opens them, n comes nearer,");
    println!("m moves back, i opens the mouth, u closes it.");
    let log = stage.out().join("logs/kiosk-ui.log");
    let mut window = places()
        .program("kiosk-ui")
        .arg("--socket")
        .arg(stage.screen_socket())
        .args(["--size", size])
        .stdin(Stdio::null())
        .stderr(fs::File::create(&log)?)
        .spawn()
        .context("cannot start kiosk-ui")?;
    let socket = |name: &str| stage.folder().join(name);
    let hands = Hands { card: socket("card.sock"), desk: socket("desk.sock"), body: socket(BODY) };
    let (ended, end) = mpsc::channel();
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
    let said = fs::read_to_string(&log).unwrap_or_default();
    let mib = |kib: Option<u64>| kib.map_or("?".to_owned(), |kib| (kib / 1024).to_string());
    println!("kiosk-ui held {} MiB at most, kioskd {} MiB", mib(screen_peak_kib), mib(kiosk.peak_memory()));
    stage.end(kiosk);
    match failed {
        None => Ok(()),
        Some(status) => bail!("the touchscreen ended ({status}): {}", said.trim()),
    }
}

/// The hands of the citizen and of the technician, by keys in the terminal.
struct Hands {
    card: PathBuf,
    desk: PathBuf,
    body: PathBuf,
}

impl Hands {
    fn obey(&self, ended: &mpsc::Sender<()>) {
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
                "i" => say(&self.body, "open-mouth"),
                "u" => say(&self.body, "close-mouth"),
                "e" => {
                    _ = ended.send(());
                    return;
                }
                _ => Ok("q, l, t, a, d, s, b, o, n, m, i, u, p, r or e".to_owned()),
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
