//! The issuer's folder: certificates and keys of a test issuer that is to be the
//! same from run to run. The keys' file names say TEST, so that nobody takes them
//! for something to guard.

use std::{fs, io, path::Path};

use openssl::{pkey::PKey, x509::X509};

use super::{PersonaliseError, certificates::Authority};

const CSCA: &str = "csca.pem";
const CSCA_KEY: &str = "TEST-csca-key.pem";
const SIGNER: &str = "TEST-signer.pem";
const SIGNER_KEY: &str = "TEST-signer-key.pem";

/// The issuer of the folder; none, where there is no `csca.pem` yet.
pub(super) fn load(folder: &Path) -> Result<Option<Authority>, PersonaliseError> {
    if !folder.join(CSCA).exists() {
        return Ok(None);
    }
    Ok(Some(Authority {
        csca: X509::from_pem(&read(folder, CSCA)?)?,
        csca_key: PKey::private_key_from_pem(&read(folder, CSCA_KEY)?)?,
        signer: X509::from_pem(&read(folder, SIGNER)?)?,
        signer_key: PKey::private_key_from_pem(&read(folder, SIGNER_KEY)?)?,
    }))
}

/// Writes an issuer into the folder; the trust list last, because its presence
/// says that the rest is there.
pub(super) fn keep(folder: &Path, authority: &Authority) -> Result<(), PersonaliseError> {
    fs::create_dir_all(folder).map_err(|source| refused(folder, source))?;
    write(folder, CSCA_KEY, &authority.csca_key.private_key_to_pem_pkcs8()?)?;
    write(folder, SIGNER_KEY, &authority.signer_key.private_key_to_pem_pkcs8()?)?;
    write(folder, SIGNER, &authority.signer.to_pem()?)?;
    write(folder, CSCA, &authority.csca.to_pem()?)
}

fn read(folder: &Path, name: &str) -> Result<Vec<u8>, PersonaliseError> {
    let path = folder.join(name);
    fs::read(&path).map_err(|source| refused(&path, source))
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), PersonaliseError> {
    let path = folder.join(name);
    fs::write(&path, bytes).map_err(|source| refused(&path, source))
}

fn refused(path: &Path, source: io::Error) -> PersonaliseError {
    PersonaliseError::Folder { path: path.to_owned(), source }
}
