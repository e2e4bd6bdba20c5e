//! The manifest of a RAUC bundle. A bundle of format verity or crypt ends with a CMS signature that
//! carries the manifest, and with the signature's length in 8 bytes. RAUC's `require-manifest-hash`
//! is the SHA-256 of those bytes. A plain bundle has its manifest inside and is signed from outside
//! (and from 2 GiB on only in part, CVE-2026-34155): it is refused.

use std::{
    fs::File,
    io::{Read as _, Seek as _, SeekFrom},
    path::Path,
};

use openssl::cms::{CMSOptions, CmsContentInfo};
use release::Sha256Digest;
use sha2::{Digest as _, Sha256};

use crate::Mistake;

/// RAUC takes no longer signature, in bytes.
const LONGEST: u64 = 64 * 1024;

/// The hash of a bundle's manifest. Whether whoever signed it may sign is for RAUC to judge.
pub(crate) fn manifest_hash(path: &Path) -> Result<Sha256Digest, Mistake> {
    let manifest = manifest(path)?;
    let not_bound = || Mistake::NotABundle { path: path.to_owned() };
    let text = std::str::from_utf8(&manifest).map_err(|_| not_bound())?;
    let bound = text.lines().any(|line| matches!(line, "format=verity" | "format=crypt"));
    if !bound {
        return Err(not_bound());
    }
    Ok(Sha256Digest::new(Sha256::digest(&manifest).into()))
}

fn manifest(path: &Path) -> Result<Vec<u8>, Mistake> {
    let not_a_bundle = || Mistake::NotABundle { path: path.to_owned() };
    let mut file = File::open(path).map_err(Mistake::file(path))?;
    let whole = file.metadata().map_err(Mistake::file(path))?.len();
    let payload_end = whole.checked_sub(8).ok_or_else(not_a_bundle)?;
    file.seek(SeekFrom::Start(payload_end)).map_err(Mistake::file(path))?;
    let mut length = [0; 8];
    file.read_exact(&mut length).map_err(Mistake::file(path))?;
    let length = Some(u64::from_be_bytes(length)).filter(|length| (1..=LONGEST).contains(length));
    let length = length.ok_or_else(not_a_bundle)?;
    let begins = payload_end.checked_sub(length).filter(|begins| *begins > 0).ok_or_else(not_a_bundle)?;
    file.seek(SeekFrom::Start(begins)).map_err(Mistake::file(path))?;
    let mut signature = vec![0; length as usize];
    file.read_exact(&mut signature).map_err(Mistake::file(path))?;
    let mut signature = CmsContentInfo::from_der(&signature).map_err(|_| not_a_bundle())?;
    let mut manifest = Vec::new();
    // By the certificate inside: that it is not damaged, no more.
    let flags = CMSOptions::NO_SIGNER_CERT_VERIFY | CMSOptions::BINARY;
    signature.verify(None, None, None, Some(&mut manifest), flags).map_err(|_| not_a_bundle())?;
    Ok(manifest)
}
