//! Two pictures compared, for people who tune and test; it makes no
//! [`crate::FaceMatch`].

use identity::Picture;

use crate::{
    FaceError, engine::Engine, evidence::Score, quality::Quality, template::Template, timing::Timings,
};

/// What came of comparing two pictures.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// How alike the faces are.
    pub score: Score,
    /// What each picture is like.
    pub quality: [Quality; 2],
    /// How long each took.
    pub timings: [Timings; 2],
}

/// What the largest face of a picture is like, for measuring how well faces are told apart.
/// It can be compared and nothing else; it is wiped when dropped.
pub struct Sample(Template);

impl Sample {
    /// How alike two faces are.
    pub fn likeness(&self, other: &Self) -> Score {
        Score::of(self.0.likeness(&other.0))
    }
}

impl Engine {
    /// The largest face of a picture; none where it shows no face.
    pub fn sample(&self, picture: &Picture) -> Result<Option<Sample>, FaceError> {
        let mut timings = Timings::default();
        let faces = self.faces(picture, &mut timings)?;
        let face = faces.first().map(|face| self.template(picture, face, &mut timings));
        Ok(face.transpose()?.map(Sample))
    }

    /// Compares the largest faces of two pictures; none where one shows no face.
    pub fn compare(&self, one: &Picture, other: &Picture) -> Result<Option<Comparison>, FaceError> {
        let (Some(one), Some(other)) = (self.examine(one)?, self.examine(other)?) else {
            return Ok(None);
        };
        let score = Score::of(one.2.likeness(&other.2));
        Ok(Some(Comparison { score, quality: [one.0, other.0], timings: [one.1, other.1] }))
    }

    /// What the largest face of a picture is like; none where it shows no face.
    pub fn quality_of(&self, picture: &Picture) -> Result<Option<(Quality, Timings)>, FaceError> {
        let mut timings = Timings::default();
        let faces = self.faces(picture, &mut timings)?;
        if faces.is_empty() {
            return Ok(None);
        }
        Ok(Some((self.quality(picture, &faces, &mut timings)?, timings)))
    }

    fn examine(&self, picture: &Picture) -> Result<Option<(Quality, Timings, Template)>, FaceError> {
        let mut timings = Timings::default();
        let faces = self.faces(picture, &mut timings)?;
        let Some(face) = faces.first() else { return Ok(None) };
        let quality = self.quality(picture, &faces, &mut timings)?;
        let template = self.template(picture, face, &mut timings)?;
        Ok(Some((quality, timings, template)))
    }
}
