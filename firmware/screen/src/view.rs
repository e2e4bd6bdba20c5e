//! The pages and what stands on them.

use std::collections::BTreeMap;

use faults::Fault;
use serde::{Deserialize, Serialize};

/// Everything that the screen shows at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct View {
    /// The page.
    pub screen: Screen,
    /// The language of every word on it.
    pub language: Language,
    /// Text size and contrast, chosen by the citizen, reset after each visit.
    pub look: Look,
    /// How far the visit is; none on the pages before and after it.
    pub step: Option<Step>,
    /// What lies over the page and takes every tap until it is answered.
    pub over: Option<Over>,
    /// Which of the fixed buttons are offered.
    pub offers: Offers,
}

/// A language of the image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Vietnamese.
    #[default]
    Vi,
    /// English.
    En,
}

/// A text that comes as data (a service's title, a question), by language.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text(pub BTreeMap<Language, String>);

impl Text {
    /// The text in both languages of the image.
    pub fn new(vi: &str, en: &str) -> Self {
        Self(BTreeMap::from([(Language::Vi, vi.to_owned()), (Language::En, en.to_owned())]))
    }

    /// The text in a language, in Vietnamese where that language lacks it.
    pub fn words(&self, language: Language) -> &str {
        self.0.get(&language).or_else(|| self.0.get(&Language::Vi)).map_or("", String::as_str)
    }
}

/// How the page looks to this citizen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Look {
    /// How large words are.
    pub text: TextSize,
    /// How strongly they stand out.
    pub contrast: Contrast,
}

/// How large words are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TextSize {
    /// 1.0
    #[default]
    Normal,
    /// 1.25
    Large,
    /// 1.5
    Largest,
}

/// How strongly words stand out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Contrast {
    /// Calm colours, at least 4.5 : 1.
    #[default]
    Normal,
    /// White and yellow on black, at least 7 : 1.
    High,
}

/// "Step 2 of 5".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The step under way, from 1.
    pub now: u8,
    /// How many there are.
    pub of: u8,
}

/// What lies over a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "over")]
pub enum Over {
    /// "Are you still there?" answered by `Tap::MoreTime` or `Tap::End`.
    StillThere {
        /// Until the visit ends.
        seconds_left: u16,
    },
    /// "Really end?" answered by `Tap::MoreTime` or `Tap::End`.
    ReallyEnd,
    /// Help was called; `Tap::MoreTime` closes the note.
    HelpIsComing,
}

/// Which of the fixed buttons a page offers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offers {
    /// "Back".
    pub back: bool,
    /// "End".
    pub end: bool,
}

