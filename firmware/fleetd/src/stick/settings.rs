//! `[stick]`. Without it no stick is looked at.

use std::{
    collections::BTreeMap,
    fs,
    num::NonZeroU32,
    path::{Path, PathBuf},
};

use badge::Badges;
use keys::ServerKey;
use serde::Deserialize;
use stick::logs::LogSource;

/// The part, checked.
#[derive(Clone)]
pub struct StickPart {
    /// Where the system mounts sticks with updates, read-only.
    pub path: PathBuf,
    /// The site, as permits name it; none: permits name this kiosk alone.
    pub site: Option<String>,
    /// The longest image that is staged, in bytes.
    pub most: u64,
    /// What stays free on the disk, in bytes: the queue of citizens' records comes first.
    pub keep_free: u64,
    /// The badges of technicians; none: nobody is one, and what needs one is refused.
    pub badges: Badges,
    /// Logs out; none: none go out.
    pub logs: Option<LogsPart>,
}

/// `[stick.logs]`, checked.
#[derive(Clone, Debug)]
pub struct LogsPart {
    /// Where the system mounts sticks for logs.
    pub path: PathBuf,
    /// The fleet's public key.
    pub key: ServerKey,
    /// How much of each file goes out, in bytes, the newest part.
    pub most: u64,
    /// Which files.
    pub files: Vec<LogSource>,
}

/// As it stands in the settings.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct StickFile {
    path: PathBuf,
    site: Option<String>,
    most_megabytes: NonZeroU32,
    keep_free_megabytes: NonZeroU32,
    badges: Option<PathBuf>,
    logs: Option<LogsFile>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct LogsFile {
    path: PathBuf,
    key: String,
    most_kilobytes: NonZeroU32,
    files: BTreeMap<String, PathBuf>,
}

/// Why settings make no part.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StickFault {
    /// Not a key.
    #[error("key is no public key of `kiosk-repo new-log-key`: 64 hexadecimal digits")]
    Key,
    /// Not a name, or none.
    #[error("files are 1 to 16, by names of lower-case letters, digits and '-'")]
    Files,
    /// One place for both.
    #[error("sticks that are read and sticks that are written are mounted in two places")]
    OnePlace,
    /// Not the file that `kioskd --new-badge` makes entries for, or not to be read.
    #[error("badges: {}: {reason}", path.display())]
    Badges {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

impl StickPart {
    /// Checks the settings.
    pub fn new(file: StickFile) -> Result<Self, StickFault> {
        let logs = file.logs.map(logs).transpose()?;
        if logs.as_ref().is_some_and(|logs| logs.path == file.path) {
            return Err(StickFault::OnePlace);
        }
        let bytes = |megabytes: NonZeroU32| u64::from(megabytes.get()) << 20;
        let (most, keep_free) = (bytes(file.most_megabytes), bytes(file.keep_free_megabytes));
        let badges = file.badges.as_deref().map(badges).transpose()?.unwrap_or_default();
        Ok(Self { path: file.path, site: file.site, most, keep_free, badges, logs })
    }
}

fn badges(path: &Path) -> Result<Badges, StickFault> {
    let fault = |reason| StickFault::Badges { path: path.to_owned(), reason };
    let text = fs::read_to_string(path).map_err(|error| fault(error.to_string()))?;
    toml::from_str(&text).map_err(|error| fault(error.message().to_owned()))
}

fn logs(file: LogsFile) -> Result<LogsPart, StickFault> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_name = |name: &String| (1..=40).contains(&name.len()) && name.bytes().all(plain);
    if !(1..=16).contains(&file.files.len()) || !file.files.keys().all(is_name) {
        return Err(StickFault::Files);
    }
    Ok(LogsPart {
        path: file.path,
        key: file.key.parse().map_err(|_| StickFault::Key)?,
        most: u64::from(file.most_kilobytes.get()) << 10,
        files: file.files.into_iter().map(|(name, path)| LogSource { name, path }).collect(),
    })
}
