//! The camera on a pretended kernel: what is taken, what is refused, and in which order.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use devices::contract;
use linuxvideo::controls::Cid;

use super::{
    control::Controls,
    format::Offer,
    node::{About, Node, Ready},
    *,
};

/// What a pretended camera is like, and what was asked of it. Clones are one camera.
#[derive(Clone)]
struct Pretended(Arc<Mutex<Camera>>);

struct Camera {
    driver: &'static str,
    product: Option<UsbProduct>,
    captures: bool,
    offers: Vec<Offer>,
    /// Makes this of whatever is asked for.
    makes: Option<Got>,
    /// Refuses the format with that error number.
    set_fails: Option<i32>,
    /// What `next` gives, one after the other; afterwards nothing comes.
    buffers: VecDeque<Result<Vec<u8>, i32>>,
    asked: Vec<(Offer, u32)>,
    /// None: they cannot be reached.
    knobs: Option<Arc<Mutex<Knobs>>>,
    /// Whole frames come for ever.
    endless: bool,
}

/// A pretended camera's controls. While exposure or white balance are automatic it has chosen
/// them itself; by hand they are what was last set by hand.
pub(super) struct Knobs {
    /// Control, value, the most that it takes.
    all: Vec<(Cid, i32, i32)>,
    refused: Vec<(Cid, i32)>,
    /// Exposure and white balance.
    chosen: [i32; 2],
}

impl Knobs {
    pub(super) fn of(all: &[(Cid, i32, i32)]) -> Arc<Mutex<Self>> {
        Arc::new(Mutex::new(Self { all: all.to_vec(), refused: Vec::new(), chosen: [156, 4600] }))
    }

    /// What a usual webcam has.
    pub(super) fn webcam() -> Arc<Mutex<Self>> {
        Self::of(&[
            (Cid::EXPOSURE_AUTO, 3, 3),
            (Cid::EXPOSURE_ABSOLUTE, 156, 10_000),
            (Cid::EXPOSURE_AUTO_PRIORITY, 1, 1),
            (Cid::AUTO_WHITE_BALANCE, 1, 1),
            (Cid::WHITE_BALANCE_TEMPERATURE, 4600, 6500),
            (Cid::POWER_LINE_FREQUENCY, 2, 2),
            (Cid::BACKLIGHT_COMPENSATION, 0, 2),
            (Cid::GAIN, 20, 255),
        ])
    }

    pub(super) fn add(&mut self, control: Cid, value: i32, most: i32) {
        self.all.push((control, value, most));
    }

    pub(super) fn refuse(&mut self, control: Cid, value: i32) {
        self.refused.push((control, value));
    }

    pub(super) fn chose(&mut self, exposure: i32, white: i32) {
        self.chosen = [exposure, white];
    }

    fn kept(&self, control: Cid) -> Option<i32> {
        self.all.iter().find(|(listed, ..)| *listed == control).map(|(_, value, _)| *value)
    }

    /// What the camera has chosen for a control that it works itself now.
    fn chosen(&self, control: Cid) -> Option<i32> {
        let automatic = |by: Cid, manual: i32| self.kept(by).is_some_and(|value| value != manual);
        match control {
            Cid::EXPOSURE_ABSOLUTE if automatic(Cid::EXPOSURE_AUTO, 1) => Some(self.chosen[0]),
            Cid::WHITE_BALANCE_TEMPERATURE if automatic(Cid::AUTO_WHITE_BALANCE, 0) => Some(self.chosen[1]),
            _ => None,
        }
    }

    pub(super) fn value(&self, control: Cid) -> Option<i32> {
        self.kept(control).map(|kept| self.chosen(control).unwrap_or(kept))
    }
}

impl Controls for Arc<Mutex<Knobs>> {
    fn listed(&self) -> Vec<(Cid, i32)> {
        self.lock().unwrap().all.iter().map(|(control, _, most)| (*control, *most)).collect()
    }

    fn read(&self, control: Cid) -> io::Result<i32> {
        self.lock().unwrap().value(control).ok_or_else(|| io::Error::from_raw_os_error(22))
    }

