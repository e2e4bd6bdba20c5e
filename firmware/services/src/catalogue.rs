//! The catalogue: one TOML file a service, read, checked and refused as a whole
//! when a flow could reach `submit` without identity, consent and signature.

use std::{
    collections::BTreeSet,
    fmt, fs, io,
    path::{Path, PathBuf},
};

use card::FileId;
use devices::Device;
use faults::Fault;
use jiff::civil::Date;
use screen::{Icon, ServiceTile, Text};
use serde::{Deserialize, Deserializer, de::Error as _};

/// The name of a service, such as `eid.activate`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct ServiceId(String);

impl ServiceId {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ServiceId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// Small letters, digits and inner hyphens.
fn is_word(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    (1..=40).contains(&bytes.len())
        && bytes.iter().all(|&byte| plain(byte) || byte == b'-')
        && plain(bytes[0])
        && plain(bytes[bytes.len() - 1])
}

impl TryFrom<String> for ServiceId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.split('.').all(is_word) && text.contains('.') && text.len() <= 40 {
            Ok(Self(text))
        } else {
            Err(format!("'{text}' is no service id such as eid.activate"))
        }
    }
}

/// One service, as its file says.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Service {
    /// Its name.
    pub id: ServiceId,
    /// Raised with every change; signed into each transaction.
    pub version: u32,
    /// Its place on the first page.
    pub order: u16,
    /// Its picture.
    pub icon: Icon,
    /// Its title.
    pub title: Text,
    /// One line of what it does.
    pub about: Text,
    /// The law it rests on.
    pub legal_basis: Vec<LegalBasis>,
    /// What it costs, and from when.
    pub fees: Vec<Fee>,
    /// What the citizen is asked to consent to, one purpose each.
    pub purposes: Vec<Purpose>,
    /// The files of the chip that it may read beside COM, SOD and DG1; no others are read, but
    /// for the proof that the chip is no copy.
    #[serde(deserialize_with = "chip_files")]
    pub reads: Vec<FileId>,
    /// How identity may be proved.
    pub identity: Vec<IdentityPath>,
    /// Whether anybody under the age of the rules needs a guardian.
    pub guardian_under_age: bool,
    /// Devices without which it is closed.
    pub needs: Vec<Device>,
    /// Devices whose lack is borne: a slip that cannot be printed.
    #[serde(default)]
    pub wants: Vec<Device>,
    /// Whom to call when the machine cannot help.
    pub hotline: String,
    /// Security questions that the citizen may choose from.
    #[serde(default)]
    pub questions: Vec<Text>,
    /// The way through it.
    pub steps: Vec<StepKind>,
    /// Whether the operator closed it from afar.
    #[serde(skip)]
    pub closed: bool,
}

/// What a service may name, beside what every card is asked for (ICAO Doc 9303-10, 4.7). No
/// kiosk has the right to fingers and irises.
const READABLE: [FileId; 9] = [
    FileId::Dg2,
    FileId::Dg5,
    FileId::Dg7,
    FileId::Dg11,
    FileId::Dg12,
    FileId::Dg13,
    FileId::Dg14,
    FileId::Dg15,
    FileId::Dg16,
];

/// Names such as `DG2`, each once.
fn chip_files<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<FileId>, D::Error> {
    let mut files = Vec::new();
    for name in Vec::<String>::deserialize(from)? {
        let file = READABLE.into_iter().find(|file| file.name() == name);
        let file = file.ok_or_else(|| D::Error::custom(format!("no service may read '{name}' of a chip")))?;
        if files.contains(&file) {
            return Err(D::Error::custom(format!("'{name}' is named twice")));
        }
        files.push(file);
    }
    Ok(files)
}

/// A legal basis and when it was or is in force.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LegalBasis {
    /// Decree, law, article.
    pub reference: String,
    /// First day.
    pub from: Date,
    /// Last day, where known.
    pub to: Option<Date>,
}

/// What a service costs from a day on, until the next fee's day.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fee {
    /// First day.
    pub from: Date,
    /// How much, in dong; 0: nothing.
    pub dong: u32,
    /// Where it stands.
    pub basis: String,
}

/// One purpose of the processing of personal data.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Purpose {
    /// A stable word, signed into the consent.
    pub id: String,
    /// What the citizen reads and hears.
    pub text: Text,
}

