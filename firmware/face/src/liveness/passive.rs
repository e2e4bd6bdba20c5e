//! The passive model: MiniFASNet (V2 and V1SE), which an operator may install as a pack.
//! It is no part of this project; a board's settings pin the SHA-256 of the pack's list of
//! files, and the list those of the files.
//!
//! Contract: 2.7 and 4.0 times the face's box, moved into the frame where it would reach out
//! of it, squeezed to 80 x 80 pixels; blue, green, red, 0 to 255; softmax over three
//! classes, of which the second is "live".

use std::{path::Path, sync::Arc};

use identity::Picture;
use rten::ThreadPool;

use crate::{
    FaceError,
    detect::{Face, Planes, planes},
    models::{Manifest, Net, Role},
    picture::shrink,
};

/// The side of the picture that either model takes.
const SIDE: u32 = 80;
const CLASSES: usize = 3;
const LIVE: usize = 1;

/// Both models.
pub(crate) struct Passive {
    near: Net,
    wide: Net,
}

impl Passive {
    /// Loads the pack of a folder, if its list has that SHA-256.
    pub(crate) fn load(folder: &Path, sha256: &str, threads: &Arc<ThreadPool>) -> Result<Self, FaceError> {
        let manifest = Manifest::read_pinned(folder, sha256)?;
        Ok(Self {
            near: manifest.load(Role::PassiveNear, threads)?,
            wide: manifest.load(Role::PassiveWide, threads)?,
        })
    }

    /// The files' SHA-256.
    pub(crate) fn files(&self) -> Vec<String> {
        [&self.near, &self.wide].map(|net| net.sha256().to_owned()).to_vec()
    }

    /// The probability that the face is a living one, the mean of both models.
    pub(crate) fn live(&self, picture: &Picture, face: &Face) -> Result<f32, FaceError> {
        let by = |role| judged(self.net(role), told(role, picture, face));
        Ok(f32::midpoint(by(Role::PassiveNear)?, by(Role::PassiveWide)?))
    }

    pub(crate) fn net(&self, role: Role) -> &Net {
        if role == Role::PassiveWide { &self.wide } else { &self.near }
    }
}

/// What a model is told: its planes, and their width and height.
pub(crate) fn told(role: Role, picture: &Picture, face: &Face) -> Planes {
    let reach = if role == Role::PassiveWide { 4.0 } else { 2.7 };
    let small = shrink(picture, surroundings(picture, face, reach), SIDE, SIDE);
    planes(&small, 1)
}

fn judged(net: &Net, (planes, width, height): Planes) -> Result<f32, FaceError> {
    match net.run(&planes, width, height)?.as_slice() {
        [logits] if logits.len() == CLASSES => {
            let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let sum: f32 = logits.iter().map(|logit| (logit - largest).exp()).sum();
            Ok((logits[LIVE] - largest).exp() / sum)
        }
        _ => Err(net.unusable(None)),
    }
}

/// The face and what is around it, no larger than the frame and moved into it: left, top,
/// width, height.
fn surroundings(picture: &Picture, face: &Face, reach: f32) -> [u32; 4] {
    let (width, height) = (picture.width as f32, picture.height as f32);
    let reach = reach.min((width - 1.0) / face.width).min((height - 1.0) / face.height);
    let [x, y] = face.centre();
    let span = |middle: f32, size: f32, end: f32| {
        let size = (size * reach).clamp(1.0, end);
        let from = (middle - size / 2.0).min(end - 1.0 - size).max(0.0) as u32;
        (from, (size as u32).clamp(1, end as u32 - from))
    };
    let ((left, across), (top, down)) = (span(x, face.width, width), span(y, face.height, height));
    [left, top, across, down]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(face: [f32; 4], reach: f32) -> [u32; 4] {
        let picture = Picture { width: 640, height: 480, rgb: vec![0; 640 * 480 * 3].into() };
        let [left, top, width, height] = face;
        surroundings(
            &picture,
            &Face { certainty: 1.0, left, top, width, height, points: [[0.0; 2]; 5] },
            reach,
        )
    }

    #[test]
    fn the_surroundings_are_moved_into_the_frame_and_no_larger() {
        assert_eq!(around([300.0, 200.0, 40.0, 50.0], 2.0), [280, 175, 80, 100]);
        assert_eq!(around([0.0, 0.0, 40.0, 50.0], 2.0), [0, 0, 80, 100]);
        assert_eq!(around([600.0, 430.0, 40.0, 50.0], 2.0), [559, 379, 80, 100]);
        let [left, top, width, height] = around([200.0, 100.0, 200.0, 300.0], 4.0);
        assert!(top == 0 && height == 479 && left + width <= 640 && width == 319);
    }
}
