//! Decides what the citizen does on each page. No window, no socket, no clock:
//! from a view to one act, so the whole behaviour can be tried without any.

use screen::{Entry, FaceHint, Glow, Language, Outcome, Over, PaperOutcome, Screen, View};

use crate::{
    labels::{self, Label},
    officers::{self, Officers},
    script::{Citizen, Tries},
};

/// One thing that a citizen does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Waits for the machine.
    Wait,
    /// Presses a button of the pages.
    Press(Label),
    /// Presses a button whose words came as data.
    PressText(String),
    /// Presses the key of a character.
    Type(char),
    /// Lays the card on the reader.
    LayCard,
    /// Takes the card away.
    LiftCard,
    /// Shows the card's code to the scanner.
    ShowCode,
    /// Moves the head, the eyes or the feet as a hint of the camera says; its word.
    Move(String),
    /// Holds the emblem until the staff page opens.
    HoldEmblem,
    /// Puts a new roll into the printer.
    PutPaperIn,
    /// The visit is over and the machine waits for the next citizen.
    Over,
    /// No citizen can get on from here.
    Stuck(&'static str),
}

/// Whoever stands at the screen.
pub trait Somebody {
    /// The next act on this view.
    fn consider(&mut self, page: &str, view: &View) -> Act;
    /// How the visit ended, by its kind on the wire; none without one.
    fn outcome(&mut self) -> Option<String> {
        None
    }
}

/// What the robot knows and has done.
pub struct Robot {
    citizen: Citizen,
    officers: Option<Officers>,
    language: Language,
    service: String,
    card_digits: Option<String>,
    scanner: bool,
    phones: Tries,
    codes: Tries,
    pairs: Vec<(String, String)>,
    pair: usize,
    passcode: Tries,
    password: Tries,
    entry: Option<Entry>,
    begun: bool,
    walked_away: bool,
    ended: bool,
    shown_code: bool,
    asked_vneid: bool,
    card_lies: bool,
    printed: bool,
    /// How the visit ended, by its kind on the wire.
    pub outcome: Option<String>,
    considered: Option<View>,
}

/// Everything about the citizen that is no part of the scenario's section.
pub struct Person {
    pub language: Language,
    pub service: String,
    pub phone: String,
    pub otp: String,
    pub card_digits: Option<String>,
    /// Whether the scanner can be told to scan.
    pub scanner: bool,
}

impl Robot {
    /// A citizen before the machine.
    pub fn new(citizen: Citizen, officers: Option<officers::Script>, person: Person) -> Self {
        let empty = || Tries::new(Vec::new(), String::new());
        Self {
            officers: officers.map(Officers::new),
            language: person.language,
            service: person.service,
            card_digits: person.card_digits,
            scanner: person.scanner,
            phones: Tries::new(citizen.phones.clone(), person.phone),
            codes: Tries::new(citizen.otps.clone(), person.otp),
            pairs: citizen.passcodes.clone(),
            pair: 0,
            passcode: empty(),
            password: Tries::new(Vec::new(), citizen.password.clone()),
            entry: None,
            begun: false,
            walked_away: false,
            ended: false,
            shown_code: false,
            asked_vneid: false,
            card_lies: false,
            printed: false,
            outcome: None,
            considered: None,
            citizen,
        }
    }

    /// The next act, once for each view that says something new.
    pub fn consider(&mut self, page: &str, view: &View) -> Act {
        let material = material(view);
        if self.considered.as_ref() == Some(&material) {
            return Act::Wait;
        }
        let act = self.act(page, view);
        // After an act that changes nothing on the screen, the page is looked at anew.
        let again = matches!(act, Act::LiftCard);
        self.considered = (!again).then_some(material);
        act
    }

    fn act(&mut self, page: &str, view: &View) -> Act {
        if self.begun && matches!(view.screen, Screen::Attract { .. }) {
            return if self.card_lies { self.lift() } else { Act::Over };
        }
        if self.citizen.walks_away_at.as_deref() == Some(page) {
            self.walked_away = true;
        }
        if self.walked_away {
            return Act::Wait;
        }
        if let Some(over) = view.over {
            return Act::Press(match over {
                Over::StillThere { .. } => labels::MORE_TIME,
                Over::ReallyEnd if self.ended => labels::END,
                Over::ReallyEnd => labels::GO_ON,
                Over::HelpIsComing => labels::CLOSE,
            });
        }
        if self.citizen.switches_to_english_at.as_deref() == Some(page) {
            self.language = Language::En;
        }
        if view.language != self.language {
            return Act::Press(match self.language {
                Language::En => labels::TO_ENGLISH,
                Language::Vi => labels::TO_VIETNAMESE,
            });
        }
        if self.citizen.ends_at.as_deref() == Some(page) && !self.ended {
            self.ended = true;
            return Act::Press(labels::END);
        }
        self.on_page(view)
    }

