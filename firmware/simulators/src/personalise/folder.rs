//! The issuer's folder: certificates and keys of a test issuer that is to be the
//! same from run to run. The keys' file names say TEST, so that nobody takes them
//! for something to guard.

use std::{fs, io, path::Path};

use openssl::{pkey::PKey, x509::X509};

use super::{
    CurveForm, PersonaliseError,
    authority::{CountrySigner, DocumentSigner},
    certificate::State,
    issuer::{Office, country_key, signer_key},
};

const CSCA: &str = "csca.pem";
const CSCA_KEY: &str = "TEST-csca-key.pem";
const SIGNER: &str = "TEST-signer.pem";
const SIGNER_KEY: &str = "TEST-signer-key.pem";

/// The issuer of the folder; none, where there is no `csca.pem` yet.
pub(super) fn load(folder: &Path) -> Result<Option<Office>, PersonaliseError> {
    if !folder.join(CSCA).exists() {
        return Ok(None);
    }
    let certificate =
        |name| -> Result<Vec<u8>, PersonaliseError> { Ok(X509::from_pem(&read(folder, name)?)?.to_der()?) };
    let key = |name| -> Result<_, PersonaliseError> { Ok(PKey::private_key_from_pem(&read(folder, name)?)?) };
    let (scheme, hash) = country_key(CurveForm::Named);
    let csca = CountrySigner::kept(State::VIET_NAM, certificate(CSCA)?, scheme, hash, key(CSCA_KEY)?);
    let (scheme, hash) = signer_key(CurveForm::Named);
    let signer = DocumentSigner::kept(certificate(SIGNER)?, scheme, hash, key(SIGNER_KEY)?);
    Ok(Some(Office { csca, signer }))
}

/// Writes an issuer into the folder; the trust list last, because its presence
/// says that the rest is there.
pub(super) fn keep(folder: &Path, office: &Office) -> Result<(), PersonaliseError> {
    fs::create_dir_all(folder).map_err(|source| refused(folder, source))?;
    write(folder, CSCA_KEY, &office.csca.holder.pair.key.private_key_to_pem_pkcs8()?)?;
    write(folder, SIGNER_KEY, &office.signer.holder.pair.key.private_key_to_pem_pkcs8()?)?;
    write(folder, SIGNER, &X509::from_der(office.signer.certificate())?.to_pem()?)?;
    write(folder, CSCA, office.csca.certificate_pem()?.as_bytes())
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
