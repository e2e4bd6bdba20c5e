//! The services as systemd itself judges them, without starting one: Debian's package
//! `systemd` brings the programs, and without it these tests fail.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

const SERVICES: [&str; 4] = ["kioskd.service", "kiosk-ui.service", "kiosk-pcscd.service", "fleetd.service"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../systemd")
}

fn run(program: &str, arguments: &[&str]) -> (bool, String) {
    let ran = Command::new(program)
        .args(arguments)
        .env("SYSTEMD_COLORS", "0")
        .output()
        .unwrap_or_else(|error| panic!("{program} of the package systemd: {error}"));
    let said = [ran.stdout, ran.stderr].concat();
    (ran.status.success(), String::from_utf8_lossy(&said).into_owned())
}

/// Thresholds are tenths of systemd's own scale, on which 0 is best and 100 is bare.
#[test]
fn no_service_is_more_exposed_than_it_must_be() {
    for (service, most) in SERVICES.into_iter().zip([15, 12, 12, 12]) {
        is_at_most_so_exposed(service, most);
    }
}

fn is_at_most_so_exposed(service: &str, most: u32) {
    is_no_more_exposed_than(&folder().join(service), most);
}

fn is_no_more_exposed_than(unit: &Path, most: u32) {
    let limit = format!("--threshold={most}");
    let (kept, said) =
        run("systemd-analyze", &["security", "--offline=true", &limit, unit.to_str().unwrap()]);
    let told = said.lines().find(|line| line.contains("Overall exposure")).unwrap_or(&said);
    println!("{told}");
    assert!(kept, "{}: over {most} tenths: {told}", unit.display());
}

