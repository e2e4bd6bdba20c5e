//! Cameras that do not show one person to the end of a try: the picture freezes, or begins anew, or
//! somebody else is shown.

use std::time::Duration;

use devices::{Frame, FrameSource, Pixels};
use simulators::{
    face_camera::{CameraSetup, FaceCamera, Pace},
    people::People,
    presentation::{Motion, Presentation, Prompter},
};

use super::{ENGINE, photograph, photographs};
use crate::{CameraEvidence, FaceConfig, FaceHint, Glow, NoMatch, NotLive, Tempo, Why, session::Session};

/// Where a try was after the last frame.
#[derive(Clone, Copy, Debug, PartialEq)]
enum At {
    Facing,
    Moving,
    Closing,
}

/// A living person who does as asked, in frames of ten a second.
struct Living {
    prompter: Prompter,
    camera: FaceCamera,
}

impl Living {
    fn of(name: &str) -> Self {
        let people = People::load(&photographs()).unwrap();
        let person = people.person(name).unwrap();
        let setup = CameraSetup {
            pixels: Pixels::Rgb8,
            pace: Pace::Instant,
            frames_per_second: 10,
            ..CameraSetup::default()
        };
        let (prompter, live) = (Prompter::default(), photographs().join(&person.live));
        let shown = Presentation::Living;
        let mut camera =
            FaceCamera::presenting(&live, person.live_features, shown, prompter.clone(), setup).unwrap();
        camera.start().unwrap();
        Self { prompter, camera }
    }

    fn tell(&self, motion: Option<Motion>) {
        if let Some(motion) = motion {
            self.prompter.tell(motion);
        }
    }

    fn frame(&mut self) -> Frame {
        self.camera.next_frame(Duration::ZERO).unwrap()
    }
}

/// The holder of the card does as asked until `replace` shows the try other frames.
fn tried(
    config: &FaceConfig,
    mut replace: impl FnMut(At, Option<Motion>, Frame) -> Frame,
) -> (u32, Result<CameraEvidence, NoMatch>) {
    let reference = ENGINE.portrait_template(&photograph("khue-portrait.jpg")).unwrap();
    let mut session = Session::new(&ENGINE, &reference, config, 1, (Tempo::Usual, [1; 32]));
    let mut holder = Living::of("khue");
    let (mut at, mut told) = (At::Facing, None);
    for looks in 1.. {
        let new = told.take();
        let frame = replace(at, new, holder.frame());
        let look = session.look(&frame).unwrap();
        if look.finished {
            return (looks, session.decide());
        }
        at = match (look.moving, look.percent) {
            (true, _) => At::Moving,
            (false, 90) => At::Closing,
            (false, _) => At::Facing,
        };
        // Colours and a held camera would spoil the frame that is compared.
        assert!(at != At::Closing || look.glow == Glow::Off);
        told = Motion::asked_by(look.hint);
        holder.tell(told);
        holder.prompter.shine(look.glow);
    }
    unreachable!()
}

/// As documented, but that pauses are short.
fn config() -> FaceConfig {
    let mut config = FaceConfig::documented();
    config.liveness.pause_seconds = [0.2, 0.5];
    config
}

#[test]
fn a_picture_that_freezes_while_movements_are_asked_for_ends_the_try_as_frozen() {
    for phase in [At::Moving, At::Closing] {
        let mut kept: Option<Frame> = None;
        let mut since = None;
        let mut number = 0;
        let (looks, answer) = tried(&config(), |at, _, frame| {
            number += 1;
            if at == phase && since.is_none() {
                since = Some(number);
            }
            match (&kept, since) {
                (Some(kept), Some(_)) => Frame { data: kept.data.clone(), ..frame },
                _ => kept.insert(frame).clone(),
            }
        });
        let refused = answer.unwrap_err();
        assert_eq!((refused.why, refused.fault()), (Why::Frozen, faults::Fault::CameraSilent), "{phase:?}");
        // Longer than 1.5 seconds, at ten frames a second, after the one that came again and again.
        assert_eq!(looks - since.unwrap(), 15, "{phase:?}");
    }
}

/// A film of so many frames, fed in over and over: what a camera that is none is played from.
fn looped(length: usize) -> (u32, Result<CameraEvidence, NoMatch>) {
    let mut film: Vec<Frame> = Vec::new();
    let mut number = 0;
    tried(&config(), |_, _, frame| {
        number += 1;
        if film.len() < length {
            film.push(frame.clone());
        }
        Frame { data: film[(number - 1) % length].data.clone(), ..frame }
    })
}

#[test]
fn a_film_that_begins_anew_to_the_byte_ends_the_try() {
    for length in [2, 5, 40] {
        let (looks, answer) = looped(length);
        let refused = answer.unwrap_err();
        assert_eq!((refused.why, looks), (Why::NotLive(NotLive::Looped), length as u32 + 1));
        assert_eq!((refused.why.word(), refused.fault()), ("looped", faults::Fault::FaceNotLive));
    }
}

