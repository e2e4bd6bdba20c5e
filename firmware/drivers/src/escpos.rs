//! A receipt printer that speaks ESC/POS over a serial port.

use std::path::Path;

use devices::{Paper, PrinterFault, Raster, ReceiptPrinter};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_serial::SerialStream;

/// An ESC/POS printer at the end of a byte stream.
pub struct EscPosPrinter<P = SerialStream> {
    port: P,
    dots: u32,
}

impl EscPosPrinter<SerialStream> {
    /// Opens a serial port for this program alone.
    pub fn open(path: &Path, baud: u32, dots: u32) -> Result<Self, PrinterFault> {
        let _ = (path, baud, dots);
        unimplemented!()
    }
}

impl<P: AsyncRead + AsyncWrite + Unpin + Send> EscPosPrinter<P> {
    /// A printer behind a port that is open already.
    pub fn over(port: P, baud: u32, dots: u32) -> Self {
        let _ = baud;
        Self { port, dots }
    }
}

impl<P: AsyncRead + AsyncWrite + Unpin + Send> ReceiptPrinter for EscPosPrinter<P> {
    fn dots_across(&self) -> u32 {
        self.dots
    }

    async fn status(&mut self) -> Result<Paper, PrinterFault> {
        let _ = &mut self.port;
        unimplemented!()
    }

    async fn print(&mut self, picture: &Raster) -> Result<Paper, PrinterFault> {
        let _ = picture;
        unimplemented!()
    }
}
