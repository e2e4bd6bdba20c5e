//! The chip of a virtual card: ICAO Doc 9303-11 from the chip's side in every
//! profile of [`crate::card_profile`], with the quirks that real cards show. It
//! never does I/O and shares no code with the reader crate, so that a mistake there
//! cannot agree with itself.

pub(crate) mod apdu;
mod basic_access;
mod chain;
mod files;
mod genuine;
mod key_derivation;
mod link;
mod mapping;
mod pace;
mod protocols;
mod secure_channel;

use std::time::Duration;

use openssl::error::ErrorStack;
use rand_core::CryptoRng;

pub use self::link::exchange_time;
use self::{
    apdu::{Answer, Command, Status},
    chain::{Chain, Collected},
    files::Place,
    pace::Pace,
    secure_channel::SecureChannel,
};
use crate::{
    card_profile::{
        Access, BeyondLongest, CardFaults, ChannelMishap, ChipAuthentication, LongCommands, MasterFile,
        PasswordKind, ReadingFaults,
    },
    chance::SeededChance,
    chip::Chip,
    personalise::{APPLICATION, CARD_ACCESS, Personalised, chip_keys::AgreementKey},
    scenario::CardScript,
};

/// The longest answer data that any reader's bus carries.
const LONGEST_ANSWER: usize = 65_533;
/// The longest answer data of short length.
const SHORT_ANSWER: usize = 256;
/// DO 8E with its eight bytes.
const MAC_OBJECT: usize = 10;

/// A chip in the field, or waiting for one.
pub struct CitizenCard {
    content: Personalised,
    script: CardScript,
    access: Access,
    master_file: MasterFile,
    chance: Box<dyn CryptoRng + Send>,
    channel: Option<SecureChannel>,
    /// Takes over once the answer under the old channel is wrapped.
    next_channel: Option<SecureChannel>,
    place: Place,
    challenge: Option<[u8; 8]>,
    pace: Option<Pace>,
    /// Pieces of a command that is not whole yet.
    chain: Chain,
    chip_authentication: Option<(ChipAuthentication, AgreementKey)>,
    password: Option<PasswordKind>,
    wrong_keys: u32,
    portrait_bytes: usize,
    lifted: bool,
    time: Duration,
    answered: u64,
    /// Protected answers since power was switched on, and the last of them.
    protected: u64,
    last_protected: Vec<u8>,
    /// What did not fit into the answer just given, with its status.
    waiting: Vec<u8>,
}

impl Chip for CitizenCard {
    fn answer(&mut self, apdu: &[u8]) -> Vec<u8> {
        self.answered += 1;
        if self.script.faults.gone_at_command == Some(self.answered) {
            self.lifted = true;
        }
        let wrong_before = self.wrong_keys;
        let answer = match Command::parse(apdu) {
            None => Answer::from(Status::WRONG_LENGTH).bytes(),
            Some(command) => self.carry_out_in_pieces(&command),
        };
        self.time = link::exchange_time(self.script.link_kbps, apdu.len(), answer.len());
        if self.wrong_keys > wrong_before {
            self.time += link::pause_after(self.wrong_keys);
        }
        answer
    }

    fn time_of_last_answer(&self) -> Duration {
        self.time
    }

    fn is_lifted_now(&mut self) -> bool {
        std::mem::take(&mut self.lifted)
    }

    fn reset(&mut self) {
        self.channel = None;
        self.next_channel = None;
        self.place = Place::default();
        self.challenge = None;
        self.pace = None;
        self.chain.forget();
        self.chip_authentication = None;
        self.protected = 0;
        self.last_protected.clear();
        self.waiting.clear();
        self.password = None;
    }

    fn atr(&self) -> Vec<u8> {
        let chaining = if self.faults().long_commands == LongCommands::NoChaining { 0 } else { 0x80 };
        let extended = match self.master_file.lengths {
            _ if self.script.short_length => 0,
            // EF.ATR/INFO says how long.
            Some(_) => 0x60,
            None => 0x40,
        };
        let lengths = chaining | extended;
        let mut atr = vec![0x3B, 0x85, 0x80, 0x01, 0x80, 0x73, 0x94, 0x21, lengths];
        atr.push(atr[1..].iter().fold(0, |sum, byte| sum ^ byte));
        atr
    }

    fn answered(&self) -> u64 {
        self.answered
    }

    fn printed_code(&self) -> Option<&str> {
        Some(self.content.printed_code())
    }
}

impl CitizenCard {
    /// A fresh chip. `seed` decides its nonces and keys.
    pub fn new(personalised: Personalised, script: &CardScript, seed: u64) -> Self {
        Self::with_chance(personalised, script, Box::new(SeededChance::new(seed)))
    }

