//! The launcher itself, on real folders: it starts what it should, counts, and goes back
//! without anybody's help.

mod common;

use std::{
    fs,
    num::NonZeroU8,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink},
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::{Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use common::{Handed, Sample, chain};
use install::{AppSlots, BootRecord, InstallBackend as _, InstallError, SlotFolder, Source, slots::Packing};
use tempfile::TempDir;
use tuf::{
    store::StoreError,
    transport::{Body, TransportError},
};

const LAUNCH: &str = env!("CARGO_BIN_EXE_kiosk-launch");

/// One test at a time: a child of another thread may hold an image open for writing for a
/// moment, and such a file cannot be started.
static ALONE: Mutex<()> = Mutex::new(());

struct Machine {
    folder: TempDir,
    _alone: MutexGuard<'static, ()>,
}

const SAYS: &str = "#!/bin/sh\necho \"$0 slot=$KIOSK_SLOT trial=$KIOSK_TRIAL words=$*\"\n";

impl Machine {
    /// With this in slot a.
    fn with(image: &[u8]) -> Self {
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = TempDir::new().unwrap();
        let machine = Self { folder, _alone: alone };
        let slots = machine.slots_path();
        fs::create_dir(&slots).unwrap();
        fs::write(slots.join("app-a.img"), image).unwrap();
        fs::set_permissions(slots.join("app-a.img"), fs::Permissions::from_mode(0o755)).unwrap();
        symlink("app-a.img", slots.join("current")).unwrap();
        machine
    }

    fn slots_path(&self) -> PathBuf {
        self.folder.path().join("slots")
    }

    fn place(&self) -> SlotFolder {
        SlotFolder::new(&self.slots_path())
    }

    fn line(&self) -> String {
        BootRecord::new(self.place()).read().unwrap_or_else(|error| panic!("{}", chain(&error))).line()
    }

    /// Writes a release into the spare slot.
    async fn write(&self, image: &[u8]) -> AppSlots<SlotFolder> {
        let mut slots = AppSlots::open(self.place()).unwrap();
        let sample = Sample::of(7, image.to_vec(), image.to_vec(), Packing::Plain);
        slots.write(&sample.content, &mut Handed::of(&sample.target)).await.unwrap();
        slots
    }

    async fn try_out(&self, image: &[u8]) {
        self.write(image).await.try_out(NonZeroU8::new(3).unwrap()).unwrap();
    }

    fn launch(&self, words: &[&str]) -> Ran {
        Ran::of(Command::new(LAUNCH).arg("--slots").arg(self.slots_path()).args(words))
    }
}

struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Ran {
    fn of(command: &mut Command) -> Self {
        let Output { status, stdout, stderr } = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: status.code(), out: text(stdout), err: text(stderr) }
    }
}

