//! A try of one card's holder: the only way to a [`FaceMatch`] by camera.

use std::time::Duration;

use devices::Frame;
use identity::{Identity, IdentityId};

use crate::{
    FaceConfig, FaceError, Look, NoMatch, Tempo, engine::Engine, evidence::FaceMatch, orientation,
    session::Session, template::Template,
};

/// The face on one authentic card. Wiped when dropped; it does not print.
pub struct Reference {
    identity: IdentityId,
    template: Template,
}

impl Engine {
    /// The face on the chip of an authentic card.
    pub fn reference(&self, identity: &Identity) -> Result<Reference, FaceError> {
        let portrait = identity.portrait();
        let picture = portrait.decode().map_err(FaceError::Portrait)?;
        let picture = orientation::upright(picture, orientation::of_jpeg(&portrait.bytes));
        Ok(Reference { identity: identity.id(), template: self.portrait_template(&picture)? })
    }
}

/// One try before the camera. What it gives holds for the card of its reference.
pub struct Attempt<'e> {
    identity: IdentityId,
    session: Session<'e>,
}

impl<'e> Attempt<'e> {
    /// Try `number`, from 1, of this visit. The movements that will be asked for follow from
    /// `seed`, which must be drawn anew for each try.
    pub fn new(
        engine: &'e Engine,
        reference: &'e Reference,
        config: &'e FaceConfig,
        number: u8,
        (tempo, seed): (Tempo, [u8; 32]),
    ) -> Self {
        let session = Session::new(engine, &reference.template, config, number, (tempo, seed));
        Self { identity: reference.identity, session }
    }

    /// Which try of the visit it is.
    pub fn number(&self) -> u8 {
        self.session.number()
    }

    /// Looks at one frame. A damaged frame is passed over; an error means that the
    /// engine does not work.
    pub fn look(&mut self, frame: &Frame) -> Result<Look, FaceError> {
        self.session.look(frame)
    }

    /// The camera's rhythm broke: what was seen before counts no longer. To be said before the
    /// frame that broke it is looked at.
    pub fn interrupt(&mut self, now: Duration) {
        self.session.interrupt(now);
    }

    /// The answer, once `look` says that it is finished.
    pub fn decide(self) -> Result<FaceMatch, NoMatch> {
        self.session.decide().map(|evidence| FaceMatch::by_camera(self.identity, evidence))
    }
}