    fn write(&mut self, control: Cid, value: i32) -> io::Result<()> {
        let mut knobs = self.lock().unwrap();
        if knobs.refused.contains(&(control, value)) {
            return Err(io::Error::from_raw_os_error(22));
        }
        // EACCES: what the camera works itself cannot be set.
        if knobs.chosen(control).is_some() {
            return Err(io::Error::from_raw_os_error(13));
        }
        let knob = knobs.all.iter_mut().find(|(listed, ..)| *listed == control);
        let knob = knob.ok_or_else(|| io::Error::from_raw_os_error(22))?;
        knob.1 = value;
        Ok(())
    }
}

impl Pretended {
    fn usual() -> Self {
        let offers = [(1280, 720), (640, 480)].map(|(width, height)| Offer {
            pixels: Pixels::Mjpg,
            size: Size { width, height },
            fastest: Some(30.0),
        });
        Self(Arc::new(Mutex::new(Camera {
            driver: "uvcvideo",
            product: None,
            captures: true,
            offers: offers.to_vec(),
            makes: None,
            set_fails: None,
            buffers: VecDeque::new(),
            asked: Vec::new(),
            knobs: Some(Knobs::webcam()),
            endless: false,
        })))
    }

    fn with(self, change: impl FnOnce(&mut Camera)) -> Self {
        change(&mut self.0.lock().unwrap());
        self
    }

    fn camera(&self) -> V4lCamera {
        V4lCamera::under(Box::new(self.clone()), Path::new("/dev/kiosk-camera"), settings())
    }
}

fn settings() -> CameraSettings {
    CameraSettings {
        driver: "uvcvideo".to_owned(),
        product: None,
        width: 1280,
        height: 720,
        frames_per_second: 30,
        mains: Mains::Hertz50,
        backlight: 1,
    }
}

impl Kernel for Pretended {
    fn open(&self, _: &Path) -> io::Result<Box<dyn Node>> {
        Ok(Box::new(self.clone()))
    }
}

impl Node for Pretended {
    fn about(&self) -> io::Result<About> {
        let camera = self.0.lock().unwrap();
        Ok(About { driver: camera.driver.to_owned(), product: camera.product, captures: camera.captures })
    }

    fn offers(&self, _: &Wish) -> Vec<Offer> {
        self.0.lock().unwrap().offers.clone()
    }

    fn controls(&self) -> io::Result<Box<dyn Controls>> {
        match &self.0.lock().unwrap().knobs {
            Some(knobs) => Ok(Box::new(Arc::clone(knobs))),
            None => Err(io::Error::from_raw_os_error(6)),
        }
    }

    fn set(self: Box<Self>, offer: &Offer, frames_per_second: u32) -> io::Result<(Got, Box<dyn Ready>)> {
        let mut camera = self.0.lock().unwrap();
        camera.asked.push((*offer, frames_per_second));
        if let Some(number) = camera.set_fails {
            return Err(io::Error::from_raw_os_error(number));
        }
        let bytes_per_line = match offer.pixels {
            Pixels::Yuyv => offer.size.width * 2,
            _ => offer.size.width,
        };
        let got = camera.makes.unwrap_or(Got {
            pixels: Some(offer.pixels),
            size: offer.size,
            bytes_per_line,
            frames_per_second: Some(frames_per_second as f32),
        });
        drop(camera);
        Ok((got, self))
    }
}

impl Ready for Pretended {
    fn stream(self: Box<Self>) -> io::Result<Box<dyn Stream>> {
        Ok(self)
    }
}

impl Stream for Pretended {
    fn next(&mut self) -> io::Result<Option<Buffer>> {
        let mut camera = self.0.lock().unwrap();
        // The next frame is there only after the reader looked in vain once.
        let next = camera.buffers.pop_front();
        if next.is_none() && camera.endless {
            camera.buffers.push_back(Ok(mjpg(0)));
        }
        match next {
            None => Ok(None),
            Some(Ok(bytes)) if bytes.is_empty() => Ok(Some(Buffer::Damaged)),
            Some(Ok(bytes)) => Ok(Some(Buffer::Filled(bytes.into()))),
            Some(Err(number)) => Err(io::Error::from_raw_os_error(number)),
        }
    }
}

/// A whole MJPG frame as far as this crate looks, marked.
fn mjpg(mark: u8) -> Vec<u8> {
    vec![0xFF, 0xD8, mark]
}