/// A page. One `.slint` file of the same name draws each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "page")]
pub enum Screen {
    /// Nobody is here. Answered by `Tap::Touch` or a language.
    Attract {
        /// In how many minutes the machine closes for upkeep, if that is announced.
        closes_in: Option<u16>,
        /// What the operator says to everybody, if anything.
        message: Option<Text>,
    },
    /// "What would you like to do?"
    ChooseService {
        /// In the catalogue's order.
        services: Vec<ServiceTile>,
    },
    /// "May this machine use your data?"
    Consent {
        /// Which service asks.
        service: Text,
        /// What the data are used for, one line each.
        purposes: Vec<Text>,
        /// What the service costs today, in dong; none where that is not known.
        fee: Option<u32>,
    },
    /// "Show the QR of your card to the scanner, or type its last 6 digits."
    CardKey {
        /// What was typed so far: card-access digits, printed on the card.
        digits: String,
        /// Whether a scanner works; if not, only typing is offered.
        scanner: bool,
        /// How many more wrong numbers the chip takes, where it says so.
        tries_left: Option<u8>,
        /// What was wrong with the last try.
        fault: Option<Fault>,
    },
    /// "Place your card on the reader and keep it still."
    PlaceCard {
        /// Why the card must be placed again.
        fault: Option<Fault>,
    },
    /// "Reading your card, please do not lift it. Step n of 4."
    ReadingCard {
        /// Whom to greet, once the chip has said so; the portrait may still be on its way.
        name: Option<String>,
        /// Which of the four steps.
        stage: ReadingStage,
        /// Bytes read of bytes to read, in per cent.
        percent: u8,
    },
    /// "Hello. Is this you?"
    Hello {
        /// The name with diacritics, as the chip has it.
        name: String,
        /// Year of birth, so that two people of one name can tell.
        birth_year: i16,
    },
    /// The camera preview with one hint at a time; frames come beside the view.
    Face {
        /// What the citizen should do now.
        hint: FaceHint,
        /// How much of what is needed was seen, in per cent.
        percent: u8,
        /// Which try, from 1.
        attempt: u8,
        /// How many tries there are.
        attempts: u8,
        /// Movements are asked for slowly already.
        gently: bool,
        /// The colour in which the page lights the face.
        glow: Glow,
    },
    /// "Face not matched, try n of 3."
    FaceNotMatched {
        /// Which try failed, from 1.
        attempt: u8,
        /// How many tries there are.
        attempts: u8,
        /// What went wrong.
        fault: Fault,
    },
    /// "Staff will help another way", or VNeID.
    FaceAnotherWay {
        /// What went wrong; none where the citizen asked for it.
        fault: Option<Fault>,
        /// For the officer to find the case.
        reference: String,
        /// Whether two officers may confirm at this machine.
        officers: bool,
    },
    /// "Two officers confirm": whom, and how many of the two have signed.
    OfficersConfirm {
        /// The name with diacritics, as the chip has it.
        name: String,
        /// Year of birth.
        birth_year: i16,
        /// The officer who has signed already.
        signed: Option<String>,
    },
    /// "Officer n of 2: enter your service number."
    OfficerNumber {
        /// Which of the two, from 1.
        officer: u8,
        /// What was typed so far: it stands on the officer's badge.
        digits: String,
        /// What was wrong with the last try.
        fault: Option<Fault>,
    },
    /// "Officer 100001: enter your PIN. You sign that this is ..."
    OfficerPin {
        /// The service number.
        number: String,
        /// Whom the officer vouches for.
        name: String,
        /// Year of birth.
        birth_year: i16,
        /// How many digits were typed.
        entered: u8,
        /// What was wrong with the last try.
        fault: Option<Fault>,
    },
    /// "Open VNeID and scan this code."
    VneidCode {
        /// What the QR code holds.
        qr: String,
        /// Until the code expires.
        seconds_left: u16,
    },
    /// "Please wait", with what is being waited for.
    Working {
        /// What the machine is doing.
        work: Work,
    },
    /// "Enter the registered phone number in your name."
    Phone {
        /// What was typed so far.
        digits: String,
        /// What was wrong with the last try.
        fault: Option<Fault>,
    },
    /// "Enter the 6-digit code sent to ..."
    Otp {
        /// The number, masked: `09x xxx x23`.
        sent_to: String,
        /// How many of the six digits were typed.
        entered: u8,
        /// Until another code may be asked for.
        resend_in: u16,
        /// Wrong tries that remain, once one was wrong.
        tries_left: Option<u8>,
        /// What was wrong with the last try.
        fault: Option<Fault>,
    },
    /// "Set a password, 8-20 characters".
    Password {
        /// First entry or its repeat.
        entry: Entry,
        /// How many characters were typed.
        entered: u8,
        /// Which rules the text fulfils so far.
        rules: PasswordRules,
        /// What was wrong with the last try.
        fault: Option<Fault>,
    },
    /// "Set a 6-digit passcode", "Enter it again".
    Passcode {
        /// First entry or its repeat.
        entry: Entry,
        /// How many of the six digits were typed.
        entered: u8,
        /// What was wrong with the last try.
        fault: Option<Fault>,
    },
    /// "Choose 2 security questions and answer them."
    Question {
        /// Which of the two, from 1.
        number: u8,
        /// The questions that may be chosen.
        choices: Vec<Text>,
        /// The one that is chosen.
        chosen: Option<u8>,
        /// How many characters of the answer were typed.
        entered: u8,
        /// The last character typed, shown briefly as on a phone.
        last: Option<char>,
        /// What was wrong with the last try.
        fault: Option<Fault>,
    },
    /// "Please check. I confirm this is correct. Sign and send."
    Review {
        /// What will be signed, line by line.
        lines: Vec<ReviewLine>,
    },
    /// "Printing, please wait."
    Printing,
    /// How the visit ended, whatever the way.
    Outcome {
        /// What was reached.
        outcome: Outcome,
        /// A short code that staff can look up.
        reference: Option<String>,
        /// What became of the slip.
        paper: PaperOutcome,
    },
    /// "Finished. Thank you. Were you satisfied?"
    Done {
        /// The rating given, 1 to 5.
        rated: Option<u8>,
    },
    /// "Out of service. Use another machine or the counter."
    OutOfService {
        /// Why.
        fault: Fault,
        /// For how long, where that is known.
        minutes: Option<u16>,
    },
    /// "Staff mode: enter your PIN."
    StaffSignIn {
        /// How many digits were typed.
        entered: u8,
        /// While sign-in is locked after wrong PINs.
        locked_for: Option<u32>,
        /// What was wrong with the last try.
        fault: Option<Fault>,
    },
    /// "Lay your staff badge on the reader."
    StaffBadge {
        /// What was wrong with the one before.
        fault: Option<Fault>,
    },
    /// The page for the person who services the machine.
    Staff {
        /// Each device and how it is.
        devices: Vec<DeviceLine>,
        /// Transactions that wait to be sent.
        waiting: u32,
        /// What is printed until the roll ends, in per cent, if counted.
        paper_percent: Option<u8>,
        /// The USB stick that is in, if one is.
        stick: Option<StickNote>,
        /// What the last button did.
        note: Option<StaffNote>,
        /// Whether staff have closed the machine for citizens.
        closed: bool,
        /// The version of the software.
        version: String,
    },
}

