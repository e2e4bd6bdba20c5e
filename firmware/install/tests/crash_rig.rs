//! The power goes while a real file system on a real block device is being written. A writer in a
//! process of its own installs, tries, keeps and goes back, release after release. At moments that
//! it knows nothing of, the device is taken as it is at that instant (the image of the device is a
//! file on btrfs, and a reflink of it is atomic). That is mounted as a machine that comes back
//! would, and looked at: something whole can be started, nothing that was acknowledged is lost, and
//! the work goes on from there.
//!
//! The device is one without a volatile cache. What a cache forgets, or writes in another order, is
//! for `power_cuts.rs`, which has a disk that forgets whatever was not synced.
//!
//! It mounts, so it needs root; it is skipped where nobody can mount.

mod common;

use std::{
    env, fs,
    io::{self, BufRead as _, BufReader, Write as _},
    num::NonZeroU8,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use common::{Handed, Sample, chain, noise};
use install::{AppSlots, Boot, BootRecord, InstallBackend as _, Slot, SlotFolder, launch};
use tempfile::TempDir;

const TRIES: NonZeroU8 = NonZeroU8::new(3).unwrap();
/// Of an image, in bytes; and between two of its checkpoints.
const LENGTH: usize = 90_000;
const SYNC_EVERY: u64 = 40_000;
/// How often the power goes.
const CUTS: u64 = 24;
/// What the machine came with.
const FIRST: u64 = 1_000_000;

/// Runs a program, or says that it failed.
fn run(program: &str, arguments: &[&Path]) -> Result<(), String> {
    let output =
        Command::new(program).args(arguments).output().map_err(|error| format!("{program}: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(format!("{program} {arguments:?}: {said}")) }
}

/// A file system of an image, until this is dropped.
struct Mounted(PathBuf);

impl Mounted {
    fn new(image: &Path, at: &Path) -> Result<Self, String> {
        fs::create_dir_all(at).unwrap();
        run("mount", &[Path::new("-o"), Path::new("loop"), image, at])?;
        Ok(Self(at.to_owned()))
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // Lazily, as a test that failed may have files open.
        let _ = run("umount", &[Path::new("-l"), &self.0]);
    }
}

/// The machine's disk, and where pictures of it are taken.
struct Rig {
    // Unmounted in this order.
    disk: Mounted,
    outer: Mounted,
    folder: TempDir,
}

impl Rig {
    /// None: nobody can mount here.
    fn new() -> Option<Self> {
        match Self::built() {
            Ok(rig) => Some(rig),
            Err(why) => {
                let can = nix::unistd::geteuid().is_root() && Path::new("/dev/loop-control").exists();
                if can {
                    opponents::skip(&why);
                } else {
                    eprintln!("SKIPPED: {why}");
                }
                None
            }
        }
    }

    fn built() -> Result<Self, String> {
        let folder = TempDir::new().unwrap();
        let make = |path: &Path, mib: u64, program: &str| {
            fs::File::create(path).and_then(|file| file.set_len(mib << 20)).unwrap();
            run(program, &[Path::new("-q"), path])
        };
        let outer_image = folder.path().join("outer.img");
        make(&outer_image, 400, "mkfs.btrfs")?;
        let outer = Mounted::new(&outer_image, &folder.path().join("outer"))?;
        let image = outer.0.join("disk.img");
        make(&image, 40, "mkfs.ext4")?;
        let disk = Mounted::new(&image, &folder.path().join("disk"))?;
        Ok(Self { disk, outer, folder })
    }

    /// The disk as it is at this instant, mounted as after a power cut.
    fn cut(&self) -> Mounted {
        let (image, picture) = (self.outer.0.join("disk.img"), self.outer.0.join("picture.img"));
        run("cp", &[Path::new("--reflink=always"), &image, &picture]).unwrap();
        Mounted::new(&picture, &self.folder.path().join("after")).unwrap()
    }

    /// Starts a writer of this file on the disk.
    fn writer(&self, name: &str) -> Writer {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", name, "--ignored", "--nocapture"])
            .env("KIOSK_RIG", &self.disk.0)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let acknowledged = Arc::new(AtomicU64::new(0));
        let (lines, heard) = (BufReader::new(child.stdout.take().unwrap()).lines(), acknowledged.clone());
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if let Some((_, number)) = line.split_once("done ") {
                    heard.store(number.parse().unwrap(), Ordering::SeqCst);
                }
            }
        });
        Writer { child, acknowledged }
    }
}

