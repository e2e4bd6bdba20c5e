//! The two slots, and what one may hold.

use std::{fmt, num::NonZeroU64};

use release::{Compression, DataSchema, Release, Sha256Digest};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tuf::Target;

/// A slot: one file with one image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Slot {
    /// `app-a.img`
    A,
    /// `app-b.img`
    B,
}

impl Slot {
    /// The one beside it.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }

    /// The name of its image within the folder.
    pub fn image(self) -> &'static str {
        match self {
            Self::A => "app-a.img",
            Self::B => "app-b.img",
        }
    }

    /// The slot whose image has this name.
    pub fn of_image(name: &str) -> Option<Self> {
        [Self::A, Self::B].into_iter().find(|slot| slot.image() == name)
    }

    pub(crate) fn index(self) -> usize {
        match self {
            Self::A => 0,
            Self::B => 1,
        }
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::A => "a",
            Self::B => "b",
        })
    }
}

/// A length in bytes and a SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageDigest {
    /// In bytes.
    pub length: u64,
    /// The SHA-256.
    #[serde(with = "hex::serde")]
    pub sha256: [u8; 32],
}

impl ImageDigest {
    /// Of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self { length: bytes.len() as u64, sha256: Sha256::digest(bytes).into() }
    }
}

/// A delta as signed metadata lists it: a file that gives a release's image out of another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeltaFile {
    /// The SHA-256 of the image that it is for.
    #[serde(with = "hex::serde")]
    pub from_sha256: [u8; 32],
    /// The file itself.
    pub listed: ImageDigest,
}

/// How the image lies in the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Packing {
    /// The target is the image.
    Plain,
    /// Frames of zstd (RFC 8878), see `frames`.
    Zstd,
}

/// A release as signed metadata lists it: all that is needed to write and judge it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// The target's path.
    pub target: String,
    /// The target, as listed. Its SHA-256 is what a release is black-listed by.
    pub listed: ImageDigest,
    /// How the image lies in it.
    pub packing: Packing,
    /// What lies in the slot in the end.
    pub image: ImageDigest,
    /// The release's number.
    pub release_seq: NonZeroU64,
    /// What it does to the data of the version before; none if it does nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_schema: Option<DataSchema>,
    /// The SHA-256 of a RAUC bundle's manifest, if its signers named it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rauc_manifest_hash: Option<Sha256Digest>,
}

impl Content {
    /// A release as the client of `tuf` found it. None: the target has no SHA-256 that signers
    /// signed for.
    pub fn of_target(target: &Target, release: &Release) -> Option<Self> {
        let mut sha256 = [0; 32];
        hex::decode_to_slice(target.file.hashes.get("sha256")?, &mut sha256).ok()?;
        Some(Self::of(target.path.as_str(), target.file.length, sha256, release))
    }

    /// A release whose target has this path, length in bytes and SHA-256.
    pub fn of(target: &str, length: u64, sha256: [u8; 32], release: &Release) -> Self {
        let listed = ImageDigest { length, sha256 };
        let fields = release.fields();
        let (packing, image) = match &fields.image {
            None => (Packing::Plain, listed),
            Some(image) => match image.compression {
                Compression::Zstd => {
                    (Packing::Zstd, ImageDigest { length: image.length, sha256: image.sha256.bytes() })
                }
            },
        };
        Self {
            target: target.to_owned(),
            listed,
            packing,
            image,
            release_seq: fields.release_seq,
            data_schema: fields.data_schema,
            rauc_manifest_hash: fields.rauc_manifest_hash,
        }
    }
}
