//! Why something was not done: one line for a person that says what to do, one exit code for
//! a script.

use std::{
    io,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use tuf::{
    ClientError, Distrust, MetadataError,
    repository::{PublishError, SignError},
};

use crate::token::{TokenError, UriFault};

/// What went wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what the variant is")]
pub enum Mistake {
    #[error("{0}; see kiosk-repo --help")]
    Usage(String),
    #[error("{path}: cannot be read or written", path = path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{path} is there already and is not written over; take another name", path = path.display())]
    AlreadyThere { path: PathBuf },
    #[error("no chance for a new key")]
    Chance,
    #[error("{path}: the key cannot be written as PKCS#8", path = path.display())]
    OpenSsl { path: PathBuf, source: openssl::error::ErrorStack },
    #[error("{path}: others can read this secret (mode {mode:03o}); do `chmod 600 {path}`, and take another key if they may have", path = path.display())]
    KeyOpenToOthers { path: PathBuf, mode: u32 },
    #[error("{path}: no Ed25519 key in PKCS#8 PEM, or another passphrase; give --passphrase-file if it has one", path = path.display())]
    NotASecretKey { path: PathBuf },
    #[error("{path}: no public key in PEM (Ed25519, P-256 or RSA of 2048 bits on); give the file that ends with .pub", path = path.display())]
    NotAPublicKey { path: PathBuf },
    #[error("{path}: the first line is empty; put the passphrase there", path = path.display())]
    EmptyPassphrase { path: PathBuf },
    #[error("{path}: no repository; make one with `kiosk-repo init`", path = path.display())]
    NoRepository { path: PathBuf },
    #[error("this names no key in a token (pkcs11:token=…;object=…)")]
    TokenUri { source: UriFault },
    #[error("{uri}: {code}")]
    Token { uri: String, code: &'static str, source: TokenError },
    #[error("{path}: no Ed25519 key, which commands to kiosks are signed with", path = path.display())]
    NotEd25519 { path: PathBuf },
    #[error("{path}: a repository is there already; its keys are changed with `kiosk-repo rotate`", path = path.display())]
    RepositoryThere { path: PathBuf },
    #[error("{path}: another kiosk-repo is at work there; wait for it", path = path.display())]
    Busy { path: PathBuf },
    #[error("{path}: not {role} metadata", path = path.display())]
    Metadata { path: PathBuf, role: String, source: MetadataError },
    #[error(
        "{what}: {keys} different keys cannot give {threshold} signatures; give more keys or a lower threshold"
    )]
    ThresholdTooHigh { what: String, keys: usize, threshold: u64 },
    #[error("a threshold is a number from {least} on")]
    ThresholdTooLow { least: u64 },
    #[error(
        "{text:?} is no part that is delegated: os, app, usb or config/PROVINCE, the province in lower-case letters, digits and -"
    )]
    NotAnArea { text: String },
    #[error("there is no role {role:?} here; see `kiosk-repo check`")]
    NoSuchRole { role: String },
    #[error("nothing of {role} is in draft; a change, or `kiosk-repo renew`, makes a draft")]
    NoDraft { role: String },
    #[error("nothing is in draft; make a change first, or use `kiosk-repo refresh`")]
    NothingToPublish,
    #[error(
        "{role} is not signed by enough people: send it out with `kiosk-repo draft` and take signatures in with `kiosk-repo merge`"
    )]
    NotSigned { role: String, source: Distrust },
    #[error(
        "{role} as published does not stand under the new root or delegation: `kiosk-repo renew {role}`, and have it signed"
    )]
    NoLongerStands { role: String, source: Distrust },
    #[error(
        "root expired at {expires}; kiosks take nothing under it: `kiosk-repo renew root`, and have it signed"
    )]
    RootExpired { expires: Timestamp },
    #[error("{role} expired at {expires}: `kiosk-repo renew {role}`, and have it signed")]
    Expired { role: String, expires: Timestamp },
    #[error("the key {key_id} is a stranger to {role}; one of these must sign: {wanted}")]
    Stranger { key_id: String, role: String, wanted: String },
    #[error("{path}: the signature is over another draft of {role}: that changed since; send it out again", path = path.display())]
    OtherDraft { path: PathBuf, role: String },
    #[error("{path}: not a good signature by this key over {role}; have it signed again", path = path.display())]
    BadSignature { path: PathBuf, role: String },
    #[error("{path}: no {what} of kiosk-repo", path = path.display())]
    NotOurFile { path: PathBuf, what: &'static str, source: serde_json::Error },
    #[error("{path}: longer than {most} bytes", path = path.display())]
    TooLong { path: PathBuf, most: u64 },
    #[error(
        "the root that the signer trusts does not vouch for the version before; do not sign, ask who sent this"
    )]
    BeforeNotTrusted { source: Distrust },
    #[error("the version before is not the root that the signer trusts; do not sign, ask who sent this")]
    BeforeIsAnotherRoot,
    #[error("not signed: nobody said yes")]
    NotConfirmed,
    #[error("no kiosk would take this command; see kiosk-repo command --help")]
    CommandOutOfBounds { source: command::Refusal },
    #[error("{path}: no command", path = path.display())]
    NotACommand { path: PathBuf, source: command::Refusal },
    #[error("signing failed")]
    Sign { source: SignError },
    #[error("{text:?} is no path of a target; as os/NAME, app/NAME, config/PROVINCE/NAME")]
    NotATarget { text: String },
    #[error("{path} is a path of {area}; a release of kind {kind} is under {kind}/")]
    WrongFolder { path: String, area: String, kind: &'static str },
    #[error("{path} is not listed; `kiosk-repo check` says what is")]
    NotListed { path: String },
    #[error(
        "{path}: no RAUC bundle whose signature carries its manifest; make one of format verity", path = path.display()
    )]
    NotABundle { path: PathBuf },
    #[error("{path} is listed but is no release")]
    NotARelease { path: String },
    #[error("{path} is listed by that name already; `kiosk-repo remove` it first")]
    DeltaThere { path: String },
    #[error("no delta from {path}: it is for other boards, or of another kind, or the release itself")]
    NotABase { path: String },
    #[error("{path} in the folder is not what is listed: it unpacks to something else")]
    BaseDamaged { path: String },
    #[error("the delta from {path} has {delta} bytes and the release {release}: leave it out")]
    DeltaNotSmaller { path: String, delta: u64, release: u64 },
    #[error("release {seq} is not above {newest}, which {path} had for the same board (version {version} of {role}); take --release-seq {next}", next = newest + 1)]
    SeqDoesNotGrow { seq: u64, newest: u64, path: String, role: String, version: u64 },
    #[error("{path}: kiosks would refuse it", path = path.display())]
    Layer { path: PathBuf, source: Box<configuration::LayerError> },
    #[error("{path}: kiosks would refuse it", path = path.display())]
    LayerFiles { path: PathBuf, source: configuration::NotOneSet },
    #[error("layer {layer}: version {version} is not above {newest}, which it had; take version = {next}", next = newest + 1)]
    VersionDoesNotGrow { layer: configuration::Whose, version: u32, newest: u32 },
    #[error("{path}: the layer {layer} names no file with these bytes", path = path.display())]
    NotNamed { path: PathBuf, layer: configuration::Whose },
    #[error("{file} is {length} bytes long, and not {says} as the layer says")]
    OtherLength { file: String, says: u64, length: u64 },
    #[error("{file} is not listed yet; give it --with FILE, whose SHA-256 is {sha256}")]
    NotGiven { file: String, sha256: String },
    #[error("{0}")]
    Release(#[from] release::ReleaseFault),
    #[error("{0}")]
    Waves(#[from] release::WaveFault),
    #[error("{role} lists {path}, which it may not; have it taken out")]
    OutsideOfArea { role: String, path: String },
    #[error(
        "targets lists {path} as well, and stands before {role}; `kiosk-repo delegate` the part again, which moves it over"
    )]
    Shadowed { role: String, path: String },
    #[error("{0}")]
    Permit(#[from] stick::PermitFault),
    #[error("{path} is listed but is no permit; make it with `kiosk-repo permit`")]
    NotAPermit { path: String },
    #[error("{path} is not published; have it signed, and `kiosk-repo publish`")]
    NotPublished { path: String },
    #[error("{path} holds something already; a stick is written into an empty folder", path = path.display())]
    StickNotEmpty { path: PathBuf },
    #[error("{path}", path = path.display())]
    LogKey { path: PathBuf, source: keys::KeyError },
    #[error("{path}: not opened", path = path.display())]
    SealedLog { path: PathBuf, source: stick::logs::OpenError },
    #[error("the repository cannot be written")]
    Publish { source: PublishError },
    #[error("kiosks would not take the repository")]
    Client { source: ClientError },
    #[error("{path} is listed by {role}, but a kiosk {finds}")]
    NotFound { path: String, role: String, finds: String },
    #[error("{role} has no version after {version}")]
    LastVersion { role: String, version: u64 },
}

