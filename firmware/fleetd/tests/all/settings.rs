//! The settings, as the README shows them.

use std::{fs, process::Command};

use tempfile::TempDir;

const README: &str = include_str!("../../README.md");

/// The README's settings, with a token that is there.
fn shown(place: &TempDir) -> String {
    let token = place.path().join("token");
    fs::write(&token, "a token").unwrap();
    let settings = README.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let token = token.to_str().unwrap();
    settings.replace("/etc/kiosk/fleet-token", token).replace("/etc/kiosk/metrics-token", token)
}

/// Whether `fleetd` takes settings, and what it says.
fn takes(place: &TempDir, settings: &str) -> (bool, String) {
    let path = place.path().join("fleetd.toml");
    fs::write(&path, settings).unwrap();
    let mut fleetd = Command::new(env!("CARGO_BIN_EXE_fleetd"));
    let ran = fleetd.args(["--check-config", "--config"]).arg(path).output().unwrap();
    (ran.status.success(), String::from_utf8(ran.stderr).unwrap())
}

const REHEARSE: &str = r#"rehearse = ["systemctl", "start", "kiosk-rehearsal.service"]"#;

#[test]
fn the_settings_of_the_readme_are_taken() {
    let place = TempDir::new().unwrap();
    let (taken, said) = takes(&place, &shown(&place));
    assert!(taken, "{said}");
    assert!(!said.contains("no visit is rehearsed"), "{said}");
}

#[test]
fn a_machine_without_a_rehearsal_is_told_of_at_each_start() {
    let place = TempDir::new().unwrap();
    let (taken, said) = takes(&place, &shown(&place).replacen(REHEARSE, "rehearse = \"none\"", 1));
    assert!(taken && said.contains("no visit is rehearsed"), "{said}");
}

#[test]
fn a_kiosk_may_take_no_settings_from_afar() {
    let place = TempDir::new().unwrap();
    let settings = shown(&place);
    let (without, _) = settings.split_once("[configuration]").unwrap();
    let (taken, said) = takes(&place, without);
    assert!(taken, "{said}");
}

#[test]
fn every_key_is_needed_but_those_that_say_otherwise() {
    let place = TempDir::new().unwrap();
    let settings = shown(&place);
    for line in settings.lines().filter(|line| line.contains(" = ")) {
        let optional =
            ["target-token", "ca ", "identity", "bearer-token"].iter().any(|key| line.starts_with(key));
        let (taken, said) = takes(&place, &settings.replace(line, ""));
        assert_eq!(taken, optional, "{line}: {said}");
    }
}

#[test]
fn a_site_may_measure_nothing() {
    let place = TempDir::new().unwrap();
    let settings = shown(&place);
    let (without, _) = settings.split_once("[metrics]").unwrap();
    let (taken, said) = takes(&place, without);
    assert!(taken, "{said}");
}

#[test]
fn what_is_unknown_or_makes_no_sense_is_refused() {
    let place = TempDir::new().unwrap();
    for (from, to, why) in [
        ("tenant =", "colour = \"green\"\ntenant =", "unknown field"),
        ("https://fleet", "ftp://fleet", "address"),
        ("ha-noi-0017", "../0017", "letters"),
        ("22:00-05:00", "22:00", "HH:MM-HH:MM"),
        ("tries = 3", "tries = 0", "nonzero"),
        (REHEARSE, "rehearse = \"later\"", "rehearse"),
        ("restart = [\"systemctl\", \"restart\", \"kioskd.service\"]", "restart = []", "restart"),
        ("every-seconds = 60", "every-seconds = 0", "nonzero"),
        ("buffer-bytes = 16777216", "buffer-bytes = 1000", "buffer-bytes is less"),
        ("bearer-token =", "token =", "unknown field"),
        ("province = \"ha-noi\"", "province = \"Ha Noi\"", "small letters"),
        ("site = \"nghia-do\"", "site = \"nghia/do\"", "small letters"),
        ("controller = \"ha-noi-0017\"", "controller = \"HN.0017\"", "that a layer can name"),
        (
            "check = [\"systemctl\", \"start\", \"kiosk-configuration-check.service\"]",
            "check = []",
            "[configuration] check names no program",
        ),
        ("target-token =", "gateway-token = \"/dev/null\"\ntarget-token =", "a kiosk has one"),
    ] {
        let settings = shown(&place);
        let changed = settings.replacen(from, to, 1);
        assert_ne!(changed, settings, "{from}");
        let (taken, said) = takes(&place, &changed);
        assert!(!taken && said.contains(why), "{to}: {said}");
    }
}
