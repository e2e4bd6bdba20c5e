//! The command line: words, options that take a value, and switches. What a command does not
//! know is refused by name.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::{Path, PathBuf},
    str::FromStr,
};

use jiff::{Timestamp, civil::Date};
use kiosk_repo::Mistake;
use lexopt::{Arg, Parser};
use tuf::metadata::Threshold;

/// What was given, by name.
#[derive(Debug, Default)]
pub struct Given {
    words: Vec<OsString>,
    values: BTreeMap<&'static str, Vec<OsString>>,
    switches: Vec<&'static str>,
}

impl Given {
    /// None: help was asked for.
    pub fn parse(
        mut parser: Parser,
        words: std::ops::RangeInclusive<usize>,
        valued: &'static [&'static str],
        switches: &'static [&'static str],
    ) -> Result<Option<Self>, Mistake> {
        let mut given = Self::default();
        while let Some(argument) = parser.next()? {
            match argument {
                Arg::Long("help") | Arg::Short('h') => return Ok(None),
                Arg::Value(word) => given.words.push(word),
                Arg::Long(name) => {
                    let known =
                        |all: &'static [&'static str]| all.iter().find(|known| **known == name).copied();
                    if let Some(name) = known(switches) {
                        given.switches.push(name);
                    } else if let Some(name) = known(valued).or_else(|| known(&["now"])) {
                        given.values.entry(name).or_default().push(parser.value()?);
                    } else {
                        return Err(Arg::Long(name).unexpected().into());
                    }
                }
                other @ Arg::Short(_) => return Err(other.unexpected().into()),
            }
        }
        if words.contains(&given.words.len()) {
            return Ok(Some(given));
        }
        let text = if given.words.len() < *words.start() { "a word is missing" } else { "too many words" };
        Err(Mistake::Usage(text.to_owned()))
    }

    /// A word by its place; `parse` has counted them.
    pub fn word(&self, at: usize) -> Result<&Path, Mistake> {
        self.words.get(at).map(Path::new).ok_or_else(|| Mistake::Usage("a word is missing".to_owned()))
    }

    /// A word that is text.
    pub fn text_word(&self, at: usize) -> Result<&str, Mistake> {
        text(self.word(at)?.as_os_str())
    }

    /// The words from a place on.
    pub fn words_from(&self, at: usize) -> impl Iterator<Item = &Path> {
        self.words.iter().skip(at).map(Path::new)
    }

    /// Whether a switch was given.
    pub fn has(&self, name: &str) -> bool {
        self.switches.contains(&name)
    }

    /// Every value of an option, as paths.
    pub fn paths(&self, name: &str) -> impl Iterator<Item = PathBuf> {
        self.values.get(name).into_iter().flatten().map(PathBuf::from)
    }

    /// Every value of an option, as text.
    pub fn texts(&self, name: &str) -> Result<Vec<&str>, Mistake> {
        self.values.get(name).into_iter().flatten().map(|value| text(value)).collect()
    }

    /// The value of an option that is given once at most.
    pub fn text(&self, name: &str) -> Result<Option<&str>, Mistake> {
        match self.texts(name)?[..] {
            [] => Ok(None),
            [one] => Ok(Some(one)),
            _ => Err(Mistake::Usage(format!("--{name} is given once"))),
        }
    }

    /// The same, which must be there.
    pub fn needed(&self, name: &str) -> Result<&str, Mistake> {
        self.text(name)?.ok_or_else(|| Mistake::Usage(format!("--{name} is missing")))
    }

    /// The same, as a path.
    pub fn path(&self, name: &str) -> Result<Option<PathBuf>, Mistake> {
        let mut paths = self.paths(name);
        match (paths.next(), paths.next()) {
            (path, None) => Ok(path),
            _ => Err(Mistake::Usage(format!("--{name} is given once"))),
        }
    }

    /// The same, which must be there.
    pub fn needed_path(&self, name: &str) -> Result<PathBuf, Mistake> {
        self.path(name)?.ok_or_else(|| Mistake::Usage(format!("--{name} is missing")))
    }

    /// A value that is read from text.
    pub fn read<T: FromStr>(&self, name: &str) -> Result<Option<T>, Mistake> {
        let text = self.text(name)?;
        text.map(|text| from_text(name, text)).transpose()
    }

    /// A threshold, or this one.
    pub fn threshold(&self, name: &str, usual: u64) -> Result<Threshold, Mistake> {
        let number = self.read(name)?.unwrap_or(usual);
        Threshold::new(number).ok_or(Mistake::ThresholdTooLow { least: 1 })
    }

    /// The time: `--now`, else the clock's.
    pub fn now(&self, clock: Timestamp) -> Result<Timestamp, Mistake> {
        self.text("now")?.map_or(Ok(clock), time)
    }
}

fn text(value: &std::ffi::OsStr) -> Result<&str, Mistake> {
    value.to_str().ok_or_else(|| Mistake::Usage(format!("{} is not text", value.display())))
}

/// Reads a value, or refuses it by the option's name.
pub fn from_text<T: FromStr>(name: &str, text: &str) -> Result<T, Mistake> {
    text.parse().map_err(|_| Mistake::Usage(format!("{text:?} does not suit --{name}")))
}

/// A time (2026-12-31T17:00:00Z), or a day, whose beginning in Viet Nam is meant.
pub fn time(text: &str) -> Result<Timestamp, Mistake> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    let wrong =
        || Mistake::Usage(format!("{text:?} is no time (2026-12-31T17:00:00Z) and no day (2026-12-31)"));
    // jiff would read a time without a zone as a day.
    let day = (text.len() == 10).then(|| text.parse::<Date>().ok()).flatten().ok_or_else(wrong)?;
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::Offset::constant(7));
    day.to_zoned(zone).map(|zoned| zoned.timestamp()).map_err(|_| wrong())
}
