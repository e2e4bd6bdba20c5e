//! From a view to the pages: the total match over `screen::Screen`.

use screen::{Fault, Language, Outcome, Over, PaperOutcome, Screen, StaffNote, StickNote, Text, View};
use slint::{ComponentHandle, SharedString};
use unicode_normalization::UnicodeNormalization;

use crate::{
    codes,
    pages::{self, App, Data, PageName},
    picture,
    sheet::Sheet,
};

/// Shows a view: all of it, and nothing else.
pub fn render(app: &App, view: &View) {
    speak(view.language);
    let data = app.global::<Data>();
    data.set_language(codes::language(view.language));
    data.set_text_size(codes::text_size(view.look.text));
    data.set_contrast(codes::contrast(view.look.contrast));
    data.set_step_now(view.step.map_or(0, |step| step.now.into()));
    data.set_steps(view.step.map_or(0, |step| step.of.into()));
    data.set_offers_back(view.offers.back);
    data.set_offers_end(view.offers.end);
    sheet(&view.screen, view.language).lay(app);
    show_over(&data, view.over);
}

/// The calm page for when the firmware is not there, in the language shown last.
pub fn out_of_service(app: &App) {
    let language = codes::language_of(app.global::<Data>().get_language());
    render(
        app,
        &View {
            screen: Screen::OutOfService { fault: Fault::ScreenLost, minutes: None },
            language,
            look: screen::Look::default(),
            step: None,
            over: None,
            offers: screen::Offers::default(),
        },
    );
}

/// Chooses the language of every word that stands in the pages.
pub(crate) fn speak(language: Language) {
    let code = match language {
        Language::Vi => "vi",
        Language::En => "en",
    };
    slint::select_bundled_translation(code).expect("both languages are in the program");
}

fn show_over(data: &Data<'_>, over: Option<Over>) {
    let (kind, seconds) = match over {
        None => (pages::Over::None, 0),
        Some(Over::StillThere { seconds_left }) => (pages::Over::StillThere, seconds_left.into()),
        Some(Over::ReallyEnd) => (pages::Over::ReallyEnd, 0),
        Some(Over::HelpIsComing) => (pages::Over::HelpIsComing, 0),
    };
    data.set_over_seconds(seconds);
    data.set_over(kind);
}

/// Longer than this nobody waits beside the machine.
const SAID_IN_MINUTES: u16 = 180;

/// Why the machine is out of service: in words where it was closed on purpose, else by its code.
fn why_out(why: Fault, language: Language) -> pages::Fault {
    let fault = fault_words(why, language);
    match why {
        Fault::Upkeep
        | Fault::Locked
        | Fault::LockedForRepair
        | Fault::LockedForCheck
        | Fault::LockedOfficeClosed => fault,
        _ => pages::Fault { words: SharedString::default(), ..fault },
    }
}