/// A writer, until this is dropped.
struct Writer {
    child: Child,
    acknowledged: Arc<AtomicU64>,
}

impl Writer {
    /// The last step that it has done.
    fn acknowledged(&self) -> u64 {
        self.acknowledged.load(Ordering::SeqCst)
    }

    /// Waits some milliseconds, which no clock of the writer's knows of, and for its first step.
    fn work(&mut self, milliseconds: u64) {
        thread::sleep(Duration::from_millis(milliseconds));
        loop {
            assert!(self.child.try_wait().unwrap().is_none(), "the writer has ended");
            if self.acknowledged() > 0 {
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn done(step: u64) {
    println!("done {step}");
    io::stdout().flush().unwrap();
}

/// Release `seq`: every other one comes packed.
fn sample(seq: u64) -> Sample {
    if seq.is_multiple_of(2) { Sample::packed(seq, LENGTH, 30_000) } else { Sample::plain(seq, LENGTH) }
}

/// Odd releases are kept, even ones are ill.
fn is_kept(seq: u64) -> bool {
    !seq.is_multiple_of(2)
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

/// The child of the test below. Of release `s` these steps are done, each acknowledged once it is
/// durable: 4s + 1 written, 4s + 2 on trial, 4s + 3 started, 4s + 4 kept or given up.
#[test]
#[ignore = "a child of the rig"]
fn installs_release_after_release() {
    let place = SlotFolder::new(&PathBuf::from(env::var_os("KIOSK_RIG").unwrap()).join("slots"));
    let mut slots = AppSlots::open(place.clone()).unwrap().syncing_every(SYNC_EVERY);
    let boots = BootRecord::new(place);
    for seq in 1.. {
        let sample = sample(seq);
        block_on(slots.write(&sample.content, &mut Handed::of(&sample.target))).unwrap();
        done(4 * seq + 1);
        slots.try_out(TRIES).unwrap();
        done(4 * seq + 2);
        launch::choose(&boots).unwrap();
        done(4 * seq + 3);
        if is_kept(seq) {
            slots.commit().unwrap();
        } else {
            slots.roll_back("it is ill").unwrap();
            launch::choose(&boots).unwrap();
        }
        done(4 * seq + 4);
    }
}

/// How far a machine has come, by what its record says.
fn step_of(boot: &Boot) -> u64 {
    let of = |slot: Slot| boot.content(slot).map_or(0, |content| content.release_seq.get());
    let file = boot.fields();
    if let Some(trial) = file.trial {
        return 4 * of(trial.slot) + if trial.tries_left == TRIES.get() { 2 } else { 3 };
    }
    if let Some(writing) = &file.writing {
        // The release before is dealt with.
        return 4 * writing.content.release_seq.get();
    }
    let good = file.good.map_or(0, of);
    match boot.content(boot.spare()) {
        Some(spare) if spare.release_seq.get() > good => {
            4 * spare.release_seq.get() + if boot.rejected(spare).is_some() { 4 } else { 1 }
        }
        _ => 4 * good + 4,
    }
}

/// The image of a slot is one that was signed, whole.
fn is_whole(slots: &Path, boot: &Boot, slot: Slot) -> bool {
    let bytes = fs::read(slots.join(slot.image())).unwrap();
    match boot.content(slot) {
        Some(content) => bytes == noise(content.release_seq.get(), LENGTH),
        None => bytes == noise(FIRST, LENGTH),
    }
}

#[test]
fn whenever_the_power_goes_the_machine_starts_and_has_lost_nothing() {
    let Some(rig) = Rig::new() else { return };
    let slots = rig.disk.0.join("slots");
    fs::create_dir(&slots).unwrap();
    fs::write(slots.join(Slot::A.image()), noise(FIRST, LENGTH)).unwrap();
    symlink(Slot::A.image(), slots.join("current")).unwrap();
    run("sync", &[]).unwrap();
    let mut writer = rig.writer("installs_release_after_release");
    let (mut steps, mut kinds) = (Vec::new(), [0_u32; 4]);
    for cut in 0..CUTS {
        writer.work(cut * 37 % 41);
        let before = writer.acknowledged();
        let after = rig.cut();
        let behind = writer.acknowledged();
        let slots = after.0.join("slots");
        let place = SlotFolder::new(&slots);
        let boots = BootRecord::new(place.clone());
        let boot = boots.read().unwrap_or_else(|error| panic!("cut {cut}: {}", chain(&error)));
        let (step, line) = (step_of(&boot), boot.line());
        // What is done is acknowledged a moment later.
        assert!((before..=behind + 1).contains(&step), "cut {cut}: {before} to {behind}, but {step}: {line}");
        let linked = boots.linked().unwrap().expect("current stands for a slot");
        assert!(is_whole(&slots, &boot, linked), "cut {cut}: {linked} is what current stands for: {line}");
        let chosen = launch::choose(&boots).unwrap_or_else(|error| panic!("cut {cut}: {}", chain(&error)));
        assert!(is_whole(&slots, &boot, chosen.slot), "cut {cut}: {}", chosen.said);
        // And on it goes: what was on trial is given up, the next release is written and kept.
        let mut again = AppSlots::open(place).unwrap().syncing_every(SYNC_EVERY);
        if boot.fields().trial.is_some() {
            again.roll_back("the power went").unwrap();
            launch::choose(&boots).unwrap();
        }
        let next = sample(step / 4 + 2);
        block_on(again.write(&next.content, &mut Handed::of(&next.target))).unwrap();
        again.try_out(TRIES).unwrap();
        launch::choose(&boots).unwrap();
        again.commit().unwrap();
        let boot = boots.read().unwrap();
        assert_eq!(boot.content(boot.fields().good.unwrap()), Some(&next.content), "cut {cut}");
        kinds[usize::try_from(step % 4).unwrap()] += 1;
        steps.push(step);
    }
    steps.dedup();
    println!("{} moments, by the last step: {kinds:?}", steps.len());
    let [within_a_write, others @ ..] = kinds;
    assert!(steps.len() > 8 && within_a_write > 0, "the power went always at the same moment: {steps:?}");
    assert!(others.iter().sum::<u32>() > 0, "the power went only within writes: {steps:?}");
}

/// The child of the test below: what it acknowledges is not durable.
#[test]
#[ignore = "a child of the rig"]
fn forgets_to_sync() {
    let folder = PathBuf::from(env::var_os("KIOSK_RIG").unwrap());
    for number in 1_u64.. {
        fs::write(folder.join("number.new"), number.to_string()).unwrap();
        fs::rename(folder.join("number.new"), folder.join("number")).unwrap();
        done(number);
        thread::sleep(Duration::from_millis(1));
    }
}

/// Or it would prove nothing of those that do.
#[test]
fn the_rig_finds_out_a_writer_that_does_not_sync() {
    let Some(rig) = Rig::new() else { return };
    let mut writer = rig.writer("forgets_to_sync");
    let lost = (0..10).any(|_| {
        writer.work(60);
        let before = writer.acknowledged();
        let after = rig.cut();
        let kept = fs::read_to_string(after.0.join("number")).ok().and_then(|text| text.parse().ok());
        kept.is_none_or(|kept: u64| kept < before)
    });
    assert!(lost, "nothing that was acknowledged was lost, though nothing was synced");
}
