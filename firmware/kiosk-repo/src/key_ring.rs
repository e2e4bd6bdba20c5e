//! Keys by the names that the command line has for them: a file, or a `pkcs11:` URI.

use std::path::Path;

use ed25519_dalek::{SigningKey, VerifyingKey};
use tuf::{
    key::Key,
    repository::{Ed25519Signer, SignError, Signer},
};

use crate::{
    Mistake,
    keys::{self, Passphrase, Public},
    token::{NewKey, SCHEME, TokenError, TokenSigner, TokenUri, Tokens},
};

/// Opens keys, wherever they are.
pub struct KeyRing {
    passphrase: Option<Passphrase>,
    tokens: Tokens,
}

/// A secret key, ready to sign.
pub struct Secret<'a> {
    public: Public,
    place: Place<'a>,
}

enum Place<'a> {
    Memory(Ed25519Signer),
    Token(TokenUri, Box<TokenSigner<'a>>),
}

impl KeyRing {
    /// The passphrase is that of key files.
    pub fn new(passphrase: Option<Passphrase>, tokens: Tokens) -> Self {
        Self { passphrase, tokens }
    }

    /// Reads a public key.
    pub fn public(&self, name: &Path) -> Result<Public, Mistake> {
        match in_token(name)? {
            Some(uri) => self.tokens.public(&uri).map_err(at(&uri)),
            None => keys::read_public(name),
        }
    }

    /// Opens a secret key.
    pub fn secret(&self, name: &Path) -> Result<Secret<'_>, Mistake> {
        if let Some(uri) = in_token(name)? {
            let signer = self.tokens.signer(&uri).map_err(at(&uri))?;
            return Ok(Secret {
                public: signer.public().clone(),
                place: Place::Token(uri, Box::new(signer)),
            });
        }
        let seed = keys::read_seed(name, self.passphrase.as_ref())?;
        let public = Public::ed25519(&SigningKey::from_bytes(&seed).verifying_key());
        let public = public.ok_or_else(|| Mistake::NotASecretKey { path: name.to_owned() })?;
        Ok(Secret { public, place: Place::Memory(Ed25519Signer::new(&seed)) })
    }

    /// Makes a key in a token.
    pub fn make(&self, uri: &TokenUri, kind: NewKey, id: [u8; 16]) -> Result<Public, Mistake> {
        self.tokens.make(uri, kind, id).map_err(at(uri))
    }
}

impl Secret<'_> {
    /// The key, if it is an Ed25519 one.
    pub fn ed25519(&self) -> Option<&VerifyingKey> {
        self.public.as_ed25519()
    }
}

impl Signer for Secret<'_> {
    fn key(&self) -> Key {
        self.public.key().clone()
    }

    fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>, SignError> {
        match &self.place {
            Place::Memory(signer) => signer.sign(bytes),
            Place::Token(uri, signer) => {
                signer.sign(bytes).map_err(|source| SignError::Refused(Box::new(at(uri)(source))))
            }
        }
    }
}

/// The URI, if the name is one.
pub fn in_token(name: &Path) -> Result<Option<TokenUri>, Mistake> {
    let text = name.to_str().filter(|text| text.starts_with(SCHEME));
    text.map(TokenUri::parse).transpose().map_err(|source| Mistake::TokenUri { source })
}

fn at(uri: &TokenUri) -> impl FnOnce(TokenError) -> Mistake {
    let uri = uri.to_string();
    |source| Mistake::Token { uri, code: source.code(), source }
}