/// What a screen says, page by page.
#[allow(clippy::too_many_lines)] // one arm a page; splitting would hide that it is total
fn sheet(screen: &Screen, language: Language) -> Sheet {
    let say = |text: &Text| words(text.words(language));
    let fault =
        |fault: &Option<Fault>| fault.map_or_else(pages::Fault::default, |one| fault_words(one, language));
    match screen {
        Screen::Attract { closes_in, message } => Sheet {
            page: PageName::Attract,
            minutes: closes_in.map_or(0, i32::from),
            message: message.as_ref().map(say).unwrap_or_default(),
            ..Sheet::default()
        },
        Screen::ChooseService { services } => Sheet {
            page: PageName::ChooseService,
            tiles: services
                .iter()
                .map(|tile| pages::Tile {
                    id: tile.id.as_str().into(),
                    icon: codes::icon(tile.icon),
                    title: say(&tile.title),
                    about: say(&tile.about),
                    closed: fault(&tile.closed),
                })
                .collect(),
            ..Sheet::default()
        },
        Screen::Consent { service, purposes, fee } => Sheet {
            page: PageName::Consent,
            consent: pages::ConsentData {
                service: say(service),
                free: *fee == Some(0),
                fee: fee.filter(|dong| *dong > 0).map(|dong| thousands(dong, language)).unwrap_or_default(),
            },
            purposes: purposes.iter().map(say).collect(),
            ..Sheet::default()
        },
        Screen::CardKey { digits, scanner, tries_left, fault: wrong } => Sheet {
            page: PageName::CardKey,
            card_key: pages::CardKeyData { scanner: *scanner, tries_left: tries_left.map_or(-1, i32::from) },
            typed: one_by_one(digits),
            fault: fault(wrong),
            ..Sheet::default()
        },
        Screen::PlaceCard { fault: wrong } => {
            Sheet { page: PageName::PlaceCard, fault: fault(wrong), ..Sheet::default() }
        }
        Screen::ReadingCard { name, stage, percent } => Sheet {
            page: PageName::ReadingCard,
            reading: pages::ReadingData {
                name: name.as_deref().map(words).unwrap_or_default(),
                stage: codes::stage(*stage),
                percent: i32::from(*percent).min(100),
            },
            ..Sheet::default()
        },
        Screen::Hello { name, birth_year } => {
            Sheet { page: PageName::Hello, hello: person(name, *birth_year), ..Sheet::default() }
        }
        Screen::Face { hint, percent, attempt, attempts, gently, glow } => Sheet {
            page: PageName::Face,
            face: pages::FaceData {
                hint: codes::hint(*hint),
                percent: i32::from(*percent).min(100),
                attempt: (*attempt).into(),
                attempts: (*attempts).into(),
                gently: *gently,
                glow: codes::glow(*glow),
            },
            ..Sheet::default()
        },
        Screen::FaceNotMatched { attempt, attempts, fault: wrong } => Sheet {
            page: PageName::FaceNotMatched,
            attempt: (*attempt).into(),
            attempts: (*attempts).into(),
            fault: fault(&Some(*wrong)),
            ..Sheet::default()
        },
        Screen::FaceAnotherWay { fault: wrong, reference, officers } => Sheet {
            page: PageName::FaceAnotherWay,
            reference: words(reference),
            officers: pages::OfficersData { offered: *officers, ..pages::OfficersData::default() },
            fault: fault(wrong),
            ..Sheet::default()
        },
        Screen::OfficersConfirm { name, birth_year, signed } => Sheet {
            page: PageName::OfficersConfirm,
            hello: person(name, *birth_year),
            officers: pages::OfficersData {
                signed: signed.as_deref().map(words).unwrap_or_default(),
                ..pages::OfficersData::default()
            },
            ..Sheet::default()
        },
        Screen::OfficerNumber { officer, digits, fault: wrong } => Sheet {
            page: PageName::OfficerNumber,
            officers: pages::OfficersData { which: (*officer).into(), ..pages::OfficersData::default() },
            typed: one_by_one(digits),
            fault: fault(wrong),
            ..Sheet::default()
        },
        Screen::OfficerPin { number, name, birth_year, entered, fault: wrong } => Sheet {
            page: PageName::OfficerPin,
            hello: person(name, *birth_year),
            officers: pages::OfficersData {
                number: words(number),
                entered: (*entered).into(),
                ..pages::OfficersData::default()
            },
            fault: fault(wrong),
            ..Sheet::default()
        },
        Screen::VneidCode { qr, seconds_left } => Sheet {
            page: PageName::VneidCode,
            vneid: pages::VneidData { code: picture::qr(qr), seconds_left: (*seconds_left).into() },
            ..Sheet::default()
        },
        Screen::Working { work } => {
            Sheet { page: PageName::Working, work: codes::work(*work), ..Sheet::default() }
        }
        Screen::Phone { digits, fault: wrong } => Sheet {
            page: PageName::Phone,
            typed: one_by_one(digits),
            fault: fault(wrong),
            ..Sheet::default()
        },
        Screen::Otp { sent_to, entered, resend_in, tries_left, fault: wrong } => Sheet {
            page: PageName::Otp,
            otp: pages::OtpData {
                sent_to: unbroken(sent_to),
                entered: (*entered).into(),
                resend_in: (*resend_in).into(),
                tries_left: tries_left.map_or(-1, i32::from),
            },
            fault: fault(wrong),
            ..Sheet::default()
        },
        Screen::Password { entry, entered, rules, fault: wrong } => Sheet {
            page: PageName::Password,
            password: pages::PasswordData {
                entry: codes::entry(*entry),
                entered: (*entered).into(),
                length: rules.length,
                upper: rules.upper,
                lower: rules.lower,
                digit: rules.digit,
                special: rules.special,
            },
            fault: fault(wrong),
            ..Sheet::default()
        },
        Screen::Passcode { entry, entered, fault: wrong } => Sheet {
            page: PageName::Passcode,
            passcode: pages::PasscodeData { entry: codes::entry(*entry), entered: (*entered).into() },
            fault: fault(wrong),
            ..Sheet::default()
        },
        Screen::Question { number, choices, chosen, entered, last, fault: wrong } => Sheet {
            page: PageName::Question,
            question: pages::QuestionData {
                number: (*number).into(),
                chosen: chosen.filter(|place| usize::from(*place) < choices.len()).map_or(-1, i32::from),
                entered: (*entered).into(),
                last: last.map(|letter| words(&letter.to_string())).unwrap_or_default(),
            },
            questions: choices.iter().map(say).collect(),
            fault: fault(wrong),
            ..Sheet::default()
        },
        Screen::Review { lines } => Sheet {
            page: PageName::Review,
            review: lines
                .iter()
                .enumerate()
                .map(|(place, line)| pages::ReviewLine {
                    label: codes::review_label(line.label),
                    value: words(&line.value),
                    editable: line.editable,
                    place: place as i32,
                })
                .collect(),
            ..Sheet::default()
        },
        Screen::Printing => Sheet { page: PageName::Printing, ..Sheet::default() },
        Screen::Outcome { outcome, reference, paper } => {
            let mut data = outcome_data(outcome, *paper, language);
            data.reference = reference.as_deref().map(words).unwrap_or_default();
            let fault = match outcome {
                Outcome::Refused { fault } => end_words(*fault, language),
                _ => pages::Fault::default(),
            };
            Sheet { page: PageName::Outcome, outcome: data, fault, ..Sheet::default() }
        }
        Screen::Done { rated } => {
            Sheet { page: PageName::Done, rated: rated.map_or(0, i32::from), ..Sheet::default() }
        }
        Screen::OutOfService { fault: why, minutes } => Sheet {
            page: PageName::OutOfService,
            minutes: minutes.filter(|minutes| *minutes <= SAID_IN_MINUTES).map_or(0, i32::from),
            fault: why_out(*why, language),
            ..Sheet::default()
        },
        Screen::StaffSignIn { entered, locked_for, fault: wrong } => Sheet {
            page: PageName::StaffSignIn,
            sign_in: pages::StaffSignInData {
                entered: (*entered).into(),
                locked_for: locked_for.map_or(0, |seconds| i32::try_from(seconds).unwrap_or(i32::MAX)),
            },
            fault: fault(wrong),
            ..Sheet::default()
        },
        Screen::StaffBadge { fault: wrong } => {
            Sheet { page: PageName::StaffBadge, fault: fault(wrong), ..Sheet::default() }
        }
        Screen::Staff { devices, waiting, paper_percent, stick, note, closed, version } => {
            let (note, note_fault) = staff_note(*note);
            let (stick, stick_fault) = stick_note(*stick);
            Sheet {
                page: PageName::Staff,
                devices: devices
                    .iter()
                    .map(|line| pages::DeviceLine {
                        device: codes::device(line.device),
                        works: line.works,
                        fault: line.fault.map_or_else(pages::Fault::default, |one| advice(one, language)),
                    })
                    .collect(),
                staff: pages::StaffData {
                    waiting: i32::try_from(*waiting).unwrap_or(i32::MAX),
                    paper_percent: paper_percent.map_or(-1, i32::from),
                    stick,
                    stick_fault: stick_fault.map_or_else(pages::Fault::default, |one| advice(one, language)),
                    note,
                    note_fault: note_fault.map_or_else(pages::Fault::default, |one| advice(one, language)),
                    closed: *closed,
                    version: words(version),
                },
                ..Sheet::default()
            }
        }
    }
}

