//! The three models, loaded and checked once, and the steps from a picture to a
//! template.

use std::path::Path;

use identity::Picture;

use crate::{
    FaceError,
    detect::{self, Face},
    mesh::{self, Mesh},
    models::{Manifest, Net, Role, threads},
    quality::Quality,
    template::{Template, aligned},
    timing::{Timings, timed},
};

/// Finds, measures and compares faces. Share it; it holds no person's data.
pub struct Engine {
    pub(crate) detector: Net,
    pub(crate) recogniser: Net,
    pub(crate) landmarks: Net,
}

impl Engine {
    /// Loads the models of a folder and checks each against its `manifest.toml`.
    pub fn load(folder: &Path) -> Result<Self, FaceError> {
        let manifest = Manifest::read(folder)?;
        let threads = threads();
        Ok(Self {
            detector: manifest.load(Role::Detector, &threads)?,
            recogniser: manifest.load(Role::Recogniser, &threads)?,
            landmarks: manifest.load(Role::Landmarks, &threads)?,
        })
    }

    /// All faces, the largest first.
    pub(crate) fn faces(&self, picture: &Picture, timings: &mut Timings) -> Result<Vec<Face>, FaceError> {
        timed(&mut timings.detect, || detect::faces(&self.detector, picture))
    }

    /// What the largest of the faces is like; there must be one.
    pub(crate) fn quality(
        &self,
        picture: &Picture,
        faces: &[Face],
        timings: &mut Timings,
    ) -> Result<Quality, FaceError> {
        timed(&mut timings.landmarks, || {
            let (crop, turned) = mesh::crop(picture, &faces[0]);
            let mesh = Mesh::of(&self.landmarks, &crop, turned)?;
            Ok(Quality::measure(picture, faces, &crop, &mesh))
        })
    }

    pub(crate) fn template(
        &self,
        picture: &Picture,
        face: &Face,
        timings: &mut Timings,
    ) -> Result<Template, FaceError> {
        let face = timed(&mut timings.detect, || detect::nearer(&self.detector, picture, face))?;
        let upright = timed(&mut timings.align, || aligned(picture, &face));
        timed(&mut timings.template, || Template::of(&self.recogniser, &upright))
    }

    /// The template of the one face on a portrait. Its quality is measured elsewhere
    /// and blocks nothing: it is the only portrait that there is.
    pub(crate) fn portrait_template(&self, picture: &Picture) -> Result<Template, FaceError> {
        let mut timings = Timings::default();
        match self.faces(picture, &mut timings)?.as_slice() {
            [] => Err(FaceError::PortraitFaces { faces: 0 }),
            // A pattern in the background may look like a small face; a second person does not.
            [face, others @ ..] if others.iter().all(|other| other.area() < face.area() / 4.0) => {
                self.template(picture, face, &mut timings)
            }
            several => Err(FaceError::PortraitFaces { faces: several.len() }),
        }
    }
}
