//! Who must sign, what signers see, and what is refused.

use std::{fs, process::Command};

use crate::common::{Desk, ONLINE};

#[test]
fn one_of_two_signatures_publishes_nothing() {
    let mut desk = Desk::with_keys();
    desk.init();
    desk.sign("root", &["root-1", "root-2"]);
    desk.sign("targets", &["targets-2"]);
    let publish = [&["publish", "repo"][..], &ONLINE].concat();
    desk.refused(
        &publish,
        3,
        &[
            "targets is not signed by enough people",
            "kiosk-repo draft",
            "kiosk-repo merge",
            "1 good",
            "2 needed",
        ],
    );
    assert!(!desk.path("repo/metadata").exists());
    // The same person again is no second person.
    assert!(desk.sign("targets", &["targets-2"]).contains("1 of 2 signatures"));
    desk.refused(&publish, 3, &["targets is not signed by enough people"]);
    assert!(desk.sign("targets", &["targets-1"]).contains("whole"));
    desk.done(&publish);
    assert!(desk.path("repo/metadata/timestamp.json").exists());
    assert_eq!(desk.done(&["status", "repo"]), "nothing is in draft\n");
    desk.refused(&publish, 1, &["nothing is in draft", "kiosk-repo refresh"]);
}

#[test]
fn a_stranger_signs_nothing() {
    let mut desk = Desk::with_keys();
    desk.init();
    let request = desk.request("root");
    for key in ["stranger", "targets-1"] {
        let key = format!("keys/{key}");
        let sign = ["sign", &request, "--key", &key, "--out", "signature", "--yes"];
        desk.refused(&sign, 3, &["is a stranger to root", "one of these must sign"]);
    }
    assert!(!desk.path("signature").exists());
    // One who says in the request that the stranger is asked gets no further than `merge`.
    let of_stranger = String::from_utf8(desk.read("keys/stranger.pub")).unwrap();
    assert!(of_stranger.contains("PUBLIC KEY"));
    let mut forged: serde_json::Value = serde_json::from_slice(&desk.read(&request)).unwrap();
    let id = desk.run(&["sign", &request, "--key", "keys/stranger", "--out", "x", "--yes"]).err;
    let id = id.split("the key ").nth(1).unwrap().split(' ').next().unwrap();
    forged["signers"].as_array_mut().unwrap().push(id.into());
    desk.write("forged", &serde_json::to_vec(&forged).unwrap());
    desk.done(&["sign", "forged", "--key", "keys/stranger", "--out", "signature", "--yes"]);
    desk.refused(&["merge", "repo", "signature"], 3, &["is a stranger to root"]);
    // Nor does an online key of another role.
    desk.sign("root", &["root-1", "root-2"]);
    desk.sign("targets", &["targets-1", "targets-2"]);
    for (snapshot, timestamp, role) in
        [("timestamp", "timestamp", "snapshot"), ("snapshot", "snapshot", "timestamp")]
    {
        let (snapshot, timestamp) = (format!("keys/{snapshot}"), format!("keys/{timestamp}"));
        let publish = ["publish", "repo", "--snapshot-key", &snapshot, "--timestamp-key", &timestamp];
        desk.refused(&publish, 3, &[&format!("is a stranger to {role}")]);
        assert!(!desk.path("repo/metadata").exists());
    }
}

#[test]
fn a_signature_is_for_the_draft_that_was_shown() {
    let mut desk = Desk::published();
    assert_eq!(desk.add("os/image", "7").code, 0);
    let request = desk.request("targets");
    let signature = desk.signature(&request, "targets-1");
    desk.done(&["merge", "repo", &signature]);
    // Another file under the same name after that: what was signed no longer counts.
    desk.done(&["remove", "repo", "--target", "os/image"]);
    let run = desk.add("os/image", "8");
    assert!(run.out.contains("0 of 2 signatures"), "{}", run.out);
    desk.refused(&["merge", "repo", &signature], 3, &["over another draft of targets", "send it out again"]);
    // One who writes the new digest into the old signature.
    let mut forged: serde_json::Value = serde_json::from_slice(&desk.read(&signature)).unwrap();
    let request = desk.request("targets");
    let fresh: serde_json::Value =
        serde_json::from_slice(&desk.read(&desk.signature(&request, "targets-2"))).unwrap();
    forged["sha256"] = fresh["sha256"].clone();
    desk.write("forged", &serde_json::to_vec(&forged).unwrap());
    desk.refused(&["merge", "repo", "forged"], 3, &["not a good signature", "signed again"]);
    desk.write("forged", b"{\"role\":\"targets\"}");
    desk.refused(&["merge", "repo", "forged"], 1, &["no signature of kiosk-repo"]);
}

