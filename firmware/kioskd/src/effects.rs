//! Carries out what a visit wants done: hands it to the thread or task that can.

use std::sync::Arc;

use badge::Claim;
use faults::{Fault, chain};
use journey::{Effect, Event, Kept, SignedIn, SlipOrder};
use printing::{CounterReason, MaskedPhone, Matter, Slip, SlipFacts};
use screen::{Language, Outcome, StaffNote, StaffTap};

use crate::{
    chance::Chance,
    clock,
    happened::Kind,
    kiosk::{Kiosk, LogLost},
    wrong_pins,
};

pub fn carry_out(kiosk: &mut Kiosk, effect: Effect) -> Result<(), LogLost> {
    match effect {
        Effect::ReadCard(keys, service) => {
            let service = kiosk.settings.catalogue.service(service.as_str());
            let files = service.map(|service| service.reads.clone()).unwrap_or_default();
            let job = kiosk.job(Kind::Card);
            kiosk.parts.card.read(job, keys, files, clock::today());
        }
        Effect::StopCard => {
            let job = kiosk.job(Kind::Card);
            kiosk.parts.card.stop(job);
        }
        Effect::WatchFace(reference, attempt, tempo) => {
            let job = kiosk.job(Kind::Face);
            kiosk.parts.face.watch(job, reference, attempt, tempo);
        }
        Effect::StopFace => {
            let job = kiosk.job(Kind::Face);
            kiosk.parts.face.stop(job);
        }
        Effect::LookUpAccount(number) => {
            let job = kiosk.job(Kind::Platform);
            kiosk.parts.platform.look_up(job, number);
        }
        Effect::BeginActivation(number, phone) => {
            let job = kiosk.job(Kind::Platform);
            kiosk.parts.platform.begin(job, number, phone);
        }
        Effect::SendCode(channel) => {
            let job = kiosk.job(Kind::Platform);
            kiosk.parts.platform.send_code(job, channel);
        }
        Effect::CheckCode(code) => {
            let job = kiosk.job(Kind::Platform);
            kiosk.parts.platform.check_code(job, code);
        }
        Effect::SetSecrets(secrets, service) => {
            let job = kiosk.job(Kind::Platform);
            // The platform keeps the question's Vietnamese words: the answer must be
            // asked for again in years, by people.
            let service = kiosk.settings.catalogue.service(service.as_str());
            let questions = service.into_iter().flat_map(|service| &service.questions);
            let questions = questions.map(|question| question.words(Language::Vi).to_owned()).collect();
            kiosk.parts.platform.set_secrets(job, *secrets, questions);
        }
        Effect::AskVneid(number, identity) => {
            let job = kiosk.job(Kind::Platform);
            kiosk.parts.platform.ask_vneid(job, number, identity);
        }
        Effect::StopVneid => {
            kiosk.job(Kind::Platform);
            kiosk.parts.platform.stop_vneid();
        }
        Effect::OfficerSigns(attempt) => {
            let job = kiosk.job(Kind::Officer);
            kiosk.parts.officers.sign(job, kiosk.visit.uuid(), *attempt);
        }
        Effect::SignAndStore(request) => {
            let job = kiosk.job(Kind::Record);
            let activation = kiosk.parts.platform.activation().unwrap_or_default();
            let service = kiosk.settings.catalogue.service(request.service.as_str());
            let service = service.expect("a visit's service stays in the catalogue").clone();
            kiosk.parts.record.sign_and_store(job, service, *request, activation);
        }
        Effect::Print(order, language) => print(kiosk, *order, language),
        Effect::CallHelp => kiosk.write(&audit::Event::HelpCalled)?,
        Effect::StaffSignIn(pin) => sign_in(kiosk, &pin)?,
        Effect::ReadBadge(holder) => {
            let claim = Claim {
                kiosk: kiosk.settings.kiosk.to_string(),
                holder,
                nonce: Chance.challenge(),
                challenge: kiosk.upkeep.badge_is_asked(),
            };
            let job = kiosk.job(Kind::Card);
            kiosk.parts.card.read_badge(job, claim, Arc::clone(&kiosk.settings.badges));
        }
        Effect::AdmitStaff(who) => {
            kiosk.upkeep.staff_came(&who);
            if let SignedIn::ByBadge(_) = who {
                kiosk.write(&audit::Event::BadgeShown)?;
            }
            kiosk.write(&audit::Event::StaffSignedIn)?;
        }
        Effect::StaffDo(tap) => serve_staff(kiosk, tap)?,
        Effect::Note(event) => kiosk.write(&event)?,
        Effect::Wipe => kiosk.wipe()?,
    }
    Ok(())
}

