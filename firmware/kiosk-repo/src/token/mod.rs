//! Keys that live in a token: a smart card, a YubiHSM, an HSM, by its maker's PKCS#11 module
//! (PKCS#11 3.1; 2.40 is enough). Such a key signs there and never comes out. A wrong PIN is
//! never tried twice.

mod error;
mod public;
mod uri;

use std::{cell::RefCell, io, marker::PhantomData, path::PathBuf};

use self::public::{Said, Scheme};
pub use self::{
    error::{Answer, Half, Left, Seen, TokenError},
    uri::{SCHEME, TokenUri, UriFault},
};
use crate::keys::{Passphrase, Public, read_passphrase};
use cryptoki::{
    context::{CInitializeArgs, CInitializeFlags, Pkcs11},
    error::{Error, RvError},
    mechanism::{
        Mechanism, MechanismType,
        eddsa::{EddsaParams, EddsaSignatureScheme},
        rsa::{PkcsMgfType, PkcsPssParams},
    },
    object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle},
    session::{Session, SessionState, UserType},
    slot::{Slot, TokenInfo},
    types::AuthPin,
};
use openssl::{bn::BigNum, ecdsa::EcdsaSig};
use sha2::{Digest as _, Sha256};

/// Asks a person for the PIN of the token of this label. None: nobody is there.
pub type Ask = fn(&str) -> io::Result<Option<Passphrase>>;

/// What a new key in a token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewKey {
    /// Ed25519.
    Ed25519,
    /// ECDSA on P-256, for tokens that know no other.
    EcdsaP256,
}

/// The modules in use. Every one is told at the end that it is no longer needed; what was opened
/// borrows from here, so that it is closed before.
pub struct Tokens {
    module: Option<PathBuf>,
    passphrase: Option<Passphrase>,
    ask: Ask,
    open: RefCell<Vec<(PathBuf, Pkcs11)>>,
}

impl Tokens {
    /// `module` and `passphrase` are for URIs that name none.
    pub fn new(module: Option<PathBuf>, passphrase: Option<Passphrase>, ask: Ask) -> Self {
        Self { module, passphrase, ask, open: RefCell::default() }
    }

    /// Reads a public key. The PIN is needed only where the token shows nothing without it.
    pub fn public(&self, uri: &TokenUri) -> Result<Public, TokenError> {
        let opened = self.open(uri, Writes::No)?;
        opened.public(uri, || self.log_in(&opened, uri)).map(|(_, public)| public)
    }

