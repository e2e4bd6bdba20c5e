//! The template of a face: SFace (2021dec), 128 numbers of length one. Two templates
//! of one person point the same way.

use identity::Picture;
use zeroize::Zeroizing;

use crate::{
    FaceError,
    align::{Crop, Point, Similarity, cut},
    detect::Face,
    models::Net,
};

/// The side of the picture that the model takes.
const SIDE: usize = 112;
/// Where the five points of an upright face belong in that picture.
const PLACES: [Point; 5] =
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]];
const NUMBERS: usize = 128;

/// A face as the recogniser sees it. Biometric data: wiped when dropped, never
/// printed, never written.
pub(crate) struct Template(Zeroizing<Vec<f32>>);

/// A face, upright and of the recogniser's size.
pub(crate) fn aligned(picture: &Picture, face: &Face) -> Crop {
    cut(picture, Similarity::between(&face.points, &PLACES).inverse(), SIDE)
}

impl Template {
    pub(crate) fn of(net: &Net, aligned: &Crop) -> Result<Self, FaceError> {
        let outputs = net.run(&aligned.planes, aligned.side, aligned.side)?;
        let mut numbers = match <[_; 1]>::try_from(outputs) {
            Ok([numbers]) if numbers.len() == NUMBERS => numbers,
            _ => return Err(net.unusable(None)),
        };
        let length = numbers.iter().map(|value| value * value).sum::<f32>().sqrt();
        if !length.is_normal() {
            return Err(net.unusable(None));
        }
        numbers.iter_mut().for_each(|value| *value /= length);
        Ok(Self(numbers))
    }

    /// The cosine of the angle between two templates.
    pub(crate) fn likeness(&self, other: &Self) -> f32 {
        self.0.iter().zip(other.0.iter()).map(|(a, b)| a * b).sum()
    }

    #[cfg(test)]
    pub(crate) fn numbers(&self) -> &[f32] {
        &self.0
    }
}
