//! Releases, waves and delegations, as a kiosk and python-tuf find them.

use release::Kind;

use crate::common::{Desk, ONLINE, python, python_fetches};

#[tokio::test]
async fn a_kiosk_finds_a_release_with_all_that_was_said_of_it() {
    let mut desk = Desk::published();
    desk.write("bundle", b"a system");
    desk.done(&[
        "add-release",
        "repo",
        "--target",
        "os/pi5",
        "bundle",
        "--hw",
        "pi5-counter",
        "--hw",
        "pi4-wall",
        "--kind",
        "os",
        "--release-seq",
        "7",
        "--min-release-seq",
        "5",
        "--data-schema",
        "2:3:reversible",
        "--security",
        "--deadline",
        "2026-12-31T17:00:00Z",
    ]);
    desk.done(&[
        "waves",
        "repo",
        "--target",
        "os/pi5",
        "--wave",
        "10@2026-12-01",
        "--wave",
        "100@2026-12-08",
    ]);
    desk.sign("targets", &["targets-1", "targets-3"]);
    desk.publish();
    let mut kiosk = desk.kiosk();
    kiosk.refresh(desk.time()).await;
    let (role, bytes, release) = kiosk.install("os/pi5").await.unwrap();
    assert_eq!((role.as_str(), bytes.as_slice()), ("targets", &b"a system"[..]));
    let release = release.unwrap();
    let fields = release.fields();
    let boards: Vec<_> = fields.hw.iter().map(release::Hardware::as_str).collect();
    assert_eq!((boards, fields.kind), (vec!["pi4-wall", "pi5-counter"], Kind::Os));
    assert_eq!((fields.release_seq.get(), fields.min_release_seq.get()), (7, 5));
    let schema = fields.data_schema.unwrap();
    assert_eq!((schema.from, schema.to, schema.reversible), (2, 3, true));
    assert_eq!(
        (fields.security, fields.deadline.unwrap().to_string().as_str()),
        (true, "2026-12-31T17:00:00Z")
    );
    let turn = fields.waves.as_ref().unwrap().turn("kiosk-1", "some release").to_string();
    assert!(["2026-11-30T17:00:00Z", "2026-12-07T17:00:00Z"].contains(&turn.as_str()), "{turn}");
    // Everybody at once again, and then gone.
    desk.done(&["waves", "repo", "--target", "os/pi5", "--none"]);
    desk.sign("targets", &["targets-1", "targets-3"]);
    desk.publish();
    kiosk.refresh(desk.time()).await;
    assert!(kiosk.install("os/pi5").await.unwrap().2.unwrap().fields().waves.is_none());
    // Kiosks that run it may go back further; not so far that they could not run it.
    let least = ["least", "repo", "--target", "os/pi5", "--min-release-seq"];
    desk.refused(&[&least[..], &["8"]].concat(), 2, &["refuse the release itself"]);
    desk.done(&[&least[..], &["3"]].concat());
    desk.sign("targets", &["targets-1", "targets-3"]);
    desk.publish();
    kiosk.refresh(desk.time()).await;
    let lowered = kiosk.install("os/pi5").await.unwrap().2.unwrap();
    assert_eq!(lowered.fields().min_release_seq.get(), 3);
    desk.done(&["remove", "repo", "--target", "os/pi5"]);
    desk.sign("targets", &["targets-1", "targets-3"]);
    desk.publish();
    kiosk.refresh(desk.time()).await;
    assert!(kiosk.install("os/pi5").await.is_none());
    desk.refused(&["remove", "repo", "--target", "os/pi5"], 1, &["is not listed", "kiosk-repo check"]);
}

#[test]
fn a_release_number_grows_past_every_one_that_there_ever_was() {
    let mut desk = Desk::published();
    assert_eq!(desk.add("os/seven", "7").code, 0);
    // In the same draft already.
    for seq in ["6", "7"] {
        let run = desk.add("os/other", seq);
        assert_eq!(run.code, 1);
        assert!(run.err.contains("is not above 7") && run.err.contains("--release-seq 8"), "{}", run.err);
    }
    // Another kind counts for itself.
    assert_eq!(desk.add("app/kiosk", "1").code, 0);
    desk.sign("targets", &["targets-1", "targets-2"]);
    desk.publish();
    // Also when it is no longer listed.
    desk.done(&["remove", "repo", "--target", "os/seven"]);
    desk.sign("targets", &["targets-1", "targets-2"]);
    desk.publish();
    let run = desk.add("os/other", "7");
    assert!(run.err.contains("is not above 7") && run.err.contains("version 2 of targets"), "{}", run.err);
    // And when the part has gone over to others.
    desk.done(&["delegate", "repo", "os", "--key", "keys/root-1.pub", "--key", "keys/root-2.pub"]);
    assert_eq!(desk.add("os/other", "7").code, 1);
    assert_eq!(desk.add("os/other", "8").code, 0);
}

