//! A camera before which a photographed person moves, or an attacker holds a picture; never
//! the same frame twice. It can freeze, stand in a dark room, hang upside down, see two people
//! or nobody.
//!
//! It keeps time only when told to (`Pace::RealTime`); tests take frames as fast as
//! they can look at them. Never linked into a production build: there, a camera that
//! plays back a file is an attack.

use std::{
    borrow::Cow,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use devices::{CameraFault, Frame, FrameSource, Held, Pixels};
use image::{RgbImage, codecs::jpeg::JpegEncoder, imageops};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::{
    people::People,
    presentation::{Body, Features, Motion, Pose, Presentation, Prompter, Raster, Subject},
    scenario::{Scenario, SimulatorError},
    sensor::{DARK_ROOM, FillLamp, LAMP, Sensor},
    yuv,
};

/// How the camera is set.
#[derive(Clone, Copy, Debug)]
pub struct CameraSetup {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Frames in one second of the frames' own clock.
    pub frames_per_second: u32,
    /// The format of the frames. Those that share colours between pixels need an even size.
    pub pixels: Pixels,
    /// Whether frames come in real time.
    pub pace: Pace,
    /// What goes wrong.
    pub mishap: Option<CameraMishap>,
    /// How many times as bright as an office the room is: daylight outshines the screen.
    pub room: f32,
    /// The pixels or dots of what is held up, as this camera sees them; none: coarse ones.
    pub raster: Option<Raster>,
    /// Another seed, another noise; the same seed, the same frames to the byte.
    pub seed: u64,
}

impl Default for CameraSetup {
    fn default() -> Self {
        Self {
            width: 1280,
            height: 720,
            frames_per_second: 15,
            pixels: Pixels::Mjpg,
            pace: Pace::RealTime,
            mishap: None,
            room: 1.0,
            raster: None,
            seed: 0,
        }
    }
}

/// How fast frames come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// As a real camera's.
    RealTime,
    /// As fast as they are asked for; their times are those of a real camera.
    Instant,
}

/// What goes wrong with a camera.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CameraMishap {
    /// Every frame is the first one, to the byte.
    Frozen,
    /// After so many frames every further one is the last of them, to the byte.
    FrozenAfter(u64),
    /// It stands in a dark room: little light, much noise, until a lamp shines.
    Dim,
    /// The lens is covered.
    Black,
    /// It was mounted the wrong way up.
    UpsideDown,
    /// It streams and sends nothing.
    Silent,
    /// It is pulled out after so many frames.
    UnpluggedAfter(u64),
}

/// The camera.
pub struct FaceCamera {
    setup: CameraSetup,
    /// As the lens sees it.
    scene: RgbImage,
    /// Somebody who can move, and how the scene shows them now.
    moving: Option<Moving>,
    /// Somebody who stands beside them for a while.
    beside: Option<RgbImage>,
    sensor: Sensor,
    /// A lamp that lights whoever stands there.
    lamp: Option<FillLamp>,
    next: u64,
    /// The bytes of the frame before, of a camera that will freeze.
    last: Option<Zeroizing<Vec<u8>>>,
    started: Option<Instant>,
}

struct Moving {
    subject: Subject,
    body: Body,
    pose: Pose,
    /// Steps of a film that were shown.
    filmed: u32,
}

/// What a film shows that was made before: some movement every second and a half.
const FILM: [Motion; 10] = [
    Motion::TurnLeft,
    Motion::LookStraight,
    Motion::CloseEyes,
    Motion::OpenEyes,
    Motion::TurnRight,
    Motion::LookStraight,
    Motion::ComeCloser,
    Motion::MoveBack,
    Motion::OpenMouth,
    Motion::CloseMouth,
];
const FILM_STEP: Duration = Duration::from_millis(1500);
/// How long whoever stands beside stays.
const BESIDE: Duration = Duration::from_secs(4);

