//! A repository laid out by our own tools is one that our own client follows; what is published
//! stays.

use std::fs;

use tuf::{
    metadata::{TargetFile, Targets},
    repository::{Announce, Draft, PublishError, Release, RepositoryFolder, RoleName, Signer as _},
    transport::FolderTransport,
};

use crate::common::{self, Machine, World, key, now, path, version};

/// Publishes the world's roles and files with the tools instead of by hand.
fn publish(world: &mut World, repository: &RepositoryFolder) -> Result<(), PublishError> {
    for (role, name, bytes) in
        [("targets", "welcome.txt", &b"welcome"[..]), ("os", "os/image", b"an image of the system")]
    {
        let listed = repository.add_target(&path(name), &mut &bytes[..])?;
        assert_eq!(listed, TargetFile::of(bytes));
        world.body(role).list(&path(name), listed);
    }
    let mut release = Release::default();
    release.add("targets", World::sign(&world.targets, &world.targets_keys)).unwrap();
    for (role, (body, keys)) in &world.delegated {
        release.add(role, World::sign(body, keys)).unwrap();
    }
    let number = version(world.snapshot_version);
    let snapshot = release.snapshot(number, world.expires, Announce::Digests);
    let snapshot = World::sign(&snapshot, &world.snapshot_keys);
    let timestamp = Release::timestamp(
        (number, &snapshot),
        version(world.timestamp_version),
        world.expires,
        now(),
        Announce::Digests,
    );
    repository.publish(&release, &snapshot, &World::sign(&timestamp, &world.timestamp_keys))
}

#[tokio::test]
async fn a_published_repository_is_followed_release_by_release() {
    let folder = tempfile::tempdir().unwrap();
    let (mut world, repository) = (World::new(), RepositoryFolder::new(folder.path()));
    repository.publish_root(world.first_root()).unwrap();
    publish(&mut world, &repository).unwrap();
    let mut machine = Machine::from_stick(folder.path(), world.first_root());
    assert_eq!(machine.install("os/image").await.unwrap(), b"an image of the system");
    world.release();
    publish(&mut world, &repository).unwrap();
    let refreshed = machine.refresh().await.unwrap();
    assert_eq!((refreshed.snapshot, refreshed.targets, refreshed.signed_at), (2, 2, Some(now())));
    assert_eq!(machine.install("welcome.txt").await.unwrap(), b"welcome");
    // Nothing is left of files under way.
    for part in ["metadata", "targets", "targets/os"] {
        for file in fs::read_dir(folder.path().join(part)).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            assert!(!name.ends_with("new"), "{name}");
        }
    }
}

#[test]
fn a_version_is_published_once() {
    let folder = tempfile::tempdir().unwrap();
    let (mut world, repository) = (World::new(), RepositoryFolder::new(folder.path()));
    publish(&mut world, &repository).unwrap();
    // The same again is nothing new: a run that broke off may be repeated.
    publish(&mut world, &repository).unwrap();
    world.targets.list(&path("more"), TargetFile::of(b"more"));
    let error = publish(&mut world, &repository).unwrap_err();
    let PublishError::Published { path } = &error else { panic!("{error}") };
    assert!(path.ends_with("metadata/1.targets.json"), "{error}");
    assert!(repository.publish_root(b"{}").is_err());
}

#[tokio::test]
async fn a_broken_publication_leaves_the_old_release_in_force() {
    let folder = tempfile::tempdir().unwrap();
    let (mut world, repository) = (World::new(), RepositoryFolder::new(folder.path()));
    publish(&mut world, &repository).unwrap();
    let mut machine = Machine::new(
        FolderTransport::new(folder.path()),
        tuf::store::MemoryStore::default(),
        world.first_root(),
    );
    // Everything of the next release but its timestamp.
    let timestamp = fs::read(folder.path().join("metadata/timestamp.json")).unwrap();
    world.release();
    publish(&mut world, &repository).unwrap();
    fs::write(folder.path().join("metadata/timestamp.json"), timestamp).unwrap();
    assert_eq!(machine.refresh().await.unwrap().snapshot, 1);
    assert_eq!(machine.install("os/image").await.unwrap(), b"an image of the system");
}

#[test]
fn signatures_are_collected_one_by_one() {
    let body = Targets::first(now());
    let mut draft = Draft::new(&body);
    for number in [4, 5, 4] {
        draft.sign(&key(number)).unwrap();
        draft = Draft::resume::<Targets>(&draft.bytes()).unwrap();
    }
    let metadata = tuf::metadata::Metadata::<Targets>::parse(&draft.bytes()).unwrap();
    assert_eq!(metadata.signatures().len(), 2, "a key that signs again replaces its signature");
    let publics = [4, 5].map(|number| key(number).key());
    let two = tuf::metadata::RoleKeys::new(common::threshold(2), &[&publics[0], &publics[1]]);
    let keys = publics.iter().map(|public| (public.usual_id(), public.clone())).collect();
    metadata.verify("a test", &keys, &two).unwrap();
}

#[test]
fn a_role_is_named_so_that_every_carrier_can_have_it() {
    assert!(RoleName::new("config-ha-noi_2.x~").is_ok());
    for bad in ["", "targets", "root", "..", ".hidden", "a/b", "a b", "à", &"a".repeat(101)] {
        assert!(RoleName::new(bad).is_err(), "{bad}");
    }
}
