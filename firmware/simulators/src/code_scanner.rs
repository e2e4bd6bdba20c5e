//! A code scanner on a pseudo-terminal: sends a text and a CR, as serial scanners do.

use std::{io, path::Path};

use crate::terminal::{Terminal, TerminalError};

/// The scanner. Unplugged when dropped.
pub struct PretendScanner {
    terminal: Terminal,
}

impl PretendScanner {
    /// Starts a scanner that can be opened at `link`.
    pub fn start(link: &Path) -> Result<Self, TerminalError> {
        Ok(Self { terminal: Terminal::open(link)? })
    }

    /// "Scans": sends the text and a CR.
    pub fn scan(&self, text: &str) -> io::Result<()> {
        self.send(text.as_bytes())?;
        self.send(b"\r")
    }

    /// Sends bytes as they are, for what a broken scanner or cable would send.
    pub fn send(&self, bytes: &[u8]) -> io::Result<()> {
        self.terminal.write(bytes)
    }
}
