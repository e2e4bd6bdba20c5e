//! A stick in a machine: the real `fleetd`, launcher and slots, a fleet server that hears of it
//! later, and a technician who is signed in or is not.

use std::{fs, io::Cursor, path::Path, sync::OnceLock, time::Duration};

use badge::{BadgeKey, Badges, Challenge, Claim};
use devices::CardReader as _;
use faults::Fault;
use getrandom::{SysRng, rand_core::UnwrapErr};
use jiff::Timestamp;
use keys::ServerSecret;
use simulators::{in_memory::InMemoryReader, staff_badge::StaffBadge};
use tuf::metadata::Expiry;
use upkeep::{SignedIn, StickState};

use crate::site::{NAME, Program, Site};

const LIMIT: Duration = Duration::from_mins(1);

/// The same for every site.
pub fn log_key() -> &'static ServerSecret {
    static KEY: OnceLock<ServerSecret> = OnceLock::new();
    KEY.get_or_init(|| ServerSecret::generate(&mut UnwrapErr(SysRng)))
}

impl Site {
    /// Puts the repository as it is into the machine.
    fn put_in(&self, permit: &str) {
        let stick = self.kiosk.path("stick");
        _ = fs::remove_dir_all(&stick);
        copy(&self.kiosk.path("repository"), &stick);
        fs::write(stick.join("stick.json"), format!(r#"{{"permit":"{permit}"}}"#)).unwrap();
    }

    fn pull_out(&self) {
        fs::remove_dir_all(self.kiosk.path("stick")).unwrap();
    }

    /// What the staff page shows.
    fn shows(&self) -> Option<StickState> {
        self.kiosk.upkeep().stick()
    }

    /// A technician signs in on the staff page as `kioskd` has it: with this badge, or none.
    fn sign_in(&self, badge: Option<&mut Badge>) {
        let badge = badge.map(|badge| badge.sign(NAME, self.kiosk.upkeep().badge_is_asked()));
        let signed_in = SignedIn { id: HOLDER.to_owned(), badge, written: Timestamp::now() };
        self.kiosk.upkeep().sign_in(&signed_in).unwrap();
    }

    /// Events of the audit log.
    fn audited(&self, event: &str) -> usize {
        let log = fs::read_to_string(self.kiosk.path("state/audit.log")).unwrap_or_default();
        log.lines().filter(|line| line.contains(event)).count()
    }
}

/// The id of the staff file, and a service number.
const HOLDER: &str = "4711";

/// A badge on a reader, and the key by which this person's badge is known.
struct Badge {
    reader: InMemoryReader,
    key: BadgeKey,
}

impl Badge {
    fn new() -> Self {
        Self::of(StaffBadge::p256().unwrap())
    }

    fn of(chip: StaffBadge) -> Self {
        let badges: Badges = toml::from_str(&chip.list(HOLDER).unwrap()).unwrap();
        let mut reader = InMemoryReader::new(chip);
        reader.lay();
        reader.wait_for_card(Duration::ZERO).unwrap().unwrap();
        Self { reader, key: badges.of(HOLDER).unwrap().clone() }
    }

    /// The one that the site knows; before it starts.
    fn known(site: &Site) -> Self {
        let chip = StaffBadge::p256().unwrap();
        fs::write(site.kiosk.path("badges.toml"), chip.list(HOLDER).unwrap()).unwrap();
        Self::of(chip)
    }

    fn sign(&mut self, kiosk: &str, challenge: Option<String>) -> String {
        let challenge = challenge.map(|challenge| challenge.parse().unwrap());
        let nonce = Challenge([9; 32]);
        let claim = Claim { kiosk: kiosk.to_owned(), holder: HOLDER.to_owned(), nonce, challenge };
        badge::sign(&mut self.reader, &self.key, &claim).unwrap().to_string()
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, to) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        if path.is_dir() { copy(&path, &to) } else { _ = fs::copy(&path, &to).unwrap() }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stale_stick_waits_for_the_technician_survives_a_cut_and_is_told_the_server_once() {
    let mut site = Site::new().await;
    let known = site.know("7");
    let mut badge = Badge::known(&site);
    site.kiosk.start().await;
    let an_hour_ago = Timestamp::from_second(Timestamp::now().as_second() - 3_600).unwrap();
    site.repository.timestamp_until = Expiry::new(an_hour_ago);
    site.repository.release(7, &Program::Well.image_bytes(7));
    let permit = site.repository.permit("p-1", 1, 7);
    site.put_in(&permit);
    site.until("a technician is asked for", LIMIT, |site| site.audited("STICK-09") == 1).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!((site.kiosk.runs().as_str(), site.audited("STICK-09")), ("6", 1));
    assert_eq!(site.shows(), Some(StickState::Refused(Fault::TechnicianNeeded)));
    assert!(!is_kept(&site, "p-1"));

    site.sign_in(Some(&mut badge));
    site.until("it is admitted", LIMIT, |site| site.audited("stick-admitted") == 1).await;
    assert_eq!(site.shows(), Some(StickState::Admitted));
    // It is on record before it is begun: a cut between the two would leave a use that never was.
    site.until("its use is on the disk", LIMIT, |site| is_kept(site, "p-1")).await;
    // The power goes, and the stick with it.
    site.kiosk.kill_fleetd();
    site.pull_out();
    site.kiosk.upkeep().sign_out().unwrap();
    site.kiosk.start_fleetd();
    site.until("it is installed", LIMIT, |site| site.kiosk.line().contains("release 7, is good")).await;
    site.until("the server knows", LIMIT, |site| site.installed() == Some(known)).await;
    site.until("it is in the log", LIMIT, |site| site.audited(r#""outcome":"committed""#) == 1).await;
    let log = fs::read_to_string(site.kiosk.path("state/audit.log")).unwrap();
    assert!(log.contains(r#""technician":"4711""#) && log.contains(r#""times":1"#), "{log}");
    assert!(!site.kiosk.path("state/stick").exists(), "staging is gone");
    assert_eq!(site.shows(), None, "it was pulled out");

    // The same permit once more, with another release: it was used.
    site.repository.release(8, &Program::Well.image_bytes(8));
    let permit = site.repository.permit("p-1", 1, 8);
    site.put_in(&permit);
    site.sign_in(Some(&mut badge));
    site.until("it is refused", LIMIT, |site| site.audited("STICK-08") == 1).await;
    assert_eq!((site.kiosk.runs().as_str(), site.audited("stick-admitted")), ("7", 1));
}

/// Whether what fleetd keeps of itself speaks of that permit.
fn is_kept(site: &Site, permit: &str) -> bool {
    let files = fs::read_dir(site.kiosk.path("state")).unwrap().map(|entry| entry.unwrap());
    files
        .filter(|file| file.file_name().to_string_lossy().starts_with("fleetd"))
        .any(|file| fs::read_to_string(file.path()).is_ok_and(|text| text.contains(permit)))
}

/// A `kioskd` that was broken into can write what it likes into the folder that both share.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_but_the_right_badge_here_and_now_makes_a_technician() {
    let mut site = Site::new().await;
    let mut badge = Badge::known(&site);
    site.kiosk.start().await;
    site.repository.release(7, &Program::Well.image_bytes(7));
    site.repository.staff_card = "required";
    let permit = site.repository.permit("p-3", 1, 7);
    site.put_in(&permit);
    site.until("a technician is asked for", LIMIT, |site| site.audited("STICK-09") == 1).await;
    let upkeep = site.kiosk.upkeep();
    let asked = upkeep.badge_is_asked();
    let another_challenge = Some(Challenge([1; 32]).to_string());
    let proofs = [
        None,
        Some(String::new()),
        Some("00".repeat(32) + ":00"),
        Some(Badge::new().sign(NAME, asked.clone())),
        Some(badge.sign("kiosk-2", asked.clone())),
        Some(badge.sign(NAME, None)),
        Some(badge.sign(NAME, another_challenge)),
    ];
    for badge in proofs {
        upkeep
            .sign_in(&SignedIn { id: HOLDER.to_owned(), badge: badge.clone(), written: Timestamp::now() })
            .unwrap();
        // It looks once a second.
        tokio::time::sleep(Duration::from_millis(2_500)).await;
        assert_eq!(site.audited("stick-admitted"), 0, "{badge:?}");
    }
    // Of somebody whom the list does not know.
    let proof = badge.sign(NAME, asked.clone());
    upkeep
        .sign_in(&SignedIn { id: "4712".to_owned(), badge: Some(proof.clone()), written: Timestamp::now() })
        .unwrap();
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_eq!((site.audited("stick-admitted"), upkeep.badge_is_asked()), (0, asked.clone()));

    upkeep
        .sign_in(&SignedIn { id: HOLDER.to_owned(), badge: Some(proof), written: Timestamp::now() })
        .unwrap();
    site.until("it is admitted", LIMIT, |site| site.audited("stick-admitted") == 1).await;
    upkeep.sign_out().unwrap();
    site.until("another badge is asked for", LIMIT, |site| site.kiosk.upkeep().badge_is_asked() != asked)
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_failed_here_or_runs_already_is_refused_off_a_stick_too_and_costs_no_use() {
    let mut site = Site::new().await;
    site.kiosk.start().await;
    site.repository.release(7, &Program::WithoutReader.image_bytes(7));
    let permit = site.repository.permit("p-2", 5, 7);
    // Fresh, and the permit asks for nobody.
    site.put_in(&permit);
    site.until("it is rolled back", LIMIT, |site| site.audited(r#""outcome":"rolled-back""#) == 1).await;
    site.until("the release before runs", LIMIT, |site| site.kiosk.runs() == "6").await;
    assert_eq!(site.installed(), None);
    let not_installed = Some(StickState::NotInstalled);
    site.until("the technician sees it", LIMIT, |site| site.shows() == not_installed).await;
    site.pull_out();
    site.until("the stick is forgotten", LIMIT, |site| site.shows().is_none()).await;
    site.put_in(&permit);
    site.until("it is refused", LIMIT, |site| site.audited("STICK-10") == 1).await;
    assert_eq!(site.audited("stick-admitted"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logs_go_out_sealed_when_a_technician_is_there() {
    let mut site = Site::new().await;
    let _known = site.know("7");
    let mut badge = Badge::known(&site);
    site.kiosk.start().await;
    let out = site.kiosk.path("out");
    fs::create_dir(&out).unwrap();
    fs::write(out.join("kiosk-logs"), "").unwrap();
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(!out.join("logs").exists());
    // Something to carry out.
    site.put_in("usb/none");
    site.until("something is in the log", LIMIT, |site| site.audited("STICK-05") == 1).await;
    site.sign_in(Some(&mut badge));
    site.until("they are there", LIMIT, |site| site.audited("stick-logs-taken") == 1).await;
    assert_eq!(site.shows(), Some(StickState::LogsTaken));
    let folder = fs::read_dir(out.join("logs")).unwrap().next().unwrap().unwrap().path();
    let sealed = fs::read(folder.join("fleetd-audit.sealed")).unwrap();
    let mut log = Vec::new();
    let head = stick::logs::open(log_key(), Cursor::new(sealed), &mut log).unwrap();
    assert_eq!((head.device.as_str(), head.name.as_str()), ("kiosk-1", "fleetd-audit"));
    assert!(String::from_utf8(log).unwrap().contains("STICK-05"));
    // Once for each time that the stick is put in.
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(fs::read_dir(out.join("logs")).unwrap().count(), 1);
}
