//! A pack of models that an operator installs in the passive model's place. The one of the tests
//! (`face/tests/pack/make.py`) knows nothing of faces: what is bluish is a picture to it. So this says
//! that a pack is asked and obeyed, and nothing about the real one.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use sha2::{Digest, Sha256};
use simulators::presentation::Presentation;
use tempfile::TempDir;

use super::{
    models, photograph,
    presentations::{Try, as_asked, cannot, impatient},
};
use crate::{Engine, FaceError, FaceHint, NotLive, PassiveEvidence, PassiveModel, Tempo, Timings, Why};

/// What a board's settings would say.
static PIN: LazyLock<String> = LazyLock::new(|| sha256(&pack().join("manifest.toml")));
static ENGINE: LazyLock<Engine> = LazyLock::new(|| with(&pack(), &PIN).unwrap());

fn pack() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pack")
}

fn sha256(file: &Path) -> String {
    hex::encode(Sha256::digest(fs::read(file).unwrap()))
}

fn with(folder: &Path, pin: &str) -> Result<Engine, FaceError> {
    Engine::load(&models()).unwrap().with_passive_model(folder, pin)
}

/// A copy in which something can be changed.
fn copied() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in ["manifest.toml", "near.onnx", "wide.onnx"] {
        fs::copy(pack().join(file), folder.path().join(file)).unwrap();
    }
    folder
}

/// A warm picture, and the same person before a camera that sees too much blue, though not so
/// much that the quality would be refused.
fn living(tint: [f32; 3]) -> Try {
    let mut config = impatient();
    config.liveness.passive_model = PassiveModel::Required;
    Try { engine: &ENGINE, config, tint, ..Try::of(Presentation::Living) }
}

const WARM: [f32; 3] = [1.0; 3];
const BLUISH: [f32; 3] = [0.7, 0.85, 1.0];

#[test]
fn a_pack_that_agrees_is_in_the_record_with_the_hashes_of_its_files() {
    let found = living(WARM).result(as_asked).unwrap();
    let PassiveEvidence::Installed { live, files } = found.liveness.passive else { panic!("not asked") };
    assert!(live.ten_thousandths() >= 9900, "{live:?}");
    assert_eq!(files, ["near.onnx", "wide.onnx"].map(|file| sha256(&pack().join(file))));
}

#[test]
fn what_the_pack_takes_for_a_picture_is_refused_though_it_moved_as_asked() {
    let refused = living(BLUISH).result(as_asked).unwrap_err();
    assert_eq!((refused.why, refused.frames_compared), (Why::NotLive(NotLive::Picture), 4));
    assert_eq!((refused.why.word(), refused.fault()), ("picture", faults::Fault::FaceNotLive));
    // It was the right face, and without the pack it is a living one.
    assert!(refused.score.is_some_and(|score| score.ten_thousandths() >= 4600));
    Try { engine: &super::ENGINE, config: impatient(), ..living(BLUISH) }.result(as_asked).unwrap();
}

/// Whoever cannot turn the head shows no relief; the pack answers for them instead.
#[test]
fn gently_no_turn_is_needed_where_the_pack_agrees() {
    let stiff = cannot([FaceHint::TurnLeft, FaceHint::TurnRight]);
    let gently = |tint| Try { tempo: Tempo::Gentle, seed: 4, ..living(tint) };
    let found = gently(WARM).result(&stiff).unwrap();
    assert!(found.liveness.relief.is_empty() && found.liveness.tasks.iter().all(|task| !task.is_turn()));
    let refused = gently(BLUISH).result(&stiff).unwrap_err();
    assert_eq!(refused.why, Why::NotLive(NotLive::Picture));
}

#[test]
fn only_the_very_pack_that_was_meant_is_loaded() {
    let other = PIN.replace(char::is_alphabetic, "0");
    assert!(matches!(with(&pack(), &other), Err(FaceError::ModelAltered { found, .. }) if found == *PIN));
    let folder = copied();
    with(folder.path(), &PIN).unwrap();
    let file = folder.path().join("wide.onnx");
    let mut bytes = fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&file, bytes).unwrap();
    let refused = with(folder.path(), &PIN).err();
    assert!(matches!(refused, Some(FaceError::ModelAltered { path, .. }) if path == file));
    fs::remove_file(&file).unwrap();
    assert!(matches!(with(folder.path(), &PIN), Err(FaceError::ModelUnreadable { .. })));
}

/// A model of another kind answers no question about living.
#[test]
fn a_model_with_another_count_of_classes_is_unusable() {
    let folder = copied();
    let (file, list) = (folder.path().join("wide.onnx"), folder.path().join("manifest.toml"));
    let before = sha256(&file);
    fs::copy(pack().join("two-classes.onnx"), &file).unwrap();
    fs::write(&list, fs::read_to_string(&list).unwrap().replace(&before, &sha256(&file))).unwrap();
    let engine = with(folder.path(), &sha256(&list)).unwrap();
    let (picture, mut timings) = (photograph("khue-live.jpg"), Timings::default());
    let faces = engine.faces(&picture, &mut timings).unwrap();
    let refused = engine.live(&picture, &faces[0], &mut timings).unwrap_err();
    assert!(matches!(refused, FaceError::ModelUnusable { model: "passive-wide", .. }), "{refused}");
    assert_eq!(refused.fault(), faults::Fault::ModelMissing);
}
