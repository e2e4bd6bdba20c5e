//! The two other readers, each by its own public interface, as its documentation
//! shows it. Both read the same files in the same order as ours.

use dmrtd::{
    com::{TransceiveError, Transceiver},
    lds::ef::ElementaryFile as _,
    passport::{Passport, PassportError},
    proto::can_key::CanKey,
};
use emrtd::{EmrtdComms, other_mrz};
use pcsc::Card;

use crate::{
    chip::{FILES, Failure, Read},
    counting::Counting,
};

struct Way(Counting);

impl Transceiver for Way {
    fn transceive(&mut self, apdu: &[u8]) -> Result<Vec<u8>, TransceiveError> {
        Ok(self.0.send(apdu))
    }
}

/// `dmrtd`: CardAccess, PACE with the card access number, then the files.
pub fn dmrtd(line: &Counting, can: &str) -> Result<Read, Failure> {
    Ok(read_by_dmrtd(Passport::new(Way(line.clone())), CanKey::new(can)?)?)
}

fn read_by_dmrtd(mut passport: Passport<Way>, key: CanKey) -> Result<Read, PassportError> {
    let card_access = passport.read_ef_card_access()?;
    passport.start_session_pace(key, &card_access)?;
    Ok(vec![
        passport.read_ef_com()?.to_bytes().to_vec(),
        passport.read_ef_sod()?.to_bytes().to_vec(),
        passport.read_ef_dg1()?.to_bytes().to_vec(),
        passport.read_ef_dg13()?.to_bytes().to_vec(),
        passport.read_ef_dg14()?.to_bytes().to_vec(),
        passport.read_ef_dg15()?.to_bytes().to_vec(),
        passport.read_ef_dg2()?.to_bytes().to_vec(),
    ])
}

/// `emrtd`: the application, BAC with the machine readable zone, then the files.
pub fn emrtd(line: &Counting, zone: &str) -> Result<Read, Failure> {
    let way = line.clone();
    let mut comms = EmrtdComms::new(Card::answering(line.atr(), move |command| way.send(command)));
    let [number, birth, expiry] = [zone.get(5..14), zone.get(30..36), zone.get(38..44)]
        .map(|field| field.ok_or("the zone is too short"));
    let secret = other_mrz(number?, birth?, expiry?)?;
    comms.select_emrtd_application()?;
    comms.establish_bac_session_keys(secret.as_bytes())?;
    let mut files = Vec::new();
    for file in FILES {
        comms.select_ef(&file.ef_id(), file.name(), true)?;
        files.push(comms.read_data_from_ef(true)?);
    }
    Ok(files)
}
