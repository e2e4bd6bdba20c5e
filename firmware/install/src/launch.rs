//! What the launcher starts. A start is counted before it is made; whatever cannot be read or
//! counted, the last good slot is started all the same.

use std::{
    ffi::{OsStr, OsString},
    fs::{self, File},
    io::{self, Read as _},
    os::unix::{
        ffi::OsStrExt as _,
        fs::{MetadataExt as _, PermissionsExt as _},
        process::CommandExt as _,
    },
    path::{Component, Path, PathBuf},
    process::Command,
};

use nix::{
    mount::{MntFlags, umount2},
    unistd::{Gid, Uid, setegid, seteuid},
};

use crate::{
    boot::{Refused, Standing},
    boot_record::BootRecord,
    error::InstallError,
    folder::Place,
    record::RecordError,
    slots::Slot,
};

/// How a squashfs image begins.
const SQUASHFS: [u8; 4] = *b"hsqs";

/// The slot to start, and what there is to be said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// The slot.
    pub slot: Slot,
    /// Whether it is on trial.
    pub on_trial: bool,
    /// One line for the journal.
    pub said: String,
}

/// Counts the start and says which slot to start. Where the start cannot be counted, that is the
/// slot which `current` stands for: a trial that is not counted is not started.
pub fn choose<P: Place>(boots: &BootRecord<P>) -> Result<Chosen, InstallError> {
    let why = match boots.count_start() {
        Ok(start) => {
            let (slot, on_trial) = (start.slot, start.standing != Standing::Good);
            let last = boots.read().map_or_else(|_| String::new(), |boot| boot.line());
            return Ok(Chosen { slot, on_trial, said: format!("starting slot {slot}: {last}") });
        }
        Err(error @ InstallError::Refused(Refused::NothingInstalled)) => return Err(error),
        Err(error) => error,
    };
    let Some(slot) = boots.linked()? else { return Err(why) };
    let what = match &why {
        InstallError::Record(RecordError::Damaged { .. }) => "the boot record is damaged",
        InstallError::Record(RecordError::Foreign { .. }) => "the boot record is of another version",
        _ => "the start cannot be counted",
    };
    Ok(Chosen { slot, on_trial: false, said: format!("{what}: starting slot {slot}, the last good one") })
}

/// Does something to the slots as the user who owns the folder, where this is root: what is
/// written stays theirs, and a link that they put there leads no further than they may go.
pub fn as_owner<R>(slots: &Path, does: impl FnOnce() -> R) -> Result<R, LaunchError> {
    let owner = fs::metadata(slots).map_err(failed("read", slots))?;
    let changed = |error: nix::Error| failed("entered as its owner", slots)(error.into());
    if !Uid::effective().is_root() || owner.uid() == 0 {
        return Ok(does());
    }
    setegid(Gid::from_raw(owner.gid())).map_err(changed)?;
    seteuid(Uid::from_raw(owner.uid())).map_err(changed)?;
    let done = does();
    seteuid(Uid::from_raw(0)).map_err(changed)?;
    setegid(Gid::from_raw(0)).map_err(changed)?;
    Ok(done)
}

/// Why a slot cannot be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LaunchError {
    /// No image, or one that cannot be read.
    #[error("{path} cannot be {act}", path = path.display())]
    Io {
        /// `read`, `mounted` …
        act: &'static str,
        /// The image or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// `mount` said no.
    #[error("{image} cannot be mounted: {said}", image = image.display())]
    Mount {
        /// The image.
        image: PathBuf,
        /// What it said.
        said: String,
    },
    /// A squashfs image, and nowhere to mount it.
    #[error("the image is a squashfs: --mount is missing")]
    NoMountPoint,
    /// Something else than an image of ours is mounted there.
    #[error("{at} is in use: a {kind} is mounted there", at = at.display())]
    OtherMount {
        /// Where.
        at: PathBuf,
        /// The kind of its file system.
        kind: String,
    },
    /// A program outside the image.
    #[error("{program} is no path within the image", program = program.display())]
    Outside {
        /// As it was given.
        program: PathBuf,
    },
    /// The system does not start programs from there, and there is nowhere to copy it to.
    #[error("the image cannot be started where it lies: --runtime is missing")]
    NoRuntime,
    /// Only a squashfs can be made ready for somebody else to start.
    #[error("the image is one program: there is nothing to mount")]
    NothingToMount,
}

