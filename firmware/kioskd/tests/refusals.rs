//! A kiosk that cannot start says so in one line: the code, what is wrong, what to do;
//! the exit code is not 0, and nothing panics.

use std::{
    fs,
    os::unix::{
        fs::{PermissionsExt as _, symlink},
        net::UnixListener,
    },
    path::{Path, PathBuf},
    process::{Command, Output},
};

use configuration::{Configuration, Layer, Whose, digest, hexadecimal};
use face::OfficerId;
use keys::{PlatformSecret, ServerSecret};
use simulators::{chance::SeededChance, personalise::Issuer, terminal::Terminal};
use staff::{SigningPin, new_officer};
use tempfile::TempDir;

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

/// A folder with everything that a kiosk needs to read.
struct Site(TempDir);

impl Site {
    fn new() -> Self {
        let site = Self(tempfile::tempdir().unwrap());
        let chance = &mut SeededChance::new(1);
        let issuer = Issuer::generate("2026-11-21".parse().unwrap(), chance).unwrap();
        site.write("trust.pem", &issuer.csca_pem());
        site.write("signing.pub", &PlatformSecret::generate(chance).public().to_string());
        site.write("sealing.pub", &ServerSecret::generate(chance).public().to_string());
        site.write("staff.toml", include_str!("../../rehearsal/src/demo-staff.toml"));
        fs::create_dir(site.path("data")).unwrap();
        site.write_board(&site.board());
        site
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn write_board(&self, text: &str) {
        self.write("site.toml", text);
    }

    fn board(&self) -> String {
        let project = project();
        let here = |name: &str| format!("{:?}", self.path(name).display().to_string());
        let there = |name: &str| format!("{:?}", project.join(name).display().to_string());
        format!(
            "inherit = {}\n[kiosk]\nid = \"test-kiosk\"\n[files]\ndata = {}\ntrust-list = {}\nstaff = {}\n\
             models = {}\ncatalogue = {}\nrules = {}\nscreen-socket = {}\n[reader]\nname = \"No such reader\"\n\
             [receipt-printer]\nport = {}\n[code-scanner]\nport = {}\n[gateway]\nsigning-key = {}\n\
             sealing-key = {}\n",
            there("board-configs/pc-dev"),
            here("data"),
            here("trust.pem"),
            here("staff.toml"),
            there("firmware/face/models"),
            there("firmware/services/catalogue"),
            there("firmware/services/rules.toml"),
            here("screen.sock"),
            here("printer"),
            here("scanner"),
            here("signing.pub"),
            here("sealing.pub"),
        )
    }

    fn kioskd(&self, options: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_kioskd"))
            .arg("--board")
            .arg(self.path("site.toml"))
            .args(options)
            .output()
            .unwrap()
    }
}

/// One line on the error output, with that code and these words.
fn check(output: &Output, exit: i32, code: &str, words: &[&str]) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(exit), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.starts_with(&format!("kioskd: {code}: ")), "{said}");
    for word in words {
        assert_eq!(said.matches(word).count(), 1, "'{word}' once: {said}");
    }
}

