//! Looks at a card's files from the signature down to the chip's proofs and notes
//! every check, done or not (ICAO 9303-11, 5.1 and 6; 9303-12). It goes on after a
//! failure as far as there is something to stand on: staff want to know all of it.

use std::collections::BTreeMap;

use card::{ChipProof, FileId, Protocol};
use jiff::civil::Date;

use crate::{
    Grounds,
    algorithm::Digest,
    chain::{Chain, ChainFault, Days},
    chip::{self, SignedKeys, card_security},
    data_groups::{
        chip_keys::{self, Offered},
        mrz,
    },
    envelope::EnvelopeFault,
    error::{IdentityError, Purpose, SignerFault},
    evidence::{AccessOffer, ChipGenuineness, Revocation, SignerEvidence},
    judgement::{Checked, Checks, Judgement, NotDone, ProofKind, Verdict, group},
    policy::{AccessOfferPolicy, ChipPolicy, RevocationPolicy},
    profile::{self, Deviation, Object, Role},
    security_object::SecurityObject,
    states::{self, Relation},
    tlv,
};

/// What is not looked at where EF.SOD is no good.
const STANDING_ON_THE_SIGNATURE: [Checked; 6] = [
    Checked::Chain,
    Checked::Certificates,
    Checked::Revocation,
    Checked::DocumentType,
    Checked::IssuingState,
    Checked::AccessOffer,
];

/// What was read from one card.
pub(crate) struct Files<'a> {
    pub bytes: BTreeMap<FileId, &'a [u8]>,
    /// What the chip did to show that it is no copy.
    pub proofs: &'a [ChipProof],
    /// How the channel was made; none: nobody saw the files coming from a chip.
    pub access: Option<Protocol>,
    /// EF.CardAccess of another chip, by which PACE was chosen without asking this one.
    pub remembered: Option<&'a [u8]>,
}

impl<'a> Files<'a> {
    pub fn required(&self, file: FileId) -> Result<&'a [u8], IdentityError> {
        self.get(file).ok_or(IdentityError::Missing { file })
    }

    pub fn get(&self, file: FileId) -> Option<&'a [u8]> {
        self.bytes.get(&file).copied()
    }

    /// What PACE was chosen by. A chip that was opened by what another one had shown may be asked
    /// for its own file afterwards: that changes nothing of how it was opened.
    fn offered(&self) -> Offered<'a> {
        match (self.remembered, self.get(FileId::CardAccess), self.access) {
            (Some(file), ..) => Offered::Remembered(file),
            (None, Some(file), _) => Offered::Shown(file),
            (None, None, Some(_)) => Offered::Absent,
            (None, None, None) => Offered::Unknown,
        }
    }
}

/// What came of it.
pub(crate) struct Examined {
    /// The gravest failure; none: the card is authentic.
    pub error: Option<IdentityError>,
    pub judgement: Judgement,
    pub object: Option<SecurityObject>,
    /// Data groups whose digest was checked and fits.
    pub groups: Vec<u8>,
    /// The country for which the signer signs.
    pub country: Option<String>,
}

/// What stands on the way up from the signer.
#[derive(Default)]
struct Upwards {
    signer: Option<SignerEvidence>,
    revocation: Option<Revocation>,
    deviations: Vec<Deviation>,
    country: Option<String>,
}

/// Looks at everything.
pub(crate) fn examine(files: &Files<'_>, grounds: &Grounds<'_>, today: Date) -> Examined {
    let mut checks = Checks::new();
    let sha1 = grounds.policy.sha1.on(today);
    let opened = files.required(FileId::Sod).and_then(|sod| SecurityObject::open(sod, sha1));
    let object = checks.note(Checked::Signature, opened);
    let groups = object.as_ref().map(|object| digests(files, object, &mut checks)).unwrap_or_default();
    let up = if let Some(object) = &object {
        upwards(files, object, grounds, today, &mut checks)
    } else {
        for of in STANDING_ON_THE_SIGNATURE {
            checks.not_done(of, NotDone::NothingToStandOn);
        }
        Upwards::default()
    };
    let access_offer = access_offer(files, &groups);
    if object.is_some() {
        note_access_offer(access_offer, up.country.as_deref(), grounds.policy.access_offer, &mut checks);
    }
    let chip = object.as_ref().map(|object| {
        let signed = object.list.groups();
        Chip { files, grounds, today, groups: &groups, signed: &signed, country: up.country.as_deref() }
            .ask(&mut checks)
    });
    let (error, checks) = checks.finish();
    let verdict = match &error {
        Some(error) => Verdict::of(error),
        None if groups.is_empty() => Verdict::SecurityObjectOnly,
        None => Verdict::Authentic,
    };
    let judgement = Judgement {
        verdict,
        checks,
        signer: up.signer,
        revocation: up.revocation.unwrap_or(Revocation::NotChecked),
        access_offer,
        chip: chip.unwrap_or(ChipGenuineness::NotChecked { offered: Vec::new() }),
        deviations: up.deviations,
    };
    Examined { error, judgement, object, groups, country: up.country }
}

