//! Programs of others that tests hold ours against, so that one mistake of our own cannot agree
//! with itself. `cargo xtask test` brings them into one folder and requires them; a test that is
//! run alone, on a machine where nobody brought them, says what it skips.

use std::{
    env,
    path::{Path, PathBuf},
};

/// The variable that names the folder of all opponents. Where it is set none may be missing.
pub const FOLDER: &str = "KIOSK_OPPONENTS";

/// Somebody else's program, or what one made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opponent {
    /// The receipt printer emulator of our driver.
    Emupos,
    /// The reference implementation of The Update Framework.
    PythonTuf,
    /// An update client of our fleet server.
    Swupdate,
    /// What our back end drives.
    Rauc,
    /// A PKCS #11 token of release keys.
    SoftHsm,
    /// Who takes our pretended badge for a PIV card.
    OpenSc,
    /// The recogniser before its weights were rounded.
    FullPrecision,
    /// An engine for our metrics.
    VictoriaMetrics,
}

impl Opponent {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Emupos,
        Self::PythonTuf,
        Self::Swupdate,
        Self::Rauc,
        Self::SoftHsm,
        Self::OpenSc,
        Self::FullPrecision,
        Self::VictoriaMetrics,
    ];

    /// Its own folder, in that of all.
    pub fn name(self) -> &'static str {
        match self {
            Self::Emupos => "emupos",
            Self::PythonTuf => "python-tuf",
            Self::Swupdate => "swupdate",
            Self::Rauc => "rauc",
            Self::SoftHsm => "softhsm2",
            Self::OpenSc => "opensc",
            Self::FullPrecision => "full-precision",
            Self::VictoriaMetrics => "victoria-metrics",
        }
    }

    /// What brings it: a Python script, from the project's root, and what it is told before the
    /// folder. Debian's packages are unpacked and do not become part of the machine.
    pub fn script(self) -> &'static [&'static str] {
        match self {
            Self::Emupos => &["firmware/drivers/tests/emupos/install.py"],
            Self::PythonTuf => &["firmware/tuf/tests/python_tuf/install.py"],
            Self::Swupdate => &["firmware/xtask/unpack_debian.py", "swupdate"],
            Self::Rauc => &["firmware/xtask/unpack_debian.py", "rauc"],
            Self::SoftHsm => &["firmware/xtask/unpack_debian.py", "softhsm2"],
            Self::OpenSc => &["firmware/xtask/unpack_debian.py", "opensc"],
            Self::FullPrecision => &["firmware/face/full_precision.py"],
            Self::VictoriaMetrics => &["firmware/fleetd/tests/victoria_metrics/install.py"],
        }
    }

    /// What lies in its folder once it was brought.
    fn proof(self) -> &'static str {
        match self {
            Self::Emupos => "bin/emupos",
            Self::PythonTuf => "bin/python",
            Self::Swupdate | Self::Rauc | Self::SoftHsm | Self::OpenSc => "run",
            Self::FullPrecision => "manifest.toml",
            Self::VictoriaMetrics => "root/usr/bin/vmalert",
        }
    }

    /// Its folder; none where it was not brought, which is said.
    ///
    /// # Panics
    /// Where it is missing and [`FOLDER`] is set.
    pub fn find(self) -> Option<PathBuf> {
        let brought = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/opponents");
        let folder = env::var_os(FOLDER).map_or_else(brought, PathBuf::from).join(self.name());
        if folder.join(self.proof()).exists() {
            return Some(folder);
        }
        let script = self.script().join(" ");
        skip(&format!("no {}: python3 {script} target/opponents/{}", self.name(), self.name()));
        None
    }
}

/// Says that a test shows nothing here, and why.
///
/// # Panics
/// Where [`FOLDER`] is set: then no opponent may be missing.
pub fn skip(why: &str) {
    assert!(env::var_os(FOLDER).is_none(), "{why}");
    eprintln!("SKIPPED: {why}");
}