impl FaceCamera {
    /// Somebody stands there: a photograph, as high as the frame.
    pub fn showing(photograph: &Path, setup: CameraSetup) -> Result<Self, SimulatorError> {
        Ok(Self::of(place(&open(photograph)?, setup.width, setup.height), setup))
    }

    /// Somebody stands there, or holds a picture, and moves as `prompter` says.
    pub fn presenting(
        photograph: &Path,
        features: Features,
        presentation: Presentation,
        prompter: Prompter,
        setup: CameraSetup,
    ) -> Result<Self, SimulatorError> {
        let (width, height) = (setup.width, setup.height);
        let photograph = open(photograph)?;
        let scale = height as f32 / photograph.height() as f32;
        let sized = fit(&photograph, height);
        let place = [((f64::from(width) - f64::from(sized.width())) / 2.0).floor() as f32, 0.0];
        let subject = Subject::new(
            presentation,
            sized,
            features.scaled(scale),
            wall(width, height),
            (place, setup.room),
            setup.raster,
        );
        let pose = Pose::default();
        let mut camera = Self::of(subject.posed(pose), setup);
        // A picture that was made before does not hear what the screen asks for now.
        let body = Body::new(prompter, presentation.obeys());
        camera.moving = Some(Moving { subject, body, pose, filmed: 0 });
        Ok(camera)
    }

    /// Two people stand there, side by side.
    pub fn showing_two(left: &Path, right: &Path, setup: CameraSetup) -> Result<Self, SimulatorError> {
        let half = setup.width / 2;
        let mut scene = wall(setup.width, setup.height);
        for (photograph, from) in [(left, 0), (right, half)] {
            let part = place(&open(photograph)?, half, setup.height);
            imageops::replace(&mut scene, &part, i64::from(from), 0);
        }
        Ok(Self::of(scene, setup))
    }

    /// Nobody stands there: a wall, brighter above than below.
    pub fn empty_room(setup: CameraSetup) -> Self {
        Self::of(wall(setup.width, setup.height), setup)
    }

    /// Whoever a scenario puts before the camera. Refuses to show the card's holder
    /// by the very photograph that the card's portrait was cut from: such a match
    /// would prove nothing.
    pub fn of_scenario(
        scenario: &Scenario,
        people: &People,
        folder: &Path,
        prompter: Prompter,
        setup: CameraSetup,
    ) -> Result<Self, SimulatorError> {
        let setup = CameraSetup { mishap: scenario.camera.mishap.or(setup.mishap), ..setup };
        if scenario.camera.nobody {
            return Ok(Self::empty_room(setup));
        }
        let name = scenario.camera.person.as_ref().unwrap_or(&scenario.person);
        let person = people.person(name)?;
        // A forger's own photograph on the card is the attack itself: the card must be
        // refused although the faces are alike.
        let honest = scenario.card.forged_portrait.is_none();
        if honest && &scenario.person == name && person.photographs < 2 {
            return Err(SimulatorError::OnePhotograph(name.clone()));
        }
        let live = folder.join(&person.live);
        let mut camera =
            Self::presenting(&live, person.live_features, scenario.camera.presentation, prompter, setup)?;
        if let Some(other) = &scenario.camera.beside {
            let photograph = open(&folder.join(&people.person(other)?.live))?;
            camera.beside = Some(fit(&photograph, setup.height * 2 / 3));
        }
        Ok(camera)
    }

    fn of(scene: RgbImage, setup: CameraSetup) -> Self {
        Self {
            setup,
            scene: as_mounted(scene, setup.mishap),
            moving: None,
            beside: None,
            sensor: Sensor::new(),
            lamp: None,
            next: 0,
            last: None,
            started: None,
        }
    }

    /// The same, before a lamp.
    #[must_use]
    pub fn lit_by(self, lamp: FillLamp) -> Self {
        Self { lamp: Some(lamp), ..self }
    }

