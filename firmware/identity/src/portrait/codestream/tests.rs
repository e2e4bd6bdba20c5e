//! Codestreams built marker by marker, most of them with nothing coded in them.

use super::*;

type Answer = Result<(), PortraitError>;

/// A marker with its segment.
fn segment(code: u8, content: &[u8]) -> Vec<u8> {
    let length = (content.len() as u16 + 2).to_be_bytes();
    [&[0xFF, code], length.as_slice(), content].concat()
}

/// SIZ of a square picture in square tiles.
fn size(side: u32, tile: u32, components: u16) -> Vec<u8> {
    let mut content = vec![0, 0];
    for number in [side, side, 0, 0, tile, tile, 0, 0] {
        content.extend(number.to_be_bytes());
    }
    content.extend(components.to_be_bytes());
    content.extend([7, 1, 1].repeat(components.into()));
    segment(0x51, &content)
}

/// What COD and COC have in common: decompositions, exponents of code-blocks, precincts.
fn parameters(levels: u8, block: u8, precincts: &[u8]) -> Vec<u8> {
    [&[levels, block - 2, block - 2, 0, 1], precincts].concat()
}

fn style(layers: u16, levels: u8, block: u8, precincts: &[u8]) -> Vec<u8> {
    let [high, low] = layers.to_be_bytes();
    let all = [u8::from(!precincts.is_empty()), 0, high, low, 0];
    segment(0x52, &[&all, parameters(levels, block, precincts).as_slice()].concat())
}

fn component_style(component: u8, levels: u8, block: u8, precincts: &[u8]) -> Vec<u8> {
    let own = [component, u8::from(!precincts.is_empty())];
    segment(0x53, &[&own, parameters(levels, block, precincts).as_slice()].concat())
}

/// A tile-part with these markers in its header and nothing coded.
fn part(header: &[u8]) -> Vec<u8> {
    let length = (12 + header.len() as u32 + 2).to_be_bytes();
    [&segment(0x90, &[&[0, 0], length.as_slice(), &[0, 1]].concat()), header, &[0xFF, 0x93]].concat()
}

fn stream(pieces: &[Vec<u8>]) -> Vec<u8> {
    [&[0xFF, 0x4F], pieces.concat().as_slice(), &[0xFF, 0xD9]].concat()
}

fn asked(pieces: &[Vec<u8>]) -> Answer {
    check(&stream(pieces))
}

/// Four by four in 2048 × 2048: a quarter of a million blocks for each component.
const FINE: u8 = 2;

#[test]
fn portraits_of_every_usual_cut_are_taken() {
    let cuts = [
        // Whole, in blocks of 64; of 32; in layers; in precincts that shrink; in tiles.
        vec![size(1024, 1024, 3), style(1, 5, 6, &[])],
        vec![size(2048, 2048, 3), style(1, 5, 5, &[])],
        vec![size(1600, 1600, 3), style(32, 5, 6, &[])],
        vec![size(1600, 1600, 3), style(12, 5, 5, &[0x55, 0x66, 0x77, 0x77, 0x88, 0x88])],
        vec![size(1024, 128, 3), style(1, 3, 6, &[])],
        vec![size(480, 480, 1), style(1, 0, 10, &[])],
        vec![size(480, 480, 4), style(1, 5, 6, &[]), component_style(3, 2, 5, &[])],
        vec![size(480, 480, 3), style(1, 5, 6, &[]), segment(0x64, b"\0\x01Kakadu"), part(&[]), part(&[])],
    ];
    for pieces in cuts {
        assert_eq!(asked(&pieces), Ok(()));
    }
}

