//! Commands from the signer's pen to their end: over a fleet server that speaks DDI, into
//! `fleetd` itself.

use std::{collections::BTreeSet, fs, path::Path, time::Duration};

use command::{Command, CommandId, For, Name, Signed, What};
use ed25519_dalek::SigningKey;
use getrandom::{SysRng, rand_core::UnwrapErr};
use jiff::{SignedDuration, Timestamp};
use keys::ServerSecret;
use pretend_platform::fleet::Status;
use upkeep::{Line, LockReason, Opening, Words};

use crate::site::{NAME, Site};

/// The longest that anything here may take.
const LIMIT: Duration = Duration::from_secs(30);

/// The operator may do all, the province only show messages.
fn key(of: &str) -> SigningKey {
    SigningKey::from_bytes(&[if of == "operator" { 1 } else { 3 }; 32])
}

/// `[commands]` of the kiosk in this folder. Its `reboot` counts how often it was told to; while
/// `stays-up` is there it fails.
pub fn settings(folder: &Path) -> String {
    let secret = ServerSecret::generate(&mut UnwrapErr(SysRng));
    secret.save(&folder.join("logs-secret")).unwrap();
    let hex = |of: &str| hex::encode(key(of).verifying_key().as_bytes());
    let here = folder.display();
    format!(
        r#"
[commands]
site = "ba-dinh"
two-signers = []
reboot = ["/bin/sh", "-c", "echo once >> {here}/reboots; test ! -e {here}/stays-up"]

[[commands.signer]]
name = "operator"
key = "{operator}"
may = ["lock", "unlock", "reboot", "collect-logs", "message"]

[[commands.signer]]
name = "province"
key = "{province}"
may = ["message"]

[commands.logs]
seal-to = "{seal_to}"
most-bytes = 2000

[commands.logs.source]
kioskd = ["/bin/sh", "-c", "yes 'an old line' | head -n 1000000; echo the last line"]
broken = ["/bin/sh", "-c", "echo one line; exit 3"]
"#,
        operator = hex("operator"),
        province = hex("province"),
        seal_to = secret.public(),
    )
}

fn name(text: &str) -> Name {
    text.to_owned().try_into().unwrap()
}

fn envelope(number: u8, what: What, by: &str) -> String {
    let now = Timestamp::now();
    let mut signed = Signed::draft(Command {
        id: CommandId::new([number; 16]),
        r#for: For::Kiosks([name(NAME)].into()),
        what,
        not_before: now,
        not_after: now + SignedDuration::from_mins(10),
        sequence: number.into(),
    })
    .unwrap();
    signed.sign(&key(by)).unwrap();
    signed.to_text().unwrap()
}

fn message(vi: &str, en: &str) -> What {
    let line = |text: &str| Line::try_from(text.to_owned()).unwrap();
    let until = Timestamp::now() + SignedDuration::from_mins(30);
    What::Message { words: Words { vi: line(vi), en: line(en) }, until }
}

async fn started() -> Site {
    let mut site = Site::new().await;
    site.kiosk.start().await;
    // Commands that are older than the kiosk's memory of commands are refused; it has begun when
    // this one is answered.
    let first = site.command("nothing");
    ends(&site, first, Status::Error, "CMD-02").await;
    site
}

async fn ends(site: &Site, action: pretend_platform::fleet::ActionId, status: Status, word: &str) {
    site.until(word, LIMIT, |site| site.status(action) == status).await;
    let last = site.said(action).pop().unwrap();
    assert!(last.contains(word), "nothing of '{word}' in: {last}");
}

