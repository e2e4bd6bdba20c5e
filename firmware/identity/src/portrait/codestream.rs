//! What a JPEG 2000 codestream would make a decoder do, told by its markers alone (ISO/IEC
//! 15444-1, annexes A and B). Three hundred bytes can ask for gigabytes: a decoder makes room
//! for every tile, precinct and code-block before it looks at the first, and runs through every
//! pixel however few are coded. Portraits need little of either.

mod markers;

use super::PortraitError;
use markers::{Marker, Markers};

/// The most pixels. Portraits on chips have less than a tenth.
pub(super) const MOST_PIXELS: u64 = 1 << 22;

/// The most tiles; portraits have one.
pub(super) const MOST_TILES: u64 = 64;

/// The most components: red, green, blue and how opaque.
const MOST_COMPONENTS: u64 = 4;

/// The most precincts and code-blocks together. A colour portrait of 1600 × 1200 in
/// blocks of 32 × 32 has some eight thousand.
const MOST_PARTS: u64 = 1 << 17;

/// The most packets (one layer of one precinct), counted once for each progression.
const MOST_PACKETS: u64 = 1 << 20;

/// The most codestreams in one file; the first is the portrait.
const MOST_STREAMS: usize = 4;

/// SOC and the SIZ that must follow it (A.3).
const START: [u8; 4] = [0xFF, 0x4F, 0xFF, 0x51];

/// Refuses bytes that hold a codestream of more work than any portrait is. Which codestream a
/// decoder takes depends on the boxes around, so all that begins like one is looked at.
pub(super) fn check(bytes: &[u8]) -> Result<(), PortraitError> {
    let starts = bytes.windows(START.len()).enumerate().filter(|(_, window)| *window == START);
    for (number, (at, _)) in starts.enumerate() {
        if number == MOST_STREAMS {
            return Err(PortraitError::Demanding);
        }
        check_stream(&bytes[at + 2..])?;
    }
    Ok(())
}

/// From its SIZ marker on.
fn check_stream(bytes: &[u8]) -> Result<(), PortraitError> {
    let mut markers = Markers::new(bytes);
    let Some(Marker::Size(size)) = markers.next()? else {
        return Err(PortraitError::Damaged);
    };
    let grid = Grid::parse(size).ok_or(PortraitError::Damaged)?;
    grid.check()?;
    let (mut styles, mut layers, mut progressions) = (Vec::new(), 1, 1);
    while let Some(marker) = markers.next()? {
        match marker {
            Marker::Size(_) => return Err(PortraitError::Damaged),
            Marker::Style(segment) => {
                let all = Style::of_all(segment).ok_or(PortraitError::Damaged)?;
                layers = layers.max(all.0);
                styles.push(all.1);
            }
            Marker::ComponentStyle(segment) => {
                styles.push(Style::of_component(segment).ok_or(PortraitError::Damaged)?);
            }
            Marker::Progressions(count) => progressions += count,
        }
    }
    let most = grid.tiles() * grid.components;
    for style in styles {
        let (precincts, blocks) = style.parts(grid.tile);
        let packets = precincts.saturating_mul(most).saturating_mul(layers * progressions);
        if precincts.saturating_add(blocks).saturating_mul(most) > MOST_PARTS || packets > MOST_PACKETS {
            return Err(PortraitError::Demanding);
        }
    }
    Ok(())
}

/// The reference grid (B.2, B.3): across and down.
struct Grid {
    /// The whole picture, before components are subsampled.
    area: [u64; 2],
    /// A whole tile, no larger than the picture.
    tile: [u64; 2],
    tiles: [u64; 2],
    components: u64,
}

