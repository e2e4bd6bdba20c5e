//! The account, the phone and the one-time code.

use faults::Fault;
use jiff::{SignedDuration, Timestamp};
use screen::{Outcome, Tap};
use services::{AccountState, CodeChannel};

use super::{
    Turn,
    ending::{ended, to_counter},
    go, nothing_sent,
};
use crate::{
    World,
    effect::Effect,
    event::{Event, PlatformStep},
    state::{At, Chosen, Phoned, Proved},
    typing::{Typed, check_phone},
};

const PHONE_DIGITS: u8 = 10;
const CODE_DIGITS: u8 = 6;

pub(super) fn next(at: At, event: Event, world: &World<'_>) -> Turn {
    match (at, event) {
        (At::LookingUp { proved }, Event::Account(state)) => account(proved, &state, world),
        (At::LookingUp { .. }, Event::PlatformFailed(PlatformStep::LookUp, fault)) => {
            refused(nothing_sent(fault), world)
        }
        (At::EnteringPhone { proved, digits, .. }, Event::Tap(tap)) => enter_phone(proved, digits, &tap),
        (At::CheckingPhone { proved, phone }, Event::PhoneAccepted) => {
            let phoned =
                Phoned { proved, phone, sent_to: String::new(), sends: 0, resend_in: 0, tries_left: None };
            send_code(phoned, CodeChannel::Sms)
        }
        (At::CheckingPhone { proved, phone }, Event::PlatformFailed(PlatformStep::Phone, fault)) => {
            match fault {
                Fault::PhoneMismatch | Fault::PhoneNotOwned => {
                    go(At::EnteringPhone { proved, digits: phone, fault: Some(fault) })
                }
                _ => refused(nothing_sent(fault), world),
            }
        }
        (At::SendingCode { mut phoned }, Event::CodeSent(sent_to)) => {
            phoned.sent_to = sent_to;
            phoned.resend_in = world.rules.otp_resend_seconds as u16;
            go(At::EnteringCode { phoned, digits: Typed::empty(), fault: None })
        }
        (At::SendingCode { phoned }, Event::PlatformFailed(PlatformStep::SendCode, fault)) => {
            if phoned.sends > 1 {
                go(At::EnteringCode { phoned, digits: Typed::empty(), fault: Some(nothing_sent(fault)) })
            } else {
                refused(nothing_sent(fault), world)
            }
        }
        (At::EnteringCode { phoned, digits, .. }, Event::Tap(tap)) => enter_code(phoned, digits, &tap, world),
        (At::CheckingCode { phoned }, Event::CodeAccepted) => {
            let chosen = Chosen::default();
            if phoned.proved.has_password {
                go(At::SettingPasscode { phoned, chosen, first: Typed::empty(), again: None, fault: None })
            } else {
                go(At::SettingPassword { phoned, first: Typed::empty(), again: None, fault: None })
            }
        }
        (At::CheckingCode { .. }, Event::CodeRefused(Fault::OtpLimit, _)) => refused(Fault::OtpLimit, world),
        (At::CheckingCode { mut phoned }, Event::CodeRefused(fault, tries_left)) => {
            phoned.tries_left = tries_left;
            if fault == Fault::OtpExpired {
                phoned.resend_in = 0;
            }
            go(At::EnteringCode { phoned, digits: Typed::empty(), fault: Some(fault) })
        }
        (At::CheckingCode { phoned }, Event::PlatformFailed(PlatformStep::CheckCode, fault)) => {
            go(At::EnteringCode { phoned, digits: Typed::empty(), fault: Some(nothing_sent(fault)) })
        }
        (same, _) => go(same),
    }
}

fn account(mut proved: Proved, state: &AccountState, world: &World<'_>) -> Turn {
    let standing = standing(state, world);
    let turn = match state {
        AccountState::Pending { has_password, .. } => {
            if standing == audit::AccountStanding::Overdue {
                overdue(&proved, world)
            } else {
                proved.has_password = *has_password;
                go(At::EnteringPhone { proved, digits: Typed::empty(), fault: None })
            }
        }
        AccountState::Active => ended(Outcome::AlreadyActive, None, None),
        AccountState::Locked => to_counter(Outcome::Locked, world),
        AccountState::None => to_counter(Outcome::NoAccount, world),
        AccountState::LevelOne => to_counter(Outcome::LevelOne, world),
    };
    turn.and(Effect::Note(audit::Event::AccountLookedUp { state: standing }))
}

/// The page that says why it cannot go on.
pub(super) fn refused(fault: Fault, world: &World<'_>) -> Turn {
    to_counter(Outcome::Refused { fault }, world)
}

fn standing(state: &AccountState, world: &World<'_>) -> audit::AccountStanding {
    use audit::AccountStanding as As;
    match state {
        AccountState::None => As::None,
        AccountState::LevelOne => As::LevelOne,
        AccountState::Pending { ready_since, .. } if is_overdue(*ready_since, world) => As::Overdue,
        AccountState::Pending { .. } => As::Pending,
        AccountState::Active => As::Active,
        AccountState::Locked => As::Locked,
    }
}

/// Late is not lost: after the window the hotline takes it (article 14.1).
fn is_overdue(ready_since: Timestamp, world: &World<'_>) -> bool {
    let window = SignedDuration::from_hours(24 * i64::from(world.rules.activation_window_days));
    world.now.duration_since(ready_since) > window
}

fn overdue(proved: &Proved, world: &World<'_>) -> Turn {
    let hotline = world.service(&proved.asked.service).hotline.clone();
    to_counter(Outcome::Overdue { hotline }, world)
}

fn enter_phone(proved: Proved, mut digits: Typed, tap: &Tap) -> Turn {
    let mut fault = None;
    match tap {
        Tap::Key(key) => digits.digit(*key, PHONE_DIGITS),
        Tap::Erase => digits.erase(),
        Tap::Continue => match check_phone(digits.text()) {
            Ok(()) => {
                let number = zeroize::Zeroizing::new(proved.who.number().as_str().to_owned());
                let phone = zeroize::Zeroizing::new(digits.text().to_owned());
                return go(At::CheckingPhone { proved, phone: digits })
                    .and(Effect::BeginActivation(number, phone));
            }
            Err(malformed) => fault = Some(malformed),
        },
        _ => {}
    }
    go(At::EnteringPhone { proved, digits, fault })
}

fn send_code(mut phoned: Phoned, channel: CodeChannel) -> Turn {
    phoned.sends += 1;
    go(At::SendingCode { phoned }).and(Effect::SendCode(channel))
}

fn enter_code(phoned: Phoned, mut digits: Typed, tap: &Tap, world: &World<'_>) -> Turn {
    let mut fault = None;
    match tap {
        Tap::Key(key) => digits.digit(*key, CODE_DIGITS),
        Tap::Erase => digits.erase(),
        Tap::Continue if digits.count() == CODE_DIGITS => {
            return go(At::CheckingCode { phoned }).and(Effect::CheckCode(digits.into_secret()));
        }
        Tap::ResendCode | Tap::CallWithCode if phoned.resend_in == 0 => {
            if phoned.sends < world.rules.otp_sends {
                let voice = matches!(tap, Tap::CallWithCode);
                return send_code(phoned, if voice { CodeChannel::Voice } else { CodeChannel::Sms });
            }
            fault = Some(Fault::OtpLimit);
        }
        Tap::Back => {
            return go(At::EnteringPhone { proved: phoned.proved, digits: Typed::empty(), fault: None });
        }
        _ => {}
    }
    go(At::EnteringCode { phoned, digits, fault })
}
