//! Sealed transactions of an invented citizen, and a platform that signs for them.

use jiff::Timestamp;
use keys::{
    DeviceKey, PlatformSecret, ServerSecret, SigningContext,
    canonical::{Map, Value},
};
use outbox::{Acknowledgement, Limits, Receipt, Standing};
use rand_core::UnwrapErr;
use transaction::{KioskId, SCHEMA, Sealed, Transaction, TransactionId};

pub const LIMITS: Limits = Limits { count: 20_000, bytes: 1 << 30, age_hours: 72, remember_days: 90 };

pub fn chance() -> UnwrapErr<getrandom::SysRng> {
    UnwrapErr(getrandom::SysRng)
}

pub fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

/// The same id for the same number, in every process.
pub fn id(number: u32) -> TransactionId {
    let mut bytes = [0; 16];
    bytes[..6].copy_from_slice(&at(0).as_millisecond().to_be_bytes()[2..]);
    (bytes[6], bytes[8]) = (0x70, 0x80);
    bytes[12..].copy_from_slice(&number.to_be_bytes());
    TransactionId::from_bytes(&bytes).unwrap()
}

pub struct Sample {
    pub kiosk: KioskId,
    pub key: DeviceKey,
    pub server: ServerSecret,
    pub platform: PlatformSecret,
}

impl Sample {
    pub fn new() -> Self {
        Self {
            kiosk: "test-kiosk-1".parse().unwrap(),
            key: DeviceKey::generate(&mut chance()),
            server: ServerSecret::generate(&mut chance()),
            platform: PlatformSecret::generate(&mut chance()),
        }
    }

    pub fn transaction(&self, number: u32) -> Transaction {
        let empty = || Value::Map(Map::new());
        let citizen = Map::new()
            .with("name", Value::text("NGUYỄN THỊ KHUÊ"))
            .with("number", Value::text("001190000158"));
        let service = Map::new().with("id", Value::text("eid.activate")).with("version", Value::Whole(1));
        let form = Map::new().with("note", Value::text("x".repeat(900)));
        let content = Map::new()
            .with("at", Value::text(at(0).to_string()))
            .with("citizen", citizen.into())
            .with("consent", empty())
            .with("face", empty())
            .with("form", form.into())
            .with("id", Value::text(id(number).to_string()))
            .with("identity", empty())
            .with("kiosk", Value::text(self.kiosk.as_str()))
            .with("schema", Value::text(SCHEMA))
            .with("service", service.into());
        let content = Value::Map(content);
        let signature = self.key.sign(SigningContext::Transaction, &content.to_bytes());
        let whole = Map::new()
            .with("transaction", content)
            .with("key", Value::text(self.key.public().to_string()))
            .with("signature", Value::text(signature.to_string()));
        Transaction::verify(&Value::Map(whole).to_bytes(), &self.key.public()).unwrap()
    }

    pub fn sealed(&self, number: u32) -> Sealed {
        self.transaction(number).seal(&self.server.public(), &mut chance()).unwrap()
    }

    pub fn receipt(&self, number: u32, standing: Standing) -> Receipt {
        let bytes = self.acknowledgement(number, standing).sign(&self.platform);
        Receipt::verify(&bytes, &self.platform.public(), &self.kiosk, id(number)).unwrap()
    }

    pub fn acknowledgement(&self, number: u32, standing: Standing) -> Acknowledgement {
        Acknowledgement {
            transaction: id(number),
            kiosk: self.kiosk.clone(),
            standing,
            reference: format!("EID-{number}").parse().unwrap(),
            at: at(1),
        }
    }
}
