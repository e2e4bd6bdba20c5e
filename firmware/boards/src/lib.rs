//! What one kind of machine is made of: the typed form of `board-configs/*.toml`. A
//! file may inherit one other; a key that nobody knows is refused by file, line and
//! reason. Nothing has a default here, about safety and retention least of all: what
//! a board does not inherit, it says.
//!
//! It looks at no device and at no file that a board names; who uses one reports it.

mod load;
mod parts;
mod section;
mod value;

use std::path::{Path, PathBuf};

use faults::Fault;

pub use parts::{
    Badges, Camera, CodeScanner, Configuration, Files, Gateway, Idle, Kiosk, Lights, LivenessPack, Officers,
    Outbox, Reader, ReceiptPrinter, Screen,
};
pub use value::{Baud, ChipAccess, Hertz, HttpsUrl, KioskName, Line, Location, PaperDots, Rotation, Within};

/// One machine, read and checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Board {
    /// Which kiosk, and where it stands.
    pub kiosk: Kiosk,
    /// The folders and files it works with.
    pub files: Files,
    /// The touchscreen.
    pub screen: Screen,
    /// The chip card reader.
    pub reader: Reader,
    /// The camera.
    pub camera: Camera,
    /// The receipt printer; none: no paper is offered.
    pub receipt_printer: Option<ReceiptPrinter>,
    /// The code scanner; none: digits are typed.
    pub code_scanner: Option<CodeScanner>,
    /// The lamps; none on a desk.
    pub lights: Option<Lights>,
    /// The passive liveness model; none: the operator installed none.
    pub liveness_pack: Option<LivenessPack>,
    /// The officers who may confirm a person; none: that way is not offered.
    pub officers: Option<Officers>,
    /// The badges of staff; none: a PIN alone signs in.
    pub badges: Option<Badges>,
    /// Settings from afar; none: the board alone counts.
    pub configuration: Option<Configuration>,
    /// The site's one upstream.
    pub gateway: Gateway,
    /// How much may wait for it.
    pub outbox: Outbox,
    /// After how long a visit ends by itself.
    pub idle: Idle,
    /// For the face crate, which checks it.
    pub face: toml::Table,
    /// For the identity crate, which checks it.
    pub identity: toml::Table,
}

impl Board {
    /// Reads `<name>.toml` in a folder, with everything that it inherits.
    pub fn load(folder: &Path, name: &str) -> Result<Self, BoardError> {
        load::load(&folder.join(format!("{name}.toml")))
    }

    /// Reads one file, with everything that it inherits.
    pub fn load_file(path: &Path) -> Result<Self, BoardError> {
        load::load(path)
    }
}

/// Why a board cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BoardError {
    /// A file is not there.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file says something that is not allowed.
    #[error("{}:{line}: {reason}", path.display())]
    Wrong {
        /// Which.
        path: PathBuf,
        /// Where, from 1.
        line: usize,
        /// What.
        reason: String,
    },
    /// A key is said nowhere.
    #[error("{}: '{key}' in [{section}] is said neither here nor in what it inherits", path.display())]
    Missing {
        /// The file that was asked for.
        path: PathBuf,
        /// The section.
        section: &'static str,
        /// The key.
        key: &'static str,
    },
    /// A file inherits itself, maybe through others.
    #[error("{} inherits itself", path.display())]
    Cycle {
        /// Which.
        path: PathBuf,
    },
    /// Two lamps are on one pin.
    #[error("{}: [lights] has both lamps on pin {pin}", path.display())]
    OnePin {
        /// The file that was asked for.
        path: PathBuf,
        /// Which pin.
        pin: u32,
    },
}

impl BoardError {
    /// The entry of the fault list that this is.
    pub fn fault(&self) -> Fault {
        Fault::ConfigBroken
    }
}
