//! `pretend-desk`: everything that stands on a kiosk's desk, for demo and tests: a
//! private pcscd with a virtual card, a receipt printer and a code scanner on
//! pseudo-terminals. Says in one JSON line where they are, then obeys words on a
//! control socket until its standard input ends.

use std::{
    env,
    error::Error,
    fs,
    io::{self, BufRead, BufReader, Read, Write},
    os::unix::net::{UnixListener, UnixStream},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use getrandom::rand_core::UnwrapErr;
use jiff::civil::Date;
use lexopt::prelude::*;
use simulators::{
    card_process::{CardOptions, CardProcess},
    code_scanner::PretendScanner,
    paper::{PaperKind, PaperPrinter},
    pcscd::PrivatePcscd,
    people::People,
    personalise::Issuer,
    scenario::{PrinterScript, Scenario},
    staff_badge::StaffBadge,
};

const HELP: &str = "\
Usage: pretend-desk --scenario FILE --people FOLDER --folder FOLDER [--today YYYY-MM-DD] [--in-memory]

  --folder FOLDER   short path for sockets, ports, the issuer and printed slips
  --in-memory       no pcscd: the kiosk is to use its card in memory

Words on FOLDER/desk.sock: scan, status, paper-out, paper-low, cover-open, paper-enough.
Words on FOLDER/card.sock: lay, lift, code, status.";

/// The short identifier of EF.DG2.
const DG2: u8 = 0x02;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("pretend-desk: {error}; see pretend-desk --help");
            ExitCode::from(2)
        }
    }
}

struct Options {
    scenario: PathBuf,
    people: PathBuf,
    folder: PathBuf,
    today: Date,
    in_memory: bool,
}

impl Options {
    fn parse() -> Result<Option<Self>, Box<dyn Error>> {
        let (mut scenario, mut people, mut folder, mut today) = (None, None, None, None);
        let mut in_memory = false;
        let mut arguments = lexopt::Parser::from_env();
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("scenario") => scenario = Some(arguments.value()?.into()),
                Long("people") => people = Some(arguments.value()?.into()),
                Long("folder") => folder = Some(arguments.value()?.into()),
                Long("today") => today = Some(arguments.value()?.parse()?),
                Long("in-memory") => in_memory = true,
                Short('h') | Long("help") => {
                    println!("{HELP}");
                    return Ok(None);
                }
                other => return Err(other.unexpected().into()),
            }
        }
        Ok(Some(Self {
            scenario: scenario.ok_or("--scenario is missing")?,
            people: people.ok_or("--people is missing")?,
            folder: folder.ok_or("--folder is missing")?,
            today: today.ok_or("--today is missing")?,
            in_memory,
        }))
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let Some(options) = Options::parse()? else { return Ok(()) };
    fs::create_dir_all(&options.folder)?;
    let scenario = Scenario::load(&options.scenario)?;
    let issuer_folder = options.folder.join("issuer");
    // The trust list must lie there before the kiosk starts.
    let mut chance = UnwrapErr(getrandom::SysRng);
    let issuer = Issuer::open(&issuer_folder, options.today, &mut chance)?;
    // And whom the issuer called back, as the operator would bring it along.
    let revoked = issuer_folder.join("revoked");
    fs::create_dir_all(&revoked)?;
    fs::write(revoked.join("test-csca.crl"), issuer.revocation_list()?)?;
    let people = People::load(&options.people)?;
    let person = people.person(&scenario.person)?;
    let printed = issuer.personalise(person, &options.people, &scenario.card, options.today)?;
    let code = printed.printed_code().to_owned();
    // The demo searches everything that the kiosk wrote for a piece of the portrait.
    fs::write(options.folder.join("dg2.bin"), printed.file(DG2).unwrap_or_default())?;

    write_badges(&scenario, &options.folder, &issuer_folder)?;

    let card = if options.in_memory {
        Err("the card in memory was asked for".to_owned())
    } else {
        start_card(&options, &issuer_folder)
    };
    let kind = PaperKind { dots: 576, baud: Some(115_200) };
    let slips = options.folder.join("slips");
    let paper = PaperPrinter::start(&slips, &options.folder.join("printer"), &kind, &scenario.printer)?;
    let scanner = PretendScanner::start(&options.folder.join("scanner"))?;

    println!("{}", ready_line(&options, card.as_ref(), &issuer_folder, &slips));
    let desk = Arc::new(Mutex::new(Desk { scanner, paper, code }));
    serve(&options.folder.join("desk.sock"), &desk)?;
    // The one who started us holds the other end: when it goes, everything goes.
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