#[test]
fn nobody_signs_without_saying_yes() {
    let mut desk = Desk::with_keys();
    desk.init();
    let request = desk.request("root");
    let sign = ["sign", &request, "--key", "keys/root-1", "--out", "signature"];
    desk.refused(&sign, 1, &["nobody said yes"]);
    assert!(!desk.path("signature").exists());
}

#[test]
fn a_signer_is_shown_everything_that_changes() {
    let mut desk = Desk::published();
    desk.add("os/old", "1");
    desk.sign("targets", &["targets-1", "targets-2"]);
    desk.publish();
    desk.write("image", b"an image");
    desk.done(&[
        "add-release",
        "repo",
        "--target",
        "os/new",
        "image",
        "--hw",
        "pi4-wall",
        "--kind",
        "os",
        "--release-seq",
        "2",
        "--min-release-seq",
        "1",
        "--data-schema",
        "2:3",
        "--security",
        "--deadline",
        "2026-12-31",
    ]);
    desk.done(&[
        "waves",
        "repo",
        "--target",
        "os/new",
        "--wave",
        "10@2026-12-01",
        "--wave",
        "100@2026-12-02T00:00:00Z",
    ]);
    desk.done(&["remove", "repo", "--target", "os/old"]);
    desk.done(&["delegate", "repo", "config/ha-noi", "--key", "keys/stranger.pub"]);
    let request = desk.request("targets");
    let shown = desk.done(&[
        "sign",
        &request,
        "--key",
        "keys/targets-1",
        "--out",
        "s",
        "--yes",
        "--root",
        "repo/metadata/1.root.json",
    ]);
    for line in [
        "You are asked to sign: targets, version 3, after version 2\n",
        "Good until: 2027-02-24T03:00:00Z, 90 days from now\n",
        "  + os/new: os release 2 for pi4-wall, kiosks go not below 1, data 2 to 3 (CANNOT GO BACK), security, in force by 2026-12-30T17:00:00Z, 10 % from 2026-11-30T17:00:00Z, 100 % from 2026-12-02T00:00:00Z; 8 bytes, sha256 ",
        "  - os/old\n",
        "  the role config-ha-noi may list config/ha-noi/*\n",
        "  the role config-ha-noi: + key ",
        "  the role config-ha-noi: 1 of 1 keys must sign\n",
    ] {
        assert!(shown.contains(line), "{line:?} is not in {shown}");
    }
    assert!(!shown.contains("--root FILE"), "{shown}");
    assert!(
        desk.done(&["sign", &request, "--key", "keys/targets-1", "--out", "s2", "--yes"])
            .contains("--root FILE")
    );
}

#[test]
fn a_way_back_for_kiosks_is_said_aloud() {
    let mut desk = Desk::published();
    let add = |desk: &Desk, target: &str, seq: &str, least: &str| {
        desk.write("image", seq.as_bytes());
        let fixed = ["add-release", "repo", "--target", target, "image", "--hw", "pi5-counter"];
        let rest = ["--kind", "os", "--release-seq", seq, "--min-release-seq", least];
        desk.done(&[&fixed[..], &rest].concat());
    };
    add(&desk, "os/seven", "7", "5");
    desk.sign("targets", &["targets-1", "targets-2"]);
    desk.publish();
    for (target, seq, least, said) in [("os/eight", "8", "5", false), ("os/nine", "9", "4", true)] {
        add(&desk, target, seq, least);
        let shown = desk.done(&["status", "repo"]);
        let words = "LOWERS the number that kiosks go not below, from 5 to 4";
        assert_eq!(shown.contains(words), said, "{shown}");
    }
}

