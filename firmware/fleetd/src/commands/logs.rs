//! Logs for the fleet team: the end of what named sources say, sealed so that the kiosk itself
//! cannot open it, kept in a folder.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use command::{CommandId, Name};
use getrandom::{SysRng, rand_core::UnwrapErr};
use keys::seal;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    process::Command,
    time,
};
use tuf::store::{Disk as _, Folder};

use super::Logs;

/// The longest that a source may talk.
const LIMIT: Duration = Duration::from_mins(1);
/// How many collections are kept; beyond this the oldest goes.
const KEPT: usize = 8;
/// How the name of a collection ends.
const ENDING: &str = ".sealed";

/// What a collection is sealed together with: it can be taken for no other kiosk's.
pub fn bound_to(kiosk: &Name, id: &CommandId) -> Vec<u8> {
    format!("mot-cham/1/logs\0{kiosk}\0{id}").into_bytes()
}

/// Collects, seals and keeps. One line about what came of it.
pub async fn collect(
    logs: Logs,
    kiosk: Name,
    id: CommandId,
    which: Vec<Name>,
    folder: PathBuf,
) -> Result<String, String> {
    let each = logs.most_bytes / which.len().max(1);
    let mut plain = Vec::new();
    for name in &which {
        let command = logs.sources.get(name).ok_or_else(|| format!("no source {name}"))?;
        let (said, came_to) = listen(command, each).await;
        plain.extend_from_slice(format!("== {name}: {came_to}\n").as_bytes());
        plain.extend_from_slice(&said);
        plain.push(b'\n');
    }
    let sealed = seal(&logs.seal_to, &bound_to(&kiosk, &id), &plain, &mut UnwrapErr(SysRng))
        .map_err(|error| error.to_string())?;
    let bytes = sealed.len();
    let kept = tokio::task::spawn_blocking(move || keep(&folder, &id, &sealed)).await;
    let name = kept.map_err(io::Error::other).flatten().map_err(|error| format!("not kept: {error}"))?;
    Ok(format!("collected: {bytes} bytes, sealed, as {name}"))
}

/// The end of what a source says, and how it went.
async fn listen(command: &[String], most: usize) -> (Vec<u8>, String) {
    let [program, arguments @ ..] = command else { return (Vec::new(), "no program".to_owned()) };
    let mut source = Command::new(program);
    source.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = match source.kill_on_drop(true).spawn() {
        Ok(child) => child,
        Err(error) => return (Vec::new(), error.to_string()),
    };
    let mut said = Vec::new();
    let mut cut = 0;
    let talks = async {
        if let Some(from) = child.stdout.take() {
            cut = end_of(from, &mut said, most).await?;
        }
        child.wait().await
    };
    let came_to = match time::timeout(LIMIT, talks).await {
        Ok(Ok(status)) if status.success() => "whole".to_owned(),
        Ok(Ok(status)) => status.to_string(),
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("no end after {} s", LIMIT.as_secs()),
    };
    let surplus = said.len().saturating_sub(most);
    said.drain(..surplus);
    (said, format!("{came_to}, {} bytes before this cut off", cut + surplus))
}

/// Reads to the end and keeps up to twice `most` of it; how many bytes before that were dropped.
async fn end_of(mut from: impl AsyncRead + Unpin, said: &mut Vec<u8>, most: usize) -> io::Result<usize> {
    let mut cut = 0;
    let mut piece = vec![0; 16 << 10];
    loop {
        let read = from.read(&mut piece).await?;
        if read == 0 {
            return Ok(cut);
        }
        said.extend_from_slice(&piece[..read]);
        if said.len() > 2 * most {
            let surplus = said.len() - most;
            said.drain(..surplus);
            cut += surplus;
        }
    }
}

/// Puts a collection onto the disk, and takes the oldest away where there are too many.
fn keep(folder: &Path, id: &CommandId, sealed: &[u8]) -> io::Result<String> {
    let mut disk = Folder::open(folder).map_err(io::Error::other)?;
    let name = format!("{id}{ENDING}");
    let new = format!("{name}.new");
    disk.write(&new, sealed)?;
    disk.sync(&new)?;
    disk.rename(&new, &name)?;
    disk.sync_folder()?;
    let mut all = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().ends_with(ENDING) {
            all.push((entry.metadata()?.modified()?, entry.path()));
        }
    }
    all.sort();
    let surplus = all.len().saturating_sub(KEPT);
    // The one that was just written stays, whatever the clock says.
    let others = all.into_iter().filter(|(_, path)| !path.ends_with(&name));
    for (_, path) in others.take(surplus) {
        fs::remove_file(path)?;
    }
    Ok(name)
}