#[test]
fn a_site_that_is_in_order_is_said_to_be() {
    let output = Site::new().kioskd(&["--check-config"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Lays settings down as `fleetd` does, to be checked.
fn lay_down(site: &Site, more: &str) -> PathBuf {
    let folder = site.path("configuration");
    _ = fs::remove_dir_all(&folder);
    let text = format!("schema = 1\nlayer = \"fleet\"\nversion = 1\n{more}");
    let layer = Layer::parse(&Whose::Fleet, text.as_bytes()).unwrap();
    let bytes = Configuration::merge(&[layer]).unwrap().bytes();
    let set = Path::new("sets").join(hexadecimal(digest(&bytes)));
    fs::create_dir_all(folder.join(&set)).unwrap();
    fs::write(folder.join(&set).join(Configuration::FILE), bytes).unwrap();
    symlink(&set, folder.join("candidate")).unwrap();
    let part = format!("[configuration]\nfolder = {:?}\n", folder.display().to_string());
    site.write_board(&(site.board() + &part));
    folder.join(set).join(Configuration::FILE)
}

const CANDIDATE: [&str; 2] = ["--check-config", "--candidate"];

#[test]
fn settings_that_are_to_come_are_checked_before_they_are_in_force() {
    let site = Site::new();
    check(&site.kioskd(&CANDIDATE), 1, "CONF-01", &["kiosk-configuration/candidate"]);
    lay_down(&site, "[idle]\nask-after-seconds = 90\n[services]\nclosed = [\"eid.activate\"]\n");
    let output = site.kioskd(&CANDIDATE);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    lay_down(&site, "[services]\nclosed = [\"eid.activat\"]\n");
    check(&site.kioskd(&CANDIDATE), 1, "CONF-01", &["services.closed", "eid.activat"]);
    let file = lay_down(&site, "[idle]\nask-after-seconds = 90\n");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("90", "95")).unwrap();
    check(&site.kioskd(&CANDIDATE), 1, "CONF-01", &["settings from afar"]);
    // They are not in force.
    assert!(site.kioskd(&["--check-config"]).status.success());
    check(&site.kioskd(&["--candidate"]), 2, "CONF-03", &["--candidate goes with --check-config"]);
}

#[test]
fn an_unknown_option_is_named() {
    check(&Site::new().kioskd(&["--fast"]), 2, "CONF-03", &["--fast"]);
}

#[test]
fn a_misspelt_key_is_named_with_file_and_line() {
    let site = Site::new();
    site.write_board(&site.board().replace("[reader]\nname", "[reader]\nnaem"));
    check(&site.kioskd(&["--check-config"]), 1, "CONF-01", &["site.toml:", "naem"]);
}

#[test]
fn a_missing_model_is_named() {
    let site = Site::new();
    let empty = site.path("empty");
    let models = project().join("firmware/face/models").display().to_string();
    site.write_board(&site.board().replace(&models, &empty.display().to_string()));
    // Checked, or started: the folder that is not there, then the one with nothing in it.
    for options in [["--check-config"].as_slice(), &[]] {
        check(&site.kioskd(options), 1, "FACE-04", &["files.models: ", "empty/manifest.toml: "]);
    }
    fs::create_dir(&empty).unwrap();
    check(&site.kioskd(&["--check-config"]), 1, "FACE-04", &["files.models: ", "empty/manifest.toml: "]);
}

/// A kind in whose folder of models nobody put any: not the image's are taken, unsaid.
#[test]
fn a_board_in_full_precision_does_not_start_without_its_models() {
    let site = Site::new();
    let kind = |board: &str| format!("{:?}", project().join("board-configs").join(board));
    let models = format!("models = {:?}\n", project().join("firmware/face/models"));
    let board = site.board().replace(&kind("pc-dev"), &kind("pi5-counter/full-precision"));
    let board = board.replace(&models, "") + "url = \"https://gateway.example.invalid\"\n";
    site.write_board(&board.replace("id = \"test-kiosk\"", "id = \"test-kiosk\"\nsite = \"Bàn thử\""));
    let missing = ["files.models: ", "/etc/kiosk/models-full-precision/manifest.toml: "];
    check(&site.kioskd(&["--check-config"]), 1, "FACE-04", &missing);
}

#[test]
fn a_missing_trust_list_is_named() {
    let site = Site::new();
    fs::remove_file(site.path("trust.pem")).unwrap();
    check(&site.kioskd(&["--check-config"]), 1, "ID-07", &["trust.pem"]);
}

#[test]
fn a_broken_catalogue_is_named() {
    let site = Site::new();
    let catalogue = site.path("catalogue");
    fs::create_dir(&catalogue).unwrap();
    let text = fs::read_to_string(project().join("firmware/services/catalogue/eid.activate.toml")).unwrap();
    site.write("catalogue/eid.activate.toml", &text.replace("\"sign\", ", ""));
    let shipped = project().join("firmware/services/catalogue").display().to_string();
    site.write_board(&site.board().replace(&shipped, &catalogue.display().to_string()));
    check(&site.kioskd(&["--check-config"]), 1, "CONF-02", &["eid.activate.toml", "Submit"]);
}

/// Officers of a list; what `--check-config` says of it.
fn listed(officers: &[&str], mode: u32) -> Output {
    let site = Site::new();
    let chance = &mut SeededChance::new(2);
    let pin = SigningPin::new("80246137").unwrap();
    let entry = |number: &&str| new_officer(&OfficerId::new(number).unwrap(), &pin, chance);
    site.write("officers.toml", &officers.iter().map(entry).collect::<String>());
    fs::set_permissions(site.path("officers.toml"), fs::Permissions::from_mode(mode)).unwrap();
    site.write_board(&format!("{}[officers]\nlist = \"officers.toml\"\n", site.board()));
    site.kioskd(&["--check-config"])
}

#[test]
fn one_officer_alone_is_no_list() {
    assert!(listed(&["100001", "100002"], 0o640).status.success());
    check(&listed(&["100001"], 0o640), 1, "CONF-01", &["officers.toml", "two officers must confirm"]);
}

#[test]
fn a_staff_file_that_is_broken_is_named_with_its_line() {
    let site = Site::new();
    site.write("staff.toml", "\n[[officer]]\nid = \"cb-01\"\npin = \"246800\"\n");
    check(&site.kioskd(&["--check-config"]), 1, "CONF-01", &["staff.toml:4: ", "argon2id"]);
}

#[test]
fn officers_keys_are_not_for_everybody_to_take_away() {
    check(&listed(&["100001", "100002"], 0o644), 1, "CONF-01", &["officers.toml", "mode 644"]);
}

#[test]
fn a_second_kioskd_leaves_the_first_alone() {
    let site = Site::new();
    let _first = UnixListener::bind(site.path("screen.sock")).unwrap();
    let output = site.kioskd(&[]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.lines().last().unwrap().starts_with("kioskd: CONF-04: another kioskd"), "{said}");
    assert!(site.path("screen.sock").exists());
}

#[test]
fn devices_that_are_there_are_said_to_work() {
    let site = Site::new();
    let _ports = ["printer", "scanner"].map(|name| Terminal::open(&site.path(name)).unwrap());
    let output = site.kioskd(&["--check-devices"]);
    let told = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{told}");
    for line in ["card reader: READER-0", "receipt printer: works", "code scanner: works"] {
        assert!(told.contains(line), "'{line}' is missing: {told}");
    }
}

#[test]
fn devices_that_are_not_there_are_told_one_by_one() {
    let output = Site::new().kioskd(&["--check-devices"]);
    let told = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{told}");
    for line in
        ["card reader: READER-0", "camera: CAMERA-01", "receipt printer: PRINT-03", "code scanner: SCAN-01"]
    {
        assert!(told.contains(line), "'{line}' is missing: {told}");
    }
}
