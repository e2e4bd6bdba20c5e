//! Sticks that mean harm. None makes the kiosk fall over, grow, wait for ever or look outside;
//! each ends with a code, and the honest stick beside it is read.

use std::{
    ffi::OsStr,
    fs::{self, File},
    os::unix::{ffi::OsStrExt as _, fs::symlink, net::UnixListener},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use faults::Fault;
use nix::{sys::stat::Mode, unistd::mkfifo};
use stick::{StickError, is_there};

use crate::common::{IMAGE, Kiosk, Stick, chain, days, now};

async fn refused(kiosk: &Kiosk, stick: &Stick) -> StickError {
    match kiosk.stage(stick.path()).await {
        Ok(_) => panic!("it was taken"),
        Err(error) => error,
    }
}

async fn assert_fault(kiosk: &Kiosk, stick: &Stick, fault: Fault) {
    let error = refused(kiosk, stick).await;
    assert_eq!(error.fault(), fault, "{}", chain(&error));
}

/// The timestamp, the permit's pointer, the release: what every reading comes by.
fn on_the_way(stick: &Stick) -> [PathBuf; 3] {
    let timestamp = stick.path().join("metadata/timestamp.json");
    [stick.path().join(stick::POINTER), timestamp, stick.file("targets/app", ".kiosk-7")]
}

#[tokio::test]
async fn an_honest_stick_is_staged_whole_and_nothing_but_what_is_needed() {
    let mut stick = Stick::new();
    stick.release(8, b"another");
    stick.publish();
    let kiosk = Kiosk::trusting(&stick);
    assert!(is_there(stick.path()));
    let staged = kiosk.stage(stick.path()).await.unwrap();
    assert_eq!(staged.release().target, "app/kiosk-7");
    let images: Vec<_> = fs::read_dir(kiosk.staging().join("targets/app")).unwrap().collect();
    assert_eq!(images.len(), 1);
    assert_eq!(fs::read(images[0].as_ref().unwrap().path()).unwrap(), IMAGE);
}

#[tokio::test]
async fn links_are_followed_nowhere() {
    for at in 0..3 {
        let stick = Stick::new();
        let (kiosk, path) = (Kiosk::trusting(&stick), on_the_way(&stick)[at].clone());
        // Out of the stick, and within it.
        let outside = tempfile::tempdir().unwrap();
        for aim in [outside.path().join("file"), stick.path().join("beside")] {
            if path.exists() {
                fs::copy(&path, &aim).unwrap();
                fs::remove_file(&path).unwrap();
            } else {
                fs::copy(outside.path().join("file"), &aim).unwrap();
            }
            _ = fs::remove_file(&path);
            symlink(&aim, &path).unwrap();
            assert_fault(&kiosk, &stick, Fault::StickOdd).await;
            fs::remove_file(&path).unwrap();
        }
    }
    // A folder that is a link, to itself and to one above: loops.
    for aim in [".", "..", "metadata", "/"] {
        let stick = Stick::new();
        let kiosk = Kiosk::trusting(&stick);
        fs::rename(stick.path().join("metadata"), stick.path().join("elsewhere")).unwrap();
        symlink(aim, stick.path().join("metadata")).unwrap();
        assert_fault(&kiosk, &stick, Fault::StickOdd).await;
    }
}

#[tokio::test]
async fn pipes_sockets_and_folders_are_no_files_and_are_not_waited_for() {
    for at in 0..3 {
        for odd in ["pipe", "socket", "folder"] {
            let stick = Stick::new();
            let (kiosk, path) = (Kiosk::trusting(&stick), on_the_way(&stick)[at].clone());
            fs::remove_file(&path).unwrap();
            let began = Instant::now();
            // A socket's path is short.
            let short = tempfile::tempdir().unwrap();
            let socket = UnixListener::bind(short.path().join("s")).unwrap();
            match odd {
                "pipe" => mkfifo(&path, Mode::S_IRWXU).unwrap(),
                "socket" => fs::rename(short.path().join("s"), &path).unwrap(),
                _ => fs::create_dir(&path).unwrap(),
            }
            assert_fault(&kiosk, &stick, Fault::StickOdd).await;
            assert!(began.elapsed() < Duration::from_secs(30), "it waited for the {odd}");
            drop(socket);
        }
    }
}

#[tokio::test]
async fn a_file_of_a_terabyte_is_not_read() {
    for at in 0..3 {
        let stick = Stick::new();
        let (kiosk, path) = (Kiosk::trusting(&stick), on_the_way(&stick)[at].clone());
        let before = resident();
        File::options().write(true).open(path).unwrap().set_len(1 << 40).unwrap();
        assert_fault(&kiosk, &stick, Fault::StickTooMuch).await;
        let grown = resident().saturating_sub(before);
        assert!(grown < 64 << 20, "{grown} bytes more");
    }
}

/// Of this process, in bytes.
fn resident() -> u64 {
    let text = fs::read_to_string("/proc/self/statm").unwrap();
    text.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

#[tokio::test]
async fn files_that_change_while_they_are_read_never_get_other_bytes_through() {
    let stick = Stick::new();
    let (kiosk, path) = (Kiosk::trusting(&stick), stick.file("targets/app", ".kiosk-7"));
    let stop = Arc::new(AtomicBool::new(false));
    let rewriting = thread::spawn({
        let stop = Arc::clone(&stop);
        move || {
            let evil = vec![b'x'; IMAGE.len()];
            while !stop.load(Ordering::Relaxed) {
                // As long, longer than any disk, gone, and right.
                fs::write(&path, &evil).unwrap();
                File::options().write(true).open(&path).unwrap().set_len(1 << 40).unwrap();
                fs::write(&path, IMAGE).unwrap();
                thread::yield_now();
            }
        }
    });
    let mut taken = 0;
    for _ in 0..100 {
        match kiosk.stage(stick.path()).await {
            Ok(_) => {
                taken += 1;
                let image = fs::read_dir(kiosk.staging().join("targets/app")).unwrap().next().unwrap();
                assert_eq!(fs::read(image.unwrap().path()).unwrap(), IMAGE);
            }
            Err(error) => assert!(
                matches!(error.fault(), Fault::StickNotTrusted | Fault::StickTooMuch),
                "{}",
                chain(&error)
            ),
        }
    }
    stop.store(true, Ordering::Relaxed);
    rewriting.join().unwrap();
    println!("{taken} of 100 readings saw the right bytes");
    kiosk.stage(stick.path()).await.unwrap();
}

#[tokio::test]
async fn what_was_read_once_is_not_looked_at_again() {
    let stick = Stick::new();
    let kiosk = Kiosk::trusting(&stick);
    let mut reader = kiosk.open(stick.path()).await.unwrap();
    // Everything signed is another's now; only the image is still to come.
    for entry in fs::read_dir(stick.path().join("metadata")).unwrap() {
        fs::write(entry.unwrap().path(), "evil").unwrap();
    }
    let release = reader.permit().permit().fields().releases[0].clone();
    let target = reader.find(&release.target).await.unwrap().unwrap();
    reader.stage(target, release).await.unwrap();
}

#[tokio::test]
async fn a_hundred_thousand_entries_and_odd_names_cost_nothing() {
    let stick = Stick::new();
    let kiosk = Kiosk::trusting(&stick);
    let began = Instant::now();
    kiosk.stage(stick.path()).await.unwrap();
    let alone = began.elapsed();
    for folder in ["metadata", "targets/app"] {
        let folder = stick.path().join(folder);
        for number in 0..50_000 {
            File::create(folder.join(format!("{number}.root.jsonx"))).unwrap();
        }
        fs::write(folder.join("n".repeat(255)), "long").unwrap();
        fs::write(folder.join(OsStr::from_bytes(b"\xff\xfe\n\x1b[2J")), "odd").unwrap();
        let mut deep = folder.join("d");
        for _ in 0..100 {
            deep.push("d");
        }
        fs::create_dir_all(deep).unwrap();
    }
    let began = Instant::now();
    kiosk.stage(stick.path()).await.unwrap();
    let among = began.elapsed();
    println!("{alone:?} alone, {among:?} among 100 000 entries");
    assert!(among < alone * 10 + Duration::from_secs(5), "{alone:?} alone, {among:?} among them");
    let staged = fs::read_dir(kiosk.staging().join("metadata")).unwrap().count();
    assert!(staged < 10, "{staged} files were staged");
}

#[tokio::test]
async fn a_pointer_that_leads_elsewhere_names_no_permit() {
    let stick = Stick::new();
    let kiosk = Kiosk::trusting(&stick);
    let long = format!(r#"{{"permit":"usb/{}"}}"#, "n".repeat(255));
    for text in [
        "",
        "{}",
        "\u{feff}{}",
        r#"{"permit":"usb/../app/kiosk-7"}"#,
        r#"{"permit":"/etc/passwd"}"#,
        r#"{"permit":"config/ha-noi/permit.json"}"#,
        r#"{"permit":"usb/permit.json","also":"this"}"#,
        r#"{"permit":["usb/permit.json"]}"#,
        &long,
    ] {
        stick.pointer(text);
        assert_fault(&kiosk, &stick, Fault::PermitMissing).await;
    }
    stick.pointer(&"[".repeat(4_000));
    assert_fault(&kiosk, &stick, Fault::PermitMissing).await;
    stick.pointer(&" ".repeat(5_000));
    assert_fault(&kiosk, &stick, Fault::StickTooMuch).await;
    stick.point_to("usb/permit.json");
    kiosk.stage(stick.path()).await.unwrap();
}

#[tokio::test]
async fn too_many_files_too_many_bytes_and_too_much_time_are_refused() {
    let stick = Stick::new();
    let mut kiosk = Kiosk::trusting(&stick);
    kiosk.limits.files = 4;
    assert!(matches!(refused(&kiosk, &stick).await, StickError::TooMany { most: 4 }));
    kiosk.limits = stick::Limits { total: 1_000, ..stick::Limits::default() };
    assert!(matches!(refused(&kiosk, &stick).await, StickError::TooMuch { most: 1_000 }));
    kiosk.limits = stick::Limits { name: 20, ..stick::Limits::default() };
    assert!(matches!(refused(&kiosk, &stick).await, StickError::UnusableName));
    kiosk.limits = stick::Limits { depth: 1, ..stick::Limits::default() };
    assert!(matches!(refused(&kiosk, &stick).await, StickError::UnusableName));
    kiosk.limits = stick::Limits { time: Duration::from_secs(9), ..stick::Limits::default() };
    // Each look at the clock is a second later.
    let looks = AtomicU64::new(0);
    let elapsed = Box::new(move || Duration::from_secs(looks.fetch_add(1, Ordering::Relaxed)));
    let slow = kiosk.open_within(stick.path(), elapsed).await.err().unwrap();
    assert!(matches!(slow, StickError::TooSlow { seconds: 9 }), "{}", chain(&slow));
    assert_eq!(slow.fault(), Fault::StickTooMuch);
}

#[tokio::test]
async fn a_stick_that_is_pulled_is_unreadable_and_not_an_empty_one() {
    // Before anything, and between permit and image.
    let stick = Stick::new();
    let kiosk = Kiosk::trusting(&stick);
    let error = kiosk.open(Path::new("/nowhere/at/all")).await.err().unwrap();
    assert_eq!(error.fault(), Fault::StickUnreadable);
    let mut reader = kiosk.open(stick.path()).await.unwrap();
    let release = reader.permit().permit().fields().releases[0].clone();
    let target = reader.find(&release.target).await.unwrap().unwrap();
    for entry in fs::read_dir(stick.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
    }
    let error = reader.stage(target, release).await.unwrap_err();
    assert!(matches!(error, StickError::Pulled), "{}", chain(&error));
    assert!(!is_there(stick.path()));
}

#[tokio::test]
async fn an_image_that_is_missing_or_altered_is_not_what_was_signed() {
    let stick = Stick::new();
    let (kiosk, path) = (Kiosk::trusting(&stick), stick.file("targets/app", ".kiosk-7"));
    for (bytes, fault) in [
        (&IMAGE[..5], Fault::StickNotTrusted),
        (&[b'x'; IMAGE.len()], Fault::StickNotTrusted),
        (&[b'x'; IMAGE.len() + 1], Fault::StickTooMuch),
    ] {
        fs::write(&path, bytes).unwrap();
        assert_fault(&kiosk, &stick, fault).await;
    }
    fs::remove_file(&path).unwrap();
    assert!(matches!(refused(&kiosk, &stick).await, StickError::Missing { .. }));
}

#[tokio::test]
async fn what_is_signed_by_others_expired_or_older_is_not_believed() {
    // Another root of trust.
    let (stick, other) = (Stick::new(), Stick::new());
    let mut forged = Stick::new();
    forged.usb_key = 66;
    forged.publish();
    let kiosk = Kiosk::trusting(&other);
    assert_fault(&kiosk, &forged, Fault::StickNotTrusted).await;
    // Older than what is remembered.
    let mut newer = Stick::new();
    newer.publish();
    let mut kiosk = Kiosk::trusting(&stick);
    kiosk.learn(&newer).await;
    let error = refused(&kiosk, &stick).await;
    assert!(chain(&error).contains("is below 2, which was seen before"), "{}", chain(&error));
    // Snapshot, targets and root run out; the timestamp alone may have.
    let mut kiosk = Kiosk::trusting(&stick);
    kiosk.now = now() + days(8);
    kiosk.stage(stick.path()).await.unwrap();
    for (after, role) in [(61, "snapshot"), (366, "root")] {
        kiosk.now = now() + days(after);
        let error = refused(&kiosk, &stick).await;
        assert_eq!(error.fault(), Fault::StickNotTrusted);
        let text = chain(&error);
        assert!(text.contains(&format!("{role} is not trusted: expired")), "{text}");
    }
    // A refused stick taught the kiosk nothing.
    let mut kiosk = Kiosk::trusting(&stick);
    kiosk.stage(newer.path()).await.unwrap();
    kiosk.now = now();
    kiosk.stage(stick.path()).await.unwrap();
}

#[tokio::test]
async fn a_disk_that_is_full_is_said_before_a_byte_is_written() {
    let stick = Stick::new();
    let mut kiosk = Kiosk::trusting(&stick);
    kiosk.keep_free = u64::MAX;
    let error = refused(&kiosk, &stick).await;
    assert!(matches!(error, StickError::DiskFull { free: 0, .. }), "{}", chain(&error));
    assert_eq!(error.fault(), Fault::StagingFull);
    assert_eq!(fs::read_dir(kiosk.staging().join("metadata")).unwrap().count(), 0);
}

/// A real disk without room: a small file system in memory, where this may be mounted.
#[tokio::test]
async fn a_disk_that_fills_up_is_an_error_with_a_code() {
    let stick = Stick::new();
    let kiosk = Kiosk::trusting(&stick);
    fs::create_dir(kiosk.staging()).unwrap();
    let mut mount = std::process::Command::new("mount");
    mount.args(["-t", "tmpfs", "-o", "size=8k", "stick-test"]).arg(kiosk.staging().parent().unwrap());
    if !mount.output().is_ok_and(|output| output.status.success()) {
        eprintln!("SKIPPED: this machine lets nobody mount");
        return;
    }
    let error = refused(&kiosk, &stick).await;
    _ = std::process::Command::new("umount").arg(kiosk.staging().parent().unwrap()).status();
    assert_eq!(error.fault(), Fault::StagingFull, "{}", chain(&error));
}
