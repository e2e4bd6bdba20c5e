//! From the bytes of the files to the person: only what the examination found in
//! order is read, and only files that say the same make an identity.

use card::FileId;
use jiff::civil::Date;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::{
    Grounds,
    birth::Birth,
    data_groups::{
        self,
        citizen_details::{CitizenDetails, UnknownField},
        directory,
        document_details::DocumentDetails,
        face_image,
        personal_details::PersonalDetails,
    },
    error::{Fact, IdentityError, SignerFault},
    evidence::{Authentic, CardEvidence, Details, IdentityId, SignerEvidence},
    examination::{Examined, Files, examine},
    identity::{Greeting, Identity, Nationality},
    judgement::Judgement,
    mrz::Mrz,
    number::{CitizenNumber, NumberWarning},
    portrait::Portrait,
    security_object::SecurityObject,
};

/// Files without which nobody can be identified.
const REQUIRED: [FileId; 3] = [FileId::Sod, FileId::Dg1, FileId::Dg2];

/// Refuses a card that is past its last day, by what its DG1 says.
pub(crate) fn check_expiry(dg1: &[u8], today: Date) -> Result<(), IdentityError> {
    not_expired(&read_mrz(dg1, today)?, today)
}

/// The holder, if the issuer signed every file, is trusted, and the files agree.
pub(crate) fn reach(
    files: &Files<'_>,
    grounds: &Grounds<'_>,
    today: Date,
) -> Result<Identity, IdentityError> {
    for file in REQUIRED {
        files.required(file)?;
    }
    let known = Known::of(files, grounds, today)?;
    let portrait =
        face_image::parse(files.required(FileId::Dg2)?).map_err(IdentityError::unreadable(FileId::Dg2))?;
    known.holder(files, portrait)
}

/// The holder's name, by the same checks of the files that were read, of which the
/// portrait need not be one.
pub(crate) fn greet(
    files: &Files<'_>,
    grounds: &Grounds<'_>,
    today: Date,
) -> Result<Greeting, IdentityError> {
    let known = Known::of(files, grounds, today)?;
    Ok(Greeting(Zeroizing::new(known.name().to_owned())))
}

/// What is known of somebody without their portrait: signed, valid, and of one accord.
struct Known {
    proof: Proof,
    mrz: Mrz,
    number: CitizenNumber,
    birth: Birth,
    said: Said,
}

impl Known {
    fn of(files: &Files<'_>, grounds: &Grounds<'_>, today: Date) -> Result<Self, IdentityError> {
        let proof = Proof::of(examine(files, grounds, today), files, today)?;
        let mrz = read_mrz(files.required(FileId::Dg1)?, today)?;
        not_expired(&mrz, today)?;
        let number = data_groups::mrz::citizen_number(&mrz).ok_or(IdentityError::NotACitizenCard)?;
        // Another state's signer may sign that state's cards only (9303-12, 7.1.1.1).
        if proof.country.as_deref() != Some("VN") {
            return Err(SignerFault::ForeignCountry.into());
        }
        let said = Said::read(files);
        let birth = agree(&mrz, &number, said.details.as_ref())?;
        Ok(Self { proof, mrz, number, birth, said })
    }

    /// DG13 gives what the MRZ has no letters for.
    fn name(&self) -> &str {
        self.said.details.as_ref().and_then(CitizenDetails::name).unwrap_or(&self.mrz.name)
    }

    fn nationality(&self) -> &str {
        self.said.details.as_ref().and_then(CitizenDetails::nationality).unwrap_or(&self.mrz.nationality)
    }

    /// Puts together who it is.
    fn holder(self, files: &Files<'_>, portrait: Portrait) -> Result<Identity, IdentityError> {
        let name = Zeroizing::new(self.name().to_owned());
        let nationality = Nationality(self.nationality().to_owned());
        let Self { proof, mrz, number, birth, said } = self;
        let evidence = proof.evidence(files, &said, number.warnings(birth, mrz.sex))?;
        Ok(Identity {
            number,
            name,
            birth: Zeroizing::new(birth),
            sex: mrz.sex,
            nationality,
            expiry: mrz.expiry,
            portrait,
            details: said.details,
            personal: said.personal,
            document: said.document,
            id: evidence.security_object,
            evidence,
        })
    }
}

/// What an examination without failures leaves in hand.
struct Proof {
    object: SecurityObject,
    signer: SignerEvidence,
    judgement: Judgement,
    groups: Vec<u8>,
    country: Option<String>,
}

