//! The boards of the repository, and what is refused in one.

use std::{
    fs,
    path::{Path, PathBuf},
};

use boards::{Board, BoardError, ChipAccess};
use tempfile::TempDir;

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../board-configs")
}

/// Every board file of the repository as `inherit` names it, those in folders too, sorted.
fn kinds() -> Vec<String> {
    let (mut folders, mut kinds) = (vec![shipped()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "toml") {
                let path = path.strip_prefix(shipped()).unwrap().with_extension("");
                kinds.push(path.to_str().unwrap().to_owned());
            }
        }
    }
    kinds.sort();
    kinds
}

/// A folder with all boards, and one more file that says `text`.
fn with(text: &str) -> (TempDir, Result<Board, BoardError>) {
    let folder = TempDir::new().unwrap();
    for kind in kinds() {
        let file = folder.path().join(kind).with_extension("toml");
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        let from = file.strip_prefix(folder.path()).unwrap();
        fs::copy(shipped().join(from), &file).unwrap();
    }
    fs::write(folder.path().join("site.toml"), text).unwrap();
    let board = Board::load(folder.path(), "site");
    (folder, board)
}

const SITE: &str = "inherit = \"pi5-counter\"\n\
    [kiosk]\nid = \"hn-nghiado-01\"\nsite = \"Phường Nghĩa Đô\"\n\
    [gateway]\nurl = \"https://gateway.example.invalid\"\n";

/// The same site, another kind of machine.
fn of_kind(kind: &str) -> String {
    SITE.replace("pi5-counter", kind)
}

fn check_refused(text: &str, line: usize, reason: &str) {
    let (_folder, board) = with(text);
    let error = board.expect_err(text);
    let told = error.to_string();
    assert!(told.contains(&format!("site.toml:{line}: ")), "{told}");
    assert!(told.contains(reason), "{told}");
    assert_eq!(error.fault().code(), "CONF-01");
}

#[test]
fn a_site_inherits_through_its_kind_from_the_base() {
    let (_folder, board) = with(&format!("{SITE}answer-seconds = 20\n"));
    let board = board.unwrap();
    assert_eq!(board.kiosk.id.as_str(), "hn-nghiado-01");
    assert_eq!(board.screen.rotation.get(), 90, "from the kind");
    assert_eq!(board.gateway.connect_seconds.get(), 5, "from the base");
    assert_eq!(board.gateway.answer_seconds.get(), 20, "from the site");
    assert_eq!(board.files.data.path(), Path::new("/var/lib/kiosk"));
    let printer = board.receipt_printer.unwrap();
    assert_eq!((printer.baud.get(), printer.dots.get()), (115_200, 576));
    assert_eq!(board.face["accept"].as_float(), Some(0.46));
}

#[test]
fn one_threshold_may_change_and_all_others_stay() {
    let (_folder, board) = with(&format!("{SITE}[face.liveness]\nturn-min = 18.0\n"));
    let face = board.unwrap().face;
    let liveness = face["liveness"].as_table().unwrap();
    assert_eq!(liveness["turn-min"].as_float(), Some(18.0), "from the site");
    assert_eq!(liveness["relief-min"].as_float(), Some(0.10), "from the base");
    assert_eq!(face["quality"]["sharpness-min"].as_float(), Some(10.0), "from the base");
}

#[test]
fn the_developers_board_is_whole_and_counts_paths_from_its_folder() {
    let board = Board::load(&shipped(), "pc-dev").unwrap();
    assert!(board.files.models.path().starts_with(shipped()), "{:?}", board.files.models);
    assert!(board.lights.is_none() && board.officers.is_none());
}

#[test]
fn a_kind_is_no_kiosk_until_a_site_names_it() {
    let told = Board::load(&shipped(), "pi5-counter").unwrap_err().to_string();
    assert!(told.ends_with("'id' in [kiosk] is said neither here nor in what it inherits"), "{told}");
}

#[test]
fn every_kind_of_machine_is_whole_once_a_site_names_it() {
    let machines: Vec<_> = kinds().into_iter().filter(|kind| kind != "base").collect();
    assert_eq!(
        machines,
        ["pc-dev", "pi4-wall", "pi5-counter", "pi5-counter/full-precision", "pi5-counter/ribbon-camera"]
    );
    for kind in machines {
        let board = with(&of_kind(&kind)).1.unwrap_or_else(|error| panic!("{kind}: {error}"));
        assert_eq!(board.kiosk.id.as_str(), "hn-nghiado-01", "{kind}");
    }
}