/// A covered lens may well send the same black twice.
#[test]
fn frames_without_a_face_may_come_again() {
    let setup = CameraSetup { pixels: Pixels::Rgb8, pace: Pace::Instant, ..CameraSetup::default() };
    let mut room = FaceCamera::empty_room(setup);
    room.start().unwrap();
    let two = [0, 1].map(|_| room.next_frame(Duration::ZERO).unwrap().data);
    let config = FaceConfig { time_limit_seconds: 1, ..config() };
    let mut number = 0;
    let (_, answer) = tried(&config, |_, _, frame| {
        number += 1;
        Frame { data: two[number % 2].clone(), ..frame }
    });
    assert_eq!(answer.unwrap_err().why, Why::TookTooLong(FaceHint::NoFace));
}

/// In one phase somebody else stands there, who does what is asked as well.
fn taken_over(config: &FaceConfig, phase: At) -> Result<CameraEvidence, NoMatch> {
    let mut other = Living::of("dat");
    tried(config, |at, told, frame| {
        other.tell(told);
        let theirs = other.frame();
        if at == phase { theirs } else { frame }
    })
    .1
}

/// Neither may somebody else make the movements for the holder, nor stand there at the end.
#[test]
fn whoever_takes_over_after_the_comparison_is_told_as_another_face() {
    for phase in [At::Moving, At::Closing] {
        let refused = taken_over(&config(), phase).unwrap_err();
        assert_eq!(refused.why, Why::NotLive(NotLive::OtherFace), "{phase:?}");
        assert_eq!(refused.fault(), faults::Fault::FaceNotLive);
        assert!(refused.score.is_some_and(|score| score.ten_thousandths() >= 4600), "{phase:?}");
    }
}

/// The last frame is held against the card too, also where nothing else would tell the two apart
/// and the best frames are the holder's.
#[test]
fn the_last_frame_must_be_like_the_portrait_by_itself() {
    let mut config = config();
    config.liveness.same_face_min = -1.0;
    let refused = taken_over(&config, At::Closing).unwrap_err();
    assert_eq!((refused.why, refused.frames_compared), (Why::Different, 4));
    assert!(refused.score.is_some_and(|score| score.ten_thousandths() >= 4600));
}

/// Whoever hopes for easier movements covers the lens.
#[test]
fn a_face_that_is_lost_again_and_again_ends_the_try() {
    let setup = CameraSetup { pixels: Pixels::Rgb8, pace: Pace::Instant, ..CameraSetup::default() };
    let mut room = FaceCamera::empty_room(setup);
    room.start().unwrap();
    let (mut covered, mut times) = (0, 0);
    let (_, answer) = tried(&config(), |at, _, frame| {
        if covered == 0 && at == At::Moving {
            // A little longer than 1.5 seconds.
            covered = 18;
            times += 1;
        }
        if covered == 0 {
            return frame;
        }
        covered -= 1;
        Frame { taken: frame.taken, ..room.next_frame(Duration::ZERO).unwrap() }
    });
    assert_eq!((answer.unwrap_err().why, times), (Why::NotLive(NotLive::Lost), 3));
}

/// Nor does whoever turns the camera over: it was not upside down when the holder was seen.
#[test]
fn a_camera_that_is_turned_over_after_the_holder_was_seen_is_not_told_as_upside_down() {
    let setup = CameraSetup { pixels: Pixels::Rgb8, pace: Pace::Instant, ..CameraSetup::default() };
    let mut room = FaceCamera::empty_room(setup);
    room.start().unwrap();
    let config = FaceConfig { time_limit_seconds: 3, ..config() };
    let mut since = None;
    let (_, answer) = tried(&config, |at, _, mut frame| {
        if at == At::Moving && since.is_none() {
            since = Some(frame.taken);
        }
        match since {
            None => frame,
            // Until the face is lost.
            Some(since) if frame.taken.saturating_sub(since).as_millis() < 1800 => {
                Frame { taken: frame.taken, ..room.next_frame(Duration::ZERO).unwrap() }
            }
            Some(_) => {
                frame.data = frame.data.chunks_exact(3).rev().flatten().copied().collect::<Vec<u8>>().into();
                frame
            }
        }
    });
    assert!(matches!(answer.unwrap_err().why, Why::TookTooLong(_)));
}

/// A cable that is going bad: nobody is waited for longer than where no face is seen.
#[test]
fn frames_that_are_all_damaged_are_told_as_the_cameras_fault() {
    let config = FaceConfig { time_limit_seconds: 2, ..config() };
    let mut is_damaged = false;
    let (looks, answer) = tried(&config, |at, _, mut frame| {
        is_damaged |= at == At::Moving;
        if is_damaged {
            frame.data.pop();
        }
        frame
    });
    let refused = answer.unwrap_err();
    assert_eq!((refused.why, refused.fault()), (Why::Damaged, faults::Fault::CameraSilent));
    // The third frame is the last whole one, at 0.2 seconds; the face is lost after 1.5 more, which
    // is seen at 1.8, and a good frame waited for until 3.8 have passed.
    assert_eq!(looks, 40);
}
