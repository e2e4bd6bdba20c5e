//! The name of a key in a token: a `pkcs11:` URI (RFC 7512). What it does not know it refuses:
//! an attribute that was passed over could name another key.

use std::{fmt, path::PathBuf};

/// How such a name begins.
pub const SCHEME: &str = "pkcs11:";
/// The longest that is read, in bytes.
const MOST_BYTES: usize = 4096;

/// A key in a token: which token, which object, by which module, under which PIN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenUri {
    /// The part that names token and object, as it was given.
    name: String,
    /// What the token must say of itself; none: anything.
    pub(super) token: Option<String>,
    pub(super) manufacturer: Option<String>,
    pub(super) model: Option<String>,
    pub(super) serial: Option<String>,
    pub(super) slot: Option<u64>,
    /// The key's label.
    pub(super) object: Option<String>,
    /// The key's id.
    pub(super) id: Option<Vec<u8>>,
    /// The module that speaks to the token.
    pub(super) module: Option<PathBuf>,
    /// The file whose first line is the PIN.
    pub(super) pin: Option<PathBuf>,
}

/// Why a URI names no key. No value is repeated: one of them may be a PIN.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what the variant is")]
pub enum UriFault {
    #[error("it does not begin with pkcs11:")]
    OtherScheme,
    #[error("longer than {MOST_BYTES} bytes")]
    TooLong,
    #[error("a part of it is no NAME=VALUE")]
    NotAnAttribute,
    #[error("it knows no attribute {0:?} there")]
    Unknown(String),
    #[error("{0} is there twice")]
    Twice(&'static str),
    #[error("{0} has no value")]
    Empty(&'static str),
    #[error("{0} has a sign that is to be written as %XX, or no two digits after %")]
    Sign(&'static str),
    #[error("{0} is no text")]
    NotText(&'static str),
    #[error("slot-id is no number")]
    NotASlot,
    #[error("type={0} is no key that signs; leave it out")]
    OtherType(String),
    #[error("a PIN on the command line is seen by everybody on the machine; take pin-source=file:/…")]
    PinShown,
    #[error("pin-source is file:/… with the whole path; no command is run, and no % is left in it")]
    PinSource,
    #[error("module-name is not looked up; give module-path")]
    ModuleName,
    #[error("it names no object: give object=LABEL or id=%XX…")]
    NoObject,
}

impl TokenUri {
    /// Reads one.
    pub fn parse(text: &str) -> Result<Self, UriFault> {
        if text.len() > MOST_BYTES {
            return Err(UriFault::TooLong);
        }
        let rest = text.strip_prefix(SCHEME).ok_or(UriFault::OtherScheme)?;
        let (path, query) = rest.split_once('?').map_or((rest, ""), |(path, query)| (path, query));
        let mut uri = Self {
            name: format!("{SCHEME}{path}"),
            token: None,
            manufacturer: None,
            model: None,
            serial: None,
            slot: None,
            object: None,
            id: None,
            module: None,
            pin: None,
        };
        let mut kind = None;
        for (name, value) in attributes(path, ';')? {
            let value = Value { text: value, also: ":[]@!$'()*+,=&" };
            match name {
                "token" => once("token", &mut uri.token, value.text("token")?)?,
                "manufacturer" => once("manufacturer", &mut uri.manufacturer, value.text("manufacturer")?)?,
                "model" => once("model", &mut uri.model, value.text("model")?)?,
                "serial" => once("serial", &mut uri.serial, value.text("serial")?)?,
                "object" => once("object", &mut uri.object, value.text("object")?)?,
                "id" => once("id", &mut uri.id, value.bytes("id")?)?,
                "type" => once("type", &mut kind, value.text("type")?)?,
                "slot-id" => {
                    let text = value.text("slot-id")?;
                    // `parse` would also take a sign.
                    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
                    let slot = digits.then(|| text.parse().ok()).flatten().ok_or(UriFault::NotASlot)?;
                    once("slot-id", &mut uri.slot, slot)?;
                }
                other => return Err(UriFault::Unknown(other.to_owned())),
            }
        }
        for (name, value) in attributes(query, '&')? {
            let value = Value { text: value, also: ":[]@!$'()*+,=/?|" };
            match name {
                "module-path" => once("module-path", &mut uri.module, value.text("module-path")?.into())?,
                "pin-source" => once("pin-source", &mut uri.pin, pin_file(&value.text("pin-source")?)?)?,
                "pin-value" => return Err(UriFault::PinShown),
                "module-name" => return Err(UriFault::ModuleName),
                other => return Err(UriFault::Unknown(other.to_owned())),
            }
        }
        // The two halves of one pair; anything else signs nothing.
        if let Some(other) = kind.filter(|kind| kind != "private" && kind != "public") {
            return Err(UriFault::OtherType(other));
        }
        if uri.object.is_none() && uri.id.is_none() {
            return Err(UriFault::NoObject);
        }
        Ok(uri)
    }
}

impl fmt::Display for TokenUri {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.name)
    }
}

fn attributes(text: &str, between: char) -> Result<Vec<(&str, &str)>, UriFault> {
    let parts = text.split(between).filter(|_| !text.is_empty());
    parts.map(|part| part.split_once('=').ok_or(UriFault::NotAnAttribute)).collect()
}

fn once<T>(name: &'static str, place: &mut Option<T>, value: T) -> Result<(), UriFault> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(UriFault::Twice(name)),
    }
}

/// A value as it stands, and the signs that may stand there besides letters and digits.
struct Value<'a> {
    text: &'a str,
    also: &'static str,
}

