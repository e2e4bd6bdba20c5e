//! Keys and certificates of a pretend platform and its one kiosk, in one folder.
//! Made on the first start, found there on the next.
//!
//! What is the platform's own begins with `TEST-`; the rest is what a kiosk gets by
//! enrolment. Every certificate says TEST. Never for anything else than demo and tests.

use std::{fs, io::Write as _, os::unix::fs::OpenOptionsExt as _, path::Path, sync::Arc};

use keys::{PlatformSecret, ServerSecret};
use rand_core::CryptoRng;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::WebPkiClientVerifier,
};

use crate::PlatformError;

const SERVER: &str = "TEST-platform-server";
const DEVICE_CA: &str = "TEST-device-ca.pem";
const SIGNING: &str = "TEST-platform-signing.key";
const SEALING: &str = "TEST-platform-seal.key";

/// What the platform works with.
pub struct Secrets {
    /// Signs answers and receipts.
    pub signing: PlatformSecret,
    /// Opens what kiosks seal.
    pub sealing: ServerSecret,
    /// TLS that demands a client certificate of our device authority.
    pub tls: Arc<ServerConfig>,
}

/// Reads everything in the folder, or makes it where there is nothing.
pub fn prepare(dir: &Path, kiosk: &str, chance: &mut dyn CryptoRng) -> Result<Secrets, PlatformError> {
    fs::create_dir_all(dir).map_err(|source| PlatformError::File { path: dir.to_owned(), source })?;
    if !dir.join(SIGNING).exists() {
        make_certificates(dir, kiosk)?;
        make_keys(dir, chance)?;
    }
    Ok(Secrets {
        signing: PlatformSecret::load(&dir.join(SIGNING))?,
        sealing: ServerSecret::load(&dir.join(SEALING))?,
        tls: server_config(dir)?,
    })
}

fn make_keys(dir: &Path, chance: &mut dyn CryptoRng) -> Result<(), PlatformError> {
    let sealing = ServerSecret::generate(chance);
    sealing.save(&dir.join(SEALING))?;
    let signing = PlatformSecret::generate(chance);
    write(&dir.join("platform-seal.pub"), &format!("{}\n", sealing.public()), 0o644)?;
    write(&dir.join("platform-signing.pub"), &format!("{}\n", signing.public()), 0o644)?;
    // Last: its presence says that the folder is complete.
    signing.save(&dir.join(SIGNING))?;
    Ok(())
}

fn make_certificates(dir: &Path, kiosk: &str) -> Result<(), PlatformError> {
    let (server_ca, server_issuer) = authority("TEST platform CA")?;
    let (device_ca, device_issuer) = authority("TEST device CA")?;

    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()])?;
    name(&mut params, "TEST pretend platform");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let server = params.signed_by(&key, &server_issuer)?;
    write(&dir.join(format!("{SERVER}.pem")), &server.pem(), 0o644)?;
    write(&dir.join(format!("{SERVER}.key")), &key.serialize_pem(), 0o600)?;

    let key = KeyPair::generate()?;
    let mut params = CertificateParams::default();
    name(&mut params, kiosk);
    params.distinguished_name.push(DnType::OrganizationName, "TEST kiosk");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let client = params.signed_by(&key, &device_issuer)?;
    write(&dir.join("kiosk-client.pem"), &client.pem(), 0o644)?;
    write(&dir.join("kiosk-client.key"), &key.serialize_pem(), 0o600)?;

    write(&dir.join("platform-ca.pem"), &server_ca, 0o644)?;
    write(&dir.join(DEVICE_CA), &device_ca, 0o644)
}

fn authority(common_name: &str) -> Result<(String, Issuer<'static, KeyPair>), PlatformError> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::default();
    name(&mut params, common_name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let certificate = params.self_signed(&key)?;
    Ok((certificate.pem(), Issuer::new(params, key)))
}

fn name(params: &mut CertificateParams, common_name: &str) {
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
}

fn server_config(dir: &Path) -> Result<Arc<ServerConfig>, PlatformError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(certificate(&dir.join(DEVICE_CA))?)?;
    let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .build()
        .map_err(|_| PlatformError::Damaged { path: dir.join(DEVICE_CA) })?;
    let key_path = dir.join(format!("{SERVER}.key"));
    let key =
        PrivateKeyDer::from_pem_file(&key_path).map_err(|_| PlatformError::Damaged { path: key_path })?;
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_client_cert_verifier(clients)
        .with_single_cert(vec![certificate(&dir.join(format!("{SERVER}.pem")))?], key)?;
    Ok(Arc::new(config))
}

fn certificate(path: &Path) -> Result<CertificateDer<'static>, PlatformError> {
    CertificateDer::from_pem_file(path).map_err(|_| PlatformError::Damaged { path: path.to_owned() })
}

fn write(path: &Path, text: &str, mode: u32) -> Result<(), PlatformError> {
    fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|source| PlatformError::File { path: path.to_owned(), source })
}
