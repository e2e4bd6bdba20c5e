//! What the screen shows in each state. Secrets leave as counts only.

use devices::{Device, State};
use face::Tempo;
use faults::Fault;
use screen::{DeviceLine, DeviceName, ReviewLabel, ReviewLine, Screen, Step, Text, View, Work};
use services::{StepKind, closed_by};
use upkeep::{LockReason, Opening};

use crate::{
    World,
    state::{At, Journey, Manner, Phoned, Unconfirmed, entry},
    typing::password_rules,
};

impl World<'_> {
    /// Why the whole machine is out of service: every service is closed.
    pub fn out_of_service(&self) -> Option<Fault> {
        let services = self.catalogue.services();
        let mut closed = services.iter().map(|service| closed_by(service, self.devices));
        let first = closed.next()??;
        closed.all(|fault| fault.is_some()).then_some(first)
    }
}

/// The words of a lock.
fn locked(reason: LockReason) -> Fault {
    match reason {
        LockReason::Operator => Fault::Locked,
        LockReason::Repair => Fault::LockedForRepair,
        LockReason::Check => Fault::LockedForCheck,
        LockReason::OfficeClosed => Fault::LockedOfficeClosed,
    }
}

impl Journey {
    /// Everything that the screen shows now.
    pub fn view(&self, world: &World<'_>) -> View {
        View {
            screen: self.screen(world),
            language: self.manner.language,
            look: self.manner.look,
            step: self.at.progress(world),
            over: self.over,
            offers: self.offers(),
        }
    }

