//! `[commands]`: who may give which command, and how it is carried out. A kiosk without it takes
//! none.

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroU32,
};

use command::{AllowFault, AllowList, Kind, Name, Signer};
use ed25519_dalek::VerifyingKey;
use keys::ServerKey;
use serde::Deserialize;

/// The most bytes of logs at once.
const MOST_LOGS: u32 = 8 << 20;

/// The settings of commands, checked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// This kiosk.
    pub kiosk: Name,
    /// Its site, if commands may name that.
    pub site: Option<Name>,
    /// Whose signature counts for what.
    pub allowed: AllowList,
    /// Starts the machine anew.
    pub reboot: Vec<String>,
    /// What may be collected; `None`: nothing.
    pub logs: Option<Logs>,
}

/// What may be collected.
#[derive(Clone, Debug)]
pub struct Logs {
    /// Whom it is sealed to.
    pub seal_to: ServerKey,
    /// The most bytes of one collection.
    pub most_bytes: usize,
    /// What each source runs; its standard output is the log.
    pub sources: BTreeMap<Name, Vec<String>>,
}

/// As they stand in the settings.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CommandsFile {
    site: Option<Name>,
    two_signers: BTreeSet<Kind>,
    reboot: Vec<String>,
    signer: Vec<SignerFile>,
    logs: Option<LogsFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct SignerFile {
    name: Name,
    key: String,
    may: BTreeSet<Kind>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct LogsFile {
    seal_to: String,
    most_bytes: NonZeroU32,
    source: BTreeMap<Name, Vec<String>>,
}

/// Why they make no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandsFault {
    /// The kiosk's name is no name of a command.
    #[error("a kiosk that takes commands has a controller name of at most 64 letters")]
    Kiosk,
    /// A key is none.
    #[error("the key of {0} is not 64 hexadecimal digits of an Ed25519 key (kiosk-repo command-signer)")]
    Key(Name),
    /// The signers.
    #[error("signer")]
    Signers(#[from] AllowFault),
    /// A command without a program.
    #[error("{0} names no program")]
    NoProgram(String),
    /// Not a key to seal to.
    #[error("logs.seal-to is not 64 hexadecimal digits of an X25519 key")]
    SealTo,
    /// More than a kiosk has memory for.
    #[error("logs.most-bytes is above {MOST_LOGS}")]
    MostBytes,
}

impl Settings {
    /// Checks them for the kiosk of this name.
    pub fn new(file: CommandsFile, controller: &str) -> Result<Self, CommandsFault> {
        let signers = file.signer.into_iter().map(SignerFile::signer).collect::<Result<_, _>>()?;
        Ok(Self {
            kiosk: controller.to_owned().try_into().map_err(|_| CommandsFault::Kiosk)?,
            site: file.site,
            allowed: AllowList::new(signers, file.two_signers)?,
            reboot: program(file.reboot, "reboot")?,
            logs: file.logs.map(LogsFile::logs).transpose()?,
        })
    }
}

impl SignerFile {
    fn signer(self) -> Result<Signer, CommandsFault> {
        let bytes = hex::decode(&self.key).ok().and_then(|bytes| bytes.try_into().ok());
        let key = bytes.and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok());
        let Some(key) = key else { return Err(CommandsFault::Key(self.name)) };
        Ok(Signer { name: self.name, key, may: self.may })
    }
}

impl LogsFile {
    fn logs(self) -> Result<Logs, CommandsFault> {
        if self.most_bytes.get() > MOST_LOGS {
            return Err(CommandsFault::MostBytes);
        }
        let source = |(name, command): (Name, Vec<String>)| -> Result<_, CommandsFault> {
            let command = program(command, &format!("logs.source.{name}"))?;
            Ok((name, command))
        };
        Ok(Logs {
            seal_to: self.seal_to.parse().map_err(|_| CommandsFault::SealTo)?,
            most_bytes: self.most_bytes.get() as usize,
            sources: self.source.into_iter().map(source).collect::<Result<_, _>>()?,
        })
    }
}

fn program(command: Vec<String>, setting: &str) -> Result<Vec<String>, CommandsFault> {
    let named = command.first().is_some_and(|program| !program.is_empty());
    named.then_some(command).ok_or_else(|| CommandsFault::NoProgram(setting.to_owned()))
}