/// A system of the units of this machine, ours, and programs that do nothing.
fn system() -> TempDir {
    let root = TempDir::new().unwrap();
    let units = root.path().join("usr/lib/systemd/system");
    fs::create_dir_all(&units).unwrap();
    symlink("usr/lib", root.path().join("lib")).unwrap();
    for (from, ours) in [(Path::new("/usr/lib/systemd/system"), false), (&folder(), true)] {
        for entry in fs::read_dir(from).unwrap().map(|entry| entry.unwrap()) {
            let name = entry.file_name();
            let stays = units.join(&name);
            // Of the machine's units only files: our programs are judged, not its settings.
            if entry.path().is_file() && (ours || !stays.exists()) {
                fs::copy(entry.path(), stays).unwrap();
            }
        }
    }
    for program in [
        "usr/bin/kioskd",
        "usr/bin/fleetd",
        "usr/bin/kiosk-ui",
        "usr/bin/kiosk-launch",
        "usr/bin/systemctl",
        "bin/sh",
        "usr/sbin/pcscd",
    ] {
        let path = root.path().join(program);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "#!/bin/sh\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    root
}

#[test]
fn systemd_has_nothing_to_say_against_a_unit() {
    let root = system();
    let root = format!("--root={}", root.path().display());
    let mut arguments = vec!["verify", "--man=no", &root, "kiosk-pcscd.socket"];
    arguments.extend(SERVICES);
    let (fine, said) = run("systemd-analyze", &arguments);
    let ours: Vec<&str> = said.lines().filter(|line| line.contains("kiosk")).collect();
    assert!(fine && ours.is_empty(), "{said}");
}

/// Of a machine whose programs come from slots.
#[test]
fn kioskd_out_of_a_slot_its_check_and_the_way_back_are_units_without_fault() {
    let root = system();
    let units = root.path().join("usr/lib/systemd/system");
    let drop_in = "kioskd.service.d/slots.conf";
    fs::create_dir(units.join("kioskd.service.d")).unwrap();
    fs::copy(folder().join(drop_in), units.join(drop_in)).unwrap();
    let from_slot = root.path().join("run/kiosk-app/bin/kioskd");
    fs::create_dir_all(from_slot.parent().unwrap()).unwrap();
    fs::copy(root.path().join("usr/bin/kioskd"), &from_slot).unwrap();
    let flag = format!("--root={}", root.path().display());
    let rehearsal = root.path().join("run/kiosk-rehearsal/bin/kiosk-rehearsal");
    fs::create_dir_all(rehearsal.parent().unwrap()).unwrap();
    fs::copy(root.path().join("usr/bin/kioskd"), &rehearsal).unwrap();
    let verify =
        ["verify", "--man=no", &flag, "kioskd.service", "kiosk-rollback.service", "kiosk-rehearsal.service"];
    let (fine, said) = run("systemd-analyze", &verify);
    assert!(fine && !said.contains("kiosk"), "{said}");
    let drop_in = "kiosk-ui.service.d/slots.conf";
    fs::create_dir(units.join("kiosk-ui.service.d")).unwrap();
    fs::copy(folder().join(drop_in), units.join(drop_in)).unwrap();
    let (fine, said) = run("systemd-analyze", &["verify", "--man=no", &flag, "kiosk-ui.service"]);
    assert!(fine && !said.contains("kiosk"), "{said}");
    let drop_in = "kiosk-configuration-check.service.d/slots.conf";
    fs::create_dir(units.join("kiosk-configuration-check.service.d")).unwrap();
    fs::copy(folder().join(drop_in), units.join(drop_in)).unwrap();
    let check = ["verify", "--man=no", &flag, "kiosk-configuration-check.service"];
    let (fine, said) = run("systemd-analyze", &check);
    assert!(fine && !said.contains("kiosk"), "{said}");
    // It is the slot's program that is looked for.
    fs::remove_file(from_slot).unwrap();
    let (_, said) = run("systemd-analyze", &verify);
    assert!(said.contains("/run/kiosk-app/bin/kioskd"), "{said}");

    for (service, most) in [
        ("kiosk-rollback.service", 15),
        ("kiosk-configuration-check.service", 15),
        ("kiosk-rehearsal.service", 12),
    ] {
        is_at_most_so_exposed(service, most);
    }
}

/// The shell's part of a line of a drop-in, with its absolute paths in another place.
fn script(drop_in: &str, key: &str, place: &Path) -> String {
    let text = fs::read_to_string(folder().join(drop_in)).unwrap();
    let line = text.lines().find(|line| line.starts_with(key) && line.contains("/bin/sh -c")).unwrap();
    let script = line.split_once("/bin/sh -c '").unwrap().1.strip_suffix('\'').unwrap();
    let place = place.display().to_string();
    script
        .replace("$$", "$")
        .replace("/run/", &format!("{place}/run/"))
        .replace("=/usr", &format!("={place}/usr"))
}

/// Runs it, where `systemctl` notes what it is told.
fn in_place(script: &str, place: &Path) -> String {
    let path = format!("{}/bin:{}", place.display(), std::env::var("PATH").unwrap());
    let ran = Command::new("/bin/sh").args(["-c", script]).env("PATH", path).output().unwrap();
    String::from_utf8([ran.stdout, ran.stderr].concat()).unwrap()
}

fn says(path: &Path, words: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, format!("#!/bin/sh\necho {words} \"$@\"\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn the_touchscreen_begins_anew_when_another_slot_was_mounted_and_only_then() {
    let place = TempDir::new().unwrap();
    let place = place.path();
    says(&place.join("bin/systemctl"), "systemctl");
    let mounted = |words: &str| {
        fs::create_dir_all(place.join("run")).unwrap();
        fs::write(place.join("run/kiosk-app.env"), words).unwrap();
        in_place(&script("kioskd.service.d/slots.conf", "ExecStartPre=-+", place), place)
    };
    let restarted = "systemctl --no-block try-restart kiosk-ui.service\n";
    assert_eq!(mounted("KIOSK_SLOT=a\nKIOSK_TRIAL=0\n"), restarted, "at boot");
    assert_eq!(mounted("KIOSK_SLOT=a\nKIOSK_TRIAL=0\n"), "", "kioskd alone began anew");
    assert_eq!(mounted("KIOSK_SLOT=b\nKIOSK_TRIAL=1\n"), restarted, "a trial");
    assert_eq!(mounted("KIOSK_SLOT=a\nKIOSK_TRIAL=0\n"), restarted, "the way back");
}

#[test]
fn the_touchscreen_is_the_slots_or_the_systems_where_no_slot_is_mounted() {
    let place = TempDir::new().unwrap();
    let place = place.path();
    let started = || in_place(&script("kiosk-ui.service.d/slots.conf", "ExecStart=/bin/sh", place), place);
    let socket = format!("--socket {}/run/kiosk/screen.sock\n", place.display());
    says(&place.join("usr/bin/kiosk-ui"), "of-the-system");
    assert_eq!(started(), format!("of-the-system {socket}"));
    says(&place.join("run/kiosk-app/bin/kiosk-ui"), "of-the-slot");
    assert_eq!(started(), format!("of-the-slot {socket}"));
}

#[test]
fn the_bridge_of_a_ribbon_camera_is_a_unit_without_fault() {
    let root = system();
    let service = "kiosk-ribbon-camera.service";
    let unit = folder().join("../board-configs/pi5-counter/ribbon-camera").join(service);
    fs::copy(&unit, root.path().join("usr/lib/systemd/system").join(service)).unwrap();
    let flag = format!("--root={}", root.path().display());
    let verify = ["verify", "--man=no", &flag, service];
    let (_, said) = run("systemd-analyze", &verify);
    assert!(said.contains("gst-launch-1.0"), "a program that is not there: {said}");
    fs::copy(root.path().join("usr/bin/kioskd"), root.path().join("usr/bin/gst-launch-1.0")).unwrap();
    let (fine, said) = run("systemd-analyze", &verify);
    assert!(fine && !said.contains("kiosk"), "{said}");
    is_no_more_exposed_than(&unit, 12);
}

#[test]
fn a_misspelt_line_would_be_noticed() {
    let root = system();
    let unit = root.path().join("usr/lib/systemd/system/kioskd.service");
    let text = fs::read_to_string(&unit).unwrap();
    fs::write(&unit, text.replace("WatchdogSec=", "WatchdogSecs=")).unwrap();
    let root = format!("--root={}", root.path().display());
    let (_, said) = run("systemd-analyze", &["verify", "--man=no", &root, "kioskd.service"]);
    assert!(said.contains("WatchdogSecs"), "{said}");
}

#[test]
fn the_kiosks_own_programs_are_watched_and_come_back() {
    for service in &SERVICES[..2] {
        let text = fs::read_to_string(folder().join(service)).unwrap();
        for line in
            ["Type=notify", "Restart=always", "StartLimitIntervalSec=0", "LimitCORE=0", "MemorySwapMax=0"]
        {
            assert!(text.lines().any(|found| found == line), "{service} lacks {line}");
        }
        assert!(text.contains("\nWatchdogSec="), "{service} has no watchdog");
    }
}

#[test]
fn every_user_that_a_unit_names_is_made() {
    let users = folder().join("sysusers.d/kiosk.conf");
    let root = TempDir::new().unwrap();
    fs::create_dir(root.path().join("etc")).unwrap();
    let root = format!("--root={}", root.path().display());
    let (made, said) = run("systemd-sysusers", &[&root, "--dry-run", users.to_str().unwrap()]);
    assert!(made, "{said}");
    let text = fs::read_to_string(&users).unwrap();
    for service in SERVICES {
        let unit = fs::read_to_string(folder().join(service)).unwrap();
        let user = unit.lines().find_map(|line| line.strip_prefix("User=")).expect(service);
        assert!(text.lines().any(|line| line.starts_with(&format!("u {user} "))), "{user} is not made");
    }
}