fn person(name: &str, birth_year: i16) -> pages::HelloData {
    pages::HelloData { name: words(name), birth_year: birth_year.to_string().into() }
}

fn outcome_data(outcome: &Outcome, paper: PaperOutcome, language: Language) -> pages::OutcomeData {
    use pages::OutcomeKind as Kind;
    let mut data = pages::OutcomeData::default();
    data.kind = match outcome {
        Outcome::Activated => Kind::Activated,
        Outcome::Received => Kind::Received,
        Outcome::AlreadyActive => Kind::AlreadyActive,
        Outcome::Overdue { hotline } => {
            data.hotline = unbroken(hotline);
            Kind::Overdue
        }
        Outcome::Locked => Kind::Locked,
        Outcome::NoAccount => Kind::NoAccount,
        Outcome::LevelOne => Kind::LevelOne,
        Outcome::CardExpired { on } => {
            data.expired_on = words(on);
            Kind::CardExpired
        }
        Outcome::Declined => Kind::Declined,
        Outcome::StaffWay => Kind::StaffWay,
        Outcome::Refused { .. } => Kind::Refused,
    };
    data.paper = match paper {
        PaperOutcome::None => pages::Paper::None,
        PaperOutcome::Offered => pages::Paper::Offered,
        PaperOutcome::Printed => pages::Paper::Printed,
        PaperOutcome::Failed(fault) => {
            data.paper_fault = fault_words(fault, language);
            pages::Paper::Failed
        }
    };
    data
}

