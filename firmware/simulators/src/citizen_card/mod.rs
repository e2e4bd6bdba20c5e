//! The chip of a virtual citizen card (CCCD): ICAO Doc 9303-11 from the chip's
//! side, with the quirks that real cards show. It never does I/O and shares no
//! code with the reader crate, so that a mistake there cannot agree with itself.

mod apdu;
mod basic_access;
mod files;
mod genuine;
mod key_derivation;
mod link;
mod pace;
mod secure_channel;

use std::time::Duration;

use openssl::error::ErrorStack;
use rand_core::CryptoRng;

use self::{
    apdu::{Answer, Command, Status},
    files::Place,
    pace::{Pace, Step},
    secure_channel::SecureChannel,
};
use crate::{
    chance::SeededChance,
    der,
    personalise::{
        Personalised,
        chip_keys::{CHIP_AUTHENTICATION, PACE},
    },
    scenario::CardScript,
};

/// The identity application (Doc 9303-10, 3.6.2).
const APPLICATION: [u8; 7] = [0xA0, 0x00, 0x00, 0x02, 0x47, 0x10, 0x01];
/// The longest answer data that any reader's bus carries.
const LONGEST_ANSWER: usize = 65_533;

/// A chip in the field, or waiting for one.
pub struct CitizenCard {
    content: Personalised,
    script: CardScript,
    chance: Box<dyn CryptoRng + Send>,
    channel: Option<SecureChannel>,
    /// Takes over once the answer under the old channel is wrapped.
    next_channel: Option<SecureChannel>,
    place: Place,
    challenge: Option<[u8; 8]>,
    pace: Option<Pace>,
    chip_authentication: bool,
    password: Option<Password>,
    wrong_keys: u32,
    portrait_bytes: usize,
    lifted: bool,
    time: Duration,
    answered: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Password {
    Zone,
    AccessNumber,
}

impl CitizenCard {
    /// A fresh chip. `seed` decides its nonces and keys.
    pub fn new(personalised: Personalised, script: &CardScript, seed: u64) -> Self {
        Self::with_chance(personalised, script, Box::new(SeededChance::new(seed)))
    }

    fn with_chance(content: Personalised, script: &CardScript, chance: Box<dyn CryptoRng + Send>) -> Self {
        Self {
            content,
            script: script.clone(),
            chance,
            channel: None,
            next_channel: None,
            place: Place::default(),
            challenge: None,
            pace: None,
            chip_authentication: false,
            password: None,
            wrong_keys: 0,
            portrait_bytes: 0,
            lifted: false,
            time: Duration::ZERO,
            answered: 0,
        }
    }

    /// Answers one command APDU.
    pub fn answer(&mut self, apdu: &[u8]) -> Vec<u8> {
        self.answered += 1;
        let wrong_before = self.wrong_keys;
        let answer = match Command::parse(apdu) {
            None => Answer::from(Status::WRONG_LENGTH).bytes(),
            // OpenSSL refuses only where memory runs out.
            Some(command) => self.carry_out(&command).unwrap_or_else(|_| vec![0x6F, 0x00]),
        };
        self.time = link::exchange_time(self.script.link_kbps, apdu.len() + answer.len());
        if self.wrong_keys > wrong_before {
            self.time += link::pause_after(self.wrong_keys);
        }
        answer
    }

    /// How long the chip and the radio link took for the answer just given: nothing
    /// where no link speed is set, but for pauses after wrong keys.
    pub fn time_of_last_answer(&self) -> Duration {
        self.time
    }

    /// Whether the scripted hand lifts the card now, before the answer just given
    /// gets through. True once; whoever carries the answers must drop that one.
    pub fn is_lifted_now(&mut self) -> bool {
        std::mem::take(&mut self.lifted)
    }

    /// Power off and on: every channel is gone.
    pub fn reset(&mut self) {
        self.channel = None;
        self.next_channel = None;
        self.place = Place::default();
        self.challenge = None;
        self.pace = None;
        self.chip_authentication = false;
        self.password = None;
    }