/// A way to prove identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IdentityPath {
    /// The chip and the face.
    ChipFace,
    /// A VNeID authorisation.
    Vneid,
    /// The chip and two officers.
    ChipOfficers,
}

/// One step of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepKind {
    /// Ask for consent, purpose by purpose.
    Consent,
    /// Read the chip and check who issued it.
    ReadCard,
    /// Compare the face, or another path of `identity`.
    ProveIdentity,
    /// Ask the platform how the account stands.
    LookUpAccount,
    /// Enter the registered phone number.
    Phone,
    /// Enter the one-time code.
    Otp,
    /// Enter password, passcode, answers.
    Secrets,
    /// Check everything.
    Review,
    /// Sign with the kiosk's key.
    Sign,
    /// Store and send.
    Submit,
    /// Print the slip.
    Print,
}

impl Service {
    /// The tile of the first page.
    pub fn tile(&self, closed: Option<Fault>) -> ServiceTile {
        ServiceTile {
            id: self.id.0.clone(),
            icon: self.icon,
            title: self.title.clone(),
            about: self.about.clone(),
            closed,
        }
    }

    /// What it costs on that day, in dong; none before its first fee.
    pub fn fee_on(&self, day: Date) -> Option<u32> {
        let in_force = self.fees.iter().filter(|fee| fee.from <= day);
        in_force.max_by_key(|fee| fee.from).map(|fee| fee.dong)
    }

    /// Whether a step is part of the way.
    pub fn has(&self, step: StepKind) -> bool {
        self.steps.contains(&step)
    }

    fn check(&self) -> Result<(), Refusal> {
        if self.purposes.is_empty() && self.has(StepKind::Consent) {
            return Err(Refusal::NoPurpose);
        }
        if let Some(purpose) = self.purposes.iter().find(|purpose| !is_word(&purpose.id)) {
            return Err(Refusal::PurposeMalformed(purpose.id.clone()));
        }
        if self.legal_basis.is_empty() {
            return Err(Refusal::NoLegalBasis);
        }
        if self.fees.is_empty() {
            return Err(Refusal::NoFee);
        }
        let mut days = BTreeSet::new();
        if let Some(twice) = self.fees.iter().find(|fee| !days.insert(fee.from)) {
            return Err(Refusal::FeeTwice(twice.from));
        }
        let mut before = BTreeSet::new();
        for &step in &self.steps {
            for &needed in prerequisites(step) {
                if !before.contains(&needed) {
                    return Err(Refusal::StepTooEarly { step, needed });
                }
            }
            if !before.insert(step) {
                return Err(Refusal::StepTwice(step));
            }
        }
        let titled = [&self.title, &self.about].into_iter().chain(self.purposes.iter().map(|p| &p.text));
        if titled.chain(&self.questions).any(|text| text.0.len() < 2) {
            return Err(Refusal::WordsMissing);
        }
        if self.has(StepKind::Secrets) && self.questions.len() < 2 {
            return Err(Refusal::TooFewQuestions);
        }
        Ok(())
    }
}

/// What must stand before a step: no transaction without identity, consent and
/// signature (invariant 8), no secret typed by somebody unproved.
fn prerequisites(step: StepKind) -> &'static [StepKind] {
    use StepKind::{
        Consent, LookUpAccount, Otp, Phone, Print, ProveIdentity, ReadCard, Review, Secrets, Sign, Submit,
    };
    match step {
        Consent => &[],
        ReadCard | Print => &[Consent],
        ProveIdentity | LookUpAccount => &[ReadCard],
        Phone | Review => &[ProveIdentity],
        Otp => &[Phone],
        Secrets => &[ProveIdentity, Otp],
        Sign => &[Consent, ProveIdentity, Review],
        Submit => &[Sign],
    }
}