impl Proof {
    /// The gravest failure where there was one.
    fn of(examined: Examined, files: &Files<'_>, today: Date) -> Result<Self, IdentityError> {
        let Examined { error, mut judgement, object, groups, country } = examined;
        if let Some(error) = error {
            // A card's signer ends when its cards do. That the card has expired is
            // what its holder can do something about.
            if groups.contains(&1) && matches!(error, IdentityError::SignerNotValid { .. }) {
                check_expiry(files.required(FileId::Dg1)?, today)?;
            }
            return Err(error);
        }
        let (Some(object), Some(signer)) = (object, judgement.signer.take()) else {
            unreachable!("a card without failures has a security object and a signer");
        };
        Ok(Self { object, signer, judgement, groups, country })
    }

    fn evidence(
        self,
        files: &Files<'_>,
        said: &Said,
        number_warnings: Vec<NumberWarning>,
    ) -> Result<CardEvidence, IdentityError> {
        let signed = self.object.list.groups();
        Ok(CardEvidence {
            verdict: Authentic,
            security_object: IdentityId(Sha256::digest(files.required(FileId::Sod)?).into()),
            access: files.access.map_or_else(|| "none".to_owned(), |protocol| protocol.to_string()),
            signer: self.signer,
            digest: self.object.list.digest.name(),
            security_object_version: self.object.list.version,
            checked_groups: self.groups,
            directory: directory::compare(files.get(FileId::Com), &signed),
            signed_groups: signed,
            access_offer: self.judgement.access_offer,
            revocation: self.judgement.revocation,
            chip: self.judgement.chip,
            deviations: self.judgement.deviations,
            details: said.understood,
            not_understood_groups: said.not_understood.clone(),
            unknown_details: said.unknown_details(),
            number_warnings,
        })
    }
}

/// What DG11, DG12 and DG13 say. What cannot be understood is only stated: the MRZ
/// says who it is.
struct Said {
    details: Option<CitizenDetails>,
    understood: Details,
    personal: Option<PersonalDetails>,
    document: Option<DocumentDetails>,
    not_understood: Vec<u8>,
}

impl Said {
    fn read(files: &Files<'_>) -> Self {
        let details = files.get(FileId::Dg13).map(CitizenDetails::parse);
        let understood = match &details {
            None => Details::NotRead,
            Some(Ok(_)) => Details::Agrees,
            Some(Err(_)) => Details::NotUnderstood,
        };
        let personal = files.get(FileId::Dg11).map(PersonalDetails::parse);
        let document = files.get(FileId::Dg12).map(DocumentDetails::parse);
        let mut not_understood = Vec::new();
        not_understood.extend(matches!(personal, Some(Err(_))).then_some(11));
        not_understood.extend(matches!(document, Some(Err(_))).then_some(12));
        Self {
            details: details.and_then(Result::ok),
            understood,
            personal: personal.and_then(Result::ok),
            document: document.and_then(Result::ok),
            not_understood,
        }
    }

    /// By number only: evidence is not personal.
    fn unknown_details(&self) -> Vec<u32> {
        let details = self.details.iter();
        details.flat_map(|it| it.unknown().iter().map(UnknownField::number)).collect()
    }
}

fn read_mrz(dg1: &[u8], today: Date) -> Result<Mrz, IdentityError> {
    data_groups::mrz::parse(dg1, today).map_err(IdentityError::unreadable(FileId::Dg1))
}

fn not_expired(mrz: &Mrz, today: Date) -> Result<(), IdentityError> {
    match mrz.expiry.expired(today) {
        Some(on) => Err(IdentityError::Expired { on }),
        None => Ok(()),
    }
}

/// The day of birth on which both files agree, with the century of DG13.
fn agree(
    mrz: &Mrz,
    number: &CitizenNumber,
    details: Option<&CitizenDetails>,
) -> Result<Birth, IdentityError> {
    let Some(details) = details else { return Ok(mrz.birth) };
    if details.number().is_some_and(|theirs| theirs != *number) {
        return Err(IdentityError::FilesDisagree { what: Fact::Number });
    }
    if details.sex().is_some_and(|theirs| theirs != mrz.sex) {
        return Err(IdentityError::FilesDisagree { what: Fact::Sex });
    }
    match details.birth() {
        None => Ok(mrz.birth),
        Some(theirs) if theirs.agrees_with_mrz(mrz.birth) => Ok(theirs),
        Some(_) => Err(IdentityError::FilesDisagree { what: Fact::Birth }),
    }
}

#[cfg(test)]
mod signer_tests;
#[cfg(test)]
mod tests;
