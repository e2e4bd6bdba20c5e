//! Makes an officer's entry for the officers file. The officer types a PIN here; nobody
//! else sees it, and the key exists outside its seal only while this runs.

use std::io::{self, BufRead as _, IsTerminal as _};

use face::OfficerId;
use faults::Fault;
use nix::sys::termios::{self, LocalFlags, SetArg, Termios};
use staff::SigningPin;
use zeroize::Zeroizing;

use crate::{Refusal, chance::Chance};

/// The entry of a new officer, with a key that nobody has seen.
pub fn make(number: &str) -> Result<String, Refusal> {
    let officer = OfficerId::new(number).map_err(|error| wrong(&error.to_string()))?;
    let pin = typed("PIN, 8 to 12 digits: ")?;
    let pin_again = if io::stdin().is_terminal() { typed("The same PIN again: ")? } else { pin.clone() };
    if pin != pin_again {
        return Err(wrong("the two PINs differ"));
    }
    let pin = SigningPin::new(&pin).ok_or_else(|| wrong("a PIN has 8 to 12 digits"))?;
    Ok(staff::new_officer(&officer, &pin, &mut Chance))
}

fn wrong(what: &str) -> Refusal {
    Refusal { fault: Fault::UsageWrong, what: what.to_owned() }
}

/// One line of the input; on a terminal asked for, and not shown.
fn typed(question: &str) -> Result<Zeroizing<String>, Refusal> {
    let unseen = Unseen::begin();
    if unseen.is_some() {
        eprint!("{question}");
    }
    // Room enough, because growing would leave a copy behind.
    let mut line = Zeroizing::new(String::with_capacity(256));
    io::stdin().lock().read_line(&mut line).map_err(|error| wrong(&format!("no PIN: {error}")))?;
    if unseen.is_some() {
        eprintln!();
    }
    Ok(Zeroizing::new(line.trim_end().to_owned()))
}

/// A terminal that does not show what is typed, until this is dropped.
struct Unseen(Termios);

impl Unseen {
    /// Nothing where the input is no terminal.
    fn begin() -> Option<Self> {
        let before = termios::tcgetattr(io::stdin()).ok()?;
        let mut unseen = before.clone();
        unseen.local_flags.remove(LocalFlags::ECHO);
        termios::tcsetattr(io::stdin(), SetArg::TCSANOW, &unseen).ok()?;
        Some(Self(before))
    }
}

impl Drop for Unseen {
    fn drop(&mut self) {
        _ = termios::tcsetattr(io::stdin(), SetArg::TCSANOW, &self.0);
    }
}