    /// Opens a key, to sign with it.
    pub fn signer<'a>(&'a self, uri: &TokenUri) -> Result<TokenSigner<'a>, TokenError> {
        let opened = self.open(uri, Writes::No)?;
        self.log_in(&opened, uri)?;
        let key = opened.one(uri, Half::Private)?;
        let (scheme, public) = opened.public(uri, || Ok(()))?;
        let asks = opened.session.get_attributes(key, &[AttributeType::AlwaysAuthenticate]);
        if asks.map_err(TokenError::of)?.contains(&Attribute::AlwaysAuthenticate(true)) {
            return Err(TokenError::AsksEachTime);
        }
        Ok(TokenSigner { session: opened.session, key, scheme, public, tokens: PhantomData })
    }

    /// Makes a key that never leaves the token. `id` is for a URI that names none.
    pub fn make(&self, uri: &TokenUri, kind: NewKey, id: [u8; 16]) -> Result<Public, TokenError> {
        let label = uri.object.clone().ok_or(TokenError::NoLabel)?.into_bytes();
        let opened = self.open(uri, Writes::Yes)?;
        self.log_in(&opened, uri)?;
        let id = uri.id.clone().unwrap_or_else(|| id.to_vec());
        // Nothing of the same label or id: either alone is to name it.
        for same in [Attribute::Label(label.clone()), Attribute::Id(id.clone())] {
            for class in [ObjectClass::PRIVATE_KEY, ObjectClass::PUBLIC_KEY] {
                let found = opened.session.find_objects(&[Attribute::Class(class), same.clone()]);
                if !found.map_err(TokenError::of)?.is_empty() {
                    return Err(TokenError::KeyThere);
                }
            }
        }
        let (mechanism, scheme) = match kind {
            NewKey::Ed25519 => (Mechanism::EccEdwardsKeyPairGen, Scheme::Ed25519),
            NewKey::EcdsaP256 => (Mechanism::EccKeyPairGen, Scheme::EcdsaP256),
        };
        let params = scheme.ec_params().expect("both kinds are on a curve").to_vec();
        let named = [Attribute::Token(true), Attribute::Label(label), Attribute::Id(id)];
        let public = [Attribute::Private(false), Attribute::Verify(true), Attribute::EcParams(params)];
        let private = [
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Sign(true),
        ];
        let made = opened.session.generate_key_pair(
            &mechanism,
            &[&named[..], &public].concat(),
            &[&named[..], &private].concat(),
        );
        made.map_err(cannot("a new key of this kind"))?;
        opened.public(uri, || Ok(())).map(|(_, public)| public)
    }

    fn open(&self, uri: &TokenUri, writes: Writes) -> Result<Opened, TokenError> {
        let pkcs11 = self.module(uri)?;
        let (mut fitting, mut seen) = (Vec::new(), Vec::new());
        for slot in pkcs11.get_slots_with_token().map_err(TokenError::of)? {
            let info = match pkcs11.get_token_info(slot) {
                Ok(info) => info,
                // Pulled out a moment ago, or not a token of this module.
                Err(Error::Pkcs11(RvError::TokenNotPresent | RvError::TokenNotRecognized, _)) => continue,
                Err(error) => return Err(TokenError::of(error)),
            };
            if info.token_initialized() {
                let named = (info.label().to_owned(), info.serial_number().to_owned());
                if fits(uri, slot, &info) {
                    fitting.push((slot, named.clone(), info));
                }
                seen.push(named);
            }
        }
        if fitting.len() > 1 {
            let seen = Seen(fitting.into_iter().map(|(_, named, _)| named).collect());
            return Err(TokenError::SeveralTokens { seen });
        }
        let (slot, _, info) = fitting.pop().ok_or(TokenError::NoToken { seen: Seen(seen) })?;
        let session = match writes {
            Writes::Yes => pkcs11.open_rw_session(slot),
            Writes::No => pkcs11.open_ro_session(slot),
        };
        Ok(Opened { session: session.map_err(TokenError::of)?, pkcs11, slot, info })
    }

    fn module(&self, uri: &TokenUri) -> Result<Pkcs11, TokenError> {
        let path = uri.module.as_ref().or(self.module.as_ref()).ok_or(TokenError::NoModule)?;
        // Two spellings are one module. A bare name is the system loader's, never a file beside us.
        let bare = path.parent().is_none_or(|folder| folder.as_os_str().is_empty());
        let path = if bare { path.clone() } else { path.canonicalize().unwrap_or_else(|_| path.clone()) };
        if let Some((_, pkcs11)) = self.open.borrow().iter().find(|(known, _)| *known == path) {
            return Ok(pkcs11.clone());
        }
        let unusable = |source| TokenError::Module { path: path.clone(), source: Answer(source) };
        let pkcs11 = Pkcs11::new(&path).map_err(unusable)?;
        let begun = pkcs11.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK));
        begun.map_err(unusable)?;
        self.open.borrow_mut().push((path, pkcs11.clone()));
        Ok(pkcs11)
    }

    /// Logs in, once a token.
    fn log_in(&self, opened: &Opened, uri: &TokenUri) -> Result<(), TokenError> {
        let state = opened.session.get_session_info().map_err(TokenError::of)?.session_state();
        if !opened.info.login_required() || matches!(state, SessionState::RoUser | SessionState::RwUser) {
            return Ok(());
        }
        if opened.info.user_pin_locked() {
            return Err(TokenError::PinLocked);
        }
        let typed_there = opened.info.protected_authentication_path();
        let pin = if typed_there { None } else { Some(self.pin(uri, &opened.info)?) };
        let pin = pin.map(|pin| AuthPin::new(Box::from(pin.as_str())));
        match opened.session.login(UserType::User, pin.as_ref()) {
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(()),
            Err(Error::Pkcs11(RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange, _)) => {
                Err(TokenError::WrongPin(opened.left()))
            }
            Err(error) => Err(TokenError::of(error)),
        }
    }

    fn pin(&self, uri: &TokenUri, info: &TokenInfo) -> Result<Passphrase, TokenError> {
        let unreadable = |mistake| TokenError::PinFile { source: Box::new(mistake) };
        let kept = match &uri.pin {
            Some(path) => Some(read_passphrase(path).map_err(unreadable)?),
            None => self.passphrase.clone(),
        };
        if let Some(pin) = kept {
            // What runs unattended tries the same wrong one again and again.
            return if info.user_pin_final_try() { Err(TokenError::LastTry) } else { Ok(pin) };
        }
        (self.ask)(info.label()).map_err(|source| TokenError::Terminal { source })?.ok_or(TokenError::NoPin)
    }
}

