//! From the bytes of the files to the verdict: passive authentication first, then
//! what the files say, then whether they say the same.

use std::collections::BTreeMap;

use card::FileId;
use jiff::civil::Date;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::{
    birth::Birth,
    chain::Chain,
    data_groups::{self, chip_keys, citizen_details::CitizenDetails, directory, face_image},
    error::{Fact, IdentityError, SignerFault},
    evidence::{CardEvidence, Details, IdentityId, SignerEvidence, Verdict},
    identity::{Identity, Nationality},
    mrz::Mrz,
    number::CitizenNumber,
    security_object::SecurityObject,
    trust::TrustList,
};

/// Files without which nobody can be identified.
const REQUIRED: [FileId; 3] = [FileId::Sod, FileId::Dg1, FileId::Dg2];

/// What was read from one card.
pub(crate) struct Files<'a> {
    pub bytes: BTreeMap<FileId, &'a [u8]>,
    /// How the channel was made.
    pub access: String,
}

impl<'a> Files<'a> {
    fn required(&self, file: FileId) -> Result<&'a [u8], IdentityError> {
        self.get(file).ok_or(IdentityError::Missing { file })
    }

    fn get(&self, file: FileId) -> Option<&'a [u8]> {
        self.bytes.get(&file).copied()
    }
}

/// Refuses a card that is past its last day, by what its DG1 says.
pub(crate) fn check_expiry(dg1: &[u8], today: Date) -> Result<(), IdentityError> {
    not_expired(&read_mrz(dg1, today)?, today)
}

/// The holder, if the issuer signed every file, is trusted, and the files agree.
pub(crate) fn reach(files: &Files<'_>, trust: &TrustList, today: Date) -> Result<Identity, IdentityError> {
    for file in REQUIRED {
        files.required(file)?;
    }
    let sod = files.required(FileId::Sod)?;
    let object = SecurityObject::open(sod)?;
    let checked_groups = check_digests(files, &object)?;
    let chain = Chain::build(&object.signer, trust)?;

    let mrz = read_mrz(files.required(FileId::Dg1)?, today)?;
    not_expired(&mrz, today)?;
    chain.check(today, object.signing_day)?;
    object.signer.may_sign_document(&mrz.document)?;
    let number = data_groups::mrz::citizen_number(&mrz).ok_or(IdentityError::NotACitizenCard)?;
    // Another state's signer may sign that state's cards only (9303-12, 7.1.1.1).
    if chain.country().as_deref() != Some("VN") {
        return Err(SignerFault::ForeignCountry.into());
    }

    let portrait =
        face_image::parse(files.required(FileId::Dg2)?).map_err(IdentityError::unreadable(FileId::Dg2))?;
    let dg13 = files.get(FileId::Dg13).map(CitizenDetails::parse);
    let understood = match &dg13 {
        None => Details::NotRead,
        Some(Ok(_)) => Details::Agrees,
        Some(Err(_)) => Details::NotUnderstood,
    };
    let details = dg13.and_then(Result::ok);
    let birth = agree(&mrz, &number, details.as_ref())?;
    let id = IdentityId(Sha256::digest(sod).into());
    let evidence = CardEvidence {
        verdict: Verdict::Authentic,
        security_object: id,
        access: files.access.clone(),
        signer: signer_evidence(&object, &chain),
        digest: object.list.digest.name(),
        security_object_version: object.list.version,
        signed_groups: object.list.groups(),
        checked_groups,
        directory: directory::compare(files.get(FileId::Com), &object.list.groups()),
        access_offer: chip_keys::compare_access(files.get(FileId::CardAccess), files.get(FileId::Dg14)),
        chip: chip_keys::offered(files.get(FileId::Dg14), files.get(FileId::Dg15)),
        details: understood,
        unknown_details: details.as_ref().map(|it| it.unknown().to_vec()).unwrap_or_default(),
        number_warnings: number.warnings(birth, mrz.sex),
    };
    Ok(holder(&mrz, number, birth, portrait, details, evidence))
}

/// Puts together who it is. DG13 gives what the MRZ has no letters for.
fn holder(
    mrz: &Mrz,
    number: CitizenNumber,
    birth: Birth,
    portrait: crate::portrait::Portrait,
    details: Option<CitizenDetails>,
    evidence: CardEvidence,
) -> Identity {
    let from_details = |part: fn(&CitizenDetails) -> Option<&str>| details.as_ref().and_then(part);
    Identity {
        number,
        name: Zeroizing::new(from_details(CitizenDetails::name).unwrap_or(&mrz.name).to_owned()),
        birth: Zeroizing::new(birth),
        sex: mrz.sex,
        nationality: Nationality(
            from_details(CitizenDetails::nationality).unwrap_or(&mrz.nationality).to_owned(),
        ),
        expiry: mrz.expiry,
        portrait,
        details,
        id: evidence.security_object,
        evidence,
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

/// Every data group that was read must be the one in the signed list.
fn check_digests(files: &Files<'_>, object: &SecurityObject) -> Result<Vec<u8>, IdentityError> {
    let mut checked = Vec::new();
    for (file, bytes) in &files.bytes {
        // EF.COM, EF.SOD and EF.CardAccess are no data groups; nobody lists them.
        let Some(group) = file.tag().and_then(directory::group_of) else { continue };
        object.list.check(*file, group, bytes)?;
        checked.push(group);
    }
    checked.sort_unstable();
    Ok(checked)
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

fn signer_evidence(object: &SecurityObject, chain: &Chain<'_>) -> SignerEvidence {
    SignerEvidence {
        serial: object.signer.serial().to_owned(),
        issuer: object.signer.issuer(),
        algorithm: object.scheme.clone(),
        found_by: object.found_by,
        chain: chain.fingerprints(),
    }
}

#[cfg(test)]
mod signer_tests;
#[cfg(test)]
mod tests;
