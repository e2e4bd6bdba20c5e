//! What was checked about a card and what came of it, for the signed record and
//! the audit log. Nothing here is personal: the digest of EF.SOD binds the
//! record to one reading of one card and says nothing about its holder.

use jiff::civil::Date;
use serde::Serialize;
use zeroize::Zeroize;

use crate::{
    algorithm::Scheme, certificate::Certificate, chain::Chain, judgement::ProofKind, number::NumberWarning,
    profile::Deviation,
};

/// SHA-256 of EF.SOD (ICAO 9303-10, 4.6.2): the same for every reading of one card,
/// different for any two cards. It binds a face match to an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Zeroize)]
pub struct IdentityId(pub(crate) [u8; 32]);

impl IdentityId {
    /// The digest.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Serialize for IdentityId {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&hex::encode(self.0))
    }
}

/// The proof that stands behind an [`Identity`](crate::Identity) (ICAO 9303-11, 5.1 and 6).
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct CardEvidence {
    /// The only verdict that makes an identity.
    pub verdict: Authentic,
    /// SHA-256 of EF.SOD, in hexadecimal digits.
    pub security_object: IdentityId,
    /// How the chip was opened.
    pub access: String,
    /// Who signed the chip's data.
    pub signer: SignerEvidence,
    /// The digest of the files in the security object.
    pub digest: &'static str,
    /// Version of the LDS security object: 0 or 1.
    pub security_object_version: u8,
    /// The data groups that the issuer signed, by number.
    pub signed_groups: Vec<u8>,
    /// The data groups that were read; each fits its signed digest.
    pub checked_groups: Vec<u8>,
    /// What EF.COM, which nobody signs, says beside the signed list.
    pub directory: Directory,
    /// Whether what EF.CardAccess, which nobody signs, offers is what DG14 says.
    pub access_offer: AccessOffer,
    /// Whether the signer could be looked up in a revocation list.
    pub revocation: Revocation,
    /// Whether the chip proved that it is no copy.
    pub chip: ChipGenuineness,
    /// Where what was accepted departs from the standard's profile.
    pub deviations: Vec<Deviation>,
    /// The citizen's details in DG13.
    pub details: Details,
    /// Data groups that are authentic and whose content cannot be understood, by number.
    pub not_understood_groups: Vec<u8>,
    /// Numbers of fields in DG13 that this program does not know; never their values.
    pub unknown_details: Vec<u32>,
    /// What in the twelve-digit number does not fit its holder.
    pub number_warnings: Vec<NumberWarning>,
}

/// Digests, signature, chain, validity and whatever else was looked at are in order
/// (ICAO 9303-11, 5.1): the one verdict that makes an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authentic;

impl Serialize for Authentic {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str("authentic")
    }
}

/// Whether the document signer could be looked up in a revocation list of its state
/// (ICAO 9303-12, 6.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "result")]
pub enum Revocation {
    /// There is no list of its issuer.
    NotChecked,
    /// A current list does not name it.
    CheckedOn {
        /// The day of the list.
        list: Date,
    },
    /// A list does not name it, and its successor is overdue.
    Stale {
        /// The day of the list.
        list: Date,
        /// The day on which the next one was due.
        due: Date,
    },
}

/// The document signer and its way up to the trust list (ICAO 9303-12, 6.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct SignerEvidence {
    /// Serial number of the document signer's certificate, in hexadecimal digits.
    pub serial: String,
    /// Its issuer's name.
    pub issuer: String,
    /// How the signature was made, such as `ecdsa-sha256`.
    pub algorithm: String,
    /// How the security object named its signer.
    pub found_by: FoundBy,
    /// SHA-256 of each trusted certificate on the way up, the last one signed by itself.
    pub chain: Vec<String>,
}

impl SignerEvidence {
    pub(crate) fn of(signer: &Certificate, found_by: FoundBy, scheme: Scheme, chain: &Chain<'_>) -> Self {
        Self {
            serial: signer.serial().to_owned(),
            issuer: signer.issuer(),
            algorithm: scheme.name(),
            found_by,
            chain: chain.fingerprints(),
        }
    }
}

/// How the signer's certificate was found in the security object (RFC 5652, 5.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FoundBy {
    /// By issuer and serial number.
    IssuerAndSerial,
    /// By key identifier.
    KeyIdentifier,
    /// The name fits no certificate; the only one there was taken, and its key did
    /// make the signature.
    OnlyCertificate,
}

/// What EF.COM says beside the signed list of files (ICAO 9303-10, 4.6.1 and 4.6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Directory {
    /// It was not read.
    NotRead,
    /// It lists what the security object lists.
    Agrees,
    /// It lists something else, or cannot be understood.
    Differs,
}

/// What the unsigned EF.CardAccess says of PACE beside the signed DG14 (ICAO 9303-11,
/// 9.2). Of the rest of that file the reader makes no use. It need not have been read:
/// `card` may remember it of another chip ([`card::CardFiles::remembered_access`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccessOffer {
    /// One of the two files was not read.
    NotChecked,
    /// The issuer signed no form of PACE that could be held against it.
    NotSigned,
    /// It offers the forms of PACE that the issuer signed.
    Confirmed,
    /// It offers others or fewer, or the chip has no such file.
    NotConfirmed,
    /// It was not read from this chip: PACE was chosen by what another chip with the same
    /// answer to reset had shown. The issuer of this one signed the same forms of PACE.
    RememberedAsSigned,
    /// It was not read from this chip, either, and nothing that its issuer signed in DG14 says
    /// that it offers the form of PACE by which it was opened.
    Remembered,
}

/// Whether the chip proved to hold a key that its issuer signed (ICAO 9303-11, 6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "result")]
pub enum ChipGenuineness {
    /// It did.
    Proven {
        /// In which ways.
        by: Vec<ProofKind>,
    },
    /// It was asked and did not.
    Failed {
        /// In which way.
        by: ProofKind,
    },
    /// Its issuer signed no key for that.
    NotOffered,
    /// Nobody asked it. A copy of a genuine chip's files would look the same.
    NotChecked {
        /// Object identifiers of the proofs that the signed files offer.
        offered: Vec<String>,
    },
}

/// What DG13 gave (ICAO 9303-10, 4.7.13).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Details {
    /// It was not read.
    NotRead,
    /// It was read, and agrees with DG1.
    Agrees,
    /// It is authentic, and its content cannot be understood. Circular
    /// 16/2024/TT-BCA, article 6, lets part of it be coded in a way of the
    /// authority's own.
    NotUnderstood,
}
