//! A code scanner on a serial port.

use std::path::Path;

use devices::{CodeScanner, ScannerFault};
use tokio::io::AsyncRead;
use tokio_serial::SerialStream;
use zeroize::Zeroizing;

/// A scanner that ends each code with CR, LF or both.
pub struct SerialScanner<P = SerialStream> {
    port: P,
}

impl SerialScanner<SerialStream> {
    /// Opens a serial port for this program alone.
    pub fn open(path: &Path, baud: u32) -> Result<Self, ScannerFault> {
        let _ = (path, baud);
        unimplemented!()
    }
}

impl<P: AsyncRead + Unpin + Send> SerialScanner<P> {
    /// A scanner behind a port that is open already.
    pub fn over(port: P) -> Self {
        Self { port }
    }
}

impl<P: AsyncRead + Unpin + Send> CodeScanner for SerialScanner<P> {
    async fn next_code(&mut self) -> Result<Zeroizing<String>, ScannerFault> {
        let _ = &mut self.port;
        unimplemented!()
    }
}
