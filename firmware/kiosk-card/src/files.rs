//! Files of a chip in a folder, and files of certificates and lists. Every file has
//! a longest length, so that a wrong path costs no memory.

use std::{
    fs,
    io::Read,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use card::FileId;
use identity::{LooseFiles, TrustList};
use zeroize::Zeroizing;

use crate::mistake::Mistake;

/// No file of a chip, list or certificate is longer.
const LONGEST: u64 = 32 << 20;

/// The bytes of a file.
pub fn read(path: &Path) -> Result<Vec<u8>, Mistake> {
    let fault = |source| Mistake::File { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(fault)?;
    file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(fault)?;
    if bytes.len() as u64 > LONGEST {
        return Err(Mistake::TooLong { path: path.to_owned(), most: LONGEST });
    }
    Ok(bytes)
}

/// Who may read a file that is written.
#[derive(Clone, Copy)]
pub enum Readers {
    /// Nothing in it is personal.
    Everybody,
    Owner,
}

/// Writes a file whole or not at all.
pub fn write(path: &Path, bytes: &[u8], readers: Readers) -> Result<(), Mistake> {
    let fault = |source| Mistake::File { path: path.to_owned(), source };
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    let mode = match readers {
        Readers::Everybody => 0o644,
        Readers::Owner => 0o600,
    };
    let mut opening = fs::OpenOptions::new();
    opening.write(true).create(true).truncate(true).mode(mode);
    let kept = opening.open(&beside).and_then(|mut file| {
        std::io::Write::write_all(&mut file, bytes)?;
        file.sync_all()
    });
    kept.and_then(|()| fs::rename(&beside, path)).map_err(fault)
}

/// Certificates in PEM, or one in DER.
pub fn trust(path: &Path) -> Result<TrustList, Mistake> {
    let bytes = read(path)?;
    let list = match std::str::from_utf8(&bytes) {
        Ok(text) => TrustList::from_pem(text),
        Err(_) => TrustList::from_der(&bytes),
    };
    list.map_err(|source| Mistake::Trust { path: path.to_owned(), source })
}

/// A file in DER, also out of PEM (RFC 7468).
pub fn der(path: &Path) -> Result<Vec<u8>, Mistake> {
    let bytes = read(path)?;
    let inside = std::str::from_utf8(&bytes).ok().and_then(|text| {
        let (_, rest) = text.split_once("-----BEGIN ")?;
        let (_, rest) = rest.split_once("-----")?;
        let (inside, _) = rest.split_once("-----END ")?;
        let letters: String = inside.chars().filter(|letter| !letter.is_ascii_whitespace()).collect();
        BASE64_STANDARD.decode(letters).ok()
    });
    Ok(inside.unwrap_or(bytes))
}

/// A folder with files of a chip, or a file that is EF.SOD alone.
pub fn of_chip(path: &Path) -> Result<LooseFiles, Mistake> {
    let mut found = LooseFiles::default();
    if !path.is_dir() {
        found.files.insert(FileId::Sod, Zeroizing::new(read(path)?));
        return Ok(found);
    }
    let fault = |source| Mistake::File { path: path.to_owned(), source };
    for entry in fs::read_dir(path).map_err(fault)? {
        let file = entry.map_err(fault)?.path();
        let Some(id) = file.file_name().and_then(|name| name.to_str()).and_then(named) else { continue };
        if found.files.insert(id, Zeroizing::new(read(&file)?)).is_some() {
            return Err(Mistake::Twice { path: path.to_owned(), name: id.name() });
        }
    }
    if found.files.is_empty() {
        return Err(Mistake::NoFiles { path: path.to_owned() });
    }
    Ok(found)
}

/// Which file of the chip a file of this name is: by name (`DG1`, `EF.DG1`, `EF_SOD`)
/// or by file identifier (`0101`), with any ending. `011D` and `011E` are EF.SOD and
/// EF.COM, which lie in the application.
fn named(name: &str) -> Option<FileId> {
    let upper = name.to_ascii_uppercase();
    let plain = upper.strip_prefix("EF.").or_else(|| upper.strip_prefix("EF_")).unwrap_or(&upper);
    let plain = plain.split('.').next().unwrap_or(plain);
    let bare = |id: FileId| id.name().to_ascii_uppercase().replace("EF.", "").replace('/', "");
    let by_name = FileId::ALL.into_iter().find(|id| bare(*id) == plain);
    let digits = |id: FileId| {
        let [high, low] = id.ef_id();
        format!("{high:02X}{low:02X}")
    };
    let shadowed = |id: &FileId| *id == FileId::CardSecurity;
    by_name.or_else(|| FileId::ALL.into_iter().find(|id| digits(*id) == plain && !shadowed(id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_its_name_or_its_identifier() {
        let check = |name: &str, expected| assert_eq!(named(name), expected, "{name}");
        check("DG1.bin", Some(FileId::Dg1));
        check("ef.dg13.dat", Some(FileId::Dg13));
        check("EF_SOD", Some(FileId::Sod));
        check("sod.der", Some(FileId::Sod));
        check("EF.CardSecurity", Some(FileId::CardSecurity));
        check("0101.bin", Some(FileId::Dg1));
        check("011D", Some(FileId::Sod));
        check("011e.bin", Some(FileId::Com));
        check("010f", Some(FileId::Dg15));
        check("ATRINFO", Some(FileId::AtrInfo));
        check("DG6", None);
        check("portrait.jpg", None);
        check("", None);
    }
}
