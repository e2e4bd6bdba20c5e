//! Password, passcode and questions, then the review. Weak ones are refused here,
//! before anything is sealed or sent.

use faults::Fault;
use screen::Tap;

use super::{Turn, account::refused, go, nothing_sent};
use crate::{
    World,
    effect::{Effect, Request, Secrets},
    event::{Event, PlatformStep},
    state::{At, Chosen, Phoned, Proved},
    typing::{Typed, check_passcode, check_password},
};

const PASSCODE_DIGITS: u8 = 6;
const ANSWER_LEAST: u8 = 2;
const ANSWER_MOST: u8 = 40;
/// Questions that the citizen chooses and answers.
const QUESTIONS: usize = 2;

pub(super) fn next(at: At, event: Event, world: &World<'_>) -> Turn {
    match (at, event) {
        (At::SettingPassword { phoned, first, again, .. }, Event::Tap(tap)) => {
            password(phoned, first, again, &tap, world)
        }
        (At::SettingPasscode { phoned, chosen, first, again, .. }, Event::Tap(tap)) => {
            passcode(phoned, chosen, first, again, &tap)
        }
        (At::Answering { phoned, chosen, question, answer, .. }, Event::Tap(tap)) => {
            answers(phoned, chosen, question, answer, &tap, world)
        }
        (At::SettingSecrets { phoned }, Event::SecretsSet) => go(At::Reviewing { phoned }),
        (At::SettingSecrets { .. }, Event::PlatformFailed(PlatformStep::Secrets, fault)) => {
            refused(nothing_sent(fault), world)
        }
        // The phone was proved by a code; another phone needs another code.
        (At::Reviewing { phoned }, Event::Tap(Tap::Edit(_))) => {
            go(At::EnteringPhone { proved: phoned.proved, digits: Typed::empty(), fault: None })
        }
        (At::Reviewing { phoned }, Event::Tap(Tap::Sign)) => sign(phoned),
        (same, _) => go(same),
    }
}

fn password(
    phoned: Phoned,
    mut first: Typed,
    mut again: Option<Typed>,
    tap: &Tap,
    world: &World<'_>,
) -> Turn {
    let mut fault = None;
    let most = world.rules.password_most as u8;
    match tap {
        Tap::Key(key) => again.as_mut().unwrap_or(&mut first).ascii(*key, most),
        Tap::Erase => again.as_mut().unwrap_or(&mut first).erase(),
        Tap::Back => {
            first.clear();
            again = None;
        }
        Tap::Continue => match again.take() {
            None => match check_password(first.text(), world.rules) {
                Ok(()) => again = Some(Typed::empty()),
                Err(weak) => fault = Some(weak),
            },
            Some(repeat) if repeat.equals(&first) => {
                let chosen = Chosen { password: Some(first), ..Chosen::default() };
                return go(At::SettingPasscode {
                    phoned,
                    chosen,
                    first: Typed::empty(),
                    again: None,
                    fault: None,
                });
            }
            Some(_) => {
                first.clear();
                fault = Some(Fault::PasscodeMismatch);
            }
        },
        _ => {}
    }
    go(At::SettingPassword { phoned, first, again, fault })
}

fn passcode(
    phoned: Phoned,
    mut chosen: Chosen,
    mut first: Typed,
    mut again: Option<Typed>,
    tap: &Tap,
) -> Turn {
    let mut fault = None;
    match tap {
        Tap::Key(key) => again.as_mut().unwrap_or(&mut first).digit(*key, PASSCODE_DIGITS),
        Tap::Erase => again.as_mut().unwrap_or(&mut first).erase(),
        Tap::Back => {
            first.clear();
            again = None;
        }
        Tap::Continue => match again.take() {
            None => match check_passcode(first.text(), phoned.proved.who.birth()) {
                Ok(()) => again = Some(Typed::empty()),
                Err(weak) => {
                    first.clear();
                    fault = Some(weak);
                }
            },
            Some(repeat) if repeat.equals(&first) => {
                chosen.passcode = Some(first);
                let answer = Typed::empty();
                return go(At::Answering { phoned, chosen, question: None, answer, fault: None });
            }
            Some(_) => {
                first.clear();
                fault = Some(Fault::PasscodeMismatch);
            }
        },
        _ => {}
    }
    go(At::SettingPasscode { phoned, chosen, first, again, fault })
}

fn answers(
    phoned: Phoned,
    mut chosen: Chosen,
    mut question: Option<u8>,
    mut answer: Typed,
    tap: &Tap,
    world: &World<'_>,
) -> Turn {
    let mut fault = None;
    match tap {
        Tap::Question(at) => {
            let known = usize::from(*at) < world.service(&phoned.proved.asked.service).questions.len();
            let taken = chosen.answers.iter().any(|(other, _)| other == at);
            if known && !taken {
                question = Some(*at);
                answer.clear();
            }
        }
        Tap::Key(key) if question.is_some() => answer.letter(*key, ANSWER_MOST),
        Tap::Erase => answer.erase(),
        Tap::Back => {
            question = None;
            answer.clear();
        }
        Tap::Continue => match question {
            Some(at) if answer.count() >= ANSWER_LEAST => {
                chosen.answers.push((at, std::mem::replace(&mut answer, Typed::empty())));
                question = None;
                if chosen.answers.len() == QUESTIONS {
                    return hand_over(phoned, chosen);
                }
            }
            Some(_) => fault = Some(Fault::AnswerTooShort),
            None => {}
        },
        _ => {}
    }
    go(At::Answering { phoned, chosen, question, answer, fault })
}

fn hand_over(phoned: Phoned, chosen: Chosen) -> Turn {
    let secrets = Secrets {
        password: chosen.password.map(Typed::into_secret),
        passcode: chosen.passcode.expect("the passcode stands before the questions").into_secret(),
        answers: chosen.answers.into_iter().map(|(at, answer)| (at, answer.into_secret())).collect(),
    };
    let service = phoned.proved.asked.service.clone();
    go(At::SettingSecrets { phoned }).and(Effect::SetSecrets(Box::new(secrets), service))
}

fn sign(phoned: Phoned) -> Turn {
    let Phoned { proved: Proved { asked, who, face, .. }, phone, sent_to, .. } = phoned;
    let request = Request {
        service: asked.service.clone(),
        who,
        face,
        consent: asked.consent,
        phone: phone.into_secret(),
    };
    go(At::Sending { service: asked.service, sent_to, kept: None })
        .and(Effect::SignAndStore(Box::new(request)))
}
