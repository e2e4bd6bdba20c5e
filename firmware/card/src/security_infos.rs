//! EF.CardAccess (and the same structure inside DG14 and EF.CardSecurity): which
//! protocols the chip speaks, and with which keys. ICAO Doc 9303-11, 9.2. What is not
//! known here is kept, not refused: chips announce more than any reader speaks.

use der::{
    AnyRef, Decode, Reader, SliceReader, Tag, Tagged,
    asn1::{ObjectIdentifier, UintRef},
};

use crate::{Agreement, Cipher, KeyId, Mapping};

/// What a chip announces, in its order (9303-11, 9.2).
pub struct SecurityInfos {
    /// Each announcement.
    pub infos: Vec<SecurityInfo>,
}

/// One announcement (9303-11, 9.2).
#[non_exhaustive]
pub enum SecurityInfo {
    /// PACE, 9303-11, 9.2.1.
    Pace(PaceInfo),
    /// A protocol of chip authentication, 9303-11, 9.2.5.
    ChipAuthentication(ChipAuthenticationInfo),
    /// A key for chip authentication, 9303-11, 9.2.6.
    ChipPublicKey(ChipPublicKeyInfo),
    /// Anything else, by its identifier, with its whole encoding.
    Other {
        /// What it is about.
        protocol: ObjectIdentifier,
        /// The sequence as it came, header included.
        encoding: Vec<u8>,
    },
}

/// One form of PACE that a chip offers (9303-11, 9.2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaceInfo {
    /// The identifier, which names mapping, agreement and cipher (9303-11, 9.2.3).
    pub protocol: ObjectIdentifier,
    /// The version; 2 is the one of the standard.
    pub version: u8,
    /// The number of the standardised domain parameters (9303-11, 9.5.1), where they are
    /// standardised.
    pub parameters: Option<u8>,
}

/// One protocol of chip authentication that a chip offers (9303-11, 9.2.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChipAuthenticationInfo {
    /// The identifier, which names agreement and cipher (9303-11, 9.2.7).
    pub protocol: ObjectIdentifier,
    /// The version.
    pub version: Version,
    /// The key to use, where keys have numbers.
    pub key_id: Option<KeyId>,
}

/// The version of chip authentication (9303-11, 9.2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// That of 9303-11.
    One,
    /// That of TR-03110-2, 3.4, for identity cards, with a nonce and a token of the chip's.
    Two,
    /// Another, such as the pseudonymous version 3.
    Other(u8),
}

/// One key for chip authentication (9303-11, 9.2.6). Nothing but a signed file makes it the
/// issuer's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChipPublicKeyInfo {
    /// The kind of group.
    pub agreement: Agreement,
    /// The DER of the SubjectPublicKeyInfo, exactly as it came.
    pub public_key: Vec<u8>,
    /// Its number, where keys have numbers.
    pub key_id: Option<KeyId>,
}