    fn with_chance(content: Personalised, script: &CardScript, chance: Box<dyn CryptoRng + Send>) -> Self {
        let profile = script.effective_profile();
        Self {
            content,
            script: script.clone(),
            access: profile.access,
            master_file: profile.master_file,
            chance,
            channel: None,
            next_channel: None,
            place: Place::default(),
            challenge: None,
            pace: None,
            chain: Chain::default(),
            chip_authentication: None,
            password: None,
            wrong_keys: 0,
            portrait_bytes: 0,
            lifted: false,
            time: Duration::ZERO,
            answered: 0,
            protected: 0,
            last_protected: Vec::new(),
            waiting: Vec::new(),
        }
    }

    /// An answer that is longer than a short one may be goes in pieces, each called for with
    /// GET RESPONSE, outside of any channel (ISO/IEC 7816-4, 5.3.4).
    fn carry_out_in_pieces(&mut self, command: &Command) -> Vec<u8> {
        let called_for = (command.class, command.instruction) == (0x00, 0xC0) && !self.waiting.is_empty();
        let whole = if called_for {
            std::mem::take(&mut self.waiting)
        } else {
            self.waiting.clear();
            // OpenSSL refuses only where memory runs out.
            self.carry_out(command).unwrap_or_else(|_| vec![0x6F, 0x00])
        };
        let limit = command.expected.map_or(SHORT_ANSWER, apdu::Expected::limit);
        let in_pieces =
            self.script.short_length || called_for || (command.is_key_agreement() && !command.extended);
        if !in_pieces || whole.len() - 2 <= limit {
            return whole;
        }
        let mut piece = whole;
        self.waiting = piece.split_off(limit);
        let left = self.waiting.len() - 2;
        piece.extend(Status::waiting(left).0.to_be_bytes());
        piece
    }

    fn carry_out(&mut self, command: &Command) -> Result<Vec<u8>, ErrorStack> {
        let room = command.expected.map_or(0, apdu::Expected::limit).min(LONGEST_ANSWER);
        if !command.is_protected() {
            // A plain command ends the channel (Doc 9303-11, 9.8.3).
            self.channel = None;
            if command.extended && self.script.short_length
                || self.faults().long_commands.refuses(command.data.len())
            {
                // Whatever was under way in it is over.
                self.pace = None;
                self.chain.forget();
                return Ok(Answer::from(Status::WRONG_LENGTH).bytes());
            }
            return Ok(self.execute(command, room, false)?.bytes());
        }
        let Some(mut channel) = self.channel.take() else {
            return Ok(Answer::from(Status::OBJECTS_WRONG).bytes());
        };
        if let Some(refusal) = self.refusal_outside(command) {
            self.channel = (refusal == BeyondLongest::PlainWrongLength).then_some(channel);
            return Ok(Answer::from(Status::WRONG_LENGTH).bytes());
        }
        if self.faults().long_commands.refuses(command.data.len())
            && self.faults().long_commands == LongCommands::ExtendedRefusedOutside
        {
            self.channel = Some(channel);
            return Ok(Answer::from(Status::WRONG_LENGTH).bytes());
        }
        let inner = match channel.open(command) {
            Ok(inner) => inner,
            Err(status) => return Ok(Answer::from(status).bytes()),
        };
        let too_long =
            command.extended || inner.expected.is_some_and(|expected| expected.limit() > SHORT_ANSWER);
        let answer = if too_long && self.script.short_length
            || self.faults().long_commands.refuses(command.data.len())
        {
            Status::WRONG_LENGTH.into()
        } else {
            self.execute(&inner, channel.room_in(room), true)?
        };
        if self.faults().reading.break_the_channel(answer.data.len()) {
            return Ok(Answer::from(Status::WRONG_LENGTH).bytes());
        }
        let wrapped = self.wrap(&mut channel, command.instruction, &answer)?;
        self.channel = Some(self.next_channel.take().unwrap_or(channel));
        Ok(wrapped)
    }

    /// How a chip refuses a long answer that does not leave that to its channel.
    fn refusal_outside(&self, command: &Command) -> Option<BeyondLongest> {
        let ReadingFaults { longest, beyond_longest, .. } = self.faults().reading;
        let outside =
            matches!(beyond_longest, BeyondLongest::PlainWrongLength | BeyondLongest::ChannelDropped);
        let reading = matches!(command.instruction, 0xB0 | 0xB1);
        let too_long = secure_channel::asked_for(command) > longest;
        (outside && reading && longest.is_some() && too_long).then_some(beyond_longest)
    }