/// What EF.CardAccess, or what was remembered for it, says beside a DG14 that is as it was signed.
fn access_offer(files: &Files<'_>, groups: &[u8]) -> AccessOffer {
    let dg14 = files.get(FileId::Dg14).filter(|_| groups.contains(&14));
    chip_keys::compare_access(files.offered(), dg14)
}

/// Whether that speaks against the card: what the issuer signed in DG14 is then not what
/// the chip showed in EF.CardAccess (9303-11, 9.2).
fn note_access_offer(
    offer: AccessOffer,
    country: Option<&str>,
    policy: AccessOfferPolicy,
    checks: &mut Checks,
) {
    let of = Checked::AccessOffer;
    match (offer, policy) {
        // Who signed DG14 is not known.
        _ if country.is_none() => checks.not_done(of, NotDone::NothingToStandOn),
        (AccessOffer::NotChecked, _) => checks.not_done(of, NotDone::NotRead),
        (AccessOffer::NotSigned, _) => checks.not_done(of, NotDone::NotOffered),
        (AccessOffer::Remembered | AccessOffer::RememberedAsSigned, _) => {
            checks.not_done(of, NotDone::Remembered);
        }
        (AccessOffer::Confirmed, _) => drop(checks.note(of, Ok(()))),
        (AccessOffer::NotConfirmed, AccessOfferPolicy::StateOnly) => checks.not_done(of, NotDone::OnlyStated),
        (AccessOffer::NotConfirmed, AccessOfferPolicy::RefuseWherePaceIsSigned) => {
            checks.note::<()>(of, Err(IdentityError::Altered { file: FileId::CardAccess }));
        }
    }
}

/// Every data group that was read must be the one in the signed list. Those that fit.
fn digests(files: &Files<'_>, object: &SecurityObject, checks: &mut Checks) -> Vec<u8> {
    let mut fitting = Vec::new();
    // EF.COM, EF.SOD and EF.CardAccess are no data groups; nobody lists them.
    let read: Vec<(FileId, u8)> = files.bytes.keys().filter_map(|it| Some((*it, group(*it)?))).collect();
    for (file, group) in &read {
        let result = object.list.check(*file, *group, files.bytes[file]);
        fitting.extend(checks.note(Checked::DataGroup(*group), result).map(|()| *group));
    }
    for signed in object.list.groups().into_iter().filter(|it| read.iter().all(|(_, group)| group != it)) {
        checks.not_done(Checked::DataGroup(signed), NotDone::NotRead);
    }
    fitting.sort_unstable();
    fitting
}

/// From the signer to the trust list.
fn upwards(
    files: &Files<'_>,
    object: &SecurityObject,
    grounds: &Grounds<'_>,
    today: Date,
    checks: &mut Checks,
) -> Upwards {
    let chain = Chain::build(&object.signer, grounds.trust).map_err(IdentityError::from);
    let Some(chain) = checks.note(Checked::Chain, chain) else {
        for of in [Checked::Certificates, Checked::Revocation] {
            checks.not_done(of, NotDone::NothingToStandOn);
        }
        document(files, object, None, checks);
        return Upwards::default();
    };
    let revocation = revocation(&chain, grounds, today, checks);
    let days = Days { today, signed: object.signing_day };
    let sha1 = grounds.policy.sha1.on(today);
    checks.note(Checked::Certificates, chain.check(Purpose::Documents, days, sha1).map_err(Into::into));
    document(files, object, chain.country().as_deref(), checks);
    let digests = [object.digest, object.list.digest, object.scheme.digest()];
    let about = Object {
        found_by: object.found_by,
        uses_sha1: digests.contains(&Digest::Sha1),
        signed: object.signing_day,
    };
    Upwards {
        signer: Some(SignerEvidence::of(&object.signer, object.found_by, object.scheme, &chain)),
        revocation: Some(revocation),
        deviations: profile::deviations(&chain, Role::DocumentSigner, about, today),
        country: chain.country(),
    }
}