/// What udev must name: a board with a name that no rule gives finds no device.
#[test]
fn every_device_name_of_a_machine_is_given_by_one_of_its_rules() {
    for kind in ["pi4-wall", "pi5-counter"] {
        let board = with(&of_kind(kind)).1.unwrap();
        let rules: String = ["raspberry-pi/70-kiosk.rules", &format!("{kind}/71-kiosk-ports.rules")]
            .map(|file| fs::read_to_string(shipped().join(file)).unwrap())
            .concat();
        let (printer, scanner) = (board.receipt_printer.unwrap().port, board.code_scanner.unwrap().port);
        for device in [&board.camera.device, &printer, &scanner] {
            let name = device.path().strip_prefix("/dev").unwrap().display();
            let given = rules.matches(&format!("SYMLINK+=\"{name}\"")).count();
            assert_eq!(given, 1, "{kind}: {name}");
        }
    }
}

#[test]
fn a_wall_has_a_narrow_slip_and_a_camera_that_leaves_a_pi_4_its_time() {
    let (_folder, board) = with(&of_kind("pi4-wall"));
    let board = board.unwrap();
    assert_eq!(board.receipt_printer.unwrap().dots.get(), 384, "58 mm");
    let camera = board.camera;
    assert_eq!((camera.width.get(), camera.height.get(), camera.frames_per_second.get()), (1280, 720, 20));
    assert_eq!(camera.driver.as_str(), "uvcvideo");
    assert_eq!(board.face, with(SITE).1.unwrap().face, "no threshold is another on a slower machine");
}

#[test]
fn an_unknown_key_is_refused_by_file_line_and_name() {
    check_refused(&format!("{SITE}answer-second = 20\n"), 7, "unknown field `answer-second`");
    check_refused("inherit = \"pi5-counter\"\n\n[screen]\nmm-width = 194\n", 4, "unknown field `mm-width`");
    check_refused("inherit = \"pi5-counter\"\n\n[printer]\n", 3, "unknown field `printer`");
    check_refused("inherits = \"pi5-counter\"\n", 1, "unknown field `inherits`");
}

#[test]
fn a_value_out_of_its_range_is_refused_where_it_stands() {
    for (line, reason) in [
        ("[idle]\nend-after-seconds = 5", "5 is not within 20 to 300"),
        ("[idle]\nend-after-seconds = -1", "-1 is not within 20 to 300"),
        ("[idle]\nend-after-seconds = \"20\"", "invalid type: string"),
        ("[screen]\nrotation = 45", "45 is none of [0, 90, 180, 270]"),
        ("[screen]\nmm-wide = 0", "0 is not within 60 to 2000"),
        ("[screen]\nviewing-mm = 5000", "5000 is not within 250 to 1500"),
        ("[receipt-printer]\ndots = 512", "512 is none of [576, 384]"),
        ("[receipt-printer]\nbaud = 1200", "1200 is none of"),
        ("[lights]\nfill-pin = 28", "28 is not within 2 to 27"),
        ("[kiosk]\nid = \"Hà Nội 1\"", "is no kiosk id"),
        ("[gateway]\nurl = \"http://gateway\"", "begins with https://"),
        ("[gateway]\nurl = \"https://user@gateway\"", "begins with https://"),
        ("[files]\ndata = \"\"", "the path is empty"),
        ("[outbox]\nage-hours = 0", "0 is not within 1 to 8760"),
        ("[camera]\nwidth = 200", "200 is not within 320 to 3840"),
        ("[camera]\nframes-per-second = 5", "5 is not within 10 to 60"),
        ("[camera]\nmains-hertz = 55", "55 is none of [50, 60]"),
        ("[camera]\nmains-hertz = \"50\"", "invalid type: string"),
        ("[camera]\nbacklight-compensation = 11", "11 is not within 0 to 10"),
        ("[camera]\nexposure = \"manual\"", "unknown field `exposure`"),
    ] {
        check_refused(&format!("inherit = \"pi5-counter\"\n\n{line}\n"), 4, reason);
    }
}

