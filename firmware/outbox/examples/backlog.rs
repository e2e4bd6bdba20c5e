//! A backlog for the demo and for tests: puts many transactions of an invented citizen into the
//! outbox of a kiosk, signed with its key and sealed to its server, and says their ids.
//!
//! `backlog DATA SERVER-KEY KIOSK COUNT`, where `DATA` is the kiosk's data folder.

use std::{error::Error, fs, io::Write as _, path::PathBuf};

use jiff::Timestamp;
use keys::{
    DeviceKey, ServerKey, SigningContext,
    canonical::{Map, Value},
};
use outbox::{Limits, Outbox};
use rand_core::UnwrapErr;
use transaction::{KioskId, SCHEMA, Transaction, TransactionId};

fn main() -> Result<(), Box<dyn Error>> {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let [data, server, kiosk, count] = given.as_slice() else {
        return Err("backlog DATA SERVER-KEY KIOSK COUNT".into());
    };
    let data = PathBuf::from(data);
    let key = DeviceKey::load(&data.join("device.key"))?;
    let server: ServerKey = fs::read_to_string(server)?.trim().parse()?;
    let kiosk: KioskId = kiosk.parse()?;
    let count: u64 = count.parse()?;
    let limits = Limits { count: count.max(20_000), bytes: 1 << 30, age_hours: 72, remember_days: 90 };
    let mut outbox = Outbox::open(&data.join("outbox.sqlite"), limits)?;
    let mut chance = UnwrapErr(getrandom::SysRng);
    let mut said = std::io::stdout().lock();
    for number in 0..count {
        let now = Timestamp::now();
        let id = TransactionId::new(now, &mut chance);
        let whole = sign(id, &kiosk, &key, number, now).to_bytes();
        let sealed = Transaction::verify(&whole, &key.public())?.seal(&server, &mut chance)?;
        outbox.put(&sealed, now)?;
        writeln!(said, "{id}")?;
    }
    Ok(())
}

/// A complete transaction, with as much in it as a real one.
fn sign(id: TransactionId, kiosk: &KioskId, key: &DeviceKey, number: u64, at: Timestamp) -> Value {
    let empty = || Value::Map(Map::new());
    let citizen = Map::new()
        .with("name", Value::text("TRẦN THỊ MẪU"))
        .with("number", Value::text(format!("{:012}", 900_000_000_000 + number)));
    let service = Map::new().with("id", Value::text("test.backlog")).with("version", Value::Whole(1));
    let form = Map::new().with("note", Value::text("x".repeat(900)));
    let content = Map::new()
        .with("at", Value::text(at.to_string()))
        .with("citizen", citizen.into())
        .with("consent", empty())
        .with("face", empty())
        .with("form", form.into())
        .with("id", Value::text(id.to_string()))
        .with("identity", empty())
        .with("kiosk", Value::text(kiosk.as_str()))
        .with("schema", Value::text(SCHEMA))
        .with("service", service.into());
    let content = Value::Map(content);
    let signature = key.sign(SigningContext::Transaction, &content.to_bytes());
    let whole = Map::new()
        .with("key", Value::text(key.public().to_string()))
        .with("signature", Value::text(signature.to_string()))
        .with("transaction", content);
    Value::Map(whole)
}