    fn on_page(&mut self, view: &View) -> Act {
        match &view.screen {
            Screen::Attract { .. } => {
                self.begun = true;
                Act::Press(labels::START)
            }
            Screen::ChooseService { services } => {
                match services.iter().find(|tile| tile.id == self.service) {
                    Some(tile) if tile.closed.is_none() => {
                        Act::PressText(tile.title.words(view.language).to_owned())
                    }
                    Some(_) => Act::Stuck("the service is closed"),
                    None => Act::Stuck("the service is not offered"),
                }
            }
            Screen::Consent { .. } if self.citizen.declines => Act::Press(labels::DISAGREE),
            Screen::Consent { .. } => Act::Press(labels::AGREE),
            Screen::CardKey { digits, scanner, fault, .. } => {
                self.card_key(digits, *scanner && fault.is_none())
            }
            // Asked to place it again.
            Screen::PlaceCard { fault: Some(_) } if self.card_lies => self.lift(),
            Screen::PlaceCard { .. } => {
                self.card_lies = true;
                Act::LayCard
            }
            Screen::Hello { .. } => Act::Press(labels::ITS_ME),
            // Once a movement is asked for: the page glows then.
            Screen::Face { gently: false, glow, .. } if self.citizen.goes_slower && *glow != Glow::Off => {
                Act::Press(labels::GO_SLOWER)
            }
            Screen::Face { .. } if self.citizen.keeps_still => Act::Wait,
            Screen::Face { hint, .. } => Act::Move(word(*hint)),
            // Once: whoever said no in VNeID goes to staff.
            Screen::FaceNotMatched { .. } | Screen::FaceAnotherWay { .. }
                if self.citizen.uses_vneid && !self.asked_vneid =>
            {
                self.asked_vneid = true;
                Act::Press(labels::VNEID)
            }
            Screen::FaceNotMatched { .. } => Act::Press(labels::TRY_AGAIN),
            Screen::FaceAnotherWay { officers: true, .. }
                if self.officers.as_mut().is_some_and(Officers::are_called) =>
            {
                Act::Press(labels::OFFICERS)
            }
            Screen::OfficersConfirm { .. } | Screen::OfficerNumber { .. } | Screen::OfficerPin { .. } => {
                match &mut self.officers {
                    Some(officers) => officers.act(view),
                    None => Act::Stuck("no officers come in this scenario"),
                }
            }
            Screen::FaceAnotherWay { .. } => Act::Press(labels::STAFF),
            Screen::Phone { digits, fault } => self.phone(digits, fault.is_some()),
            Screen::Otp { entered, .. } => {
                let text = self.codes.text((*entered).into());
                type_next(&text, (*entered).into())
            }
            Screen::Passcode { entry, entered, fault } => self.passcode(*entry, *entered, fault.is_some()),
            Screen::Password { entered, .. } => {
                let text = self.password.text((*entered).into());
                type_next(&text, (*entered).into())
            }
            Screen::Question { number, choices, chosen, entered, .. } => match chosen {
                None => {
                    let place = usize::from(number.saturating_sub(1)).min(choices.len().saturating_sub(1));
                    match choices.get(place) {
                        Some(choice) => Act::PressText(choice.words(view.language).to_owned()),
                        None => Act::Stuck("there is no question to choose"),
                    }
                }
                // letters with keys of their own, so nothing changes but the count
                Some(_) => type_next(if *number == 1 { "đông" } else { "sen" }, (*entered).into()),
            },
            Screen::Review { .. } => Act::Press(labels::SIGN),
            Screen::Outcome { outcome, paper, .. } => self.outcome(outcome, *paper),
            Screen::Done { rated: None } => Act::Press(labels::VERY_SATISFIED),
            Screen::Done { rated: Some(_) } => Act::Press(labels::FINISH),
            Screen::ReadingCard { .. }
            | Screen::VneidCode { .. }
            | Screen::Working { .. }
            | Screen::Printing
            | Screen::OutOfService { .. } => Act::Wait,
            Screen::StaffSignIn { .. } | Screen::StaffBadge { .. } | Screen::Staff { .. } => {
                Act::Stuck("this page is for staff")
            }
        }
    }

