//! What a chip holds and how it is signed, as data (ICAO Doc 9303-10).

use serde::Deserialize;

use super::protocols::{Agreement, Hash, Parameters, ProtocolError};
use crate::personalise::CurveForm;

/// Size of a document and the layout of its zone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Document {
    /// A card: three lines of thirty (9303-5).
    #[default]
    Td1,
    /// A larger card: two lines of thirty-six (9303-6).
    Td2,
    /// A passport: two lines of forty-four (9303-4).
    Td3,
}

/// What stands in the master file, beside the application (9303-10, 3.11).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct MasterFile {
    /// SELECT MF is answered; citizen cards say 6D00.
    pub selectable: bool,
    /// EF.DIR lists the application.
    pub directory: bool,
    /// EF.ATR/INFO says how long commands and answers may be, in bytes.
    pub lengths: Option<Lengths>,
    /// EF.CardSecurity is there even where no protocol needs it.
    pub card_security: bool,
    /// What EF.CardAccess lists.
    pub card_access: CardAccess,
}

/// The longest command and answer that a chip says it can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Lengths {
    /// Bytes of a command.
    pub command: u16,
    /// Bytes of an answer.
    pub answer: u16,
}

/// What EF.CardAccess lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CardAccess {
    /// Terminal, chip authentication and PACE, as on citizen cards.
    #[default]
    AllProtocols,
    /// PACE alone, as on most passports.
    PaceOnly,
}

/// What the application holds.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct DataGroups {
    /// The data groups by number: 1, 2, 3, 7, 11 to 16. Where the chip has no
    /// protocol for 14 or no key for 15, that one is left out.
    pub present: Vec<GroupNumber>,
    /// How the portrait is coded.
    pub face: FaceCoding,
    /// Pixels across of the portrait, a third more down; chips usually hold 300.
    pub portrait_width: u16,
    /// EF.DG2 is filled up to so many bytes at least.
    pub portrait_bytes: usize,
}

impl Default for DataGroups {
    fn default() -> Self {
        Self {
            present: [1, 2, 3, 13, 14, 15].map(GroupNumber).to_vec(),
            face: FaceCoding::Iso19794,
            portrait_width: 300,
            portrait_bytes: 0,
        }
    }
}

/// A data group that can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "u8")]
pub struct GroupNumber(u8);

impl GroupNumber {
    /// Its number, which is its short identifier too.
    pub fn number(self) -> u8 {
        self.0
    }
}

/// A number of a data group that no card here has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("EF.DG{0} is not among those that can be made: 1, 2, 3, 7, 11 to 16")]
pub struct NoSuchGroup(u8);

impl TryFrom<u8> for GroupNumber {
    type Error = NoSuchGroup;

    fn try_from(number: u8) -> Result<Self, NoSuchGroup> {
        match number {
            1..=3 | 7 | 11..=16 => Ok(Self(number)),
            other => Err(NoSuchGroup(other)),
        }
    }
}

/// The standard of the face record in EF.DG2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaceCoding {
    /// ISO/IEC 19794-5:2005.
    #[default]
    Iso19794,
    /// ISO/IEC 39794-5:2019.
    Iso39794,
}

/// How EF.SOD is made (9303-10, 4.6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct SecurityObject {
    /// Version of the hash list.
    pub version: SecurityObjectVersion,
    /// The hash of everything.
    pub hash: Hash,
    /// The document signer's key; none: the issuer's usual one.
    pub key: Option<SigningKey>,
    /// How the signer's certificate is pointed out.
    pub signer: SignerIdentifier,
    /// How the CMS object is written.
    pub encoding: ContentEncoding,
}

impl Default for SecurityObject {
    fn default() -> Self {
        Self {
            version: SecurityObjectVersion::V0,
            hash: Hash::Sha256,
            key: None,
            signer: SignerIdentifier::IssuerAndSerial,
            encoding: ContentEncoding::Der,
        }
    }
}

/// Version of the LDS security object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecurityObjectVersion {
    /// Hashes only.
    #[default]
    V0,
    /// Versions of LDS and Unicode as well, under the signature.
    V1,
}

/// A key that signs documents, certificates or lists, and its scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum SigningKey {
    /// RSASSA-PKCS1-v1_5.
    RsaPkcs1 {
        /// Length of the modulus.
        bits: u32,
    },
    /// RSASSA-PSS, the salt as long as the hash.
    RsaPss {
        /// Length of the modulus.
        bits: u32,
    },
    /// ECDSA.
    Ecdsa {
        /// The curve by its standardised number.
        curve: Curve,
        /// How the key names it.
        #[serde(default)]
        form: CurveForm,
    },
}

/// Standardised domain parameters that are a curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u8")]
pub struct Curve(Parameters);

impl Curve {
    /// brainpoolP256r1.
    pub const BRAINPOOL_P256: Self = Self(Parameters::BRAINPOOL_P256);

    pub(crate) fn parameters(self) -> Parameters {
        self.0
    }
}

impl TryFrom<u8> for Curve {
    type Error = ProtocolError;

    fn try_from(number: u8) -> Result<Self, ProtocolError> {
        match Parameters::try_from(number)? {
            group if group.agreement() == Agreement::Dh => Err(ProtocolError::Agreement(number)),
            curve => Ok(Self(curve)),
        }
    }
}

/// How a signature points out its signer (RFC 5652, 5.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignerIdentifier {
    /// By issuer and serial number.
    #[default]
    IssuerAndSerial,
    /// By the identifier of its key.
    KeyIdentifier,
    /// By a serial number that is not the certificate's, as some states do.
    Unfitting,
}

/// How a CMS object is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ContentEncoding {
    /// In DER.
    #[default]
    Der,
    /// In BER with lengths left open (X.690, 8.1.3.6), as New Zealand does.
    BerIndefinite,
}
