//! What all layers of a kiosk come to: one file, known by its digest, in which each value says
//! whose it is. `fleetd` writes it, `kioskd` reads it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use release::Sha256Digest;
use serde::{Deserialize, Serialize};
use upkeep::Words;

use crate::{
    Layer,
    keys::{Camera, Face, Files, Idle, Upkeep},
    notice::Notice,
    section::Said,
    value::ServiceName,
    whose::{Level, Whose},
};

/// More than one file of a set has, in bytes.
pub const MOST_FILE_BYTES: u64 = 8 * 1024 * 1024;
/// More than all files of a set have together.
pub const MOST_SET_BYTES: u64 = 24 * 1024 * 1024;
/// More files than any set has.
const MOST_FILES: usize = 256;
/// The form that both programs know.
const SCHEMA: u32 = 1;

/// What is in force over what is built in. A key that no layer said is not there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    schema: u32,
    /// The layers that it was made of, the farthest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<Origin>,
    /// After how long a visit ends.
    #[serde(default, skip_serializing_if = "Idle::is_empty")]
    pub idle: Idle,
    /// The comparison of faces.
    #[serde(default, skip_serializing_if = "Face::is_empty")]
    pub face: Face,
    /// The camera.
    #[serde(default, skip_serializing_if = "Camera::is_empty")]
    pub camera: Camera,
    /// When the machine may be closed for upkeep.
    #[serde(default, skip_serializing_if = "Upkeep::is_empty")]
    pub upkeep: Upkeep,
    /// Whole files.
    #[serde(default, skip_serializing_if = "Files::is_empty")]
    pub files: Files,
    /// Services that are closed, and the farthest layer that closed each.
    #[serde(default, rename = "closed-services", skip_serializing_if = "BTreeMap::is_empty")]
    pub closed_services: BTreeMap<ServiceName, Level>,
    /// Notices, those of the nearest layer first; none takes another away.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<Said<Notice>>,
}

/// A layer that a set was made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// For whom.
    pub layer: Whose,
    /// Its version.
    pub version: u32,
    /// Its digest.
    pub sha256: Sha256Digest,
}

/// Why layers make no set.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotOneSet {
    /// A layer does not follow the one before: the caller's mistake, or a layer of another place.
    #[error("layer {layer} does not lie over the one before it")]
    Order {
        /// Which.
        layer: Whose,
    },
    /// A file is too long, or all together are.
    #[error("files.{file}: {reason}")]
    Files {
        /// Where it would lie.
        file: String,
        /// What is wrong.
        reason: String,
    },
}

/// Why a file holds no set.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotASet {
    /// Damaged, or not the one that its name says.
    #[error("the bytes are not those of the set {0:?}")]
    OtherBytes(Sha256Digest),
    /// Not what a set looks like.
    #[error("no set of settings")]
    Format(#[source] Box<toml::de::Error>),
    /// Of another form.
    #[error("the set has schema {0}")]
    Schema(u32),
}

/// A file that belongs to a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedFile {
    /// Where it lies in the folder of the set: one name, or a folder and a name.
    pub path: String,
    /// Where it lies in the signed repository.
    pub target: String,
    /// What it hashes to.
    pub sha256: Sha256Digest,
    /// Its length in bytes.
    pub length: u64,
}

impl Configuration {
    /// The name of its file in the folder of a set.
    pub const FILE: &str = "configuration.toml";
    /// More than its file has, in bytes.
    pub const MOST_BYTES: u64 = 256 * 1024;
    /// The trust list in the folder of a set.
    pub const TRUST_LIST: &str = "trust-list.pem";
    /// The folder of revocation lists in the folder of a set.
    pub const REVOCATION_LISTS: &str = "revocation-lists";
    /// The catalogue in the folder of a set.
    pub const CATALOGUE: &str = "catalogue";
    /// The dated legal numbers in the folder of a set.
    pub const RULES: &str = "rules.toml";

    /// Lays layers over each other, the farthest first.
    pub fn merge(layers: &[Layer]) -> Result<Self, NotOneSet> {
        let mut merged = Self { schema: SCHEMA, ..Self::default() };
        for layer in layers {
            let level = layer.whose.level();
            if merged.layers.last().is_some_and(|before| !lies_over(&layer.whose, &before.layer)) {
                return Err(NotOneSet::Order { layer: layer.whose.clone() });
            }
            let (whose, said) = (layer.whose.clone(), &layer.said);
            merged.layers.push(Origin { layer: whose, version: layer.version, sha256: layer.sha256 });
            said.idle.over(level, &mut merged.idle);
            said.face.over(level, &mut merged.face);
            said.camera.over(level, &mut merged.camera);
            said.upkeep.over(level, &mut merged.upkeep);
            said.files.over(level, &mut merged.files);
            for service in &said.services.closed {
                merged.closed_services.entry(service.clone()).or_insert(level);
            }
            merged.notices.splice(0..0, said.notices.iter().map(|is| Said { is: is.clone(), from: level }));
        }
        merged.check_files()?;
        Ok(merged)
    }

