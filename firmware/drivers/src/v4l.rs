//! A camera over Video4Linux2, behind `FrameSource`: a USB camera (UVC), or a ribbon camera
//! through a bridge (`drivers/README.md`). The picture is the nearest to the board's that is not
//! smaller: MJPG, YUYV, or NV12.
//!
//! The calls into the kernel stand in `node.rs` and can only be tried on a machine with a
//! camera; all else is tried with a pretended one. Nothing is decoded here, and a frame is wiped
//! when it is dropped.

mod control;
mod format;
mod node;
#[cfg(test)]
mod tests;
mod usb;

use std::{
    io,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use devices::{CameraFault, Frame, FrameSource, Held, Pixels};
use zeroize::Zeroizing;

use control::Control;
pub use control::Mains;
use format::{Size, Wish, choose};
use node::{Buffer, Got, Kernel, Linux, Stream};
pub use usb::UsbProduct;

/// How often a waiting reader looks whether a frame has come.
const GLANCE: Duration = Duration::from_millis(2);
/// ENODEV and ENXIO: the camera was pulled out.
const GONE: [i32; 2] = [19, 6];

/// What a board says about its camera.
#[derive(Clone, Debug)]
pub struct CameraSettings {
    /// The kernel driver that must serve it. A loop-back device, by which a program feeds in
    /// pictures, has another.
    pub driver: String,
    /// The USB product that it must be; none: any that this driver serves.
    pub product: Option<UsbProduct>,
    /// Pixels across, at least.
    pub width: u32,
    /// Pixels down, at least.
    pub height: u32,
    /// Frames a second. No frame is exposed for longer than one takes.
    pub frames_per_second: u32,
    /// What the lamps around it flicker with.
    pub mains: Mains,
    /// How much of what is dark before a bright window is brightened; 0: nothing. A camera that
    /// knows less takes the most that it knows.
    pub backlight: u32,
}

impl CameraSettings {
    fn wish(&self) -> Wish {
        let size = Size { width: self.width, height: self.height };
        Wish { size, frames_per_second: self.frames_per_second }
    }
}

/// A camera by its device file, such as `/dev/video0`. Opened on `start`, so that its
/// lamp is dark until then, and opened anew after it was pulled out.
pub struct V4lCamera {
    kernel: Box<dyn Kernel>,
    path: PathBuf,
    settings: CameraSettings,
    streaming: Option<Streaming>,
    /// What was said last of how the camera is set, so that each visit does not say it again.
    said: Option<String>,
}

struct Streaming {
    /// None where the controls cannot be reached.
    control: Option<Control>,
    frames: Box<dyn Stream>,
    began: Instant,
    size: Size,
    pixels: Pixels,
}

impl V4lCamera {
    /// The camera at a device file; nothing is opened yet.
    pub fn new(path: &Path, settings: CameraSettings) -> Self {
        Self::under(Box::new(Linux), path, settings)
    }

    fn under(kernel: Box<dyn Kernel>, path: &Path, settings: CameraSettings) -> Self {
        Self { kernel, path: path.to_owned(), settings, streaming: None, said: None }
    }

    /// Opens the device file, and refuses what is not the board's camera or of no use.
    fn open(&mut self) -> Result<Streaming, CameraFault> {
        let node = self.kernel.open(&self.path).map_err(|error| fault(&error))?;
        let about = node.about().map_err(|error| fault(&error))?;
        if about.driver != self.settings.driver {
            return Err(CameraFault::OtherDevice);
        }
        if let Some(product) = self.settings.product
            && about.product != Some(product)
        {
            let found = about.product.map_or_else(|| "no USB device".to_owned(), |found| found.to_string());
            tracing::warn!(camera = %self.path.display(), %product, found, "another camera");
            return Err(CameraFault::OtherDevice);
        }
        if !about.captures {
            return Err(CameraFault::NoFormat);
        }
        let wish = self.settings.wish();
        let offer = choose(&node.offers(&wish), &wish)?;
        let controls = node.controls();
        let (got, ready) = node.set(&offer, wish.frames_per_second).map_err(|error| fault(&error))?;
        if got.pixels != Some(offer.pixels) || !plain(&got, offer.pixels) {
            return Err(CameraFault::NoFormat);
        }
        if !got.size.holds(wish.size) {
            return Err(CameraFault::TooSmall);
        }
        // After the format, because some cameras forget what was set before.
        let (control, report) = match controls.map(Control::new) {
            Ok(mut control) => {
                let report = control.set(self.settings.mains, self.settings.backlight).to_string();
                (Some(control), report)
            }
            Err(error) => (None, format!("its controls cannot be reached: {error}")),
        };
        self.say(&got, &report);
        let frames = ready.stream().map_err(|error| fault(&error))?;
        Ok(Streaming { control, frames, began: Instant::now(), size: got.size, pixels: offer.pixels })
    }

    /// Logs how the camera is set, once and whenever it is another way.
    fn say(&mut self, got: &Got, report: &str) {
        let Size { width, height } = got.size;
        let rate = got.frames_per_second.map(|rate| format!(", {rate:.0} a second")).unwrap_or_default();
        let said = format!("{width}x{height}{rate}; {report}");
        if self.said.as_ref() != Some(&said) {
            let wished = self.settings.frames_per_second as f32;
            if got.frames_per_second.is_some_and(|rate| rate * 1.01 < wished) {
                tracing::warn!(camera = %self.path.display(), wished, "{said}");
            } else {
                tracing::info!(camera = %self.path.display(), "{said}");
            }
            self.said = Some(said);
        }
    }
}

impl FrameSource for V4lCamera {
    fn start(&mut self) -> Result<(), CameraFault> {
        self.stop();
        self.streaming = Some(self.open()?);
        Ok(())
    }

    fn next_frame(&mut self, limit: Duration) -> Result<Frame, CameraFault> {
        let Some(streaming) = &mut self.streaming else { return Err(CameraFault::Silent) };
        let until = Instant::now() + limit;
        loop {
            match streaming.read() {
                Ok(Some(frame)) => return Ok(frame),
                Ok(None) if Instant::now() >= until => return Err(CameraFault::Silent),
                Ok(None) => thread::sleep(GLANCE),
                Err(error) => {
                    // The next `start` begins afresh.
                    self.streaming = None;
                    return Err(fault(&error));
                }
            }
        }
    }

    fn hold(&mut self) -> Held {
        let control = self.streaming.as_mut().and_then(|streaming| streaming.control.as_mut());
        control.map(Control::hold).unwrap_or_default()
    }

    fn release(&mut self) {
        if let Some(control) = self.streaming.as_mut().and_then(|streaming| streaming.control.as_mut()) {
            control.release();
        }
    }

    /// What was held is given back as its control is dropped.
    fn stop(&mut self) {
        self.streaming = None;
    }
}

impl Streaming {
    /// The newest frame that has come, if one has. Older ones are dropped: a face
    /// should be judged as it is now.
    fn read(&mut self) -> io::Result<Option<Frame>> {
        let mut newest = None;
        while let Some(buffer) = self.frames.next()? {
            let taken = self.began.elapsed();
            let Buffer::Filled(data) = buffer else { continue };
            if whole(&data, self.pixels, self.size) {
                newest = Some(self.frame(taken, data));
            }
        }
        Ok(newest)
    }

    fn frame(&self, taken: Duration, data: Zeroizing<Vec<u8>>) -> Frame {
        let Size { width, height } = self.size;
        Frame { taken, width, height, pixels: self.pixels, data }
    }
}

/// Whether the rows follow each other without gaps, as `Pixels` promises.
fn plain(got: &Got, pixels: Pixels) -> bool {
    match pixels {
        Pixels::Yuyv => got.bytes_per_line == got.size.width * 2,
        Pixels::Nv12 => got.bytes_per_line == got.size.width,
        Pixels::Mjpg | Pixels::Rgb8 => true,
    }
}

/// Whether a buffer holds a whole frame; the first after the start often does not.
fn whole(data: &[u8], pixels: Pixels, Size { width, height }: Size) -> bool {
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