/// The badges that the kiosk knows, where a badge comes.
fn write_badges(scenario: &Scenario, folder: &Path, issuer: &Path) -> Result<(), Box<dyn Error>> {
    let Some(badge) = &scenario.card.badge else { return Ok(()) };
    let shown = StaffBadge::kept(issuer, badge)?;
    let known = if badge.of_somebody_else { StaffBadge::p256()? } else { shown };
    fs::write(folder.join("badges.toml"), known.list(&badge.holder)?)?;
    Ok(())
}

fn start_card(options: &Options, issuer: &Path) -> Result<(PrivatePcscd, CardProcess), String> {
    let daemon = PrivatePcscd::start(&options.folder).map_err(|error| error.to_string())?;
    let program = env::current_exe().map_err(|error| error.to_string())?.with_file_name("virtual-card");
    let card = CardOptions {
        scenario: &options.scenario,
        people: &options.people,
        issuer_folder: issuer,
        folder: &options.folder,
        today: options.today,
        seed: None,
    };
    let card = CardProcess::start(&program, &card, &daemon).map_err(|error| error.to_string())?;
    Ok((daemon, card))
}

fn ready_line(
    options: &Options,
    card: Result<&(PrivatePcscd, CardProcess), &String>,
    issuer: &Path,
    slips: &Path,
) -> String {
    let text = |path: &Path| format!("{:?}", path.display().to_string());
    let pcsc = card.map_or_else(|_| "null".to_owned(), |(daemon, _)| text(daemon.socket_name()));
    let why = card.err().map_or_else(|| "null".to_owned(), |why| format!("{why:?}"));
    format!(
        "{{\"pcsc-socket\":{pcsc},\"in-memory-because\":{why},\"printer\":{},\"scanner\":{},\"slips\":{},\"trust-list\":{},\"revocation-lists\":{}}}",
        text(&options.folder.join("printer")),
        text(&options.folder.join("scanner")),
        text(slips),
        text(&issuer.join("csca.pem")),
        text(&issuer.join("revoked")),
    )
}

struct Desk {
    scanner: PretendScanner,
    paper: PaperPrinter,
    code: String,
}

impl Desk {
    fn obey(&self, word: &str) -> String {
        match word {
            "scan" => {
                self.scanner.scan(&self.code).map_or_else(|error| format!("error: {error}"), |()| "ok".into())
            }
            "status" => format!("slips {}", self.paper.receipts().len()),
            "paper-out" => self.set(&PrinterScript { paper_out: true, ..PrinterScript::default() }),
            "paper-low" => self.set(&PrinterScript { paper_low: true, ..PrinterScript::default() }),
            "cover-open" => self.set(&PrinterScript { cover_open: true, ..PrinterScript::default() }),
            "paper-enough" => self.set(&PrinterScript::default()),
            other => format!("error: no word '{other}'"),
        }
    }

    fn set(&self, script: &PrinterScript) -> String {
        self.paper.set(script);
        "ok".into()
    }
}

fn serve(path: &Path, desk: &Arc<Mutex<Desk>>) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    let desk = Arc::clone(desk);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let desk = Arc::clone(&desk);
            thread::spawn(move || converse(stream, &desk));
        }
    });
    Ok(())
}

/// One connection; it ends at the first thing that cannot be read or written.
fn converse(stream: UnixStream, desk: &Mutex<Desk>) -> Option<()> {
    let mut out = stream.try_clone().ok()?;
    for line in BufReader::new(stream).lines() {
        let answer = desk.lock().unwrap_or_else(PoisonError::into_inner).obey(line.ok()?.trim());
        writeln!(out, "{answer}").ok()?;
    }
    Some(())
}