/// The file breaks its format (9303-11, 9.2).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the security infos break their format")]
pub struct NotSecurityInfos(#[source] der::Error);

/// id-PACE.
const PACE: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.127.0.7.2.2.4");
/// id-CA.
const CHIP_AUTHENTICATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.127.0.7.2.2.3");
/// id-PK-DH and id-PK-ECDH.
const DH_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.127.0.7.2.2.1.1");
const ECDH_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.127.0.7.2.2.1.2");
/// What a key without a protocol of its own is for.
const DH_TRIPLE_DES: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.127.0.7.2.2.3.1.1");
const ECDH_TRIPLE_DES: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.127.0.7.2.2.3.2.1");

impl SecurityInfos {
    /// Reads the set. Its order is the issuer's, whatever DER says of sets.
    pub fn parse(bytes: &[u8]) -> Result<Self, NotSecurityInfos> {
        Self::read(bytes).map_err(NotSecurityInfos)
    }

    fn read(bytes: &[u8]) -> der::Result<Self> {
        let set = AnyRef::from_der(bytes)?;
        set.tag().assert_eq(Tag::Set)?;
        let mut elements = SliceReader::new(set.value())?;
        let mut infos = Vec::new();
        while !elements.is_finished() {
            let encoding = elements.tlv_bytes()?;
            infos.push(SecurityInfo::read(encoding)?);
        }
        Ok(Self { infos })
    }

    /// Every form of PACE, known here or not.
    pub fn pace(&self) -> impl Iterator<Item = &PaceInfo> {
        self.infos.iter().filter_map(|info| match info {
            SecurityInfo::Pace(pace) => Some(pace),
            _ => None,
        })
    }

    /// Every protocol of chip authentication, known here or not.
    pub fn chip_authentication(&self) -> impl Iterator<Item = &ChipAuthenticationInfo> {
        self.infos.iter().filter_map(|info| match info {
            SecurityInfo::ChipAuthentication(chip) => Some(chip),
            _ => None,
        })
    }

    /// Every key for chip authentication.
    pub fn chip_keys(&self) -> impl Iterator<Item = &ChipPublicKeyInfo> {
        self.infos.iter().filter_map(|info| match info {
            SecurityInfo::ChipPublicKey(key) => Some(key),
            _ => None,
        })
    }
}

impl SecurityInfo {
    fn read(encoding: &[u8]) -> der::Result<Self> {
        let sequence = AnyRef::from_der(encoding)?;
        sequence.tag().assert_eq(Tag::Sequence)?;
        let mut fields = SliceReader::new(sequence.value())?;
        let protocol = ObjectIdentifier::decode(&mut fields)?;
        // Two arcs below id-PACE: mapping with agreement, then the cipher; and so with
        // id-CA. One arc alone announces explicit domain parameters, not used here.
        let family = protocol.parent().and_then(|form| form.parent());
        Ok(match protocol {
            _ if family == Some(PACE) => Self::Pace(PaceInfo::read(protocol, &mut fields)?),
            _ if family == Some(CHIP_AUTHENTICATION) => {
                Self::ChipAuthentication(ChipAuthenticationInfo::read(protocol, &mut fields)?)
            }
            DH_KEY => Self::ChipPublicKey(ChipPublicKeyInfo::read(Agreement::Dh, &mut fields)?),
            ECDH_KEY => Self::ChipPublicKey(ChipPublicKeyInfo::read(Agreement::Ecdh, &mut fields)?),
            _ => Self::Other { protocol, encoding: encoding.to_vec() },
        })
    }
}

fn small(fields: &mut SliceReader<'_>) -> der::Result<u8> {
    match UintRef::decode(fields)?.as_bytes() {
        &[value] => Ok(value),
        _ => Err(Tag::Integer.value_error().into()),
    }
}

fn optional<T>(
    fields: &mut SliceReader<'_>,
    read: impl FnOnce(&mut SliceReader<'_>) -> der::Result<T>,
) -> der::Result<Option<T>> {
    if fields.is_finished() { Ok(None) } else { read(fields).map(Some) }
}

/// A key's number. Its bytes are taken as they come, so that a number which its issuer
/// forgot to make positive still names its key.
fn key_id(fields: &mut SliceReader<'_>) -> der::Result<KeyId> {
    let number = AnyRef::decode(fields)?;
    number.tag().assert_eq(Tag::Integer)?;
    Ok(KeyId::from_bytes(number.value()))
}

/// The last arc of id-PACE's and id-CA's protocols.
fn cipher_of(protocol: &ObjectIdentifier) -> Option<Cipher> {
    Some(match protocol.arcs().last()? {
        1 => Cipher::TripleDes,
        2 => Cipher::Aes128,
        3 => Cipher::Aes192,
        4 => Cipher::Aes256,
        _ => return None,
    })
}

/// The last arc but one.
fn form_of(protocol: &ObjectIdentifier) -> Option<u32> {
    protocol.parent()?.arcs().last()
}

impl ChipAuthenticationInfo {
    fn read(protocol: ObjectIdentifier, fields: &mut SliceReader<'_>) -> der::Result<Self> {
        let version = match small(fields)? {
            1 => Version::One,
            2 => Version::Two,
            other => Version::Other(other),
        };
        Ok(Self { protocol, version, key_id: optional(fields, key_id)? })
    }

    /// What a key means that no protocol is announced for: triple DES, the only cipher of
    /// the first chips.
    pub(crate) fn implied(key: &ChipPublicKeyInfo) -> Self {
        let protocol = match key.agreement {
            Agreement::Dh => DH_TRIPLE_DES,
            Agreement::Ecdh => ECDH_TRIPLE_DES,
        };
        Self { protocol, version: Version::One, key_id: key.key_id.clone() }
    }

    /// The kind of group; `None` for a protocol that is not known here.
    pub fn agreement(&self) -> Option<Agreement> {
        match form_of(&self.protocol)? {
            1 => Some(Agreement::Dh),
            2 => Some(Agreement::Ecdh),
            _ => None,
        }
    }

    /// The cipher of the new channel; `None` for a protocol or version not known here.
    pub fn cipher(&self) -> Option<Cipher> {
        if matches!(self.version, Version::Other(_)) { None } else { cipher_of(&self.protocol) }
    }
}

impl ChipPublicKeyInfo {
    fn read(agreement: Agreement, fields: &mut SliceReader<'_>) -> der::Result<Self> {
        let public_key = fields.tlv_bytes()?.to_vec();
        Ok(Self { agreement, public_key, key_id: optional(fields, key_id)? })
    }
}

impl PaceInfo {
    fn read(protocol: ObjectIdentifier, fields: &mut SliceReader<'_>) -> der::Result<Self> {
        Ok(Self { protocol, version: small(fields)?, parameters: optional(fields, small)? })
    }

    /// What the identifier says, where it names a form that is built here.
    pub fn form(&self) -> Option<(Mapping, Agreement, Cipher)> {
        let (mapping, agreement) = match form_of(&self.protocol)? {
            1 => (Mapping::Generic, Agreement::Dh),
            2 => (Mapping::Generic, Agreement::Ecdh),
            3 => (Mapping::Integrated, Agreement::Dh),
            4 => (Mapping::Integrated, Agreement::Ecdh),
            6 => (Mapping::ChipAuthentication, Agreement::Ecdh),
            _ => return None,
        };
        let cipher = cipher_of(&self.protocol)?;
        // The chip authentication mapping has AES only (9303-11, table 3).
        let listed = (mapping, cipher) != (Mapping::ChipAuthentication, Cipher::TripleDes);
        (self.version == 2 && listed).then_some((mapping, agreement, cipher))
    }
}

#[cfg(test)]
#[path = "security_infos_tests.rs"]
mod tests;