    /// Answer to reset as PC/SC part 3 makes it for a contactless card: its
    /// historical bytes say whether extended length and chaining work (ISO/IEC
    /// 7816-4, 8.1.1.2.7).
    pub fn atr(&self) -> Vec<u8> {
        let lengths = if self.script.short_length { 0x80 } else { 0xC0 };
        let mut atr = vec![0x3B, 0x85, 0x80, 0x01, 0x80, 0x73, 0x94, 0x21, lengths];
        atr.push(atr[1..].iter().fold(0, |sum, byte| sum ^ byte));
        atr
    }

    /// Command APDUs answered since it was made.
    pub fn answered(&self) -> u64 {
        self.answered
    }

    /// The QR printed on the card.
    pub fn printed_code(&self) -> &str {
        self.content.printed_code()
    }

    fn carry_out(&mut self, command: &Command) -> Result<Vec<u8>, ErrorStack> {
        let room = command.expected.map_or(0, apdu::Expected::limit).min(LONGEST_ANSWER);
        if !command.is_protected() {
            // A plain command ends the channel (Doc 9303-11, 9.8.3).
            self.channel = None;
            if command.extended && self.script.short_length {
                return Ok(Answer::from(Status::WRONG_LENGTH).bytes());
            }
            return Ok(self.execute(command, room, false)?.bytes());
        }
        let Some(mut channel) = self.channel.take() else {
            return Ok(Answer::from(Status::OBJECTS_WRONG).bytes());
        };
        let inner = match channel.open(command) {
            Ok(inner) => inner,
            Err(status) => return Ok(Answer::from(status).bytes()),
        };
        let too_long = command.extended || inner.expected.is_some_and(|expected| expected.limit() > 256);
        let answer = if too_long && self.script.short_length {
            Status::WRONG_LENGTH.into()
        } else {
            self.execute(&inner, channel.room_in(room), true)?
        };
        let wrapped = channel.wrap(command.instruction, &answer)?;
        self.channel = Some(self.next_channel.take().unwrap_or(channel));
        Ok(wrapped)
    }

    fn execute(&mut self, command: &Command, room: usize, secured: bool) -> Result<Answer, ErrorStack> {
        if command.class & !0x10 != 0 {
            return Ok(Status::UNKNOWN_CLASS.into());
        }
        match command.instruction {
            0xA4 => Ok(self.select(command, secured)),
            0xB0 | 0xB1 => Ok(self.read(command, room, secured)),
            0x84 => Ok(self.give_challenge(command)),
            0x82 => self.basic_access(command),
            0x22 => Ok(self.choose_protocol(command, secured)),
            0x86 => self.general_authenticate(command, secured),
            0x88 if secured => Ok(match command.data.len() {
                8 => Answer::with(genuine::sign(&self.content.keys, &command.data)?),
                _ => Status::WRONG_LENGTH.into(),
            }),
            0x88 => Ok(Status::NOT_ALLOWED.into()),
            _ => Ok(Status::UNKNOWN_INSTRUCTION.into()),
        }
    }

    /// SELECT. Citizen cards do not know the selection of the master file.
    fn select(&mut self, command: &Command, secured: bool) -> Answer {
        match (command.p1, command.data.as_slice()) {
            (0x04, name) if name == APPLICATION => {
                self.place = Place { application: true, current: None };
                Status::OK.into()
            }
            (0x02, [0x01, file]) => match self.place.reach(&self.content, *file, secured) {
                Ok(_) => {
                    self.place.current = Some(*file);
                    Status::OK.into()
                }
                Err(status) => status.into(),
            },
            (0x02 | 0x04, _) => Status::NOT_FOUND.into(),
            _ => Status::UNKNOWN_INSTRUCTION.into(),
        }
    }

    fn read(&mut self, command: &Command, room: usize, secured: bool) -> Answer {
        let stretch = match self.place.read(&self.content, command, room, secured) {
            Ok(stretch) => stretch,
            Err(status) => return status.into(),
        };
        if self.place.application && stretch.file == files::PORTRAIT {
            self.portrait_bytes += stretch.bytes;
            if self.script.lifted_in_portrait_after.is_some_and(|limit| self.portrait_bytes >= limit) {
                self.script.lifted_in_portrait_after = None;
                self.lifted = true;
            }
        }
        stretch.answer
    }