#[test]
fn a_plain_image_is_started_itself_with_its_words() {
    let machine = Machine::with(SAYS.as_bytes());
    let ran = machine.launch(&["--", "kioskd", "--board", "a b"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let image = machine.slots_path().join("app-a.img");
    assert_eq!(ran.out, format!("{} slot=a trial=0 words=--board a b\n", image.display()));
    assert!(ran.err.contains("starting slot a"), "{}", ran.err);
}

#[test]
fn an_image_that_cannot_be_started_where_it_lies_is_copied() {
    let machine = Machine::with(SAYS.as_bytes());
    let image = machine.slots_path().join("app-a.img");
    fs::set_permissions(&image, fs::Permissions::from_mode(0o644)).unwrap();
    let ran = machine.launch(&["kioskd"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("--runtime is missing"), "{}", ran.err);
    let runtime = machine.folder.path().join("run/kiosk");
    for _ in 0..2 {
        let ran = machine.launch(&["--runtime", runtime.to_str().unwrap(), "kioskd", "x"]);
        assert_eq!(ran.out, format!("{}/app slot=a trial=0 words=x\n", runtime.display()), "{}", ran.err);
    }
}

#[tokio::test]
async fn a_trial_that_exits_three_times_is_rolled_back_without_anybody() {
    let machine = Machine::with(SAYS.as_bytes());
    machine.launch(&["kioskd"]);
    machine.try_out(b"#!/bin/sh\necho broken $KIOSK_SLOT $KIOSK_TRIAL\nexit 7\n").await;
    for left in ["2 starts left", "1 start left", "on its last start"] {
        let ran = machine.launch(&["kioskd"]);
        assert_eq!((ran.code, ran.out.as_str()), (Some(7), "broken b 1\n"), "{}", ran.err);
        assert!(ran.err.contains(left), "{}", ran.err);
    }
    for _ in 0..2 {
        let ran = machine.launch(&["kioskd"]);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        assert!(ran.out.contains("slot=a trial=0"), "{}", ran.out);
    }
    let expected = "slot a, an unlisted release, is good; \
                    slot b holds release 7, rejected: started 3 times and never found good";
    assert_eq!(machine.line(), expected);
    assert_eq!(machine.launch(&["--status"]).out, format!("{expected}\n"));
}

/// Not even an image that is no program at all.
#[tokio::test]
async fn a_trial_that_cannot_be_started_at_all_is_rolled_back_too() {
    let machine = Machine::with(SAYS.as_bytes());
    machine.launch(&["kioskd"]);
    machine.try_out(b"hsqs, but not a file system").await;
    for _ in 0..3 {
        let ran = machine.launch(&["kioskd"]);
        assert_eq!(ran.code, Some(1), "{}", ran.err);
    }
    assert!(machine.launch(&["kioskd"]).out.contains("slot=a trial=0"));
}

#[tokio::test]
async fn a_trial_that_is_committed_is_started_from_then_on() {
    let machine = Machine::with(b"#!/bin/sh\nexit 9\n");
    machine.launch(&["kioskd"]);
    machine.try_out(SAYS.as_bytes()).await;
    assert!(machine.launch(&["kioskd"]).out.contains("slot=b trial=1"));
    AppSlots::open(machine.place()).unwrap().commit().unwrap();
    for _ in 0..4 {
        assert!(machine.launch(&["kioskd"]).out.contains("slot=b trial=0"));
    }
    assert_eq!(fs::read_link(machine.slots_path().join("current")).unwrap(), Path::new("app-b.img"));
}

/// A source that hands out one half and then nothing, for ever.
struct Hangs(Vec<u8>);

impl Source for Hangs {
    type Body = Self;

    async fn open(&mut self, _: u64) -> Result<Self, TransportError> {
        Ok(Self(self.0.clone()))
    }
}

impl Body for Hangs {
    fn starts_at(&self) -> u64 {
        0
    }

    async fn next(&mut self) -> Result<Option<Bytes>, TransportError> {
        match std::mem::take(&mut self.0) {
            nothing if nothing.is_empty() => std::future::pending().await,
            half => Ok(Some(half.into())),
        }
    }
}

#[tokio::test]
async fn while_a_write_is_under_way_the_launcher_starts_and_nobody_else_writes() {
    let machine = Machine::with(SAYS.as_bytes());
    machine.launch(&["kioskd"]);
    let sample = Sample::plain(7, 60_000);
    let mut slots = AppSlots::open(machine.place()).unwrap().syncing_every(10_000);
    let mut source = Hangs(sample.image[..30_000].to_vec());
    let meanwhile = async {
        while !machine.line().contains("30000 of 60000 bytes") {
            tokio::task::yield_now().await;
        }
        let second = AppSlots::open(machine.place()).unwrap_err();
        assert!(matches!(second, InstallError::Lock(StoreError::Busy)), "{}", chain(&second));
        machine.launch(&["kioskd"])
    };
    let ran = tokio::select! {
        written = slots.write(&sample.content, &mut source) => panic!("{written:?} of half"),
        ran = meanwhile => ran,
    };
    assert!(ran.out.contains("slot=a trial=0"), "{}", ran.err);
    assert!(ran.err.contains("release 7 is being written to slot b"), "{}", ran.err);
    let mut right = Handed::of(&sample.target);
    slots.write(&sample.content, &mut right).await.unwrap();
    assert_eq!(right.asked_from, 30_000);
    assert_eq!(fs::read(machine.slots_path().join("app-b.img")).unwrap(), sample.image);
}

#[tokio::test]
async fn with_a_damaged_record_the_last_good_slot_is_started_and_it_says_so() {
    let machine = Machine::with(SAYS.as_bytes());
    machine.try_out(b"#!/bin/sh\nexit 7\n").await;
    for name in ["boot-a", "boot-b"] {
        fs::write(machine.slots_path().join(name), "bit rot").unwrap();
    }
    let ran = machine.launch(&["kioskd"]);
    assert!(ran.out.contains("slot=a trial=0"), "{}", ran.err);
    assert!(
        ran.err.contains("the boot record is damaged: starting slot a, the last good one"),
        "{}",
        ran.err
    );
}

/// A disk that takes no write any more: the trial is not started, since nobody would count it.
#[tokio::test]
async fn a_trial_that_cannot_be_counted_is_not_started() {
    let machine = Machine::with(SAYS.as_bytes());
    machine.try_out(b"#!/bin/sh\nexit 7\n").await;
    // The name under which the record is written is taken by a folder.
    fs::create_dir_all(machine.slots_path().join("boot-new/x")).unwrap();
    for _ in 0..5 {
        let ran = machine.launch(&["kioskd"]);
        assert!(ran.out.contains("slot=a trial=0"), "{}", ran.err);
        assert!(ran.err.contains("the start cannot be counted"), "{}", ran.err);
    }
}

#[tokio::test]
async fn by_hand_a_trial_is_rolled_back_with_a_reason() {
    let machine = Machine::with(SAYS.as_bytes());
    let ran = machine.launch(&["--roll-back", "it is ugly"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("no release is on trial"), "{}", ran.err);
    machine.try_out(b"#!/bin/sh\nexit 7\n").await;
    let ran = machine.launch(&["--roll-back", "it is ugly"]);
    assert!(ran.out.ends_with("holds release 7, rejected: it is ugly\n"), "{} {}", ran.out, ran.err);
    assert!(machine.launch(&["kioskd"]).out.contains("slot=a trial=0"));
}

#[test]
fn a_wrong_command_line_starts_nothing() {
    let machine = Machine::with(SAYS.as_bytes());
    for words in
        [&[][..], &["--mont", "x", "kioskd"], &["--status", "kioskd"], &["--status", "--prepare", "x"]]
    {
        let ran = machine.launch(words);
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{words:?}: {}", ran.err);
    }
    let ran = Ran::of(Command::new(LAUNCH).args(["--slots", "/nowhere/at/all", "kioskd"]));
    assert_eq!(ran.code, Some(1));
    assert!(!Path::new("/nowhere").exists());
}

/// The launcher runs as root, fleetd does not: the record stays fleetd's, and no link that a
/// fleetd gone bad puts there makes root write somewhere else.
#[test]
fn as_root_the_record_is_written_as_the_folders_owner() {
    let machine = Machine::with(SAYS.as_bytes());
    let slots = machine.slots_path();
    if chown(&slots, Some(65_534), Some(65_534)).is_err() {
        skipped::<()>("not root");
        return;
    }
    fs::set_permissions(machine.folder.path(), fs::Permissions::from_mode(0o711)).unwrap();
    let prey = machine.folder.path().join("prey");
    fs::write(&prey, "root's").unwrap();
    symlink(&prey, slots.join("boot-new")).unwrap();
    let ran = machine.launch(&["kioskd"]);
    assert_eq!(fs::read_to_string(&prey).unwrap(), "root's", "{}", ran.err);
    assert!(ran.out.contains("slot=a trial=0"), "{}", ran.err);
    // Left over from a cut, it is removed, and the next start is counted.
    machine.launch(&["kioskd"]);
    for name in ["boot-a", "lock"] {
        let owner = fs::metadata(slots.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((owner.uid(), owner.gid()), (65_534, 65_534), "{name}");
    }
}

/// Packs a folder with one program; none: this machine cannot mount it, and says why.
fn squashfs(folder: &Path) -> Option<Vec<u8>> {
    let tree = folder.join("tree");
    fs::create_dir_all(tree.join("bin")).unwrap();
    let program = tree.join("bin/kioskd");
    fs::write(&program, SAYS.to_owned() + "touch \"${0%/*}/x\" 2>/dev/null && echo writable\nexit 0\n")
        .unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let image = folder.join("tree.squashfs");
    let packed = Command::new("mksquashfs").args([&tree, &image]).args(["-quiet", "-no-progress"]).output();
    match packed {
        Err(_) => return skipped("mksquashfs of squashfs-tools is missing"),
        Ok(packed) => assert!(packed.status.success(), "{packed:?}"),
    }
    let try_mount = "mount -o loop,ro \"$0\" \"$1\"";
    let can = Command::new("unshare").args(["--mount", "sh", "-c", try_mount]).args([&image, &tree]).output();
    if !can.is_ok_and(|can| can.status.success()) {
        return skipped("no root, or no loop devices");
    }
    Some(fs::read(image).unwrap())
}

fn skipped<T>(why: &str) -> Option<T> {
    eprintln!("SKIPPED: {why}");
    None
}

#[tokio::test]
async fn a_squashfs_is_mounted_read_only_and_its_program_started() {
    let folder = TempDir::new().unwrap();
    let Some(image) = squashfs(folder.path()) else { return };
    let machine = Machine::with(&image);
    let at = machine.folder.path().join("run/app root");
    let environment = machine.folder.path().join("environment");
    // In mounts of their own, gone with the last of these programs. The second start finds the
    // first one's mount there; so does the third, which starts another slot.
    let script = "set -eu; launch=$1 slots=$2 at=$3 file=$4
        $launch --slots $slots --mount \"$at\" /bin/kioskd one
        $launch --slots $slots --mount \"$at\" bin/kioskd two
        $launch --slots $slots --mount \"$at\" ../bin/kioskd three && exit 9
        $launch --slots $slots kioskd four && exit 9
        $launch --slots $slots --mount /proc bin/kioskd five && exit 9
        $launch --slots $slots --mount \"$at\" --prepare \"$file\"
        grep -c \" $(echo \"$at\" | sed 's/ /\\\\\\\\040/g') \" /proc/self/mounts
        grep \" $(echo \"$at\" | sed 's/ /\\\\\\\\040/g') \" /proc/self/mounts";
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", script, "sh", LAUNCH]);
    command.arg(machine.slots_path()).arg(&at).arg(&environment);
    let ran = Ran::of(&mut command);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    let lines: Vec<_> = ran.out.lines().collect();
    let program = at.join("bin/kioskd");
    assert_eq!(lines[0], format!("{} slot=a trial=0 words=one", program.display()));
    assert_eq!(lines[1], format!("{} slot=a trial=0 words=two", program.display()));
    assert_eq!(lines[2], "1", "one mount lies there, not one over the other");
    for option in ["squashfs ro", "nosuid", "nodev"] {
        assert!(lines[3].contains(option), "{}", lines[3]);
    }
    for why in ["no path within the image", "--mount is missing", "in use: a proc is mounted there"] {
        assert!(ran.err.contains(why), "{why}: {}", ran.err);
    }
    assert_eq!(fs::read_to_string(environment).unwrap(), "KIOSK_SLOT=a\nKIOSK_TRIAL=0\n");
}

#[tokio::test]
async fn what_lies_in_the_spare_slot_is_mounted_for_its_rehearsal_and_no_start_is_counted() {
    let folder = TempDir::new().unwrap();
    let Some(image) = squashfs(folder.path()) else { return };
    let machine = Machine::with(SAYS.as_bytes());
    drop(machine.write(&image).await);
    let before = machine.line();
    let at = machine.folder.path().join("rehearsal");
    let script = "set -eu; launch=$1 slots=$2 at=$3
        $launch --slots $slots --spare && exit 9
        $launch --slots $slots --mount $at --spare
        KIOSK_SLOT=spare KIOSK_TRIAL=- $at/bin/kioskd rehearsal";
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", script, "sh", LAUNCH]);
    let ran = Ran::of(command.arg(machine.slots_path()).arg(&at));
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("slot=spare trial=- words=rehearsal"), "{}", ran.out);
    assert!(ran.err.contains("--mount is missing"), "{}", ran.err);
    assert_eq!(machine.line(), before);
}