/// A service as it stands on the first page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceTile {
    /// The catalogue's id, such as `eid.activate`.
    pub id: String,
    /// The drawn picture.
    pub icon: Icon,
    /// Its name.
    pub title: Text,
    /// One line of what it does.
    pub about: Text,
    /// Why it is closed, if it is.
    pub closed: Option<Fault>,
}

/// Drawn pictures of services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Icon {
    /// Activate an account.
    Account,
    /// A document.
    Document,
    /// A home.
    Residence,
    /// A queue ticket.
    Ticket,
    /// A payment.
    Payment,
}

/// The four steps of reading a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReadingStage {
    /// 1: the secure channel is being opened.
    Opening,
    /// 2: who the holder is.
    Details,
    /// 3: the portrait.
    Portrait,
    /// 4: whether the state signed it.
    Checking,
}

impl ReadingStage {
    /// The number of the step, from 1.
    pub fn number(self) -> u8 {
        match self {
            Self::Opening => 1,
            Self::Details => 2,
            Self::Portrait => 3,
            Self::Checking => 4,
        }
    }
}

/// One hint at a time, the worst fault first (domain: face prompts).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaceHint {
    /// "Look straight at the camera."
    LookStraight,
    /// "Hold still."
    HoldStill,
    /// "Come closer."
    ComeCloser,
    /// "Move back a little."
    MoveBack,
    /// "Move left", the person's own.
    MoveLeft,
    /// "Move right", the person's own.
    MoveRight,
    /// "Raise your head a little."
    LookUp,
    /// "Lower your head a little."
    LookDown,
    /// "Remove mask, sunglasses, hat."
    Uncover,
    /// "Please open your eyes."
    OpenEyes,
    /// "Please close your mouth."
    CloseMouth,
    /// "One person only, please."
    OnePerson,
    /// "A bit dark, the light is coming on."
    TooDark,
    /// "Too bright here."
    TooBright,
    /// "Light from one side only, please face the light."
    OneSidedLight,
    /// "Coloured light here, one moment": a camera's white balance settles meanwhile.
    OddLight,
    /// "Busy background, please come closer": whoever comes closer covers more of it.
    BusyBackground,
    /// Nobody is in the picture.
    NoFace,
    /// "Turn your head to the left", the person's own.
    TurnLeft,
    /// "Turn your head to the right", the person's own.
    TurnRight,
    /// "Close your eyes for a moment."
    CloseEyes,
    /// "Open your mouth wide."
    OpenMouth,
}

/// The colour of the kiosk's own light on the page of the face.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Glow {
    /// No light beyond that of the page.
    #[default]
    Off,
    /// Red.
    Red,
    /// Red and green.
    Yellow,
    /// Green.
    Green,
    /// Green and blue.
    Cyan,
    /// Blue.
    Blue,
    /// Blue and red.
    Magenta,
}

impl Glow {
    /// All colours, around the circle.
    pub const COLOURS: [Self; 6] =
        [Self::Red, Self::Yellow, Self::Green, Self::Cyan, Self::Blue, Self::Magenta];

