//! How often a film that was made before shows by luck what is asked for, and a person by doing
//! it. No pictures: poses alone, so that thousands of tries take a second. Whatever else speaks
//! against a film (pixels, light, another face) is left out, and its face has a head's relief.

use std::{collections::BTreeMap, ops::Range, time::Duration};

use screen::FaceHint;

use super::{
    Challenge, Draw, LivenessConfig, NotLive, Tempo,
    relief::Shape,
    trial::{Rest, Said, Seen, Trial},
};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Motion {
    Left,
    Right,
    Shut,
    Nearer,
    Mouth,
    Rest,
}

use Motion::{Left, Mouth, Nearer, Right, Shut};

#[derive(Clone, Copy, Default)]
struct Pose {
    /// Degrees.
    yaw: f32,
    /// 1: shut.
    lids: f32,
    /// How much larger than at rest.
    nearer: f32,
    /// Between the lips, over the distance from eyes to chin.
    mouth: f32,
}

impl Motion {
    const ALL: [Self; 6] = [Left, Right, Shut, Nearer, Mouth, Self::Rest];

    fn aim(self) -> Pose {
        let rest = Pose::default();
        match self {
            Left => Pose { yaw: 28.0, ..rest },
            Right => Pose { yaw: -28.0, ..rest },
            Shut => Pose { lids: 1.0, ..rest },
            Nearer => Pose { nearer: 0.35, ..rest },
            Mouth => Pose { mouth: 0.3, ..rest },
            Self::Rest => rest,
        }
    }
}

/// On its way to where it wants to be: half a second for a whole movement, half of it for lids and lips.
#[derive(Default)]
struct Body {
    pose: Pose,
    at: Duration,
}

impl Body {
    fn pose(&mut self, at: Duration, aim: Pose) -> Pose {
        let part = at.saturating_sub(self.at).as_secs_f32() / 0.5;
        self.at = at;
        let toward = |from: f32, to: f32, whole: f32| from + (to - from).clamp(-whole * part, whole * part);
        self.pose = Pose {
            yaw: toward(self.pose.yaw, aim.yaw, 28.0),
            lids: toward(self.pose.lids, aim.lids, 2.0),
            nearer: toward(self.pose.nearer, aim.nearer, 0.35),
            mouth: toward(self.pose.mouth, aim.mouth, 0.6),
        };
        self.pose
    }
}

/// How far the nose stands out of a head's face.
const NOSE: f32 = 0.6;

/// What the camera sees of a head in that pose: a nose that far before a plane.
fn seen(at: Duration, pose: Pose, nose: f32) -> Seen {
    let (sin, cos) = pose.yaw.to_radians().sin_cos();
    let outline = [33, 133, 362, 263, 61, 291, 152, 10, 234, 454, 70, 300, 172, 397];
    let shape = Shape::of(|point| {
        let [x, y, z] = match outline.iter().position(|&other| other == point) {
            Some(place) => {
                let (sin, cos) = (0.9 * place as f32).sin_cos();
                [cos * (1.0 + place as f32 / 20.0), sin, 0.0]
            }
            None => [0.0, point as f32 / 1000.0, nose],
        };
        [100.0 * (x * cos + z * sin), 100.0 * y]
    });
    Seen {
        at,
        yaw: pose.yaw,
        eyes_open: 0.3 * (1.0 - pose.lids),
        mouth_open: pose.mouth,
        eye_distance: 100.0 * (1.0 + pose.nearer),
        shape,
        skin: [0.0; 3],
    }
}

/// One whole try.
struct Tried {
    took: Duration,
    shown: usize,
    mistakes: u8,
}

/// One try at six frames a second, as a slow board sees it, of whoever is in that pose at that
/// time and with that hint on the page.
fn tried(tempo: Tempo, seed: u64, body: impl FnMut(Duration, FaceHint) -> Pose) -> Result<Tried, NotLive> {
    tried_with(tempo, seed, (NOSE, true), body)
}

