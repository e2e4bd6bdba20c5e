//! The terminal has a chip prove itself: chip authentication mapping (4.4.3.5.2),
//! chip authentication (6.2; TR-03110-3 for version 2), active authentication (6.1).

use openssl::bn::BigNum;
use simulators::card_profile::{ChipAuthentication, ChipAuthenticationVersion, Cipher};

use super::{Channel, Failure, Group, Opened, Terminal, kdf, mac, object, oid, padded, value};

impl Terminal<'_> {
    /// Whether the mapping key is the static key, as many times as the data say.
    pub fn check_chip_data(opened: &Opened, static_key: &[u8]) -> Result<(), Failure> {
        let data = opened.chip_data.as_ref().ok_or(Failure::Missing("DO 8A"))?;
        let led = opened.group.times(static_key, &BigNum::from_slice(data).unwrap());
        if led == opened.mapping_key { Ok(()) } else { Err(Failure::NotGenuine) }
    }

    /// Chip authentication against a public key; the new channel is in place
    /// afterwards, and its first answer is the proof.
    pub fn chip_authentication(&mut self, protocol: ChipAuthentication, chip: &[u8]) -> Result<(), Failure> {
        let group = Group::standard(protocol.parameters().number());
        let (own, private) = self.key_pair(&group, &group.generator());
        let reference = protocol.key_id().map(|id| object(0x84, &[id])).unwrap_or_default();
        let request = [object(0x80, &oid(&protocol.identifier())), reference].concat();
        self.must([0, 0x22, 0x41, 0xA4], &request, None)?;
        let request = object(0x7C, &object(0x80, &own));
        let answer = self.must([0, 0x86, 0, 0], &request, Some(200))?;
        let answer = value(&answer, 0x7C).ok_or(Failure::Missing("DO 7C"))?;
        let mut secret = group.secret(&group.times(chip, &private));
        if protocol.version() == ChipAuthenticationVersion::V2 {
            secret.extend(value(answer, 0x81).ok_or(Failure::Missing("DO 81"))?);
            let key = object(0x06, &oid(&protocol.identifier()));
            let key = object(0x7F49, &[key, object(group.tag(), &own)].concat());
            let cipher = protocol.cipher();
            let key = if cipher == Cipher::TripleDes { padded(&key, 8) } else { key };
            if value(answer, 0x82) != Some(&mac(cipher, &kdf(cipher, &secret, 2), &key)) {
                return Err(Failure::WrongToken);
            }
        } else if !answer.is_empty() {
            return Err(Failure::Missing("an empty DO 7C"));
        }
        self.channel = Some(Channel::new(protocol.cipher(), &secret));
        Ok(())
    }

    /// The same in one command, for 3DES.
    pub fn chip_authentication_at_once(
        &mut self,
        protocol: ChipAuthentication,
        chip: &[u8],
    ) -> Result<(), Failure> {
        let group = Group::standard(protocol.parameters().number());
        let (own, private) = self.key_pair(&group, &group.generator());
        let reference = protocol.key_id().map(|id| object(0x84, &[id])).unwrap_or_default();
        self.must([0, 0x22, 0x41, 0xA6], &[object(0x91, &own), reference].concat(), None)?;
        let secret = group.secret(&group.times(chip, &private));
        self.channel = Some(Channel::new(Cipher::TripleDes, &secret));
        Ok(())
    }
}
