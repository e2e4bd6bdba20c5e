//! Everything that a kiosk is told before it starts, read and checked as a whole: a
//! kiosk with half its settings does not start.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use badge::Badges;
use boards::{Board, BoardError};
use face::{Engine, FaceConfig, FaceError};
use faults::Fault;
use journey::TimeLimits;
use keys::{DeviceKey, KeyError, PlatformKey, PublicKey, ServerKey};
use serde::de::DeserializeOwned;
use services::{Catalogue, CatalogueError, Rules, RulesError};
use staff::{ConfirmingOfficers, Officers};
use transaction::{KioskId, TransactionError};

use crate::{
    chance::Chance,
    clock,
    from_afar::{FromAfar, FromAfarError, Which},
    issuers::{Issuers, IssuersError},
    record_desk::Keys,
};

/// Everything, checked.
pub struct Settings {
    /// The machine.
    pub board: Board,
    /// Its name.
    pub kiosk: KioskId,
    /// The services of the site.
    pub catalogue: Catalogue,
    /// The dated legal numbers.
    pub rules: Rules,
    /// Whom to believe about cards.
    pub issuers: Arc<Issuers>,
    /// The face models.
    pub engine: Arc<Engine>,
    /// The face thresholds.
    pub face: FaceConfig,
    /// Who may open the staff page.
    pub officers: Officers,
    /// The badges of those who have one; maybe nobody.
    pub badges: Arc<Badges>,
    /// Who may confirm a person whom the camera fails; maybe nobody.
    pub confirming: Arc<ConfirmingOfficers>,
    /// The kiosk's and the platform's keys.
    pub keys: Arc<Keys>,
    /// How long pages wait.
    pub limits: TimeLimits,
    /// The settings from afar that lie over the board.
    pub from_afar: Option<Arc<FromAfar>>,
}

/// Why a kiosk does not start. Each is one line with a code and what to do.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The board file.
    #[error(transparent)]
    Board(BoardError),
    /// The kiosk's name.
    #[error("kiosk.id '{id}' cannot be used")]
    Kiosk {
        /// What stands there.
        id: String,
        /// Why not.
        #[source]
        source: TransactionError,
    },
    /// A file that a setting names.
    #[error("{setting}: cannot read {}", path.display())]
    File {
        /// Which setting.
        setting: &'static str,
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
        /// What it leads to.
        fault: Fault,
    },
    /// The catalogue.
    #[error(transparent)]
    Catalogue(CatalogueError),
    /// The dated rules.
    #[error(transparent)]
    Rules(RulesError),
    /// Whom to believe about cards.
    #[error(transparent)]
    Issuers(IssuersError),
    /// The face thresholds.
    #[error(transparent)]
    Face(FaceError),
    /// A folder of face models that a setting names.
    #[error("{setting}")]
    Models {
        /// Which setting.
        setting: &'static str,
        /// What is wrong there.
        #[source]
        source: FaceError,
    },
    /// The face thresholds break their format.
    #[error("[face]")]
    FaceFormat(#[source] toml::de::Error),
    /// The staff file, or the officers file.
    #[error("{}:{line}: {reason}", path.display())]
    Staff {
        /// Which file.
        path: PathBuf,
        /// Where, from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// Everybody could take the officers file away and try PINs elsewhere.
    #[error("{} may be read by everybody (mode {mode:03o}); it must be 640 or less", path.display())]
    OpenToAll {
        /// Which file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A key.
    #[error(transparent)]
    Key(KeyError),
    /// Settings from afar.
    #[error(transparent)]
    FromAfar(FromAfarError),
}

impl SettingsError {
    /// The entry of the fault list that this is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Board(error) => error.fault(),
            Self::File { fault, .. } => *fault,
            Self::Catalogue(error) => error.fault(),
            Self::Rules(error) => error.fault(),
            Self::Issuers(error) => error.fault(),
            Self::Face(error) | Self::Models { source: error, .. } => error.fault(),
            Self::Key(error) => error.fault(),
            Self::Kiosk { .. }
            | Self::FaceFormat(_)
            | Self::Staff { .. }
            | Self::OpenToAll { .. }
            | Self::FromAfar(_) => Fault::ConfigBroken,
        }
    }
}

impl Settings {
    /// What a kiosk serves with: what is in force from afar, else the last that was good, else
    /// the board alone. Settings that are not sound stop no kiosk; they are said.
    pub fn load_to_serve(path: &Path) -> Result<Self, SettingsError> {
        let error = match Self::load(path, Which::Current) {
            Ok(settings) => return Ok(settings),
            Err(error) => error,
        };
        // What is wrong without them too is not theirs.
        let built_in = Self::load(path, Which::BuiltIn)?;
        let (code, why) = (error.fault().code(), faults::chain(&error));
        eprintln!("kioskd: {code}: not by the settings in force, but by those before: {why}");
        Ok(Self::load(path, Which::Good).unwrap_or(built_in))
    }

