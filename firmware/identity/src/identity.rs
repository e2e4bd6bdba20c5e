//! A person whose card is authentic. The only way to one is [`crate::verify`].

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{
    birth::Birth,
    data_groups::{
        citizen_details::CitizenDetails, document_details::DocumentDetails, personal_details::PersonalDetails,
    },
    evidence::{CardEvidence, IdentityId},
    expiry::Expiry,
    number::CitizenNumber,
    portrait::Portrait,
    sex::Sex,
};

/// Who laid the card down, as its issuer signed it (ICAO 9303-11, 5.1). Wiped when dropped;
/// it does not print.
pub struct Identity {
    pub(crate) number: CitizenNumber,
    pub(crate) name: Zeroizing<String>,
    pub(crate) birth: Zeroizing<Birth>,
    pub(crate) sex: Sex,
    pub(crate) nationality: Nationality,
    pub(crate) expiry: Expiry,
    pub(crate) portrait: Portrait,
    pub(crate) details: Option<CitizenDetails>,
    pub(crate) personal: Option<PersonalDetails>,
    pub(crate) document: Option<DocumentDetails>,
    pub(crate) evidence: CardEvidence,
    pub(crate) id: IdentityId,
}

/// The name of somebody whose portrait is still being read: signed by a trusted issuer (ICAO
/// 9303-11, 5.1), on a card that is valid. Enough to say hello, and not an [`Identity`]. Wiped
/// when dropped; it does not print.
pub struct Greeting(pub(crate) Zeroizing<String>);

impl Greeting {
    /// The full name, as [`Identity::name`] will have it.
    pub fn name(&self) -> &str {
        &self.0
    }
}

/// A nationality as the card says it.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Nationality(pub(crate) String);

impl Identity {
    /// The twelve-digit number.
    pub fn number(&self) -> &CitizenNumber {
        &self.number
    }

    /// The full name: with diacritics where DG13 gives it, else as the MRZ has it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The day of birth.
    pub fn birth(&self) -> Birth {
        *self.birth
    }

    /// The sex.
    pub fn sex(&self) -> Sex {
        self.sex
    }

    /// The nationality as the card says it: the word in DG13, else the MRZ's three
    /// letters.
    pub fn nationality(&self) -> &str {
        &self.nationality.0
    }

    /// Until when the card is valid.
    pub fn expiry(&self) -> Expiry {
        self.expiry
    }

    /// The portrait on the chip (ICAO 9303-10, 4.7.2).
    pub fn portrait(&self) -> &Portrait {
        &self.portrait
    }

    /// The place of residence, where DG13 gives one.
    pub fn address(&self) -> Option<&str> {
        self.details.as_ref()?.address()
    }

    /// Everything that DG13 (ICAO 9303-10, 4.7.13) gives, where it could be understood.
    pub fn details(&self) -> Option<&CitizenDetails> {
        self.details.as_ref()
    }

    /// Further personal details of DG11 (ICAO 9303-10, 4.7.11), where it was read and
    /// could be understood. Vietnamese cards have DG13 instead.
    pub fn personal_details(&self) -> Option<&PersonalDetails> {
        self.personal.as_ref()
    }

    /// Further details of the document in DG12 (ICAO 9303-10, 4.7.12), where it was
    /// read and could be understood.
    pub fn document_details(&self) -> Option<&DocumentDetails> {
        self.document.as_ref()
    }

    /// What was checked, without anything personal.
    pub fn evidence(&self) -> &CardEvidence {
        &self.evidence
    }

    /// What binds a face match to this identity.
    pub fn id(&self) -> IdentityId {
        self.id
    }
}
