//! Frames that came before. A live sensor never sends the same bytes twice: one frame again and
//! again is a camera that froze, and a face that comes back after others is a film that is fed in
//! where the camera's picture should come from. Hashes are kept, no pictures.

use std::{
    collections::VecDeque,
    hash::{DefaultHasher, Hasher as _},
    time::Duration,
};

use devices::Frame;

/// So many frames with a face are remembered: of 15 that are looked at in a second those of nine
/// minutes, which is longer than anybody is asked for movements.
const REMEMBERED: usize = 8192;

/// How a frame stands to those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Came {
    /// It did not come before.
    New,
    /// The one before, once more.
    Again,
    /// One that showed a face, after others.
    Back,
}

/// What is known of the frames of a try.
#[derive(Default)]
pub(crate) struct Frames {
    last: Option<u64>,
    /// When a frame last differed from the one before.
    changed: Duration,
    /// Of frames with a face, the oldest first. Others may be alike: a covered lens sends black.
    faces: VecDeque<u64>,
}

impl Frames {
    pub(crate) fn see(&mut self, frame: &Frame) -> Came {
        // Whoever finds two frames of one hash has found a way to be refused.
        let mut hasher = DefaultHasher::new();
        hasher.write(&frame.data);
        let hash = hasher.finish();
        if self.last.replace(hash) == Some(hash) {
            return Came::Again;
        }
        self.changed = frame.taken;
        if self.faces.contains(&hash) { Came::Back } else { Came::New }
    }

    /// The last one showed a face.
    pub(crate) fn remember(&mut self) {
        if self.faces.len() == REMEMBERED {
            self.faces.pop_front();
        }
        self.faces.extend(self.last);
    }

    /// For how long the same frame has been coming.
    pub(crate) fn still_for(&self, now: Duration) -> Duration {
        now.saturating_sub(self.changed)
    }
}

#[cfg(test)]
mod tests {
    use devices::Pixels;

    use super::*;

    fn frame(number: u32) -> Frame {
        let taken = Duration::from_millis(100) * number;
        Frame { taken, width: 1, height: 1, pixels: Pixels::Mjpg, data: number.to_be_bytes().to_vec().into() }
    }

    fn see(frames: &mut Frames, number: u32) -> Came {
        let came = frames.see(&frame(number));
        frames.remember();
        came
    }

    #[test]
    fn what_comes_at_once_again_is_told_from_what_comes_back() {
        let mut frames = Frames::default();
        let came = [7, 7, 8, 9, 8, 8].map(|number| see(&mut frames, number));
        assert_eq!(came, [Came::New, Came::Again, Came::New, Came::New, Came::Back, Came::Again]);
    }

    #[test]
    fn a_frame_without_a_face_may_come_back() {
        let mut frames = Frames::default();
        let came = [1, 2, 1, 2].map(|number| frames.see(&frame(number)));
        assert_eq!(came, [Came::New; 4]);
    }

    #[test]
    fn what_is_remembered_does_not_grow_for_ever() {
        let mut frames = Frames::default();
        let count = REMEMBERED as u32 + 1;
        assert!((0..count).all(|number| see(&mut frames, number) == Came::New));
        assert_eq!(frames.faces.len(), REMEMBERED);
        assert_eq!([frames.see(&frame(0)), frames.see(&frame(1))], [Came::New, Came::Back]);
    }

    #[test]
    fn a_picture_stands_still_from_the_first_frame_that_shows_it() {
        let mut frames = Frames::default();
        for shown in [frame(3), Frame { taken: Duration::from_secs(2), ..frame(3) }] {
            frames.see(&shown);
        }
        assert_eq!(frames.still_for(Duration::from_secs(2)), Duration::from_millis(1700));
    }
}
