//! What is carried to kiosks by hand, and what comes back: permits, the stick that they stand
//! on, and sealed logs.

use std::{
    fs::{self, File, OpenOptions},
    io::{BufReader, BufWriter, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use jiff::Timestamp as Time;
use keys::ServerSecret;
use nix::fcntl::OFlag;
use rand_core::CryptoRng;
use release::Release;
use stick::{POINTER, Permit, PermitFile, Pointer, logs};
use tuf::metadata::{Role as _, Root, TargetFile};

use crate::{
    Mistake, Repository,
    area::Area,
    changes::{list, role_of, target},
    keys::beside,
};

/// Lists a permit. Its words stand in the metadata, so that its signers are shown them; the file
/// holds the same, for people. Returns the role that lists it.
pub fn permit(repository: &Repository, now: Time, path: &str, file: PermitFile) -> Result<String, Mistake> {
    let (name, area) = target(path)?;
    if area != Area::Usb {
        return Err(Mistake::Usage(format!("{path} is no permit's path: usb/NAME")));
    }
    let permit = Permit::new(file)?;
    for release in &permit.fields().releases {
        let (_, area) = target(&release.target)?;
        let body = repository.coming_role(&role_of(repository, &area)?)?;
        let listed = body.as_ref().and_then(|body| body.signed().targets.get(&release.target));
        let listed = listed.ok_or_else(|| Mistake::NotListed { path: release.target.clone() })?;
        if !matches!(listed.custom::<Release>(), Some(Ok(_))) {
            return Err(Mistake::NotARelease { path: release.target.clone() });
        }
    }
    let role = role_of(repository, &area)?;
    let bytes = serde_json::to_vec_pretty(&permit).expect("a permit has string names and whole numbers");
    let custom = serde_json::to_value(&permit).expect("a permit has string names and whole numbers");
    list(repository, now, &role, &name, Path::new(path), &mut bytes.as_slice(), Some(custom))?;
    Ok(role)
}

/// Writes a stick: what kiosks need of the published metadata, the permit, and its releases.
/// Returns the paths that it is for.
pub fn write_stick(repository: &Repository, out: &Path, path: &str) -> Result<Vec<String>, Mistake> {
    let published = |path: &str| -> Result<TargetFile, Mistake> {
        let (_, area) = target(path)?;
        let body = repository.role(&role_of(repository, &area)?)?;
        let listed = body.as_ref().and_then(|body| body.signed().targets.get(path)).cloned();
        listed.ok_or_else(|| Mistake::NotPublished { path: path.to_owned() })
    };
    let listed = published(path)?;
    let Some(Ok(permit)) = listed.custom::<Permit>() else {
        return Err(Mistake::NotAPermit { path: path.to_owned() });
    };
    let releases: Vec<String> = permit.fields().releases.iter().map(|it| it.target.clone()).collect();
    let mut files = metadata_files(repository)?;
    files.push(target_file(path, &listed));
    for release in &releases {
        files.push(target_file(release, &published(release)?));
    }
    fs::create_dir_all(out).map_err(Mistake::file(out))?;
    if fs::read_dir(out).map_err(Mistake::file(out))?.next().is_some() {
        return Err(Mistake::StickNotEmpty { path: out.to_owned() });
    }
    for file in files {
        copy(&repository.folder().join(&file), &out.join(&file))?;
    }
    // Last: without it no kiosk looks at the stick.
    let pointer = serde_json::to_vec(&Pointer { permit: path.to_owned() }).expect("text keys only");
    let place = out.join(POINTER);
    let written = fs::write(&place, pointer).and_then(|()| File::open(&place)?.sync_all());
    written.and_then(|()| File::open(out)?.sync_all()).map_err(Mistake::file(&place))?;
    Ok(releases)
}

/// Every root, and of the rest what the timestamp announces.
fn metadata_files(repository: &Repository) -> Result<Vec<String>, Mistake> {
    let missing = |role: &str| Mistake::NoSuchRole { role: role.to_owned() };
    let root = repository.root()?.ok_or_else(|| missing(Root::TYPE))?;
    let snapshot = repository.snapshot()?.ok_or_else(|| missing("snapshot"))?;
    let mut files: Vec<String> =
        (1..=root.signed().version.get()).map(|version| format!("metadata/{version}.root.json")).collect();
    for (role, version) in snapshot.signed().roles() {
        files.push(format!("metadata/{}.{role}.json", version.get()));
    }
    files.push(format!("metadata/{}.snapshot.json", snapshot.signed().version.get()));
    files.push("metadata/timestamp.json".to_owned());
    Ok(files)
}

fn target_file(path: &str, file: &TargetFile) -> String {
    let digest = file.hashes.preferred();
    match path.rsplit_once('/') {
        Some((folder, name)) => format!("targets/{folder}/{digest}.{name}"),
        None => format!("targets/{digest}.{path}"),
    }
}

fn copy(from: &Path, to: &Path) -> Result<(), Mistake> {
    let folder = to.parent().unwrap_or(to);
    fs::create_dir_all(folder).map_err(Mistake::file(folder))?;
    fs::copy(from, to).map_err(Mistake::file(from))?;
    File::open(to).and_then(|file| file.sync_all()).map_err(Mistake::file(to))
}

/// Makes the key that kiosks seal their logs to: `path`, the secret, and `path.pub`. Returns the
/// public key, as kiosks' settings have it.
pub fn new_log_key(path: &Path, chance: &mut dyn CryptoRng) -> Result<String, Mistake> {
    let secret = ServerSecret::generate(chance);
    secret.save(path).map_err(log_key(path))?;
    let public = secret.public().to_string();
    crate::keys::write_once(&beside(path), format!("{public}\n").as_bytes(), 0o644)?;
    Ok(public)
}

/// Opens a log that a kiosk sealed, into a folder. Whoever knows the public key can seal: what is
/// in it is the kiosk's word only if the stick came from there.
pub fn open_log(key: &Path, sealed: &Path, out: &Path) -> Result<(PathBuf, logs::Head), Mistake> {
    let secret = ServerSecret::load(key).map_err(log_key(key))?;
    // A stick is hostile here as well: no link is followed, no pipe waited for.
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    let file = OpenOptions::new().read(true).custom_flags(flags.bits()).open(sealed);
    let file = file.map_err(Mistake::file(sealed))?;
    let stem = sealed.file_stem().unwrap_or(sealed.as_os_str());
    let folder = sealed.parent().and_then(Path::file_name).unwrap_or_default();
    let mut name = folder.to_owned();
    name.push("-");
    name.push(stem);
    name.push(".log");
    let (place, half) = (out.join(&name), out.join(".opening"));
    if place.exists() {
        return Err(Mistake::AlreadyThere { path: place });
    }
    fs::create_dir_all(out).map_err(Mistake::file(out))?;
    let written = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&half);
    let mut written = BufWriter::new(written.map_err(Mistake::file(&half))?);
    let opened = logs::open(&secret, BufReader::new(file), &mut written);
    let kept = opened.map_err(|source| Mistake::SealedLog { path: sealed.to_owned(), source });
    let kept = kept.and_then(|head| {
        written.flush().and_then(|()| fs::rename(&half, &place)).map_err(Mistake::file(&place))?;
        Ok(head)
    });
    if kept.is_err() {
        // Half a log says nothing that can be relied on.
        let _gone = fs::remove_file(&half);
    }
    Ok((place, kept?))
}

fn log_key(path: &Path) -> impl FnOnce(keys::KeyError) -> Mistake {
    let path = path.to_owned();
    |source| Mistake::LogKey { path, source }
}
