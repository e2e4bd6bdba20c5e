//! The attacks that the specification promises to resist (TUF 1.0.34, section 1.5.2), each over
//! HTTP and from a stick. Every test first sees the honest repository work, so that a refusal
//! is the attack's.

use tuf::{
    ClientError, Distrust, TargetFault,
    metadata::{Digests, TargetFile},
    repository::{Announce, Draft, Signer as _},
};

use crate::common::{
    self, Machine, Odd, Site, World, chain, days, everywhere, key, now, target_file, version,
};

fn refused(error: &ClientError) -> &Distrust {
    error.distrust().unwrap_or_else(|| panic!("{}", chain(error)))
}

#[tokio::test]
async fn arbitrary_software_is_refused_without_the_keys_of_its_role() {
    everywhere!(|world, site, machine| {
        assert_eq!(machine.install("os/image").await.unwrap(), b"an image of the system");
        // Everything is signed anew, by the attacker's own keys.
        world.targets_keys = vec![21, 22];
        world.target("targets", "os/image", b"evil");
        world.release();
        site.carry(&world.files);
        let error = machine.refresh().await.unwrap_err();
        assert!(matches!(refused(&error), Distrust::TooFewSignatures { valid: 0, threshold: 2, .. }));
    });
}

#[tokio::test]
async fn arbitrary_bytes_in_place_of_a_target_are_refused() {
    everywhere!(|world, site, machine| {
        let image = TargetFile::of(b"an image of the system");
        for (_, digest) in image.hashes.iter() {
            // As long as the true one.
            world.files.insert(target_file("os/image", digest), b"an image of the devil ".to_vec());
        }
        site.carry(&world.files);
        let error = machine.install("os/image").await.unwrap_err();
        assert!(matches!(
            error,
            ClientError::Target { why: TargetFault::WrongHash { algorithm: "sha256" }, .. }
        ));
    });
}

#[tokio::test]
async fn a_rollback_of_any_role_is_refused() {
    everywhere!(|world, site, machine| {
        let old = world.files.clone();
        world.release();
        site.carry(&world.files);
        assert_eq!(machine.refresh().await.unwrap().timestamp, 2);
        // The whole repository as it was.
        site.carry(&old);
        let error = machine.refresh().await.unwrap_err();
        assert!(
            matches!(refused(&error), Distrust::Rollback { role, found: 1, least: 2 } if role == "timestamp")
        );
        // A new timestamp for the old snapshot, by a stolen timestamp key.
        world.timestamp_version = 3;
        world.publish_timestamp((1, &old["metadata/1.snapshot.json"]));
        site.carry(&world.files);
        let error = machine.refresh().await.unwrap_err();
        assert!(
            matches!(refused(&error), Distrust::Rollback { role, found: 1, least: 2 } if role == "snapshot")
        );
        // A new snapshot of old targets, by stolen online keys.
        world.snapshot_version = 3;
        world.body("os").version = version(1);
        world.publish();
        site.carry(&world.files);
        let error = machine.refresh().await.unwrap_err();
        assert!(matches!(refused(&error), Distrust::Rollback { role, found: 1, least: 2 } if role == "os"));
    });
}

#[tokio::test]
async fn a_role_that_vanishes_from_the_snapshot_is_missed() {
    everywhere!(|world, site, machine| {
        machine.refresh().await.unwrap();
        world.delegated.clear();
        world.release();
        site.carry(&world.files);
        let error = machine.refresh().await.unwrap_err();
        assert!(matches!(refused(&error), Distrust::RoleVanished { role } if role == "os"));
    });
}

#[tokio::test]
async fn a_fast_forward_is_undone_by_taking_the_keys_away() {
    everywhere!(|world, site, machine| {
        // Online keys are stolen: every number goes as high as it can.
        let most = u64::MAX;
        (world.timestamp_version, world.snapshot_version) = (most, most);
        world.publish();
        site.carry(&world.files);
        assert_eq!(machine.refresh().await.unwrap().timestamp, most);
        // The people of the repository take the keys away and count on from where they were.
        (world.timestamp_keys, world.snapshot_keys) = (vec![31], vec![32]);
        let [timestamp, snapshot] = [key(31).key(), key(32).key()];
        let one = tuf::metadata::Threshold::ONE;
        world.root.roles.timestamp = tuf::metadata::RoleKeys::new(one, &[&timestamp]);
        world.root.roles.snapshot = tuf::metadata::RoleKeys::new(one, &[&snapshot]);
        world.root = world.root.clone().with_keys(&[&timestamp, &snapshot]);
        world.release_root();
        (world.timestamp_version, world.snapshot_version) = (1, 1);
        world.release();
        site.carry(&world.files);
        let refreshed = machine.refresh().await.unwrap();
        assert_eq!((refreshed.timestamp, refreshed.snapshot), (2, 2));
        assert_eq!(machine.install("os/image").await.unwrap(), b"an image of the system");
    });
}

