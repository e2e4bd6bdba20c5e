//! One ephemeral key pair, and what it agrees with the other side's public key. ICAO
//! Doc 9303-11, 9.6.

use rand_core::CryptoRng;

use super::{Group, Secret};
use crate::AccessFlaw;

/// A key pair over a generator.
pub(crate) struct Pair {
    secret: Secret,
    /// The public key as the chip gets it.
    pub public: Vec<u8>,
}

impl Pair {
    /// A new pair over a generator.
    pub fn draw<G: Group>(
        group: &G,
        generator: &G::Element,
        chance: &mut dyn CryptoRng,
    ) -> Result<Self, AccessFlaw> {
        let secret = Secret::draw(&*group.order()?, chance)?;
        let public = group.encode(&group.raise(generator, &secret)?)?;
        Ok(Self { secret, public })
    }

    /// The element that this pair and the other side's public key make.
    pub fn agree<G: Group>(&self, group: &G, theirs: &[u8]) -> Result<G::Element, AccessFlaw> {
        let theirs = group.decode(theirs)?;
        // Our own key sent back, in whatever form, would make the chip prove nothing.
        if group.encode(&theirs)? == self.public {
            return Err(AccessFlaw::OwnKeyReturned);
        }
        group.raise(&theirs, &self.secret)
    }

    /// The same with a public key that is already known to be a member.
    pub fn with<G: Group>(&self, group: &G, theirs: &G::Element) -> Result<G::Element, AccessFlaw> {
        group.raise(theirs, &self.secret)
    }
}
