//! From the outbox to "thank you". Paper says *received* or *registered*, never
//! blurred.

use devices::Device;
use faults::Fault;
use outbox::Standing;
use screen::{Outcome, PaperOutcome, Tap};

use super::{Turn, go};
use crate::{
    World,
    effect::{Effect, SlipOrder},
    event::Event,
    state::{At, Ending, Manner, audited},
};

/// The next state, or how the visit ends.
pub(super) fn next(at: At, event: Event, manner: Manner, world: &World<'_>) -> Result<Turn, audit::Outcome> {
    Ok(match (at, event) {
        (At::Sending { service, sent_to, kept: None }, Event::Stored(kept)) => {
            go(At::Sending { service, sent_to, kept: Some(kept) })
        }
        (At::Sending { kept: None, .. }, Event::StoreFailed(fault)) => {
            ended(Outcome::Refused { fault }, Some(world.reference.to_owned()), None)
        }
        (At::Sending { service: id, sent_to, kept: Some(_) }, Event::Acknowledged(receipt)) => {
            let outcome = match receipt.standing() {
                Standing::Registered => Outcome::Activated,
                Standing::Received => Outcome::Received,
            };
            let reference = receipt.reference().to_string();
            let service = world.service(&id).title.clone();
            let slip = SlipOrder::Acknowledged { service, sent_to, receipt };
            print(ending(outcome, Some(reference), Some(slip)), manner, world)
        }
        (At::Sending { service: id, sent_to, kept: Some(kept) }, Event::NotAnswered) => {
            let reference = kept.reference.to_string();
            let service = world.service(&id).title.clone();
            let slip = SlipOrder::Kept { service, sent_to, kept };
            print(ending(Outcome::Received, Some(reference), Some(slip)), manner, world)
        }
        (At::Sending { kept: Some(kept), .. }, Event::Rejected(fault)) => {
            ended(Outcome::Refused { fault }, Some(kept.reference.to_string()), None)
        }
        (At::Printing { mut ending }, Event::Printed) => {
            ending.paper = PaperOutcome::Printed;
            go(At::Ended { ending })
        }
        (At::Printing { mut ending }, Event::PrintFailed(fault)) => {
            ending.paper = PaperOutcome::Failed(fault);
            go(At::Ended { ending })
        }
        (At::Ended { ending }, Event::Tap(Tap::Print)) if ending.paper == PaperOutcome::Offered => {
            print(ending, manner, world)
        }
        (At::Ended { ending }, Event::Tap(Tap::Continue)) => {
            go(At::Thanking { rated: None, outcome: audited(&ending.outcome) })
        }
        (At::Thanking { outcome, .. }, Event::Tap(Tap::Rate(stars @ 1..=5))) => {
            go(At::Thanking { rated: Some(stars), outcome })
        }
        (At::Thanking { outcome, .. }, Event::Tap(Tap::Continue)) => return Err(outcome),
        (same, _) => go(same),
    })
}

/// The page that says how it ended, with a slip on offer where there is one.
pub(super) fn ended(outcome: Outcome, reference: Option<String>, slip: Option<SlipOrder>) -> Turn {
    go(At::Ended { ending: ending(outcome, reference, slip) })
}

/// The page that sends the citizen to the counter, with a slip that says why.
pub(super) fn to_counter(outcome: Outcome, world: &World<'_>) -> Turn {
    let reference = world.reference.to_owned();
    let slip = SlipOrder::Counter { outcome: outcome.clone(), reference: reference.clone() };
    ended(outcome, Some(reference), Some(slip))
}

fn ending(outcome: Outcome, reference: Option<String>, slip: Option<SlipOrder>) -> Ending {
    let paper = if slip.is_some() { PaperOutcome::Offered } else { PaperOutcome::None };
    Ending { outcome, reference, slip: slip.map(Box::new), paper }
}

/// Prints the slip, or says at once that it cannot be.
fn print(mut ending: Ending, manner: Manner, world: &World<'_>) -> Turn {
    let printer = world.devices.get(&Device::ReceiptPrinter);
    let works = printer.is_some_and(|state| state.works());
    match ending.slip.take() {
        Some(slip) if works => go(At::Printing { ending }).and(Effect::Print(slip, manner.language)),
        Some(_) => {
            let fault = printer.and_then(|state| state.fault()).unwrap_or(Fault::PrinterMissing);
            ending.paper = PaperOutcome::Failed(fault);
            go(At::Ended { ending })
        }
        None => go(At::Ended { ending }),
    }
}
