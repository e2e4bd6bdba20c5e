//! What a delta saves, and what it costs:
//! `cargo run --release -p install --example delta OLD NEW [FOLDER]`. One JSON object: sizes in bytes,
//! times in seconds, memory in MiB.
//!
//! NEW is written into a slot beside OLD, once whole and once by the delta.

use std::{
    env,
    fs::{self, File},
    io::{Read as _, Seek as _, SeekFrom},
    num::NonZeroU64,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    time::Instant,
};

use bytes::Bytes;
use install::{
    AppSlots, Content, DeltaFile, ImageDigest, InstallBackend as _, SlotFolder, Source,
    delta::{self, Spans},
    frames,
    slots::Packing,
};
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
    let mut arguments = env::args_os().skip(1).map(PathBuf::from);
    let (Some(old), Some(new)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: delta OLD NEW [FOLDER]");
        return;
    };
    let folder = arguments.next().unwrap_or_else(env::temp_dir);
    let folder = tempfile::TempDir::new_in(folder).expect("the folder can be written");
    let (packed, patch) = (folder.path().join("packed"), folder.path().join("delta"));
    let file = |path: &Path| File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));

    let began = Instant::now();
    let image = frames::pack(&mut file(&new), &mut File::create(&packed).expect("room")).expect("zstd");
    let packing = began.elapsed();
    let began = Instant::now();
    let mut into = File::create(&patch).expect("room");
    delta::make(file(&old), &mut file(&new), &mut into, Spans::PATCH_1).expect("zstd");
    let making = began.elapsed();
    let (whole, by_delta) = (digest(&packed), digest(&patch));
    print!(r#"{{"old":{},"new":{},"#, digest(&old).length, image.length);
    print!(r#""whole":{{"bytes":{},"seconds":{:.2}}},"#, whole.length, packing.as_secs_f64());
    print!(r#""delta":{{"bytes":{},"seconds":{:.2}}}"#, by_delta.length, making.as_secs_f64());

    let content = Content {
        target: "app/image".to_owned(),
        listed: whole,
        packing: Packing::Zstd,
        image,
        release_seq: NonZeroU64::MIN,
        data_schema: None,
        rauc_manifest_hash: None,
    };
    let file = DeltaFile { from_sha256: digest(&old).sha256, listed: by_delta };
    for (name, delta) in [("install whole", None), ("install by delta", Some(&file))] {
        let slots = folder.path().join(name);
        fs::create_dir(&slots).expect("a new folder");
        fs::copy(&old, slots.join("app-a.img")).expect("room");
        symlink("app-a.img", slots.join("current")).expect("a new folder");
        // What packing held is not the install's (proc(5), clear_refs).
        fs::write("/proc/self/clear_refs", "5").expect("a proc file system");
        let before = held();
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("threads");
        let mut slots = AppSlots::open(SlotFolder::new(&slots)).expect("a folder with an image");
        let began = Instant::now();
        let written = match delta {
            None => runtime.block_on(slots.write(&content, &mut FromFile(packed.clone()))),
            Some(delta) => {
                runtime.block_on(slots.write_by_delta(&content, delta, &mut FromFile(patch.clone())))
            }
        };
        written.expect("it is installed");
        let seconds = began.elapsed().as_secs_f64();
        print!(r#","{name}":{{"seconds":{seconds:.3},"mib":{},"mib before":{before}}}"#, held());
    }
    println!("}}");
}

fn digest(path: &Path) -> ImageDigest {
    ImageDigest::of(&fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

/// VmHWM of proc(5), in MiB.
fn held() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("a proc file system");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("VmHWM");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") / 1024
}