#[test]
fn the_boards_size_and_rate_are_asked_for() {
    let pretended = Pretended::usual();
    pretended.camera().start().unwrap();
    let asked = pretended.0.lock().unwrap().asked.clone();
    let [(offer, rate)] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!((offer.size, *rate), (Size { width: 1280, height: 720 }, 30));
}

#[test]
fn a_camera_without_a_picture_large_enough_is_refused_with_a_code() {
    let small = Pretended::usual().with(|camera| {
        camera.offers.retain(|offer| offer.size.width < 1280);
    });
    let fault = small.camera().start().unwrap_err();
    assert_eq!((fault, fault.fault().code()), (CameraFault::TooSmall, "CAMERA-04"));
    assert!(small.0.lock().unwrap().asked.is_empty(), "it was set although it is of no use");
}

#[test]
fn a_camera_that_gives_less_than_it_offered_is_refused() {
    let got = Got {
        pixels: Some(Pixels::Mjpg),
        size: Size { width: 640, height: 480 },
        bytes_per_line: 0,
        frames_per_second: None,
    };
    let liar = |got| Pretended::usual().with(|camera| camera.makes = Some(got)).camera().start();
    assert_eq!(liar(got), Err(CameraFault::TooSmall));
    let size = Size { width: 1280, height: 720 };
    assert_eq!(liar(Got { size, pixels: None, ..got }), Err(CameraFault::NoFormat));
    assert_eq!(liar(Got { size, pixels: Some(Pixels::Yuyv), ..got }), Err(CameraFault::NoFormat));
}

#[test]
fn rows_with_gaps_are_refused() {
    let size = Size { width: 1280, height: 720 };
    let start = |pixels, bytes_per_line| {
        let got = Got { pixels: Some(pixels), size, bytes_per_line, frames_per_second: None };
        let camera = Pretended::usual().with(|camera| {
            camera.offers = vec![Offer { pixels, size, fastest: None }];
            camera.makes = Some(got);
        });
        camera.camera().start()
    };
    assert_eq!(start(Pixels::Yuyv, 2560), Ok(()));
    assert_eq!(start(Pixels::Yuyv, 2624), Err(CameraFault::NoFormat));
    assert_eq!(start(Pixels::Nv12, 1280), Ok(()));
    assert_eq!(start(Pixels::Nv12, 1344), Err(CameraFault::NoFormat));
}

#[test]
fn what_another_driver_serves_is_not_the_camera() {
    let other = Pretended::usual().with(|camera| camera.driver = "v4l2 loopback");
    assert_eq!(other.camera().start(), Err(CameraFault::OtherDevice));
    // Another product of the same driver, where the board names one.
    let product = |vendor, product| Some(UsbProduct { vendor, product });
    for (stands, wanted, started) in [
        (product(0x046D, 0x0825), None, Ok(())),
        (None, None, Ok(())),
        (product(0x046D, 0x0825), product(0x046D, 0x0825), Ok(())),
        (product(0x046D, 0x0826), product(0x046D, 0x0825), Err(CameraFault::OtherDevice)),
        (product(0x534D, 0x2109), product(0x046D, 0x0825), Err(CameraFault::OtherDevice)),
        (None, product(0x046D, 0x0825), Err(CameraFault::OtherDevice)),
    ] {
        let mut camera = Pretended::usual().with(|camera| camera.product = stands).camera();
        camera.settings.product = wanted;
        assert_eq!(camera.start(), started, "{stands:?} {wanted:?}");
    }
    let metadata = Pretended::usual().with(|camera| camera.captures = false);
    assert_eq!(metadata.camera().start(), Err(CameraFault::NoFormat));
}

#[test]
fn only_the_newest_whole_frame_is_given() {
    let pretended = Pretended::usual().with(|camera| {
        camera.buffers = [Ok(mjpg(1)), Ok(mjpg(2)), Ok(vec![]), Ok(vec![7, 7, 7])].into();
    });
    let mut camera = pretended.camera();
    camera.start().unwrap();
    let frame = camera.next_frame(Duration::ZERO).unwrap();
    assert_eq!((frame.data[2], frame.width, frame.height, frame.pixels), (2, 1280, 720, Pixels::Mjpg));
    assert_eq!(camera.next_frame(Duration::ZERO).err(), Some(CameraFault::Silent));
}

