//! Key files: PKCS#8 in PEM for the secret (RFC 5958), `SubjectPublicKeyInfo` in PEM for the
//! public key, both as OpenSSL writes them. Keys in tokens: `token`.

use std::{
    fs::{self, File, OpenOptions},
    io::{Read as _, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use ed25519_dalek::VerifyingKey;
use openssl::{
    pkey::{self, Id, PKey, Private},
    symm::Cipher,
};
use tuf::key::Key;
use zeroize::Zeroizing;

use crate::Mistake;

/// A passphrase of a key file.
pub type Passphrase = Zeroizing<String>;

/// The longest key file that is read, in bytes.
const MOST_BYTES: u64 = 65_536;

/// Writes a new key: the secret into `path`, for its owner alone, the public key into
/// `path.pub`. Neither is written over.
pub fn write_new(
    path: &Path,
    secret: &Zeroizing<[u8; 32]>,
    passphrase: Option<&Passphrase>,
) -> Result<Public, Mistake> {
    let made = PKey::private_key_from_raw_bytes(&secret[..], Id::ED25519).and_then(|key| {
        let pem = match passphrase {
            Some(words) => key.private_key_to_pem_pkcs8_passphrase(Cipher::aes_256_cbc(), words.as_bytes()),
            None => key.private_key_to_pem_pkcs8(),
        };
        Ok((Zeroizing::new(pem?), key.public_key_to_pem()?))
    });
    let (pem, public_pem) = made.map_err(|source| Mistake::OpenSsl { path: path.to_owned(), source })?;
    let public = beside(path);
    // The public file first: where it is there already nothing secret is written.
    write_once(&public, &public_pem, 0o644)?;
    if let Err(mistake) = write_once(path, &pem, 0o600) {
        // Made by us a moment ago.
        fs::remove_file(&public).map_err(Mistake::file(&public))?;
        return Err(mistake);
    }
    read_public(&public)
}

/// Where the public key lies.
pub fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".pub");
    name.into()
}

/// A public key that kiosks can check with.
#[derive(Clone, Debug)]
pub struct Public {
    key: Key,
    pem: String,
    ed25519: Option<VerifyingKey>,
}

impl Public {
    /// An Ed25519 key; none if it is a weak one.
    pub fn ed25519(key: &VerifyingKey) -> Option<Self> {
        Self::of(&PKey::public_key_from_raw_bytes(key.as_bytes(), Id::ED25519).ok()?)
    }

    /// A key of OpenSSL's; none if it is of another kind, or too short.
    pub fn of(key: &PKey<pkey::Public>) -> Option<Self> {
        Self::in_words(key, String::from_utf8(key.public_key_to_pem().ok()?).ok()?)
    }

    /// The words stand in metadata as they are, for a key on P-256 and for RSA.
    fn in_words(key: &PKey<pkey::Public>, pem: String) -> Option<Self> {
        let mut ed25519 = None;
        let in_metadata = match key.id() {
            Id::ED25519 => {
                let raw: [u8; 32] = key.raw_public_key().ok()?.try_into().ok()?;
                Key::ed25519(ed25519.insert(VerifyingKey::from_bytes(&raw).ok()?))
            }
            Id::EC => Key::ecdsa_p256(pem.clone()),
            Id::RSA => Key::rsa_pss(pem.clone()),
            _ => return None,
        };
        in_metadata.public()?;
        Some(Self { key: in_metadata, pem, ed25519 })
    }

    /// As metadata has it.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// `SubjectPublicKeyInfo` in PEM.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// The key itself, if it is an Ed25519 one.
    pub fn as_ed25519(&self) -> Option<&VerifyingKey> {
        self.ed25519.as_ref()
    }
}

/// Reads a public key: Ed25519, P-256 or RSA.
pub fn read_public(path: &Path) -> Result<Public, Mistake> {
    let refused = || Mistake::NotAPublicKey { path: path.to_owned() };
    let pem = String::from_utf8(read(path)?).map_err(|_| refused())?;
    let key = PKey::public_key_from_pem(pem.as_bytes()).map_err(|_| refused())?;
    Public::in_words(&key, pem).ok_or_else(refused)
}

/// Reads the 32 bytes of a secret key that nobody else can read.
pub fn read_seed(path: &Path, passphrase: Option<&Passphrase>) -> Result<Zeroizing<[u8; 32]>, Mistake> {
    let file = File::open(path).map_err(Mistake::file(path))?;
    let mode = file.metadata().map_err(Mistake::file(path))?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(Mistake::KeyOpenToOthers { path: path.to_owned(), mode });
    }
    let mut pem = Zeroizing::new(Vec::with_capacity(MOST_BYTES as usize));
    file.take(MOST_BYTES).read_to_end(&mut pem).map_err(Mistake::file(path))?;
    let refused = || Mistake::NotASecretKey { path: path.to_owned() };
    // Asked for by an empty passphrase, OpenSSL would ask the terminal itself.
    let words = passphrase.map_or(&b""[..], |words| words.as_bytes());
    let key: PKey<Private> = PKey::private_key_from_pem_passphrase(&pem, words).map_err(|_| refused())?;
    let raw = Zeroizing::new(key.raw_private_key().map_err(|_| refused())?);
    let secret: [u8; 32] = raw.as_slice().try_into().map_err(|_| refused())?;
    if key.id() == Id::ED25519 { Ok(Zeroizing::new(secret)) } else { Err(refused()) }
}

/// Reads a passphrase: the first line of a file that nobody else can read.
pub fn read_passphrase(path: &Path) -> Result<Passphrase, Mistake> {
    let mode = fs::metadata(path).map_err(Mistake::file(path))?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(Mistake::KeyOpenToOthers { path: path.to_owned(), mode });
    }
    let text = Zeroizing::new(fs::read_to_string(path).map_err(Mistake::file(path))?);
    match text.lines().next() {
        Some(line) if !line.is_empty() => Ok(Zeroizing::new(line.to_owned())),
        _ => Err(Mistake::EmptyPassphrase { path: path.to_owned() }),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Mistake> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(Mistake::file(path))?;
    file.take(MOST_BYTES).read_to_end(&mut bytes).map_err(Mistake::file(path))?;
    Ok(bytes)
}

/// Writes a file for everybody that is not there yet.
pub fn write_public(path: &Path, bytes: &[u8]) -> Result<(), Mistake> {
    write_once(path, bytes, 0o644)
}

/// Writes a file that is not there yet, and sees it onto the disk.
pub(crate) fn write_once(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Mistake> {
    let opened = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    let mut file = opened.map_err(|source| match source.kind() {
        std::io::ErrorKind::AlreadyExists => Mistake::AlreadyThere { path: path.to_owned() },
        _ => Mistake::File { path: path.to_owned(), source },
    })?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(Mistake::file(path))
}
