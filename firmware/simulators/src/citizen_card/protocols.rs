//! The commands that open a chip and prove it genuine, taken to the protocol that
//! they belong to (ICAO Doc 9303-11, 4.3.4, 4.4.4, 6.1.3, 6.2.4).

use openssl::{bn::BigNum, error::ErrorStack};

use super::{
    CitizenCard,
    apdu::{Answer, Command, Expected, Status},
    basic_access,
    genuine::{self, Agreed},
    key_derivation::zone_secret,
    pace::{Pace, Step},
};
use crate::{
    card_profile::{
        ChipAuthentication, Cipher, Offer, PaceProtocol, PaceReference, PasswordKind, PasswordState,
        WrongPassword,
    },
    der,
    personalise::chip_keys::AgreementKey,
};

/// A key in MSE:Set and the word for a choice that is not there.
type Chosen<T> = Result<T, Status>;

impl CitizenCard {
    /// GET CHALLENGE, for basic access control.
    pub(super) fn give_challenge(&mut self, command: &Command) -> Answer {
        if self.access.basic == Offer::Absent {
            return Status::UNKNOWN_INSTRUCTION.into();
        }
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

    /// EXTERNAL AUTHENTICATE.
    pub(super) fn basic_access(&mut self, command: &Command) -> Result<Answer, ErrorStack> {
        if self.access.basic == Offer::Absent {
            return Ok(Status::UNKNOWN_INSTRUCTION.into());
        }
        let Some(challenge) = self.challenge.take() else { return Ok(Status::CONDITIONS.into()) };
        let information = &self.content.mrz_information;
        match basic_access::authenticate(information, challenge, &command.data, &mut *self.chance)? {
            Some((answer, channel)) => {
                self.wrong_keys = 0;
                self.channel = Some(channel);
                Ok(Answer::with(answer))
            }
            None => Ok(self.wrong_key(PasswordKind::Mrz)),
        }
    }

    /// MANAGE SECURITY ENVIRONMENT: which protocol, and with which password or key.
    pub(super) fn choose_protocol(&mut self, command: &Command, secured: bool) -> Result<Answer, ErrorStack> {
        match command.parameters() {
            0xC1A4 if !self.access.pace.is_empty() => self.choose_pace(&command.data),
            0x41A4 if secured => Ok(self.choose_chip_authentication(&command.data)),
            0x41A6 if secured => self.agree_at_once(&command.data),
            0x41A4 | 0x41A6 => Ok(Status::NOT_ALLOWED.into()),
            _ => Ok(Status::UNKNOWN_INSTRUCTION.into()),
        }
    }

    fn choose_pace(&mut self, request: &[u8]) -> Result<Answer, ErrorStack> {
        let chosen = self.offered_pace(request).and_then(|protocol| Ok((protocol, self.password(request)?)));
        let (protocol, (kind, secret)) = match chosen {
            Ok(chosen) => chosen,
            Err(status) => return Ok(status.into()),
        };
        let said = match self.faults().passwords {
            PasswordState::Usable => Status::OK,
            PasswordState::LastTry => Status(0x63C1),
            PasswordState::Blocked => return Ok(Status(0x6983).into()),
            PasswordState::Suspended => return Ok(Status(0x6984).into()),
        };
        let chip_key = self.content.keys.mapping_key(protocol.parameters());
        let chip_key = chip_key.map(|key| BigNum::from_slice(&key.private)).transpose()?;
        self.password = Some(kind);
        self.pace = Some(Pace::begin(protocol, &secret, chip_key, self.faults().pace)?);
        Ok(said.into())
    }

    /// The one protocol of that name, with the domain parameters of DO 84 where
    /// there are several (4.4.4.1).
    fn offered_pace(&self, request: &[u8]) -> Chosen<PaceProtocol> {
        let reference = der::find(request, 0x84);
        match (self.faults().pace_reference, reference) {
            (PaceReference::Required, None) | (PaceReference::Refused, Some(_)) => {
                return Err(Status::WRONG_OBJECTS);
            }
            _ => {}
        }
        let name = der::find(request, 0x80);
        let weaker = self.faults().weaker_card_access.filter(|weaker| !self.access.pace.contains(weaker));
        let offered = self.access.pace.iter().copied().chain(weaker);
        let named: Vec<PaceProtocol> =
            offered.filter(|protocol| name == Some(&der::oid_value(&protocol.identifier()))).collect();
        if named.is_empty() {
            return Err(Status::WRONG_DATA);
        }
        only(named, |protocol| reference.is_none_or(|number| number == [protocol.parameters().number()]))
    }

    fn password(&self, request: &[u8]) -> Chosen<(PasswordKind, Vec<u8>)> {
        let Some([number]) = der::find(request, 0x83) else { return Err(Status::REFERENCE_NOT_FOUND) };
        let known = self.access.passwords.iter().copied().find(|kind| *kind as u8 == *number);
        let kind = known.ok_or(Status::REFERENCE_NOT_FOUND)?;
        let secret = match kind {
            PasswordKind::Mrz => zone_secret(&self.content.mrz_information).to_vec(),
            PasswordKind::Can => self.content.can.as_bytes().to_vec(),
            PasswordKind::Pin => self.access.pin.as_bytes().to_vec(),
            PasswordKind::Puk => self.access.puk.as_bytes().to_vec(),
        };
        Ok((kind, secret))
    }

    fn choose_chip_authentication(&mut self, request: &[u8]) -> Answer {
        let name = der::find(request, 0x80);
        let named = |protocol: ChipAuthentication| name == Some(&der::oid_value(&protocol.identifier()));
        match self.chip_key(request, named) {
            Ok(chosen) => {
                self.chip_authentication = Some(chosen);
                Status::OK.into()
            }
            Err(status) => status.into(),
        }
    }

    /// MSE:Set KAT: chip authentication in one command, for 3DES alone (6.2.4.1).
    fn agree_at_once(&mut self, request: &[u8]) -> Result<Answer, ErrorStack> {
        let simple = |protocol: ChipAuthentication| protocol.cipher() == Cipher::TripleDes;
        let (protocol, key) = match self.chip_key(request, simple) {
            Ok(chosen) => chosen,
            Err(status) => return Ok(status.into()),
        };
        let theirs = der::find(request, 0x91).unwrap_or_default();
        Ok(match genuine::agree(protocol, &key, theirs, &mut *self.chance)? {
            Some(Agreed { channel, .. }) => {
                self.next_channel = Some(channel);
                Status::OK.into()
            }
            None => Status::WRONG_DATA.into(),
        })
    }

    fn chip_key(
        &self,
        request: &[u8],
        named: impl Fn(ChipAuthentication) -> bool,
    ) -> Chosen<(ChipAuthentication, AgreementKey)> {
        let keys = &self.content.keys.agreement;
        let keys: Vec<_> = keys.iter().filter(|(protocol, _)| named(*protocol)).cloned().collect();
        if keys.is_empty() {
            return Err(Status::WRONG_DATA);
        }
        let reference = der::find(request, 0x84);
        only(keys, |(protocol, _)| match (reference, protocol.key_id()) {
            (Some([wanted]), Some(id)) => *wanted == id,
            // A key without a number has none that could be wrong.
            (None, _) | (_, None) => true,
            (Some(_), Some(_)) => false,
        })
    }

    /// GENERAL AUTHENTICATE, for chip authentication once that is chosen, else PACE.
    pub(super) fn general_authenticate(
        &mut self,
        command: &Command,
        secured: bool,
    ) -> Result<Answer, ErrorStack> {
        let Some((0x7C, request, [])) = der::split(&command.data) else {
            return Ok(Status::WRONG_DATA.into());
        };
        if let Some((protocol, key)) = self.chip_authentication.take().filter(|_| secured) {
            let theirs = der::find(request, 0x80).unwrap_or_default();
            return Ok(match genuine::agree(protocol, &key, theirs, &mut *self.chance)? {
                Some(Agreed { channel, answer }) => {
                    self.next_channel = Some(channel);
                    Answer::with(der::object(0x7C, &answer))
                }
                None => Status::WRONG_DATA.into(),
            });
        }
        let Some(pace) = self.pace.take() else { return Ok(Status::CONDITIONS.into()) };
        // Every step but the last says that more follow.
        if command.is_chained() == pace.is_at_its_last_step() {
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
            Step::WrongPassword => self.wrong_key(self.password.unwrap_or(PasswordKind::Mrz)),
            Step::Refused(status) => status.into(),
        })
    }

