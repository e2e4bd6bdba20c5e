//! Opening a serial port for one program alone: `TIOCEXCL`, and `flock` because the
//! first does not hold against root.

use std::path::Path;

use tokio_serial::{ErrorKind, SerialPortBuilderExt, SerialStream};

/// Why a port cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OpenError {
    /// There is no such port, or it is none.
    Missing,
    /// Another program holds it.
    Busy,
}

/// Opens a port: eight bits, no parity, one stop bit, no flow control.
pub(crate) fn open(path: &Path, baud: u32) -> Result<SerialStream, OpenError> {
    // The crate's own word for a port that is locked is "no device".
    tokio_serial::new(path.to_string_lossy(), baud).open_native_async().map_err(|error| match error.kind {
        ErrorKind::NoDevice => OpenError::Busy,
        _ => OpenError::Missing,
    })
}