    fn give_challenge(&mut self, command: &Command) -> Answer {
        if !self.place.application {
            return Status::CONDITIONS.into();
        }
        if command.expected.is_none_or(|expected| expected.limit() < 8) {
            return Status::WRONG_LENGTH.into();
        }
        let mut challenge = [0; 8];
        self.chance.fill_bytes(&mut challenge);
        self.challenge = Some(challenge);
        Answer::with(challenge.to_vec())
    }

    fn basic_access(&mut self, command: &Command) -> Result<Answer, ErrorStack> {
        let Some(challenge) = self.challenge.take() else { return Ok(Status::CONDITIONS.into()) };
        let information = &self.content.mrz_information;
        match basic_access::authenticate(information, challenge, &command.data, &mut *self.chance)? {
            Some((answer, channel)) => {
                self.wrong_keys = 0;
                self.channel = Some(channel);
                Ok(Answer::with(answer))
            }
            None => Ok(self.wrong_key(Password::Zone)),
        }
    }

    /// MANAGE SECURITY ENVIRONMENT: which protocol, and with which password.
    fn choose_protocol(&mut self, command: &Command, secured: bool) -> Answer {
        let names = |oid: &str| der::find(&command.data, 0x80) == Some(&der::oid_value(oid));
        match command.parameters() {
            0xC1A4 if !self.script.only_bac => {
                if !names(PACE) {
                    return Status::WRONG_DATA.into();
                }
                let (password, secret) = match der::find(&command.data, 0x83) {
                    Some([0x01]) => {
                        let secret = key_derivation::zone_secret(&self.content.mrz_information);
                        (Password::Zone, secret.to_vec())
                    }
                    Some([0x02]) => (Password::AccessNumber, self.content.can.as_bytes().to_vec()),
                    _ => return Status::REFERENCE_NOT_FOUND.into(),
                };
                self.password = Some(password);
                self.pace = Some(Pace::Begun { password: secret });
                Status::OK.into()
            }
            0x41A4 if secured && names(CHIP_AUTHENTICATION) => {
                self.chip_authentication = true;
                Status::OK.into()
            }
            0x41A4 => Status::NOT_ALLOWED.into(),
            _ => Status::UNKNOWN_INSTRUCTION.into(),
        }
    }

    fn general_authenticate(&mut self, command: &Command, secured: bool) -> Result<Answer, ErrorStack> {
        let Some((0x7C, request, [])) = der::split(&command.data) else {
            return Ok(Status::WRONG_DATA.into());
        };
        if std::mem::take(&mut self.chip_authentication) && secured {
            let theirs = der::find(request, 0x80).unwrap_or_default();
            return Ok(match genuine::agree(&self.content.keys, theirs)? {
                Some(channel) => {
                    self.next_channel = Some(channel);
                    Answer::with(der::object(0x7C, &[]))
                }
                None => Status::WRONG_DATA.into(),
            });
        }
        let Some(pace) = self.pace.take() else { return Ok(Status::CONDITIONS.into()) };
        // Every step but the last says that more follow.
        if command.is_chained() == matches!(pace, Pace::Agreed { .. }) {
            return Ok(Status::CONDITIONS.into());
        }
        Ok(match pace.step(request, &mut *self.chance)? {
            Step::Next(next, answer) => {
                self.pace = Some(next);
                Answer::with(der::object(0x7C, &answer))
            }
            Step::Open(channel, answer) => {
                self.wrong_keys = 0;
                self.channel = Some(channel);
                Answer::with(der::object(0x7C, &answer))
            }
            Step::WrongPassword => self.wrong_key(self.password.unwrap_or(Password::Zone)),
            Step::Refused(status) => status.into(),
        })
    }

    /// The access number has a counter to show, which blocks nothing: pauses do.
    fn wrong_key(&mut self, password: Password) -> Answer {
        self.wrong_keys += 1;
        match (password, self.wrong_keys) {
            (Password::AccessNumber, count @ 1..=3) => Status(0x63C3 - count as u16).into(),
            _ => Status::AUTHENTICATION_FAILED.into(),
        }
    }
}

#[cfg(test)]
mod tests;
