//! One situation a file: who comes, with which card, to which camera, platform
//! and printer, and what must come of it. Each simulator reads its own section.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, de::DeserializeOwned};

use crate::{
    card_profile::{CardFaults, CardProfile},
    face_camera::CameraMishap,
    presentation::Presentation,
};

/// Why a simulator cannot start.
#[derive(Debug, thiserror::Error)]
pub enum SimulatorError {
    /// A file is not there.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file breaks its format.
    #[error("{}: {source}", path.display())]
    Format {
        /// Which.
        path: PathBuf,
        /// Line and reason.
        source: Box<toml::de::Error>,
    },
    /// A scenario names somebody who is not in `people.toml`.
    #[error("no invented citizen is called '{0}'")]
    NoSuchPerson(String),
    /// A photograph cannot be read.
    #[error("cannot read the photograph {}", path.display())]
    Photograph {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A file cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A folder of frames cannot be played.
    #[error("{}: {reason}", folder.display())]
    Frames {
        /// Which.
        folder: PathBuf,
        /// Why not.
        reason: &'static str,
    },
    /// The camera should show a person by the photograph that is on the card.
    #[error("there is only one photograph of '{0}', so a match with their own card would prove nothing")]
    OnePhotograph(String),
}

/// Reads a TOML file of a simulator.
pub fn read_toml<T: DeserializeOwned>(path: &Path) -> Result<T, SimulatorError> {
    let text =
        fs::read_to_string(path).map_err(|source| SimulatorError::Read { path: path.to_owned(), source })?;
    toml::from_str(&text)
        .map_err(|source| SimulatorError::Format { path: path.to_owned(), source: Box::new(source) })
}

/// One situation.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Scenario {
    /// One sentence for people.
    pub title: String,
    /// Who lays the card down, by short name in `people.toml`.
    pub person: String,
    /// The card.
    #[serde(default)]
    pub card: CardScript,
    /// The camera.
    #[serde(default)]
    pub camera: CameraScript,
    /// The platform.
    #[serde(default)]
    pub platform: PlatformScript,
    /// The receipt printer.
    #[serde(default)]
    pub printer: PrinterScript,
    /// What the citizen does.
    #[serde(default)]
    pub citizen: CitizenScript,
    /// A technician comes instead of the citizen; played at the screen, not here.
    pub technician: Option<toml::Table>,
    /// Officers confirm the citizen; played at the screen, not here.
    pub officers: Option<toml::Table>,
    /// What must come of it.
    pub expect: Expectation,
}

impl Scenario {
    /// Reads one scenario file.
    pub fn load(path: &Path) -> Result<Self, SimulatorError> {
        let mut scenario: Self = read_toml(path)?;
        // A relative folder counts from the scenario's.
        if let Some(frames) = &mut scenario.camera.frames {
            *frames = path.parent().unwrap_or(Path::new(".")).join(&frames);
        }
        Ok(scenario)
    }
}

/// What is special about the card; nothing, by default: the CCCD profile.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct CardScript {
    /// The card expired yesterday.
    pub expired: bool,
    /// DG2 holds this person's portrait, put there after signing.
    pub forged_portrait: Option<String>,
    /// Signed by a CSCA that is in nobody's trust list.
    pub unknown_issuer: bool,
    /// The card is lifted once, after that many bytes of DG2, and laid down again.
    pub lifted_in_portrait_after: Option<usize>,
    /// The chip offers no PACE, only BAC.
    pub only_bac: bool,
    /// The chip answers short length only.
    pub short_length: bool,
    /// Bit rate of the radio link in kbit/s that answers are delayed to; none: no delay.
    pub link_kbps: Option<u32>,
    /// What kind of chip it is; a citizen card's, by default.
    pub profile: CardProfile,
    /// What else is wrong or odd.
    pub faults: CardFaults,
    /// It is a staff badge, no citizen's card.
    pub badge: Option<BadgeScript>,
}

/// Whose badge it is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct BadgeScript {
    /// Whose it is said to be, by the id of the staff file.
    pub holder: String,
    /// The machine knows another key of that person.
    #[serde(default)]
    pub of_somebody_else: bool,
    /// Its key is of RSA, not of P-256.
    #[serde(default)]
    pub rsa: bool,
}

impl CardScript {
    /// The profile with what the script says beside it.
    pub fn effective_profile(&self) -> CardProfile {
        let mut profile = self.profile.clone();
        if self.only_bac {
            profile.access.pace.clear();
        }
        profile
    }
}

/// Who stands before the camera; the card's holder, by default.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct CameraScript {
    /// Another person's live photograph.
    pub person: Option<String>,
    /// Somebody else, who stands beside them and leaves after four seconds of each try.
    pub beside: Option<String>,
    /// Nobody stands there.
    pub nobody: bool,
    /// A folder of frames that `recapture` wrote is played instead of anybody.
    pub frames: Option<PathBuf>,
    /// Whether that is a living person, or what else is held before the camera.
    pub presentation: Presentation,
    /// What is wrong with the camera, or where it stands.
    pub mishap: Option<CameraMishap>,
    /// A camera that is pulled out is put back, whole, before it is looked for again.
    pub put_back: bool,
    /// How the lamp is that fills a dark face.
    pub lamp: LampScript,
}

