//! A set over a board as it is shipped.

use std::path::{Path, PathBuf};

use boards::Board;
use configuration::{Configuration, Looser, digest, hexadecimal};

use crate::layer;

fn board() -> Board {
    Board::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../board-configs"), "pc-dev").unwrap()
}

fn set(more: &str) -> Configuration {
    let fleet = layer("fleet", 1, more).unwrap();
    let device = layer("ha-noi/device-x", 1, "[camera]\nbacklight-compensation = 7\n").unwrap();
    Configuration::merge(&[fleet, device]).unwrap()
}

#[test]
fn what_is_said_counts_and_what_is_not_stays_the_boards() {
    let (mut laid, before) = (board(), board());
    set("[idle]\nask-after-seconds = 123\n[face]\naccept = 0.52\n")
        .lay_over(&mut laid, Path::new("/set"))
        .unwrap();
    assert_eq!(laid.idle.ask_after_seconds.get(), 123);
    assert_eq!(laid.camera.backlight_compensation.get(), 7);
    assert_eq!(laid.face["accept"].as_float(), Some(0.52));
    let mut expected = before.clone();
    expected.idle.ask_after_seconds = laid.idle.ask_after_seconds;
    expected.camera.backlight_compensation = laid.camera.backlight_compensation;
    expected.face.insert("accept".to_owned(), 0.52.into());
    assert_eq!(laid, expected, "nothing else changes");

    let mut untouched = board();
    Configuration::merge(&[]).unwrap().lay_over(&mut untouched, Path::new("/set")).unwrap();
    assert_eq!(untouched, before);
}

#[test]
fn a_board_that_is_stricter_is_not_loosened() {
    let mut strict = board();
    strict.face.insert("accept".to_owned(), 0.55.into());
    let before = strict.clone();
    let refused = set("[face]\naccept = 0.5\n").lay_over(&mut strict, Path::new("/set"));
    assert_eq!(refused, Err(Looser { said: 0.5, board: 0.55 }));
    assert_eq!(strict, before);
}

#[test]
fn files_are_those_of_the_set() {
    let hash = hexadecimal(digest(b"x"));
    let (file, named) = (format!("{{ sha256 = \"{hash}\", length = 1 }}"), |name: &str| {
        format!("[{{ name = \"{name}\", sha256 = \"{hash}\", length = 1 }}]")
    });
    let mut laid = board();
    let all = format!(
        "[files]\ntrust-list = {file}\nrules = {file}\nrevocation-lists = {}\ncatalogue = {}\n",
        named("vn.crl"),
        named("a.toml")
    );
    set(&all).lay_over(&mut laid, Path::new("/set")).unwrap();
    let files = &laid.files;
    let paths = [&files.trust_list, &files.rules, &files.revocation_lists, &files.catalogue]
        .map(boards::Location::path);
    let expected = ["trust-list.pem", "rules.toml", "revocation-lists", "catalogue"];
    assert_eq!(paths, expected.map(|name| Path::new("/set").join(name)).each_ref().map(PathBuf::as_path));
    assert_eq!(files.staff, board().files.staff);
}
