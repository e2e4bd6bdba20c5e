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
