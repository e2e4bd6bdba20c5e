//! The parts of the repository that others than the fleet's own signers may list. A closed
//! list: who signs settings cannot be given firmware by a slip of the keyboard.

use std::fmt;

use tuf::metadata::Paths;

use crate::Mistake;

/// A part that can be delegated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Area {
    /// `os/*`: system images. Two signers at least; nobody else is asked for these paths.
    Os,
    /// `app/*`: the kiosk's programs.
    App,
    /// `usb/*`: permits for sticks.
    Usb,
    /// `config/fleet/*`: what is set for every kiosk. Two signers at least.
    Fleet,
    /// `config/PROVINCE/*`: a province's settings.
    Config(String),
}

impl Area {
    /// Reads `os`, `app`, `usb`, `config/fleet` or `config/PROVINCE`.
    pub fn new(text: &str) -> Result<Self, Mistake> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        match (text, text.strip_prefix("config/")) {
            ("os", _) => Ok(Self::Os),
            ("app", _) => Ok(Self::App),
            ("usb", _) => Ok(Self::Usb),
            (_, Some("fleet")) => Ok(Self::Fleet),
            (_, Some(province)) if (1..=40).contains(&province.len()) && province.bytes().all(plain) => {
                Ok(Self::Config(province.to_owned()))
            }
            _ => Err(Mistake::NotAnArea { text: text.to_owned() }),
        }
    }

    /// The delegated role's name.
    pub fn role(&self) -> String {
        self.to_string().replace('/', "-")
    }

    /// What it may list: files of the one folder, none of folders below.
    pub fn paths(&self) -> Paths {
        Paths::Patterns(vec![format!("{self}/*")])
    }

    /// Whether a path of it is looked for nowhere else.
    pub fn terminating(&self) -> bool {
        *self == Self::Os
    }

    /// The least number of signatures.
    pub fn least_threshold(&self) -> u64 {
        if matches!(self, Self::Os | Self::Fleet) { 2 } else { 1 }
    }
}

impl fmt::Display for Area {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Os => out.write_str("os"),
            Self::App => out.write_str("app"),
            Self::Usb => out.write_str("usb"),
            Self::Fleet => out.write_str("config/fleet"),
            Self::Config(province) => write!(out, "config/{province}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_area_is_one_of_five_and_never_a_pattern() {
        for (text, role, terminating) in [
            ("os", "os", true),
            ("app", "app", false),
            ("config/fleet", "config-fleet", false),
            ("config/ha-noi", "config-ha-noi", false),
        ] {
            let area = Area::new(text).unwrap();
            assert_eq!((area.role().as_str(), area.terminating()), (role, terminating));
            assert!(area.paths().covers(&format!("{text}/file")));
            assert!(!area.paths().covers(&format!("{text}/folder/file")));
        }
        for bad in
            ["", "*", "config", "config/", "config/*", "config/a/b", "config/../os", "config/Hà", "targets"]
        {
            assert!(Area::new(bad).is_err(), "{bad}");
        }
    }
}