#[test]
fn what_is_no_release_is_refused() {
    let desk = Desk::published();
    desk.write("image", b"an image");
    let whole = [
        "add-release",
        "repo",
        "--target",
        "os/image",
        "image",
        "--hw",
        "pi5-counter",
        "--kind",
        "os",
        "--release-seq",
        "7",
        "--min-release-seq",
        "5",
    ];
    let with = |from: &str, to: &'static str| -> Vec<&str> {
        let changed: Vec<_> = whole.iter().map(|word| if *word == from { to } else { *word }).collect();
        assert_ne!(changed, whole);
        changed
    };
    for (arguments, code, words) in [
        (with("os", "firmware"), 2, "--kind is app or os"),
        (with("os", "app"), 1, "a release of kind app is under app/"),
        (with("os/image", "config/ha-noi/image"), 1, "a release of kind os is under os/"),
        (with("os/image", "os/a/b"), 1, "is no path of a target"),
        (with("os/image", "../image"), 1, "is no path of a target"),
        (with("os/image", "image"), 1, "is no path of a target"),
        (with("pi5-counter", "Pi 5"), 2, "lower-case"),
        (with("5", "8"), 2, "refuse the release itself"),
        (with("7", "0"), 2, "does not suit --release-seq"),
        (with("image", "nothing"), 1, "nothing: cannot be read"),
        (with("image", "keys"), 1, "not a plain file"),
        ([&whole[..], &["--deadline", "2026-12-31"]].concat(), 2, "security releases only"),
        ([&whole[..], &["--security", "--deadline", "soon"]].concat(), 2, "is no time"),
        ([&whole[..], &["--data-schema", "3:2"]].concat(), 2, "below it"),
        ([&whole[..], &["--data-schema", "3"]].concat(), 2, "FROM:TO"),
        ([&whole[..], &["--force"]].concat(), 2, "--force"),
        (whole[..11].to_vec(), 2, "--min-release-seq is missing"),
    ] {
        desk.refused(&arguments, code, &[words]);
    }
    assert_eq!(desk.done(&["status", "repo"]), "nothing is in draft\n");
    desk.done(&whole);
    for (wave, words) in [
        (&["--wave", "10@2026-12-01"][..], "last wave is everybody"),
        (&["--wave", "0@2026-12-01"], "SHARE@TIME"),
        (&["--wave", "100@2026-12-01", "--wave", "100@2026-12-02"], "shares of waves grow"),
        (&[], "or --none"),
    ] {
        desk.refused(&[&["waves", "repo", "--target", "os/image"], wave].concat(), 2, &[words]);
    }
}

#[tokio::test]
async fn a_province_lists_its_settings_and_nothing_else() {
    let mut desk = Desk::published();
    desk.key("ha-noi");
    desk.done(&["delegate", "repo", "config/ha-noi", "--key", "keys/ha-noi.pub"]);
    desk.write("hours", b"open-at = 1\n");
    desk.done(&["add-file", "repo", "--target", "config/ha-noi/hours.toml", "hours"]);
    desk.sign("targets", &["targets-1", "targets-2"]);
    let request = desk.request("config-ha-noi");
    desk.refused(
        &["sign", &request, "--key", "keys/targets-1", "--out", "s", "--yes"],
        3,
        &["is a stranger to config-ha-noi"],
    );
    desk.sign("config-ha-noi", &["ha-noi"]);
    desk.publish();
    let mut kiosk = desk.kiosk();
    kiosk.refresh(desk.time()).await;
    assert_eq!(kiosk.install("config/ha-noi/hours.toml").await.unwrap().0, "config-ha-noi");
    // The province's people write firmware into their own role and sign it.
    let path = desk.path("repo/drafts/config-ha-noi.json");
    desk.done(&["renew", "repo", "config-ha-noi"]);
    let draft = std::fs::read_to_string(&path).unwrap();
    let sly = draft.replace("config/ha-noi/hours.toml", "os/image");
    assert_ne!(sly, draft);
    std::fs::write(&path, sly).unwrap();
    desk.sign("config-ha-noi", &["ha-noi"]);
    let publish = [&["publish", "repo"][..], &ONLINE].concat();
    desk.refused(&publish, 3, &["config-ha-noi lists os/image, which it may not"]);
    for area in ["config/*", "config", "config/ha-noi/x", "data", "os/pi5"] {
        desk.refused(&["delegate", "repo", area, "--key", "keys/ha-noi.pub"], 2, &["config/PROVINCE"]);
    }
    desk.refused(&["add-file", "repo", "--target", "os/x", "hours"], 2, &["use add-release"]);
}