impl Drop for Tokens {
    fn drop(&mut self) {
        for (_, pkcs11) in self.open.take() {
            // Whatever it says, it is over.
            let _ = pkcs11.finalize();
        }
    }
}

/// Whether a session changes the token.
#[derive(Clone, Copy)]
enum Writes {
    Yes,
    No,
}

fn fits(uri: &TokenUri, slot: Slot, info: &TokenInfo) -> bool {
    let same = |wanted: &Option<String>, said: &str| wanted.as_ref().is_none_or(|wanted| wanted == said);
    same(&uri.token, info.label())
        && same(&uri.manufacturer, info.manufacturer_id())
        && same(&uri.model, info.model())
        && same(&uri.serial, info.serial_number())
        && uri.slot.is_none_or(|wanted| wanted == slot.id())
}

fn cannot(what: &'static str) -> impl FnOnce(Error) -> TokenError {
    move |source| match source {
        Error::Pkcs11(
            RvError::MechanismInvalid
            | RvError::MechanismParamInvalid
            | RvError::CurveNotSupported
            | RvError::DomainParamsInvalid
            | RvError::KeyTypeInconsistent
            | RvError::KeyFunctionNotPermitted
            | RvError::FunctionNotSupported,
            _,
        ) => TokenError::CannotSign { what, source: Answer(source) },
        source => TokenError::of(source),
    }
}

/// A token with a session.
struct Opened {
    session: Session,
    pkcs11: Pkcs11,
    slot: Slot,
    info: TokenInfo,
}

impl Opened {
    /// What the token says after a wrong PIN.
    fn left(&self) -> Left {
        match self.pkcs11.get_token_info(self.slot) {
            Ok(info) if info.user_pin_locked() => Left::None,
            Ok(info) if info.user_pin_final_try() => Left::One,
            _ => Left::NotSaid,
        }
    }

    fn find(&self, uri: &TokenUri, half: Half) -> Result<Vec<ObjectHandle>, TokenError> {
        let class = match half {
            Half::Public => ObjectClass::PUBLIC_KEY,
            Half::Private => ObjectClass::PRIVATE_KEY,
        };
        let mut wanted = vec![Attribute::Class(class)];
        wanted.extend(uri.object.clone().map(|label| Attribute::Label(label.into_bytes())));
        wanted.extend(uri.id.clone().map(Attribute::Id));
        self.session.find_objects(&wanted).map_err(TokenError::of)
    }

