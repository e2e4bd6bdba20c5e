//! What must hold of a device whoever made it. The tests of `drivers` and `simulators` run
//! these; nothing else does. They panic with what was broken.

use std::time::Duration;

use crate::{Frame, FrameSource, Held};

/// How long a frame of a test's camera may take.
const FRAME_LIMIT: Duration = Duration::from_secs(5);

/// A camera can be held, or says that it cannot; held or not it goes on sending pictures of one
/// kind, and nothing stays held after it was released or stopped. Gives what it held.
pub fn a_camera_is_held_and_let_go(camera: &mut dyn FrameSource) -> Held {
    camera.stop();
    assert_eq!(camera.hold(), Held::default(), "it held something before it was started");
    camera.release();

    camera.start().expect("a camera that works");
    let first = frame(camera);
    let held = camera.hold();
    assert_eq!(camera.hold(), held, "asked twice, it held something else");
    let mut last = first.taken;
    let mut goes_on = |camera: &mut dyn FrameSource, when: &str| {
        for _ in 0..2 {
            let next = frame(camera);
            assert!(next.taken >= last, "time went back {when}");
            assert!(like(&next, &first), "another kind of picture {when}");
            last = next.taken;
        }
    };
    goes_on(camera, "while it was held");
    camera.release();
    camera.release();
    goes_on(camera, "after it was released");

    assert_eq!(camera.hold(), held, "it could not be held again");
    camera.stop();
    assert_eq!(camera.hold(), Held::default(), "it held something after it was stopped");
    camera.start().expect("a camera that works");
    frame(camera);
    assert_eq!(camera.hold(), held, "it could not be held after a new start");
    camera.stop();
    held
}

fn frame(camera: &mut dyn FrameSource) -> Frame {
    camera.next_frame(FRAME_LIMIT).expect("a camera that works")
}

fn like(one: &Frame, other: &Frame) -> bool {
    (one.width, one.height, one.pixels) == (other.width, other.height, other.pixels)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CameraFault, Pixels};

    /// A camera that knows nothing of being held, or breaks the contract in one way.
    #[derive(Default)]
    struct Plain {
        started: bool,
        frames: u64,
        stays_held: bool,
        changes_size: bool,
    }

    impl FrameSource for Plain {
        fn start(&mut self) -> Result<(), CameraFault> {
            (self.started, self.frames) = (true, 0);
            Ok(())
        }

        fn next_frame(&mut self, _: Duration) -> Result<Frame, CameraFault> {
            self.frames += 1;
            let width = if self.changes_size { self.frames as u32 } else { 1 };
            let (taken, data) = (Duration::from_millis(self.frames), vec![0; 3].into());
            Ok(Frame { taken, width, height: 1, pixels: Pixels::Rgb8, data })
        }

        fn hold(&mut self) -> Held {
            Held { exposure: self.stays_held, white_balance: false }
        }

        fn stop(&mut self) {
            self.started = false;
        }
    }

    #[test]
    fn a_camera_that_cannot_be_held_keeps_the_contract_by_saying_so() {
        assert_eq!(a_camera_is_held_and_let_go(&mut Plain::default()), Held::default());
    }

    #[test]
    #[should_panic(expected = "before it was started")]
    fn what_is_held_without_being_started_breaks_it() {
        a_camera_is_held_and_let_go(&mut Plain { stays_held: true, ..Plain::default() });
    }

    #[test]
    #[should_panic(expected = "another kind of picture")]
    fn what_changes_its_pictures_breaks_it() {
        a_camera_is_held_and_let_go(&mut Plain { changes_size: true, ..Plain::default() });
    }
}