/// Whether anybody on the way up from the signer of EF.SOD was called back, and how far the lists
/// can tell.
fn revocation(chain: &Chain<'_>, grounds: &Grounds<'_>, today: Date, checks: &mut Checks) -> Revocation {
    let (status, held) = ask_lists(chain, grounds, today);
    match (status, held) {
        (_, Err(error)) => drop(checks.note::<()>(Checked::Revocation, Err(error))),
        (Revocation::CheckedOn { .. }, Ok(())) => drop(checks.note(Checked::Revocation, Ok(()))),
        (Revocation::NotChecked, Ok(())) => checks.not_done(Checked::Revocation, NotDone::NoList),
        (Revocation::Stale { .. }, Ok(())) => checks.not_done(Checked::Revocation, NotDone::StaleList),
    }
    status
}

/// How far the lists speak of a signer, and what they hold against it or anybody on the way up;
/// also that none of them is current, where the operator wants one.
fn ask_lists(
    chain: &Chain<'_>,
    grounds: &Grounds<'_>,
    today: Date,
) -> (Revocation, Result<(), IdentityError>) {
    let status = grounds.revoked.status(chain.signer(), grounds.trust, today);
    let called_back = grounds.revoked.revoked_among(chain, grounds.trust);
    let held = match (called_back, status, grounds.policy.revocation) {
        (Some((whose, on)), ..) => Err(IdentityError::Revoked { whose, on }),
        (None, Revocation::CheckedOn { .. }, _) | (None, _, RevocationPolicy::StateOnly) => Ok(()),
        (None, Revocation::NotChecked | Revocation::Stale { .. }, RevocationPolicy::CurrentListRequired) => {
            Err(IdentityError::RevocationUnknown)
        }
    };
    (status, held)
}

/// Whether the signer signs documents like this one, and of this state.
fn document(files: &Files<'_>, object: &SecurityObject, country: Option<&str>, checks: &mut Checks) {
    let Some(dg1) = files.get(FileId::Dg1) else {
        checks.not_done(Checked::DocumentType, NotDone::NotRead);
        return checks.not_done(Checked::IssuingState, NotDone::NotRead);
    };
    let zone = mrz::document_and_state(dg1).map_err(IdentityError::unreadable(FileId::Dg1));
    let state = zone.as_ref().ok().map(|(_, state)| state.clone());
    let allowed = zone.and_then(|(kind, _)| object.signer.may_sign_document(&kind).map_err(Into::into));
    checks.note(Checked::DocumentType, allowed);
    let (Some(state), Some(country)) = (state, country) else {
        return checks.not_done(Checked::IssuingState, NotDone::NothingToStandOn);
    };
    match states::relation(&state, country) {
        Relation::Same => drop(checks.note(Checked::IssuingState, Ok(()))),
        Relation::Other => {
            checks.note::<()>(Checked::IssuingState, Err(SignerFault::ForeignCountry.into()));
        }
        Relation::Unknown => checks.not_done(Checked::IssuingState, NotDone::UnknownState),
    }
}

/// The chip's proofs and what they stand on.
struct Chip<'a> {
    files: &'a Files<'a>,
    grounds: &'a Grounds<'a>,
    today: Date,
    /// Data groups that are as they were signed.
    groups: &'a [u8],
    /// Data groups that the issuer signed.
    signed: &'a [u8],
    /// None: the signer leads to nobody who is trusted.
    country: Option<&'a str>,
}

