//! What a person can do at the screen.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::view::{Contrast, Language, TextSize};

/// One tap. A tap that means nothing on the page under it changes nothing.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "tap", content = "with")]
pub enum Tap {
    /// Anywhere on the attract page.
    Touch,
    /// Switches every word.
    Language(Language),
    /// Makes words larger or smaller.
    TextSize(TextSize),
    /// Makes words stand out more.
    Contrast(Contrast),
    /// A tile of the first page, by its id.
    Service(String),
    /// "I agree."
    Agree,
    /// "I do not agree."
    Disagree,
    /// The page's one main button.
    Continue,
    /// "Back."
    Back,
    /// "End."
    End,
    /// "Call for help."
    Help,
    /// "More time", or closes what lies over the page.
    MoreTime,
    /// A key of a keypad or keyboard. A combining tone mark changes the last vowel.
    Key(char),
    /// Takes the last character back.
    Erase,
    /// "Try again."
    TryAgain,
    /// "Send the code again."
    ResendCode,
    /// "Hear the code by phone call."
    CallWithCode,
    /// Proves identity with VNeID instead.
    UseVneid,
    /// "Go slower": for whoever cannot make a movement, or not so fast.
    Gently,
    /// Goes the staff way.
    AskStaff,
    /// Two officers are to confirm here.
    AskOfficers,
    /// Chooses a security question, by its place in the list.
    Question(u8),
    /// "Edit", by the line's place in the list.
    Edit(u8),
    /// "Sign and send."
    Sign,
    /// "Print."
    Print,
    /// The rating, 1 to 5.
    Rate(u8),
    /// The hidden corner that opens the staff page.
    OpenStaff,
    /// A button of the staff page.
    Staff(StaffTap),
}

/// Keys may be secrets: a tap prints without what was typed.
impl fmt::Debug for Tap {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self {
            Self::Touch => "Touch",
            Self::Language(_) => "Language",
            Self::TextSize(_) => "TextSize",
            Self::Contrast(_) => "Contrast",
            Self::Service(id) => return write!(out, "Service({id})"),
            Self::Agree => "Agree",
            Self::Disagree => "Disagree",
            Self::Continue => "Continue",
            Self::Back => "Back",
            Self::End => "End",
            Self::Help => "Help",
            Self::MoreTime => "MoreTime",
            Self::Key(_) => "Key",
            Self::Erase => "Erase",
            Self::TryAgain => "TryAgain",
            Self::ResendCode => "ResendCode",
            Self::CallWithCode => "CallWithCode",
            Self::UseVneid => "UseVneid",
            Self::Gently => "Gently",
            Self::AskStaff => "AskStaff",
            Self::AskOfficers => "AskOfficers",
            Self::Question(_) => "Question",
            Self::Edit(_) => "Edit",
            Self::Sign => "Sign",
            Self::Print => "Print",
            Self::Rate(_) => "Rate",
            Self::OpenStaff => "OpenStaff",
            Self::Staff(tap) => return write!(out, "Staff({tap:?})"),
        };
        out.write_str(word)
    }
}

/// A button of the staff page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StaffTap {
    /// Prints a test slip.
    TestPrint,
    /// A new roll is in.
    PaperRefilled,
    /// Asks the reader.
    TestReader,
    /// Asks the camera.
    TestCamera,
    /// Closes the machine for citizens, or opens it.
    LockMachine,
    /// Leaves the staff page.
    Exit,
}
