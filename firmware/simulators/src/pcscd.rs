//! A real `pcscd` of our own with Debian's virtual reader (`vsmartcard-vpcd`): the
//! kiosk reads the virtual card through the same service and library as on site.
//! It never touches the machine's own daemon, its readers or its network: mounts
//! and network are namespaces that end with the process.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io::{self, Write},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::kept::{DIE_WITH_PARENT, Kept};

/// Where vpcd's two slots listen inside the namespace, the second one port further. It
/// would listen on all interfaces, were there any but the loopback.
const PORT: u16 = 0x8C7B;
/// The reader of two slots that every daemon has unless told otherwise.
pub const READER: VirtualReader<'static> = VirtualReader { name: "Virtual PCD", port: PORT };
const PATIENCE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(20);

/// Makes and holds the new namespaces: an empty `/run`, no drivers but vpcd's (so that no
/// reader on the USB is taken from its owner), a loopback that is up. They outlive a
/// daemon that is stopped.
const SETUP: &str = r#"
set -e
mount -t tmpfs tmpfs /run
mkdir /run/pcscd
cp "$1" /run/libifdvpcd.so
mount -t tmpfs tmpfs "$2"
ip link set lo up
touch /run/ready
exec setpriv --pdeathsig KILL -- sleep infinity
"#;

/// Runs the daemon inside them, with the readers that its input names.
const RUN: &str = r"
set -e
cat > /run/vpcd.conf
exec setpriv --pdeathsig KILL -- pcscd --foreground --config /run/vpcd.conf < /dev/null
";

/// Why no private daemon runs. The demo then uses the card in memory and says so.
#[derive(Debug, thiserror::Error)]
pub enum PcscdError {
    /// A program or driver is not installed.
    #[error("{what} is not installed (Debian: {package})")]
    Missing {
        /// What is missing.
        what: &'static str,
        /// Which package has it.
        package: &'static str,
    },
    /// Its folder or process cannot be made.
    #[error("cannot start a private pcscd in {}", folder.display())]
    Start {
        /// For its log.
        folder: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It ended at once, mostly because namespaces are not allowed here.
    #[error("the private pcscd ended at once: {last_words}")]
    Ended {
        /// The last line it wrote.
        last_words: String,
    },
    /// It runs, but does not listen.
    #[error("the private pcscd does not listen after {} s", PATIENCE.as_secs())]
    Silent,
}

/// A reader of two slots, `NAME 00 00` and `NAME 00 01` where it is the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VirtualReader<'a> {
    /// What the service calls it.
    pub name: &'a str,
    /// Where its first slot waits for a card; the second waits one port further.
    pub port: u16,
}

/// A running daemon; it ends when dropped, and when this process is killed.
pub struct PrivatePcscd {
    /// Gone while it is stopped. Ends before the namespaces do.
    daemon: Option<Kept>,
    namespaces: Kept,
    run: PathBuf,
    socket: PathBuf,
    log: PathBuf,
    as_root: bool,
}

impl PrivatePcscd {
    /// Starts a daemon whose log is `pcscd.log` in `folder`.
    pub fn start(folder: &Path) -> Result<Self, PcscdError> {
        Self::start_with(folder, &[READER])
    }

