//! The boot chooser's file on a real FAT file system, of `mkfs.vfat`, changed by mtools and judged by
//! `fsck.vfat`. The kernel's own FAT is not in it: machines that test may not have it.

use std::{
    io::{self, Write as _},
    num::NonZeroU8,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use install::Slot;
use rauc::tryboot::{AUTOBOOT, Booted, Chooser, Partitions};
use tempfile::TempDir;
use tuf::store::Disk;

use crate::common::cut_disk::CutDisk;

const PARTITIONS: Partitions = Partitions { a: 2, b: 3 };

/// The root folder of an image. Before each change the image is kept as it is: what a power cut
/// leaves there.
struct Fat {
    image: PathBuf,
    before: Vec<PathBuf>,
}

impl Fat {
    fn mtools(&self, program: &str, arguments: &[&str], input: &[u8]) -> io::Result<Vec<u8>> {
        let mut mtools = Command::new(program);
        mtools.arg("-i").arg(&self.image).args(arguments).env("MTOOLS_SKIP_CHECK", "1");
        let mut child = mtools.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        child.stdin.take().expect("it was asked for").write_all(input)?;
        let output = child.wait_with_output()?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()))
    }

    fn keep(&mut self) {
        let kept = PathBuf::from(format!("{}.{}", self.image.display(), self.before.len()));
        std::fs::copy(&self.image, &kept).unwrap();
        self.before.push(kept);
    }
}

fn inside(name: &str) -> String {
    format!("::{name}")
}

impl Disk for Fat {
    fn read(&self, name: &str, most: u64) -> io::Result<Option<Vec<u8>>> {
        if !self.names()?.iter().any(|there| there == name) {
            return Ok(None);
        }
        let bytes = self.mtools("mtype", &[&inside(name)], b"")?;
        assert!(bytes.len() as u64 <= most);
        Ok(Some(bytes))
    }

    fn names(&self) -> io::Result<Vec<String>> {
        let listed = String::from_utf8(self.mtools("mdir", &["-b", "::"], b"")?).unwrap();
        Ok(listed.lines().map(|line| line.trim_start_matches("::/").to_lowercase()).collect())
    }

    fn write(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.keep();
        self.mtools("mcopy", &["-o", "-", &inside(name)], bytes).map(drop)
    }

    fn sync(&mut self, _: &str) -> io::Result<()> {
        Ok(())
    }

    /// FAT cannot replace a name in one step: a cut may come between.
    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        self.keep();
        if self.names()?.iter().any(|name| name == to) {
            self.mtools("mdel", &[&inside(to)], b"")?;
        }
        self.keep();
        self.mtools("mren", &[&inside(from), &inside(to)], b"").map(drop)
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        self.keep();
        self.mtools("mdel", &[&inside(name)], b"").map(drop)
    }

    fn sync_folder(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn chooser(image: &Path, record: &CutDisk, booted: Slot) -> Chooser<Fat, CutDisk> {
    let firmware = Fat { image: image.to_owned(), before: Vec::new() };
    Chooser::new(firmware, record.clone(), PARTITIONS, Booted { slot: booted, tryboot: booted == Slot::B })
}

fn has(program: &str) -> bool {
    Command::new(program).arg("--help").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

#[test]
fn a_commit_on_fat_starts_one_of_the_two_slots_wherever_it_is_cut() {
    if !["mkfs.vfat", "fsck.vfat", "mcopy"].iter().all(|program| has(program)) {
        eprintln!("SKIPPED: no dosfstools or mtools");
        return;
    }
    let folder = TempDir::new().unwrap();
    let image = folder.path().join("p1.img");
    // As small as the first partition of a board may be.
    std::fs::File::create(&image).unwrap().set_len(4 * 1024 * 1024).unwrap();
    let made = Command::new("mkfs.vfat").arg(&image).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let record = CutDisk::default();

    // Empty: the first slot. The first change writes the file.
    let mut first = chooser(&image, &record, Slot::A);
    assert_eq!(first.committed().unwrap(), Slot::A);
    first.set_primary(Slot::B, NonZeroU8::MIN).unwrap();
    first.restart().unwrap();
    drop(first);
    let file = || Fat { image: image.clone(), before: Vec::new() }.read(AUTOBOOT, 512).unwrap();
    assert_eq!(file(), Some(PARTITIONS.starting(Slot::A).text().into()));

    let firmware = Fat { image: image.clone(), before: Vec::new() };
    let booted = Booted { slot: Slot::B, tryboot: true };
    let mut chooser_b = Chooser::new(firmware, record.clone(), PARTITIONS, booted);
    chooser_b.set_good(Slot::B).unwrap();
    let firmware = chooser_b.into_firmware();
    assert_eq!(file(), Some(PARTITIONS.starting(Slot::B).text().into()));
    assert_eq!(firmware.before.len(), 3, "before the write, the removal and the rename");
    for cut in firmware.before.iter().chain([&image]) {
        let checked = Command::new("fsck.vfat").arg("-n").arg(cut).output().unwrap();
        assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
        let expected = if *cut == image { Slot::B } else { Slot::A };
        assert_eq!(
            chooser(cut, &record.copy(), expected).committed().unwrap(),
            expected,
            "{}",
            cut.display()
        );
        // Whatever was cut, the next commit is whole.
        let mut next = chooser(cut, &record.copy(), Slot::B);
        next.set_good(Slot::B).unwrap();
        assert_eq!(next.committed().unwrap(), Slot::B);
    }
}