    fn one(&self, uri: &TokenUri, half: Half) -> Result<ObjectHandle, TokenError> {
        match self.find(uri, half)?[..] {
            [] => Err(TokenError::NoKey { half }),
            [one] => Ok(one),
            ref several => Err(TokenError::SeveralKeys { half, count: several.len() }),
        }
    }

    /// The public key; `log_in` is called where none is shown without.
    fn public(
        &self,
        uri: &TokenUri,
        log_in: impl FnOnce() -> Result<(), TokenError>,
    ) -> Result<(Scheme, Public), TokenError> {
        if self.find(uri, Half::Public)?.is_empty() {
            log_in()?;
        }
        let key = self.one(uri, Half::Public)?;
        let kind = self.session.get_attributes(key, &[AttributeType::KeyType]);
        let kind = match kind.as_deref() {
            Ok([Attribute::KeyType(kind)]) => *kind,
            // A number that the library does not know is an invalid value.
            Ok(_) | Err(Error::InvalidValue | Error::NotSupported) => return Err(TokenError::OtherKind),
            Err(_) => return Err(kind.map_or_else(TokenError::of, |_| TokenError::OtherKind)),
        };
        let asked: &[AttributeType] = if kind == KeyType::RSA {
            &[AttributeType::Modulus, AttributeType::PublicExponent]
        } else {
            &[AttributeType::EcParams, AttributeType::EcPoint]
        };
        let mut said = Said::default();
        for attribute in self.session.get_attributes(key, asked).map_err(TokenError::of)? {
            match attribute {
                Attribute::EcParams(bytes) => said.ec_params = bytes,
                Attribute::EcPoint(bytes) => said.ec_point = bytes,
                Attribute::Modulus(bytes) => said.modulus = bytes,
                Attribute::PublicExponent(bytes) => said.exponent = bytes,
                _ => {}
            }
        }
        public::read(kind, &said).ok_or(TokenError::OtherKind)
    }
}

/// A key in a token that is logged in to.
pub struct TokenSigner<'a> {
    session: Session,
    key: ObjectHandle,
    scheme: Scheme,
    public: Public,
    tokens: PhantomData<&'a Tokens>,
}

impl TokenSigner<'_> {
    /// The public half.
    pub fn public(&self) -> &Public {
        &self.public
    }

    /// Signs these bytes as metadata has it: Ed25519, ECDSA in DER, RSA-PSS with SHA-256.
    pub fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>, TokenError> {
        let digest = Sha256::digest(bytes);
        let made = match self.scheme {
            Scheme::Ed25519 => {
                let pure = Mechanism::Eddsa(EddsaParams::new(EddsaSignatureScheme::Ed25519));
                self.session.sign(&pure, self.key, bytes).map_err(cannot("Ed25519"))?
            }
            Scheme::EcdsaP256 => {
                let made = self.session.sign(&Mechanism::Ecdsa, self.key, &digest);
                in_der(&made.map_err(cannot("ECDSA"))?).ok_or(TokenError::BadSignature)?
            }
            Scheme::RsaPss => {
                let (hash_alg, mgf) = (MechanismType::SHA256, PkcsMgfType::MGF1_SHA256);
                let pss = PkcsPssParams { hash_alg, mgf, s_len: 32.into() };
                let made = self.session.sign(&Mechanism::RsaPkcsPss(pss), self.key, &digest);
                made.map_err(cannot("RSA-PSS with SHA-256"))?
            }
        };
        // Two objects of one name need not be one pair.
        let good = self.public.key().public().is_some_and(|public| public.verifies(bytes, &made));
        if good { Ok(made) } else { Err(TokenError::BadSignature) }
    }
}

/// r and s side by side, as tokens write them, in DER, as metadata has them.
fn in_der(pair: &[u8]) -> Option<Vec<u8>> {
    let (r, s) = (pair.len() == 64).then(|| pair.split_at(32))?;
    let number = |bytes| BigNum::from_slice(bytes).ok();
    EcdsaSig::from_private_components(number(r)?, number(s)?).ok()?.to_der().ok()
}
