//! Which of the pictures that a camera offers is taken: the nearest to the board's that is not
//! smaller, at the board's rate where one is had so.

use std::cmp::Reverse;

use devices::{CameraFault, Pixels};

/// Below that many frames a second movements are not seen, and the preview stutters.
pub(super) const LEAST_RATE: u32 = 10;

/// Pixels across and down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) width: u32,
    pub(super) height: u32,
}

impl Size {
    /// Whether nothing is lost of a picture of that size.
    pub(super) fn holds(self, other: Self) -> bool {
        self.width >= other.width && self.height >= other.height
    }

    fn area(self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    /// The nearest in two ranges of least, most and step that is not smaller, or the largest.
    pub(super) fn within(self, across: (u32, u32, u32), down: (u32, u32, u32)) -> Self {
        let fit = |wanted: u32, (least, most, step): (u32, u32, u32)| {
            let step = step.max(1);
            let steps = |of: u32| of.saturating_sub(least) / step;
            least + wanted.saturating_sub(least).div_ceil(step).min(steps(most)) * step
        };
        Self { width: fit(self.width, across), height: fit(self.height, down) }
    }
}

/// What the board asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish {
    pub(super) size: Size,
    pub(super) frames_per_second: u32,
}

impl Wish {
    /// The rate that a camera must reach to be of use.
    fn least_rate(&self) -> u32 {
        self.frames_per_second.min(LEAST_RATE)
    }
}

/// One kind of picture that a camera offers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Offer {
    pub(super) pixels: Pixels,
    pub(super) size: Size,
    /// Frames a second at most; none where the camera does not say.
    pub(super) fastest: Option<f32>,
}

impl Offer {
    fn reaches(&self, frames_per_second: u32) -> bool {
        // 29.97 counts as 30.
        self.fastest.is_none_or(|fastest| fastest * 1.01 >= frames_per_second as f32)
    }
}

/// The offer to take: at the board's rate if there is one, then the smallest picture that is
/// large enough, then MJPG before YUYV before NV12.
pub(super) fn choose(offers: &[Offer], wish: &Wish) -> Result<Offer, CameraFault> {
    if offers.is_empty() {
        return Err(CameraFault::NoFormat);
    }
    let enough = |offer: &&Offer| offer.size.holds(wish.size) && offer.reaches(wish.least_rate());
    let rank = |offer: &&Offer| {
        (Reverse(offer.reaches(wish.frames_per_second)), offer.size.area(), order(offer.pixels))
    };
    offers.iter().filter(enough).min_by_key(rank).copied().ok_or(CameraFault::TooSmall)
}

fn order(pixels: Pixels) -> u8 {
    match pixels {
        Pixels::Mjpg => 0,
        Pixels::Yuyv => 1,
        Pixels::Nv12 => 2,
        Pixels::Rgb8 => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HD: Wish = Wish { size: Size { width: 1280, height: 720 }, frames_per_second: 30 };

    fn offer(pixels: Pixels, width: u32, height: u32, fastest: f32) -> Offer {
        Offer { pixels, size: Size { width, height }, fastest: (fastest > 0.0).then_some(fastest) }
    }

    #[track_caller]
    fn check(offers: &[Offer], expected: Result<(Pixels, u32, u32), CameraFault>) {
        let took = choose(offers, &HD).map(|it| (it.pixels, it.size.width, it.size.height));
        assert_eq!(took, expected);
        // The order in which a camera lists them says nothing.
        let mut turned = offers.to_vec();
        turned.reverse();
        assert_eq!(choose(&turned, &HD).map(|it| (it.pixels, it.size.width, it.size.height)), expected);
    }

    /// As usual webcams list them: uncompressed pictures are slow when large (USB 2).
    #[test]
    fn a_usual_webcam_gives_mjpg_of_the_boards_size() {
        check(
            &[
                offer(Pixels::Yuyv, 640, 480, 30.0),
                offer(Pixels::Yuyv, 1280, 720, 10.0),
                offer(Pixels::Mjpg, 640, 480, 30.0),
                offer(Pixels::Mjpg, 1280, 720, 30.0),
                offer(Pixels::Mjpg, 1920, 1080, 30.0),
            ],
            Ok((Pixels::Mjpg, 1280, 720)),
        );
    }

    #[test]
    fn the_nearest_larger_picture_stands_in_for_one_that_is_not_offered() {
        check(
            &[
                offer(Pixels::Mjpg, 640, 480, 30.0),
                offer(Pixels::Mjpg, 1920, 1080, 30.0),
                offer(Pixels::Mjpg, 1280, 960, 30.0),
            ],
            Ok((Pixels::Mjpg, 1280, 960)),
        );
    }

    #[test]
    fn of_pictures_of_one_size_mjpg_comes_before_yuyv_before_nv12() {
        let all = [Pixels::Nv12, Pixels::Yuyv, Pixels::Mjpg].map(|pixels| offer(pixels, 1280, 720, 30.0));
        check(&all, Ok((Pixels::Mjpg, 1280, 720)));
        check(&all[..2], Ok((Pixels::Yuyv, 1280, 720)));
        check(&all[..1], Ok((Pixels::Nv12, 1280, 720)));
    }

    #[test]
    fn a_larger_picture_at_the_boards_rate_comes_before_a_slow_one_and_a_slow_one_before_none() {
        let (slow, large) = (offer(Pixels::Yuyv, 1280, 720, 10.0), offer(Pixels::Mjpg, 1920, 1080, 29.97));
        check(&[slow, large], Ok((Pixels::Mjpg, 1920, 1080)));
        check(&[slow], Ok((Pixels::Yuyv, 1280, 720)));
        check(&[offer(Pixels::Yuyv, 1280, 720, 5.0)], Err(CameraFault::TooSmall));
        check(&[offer(Pixels::Yuyv, 1280, 720, 0.0)], Ok((Pixels::Yuyv, 1280, 720)));
    }

    #[test]
    fn a_camera_whose_pictures_are_all_too_small_is_refused() {
        check(&[offer(Pixels::Mjpg, 640, 480, 30.0)], Err(CameraFault::TooSmall));
        check(&[offer(Pixels::Mjpg, 1920, 480, 30.0)], Err(CameraFault::TooSmall));
        check(&[], Err(CameraFault::NoFormat));
    }

    #[test]
    fn a_camera_that_scales_is_asked_for_the_size_or_the_next_step() {
        let fit = |across, down| {
            let size = HD.size.within(across, down);
            (size.width, size.height)
        };
        assert_eq!(fit((16, 4056, 2), (16, 3040, 2)), (1280, 720));
        assert_eq!(fit((32, 4000, 32), (50, 3000, 100)), (1280, 750));
        assert_eq!(fit((16, 1000, 1), (2000, 3000, 1)), (1000, 2000), "as near as it goes");
        assert_eq!(fit((10, 1279, 4), (10, 719, 0)), (1278, 719), "most is not always a step");
    }
}
