//! `kiosk-face` as people meet it.

use std::{
    env, fs,
    path::Path,
    process::{Command, Output},
};

use opponents::Opponent;

fn kiosk_face(arguments: &[&str]) -> Output {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    Command::new(env!("CARGO_BIN_EXE_kiosk-face")).args(arguments).current_dir(root).output().unwrap()
}

/// Refused with one line that says why.
fn refused(arguments: &[&str], code: i32, reason: &str) {
    let output = kiosk_face(arguments);
    let line = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{line}");
    assert!(line.contains(reason) && line.trim_end().lines().count() == 1, "{line}");
}

#[test]
fn what_makes_no_sense_is_refused_in_one_line() {
    refused(&[], 2, "no command");
    refused(&["--wrong"], 2, "--wrong");
    refused(&["admire", "a.jpg"], 2, "admire");
    refused(&["compare", "a.jpg"], 2, "two pictures");
    refused(&["quality", "no-such.jpg"], 1, "no-such.jpg");
    refused(&["quality", "Cargo.toml"], 1, "damaged or of an unknown format");
    refused(&["quality", "a.jpg", "--models", "/no/such/folder"], 1, "FACE-04");
    refused(&["quality", "a.jpg", "--plot", "a.png"], 2, "only evaluate");
    refused(&["evaluate", "one.csv", "two.csv"], 2, "one list");
    refused(&["evaluate", "no-such.csv"], 1, "no-such.csv");
    refused(&["evaluate", "--lfw", "folder"], 2, "--lfw and --pairs");
    refused(&["evaluate", "one.csv", "--lfw", "folder", "--pairs", "pairs.txt"], 2, "--lfw and --pairs");
    refused(&["evaluate", "--lfw", "folder", "--pairs", "no-such.txt"], 1, "no-such.txt");
    refused(&["compare", "a.jpg", "b.jpg", "--lfw", "folder"], 2, "only evaluate");
}

#[test]
fn a_comparison_says_its_score_and_what_it_did_not_assess() {
    let people = "firmware/simulators/people";
    let output =
        kiosk_face(&["compare", &format!("{people}/khue-portrait.jpg"), &format!("{people}/khue-live.jpg")]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && text.contains("the same person"), "{text}");
    assert!(text.contains("liveness: not assessed"), "{text}");
}

/// A board may name either: what they make of two people must not depend on it.
#[test]
fn the_recogniser_scores_in_full_precision_as_with_rounded_weights() {
    let Some(folder) = Opponent::FullPrecision.find() else { return };
    let folder = folder.to_str().unwrap();
    let people = ["khue", "hieu", "dat"];
    let score = |a: &str, b: &str, models: &[&str]| -> f32 {
        let [a, b] = [format!("{a}-portrait"), format!("{b}-live")]
            .map(|picture| format!("firmware/simulators/people/{picture}.jpg"));
        let output = kiosk_face(&[&["compare", &a, &b], models].concat());
        let text = String::from_utf8(output.stdout).unwrap();
        let (_, score) = text.split_once("score ").unwrap_or_else(|| panic!("{text} {:?}", output.stderr));
        score.split(' ').next().unwrap().parse().unwrap()
    };
    let mut differ = 0;
    for (a, b) in people.iter().flat_map(|a| people.map(|b| (a, b))) {
        let (rounded, full) = (score(a, b, &[]), score(a, b, &["--models", folder]));
        assert!((rounded - full).abs() < 0.002, "{a} {b}: {rounded} {full}");
        differ += u8::from(rounded.to_bits() != full.to_bits());
    }
    assert!(differ > 0, "it was the same model twice");
}