impl Chip<'_> {
    fn ask(&self, checks: &mut Checks) -> ChipGenuineness {
        let (mut proven, mut failed) = (Vec::new(), None);
        for proof in self.files.proofs {
            let Some(kind) = chip::kind(proof) else { continue };
            if self.country.is_none() {
                checks.not_done(Checked::Chip(kind), NotDone::NothingToStandOn);
                continue;
            }
            match checks.note(Checked::Chip(kind), self.judge(kind, proof)) {
                Some(()) => proven.push(kind),
                None => failed = failed.or(Some(kind)),
            }
        }
        let offers = self.offers();
        for (kind, because) in self.not_asked(&offers) {
            checks.not_done(Checked::Chip(kind), because);
        }
        match (failed, proven.is_empty(), offers.is_empty()) {
            (Some(by), ..) => ChipGenuineness::Failed { by },
            (None, false, _) => ChipGenuineness::Proven { by: proven },
            (None, true, true) => ChipGenuineness::NotOffered,
            (None, true, false) => {
                if self.grounds.policy.chip == ChipPolicy::ProofRequiredWhereOffered {
                    checks.require(IdentityError::ChipNotProven);
                }
                ChipGenuineness::NotChecked { offered: offers }
            }
        }
    }

    /// A proof that fails means a copy; so does one whose key nobody signed.
    fn judge(&self, kind: ProofKind, proof: &ChipProof) -> Result<(), IdentityError> {
        let suspect = IdentityError::CloneSuspected { by: kind };
        let file = |file: FileId, number: u8| self.files.get(file).filter(|_| self.groups.contains(&number));
        let card_security = match kind {
            ProofKind::ChipAuthenticationMapping => Some(self.card_security()?),
            ProofKind::ChipAuthentication | ProofKind::ActiveAuthentication => None,
        };
        let keys = SignedKeys {
            dg14: file(FileId::Dg14, 14),
            dg15: file(FileId::Dg15, 15),
            card_security: card_security.as_deref(),
        };
        chip::judge(proof, keys).map_err(|_| suspect)
    }

    /// The content of EF.CardSecurity, whose signer must be as good as EF.SOD's and of
    /// the same country (9303-11, 4.4.3.5.2).
    fn card_security(&self) -> Result<Vec<u8>, IdentityError> {
        let suspect = || IdentityError::CloneSuspected { by: ProofKind::ChipAuthenticationMapping };
        let file = self.files.get(FileId::CardSecurity).ok_or_else(suspect)?;
        let file = tlv::definite(file).map_err(|_| suspect())?;
        let sha1 = self.grounds.policy.sha1.on(self.today);
        let envelope = card_security::open(&file, sha1).map_err(|fault| match fault {
            EnvelopeFault::Signer(reason) => IdentityError::SignerNotValid { reason },
            EnvelopeFault::Malformed(_) | EnvelopeFault::Altered => suspect(),
        })?;
        // Whoever copies a chip's files can sign other keys with a key of their own.
        let chain = Chain::build(&envelope.signer, self.grounds.trust).map_err(|fault| match fault {
            ChainFault::Unknown { .. } => suspect(),
            ChainFault::Signer(reason) => reason.into(),
        })?;
        let signed = envelope.signed_at.map(jiff::civil::DateTime::date);
        chain.check(Purpose::Documents, Days { today: self.today, signed }, sha1)?;
        if chain.country().as_deref() != self.country {
            return Err(SignerFault::ForeignCountry.into());
        }
        let (_, held) = ask_lists(&chain, self.grounds, self.today);
        held.map(|()| envelope.content.to_vec())
    }

    /// What the signed files offer; a signed file that was not read may offer more.
    fn offers(&self) -> Vec<String> {
        let file = |file: FileId, number: u8| self.files.get(file).filter(|_| self.groups.contains(&number));
        let mut offers = chip_keys::offered(file(FileId::Dg14, 14), file(FileId::Dg15, 15));
        for (number, read) in [(14, self.files.get(FileId::Dg14)), (15, self.files.get(FileId::Dg15))] {
            if self.signed.contains(&number) && read.is_none() {
                offers.push(format!("DG{number} not read"));
            }
        }
        offers
    }

    /// The ways of proving that were not tried, and why not.
    fn not_asked(&self, offers: &[String]) -> Vec<(ProofKind, NotDone)> {
        let tried: Vec<ProofKind> = self.files.proofs.iter().filter_map(chip::kind).collect();
        let kinds = [
            (ProofKind::ChipAuthentication, "DG14"),
            (ProofKind::ActiveAuthentication, "DG15"),
            (ProofKind::ChipAuthenticationMapping, chip_keys::MAPPING_OFFERED),
        ];
        let fresh = kinds.into_iter().filter(|(kind, _)| !tried.contains(kind));
        let why = |source: &str| {
            let of_it = |offer: &&String| offer.starts_with(source);
            match offers.iter().find(of_it) {
                None => NotDone::NotOffered,
                Some(offer) if offer.ends_with("not read") => NotDone::NotRead,
                Some(_) => NotDone::NotAsked,
            }
        };
        fresh.map(|(kind, source)| (kind, why(source))).collect()
    }
}