    fn screen(&self, world: &World<'_>) -> Screen {
        let attract = |closes_in| Screen::Attract {
            closes_in,
            message: world.message.map(|words| Text::new(words.vi.as_str(), words.en.as_str())),
        };
        match &self.at {
            At::Attract if self.closed => Screen::OutOfService { fault: Fault::ServiceClosed, minutes: None },
            At::Attract => match (world.out_of_service(), world.opening) {
                (_, Opening::ClosedFor(minutes)) => {
                    Screen::OutOfService { fault: Fault::Upkeep, minutes: Some(minutes) }
                }
                (_, Opening::Locked { minutes, reason }) => {
                    Screen::OutOfService { fault: locked(reason), minutes }
                }
                (Some(fault), _) => Screen::OutOfService { fault, minutes: None },
                (None, Opening::ClosesIn(minutes)) => attract(Some(minutes)),
                (None, Opening::Open) => attract(None),
            },
            At::ChoosingService => {
                let services = world.catalogue.services().iter();
                let services = services.map(|service| service.tile(closed_by(service, world.devices)));
                Screen::ChooseService { services: services.collect() }
            }
            At::Consenting { service: id } => {
                let service = world.service(id);
                Screen::Consent {
                    service: service.title.clone(),
                    purposes: service.purposes.iter().map(|purpose| purpose.text.clone()).collect(),
                    fee: service.fee_on(world.today),
                }
            }
            At::EnteringCardKey { digits, fault, tries_left, .. } => Screen::CardKey {
                digits: digits.text().to_owned(),
                scanner: world.scans(),
                tries_left: *tries_left,
                fault: *fault,
            },
            At::PlacingCard { fault, .. } => Screen::PlaceCard { fault: *fault },
            At::ReadingCard { greeting, stage, percent, .. } => {
                let name = greeting.as_ref().map(|greeting| greeting.name().to_owned());
                Screen::ReadingCard { name, stage: *stage, percent: *percent }
            }
            At::Greeting { read } => {
                Screen::Hello { name: read.who.name().to_owned(), birth_year: read.who.birth().year() }
            }
            At::TakingPhoto { read, hint, percent, tempo, glow } => Screen::Face {
                hint: *hint,
                percent: *percent,
                attempt: read.asked.tries,
                attempts: world.rules.face_attempts as u8,
                gently: *tempo == Tempo::Gentle,
                glow: *glow,
            },
            At::FaceMissed { read, fault, .. } => Screen::FaceNotMatched {
                attempt: read.asked.tries,
                attempts: world.rules.face_attempts as u8,
                fault: *fault,
            },
            At::AnotherWay { read, fault } => {
                let officers = world.has_officers_for(&read.asked.service);
                Screen::FaceAnotherWay { fault: *fault, reference: world.reference.to_owned(), officers }
            }
            At::AskingVneid { .. } => Screen::Working { work: Work::AskingVneid },
            At::ShowingVneid { qr, seconds_left, .. } => {
                Screen::VneidCode { qr: qr.clone(), seconds_left: *seconds_left }
            }
            At::AskingOfficers { unconfirmed: Unconfirmed { read, first, .. } } => Screen::OfficersConfirm {
                name: read.who.name().to_owned(),
                birth_year: read.who.birth().year(),
                signed: first.as_ref().map(|first| first.signed.officer.as_str().to_owned()),
            },
            At::EnteringOfficer { unconfirmed, digits, fault } => Screen::OfficerNumber {
                officer: if unconfirmed.first.is_some() { 2 } else { 1 },
                digits: digits.text().to_owned(),
                fault: *fault,
            },
            At::EnteringOfficerPin { unconfirmed: Unconfirmed { read, .. }, officer, pin, fault } => {
                Screen::OfficerPin {
                    number: officer.as_str().to_owned(),
                    name: read.who.name().to_owned(),
                    birth_year: read.who.birth().year(),
                    entered: pin.count(),
                    fault: *fault,
                }
            }
            At::OfficerSigning { .. } => Screen::Working { work: Work::OfficerSigns },
            At::LookingUp { .. } => Screen::Working { work: Work::LookingUpAccount },
            At::EnteringPhone { digits, fault, .. } => {
                Screen::Phone { digits: digits.text().to_owned(), fault: *fault }
            }
            At::CheckingPhone { .. } | At::SendingCode { .. } => Screen::Working { work: Work::SendingCode },
            At::EnteringCode { phoned, digits, fault } => Screen::Otp {
                sent_to: phoned.sent_to.clone(),
                entered: digits.count(),
                resend_in: phoned.resend_in,
                tries_left: phoned.tries_left,
                fault: *fault,
            },
            At::CheckingCode { .. } => Screen::Working { work: Work::CheckingCode },
            At::SettingPassword { first, again, fault, .. } => {
                let typed = again.as_ref().unwrap_or(first);
                Screen::Password {
                    entry: entry(again.as_ref()),
                    entered: typed.count(),
                    rules: password_rules(first.text(), world.rules),
                    fault: *fault,
                }
            }
            At::SettingPasscode { first, again, fault, .. } => Screen::Passcode {
                entry: entry(again.as_ref()),
                entered: again.as_ref().unwrap_or(first).count(),
                fault: *fault,
            },
            At::Answering { phoned, chosen, question, answer, fault } => Screen::Question {
                number: chosen.answers.len() as u8 + 1,
                choices: world.service(&phoned.proved.asked.service).questions.clone(),
                chosen: *question,
                entered: answer.count(),
                last: answer.last(),
                fault: *fault,
            },
            At::SettingSecrets { .. } => Screen::Working { work: Work::SettingSecrets },
            At::Reviewing { phoned } => Screen::Review { lines: review(phoned, self.manner, world) },
            At::Sending { .. } => Screen::Working { work: Work::Sending },
            At::Printing { .. } => Screen::Printing,
            At::Ended { ending } => Screen::Outcome {
                outcome: ending.outcome.clone(),
                reference: ending.reference.clone(),
                paper: ending.paper,
            },
            At::Thanking { rated, .. } => Screen::Done { rated: *rated },
            At::SigningInStaff { pin, locked_for, fault } => {
                Screen::StaffSignIn { entered: pin.count(), locked_for: *locked_for, fault: *fault }
            }
            At::ShowingBadge { fault, .. } => Screen::StaffBadge { fault: *fault },
            At::ServingStaff { note } => Screen::Staff {
                devices: world.devices.iter().map(|(device, state)| line(*device, *state)).collect(),
                waiting: world.desk.waiting,
                paper_percent: world.desk.paper_percent,
                stick: world.desk.stick,
                note: *note,
                closed: self.closed,
                version: world.desk.version.clone(),
            },
        }
    }
}