    /// Protects an answer, or does with it what the script says.
    fn wrap(
        &mut self,
        channel: &mut SecureChannel,
        instruction: u8,
        answer: &Answer,
    ) -> Result<Vec<u8>, ErrorStack> {
        self.protected += 1;
        let mishap = self.faults().channel.filter(|fault| fault.at == self.protected);
        let wrapped = match mishap.map(|fault| fault.does) {
            // The first answer of all has none before it that could be sent again.
            Some(ChannelMishap::Replayed) if self.last_protected.is_empty() => {
                channel.wrap(instruction, answer)?
            }
            None => channel.wrap(instruction, answer)?,
            Some(ChannelMishap::StaleCounter) => channel.wrap_stale(instruction, answer)?,
            Some(ChannelMishap::CorruptMac) => {
                let mut wrapped = channel.wrap(instruction, answer)?;
                let last_of_mac = wrapped.len() - 3;
                wrapped[last_of_mac] ^= 1;
                wrapped
            }
            Some(ChannelMishap::NoMac) => {
                let mut wrapped = channel.wrap(instruction, answer)?;
                let mac = wrapped.len() - 2 - MAC_OBJECT;
                wrapped.drain(mac..mac + MAC_OBJECT);
                wrapped
            }
            Some(ChannelMishap::Replayed) => {
                channel.skip();
                self.last_protected.clone()
            }
            Some(ChannelMishap::Plain) => {
                channel.skip();
                answer.clone().bytes()
            }
        };
        self.last_protected.clone_from(&wrapped);
        Ok(wrapped)
    }

    fn faults(&self) -> &CardFaults {
        &self.script.faults
    }

    /// Carries out a command in plain, once it is whole; an answer longer than asked for is
    /// refused.
    fn execute(&mut self, command: &Command, room: usize, secured: bool) -> Result<Answer, ErrorStack> {
        let takes_pieces = self.faults().long_commands.takes_pieces();
        let command = match self.chain.take(command, takes_pieces, secured) {
            Collected::Whole(command) => command,
            Collected::More => return Ok(Status::OK.into()),
            Collected::Refused(status) => {
                self.pace = None;
                self.chip_authentication = None;
                return Ok(status.into());
            }
        };
        let answer = self.dispatch(&command, room, secured)?;
        let too_long = command.expected.is_some_and(|expected| answer.data.len() > expected.limit());
        // What is left of a long key is called for with GET RESPONSE.
        let too_long = too_long && !(command.is_key_agreement() && !secured && command.takes_any_length());
        Ok(if too_long { Status::WRONG_LENGTH.into() } else { answer })
    }

    fn dispatch(&mut self, command: &Command, room: usize, secured: bool) -> Result<Answer, ErrorStack> {
        if command.class & !0x10 != 0 {
            return Ok(Status::UNKNOWN_CLASS.into());
        }
        if let Some(status) = self.refuses_card_access(command) {
            return Ok(status.into());
        }
        match command.instruction {
            0xA4 => Ok(self.select(command, secured)),
            0xB0 | 0xB1 => Ok(self.read(command, room, secured)),
            0x84 => Ok(self.give_challenge(command)),
            0x82 => self.basic_access(command),
            0x22 => self.choose_protocol(command, secured),
            0x86 => self.general_authenticate(command, secured),
            0x88 => self.sign_challenge(command, room, secured),
            _ => Ok(Status::UNKNOWN_INSTRUCTION.into()),
        }
    }

    /// What is said instead of EF.CardAccess, where the script has that.
    fn refuses_card_access(&self, command: &Command) -> Option<Status> {
        let status = self.faults().card_access_status?;
        let named = match command.instruction {
            0xA4 => command.p1 == 0x02 && command.data == [0x01, CARD_ACCESS],
            0xB0 => command.p1 == 0x80 | CARD_ACCESS,
            _ => false,
        };
        (named && !self.place.application).then_some(Status(status))
    }

    /// SELECT. Citizen cards do not know the selection of the master file.
    fn select(&mut self, command: &Command, secured: bool) -> Answer {
        match (command.p1, command.data.as_slice()) {
            (0x04, name) if name == APPLICATION => {
                self.place = Place { application: true, current: None };
                Status::OK.into()
            }
            (0x02, [high, low]) => {
                let reached =
                    self.place.short_identifier([*high, *low]).map_or(Err(Status::NOT_FOUND), |file| {
                        self.place.reach(&self.content, file, secured).map(|_| file)
                    });
                match reached {
                    Ok(file) => {
                        self.place.current = Some(file);
                        Status::OK.into()
                    }
                    Err(status) => status.into(),
                }
            }
            (0x00, [] | [0x3F, 0x00]) if self.master_file.selectable => {
                self.place = Place::default();
                Status::OK.into()
            }
            (0x02 | 0x04, _) => Status::NOT_FOUND.into(),
            _ => Status::UNKNOWN_INSTRUCTION.into(),
        }
    }

    fn read(&mut self, command: &Command, room: usize, secured: bool) -> Answer {
        let faults = &self.script.faults.reading;
        let stretch = match self.place.read(&self.content, command, room, secured, faults) {
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
}

#[cfg(test)]
mod tests;
