//! What the fleet team says of a release: the `custom` of a target in signed metadata, written
//! by `kiosk-repo` and read by `fleetd`. Both use this type, so that neither guesses.
//!
//! A field that is not known here is refused: it may be a condition that an old kiosk would
//! pass over. It reads no clock and installs nothing.

mod delta;
mod waves;

use std::{collections::BTreeSet, fmt, num::NonZeroU64};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::{
    delta::{Algorithm, Delta, MOST_DELTAS},
    waves::{Wave, WaveFault, Waves},
};

/// A release of one kind for some hardware.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "ReleaseFile", into = "ReleaseFile")]
pub struct Release {
    file: ReleaseFile,
}

/// The fields of a release. `Release::new` checks that they fit each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleaseFile {
    /// The boards that it is for, at least one.
    pub hw: BTreeSet<Hardware>,
    /// What it replaces.
    pub kind: Kind,
    /// Grows with each release of this kind for a board. A kiosk keeps a floor, raised only
    /// after commit.
    pub release_seq: NonZeroU64,
    /// Kiosks take no release below this one any more.
    pub min_release_seq: NonZeroU64,
    /// What it does to the data of the version before; none if it does nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_schema: Option<DataSchema>,
    /// Whether it closes a hole.
    #[serde(default, skip_serializing_if = "is_false")]
    pub security: bool,
    /// Until when a security release is to be in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
    /// Who takes it when; none: everybody at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waves: Option<Waves>,
    /// What the target holds, if it is packed; none: the target is the image itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<PackedImage>,
    /// The SHA-256 of the manifest of a RAUC bundle, for the kiosk's RAUC to hold the bundle
    /// against; none: the target is no bundle, or one without a manifest that can be named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rauc_manifest_hash: Option<Sha256Digest>,
    /// What changed since earlier releases, for kiosks that run one of them; they may take the
    /// target itself as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delta: Vec<Delta>,
}

/// An image that is packed in the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackedImage {
    /// How it is packed.
    pub compression: Compression,
    /// Its length unpacked, in bytes. Kiosks unpack no byte more.
    pub length: u64,
    /// Its SHA-256 unpacked.
    pub sha256: Sha256Digest,
}

/// How an image is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    /// Frames of zstd (RFC 8878), each of them at most 4 MiB unpacked and known by itself, so
    /// that a broken download goes on at the next one.
    Zstd,
}

/// A SHA-256, written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sha256Digest([u8; 32]);

impl Sha256Digest {
    /// Of these 32 bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub fn bytes(self) -> [u8; 32] {
        self.0
    }
}

impl fmt::Debug for Sha256Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl TryFrom<String> for Sha256Digest {
    type Error = ReleaseFault;

    fn try_from(text: String) -> Result<Self, ReleaseFault> {
        let mut bytes = [0; 32];
        let lower = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        match hex::decode_to_slice(&text, &mut bytes) {
            Ok(()) if lower => Ok(Self(bytes)),
            _ => Err(ReleaseFault::NotASha256),
        }
    }
}

impl From<Sha256Digest> for String {
    fn from(digest: Sha256Digest) -> Self {
        hex::encode(digest.0)
    }
}

/// What a release replaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The kiosk's programs.
    App,
    /// The whole system.
    Os,
}

impl Kind {
    /// As metadata and command lines spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Os => "os",
        }
    }

    /// Reads that spelling.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::App, Self::Os].into_iter().find(|kind| kind.as_str() == name)
    }
}

/// The name of a board, as `board-configs/` has it: lower-case letters, digits, `-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hardware(String);

impl Hardware {
    /// Checks a name.
    pub fn new(name: &str) -> Result<Self, ReleaseFault> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if (1..=40).contains(&name.len()) && name.bytes().all(plain) {
            return Ok(Self(name.to_owned()));
        }
        Err(ReleaseFault::NotABoard)
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Hardware {
    type Error = ReleaseFault;

    fn try_from(name: String) -> Result<Self, ReleaseFault> {
        Self::new(&name)
    }
}

impl From<Hardware> for String {
    fn from(hardware: Hardware) -> Self {
        hardware.0
    }
}

/// From which version of stored data to which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataSchema {
    /// The oldest that it takes over.
    pub from: u32,
    /// What it leaves behind.
    pub to: u32,
    /// Whether the version before can read that. If not, rolling back needs the data as it was.
    pub reversible: bool,
}