/// How the fill lamp is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LampScript {
    /// It shines when it is switched on.
    #[default]
    Works,
    /// It is switched on and stays dark.
    Broken,
}

/// How the platform is; in order and knowing the citizen, by default.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct PlatformScript {
    /// How the citizen's account stands.
    pub account: AccountScript,
    /// Days since the citizen was told that the account is ready.
    pub notice_days_ago: u32,
    /// The code that the platform "sends" to the phone.
    pub otp: String,
    /// The citizen has a password already.
    pub has_password: bool,
    /// What the citizen does when asked in VNeID.
    pub vneid: VneidScript,
    /// What goes wrong.
    pub faults: Vec<PlatformFault>,
}

impl Default for PlatformScript {
    fn default() -> Self {
        Self {
            account: AccountScript::Pending,
            notice_days_ago: 2,
            otp: "246813".to_owned(),
            has_password: false,
            vneid: VneidScript::Approves,
            faults: Vec::new(),
        }
    }
}

/// What the owner of an account does when asked in VNeID.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VneidScript {
    /// Says yes after two seconds.
    #[default]
    Approves,
    /// Says no after two seconds.
    Rejects,
    /// Never looks.
    Ignores,
}

/// How an account stands on the pretend platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccountScript {
    /// None exists.
    None,
    /// Level 2, waits to be activated.
    Pending,
    /// Active already.
    Active,
    /// Locked.
    Locked,
    /// Only level 1.
    LevelOne,
}

/// One thing that goes wrong at the platform.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PlatformFault {
    /// The operation of `openapi.yaml`, by its `operationId`.
    pub at: String,
    /// What happens.
    pub does: PlatformMishap,
    /// For how many requests; 1 by default.
    #[serde(default = "one")]
    pub times: u32,
}

fn one() -> u32 {
    1
}

/// How a platform misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlatformMishap {
    /// Answers 503 and does nothing.
    Down,
    /// Does the work, then closes the connection without an answer.
    DoneButSilent,
    /// Answers after ten seconds.
    Slow,
    /// Does and answers everything twice, as a careless proxy would.
    Twice,
    /// Signs the answer with a key that is not the platform's.
    WrongSignature,
}

/// How the printer is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct PrinterScript {
    /// The roll is at its end.
    pub paper_out: bool,
    /// The roll is nearly at its end.
    pub paper_low: bool,
    /// The cover is open.
    pub cover_open: bool,
}

/// What the citizen does; everything right, by default.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct CitizenScript {
    /// Shows the card's QR to the scanner instead of typing six digits.
    pub shows_qr: bool,
    /// Phone numbers typed, one a try; the person's own, by default.
    pub phones: Vec<String>,
    /// Codes typed, one a try; the platform's, by default.
    pub otps: Vec<String>,
    /// Passcodes typed: pairs of first entry and repeat.
    pub passcodes: Vec<(String, String)>,
    /// The password, where one is asked for.
    pub password: String,
    /// Leaves without a word when this page comes, by its name on the wire.
    pub walks_away_at: Option<String>,
    /// Taps "End" when this page comes.
    pub ends_at: Option<String>,
    /// Does not move when the camera asks for it.
    pub keeps_still: bool,
    /// Asks for the movements to be slower.
    pub goes_slower: bool,
    /// Takes the VNeID way when the face fails.
    pub uses_vneid: bool,
    /// Says no to the consent.
    pub declines: bool,
    /// Switches to English when this page comes.
    pub switches_to_english_at: Option<String>,
}

impl Default for CitizenScript {
    fn default() -> Self {
        Self {
            shows_qr: true,
            phones: Vec::new(),
            otps: Vec::new(),
            passcodes: vec![("830219".to_owned(), "830219".to_owned())],
            password: "Ao-Dai-2026".to_owned(),
            walks_away_at: None,
            ends_at: None,
            keeps_still: false,
            goes_slower: false,
            uses_vneid: false,
            declines: false,
            switches_to_english_at: None,
        }
    }
}

/// What must come of a scenario; the demo fails where it does not.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Expectation {
    /// The outcome's kind on the wire, such as `activated`, or `none` where the
    /// visit ends without an outcome page.
    pub outcome: String,
    /// Events that must stand in the audit log, in this order.
    #[serde(default)]
    pub events: Vec<String>,
    /// Pages that must have been shown, in this order.
    #[serde(default)]
    pub pages: Vec<String>,
    /// Hints of the camera that must have been given, in this order.
    #[serde(default)]
    pub hints: Vec<String>,
    /// Transactions that the platform holds in the end.
    #[serde(default)]
    pub transactions: u32,
    /// Whether a slip came out.
    #[serde(default)]
    pub paper: bool,
}
