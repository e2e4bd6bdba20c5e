//! The power may go at any write. What was committed stays, what was not is as if it had never
//! begun, and no version is ever forgotten.

use tuf::{
    Client, ClientError, Distrust, Limits,
    store::{Change, DurableStore, Floors, Store as _},
    transport::FolderTransport,
};

use crate::common::{
    self, Machine, Site, World, chain,
    cut_disk::{ALL_LEFT, CutDisk, Left},
    now,
};

fn change(number: u64) -> Change {
    let put = ["root", "timestamp", "a role/with ?"].map(|role| (role.to_owned(), body(role, number)));
    Change { put: put.into(), floors: floors(number), ..Change::default() }
}

fn body(role: &str, number: u64) -> Vec<u8> {
    format!("{role} version {number}, long enough to be torn in two").into_bytes()
}

fn floors(number: u64) -> Floors {
    Floors { timestamp: number, ..Floors::default() }
}

/// Which of the changes a store holds, and that it holds it whole.
fn held(store: &DurableStore<CutDisk>) -> u64 {
    let number = store.floors().timestamp;
    for role in ["root", "timestamp", "a role/with ?"] {
        let expected = (number > 0).then(|| body(role, number));
        assert_eq!(store.read(role).unwrap(), expected, "{role} at {number}");
    }
    number
}

#[test]
fn a_commit_is_whole_or_never_was_at_any_cut() {
    let disk = CutDisk::default();
    DurableStore::open(disk.clone()).unwrap().commit(change(1)).unwrap();
    let whole = {
        let copy = disk.copy();
        let mut store = DurableStore::open(copy.clone()).unwrap();
        let before = copy.steps();
        store.commit(change(2)).unwrap();
        copy.steps() - before
    };
    assert!(
        whole >= 32,
        "two copies of three files and two records take four steps each, not {whole} in all"
    );
    let mut kept_old = 0;
    for steps in 0..=whole {
        for left in ALL_LEFT {
            let cut = disk.copy();
            let mut store = DurableStore::open(cut.clone()).unwrap();
            cut.cut_after(steps);
            let done = store.commit(change(2)).is_ok();
            assert_eq!(done, steps == whole);
            let again = cut.restarted(left);
            let mut store = DurableStore::open(again.clone())
                .unwrap_or_else(|error| panic!("cut at {steps}, left {left:?}: {}", chain(&error)));
            let number = held(&store);
            assert!(number == 2 || !done, "an acknowledged commit is lost: cut at {steps}, left {left:?}");
            kept_old += u64::from(number == 1);
            // It goes on from there, and is sound once more.
            store.commit(change(3)).unwrap();
            assert_eq!(held(&DurableStore::open(again.restarted(Left::Nothing)).unwrap()), 3);
        }
    }
    assert!(kept_old > 0, "no cut came before the commit: the test cuts nothing");
}

#[test]
fn a_cut_while_the_state_is_opened_or_mended_loses_nothing() {
    let disk = CutDisk::default();
    DurableStore::open(disk.clone()).unwrap().commit(change(1)).unwrap();
    // Everything is single: the mending has most to do.
    for name in ["root.json", "timestamp.json.spare", "record-a"] {
        disk.damage(name, Some(b"torn".to_vec()));
    }
    for steps in 0..40 {
        for left in ALL_LEFT {
            let cut = disk.copy();
            cut.cut_after(steps);
            let _ = DurableStore::open(cut.clone());
            let store = DurableStore::open(cut.restarted(left)).unwrap();
            assert_eq!(held(&store), 1, "cut at {steps}, left {left:?}");
        }
    }
}

