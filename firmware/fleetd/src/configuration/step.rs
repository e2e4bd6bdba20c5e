//! The transitions.

use std::time::Duration;

use jiff::SignedDuration;
use upkeep::Vitals;

use super::{Candidate, Effect, Event, Found, Memory, Refused, State};
use crate::update::{Before, Ill, Moment};

/// What to do, in order.
type Effects = Vec<Effect>;

/// How long things may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// How long nobody must have been served before the machine closes.
    pub idle: Duration,
    /// The same for what is forced.
    pub idle_forced: Duration,
    /// How long before it closes that is announced.
    pub announce: Duration,
    /// How long settings have to be well.
    pub well_for: Duration,
    /// How long they may be ill before they are taken back.
    pub ill_for: Duration,
}

/// More sets that failed are not kept; the oldest is forgotten.
const MOST_REFUSED: usize = 32;

impl Memory {
    /// Moves on. What changes is written down before any effect is carried out.
    #[must_use]
    pub fn step(mut self, event: Event, patience: &Patience) -> (Self, Effects) {
        let effects = match event {
            Event::Ordered { action, forced } => {
                self.asked = Some((action, forced));
                if self.state == State::Resting { vec![Effect::Gather] } else { vec![] }
            }
            Event::Gathered(Ok(found)) => self.found(found),
            Event::Gathered(Err(why)) => self.refuse_layers(&why),
            Event::Tick { moment, free } => self.tick(&moment, free, patience),
            Event::NotNow(_) => vec![],
            event => {
                let state = std::mem::take(&mut self.state);
                self.answered(state, event)
            }
        };
        (self, effects)
    }

    /// What is to be done again after a restart.
    pub fn resume(&self) -> Effects {
        match &self.state {
            State::Resting | State::Trial { .. } => vec![],
            State::Checking { candidate } => vec![Effect::Check(candidate.set)],
            State::Waiting { .. } => vec![Effect::Open],
            // The lease went with the process that held it.
            State::Switching { .. } | State::GoingBack { .. } => vec![Effect::Lease],
            State::Committing { candidate } => vec![Effect::Commit(candidate.set)],
        }
    }

    fn found(&mut self, found: Found) -> Effects {
        let under_way = match &self.state {
            State::Resting | State::Checking { .. } | State::Waiting { .. } => self.state.candidate(),
            // Too late for this one: the next look finds what it finds.
            _ => return vec![],
        };
        let (under_way, closing) = (under_way.map(|candidate| candidate.set), self.state.disturbs());
        let mut effects = if closing { vec![Effect::Open] } else { vec![] };
        match found {
            Found::New(new) if under_way == Some(new.set) => return vec![],
            Found::New(new) => {
                let failed = self.refused.iter().find(|refused| refused.set == new.set);
                if let Some(Refused { why, .. }) = failed {
                    let line = format!("refused: {}: it failed on this kiosk before: {why}", new.line);
                    self.state = State::Resting;
                    effects.extend(self.end(false, line));
                } else {
                    effects.push(Effect::Check(new.set));
                    self.state = State::Checking { candidate: new };
                }
            }
            Found::Same => {
                self.state = State::Resting;
                let line = self.good.as_ref().map_or("built-in", |good| good.line.as_str());
                let line = format!("in-force: {line}");
                effects.extend(self.end(true, line));
            }
        }
        effects
    }

    /// What is in force stays. A candidate of before them stays too: its layers were in order.
    fn refuse_layers(&mut self, why: &str) -> Effects {
        let line = format!("refused: {why}");
        if self.state == State::Resting { self.end(false, line) } else { self.say(line) }
    }

    fn answered(&mut self, state: State, event: Event) -> Effects {
        match (state, event) {
            (State::Checking { .. }, Event::Lost) => {
                self.state = State::Resting;
                vec![Effect::Gather]
            }
            (State::Checking { candidate }, Event::Checked(Ok(()))) => {
                self.state = State::Waiting { candidate, closes: None };
                vec![]
            }
            (State::Checking { candidate }, Event::Checked(Err(why))) => {
                self.refuse(&candidate, &format!("check: {why}"));
                self.end(false, format!("refused: {}: check: {why}", candidate.line))
            }
            (State::Waiting { candidate, closes: Some(_) }, Event::Leased(Some(before)))
            | (State::Switching { candidate, before }, Event::Leased(Some(_))) => {
                let switch = Effect::Switch(candidate.set);
                self.state = State::Switching { candidate, before };
                vec![switch]
            }
            (State::Switching { candidate, before }, Event::Switched(Ok(()))) => {
                let (well_for, ill_for) = (Duration::ZERO, Duration::ZERO);
                self.state = State::Trial { candidate, before, well_for, ill_for };
                vec![]
            }
            (State::Switching { candidate, .. }, Event::Switched(Err(why))) => {
                self.state = State::GoingBack { candidate, why };
                vec![Effect::Lease]
            }
            (State::Committing { candidate }, Event::Committed) => {
                self.ages.extend(candidate.ages.clone());
                let line = format!("in-force: {}", candidate.line);
                self.good = Some(candidate);
                self.end(true, line)
            }
            (State::GoingBack { candidate, why }, Event::Leased(Some(_))) => {
                self.state = State::GoingBack { candidate, why };
                vec![Effect::GoBack(self.good.as_ref().map(|good| good.set))]
            }
            (State::GoingBack { candidate, why }, Event::WentBack) => {
                self.refuse(&candidate, &why);
                let good = self.good.as_ref().map_or("built-in", |good| good.line.as_str());
                let line =
                    format!("went-back: {} made the kiosk ill: {why}; {good} is in force", candidate.line);
                let mut effects = vec![Effect::Open];
                effects.extend(self.end(false, line));
                effects
            }
            (state, _) => {
                self.state = state;
                vec![]
            }
        }
    }

