//! Each model gives, number by number, what the reference runtime gives on the same input
//! and the same file. `golden/` was made by `golden/make.py` with onnxruntime out of the
//! inputs that `writes_the_inputs_of_the_golden_files` writes; that they are the same, to
//! the bit, is told by their hash, so a change of the resampler is seen here too.
//!
//! The worst differences of these and of more inputs stand in README.md.

use std::{collections::BTreeMap, env, fs, path::PathBuf};

use serde::Deserialize;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{ENGINE, models, photograph};
use crate::{
    FaceError,
    align::{Crop, Point},
    detect::Face,
    engine::Engine,
    mesh::{Mesh, SIDE},
    models::Role,
    numerics::ModelInput,
    template::Template,
};

/// No number of any model may differ by more: of the detector's certainties, of its places in
/// cells of its grids, of the recogniser's raw numbers (up to 4) and its template's, of the
/// mesh's points in pixels of its crop, and of its logit.
const MOST: f32 = 1e-3;
const ROLES: [Role; 3] = [Role::Detector, Role::Recogniser, Role::Landmarks];

/// Faces of the photographs in whole pixels: box (left, top, width, height) and points. Written
/// down and not found, and with level eyes, so that neither a processor's last bit nor a C
/// library's sine changes an input.
const FACES: [(&str, [f32; 4], [Point; 5]); 6] = [
    (
        "dat-live",
        [434., 185., 281., 384.],
        [[519., 333.], [655., 333.], [590., 416.], [520., 466.], [644., 472.]],
    ),
    (
        "dat-portrait",
        [135., 116., 224., 296.],
        [[204., 236.], [313., 236.], [266., 304.], [209., 342.], [306., 342.]],
    ),
    (
        "hieu-live",
        [384., 161., 226., 275.],
        [[441., 265.], [549., 265.], [491., 319.], [446., 361.], [543., 363.]],
    ),
    (
        "hieu-portrait",
        [139., 147., 206., 252.],
        [[191., 242.], [291., 242.], [237., 292.], [195., 330.], [285., 332.]],
    ),
    (
        "khue-live",
        [645., 259., 268., 345.],
        [[729., 390.], [853., 390.], [796., 456.], [731., 509.], [845., 513.]],
    ),
    (
        "khue-portrait",
        [126., 92., 232., 315.],
        [[183., 208.], [298., 208.], [242., 271.], [193., 320.], [302., 315.]],
    ),
];

/// What `golden/make.py` notes about each model.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Made {
    runtime: String,
    model: BTreeMap<String, Files>,
}

/// The SHA-256 of the model's file, and of each input by its name.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Files {
    sha256: String,
    inputs: BTreeMap<String, String>,
}

fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden").join(name)
}

fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

const OURS: &str = "golden files are of the models in the tree";

/// All inputs of a model by their names: every photograph, noise and plain grey.
fn inputs(role: Role) -> BTreeMap<String, ModelInput> {
    let mut inputs: BTreeMap<_, _> = FACES
        .iter()
        .map(|(name, [left, top, width, height], points)| {
            let picture = photograph(&format!("{name}.jpg"));
            let (left, top, width, height) = (*left, *top, *width, *height);
            let face = Face { certainty: 1.0, left, top, width, height, points: *points };
            let input = match role {
                Role::Detector => ModelInput::detector(&picture, 128),
                Role::Recogniser => ModelInput::recogniser(&picture, &face),
                Role::Landmarks => ModelInput::landmarks(&picture, &face),
                Role::PassiveNear | Role::PassiveWide => unreachable!("{OURS}"),
            };
            ((*name).to_owned(), input)
        })
        .collect();
    let mut chance = 0x2545_F491_4F6C_DD1D_u64;
    let noise = std::iter::repeat_with(|| {
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        (chance >> 56) as u8
    });
    inputs.insert("noise".into(), of_bytes(role, noise));
    inputs.insert("grey".into(), of_bytes(role, std::iter::repeat(128)));
    inputs
}

fn of_bytes(role: Role, bytes: impl Iterator<Item = u8>) -> ModelInput {
    let (width, height, white) = match role {
        Role::Detector => (128, 96, 1.0),
        Role::Recogniser => (112, 112, 1.0),
        Role::Landmarks => (SIDE, SIDE, 255.0),
        Role::PassiveNear | Role::PassiveWide => unreachable!("{OURS}"),
    };
    let values = bytes.take(3 * width * height).map(|byte| f32::from(byte) / white).collect();
    ModelInput { role, width, height, values }
}

/// An input of a model with what our runtime and onnxruntime give for it.
struct Case {
    name: String,
    input: ModelInput,
    found: Vec<f32>,
    expected: Vec<f32>,
}

fn cases(role: Role) -> Vec<Case> {
    let made: Made = toml::from_str(&fs::read_to_string(golden("made.toml")).unwrap()).unwrap();
    let files = &made.model[role.name()];
    assert_eq!(files.sha256, ENGINE.net(role).sha256(), "{} ran another file", made.runtime);
    let inputs = inputs(role);
    assert_eq!(inputs.keys().collect::<Vec<_>>(), files.inputs.keys().collect::<Vec<_>>());
    let outputs = fs::read(golden(&format!("{}.f32", role.name()))).unwrap();
    let mut outputs = outputs.chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap()));
    let cases = inputs
        .into_iter()
        .map(|(name, input)| {
            let hash = hex::encode(Sha256::digest(bytes(&input.values)));
            assert_eq!(hash, files.inputs[&name], "{name}: not the input that {} was given", made.runtime);
            let found = ENGINE.run_model(&input).unwrap();
            let expected = outputs.by_ref().take(found.len()).collect();
            Case { name, input, found, expected }
        })
        .collect();
    assert_eq!(outputs.next(), None);
    cases
}