impl Value<'_> {
    fn text(&self, name: &'static str) -> Result<String, UriFault> {
        let text = String::from_utf8(self.bytes(name)?).map_err(|_| UriFault::NotText(name))?;
        if text.contains('\0') { Err(UriFault::NotText(name)) } else { Ok(text) }
    }

    fn bytes(&self, name: &'static str) -> Result<Vec<u8>, UriFault> {
        let mut bytes = Vec::with_capacity(self.text.len());
        let mut rest = self.text.bytes();
        while let Some(byte) = rest.next() {
            let plain = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
            if plain || self.also.as_bytes().contains(&byte) {
                bytes.push(byte);
                continue;
            }
            let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16));
            match (byte, digit(), digit()) {
                (b'%', Some(high), Some(low)) => bytes.push((high * 16 + low) as u8),
                _ => return Err(UriFault::Sign(name)),
            }
        }
        if bytes.is_empty() { Err(UriFault::Empty(name)) } else { Ok(bytes) }
    }
}

/// A file by its whole path (RFC 8089): `file:/…` or `file:///…`.
fn pin_file(text: &str) -> Result<PathBuf, UriFault> {
    let path = text.strip_prefix("file:").ok_or(UriFault::PinSource)?;
    let path = path.strip_prefix("//").unwrap_or(path);
    // A second time encoded, or not: nobody can tell.
    if path.starts_with('/') && !path.starts_with("//") && !path.contains('%') {
        Ok(path.into())
    } else {
        Err(UriFault::PinSource)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_named_by_token_label_and_id() {
        let uri = TokenUri::parse(
            "pkcs11:token=Root%20ch%C3%ACa;manufacturer=Y;model=YubiHSM;serial=0012;slot-id=7;object=root-1;\
             id=%00%ffa;type=private?module-path=/usr/lib/m%20x.so&pin-source=file:/root/pin",
        )
        .unwrap();
        assert_eq!(uri.token.as_deref(), Some("Root chìa"));
        assert_eq!((uri.manufacturer.as_deref(), uri.model.as_deref()), (Some("Y"), Some("YubiHSM")));
        assert_eq!((uri.serial.as_deref(), uri.slot), (Some("0012"), Some(7)));
        assert_eq!((uri.object.as_deref(), uri.id.as_deref()), (Some("root-1"), Some(&b"\x00\xffa"[..])));
        assert_eq!(uri.module, Some("/usr/lib/m x.so".into()));
        assert_eq!(uri.pin, Some("/root/pin".into()));
        assert!(!uri.to_string().contains("pin"), "{uri}");
        let short = TokenUri::parse("pkcs11:object=a&b").unwrap();
        assert_eq!((short.object.as_deref(), short.pin, short.module), (Some("a&b"), None, None));
    }

    #[test]
    fn what_could_mean_another_key_is_refused() {
        for (text, expected) in [
            ("PKCS11:object=a".to_owned(), UriFault::OtherScheme),
            (format!("pkcs11:object={}", "a".repeat(MOST_BYTES)), UriFault::TooLong),
            ("pkcs11:".to_owned(), UriFault::NoObject),
            ("pkcs11:token=a".to_owned(), UriFault::NoObject),
            ("pkcs11:object".to_owned(), UriFault::NotAnAttribute),
            ("pkcs11:object=a;".to_owned(), UriFault::NotAnAttribute),
            ("pkcs11:objekt=a".to_owned(), UriFault::Unknown("objekt".to_owned())),
            ("pkcs11:library-version=3;object=a".to_owned(), UriFault::Unknown("library-version".to_owned())),
            ("pkcs11:object=a;object=a".to_owned(), UriFault::Twice("object")),
            ("pkcs11:object=".to_owned(), UriFault::Empty("object")),
            ("pkcs11:object=a/b".to_owned(), UriFault::Sign("object")),
            ("pkcs11:object=a b".to_owned(), UriFault::Sign("object")),
            ("pkcs11:object=a#b".to_owned(), UriFault::Sign("object")),
            ("pkcs11:object=ì".to_owned(), UriFault::Sign("object")),
            ("pkcs11:id=%0".to_owned(), UriFault::Sign("id")),
            ("pkcs11:id=%+1".to_owned(), UriFault::Sign("id")),
            ("pkcs11:object=%ff".to_owned(), UriFault::NotText("object")),
            ("pkcs11:object=%00".to_owned(), UriFault::NotText("object")),
            ("pkcs11:object=a;slot-id=%2B1".to_owned(), UriFault::NotASlot),
            ("pkcs11:object=a;type=cert".to_owned(), UriFault::OtherType("cert".to_owned())),
            ("pkcs11:object=a?pin-value=1234".to_owned(), UriFault::PinShown),
            ("pkcs11:object=a?module-name=m".to_owned(), UriFault::ModuleName),
            ("pkcs11:object=a?x-own=m".to_owned(), UriFault::Unknown("x-own".to_owned())),
            ("pkcs11:object=a?pin-source=%7Ccat%20pin".to_owned(), UriFault::PinSource),
            ("pkcs11:object=a?pin-source=/root/pin".to_owned(), UriFault::PinSource),
            ("pkcs11:object=a?pin-source=file:pin".to_owned(), UriFault::PinSource),
            ("pkcs11:object=a?pin-source=file://host/pin".to_owned(), UriFault::PinSource),
            ("pkcs11:object=a?pin-source=file:/a%2520b".to_owned(), UriFault::PinSource),
        ] {
            assert_eq!(TokenUri::parse(&text), Err(expected), "{text}");
        }
        let three = TokenUri::parse("pkcs11:object=a?pin-source=file:///root/pin").unwrap();
        assert_eq!(three.pin, Some("/root/pin".into()));
    }

    #[test]
    fn no_refusal_repeats_a_pin() {
        for text in
            ["?pin-value=82736455", "?pin-source=82736455", "?pin:82736455", ";pin=82736455", "?82736455"]
        {
            let fault = TokenUri::parse(&format!("pkcs11:object=a{text}")).unwrap_err();
            assert!(!format!("{fault} {fault:?}").contains("82736455"), "{fault}");
        }
    }
}
