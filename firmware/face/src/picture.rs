//! Pictures out of frames and files, and the preview.

use devices::Frame;
use identity::Picture;

use crate::FaceError;

/// The pixels of a frame.
pub fn decode_frame(frame: &Frame) -> Result<Picture, FaceError> {
    _ = frame;
    unimplemented!()
}

/// The pixels of a JPEG file, upright.
pub fn read_jpeg(bytes: &[u8]) -> Result<Picture, FaceError> {
    _ = bytes;
    unimplemented!()
}

/// A frame as the person sees themselves: mirrored, cut to the shape asked for,
/// three bytes a pixel.
pub fn preview(frame: &Frame, width: u32, height: u32) -> Result<Vec<u8>, FaceError> {
    _ = (frame, width, height);
    unimplemented!()
}
