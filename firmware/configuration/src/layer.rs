//! One layer: bytes that become a type, or a refusal by layer, line and key.

use release::Sha256Digest;
use serde::Deserialize;

use crate::{
    digest,
    keys::{CameraPart, FacePart, FilesPart, IdlePart, UpkeepPart},
    notice::{MOST_NOTICES, Notice},
    section::Overreach,
    value::ServiceName,
    whose::{Level, Whose},
};

/// More than any layer has, in bytes.
pub const MOST_LAYER_BYTES: u64 = 64 * 1024;
/// The form of layers that this program knows.
const SCHEMA: i64 = 1;

/// A layer, read and checked by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// For whom it is.
    pub whose: Whose,
    /// Raised with every change.
    pub version: u32,
    /// The digest of its bytes.
    pub sha256: Sha256Digest,
    pub(crate) said: Document,
}

/// What a file says.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Document {
    #[serde(rename = "schema")]
    _schema: i64,
    layer: Whose,
    version: u32,
    #[serde(default)]
    pub(crate) idle: IdlePart,
    #[serde(default)]
    pub(crate) face: FacePart,
    #[serde(default)]
    pub(crate) camera: CameraPart,
    #[serde(default)]
    pub(crate) services: ServicesPart,
    #[serde(default)]
    pub(crate) upkeep: UpkeepPart,
    #[serde(default)]
    pub(crate) files: FilesPart,
    #[serde(default)]
    pub(crate) notices: Vec<Notice>,
}

/// Services can be closed from afar, by any layer; none can open what another closed.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServicesPart {
    #[serde(default)]
    pub(crate) closed: Vec<ServiceName>,
}

/// Why a layer is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LayerError {
    /// Longer than any layer.
    #[error("layer {layer}: longer than {MOST_LAYER_BYTES} bytes")]
    TooLong {
        /// Which layer.
        layer: Whose,
    },
    /// No text.
    #[error("layer {layer}: not UTF-8")]
    NotText {
        /// Which layer.
        layer: Whose,
    },
    /// Written for other programs.
    #[error("layer {layer}: schema {schema} is not known here, only {SCHEMA}")]
    Schema {
        /// Which layer.
        layer: Whose,
        /// What it says.
        schema: i64,
    },
    /// Not what a layer may look like: an unknown key, another type, out of its range.
    #[error("layer {layer}, line {line}, {key}: {reason}")]
    Format {
        /// Which layer.
        layer: Whose,
        /// Where, from 1.
        line: usize,
        /// The key or section that stands there.
        key: String,
        /// What is wrong.
        reason: String,
    },
    /// It says that it is for others.
    #[error("layer {layer}: it is for {says}")]
    OfOthers {
        /// Where it lies.
        layer: Whose,
        /// For whom it says that it is.
        says: Whose,
    },
    /// A key that another layer may set.
    #[error("layer {layer}, {section}.{key}: {}", only(may))]
    NotTheirs {
        /// Which layer.
        layer: Whose,
        /// The section.
        section: &'static str,
        /// The key.
        key: &'static str,
        /// Which layers may.
        may: &'static [Level],
    },
    /// Names of files that cannot be.
    #[error("layer {layer}, files.{key}: {reason}")]
    Files {
        /// Which layer.
        layer: Whose,
        /// The key.
        key: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// More than would ever be read.
    #[error("layer {layer}: more than {MOST_NOTICES} notices")]
    ManyNotices {
        /// Which layer.
        layer: Whose,
    },
    /// Older than what was in force here: somebody signed an old file again.
    #[error("layer {layer}: version {version} is older than {seen}, which was in force here")]
    Older {
        /// Which layer.
        layer: Whose,
        /// Its version.
        version: u32,
        /// The newest that was.
        seen: u32,
    },
    /// Changed without a new version.
    #[error("layer {layer}: another version {version} was in force here; a change needs a new version")]
    Changed {
        /// Which layer.
        layer: Whose,
        /// The version of both.
        version: u32,
    },
}

fn only(may: &[Level]) -> String {
    let words: Vec<_> = may.iter().map(|level| level.word()).collect();
    format!("only a layer of {} may set it", words.join(", "))
}

/// The newest version of a layer that was in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Age {
    /// Its version.
    pub version: u32,
    /// Its digest.
    pub sha256: Sha256Digest,
}