/// Why fields make no release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReleaseFault {
    /// It is for no board.
    #[error("a release is for at least one board")]
    NoBoard,
    /// A name of no board.
    #[error("a board is named with lower-case letters, digits and -")]
    NotABoard,
    /// Kiosks would refuse the release itself.
    #[error("min_release_seq is above release_seq: kiosks would refuse the release itself")]
    MinAboveSeq,
    /// Data would go back.
    #[error("data_schema goes from a version to one below it")]
    SchemaFalls,
    /// A deadline without a reason.
    #[error("a deadline is for security releases only")]
    DeadlineWithoutSecurity,
    /// Text that is no SHA-256.
    #[error("a SHA-256 is 64 lower-case hexadecimal digits")]
    NotASha256,
    /// Nothing to install.
    #[error("an image has at least one byte")]
    EmptyImage,
    /// A bundle brings a whole system.
    #[error("rauc_manifest_hash is for releases of kind os only")]
    ManifestOfApp,
    /// More deltas than kiosks look at, two for one image, or one of nothing.
    #[error("a release has at most {MOST_DELTAS} deltas, each not empty and for another image and name")]
    Deltas,
    /// A delta to what is there already.
    #[error("a delta is for another image than the release's own")]
    DeltaOfItself,
    /// A whole system is written by its own updater.
    #[error("deltas are for releases of kind app only")]
    DeltaOfOs,
}

impl Release {
    /// Checks that the fields fit each other.
    pub fn new(file: ReleaseFile) -> Result<Self, ReleaseFault> {
        if file.hw.is_empty() {
            return Err(ReleaseFault::NoBoard);
        }
        if file.min_release_seq > file.release_seq {
            return Err(ReleaseFault::MinAboveSeq);
        }
        if file.data_schema.is_some_and(|schema| schema.from > schema.to) {
            return Err(ReleaseFault::SchemaFalls);
        }
        if file.deadline.is_some() && !file.security {
            return Err(ReleaseFault::DeadlineWithoutSecurity);
        }
        if file.image.is_some_and(|image| image.length == 0) {
            return Err(ReleaseFault::EmptyImage);
        }
        if file.rauc_manifest_hash.is_some() && file.kind != Kind::Os {
            return Err(ReleaseFault::ManifestOfApp);
        }
        delta::check(&file)?;
        Ok(Self { file })
    }

    /// The fields.
    pub fn fields(&self) -> &ReleaseFile {
        &self.file
    }

    /// The same release with its image packed, or not.
    pub fn with_image(mut self, image: Option<PackedImage>) -> Result<Self, ReleaseFault> {
        self.file.image = image;
        Self::new(self.file)
    }

    /// The same release as a RAUC bundle with this manifest.
    pub fn with_rauc_manifest(mut self, hash: Sha256Digest) -> Result<Self, ReleaseFault> {
        self.file.rauc_manifest_hash = Some(hash);
        Self::new(self.file)
    }

    /// The same release with these deltas instead of those that it has.
    pub fn with_deltas(mut self, deltas: Vec<Delta>) -> Result<Self, ReleaseFault> {
        self.file.delta = deltas;
        Self::new(self.file)
    }

    /// The same release with other waves.
    #[must_use]
    pub fn with_waves(mut self, waves: Option<Waves>) -> Self {
        self.file.waves = waves;
        self
    }

    /// The same release with another `min_release_seq`. Lower than it was, it lets kiosks go back
    /// so far.
    pub fn with_least(mut self, least: NonZeroU64) -> Result<Self, ReleaseFault> {
        self.file.min_release_seq = least;
        Self::new(self.file)
    }

