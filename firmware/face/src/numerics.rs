//! What each model is given and what it gives back, number by number, so that another
//! runtime can be laid beside ours. Only for tests and for the bench: no program of a
//! kiosk turns the feature `numerics` on, because what comes out is a template.

use identity::Picture;

use crate::{
    Engine, FaceError,
    detect::{self, planes},
    liveness::passive,
    mesh,
    models::{Net, Role},
    picture::shrink,
    template::aligned,
    timing::Timings,
};

/// Everything that one model is told: three planes, row by row.
pub struct ModelInput {
    pub(crate) role: Role,
    /// Numbers in a row.
    pub width: usize,
    /// Rows of a plane.
    pub height: usize,
    /// The planes, one after the other.
    pub values: Vec<f32>,
}

impl ModelInput {
    /// The model's role, as its manifest has it.
    pub fn model(&self) -> &'static str {
        self.role.name()
    }

    /// What the detector is told of a picture, on a copy with this longer side.
    pub(crate) fn detector(picture: &Picture, long_side: u32) -> Self {
        let (across, down) = (picture.width, picture.height);
        let long = across.max(down);
        let fit = |side: u32| (side * long_side / long).max(1);
        let small = shrink(picture, [0, 0, across, down], fit(across), fit(down));
        let (values, width, height) = planes(&small, detect::MULTIPLE);
        Self { role: Role::Detector, width, height, values: values.to_vec() }
    }

    /// What the recogniser is told of a face.
    pub(crate) fn recogniser(picture: &Picture, face: &detect::Face) -> Self {
        let crop = aligned(picture, face);
        Self { role: Role::Recogniser, width: crop.side, height: crop.side, values: crop.planes.to_vec() }
    }

    /// What a model of an operator's pack is told of a face.
    pub(crate) fn passive(role: Role, picture: &Picture, face: &detect::Face) -> Self {
        let (values, width, height) = passive::told(role, picture, face);
        Self { role, width, height, values: values.to_vec() }
    }

    /// What the landmarks' model is told of a face.
    pub(crate) fn landmarks(picture: &Picture, face: &detect::Face) -> Self {
        let (crop, _) = mesh::crop(picture, face);
        Self { role: Role::Landmarks, width: crop.side, height: crop.side, values: crop.planes.to_vec() }
    }
}

impl Engine {
    /// What the models are told of the largest face in a picture, those of an operator's pack
    /// where it is installed; nothing where there is no face.
    pub fn model_inputs(&self, picture: &Picture) -> Result<Vec<ModelInput>, FaceError> {
        let faces = self.faces(picture, &mut Timings::default())?;
        let Some(face) = faces.first() else { return Ok(Vec::new()) };
        let near = detect::nearer(&self.detector, picture, face)?;
        let mut inputs = vec![
            ModelInput::detector(picture, detect::LONG_SIDE),
            ModelInput::recogniser(picture, &near),
            ModelInput::landmarks(picture, face),
        ];
        if self.passive.is_some() {
            let both = [Role::PassiveNear, Role::PassiveWide];
            inputs.extend(both.map(|role| ModelInput::passive(role, picture, face)));
        }
        Ok(inputs)
    }

    /// All numbers that the model gives, its outputs in the order of the manifest.
    pub fn run_model(&self, input: &ModelInput) -> Result<Vec<f32>, FaceError> {
        let outputs = self.net(input.role).run(&input.values, input.width, input.height)?;
        Ok(outputs.iter().flat_map(|values| values.iter().copied()).collect())
    }

    pub(crate) fn net(&self, role: Role) -> &Net {
        match role {
            Role::Detector => &self.detector,
            Role::Recogniser => &self.recogniser,
            Role::Landmarks => &self.landmarks,
            Role::PassiveNear | Role::PassiveWide => {
                self.passive.as_ref().expect("inputs are made for models that are there").net(role)
            }
        }
    }
}
