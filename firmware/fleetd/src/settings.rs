//! Everything that `fleetd` is told before it starts: `/etc/kiosk/fleetd.toml`. A daemon with
//! half its settings does not start.

use std::{
    fs, io,
    num::{NonZeroU8, NonZeroU32},
    path::{Path, PathBuf},
    time::Duration,
};

use release::Hardware;
use reqwest::Url;
use serde::Deserialize;

use crate::{
    commands::{self, CommandsFault, CommandsFile},
    configuration,
    daemon::Chosen,
    ddi::{Account, AccountFault, Secret},
    eyes::{PushFile, PushSettings},
    hours::{Hours, HoursFault, HoursFile},
    stick::{StickFault, StickFile, StickPart},
    update::Policy,
};

/// Everything, checked.
#[derive(Clone)]
pub struct Settings {
    /// This kiosk at the fleet server.
    pub account: Account,
    /// How long to sleep between polls until the server says. The first one is drawn from it.
    pub poll_every: Duration,
    /// Whom to believe about TLS, and what to show.
    pub tls: Tls,
    /// Where signed releases are.
    pub repository: RepositoryPart,
    /// The board.
    pub hardware: Hardware,
    /// What installs.
    pub install: Chosen,
    /// Where things lie.
    pub files: FilesPart,
    /// The site's hours.
    pub hours: Hours,
    /// When and how long.
    pub policy: Policy,
    /// How many starts a release is given.
    pub tries: NonZeroU8,
    /// Starts the kiosk's programs anew.
    pub restart: Vec<String>,
    /// Rehearses a visit; `None`: not on this machine.
    pub rehearse: Option<Vec<String>>,
    /// Where figures go; `None`: nothing is measured.
    pub metrics: Option<PushSettings>,
    /// Settings from afar; `None`: what is built in holds alone.
    pub configuration: Option<configuration::Part>,
    /// Commands; `None`: this kiosk takes none.
    pub commands: Option<commands::Settings>,
    /// Updates by hand; `None`: no stick is looked at.
    pub stick: Option<StickPart>,
}

/// Whom to believe about TLS, and what to show.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Tls {
    /// The one authority, in PEM; none where the server is spoken to without TLS.
    pub ca: Option<PathBuf>,
    /// Certificate and private key of this kiosk in one PEM file.
    pub identity: Option<PathBuf>,
}

/// An `http` or `https` address.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Address(Url);

impl TryFrom<String> for Address {
    type Error = AccountFault;

    fn try_from(text: String) -> Result<Self, AccountFault> {
        let url = Url::parse(&text).map_err(|_| AccountFault::Server)?;
        matches!(url.scheme(), "http" | "https").then_some(Self(url)).ok_or(AccountFault::Server)
    }
}

impl Address {
    /// As text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// Where signed releases are.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RepositoryPart {
    /// The address of the metadata.
    pub metadata: Address,
    /// The address of the targets.
    pub targets: Address,
    /// The root metadata that the machine was shipped with.
    pub root: PathBuf,
}