    /// As `start`, with other readers.
    pub fn start_with(folder: &Path, readers: &[VirtualReader<'_>]) -> Result<Self, PcscdError> {
        let (library, drivers) = find_driver()?;
        for (program, package) in
            [("pcscd", "pcscd"), ("unshare", "util-linux"), ("nsenter", "util-linux"), ("ip", "iproute2")]
        {
            if !is_installed(program) {
                return Err(PcscdError::Missing { what: program, package });
            }
        }
        let log = folder.join("pcscd.log");
        let as_root = nix::unistd::geteuid().is_root();
        let namespaces = hold_namespaces(&library, &drivers, as_root, &log)
            .map_err(|source| PcscdError::Start { folder: folder.to_owned(), source })?;
        let run = PathBuf::from(format!("/proc/{}/root/run", namespaces.pid()));
        let mut daemon =
            Self { daemon: None, namespaces, socket: run.join("pcscd/pcscd.comm"), run, log, as_root };
        // Before the private mount, the same path leads to the machine's own `/run`.
        wait(&daemon.namespaces, &daemon.log, || daemon.run.join("ready").exists())?;
        daemon.start_again(readers)?;
        Ok(daemon)
    }

    /// Kills the daemon, as a crash would; programs `inside` live on.
    pub fn stop(&mut self) {
        self.daemon = None;
    }

    /// Starts the daemon anew, behind the same socket, with these readers.
    pub fn start_again(&mut self, readers: &[VirtualReader<'_>]) -> Result<(), PcscdError> {
        self.stop();
        let daemon =
            self.run(readers).map_err(|source| PcscdError::Start { folder: self.log.clone(), source })?;
        wait(&daemon, &self.log, || UnixStream::connect(self.socket_name()).is_ok())?;
        self.daemon = Some(daemon);
        Ok(())
    }

    /// What `PCSCLITE_CSOCK_NAME` must say in the environment of a program that is to
    /// use this daemon. The program must run as the same user.
    pub fn socket_name(&self) -> &Path {
        &self.socket
    }

    /// Where the virtual reader waits for a card, on 127.0.0.1 of the daemon's own
    /// network: only programs started by `inside` reach it.
    pub fn port(&self) -> u16 {
        PORT
    }

    /// A command that runs a program in the daemon's network. It keeps its process
    /// id, and dies with the thread that starts it.
    pub fn inside(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = self.enter(&["--net"]);
        command.arg("--").args(DIE_WITH_PARENT).arg(program);
        command
    }

    fn enter(&self, namespaces: &[&str]) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.namespaces.pid().to_string()]).args(namespaces);
        if !self.as_root {
            command.args(["--user", "--preserve-credentials"]);
        }
        command.env("PATH", search_path());
        command
    }

    fn run(&self, readers: &[VirtualReader<'_>]) -> io::Result<Kept> {
        self.lay_drivers(readers)?;
        let (config, mut config_in) = io::pipe()?;
        let log = File::options().append(true).open(&self.log)?;
        let mut command = self.enter(&["--net", "--mount"]);
        command.args(["--", "sh", "-c", RUN]);
        command.stdin(config).stdout(log.try_clone()?).stderr(log);
        let (daemon, _) = Kept::start(command)?;
        config_in.write_all(reader_file(readers).as_bytes())?;
        Ok(daemon)
    }

    /// A copy of the driver for each reader: loaded once, it would keep one set of slots
    /// for all of them.
    fn lay_drivers(&self, readers: &[VirtualReader<'_>]) -> io::Result<()> {
        readers.iter().try_for_each(|reader| {
            let copy = self.run.join(format!("libifdvpcd-{:X}.so", reader.port));
            // One in use keeps its file.
            if copy.exists() { Ok(()) } else { fs::copy(self.run.join("libifdvpcd.so"), copy).map(drop) }
        })
    }
}

fn hold_namespaces(library: &Path, drivers: &Path, as_root: bool, log: &Path) -> io::Result<Kept> {
    fs::create_dir_all(log.parent().expect("the log lies in a folder"))?;
    let log = File::create(log)?;
    let mut command = Command::new("unshare");
    command.args(if as_root { &["-mn"][..] } else { &["-rmn"] });
    command.args(["sh", "-c", SETUP, "sh"]).arg(library).arg(drivers);
    command.env("PATH", search_path());
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    Ok(Kept::start(command)?.0)
}

/// Waits until a process has done what it was started for.
fn wait(process: &Kept, log: &Path, done: impl Fn() -> bool) -> Result<(), PcscdError> {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if done() {
            return Ok(());
        }
        if process.has_ended() {
            let text = fs::read_to_string(log).unwrap_or_default();
            let last_words = text.lines().last().unwrap_or("it said nothing").trim().to_owned();
            return Err(PcscdError::Ended { last_words });
        }
        thread::sleep(POLL);
    }
    Err(PcscdError::Silent)
}

/// One entry a reader (reader.conf(5)).
fn reader_file(readers: &[VirtualReader<'_>]) -> String {
    let entry = |VirtualReader { name, port }: &VirtualReader<'_>| {
        format!(
            "FRIENDLYNAME \"{name}\"\nDEVICENAME /dev/null:{port:#X}\nLIBPATH /run/libifdvpcd-{port:X}.so\n\
             CHANNELID {port:#X}\n\n"
        )
    };
    readers.iter().map(entry).collect()
}

/// vpcd's library and the folder of all drivers, as Debian and its multiarch lay them.
fn find_driver() -> Result<(PathBuf, PathBuf), PcscdError> {
    let further = fs::read_dir("/usr/lib").into_iter().flatten().flatten().map(|entry| entry.path());
    std::iter::once(PathBuf::from("/usr/lib"))
        .chain(further)
        .map(|base| base.join("pcsc/drivers"))
        .map(|drivers| (drivers.join("serial/libifdvpcd.so"), drivers))
        .find(|(library, _)| library.exists())
        .ok_or(PcscdError::Missing { what: "the virtual reader", package: "vsmartcard-vpcd" })
}

/// The caller's path and the folders of daemons, which a user's path may lack.
fn search_path() -> String {
    std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/usr/bin:/sbin:/bin"
}

fn is_installed(program: &str) -> bool {
    search_path().split(':').any(|folder| Path::new(folder).join(program).is_file())
}
