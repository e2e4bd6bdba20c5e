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
    process::Command,
    thread,
    time::{Duration, Instant},
};

use crate::kept::{DIE_WITH_PARENT, Kept};

/// Where vpcd listens inside the namespace; the slot beside it is not used. It would
/// listen on all interfaces, were there any but the loopback.
const PORT: u16 = 0x8C7B;
const PATIENCE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(20);

/// Runs inside the new namespaces: an empty `/run`, no drivers but vpcd's (so that no
/// reader on the USB is taken from its owner), a loopback that is up.
const SETUP: &str = r#"
set -e
mount -t tmpfs tmpfs /run
mkdir /run/pcscd
cp "$1" /run/libifdvpcd.so
mount -t tmpfs tmpfs "$2"
ip link set lo up
cat > /run/vpcd.conf
exec setpriv --pdeathsig KILL -- pcscd --foreground --config /run/vpcd.conf < /dev/null
"#;

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

/// A running daemon; it ends when dropped, and when this process is killed.
pub struct PrivatePcscd {
    kept: Kept,
    socket: PathBuf,
    as_root: bool,
}

impl PrivatePcscd {
    /// Starts a daemon whose log is `pcscd.log` in `folder`.
    pub fn start(folder: &Path) -> Result<Self, PcscdError> {
        let (library, drivers) = find_driver()?;
        for (program, package) in
            [("pcscd", "pcscd"), ("unshare", "util-linux"), ("nsenter", "util-linux"), ("ip", "iproute2")]
        {
            if !is_installed(program) {
                return Err(PcscdError::Missing { what: program, package });
            }
        }
        let refused = |source| PcscdError::Start { folder: folder.to_owned(), source };
        let log_path = folder.join("pcscd.log");
        let as_root = nix::unistd::geteuid().is_root();
        let (config, mut config_in) = io::pipe().map_err(refused)?;
        fs::create_dir_all(folder).map_err(refused)?;
        let log = File::create(&log_path).map_err(refused)?;
        let mut command = Command::new("unshare");
        command.args(if as_root { &["-mn"][..] } else { &["-rmn"] });
        command.args(["sh", "-c", SETUP, "sh"]).arg(library).arg(drivers);
        command.env("PATH", search_path());
        command.stdin(config).stdout(log.try_clone().map_err(refused)?).stderr(log);
        let (kept, _) = Kept::start(command).map_err(refused)?;
        config_in.write_all(reader_file().as_bytes()).map_err(refused)?;
        drop(config_in);
        let root = PathBuf::from(format!("/proc/{}/root/run", kept.pid()));
        let daemon = Self { kept, socket: root.join("pcscd/pcscd.comm"), as_root };
        daemon.wait(&root.join("vpcd.conf"), &log_path)?;
        Ok(daemon)
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
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.kept.pid().to_string(), "--net"]);
        if !self.as_root {
            command.args(["--user", "--preserve-credentials"]);
        }
        command.arg("--").args(DIE_WITH_PARENT).arg(program).env("PATH", search_path());
        command
    }

    /// Waits until it answers. The reader file must be seen first: before the private
    /// mount, the same path leads to the machine's own daemon.
    fn wait(&self, reader_file: &Path, log: &Path) -> Result<(), PcscdError> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if reader_file.exists() && UnixStream::connect(&self.socket).is_ok() {
                return Ok(());
            }
            if self.kept.has_ended() {
                let text = fs::read_to_string(log).unwrap_or_default();
                let last_words = text.lines().last().unwrap_or("it said nothing").trim().to_owned();
                return Err(PcscdError::Ended { last_words });
            }
            thread::sleep(POLL);
        }
        Err(PcscdError::Silent)
    }
}

fn reader_file() -> String {
    format!(
        "FRIENDLYNAME \"Virtual PCD\"\nDEVICENAME /dev/null:{PORT:#X}\nLIBPATH /run/libifdvpcd.so\n\
         CHANNELID {PORT:#X}\n"
    )
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
