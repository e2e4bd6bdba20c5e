//! Portraits as chips hold them: small, grey and badly lit ones are compared, and those too
//! poor to compare say so instead of giving a score that means nothing.

use faults::Fault;

use super::{
    ENGINE,
    doctored::{Canvas, Sitter},
    photograph,
};
use crate::{FaceConfig, FaceError, PortraitFlaw};

/// The portrait as a chip holds it: 300 × 400.
fn chip() -> Canvas {
    Sitter::of("khue-portrait.jpg").canvas.scaled(0.625)
}

/// How alike the holder before the camera is to it.
fn likeness(portrait: &Canvas) -> Result<f32, FaceError> {
    let holder = ENGINE.portrait_template(&photograph("khue-live.jpg"))?;
    Ok(ENGINE.portrait_template(&portrait.picture())?.likeness(&holder))
}

fn flaw(portrait: &Canvas) -> PortraitFlaw {
    let error = likeness(portrait).expect_err("it was compared");
    assert_eq!(error.fault(), Fault::PortraitTooPoor);
    match error {
        FaceError::PortraitPoor(flaw) => flaw,
        other => panic!("{other}"),
    }
}

#[test]
fn a_small_grey_dark_pale_or_soft_portrait_is_still_compared() {
    let accept = FaceConfig::documented().accept;
    let chip = chip();
    let grey = chip.map(|_, [red, green, blue]| [0.3 * red + 0.6 * green + 0.1 * blue; 3]);
    for (what, portrait) in [
        ("as it is", chip.clone()),
        ("small", chip.scaled(0.35)),
        ("grey", grey.clone()),
        ("grey and small", grey.scaled(0.4)),
        ("dark", chip.levels(|value| value * 0.2)),
        ("pale", chip.levels(|value| 0.5 + (value - 0.5) * 0.2)),
        ("bright", chip.levels(|value| value * 1.6)),
        ("soft", chip.blurred(3)),
    ] {
        let score = likeness(&portrait).unwrap_or_else(|error| panic!("{what}: {error}"));
        println!("{what}: {score:.3}");
        assert!(score >= accept, "{what}: {score}");
    }
}

#[test]
fn a_portrait_too_poor_to_compare_says_why() {
    let chip = chip();
    assert!(matches!(flaw(&chip.scaled(0.22)), PortraitFlaw::Small(pixels) if pixels < 20.0));
    assert!(matches!(flaw(&chip.levels(|value| value * 0.08)), PortraitFlaw::Flat(_)));
    assert!(matches!(flaw(&chip.levels(|value| value * 2.5)), PortraitFlaw::Flat(_)));
    let washed_out = chip.levels(|value| 0.5 + (value - 0.5) * 0.1);
    assert!(matches!(flaw(&washed_out), PortraitFlaw::Flat(_)));
    assert!(matches!(flaw(&chip.blurred(6)), PortraitFlaw::Blurred(_)));
    let error = FaceError::PortraitPoor(flaw(&chip.blurred(6))).to_string();
    assert!(
        error.starts_with("the portrait on the card is too poor to compare: a sharpness of 0"),
        "{error}"
    );
}

#[test]
fn a_black_portrait_shows_no_face() {
    let black = chip().levels(|value| value * 0.02);
    assert!(matches!(likeness(&black), Err(FaceError::PortraitFaces { faces: 0 })));
}

/// JPEG 2000, colour and grey, as chips mostly hold it; beside the photograph they were made of.
#[test]
fn a_portrait_in_jpeg_2000_is_compared() {
    let original = ENGINE.portrait_template(&photograph("hieu-portrait.jpg")).unwrap();
    for bytes in [
        include_bytes!("../../tests/pictures/rgb.jp2").as_slice(),
        include_bytes!("../../tests/pictures/rgb.j2k"),
        include_bytes!("../../tests/pictures/grey.jp2"),
    ] {
        let portrait = crate::read_picture(bytes).unwrap();
        let score = ENGINE.portrait_template(&portrait).unwrap().likeness(&original);
        println!("{score:.3}");
        assert!(score > 0.8, "{score}");
    }
}