/// The bytes that are signed are those of the request, whatever it says; what this program does
/// not know is shown, and nothing in it reaches the terminal raw.
#[test]
fn what_is_not_understood_is_shown_and_escaped() {
    let mut desk = Desk::published();
    desk.add("os/image", "1");
    let request = desk.request("targets");
    let mut body: serde_json::Value = serde_json::from_slice(&desk.read(&request)).unwrap();
    body["draft"]["signed"]["x-\u{1b}[2J"] = "odd".into();
    let image = body["draft"]["signed"]["targets"]["os/image"].clone();
    body["draft"]["signed"]["targets"]["os/\u{1b}[1A"] = image;
    body["draft"]["signed"]["targets"]["os/image"]["custom"]["least_battery"] = 5.into();
    desk.write("odd", &serde_json::to_vec(&body).unwrap());
    let shown = desk.done(&["sign", "odd", "--key", "keys/targets-1", "--out", "s", "--yes"]);
    for line in ["NOT UNDERSTOOD: x-\\u{1b}[2J", "+ os/\\u{1b}[1A", "+ os/image: NOT UNDERSTOOD: {"] {
        assert!(shown.contains(line), "{line} is not in {shown}");
    }
    assert!(!shown.contains('\u{1b}'));
    desk.refused(&["merge", "repo", "s"], 3, &["over another draft"]);
}

#[test]
fn a_version_before_that_the_signers_root_does_not_vouch_for_is_refused() {
    let mut desk = Desk::published();
    desk.add("os/image", "1");
    let request = desk.request("targets");
    let mut body: serde_json::Value = serde_json::from_slice(&desk.read(&request)).unwrap();
    // Shown as there already, the new file would not be a change.
    body["before"]["signed"]["targets"] = body["draft"]["signed"]["targets"].clone();
    desk.write("sly", &serde_json::to_vec(&body).unwrap());
    let sign = [
        "sign",
        "sly",
        "--key",
        "keys/targets-1",
        "--out",
        "s",
        "--yes",
        "--root",
        "repo/metadata/1.root.json",
    ];
    desk.refused(&sign, 3, &["does not vouch for the version before", "do not sign"]);
    let other = Desk::published();
    fs::copy(other.path("repo/metadata/1.root.json"), desk.path("other-root")).unwrap();
    let sign = ["sign", &request, "--key", "keys/targets-1", "--out", "s", "--yes", "--root", "other-root"];
    desk.refused(&sign, 3, &["do not sign"]);
    desk.done(&["renew", "repo", "root"]);
    let request = desk.request("root");
    let sign = ["sign", &request, "--key", "keys/root-1", "--out", "s", "--yes", "--root", "other-root"];
    desk.refused(&sign, 3, &["is not the root that the signer trusts"]);
    assert!(!desk.path("s").exists());
}

#[test]
fn another_tool_signs_the_exact_bytes() {
    let mut desk = Desk::with_keys();
    desk.init();
    desk.done(&["draft", "repo", "root", "request", "--bytes", "bytes"]);
    let openssl = |arguments: &[&str]| {
        let run = Command::new("openssl").current_dir(desk.path("")).args(arguments).output().unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    };
    openssl(&["pkeyutl", "-sign", "-rawin", "-inkey", "keys/root-1", "-in", "bytes", "-out", "sig"]);
    let raw = |key: &'static str| ["merge", "repo", "--raw", "sig", "--role", "root", "--key", key];
    desk.refused(&raw("keys/root-2.pub"), 3, &["not a good signature"]);
    desk.refused(&raw("keys/stranger.pub"), 3, &["is a stranger to root"]);
    assert!(desk.done(&raw("keys/root-1.pub")).contains("1 of 2 signatures"));
    desk.sign("root", &["root-3"]);
    desk.sign("targets", &["targets-1", "targets-3"]);
    desk.publish();
}
