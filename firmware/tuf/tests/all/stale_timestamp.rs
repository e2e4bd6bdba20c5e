//! A timestamp that ran out, where the caller has another reason to take it: nothing else is
//! passed over with it.

use tuf::{
    ClientError, Distrust, StaleTimestamp,
    store::{MemoryStore, Store as _},
};

use crate::common::{Machine, Site, World, chain, days, now};

fn stick() -> (Site, World) {
    let (site, world) = (Site::stick(), World::new());
    site.carry(&world.files);
    (site, world)
}

fn why(error: &ClientError) -> &Distrust {
    error.distrust().unwrap_or_else(|| panic!("{}", chain(error)))
}

#[tokio::test]
async fn its_expiry_alone_is_passed_over() {
    let (site, mut world) = stick();
    world.expires = now() + days(60);
    world.snapshot_version = 2;
    world.publish();
    world.expires = now() + days(7);
    world.timestamp_version = 2;
    let snapshot = world.files["metadata/2.snapshot.json"].clone();
    world.publish_timestamp((2, &snapshot));
    site.carry(&world.files);
    let mut machine = Machine::from_stick(&site.folder(), world.first_root());
    let later = now() + days(30);
    let refused = machine.client.refresh(later).await.unwrap_err();
    assert!(matches!(why(&refused), Distrust::Expired { .. }), "{}", chain(&refused));
    let refreshed = machine.client.refresh_with(later, StaleTimestamp::Tolerated).await.unwrap();
    assert_eq!((refreshed.timestamp, refreshed.timestamp_expires), (2, now() + days(7)));
    // The snapshot, targets and root run out all the same.
    for (role, after) in [("snapshot", 60), ("targets", 90), ("root", 365)] {
        world.expires = now() + days(if role == "snapshot" { 60 } else { 400 });
        world.snapshot_version += 1;
        world.timestamp_version += 1;
        world.publish();
        site.carry(&world.files);
        let refused = machine.client.refresh_with(now() + days(after), StaleTimestamp::Tolerated).await;
        let refused = refused.unwrap_err();
        assert!(matches!(&refused, ClientError::Untrusted { role: it, .. } if it == role));
        assert!(matches!(why(&refused), Distrust::Expired { .. }), "{}", chain(&refused));
    }
}

#[tokio::test]
async fn an_older_version_than_was_seen_is_refused_as_ever() {
    let (site, mut world) = stick();
    let old = world.files.clone();
    world.release();
    site.carry(&world.files);
    let mut machine = Machine::from_stick(&site.folder(), world.first_root());
    machine.refresh().await.unwrap();
    site.carry(&old);
    let refused = machine.client.refresh_with(now(), StaleTimestamp::Tolerated).await.unwrap_err();
    assert!(matches!(why(&refused), Distrust::Rollback { .. }), "{}", chain(&refused));
}

#[tokio::test]
async fn what_a_copy_of_the_memory_learns_stays_in_the_copy() {
    let (site, mut world) = stick();
    let mut machine = Machine::from_stick(&site.folder(), world.first_root());
    machine.install("os/image").await.unwrap();
    let copy = MemoryStore::copy_of(machine.client.store()).unwrap();
    for role in ["root", "timestamp", "snapshot", "targets", "os"] {
        assert_eq!(copy.read(role).unwrap(), machine.client.store().read(role).unwrap());
        assert!(copy.read(role).unwrap().is_some(), "{role}");
    }
    assert_eq!(copy.floors(), machine.client.store().floors());
    world.release();
    site.carry(&world.files);
    let mut trial =
        Machine::new(tuf::transport::FolderTransport::new(&site.folder()), copy, world.first_root());
    assert_eq!(trial.refresh().await.unwrap().timestamp, 2);
    assert_eq!(machine.client.store().floors().timestamp, 1);
}