    /// The light that falls on the scene now, as a share of the photograph's. Where that is
    /// enough the lamp changes nothing.
    fn light(&self) -> f32 {
        let lamp = if self.lamp.as_ref().is_some_and(FillLamp::shines) { LAMP } else { 0.0 };
        if self.setup.mishap == Some(CameraMishap::Dim) { DARK_ROOM + lamp } else { 1.0 }
    }

    /// Brings the scene to how whoever stands there is held when frame `number` is taken.
    fn pose(&mut self, number: u64) {
        let taken = self.due(number);
        let Some(moving) = &mut self.moving else { return };
        if moving.subject.presentation.is_filmed() && taken >= FILM_STEP * moving.filmed {
            moving.body.act(taken, FILM[moving.filmed as usize % FILM.len()]);
            moving.filmed += 1;
        }
        let pose = moving.body.pose(taken);
        if pose != moving.pose {
            moving.pose = pose;
            self.scene = as_mounted(moving.subject.posed(pose), self.setup.mishap);
        }
    }

    /// The scene with whoever stands beside, at its right edge.
    fn peopled(&self, taken: Duration) -> Cow<'_, RgbImage> {
        match &self.beside {
            Some(beside) if taken < BESIDE => {
                let mut scene = self.scene.clone();
                let [x, y] = [scene.width() - beside.width(), scene.height() - beside.height()];
                imageops::replace(&mut scene, beside, x.into(), y.into());
                Cow::Owned(scene)
            }
            _ => Cow::Borrowed(&self.scene),
        }
    }

    /// Starts as if so many frames had been taken before.
    pub(crate) fn start_at(&mut self, number: u64) {
        self.sensor.settle(self.light());
        (self.next, self.started) = (number, Some(Instant::now()));
    }

    /// When frame `number` is due, by the camera's clock.
    fn due(&self, number: u64) -> Duration {
        Duration::from_secs(number) / self.setup.frames_per_second.max(1)
    }

    /// Waits for the frame's time, or until the limit.
    fn wait(&self, taken: Duration, limit: Duration) -> Result<(), CameraFault> {
        let Some(started) = self.started.filter(|_| self.setup.pace == Pace::RealTime) else {
            return Ok(());
        };
        let left = taken.saturating_sub(started.elapsed());
        thread::sleep(left.min(limit));
        if left > limit { Err(CameraFault::Silent) } else { Ok(()) }
    }

    /// The bytes of frame `number`.
    fn take(&mut self, number: u64, taken: Duration) -> Result<Vec<u8>, CameraFault> {
        self.pose(number);
        let jitter = if self.setup.mishap == Some(CameraMishap::Frozen) { 0 } else { number };
        let (light, seed) = (self.light(), self.setup.seed);
        let seen = self.sensor.see(shaken(&self.peopled(taken), jitter, seed), light, drawn(jitter, seed));
        self.encode(seen)
    }

    fn encode(&self, scene: RgbImage) -> Result<Vec<u8>, CameraFault> {
        match self.setup.pixels {
            Pixels::Rgb8 => Ok(scene.into_raw()),
            Pixels::Mjpg => {
                let mut bytes = Vec::new();
                JpegEncoder::new_with_quality(&mut bytes, 85)
                    .encode_image(&scene)
                    .map_err(|_| CameraFault::NoFormat)?;
                Ok(bytes)
            }
            Pixels::Yuyv => yuv::yuyv(&scene).ok_or(CameraFault::NoFormat),
            Pixels::Nv12 => yuv::nv12(&scene).ok_or(CameraFault::NoFormat),
        }
    }
}

impl FrameSource for FaceCamera {
    /// Frames and their times begin anew, and with them whoever stands there.
    fn start(&mut self) -> Result<(), CameraFault> {
        (self.next, self.last) = (0, None);
        if let Some(moving) = &mut self.moving {
            moving.body = moving.body.begun_anew();
            moving.filmed = 0;
        }
        self.sensor.settle(self.light());
        self.started = Some(Instant::now());
        Ok(())
    }

