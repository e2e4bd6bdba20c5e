//! A try of one card's holder: the only way to a [`FaceMatch`] by camera.

use devices::Frame;
use identity::{Identity, IdentityId};

use crate::{FaceConfig, FaceError, Look, NoMatch, engine::Engine, evidence::FaceMatch};

/// The face on one authentic card. Wiped when dropped; it does not print.
pub struct Reference {
    identity: IdentityId,
}

impl Engine {
    /// The face on the chip of an authentic card.
    pub fn reference(&self, identity: &Identity) -> Result<Reference, FaceError> {
        _ = identity;
        unimplemented!()
    }
}

/// One try before the camera.
pub struct Attempt<'e> {
    engine: &'e Engine,
    identity: IdentityId,
}

impl<'e> Attempt<'e> {
    /// Try `number`, from 1, of this visit.
    pub fn new(engine: &'e Engine, reference: &'e Reference, config: &'e FaceConfig, number: u8) -> Self {
        _ = (config, number);
        Self { engine, identity: reference.identity }
    }

    /// Looks at one frame.
    pub fn look(&mut self, frame: &Frame) -> Result<Look, FaceError> {
        _ = (self.engine, frame);
        unimplemented!()
    }

    /// The answer, once `look` says that it is finished.
    pub fn decide(self) -> Result<FaceMatch, NoMatch> {
        _ = self.identity;
        unimplemented!()
    }
}
