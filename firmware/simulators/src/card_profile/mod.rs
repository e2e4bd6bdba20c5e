//! What kind of chip a virtual card has, as data of a scenario (`[card.profile]`):
//! which protocols it speaks and with which keys, which files it holds and how they
//! are signed. Without a word of it, a citizen card (CCCD).

mod contents;
mod faults;
mod genuineness;
mod protocols;

use serde::Deserialize;

pub use contents::{
    CardAccess, ContentEncoding, Curve, DataGroups, Document, FaceCoding, GroupNumber, Lengths, MasterFile,
    NoSuchGroup, SecurityObject, SecurityObjectVersion, SignerIdentifier, SigningKey,
};
pub use faults::{
    BadKey, BeyondLongest, CardFaults, ChannelFault, ChannelMishap, CloneKind, LongCommands, PaceFault,
    PaceReference, PasswordState, ReadingFaults, SecurityObjectPart, ShortFile, SignerFault, Splice,
    WrongPassword,
};
pub(crate) use genuineness::group_arc;
pub use genuineness::{
    ActiveAuthentication, ActiveKey, ChipAuthentication, ChipAuthenticationVersion, InfoPresence, KeyCoding,
};
pub use protocols::{Agreement, Cipher, Hash, Mapping, PaceProtocol, Parameters, ProtocolError};

/// One kind of card.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct CardProfile {
    /// Size of the document and of its zone.
    pub document: Document,
    /// How the chip is opened.
    pub access: Access,
    /// Keys for chip authentication; none: the chip does not know it.
    pub chip_authentication: Vec<ChipAuthentication>,
    /// Key of active authentication; `{ key = "none" }`: there is no EF.DG15.
    #[serde(deserialize_with = "genuineness::read_active")]
    pub active_authentication: Option<ActiveAuthentication>,
    /// What stands beside the application.
    pub master_file: MasterFile,
    /// What the application holds.
    pub data_groups: DataGroups,
    /// How all of it is signed.
    pub security_object: SecurityObject,
}

impl Default for CardProfile {
    fn default() -> Self {
        Self {
            document: Document::Td1,
            access: Access::default(),
            chip_authentication: vec![ChipAuthentication::CITIZEN_CARD],
            active_authentication: Some(ActiveAuthentication::CITIZEN_CARD),
            master_file: MasterFile::default(),
            data_groups: DataGroups::default(),
            security_object: SecurityObject::default(),
        }
    }
}

/// How a chip is opened (ICAO Doc 9303-11, 4).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Access {
    /// The ways through PACE; none: basic access control only.
    pub pace: Vec<PaceProtocol>,
    /// Whether basic access control works.
    pub basic: Offer,
    /// With which passwords PACE works.
    pub passwords: Vec<PasswordKind>,
    /// The PIN, where `pin` is among the passwords.
    pub pin: String,
    /// The PUK, where `puk` is among the passwords.
    pub puk: String,
}

impl Default for Access {
    fn default() -> Self {
        Self {
            pace: vec![PaceProtocol::CITIZEN_CARD],
            basic: Offer::Offered,
            passwords: vec![PasswordKind::Mrz, PasswordKind::Can],
            pin: "470815".to_owned(),
            puk: "9876543210".to_owned(),
        }
    }
}

/// Whether a chip has something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Offer {
    /// It has.
    Offered,
    /// It has not.
    Absent,
}

/// A password of PACE, by its number in MSE:Set AT (TR-03110-3, B.11.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PasswordKind {
    /// The machine readable zone.
    Mrz = 1,
    /// The card access number.
    Can = 2,
    /// The holder's number.
    Pin = 3,
    /// The number that unblocks it.
    Puk = 4,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_without_a_profile_is_a_citizen_card() {
        assert_eq!(toml::from_str::<CardProfile>("").unwrap(), CardProfile::default());
        assert_eq!(CardProfile::default().access.pace, [PaceProtocol::CITIZEN_CARD]);
    }

    #[test]
    fn a_misspelt_key_is_refused_by_name() {
        for (text, name) in [
            ("documnet = 'td3'", "documnet"),
            ("[access]\nbsic = 'absent'", "bsic"),
            ("[data-groups]\nfacee = 1", "facee"),
            ("[security-object]\nlds = 1", "lds"),
            ("[[chip-authentication]]\nkey = 1", "key"),
        ] {
            let error = toml::from_str::<CardProfile>(text).unwrap_err();
            assert!(error.to_string().contains(name), "{error}");
        }
    }

    #[test]
    fn a_passport_with_everything_can_be_written_down() {
        let text = r#"
            document = "td3"
            chip-authentication = [
                { version = "v2", agreement = "dh", cipher = "aes-256", parameters = 2, key-id = 5 },
            ]
            active-authentication = { key = "rsa", bits = 3072, hash = "sha-512" }
            [access]
            basic = "absent"
            passwords = ["mrz", "can", "pin", "puk"]
            pace = [
                { mapping = "cam", agreement = "ecdh", cipher = "aes-256", parameters = 17 },
                { mapping = "im", agreement = "dh", cipher = "3des", parameters = 0 },
            ]
            [master-file]
            selectable = true
            directory = true
            lengths = { command = 4096, answer = 32768 }
            [data-groups]
            present = [1, 2, 7, 11, 12, 14, 15, 16]
            face = "iso39794"
            [security-object]
            version = "v1"
            hash = "sha-512"
            key = { rsa-pss = { bits = 3072 } }
            signer = "key-identifier"
            encoding = "ber-indefinite"
        "#;
        let profile: CardProfile = toml::from_str(text).unwrap();
        assert_eq!(profile.access.pace[0].identifier(), "0.4.0.127.0.7.2.2.4.6.4");
        assert_eq!(profile.chip_authentication[0].key_id(), Some(5));
        assert_eq!(profile.data_groups.present.len(), 8);
    }
}