/// With that nose; `alone` without a passive model.
fn tried_with(
    tempo: Tempo,
    seed: u64,
    (nose, alone): (f32, bool),
    mut body: impl FnMut(Duration, FaceHint) -> Pose,
) -> Result<Tried, NotLive> {
    let config = LivenessConfig::documented();
    let mut draw = drawing(seed);
    let rest = [0; 3].map(|_| seen(Duration::ZERO, Pose::default(), nose));
    let challenge = Challenge::draw(tempo, alone, &mut draw);
    let mut trial = Trial::new(challenge, Rest::of(&rest), Duration::ZERO, &mut draw);
    let mut hint = FaceHint::LookStraight;
    let frames = (0_u32..).map(|frame| Duration::from_secs(1) * frame / 6);
    for at in frames.take_while(|&at| at <= config.longest(tempo)) {
        match trial.see(&seen(at, body(at, hint), nose), &config, &mut draw) {
            Said::Failed(why) => return Err(why),
            Said::Go(next) | Said::Shown(next) => hint = next,
        }
        if trial.is_over() {
            let (shown, mistakes) = trial.counts();
            return Ok(Tried { took: at, shown, mistakes });
        }
    }
    Err(NotLive::NotDone)
}

fn drawing(seed: u64) -> Draw {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_be_bytes());
    Draw::new(bytes)
}

/// Movements one after the other, for so many milliseconds each, over and over.
type Film = Vec<(Motion, u64)>;

/// How many of the tries with these seeds a film passes that somebody begins with the try.
fn passes(tempo: Tempo, film: &Film, seeds: Range<u64>) -> usize {
    let whole: u64 = film.iter().map(|(_, milliseconds)| milliseconds).sum();
    let at = |mut left: u64| {
        left %= whole;
        let part = film.iter().find(|(_, milliseconds)| {
            let here = left < *milliseconds;
            left = left.saturating_sub(*milliseconds);
            here
        });
        part.expect("a film is as long as its parts").0.aim()
    };
    let passes = |&seed: &u64| {
        let mut body = Body::default();
        tried(tempo, seed, |now, _| body.pose(now, at(now.as_millis() as u64))).is_ok()
    };
    seeds.filter(passes).count()
}

/// A person who does as the page says.
struct Person {
    /// What they cannot do.
    cannot: Vec<FaceHint>,
    /// From a hint to the first movement.
    reaction: Duration,
    /// What they do of their own accord, when and for how long.
    fidgets: Vec<(Duration, Motion, Duration)>,
    /// So many turns they make to the wrong side first.
    takes_left_for_right: u32,
    /// No passive model looks at them.
    alone: bool,
}

impl Person {
    fn usual() -> Self {
        let reaction = Duration::from_millis(700);
        Self { cannot: Vec::new(), reaction, fidgets: Vec::new(), takes_left_for_right: 0, alone: true }
    }

    fn tried(&self, tempo: Tempo, seed: u64) -> Result<Tried, NotLive> {
        let (mut body, mut aim) = (Body::default(), Pose::default());
        let (mut read, mut since, mut wrong) =
            (FaceHint::LookStraight, Duration::ZERO, self.takes_left_for_right);
        tried_with(tempo, seed, (NOSE, self.alone), |at, hint| {
            if hint != read {
                (read, since) = (hint, at);
                wrong -= u32::from(wrong > 0 && aim.yaw != 0.0);
            }
            if at.saturating_sub(since) >= self.reaction && !self.cannot.contains(&read) {
                let turned = if wrong > 0 { -1.0 } else { 1.0 };
                match read {
                    FaceHint::TurnLeft => aim.yaw = turned * Left.aim().yaw,
                    FaceHint::TurnRight => aim.yaw = turned * Right.aim().yaw,
                    FaceHint::CloseEyes => aim.lids = 1.0,
                    FaceHint::ComeCloser => aim.nearer = Nearer.aim().nearer,
                    FaceHint::OpenMouth => aim.mouth = Mouth.aim().mouth,
                    FaceHint::CloseMouth => aim.mouth = 0.0,
                    FaceHint::LookStraight | FaceHint::OpenEyes => (aim.yaw, aim.lids) = (0.0, 0.0),
                    FaceHint::MoveBack => aim.nearer = 0.0,
                    _ => {}
                }
            }
            let fidget = self.fidgets.iter().find(|(from, _, long)| (*from..*from + *long).contains(&at));
            body.pose(
                at,
                match fidget {
                    // One speaks and turns at once.
                    Some((_, Mouth, _)) => Pose { mouth: Mouth.aim().mouth, ..aim },
                    Some((_, motion, _)) => motion.aim(),
                    None => aim,
                },
            )
        })
    }
}