#[tokio::test]
async fn a_key_that_is_only_added_forgives_no_rollback() {
    everywhere!(|world, site, machine| {
        let old = world.files["metadata/timestamp.json"].clone();
        world.release();
        let [first, second] = [key(8).key(), key(31).key()];
        let both = tuf::metadata::RoleKeys::new(tuf::metadata::Threshold::ONE, &[&first, &second]);
        world.root.roles.timestamp = both;
        world.root = world.root.clone().with_keys(&[&second]);
        site.carry(&world.files);
        machine.refresh().await.unwrap();
        world.release_root();
        world.files.insert("metadata/timestamp.json".into(), old);
        site.carry(&world.files);
        let error = machine.refresh().await.unwrap_err();
        assert!(matches!(refused(&error), Distrust::Rollback { .. }), "{}", chain(&error));
    });
}

#[tokio::test]
async fn a_freeze_ends_when_any_role_expires() {
    everywhere!(|world, site, machine| {
        machine.refresh().await.unwrap();
        // The same files for ever. The timestamp is the first to run out.
        machine.now = now() + days(7);
        let error = machine.refresh().await.unwrap_err();
        assert_expired(&error, "timestamp");
        // One second earlier it was good.
        machine.now = now() + days(7) - jiff::SignedDuration::from_secs(1);
        machine.refresh().await.unwrap();
        // A stolen timestamp key keeps the timestamp fresh; the snapshot runs out all the same.
        machine.now = now() + days(8);
        world.expires = machine.now + days(7);
        world.timestamp_version = 2;
        let snapshot = world.files["metadata/1.snapshot.json"].clone();
        world.publish_timestamp((1, &snapshot));
        site.carry(&world.files);
        assert_expired(&machine.refresh().await.unwrap_err(), "snapshot");
        // Stolen online keys keep both fresh; the offline roles run out.
        for (role, after) in [("targets", 90), ("root", 365)] {
            machine.now = now() + days(after);
            world.expires = machine.now + days(7);
            world.snapshot_version += 1;
            world.timestamp_version += 1;
            world.publish();
            site.carry(&world.files);
            assert_expired(&machine.refresh().await.unwrap_err(), role);
        }
    });
}

fn assert_expired(error: &ClientError, role: &str) {
    assert!(matches!(error, ClientError::Untrusted { role: it, .. } if it == role), "{}", chain(error));
    assert!(matches!(refused(error), Distrust::Expired { .. }), "{}", chain(error));
}

#[tokio::test]
async fn an_expired_delegation_lists_nothing() {
    everywhere!(|world, site, machine| {
        world.body("os").expires = tuf::metadata::Expiry::new(now());
        world.release();
        site.carry(&world.files);
        machine.refresh().await.unwrap();
        let error = machine.find("os/image").await.unwrap_err();
        assert!(matches!(refused(&error), Distrust::Expired { .. }));
        // It stops nobody else's targets.
        assert!(machine.find("welcome.txt").await.unwrap().is_some());
    });
}

#[tokio::test]
async fn endless_data_is_cut_off_at_each_file() {
    let files = ["2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"];
    for announce in [Announce::Versions, Announce::Digests] {
        for file in files {
            let name = format!("metadata/{file}");
            everywhere!(|world, site, machine| {
                world.announce = announce;
                world.publish();
                // A server has it only if there is something to be had.
                world.files.entry(name.clone()).or_insert_with(|| b"{}".to_vec());
                site.carry(&world.files);
                site.make_odd(&name, Odd::Endless);
                let error = machine.refresh().await.unwrap_err();
                assert!(
                    matches!(&error, ClientError::TooLong { file: it, .. } if it == file),
                    "{}",
                    chain(&error)
                );
            });
        }
    }
}

