//! The settings, as the README shows them.

use std::{fs, process::Command};

use simulators::staff_badge::StaffBadge;
use tempfile::TempDir;

const README: &str = include_str!("../../README.md");

/// The README's settings, with a token and a list of badges that are there.
fn shown(place: &TempDir) -> String {
    let [token, badges] = ["token", "badges.toml"].map(|name| place.path().join(name));
    fs::write(&token, "a token").unwrap();
    fs::write(&badges, StaffBadge::p256().unwrap().list("4711").unwrap()).unwrap();
    let settings = README.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let token = token.to_str().unwrap();
    let settings = settings.replace("/etc/kiosk/badges.toml", badges.to_str().unwrap());
    settings.replace("/etc/kiosk/fleet-token", token).replace("/etc/kiosk/metrics-token", token)
}

/// The same with the README's commands.
fn shown_with_commands(place: &TempDir) -> String {
    let commands = README.split("```toml\n").nth(2).unwrap().split("```").next().unwrap();
    assert!(commands.starts_with("[commands]"), "{commands}");
    format!("{}\n{commands}", shown(place))
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
        let optional = ["target-token", "ca ", "identity", "bearer-token", "badges", "site = \"ha-noi-03"]
            .iter()
            .any(|key| line.starts_with(key));
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
fn a_machine_that_says_nothing_of_it_has_slots_of_its_own_and_rauc_is_chosen() {
    let place = TempDir::new().unwrap();
    let section = "backend = \"app-slots\"";
    let without = shown(&place)
        .lines()
        .filter(|line| !line.starts_with("[install]") && !line.starts_with(section))
        .collect::<Vec<_>>()
        .join("\n");
    let (taken, said) = takes(&place, &without);
    assert!(taken, "{said}");
    let own = "[configuration]\nrestart = [\"systemctl\", \"restart\", \"kioskd.service\"]";
    let rauc = shown(&place).replace(section, "backend = \"rauc\"").replace("[configuration]", own);
    let unrehearsed = rauc.replacen(REHEARSE, "rehearse = \"none\"", 1);
    let (taken, said) = takes(&place, &unrehearsed);
    assert!(taken, "{said}");
    let (taken, said) = takes(&place, &rauc);
    assert!(!taken && said.contains("rehearse"), "{said}");
    let (taken, said) = takes(&place, &unrehearsed.replace(own, "[configuration]"));
    assert!(!taken && said.contains("[configuration] restart is missing"), "{said}");
}

/// Rather no `fleetd` than one to whom nobody is a technician.
#[test]
fn a_list_of_badges_that_cannot_be_read_is_refused() {
    let place = TempDir::new().unwrap();
    let settings = shown(&place);
    for (list, why) in
        [("[[badge]]\nholder = \"4711\"\nkey = \"AAAA\"\n", "SubjectPublicKeyInfo"), ("badge", "badges.toml")]
    {
        fs::write(place.path().join("badges.toml"), list).unwrap();
        let (taken, said) = takes(&place, &settings);
        assert!(!taken && said.contains(why), "{said}");
    }
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
        ("backend = \"app-slots\"", "backend = \"floppy\"", "backend"),
        ("backend = \"app-slots\"", "backend = \"rauc\"\n[x]", "unknown field"),
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
        ("key = \"8520", "key = \"xyz0", "64 hexadecimal digits"),
        ("fleetd-audit = ", "\"../audit\" = ", "lower-case letters"),
        ("stick-out\"", "stick\"", "two places"),
        ("target-token =", "gateway-token = \"/dev/null\"\ntarget-token =", "a kiosk has one"),
    ] {
        let settings = shown(&place);
        let changed = settings.replacen(from, to, 1);
        assert_ne!(changed, settings, "{from}");
        let (taken, said) = takes(&place, &changed);
        assert!(!taken && said.contains(why), "{to}: {said}");
    }
}

#[test]
fn the_commands_of_the_readme_are_taken_and_every_key_is_needed() {
    let place = TempDir::new().unwrap();
    let settings = shown_with_commands(&place);
    let (taken, said) = takes(&place, &settings);
    assert!(taken, "{said}");
    let at = settings.find("[commands]").unwrap();
    let (updates, commands) = settings.split_at(at);
    for line in commands.lines().filter(|line| line.contains(" = ")) {
        let optional = ["site", "kioskd", "fleetd"].iter().any(|key| line.starts_with(key));
        let (taken, said) = takes(&place, &format!("{updates}{}", commands.replacen(line, "", 1)));
        assert_eq!(taken, optional, "{line}: {said}");
    }
}

#[test]
fn commands_that_make_no_sense_are_refused() {
    let place = TempDir::new().unwrap();
    for (from, to, why) in [
        ("[\"reboot\"]", "[\"reboot\", \"message\", \"collect-logs\"]", "two must sign collect-logs"),
        ("[\"reboot\"]", "[\"shell\"]", "unknown variant"),
        ("may = [\"message\"]", "may = [\"everything\"]", "unknown variant"),
        ("name = \"ha-noi\"", "name = \"operations-1\"", "twice"),
        ("name = \"ha-noi\"", "name = \"Ha Noi\"", "a name is"),
        ("[\"systemctl\", \"reboot\"]", "[]", "reboot names no program"),
        ("[\"journalctl\", \"--unit\", \"kioskd.service\"", "[\"\"", "logs.source.kioskd names no program"),
        ("1048576", "0", "nonzero"),
        ("1048576", "8388609", "most-bytes"),
        ("seal-to = \"", "seal-to = \"00", "seal-to"),
        ("key = \"101f", "key = \"00101f", "the key of operations-1"),
        ("[commands.logs]", "colour = 1\n[commands.logs]", "unknown field"),
        ("ha-noi-0017", &"k".repeat(65), "up to 64"),
    ] {
        let settings = shown_with_commands(&place);
        let changed = settings.replacen(from, to, 1);
        assert_ne!(changed, settings, "{from}");
        let (taken, said) = takes(&place, &changed);
        assert!(!taken && said.contains(why), "{to}: {said}");
    }
}