impl Mistake {
    /// 2 for a wrong command line, 3 for what is not believed or not signed, 1 for the rest.
    pub fn code(&self) -> u8 {
        match self {
            Self::Usage(_)
            | Self::NotABundle { .. }
            | Self::Release(_)
            | Self::Waves(_)
            | Self::Permit(_)
            | Self::NotAnArea { .. }
            | Self::TokenUri { .. }
            | Self::Token { source: TokenError::NoModule, .. }
            | Self::CommandOutOfBounds { .. } => 2,
            Self::Metadata { .. }
            | Self::NotSigned { .. }
            | Self::NoLongerStands { .. }
            | Self::RootExpired { .. }
            | Self::Expired { .. }
            | Self::Stranger { .. }
            | Self::OtherDraft { .. }
            | Self::BadSignature { .. }
            | Self::BeforeNotTrusted { .. }
            | Self::BeforeIsAnotherRoot
            | Self::OutsideOfArea { .. }
            | Self::Shadowed { .. }
            | Self::Client { .. }
            | Self::SealedLog { .. }
            | Self::NotFound { .. } => 3,
            _ => 1,
        }
    }

    pub(crate) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }
}

impl From<lexopt::Error> for Mistake {
    fn from(error: lexopt::Error) -> Self {
        Self::Usage(error.to_string())
    }
}