fn print(kiosk: &mut Kiosk, order: SlipOrder, language: Language) {
    let job = kiosk.job(Kind::Paper);
    let key = kiosk.parts.record.device_key();
    let id = kiosk.settings.kiosk.clone();
    let (matter, kind) = match order {
        SlipOrder::Acknowledged { service, sent_to, receipt } => {
            let kind = match receipt.standing() {
                outbox::Standing::Received => audit::SlipKind::Received,
                outbox::Standing::Registered => audit::SlipKind::Registered,
            };
            let code = SlipFacts::acknowledged(&receipt, id).sign(key);
            (Matter::Request { service, phone: MaskedPhone::parse(&sent_to), next: None, code }, kind)
        }
        SlipOrder::Kept { service, sent_to, kept: Kept { transaction, reference, at } } => {
            let code = SlipFacts::kept(transaction, reference, id, at).sign(key);
            let phone = MaskedPhone::parse(&sent_to);
            (Matter::Request { service, phone, next: None, code }, audit::SlipKind::Received)
        }
        SlipOrder::Renewal { expired } => {
            (Matter::PoliceRenewal { expired_on: expired }, audit::SlipKind::Police)
        }
        SlipOrder::Counter { outcome, reference } => (
            Matter::Counter { reason: reason(outcome), reference: Some(reference) },
            audit::SlipKind::Counter,
        ),
    };
    draw(kiosk, job, matter, kind, language);
}

fn draw(kiosk: &Kiosk, job: crate::happened::Job, matter: Matter, kind: audit::SlipKind, language: Language) {
    let slip = Slip {
        matter,
        language,
        kiosk: kiosk.settings.kiosk.clone(),
        site: kiosk.settings.board.kiosk.site.as_str().to_owned(),
        at: clock::now(),
    };
    let dots = kiosk.settings.board.receipt_printer.as_ref().map_or(576, |printer| printer.dots.get());
    match slip.draw(dots) {
        Ok(picture) => kiosk.parts.paper.print(job, picture, kind),
        Err(error) => {
            tracing::error!(code = error.fault().code(), error = chain(&error), "slip not drawn");
            kiosk.tell.work(job, Event::PrintFailed(error.fault()));
        }
    }
}

fn reason(outcome: Outcome) -> CounterReason {
    match outcome {
        Outcome::NoAccount => CounterReason::NoAccount,
        Outcome::LevelOne => CounterReason::LevelOne,
        Outcome::Overdue { hotline } => CounterReason::Overdue { hotline },
        Outcome::Locked => CounterReason::Locked,
        Outcome::Refused { fault } => CounterReason::Refused(fault),
        _ => CounterReason::AnotherWay,
    }
}

/// The count of wrong PINs is on the disk before the answer is given.
fn sign_in(kiosk: &mut Kiosk, pin: &str) -> Result<(), LogLost> {
    let signed_in = staff::sign_in(&kiosk.settings.officers, pin, &mut kiosk.lockout, clock::now());
    let path = wrong_pins::of_staff(kiosk.settings.board.files.data.path());
    if let Err(error) = wrong_pins::keep(&path, &kiosk.lockout) {
        tracing::error!(code = Fault::StoreFailed.code(), %error, "lock-out not kept");
        return kiosk.step(Event::StaffRefused(Fault::StoreFailed, None));
    }
    match signed_in {
        Ok(officer) => {
            let id = officer.as_str().to_owned();
            let has_badge = kiosk.settings.badges.of(&id).is_some();
            kiosk.step(if has_badge { Event::BadgeWanted(id) } else { Event::StaffSignedIn(id) })
        }
        Err(error) => {
            let fault = error.fault();
            // A wrong PIN may have begun the lock: the page says so at once. It counts by
            // whole ticks, the first of which may come at any moment: one more, or it
            // would ask for a PIN that is still refused.
            let seconds = kiosk.lockout.seconds_left(clock::now()).map(|left| left + 1);
            kiosk.write(&audit::Event::StaffRefused { fault })?;
            kiosk.step(Event::StaffRefused(fault, seconds))
        }
    }
}

fn serve_staff(kiosk: &mut Kiosk, tap: StaffTap) -> Result<(), LogLost> {
    match tap {
        StaffTap::TestPrint => {
            let job = kiosk.job(Kind::Paper);
            draw(kiosk, job, Matter::Test, audit::SlipKind::Test, Language::Vi);
        }
        StaffTap::PaperRefilled => {
            kiosk.write(&audit::Event::PaperRefilled)?;
            kiosk.step(Event::StaffDone(StaffNote::PaperRefilled))?;
        }
        StaffTap::TestReader => {
            let job = kiosk.job(Kind::Card);
            kiosk.parts.card.test(job);
        }
        StaffTap::TestCamera => {
            let job = kiosk.job(Kind::Face);
            kiosk.parts.face.test(job);
        }
        StaffTap::LockMachine => {
            let closed = kiosk.is_closed();
            kiosk.write(if closed { &audit::Event::MachineClosed } else { &audit::Event::MachineOpened })?;
        }
        StaffTap::Exit => kiosk.write(&audit::Event::StaffLeft)?,
    }
    Ok(())
}