    fn next_frame(&mut self, limit: Duration) -> Result<Frame, CameraFault> {
        if self.started.is_none() {
            return Err(CameraFault::Silent);
        }
        let number = self.next;
        let taken = self.due(number);
        match self.setup.mishap {
            Some(CameraMishap::UnpluggedAfter(frames)) if number >= frames => {
                return Err(CameraFault::Unplugged);
            }
            Some(CameraMishap::Silent) => {
                self.wait(Duration::MAX, limit)?;
                return Err(CameraFault::Silent);
            }
            _ => self.wait(taken, limit)?,
        }
        self.next += 1;
        let Self { setup: CameraSetup { width, height, pixels, mishap, .. }, .. } = *self;
        let data = match (mishap, &self.last) {
            (Some(CameraMishap::FrozenAfter(frames)), Some(last)) if number >= frames => last.clone(),
            _ => Zeroizing::new(self.take(number, taken)?),
        };
        if matches!(mishap, Some(CameraMishap::FrozenAfter(_))) {
            self.last = Some(data.clone());
        }
        Ok(Frame { taken, width, height, pixels, data })
    }

    /// It has no white balance that could be held.
    fn hold(&mut self) -> Held {
        self.sensor.hold(self.started.is_some());
        Held { exposure: self.started.is_some(), white_balance: false }
    }

    fn release(&mut self) {
        self.sensor.hold(false);
    }

    fn stop(&mut self) {
        self.release();
        self.started = None;
    }
}

/// The scene as a camera sees it whose lens is covered, or that hangs the wrong way up.
fn as_mounted(mut scene: RgbImage, mishap: Option<CameraMishap>) -> RgbImage {
    match mishap {
        Some(CameraMishap::Black) => scene.as_flat_samples_mut().samples.fill(3),
        Some(CameraMishap::UpsideDown) => imageops::rotate180_in_place(&mut scene),
        _ => {}
    }
    scene
}

fn open(photograph: &Path) -> Result<RgbImage, SimulatorError> {
    image::open(photograph).map(image::DynamicImage::into_rgb8).map_err(|source| SimulatorError::Photograph {
        path: photograph.to_owned(),
        source: Box::new(source),
    })
}

/// The photograph, as high as the frame and in its middle; what is missing at the
/// sides is a wall.
fn place(photograph: &RgbImage, width: u32, height: u32) -> RgbImage {
    let sized = fit(photograph, height);
    let mut scene = wall(width, height);
    imageops::replace(&mut scene, &sized, (i64::from(width) - i64::from(sized.width())) / 2, 0);
    scene
}

fn fit(photograph: &RgbImage, height: u32) -> RgbImage {
    let across = (u64::from(photograph.width()) * u64::from(height) / u64::from(photograph.height())).max(1);
    imageops::resize(photograph, across as u32, height, imageops::FilterType::Triangle)
}

fn wall(width: u32, height: u32) -> RgbImage {
    let mut scene = RgbImage::new(width, height);
    let row = width as usize * 3;
    for (y, line) in scene.as_flat_samples_mut().samples.chunks_exact_mut(row).enumerate() {
        line.fill(190 - (y * 60 / height as usize) as u8);
    }
    scene
}

/// What chance begins with at that frame.
fn drawn(number: u64, seed: u64) -> u64 {
    number ^ seed.wrapping_mul(0xD6E8_FEB8_6659_FD93)
}

