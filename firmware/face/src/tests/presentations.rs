//! Living people and attacks before the camera, each for several challenges.

use std::time::Duration;

use devices::{FrameSource, Pixels};
use simulators::{
    face_camera::{CameraSetup, FaceCamera, Pace},
    people::People,
    presentation::{Motion, Presentation, Prompter},
};

use super::{ENGINE, photograph, photographs};
use crate::{
    CameraEvidence, FaceConfig, FaceHint, LivenessEvidence, NoMatch, NotLive, PassiveEvidence, PassiveModel,
    Task, Tempo, Why, session::Session,
};

fn word(hint: FaceHint) -> String {
    serde_json::to_value(hint).unwrap().as_str().unwrap().to_owned()
}

/// One try of whoever is presented, at the card of that person.
fn tried(
    person: &str,
    presentation: Presentation,
    (tempo, seed): (Tempo, u8),
    obey: impl Fn(FaceHint) -> Option<Motion>,
) -> Result<CameraEvidence, NoMatch> {
    let people = People::load(&photographs()).unwrap();
    let found = people.person(person).unwrap();
    let setup = CameraSetup {
        pixels: Pixels::Rgb8,
        pace: Pace::Instant,
        frames_per_second: 10,
        ..CameraSetup::default()
    };
    let prompter = Prompter::default();
    let live = photographs().join(&found.live);
    let mut camera =
        FaceCamera::presenting(&live, found.live_features, presentation, prompter.clone(), setup).unwrap();
    let portrait = photograph(&format!("{person}-portrait.jpg"));
    let reference = ENGINE.portrait_template(&portrait).unwrap();
    let config = impatient();
    let mut session = Session::new(&ENGINE, &reference, &config, 1, (tempo, [seed; 32]));
    camera.start().unwrap();
    let mut told = None;
    loop {
        let look = session.look(&camera.next_frame(Duration::ZERO).unwrap()).unwrap();
        if told != Some(look.hint) {
            told = Some(look.hint);
            if let Some(motion) = obey(look.hint) {
                prompter.tell(motion);
            }
        }
        if look.finished {
            return session.decide();
        }
    }
}

/// As documented, but that nobody is waited for long.
fn impatient() -> FaceConfig {
    let mut config = FaceConfig::documented();
    config.liveness.task_seconds = 2.0;
    config.liveness.gentle_task_seconds = 2.5;
    config.liveness.pause_seconds = [0.2, 0.5];
    config
}

fn as_asked(hint: FaceHint) -> Option<Motion> {
    Motion::of_word(&word(hint))
}

#[test]
fn a_living_person_who_does_as_asked_is_matched() {
    for seed in 1..=3 {
        let found = tried("khue", Presentation::Living, (Tempo::Usual, seed), as_asked).unwrap();
        let LivenessEvidence { tempo, tasks, relief, passive, restarts } = found.liveness;
        assert_eq!((tempo, tasks.len(), relief.len(), restarts), (Tempo::Usual, 3, 2, 0));
        assert!(relief.iter().all(|relief| relief.ten_thousandths() >= 1000), "{relief:?}");
        assert_eq!(passive, PassiveEvidence::NotInstalled);
        assert!(found.score >= found.threshold && found.frames_compared == 4);
    }
}

/// What each attack is refused for. Pictures that answer to the movements of a turn never
/// show enough of it; films do not know what is asked for.
#[test]
fn no_picture_or_film_is_a_living_person() {
    for attack in Presentation::ATTACKS.into_iter().filter(|&attack| attack != Presentation::SteeredFilm) {
        let refused = tried("khue", attack, (Tempo::Usual, 1), as_asked).unwrap_err();
        let Why::NotLive(why) = refused.why else { panic!("{attack:?}: {refused:?}") };
        let filmed = matches!(attack, Presentation::Film | Presentation::InjectedFilm);
        assert!(filmed || matches!(why, NotLive::NotDone | NotLive::Flat), "{attack:?}: {why:?}");
        // It was the right face: liveness alone refuses it.
        assert!(refused.score.is_some_and(|score| score.ten_thousandths() >= 4600), "{attack:?}");
        assert_eq!(refused.fault(), faults::Fault::FaceNotLive);
    }
}

/// A known weak spot: without the passive model, a film that somebody steers while the kiosk
/// asks is taken for a living person. Should this test ever fail, SECURITY.md says too little.
#[test]
fn a_steered_film_passes_without_the_passive_model() {
    tried("khue", Presentation::SteeredFilm, (Tempo::Usual, 1), as_asked).unwrap();
}

#[test]
fn whoever_turns_the_other_way_is_asked_again_in_another_try() {
    let mirrored = |hint| match hint {
        FaceHint::TurnLeft => Some(Motion::TurnRight),
        FaceHint::TurnRight => Some(Motion::TurnLeft),
        other => as_asked(other),
    };
    let refused = tried("khue", Presentation::Living, (Tempo::Usual, 2), mirrored).unwrap_err();
    assert_eq!(refused.why, Why::NotLive(NotLive::OtherWay));
}

#[test]
fn gently_another_movement_is_asked_for_instead_of_one_that_does_not_come() {
    let cannot =
        |left_out: [FaceHint; 2]| move |hint| if left_out.contains(&hint) { None } else { as_asked(hint) };
    // Blind or with an eyelid that does not close, and in a chair that does not move.
    let still = cannot([FaceHint::CloseEyes, FaceHint::ComeCloser]);
    let found = tried("khue", Presentation::Living, (Tempo::Gentle, 4), still).unwrap();
    assert_eq!(found.liveness.tempo, Tempo::Gentle);
    let mut tasks = found.liveness.tasks;
    tasks.sort_by_key(|task| *task as u8);
    assert_eq!(tasks, [Task::TurnLeft, Task::TurnRight]);
    // Whoever cannot turn the head shows no relief: the passive model would have to agree.
    let stiff = cannot([FaceHint::TurnLeft, FaceHint::TurnRight]);
    let refused = tried("khue", Presentation::Living, (Tempo::Gentle, 4), stiff).unwrap_err();
    assert_eq!(refused.why, Why::NotLive(NotLive::TooLittle));
}

#[test]
fn a_machine_that_must_have_the_passive_model_judges_nobody_without_it() {
    let mut config = FaceConfig::documented();
    config.liveness.passive_model = PassiveModel::Required;
    let reference = ENGINE.portrait_template(&photograph("khue-portrait.jpg")).unwrap();
    let session = Session::new(&ENGINE, &reference, &config, 1, (Tempo::Usual, [1; 32]));
    let refused = session.decide().unwrap_err();
    assert_eq!((refused.why, refused.fault()), (Why::NoPassiveModel, faults::Fault::ModelMissing));
}