    fn check_files(&self) -> Result<(), NotOneSet> {
        let files = self.wanted_files();
        let refused = |file: &str, reason: &str| {
            Err(NotOneSet::Files { file: file.to_owned(), reason: reason.to_owned() })
        };
        let mut left = MOST_SET_BYTES;
        for file in &files {
            match left.checked_sub(file.length) {
                _ if file.length > MOST_FILE_BYTES => return refused(&file.path, "longer than 8 MiB"),
                None => return refused(&file.path, "with it the files are longer than 24 MiB"),
                Some(rest) => left = rest,
            }
        }
        match files.get(MOST_FILES) {
            Some(file) => refused(&file.path, "more than 256 files"),
            None => Ok(()),
        }
    }

    /// The files that belong to it.
    pub fn wanted_files(&self) -> Vec<WantedFile> {
        let whose = |from: Level| {
            let origin = self.layers.iter().find(|origin| origin.layer.level() == from);
            origin.map_or(Whose::Fleet, |origin| origin.layer.clone())
        };
        let mut wanted = Vec::new();
        let mut want = |path: String, from, sha256, length| {
            wanted.push(WantedFile { path, target: whose(from).file_target(sha256), sha256, length });
        };
        for (name, file) in [(Self::TRUST_LIST, &self.files.trust_list), (Self::RULES, &self.files.rules)] {
            if let Some(file) = file {
                want(name.to_owned(), file.from, file.is.sha256, file.is.length);
            }
        }
        for (folder, files) in
            [(Self::REVOCATION_LISTS, &self.files.revocation_lists), (Self::CATALOGUE, &self.files.catalogue)]
        {
            let Some(files) = files else { continue };
            for file in &files.is {
                want(format!("{folder}/{}", file.name), files.from, file.sha256, file.length);
            }
        }
        wanted
    }

    /// Its file. Equal sets have equal bytes.
    pub fn bytes(&self) -> Vec<u8> {
        toml::to_string(self).expect("text keys, and numbers that TOML has").into_bytes()
    }

    /// Reads the file of a set that is known by its digest.
    pub fn read(bytes: &[u8], set: Sha256Digest) -> Result<Self, NotASet> {
        if crate::digest(bytes) != set {
            return Err(NotASet::OtherBytes(set));
        }
        let format = |error| NotASet::Format(Box::new(error));
        let read: Self = toml::from_slice(bytes).map_err(format)?;
        if read.schema != SCHEMA {
            return Err(NotASet::Schema(read.schema));
        }
        Ok(read)
    }

    /// What the first page says at that moment, if anything.
    pub fn notice(&self, now: Timestamp) -> Option<&Words> {
        self.notices.iter().find(|notice| notice.is.is_shown(now)).map(|notice| notice.is.words())
    }

    /// Whether no layer made it: what is built in holds alone.
    pub fn is_built_in(&self) -> bool {
        self.layers.is_empty()
    }

    /// The layers in a few words, for the fleet team: `fleet 3, ha-noi 2`.
    pub fn line(&self) -> String {
        if self.is_built_in() {
            return "built-in".to_owned();
        }
        let words: Vec<_> =
            self.layers.iter().map(|origin| format!("{} {}", origin.layer, origin.version)).collect();
        words.join(", ")
    }

    /// The folders that its files need, beside the one of the set itself.
    pub fn folders(&self) -> BTreeSet<&'static str> {
        let revoked = self.files.revocation_lists.as_ref().map(|_| Self::REVOCATION_LISTS);
        revoked.into_iter().chain(self.files.catalogue.as_ref().map(|_| Self::CATALOGUE)).collect()
    }
}

/// Nearer, and of the same province.
fn lies_over(nearer: &Whose, farther: &Whose) -> bool {
    let province = |whose: &Whose| match whose {
        Whose::Fleet => None,
        Whose::Province(province) | Whose::Site { province, .. } | Whose::Device { province, .. } => {
            Some(province.clone())
        }
    };
    let same = match (province(nearer), province(farther)) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    };
    nearer.level() > farther.level() && same
}
