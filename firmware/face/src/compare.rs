//! Two pictures compared, for people who tune and test; it makes no
//! [`crate::FaceMatch`].

use identity::Picture;

use crate::{
    FaceError, detect::Face, engine::Engine, evidence::Score, quality::Quality, template::Template,
    timing::Timings,
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

/// What the face of a picture is like, for measuring how well faces are told apart.
/// It can be compared and nothing else; it is wiped when dropped.
pub struct Sample(Template);

impl Sample {
    /// How alike two faces are.
    pub fn likeness(&self, other: &Self) -> Score {
        Score::of(self.0.likeness(&other.0))
    }
}

impl Engine {
    /// The face that a picture is of: large and in its middle. None where it shows no face.
    /// A kiosk compares nothing while a second face is large or the first is off the middle.
    pub fn sample(&self, picture: &Picture) -> Result<Option<Sample>, FaceError> {
        let mut timings = Timings::default();
        let faces = self.faces(picture, &mut timings)?;
        let weight = |face: &Face| {
            let [x, y] = face.centre();
            let (across, down) = (picture.width as f32, picture.height as f32);
            // Halved a fifth of the picture away from its middle, and little beyond that.
            let off = (x / across - 0.5).hypot(y / down - 0.5) / 0.2;
            face.area() / (1.0 + off.powi(4))
        };
        let face = faces.iter().max_by(|one, other| weight(one).total_cmp(&weight(other)));
        Ok(face.map(|face| self.template(picture, face, &mut timings)).transpose()?.map(Sample))
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
        Ok(Some((self.quality(picture, &faces, &mut timings)?.0, timings)))
    }

    fn examine(&self, picture: &Picture) -> Result<Option<(Quality, Timings, Template)>, FaceError> {
        let mut timings = Timings::default();
        let faces = self.faces(picture, &mut timings)?;
        let Some(face) = faces.first() else { return Ok(None) };
        let (quality, ..) = self.quality(picture, &faces, &mut timings)?;
        let template = self.template(picture, face, &mut timings)?;
        Ok(Some((quality, timings, template)))
    }
}
