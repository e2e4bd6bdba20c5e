//! Who is taken for whom, at the thresholds of the documented configuration.

use simulators::people::People;

use super::{ENGINE, photograph, photographs};
use crate::FaceConfig;

fn likeness(one: &str, other: &str) -> f32 {
    let result = ENGINE.compare(&photograph(one), &photograph(other)).unwrap().unwrap();
    f32::from(result.score.ten_thousandths()) / 10_000.0
}

#[test]
fn the_right_person_passes_and_everybody_else_fails() {
    let config = FaceConfig::documented();
    let people = People::load(&photographs()).unwrap();
    let mut matches = 0;
    for (holder, card) in &people.0 {
        for (visitor, person) in &people.0 {
            let score = likeness(&card.portrait, &person.live);
            println!("{holder} {visitor} {score:.4}");
            if holder != visitor {
                assert!(score < config.grey, "{visitor} is taken for {holder}: {score}");
            } else if card.photographs > 1 {
                assert!(score >= config.accept, "{holder} is not known again: {score}");
                matches += 1;
            }
        }
    }
    assert!(matches >= 1, "nobody has two photographs");
}

#[test]
fn every_portrait_is_good_enough_for_a_card() {
    for person in People::load(&photographs()).unwrap().0.values() {
        ENGINE.portrait_template(&photograph(&person.portrait)).unwrap();
    }
}

/// A photograph that lies on its side in the file and says so in its Exif block.
#[test]
fn a_sideways_file_is_turned_before_it_is_compared() {
    let upright = photograph("khue-portrait.jpg");
    let turned = crate::orientation::upright(photograph("khue-portrait.jpg"), 8);
    let mut jpeg = Vec::new();
    let pixels = image::RgbImage::from_raw(turned.width, turned.height, turned.rgb.to_vec()).unwrap();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 95).encode_image(&pixels).unwrap();
    let block = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let length = ((block.len() + 2) as u16).to_be_bytes();
    let file = [&jpeg[..2], &[0xFF, 0xE1], &length, block, &jpeg[2..]].concat();
    let read = crate::read_picture(&file).unwrap();
    assert_eq!((read.width, read.height), (upright.width, upright.height));
    let result = ENGINE.compare(&read, &upright).unwrap().unwrap();
    assert!(result.score.ten_thousandths() > 9500, "{:?}", result.score);
}

/// Somebody stands behind, nearer to the camera than the one that the picture is of.
#[test]
fn a_picture_is_of_whom_it_has_in_its_middle() {
    let scene = |middle: &str, edge: &str| {
        let mut scene = image::RgbImage::from_pixel(1600, 800, image::Rgb([128; 3]));
        for (name, [width, height], place) in
            [(middle, [480, 320], (560, 240)), (edge, [480, 520], (1120, 140))]
        {
            let part = photograph(name);
            let whole = [0, 0, part.width, part.height];
            let part = crate::picture::shrink(&part, whole, width, height);
            let part = image::RgbImage::from_raw(width, height, part.rgb.to_vec()).unwrap();
            image::imageops::overlay(&mut scene, &part, place.0, place.1);
        }
        let rgb = zeroize::Zeroizing::new(scene.into_raw());
        identity::Picture { width: 1600, height: 800, rgb }
    };
    let scene = scene("khue-live.jpg", "dat-live.jpg");
    let faces = ENGINE.faces(&scene, &mut crate::Timings::default()).unwrap();
    assert!(faces.len() == 2 && faces[0].centre()[0] > 1000.0, "{faces:?}");
    let sample = |picture| ENGINE.sample(&picture).unwrap().unwrap();
    let found = sample(scene);
    let [khue, dat] = ["khue", "dat"].map(|name| {
        let score = found.likeness(&sample(photograph(&format!("{name}-portrait.jpg"))));
        f32::from(score.ten_thousandths()) / 10_000.0
    });
    assert!(khue >= 0.46 && dat < 0.40, "{khue} {dat}");
    let empty = identity::Picture { width: 64, height: 64, rgb: vec![90; 64 * 64 * 3].into() };
    assert!(ENGINE.sample(&empty).unwrap().is_none());
}