#[test]
fn whoever_does_as_asked_passes_in_a_quarter_of_a_minute() {
    let mut times = Vec::new();
    for seed in 0..300 {
        let reaction = Duration::from_millis(300 + seed % 12 * 100);
        let found = Person { reaction, ..Person::usual() }.tried(Tempo::Usual, seed).unwrap();
        assert_eq!((found.shown, found.mistakes), (4, 0));
        times.push(found.took);
    }
    times.sort();
    let [median, slow] = [times[150], times[285]].map(|time| time.as_secs());
    assert!((13..=18).contains(&median) && slow <= 21, "{median} s, 95 % in {slow} s");
}

#[test]
fn looking_aside_and_taking_left_for_right_costs_one_more_movement() {
    let (second, seconds) = (Duration::from_secs(1), Duration::from_secs);
    let aside = Person { fidgets: vec![(seconds(6), Left, second)], ..Person::usual() };
    let asleep = Person { fidgets: vec![(seconds(6), Shut, second)], ..Person::usual() };
    let confused = Person { takes_left_for_right: 1, ..Person::usual() };
    for person in [aside, asleep, confused] {
        let found: Vec<Tried> = (0..200).map(|seed| person.tried(Tempo::Usual, seed).unwrap()).collect();
        assert!(found.iter().all(|found| found.shown == 4 + usize::from(found.mistakes)));
        let more = found.iter().filter(|found| found.mistakes > 0).count();
        assert!(more >= 100, "{more}");
    }
    let mirrored = Person { takes_left_for_right: 9, ..Person::usual() };
    assert!((0..50).all(|seed| mirrored.tried(Tempo::Usual, seed).err() == Some(NotLive::OtherWay)));
}

#[test]
fn whoever_speaks_makes_no_mistake() {
    let word = Duration::from_millis(300);
    let words = (0..60).map(|number| (Duration::from_millis(700) * number, Mouth, word)).collect();
    let talks = Person { fidgets: words, ..Person::usual() };
    let long = Duration::from_millis(900);
    let yawns = Person { fidgets: vec![(Duration::from_secs(6), Mouth, long)], ..Person::usual() };
    let mistakes = |person: &Person| -> u32 {
        (0..100).map(|seed| person.tried(Tempo::Usual, seed).map_or(9, |found| found.mistakes.into())).sum()
    };
    assert_eq!(mistakes(&talks), 0);
    let yawned = mistakes(&yawns);
    assert!((10..=100).contains(&yawned), "{yawned}");
}

/// Nobody waits in vain: each is told what to do, and heeds it or is not.
#[test]
fn whoever_looks_aside_squints_or_keeps_the_eyes_shut_is_told_so() {
    let poses = [
        (Pose { yaw: 14.0, ..Pose::default() }, FaceHint::LookStraight),
        (Pose { lids: 0.4, ..Pose::default() }, FaceHint::OpenEyes),
        (Pose { nearer: 0.15, ..Pose::default() }, FaceHint::MoveBack),
        (Pose { mouth: 0.11, ..Pose::default() }, FaceHint::CloseMouth),
    ];
    for (pose, expected) in poses {
        let mut ended = Duration::ZERO;
        let why = tried(Tempo::Usual, 1, |at, hint| {
            assert!(at < Duration::from_secs(1) || hint == expected, "{at:?}: {hint:?}");
            ended = at;
            pose
        });
        assert!(why.err() == Some(NotLive::NotDone) && ended < Duration::from_secs(9), "{ended:?}");
    }
    let mut asleep = 0;
    // Of twelve of 152 challenges it is the first movement.
    for seed in 0..200 {
        let mut shut = Duration::MAX;
        let why = tried(Tempo::Usual, seed, |at, hint| {
            shut = if hint == FaceHint::CloseEyes { shut.min(at) } else { shut };
            assert!(at.saturating_sub(shut) < Duration::from_secs(10), "{at:?}");
            if at >= shut { Shut.aim() } else { Pose::default() }
        });
        assert!(why.is_err());
        asleep += u32::from(shut != Duration::MAX);
    }
    assert!(asleep > 5, "{asleep}");
}

#[test]
fn covering_the_lens_costs_a_movement_each_time_and_ends_the_try() {
    let mut draw = drawing(1);
    let mut challenge = Challenge::draw(Tempo::Gentle, false, &mut draw);
    challenge.shown();
    assert_eq!(challenge.leave_out(&mut draw), Ok(()));
    for mistakes in 1..=2 {
        challenge = challenge.begin_anew(&mut draw).unwrap();
        assert_eq!((challenge.left(), challenge.mistakes()), (4 + usize::from(mistakes), mistakes));
    }
    assert!(challenge.begin_anew(&mut draw).is_none());
}

