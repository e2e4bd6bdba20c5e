//! Why a token did not give a key or a signature. Each code is stable: scripts and the help book
//! go by it.

use std::{fmt, io, path::PathBuf};

use cryptoki::error::{Error, RvError};

use crate::Mistake;

/// Why a token did not do its part.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what the variant is")]
pub enum TokenError {
    #[error("no module; give ?module-path=FILE in the URI, or PKCS11_MODULE_PATH in the environment")]
    NoModule,
    #[error("the module {path} cannot be used", path = path.display())]
    Module { path: PathBuf, source: Answer },
    #[error("no such token; there {seen}")]
    NoToken { seen: Seen },
    #[error("{count} tokens fit; say which by serial=: there {seen}", count = seen.0.len())]
    SeveralTokens { seen: Seen },
    #[error("the token shows no {half} key of this name")]
    NoKey { half: Half },
    #[error("{count} {half} keys of the token have this name; say which by id=%XX…")]
    SeveralKeys { half: Half, count: usize },
    #[error("no PIN; give pin-source=file:/… in the URI, --passphrase-file, or a terminal to ask at")]
    NoPin,
    #[error("the PIN cannot be read")]
    PinFile { source: Box<Mistake> },
    #[error("the terminal cannot be asked for the PIN")]
    Terminal { source: io::Error },
    #[error("the PIN is wrong{0}; it is not tried again")]
    WrongPin(Left),
    #[error("the PIN is locked; the token's security officer sets another")]
    PinLocked,
    #[error("one wrong PIN more locks the token: type it by hand, without pin-source and --passphrase-file")]
    LastTry,
    #[error("the token was pulled out, or answers no more")]
    Gone { source: Answer },
    #[error("the key is none that kiosks check: Ed25519, ECDSA on P-256, RSA of 2048 to 8192 bits")]
    OtherKind,
    #[error("the token asks for the PIN anew at each signature of this key; take one that does not")]
    AsksEachTime,
    #[error("the token does not sign so ({what})")]
    CannotSign { what: &'static str, source: Answer },
    #[error("the token's signature is not by the public key that it shows")]
    BadSignature,
    #[error("the token has a key of this name; take another")]
    KeyThere,
    #[error("a new key wants object=LABEL, so that it can be named")]
    NoLabel,
    #[error("the token refused")]
    Refused { source: Answer },
}

impl TokenError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoModule => "TOKEN-01",
            Self::Module { .. } => "TOKEN-02",
            Self::NoToken { .. } => "TOKEN-03",
            Self::SeveralTokens { .. } => "TOKEN-04",
            Self::NoKey { .. } => "TOKEN-05",
            Self::SeveralKeys { .. } => "TOKEN-06",
            Self::NoPin | Self::PinFile { .. } | Self::Terminal { .. } => "TOKEN-07",
            Self::WrongPin(_) => "TOKEN-08",
            Self::PinLocked => "TOKEN-09",
            Self::LastTry => "TOKEN-10",
            Self::Gone { .. } => "TOKEN-11",
            Self::OtherKind => "TOKEN-12",
            Self::AsksEachTime => "TOKEN-13",
            Self::CannotSign { .. } => "TOKEN-14",
            Self::BadSignature => "TOKEN-15",
            Self::KeyThere => "TOKEN-16",
            Self::NoLabel => "TOKEN-17",
            Self::Refused { .. } => "TOKEN-18",
        }
    }

    /// What a module's answer means wherever it comes.
    pub(super) fn of(source: Error) -> Self {
        use RvError as Said;
        match source {
            Error::Pkcs11(
                Said::DeviceRemoved
                | Said::DeviceError
                | Said::TokenNotPresent
                | Said::TokenNotRecognized
                | Said::SessionClosed
                | Said::SessionHandleInvalid,
                _,
            ) => Self::Gone { source: Answer(source) },
            Error::Pkcs11(Said::PinLocked, _) => Self::PinLocked,
            source => Self::Refused { source: Answer(source) },
        }
    }
}

/// What a module answered: in the standard's short word, since the long one is a paragraph.
#[derive(Debug)]
pub struct Answer(pub(super) Error);

impl fmt::Display for Answer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Error::Pkcs11(answer, function) => write!(out, "C_{function:?} answered {answer:?}"),
            other => write!(out, "{other}"),
        }
    }
}

impl std::error::Error for Answer {}

/// A half of a pair of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    /// What signatures are checked with.
    Public,
    /// What signs.
    Private,
}

impl fmt::Display for Half {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Public => "public",
            Self::Private => "private",
        })
    }
}

/// How many tries the token says are left. No token says a number (PKCS#11 3.1, section 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// The next wrong one locks it.
    One,
    /// It is locked now.
    None,
    /// It does not say.
    NotSaid,
}

impl fmt::Display for Left {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::One => ", and the next wrong one locks the token",
            Self::None => ", and the token is locked now",
            Self::NotSaid => "",
        })
    }
}

/// Tokens that are there, by label and serial number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen(pub Vec<(String, String)>);

impl fmt::Display for Seen {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return out.write_str("is none");
        }
        out.write_str(if self.0.len() == 1 { "is" } else { "are" })?;
        for (at, (label, serial)) in self.0.iter().enumerate() {
            let before = if at == 0 { "" } else { "," };
            write!(out, "{before} {label:?} with serial={}", serial.escape_debug())?;
        }
        Ok(())
    }
}
