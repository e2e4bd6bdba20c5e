//! The calls into the kernel, behind traits so that all else can be tried without a camera.
//! Only a machine with one can try what stands here; it decides nothing.

use std::{io, os::fd::AsRawFd, path::Path};

use devices::Pixels;
use linuxvideo::{
    BufType, CapabilityFlags, Device, Fract, VideoCaptureDevice,
    controls::Cid,
    format::{FrameIntervals, FrameSizes, PixFormat, PixelFormat},
    stream::ReadStream,
};
use nix::sys::stat::{fstat, major, minor};
use zeroize::Zeroizing;

use super::{
    control::Controls,
    format::{Offer, Size, Wish},
    usb::{self, UsbProduct},
};

/// Opens device files.
pub(super) trait Kernel: Send {
    /// Opens one, which must be a V4L2 node.
    fn open(&self, path: &Path) -> io::Result<Box<dyn Node>>;
}

/// An open node that does not stream yet.
pub(super) trait Node {
    /// What it says of itself.
    fn about(&self) -> io::Result<About>;
    /// The pictures it offers: for each format of ours the nearest to the wish.
    fn offers(&self, wish: &Wish) -> Vec<Offer>;
    /// Its controls, which can be worked while it streams.
    fn controls(&self) -> io::Result<Box<dyn Controls>>;
    /// Sets format and rate; the kernel may choose others, which is said.
    fn set(self: Box<Self>, offer: &Offer, frames_per_second: u32) -> io::Result<(Got, Box<dyn Ready>)>;
}

/// What a node says of itself.
pub(super) struct About {
    /// The kernel driver that serves it.
    pub(super) driver: String,
    /// Of which USB product it is a part, if of any.
    pub(super) product: Option<UsbProduct>,
    /// Whether pictures can be had from it.
    pub(super) captures: bool,
}

/// What the kernel made of a wish.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Got {
    /// The format; none: not one of ours.
    pub(super) pixels: Option<Pixels>,
    pub(super) size: Size,
    pub(super) bytes_per_line: u32,
    /// Frames a second; none where the camera cannot be asked.
    pub(super) frames_per_second: Option<f32>,
}

/// A node whose format is set.
pub(super) trait Ready {
    /// Starts streaming.
    fn stream(self: Box<Self>) -> io::Result<Box<dyn Stream>>;
}

/// A node that streams.
pub(super) trait Stream: Send {
    /// The next buffer that has come, if one has.
    fn next(&mut self) -> io::Result<Option<Buffer>>;
}

/// What came in a buffer.
pub(super) enum Buffer {
    /// Bytes.
    Filled(Zeroizing<Vec<u8>>),
    /// The kernel says that they are damaged.
    Damaged,
}

/// Formats that we read, best first.
const FORMATS: [(PixelFormat, Pixels); 3] = [
    (PixelFormat::MJPG, Pixels::Mjpg),
    (PixelFormat::YUYV, Pixels::Yuyv),
    (PixelFormat::from_fourcc(*b"NV12"), Pixels::Nv12),
];

/// The kernel that we run on.
pub(super) struct Linux;

impl Kernel for Linux {
    fn open(&self, path: &Path) -> io::Result<Box<dyn Node>> {
        Ok(Box::new(Device::open(path)?))
    }
}

impl Node for Device {
    fn about(&self) -> io::Result<About> {
        let about = self.capabilities()?;
        let captures = about.device_capabilities().contains(CapabilityFlags::VIDEO_CAPTURE);
        // Of the open file, whatever its path leads to by now.
        let number = fstat(self)?.st_rdev;
        let product = usb::product_of(Path::new("/sys"), major(number), minor(number));
        Ok(About { driver: about.driver().to_owned(), product, captures })
    }

