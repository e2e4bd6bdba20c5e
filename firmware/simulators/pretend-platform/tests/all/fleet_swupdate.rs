//! Debian's swupdate, an update client of other people, against our fleet server: it polls,
//! downloads, installs and reports as it would to hawkBit.
//!
//! Found at `target/opponents/swupdate/run`; unpacked by
//! `firmware/xtask/unpack_debian.py`. Without it these tests are skipped, loudly, unless
//! `KIOSK_OPPONENTS` is set.

use std::{
    fs,
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use opponents::Opponent;
use pretend_platform::fleet::{Action, ActionId, Status, UpdateStatus};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::fleet_state::http::Served;

const IMAGE: &[u8] = b"an application that was signed by the release people";
const LIMIT: Duration = Duration::from_mins(1);

fn program() -> Option<PathBuf> {
    Some(Opponent::Swupdate.find()?.join("run"))
}

/// A kiosk's folder: whom it trusts, and the slot that is written.
struct Kiosk {
    program: PathBuf,
    folder: TempDir,
}

/// The client while it runs.
struct Running(Child);

impl Kiosk {
    fn new() -> Option<Self> {
        let kiosk = Self { program: program()?, folder: TempDir::new().unwrap() };
        kiosk.signer("release");
        fs::write(kiosk.path("slot.img"), [0; 4096]).unwrap();
        Some(kiosk)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn openssl(&self, arguments: &str) {
        let ran = Command::new("openssl")
            .args(arguments.split(' '))
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    }

    /// Makes `NAME.key` and `NAME.crt`.
    fn signer(&self, name: &str) {
        self.openssl(&format!(
            "req -x509 -newkey rsa:2048 -nodes -keyout {name}.key -out {name}.crt -days 2 -subj /CN={name} \
             -addext keyUsage=digitalSignature -addext extendedKeyUsage=emailProtection"
        ));
    }

    /// An update, signed by somebody.
    fn bundle(&self, signer: &str) -> Vec<u8> {
        let slot = self.path("slot.img");
        let description = format!(
            "software =\n{{\n  version = \"2\";\n  hardware-compatibility: [ \"1.0\" ];\n  images: (\n    \
             {{ filename = \"app.img\"; device = \"{}\"; type = \"raw\"; sha256 = \"{}\"; }}\n  );\n}}\n",
            slot.display(),
            hex::encode(Sha256::digest(IMAGE)),
        );
        fs::write(self.path("sw-description"), &description).unwrap();
        self.openssl(&format!(
            "cms -sign -in sw-description -out sw-description.sig -signer {signer}.crt -inkey {signer}.key \
             -outform DER -nosmimecap -binary -md sha256"
        ));
        let signature = fs::read(self.path("sw-description.sig")).unwrap();
        let files = [
            ("sw-description", description.as_bytes()),
            ("sw-description.sig", signature.as_slice()),
            ("app.img", IMAGE),
        ];
        cpio(&files)
    }

    /// Starts the client; all that it writes is in the folder.
    fn start(&self, served: &Served, more: &str) -> Running {
        let log = fs::File::create(self.path("log")).unwrap();
        let token = served.fleet.state().target("kiosk-1").unwrap().token.clone();
        let url = format!("http://{}", served.address());
        let told = format!("-t DEFAULT -u {url} -i kiosk-1 -k {token} -p 1 {more}");
        let trusted = self.path("release.crt");
        let child = Command::new(&self.program)
            .arg("-k")
            .arg(trusted)
            .args(["-H", "kiosk:1.0", "-l", "4", "-u", told.trim()])
            .current_dir(self.folder.path())
            .env("TMPDIR", self.folder.path())
            .env("RUNTIME_DIRECTORY", self.folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        Running(child)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }
}

impl Drop for Running {
    /// Politely, so that it ends its own children.
    fn drop(&mut self) {
        let pid = Pid::from_raw(i32::try_from(self.0.id()).unwrap());
        let _ = kill(pid, Signal::SIGTERM);
        let limit = Instant::now() + Duration::from_secs(10);
        while matches!(self.0.try_wait(), Ok(None)) && Instant::now() < limit {
            thread::sleep(Duration::from_millis(20));
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits until the server's record of the action says so.
fn until(served: &Served, kiosk: &Kiosk, action: ActionId, holds: impl Fn(&Action) -> bool) -> Action {
    let limit = Instant::now() + LIMIT;
    loop {
        let held = served.fleet.state().action(action).unwrap().clone();
        if holds(&held) {
            return held;
        }
        assert!(
            held.active && Instant::now() < limit,
            "nothing more comes: {:#?}\n{}",
            held.history,
            kiosk.log()
        );
        thread::sleep(Duration::from_millis(50));
    }
}

/// The archive that swupdate reads: "new ASCII format" of cpio, with sums of bytes.
fn cpio(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = Vec::new();
    let mut add = |number: usize, name: &str, content: &[u8], links: usize| {
        let sum = content.iter().fold(0_u32, |sum, byte| sum.wrapping_add(u32::from(*byte))) as usize;
        let fields = [number, 0o100_644, 0, 0, links, 0, content.len(), 0, 0, 0, 0, name.len() + 1, sum];
        archive.extend(b"070702");
        for field in fields {
            archive.extend(format!("{field:08X}").bytes());
        }
        archive.extend(name.bytes().chain([0]));
        archive.resize(archive.len().next_multiple_of(4), 0);
        archive.extend(content);
        archive.resize(archive.len().next_multiple_of(4), 0);
    };
    for (at, (name, content)) in files.iter().enumerate() {
        add(at + 1, name, content, 1);
    }
    add(0, "TRAILER!!!", b"", 1);
    archive.resize(archive.len().next_multiple_of(512), 0);
    archive
}

fn served() -> Served {
    Served::with(|options| options.settings.poll_every = Duration::from_secs(1))
}

fn slot(kiosk: &Kiosk) -> Vec<u8> {
    fs::read(kiosk.path("slot.img")).unwrap()[..IMAGE.len()].to_vec()
}

#[test]
fn swupdate_installs_what_the_server_offers_and_reports_it() {
    let Some(kiosk) = Kiosk::new() else { return };
    let served = served();
    let bundle = kiosk.bundle("release");
    let action = ActionId(served.release("kiosk-1", "kiosk 1.swu", &bundle));
    {
        let _running = kiosk.start(&served, "");
        let installed = |held: &Action| says(held, "All Chunks Installed.");
        let held = until(&served, &kiosk, action, installed);
        assert!(held.active);
        let seen: Vec<_> = held.history.iter().map(|entry| entry.status).collect();
        assert!(seen.contains(&Status::Retrieved) && seen.contains(&Status::Download), "{seen:?}");
    }
    assert_eq!(slot(&kiosk), IMAGE);
    let traffic = served.fleet.state().target("kiosk-1").unwrap().traffic;
    assert_eq!((traffic.downloads, traffic.bytes), (1, bundle.len() as u64));

    // After the restart it is told that the new version works, and says so.
    let _running = kiosk.start(&served, "-c 2");
    let held = until(&served, &kiosk, action, |held| !held.active);
    assert_eq!(held.status, Status::Finished, "{:#?}", held.history);
    let state = served.fleet.state();
    let target = state.target("kiosk-1").unwrap();
    assert_eq!((target.update, target.installed_by), (UpdateStatus::InSync, Some(action)));
    assert!(target.traffic.polls >= 2);
}

#[test]
fn swupdate_refuses_what_a_stranger_signed_and_reports_it() {
    let Some(kiosk) = Kiosk::new() else { return };
    let served = served();
    kiosk.signer("stranger");
    let action = ActionId(served.release("kiosk-1", "kiosk.swu", &kiosk.bundle("stranger")));
    let _running = kiosk.start(&served, "");
    let held = until(&served, &kiosk, action, |held| !held.active);
    assert_eq!(held.status, Status::Error, "{:#?}", held.history);
    assert!(says(&held, "Authentication of all signatures failed"), "{:#?}", held.history);
    assert_eq!(slot(&kiosk), vec![0; IMAGE.len()]);
    let state = served.fleet.state();
    assert_eq!(state.target("kiosk-1").unwrap().update, UpdateStatus::Error);
    assert_eq!(state.target("kiosk-1").unwrap().installed, None);
}

fn says(action: &Action, text: &str) -> bool {
    action.history.iter().flat_map(|entry| &entry.messages).any(|message| message.contains(text))
}
