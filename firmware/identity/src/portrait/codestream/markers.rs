//! The markers of a codestream's main header and of every tile-part's header (ISO/IEC 15444-1,
//! annex A); what is coded is passed over. A segment must be exactly as long as what it holds:
//! a decoder may go by either, and must not find a marker where this walk found none.

use super::PortraitError;

/// A marker segment that says how much there is to do. Its length is taken off.
pub(super) enum Marker<'a> {
    /// SIZ (A.5.1).
    Size(&'a [u8]),
    /// COD (A.6.1).
    Style(&'a [u8]),
    /// COC (A.6.2).
    ComponentStyle(&'a [u8]),
    /// POC (A.6.6): so many changes of the progression.
    Progressions(u64),
}

pub(super) struct Markers<'a> {
    /// What is left of the main header, or of the header of a tile-part.
    header: &'a [u8],
    /// What follows the main header or the tile-part, from the next SOT on.
    after: &'a [u8],
    /// Whether `header` is that of a tile-part.
    in_part: bool,
}

impl<'a> Markers<'a> {
    /// From the marker after SOC on.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { header: bytes, after: &[], in_part: false }
    }

    /// The next one that matters; none where the codestream ends or was cut short.
    pub(super) fn next(&mut self) -> Result<Option<Marker<'a>>, PortraitError> {
        loop {
            let header = self.header;
            match *header {
                [] => {
                    if !self.enter_part()? {
                        return Ok(None);
                    }
                }
                // SOT ends the main header; in that of a tile-part it would be one too many.
                [0xFF, 0x90, ..] if !self.in_part => {
                    (self.after, self.header) = (header, &[]);
                }
                // SOD, EOC: the header is at its end.
                [0xFF, 0x93 | 0xD9, ..] => self.header = &[],
                // Markers without a segment (A.1.2).
                [0xFF, 0x30..=0x3F, ..] => self.header = &header[2..],
                [0xFF, code, high, low, ..] => {
                    let end = 2 + usize::from(u16::from_be_bytes([high, low]));
                    let segment = header.get(4..end).ok_or(PortraitError::Damaged)?;
                    self.header = &header[end..];
                    if let Some(marker) = marker(code, segment)? {
                        return Ok(Some(marker));
                    }
                }
                _ => return Err(PortraitError::Damaged),
            }
        }
    }

    /// Goes on to the header of the next tile-part (A.4.2), if there is one.
    fn enter_part(&mut self) -> Result<bool, PortraitError> {
        let Some([0xFF, 0x90, _, _, _, _, length @ .., _, _]) = self.after.first_chunk::<12>() else {
            return Ok(false);
        };
        let length = match u32::from_be_bytes(*length) as usize {
            // To the end of the codestream.
            0 => self.after.len(),
            length => length.min(self.after.len()),
        };
        self.header = self.after.get(12..length).ok_or(PortraitError::Damaged)?;
        self.in_part = true;
        self.after = &self.after[length..];
        Ok(true)
    }
}

/// The lengths that segments of these kinds have, where components take one byte.
fn marker(code: u8, segment: &[u8]) -> Result<Option<Marker<'_>>, PortraitError> {
    let (marker, fits) = match (code, segment) {
        (0x51, _) => (Some(Marker::Size(segment)), true),
        (0x52, _) => (Some(Marker::Style(segment)), true),
        (0x53, _) => (Some(Marker::ComponentStyle(segment)), true),
        (0x5F, _) => (Some(Marker::Progressions(segment.len() as u64 / 7)), segment.len().is_multiple_of(7)),
        // QCD and QCC (A.6.4, A.6.5): a byte for each sub-band, two bytes once, two for each.
        (0x5C, [style, sizes @ ..]) | (0x5D, [_, style, sizes @ ..]) => match style & 31 {
            1 => (None, sizes.len() == 2),
            2 => (None, sizes.len().is_multiple_of(2)),
            _ => (None, true),
        },
        // RGN (A.6.3).
        (0x5E, _) => (None, segment.len() == 3),
        // TLM, PLM, PLT, PPM, PPT, CRG, COM: their length is all that tells where they end.
        (0x55 | 0x57 | 0x58 | 0x60 | 0x61 | 0x63 | 0x64, _) => (None, true),
        _ => (None, false),
    };
    if fits { Ok(marker) } else { Err(PortraitError::Damaged) }
}
