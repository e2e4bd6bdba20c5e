//! One step of the visit. What holds on every page stands here; each stretch of
//! the way has a file of its own.

mod account;
mod card;
mod ending;
mod face;
mod officers;
mod opening;
mod secrets;
mod staff;

use faults::Fault;
use screen::{Offers, Over, StaffTap, Tap};

use crate::{
    World,
    effect::Effect,
    event::Event,
    state::{At, Journey, Manner, audited},
};

/// A state and what is to be done on the way into it.
pub(crate) struct Turn {
    at: At,
    effects: Vec<Effect>,
}

impl Turn {
    fn and(mut self, effect: Effect) -> Self {
        self.effects.push(effect);
        self
    }
}

fn go(at: At) -> Turn {
    Turn { at, effects: Vec::new() }
}

impl Journey {
    /// Moves one step. An event that means nothing here changes nothing.
    pub fn step(mut self, event: Event, world: &World<'_>) -> (Self, Vec<Effect>) {
        let event = match event {
            Event::Second => return self.second(world),
            Event::Tap(tap) => {
                self.idle = 0;
                match self.tap_anywhere(tap) {
                    Ok(effects) => return (self, effects),
                    Err(Ended(word)) => return self.finish(word, Vec::new()),
                    Err(Passed(tap)) => Event::Tap(tap),
                }
            }
            other => {
                self.idle = 0;
                other
            }
        };
        let before = std::mem::discriminant(&self.at);
        let turn = match self.at {
            at @ (At::Attract | At::ChoosingService | At::Consenting { .. }) => {
                opening::next(at, event, self.manner, self.closed, world)
            }
            at @ (At::EnteringCardKey { .. }
            | At::PlacingCard { .. }
            | At::ReadingCard { .. }
            | At::Greeting { .. }) => card::next(at, event, world),
            at @ (At::TakingPhoto { .. }
            | At::FaceMissed { .. }
            | At::AnotherWay { .. }
            | At::AskingVneid { .. }
            | At::ShowingVneid { .. }) => face::next(at, event, world),
            at @ (At::AskingOfficers { .. }
            | At::EnteringOfficer { .. }
            | At::EnteringOfficerPin { .. }
            | At::OfficerSigning { .. }) => officers::next(at, event, world),
            at @ (At::LookingUp { .. }
            | At::EnteringPhone { .. }
            | At::CheckingPhone { .. }
            | At::SendingCode { .. }
            | At::EnteringCode { .. }
            | At::CheckingCode { .. }) => account::next(at, event, world),
            at @ (At::SettingPassword { .. }
            | At::SettingPasscode { .. }
            | At::Answering { .. }
            | At::SettingSecrets { .. }
            | At::Reviewing { .. }) => secrets::next(at, event, world),
            at @ (At::Sending { .. } | At::Printing { .. } | At::Ended { .. } | At::Thanking { .. }) => {
                match ending::next(at, event, self.manner, world) {
                    Ok(turn) => turn,
                    Err(word) => {
                        self.at = At::Attract;
                        return self.finish(word, Vec::new());
                    }
                }
            }
            at @ (At::SigningInStaff { .. } | At::ShowingBadge { .. } | At::ServingStaff { .. }) => {
                staff::next(at, event, &mut self.closed)
            }
        };
        self.at = turn.at;
        if std::mem::discriminant(&self.at) != before {
            self.over = None;
            if matches!(self.at, At::Attract) {
                self.manner = Manner::default();
            }
        }
        (self, turn.effects)
    }

    /// Taps that mean the same on every page.
    fn tap_anywhere(&mut self, tap: Tap) -> Result<Vec<Effect>, Aside> {
        // What lies over a page takes every tap until it is answered.
        match (self.over, &tap) {
            (Some(_), Tap::MoreTime) => {
                self.over = None;
                return Ok(Vec::new());
            }
            (Some(Over::StillThere { .. } | Over::ReallyEnd), Tap::End) if self.may_end() => {
                return Err(Ended(audit::Outcome::None));
            }
            (Some(_), Tap::Language(_) | Tap::TextSize(_) | Tap::Contrast(_)) | (None, _) => {}
            (Some(_), _) => return Ok(Vec::new()),
        }
        match tap {
            Tap::Language(language) => {
                self.manner.language = language;
                // Choosing a language on the first page is a touch as well.
                if matches!(self.at, At::Attract) { Err(Passed(Tap::Touch)) } else { Ok(Vec::new()) }
            }
            Tap::TextSize(size) => {
                self.manner.look.text = size;
                Ok(Vec::new())
            }
            Tap::Contrast(contrast) => {
                self.manner.look.contrast = contrast;
                Ok(Vec::new())
            }
            Tap::Help if !matches!(self.at, At::Attract) => {
                self.over = Some(Over::HelpIsComing);
                Ok(vec![Effect::CallHelp])
            }
            Tap::End if self.offers().end => match &self.at {
                At::ChoosingService | At::Consenting { .. } => Err(Ended(audit::Outcome::None)),
                At::Ended { ending } => Err(Ended(audited(&ending.outcome))),
                At::Thanking { outcome, .. } => Err(Ended(*outcome)),
                At::SigningInStaff { .. } | At::ShowingBadge { .. } => Ok(self.leave_staff()),
                _ => {
                    self.over = Some(Over::ReallyEnd);
                    Ok(Vec::new())
                }
            },
            Tap::End => Ok(Vec::new()),
            other => Err(Passed(other)),
        }
    }