/// Frame `number` of the scene: shifted by up to three pixels, with a little noise.
/// The same number and seed always give the same frame, and two numbers never do.
fn shaken(scene: &RgbImage, number: u64, seed: u64) -> RgbImage {
    let mut chance = drawn(number, seed).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x2545_F491_4F6C_DD1D;
    let mut draw = move |below: u64| {
        // xorshift64: enough for noise, and the same on every machine.
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        chance % below
    };
    let (width, height) = (scene.width() as usize, scene.height() as usize);
    let (right, down) = (draw(7) as usize, draw(7) as usize);
    let row = width * 3;
    let mut shaken = scene.clone();
    let frame = shaken.as_flat_samples_mut().samples;
    for y in 0..height {
        let source = (y + down).saturating_sub(3).min(height - 1) * row;
        let line = &scene.as_raw()[source..source + row];
        let target = &mut frame[y * row..(y + 1) * row];
        let shift = (right.abs_diff(3)) * 3;
        if right >= 3 {
            target[shift..].copy_from_slice(&line[..row - shift]);
        } else {
            target[..row - shift].copy_from_slice(&line[shift..]);
        }
    }
    let bytes = row * height;
    for _ in 0..bytes / 200 {
        let place = draw(bytes as u64) as usize;
        frame[place] = frame[place].saturating_add_signed(draw(17) as i8 - 8);
    }
    // The number itself, in the lowest bit of the first pixels, so that no two are equal.
    for (bit, value) in frame.iter_mut().take(24).enumerate() {
        *value = (*value & 0xFE) | ((number >> bit) & 1) as u8;
    }
    shaken
}

#[cfg(test)]
mod tests {
    use devices::{Light, contract};

    use super::*;

    const FORMATS: [Pixels; 4] = [Pixels::Rgb8, Pixels::Mjpg, Pixels::Yuyv, Pixels::Nv12];

    fn small(pixels: Pixels, mishap: Option<CameraMishap>) -> FaceCamera {
        let setup = CameraSetup {
            width: 64,
            height: 36,
            pixels,
            pace: Pace::Instant,
            mishap,
            ..CameraSetup::default()
        };
        let mut camera = FaceCamera::empty_room(setup);
        camera.start().unwrap();
        camera
    }

    fn frames(camera: &mut FaceCamera, count: usize) -> Vec<Vec<u8>> {
        (0..count).map(|_| camera.next_frame(Duration::ZERO).unwrap().data.to_vec()).collect()
    }

    #[test]
    fn no_two_frames_are_equal_and_each_run_is_the_same() {
        for pixels in FORMATS {
            let first = frames(&mut small(pixels, None), 40);
            let second = frames(&mut small(pixels, None), 40);
            assert_eq!(first, second);
            for (number, frame) in first.iter().enumerate() {
                assert!(!first[..number].contains(frame), "{pixels:?} {number} came before");
            }
        }
    }

    #[test]
    fn a_size_that_a_format_does_not_have_is_refused() {
        for (pixels, is_sent) in FORMATS.into_iter().zip([true, true, false, false]) {
            let mut camera = small(pixels, None);
            camera.scene = wall(63, 36);
            assert_eq!(camera.next_frame(Duration::ZERO).is_ok(), is_sent, "{pixels:?}");
        }
    }

    #[test]
    fn a_frozen_camera_repeats_itself_to_the_byte() {
        for pixels in FORMATS {
            let frames = frames(&mut small(pixels, Some(CameraMishap::Frozen)), 3);
            assert!(frames.iter().all(|frame| *frame == frames[0]));
        }
    }

    #[test]
    fn a_camera_that_freezes_shows_its_last_frame_from_then_on() {
        for pixels in FORMATS {
            let mut camera = small(pixels, Some(CameraMishap::FrozenAfter(3)));
            let frames = frames(&mut camera, 6);
            assert!(frames[0] != frames[1] && frames[1] != frames[2]);
            assert!(frames[3..].iter().all(|frame| *frame == frames[2]));
        }
    }