fn worst(found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len());
    // `f32::max` passes over what is no number; `total_cmp` puts it on top.
    let differences = found.iter().zip(expected).map(|(a, b)| (a - b).abs());
    differences.max_by(f32::total_cmp).unwrap()
}

fn normalised(raw: &[f32]) -> Vec<f32> {
    let length = raw.iter().map(|value| value * value).sum::<f32>().sqrt();
    raw.iter().map(|value| value / length).collect()
}

#[test]
fn every_number_of_every_model_is_the_reference_runtimes() {
    for role in ROLES {
        let mut most = 0.0_f32;
        for Case { name, found, expected, .. } in cases(role) {
            let worst = worst(&found, &expected);
            assert!(worst <= MOST, "{}, {name}: a number differs by {worst}", role.name());
            most = most.max(worst);
        }
        println!("{}: {most:.1e} at most", role.name());
    }
}

#[test]
fn templates_are_the_reference_runtimes_brought_to_length_one() {
    for Case { name, input, expected, .. } in cases(Role::Recogniser) {
        let crop = Crop { side: input.width, planes: Zeroizing::new(input.values) };
        let template = Template::of(&ENGINE.recogniser, &crop).unwrap();
        let worst = worst(template.numbers(), &normalised(&expected));
        assert!(worst <= MOST, "{name}: {worst}");
    }
}

#[test]
fn the_mesh_keeps_the_models_points_as_they_are() {
    for Case { name, input, expected, .. } in cases(Role::Landmarks) {
        let crop = Crop { side: input.width, planes: Zeroizing::new(input.values) };
        let mesh = Mesh::of(&ENGINE.landmarks, &crop, 0.0).unwrap();
        let (points, logit) = expected.split_at(mesh.values().len());
        assert!(worst(mesh.values(), points) <= MOST, "{name}");
        assert!((mesh.presence - 1.0 / (1.0 + (-logit[0]).exp())).abs() <= MOST, "{name}");
    }
}

/// Run with `KIOSK_GOLDEN=DIR cargo test -p face writes_the_inputs -- --ignored`, then
/// `golden/make.py DIR`.
#[test]
#[ignore = "writes files, for whoever makes the golden files anew"]
fn writes_the_inputs_of_the_golden_files() {
    let folder = PathBuf::from(env::var_os("KIOSK_GOLDEN").unwrap());
    for role in ROLES {
        for (name, input) in inputs(role) {
            let file = format!("{}.{name}.{}x{}.in", role.name(), input.width, input.height);
            fs::write(folder.join(file), bytes(&input.values)).unwrap();
        }
    }
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

/// A pack that an operator installs is the very one that the board names, or the kiosk does not
/// start; which of its files is not as listed is said.
#[test]
fn a_passive_pack_that_is_not_the_pinned_one_is_one_clear_error() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("manifest.toml");
    let pin = |text: &str| hex::encode(Sha256::digest(text));
    let refused = |sha256: &str| {
        let engine = Engine::load(&models()).unwrap().with_passive_model(folder.path(), sha256);
        let error = engine.err().expect("the pack is refused");
        assert_eq!(error.fault(), faults::Fault::ModelMissing);
        error
    };
    assert!(matches!(refused(&pin("")), FaceError::ModelUnreadable { path, .. } if path == list));
    fs::write(&list, "model = []").unwrap();
    let other = refused(&pin("model = [ ]"));
    assert!(
        matches!(&other, FaceError::ModelAltered { path, found } if *path == list && *found == pin("model = []"))
    );
    // The list is the one that is meant, and lists no model of a pack.
    let none = refused(&pin("model = []"));
    assert!(
        matches!(&none, FaceError::Manifest { .. }) && none.to_string().contains("exactly one"),
        "{none}"
    );
    // It lists two, of which one is missing, then altered.
    let [near, wide] = [("near.onnx", "passive-near"), ("wide.onnx", "passive-wide")];
    let entry = |(file, role): (&str, &str), sha256: &str| {
        format!(
            "[[model]]\nrole = \"{role}\"\ntitle = \"x\"\nfile = \"{file}\"\nsha256 = \"{sha256}\"\nsource = \"x\"\n\
             licence = \"x\"\nlicence-file = \"x\"\ninput = \"x\"\noutput = \"x\"\noutputs = [\"x\"]\n"
        )
    };
    let text = [entry(near, &pin("near")), entry(wide, &pin("wide"))].concat();
    fs::write(&list, &text).unwrap();
    let missing = refused(&pin(&text));
    assert!(missing.to_string().contains("near.onnx"), "{missing}");
    fs::write(folder.path().join(near.0), "another").unwrap();
    let altered = refused(&pin(&text));
    assert!(
        matches!(&altered, FaceError::ModelAltered { found, .. } if *found == pin("another")),
        "{altered}"
    );
}