/// Where images are made ready.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Where {
    /// The folder that a squashfs image is mounted at.
    pub mount: Option<PathBuf>,
    /// The folder for copies of a program that cannot be started where it lies.
    pub runtime: Option<PathBuf>,
}

/// Whether an image is a squashfs; else it is one program.
pub fn is_squashfs(image: &Path) -> Result<bool, LaunchError> {
    let mut magic = Vec::new();
    let read = File::open(image).and_then(|file| file.take(4).read_to_end(&mut magic));
    read.map_err(failed("read", image))?;
    Ok(magic == SQUASHFS)
}

/// Becomes the program. Returns only if that fails.
pub fn start(
    image: &Path,
    places: &Where,
    chosen: &Chosen,
    program: &OsStr,
    words: &[OsString],
) -> LaunchError {
    match try_start(image, places, chosen, program, words) {
        Ok(never) => match never {},
        Err(error) => error,
    }
}

fn try_start(
    image: &Path,
    places: &Where,
    chosen: &Chosen,
    program: &OsStr,
    words: &[OsString],
) -> Result<std::convert::Infallible, LaunchError> {
    let become_program = |path: &Path| {
        let mut command = Command::new(path);
        command.arg0(program).args(words).envs(environment(chosen)).exec()
    };
    if is_squashfs(image)? {
        let inside = mount(image, places)?.join(within(program)?);
        return Err(failed("started", &inside)(become_program(&inside)));
    }
    let refused = become_program(image);
    if refused.kind() != io::ErrorKind::PermissionDenied {
        return Err(failed("started", image)(refused));
    }
    let copy = copy_to_start(image, places.runtime.as_deref().ok_or(LaunchError::NoRuntime)?)?;
    Err(failed("started", &copy)(become_program(&copy)))
}

/// What the program is told of its slot.
pub fn environment(chosen: &Chosen) -> [(&'static str, String); 2] {
    [("KIOSK_SLOT", chosen.slot.to_string()), ("KIOSK_TRIAL", u8::from(chosen.on_trial).to_string())]
}

/// Mounts a squashfs for a service that starts from it, and writes the environment into a file.
pub fn prepare(image: &Path, places: &Where, chosen: &Chosen, file: &Path) -> Result<(), LaunchError> {
    mount_only(image, places)?;
    let lines = environment(chosen).map(|(name, value)| format!("{name}={value}\n"));
    fs::write(file, lines.concat()).map_err(failed("written", file))
}

/// Mounts a squashfs and starts nothing.
pub fn mount_only(image: &Path, places: &Where) -> Result<(), LaunchError> {
    if !is_squashfs(image)? {
        return Err(LaunchError::NothingToMount);
    }
    mount(image, places).map(|_| ())
}

/// The path below the mount point.
fn within(program: &OsStr) -> Result<PathBuf, LaunchError> {
    let path = Path::new(program);
    let mut inside = PathBuf::new();
    for step in path.components() {
        match step {
            Component::Normal(step) => inside.push(step),
            Component::RootDir | Component::CurDir => {}
            _ => return Err(LaunchError::Outside { program: path.to_owned() }),
        }
    }
    if inside.as_os_str().is_empty() {
        return Err(LaunchError::Outside { program: path.to_owned() });
    }
    Ok(inside)
}

/// Mounts an image in the place of the one that was mounted there by the start before.
fn mount<'a>(image: &Path, places: &'a Where) -> Result<&'a Path, LaunchError> {
    let at = places.mount.as_deref().ok_or(LaunchError::NoMountPoint)?;
    fs::create_dir_all(at).map_err(failed("made", at))?;
    for kind in mounted(at)? {
        if kind != "squashfs" {
            return Err(LaunchError::OtherMount { at: at.to_owned(), kind });
        }
        // Whoever still runs from it keeps it.
        umount2(at, MntFlags::MNT_DETACH).map_err(|error| failed("unmounted", at)(error.into()))?;
    }
    let mut mount = Command::new("mount");
    mount.args(["-t", "squashfs", "-o", "loop,ro,nodev,nosuid"]).arg(image).arg(at);
    let ran = mount.output().map_err(failed("mounted", image))?;
    if ran.status.success() {
        return Ok(at);
    }
    let said = String::from_utf8_lossy(&ran.stderr).trim().replace('\n', "; ");
    Err(LaunchError::Mount { image: image.to_owned(), said })
}