    #[test]
    fn whoever_was_told_something_just_before_the_end_moves_in_the_next_try_too() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("people");
        let people = People::load(&folder).unwrap();
        let person = people.person("khue").unwrap();
        let setup = CameraSetup {
            width: 160,
            height: 90,
            pixels: Pixels::Rgb8,
            pace: Pace::Instant,
            ..CameraSetup::default()
        };
        let prompter = Prompter::default();
        let (live, features) = (folder.join(&person.live), person.live_features);
        let mut camera =
            FaceCamera::presenting(&live, features, Presentation::Living, prompter.clone(), setup).unwrap();
        let yaw = |camera: &FaceCamera| camera.moving.as_ref().unwrap().pose.turn.yaw;
        camera.start().unwrap();
        frames(&mut camera, 60);
        prompter.tell(Motion::TurnLeft);
        frames(&mut camera, 1);
        camera.start().unwrap();
        prompter.tell(Motion::TurnRight);
        frames(&mut camera, 30);
        assert!(yaw(&camera) < -20.0, "{}", yaw(&camera));
    }

    #[test]
    fn frames_carry_the_time_of_a_real_camera() {
        let mut camera = small(Pixels::Rgb8, None);
        let times: Vec<_> = (0..16).map(|_| camera.next_frame(Duration::ZERO).unwrap().taken).collect();
        assert_eq!((times[0], times[15]), (Duration::ZERO, Duration::from_secs(1)));
    }

    #[test]
    fn it_keeps_the_contract_of_cameras_and_is_held() {
        let held = contract::a_camera_is_held_and_let_go(&mut small(Pixels::Rgb8, None));
        assert_eq!(held, Held { exposure: true, white_balance: false });
    }

    /// The mean of a frame's values.
    fn brightness(camera: &mut FaceCamera) -> f32 {
        let frame = frames(camera, 1).remove(0);
        frame.iter().map(|value| f32::from(*value)).sum::<f32>() / frame.len() as f32
    }

    #[test]
    fn held_it_shows_that_the_lamp_went_out_and_not_its_own_answer_to_that() {
        let lit = |lamp: &FillLamp| {
            let mut camera = small(Pixels::Rgb8, Some(CameraMishap::Dim)).lit_by(lamp.clone());
            camera.start().unwrap();
            camera
        };
        let mut lamp = FillLamp::default();
        lamp.shine(true);
        let (mut free, mut held) = (lit(&lamp), lit(&lamp));
        let before = brightness(&mut held);
        held.hold();
        lamp.shine(false);
        let [free, held] = [&mut free, &mut held].map(|camera| {
            frames(camera, 20);
            brightness(camera)
        });
        assert!(before > 140.0 && free > 1.3 * held && held < 35.0, "{before} {free} {held}");
    }

    #[test]
    fn a_camera_that_is_pulled_out_says_so() {
        let mut camera = small(Pixels::Rgb8, Some(CameraMishap::UnpluggedAfter(2)));
        frames(&mut camera, 2);
        assert_eq!(camera.next_frame(Duration::ZERO).err(), Some(CameraFault::Unplugged));
    }

    #[test]
    fn a_camera_that_was_not_started_shows_nothing() {
        let mut camera = small(Pixels::Rgb8, None);
        camera.stop();
        assert_eq!(camera.next_frame(Duration::ZERO).err(), Some(CameraFault::Silent));
    }

    #[test]
    fn a_card_holder_with_one_photograph_is_not_shown_to_their_own_card() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let people = People::load(&folder.join("people")).unwrap();
        let mut scenario = Scenario::load(&folder.join("scenarios/happy.toml")).unwrap();
        let setup = CameraSetup { width: 64, height: 36, ..CameraSetup::default() };
        let camera = |scenario: &Scenario| {
            FaceCamera::of_scenario(scenario, &people, &folder.join("people"), Prompter::default(), setup)
                .err()
        };
        for (name, person) in &people.0 {
            scenario.person.clone_from(name);
            scenario.camera.person = None;
            let refused = matches!(camera(&scenario), Some(SimulatorError::OnePhotograph(_)));
            assert_eq!(refused, person.photographs < 2, "{name}");
        }
        scenario.person = "khue".to_owned();
        scenario.camera.person = Some("dat".to_owned());
        assert!(camera(&scenario).is_none());
    }
}