    /// Reads a board file, settings from afar, and everything that they name.
    pub fn load(path: &Path, which: Which) -> Result<Self, SettingsError> {
        let mut board = board(path)?;
        let from_afar = FromAfar::lay(&mut board, which).map_err(SettingsError::FromAfar)?;
        let kiosk = board
            .kiosk
            .id
            .as_str()
            .parse()
            .map_err(|source| SettingsError::Kiosk { id: board.kiosk.id.as_str().to_owned(), source })?;
        let files = &board.files;
        let mut catalogue = Catalogue::load(files.catalogue.path()).map_err(SettingsError::Catalogue)?;
        if let Some(from_afar) = &from_afar {
            from_afar.close(&mut catalogue).map_err(SettingsError::FromAfar)?;
        }
        let rules = read("files.rules", files.rules.path(), Fault::ConfigBroken)?;
        let rules = Rules::parse(&rules).map_err(SettingsError::Rules)?;
        let issuers = Issuers::load(&board, clock::today()).map_err(SettingsError::Issuers)?;
        let face: FaceConfig = board.face.clone().try_into().map_err(SettingsError::FaceFormat)?;
        face.check().map_err(SettingsError::Face)?;
        let models = |setting| move |source| SettingsError::Models { setting, source };
        let mut engine = Engine::load(files.models.path()).map_err(models("files.models"))?;
        if let Some(pack) = &board.liveness_pack {
            engine = engine
                .with_passive_model(pack.folder.path(), pack.manifest_sha256.as_str())
                .map_err(models("liveness-pack.folder"))?;
        }
        let officers = people("files.staff", files.staff.path())?;
        let badges = board.badges.as_ref().map(|badges| people("badges.list", badges.list.path()));
        let confirming = Arc::new(confirming(&board)?);
        let keys = load_keys(&board)?;
        let idle = &board.idle;
        let limits = TimeLimits {
            idle: (idle.ask_after_seconds.get() + idle.end_after_seconds.get()) as u16,
            warning: idle.end_after_seconds.get() as u16,
            ..TimeLimits::default()
        };
        Ok(Self {
            kiosk,
            catalogue,
            rules,
            issuers: Arc::new(issuers),
            engine: Arc::new(engine),
            face,
            officers,
            badges: Arc::new(badges.transpose()?.unwrap_or_default()),
            confirming,
            keys,
            limits,
            from_afar: from_afar.map(Arc::new),
            board,
        })
    }
}

/// Only the board itself.
pub fn board(path: &Path) -> Result<Board, SettingsError> {
    Board::load_file(path).map_err(SettingsError::Board)
}

/// The kiosk's public key, for whoever enrols it.
pub fn public_key(path: &Path) -> Result<PublicKey, SettingsError> {
    Ok(device_key(&board(path)?)?.public())
}

/// The kiosk's key is made on the machine at its first start and never leaves it.
fn device_key(board: &Board) -> Result<DeviceKey, SettingsError> {
    let path = board.files.data.path().join("device.key");
    if path.exists() {
        return DeviceKey::load(&path).map_err(SettingsError::Key);
    }
    let made = DeviceKey::generate(&mut Chance);
    made.save(&path).map_err(SettingsError::Key)?;
    Ok(made)
}

fn load_keys(board: &Board) -> Result<Arc<Keys>, SettingsError> {
    let device = device_key(board)?;
    let server = read("gateway.sealing-key", board.gateway.sealing_key.path(), Fault::KeyMissing)?;
    let server: ServerKey = server.trim().parse().map_err(SettingsError::Key)?;
    let platform = read("gateway.signing-key", board.gateway.signing_key.path(), Fault::KeyMissing)?;
    let platform: PlatformKey = platform.trim().parse().map_err(SettingsError::Key)?;
    Ok(Arc::new(Keys { device, server, platform }))
}

/// A file of people who may do something here.
fn people<T: DeserializeOwned>(setting: &'static str, path: &Path) -> Result<T, SettingsError> {
    let text = read(setting, path, Fault::ConfigBroken)?;
    toml::from_str(&text).map_err(|error| SettingsError::Staff {
        path: path.to_owned(),
        line: error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1),
        reason: error.message().to_owned(),
    })
}

/// The officers who may confirm; nobody, where the board names no list.
fn confirming(board: &Board) -> Result<ConfirmingOfficers, SettingsError> {
    let Some(officers) = &board.officers else { return Ok(ConfirmingOfficers::default()) };
    let path = officers.list.path();
    let listed = people("officers.list", path)?;
    let mode = fs::metadata(path).map_or(0o777, |about| about.permissions().mode() & 0o777);
    if mode % 0o10 == 0 { Ok(listed) } else { Err(SettingsError::OpenToAll { path: path.to_owned(), mode }) }
}

fn read(setting: &'static str, path: &Path, fault: Fault) -> Result<String, SettingsError> {
    fs::read_to_string(path).map_err(|source| SettingsError::File {
        setting,
        path: path.to_owned(),
        source,
        fault,
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// Every board stands on it, and what is measured is measured with the documented ones.
    #[test]
    fn the_base_of_all_boards_has_the_documented_thresholds_of_the_face() {
        let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../board-configs/base.toml");
        let mut base: toml::Table = toml::from_str(&fs::read_to_string(base).unwrap()).unwrap();
        let face: FaceConfig = base.remove("face").unwrap().try_into().unwrap();
        assert_eq!(face, FaceConfig::documented());
    }
}
