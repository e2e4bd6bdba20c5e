//! `virtual-card`: an invented citizen's card on a virtual reader (vpcd), laid down
//! and lifted by words on a control socket. For demo and tests only.

mod control;
mod options;

use std::{
    error::Error,
    fmt::Write,
    fs, io,
    os::unix::net::{UnixListener, UnixStream},
    path::Path,
    process::ExitCode,
};

use getrandom::rand_core::UnwrapErr;
use rand_core::CryptoRng;
use simulators::{
    chance::SeededChance, chip::Chip, citizen_card::CitizenCard, people::People, personalise::Issuer,
    scenario::Scenario, staff_badge::StaffBadge, vpcd::VpcdCard,
};

use self::options::{Asked, Options};

fn main() -> ExitCode {
    let options = match Options::parse(lexopt::Parser::from_env()) {
        Ok(Asked::Run(options)) => options,
        Ok(Asked::Help) => {
            println!("{}", options::HELP);
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("virtual-card: {error}; see virtual-card --help");
            return ExitCode::from(2);
        }
    };
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("virtual-card: {}", in_full(&*error));
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let mut chance: Box<dyn CryptoRng> = match options.seed {
        Some(seed) => Box::new(SeededChance::new(seed)),
        None => Box::new(UnwrapErr(getrandom::SysRng)),
    };
    let scenario = Scenario::load(&options.scenario)?;
    let card = card(options, &scenario, &mut *chance)?;
    let socket = SocketFile::bind(&options.control)?;
    println!("ready");
    control::obey(&socket.listener, VpcdCard::new(card, options.vpcd_port))?;
    Ok(())
}

fn card(
    options: &Options,
    scenario: &Scenario,
    chance: &mut dyn CryptoRng,
) -> Result<Box<dyn Chip>, Box<dyn Error>> {
    if let Some(badge) = &scenario.card.badge {
        return Ok(Box::new(StaffBadge::kept(&options.issuer_folder, badge)?));
    }
    let people = People::load(&options.people)?;
    let person = people.person(&scenario.person)?;
    let issuer = Issuer::open(&options.issuer_folder, options.today, chance)?;
    let personalised = issuer.personalise(person, &options.people, &scenario.card, options.today)?;
    Ok(Box::new(CitizenCard::new(personalised, &scenario.card, chance.next_u64())))
}

/// The control socket; its file goes when the program ends.
struct SocketFile<'a> {
    path: &'a Path,
    listener: UnixListener,
}

impl<'a> SocketFile<'a> {
    fn bind(path: &'a Path) -> Result<Self, Box<dyn Error>> {
        // A file that a killed program left; one that somebody answers stays.
        if path.exists() && UnixStream::connect(path).is_err() {
            fs::remove_file(path)?;
        }
        let listener = UnixListener::bind(path)
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))?;
        Ok(Self { path, listener })
    }
}

impl Drop for SocketFile<'_> {
    fn drop(&mut self) {
        // Removed already: just as well.
        let _ = fs::remove_file(self.path);
    }
}

/// An error and its causes in one line.
fn in_full(mut error: &dyn Error) -> String {
    let mut line = error.to_string();
    while let Some(source) = error.source() {
        if !line.contains(&source.to_string()) {
            let _ = write!(line, ": {source}");
        }
        error = source;
    }
    line.replace('\n', " ")
}
