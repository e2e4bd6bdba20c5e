//! A serial port that is not there: a pseudo-terminal under a name of our choice.
//! The device's side is held here; a driver opens the name like any port.

use std::{
    fs, io,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
};

use nix::{
    pty::openpty,
    sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr},
    unistd,
};

/// A pseudo-terminal with a name. Closing it is what a driver sees as unplugging.
pub struct Terminal {
    device: OwnedFd,
    // Held open so that the device's side can be read while no driver is there.
    driver: OwnedFd,
    link: PathBuf,
}

/// Why a pretend port cannot be made or used.
#[derive(Debug, thiserror::Error)]
pub enum TerminalError {
    /// The system gives no pseudo-terminal.
    #[error("no pseudo-terminal can be had")]
    NoTerminal(#[source] io::Error),
    /// The name is taken by something that is no link, or its folder is missing.
    #[error("cannot make the link {}", link.display())]
    Link {
        /// Which.
        link: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl Terminal {
    /// Opens a raw terminal and makes the link to it; an old link is replaced.
    pub fn open(link: &Path) -> Result<Self, TerminalError> {
        let no_terminal = |errno: nix::Error| TerminalError::NoTerminal(errno.into());
        let pair = openpty(None, None).map_err(no_terminal)?;
        let mut settings = tcgetattr(&pair.slave).map_err(no_terminal)?;
        cfmakeraw(&mut settings);
        tcsetattr(&pair.slave, SetArg::TCSANOW, &settings).map_err(no_terminal)?;
        let name = unistd::ttyname(&pair.slave).map_err(no_terminal)?;
        let wrong = |source| TerminalError::Link { link: link.to_owned(), source };
        if fs::symlink_metadata(link).is_ok_and(|old| old.is_symlink()) {
            fs::remove_file(link).map_err(wrong)?;
        }
        std::os::unix::fs::symlink(&name, link).map_err(wrong)?;
        Ok(Self { device: pair.master, driver: pair.slave, link: link.to_owned() })
    }

    /// Waits for what the driver sends.
    pub fn read(&self, bytes: &mut [u8]) -> io::Result<usize> {
        loop {
            match unistd::read(&self.device, bytes) {
                Err(nix::Error::EINTR) => {}
                other => return other.map_err(io::Error::from),
            }
        }
    }

    /// Sends to the driver.
    pub fn write(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match unistd::write(&self.device, bytes) {
                Ok(sent) => bytes = &bytes[sent..],
                Err(nix::Error::EINTR) => {}
                Err(other) => return Err(other.into()),
            }
        }
        Ok(())
    }

    /// Ends a `read` that waits, by one byte from the driver's side.
    pub fn wake(&self) {
        // Where even that fails, nobody reads any more.
        let _ = unistd::write(&self.driver, &[0]);
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // A link that was replaced meanwhile is another device's.
        let ours = unistd::ttyname(&self.driver).ok();
        if fs::read_link(&self.link).ok() == ours {
            let _ = fs::remove_file(&self.link);
        }
    }
}
