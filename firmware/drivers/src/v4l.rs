//! A camera over Video4Linux2, behind `FrameSource`: a USB camera (UVC), or a ribbon camera
//! through libcamera's bridge. MJPG is asked for first, then YUYV, then NV12, which is what the
//! bridge gives; at 1280x720 or what the camera has next to it.
//!
//! The calls into the kernel can only be tried on a machine with a camera; the tests
//! here cover the choice of format, the order of the calls' faults and the reading of
//! a buffer. Nothing is decoded here, and a frame is wiped when it is dropped.

use std::{
    io,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use devices::{CameraFault, Frame, FrameSource, Pixels};
use linuxvideo::{
    BufType, CapabilityFlags, Device,
    format::{PixFormat, PixelFormat},
    stream::ReadStream,
};
use zeroize::Zeroizing;

const NV12: PixelFormat = PixelFormat::from_fourcc(*b"NV12");
/// Formats that we read, best first.
const FORMATS: [(PixelFormat, Pixels); 3] =
    [(PixelFormat::MJPG, Pixels::Mjpg), (PixelFormat::YUYV, Pixels::Yuyv), (NV12, Pixels::Nv12)];
/// What is asked for; a driver answers with the nearest that it has.
const SIZE: (u32, u32) = (1280, 720);
/// YUYV at that size is more than USB 2 carries at a useful rate.
const SIZE_UNCOMPRESSED: (u32, u32) = (640, 480);
/// How often a waiting reader looks whether a frame has come.
const GLANCE: Duration = Duration::from_millis(2);
/// ENODEV and ENXIO: the camera was pulled out.
const GONE: [i32; 2] = [19, 6];

/// A camera by its device file, such as `/dev/video0`. Opened on `start`, so that its
/// lamp is dark until then, and opened anew after it was pulled out.
pub struct V4lCamera {
    path: PathBuf,
    driver: String,
    stream: Option<Streaming>,
}

struct Streaming {
    frames: ReadStream,
    began: Instant,
    width: u32,
    height: u32,
    pixels: Pixels,
}

impl V4lCamera {
    /// The camera at a device file, served by that kernel driver; nothing is opened yet. A
    /// loop-back device, by which a program feeds in pictures, has another driver.
    pub fn new(path: &Path, driver: &str) -> Self {
        Self { path: path.to_owned(), driver: driver.to_owned(), stream: None }
    }

    /// Drops the stream after a fault, so that the next `start` begins afresh.
    fn fail(&mut self, fault: CameraFault) -> CameraFault {
        self.stream = None;
        fault
    }
}

impl FrameSource for V4lCamera {
    fn start(&mut self) -> Result<(), CameraFault> {
        self.stream = None;
        let device = Device::open(&self.path).map_err(|error| fault(&error))?;
        let capabilities = device.capabilities().map_err(|error| fault(&error))?;
        if capabilities.driver() != self.driver {
            return Err(CameraFault::OtherDevice);
        }
        if !capabilities.device_capabilities().contains(CapabilityFlags::VIDEO_CAPTURE) {
            return Err(CameraFault::NoFormat);
        }
        let offered: Vec<PixelFormat> = device
            .formats(BufType::VIDEO_CAPTURE)
            .filter_map(|format| Some(format.ok()?.pixel_format()))
            .collect();
        let (format, pixels, (width, height)) = choose(&offered).ok_or(CameraFault::NoFormat)?;
        let capture =
            device.video_capture(PixFormat::new(width, height, format)).map_err(|error| fault(&error))?;
        let got = capture.format();
        if got.pixel_format() != format || !plain(got, pixels) {
            return Err(CameraFault::NoFormat);
        }
        let (width, height) = (got.width(), got.height());
        let frames = capture.into_stream().map_err(|error| fault(&error))?;
        self.stream = Some(Streaming { frames, began: Instant::now(), width, height, pixels });
        Ok(())
    }

    fn next_frame(&mut self, limit: Duration) -> Result<Frame, CameraFault> {
        let Some(stream) = &mut self.stream else { return Err(CameraFault::Silent) };
        let until = Instant::now() + limit;
        loop {
            match stream.read() {
                Ok(Some(frame)) => return Ok(frame),
                Ok(None) if Instant::now() >= until => return Err(CameraFault::Silent),
                Ok(None) => thread::sleep(GLANCE),
                Err(error) => return Err(self.fail(fault(&error))),
            }
        }
    }

    fn stop(&mut self) {
        self.stream = None;
    }
}

impl Streaming {
    /// The newest frame that has come, if one has. Older ones are dropped: a face
    /// should be judged as it is now.
    fn read(&mut self) -> io::Result<Option<Frame>> {
        let mut newest = None;
        while !self.frames.will_block()? {
            let taken = self.began.elapsed();
            let data = self.frames.dequeue(|buffer| {
                let whole = !buffer.is_error();
                Ok(whole.then(|| Zeroizing::new(buffer.to_vec())))
            })?;
            let Some(data) = data.filter(|data| whole(data, self.pixels, self.width, self.height)) else {
                continue;
            };
            newest = Some(Frame { taken, width: self.width, height: self.height, pixels: self.pixels, data });
        }
        Ok(newest)
    }
}

/// The first format of ours that the camera offers, and the size to ask for.
fn choose(offered: &[PixelFormat]) -> Option<(PixelFormat, Pixels, (u32, u32))> {
    FORMATS.into_iter().find(|(format, _)| offered.contains(format)).map(|(format, pixels)| {
        let size = if pixels == Pixels::Yuyv { SIZE_UNCOMPRESSED } else { SIZE };
        (format, pixels, size)
    })
}

/// Whether the rows follow each other without gaps, as `Pixels` promises.
fn plain(format: &PixFormat, pixels: Pixels) -> bool {
    match pixels {
        Pixels::Yuyv => format.bytes_per_line() == format.width() * 2,
        Pixels::Nv12 => format.bytes_per_line() == format.width(),
        Pixels::Mjpg | Pixels::Rgb8 => true,
    }
}

/// Whether a buffer holds a whole frame; the first after the start often does not.
fn whole(data: &[u8], pixels: Pixels, width: u32, height: u32) -> bool {
    match pixels {
        Pixels::Mjpg => data.starts_with(&[0xFF, 0xD8]),
        Pixels::Yuyv => data.len() == width as usize * height as usize * 2,
        Pixels::Nv12 => data.len() == width as usize * height as usize * 3 / 2,
        Pixels::Rgb8 => false,
    }
}

/// What the kernel's answer means for the kiosk.
fn fault(error: &io::Error) -> CameraFault {
    match error.kind() {
        io::ErrorKind::NotFound => CameraFault::Unplugged,
        // Another program holds it, or the service may not open it: no pictures come.
        io::ErrorKind::ResourceBusy | io::ErrorKind::PermissionDenied => CameraFault::Silent,
        _ if error.raw_os_error().is_some_and(|code| GONE.contains(&code)) => CameraFault::Unplugged,
        // ENOTTY and EINVAL: a device file, but of no camera that we can use.
        _ if matches!(error.raw_os_error(), Some(25 | 22)) => CameraFault::NoFormat,
        _ => CameraFault::Silent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mjpg_comes_before_yuyv_whatever_the_camera_lists_first() {
        let chosen = choose(&[PixelFormat::YUYV, PixelFormat::MJPG]).unwrap();
        assert_eq!((chosen.1, chosen.2), (Pixels::Mjpg, (1280, 720)));
        let chosen = choose(&[PixelFormat::YUYV]).unwrap();
        assert_eq!((chosen.1, chosen.2), (Pixels::Yuyv, (640, 480)));
        let chosen = choose(&[NV12]).unwrap();
        assert_eq!((chosen.1, chosen.2), (Pixels::Nv12, (1280, 720)));
        assert!(choose(&[]).is_none());
    }

    #[test]
    fn a_camera_that_is_not_there_is_unplugged() {
        let mut camera = V4lCamera::new(Path::new("/dev/no-such-camera"), "uvcvideo");
        assert_eq!(camera.start(), Err(CameraFault::Unplugged));
    }

    #[test]
    fn a_file_that_is_no_camera_is_refused() {
        let mut camera = V4lCamera::new(Path::new("/dev/null"), "uvcvideo");
        assert_eq!(camera.start(), Err(CameraFault::NoFormat));
    }

    #[test]
    fn a_camera_that_was_not_started_sends_nothing() {
        let mut camera = V4lCamera::new(Path::new("/dev/null"), "uvcvideo");
        assert_eq!(camera.next_frame(Duration::ZERO).err(), Some(CameraFault::Silent));
    }

    #[test]
    fn a_pulled_plug_is_told_from_a_busy_camera() {
        assert_eq!(fault(&io::Error::from_raw_os_error(19)), CameraFault::Unplugged);
        assert_eq!(fault(&io::Error::from_raw_os_error(16)), CameraFault::Silent);
    }

    #[test]
    fn half_a_frame_is_no_frame() {
        assert!(whole(&[0; 16], Pixels::Yuyv, 4, 2));
        assert!(!whole(&[0; 15], Pixels::Yuyv, 4, 2));
        assert!(whole(&[0; 12], Pixels::Nv12, 4, 2));
        assert!(!whole(&[0; 16], Pixels::Nv12, 4, 2));
        assert!(!whole(&[0; 16], Pixels::Mjpg, 4, 2));
    }
}
