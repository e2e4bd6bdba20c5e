//! Decides what the technician does: signs in at the hidden corner, serves the
//! machine button by button, and leaves. Like the citizen: no window, no socket, no
//! clock; from a view to one act.

use std::collections::VecDeque;

use screen::{Fault, Language, Screen, StaffNote, View};
use serde::Deserialize;

use crate::{
    labels::{self, Label},
    robot::{Act, Somebody},
};

/// What a scenario says of the technician: its `[technician]` section.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Script {
    /// PINs typed before the right one. As many as lock the sign-in: the last must.
    pub wrong_pins: Vec<String>,
    /// The right one.
    pub pin: String,
    /// What is done, one list for each time of signing in.
    pub serves: Vec<Vec<Task>>,
}

/// One thing that is done on the staff page, and what the page must say of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// Looks whether every device works; waits until it does.
    SeesAllWork,
    /// Sees that the printer has no paper.
    SeesPaperOut,
    /// A test slip comes out.
    TestPrint,
    /// It does not, for want of paper.
    TestPrintWithoutPaper,
    /// Puts a new roll into the printer: no button, but a hand at the machine.
    NewRoll,
    /// Says that a new roll is in.
    PaperChanged,
    /// The reader answers.
    TestReader,
    /// The camera answers.
    TestCamera,
    /// Closes the machine for citizens.
    Lock,
    /// Opens it again.
    Unlock,
}

impl Task {
    /// The button, where it takes one.
    fn button(self) -> Option<Label> {
        match self {
            Self::SeesAllWork | Self::SeesPaperOut | Self::NewRoll => None,
            Self::TestPrint | Self::TestPrintWithoutPaper => Some(labels::TEST_PRINT),
            Self::PaperChanged => Some(labels::PAPER_CHANGED),
            Self::TestReader => Some(labels::TEST_READER),
            Self::TestCamera => Some(labels::TEST_CAMERA),
            Self::Lock => Some(labels::LOCK),
            Self::Unlock => Some(labels::UNLOCK),
        }
    }

    /// Whether the page shows that it is done.
    fn is_done(self, view: &View) -> bool {
        let Screen::Staff { devices, note, closed, .. } = &view.screen else { return false };
        match self {
            Self::SeesAllWork => devices.iter().all(|line| line.works),
            Self::SeesPaperOut => devices.iter().any(|line| line.fault == Some(Fault::PaperOut)),
            Self::TestPrint => *note == Some(StaffNote::TestPrinted),
            Self::TestPrintWithoutPaper => *note == Some(StaffNote::TestPrintFailed(Fault::PaperOut)),
            Self::NewRoll => devices.iter().all(|line| line.fault != Some(Fault::PaperOut)),
            Self::PaperChanged => *note == Some(StaffNote::PaperRefilled),
            Self::TestReader => *note == Some(StaffNote::ReaderAnswered),
            Self::TestCamera => *note == Some(StaffNote::CameraAnswered),
            Self::Lock => *note == Some(StaffNote::MachineLocked) && *closed,
            Self::Unlock => *note == Some(StaffNote::MachineUnlocked) && !*closed,
        }
    }
}

/// Somebody who services the machine.
pub struct Technician {
    language: Language,
    wrong_pins: VecDeque<String>,
    pin: String,
    serves: VecDeque<VecDeque<Task>>,
    /// The button was pressed, or the hand's work done; the page must answer.
    under_way: bool,
    /// The number of wrong PINs was meant to lock the sign-in, and has not yet.
    lock_is_due: bool,
    signing_in: bool,
    typed: usize,
}

impl Technician {
    /// A technician before the machine.
    pub fn new(script: Script, language: Language) -> Self {
        Self {
            language,
            lock_is_due: !script.wrong_pins.is_empty(),
            wrong_pins: script.wrong_pins.into(),
            pin: script.pin,
            serves: script.serves.into_iter().map(VecDeque::from).collect(),
            under_way: false,
            signing_in: false,
            typed: 0,
        }
    }

    fn sign_in(&mut self, entered: usize, locked: bool) -> Act {
        // The box was full and is empty again: that PIN was refused.
        if entered == 0 && self.typed > 0 {
            self.wrong_pins.pop_front();
            self.typed = 0;
        }
        if locked {
            self.lock_is_due = false;
            return Act::Wait;
        }
        if self.wrong_pins.is_empty() && self.lock_is_due {
            return Act::Stuck("so many wrong PINs lock nothing");
        }
        let pin = self.wrong_pins.front().unwrap_or(&self.pin);
        if let Some(digit) = pin.chars().nth(entered) {
            return Act::Type(digit);
        }
        self.typed = entered;
        Act::Press(labels::SIGN_IN)
    }

    fn serve(&mut self, view: &View) -> Act {
        self.signing_in = false;
        let Some(tasks) = self.serves.front_mut() else { return Act::Stuck("nothing is left to do") };
        while let Some(task) = tasks.front() {
            // What the page says before the press is of something else.
            let answered = self.under_way || task.button().is_none();
            if answered && task.is_done(view) {
                self.under_way = false;
                tasks.pop_front();
                continue;
            }
            if self.under_way {
                return Act::Wait;
            }
            self.under_way = true;
            return match task.button() {
                Some(button) => Act::Press(button),
                None if *task == Task::NewRoll => Act::PutPaperIn,
                None => Act::Wait,
            };
        }
        self.serves.pop_front();
        Act::Press(labels::EXIT)
    }
}

impl Somebody for Technician {
    fn consider(&mut self, _page: &str, view: &View) -> Act {
        let at_the_front = matches!(view.screen, Screen::Attract { .. } | Screen::OutOfService { .. });
        if !at_the_front && view.language != self.language {
            return Act::Press(match self.language {
                Language::En => labels::TO_ENGLISH,
                Language::Vi => labels::TO_VIETNAMESE,
            });
        }
        match &view.screen {
            Screen::Attract { .. } if self.serves.is_empty() => Act::Over,
            Screen::Attract { .. } | Screen::OutOfService { .. } if self.signing_in => Act::Wait,
            Screen::Attract { .. } | Screen::OutOfService { .. } => {
                self.signing_in = true;
                Act::HoldEmblem
            }
            Screen::StaffSignIn { entered, locked_for, .. } => {
                self.sign_in((*entered).into(), locked_for.is_some())
            }
            Screen::StaffBadge { fault: None } => Act::LayCard,
            // Whose badge is not taken goes away.
            Screen::StaffBadge { fault: Some(_) } => {
                self.serves.clear();
                Act::Press(labels::BACK)
            }
            Screen::Staff { .. } => self.serve(view),
            _ => Act::Stuck("a technician has no business here"),
        }
    }
}

#[cfg(test)]
#[path = "technician_tests.rs"]
mod tests;