    /// INTERNAL AUTHENTICATE: active authentication.
    pub(super) fn sign_challenge(
        &mut self,
        command: &Command,
        room: usize,
        secured: bool,
    ) -> Result<Answer, ErrorStack> {
        let signer = match &self.content.keys.signature {
            _ if !secured => return Ok(Status::NOT_ALLOWED.into()),
            None => return Ok(Status::UNKNOWN_INSTRUCTION.into()),
            Some(signer) => signer,
        };
        if command.data.len() != 8 {
            return Ok(Status::WRONG_LENGTH.into());
        }
        let signature = genuine::sign(signer.0, &signer.1, &command.data, &mut *self.chance)?;
        // A long key needs an answer of extended length (6.1.4), or one in pieces.
        let short = matches!(command.expected, Some(Expected::Exactly(limit)) if limit < signature.len());
        if short || (room < signature.len() && !self.script.short_length) {
            return Ok(Status::WRONG_LENGTH.into());
        }
        Ok(Answer::with(signature))
    }

    /// Counters are for show and block nothing: pauses do.
    fn wrong_key(&mut self, password: PasswordKind) -> Answer {
        self.wrong_keys += 1;
        let left = 0x63C0 | 3u32.saturating_sub(self.wrong_keys) as u16;
        match (self.faults().wrong_password, password, self.wrong_keys) {
            (WrongPassword::Counted, _, _)
            | (WrongPassword::AccessNumberCounted, PasswordKind::Can, 1..=3) => Status(left).into(),
            _ => Status::AUTHENTICATION_FAILED.into(),
        }
    }
}

/// The only one that fits; none or several: the reference does not say which.
fn only<T>(candidates: Vec<T>, fits: impl Fn(&T) -> bool) -> Chosen<T> {
    let mut fitting = candidates.into_iter().filter(|candidate| fits(candidate));
    match (fitting.next(), fitting.next()) {
        (Some(only), None) => Ok(only),
        _ => Err(Status::REFERENCE_NOT_FOUND),
    }
}