/// What will be signed, line by line.
fn review(phoned: &Phoned, manner: Manner, world: &World<'_>) -> Vec<ReviewLine> {
    let proved = &phoned.proved;
    let line = |label, value: String, editable| ReviewLine { label, value, editable };
    vec![
        line(
            ReviewLabel::Service,
            world.service(&proved.asked.service).title.words(manner.language).to_owned(),
            false,
        ),
        line(ReviewLabel::Name, proved.who.name().to_owned(), false),
        line(ReviewLabel::Number, format!("•••• •••• {}", proved.who.number().last_four()), false),
        line(ReviewLabel::Phone, phoned.phone.text().to_owned(), true),
    ]
}

fn line(device: Device, state: State) -> DeviceLine {
    let name = match device {
        Device::CardReader => DeviceName::CardReader,
        Device::Camera => DeviceName::Camera,
        Device::ReceiptPrinter => DeviceName::ReceiptPrinter,
        Device::CodeScanner => DeviceName::CodeScanner,
        Device::Network => DeviceName::Network,
        Device::Store => DeviceName::Store,
    };
    DeviceLine { device: name, works: state.works(), fault: state.fault() }
}

impl At {
    /// "Step 2 of 5": which stretch of the service's way this is.
    fn progress(&self, world: &World<'_>) -> Option<Step> {
        let (stretch, id) = match self {
            At::Consenting { service } => (0, service),
            At::EnteringCardKey { asked, .. }
            | At::PlacingCard { asked, .. }
            | At::ReadingCard { asked, .. } => (1, &asked.service),
            At::Greeting { read } => (1, &read.asked.service),
            At::TakingPhoto { read, .. }
            | At::FaceMissed { read, .. }
            | At::AnotherWay { read, .. }
            | At::AskingVneid { read, .. }
            | At::ShowingVneid { read, .. } => (2, &read.asked.service),
            At::AskingOfficers { unconfirmed }
            | At::EnteringOfficer { unconfirmed, .. }
            | At::EnteringOfficerPin { unconfirmed, .. }
            | At::OfficerSigning { unconfirmed, .. } => (2, &unconfirmed.read.asked.service),
            At::LookingUp { proved }
            | At::EnteringPhone { proved, .. }
            | At::CheckingPhone { proved, .. } => (3, &proved.asked.service),
            At::SendingCode { phoned } | At::EnteringCode { phoned, .. } | At::CheckingCode { phoned } => {
                (3, &phoned.proved.asked.service)
            }
            At::SettingPassword { phoned, .. }
            | At::SettingPasscode { phoned, .. }
            | At::Answering { phoned, .. }
            | At::SettingSecrets { phoned } => (4, &phoned.proved.asked.service),
            At::Reviewing { phoned } => (5, &phoned.proved.asked.service),
            At::Sending { service, .. } => (5, service),
            _ => return None,
        };
        let has = world.service(id);
        let walked: Vec<_> = STRETCHES.iter().map(|steps| steps.iter().any(|step| has.has(*step))).collect();
        let count = |stretches: &[bool]| stretches.iter().filter(|walked| **walked).count() as u8;
        Some(Step { now: count(&walked[..=stretch]), of: count(&walked) })
    }
}

/// Steps of a service that the citizen sees as one stretch of the way.
const STRETCHES: &[&[StepKind]] = &[
    &[StepKind::Consent],
    &[StepKind::ReadCard],
    &[StepKind::ProveIdentity],
    &[StepKind::Phone, StepKind::Otp],
    &[StepKind::Secrets],
    &[StepKind::Review, StepKind::Sign, StepKind::Submit],
];
