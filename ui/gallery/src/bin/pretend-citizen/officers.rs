//! Decides what the officers do who confirm the citizen: one after the other says a
//! service number and signs with a PIN. Like the citizen: from a view to one act.

use std::collections::VecDeque;

use screen::{Screen, View};
use serde::Deserialize;

use crate::{
    labels,
    robot::{Act, type_next, type_then},
};

/// What a scenario says of the officers: its `[officers]` section.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// One after the other.
    pub turns: VecDeque<Turn>,
}

/// What one officer types. No PIN: the number must be refused already.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Turn {
    /// The service number.
    pub number: String,
    /// PINs, one a try.
    #[serde(default)]
    pub pins: VecDeque<String>,
}

/// The officers before the machine.
pub struct Officers {
    turns: VecDeque<Turn>,
    /// What was typed of a number or a PIN when its button was pressed.
    sent: bool,
    asked: bool,
}

impl Officers {
    /// Officers who have not been called yet.
    pub fn new(script: Script) -> Self {
        Self { turns: script.turns, sent: false, asked: false }
    }

    /// Whether the citizen calls them now: once.
    pub fn are_called(&mut self) -> bool {
        !std::mem::replace(&mut self.asked, true)
    }

    /// The next act on one of the officers' pages.
    pub fn act(&mut self, view: &View) -> Act {
        match &view.screen {
            Screen::OfficersConfirm { signed, .. } => {
                // Signed: that officer's turn is over.
                if signed.is_some() {
                    self.turns.pop_front();
                }
                self.sent = false;
                Act::Press(if signed.is_some() { labels::SECOND_OFFICER } else { labels::FIRST_OFFICER })
            }
            Screen::OfficerNumber { digits, fault, .. } => self.number(digits, fault.is_some()),
            Screen::OfficerPin { entered, fault, .. } => self.pin((*entered).into(), fault.is_some()),
            _ => Act::Stuck("officers have no business here"),
        }
    }

    fn number(&mut self, digits: &str, refused: bool) -> Act {
        if refused && self.sent {
            if self.turns.pop_front().is_some_and(|turn| !turn.pins.is_empty()) {
                return Act::Stuck("an officer was refused who should sign");
            }
            self.sent = false;
        }
        let Some(turn) = self.turns.front() else { return Act::Stuck("no officer is left") };
        let entered = digits.chars().count();
        self.sent = entered == turn.number.len();
        type_next(&turn.number, entered)
    }

    fn pin(&mut self, entered: usize, refused: bool) -> Act {
        let Some(turn) = self.turns.front_mut() else { return Act::Stuck("no officer is left") };
        if entered == 0 {
            // The number was right; or the PIN was full and is not any more: it was wrong.
            if refused && self.sent {
                turn.pins.pop_front();
            }
            self.sent = false;
        }
        let Some(pin) = turn.pins.front() else { return Act::Stuck("this officer should have been refused") };
        self.sent = entered == pin.len();
        type_then(pin, entered, labels::OFFICER_SIGNS)
    }
}

#[cfg(test)]
#[path = "officers_tests.rs"]
mod tests;
