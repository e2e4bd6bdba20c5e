//! What is signed: canonical JSON (RFC 8785), one spelling for each command.

use std::{collections::BTreeSet, fmt};

use jiff::{SignedDuration, Timestamp};
use keys::canonical;
use serde::{Deserialize, Serialize};
use upkeep::{Lock, LockReason, Words};

use crate::{CommandId, Name, Refusal};

/// How long a command may be good.
pub const LONGEST_PERIOD: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How long a message may be shown after the command is good.
const LONGEST_SHOWN: SignedDuration = SignedDuration::from_hours(30 * 24);
/// The most kiosks that are named one by one.
const MOST_KIOSKS: usize = 50;
/// The most sources of logs at once.
const MOST_SOURCES: usize = 8;

/// A command. Whether anybody may give it, its signatures and the kiosk say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// Which one.
    pub id: CommandId,
    /// For whom.
    pub r#for: For,
    /// What is to be done.
    pub what: What,
    /// Not good before.
    pub not_before: Timestamp,
    /// Not good after: [`LONGEST_PERIOD`] later at most.
    pub not_after: Timestamp,
    /// Above every number that its signers used before.
    pub sequence: u64,
}

/// For whom a command is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum For {
    /// These kiosks.
    Kiosks(BTreeSet<Name>),
    /// Every kiosk of a site.
    Site(Name),
}

/// What is to be done: a closed list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, tag = "do")]
pub enum What {
    /// Nobody is served for a while.
    Lock {
        /// How long, in minutes: up to 7 days.
        minutes: u16,
        /// Why.
        reason: LockReason,
    },
    /// The lock ends.
    Unlock {},
    /// The machine is started anew.
    Reboot {},
    /// Logs are collected and sealed.
    CollectLogs {
        /// From which sources, by the names that the kiosk's settings give them.
        which: BTreeSet<Name>,
    },
    /// A message stands on the first page, in the place of the one before.
    Message {
        /// What it says.
        words: Words,
        /// Until when; a time that has passed takes the message before away.
        until: Timestamp,
    },
}

/// Kinds of commands. Who may give which is a matter of the kiosk's settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// [`What::Lock`].
    Lock,
    /// [`What::Unlock`].
    Unlock,
    /// [`What::Reboot`].
    Reboot,
    /// [`What::CollectLogs`].
    CollectLogs,
    /// [`What::Message`].
    Message,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Lock, Self::Unlock, Self::Reboot, Self::CollectLogs, Self::Message];

    /// Its word, as in settings and commands.
    pub fn word(self) -> &'static str {
        match self {
            Self::Lock => "lock",
            Self::Unlock => "unlock",
            Self::Reboot => "reboot",
            Self::CollectLogs => "collect-logs",
            Self::Message => "message",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.word())
    }
}

impl What {
    /// Its kind.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Lock { .. } => Kind::Lock,
            Self::Unlock {} => Kind::Unlock,
            Self::Reboot {} => Kind::Reboot,
            Self::CollectLogs { .. } => Kind::CollectLogs,
            Self::Message { .. } => Kind::Message,
        }
    }

    fn fits(&self, not_before: Timestamp) -> bool {
        match self {
            Self::Lock { minutes, .. } => (1..=Lock::MOST_MINUTES).contains(minutes),
            Self::Unlock {} | Self::Reboot {} => true,
            Self::CollectLogs { which } => (1..=MOST_SOURCES).contains(&which.len()),
            Self::Message { until, .. } => {
                let shown = until.duration_since(not_before);
                (SignedDuration::ZERO..=LONGEST_SHOWN).contains(&shown)
            }
        }
    }
}

impl Command {
    /// Reads what is signed. Only the one spelling is taken: what it would be written as is what
    /// it is, to the byte.
    pub fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        let command: Self = serde_json::from_slice(bytes).map_err(|_| Refusal::NotACommand)?;
        if command.to_bytes()? != bytes {
            return Err(Refusal::NotACommand);
        }
        Ok(command)
    }

    /// The bytes that are signed; none for a command that is out of bounds.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Refusal> {
        let named = match &self.r#for {
            For::Kiosks(kiosks) => (1..=MOST_KIOSKS).contains(&kiosks.len()),
            For::Site(_) => true,
        };
        let counted = (1..=canonical::LARGEST.unsigned_abs()).contains(&self.sequence);
        if !named || !counted || !self.what.fits(self.not_before) {
            return Err(Refusal::NotACommand);
        }
        let period = self.not_after.duration_since(self.not_before);
        if period <= SignedDuration::ZERO || period > LONGEST_PERIOD {
            return Err(Refusal::BadPeriod);
        }
        let value = canonical::of(self).map_err(|_| Refusal::NotACommand)?;
        Ok(value.to_bytes().to_vec())
    }

    /// What it says, line by line, for whoever is asked to sign it.
    pub fn lines(&self) -> Vec<String> {
        let whom = match &self.r#for {
            For::Kiosks(kiosks) => {
                let names: Vec<_> = kiosks.iter().map(Name::as_str).collect();
                format!("{} kiosks: {}", names.len(), names.join(" "))
            }
            For::Site(site) => format!("EVERY kiosk of the site {site}"),
        };
        let mut lines = vec![format!("for {whom}")];
        lines.extend(match &self.what {
            What::Lock { minutes, reason } => {
                vec![format!("lock for {minutes} minutes, {}", reason.word())]
            }
            What::Unlock {} => vec!["unlock".to_owned()],
            What::Reboot {} => vec!["start the machine anew, when nobody is served".to_owned()],
            What::CollectLogs { which } => {
                let names: Vec<_> = which.iter().map(Name::as_str).collect();
                vec![format!("collect logs: {}", names.join(" "))]
            }
            What::Message { words, until } => vec![
                format!("show until {until}"),
                format!("  vi: {}", words.vi.as_str()),
                format!("  en: {}", words.en.as_str()),
            ],
        });
        lines.push(format!("good from {} to {}", self.not_before, self.not_after));
        lines.push(format!("number {}, id {}", self.sequence, self.id));
        lines
    }
}
