//! Hostile bytes for every parser of what a chip, a printed code, a list of certificates, a
//! repository of updates or a fleet server brings: one [`Target`] a parser, reached through the public functions
//! that the kiosk itself calls. `libfuzzer/` feeds them new inputs, `tests/` the ones that
//! are kept in `corpus/`.
//!
//! A target panics where a parser does, or where a parser lets something through that it
//! promises not to. It never says that refusing was wrong: that is for the parsers' tests.

mod badges;
mod by_hand;
mod chip;
mod commands;
mod files;
mod issued;
mod signed;
mod test_state;
mod updates;

pub use badges::{known_badge, show_badge};
pub use chip::{Conversation, Recorder};
pub use commands::{SIGNER, seed};
pub use files::portrait_group;
pub use issued::CHOICES;
pub use test_state::{TODAY, VirtualCard, chip_of, issuer, passport, prepare};
pub use updates::{SPANS, base};

/// How far an input came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    /// The parser took it.
    Accepted,
    /// It was refused somewhere on the way.
    Refused,
}

impl Reached {
    fn by(accepted: bool) -> Self {
        if accepted { Self::Accepted } else { Self::Refused }
    }
}

/// A parser under attack.
#[derive(Clone, Copy)]
pub struct Target {
    /// Its name, and that of its folder in `corpus/`.
    pub name: &'static str,
    parse: fn(&[u8]) -> Reached,
}

/// Every target.
pub const TARGETS: [Target; 24] = [
    Target::new("answers", chip::answers),
    Target::new("badge", badges::badge),
    Target::new("card_code", files::card_code),
    Target::new("card_security", signed::card_security),
    Target::new("certificate", signed::certificate),
    Target::new("com", files::com),
    Target::new("command", commands::command),
    Target::new("delta", updates::delta),
    Target::new("details", files::details),
    Target::new("dg13", issued::dg13),
    Target::new("dg2", files::dg2),
    Target::new("hash_list", signed::hash_list),
    Target::new("issued", issued::any_group),
    Target::new("layer", by_hand::layer),
    Target::new("master_list", signed::master_list),
    Target::new("mrz", files::mrz),
    Target::new("packed_image", updates::packed_image),
    Target::new("permit", by_hand::permit),
    Target::new("picture", files::picture),
    Target::new("revocation_list", signed::revocation_list),
    Target::new("security_infos", files::security_infos),
    Target::new("security_object", signed::security_object),
    Target::new("trust_list", signed::trust_list),
    Target::new("tuf_metadata", updates::tuf_metadata),
];

impl Target {
    const fn new(name: &'static str, parse: fn(&[u8]) -> Reached) -> Self {
        Self { name, parse }
    }

    /// The target of that name.
    pub fn named(name: &str) -> Option<Self> {
        TARGETS.into_iter().find(|target| target.name == name)
    }

    /// Gives the parser one input.
    pub fn run(&self, bytes: &[u8]) -> Reached {
        (self.parse)(bytes)
    }
}
