//! Layers of settings: nobody is asked to sign what kiosks would refuse.

use configuration::{digest, hexadecimal};

use crate::common::{Desk, ONLINE};

/// A repository whose province and fleet sign their own layers.
fn delegated() -> Desk {
    let mut desk = Desk::published();
    for key in ["ha-noi", "fleet-1", "fleet-2"] {
        desk.key(key);
    }
    desk.done(&["delegate", "repo", "config/ha-noi", "--key", "keys/ha-noi.pub"]);
    let fleet =
        ["delegate", "repo", "config/fleet", "--key", "keys/fleet-1.pub", "--key", "keys/fleet-2.pub"];
    desk.refused(&[&fleet[..], &["--threshold", "1"]].concat(), 1, &["from 2 on"]);
    desk.done(&fleet);
    desk.sign("targets", &["targets-1", "targets-2"]);
    desk.sign("config-ha-noi", &["ha-noi"]);
    desk.sign("config-fleet", &["fleet-1", "fleet-2"]);
    desk.publish();
    desk
}

fn write(desk: &Desk, layer: &str, version: u32, more: &str) {
    let text = format!("schema = 1\nlayer = \"{layer}\"\nversion = {version}\n{more}");
    desk.write("layer", text.as_bytes());
}

const ADD: [&str; 4] = ["add-config", "repo", "layer", "--layer"];

fn add(layer: &str) -> [&str; 5] {
    let [a, b, c, d] = ADD;
    [a, b, c, d, layer]
}

#[tokio::test]
async fn a_province_and_its_sites_are_listed_by_the_provinces_role_alone() {
    let mut desk = delegated();
    for layer in ["ha-noi", "ha-noi/site-nghia-do", "ha-noi/device-hn-0017"] {
        write(&desk, layer, 4, "[idle]\nask-after-seconds = 90\n");
        desk.done(&add(layer));
    }
    let request = desk.request("config-ha-noi");
    let strange = ["sign", &request, "--key", "keys/fleet-1", "--out", "s", "--yes"];
    desk.refused(&strange, 3, &["is a stranger to config-ha-noi"]);
    desk.sign("config-ha-noi", &["ha-noi"]);
    desk.publish();
    let mut kiosk = desk.kiosk();
    kiosk.refresh(desk.time()).await;
    for path in ["layer", "site-nghia-do", "device-hn-0017"] {
        let (role, ..) = kiosk.install(&format!("config/ha-noi/{path}.toml")).await.unwrap();
        assert_eq!(role, "config-ha-noi");
    }
    let said = desk.done(&["check", "repo"]);
    assert!(said.contains("site-nghia-do.toml (by config-ha-noi): layer ha-noi/site-nghia-do 4"), "{said}");
}

#[test]
fn signers_see_the_text_and_what_differs_in_it() {
    let mut desk = delegated();
    let show = |desk: &mut Desk| {
        let request = desk.request("config-ha-noi");
        let shown = desk.run(&["sign", &request, "--key", "keys/ha-noi", "--out", "s", "--yes"]);
        std::fs::remove_file(desk.path("s")).unwrap();
        (request, shown.out)
    };
    write(&desk, "ha-noi", 4, "[idle]\nask-after-seconds = 90\n");
    desk.done(&add("ha-noi"));
    let (_, shown) = show(&mut desk);
    assert!(shown.contains("    + [idle]\n      + ask-after-seconds = 90\n"), "{shown}");
    desk.sign("config-ha-noi", &["ha-noi"]);
    desk.publish();

    write(&desk, "ha-noi", 5, "[idle]\nask-after-seconds = 20\n");
    desk.done(&add("ha-noi"));
    let (request, shown) = show(&mut desk);
    for line in
        ["| layer = \"ha-noi\"", "- version = 4", "- ask-after-seconds = 90", "+ ask-after-seconds = 20"]
    {
        assert!(shown.contains(&format!("      {line}\n")), "{line}: {shown}");
    }

    // Whoever changes the text on the way changes nothing that is signed, and is seen.
    let mut forged: serde_json::Value = serde_json::from_slice(&desk.read(&request)).unwrap();
    for (_, text) in forged["texts"].as_object_mut().unwrap() {
        *text = text.as_str().unwrap().replace("seconds = 20", "seconds = 90").into();
    }
    desk.write("forged", &serde_json::to_vec(&forged).unwrap());
    let shown = desk.done(&["sign", "forged", "--key", "keys/ha-noi", "--out", "s", "--yes"]);
    assert!(shown.contains("NO TEXT OF THIS DIGEST CAME"), "{shown}");
    assert!(!shown.contains("ask-after"), "{shown}");
}

