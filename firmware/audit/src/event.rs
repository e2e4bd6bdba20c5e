//! The events, made of `events.toml`.

use faults::{Fault, Words};
use keys::{
    PublicKey, Signature,
    canonical::{Map, Value},
};
use uuid::Uuid;

use crate::field::{Field, OfficerNumber, ServiceName, Version, put};

/// One kind of event, for documents and auditors.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// The name in the log.
    pub name: &'static str,
    /// What it means.
    pub words: Words,
    /// Its fields: name and type.
    pub fields: &'static [(&'static str, &'static str)],
}

include!(concat!(env!("OUT_DIR"), "/events.rs"));

impl Event {
    /// Writes the event's own fields beside those of every line.
    pub(crate) fn write(&self, to: &mut Map) {
        to.insert("event", Value::text(self.name()));
        self.fields(to);
    }
}

impl ScoreBucket {
    /// The bucket of a score in ten-thousandths.
    pub fn of(score: i64) -> Self {
        match score {
            ..2000 => Self::Under20,
            2000..3000 => Self::From20,
            3000..4000 => Self::From30,
            4000..5000 => Self::From40,
            5000..6000 => Self::From50,
            6000..7000 => Self::From60,
            7000.. => Self::From70,
        }
    }
}