    /// A second passed: countdowns, and the citizen who has gone.
    fn second(mut self, world: &World<'_>) -> (Self, Vec<Effect>) {
        match &mut self.at {
            At::EnteringCode { phoned, .. } => phoned.resend_in = phoned.resend_in.saturating_sub(1),
            At::SigningInStaff { locked_for, .. } => {
                *locked_for = locked_for.and_then(|left| left.checked_sub(1)).filter(|left| *left > 0);
            }
            At::ShowingVneid { seconds_left, .. } => *seconds_left = seconds_left.saturating_sub(1),
            _ => {}
        }
        if let At::ShowingVneid { read, seconds_left: 0, .. } = self.at {
            self.at = At::AnotherWay { read, fault: Some(Fault::VneidExpired) };
            return (self, vec![Effect::StopVneid]);
        }
        let Some(patience) = self.patience(world) else { return (self, Vec::new()) };
        self.idle = self.idle.saturating_add(1);
        let left = patience.until_end.saturating_sub(self.idle);
        if left == 0 {
            return match &self.at {
                At::Ended { ending } => {
                    let word = audited(&ending.outcome);
                    self.finish(word, Vec::new())
                }
                At::Thanking { outcome, .. } => {
                    let word = *outcome;
                    self.finish(word, Vec::new())
                }
                At::SigningInStaff { .. } | At::ShowingBadge { .. } | At::ServingStaff { .. } => {
                    let effects = self.leave_staff();
                    (self, effects)
                }
                _ => self.finish(audit::Outcome::None, vec![Effect::Note(audit::Event::VisitTimedOut)]),
            };
        }
        if left <= patience.warning {
            self.over = Some(Over::StillThere { seconds_left: left });
        }
        (self, Vec::new())
    }

    /// Back from the pages of staff to the first one, in the language of the next citizen.
    fn leave_staff(&mut self) -> Vec<Effect> {
        self.manner = Manner::default();
        match std::mem::replace(&mut self.at, At::Attract) {
            At::ShowingBadge { .. } => vec![Effect::StopCard],
            // Whoever walked away has left, and the audit log says so.
            At::ServingStaff { .. } => vec![Effect::StaffDo(StaffTap::Exit)],
            _ => Vec::new(),
        }
    }

    /// Ends the visit and forgets it. What was agreed with the outbox stays there.
    fn finish(self, outcome: audit::Outcome, mut effects: Vec<Effect>) -> (Self, Vec<Effect>) {
        effects.push(Effect::StopCard);
        effects.push(Effect::StopFace);
        effects.push(Effect::Note(audit::Event::VisitEnded { outcome }));
        effects.push(Effect::Wipe);
        (Self { closed: self.closed, ..Self::default() }, effects)
    }

    /// How long this page waits; none while the machine itself is busy, because
    /// then somebody else owes the next event.
    fn patience(&self, world: &World<'_>) -> Option<Patience> {
        let limits = world.limits;
        match &self.at {
            At::Attract
            | At::ReadingCard { .. }
            | At::TakingPhoto { .. }
            | At::AskingVneid { .. }
            | At::ShowingVneid { .. }
            | At::OfficerSigning { .. }
            | At::LookingUp { .. }
            | At::CheckingPhone { .. }
            | At::SendingCode { .. }
            | At::CheckingCode { .. }
            | At::SettingSecrets { .. }
            | At::Sending { .. }
            | At::Printing { .. } => None,
            At::Ended { .. } => Some(Patience { until_end: limits.outcome, warning: 0 }),
            At::Thanking { .. } => Some(Patience { until_end: limits.thanks, warning: 0 }),
            At::SigningInStaff { .. } | At::ShowingBadge { .. } | At::ServingStaff { .. } => {
                Some(Patience { until_end: limits.idle.saturating_mul(2), warning: 0 })
            }
            _ => Some(Patience { until_end: limits.idle, warning: limits.warning }),
        }
    }

    /// Whether the citizen may end the visit here: not once it belongs to the outbox.
    /// The staff page has its own way out.
    fn may_end(&self) -> bool {
        !matches!(self.at, At::Attract | At::Sending { .. } | At::Printing { .. } | At::ServingStaff { .. })
    }

    /// Which of the fixed buttons the page offers.
    pub(crate) fn offers(&self) -> Offers {
        let back = matches!(
            self.at,
            At::Consenting { .. }
                | At::EnteringCardKey { .. }
                | At::PlacingCard { .. }
                | At::ShowingBadge { .. }
                | At::Greeting { .. }
                | At::TakingPhoto { .. }
                | At::ShowingVneid { .. }
                | At::AskingOfficers { .. }
                | At::EnteringOfficer { .. }
                | At::EnteringOfficerPin { .. }
                | At::EnteringCode { .. }
                | At::SettingPassword { .. }
                | At::SettingPasscode { .. }
                | At::Answering { .. }
        );
        Offers { back, end: self.may_end() }
    }
}

struct Patience {
    until_end: u16,
    warning: u16,
}

/// What a tap that is the same everywhere leads aside to.
enum Aside {
    /// The page itself must answer.
    Passed(Tap),
    /// The visit ends so.
    Ended(audit::Outcome),
}
use Aside::{Ended, Passed};

/// What a failed question means to a citizen who has sent nothing yet: "your
/// request is kept" would be untrue.
fn nothing_sent(fault: Fault) -> Fault {
    if fault == Fault::PlatformUnreachable { Fault::NothingSent } else { fault }
}