    fn card_key(&mut self, digits: &str, scanner_works: bool) -> Act {
        if self.citizen.shows_qr && scanner_works && self.scanner && !self.shown_code {
            self.shown_code = true;
            return Act::ShowCode;
        }
        match &self.card_digits {
            Some(text) => type_next(text, digits.chars().count()),
            None => Act::Stuck("six digits are asked for, but --card-digits was not given"),
        }
    }

    /// Digits stand on the page, so a wrong number is taken back key by key.
    fn phone(&mut self, digits: &str, wrong: bool) -> Act {
        let entered = digits.chars().count();
        let mut text = self.phones.text(entered);
        if wrong && digits == text {
            self.phones.give_up();
            text = self.phones.text(entered);
        }
        if text.starts_with(digits) { type_next(&text, entered) } else { Act::Press(labels::ERASE) }
    }

    fn passcode(&mut self, entry: Entry, entered: u8, wrong: bool) -> Act {
        let last = self.pairs.len().saturating_sub(1);
        let Some((first, again)) = self.pairs.get(self.pair.min(last)).cloned() else {
            return Act::Stuck("the scenario has no passcode");
        };
        if self.entry != Some(entry) || (wrong && entered == 0) {
            let back = self.entry.is_some() && entry == Entry::First && entered == 0;
            let (first, again) =
                if back { self.next_pair().unwrap_or((first, again)) } else { (first, again) };
            self.entry = Some(entry);
            self.passcode = Tries::new(Vec::new(), if entry == Entry::First { first } else { again });
        }
        let text = self.passcode.text(entered.into());
        type_next(&text, entered.into())
    }

    fn next_pair(&mut self) -> Option<(String, String)> {
        self.pair = (self.pair + 1).min(self.pairs.len().saturating_sub(1));
        self.pairs.get(self.pair).cloned()
    }

    fn outcome(&mut self, outcome: &Outcome, paper: PaperOutcome) -> Act {
        self.outcome = Some(kind(outcome));
        if paper == PaperOutcome::Offered && !self.printed {
            self.printed = true;
            return Act::Press(match outcome {
                Outcome::CardExpired { .. } => labels::PRINT_APPOINTMENT,
                _ => labels::PRINT,
            });
        }
        if self.card_lies { self.lift() } else { Act::Press(labels::FINISH) }
    }

    fn lift(&mut self) -> Act {
        self.card_lies = false;
        Act::LiftCard
    }
}

impl Somebody for Robot {
    fn consider(&mut self, page: &str, view: &View) -> Act {
        Robot::consider(self, page, view)
    }

    fn outcome(&mut self) -> Option<String> {
        self.outcome.take()
    }
}

/// The key after those that are in, or the page's main button.
pub fn type_next(text: &str, entered: usize) -> Act {
    type_then(text, entered, labels::CONTINUE)
}

/// The key after those that are in, or that button.
pub fn type_then(text: &str, entered: usize, button: Label) -> Act {
    text.chars().nth(entered).map_or(Act::Press(button), Act::Type)
}

/// A hint's word as it is called on the wire.
fn word(hint: FaceHint) -> String {
    let value = serde_json::to_value(hint).expect("a hint is plain data");
    value.as_str().expect("a hint is a word").to_owned()
}

/// The outcome's kind as it is called on the wire.
fn kind(outcome: &Outcome) -> String {
    let value = serde_json::to_value(outcome).expect("an outcome is plain data");
    value["kind"].as_str().expect("an outcome has a kind").to_owned()
}

/// The view without what counts by itself, such as seconds.
fn material(view: &View) -> View {
    let mut view = view.clone();
    if let Some(Over::StillThere { seconds_left }) = &mut view.over {
        *seconds_left = 0;
    }
    match &mut view.screen {
        Screen::VneidCode { seconds_left, .. } => *seconds_left = 0,
        Screen::Otp { resend_in, .. } => *resend_in = 0,
        Screen::ReadingCard { percent, .. } | Screen::Face { percent, .. } => *percent = 0,
        _ => {}
    }
    view
}

#[cfg(test)]
#[path = "robot_tests.rs"]
mod tests;