#[test]
fn what_kiosks_would_refuse_is_not_even_a_draft() {
    let desk = delegated();
    let status = desk.done(&["status", "repo"]);
    for (layer, more, words) in [
        ("ha-noi", "[idle]\nask-after = 9\n", &["layer ha-noi, line 5, ask-after", "unknown field"][..]),
        ("ha-noi", "[idle]\nask-after-seconds = true\n", &["line 5", "invalid type"]),
        (
            "ha-noi",
            "[face]\naccept = 0.5\n",
            &["layer ha-noi, face.accept: only a layer of fleet may set it"],
        ),
        ("fleet", "[face]\naccept = 0.1\n", &["line 5, accept", "not within"]),
        ("fleet", "[gateway]\nurl = \"https://x.vn\"\n", &["unknown field `gateway`"]),
    ] {
        write(&desk, layer, 1, more);
        desk.refused(&add(layer), 1, words);
    }
    write(&desk, "ha-noi", 1, "");
    desk.refused(&add("fleet"), 1, &["layer fleet: it is for ha-noi"]);
    desk.refused(&add("ha-noi/hall"), 2, &["is no layer"]);
    desk.refused(&add("fleet/site-x"), 2, &["is no layer"]);
    let file = ["add-file", "repo", "--target", "config/ha-noi/layer.toml", "layer"];
    desk.refused(&file, 2, &["use add-config"]);
    assert_eq!(desk.done(&["status", "repo"]), status);
}

#[test]
fn a_version_grows_past_every_one_that_there_ever_was() {
    let mut desk = delegated();
    write(&desk, "ha-noi", 4, "");
    desk.done(&add("ha-noi"));
    write(&desk, "ha-noi", 4, "[idle]\n");
    desk.refused(&add("ha-noi"), 1, &["version 4 is not above 4", "take version = 5"]);
    desk.sign("config-ha-noi", &["ha-noi"]);
    desk.publish();
    desk.done(&["remove", "repo", "--target", "config/ha-noi/layer.toml"]);
    desk.sign("config-ha-noi", &["ha-noi"]);
    desk.publish();
    write(&desk, "ha-noi", 3, "");
    desk.refused(&add("ha-noi"), 1, &["version 3 is not above 4"]);
    write(&desk, "ha-noi", 5, "");
    desk.done(&add("ha-noi"));
    // Another layer counts for itself.
    write(&desk, "ha-noi/site-nghia-do", 1, "");
    desk.done(&add("ha-noi/site-nghia-do"));
}

#[tokio::test]
async fn files_come_with_the_layer_that_names_them() {
    let mut desk = delegated();
    let hash = hexadecimal(digest(b"certificates"));
    let names =
        |length: usize| format!("[files]\ntrust-list = {{ sha256 = \"{hash}\", length = {length} }}\n");
    desk.write("list.pem", b"certificates");
    desk.write("other.pem", b"other certificates");
    write(&desk, "fleet", 1, &names(12));
    desk.refused(&add("fleet"), 1, &["trust-list.pem is not listed yet", &hash]);
    let with = |file| [&add("fleet")[..], &["--with", file]].concat();
    desk.refused(&with("other.pem"), 1, &["other.pem: the layer fleet names no file"]);
    write(&desk, "fleet", 1, &names(13));
    desk.refused(&with("list.pem"), 1, &["12 bytes long, and not 13"]);
    write(&desk, "fleet", 1, &names(12));
    desk.done(&with("list.pem"));
    desk.sign("config-fleet", &["fleet-1", "fleet-2"]);
    desk.publish();
    let mut kiosk = desk.kiosk();
    kiosk.refresh(desk.time()).await;
    let file = format!("config/fleet/{hash}");
    assert_eq!(kiosk.install(&file).await.unwrap().1, b"certificates");
    // It is listed now.
    write(&desk, "fleet", 2, &names(12));
    desk.done(&add("fleet"));
    desk.done(&["remove", "repo", "--target", &file]);
    desk.sign("config-fleet", &["fleet-1", "fleet-2"]);
    let publish = [&["publish", "repo"][..], &ONLINE].concat();
    desk.refused(&publish, 3, &["config/fleet/layer.toml", "finds no trust-list.pem for it"]);
}