/// A print turns, and its nose stays in the plane: with a passive model it might go on gently
/// with eyes that are cut out.
#[test]
fn gently_two_flat_turns_are_a_picture() {
    let pose = |hint| match hint {
        FaceHint::TurnLeft => Left.aim(),
        FaceHint::TurnRight => Right.aim(),
        FaceHint::CloseEyes => Shut.aim(),
        FaceHint::ComeCloser => Nearer.aim(),
        FaceHint::OpenMouth => Mouth.aim(),
        _ => Pose::default(),
    };
    for seed in 0..50 {
        let mut body = Body::default();
        let why = tried_with(Tempo::Gentle, seed, (0.0, false), |at, hint| body.pose(at, pose(hint))).err();
        assert_eq!(why, Some(NotLive::Flat), "{seed}");
    }
}

#[test]
fn gently_two_kinds_of_movement_may_not_come_at_all() {
    let pairs = [
        [FaceHint::CloseEyes, FaceHint::ComeCloser],
        [FaceHint::TurnLeft, FaceHint::CloseEyes],
        [FaceHint::TurnLeft, FaceHint::TurnRight],
        [FaceHint::OpenMouth, FaceHint::CloseEyes],
    ];
    for cannot in pairs {
        let (reaction, alone) = (Duration::from_secs(3), false);
        let person = Person { cannot: cannot.to_vec(), reaction, alone, ..Person::usual() };
        let mut longest = Duration::ZERO;
        for seed in 0..100 {
            let found = person.tried(Tempo::Gentle, seed).unwrap();
            assert!((4..=6).contains(&found.shown) && found.mistakes == 0, "{}", found.shown);
            longest = longest.max(found.took);
        }
        assert!(longest < Duration::from_secs(90), "{longest:?}");
        // Of 152 challenges 56 hold neither shut eyes nor a step, fewer none of another pair.
        let usual = (0..100).filter(|&seed| person.tried(Tempo::Usual, seed).is_ok()).count();
        assert!(usual < 50, "{usual}");
    }
}

/// Whoever cannot pass any more is not asked for more.
#[test]
fn gently_and_without_a_passive_model_a_turn_and_the_mouth_are_needed() {
    for (cannot, is_needed) in [
        (vec![FaceHint::OpenMouth], true),
        (vec![FaceHint::TurnLeft, FaceHint::TurnRight], true),
        (vec![FaceHint::TurnLeft, FaceHint::ComeCloser], false),
        (vec![FaceHint::CloseEyes, FaceHint::ComeCloser], false),
    ] {
        let person = Person { cannot, ..Person::usual() };
        for seed in 0..100 {
            let why = person.tried(Tempo::Gentle, seed).err();
            assert_eq!(why, is_needed.then_some(NotLive::TooLittle), "{:?}", person.cannot);
        }
    }
}

/// Somebody looks over the shoulder for longer than a movement may take: nobody is blamed for it.
#[test]
fn time_in_which_somebody_else_is_seen_does_not_count() {
    let (config, mut draw) = (LivenessConfig::documented(), drawing(1));
    let rest = [0; 3].map(|_| seen(Duration::ZERO, Pose::default(), NOSE));
    let challenge = Challenge::draw(Tempo::Usual, true, &mut draw);
    let mut trial = Trial::new(challenge, Rest::of(&rest), Duration::ZERO, &mut draw);
    let at = |tenths: u64| Duration::from_millis(100 * tenths);
    let still = |tenths| seen(at(tenths), Pose::default(), NOSE);
    let asked = (0..100).find(|&tenths| {
        !matches!(
            trial.see(&still(tenths), &config, &mut draw),
            Said::Go(FaceHint::HoldStill | FaceHint::LookStraight)
        )
    });
    let asked = asked.unwrap();
    for tenths in asked + 1..asked + 95 {
        trial.disturbed(at(tenths));
    }
    assert!(!matches!(trial.see(&still(asked + 95), &config, &mut draw), Said::Failed(_)));
    // Alone again they have their whole time, and no more.
    let failed = (asked + 96..asked + 300)
        .find(|&tenths| trial.see(&still(tenths), &config, &mut draw) == Said::Failed(NotLive::NotDone));
    assert!((75..85).contains(&(failed.unwrap() - asked - 95)), "{failed:?}");
}

