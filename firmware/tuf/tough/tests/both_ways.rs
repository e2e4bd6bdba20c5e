//! What `tough` publishes we follow, and what we publish `tough` follows. In a workspace of its
//! own: `cargo test --manifest-path firmware/tuf/tough/Cargo.toml --target-dir target/tough`.

use std::{fs, num::NonZeroU64, path::Path, process::Command};

use jiff::{SignedDuration, Timestamp};
use tough::{
    RepositoryLoader, TargetName,
    editor::RepositoryEditor,
    key_source::{KeySource, LocalKeySource},
    schema::{PathPattern, PathSet},
};
use tuf::{
    Client, Limits, TargetCheck, TargetPath,
    key::Key,
    metadata::{Paths, Root, Targets, Threshold, Version},
    repository::{Announce, Draft, Ed25519Signer, Release, RepositoryFolder, RoleName, Signer as _},
    store::MemoryStore,
    transport::FolderTransport,
};

const IMAGE: &[u8] = b"an image of the system";

fn in_a_week() -> Timestamp {
    Timestamp::from_second((Timestamp::now() + SignedDuration::from_hours(168)).as_second()).unwrap()
}

fn url(folder: &Path) -> url::Url {
    url::Url::from_directory_path(folder).unwrap()
}

/// A repository as our own tools lay it out; `os` is delegated.
fn publish(folder: &Path) -> Vec<u8> {
    let [root_key, online, os] = [1, 2, 3].map(|number| Ed25519Signer::new(&[number; 32]));
    let [root_public, online_public, os_public] = [&root_key, &online, &os].map(|signer| signer.key());
    let one = Threshold::ONE;
    let role: (Threshold, &[&Key]) = (one, &[&online_public]);
    let root = Root::first(in_a_week(), (one, &[&root_public]), role, role, role);
    let root = Draft::signed_by(&root, &[&root_key]).unwrap().bytes();
    let repository = RepositoryFolder::new(folder);
    repository.publish_root(&root).unwrap();

    let mut own = Targets::first(in_a_week());
    own.list(&path("image"), repository.add_target(&path("image"), &mut &IMAGE[..]).unwrap());
    let mut targets = Targets::first(in_a_week());
    let paths = Paths::Patterns(vec!["image*".to_owned()]);
    targets.delegate(&RoleName::new("os").unwrap(), true, paths, one, &[&os_public]);
    let mut release = Release::default();
    release.add("targets", Draft::signed_by(&targets, &[&online]).unwrap().bytes()).unwrap();
    release.add("os", Draft::signed_by(&own, &[&os]).unwrap().bytes()).unwrap();
    let snapshot = release.snapshot(Version::FIRST, in_a_week(), Announce::Digests);
    let snapshot = Draft::signed_by(&snapshot, &[&online]).unwrap().bytes();
    let announced = (Version::FIRST, snapshot.as_slice());
    let timestamp =
        Release::timestamp(announced, Version::FIRST, in_a_week(), Timestamp::now(), Announce::Digests);
    let timestamp = Draft::signed_by(&timestamp, &[&online]).unwrap().bytes();
    repository.publish(&release, &snapshot, &timestamp).unwrap();
    root
}

fn path(text: &str) -> TargetPath {
    TargetPath::new(text).unwrap()
}

async fn install(folder: &Path, root: &[u8], name: &str) -> (Vec<u8>, String) {
    let mut client = Client::new(FolderTransport::new(folder), MemoryStore::default(), Limits::default());
    client.trust(root).unwrap();
    client.refresh(Timestamp::now()).await.unwrap();
    let target = client.find(&path(name)).await.unwrap().unwrap();
    let mut bytes = Vec::new();
    client.download(&target, &mut TargetCheck::new(&target), &mut bytes).await.unwrap();
    (bytes, target.listed_by)
}

#[tokio::test]
async fn what_we_publish_tough_follows() {
    let folder = tempfile::tempdir().unwrap();
    let root = publish(folder.path());
    let (metadata, targets) = (folder.path().join("metadata"), folder.path().join("targets"));
    let load = || RepositoryLoader::new(&root, url(&metadata), url(&targets)).load();
    let repository = load().await.unwrap();
    let out = tempfile::tempdir().unwrap();
    let name = TargetName::new("image").unwrap();
    repository.save_target(&name, out.path(), tough::Prefix::None).await.unwrap();
    assert_eq!(fs::read(out.path().join("image")).unwrap(), IMAGE);
    assert_eq!(install(folder.path(), &root, "image").await, (IMAGE.to_vec(), "os".to_owned()));
    // Both refuse a signed file of which one letter changed.
    let file = metadata.join("1.os.json");
    let changed = fs::read_to_string(&file).unwrap().replace("\"length\": 22", "\"length\": 23");
    fs::write(&file, changed).unwrap();
    assert!(load().await.is_err());
}

#[tokio::test]
async fn what_tough_publishes_we_follow() {
    let made = tempfile::tempdir().unwrap();
    let at = |name: &str| made.path().join(name);
    let openssl = |line: &str| {
        let output = Command::new("openssl").args(line.split(' ')).current_dir(made.path()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    openssl("genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:2048 -out key.pem");
    openssl("pkey -in key.pem -pubout -out public.pem");
    let key = Key::rsa_pss(fs::read_to_string(at("public.pem")).unwrap().trim_end().to_owned());
    let root_key = Ed25519Signer::new(&[1; 32]);
    let one = Threshold::ONE;
    let role: (Threshold, &[&Key]) = (one, &[&key]);
    let root = Root::first(in_a_week(), (one, &[&root_key.key()]), role, role, role);
    let root = Draft::signed_by(&root, &[&root_key]).unwrap().bytes();
    fs::write(at("root.json"), &root).unwrap();
    fs::create_dir(at("input")).unwrap();
    fs::write(at("input/image"), IMAGE).unwrap();

    let source = || -> Box<dyn KeySource> { Box::new(LocalKeySource { path: at("key.pem") }) };
    let number = NonZeroU64::MIN;
    let mut editor = RepositoryEditor::new(at("root.json")).await.unwrap();
    editor.targets_version(number).unwrap().targets_expires(in_a_week()).unwrap();
    editor.snapshot_version(number).snapshot_expires(in_a_week());
    editor.timestamp_version(number).timestamp_expires(in_a_week());
    let patterns = PathSet::Paths(vec![PathPattern::new("image*").unwrap()]);
    editor.delegate_role("os", &[source()], patterns, false, number, in_a_week(), number).await.unwrap();
    editor.sign_targets_editor(&[source()]).await.unwrap();
    editor.change_delegated_targets("os").unwrap();
    editor.add_target_path(at("input/image")).await.unwrap();
    editor.targets_version(number).unwrap().targets_expires(in_a_week()).unwrap();
    editor.sign_targets_editor(&[source()]).await.unwrap();
    let signed = editor.sign(&[source()]).await.unwrap();
    signed.write(at("repository/metadata")).await.unwrap();
    signed
        .copy_targets(at("input"), at("repository/targets"), tough::editor::signed::PathExists::Fail)
        .await
        .unwrap();

    let (bytes, by) = install(&at("repository"), &root, "image").await;
    assert_eq!((bytes.as_slice(), by.as_str()), (IMAGE, "os"));
}