fn staff_note(note: Option<StaffNote>) -> (pages::StaffNote, Option<Fault>) {
    use pages::StaffNote as Note;
    match note {
        None => (Note::None, None),
        Some(StaffNote::TestPrinted) => (Note::TestPrinted, None),
        Some(StaffNote::TestPrintFailed(fault)) => (Note::TestPrintFailed, Some(fault)),
        Some(StaffNote::PaperRefilled) => (Note::PaperRefilled, None),
        Some(StaffNote::ReaderAnswered) => (Note::ReaderAnswered, None),
        Some(StaffNote::ReaderFailed(fault)) => (Note::ReaderFailed, Some(fault)),
        Some(StaffNote::CameraAnswered) => (Note::CameraAnswered, None),
        Some(StaffNote::CameraFailed(fault)) => (Note::CameraFailed, Some(fault)),
        Some(StaffNote::MachineLocked) => (Note::MachineLocked, None),
        Some(StaffNote::MachineUnlocked) => (Note::MachineUnlocked, None),
    }
}

fn stick_note(note: Option<StickNote>) -> (pages::StickNote, Option<Fault>) {
    use pages::StickNote as Note;
    match note {
        None => (Note::None, None),
        Some(StickNote::Reading) => (Note::Reading, None),
        Some(StickNote::Admitted) => (Note::Admitted, None),
        Some(StickNote::Installed) => (Note::Installed, None),
        Some(StickNote::NotInstalled) => (Note::NotInstalled, None),
        Some(StickNote::LogsTaken) => (Note::LogsTaken, None),
        Some(StickNote::Refused(fault)) => (Note::Refused, Some(fault)),
    }
}

/// A fault as a citizen reads it.
fn fault_words(fault: Fault, language: Language) -> pages::Fault {
    pages::Fault { code: fault.code().into(), words: pick(fault.citizen(), language).into() }
}

/// The same where the visit ends with it.
fn end_words(fault: Fault, language: Language) -> pages::Fault {
    pages::Fault { code: fault.code().into(), words: pick(fault.citizen_at_end(), language).into() }
}

/// A fault as the person who services the machine reads it.
fn advice(fault: Fault, language: Language) -> pages::Fault {
    pages::Fault { code: fault.code().into(), words: pick(fault.staff(), language).into() }
}

/// A number with its thousands apart, as the language writes it.
fn thousands(number: u32, language: Language) -> SharedString {
    let mark = match language {
        Language::Vi => '.',
        Language::En => ',',
    };
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(mark);
        }
        text.push(digit);
    }
    text.into()
}

fn pick(words: screen::Words, language: Language) -> &'static str {
    match language {
        Language::Vi => words.vi,
        Language::En => words.en,
    }
}

/// A chip may hold letters and marks apart; fonts want them joined.
fn words(text: &str) -> SharedString {
    text.nfc().collect::<String>().into()
}

/// A number that must not be broken over two lines.
fn unbroken(text: &str) -> SharedString {
    words(&text.replace(' ', "\u{a0}"))
}

fn one_by_one(text: &str) -> Vec<SharedString> {
    text.chars().map(|one| one.to_string().into()).collect()
}
