//! The command line of `virtual-card`.

use std::path::PathBuf;

use jiff::{Timestamp, civil::Date, tz};
use lexopt::{Arg, Parser, ValueExt};

pub(crate) const HELP: &str = "\
virtual-card --scenario FILE --people DIR --vpcd-port N --control SOCKET --issuer-dir DIR
             [--today YYYY-MM-DD] [--seed N]

Makes the card of a scenario and waits beside a virtual reader. Prints 'ready', then
obeys one word a line on the control socket: lay, lift, code, status, quit.
DIR of the issuer is made where it is missing; its csca.pem is the trust list.";

/// What the command line asks for.
pub(crate) enum Asked {
    /// To be told how.
    Help,
    /// To run so.
    Run(Options),
}

/// Everything the program needs to know.
pub(crate) struct Options {
    pub(crate) scenario: PathBuf,
    pub(crate) people: PathBuf,
    pub(crate) vpcd_port: u16,
    pub(crate) control: PathBuf,
    pub(crate) issuer_folder: PathBuf,
    pub(crate) today: Date,
    pub(crate) seed: Option<u64>,
}

impl Options {
    pub(crate) fn parse(mut words: Parser) -> Result<Asked, lexopt::Error> {
        let (mut scenario, mut people, mut control, mut issuer) = (None, None, None, None);
        let (mut vpcd_port, mut today, mut seed) = (None, None, None);
        while let Some(word) = words.next()? {
            match word {
                Arg::Long("help") | Arg::Short('h') => return Ok(Asked::Help),
                Arg::Long("scenario") => scenario = Some(words.value()?.into()),
                Arg::Long("people") => people = Some(words.value()?.into()),
                Arg::Long("control") => control = Some(words.value()?.into()),
                Arg::Long("issuer-dir") => issuer = Some(words.value()?.into()),
                Arg::Long("vpcd-port") => vpcd_port = Some(words.value()?.parse()?),
                Arg::Long("today") => today = Some(words.value()?.parse()?),
                Arg::Long("seed") => seed = Some(words.value()?.parse()?),
                other => return Err(other.unexpected()),
            }
        }
        Ok(Asked::Run(Self {
            scenario: needed(scenario, "--scenario")?,
            people: needed(people, "--people")?,
            vpcd_port: needed(vpcd_port, "--vpcd-port")?,
            control: needed(control, "--control")?,
            issuer_folder: needed(issuer, "--issuer-dir")?,
            today: today.unwrap_or_else(today_in_viet_nam),
            seed,
        }))
    }
}

fn needed<T>(value: Option<T>, option: &str) -> Result<T, lexopt::Error> {
    value.ok_or_else(|| format!("missing option '{option}'").into())
}

/// Viet Nam is seven hours ahead all year.
fn today_in_viet_nam() -> Date {
    tz::offset(7).to_datetime(Timestamp::now()).date()
}
