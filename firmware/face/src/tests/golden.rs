//! Each model gives what the reference runtime gives on the same input. The files in
//! `golden/` were made by `golden/make.py` with onnxruntime out of the inputs that
//! `writes_the_inputs_of_the_golden_files` writes; the inputs come out of our own
//! alignment, so a change of the resampler is seen here too.

use std::{env, fs, path::PathBuf};

use super::{ENGINE, models, photograph};
use crate::{
    FaceError,
    align::Crop,
    detect::{self, planes},
    engine::Engine,
    mesh::{self, Mesh},
    picture::shrink,
    template::{Template, aligned},
    timing::Timings,
};

fn golden(name: &str) -> Vec<f32> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden").join(name);
    let bytes = fs::read(path).unwrap();
    bytes.chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect()
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

/// The inputs of the three models for one photograph.
struct Inputs {
    detector: (Vec<f32>, usize, usize),
    recogniser: Crop,
    landmarks: (Crop, f32),
}

fn inputs() -> Inputs {
    let picture = photograph("khue-portrait.jpg");
    let small = shrink(&picture, [0, 0, 480, 640], 96, 128);
    let (values, width, height) = planes(&small);
    let face = ENGINE.faces(&picture, &mut Timings::default()).unwrap().remove(0);
    let near = detect::nearer(&ENGINE.detector, &picture, &face).unwrap();
    Inputs {
        detector: (values.to_vec(), width, height),
        recogniser: aligned(&picture, &near),
        landmarks: mesh::crop(&picture, &face),
    }
}

#[test]
fn the_recogniser_agrees_with_the_reference_runtime() {
    let template = Template::of(&ENGINE.recogniser, &inputs().recogniser).unwrap();
    let likeness = cosine(template.numbers(), &golden("sface.f32"));
    assert!(likeness >= 0.9999, "{likeness}");
}

#[test]
fn the_landmarks_agree_with_the_reference_runtime() {
    let (crop, turned) = inputs().landmarks;
    let mesh = Mesh::of(&ENGINE.landmarks, &crop, turned).unwrap();
    let expected = golden("mesh.f32");
    let worst = mesh.values().iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert_eq!(mesh.values().len(), expected.len());
    assert!(worst < 0.01, "a point is {worst} pixels away");
}

#[test]
fn the_detector_agrees_with_the_reference_runtime() {
    let (values, width, height) = inputs().detector;
    let outputs = ENGINE.detector.run(&values, width, height).unwrap();
    let found: Vec<f32> = outputs.iter().flat_map(|values| values.iter().copied()).collect();
    let expected = golden("yunet.f32");
    let worst = found.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert_eq!(found.len(), expected.len());
    assert!(worst < 0.001, "{worst}");
}

/// Run with `KIOSK_GOLDEN=DIR cargo test -p face writes_the_inputs -- --ignored`, then
/// `golden/make.py DIR`.
#[test]
#[ignore = "writes files, for whoever makes the golden files anew"]
fn writes_the_inputs_of_the_golden_files() {
    let folder = PathBuf::from(env::var_os("KIOSK_GOLDEN").unwrap());
    let inputs = inputs();
    let write = |name: &str, values: &[f32]| {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        fs::write(folder.join(name), bytes).unwrap();
    };
    write("yunet.in", &inputs.detector.0);
    write("sface.in", &inputs.recogniser.planes);
    write("mesh.in", &inputs.landmarks.0.planes);
    assert_eq!((inputs.detector.1, inputs.detector.2), (96, 128), "make.py knows this size");
}

#[test]
fn a_missing_or_altered_model_file_is_one_clear_error() {
    let folder = tempfile::tempdir().unwrap();
    let refused = || match Engine::load(folder.path()) {
        Err(error) => error,
        Ok(_) => panic!("it was loaded"),
    };
    assert!(matches!(refused(), FaceError::ModelUnreadable { .. }), "no manifest");
    for file in fs::read_dir(models()).unwrap().map(Result::unwrap) {
        fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
    }
    let model = folder.path().join("face-landmarks-478.onnx");
    let mut bytes = fs::read(&model).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&model, &bytes).unwrap();
    let error = refused();
    assert!(matches!(error, FaceError::ModelAltered { .. }));
    assert_eq!(error.fault(), faults::Fault::ModelMissing);
    fs::remove_file(&model).unwrap();
    let error = refused();
    assert!(matches!(error, FaceError::ModelUnreadable { .. }));
    assert!(error.to_string().contains("face-landmarks-478.onnx"), "{error}");
    fs::write(folder.path().join("manifest.toml"), "model = []").unwrap();
    assert!(matches!(refused(), FaceError::Manifest { .. }));
}
