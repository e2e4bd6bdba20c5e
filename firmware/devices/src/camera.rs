//! The camera that looks at the citizen.

use std::time::Duration;

use faults::Fault;
use zeroize::Zeroizing;

/// Where frames come from: a UVC camera, or a replay in tests and the demo.
/// Blocking; a daemon gives it a thread of its own and keeps only the newest frame.
pub trait FrameSource: Send {
    /// Starts streaming. Until then the camera's lamp is off.
    fn start(&mut self) -> Result<(), CameraFault>;
    /// Waits for the next frame.
    fn next_frame(&mut self, limit: Duration) -> Result<Frame, CameraFault>;
    /// Holds exposure and white balance as they are now, so that what changes in the pictures
    /// is the light and not the camera's answer to it: for as long as a face is judged under the
    /// kiosk's own coloured light. Says what is held; a camera that cannot be held goes on as
    /// it was. To be asked once the light is as it should be and some frames have come: a camera
    /// that still gets used to the light is held on the way. The frames right after may jump.
    fn hold(&mut self) -> Held {
        Held::default()
    }
    /// Lets the camera choose again. `stop` does so too.
    fn release(&mut self) {}
    /// Stops streaming and forgets what it saw.
    fn stop(&mut self);
}

/// What a camera keeps as it was, whatever the light does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// How long and how strongly it takes in light.
    pub exposure: bool,
    /// What it takes for white.
    pub white_balance: bool,
}

/// One picture of the citizen. Wiped when dropped.
#[derive(Clone)]
pub struct Frame {
    /// Time since the source was started.
    pub taken: Duration,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// How `data` is to be read.
    pub pixels: Pixels,
    /// The picture itself.
    pub data: Zeroizing<Vec<u8>>,
}

/// The layout of a frame's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pixels {
    /// Three bytes a pixel, row by row, no padding.
    Rgb8,
    /// YUV 4:2:2 packed, two bytes a pixel.
    Yuyv,
    /// YUV 4:2:0: brightness of all pixels, then the colours of each four, interleaved.
    Nv12,
    /// One JPEG picture.
    Mjpg,
}

/// Why no frame came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CameraFault {
    /// No such camera, or it was pulled out.
    #[error("the camera is not connected")]
    Unplugged,
    /// It streams, but nothing arrives in time.
    #[error("the camera sends no pictures")]
    Silent,
    /// Something else says that it is the camera: another kernel driver serves it.
    #[error("another device stands where the camera should")]
    OtherDevice,
    /// It offers no format that we read.
    #[error("the camera offers no picture format that can be read")]
    NoFormat,
    /// It offers none as large as the board asks for at a rate that is of use.
    #[error("the camera offers no picture that is large enough")]
    TooSmall,
}

impl CameraFault {
    /// The entry of the fault list that this is.
    pub fn fault(self) -> Fault {
        match self {
            Self::Unplugged | Self::NoFormat => Fault::CameraMissing,
            Self::Silent => Fault::CameraSilent,
            Self::OtherDevice => Fault::CameraOther,
            Self::TooSmall => Fault::CameraTooSmall,
        }
    }
}
