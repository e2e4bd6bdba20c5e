//! `kiosk-face` as people meet it.

use std::{
    path::Path,
    process::{Command, Output},
};

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
