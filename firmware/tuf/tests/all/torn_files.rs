//! Each stored file, torn, emptied, changed by a bit, or gone: the other copy serves. Both, and
//! the state is refused; it is never taken for a new one.

use tuf::{
    ClientError, Distrust,
    store::{DurableStore, Folder, Store as _, StoreError},
    transport::FolderTransport,
};

use crate::common::{
    Machine, Site, World, chain,
    cut_disk::{CutDisk, Left},
};

const ROLES: [&str; 5] = ["root", "timestamp", "snapshot", "targets", "os"];

/// A disk after an update to the second release, the first one's site, and the root of trust.
async fn updated() -> (CutDisk, Site, World) {
    let mut world = World::new();
    let old = Site::stick();
    old.carry(&world.files);
    let root = world.first_root().to_vec();
    world.release();
    let new = Site::stick();
    new.carry(&world.files);
    let disk = CutDisk::default();
    let mut machine = machine(&new, disk.clone(), &root).unwrap();
    machine.install("os/image").await.unwrap();
    drop(machine);
    (disk, old, world)
}

type OnDisk = Machine<FolderTransport, DurableStore<CutDisk>>;

fn machine(site: &Site, disk: CutDisk, root: &[u8]) -> Result<OnDisk, StoreError> {
    Ok(Machine::new(FolderTransport::new(&site.folder()), DurableStore::open(disk)?, root))
}

/// Every way in which a file may be damaged.
fn damages(bytes: &[u8]) -> Vec<Option<Vec<u8>>> {
    let mut flipped = bytes.to_vec();
    flipped[bytes.len() / 3] ^= 0x04;
    let longer = [bytes, b"x"].concat();
    let half = bytes[..bytes.len() / 2].to_vec();
    vec![Some(half), Some(Vec::new()), Some(vec![0; bytes.len()]), Some(flipped), Some(longer), None]
}

#[tokio::test]
async fn one_damaged_file_changes_nothing_and_is_mended() {
    let (disk, _, _) = updated().await;
    let names = disk.names_now();
    assert_eq!(names.len(), 2 * ROLES.len() + 2, "{names:?}");
    for name in names {
        let good = disk.bytes(&name);
        for damage in damages(&good) {
            let damaged = disk.copy();
            damaged.damage(&name, damage);
            let store = DurableStore::open(damaged.clone()).unwrap();
            for role in ROLES {
                let expected = disk.bytes(&format!("{role}.json"));
                assert_eq!(store.read(role).unwrap(), Some(expected), "{role} with {name} damaged");
            }
            assert_eq!(store.floors().timestamp, 2);
            drop(store);
            assert_eq!(damaged.restarted(Left::Nothing).bytes(&name), good, "{name} is not mended");
        }
    }
}

#[tokio::test]
async fn a_role_whose_both_copies_are_damaged_is_refused_by_name() {
    let (disk, old, world) = updated().await;
    for role in ROLES {
        let file = format!("{role}.json");
        for damage in damages(&disk.bytes(&file)) {
            let damaged = disk.copy();
            damaged.damage(&file, damage.clone());
            damaged.damage(&format!("{file}.spare"), damage);
            let refused = machine(&old, damaged.clone(), world.first_root()).err().expect("it is refused");
            assert!(matches!(&refused, StoreError::Damaged { what } if what == role), "{}", chain(&refused));
            // A technician lets go of what is lost. The floors stay: no rollback all the same.
            let store = DurableStore::salvage(damaged).unwrap();
            assert_eq!(store.read(role).unwrap(), None);
            let mut salvaged = Machine::new(FolderTransport::new(&old.folder()), store, world.first_root());
            let error = salvaged.refresh().await.unwrap_err();
            assert!(
                matches!(error.distrust(), Some(Distrust::Rollback { found: 1, least: 2, .. })),
                "{}",
                chain(&error)
            );
        }
    }
}

#[tokio::test]
async fn a_lost_record_is_refused_even_by_a_technicians_command() {
    let (disk, _, _) = updated().await;
    for damage in damages(&disk.bytes("record-a")) {
        for name in ["record-a", "record-b"] {
            disk.damage(name, damage.clone());
        }
        for open in [DurableStore::open, DurableStore::salvage] {
            let refused = open(disk.copy()).err().expect("it is refused");
            assert!(
                matches!(&refused, StoreError::Damaged { what } if what == "the record"),
                "{}",
                chain(&refused)
            );
        }
    }
}

#[tokio::test]
async fn damage_while_the_program_runs_is_noticed_when_it_is_read() {
    let (disk, old, world) = updated().await;
    let mut machine = machine(&old, disk.clone(), world.first_root()).unwrap();
    for name in ["timestamp.json", "timestamp.json.spare"] {
        disk.damage(name, Some(b"{}".to_vec()));
    }
    let error = machine.refresh().await.unwrap_err();
    assert!(matches!(&error, ClientError::Store(StoreError::Damaged { what }) if what == "timestamp"));
}

#[test]
fn a_real_folder_keeps_files_as_received_and_is_held_by_one_program() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new();
    let mut machine = Machine::new(
        FolderTransport::new(folder.path()),
        DurableStore::open(Folder::open(folder.path()).unwrap()).unwrap(),
        world.first_root(),
    );
    let refused = Folder::open(folder.path()).unwrap_err();
    assert!(matches!(refused, StoreError::Busy));
    assert!(matches!(machine.client.trust(world.first_root()), Err(ClientError::RootAlreadyThere)));
    drop(machine);
    assert_eq!(std::fs::read(folder.path().join("root.json")).unwrap(), world.first_root());
    let again = DurableStore::open(Folder::open(folder.path()).unwrap()).unwrap();
    assert_eq!(again.read("root").unwrap().unwrap(), world.first_root());
}