    /// How much of red, green and blue it has: 0 or 1.
    pub fn channels(self) -> [f32; 3] {
        match self {
            Self::Off => [0.0, 0.0, 0.0],
            Self::Red => [1.0, 0.0, 0.0],
            Self::Yellow => [1.0, 1.0, 0.0],
            Self::Green => [0.0, 1.0, 0.0],
            Self::Cyan => [0.0, 1.0, 1.0],
            Self::Blue => [0.0, 0.0, 1.0],
            Self::Magenta => [1.0, 0.0, 1.0],
        }
    }
}

/// What the machine is doing while the citizen waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Work {
    /// Comparing the face.
    ComparingFace,
    /// Asking how the account is.
    LookingUpAccount,
    /// Asking for a code by message.
    SendingCode,
    /// Checking the code.
    CheckingCode,
    /// Sending the secrets, sealed.
    SettingSecrets,
    /// Signing and storing the request, and sending it.
    Sending,
    /// Preparing the VNeID code.
    AskingVneid,
    /// Opening an officer's key and signing with it.
    OfficerSigns,
}

/// First entry or its repeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Entry {
    /// The first time.
    First,
    /// "Enter it again."
    Again,
}

/// Which password rules are fulfilled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordRules {
    /// 8 to 20 characters.
    pub length: bool,
    /// An upper-case letter.
    pub upper: bool,
    /// A lower-case letter.
    pub lower: bool,
    /// A digit.
    pub digit: bool,
    /// Another sign.
    pub special: bool,
}

/// One line of what will be signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewLine {
    /// What it is.
    pub label: ReviewLabel,
    /// What it says.
    pub value: String,
    /// Whether "Edit" leads back to where it was entered.
    pub editable: bool,
}

/// What a line of the review is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReviewLabel {
    /// The service.
    Service,
    /// The citizen's name.
    Name,
    /// The number, all but the last four digits hidden.
    Number,
    /// The phone number.
    Phone,
    /// How identity was proved.
    IdentityProof,
}

/// How a visit ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Outcome {
    /// The platform said so: the account works.
    Activated,
    /// Signed and kept; the platform has not answered yet.
    Received,
    /// It was active before.
    AlreadyActive,
    /// Past the window; the request is forwarded, or the hotline.
    Overdue {
        /// Whom to call.
        hotline: String,
    },
    /// The account is locked; staff.
    Locked,
    /// There is none; an officer registers it (TK01).
    NoAccount,
    /// Level 1; level 2 needs an officer.
    LevelOne,
    /// The card expired; the police renew it.
    CardExpired {
        /// dd/MM/yyyy.
        on: String,
    },
    /// The citizen said no.
    Declined,
    /// An officer goes on in another way.
    StaffWay,
    /// Refused; see staff with the reference.
    Refused {
        /// Why.
        fault: Fault,
    },
}

/// What became of the slip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PaperOutcome {
    /// None was due.
    None,
    /// It can be offered.
    Offered,
    /// "Please take your paper and card."
    Printed,
    /// It could not be printed; the code stands for it.
    Failed(Fault),
}

/// A device as the staff page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceLine {
    /// Which.
    pub device: DeviceName,
    /// Whether services may use it.
    pub works: bool,
    /// What is wrong, if anything is.
    pub fault: Option<Fault>,
}

/// The devices by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceName {
    /// The chip card reader.
    CardReader,
    /// The camera.
    Camera,
    /// The receipt printer.
    ReceiptPrinter,
    /// The QR code scanner.
    CodeScanner,
    /// The connection to the platform.
    Network,
    /// Outbox and audit log.
    Store,
}

/// How far a USB stick has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StickNote {
    /// It is being read, and must stay in.
    Reading,
    /// It was taken, and is acted on once nobody is at the machine.
    Admitted,
    /// What it brought runs, and is well.
    Installed,
    /// What it brought does not run; what ran before does.
    NotInstalled,
    /// The logs are on it.
    LogsTaken,
    /// Nothing is done with it, and why.
    Refused(Fault),
}

/// What the last staff button did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StaffNote {
    /// A test slip was printed.
    TestPrinted,
    /// It was not.
    TestPrintFailed(Fault),
    /// The paper counter was set to full.
    PaperRefilled,
    /// The reader answered a test.
    ReaderAnswered,
    /// It did not.
    ReaderFailed(Fault),
    /// A frame came from the camera.
    CameraAnswered,
    /// None came.
    CameraFailed(Fault),
    /// The machine was closed for citizens.
    MachineLocked,
    /// The machine was opened again.
    MachineUnlocked,
}
