//! What came of a card, held against what must come of it.

use card_faults::Listed as _;
use identity::{ChipGenuineness, Identity, IdentityError, Judgement, Verdict};

use super::{
    cases::{Evidence, Expected},
    desk::Came,
};

/// Nothing, or what is wrong in words.
pub fn held_against(expected: &Expected, came: &Came) -> Result<(), String> {
    match (expected, came) {
        (Expected::Refused { .. }, Came::Accepted(..)) => Err("was accepted".to_owned()),
        (Expected::Refused { why, verdict }, refusal) => refused(why, verdict.as_deref(), refusal),
        (Expected::Citizen(evidence), Came::Accepted(identity, judgement, number)) => {
            citizen(identity, number)?;
            judged(evidence, judgement)?;
            same("access", &evidence.access, &identity.evidence().access)
        }
        (Expected::Document(evidence), Came::Refused(IdentityError::NotACitizenCard, judgement)) => {
            judged(evidence, judgement)
        }
        (Expected::Document(_), Came::Accepted(..)) => Err("was taken for a citizen's card".to_owned()),
        (Expected::Citizen(_) | Expected::Document(_), refusal) => {
            Err(format!("was refused: {}", reason(refusal)))
        }
    }
}

/// The reason must begin as expected, and the verdict must be the expected one.
fn refused(why: &str, verdict: Option<&str>, refusal: &Came) -> Result<(), String> {
    let reason = reason(refusal);
    if !reason.starts_with(why) {
        return Err(format!("for another reason: {reason}"));
    }
    let came = match refusal {
        Came::Refused(_, judgement) => Some(name(&judgement.verdict)),
        Came::Unread(_) | Came::StoppedAtZone(_) | Came::Accepted(..) => None,
    };
    if came.as_deref() == verdict { Ok(()) } else { Err(format!("verdict {came:?}, not {verdict:?}")) }
}

/// The code that the screen shows, and the error in words.
fn reason(refusal: &Came) -> String {
    match refusal {
        Came::Unread(error) => format!("{} {error}", error.fault().code()),
        Came::StoppedAtZone(error) | Came::Refused(error, _) => format!("{} {error:?}", error.fault().code()),
        Came::Accepted(..) => "none".to_owned(),
    }
}

/// As the audit log has it.
fn name(verdict: &Verdict) -> String {
    serde_json::to_value(verdict).unwrap()["verdict"].as_str().unwrap().to_owned()
}

fn citizen(identity: &Identity, number: &str) -> Result<(), String> {
    if identity.number().as_str() != number {
        return Err("is somebody else's".to_owned());
    }
    let picture = identity.portrait().decode().map_err(|error| format!("has no portrait: {error}"))?;
    if picture.width < 200 { Err("has a portrait too small".to_owned()) } else { Ok(()) }
}

fn judged(expected: &Evidence, judgement: &Judgement) -> Result<(), String> {
    if judgement.verdict != Verdict::Authentic {
        return Err(format!("verdict {:?}", judgement.verdict));
    }
    let chip = match &judgement.chip {
        ChipGenuineness::Proven { by } => by.iter().map(written).collect(),
        ChipGenuineness::NotOffered => Vec::new(),
        other => return Err(format!("the chip: {other:?}")),
    };
    same("the chip's proofs", &expected.chip, &chip)?;
    same("access offer", &expected.access_offer, &written(&judgement.access_offer))?;
    for wanted in &expected.stated {
        let stated = |it: &identity::profile::Deviation| format!("{} {}", written(&it.of), written(&it.what));
        if !judgement.deviations.iter().any(|it| stated(it) == *wanted) {
            return Err(format!("does not state '{wanted}': {:?}", judgement.deviations));
        }
    }
    Ok(())
}

fn written(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).unwrap().as_str().unwrap_or("?").to_owned()
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, expected: &T, came: &T) -> Result<(), String> {
    if expected == came { Ok(()) } else { Err(format!("{what}: {came:?}, not {expected:?}")) }
}