/// Why a service file is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A step stands before one that it rests on.
    #[error("step {step:?} stands before {needed:?}")]
    StepTooEarly {
        /// The early one.
        step: StepKind,
        /// The one it rests on.
        needed: StepKind,
    },
    /// A step stands twice.
    #[error("step {0:?} stands twice")]
    StepTwice(StepKind),
    /// Consent to nothing.
    #[error("consent is asked for without a purpose")]
    NoPurpose,
    /// A purpose's id is signed into every consent and must be a plain word.
    #[error("'{0}' is no purpose such as compare-face")]
    PurposeMalformed(String),
    /// No law is named.
    #[error("no legal basis is named")]
    NoLegalBasis,
    /// What it costs is not said; nothing is a fee too.
    #[error("no fee is named; what costs nothing has one of 0 dong")]
    NoFee,
    /// Two fees begin on one day.
    #[error("two fees from {0}")]
    FeeTwice(Date),
    /// A text lacks a language of the image.
    #[error("a text is missing in Vietnamese or English")]
    WordsMissing,
    /// Two questions must be chosen.
    #[error("fewer than two security questions")]
    TooFewQuestions,
    /// The id of another file.
    #[error("the id is taken by another file")]
    IdTaken,
}

/// Why there is no catalogue.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// A file or the folder cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file breaks the format; the message names line and key.
    #[error("{}", path.display())]
    Format {
        /// Which.
        path: PathBuf,
        /// Line and reason.
        source: Box<toml::de::Error>,
    },
    /// A file describes a service that must not be.
    #[error("{}: {refusal}", path.display())]
    Refused {
        /// Which.
        path: PathBuf,
        /// Why.
        refusal: Refusal,
    },
    /// The folder holds no service.
    #[error("{} holds no service", .0.display())]
    Empty(PathBuf),
}

impl CatalogueError {
    /// The entry of the fault list that this is.
    pub fn fault(&self) -> Fault {
        Fault::CatalogueBroken
    }
}

/// All services of this site, checked.
#[derive(Clone, Debug)]
pub struct Catalogue(Vec<Service>);

impl Catalogue {
    /// Reads every `.toml` file of a folder. One bad file refuses the whole: a
    /// site must not run half a catalogue.
    pub fn load(folder: &Path) -> Result<Self, CatalogueError> {
        let read = |source| CatalogueError::Read { path: folder.to_owned(), source };
        let mut paths = Vec::new();
        for entry in fs::read_dir(folder).map_err(read)? {
            let path = entry.map_err(read)?.path();
            if path.extension().is_some_and(|ending| ending == "toml") {
                paths.push(path);
            }
        }
        paths.sort();
        let mut texts = Vec::new();
        for path in paths {
            let text = fs::read_to_string(&path)
                .map_err(|source| CatalogueError::Read { path: path.clone(), source })?;
            texts.push((path, text));
        }
        if texts.is_empty() {
            return Err(CatalogueError::Empty(folder.to_owned()));
        }
        Self::parse(texts)
    }

    /// Reads services from texts, each with the path that messages name.
    pub fn parse(texts: impl IntoIterator<Item = (PathBuf, String)>) -> Result<Self, CatalogueError> {
        let mut services: Vec<Service> = Vec::new();
        for (path, text) in texts {
            let service: Service = toml::from_str(&text)
                .map_err(|source| CatalogueError::Format { path: path.clone(), source: Box::new(source) })?;
            let refused = |refusal| CatalogueError::Refused { path: path.clone(), refusal };
            service.check().map_err(refused)?;
            if services.iter().any(|other| other.id == service.id) {
                return Err(refused(Refusal::IdTaken));
            }
            services.push(service);
        }
        services.sort_by_key(|service| service.order);
        Ok(Self(services))
    }

    /// Closes a service, whatever its devices do. Says whether there is one of that name.
    #[must_use]
    pub fn close(&mut self, id: &str) -> bool {
        let service = self.0.iter_mut().find(|service| service.id.0 == id);
        service.map(|service| service.closed = true).is_some()
    }

    /// The services in the order of the first page.
    pub fn services(&self) -> &[Service] {
        &self.0
    }

