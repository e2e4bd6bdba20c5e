//! The terminal, where somebody sits who knows a PIN.

use std::{
    fs::OpenOptions,
    io::{self, Read as _, Write as _},
};

use kiosk_repo::keys::Passphrase;
use nix::sys::termios::{LocalFlags, SetArg, SpecialCharacterIndices, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

const CTRL_C: u8 = 0x03;

/// Asks for a token's PIN, and shows nothing of it. None: no terminal, or no line.
pub fn ask_pin(token: &str) -> io::Result<Option<Passphrase>> {
    // Not standard input: that may be a script's.
    let Ok(mut terminal) = OpenOptions::new().read(true).write(true).open("/dev/tty") else {
        return Ok(None);
    };
    let before = tcgetattr(&terminal)?;
    let mut silent = before.clone();
    // Ctrl-C ends the line instead of the program, which would leave the terminal silent.
    silent.local_flags.remove(LocalFlags::ECHO | LocalFlags::ISIG);
    silent.control_chars[SpecialCharacterIndices::VEOL as usize] = CTRL_C;
    tcsetattr(&terminal, SetArg::TCSAFLUSH, &silent)?;
    let mut line = Zeroizing::new([0; 256]);
    let asked = write!(terminal, "PIN of the token {token:?}: ");
    // A terminal hands out one line at a time.
    let read = asked.and_then(|()| terminal.read(&mut line[..]));
    // Whatever came of it, the terminal is as it was.
    tcsetattr(&terminal, SetArg::TCSAFLUSH, &before)?;
    writeln!(terminal)?;
    let Some(pin) = line[..read?].strip_suffix(b"\n") else { return Ok(None) };
    let pin = std::str::from_utf8(pin).map_err(|_| io::ErrorKind::InvalidData)?;
    Ok((!pin.is_empty()).then(|| Zeroizing::new(pin.to_owned())))
}