    fn tick(&mut self, moment: &Moment, free: bool, patience: &Patience) -> Effects {
        match std::mem::take(&mut self.state) {
            State::Waiting { candidate, closes } => {
                let (closes, effects) = self.wait(closes, moment, free, patience);
                self.state = State::Waiting { candidate, closes };
                effects
            }
            State::Trial { candidate, before, well_for, ill_for } => {
                self.watch(candidate, before, (well_for, ill_for), moment, patience)
            }
            state @ (State::Switching { .. } | State::GoingBack { .. }) => {
                self.state = state;
                vec![Effect::Announce(moment.clock), Effect::Lease]
            }
            state => {
                // Whoever is at it goes on; what broke off begins again.
                self.state = state;
                self.resume()
            }
        }
    }

    fn wait(
        &self,
        closes: Option<jiff::Timestamp>,
        moment: &Moment,
        free: bool,
        patience: &Patience,
    ) -> (Option<jiff::Timestamp>, Effects) {
        let announce = SignedDuration::try_from(patience.announce).unwrap_or(SignedDuration::ZERO);
        let soonest = moment.clock.saturating_add(announce).unwrap_or(moment.clock);
        // A clock that was set back must not put it off for years.
        let closes = closes.map(|closes| closes.min(soonest));
        let forced = self.asked.is_some_and(|(_, forced)| forced);
        let idle = if forced { patience.idle_forced } else { patience.idle };
        let suits = free && (forced || moment.window) && moment.idle() >= idle;
        match closes {
            Some(_) if !free => (None, vec![Effect::Open]),
            // Once it is announced, it holds: whoever is served longer than that is waited for.
            Some(closes) if moment.clock >= closes => {
                (Some(closes), vec![Effect::Announce(closes), Effect::Lease])
            }
            None if suits => (Some(soonest), vec![Effect::Announce(soonest)]),
            closes => (closes, vec![]),
        }
    }

    fn watch(
        &mut self,
        candidate: Candidate,
        before: Before,
        (well_for, ill_for): (Duration, Duration),
        moment: &Moment,
        patience: &Patience,
    ) -> Effects {
        let vitals = moment.vitals.as_ref();
        // Settings cannot change the way to the platform: if it is gone, they are not why.
        let ill = before.ill(vitals, moment.clock).and_then(Ill::here);
        if let Some(why) = ill.or_else(|| other_settings(vitals, &candidate)) {
            let ill_for = ill_for + moment.passed;
            if ill_for >= patience.ill_for {
                // From here on nothing else happens; the visit under way is waited for.
                self.state = State::GoingBack { candidate, why };
                return vec![Effect::Announce(moment.clock), Effect::Lease];
            }
            self.state = State::Trial { candidate, before, well_for: Duration::ZERO, ill_for };
            return vec![];
        }
        let well_for = well_for + moment.passed;
        if well_for >= patience.well_for {
            let commit = Effect::Commit(candidate.set);
            self.state = State::Committing { candidate };
            return vec![Effect::Open, commit];
        }
        self.state = State::Trial { candidate, before, well_for, ill_for: Duration::ZERO };
        // It is up: citizens may come.
        vec![Effect::Open]
    }

    fn refuse(&mut self, candidate: &Candidate, why: &str) {
        self.refused.retain(|refused| refused.set != candidate.set);
        self.refused.push(Refused { set: candidate.set, why: why.to_owned() });
        if self.refused.len() > MOST_REFUSED {
            self.refused.remove(0);
        }
    }

    /// Says how it ended, and tells whoever asked.
    fn end(&mut self, success: bool, line: String) -> Effects {
        let asked = self.asked.take();
        let report = asked.map(|(action, _)| Effect::Report { action, success, line: line.clone() });
        self.say(line).into_iter().chain(report).collect()
    }

    /// Says a line, unless it is the one that was said last.
    fn say(&mut self, line: String) -> Effects {
        if self.said.as_ref() == Some(&line) {
            return vec![];
        }
        self.said = Some(line.clone());
        vec![Effect::Say(line)]
    }
}

/// A `kioskd` that cannot read its settings goes by others and says so: then these are not tried.
fn other_settings(vitals: Option<&Vitals>, candidate: &Candidate) -> Option<String> {
    let goes_by = vitals.and_then(|vitals| vitals.configuration.as_deref()).unwrap_or("what is built in");
    (goes_by != configuration::hexadecimal(candidate.set))
        .then(|| format!("kioskd: does not go by them, but by {goes_by}"))
}