/// The kinds of what is mounted at a path, the topmost first (proc_pid_mountinfo(5)).
fn mounted(at: &Path) -> Result<Vec<String>, LaunchError> {
    const TABLE: &str = "/proc/self/mountinfo";
    let at = fs::canonicalize(at).map_err(failed("found", at))?;
    let table = fs::read_to_string(TABLE).map_err(failed("read", Path::new(TABLE)))?;
    Ok(mounts_at(&table, &at))
}

fn mounts_at(table: &str, at: &Path) -> Vec<String> {
    let kind = |line: &str| {
        let (mount, system) = line.split_once(" - ")?;
        let point = mount.split(' ').nth(4)?;
        (unescaped(point) == at.as_os_str().as_bytes())
            .then(|| system.split(' ').next().map(str::to_owned))?
    };
    table.lines().rev().filter_map(kind).collect()
}

/// Blanks and the like stand there as `\040`.
fn unescaped(text: &str) -> Vec<u8> {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        let octal = after.get(..3).and_then(|digits| std::str::from_utf8(digits).ok());
        match octal.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) if *first == b'\\' => {
                bytes.push(byte);
                rest = &after[3..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    bytes
}

/// Copies a program to where the system starts programs from.
fn copy_to_start(image: &Path, runtime: &Path) -> Result<PathBuf, LaunchError> {
    fs::create_dir_all(runtime).map_err(failed("made", runtime))?;
    let copy = runtime.join("app");
    // The program before may still run from it: a running file cannot be written.
    match fs::remove_file(&copy) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed("removed", &copy)(error)),
        _ => fs::copy(image, &copy).map_err(failed("copied", image))?,
    };
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o755)).map_err(failed("marked", &copy))?;
    Ok(copy)
}

fn failed(act: &'static str, path: &Path) -> impl FnOnce(io::Error) -> LaunchError {
    let path = path.to_owned();
    move |source| LaunchError::Io { act, path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_named_within_the_image() {
        for (program, expected) in
            [("bin/kioskd", Some("bin/kioskd")), ("/bin/./kioskd", Some("bin/kioskd")), ("..", None)]
        {
            assert_eq!(within(OsStr::new(program)).ok().as_deref(), expected.map(Path::new), "{program}");
        }
        for program in ["bin/../../sh", "", "/", "."] {
            within(OsStr::new(program)).unwrap_err();
        }
    }

    #[test]
    fn mounts_are_found_by_their_whole_path() {
        let table = "22 1 254:0 / / rw - ext4 /dev/vda rw\n\
                     30 22 7:0 / /run/kiosk\\040app ro,nosuid - squashfs /dev/loop0 ro\n\
                     31 30 0:9 / /run/kiosk\\040app rw shared:1 - tmpfs tmpfs rw\n\
                     32 22 7:1 / /run/kiosk ro - squashfs /dev/loop1 ro\n";
        let at = |path: &str| mounts_at(table, Path::new(path));
        assert_eq!(at("/run/kiosk app"), ["tmpfs", "squashfs"]);
        assert_eq!(at("/run/kiosk"), ["squashfs"]);
        assert_eq!(at("/run"), Vec::<String>::new());
    }
}
