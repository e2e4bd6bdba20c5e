//! What an install costs beside a plain write of the same bytes:
//! `cargo run -p install --example install_300 [-- MIB [FOLDER [SYNC_MIB]]]`. Times in seconds, and the most
//! memory that the process ever held, which does not grow with the image.
//!
//! The source is a file, so that its own memory does not count.
//!
//! For `firmware/bench/peers/updates.py`, which puts others beside it, each in a process of its own:
//! `install_300 make FILE MIB` makes an image and FILE.zst, `install_300 one FILE FOLDER plain|zstd`
//! installs it once and says the same numbers as JSON.

use std::{
    env,
    fs::{self, File},
    io::{Read as _, Seek as _, SeekFrom, Write as _},
    num::NonZeroU64,
    path::{Path, PathBuf},
    time::Instant,
};

use bytes::Bytes;
use install::{
    AppSlots, Content, ImageDigest, InstallBackend as _, SlotFolder, Source, frames, slots::Packing,
};
use nix::sys::{
    resource::{UsageWho, getrusage},
    time::TimeVal,
};
use sha2::{Digest as _, Sha256};
use tuf::transport::{Body, TransportError};

const PIECE: usize = 64 * 1024;

struct FromFile(PathBuf);

/// Reads where it stands: a network would cost no thread either.
struct Reading(File, u64);

impl Source for FromFile {
    type Body = Reading;

    async fn open(&mut self, from: u64) -> Result<Reading, TransportError> {
        let mut file = File::open(&self.0).map_err(TransportError::Medium)?;
        file.seek(SeekFrom::Start(from)).map_err(TransportError::Medium)?;
        Ok(Reading(file, from))
    }
}

impl Body for Reading {
    fn starts_at(&self) -> u64 {
        self.1
    }

    async fn next(&mut self) -> Result<Option<Bytes>, TransportError> {
        let mut piece = vec![0; PIECE];
        let read = self.0.read(&mut piece).map_err(TransportError::Medium)?;
        piece.truncate(read);
        Ok((read > 0).then(|| piece.into()))
    }
}

fn main() {
    let words: Vec<String> = env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["make", file, mib] => {
            make(Path::new(file), mib.parse().expect("a number of MiB"));
            pack(Path::new(file), Packing::Zstd);
        }
        ["one", file, folder, "plain"] => one(Path::new(file), folder, Packing::Plain),
        ["one", file, folder, "zstd"] => one(Path::new(file), folder, Packing::Zstd),
        _ => beside_a_plain_write(),
    }
}

fn one(image: &Path, folder: &str, packing: Packing) {
    let target = if packing == Packing::Zstd { image.with_extension("zst") } else { image.to_owned() };
    let content = content(&target, packing, digest(image));
    fs::write("/proc/self/clear_refs", "5").expect("a proc file system");
    let began = cpu();
    let seconds = installed(Path::new(folder), &target, &content, None);
    println!(r#"{{"seconds":{seconds:.3},"cpu":{:.3},"mib":{}}}"#, cpu() - began, held());
}

fn beside_a_plain_write() {
    let mut arguments = env::args().skip(1);
    let mib: u64 = arguments.next().map_or(300, |text| text.parse().expect("a number of MiB"));
    let folder = arguments.next().map_or_else(env::temp_dir, PathBuf::from);
    let sync = arguments.next().map(|text| text.parse::<u64>().expect("MiB") << 20);
    let folder = tempfile::TempDir::new_in(folder).expect("the folder can be written");
    let image = folder.path().join("image");
    make(&image, mib);
    println!("{mib} MiB, seconds; {} MiB held before", held());

    for packing in [Packing::Plain, Packing::Zstd] {
        let (target, content) = pack(&image, packing);
        // What packing held is not the install's (proc(5), clear_refs).
        fs::write("/proc/self/clear_refs", "5").expect("a proc file system");
        for _ in 0..3 {
            let began = cpu();
            let plain = plain_write(&image, &folder.path().join("plain"));
            let plain_cpu = cpu() - began;
            let slots = folder.path().join("slots");
            let installed = installed(&slots, &target, &content, sync);
            println!(
                "{packing:?}: plain write + fsync {plain:.2} (cpu {plain_cpu:.2}), install {installed:.2} \
                 (cpu {:.2}), ratio {:.2}; {} MiB held at most",
                cpu() - began - plain_cpu,
                installed / plain,
                held()
            );
            fs::remove_dir_all(&slots).expect("it was made");
        }
    }
}

/// Half noise, half easy to pack, as programs are.
fn make(path: &Path, mib: u64) {
    let mut file = File::create(path).expect("room");
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    for _ in 0..mib {
        let mut bytes = vec![0; 1024 * 1024];
        for word in bytes[..512 * 1024].chunks_mut(8) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            word.copy_from_slice(&state.to_le_bytes());
        }
        file.write_all(&bytes).expect("room");
    }
    file.sync_all().expect("a disk");
}

fn pack(image: &Path, packing: Packing) -> (PathBuf, Content) {
    let (target, unpacked) = match packing {
        Packing::Plain => (image.to_owned(), digest(image)),
        Packing::Zstd => {
            let packed = image.with_extension("zst");
            let mut from = File::open(image).expect("it was made");
            let unpacked = frames::pack(&mut from, &mut File::create(&packed).expect("room")).expect("zstd");
            (packed, unpacked)
        }
    };
    let content = content(&target, packing, unpacked);
    (target, content)
}

fn content(target: &Path, packing: Packing, image: ImageDigest) -> Content {
    Content {
        target: "app/image".to_owned(),
        listed: digest(target),
        packing,
        image,
        release_seq: NonZeroU64::MIN,
        data_schema: None,
        rauc_manifest_hash: None,
    }
}

fn digest(path: &Path) -> ImageDigest {
    let (mut file, mut digest) = (File::open(path).expect("it was made"), Sha256::new());
    let (mut length, mut bytes) = (0, vec![0; PIECE]);
    loop {
        match file.read(&mut bytes).expect("readable") {
            0 => return ImageDigest { length, sha256: digest.finalize().into() },
            read => {
                digest.update(&bytes[..read]);
                length += read as u64;
            }
        }
    }
}

fn plain_write(image: &Path, to: &Path) -> f64 {
    let mut from = File::open(image).expect("it was made");
    let mut bytes = vec![0; PIECE];
    let began = Instant::now();
    let mut file = File::create(to).expect("room");
    loop {
        let read = from.read(&mut bytes).expect("readable");
        if read == 0 {
            break;
        }
        file.write_all(&bytes[..read]).expect("room");
    }
    file.sync_all().expect("a disk");
    let took = began.elapsed().as_secs_f64();
    fs::remove_file(to).expect("it was made");
    took
}

fn installed(slots: &Path, target: &Path, content: &Content, sync: Option<u64>) -> f64 {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("threads");
    let mut slots = AppSlots::open(SlotFolder::new(slots)).expect("a new folder");
    if let Some(sync) = sync {
        slots = slots.syncing_every(sync);
    }
    let began = Instant::now();
    runtime.block_on(slots.write(content, &mut FromFile(target.to_owned()))).expect("it is installed");
    began.elapsed().as_secs_f64()
}

/// User and system, of all threads, in seconds.
fn cpu() -> f64 {
    let usage = getrusage(UsageWho::RUSAGE_SELF).expect("a system call without conditions");
    let seconds = |time: TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    seconds(usage.user_time()) + seconds(usage.system_time())
}

/// VmHWM of proc(5), in MiB.
fn held() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("a proc file system");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("VmHWM");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") / 1024
}