fn reboots(site: &Site) -> usize {
    fs::read_to_string(site.kiosk.path("reboots")).unwrap_or_default().lines().count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_and_a_message_are_shown_survive_fleetd_and_are_taken_once() {
    let mut site = started().await;
    let lock = envelope(1, What::Lock { minutes: 30, reason: LockReason::Repair }, "operator");
    let action = site.command(&lock);
    ends(&site, action, Status::Finished, "locked until").await;
    let locked = |site: &Site| {
        let opening = site.kiosk.upkeep().opening(Timestamp::now());
        matches!(opening, Opening::Locked { minutes: Some(29..=30), reason: LockReason::Repair })
    };
    assert!(locked(&site), "{:?}", site.kiosk.upkeep().opening(Timestamp::now()));

    let action = site.command(&envelope(1, message("Xin chào", "Hello"), "province"));
    ends(&site, action, Status::Error, "CMD-11").await;
    let action = site.command(&envelope(2, message("Xin chào", "Hello"), "province"));
    ends(&site, action, Status::Finished, "shown until").await;
    let shown =
        |site: &Site| site.kiosk.upkeep().message(Timestamp::now()).map(|words| words.vi.as_str().to_owned());
    assert_eq!(shown(&site).as_deref(), Some("Xin chào"));

    // The folder is in memory: after a power cut nothing is there, and fleetd puts it back.
    site.kiosk.kill_fleetd();
    site.kiosk.upkeep().unlock().unwrap();
    site.kiosk.upkeep().show_none().unwrap();
    site.kiosk.start_fleetd();
    site.until("the lock is back", LIMIT, |site| locked(site) && shown(site).is_some()).await;

    // What was carried out is not carried out again, whoever asks.
    let action = site.command(&envelope(3, What::Unlock {}, "operator"));
    ends(&site, action, Status::Finished, "unlocked").await;
    assert_eq!(site.kiosk.upkeep().opening(Timestamp::now()), Opening::Open);
    let action = site.command(&lock);
    ends(&site, action, Status::Error, "CMD-11").await;
    assert_eq!(site.kiosk.upkeep().opening(Timestamp::now()), Opening::Open);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_show_messages_may_not_start_the_machine_anew() {
    let mut site = started().await;
    let action = site.command(&envelope(1, What::Reboot {}, "province"));
    ends(&site, action, Status::Error, "CMD-06").await;
    let forged = envelope(2, What::Reboot {}, "operator").replace("signatures", "sigs");
    let action = site.command(&forged);
    ends(&site, action, Status::Error, "CMD-02").await;
    assert_eq!(reboots(&site), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_machine_is_started_anew_after_the_visit_and_once() {
    let mut site = started().await;
    let visit = site.kiosk.begin_visit();
    let action = site.command(&envelope(1, What::Reboot {}, "operator"));
    site.until("it is announced", LIMIT, |site| site.kiosk.closed()).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(reboots(&site), 0, "somebody is served");
    drop(visit);
    site.until("it goes down", LIMIT, |site| reboots(site) == 1).await;
    assert!(site.kiosk.upkeep().lease().unwrap().is_none(), "nobody is served any more");

    // It does not go down in this test: whatever happens to fleetd, it is not told again.
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        site.kiosk.kill_fleetd();
        site.kiosk.start_fleetd();
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(reboots(&site), 1);
    assert!(site.kiosk.closed());
    assert!(![Status::Finished, Status::Error].contains(&site.status(action)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_that_does_not_go_down_opens_again_and_says_so() {
    let mut site = started().await;
    fs::write(site.kiosk.path("stays-up"), "").unwrap();
    let action = site.command(&envelope(1, What::Reboot {}, "operator"));
    ends(&site, action, Status::Error, "not-restarted: /bin/sh").await;
    assert_eq!(reboots(&site), 1);
    assert!(!site.kiosk.closed());
    assert!(site.kiosk.upkeep().lease().unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_that_waits_can_be_called_off() {
    let mut site = started().await;
    let visit = site.kiosk.begin_visit();
    let action = site.command(&envelope(1, What::Reboot {}, "operator"));
    site.until("it is announced", LIMIT, |site| site.kiosk.closed()).await;
    site.call_off(action);
    site.until("it is called off", LIMIT, |site| site.status(action) == Status::Canceled).await;
    drop(visit);
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(reboots(&site), 0);
    assert!(!site.kiosk.closed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logs_are_of_named_sources_bounded_and_sealed() {
    let mut site = started().await;
    let logs = |names: &[&str]| What::CollectLogs {
        which: names.iter().map(|text| name(text)).collect::<BTreeSet<_>>(),
    };
    let action = site.command(&envelope(1, logs(&["kioskd", "shadow"]), "operator"));
    ends(&site, action, Status::Error, "CMD-13: no logs of shadow").await;

    let action = site.command(&envelope(2, logs(&["kioskd", "broken"]), "operator"));
    ends(&site, action, Status::Finished, "collected: ").await;
    let id = CommandId::new([2; 16]);
    let sealed = fs::read(site.kiosk.path("state/logs").join(format!("{id}.sealed"))).unwrap();
    let secret = ServerSecret::load(&site.kiosk.path("logs-secret")).unwrap();
    let opened = secret.open(&fleetd::commands::logs::bound_to(&name(NAME), &id), &sealed).unwrap();
    let text = std::str::from_utf8(&opened).unwrap();
    assert!(text.contains("== kioskd: whole") && text.contains("the last line\n"), "{text}");
    assert!(text.contains("== broken: exit status: 3") && text.contains("one line\n"), "{text}");
    assert!(text.len() < 2_300, "{} bytes", text.len());
    assert!(secret.open(b"another kiosk", &sealed).is_err());
}