#[tokio::test]
async fn an_endless_target_is_cut_off_at_its_length() {
    everywhere!(|world, site, machine| {
        let digest = TargetFile::of(b"an image of the system").hashes.preferred().to_owned();
        site.make_odd(&target_file("os/image", &digest), Odd::Endless);
        machine.refresh().await.unwrap();
        let target = machine.find("os/image").await.unwrap().unwrap();
        let mut written = Vec::new();
        let mut check = tuf::TargetCheck::new(&target);
        let error = machine.client.download(&target, &mut check, &mut written).await.unwrap_err();
        assert!(matches!(error, ClientError::Target { why: TargetFault::TooLong { listed: 22 }, .. }));
        assert!(written.len() <= 22);
    });
}

#[tokio::test]
async fn extraneous_dependencies_cannot_be_added_outside_a_roles_paths() {
    everywhere!(|world, site, machine| {
        // The keys of `os` list more than they may; what is theirs still works.
        world.target("os", "app/kiosk", b"brought along");
        world.target("os", "welcome.txt", b"replaced");
        world.release();
        site.carry(&world.files);
        machine.refresh().await.unwrap();
        assert_eq!(machine.find("app/kiosk").await.unwrap(), None);
        assert_eq!(machine.install("welcome.txt").await.unwrap(), b"welcome");
        assert_eq!(machine.install("os/image").await.unwrap(), b"an image of the system");
    });
}

#[tokio::test]
async fn files_of_different_releases_cannot_be_mixed() {
    for announce in [Announce::Versions, Announce::Digests] {
        everywhere!(|world, site, machine| {
            world.announce = announce;
            let old = world.files.clone();
            world.release();
            let honest = world.files.clone();
            for (mixed, with) in [
                ("metadata/2.snapshot.json", "metadata/1.snapshot.json"),
                ("metadata/2.targets.json", "metadata/1.targets.json"),
            ] {
                world.files = honest.clone();
                world.files.insert(mixed.to_owned(), old[with].clone());
                site.carry(&world.files);
                let error = machine.refresh().await.unwrap_err();
                let why = refused(&error);
                let fits = match announce {
                    Announce::Versions => matches!(why, Distrust::WrongVersion { expected: 2, found: 1 }),
                    Announce::Digests => {
                        matches!(why, Distrust::WrongHash { .. } | Distrust::WrongLength { .. })
                    }
                };
                assert!(fits, "{}", chain(&error));
            }
        });
    }
}