    /// One service by name.
    pub fn service(&self, id: &str) -> Option<&Service> {
        self.0.iter().find(|service| service.id.0 == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACTIVATE: &str = include_str!("../catalogue/eid.activate.toml");

    fn parse(text: &str) -> Result<Catalogue, CatalogueError> {
        Catalogue::parse([(PathBuf::from("x.toml"), text.to_owned())])
    }

    fn refusal(text: &str) -> Refusal {
        match parse(text) {
            Err(CatalogueError::Refused { refusal, .. }) => refusal,
            other => panic!("not refused: {other:?}"),
        }
    }

    #[test]
    fn the_shipped_catalogue_is_sound() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("catalogue");
        let catalogue = Catalogue::load(&folder).unwrap();
        assert_eq!(catalogue.services()[0].id.as_str(), "eid.activate");
    }

    #[test]
    fn a_flow_that_submits_unsigned_is_refused() {
        let text = ACTIVATE.replace("\"sign\", ", "");
        assert_eq!(refusal(&text), Refusal::StepTooEarly { step: StepKind::Submit, needed: StepKind::Sign });
    }

    #[test]
    fn a_flow_that_signs_without_proved_identity_is_refused() {
        let text = ACTIVATE.replace("\"prove-identity\", ", "");
        assert!(matches!(refusal(&text), Refusal::StepTooEarly { needed: StepKind::ProveIdentity, .. }));
    }

    #[test]
    fn a_flow_that_reads_before_consent_is_refused() {
        let text = ACTIVATE.replace("\"consent\", ", "");
        assert!(matches!(refusal(&text), Refusal::StepTooEarly { needed: StepKind::Consent, .. }));
    }

    /// A file that is misspelt would otherwise be one that is silently not read.
    #[test]
    fn only_files_that_a_service_may_read_can_be_named() {
        let naming = |files: &str| parse(&ACTIVATE.replace("\"DG13\"", files));
        let read = naming("\"DG7\", \"DG16\"").unwrap().services()[0].reads.clone();
        assert_eq!(read, [FileId::Dg2, FileId::Dg7, FileId::Dg16, FileId::Dg14, FileId::Dg15]);
        for files in ["\"DG02\"", "\"DG3\"", "\"dg11\"", "\"DG2\"", "\"EF.SOD\"", "\"\""] {
            let error = naming(files).unwrap_err();
            let reason = std::error::Error::source(&error).expect("the format says why").to_string();
            let says = reason.contains("no service may read") || reason.contains("named twice");
            assert!(says, "{files}: {reason}");
        }
    }

    #[test]
    fn a_misspelt_key_is_refused_by_name_and_line() {
        let error = parse(&ACTIVATE.replace("hotline", "hotlin")).unwrap_err();
        let reason = std::error::Error::source(&error).expect("the format says why").to_string();
        assert!(reason.contains("hotlin") && reason.contains("line"), "{error}: {reason}");
    }

    #[test]
    fn a_purpose_that_cannot_be_signed_is_refused() {
        let text = ACTIVATE.replace("id = \"compare-face\"", "id = \"So khuôn mặt\"");
        assert_eq!(refusal(&text), Refusal::PurposeMalformed("So khuôn mặt".into()));
    }

    /// The fee of a judicial record asked for online, as it rose with the year 2026.
    #[test]
    fn a_fee_holds_from_its_day_on() {
        let fees = "[[fees]]\nfrom = \"2026-01-01\"\ndong = 200_000\nbasis = \"b\"\n\n[[fees]]\nfrom = \
                    \"2024-07-01\"\ndong = 170_000\nbasis = \"a\"";
        let free = "[[fees]]\nfrom = \"2024-07-01\"\ndong = 0\nbasis = \"69/2024/ND-CP, article 13\"";
        let catalogue = parse(&ACTIVATE.replace(free, fees)).unwrap();
        let fee_on = |day: &str| catalogue.services()[0].fee_on(day.parse().unwrap());
        for (day, fee) in [
            ("2024-06-30", None),
            ("2024-07-01", Some(170_000)),
            ("2025-12-31", Some(170_000)),
            ("2026-01-01", Some(200_000)),
            ("2030-01-01", Some(200_000)),
        ] {
            assert_eq!(fee_on(day), fee, "{day}");
        }
        assert_eq!(
            refusal(&ACTIVATE.replace(free, "").replacen("id =", "fees = []\nid =", 1)),
            Refusal::NoFee
        );
        let twice = ACTIVATE.replace(free, &format!("{free}\n\n{free}"));
        assert_eq!(refusal(&twice), Refusal::FeeTwice("2024-07-01".parse().unwrap()));
    }

    #[test]
    fn an_id_stands_once() {
        let file = |name: &str| (PathBuf::from(name), ACTIVATE.to_owned());
        let error = Catalogue::parse([file("a.toml"), file("b.toml")]).unwrap_err();
        assert!(matches!(error, CatalogueError::Refused { refusal: Refusal::IdTaken, .. }));
    }
}
