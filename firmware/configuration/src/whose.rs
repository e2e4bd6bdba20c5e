//! For whom a layer is, and the path in the signed repository that says so. A province's key
//! signs `config/PROVINCE/*`, the fleet's own `config/fleet/*`: by its path alone a layer
//! cannot be another's.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How near to the kiosk. The nearer one is laid over the farther.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Every kiosk.
    Fleet,
    /// Those of one province.
    Province,
    /// Those of one office.
    Site,
    /// One.
    Device,
}

impl Level {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Fleet => "fleet",
            Self::Province => "province",
            Self::Site => "site",
            Self::Device => "device",
        }
    }
}

/// The name of a province, a site or a device: up to 64 small letters, digits and inner hyphens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Word(String);

/// A text is no such name, or no layer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is no {what}")]
pub struct WrongName {
    /// What stands there.
    pub text: String,
    /// What it should be.
    pub what: &'static str,
}

impl Word {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Word {
    type Error = WrongName;

    fn try_from(text: String) -> Result<Self, WrongName> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let inner = !text.starts_with('-') && !text.ends_with('-');
        if (1..=64).contains(&text.len()) && text.bytes().all(plain) && inner {
            return Ok(Self(text));
        }
        Err(WrongName { text, what: "name: up to 64 small letters, digits and inner hyphens" })
    }
}

impl From<Word> for String {
    fn from(word: Word) -> Self {
        word.0
    }
}

/// No province is called so: its key would sign for the whole fleet.
const FLEET: &str = "fleet";

/// For whom a layer is: `fleet`, `ha-noi`, `ha-noi/site-nghia-do`, `ha-noi/device-hn-0017`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Whose {
    /// Every kiosk.
    Fleet,
    /// The kiosks of a province.
    Province(Word),
    /// The kiosks of a site, signed by its province.
    Site {
        /// The province.
        province: Word,
        /// The site.
        site: Word,
    },
    /// One kiosk, signed by its province.
    Device {
        /// The province.
        province: Word,
        /// The device, by its name at the fleet server.
        device: Word,
    },
}

impl Whose {
    /// How near it is.
    pub fn level(&self) -> Level {
        match self {
            Self::Fleet => Level::Fleet,
            Self::Province(_) => Level::Province,
            Self::Site { .. } => Level::Site,
            Self::Device { .. } => Level::Device,
        }
    }

    /// The target in the signed repository.
    pub fn target(&self) -> String {
        match self {
            Self::Fleet | Self::Province(_) => format!("config/{self}/layer.toml"),
            Self::Site { .. } | Self::Device { .. } => format!("config/{self}.toml"),
        }
    }

    /// For whom the layer at this target is, if it is one of a layer.
    pub fn of_target(target: &str) -> Option<Self> {
        let name = target.strip_prefix("config/")?;
        let whose =
            Self::try_from(name.strip_suffix("/layer.toml").or(name.strip_suffix(".toml"))?.to_owned());
        whose.ok().filter(|whose| whose.target() == target)
    }

    /// Where a file that this layer names lies in the signed repository.
    pub fn file_target(&self, digest: release::Sha256Digest) -> String {
        let folder = match self {
            Self::Fleet => FLEET,
            Self::Province(province) | Self::Site { province, .. } | Self::Device { province, .. } => {
                province.as_str()
            }
        };
        format!("config/{folder}/{}", crate::hexadecimal(digest))
    }
}

impl fmt::Display for Whose {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fleet => out.write_str(FLEET),
            Self::Province(province) => out.write_str(province.as_str()),
            Self::Site { province, site } => write!(out, "{}/site-{}", province.as_str(), site.as_str()),
            Self::Device { province, device } => {
                write!(out, "{}/device-{}", province.as_str(), device.as_str())
            }
        }
    }
}

impl TryFrom<String> for Whose {
    type Error = WrongName;

    fn try_from(text: String) -> Result<Self, WrongName> {
        let what = "layer: fleet, PROVINCE, PROVINCE/site-SITE or PROVINCE/device-DEVICE";
        let wrong = |text: &str| WrongName { text: text.to_owned(), what };
        let word = |part: &str| Word::try_from(part.to_owned()).map_err(|_| wrong(&text));
        match text.split_once('/') {
            None if text == FLEET => Ok(Self::Fleet),
            None => Ok(Self::Province(word(&text)?)),
            Some((FLEET, _)) => Err(wrong(&text)),
            Some((province, inner)) => {
                let province = word(province)?;
                match (inner.strip_prefix("site-"), inner.strip_prefix("device-")) {
                    (Some(site), _) => Ok(Self::Site { province, site: word(site)? }),
                    (_, Some(device)) => Ok(Self::Device { province, device: word(device)? }),
                    _ => Err(wrong(&text)),
                }
            }
        }
    }
}

impl From<Whose> for String {
    fn from(whose: Whose) -> Self {
        whose.to_string()
    }
}

/// Where a kiosk stands, and so which layers are its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The province.
    pub province: Word,
    /// The site.
    pub site: Word,
    /// The kiosk's name at the fleet server.
    pub device: Word,
}

impl Place {
    /// Its layers, the farthest first.
    pub fn layers(&self) -> [Whose; 4] {
        let (province, site, device) = (self.province.clone(), self.site.clone(), self.device.clone());
        [
            Whose::Fleet,
            Whose::Province(province.clone()),
            Whose::Site { province: province.clone(), site },
            Whose::Device { province, device },
        ]
    }
}
