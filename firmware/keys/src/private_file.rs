//! Private keys in files: mode 600, written whole or not at all, never replaced.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};

use ed25519_dalek::{
    SigningKey,
    pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, KeypairBytes, spki::der::pem::LineEnding},
};
use rand_core::CryptoRng;
use zeroize::{Zeroize as _, Zeroizing};

use crate::KeyError;

pub(crate) fn new_signing_key(chance: &mut dyn CryptoRng) -> SigningKey {
    let mut seed = Zeroizing::new([0; 32]);
    chance.fill_bytes(seed.as_mut());
    SigningKey::from_bytes(&seed)
}

pub(crate) fn load_signing_key(path: &Path) -> Result<SigningKey, KeyError> {
    let text = read(path)?;
    SigningKey::from_pkcs8_pem(&text).map_err(|_| KeyError::Damaged { path: path.into() })
}

pub(crate) fn save_signing_key(key: &SigningKey, path: &Path) -> Result<(), KeyError> {
    // Version 1, without the public half: the form that every other program reads.
    let mut pair = KeypairBytes { secret_key: key.to_bytes(), public_key: None };
    let text = pair.to_pkcs8_pem(LineEnding::LF);
    pair.secret_key.zeroize();
    let text = text.map_err(|_| KeyError::Damaged { path: path.into() })?;
    write_new(path, text.as_bytes())
}

/// Reads a private file, if only its owner can.
pub(crate) fn read(path: &Path) -> Result<Zeroizing<String>, KeyError> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => KeyError::Missing { path: path.into() },
        io::ErrorKind::InvalidData => KeyError::Damaged { path: path.into() },
        _ => KeyError::File { path: path.into(), act: "read", source },
    };
    let mode = fs::metadata(path).map_err(failed)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyError::OpenToOthers { path: path.into(), mode });
    }
    fs::read_to_string(path).map(Zeroizing::new).map_err(failed)
}

/// Writes a private file that is not there yet; power may fail at any moment.
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> Result<(), KeyError> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::AlreadyExists => KeyError::AlreadyThere { path: path.into() },
        _ => KeyError::File { path: path.into(), act: "written", source },
    };
    let half = path.with_extension("half-written");
    let _left_by_a_power_cut = fs::remove_file(&half);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&half).map_err(failed)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed)?;
    // A link, unlike a rename, never replaces what is there.
    let linked = fs::hard_link(&half, path).map_err(failed);
    fs::remove_file(&half).map_err(failed)?;
    linked?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new("."))).and_then(|folder| folder.sync_all()).map_err(failed)
}