#[test]
fn a_camera_pulled_out_while_it_streams_begins_afresh_when_it_is_back() {
    let pretended = Pretended::usual().with(|camera| camera.buffers = [Ok(mjpg(1)), Err(19)].into());
    let mut camera = pretended.camera();
    camera.start().unwrap();
    assert_eq!(camera.next_frame(Duration::ZERO).err(), Some(CameraFault::Unplugged));
    assert_eq!(camera.next_frame(Duration::ZERO).err(), Some(CameraFault::Silent), "not started");
    pretended.0.lock().unwrap().buffers = [Ok(mjpg(9))].into();
    camera.start().unwrap();
    assert_eq!(camera.next_frame(Duration::ZERO).unwrap().data[2], 9);
}

#[test]
fn a_camera_that_another_program_holds_sends_nothing() {
    let busy = Pretended::usual().with(|camera| camera.set_fails = Some(16));
    assert_eq!(busy.camera().start(), Err(CameraFault::Silent));
}

#[test]
fn a_webcam_keeps_the_contract_of_cameras_and_is_held() {
    let endless = Pretended::usual().with(|camera| camera.endless = true);
    let held = contract::a_camera_is_held_and_let_go(&mut endless.camera());
    assert_eq!(held, Held { exposure: true, white_balance: true });
    let knobs = endless.0.lock().unwrap().knobs.clone().unwrap();
    assert_eq!(knobs.lock().unwrap().value(Cid::EXPOSURE_AUTO), Some(3));
}

#[test]
fn a_camera_whose_controls_cannot_be_reached_works_and_is_not_held() {
    let bare = Pretended::usual().with(|camera| (camera.endless, camera.knobs) = (true, None));
    let mut camera = bare.camera();
    assert_eq!(contract::a_camera_is_held_and_let_go(&mut camera), Held::default());
    assert!(camera.said.unwrap().contains("its controls cannot be reached"));
}

#[test]
fn how_the_camera_is_set_is_said_once() {
    let pretended = Pretended::usual();
    let mut camera = pretended.camera();
    camera.start().unwrap();
    let said = camera.said.clone().unwrap();
    assert_eq!(
        said,
        "1280x720, 30 a second; exposure 3, rate follows light 0, white balance 1, mains 1, backlight 1"
    );
    // A mark of what was said, which stays as long as nothing else is said.
    let place = camera.said.as_ref().unwrap().as_ptr();
    camera.start().unwrap();
    assert_eq!(camera.said.as_ref().unwrap().as_ptr(), place, "it was said again");
    let knobs = pretended.0.lock().unwrap().knobs.clone().unwrap();
    knobs.lock().unwrap().refuse(Cid::POWER_LINE_FREQUENCY, 1);
    camera.start().unwrap();
    assert!(camera.said.unwrap().contains("refused: mains"));
}

#[test]
fn a_camera_that_is_not_there_is_unplugged() {
    let mut camera = V4lCamera::new(Path::new("/dev/no-such-camera"), settings());
    assert_eq!(camera.start(), Err(CameraFault::Unplugged));
}

#[test]
fn a_file_that_is_no_camera_is_refused() {
    let mut camera = V4lCamera::new(Path::new("/dev/null"), settings());
    assert_eq!(camera.start(), Err(CameraFault::NoFormat));
}

#[test]
fn a_camera_that_was_not_started_sends_nothing() {
    let mut camera = V4lCamera::new(Path::new("/dev/null"), settings());
    assert_eq!(camera.next_frame(Duration::ZERO).err(), Some(CameraFault::Silent));
}

#[test]
fn a_pulled_plug_is_told_from_a_busy_camera() {
    assert_eq!(fault(&io::Error::from_raw_os_error(19)), CameraFault::Unplugged);
    assert_eq!(fault(&io::Error::from_raw_os_error(16)), CameraFault::Silent);
}

#[test]
fn half_a_frame_is_no_frame() {
    let small = Size { width: 4, height: 2 };
    assert!(whole(&[0; 16], Pixels::Yuyv, small));
    assert!(!whole(&[0; 15], Pixels::Yuyv, small));
    assert!(whole(&[0; 12], Pixels::Nv12, small));
    assert!(!whole(&[0; 16], Pixels::Nv12, small));
    assert!(!whole(&[0; 16], Pixels::Mjpg, small));
}