    /// Whether the two are for one board and of one kind: then their numbers are compared.
    pub fn rivals(&self, other: &Self) -> bool {
        self.file.kind == other.file.kind && !self.file.hw.is_disjoint(&other.file.hw)
    }
}

impl TryFrom<ReleaseFile> for Release {
    type Error = ReleaseFault;

    fn try_from(file: ReleaseFile) -> Result<Self, ReleaseFault> {
        Self::new(file)
    }
}

impl From<Release> for ReleaseFile {
    fn from(release: Release) -> Self {
        release.file
    }
}

// serde hands fields over by reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_false(value: &bool) -> bool {
    !value
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"{"hw":["pi4-wall","pi5-counter"],"kind":"os","release_seq":7,"min_release_seq":5,"data_schema":{"from":2,"to":3,"reversible":false},"security":true,"deadline":"2026-12-31T17:00:00Z","waves":[{"share":10,"starts":"2026-12-01T00:00:00Z"},{"share":100,"starts":"2026-12-02T00:00:00Z"}],"image":{"compression":"zstd","length":300,"sha256":"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"},"rauc_manifest_hash":"77112233445566778899aabbccddeeff00112233445566778899aabbccddee77"}"#;

    #[test]
    fn a_release_is_written_as_it_is_read() {
        let release: Release = serde_json::from_str(WHOLE).unwrap();
        assert_eq!(serde_json::to_string(&release).unwrap(), WHOLE);
        assert_eq!(release.fields().release_seq.get(), 7);
        let short = r#"{"hw":["pc-dev"],"kind":"app","release_seq":1,"min_release_seq":1}"#;
        let release: Release = serde_json::from_str(short).unwrap();
        assert_eq!(serde_json::to_string(&release).unwrap(), short);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for (from, to, why) in [
            (r#""hw":["pi4-wall","pi5-counter"]"#, r#""hw":[]"#, "at least one board"),
            ("pi4-wall", "Pi 4", "lower-case"),
            (r#""os""#, r#""firmware""#, "unknown variant"),
            (r#""min_release_seq":5"#, r#""min_release_seq":8"#, "refuse the release itself"),
            (r#""release_seq":7"#, r#""release_seq":0"#, "nonzero"),
            (r#""from":2"#, r#""from":4"#, "below it"),
            (r#""security":true"#, r#""security":false"#, "security releases only"),
            (r#""kind""#, r#""least_battery":5,"kind""#, "unknown field"),
            (r#""share":10"#, r#""share":0"#, "nonzero"),
            (r#""share":10,"#, r#""share":100,"#, "grow"),
            (r#""share":100"#, r#""share":99"#, "everybody"),
            ("2026-12-02", "2026-11-30", "later"),
            ("zstd", "gzip", "unknown variant"),
            (r#""length":300"#, r#""length":0"#, "at least one byte"),
            (r#""sha256":"0011"#, r#""sha256":"11"#, "64 lower-case"),
            ("aabb", "AABB", "64 lower-case"),
            (r#""kind":"os""#, r#""kind":"app""#, "of kind os only"),
            (r#""rauc_manifest_hash":"77"#, r#""rauc_manifest_hash":""#, "64 lower-case"),
            (r#""compression":"zstd","#, "", "missing field"),
            (r#""compression""#, r#""level":3,"compression""#, "unknown field"),
        ] {
            let text = WHOLE.replacen(from, to, 1);
            assert_ne!(text, WHOLE, "{from}");
            let error = serde_json::from_str::<Release>(&text).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn only_releases_of_one_kind_for_one_board_are_rivals() {
        let of = |hw: &str, kind: &str| -> Release {
            let text = format!(r#"{{"hw":{hw},"kind":"{kind}","release_seq":1,"min_release_seq":1}}"#);
            serde_json::from_str(&text).unwrap()
        };
        let both = of(r#"["a","b"]"#, "os");
        assert!(both.rivals(&of(r#"["b"]"#, "os")));
        assert!(!both.rivals(&of(r#"["b"]"#, "app")));
        assert!(!both.rivals(&of(r#"["c"]"#, "os")));
    }
}
