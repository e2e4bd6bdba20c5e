//! Keys: made, handed out, and opened by their names.

use std::path::Path;

use jiff::Timestamp;
use kiosk_repo::{
    KeyRing, Mistake, key_ring, keys,
    token::{NewKey, Tokens},
};
use tuf::key::Key;
use zeroize::Zeroizing;

use crate::{arguments::Given, terminal};

/// Makes a key, in a file or in a token.
pub fn new_key(given: &Given, _: Timestamp) -> Result<u8, Mistake> {
    let path = given.word(0)?;
    let kind = match given.text("algorithm")? {
        None | Some("ed25519") => NewKey::Ed25519,
        Some("p256") => NewKey::EcdsaP256,
        Some(_) => return Err(Mistake::Usage("--algorithm is ed25519 or p256".to_owned())),
    };
    if let Some(uri) = key_ring::in_token(path)? {
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(|_| Mistake::Chance)?;
        let public = key_ring(given)?.make(&uri, kind, id)?;
        println!("{uri}: a new key, id {}; it stays there", public.key().usual_id());
        println!("`kiosk-repo public-key` writes the public key");
        return Ok(0);
    }
    if kind != NewKey::Ed25519 {
        return Err(Mistake::Usage("--algorithm p256 is for a key in a token".to_owned()));
    }
    let mut secret = Zeroizing::new([0; 32]);
    getrandom::fill(&mut secret[..]).map_err(|_| Mistake::Chance)?;
    let public = keys::write_new(path, &secret, passphrase(given)?.as_ref())?;
    println!("{}: the secret; keep it where nobody else can read it", path.display());
    println!("{}: the public key, id {}", keys::beside(path).display(), public.key().usual_id());
    Ok(0)
}

/// Writes the public half of a key into a file.
pub fn public_key_file(given: &Given, _: Timestamp) -> Result<u8, Mistake> {
    let (key, out) = (key_ring(given)?.public(given.word(0)?)?, given.word(1)?);
    keys::write_public(out, key.pem().as_bytes())?;
    println!("{}: the public key, id {}", out.display(), key.key().usual_id());
    Ok(0)
}

fn passphrase(given: &Given) -> Result<Option<keys::Passphrase>, Mistake> {
    given.path("passphrase-file")?.map(|path| keys::read_passphrase(&path)).transpose()
}

/// Opens keys as this command line and the environment say.
pub fn key_ring(given: &Given) -> Result<KeyRing, Mistake> {
    let module = std::env::var_os("PKCS11_MODULE_PATH").filter(|path| !path.is_empty());
    let passphrase = passphrase(given)?;
    let tokens = Tokens::new(module.map(Into::into), passphrase.clone(), terminal::ask_pin);
    Ok(KeyRing::new(passphrase, tokens))
}

/// A public key by its name, as metadata has it.
pub fn public_key(ring: &KeyRing, name: &Path) -> Result<Key, Mistake> {
    Ok(ring.public(name)?.key().clone())
}