#[test]
fn a_cut_while_the_first_state_is_made_leaves_a_new_one() {
    for steps in 0..60 {
        for left in ALL_LEFT {
            let cut = CutDisk::default();
            cut.cut_after(steps);
            let done = DurableStore::open(cut.clone()).and_then(|mut store| store.commit(change(1))).is_ok();
            let store = DurableStore::open(cut.restarted(left))
                .unwrap_or_else(|error| panic!("cut at {steps}, left {left:?}: {}", chain(&error)));
            assert!(held(&store) == 1 || !done);
        }
    }
}

/// A disk that is full for a while, no restart, and then the power goes too.
#[test]
fn a_commit_that_failed_is_looked_at_again_before_the_next() {
    let disk = CutDisk::default();
    DurableStore::open(disk.clone()).unwrap().commit(change(1)).unwrap();
    for failed_at in 0..32 {
        for cut_at in 0..60 {
            let full = disk.copy();
            let mut store = DurableStore::open(full.clone()).unwrap();
            full.cut_after(failed_at);
            store.commit(change(2)).unwrap_err();
            assert!([1, 2].contains(&held(&store)));
            full.cut_after(cut_at);
            let done = store.commit(change(3)).is_ok();
            let store = DurableStore::open(full.restarted(Left::All))
                .unwrap_or_else(|error| panic!("failed at {failed_at}, cut at {cut_at}: {}", chain(&error)));
            assert!(held(&store) == 3 || !done, "failed at {failed_at}, cut at {cut_at}");
        }
    }
}

/// The whole client: cut at every step of an update, start again, and be offered the old
/// repository. What a refresh has returned is never taken back.
#[tokio::test]
async fn an_update_cut_anywhere_goes_on_and_cannot_be_rolled_back() {
    let mut world = World::new();
    let (old, new) = (Site::stick(), Site::stick());
    old.carry(&world.files);
    let root = world.first_root().to_vec();
    let disk = CutDisk::default();
    let mut machine = machine(&old, disk.clone(), &root);
    machine.refresh().await.unwrap();
    world.release_root();
    world.release();
    new.carry(&world.files);
    drop(machine);

    let mut step = 0;
    loop {
        let mut finished = false;
        for left in ALL_LEFT {
            let cut = disk.copy();
            let store = DurableStore::open(cut.clone()).unwrap();
            cut.cut_after(step);
            let mut client = Client::new(FolderTransport::new(&new.folder()), store, Limits::default());
            finished = client.refresh(now()).await.is_ok();
            let restarted = cut.restarted(left);
            let mut rolled_back = common::Machine {
                client: Client::new(
                    FolderTransport::new(&old.folder()),
                    DurableStore::open(restarted.copy()).unwrap(),
                    Limits::default(),
                ),
                now: now(),
            };
            match rolled_back.refresh().await {
                Ok(_) => {
                    assert!(!finished, "rolled back after a refresh that returned: step {step}, {left:?}");
                }
                Err(error) => {
                    assert!(matches!(error.distrust(), Some(Distrust::Rollback { .. })), "{}", chain(&error));
                }
            }
            let mut again = self::machine(&new, restarted, &root);
            let refreshed =
                again.refresh().await.unwrap_or_else(|error| panic!("step {step}: {}", chain(&error)));
            assert_eq!((refreshed.root, refreshed.timestamp, refreshed.targets), (2, 2, 2));
        }
        if finished {
            break;
        }
        step += 1;
    }
    assert!(step > 60, "four commits have more steps than {step}");
}

fn machine(site: &Site, disk: CutDisk, root: &[u8]) -> Machine<FolderTransport, DurableStore<CutDisk>> {
    let store = DurableStore::open(disk).unwrap();
    Machine::new(FolderTransport::new(&site.folder()), store, root)
}

#[tokio::test]
async fn a_client_without_a_root_of_trust_does_nothing() {
    let site = Site::stick();
    let store = DurableStore::open(CutDisk::default()).unwrap();
    let mut client = Client::new(FolderTransport::new(&site.folder()), store, Limits::default());
    assert!(matches!(client.refresh(now()).await, Err(ClientError::NoTrustedRoot)));
}