impl Grid {
    /// SIZ (A.5.1).
    fn parse(segment: &[u8]) -> Option<Self> {
        let number = |at: usize| Some(u64::from(u32::from_be_bytes(*segment.get(at..)?.first_chunk()?)));
        let pair = |at: usize| Some([number(at)?, number(at + 4)?]);
        let (end, start, tile, first) = (pair(2)?, pair(10)?, pair(18)?, pair(26)?);
        let components = u64::from(u16::from_be_bytes(*segment.get(34..)?.first_chunk()?));
        if segment.len() as u64 != 36 + 3 * components {
            return None;
        }
        let along = |axis: usize| {
            let area = end[axis].checked_sub(start[axis]).filter(|area| *area > 0)?;
            let covered = end[axis].checked_sub(first[axis])?;
            (tile[axis] > 0).then(|| (area, tile[axis].min(area), covered.div_ceil(tile[axis])))
        };
        let (across, down) = (along(0)?, along(1)?);
        Some(Self {
            area: [across.0, down.0],
            tile: [across.1, down.1],
            tiles: [across.2, down.2],
            components,
        })
    }

    fn tiles(&self) -> u64 {
        self.tiles[0].saturating_mul(self.tiles[1])
    }

    fn check(&self) -> Result<(), PortraitError> {
        if self.area[0].saturating_mul(self.area[1]) > MOST_PIXELS {
            let [width, height] = self.area.map(|side| side as u32);
            Err(PortraitError::TooLarge { width, height })
        } else if self.tiles() > MOST_TILES {
            Err(PortraitError::Tiles(self.tiles()))
        } else if self.components > MOST_COMPONENTS {
            Err(PortraitError::Colours)
        } else {
            Ok(())
        }
    }
}

/// How a component is cut up (A.6.1, tables A.15, A.18 and A.21). All sizes are exponents of
/// two, across and down.
struct Style {
    block: [u32; 2],
    /// Of each resolution, the smallest first.
    precincts: Vec<[u32; 2]>,
}

impl Style {
    /// COD: the number of layers, and the style of every component that has none of its own.
    fn of_all(segment: &[u8]) -> Option<(u64, Self)> {
        let [style, _progression, layers @ .., _transform] = segment.first_chunk::<5>()?;
        Some((u16::from_be_bytes(*layers).into(), Self::parse(*style, &segment[5..])?))
    }

    /// COC, where the number of a component takes one byte.
    fn of_component(segment: &[u8]) -> Option<Self> {
        let [_component, style] = segment.first_chunk::<2>()?;
        Self::parse(*style, &segment[2..])
    }

    fn parse(style: u8, parameters: &[u8]) -> Option<Self> {
        let ([levels, across, down, _style, _wavelet], sizes) = parameters.split_first_chunk::<5>()?;
        // Table A.15: no more than 32 decompositions; table A.18: no more than 2^10.
        if *levels > 32 || *across > 8 || *down > 8 {
            return None;
        }
        let resolutions = usize::from(*levels) + 1;
        let own_sizes = style & 1 == 1;
        let precincts = if own_sizes {
            sizes.iter().map(|size| [u32::from(size & 15), u32::from(size >> 4)]).collect()
        } else {
            vec![[15, 15]; resolutions]
        };
        let fits = precincts.len() == resolutions && (own_sizes || sizes.is_empty());
        fits.then(|| Self { block: [across, down].map(|size| u32::from(size + 2)), precincts })
    }

    /// Precincts and code-blocks of all sub-bands of one component of a tile (B.5 to B.7),
    /// or somewhat more: where the tile lies on the grid can cut one more of each.
    fn parts(&self, tile: [u64; 2]) -> (u64, u64) {
        let levels = self.precincts.len() - 1;
        let (mut precincts, mut blocks) = (0_u64, 0_u64);
        for (resolution, precinct) in self.precincts.iter().enumerate() {
            // Every resolution but the smallest is three sub-bands of half its size, in
            // which its precincts too are half as large.
            let (bands, halved) = if resolution == 0 { (1, 0) } else { (3, 1) };
            let count = |sizes: [u32; 2]| {
                let along = |axis: usize| {
                    let side = tile[axis].div_ceil(1 << (levels - resolution + halved));
                    side.div_ceil(1 << sizes[axis]) + 1
                };
                bands * along(0) * along(1)
            };
            let precinct = precinct.map(|size| size.saturating_sub(halved as u32));
            precincts += count(precinct);
            blocks += count([self.block[0].min(precinct[0]), self.block[1].min(precinct[1])]);
        }
        (precincts, blocks)
    }
}

#[cfg(test)]
mod tests;