#[test]
fn every_measure_is_told_with_its_unit_limit_and_verdict_beside_ofiqs_scale() {
    let output = kiosk_face(&["quality", "firmware/simulators/people/khue-live.jpg"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && text.contains("good enough to compare"), "{text}");
    let has = |words: [&str; 4]| {
        text.lines().any(|line| {
            line.trim_start().starts_with(words[0]) && words[1..].iter().all(|word| line.contains(word))
        })
    };
    assert!(has(["eye distance", " px ", "at least 60", "good"]), "{text}");
    assert!(has(["dynamic range", " bits ", "at least 4", "good"]), "{text}");
    assert!(has(["lip pallor", " CIELAB ", "at most 6", "good"]), "{text}");
    assert!(has(["IlluminationUniformity", "LuminanceMean", " ", ""]), "{text}");
}

#[test]
fn an_evaluation_tells_its_figures_beside_those_of_others_and_draws_them() {
    let folder = tempfile::tempdir().unwrap();
    let people = Path::new(env!("CARGO_MANIFEST_DIR")).join("../simulators/people");
    let people = people.display();
    let list = folder.path().join("pairs.csv");
    let of = |a: &str, b: &str, rest: &str| format!("{people}/{a}.jpg,{people}/{b}.jpg,{rest}\n");
    let rows = [
        of("khue-portrait", "khue-live", "1,0.6"),
        of("khue-portrait", "hieu-live", "0,0.7"),
        of("hieu-portrait", "khue-live", "0,"),
    ];
    fs::write(&list, "a,b,same,score.peer\n".to_owned() + &rows.concat()).unwrap();
    let [plot, json] =
        ["curves.png", "figures.json"].map(|name| folder.path().join(name).display().to_string());
    let output = kiosk_face(&["evaluate", list.to_str().unwrap(), "--plot", &plot, "--json", &json]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    assert!(text.contains("4 pictures of 3 persons: 1 pairs of one person, 2 of two"), "{text}");
    assert!(text.contains("0 of 2 pairs of two persons matched, 0 of 1 of one did not"), "{text}");
    // The peer takes a stranger for the holder, and saw no face in one pair.
    let figures: serde_json::Value = serde_json::from_slice(&fs::read(json).unwrap()).unwrap();
    let programs = figures["programs"].as_array().unwrap();
    assert_eq!((&programs[0]["name"], &programs[1]["name"]), (&"mot-cham".into(), &"peer".into()));
    assert_eq!(programs[0]["at"][0]["false_non_match_rate"]["value"], 0.0);
    assert_eq!(programs[1]["at"][0]["false_non_match_rate"]["value"], 1.0);
    assert_eq!(programs[1]["without_a_score"], serde_json::json!([0, 1]));
    assert!(fs::read(plot).unwrap().starts_with(b"\x89PNG"));
}

/// A folder and a list as Labeled Faces in the Wild has them, of the demo's invented people.
#[test]
fn labeled_faces_in_the_wild_are_read_by_their_own_list() {
    let folder = tempfile::tempdir().unwrap();
    let people = Path::new(env!("CARGO_MANIFEST_DIR")).join("../simulators/people");
    for person in ["dat", "hieu", "khue"] {
        fs::create_dir(folder.path().join(person)).unwrap();
        for (number, picture) in [(1, "portrait"), (2, "live")] {
            let there = folder.path().join(person).join(format!("{person}_{number:04}.jpg"));
            fs::copy(people.join(format!("{person}-{picture}.jpg")), there).unwrap();
        }
    }
    let list = folder.path().join("pairs.txt");
    fs::write(
        &list,
        "3\t1\ndat\t1\t2\ndat\t1\thieu\t2\nhieu\t1\t2\nhieu\t1\tkhue\t2\nkhue\t1\t2\nkhue\t1\tdat\t2\n",
    )
    .unwrap();
    let [lfw, pairs] = [folder.path(), &list].map(|path| path.to_str().unwrap());
    let output = kiosk_face(&["evaluate", "--lfw", lfw, "--pairs", pairs]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    assert!(text.contains("6 pictures of 3 persons: 3 pairs of one person, 3 of two"), "{text}");
    assert!(text.contains("100.00 ± 0.00 (standard error 0.00)"), "{text}");
    let progress = String::from_utf8(output.stderr).unwrap();
    assert!(progress.contains("6 of 6 pictures looked at"), "{progress}");
    // A picture that the list names and the folder lacks.
    fs::remove_file(folder.path().join("dat/dat_0002.jpg")).unwrap();
    refused(&["evaluate", "--lfw", lfw, "--pairs", pairs], 1, "dat_0002.jpg");
}
