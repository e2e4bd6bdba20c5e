//! The program `virtual-card` as a child: started beside a private `pcscd`, told to
//! lay and lift, gone when dropped.

use std::{
    ffi::OsString,
    io::{self, BufRead, BufReader, Write},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::Stdio,
    thread,
};

use jiff::civil::Date;

use crate::{kept::Kept, pcscd::PrivatePcscd};

/// Why the virtual card does not obey.
#[derive(Debug, thiserror::Error)]
pub enum CardProcessError {
    /// The program cannot be started.
    #[error("cannot start {}", program.display())]
    Start {
        /// Which program.
        program: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It ended before it was ready; its own words stand in its error output.
    #[error("the virtual card ended before it was ready")]
    NotReady,
    /// Its control socket is closed.
    #[error("the virtual card does not answer '{word}'")]
    Silent {
        /// What it was told.
        word: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It says no.
    #[error("the virtual card refuses '{word}': {reason}")]
    Refused {
        /// What it was told.
        word: &'static str,
        /// What it says.
        reason: String,
    },
}

/// Which card it is to be.
pub struct CardOptions<'a> {
    /// A scenario file.
    pub scenario: &'a Path,
    /// The folder of `people.toml`.
    pub people: &'a Path,
    /// The issuer's folder; its `csca.pem` is the trust list.
    pub issuer_folder: &'a Path,
    /// A folder for the control socket, with a short path.
    pub folder: &'a Path,
    /// The day on which the card is shown.
    pub today: Date,
    /// For repeatable keys; none: new ones.
    pub seed: Option<u64>,
}

/// The running program.
pub struct CardProcess {
    control: UnixStream,
    answers: BufReader<UnixStream>,
    _kept: Kept,
}

impl CardProcess {
    /// Starts the program in the daemon's network and waits until it is ready.
    pub fn start(
        program: &Path,
        options: &CardOptions<'_>,
        daemon: &PrivatePcscd,
    ) -> Result<Self, CardProcessError> {
        let refused = |source| CardProcessError::Start { program: program.to_owned(), source };
        let socket = options.folder.join("card.sock");
        let mut command = daemon.inside(program);
        for (name, value) in [
            ("--scenario", OsString::from(options.scenario)),
            ("--people", options.people.into()),
            ("--issuer-dir", options.issuer_folder.into()),
            ("--control", socket.clone().into()),
            ("--vpcd-port", daemon.port().to_string().into()),
            ("--today", options.today.to_string().into()),
        ] {
            command.arg(name).arg(value);
        }
        if let Some(seed) = options.seed {
            command.arg("--seed").arg(seed.to_string());
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let (kept, output) = Kept::start(command).map_err(refused)?;
        let mut output = BufReader::new(output.ok_or(CardProcessError::NotReady)?);
        let mut line = String::new();
        output.read_line(&mut line).map_err(refused)?;
        if line.trim() != "ready" {
            return Err(CardProcessError::NotReady);
        }
        // Nothing more is expected, but a full pipe must not stop it.
        thread::spawn(move || io::copy(&mut output, &mut io::sink()));
        let control = UnixStream::connect(&socket).map_err(refused)?;
        let answers = BufReader::new(control.try_clone().map_err(refused)?);
        Ok(Self { control, answers, _kept: kept })
    }

    /// Lays the card down.
    pub fn lay(&mut self) -> Result<(), CardProcessError> {
        self.ask("lay").map(drop)
    }

    /// Takes the card away.
    pub fn lift(&mut self) -> Result<(), CardProcessError> {
        self.ask("lift").map(drop)
    }

    /// The QR printed on the card.
    pub fn printed_code(&mut self) -> Result<String, CardProcessError> {
        self.ask("code")
    }

    /// Where it lies and how many commands it has answered: `laid 12`.
    pub fn status(&mut self) -> Result<String, CardProcessError> {
        self.ask("status")
    }

    fn ask(&mut self, word: &'static str) -> Result<String, CardProcessError> {
        let silent = |source| CardProcessError::Silent { word, source };
        writeln!(self.control, "{word}").map_err(silent)?;
        let mut answer = String::new();
        if self.answers.read_line(&mut answer).map_err(silent)? == 0 {
            return Err(silent(io::ErrorKind::UnexpectedEof.into()));
        }
        let answer = answer.trim_end();
        match answer.strip_prefix("error: ") {
            Some(reason) => Err(CardProcessError::Refused { word, reason: reason.to_owned() }),
            None => Ok(answer.to_owned()),
        }
    }
}
