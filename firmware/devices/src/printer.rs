//! The receipt printer: black dots on a paper roll.

use std::future::Future;

use faults::Fault;

/// A printer that takes a picture and cuts the paper after it.
pub trait ReceiptPrinter: Send {
    /// Dots across the paper: 576 for 80 mm, 384 for 58 mm.
    fn dots_across(&self) -> u32;
    /// Asks the printer how it is, without printing.
    fn status(&mut self) -> impl Future<Output = Result<Paper, PrinterFault>> + Send;
    /// Prints and cuts. `Ok` only after the printer itself said that it is done.
    fn print(&mut self, picture: &Raster) -> impl Future<Output = Result<Paper, PrinterFault>> + Send;
}

/// How much paper is left, as far as the printer's sensors tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paper {
    /// Enough.
    Enough,
    /// The near-end sensor sees the core of the roll.
    Low,
}

/// A black-and-white picture: one bit a dot, 1 is black, most significant bit
/// left, each row padded to whole bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raster {
    width: u32,
    height: u32,
    bits: Vec<u8>,
}

impl Raster {
    /// A white picture of that many dots.
    pub fn white(width: u32, height: u32) -> Self {
        let bits = vec![0; width.div_ceil(8) as usize * height as usize];
        Self { width, height, bits }
    }

    /// Dots across.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Dots down.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Bytes in one row.
    pub fn stride(&self) -> usize {
        self.width.div_ceil(8) as usize
    }

    /// The rows, top first.
    pub fn rows(&self) -> impl Iterator<Item = &[u8]> {
        self.bits.chunks_exact(self.stride().max(1))
    }

    /// Whether the dot is black; dots outside are white.
    pub fn is_black(&self, x: u32, y: u32) -> bool {
        x < self.width
            && y < self.height
            && self.bits[y as usize * self.stride() + x as usize / 8] & (0x80 >> (x % 8)) != 0
    }

    /// Makes the dot black; a dot outside is left alone.
    pub fn blacken(&mut self, x: u32, y: u32) {
        if x < self.width && y < self.height {
            let at = y as usize * self.stride() + x as usize / 8;
            self.bits[at] |= 0x80 >> (x % 8);
        }
    }
}

/// Why nothing, or not all, was printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PrinterFault {
    /// No printer answers at the port.
    #[error("the printer does not answer")]
    Unplugged,
    /// Another program holds the port.
    #[error("another program holds the printer's port")]
    PortBusy,
    /// The roll is at its end.
    #[error("the paper is out")]
    PaperOut,
    /// The cover is open.
    #[error("the cover is open")]
    CoverOpen,
    /// A mechanical or cutter error, or it is switched off line.
    #[error("the printer reports an error of its own")]
    Stuck,
}

impl PrinterFault {
    /// The entry of the fault list that this is.
    pub fn fault(self) -> Fault {
        match self {
            Self::Unplugged => Fault::PrinterMissing,
            Self::PortBusy => Fault::PrinterPortBusy,
            Self::PaperOut => Fault::PaperOut,
            Self::CoverOpen => Fault::PrinterCoverOpen,
            Self::Stuck => Fault::PrinterStuck,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_padded_to_whole_bytes() {
        let mut raster = Raster::white(9, 2);
        raster.blacken(0, 0);
        raster.blacken(8, 1);
        raster.blacken(9, 1);
        assert_eq!(raster.rows().collect::<Vec<_>>(), [&[0x80, 0x00][..], &[0x00, 0x80]]);
        assert!(raster.is_black(8, 1) && !raster.is_black(7, 1) && !raster.is_black(9, 1));
    }
}