/// Where things lie.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FilesPart {
    /// What `fleetd` remembers.
    pub state: PathBuf,
    /// The slots.
    pub slots: PathBuf,
    /// What `kioskd` and `fleetd` tell each other.
    pub upkeep: PathBuf,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    fleet: FleetPart,
    tls: Tls,
    repository: RepositoryPart,
    kiosk: KioskPart,
    /// Without it: slots of the kiosk's programs.
    install: Option<InstallPart>,
    files: FilesPart,
    hours: HoursFile,
    update: UpdatePart,
    metrics: Option<PushFile>,
    configuration: Option<configuration::PartFile>,
    commands: Option<CommandsFile>,
    stick: Option<StickFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct FleetPart {
    server: Address,
    tenant: String,
    controller: String,
    poll_seconds: NonZeroU32,
    target_token: Option<PathBuf>,
    gateway_token: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct KioskPart {
    hardware: Hardware,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct InstallPart {
    backend: Chosen,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct UpdatePart {
    idle_seconds: NonZeroU32,
    idle_forced_seconds: NonZeroU32,
    announce_seconds: NonZeroU32,
    well_seconds: NonZeroU32,
    ill_seconds: NonZeroU32,
    cut_off_seconds: NonZeroU32,
    tries: NonZeroU8,
    restart: Vec<String>,
    rehearse: Rehearse,
}

/// No machine goes without a rehearsal by forgetting a line.
#[derive(Deserialize)]
#[serde(untagged)]
enum Rehearse {
    Command(Vec<String>),
    Word(NoRehearsal),
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum NoRehearsal {
    None,
}

/// Why `fleetd` does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// A file cannot be read.
    #[error("cannot read {}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The settings break their format.
    #[error("{}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// The hours.
    #[error("[hours]")]
    Hours(#[from] HoursFault),
    /// The account.
    #[error("[fleet]")]
    Account(#[from] AccountFault),
    /// Sticks.
    #[error("[stick]")]
    Stick(#[from] StickFault),
    /// Two secrets.
    #[error("[fleet] has target-token and gateway-token; a kiosk has one")]
    TwoSecrets,
    /// The kiosk's name cannot be one of a layer.
    #[error("[configuration] needs a [fleet] controller that a layer can name")]
    Configuration(#[source] ::configuration::WrongName),
    /// The commands.
    #[error("[commands]")]
    Commands(#[from] CommandsFault),
    /// RAUC's slot is no file that a rehearsal could start from.
    #[error("[update] rehearse is \"none\" with the back end rauc")]
    NothingToRehearse,
    /// Settings want the kiosk's programs started anew, and no more.
    #[error(
        "[configuration] restart is missing: with the back end rauc that of [update] restarts the machine"
    )]
    RestartsTheMachine,
    /// A command without a program.
    #[error("{0} names no program")]
    NoProgram(&'static str),
    /// The engine.
    #[error("[metrics] {0}")]
    Metrics(&'static str),
}

impl Settings {
    /// Reads the settings and the files that they name.
    pub fn read(path: &Path) -> Result<Self, SettingsError> {
        let text = text(path)?;
        let format = |source| SettingsError::Format { path: path.to_owned(), source: Box::new(source) };
        let file: File = toml::from_str(&text).map_err(format)?;
        let seconds = |number: NonZeroU32| Duration::from_secs(number.get().into());
        let update = file.update;
        let policy = Policy {
            idle: seconds(update.idle_seconds),
            idle_forced: seconds(update.idle_forced_seconds),
            announce: seconds(update.announce_seconds),
            well_for: seconds(update.well_seconds),
            ill_for: seconds(update.ill_seconds),
            cut_off_for: seconds(update.cut_off_seconds),
        };
        let rehearse = match update.rehearse {
            Rehearse::Command(command) => Some(program(command, "[update] rehearse")?),
            Rehearse::Word(NoRehearsal::None) => None,
        };
        let install = file.install.map_or_else(Chosen::default, |install| install.backend);
        let restart = program(update.restart, "[update] restart")?;
        let programs = (install == Chosen::AppSlots).then_some(&restart[..]);
        let controller = &file.fleet.controller;
        let configuration = file.configuration.map(|part| part.part(controller, programs)).transpose()?;
        let commands = file.commands.map(|part| commands::Settings::new(part, &file.fleet.controller));
        let commands = commands.transpose()?;
        if install == Chosen::Rauc && rehearse.is_some() {
            return Err(SettingsError::NothingToRehearse);
        }
        Ok(Self {
            commands,
            poll_every: seconds(file.fleet.poll_seconds),
            account: file.fleet.account()?,
            configuration,
            tls: file.tls,
            repository: file.repository,
            hardware: file.kiosk.hardware,
            install,
            files: file.files,
            hours: Hours::new(&file.hours)?,
            policy,
            tries: update.tries,
            restart,
            rehearse,
            metrics: file.metrics.map(PushFile::read).transpose()?,
            stick: file.stick.map(StickPart::new).transpose()?,
        })
    }
}

impl FleetPart {
    fn account(self) -> Result<Account, SettingsError> {
        let token = |path: &Path| text(path).map(|text| text.trim().to_owned());
        let secret = match (&self.target_token, &self.gateway_token) {
            (Some(path), None) => Some(Secret::Target(token(path)?)),
            (None, Some(path)) => Some(Secret::Gateway(token(path)?)),
            (None, None) => None,
            (Some(_), Some(_)) => return Err(SettingsError::TwoSecrets),
        };
        Ok(Account::new(&self.server.0, &self.tenant, &self.controller, secret.as_ref())?)
    }
}

pub(crate) fn text(path: &Path) -> Result<String, SettingsError> {
    fs::read_to_string(path).map_err(|source| SettingsError::File { path: path.to_owned(), source })
}

pub(crate) fn program(command: Vec<String>, setting: &'static str) -> Result<Vec<String>, SettingsError> {
    let named = command.first().is_some_and(|program| !program.is_empty());
    named.then_some(command).ok_or(SettingsError::NoProgram(setting))
}