/// The best films of `the_best_film_of_many`, some of rules that were weaker once: the first
/// passed 49 of 100 tries while there were three movements, both turns among them, and nothing
/// but a wrong turn counted against whoever shows it; gently, the second passed all, and the
/// third, which waits, 6 while nothing was asked for in exchange for what does not come. None of
/// the first nine opens its mouth, for that was not asked for.
fn luckiest() -> Vec<Film> {
    vec![
        vec![
            (Motion::Rest, 2400),
            (Nearer, 1800),
            (Shut, 1400),
            (Nearer, 2500),
            (Left, 1100),
            (Motion::Rest, 900),
            (Nearer, 3100),
            (Shut, 800),
            (Nearer, 3000),
            (Shut, 700),
            (Right, 2500),
        ],
        vec![(Nearer, 3000), (Motion::Rest, 700), (Left, 2100), (Shut, 1100), (Shut, 4500)],
        vec![
            (Motion::Rest, 12_700),
            (Shut, 600),
            (Motion::Rest, 2900),
            (Shut, 900),
            (Nearer, 2300),
            (Right, 800),
            (Motion::Rest, 2100),
            (Right, 1200),
        ],
        vec![
            (Shut, 200),
            (Motion::Rest, 16_100),
            (Shut, 900),
            (Nearer, 2300),
            (Motion::Rest, 2100),
            (Right, 1200),
            (Nearer, 900),
        ],
        vec![(Motion::Rest, 2200), (Right, 2600)],
        vec![(Motion::Rest, 2700), (Left, 700), (Motion::Rest, 6000)],
        vec![(Motion::Rest, 2900), (Left, 1800), (Motion::Rest, 3800)],
        vec![(Motion::Rest, 2600), (Shut, 200), (Motion::Rest, 2100), (Right, 500), (Motion::Rest, 700)],
        vec![(Motion::Rest, 1600), (Left, 1000), (Motion::Rest, 1600), (Right, 1000)],
        // In every order, slowly.
        [Left, Shut, Right, Nearer, Mouth, Left, Right, Shut, Nearer, Mouth]
            .into_iter()
            .flat_map(|motion| [(motion, 1200), (Motion::Rest, 2400)])
            .collect(),
        vec![
            (Left, 200),
            (Motion::Rest, 1700),
            (Mouth, 200),
            (Right, 2000),
            (Shut, 2000),
            (Motion::Rest, 3100),
            (Mouth, 2100),
            (Motion::Rest, 800),
        ],
    ]
}

#[test]
fn few_tries_are_passed_by_the_luckiest_films() {
    for tempo in [Tempo::Usual, Tempo::Gentle] {
        for film in luckiest() {
            let passed = passes(tempo, &film, 0..1000);
            assert!(passed <= 30, "{passed} of 1000, {tempo:?}: {film:?}");
        }
    }
}

/// `cargo test -p face the_best_film -- --ignored --nocapture`
#[test]
#[ignore = "measures, and asserts nothing"]
fn the_best_film_of_many() {
    for tempo in [Tempo::Usual, Tempo::Gentle] {
        let mut draw = drawing(1);
        let part = |draw: &mut Draw| {
            let (longest, motion) = ([30, 30, 30, 180][draw.below(4)], Motion::ALL[draw.below(6)]);
            (motion, 200 + 100 * draw.below(longest) as u64)
        };
        let mut best: BTreeMap<Vec<u64>, (usize, Film)> = BTreeMap::new();
        let mut next: Vec<Film> =
            (0..300).map(|_| (0..2 + draw.below(9)).map(|_| part(&mut draw)).collect()).collect();
        next.extend(luckiest());
        for _ in 0..16 {
            for film in next.drain(..) {
                let key = film.iter().map(|(motion, long)| *motion as u64 + 10 * long).collect();
                best.entry(key).or_insert_with(|| (passes(tempo, &film, 0..1500), film));
            }
            let mut leading: Vec<_> = best.values().cloned().collect();
            leading.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
            for (_, film) in leading.iter().take(20) {
                for _ in 0..8 {
                    let (mut film, place) = (film.clone(), draw.below(film.len()));
                    match draw.below(4) {
                        0 => film[place] = part(&mut draw),
                        1 => film.insert(place, part(&mut draw)),
                        2 if film.len() > 2 => drop(film.remove(place)),
                        _ => film[place].1 = part(&mut draw).1,
                    }
                    next.push(film);
                }
            }
            if let Some((count, film)) = leading.first() {
                // Counted anew: the best of many was lucky as well.
                println!(
                    "{tempo:?}: {count} of 1500, {} of 10000: {film:?}",
                    passes(tempo, film, 9000..19_000)
                );
            }
        }
    }
}
