//! A RAUC bundle is listed with the hash of its manifest.

use std::{fs, process::Command};

use opponents::Opponent;
use sha2::{Digest as _, Sha256};

use crate::common::Desk;

const NUMBERS: [&str; 8] =
    ["--hw", "pi5-counter", "--kind", "os", "--release-seq", "7", "--min-release-seq", "5"];
const MANIFEST: &str = "[update]\ncompatible=kiosk\nversion=7\n\n[bundle]\nformat=verity\nverity-hash=00\n";

fn run(desk: &Desk, program: &str, arguments: &str) {
    let ran = Command::new(program).args(arguments.split(' ')).current_dir(desk.path("")).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}

/// A bundle with this manifest in its signature, as RAUC lays it out.
fn bundle(desk: &Desk, manifest: &str, detached: bool) -> Vec<u8> {
    desk.write("manifest", manifest.as_bytes());
    signer(desk);
    let how = if detached { "" } else { " -nodetach" };
    let sign =
        format!("cms -sign -binary{how} -in manifest -signer s.crt -inkey s.key -outform DER -out cms");
    run(desk, "openssl", &sign);
    laid_out(&desk.read("cms"))
}

fn signer(desk: &Desk) {
    run(
        desk,
        "openssl",
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout s.key -out s.crt -days 2 -subj /CN=s",
    );
}

fn laid_out(signature: &[u8]) -> Vec<u8> {
    [b"a payload with its hash tree", signature, &(signature.len() as u64).to_be_bytes()].concat()
}

fn add<'a>(words: &[&'a str]) -> Vec<&'a str> {
    let fixed = ["add-release", "repo", "--target", "os/kiosk-7", "bundle.raucb", "--rauc"];
    [&fixed[..], &NUMBERS, words].concat()
}

#[test]
fn the_signers_see_the_manifests_hash_and_kiosks_get_it() {
    let desk = Desk::published();
    desk.write("bundle.raucb", &bundle(&desk, MANIFEST, false));
    desk.done(&add(&[]));
    let hash = hex::encode(Sha256::digest(MANIFEST));
    let shown = desk.done(&["status", "repo"]);
    assert!(shown.contains(&format!("RAUC manifest {hash}")), "{shown}");
    let draft = String::from_utf8(desk.read("repo/drafts/targets.json")).unwrap();
    assert!(
        draft.replace([' ', '\n'], "").contains(&format!("\"rauc_manifest_hash\":\"{hash}\"")),
        "{draft}"
    );
}

#[test]
fn what_is_no_bundle_or_a_plain_one_is_refused() {
    let desk = Desk::published();
    let whole = bundle(&desk, MANIFEST, false);
    let mut damaged = whole.clone();
    let at = damaged.windows(9).position(|bytes| bytes == b"version=7").unwrap();
    damaged[at + 8] = b'8';
    let signature = desk.read("cms");
    let mut too_long = whole.clone();
    let end = too_long.len();
    too_long[end - 8..].copy_from_slice(&u64::MAX.to_be_bytes());
    for (what, bytes) in [
        ("plain", bundle(&desk, MANIFEST, true)),
        ("plain inside", bundle(&desk, &MANIFEST.replace("verity", "plain"), false)),
        ("damaged", damaged),
        ("cut", whole[..whole.len() - 1].to_vec()),
        ("short", b"1234567".to_vec()),
        ("without a payload", [&signature[..], &(signature.len() as u64).to_be_bytes()].concat()),
        ("with a length past its beginning", too_long),
        ("without a signature", laid_out(b"")),
        ("with something else", laid_out(b"no CMS")),
    ] {
        desk.write("bundle.raucb", &bytes);
        let run = desk.run(&add(&[]));
        assert_eq!(run.code, 2, "{what}: {}", run.err);
        assert!(run.err.contains("no RAUC bundle"), "{what}: {}", run.err);
    }
    desk.write("bundle.raucb", &whole);
    desk.refused(&add(&["--zstd"]), 2, &["--rauc", "--zstd"]);
    let app: Vec<&str> = add(&[])
        .iter()
        .map(|word| match *word {
            "os" => "app",
            "os/kiosk-7" => "app/kiosk-7",
            word => word,
        })
        .collect();
    desk.refused(&app, 2, &["kind os only"]);
}

/// The same of a bundle that Debian's rauc made (`firmware/xtask/unpack_debian.py`).
#[test]
fn a_bundle_of_debians_rauc_has_the_manifest_that_openssl_reads_out_of_it() {
    let Some(rauc) = Opponent::Rauc.find() else { return };
    let program = rauc.join("run");
    let desk = Desk::published();
    signer(&desk);
    fs::create_dir(desk.path("in")).unwrap();
    // Nothing that packs to less than a block.
    let image: Vec<u8> = (0..2_000_u32).flat_map(|at| Sha256::digest(at.to_be_bytes())).collect();
    desk.write("in/rootfs.img", &image);
    let manifest = "[update]\ncompatible=kiosk\nversion=7\n[bundle]\nformat=verity\n\
                    [image.rootfs]\nfilename=rootfs.img\n";
    desk.write("in/manifest.raucm", manifest.as_bytes());
    run(&desk, program.to_str().unwrap(), "bundle --cert s.crt --key s.key in bundle.raucb");
    let bytes = desk.read("bundle.raucb");
    let (rest, length) = bytes.split_at(bytes.len() - 8);
    let length = u64::from_be_bytes(length.try_into().unwrap()) as usize;
    desk.write("cms", &rest[rest.len() - length..]);
    run(&desk, "openssl", "cms -verify -noverify -binary -inform DER -in cms -out read");
    assert!(String::from_utf8(desk.read("read")).unwrap().contains("verity-hash="));
    desk.done(&add(&[]));
    let shown = desk.done(&["status", "repo"]);
    let hash = hex::encode(Sha256::digest(desk.read("read")));
    assert!(shown.contains(&format!("RAUC manifest {hash}")), "{shown}");
}
