//! The few ESC/POS commands that a slip needs. Text never goes out as text: the
//! code pages of thermal printers differ by maker and do not stack Vietnamese marks.

use std::ops::Range;

use devices::Raster;

/// Real-time status request `DLE EOT n`: answered even while nothing can be printed.
pub(super) fn ask(which: u8) -> [u8; 3] {
    [0x10, 0x04, which]
}

/// `GS r 1`: answered only after everything before it was carried out.
pub(super) const REPORT_WHEN_DONE: [u8; 3] = [0x1D, b'r', 1];

/// `DLE DC4 8` with its fixed parameters: forget what waits in the buffers.
pub(super) const CLEAR: [u8; 10] = [0x10, 0x14, 8, 1, 3, 20, 1, 6, 2, 8];

/// `ESC @` resets; `GS a 0` stops status that nobody asked for.
const BEGIN: [u8; 5] = [0x1B, b'@', 0x1D, b'a', 0];

/// `ESC d 1` feeds a line; `GS V B 0` feeds to the cutter and cuts.
const END: [u8; 7] = [0x1B, b'd', 1, 0x1D, b'V', b'B', 0];

/// The most that goes out before the printer is asked how it is.
const CHUNK: usize = 4096;
/// Bytes before the dots of a band.
const HEAD: usize = 8;
/// White rows that are worth a band of their own.
const WHITE: usize = 8;

/// A picture as a whole job, without the question that follows it, in chunks that end
/// where a command ends: a real-time request in the middle of dots would be dots.
pub(super) fn job(picture: &Raster) -> Vec<Vec<u8>> {
    let rows: Vec<&[u8]> = picture.rows().collect();
    let mut chunks = vec![BEGIN.to_vec()];
    for band in bands(&rows) {
        let command = raster(&rows[band]);
        match chunks.last_mut() {
            Some(last) if last.len() + command.len() <= CHUNK => last.extend(command),
            _ => chunks.push(command),
        }
    }
    chunks.push(END.to_vec());
    chunks
}

/// Cuts rows into bands, white stretches apart: a white band is one byte a row, which
/// matters at 19,200 baud.
fn bands(rows: &[&[u8]]) -> Vec<Range<usize>> {
    let mut bands = Vec::new();
    let mut begin = 0;
    while begin < rows.len() {
        let end = begin + stretch(&rows[begin..]);
        // Each fits into one chunk.
        let most = (CHUNK - HEAD) / across(&rows[begin..end]);
        while begin < end {
            let next = end.min(begin + most);
            bands.push(begin..next);
            begin = next;
        }
    }
    bands
}

/// How many rows belong together: white ones, or ink up to the next white stretch.
fn stretch(rows: &[&[u8]]) -> usize {
    let white = |row: &&[u8]| inked(row) == 0;
    let blank = rows.iter().take_while(|row| white(row)).count();
    if blank >= WHITE || blank == rows.len() {
        return blank;
    }
    let gap = rows.windows(WHITE).skip(blank).position(|next| next.iter().all(white));
    gap.map_or(rows.len(), |ink| blank + ink)
}

/// `GS v 0`: rows as dots, cropped to the ink.
fn raster(rows: &[&[u8]]) -> Vec<u8> {
    let across = across(rows);
    let mut bytes = vec![0x1D, b'v', b'0', 0];
    bytes.extend((across as u16).to_le_bytes());
    bytes.extend((rows.len() as u16).to_le_bytes());
    for row in rows {
        bytes.extend(&row[..across]);
    }
    bytes
}

/// Bytes that the widest of these rows needs; at least one.
fn across(rows: &[&[u8]]) -> usize {
    rows.iter().map(|row| inked(row)).max().unwrap_or(0).max(1)
}

/// Bytes of a row up to its last black dot.
fn inked(row: &[u8]) -> usize {
    row.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(white: &[usize], ink: &[usize], height: u32) {
        let mut picture = Raster::white(32, height);
        for &y in ink {
            picture.blacken(9, y as u32);
        }
        let rows: Vec<&[u8]> = picture.rows().collect();
        let bands = bands(&rows);
        let mut next = 0;
        for band in &bands {
            assert_eq!(band.start, next, "no row is left out: {bands:?}");
            assert!(!band.is_empty() && raster(&rows[band.clone()]).len() <= CHUNK);
            next = band.end;
        }
        assert_eq!(next, height as usize);
        for &y in white {
            let band = bands.iter().find(|band| band.contains(&y)).unwrap();
            assert!(ink.iter().all(|ink| !band.contains(ink)), "row {y} is in the ink of {band:?}");
        }
    }

    #[test]
    fn every_row_is_sent_once_and_white_stretches_apart() {
        check(&[], &[], 1);
        check(&[], &[], 300);
        check(&[20, 21], &[0, 40], 41);
        check(&[], &[0, 4], 5);
        check(&[200, 360], &[100, 101, 300], 364);
        check(&[], &(0..500).collect::<Vec<_>>(), 500);
    }

    #[test]
    fn a_question_between_two_chunks_is_never_inside_a_command() {
        let mut picture = Raster::white(576, 900);
        for y in 0..900 {
            picture.blacken(575, y);
        }
        let chunks = job(&picture);
        assert!(chunks.len() > 15);
        for chunk in &chunks[1..chunks.len() - 1] {
            assert!(chunk.len() <= CHUNK);
            let rows = usize::from(u16::from_le_bytes([chunk[6], chunk[7]]));
            assert_eq!((&chunk[..4], chunk.len()), (&[0x1D, b'v', b'0', 0][..], HEAD + rows * 72));
        }
    }

    #[test]
    fn a_row_is_cropped_to_its_ink() {
        let mut picture = Raster::white(576, 1);
        picture.blacken(15, 0);
        let job = job(&picture);
        assert_eq!(job[0][BEGIN.len()..], [0x1D, b'v', b'0', 0, 2, 0, 1, 0, 0x00, 0x01]);
    }

    #[test]
    fn an_empty_picture_is_only_cut() {
        assert_eq!(job(&Raster::white(576, 0)).concat(), [BEGIN.as_slice(), &END].concat());
    }
}