impl Layer {
    /// Reads the layer that was signed for somebody.
    pub fn parse(whose: &Whose, bytes: &[u8]) -> Result<Self, LayerError> {
        let layer = || whose.clone();
        if bytes.len() as u64 > MOST_LAYER_BYTES {
            return Err(LayerError::TooLong { layer: layer() });
        }
        let text = str::from_utf8(bytes).map_err(|_| LayerError::NotText { layer: layer() })?;
        let wrong = |error: toml::de::Error| format_error(whose, text, &error);
        // First of all, whether it is written for us: of another form every key may differ.
        let table: toml::Table = toml::from_str(text).map_err(wrong)?;
        if let Some(schema) = table.get("schema").and_then(toml::Value::as_integer)
            && schema != SCHEMA
        {
            return Err(LayerError::Schema { layer: layer(), schema });
        }
        let said: Document = toml::from_str(text).map_err(wrong)?;
        if said.layer != *whose {
            return Err(LayerError::OfOthers { layer: layer(), says: said.layer });
        }
        said.check(whose)?;
        Ok(Self { whose: layer(), version: said.version, sha256: digest(bytes), said })
    }

    /// Refuses a layer that is older than one that was in force, or the same and yet another.
    pub fn check_age(&self, seen: Option<Age>) -> Result<(), LayerError> {
        let (layer, version) = (self.whose.clone(), self.version);
        match seen {
            Some(seen) if version < seen.version => {
                Err(LayerError::Older { layer, version, seen: seen.version })
            }
            Some(seen) if version == seen.version && self.sha256 != seen.sha256 => {
                Err(LayerError::Changed { layer, version })
            }
            _ => Ok(()),
        }
    }

    /// Its age.
    pub fn age(&self) -> Age {
        Age { version: self.version, sha256: self.sha256 }
    }

    /// The digests of the files that it names.
    pub fn files(&self) -> Vec<Sha256Digest> {
        let files = &self.said.files;
        let single = files.trust_list.iter().chain(&files.rules).map(|file| file.sha256);
        let many = files.revocation_lists.iter().chain(&files.catalogue).flatten().map(|file| file.sha256);
        single.chain(many).collect()
    }
}

fn format_error(layer: &Whose, text: &str, error: &toml::de::Error) -> LayerError {
    let start = error.span().map_or(0, |span| span.start.min(text.len()));
    let before = text.get(..start).unwrap_or("").matches('\n').count();
    let line = text.lines().nth(before).unwrap_or("");
    let key = line.split('=').next().unwrap_or("").trim();
    LayerError::Format {
        layer: layer.clone(),
        line: before + 1,
        key: if key.is_empty() { "the file".to_owned() } else { key.chars().take(60).collect() },
        reason: error.message().to_owned(),
    }
}

impl Document {
    fn check(&self, whose: &Whose) -> Result<(), LayerError> {
        let level = whose.level();
        let in_section = |section| {
            move |Overreach { key, may }| LayerError::NotTheirs { layer: whose.clone(), section, key, may }
        };
        self.idle.check(level).map_err(in_section("idle"))?;
        self.face.check(level).map_err(in_section("face"))?;
        self.camera.check(level).map_err(in_section("camera"))?;
        self.upkeep.check(level).map_err(in_section("upkeep"))?;
        self.files.check(level).map_err(in_section("files"))?;
        if self.notices.len() > MOST_NOTICES {
            return Err(LayerError::ManyNotices { layer: whose.clone() });
        }
        self.check_names(whose)
    }

    /// Each name stands once, and ends as what reads the folder expects: else it would be
    /// passed over in silence.
    fn check_names(&self, whose: &Whose) -> Result<(), LayerError> {
        for (key, ending, files) in [
            ("revocation-lists", ".crl", &self.files.revocation_lists),
            ("catalogue", ".toml", &self.files.catalogue),
        ] {
            let refused = |reason: String| Err(LayerError::Files { layer: whose.clone(), key, reason });
            let Some(files) = files else { continue };
            let mut names: Vec<_> = files.iter().map(|file| file.name.as_str()).collect();
            if let Some(name) = names.iter().find(|name| !name.ends_with(ending)) {
                return refused(format!("'{name}' does not end with {ending}"));
            }
            names.sort_unstable();
            if let Some((name, _)) = names.iter().zip(names.iter().skip(1)).find(|(one, next)| one == next) {
                return refused(format!("'{name}' stands twice"));
            }
            if files.is_empty() {
                return refused("an empty list takes everything away; leave the key out".to_owned());
            }
        }
        Ok(())
    }
}
