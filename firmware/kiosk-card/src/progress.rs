//! How far a reading is, for a person: a line for every step and every file. On a terminal
//! the line of a long file under way is drawn anew with each answer; elsewhere, such as in
//! a log, only what is done is written.

use std::{
    fmt::Display,
    io::{IsTerminal, Stderr, Write},
};

use card::Progress;

/// Back to the first column, and away with what stands there (ECMA-48, 8.3.41).
const CLEAR: &str = "\r\x1B[K";

/// Where the lines go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Terminal,
    Elsewhere,
}

/// Tells of a reading. What it could not write is not told: a reading does not end for it.
pub struct Teller<W: Write = Stderr> {
    out: W,
    place: Place,
    /// A line stands there that is not finished.
    drawn: bool,
}

impl Teller {
    /// On the standard error.
    pub fn on_stderr() -> Self {
        let out = std::io::stderr();
        let place = if out.is_terminal() { Place::Terminal } else { Place::Elsewhere };
        Self { out, place, drawn: false }
    }
}

impl<W: Write> Teller<W> {
    /// A step of the reading.
    pub fn tell(&mut self, progress: Progress) {
        match progress {
            Progress::Opening => self.say("the chip answers"),
            Progress::Secured(protocol) => self.say(format_args!("secured by {protocol}")),
            Progress::Reading { file, done, total } if done == total => {
                self.say(format_args!("{file}: {total} bytes"));
            }
            Progress::Reading { file, done, total } if self.place == Place::Terminal => {
                self.drawn = true;
                let _ = write!(self.out, "{CLEAR}{file}: {done} of {total} bytes");
                let _ = self.out.flush();
            }
            Progress::Reading { .. } => {}
        }
    }

    /// A line of its own.
    pub fn say(&mut self, line: impl Display) {
        self.clear();
        let _ = writeln!(self.out, "{line}");
    }

    fn clear(&mut self) {
        if std::mem::take(&mut self.drawn) {
            let _ = write!(self.out, "{CLEAR}");
        }
    }
}

/// A reading may end in the middle of a file: the next line is somebody else's.
impl<W: Write> Drop for Teller<W> {
    fn drop(&mut self) {
        self.clear();
        let _ = self.out.flush();
    }
}

#[cfg(test)]
mod tests {
    use card::FileId;

    use super::*;

    fn told(place: Place, steps: &[Progress]) -> String {
        let mut out = Vec::new();
        let mut teller = Teller { out: &mut out, place, drawn: false };
        for step in steps {
            teller.tell(*step);
        }
        drop(teller);
        String::from_utf8(out).unwrap()
    }

    fn reading(done: usize) -> Progress {
        Progress::Reading { file: FileId::Dg2, done, total: 9000 }
    }

    #[test]
    fn a_terminal_has_one_line_that_is_drawn_anew() {
        let said = told(Place::Terminal, &[Progress::Opening, reading(4000), reading(8000), reading(9000)]);
        let drawn = "\r\x1B[KDG2: 4000 of 9000 bytes\r\x1B[KDG2: 8000 of 9000 bytes";
        assert_eq!(said, format!("the chip answers\n{drawn}\r\x1B[KDG2: 9000 bytes\n"));
    }

    #[test]
    fn elsewhere_only_whole_files_have_a_line() {
        let said = told(Place::Elsewhere, &[Progress::Opening, reading(4000), reading(9000)]);
        assert_eq!(said, "the chip answers\nDG2: 9000 bytes\n");
    }

    #[test]
    fn a_reading_that_ends_in_a_file_leaves_no_half_line() {
        let said = told(Place::Terminal, &[reading(4000)]);
        assert_eq!(said, "\r\x1B[KDG2: 4000 of 9000 bytes\r\x1B[K");
        assert_eq!(told(Place::Elsewhere, &[reading(4000)]), "");
    }
}