#[tokio::test]
async fn metadata_of_another_role_is_refused_though_its_key_signed_it() {
    everywhere!(|world, site, machine| {
        // One key for all roles: only `_type` tells them apart.
        let snapshot = world.files["metadata/1.snapshot.json"].clone();
        world.files.insert("metadata/timestamp.json".into(), snapshot);
        site.carry(&world.files);
        let error = machine.refresh().await.unwrap_err();
        assert!(chain(&error).contains(r#"_type is "snapshot", not "timestamp""#), "{}", chain(&error));
    });
}

#[tokio::test]
async fn wrong_software_in_place_of_another_target_is_refused() {
    everywhere!(|world, site, machine| {
        // Both files are genuine; one lies where the other should.
        let digest = |bytes: &[u8]| Digests::of(bytes).preferred().to_owned();
        let (image, welcome) = (digest(b"an image of the system"), digest(b"welcome"));
        let genuine = world.files[&target_file("welcome.txt", &welcome)].clone();
        world.files.insert(target_file("os/image", &image), genuine);
        site.carry(&world.files);
        let error = machine.install("os/image").await.unwrap_err();
        assert!(matches!(
            error,
            ClientError::Target { why: TargetFault::TooShort { listed: 22, taken: 7 }, .. }
        ));
    });
}

#[tokio::test]
async fn a_malicious_mirror_delays_and_does_nothing_else() {
    for odd in [Odd::Broken, Odd::Silent] {
        for file in ["2.root.json", "timestamp.json", "2.snapshot.json", "2.targets.json"] {
            let name = format!("metadata/{file}");
            everywhere!(|world, site, machine| {
                machine.refresh().await.unwrap();
                world.release();
                let honest = world.files.clone();
                world.files.entry(name.clone()).or_insert_with(|| b"{}".to_vec());
                site.carry(&world.files);
                site.make_odd(&name, odd);
                let error = machine.refresh().await.unwrap_err();
                // Above all, a root that cannot be fetched is not the end of the chain.
                assert!(
                    matches!(&error, ClientError::Transport { file: it, .. } if it == file),
                    "{}",
                    chain(&error)
                );
                // Another mirror, and everything goes on.
                let other = Site::http().await;
                other.carry(&honest);
                let (_, store) = machine.client.into_parts();
                let mut machine = Machine::new(common::https(other.address()), store, b"");
                assert_eq!(machine.refresh().await.unwrap().snapshot, 2);
            });
        }
    }
}

#[tokio::test]
async fn a_slow_server_is_given_up() {
    let world = World::new();
    let site = Site::http().await;
    site.carry(&world.files);
    site.make_odd("metadata/timestamp.json", Odd::Silent);
    let mut machine = Machine::over_http(site.address(), world.first_root());
    assert!(chain(&machine.refresh().await.unwrap_err()).contains("nothing came"));
}

#[tokio::test]
async fn keys_below_the_threshold_sign_nothing() {
    everywhere!(|world, site, machine| {
        // One of two keys of targets and of root is stolen, and signs as often as it can.
        world.targets_keys = vec![4];
        world.release();
        site.carry(&world.files);
        let error = machine.refresh().await.unwrap_err();
        assert!(matches!(refused(&error), Distrust::TooFewSignatures { valid: 1, threshold: 2, .. }));
        world.targets_keys = vec![4, 5];
        world.root_keys = vec![1];
        world.release_root();
        site.carry(&world.files);
        let error = machine.refresh().await.unwrap_err();
        assert!(matches!(refused(&error), Distrust::TooFewSignatures { valid: 1, threshold: 2, .. }));
    });
}

#[tokio::test]
async fn one_key_under_two_ids_is_one_key() {
    everywhere!(|world, site, machine| {
        machine.refresh().await.unwrap();
        // A careless root lists the same public key twice under different ids.
        let twice: tuf::key::KeyId = "another-name".into();
        world.root.keys.insert(twice.clone(), key(4).key());
        world.root.roles.targets.key_ids = vec![key(4).key().usual_id(), twice.clone()];
        world.release_root();
        world.announce = Announce::Versions;
        world.release();
        // Both ids sign.
        let mut draft = Draft::signed_by(&world.targets, &[&key(4)]).unwrap();
        let sig = key(4).sign(&draft.to_sign()).unwrap();
        draft.attach(twice, &key(4).key(), &sig).unwrap();
        world.files.insert("metadata/2.targets.json".into(), draft.bytes());
        site.carry(&world.files);
        let error = machine.refresh().await.unwrap_err();
        assert!(matches!(refused(&error), Distrust::TooFewSignatures { valid: 1, threshold: 2, .. }));
    });
}

#[tokio::test]
async fn a_new_root_needs_the_old_keys_and_its_own() {
    everywhere!(|world, site, machine| {
        let new: Vec<_> = [41, 42].map(|number| key(number).key()).into();
        let two = common::threshold(2);
        world.root.roles.root = tuf::metadata::RoleKeys::new(two, &new.iter().collect::<Vec<_>>());
        world.root = world.root.clone().with_keys(&new.iter().collect::<Vec<_>>());
        world.root.version = version(2);
        for (keys, whose) in [(vec![41, 42], "root version 1"), (vec![1, 2], "root version 2")] {
            world.root_keys = keys;
            world.publish_root();
            site.carry(&world.files);
            let error = machine.refresh().await.unwrap_err();
            let Distrust::TooFewSignatures { signer, .. } = refused(&error) else {
                panic!("{}", chain(&error))
            };
            assert_eq!(signer, whose);
        }
        world.root_keys = vec![1, 2, 41, 42];
        world.publish_root();
        site.carry(&world.files);
        assert_eq!(machine.refresh().await.unwrap().root, 2);
        // A root that skips a version is none.
        world.root.version = version(4);
        let skips = World::sign(&world.root, &[41, 42]);
        world.files.insert("metadata/3.root.json".into(), skips);
        site.carry(&world.files);
        let error = machine.refresh().await.unwrap_err();
        assert!(matches!(refused(&error), Distrust::WrongVersion { expected: 3, found: 4 }));
    });
}