#[test]
fn staff_have_badges_where_a_site_lists_them_only() {
    assert!(with(SITE).1.unwrap().badges.is_none());
    let (folder, board) = with(&format!("{SITE}[badges]\nlist = \"badges.toml\"\n"));
    assert_eq!(board.unwrap().badges.unwrap().list.path(), folder.path().join("badges.toml"));
}

#[test]
fn officers_confirm_where_a_site_lists_them_only() {
    assert!(with(SITE).1.unwrap().officers.is_none());
    let (folder, board) = with(&format!("{SITE}[officers]\nlist = \"officers.toml\"\n"));
    let list = board.unwrap().officers.unwrap().list;
    assert_eq!(list.path(), folder.path().join("officers.toml"));
    let told = with(&format!("{SITE}[officers]\n")).1.unwrap_err().to_string();
    assert!(told.contains("'list' in [officers]"), "{told}");
}

/// `inherit` may name a file in a folder of its own; what that does not say comes from the kind.
#[test]
fn a_site_with_a_ribbon_camera_names_the_bridges_driver() {
    let camera = with(&of_kind("pi5-counter/ribbon-camera")).1.unwrap().camera;
    assert_eq!(camera.driver.as_str(), "v4l2 loopback");
    assert_eq!((camera.width.get(), camera.height.get(), camera.frames_per_second.get()), (1280, 720, 30));
    let usual = with(SITE).1.unwrap().camera;
    assert_eq!(usual.driver.as_str(), "uvcvideo", "a loop-back is not taken unless a board says so");
}

#[test]
fn chips_are_opened_with_pace_only_unless_a_site_says_otherwise() {
    let access = |text: &str| with(text).1.unwrap().reader.access;
    assert_eq!(access(SITE), ChipAccess::PaceOnly);
    let reader = |word: &str| format!("{SITE}[reader]\naccess = \"{word}\"\n");
    assert_eq!(access(&reader("pace-or-bac")), ChipAccess::PaceOrBac);
    check_refused(&reader("bac-only"), 8, "bac-only");
}

#[test]
fn a_camera_is_any_or_one_usb_product() {
    let usb = |text: &str| with(&format!("{SITE}[camera]\nusb = \"{text}\"\n")).1;
    assert_eq!(with(SITE).1.unwrap().camera.usb.numbers(), None);
    assert_eq!(usb("046D:0825").unwrap().camera.usb.numbers(), Some((0x046D, 0x0825)));
    for wrong in ["", "046d", "046d:082", "+46d:0825", "046d:0825:1", "046d 0825", "any ", "webcam"] {
        let told = usb(wrong).unwrap_err().to_string();
        assert!(told.contains("lsusb"), "{wrong}: {told}");
    }
}

#[test]
fn broken_toml_is_refused_where_it_breaks() {
    check_refused("inherit = \"base\"\n[kiosk\n", 2, "");
}

#[test]
fn one_pin_for_two_lamps_is_refused() {
    let (_folder, board) = with(&format!("{SITE}[lights]\nfill-pin = 27\n"));
    assert!(matches!(board, Err(BoardError::OnePin { pin: 27, .. })));
}

#[test]
fn a_file_that_inherits_itself_is_refused() {
    let (folder, _) = with("inherit = \"./site\"");
    assert!(matches!(Board::load(folder.path(), "site"), Err(BoardError::Cycle { .. })));
    fs::write(folder.path().join("site.toml"), "inherit = \"other\"").unwrap();
    fs::write(folder.path().join("other.toml"), "inherit = \"site\"").unwrap();
    assert!(matches!(Board::load(folder.path(), "site"), Err(BoardError::Cycle { .. })));
}

#[test]
fn a_missing_file_is_named() {
    let (_folder, board) = with("inherit = \"nowhere\"");
    let told = board.unwrap_err().to_string();
    assert!(told.contains("nowhere.toml"), "{told}");
}

#[test]
fn a_demo_elsewhere_can_inherit_a_shipped_board_by_its_path() {
    let folder = TempDir::new().unwrap();
    let inherit = shipped().join("pc-dev");
    let text = format!("inherit = {:?}\n[files]\ndata = \"data\"\n", inherit.display().to_string());
    fs::write(folder.path().join("demo.toml"), text).unwrap();
    let board = Board::load_file(&folder.path().join("demo.toml")).unwrap();
    assert_eq!(board.files.data.path(), folder.path().join("data"));
    assert_eq!(board.kiosk.id.as_str(), "pc-dev");
}
