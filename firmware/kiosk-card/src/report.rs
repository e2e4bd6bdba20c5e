//! A judgement as lines for a person.

use std::fmt::Write as _;

use identity::{
    AccessOffer, ChipGenuineness, Judgement, Revocation, Verdict,
    judgement::{Checked, NotDone, Outcome, ProofKind},
};

/// The verdict in one line.
pub fn verdict(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Authentic => "authentic".to_owned(),
        Verdict::SecurityObjectOnly => {
            "the list of digests is authentic; no file was held against it".to_owned()
        }
        Verdict::ChainUnknown { issuer } => {
            format!("CHAIN UNKNOWN: digests and signature fit, but nobody here knows the issuer {issuer}")
        }
        Verdict::Altered { file } => format!("ALTERED: {file} is not as it was signed"),
        Verdict::Revoked { on, .. } => format!("REVOKED on {on}"),
        Verdict::SignerExpired { from, until } => {
            format!("SIGNER EXPIRED: its certificate is valid from {from} to {until}")
        }
        Verdict::SignerNotValid { why } => format!("SIGNER NOT VALID: {why}"),
        Verdict::CloneSuspected { by } => format!("CLONE SUSPECTED: {} failed", proof(*by)),
        Verdict::RevocationUnknown => "NOT CONFIRMED: no current revocation list".to_owned(),
        Verdict::ChipNotProven => "NOT CONFIRMED: the chip was not asked for a proof".to_owned(),
        Verdict::NotJudged { why } => format!("NOT JUDGED: {why}"),
        other => format!("{other:?}"),
    }
}

/// Verdict, checks, signer, and what departs from the standard's profile.
pub fn lines(judgement: &Judgement) -> String {
    let mut text = format!("verdict: {}\n", verdict(&judgement.verdict));
    let mut line = |line: String| writeln!(text, "{line}").expect("a string takes all");
    for check in &judgement.checks {
        line(format!("  {:<28} {}", of(check.of), outcome(&check.outcome)));
    }
    if let Some(signer) = &judgement.signer {
        line(format!("signer: {}, serial {}, {}", signer.issuer, signer.serial, signer.algorithm));
        for certificate in &signer.chain {
            line(format!("  vouched for by {certificate}"));
        }
    }
    line(format!("revocation: {}", revocation(judgement.revocation)));
    line(format!("access offer: {}", offer(judgement.access_offer)));
    line(format!("chip: {}", chip(&judgement.chip)));
    for deviation in &judgement.deviations {
        line(format!("departs from the profile: {:?}: {:?}", deviation.of, deviation.what));
    }
    text
}

fn of(checked: Checked) -> String {
    match checked {
        Checked::Signature => "signature of EF.SOD".to_owned(),
        Checked::DataGroup(number) => format!("digest of DG{number}"),
        Checked::Chain => "chain to the trust list".to_owned(),
        Checked::Certificates => "purposes, days, countries".to_owned(),
        Checked::Revocation => "revocation".to_owned(),
        Checked::DocumentType => "type of document".to_owned(),
        Checked::IssuingState => "issuing state".to_owned(),
        Checked::AccessOffer => "ways in, as signed".to_owned(),
        Checked::Chip(kind) => proof(kind).to_owned(),
        other => format!("{other:?}"),
    }
}

fn proof(kind: ProofKind) -> &'static str {
    match kind {
        ProofKind::ChipAuthentication => "chip authentication",
        ProofKind::ActiveAuthentication => "active authentication",
        ProofKind::ChipAuthenticationMapping => "PACE-CAM",
    }
}

fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Passed => "passed".to_owned(),
        Outcome::Failed { why } => format!("FAILED: {why}"),
        Outcome::NotDone { because } => format!("not done: {}", because_of(*because)),
    }
}

fn because_of(reason: NotDone) -> &'static str {
    match reason {
        NotDone::NotRead => "the file is not there",
        NotDone::NothingToStandOn => "an earlier check failed",
        NotDone::NoList => "no revocation list of this issuer",
        NotDone::StaleList => "the revocation list is past its day",
        NotDone::NotOffered => "the issuer signed nothing for it",
        NotDone::NotAsked => "the chip was not asked",
        NotDone::UnknownState => "the state in the MRZ is not in the table",
        NotDone::Remembered => "the file was not read, but remembered of another chip",
        NotDone::OnlyStated => "it is only stated",
    }
}

fn revocation(revocation: Revocation) -> String {
    match revocation {
        Revocation::NotChecked => "not checked".to_owned(),
        Revocation::CheckedOn { list } => format!("not in the list of {list}"),
        Revocation::Stale { list, due } => {
            format!("not in the list of {list}, whose successor was due on {due}")
        }
    }
}

fn offer(offer: AccessOffer) -> &'static str {
    match offer {
        AccessOffer::NotChecked => "not checked; EF.CardAccess or DG14 is not there",
        AccessOffer::NotSigned => "not checked; DG14 names no form of PACE",
        AccessOffer::Confirmed => "EF.CardAccess offers the PACE that DG14 names",
        AccessOffer::NotConfirmed => "NOT CONFIRMED: EF.CardAccess, which nobody signs, differs from DG14",
        AccessOffer::RememberedAsSigned => "not read; remembered of another chip, and as DG14 says",
        AccessOffer::Remembered => "not read; remembered of another chip, and nothing signed says it",
    }
}

fn chip(chip: &ChipGenuineness) -> String {
    match chip {
        ChipGenuineness::Proven { by } => {
            format!("proven by {}", by.iter().map(|kind| proof(*kind)).collect::<Vec<_>>().join(" and "))
        }
        ChipGenuineness::Failed { by } => format!("{} FAILED", proof(*by)),
        ChipGenuineness::NotOffered => "its issuer signed no key for a proof".to_owned(),
        ChipGenuineness::NotChecked { offered } => format!("not asked; offered: {}", offered.join(", ")),
    }
}
