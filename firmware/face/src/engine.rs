//! The models, loaded and checked once, and the steps from a picture to a template.

use std::{num::NonZeroUsize, path::Path, sync::Arc};

use identity::Picture;
use rten::ThreadPool;

use crate::{
    FaceError,
    detect::{self, Face},
    liveness::{Passive, Tint, tint},
    mesh::{self, Mesh},
    models::{Manifest, Net, Role, THREADS, threads},
    portrait::PortraitFlaw,
    quality::{self, Quality},
    template::{Template, aligned},
    timing::{Timings, timed},
};

/// Finds, measures and compares faces. Share it; it holds no person's data.
pub struct Engine {
    pub(crate) detector: Net,
    pub(crate) recogniser: Net,
    pub(crate) landmarks: Net,
    /// What an operator installed, if anything.
    pub(crate) passive: Option<Passive>,
    threads: Arc<ThreadPool>,
}

impl Engine {
    /// Loads the models of a folder and checks each against its `manifest.toml`.
    pub fn load(folder: &Path) -> Result<Self, FaceError> {
        Self::load_with_threads(folder, THREADS)
    }

    /// The same, with so many threads for the models: the bench tells by it what a second
    /// one is worth.
    pub fn load_with_threads(folder: &Path, count: NonZeroUsize) -> Result<Self, FaceError> {
        let manifest = Manifest::read(folder)?;
        let threads = threads(count);
        Ok(Self {
            detector: manifest.load(Role::Detector, &threads)?,
            recogniser: manifest.load(Role::Recogniser, &threads)?,
            landmarks: manifest.load(Role::Landmarks, &threads)?,
            passive: None,
            threads,
        })
    }

    /// The same with the passive liveness model of an operator's pack, whose `manifest.toml`
    /// must have that SHA-256 (hexadecimal digits).
    pub fn with_passive_model(mut self, folder: &Path, sha256: &str) -> Result<Self, FaceError> {
        self.passive = Some(Passive::load(folder, sha256, &self.threads)?);
        Ok(self)
    }

    /// All faces, the largest first.
    pub(crate) fn faces(&self, picture: &Picture, timings: &mut Timings) -> Result<Vec<Face>, FaceError> {
        timed(&mut timings.detect, || detect::faces(&self.detector, picture))
    }

    /// What the largest of the faces is like, its points, and its skin's tint; there must be one.
    pub(crate) fn quality(
        &self,
        picture: &Picture,
        faces: &[Face],
        timings: &mut Timings,
    ) -> Result<(Quality, Mesh, Tint), FaceError> {
        let (crop, mesh) = timed(&mut timings.landmarks, || {
            let (crop, turned) = mesh::crop(picture, &faces[0]);
            Mesh::of(&self.landmarks, &crop, turned).map(|mesh| (crop, mesh))
        })?;
        let (quality, skin) = timed(&mut timings.quality, || {
            (Quality::measure(picture, faces, &crop, &mesh), tint(quality::skin(&crop, &mesh)))
        });
        Ok((quality, mesh, skin))
    }

    /// The probability that a living face is seen; none without the operator's model.
    pub(crate) fn live(
        &self,
        picture: &Picture,
        face: &Face,
        timings: &mut Timings,
    ) -> Result<Option<f32>, FaceError> {
        let Some(passive) = &self.passive else { return Ok(None) };
        timed(&mut timings.passive, || passive.live(picture, face)).map(Some)
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

    /// The template of the one face on a portrait, if it is good enough to be compared at all.
    pub(crate) fn portrait_template(&self, picture: &Picture) -> Result<Template, FaceError> {
        let mut timings = Timings::default();
        let faces = self.faces(picture, &mut timings)?;
        let Some((face, others)) = faces.split_first() else {
            return Err(FaceError::PortraitFaces { faces: 0 });
        };
        // A pattern in the background may look like a small face; a second person does not.
        if others.iter().any(|other| other.area() >= face.area() / 4.0) {
            return Err(FaceError::PortraitFaces { faces: faces.len() });
        }
        let (quality, ..) = self.quality(picture, &faces, &mut timings)?;
        match PortraitFlaw::of(&quality) {
            Some(flaw) => Err(FaceError::PortraitPoor(flaw)),
            None => self.template(picture, face, &mut timings),
        }
    }
}