#[test]
fn more_precincts_blocks_or_packets_than_any_portrait_are_refused() {
    let whole = size(2048, 2048, 3);
    let usual = style(1, 5, 6, &[]);
    let fine_precincts = [0x11; 6];
    let bombs = [
        vec![whole.clone(), style(1, 5, FINE, &[])],
        vec![whole.clone(), style(1, 5, 6, &fine_precincts)],
        vec![whole.clone(), usual.clone(), component_style(1, 5, FINE, &[])],
        vec![whole.clone(), usual.clone(), component_style(1, 5, 6, &fine_precincts)],
        // A hundred progressions over thousands of packets.
        vec![whole.clone(), style(32, 5, 6, &[0x66; 6]), segment(0x5F, &[0; 700])],
        // In the header of a tile-part, behind others.
        vec![whole.clone(), usual.clone(), part(&[]), part(&style(1, 5, FINE, &[]))],
        vec![whole.clone(), usual.clone(), part(&[segment(0x64, b"\0\0."), style(1, 5, FINE, &[])].concat())],
    ];
    for pieces in bombs {
        assert_eq!(asked(&pieces), Err(PortraitError::Demanding));
    }
}

#[test]
fn more_pixels_tiles_or_components_than_any_portrait_are_refused() {
    let usual = style(1, 5, 6, &[]);
    let large = asked(&[size(2049, 2049, 3), usual.clone()]);
    assert_eq!(large, Err(PortraitError::TooLarge { width: 2049, height: 2049 }));
    assert_eq!(asked(&[size(1024, 64, 3), usual.clone()]), Err(PortraitError::Tiles(256)));
    assert_eq!(asked(&[size(1024, 1024, 5), usual]), Err(PortraitError::Colours));
}

#[test]
fn a_segment_that_is_longer_or_shorter_than_it_holds_is_damage() {
    let (whole, usual) = (size(480, 480, 3), style(1, 5, 6, &[]));
    let misfits = [
        segment(0x5E, &[0, 0, 7, 0]),                         // RGN
        segment(0x5C, &[1, 0, 0, 0]),                         // QCD, derived
        segment(0x5C, &[2, 0, 0, 0]),                         // QCD, expounded
        segment(0x5D, &[0, 1, 0, 0, 0]),                      // QCC
        segment(0x5F, &[0; 8]),                               // POC
        segment(0x52, &[0, 0, 0, 1, 0, 5, 4, 4, 0, 1, 0x88]), // COD with a precinct it does not announce
        segment(0x52, &[1, 0, 0, 1, 0, 5, 4, 4, 0, 1, 0x88]), // COD with one precinct of six
        segment(0x53, &[0, 0, 5, 4, 4, 0]),                   // COC
        segment(0x7F, &[]),                                   // no marker of a header
        vec![0xFF, 0x64, 0, 1],                               // COM shorter than its length
        vec![0xFF, 0x64, 0xFF, 0xFF],                         // COM longer than the file
        whole.clone(),                                        // SIZ once more
    ];
    for misfit in misfits {
        assert_eq!(asked(&[whole.clone(), usual.clone(), misfit]), Err(PortraitError::Damaged));
    }
    // A tile-part that begins in the header of another.
    assert_eq!(asked(&[whole.clone(), usual.clone(), part(&part(&[]))]), Err(PortraitError::Damaged));
    // A tile-part that ends in the middle of its header, and one that is shorter than SOT.
    for length in [16_u32, 11] {
        let mut pieces = part(&usual);
        pieces[6..10].copy_from_slice(&length.to_be_bytes());
        assert_eq!(asked(&[whole.clone(), usual.clone(), pieces]), Err(PortraitError::Damaged));
    }
}

#[test]
fn the_first_codestream_of_a_file_is_not_the_only_one_that_is_looked_at() {
    let usual = stream(&[size(480, 480, 3), style(1, 5, 6, &[])]);
    let bomb = stream(&[size(2048, 2048, 3), style(1, 5, FINE, &[])]);
    assert_eq!(check(&[usual.as_slice(), &bomb].concat()), Err(PortraitError::Demanding));
    assert_eq!(check(&usual.repeat(MOST_STREAMS)), Ok(()));
    assert_eq!(check(&usual.repeat(MOST_STREAMS + 1)), Err(PortraitError::Demanding));
}