/// What was listed before goes over: it would stand before the new role for ever.
#[tokio::test]
async fn the_system_needs_two_signers_and_nobody_else_is_asked() {
    let mut desk = Desk::published();
    assert_eq!(desk.add("os/image", "1").code, 0);
    desk.sign("targets", &["targets-1", "targets-2"]);
    desk.publish();
    for name in ["os-1", "os-2"] {
        desk.key(name);
    }
    let two = ["delegate", "repo", "os", "--key", "keys/os-1.pub", "--key", "keys/os-2.pub"];
    desk.refused(&[&two[..], &["--threshold", "1"]].concat(), 1, &["from 2 on"]);
    desk.refused(&two[..5], 1, &["1 different keys cannot give 2"]);
    desk.done(&two);
    desk.sign("targets", &["targets-1", "targets-2"]);
    desk.sign("os", &["os-1"]);
    let publish = [&["publish", "repo"][..], &ONLINE].concat();
    desk.refused(&publish, 3, &["os is not signed by enough people"]);
    desk.sign("os", &["os-2"]);
    desk.publish();
    let mut kiosk = desk.kiosk();
    kiosk.refresh(desk.time()).await;
    assert_eq!(kiosk.install("os/image").await.unwrap().0, "os");
    let targets = String::from_utf8(desk.read("repo/metadata/3.targets.json")).unwrap();
    let targets: serde_json::Value = serde_json::from_str(&targets).unwrap();
    let os = &targets["signed"]["delegations"]["roles"][0];
    assert_eq!((&os["terminating"], &os["threshold"]), (&true.into(), &2.into()));
    assert_eq!(targets["signed"]["targets"], serde_json::json!({}));
}

#[test]
fn python_tuf_follows_what_we_publish() {
    let Some(python) = python() else { return };
    // It reads the system's clock.
    let mut desk = Desk::with_keys();
    desk.now = jiff::Timestamp::now().to_string();
    desk.init();
    desk.sign("root", &["root-1", "root-2"]);
    assert_eq!(desk.add("os/image", "1").code, 0);
    desk.done(&["delegate", "repo", "config/ha-noi", "--key", "keys/stranger.pub"]);
    desk.write("hours", "giờ = 1\n".as_bytes());
    desk.done(&["add-file", "repo", "--target", "config/ha-noi/hours.toml", "hours"]);
    desk.sign("targets", &["targets-1", "targets-2"]);
    desk.sign("config-ha-noi", &["stranger"]);
    desk.publish();
    desk.done(&[
        "rotate",
        "repo",
        "--drop",
        "root=keys/root-1.pub",
        "--drop",
        "timestamp=keys/timestamp.pub",
        "--add",
        "timestamp=keys/targets-1.pub",
    ]);
    desk.sign("root", &["root-2", "root-3"]);
    desk.done(&["publish", "repo", "--snapshot-key", "keys/snapshot", "--timestamp-key", "keys/targets-1"]);
    for (name, expected) in
        [("os/image", Some("image 1")), ("config/ha-noi/hours.toml", Some("giờ = 1\n")), ("os/none", None)]
    {
        let run = python_fetches(&python, &desk.path("repo"), name);
        assert_eq!(run.code == 0, expected.is_some(), "{}", run.err);
        assert_eq!(run.out, expected.unwrap_or_default());
    }
    // A repository that a stranger signed on: the opponent does look.
    let path = desk.path("repo/metadata/1.config-ha-noi.json");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("hours.toml", "other.toml")).unwrap();
    assert_ne!(python_fetches(&python, &desk.path("repo"), "config/ha-noi/other.toml").code, 0);
}