    fn offers(&self, wish: &Wish) -> Vec<Offer> {
        let listed: Vec<_> = self
            .formats(BufType::VIDEO_CAPTURE)
            .filter_map(|format| Some(format.ok()?.pixel_format()))
            .collect();
        let ours = FORMATS.into_iter().filter(|(format, _)| listed.contains(format));
        ours.flat_map(|(format, pixels)| {
            let sizes = match self.frame_sizes(format) {
                Ok(FrameSizes::Discrete(sizes)) => {
                    sizes.iter().map(|size| Size { width: size.width(), height: size.height() }).collect()
                }
                Ok(FrameSizes::Stepwise(range) | FrameSizes::Continuous(range)) => vec![wish.size.within(
                    (range.min_width(), range.max_width(), range.step_width()),
                    (range.min_height(), range.max_height(), range.step_height()),
                )],
                // It does not list them: what it makes of the wish will be seen.
                Err(_) => vec![wish.size],
            };
            sizes.into_iter().map(move |size| Offer { pixels, size, fastest: fastest(self, format, size) })
        })
        .collect()
    }

    fn controls(&self) -> io::Result<Box<dyn Controls>> {
        // The stream takes the first handle with it. This opens the same node once more, and no
        // other that may have got its name meanwhile.
        Ok(Box::new(Self::open(format!("/proc/self/fd/{}", self.as_raw_fd()))?))
    }

    fn set(self: Box<Self>, offer: &Offer, frames_per_second: u32) -> io::Result<(Got, Box<dyn Ready>)> {
        let format = FORMATS.into_iter().find(|(_, pixels)| *pixels == offer.pixels);
        let (format, _) = format.ok_or(io::ErrorKind::InvalidInput)?;
        let capture = self.video_capture(PixFormat::new(offer.size.width, offer.size.height, format))?;
        // A camera with one rate only does not know the question.
        let interval = capture.set_frame_interval(Fract::new(1, frames_per_second.max(1))).ok();
        let made = capture.format();
        let got = Got {
            pixels: FORMATS.into_iter().find(|(format, _)| *format == made.pixel_format()).map(|(_, it)| it),
            size: Size { width: made.width(), height: made.height() },
            bytes_per_line: made.bytes_per_line(),
            frames_per_second: interval.and_then(rate),
        };
        Ok((got, Box::new(capture)))
    }
}

impl Controls for Device {
    fn listed(&self) -> Vec<(Cid, i32)> {
        // The list ends at its first fault: a camera without controls has none.
        let listed = Device::controls(self).map_while(Result::ok);
        listed.map(|control| (control.id(), control.maximum())).collect()
    }

    fn read(&self, control: Cid) -> io::Result<i32> {
        self.read_control_raw(control)
    }

    fn write(&mut self, control: Cid, value: i32) -> io::Result<()> {
        self.write_control_raw(control, value)
    }
}

/// Frames a second at most; none where the camera does not say.
fn fastest(device: &Device, format: PixelFormat, size: Size) -> Option<f32> {
    match device.frame_intervals(format, size.width, size.height).ok()? {
        FrameIntervals::Discrete(all) => all.iter().filter_map(|it| rate(*it.fract())).reduce(f32::max),
        FrameIntervals::Stepwise(range) | FrameIntervals::Continuous(range) => rate(*range.min()),
    }
}

fn rate(interval: Fract) -> Option<f32> {
    (interval.numerator() > 0).then(|| interval.denominator() as f32 / interval.numerator() as f32)
}

impl Ready for VideoCaptureDevice {
    fn stream(self: Box<Self>) -> io::Result<Box<dyn Stream>> {
        Ok(Box::new(self.into_stream()?))
    }
}

impl Stream for ReadStream {
    fn next(&mut self) -> io::Result<Option<Buffer>> {
        if self.will_block()? {
            return Ok(None);
        }
        self.dequeue(|buffer| {
            let damaged = buffer.is_error();
            Ok(Some(if damaged { Buffer::Damaged } else { Buffer::Filled(buffer.to_vec().into()) }))
        })
    }
}
