//! Counts what the audit log is told, for the indicators of the services. Whatever happens passes
//! here once; the log's fields have no type for what a citizen is, and neither have the figures.

use std::{collections::BTreeMap, time::Instant};

use audit::Event;
use faults::Fault;
use upkeep::Figures;

/// The figures, and what of the visit under way they need at its end.
#[derive(Default)]
pub struct Counting {
    /// What was counted.
    pub figures: Figures,
    begun: Option<Instant>,
    service: Option<String>,
}

impl Counting {
    /// Counts an event of the audit log.
    pub fn happened(&mut self, event: &Event, now: Instant) {
        if let Some(fault) = fault(event) {
            up(&mut self.figures.faults, fault.code());
        }
        match event {
            Event::VisitBegun => (self.begun, self.service) = (Some(now), None),
            Event::ServiceChosen { service } => self.service = Some(service.as_str().to_owned()),
            Event::VisitEnded { outcome } => {
                let service = self.service.take().unwrap_or_else(|| "none".to_owned());
                up(self.figures.visits.entry(service).or_default(), outcome.word());
                if let Some(begun) = self.begun.take() {
                    self.figures.durations.count(now.saturating_duration_since(begun));
                }
            }
            Event::IdentityVerified { chip } => {
                up(&mut self.figures.cards, &format!("chip-{}", chip.word()));
            }
            Event::IdentityRefused { .. } => up(&mut self.figures.cards, "refused"),
            Event::CardExpired => up(&mut self.figures.cards, "expired"),
            Event::CardRefused { .. } => up(&mut self.figures.cards, "not-read"),
            Event::FaceAttempted { decision, .. } => up(&mut self.figures.faces, decision.word()),
            Event::SlipPrinted { slip } => up(&mut self.figures.slips, slip.word()),
            _ => {}
        }
    }
}

fn fault(event: &Event) -> Option<Fault> {
    match event {
        Event::DeviceChanged { fault, .. } => *fault,
        Event::Fault { fault }
        | Event::VisitRefused { fault }
        | Event::CardRefused { fault }
        | Event::IdentityRefused { fault }
        | Event::OfficerRefused { fault, .. }
        | Event::CodeWrong { fault }
        | Event::TransactionRetried { fault, .. }
        | Event::SlipFailed { fault, .. }
        | Event::StaffRefused { fault } => Some(*fault),
        _ => None,
    }
}

fn up(counts: &mut BTreeMap<String, u64>, word: &str) {
    *counts.entry(word.to_owned()).or_default() += 1;
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use audit::{ChipGenuineness, FaceDecision, FaceReason, Outcome, ScoreBucket, SlipKind};

    use super::*;

    fn count(events: &[(u64, Event)]) -> Figures {
        let (mut counting, start) = (Counting::default(), Instant::now());
        for (second, event) in events {
            counting.happened(event, start + Duration::from_secs(*second));
        }
        counting.figures
    }

    fn counts(words: &[(&str, u64)]) -> BTreeMap<String, u64> {
        words.iter().map(|(word, count)| ((*word).to_owned(), *count)).collect()
    }

    #[test]
    fn a_visit_is_counted_once_when_it_ends_with_its_service_and_its_time() {
        let service = "eid.activate".parse().unwrap();
        let face = |decision| Event::FaceAttempted {
            attempt: 1,
            decision,
            reason: FaceReason::None,
            score: ScoreBucket::None,
        };
        let figures = count(&[
            (0, Event::VisitBegun),
            (5, Event::ServiceChosen { service }),
            (20, Event::IdentityVerified { chip: ChipGenuineness::Proven }),
            (30, face(FaceDecision::GreyZone)),
            (40, face(FaceDecision::Matched)),
            (80, Event::SlipPrinted { slip: SlipKind::Registered }),
            (95, Event::VisitEnded { outcome: Outcome::Activated }),
            // Somebody touched and went away.
            (200, Event::VisitBegun),
            (210, Event::VisitEnded { outcome: Outcome::None }),
        ]);
        assert_eq!(figures.visits["eid.activate"], counts(&[("activated", 1)]));
        assert_eq!(figures.visits["none"], counts(&[("none", 1)]));
        assert_eq!(figures.durations.counts[..5], [1, 0, 0, 0, 1]);
        assert_eq!(figures.durations.sum, 105_000);
        assert_eq!(figures.cards, counts(&[("chip-proven", 1)]));
        assert_eq!(figures.faces, counts(&[("grey-zone", 1), ("matched", 1)]));
        assert_eq!(figures.slips, counts(&[("registered", 1)]));
        assert_eq!(figures.faults, BTreeMap::new());
    }

    #[test]
    fn every_event_with_a_fault_counts_under_its_code() {
        let fault = Fault::all().next().unwrap();
        let part = audit::Part::Camera;
        let state = audit::PartState::Failed;
        let figures = count(&[
            (0, Event::Fault { fault }),
            (0, Event::CardRefused { fault }),
            (0, Event::IdentityRefused { fault }),
            (0, Event::SlipFailed { slip: SlipKind::Counter, fault }),
            (0, Event::DeviceChanged { device: part, state, fault: Some(fault) }),
            (0, Event::DeviceChanged { device: part, state, fault: None }),
        ]);
        assert_eq!(figures.faults, counts(&[(fault.code(), 5)]));
        assert_eq!(figures.cards, counts(&[("not-read", 1), ("refused", 1)]));
        // A new event that carries a fault has to be listed above, or it is not counted; but
        // fleetd's own, of sticks.
        let carry =
            audit::KINDS.iter().filter(|kind| kind.fields.iter().any(|field| field.1.starts_with("fault")));
        let carry = carry.filter(|kind| !kind.name.starts_with("stick-"));
        assert_eq!(carry.count(), 10);
    }
}
