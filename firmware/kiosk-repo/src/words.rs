//! What a signer is shown: role, version, expiry, and everything that changes beside the
//! version before. What is signed but not understood here is named, never left out. Names are
//! escaped: metadata cannot draw on the signer's terminal.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    path::Path,
};

use jiff::Timestamp as Time;
use release::{Compression, Release};
use serde_json::Value;
use stick::{Permit, StaffCard};
use tuf::{
    key::KeyId,
    metadata::{Delegation, Paths, RoleKeys, Root, TargetFile, Targets},
};

use crate::{
    Mistake, deltas,
    layer_text::{self, Texts},
    period::days_left,
    request::{AnyDraft, Request},
};

/// What would be signed, in plain words. `path` is the request's, for messages.
pub fn describe(request: &Request, path: &Path, now: Time) -> Result<String, Mistake> {
    let draft = AnyDraft::read(&request.role, &request.draft, path)?;
    let before = request.before.as_ref();
    let before = before.map(|it| AnyDraft::read(&request.role, it, path)).transpose()?;
    let role = request.role.escape_debug();
    let (mut lines, version, expires) = match &draft {
        AnyDraft::Root(root) => {
            let before = match &before {
                Some(AnyDraft::Root(before)) => Some(before.signed()),
                _ => None,
            };
            let lines = root_changes(before, root.signed());
            (
                lines,
                head(before.map(|it| it.version.get()), root.signed().version.get()),
                root.signed().expires,
            )
        }
        AnyDraft::Targets(targets) => {
            let before = match &before {
                Some(AnyDraft::Targets(before)) => Some(before.signed()),
                _ => None,
            };
            let lines = targets_changes(before, targets.signed(), &request.texts);
            let version = head(before.map(|it| it.version.get()), targets.signed().version.get());
            (lines, version, targets.signed().expires)
        }
    };
    lines.extend(unknown(request));
    if lines.is_empty() {
        lines.push("nothing but version and expiry".to_owned());
    }
    let left = days_left(expires.get(), now);
    let mut text = format!("You are asked to sign: {role}, {version}\n");
    let good = if left < 0 { "IT HAS EXPIRED".to_owned() } else { format!("{left} days from now") };
    let _ = writeln!(text, "Good until: {}, {good}", String::from(expires));
    text.push_str("What changes:\n");
    for line in lines {
        let _ = writeln!(text, "  {line}");
    }
    Ok(text)
}

fn head(before: Option<u64>, version: u64) -> String {
    match before {
        Some(before) if version == before + 1 => format!("version {version}, after version {before}"),
        Some(before) => format!("version {version}, after version {before} (NOT ONE UP)"),
        None => format!("version {version}, the first"),
    }
}

fn root_changes(before: Option<&Root>, root: &Root) -> Vec<String> {
    let mut lines = Vec::new();
    let roles = |root: &Root| {
        let roles = &root.roles;
        [&roles.root, &roles.targets, &roles.snapshot, &roles.timestamp].map(RoleKeys::clone)
    };
    let (was, is) = (before.map(roles), roles(root));
    for (at, role) in ["root", "targets", "snapshot", "timestamp"].into_iter().enumerate() {
        let was = was.as_ref().map(|was| &was[at]);
        for line in keys_changes(was, &is[at]) {
            lines.push(format!("{role}: {line}"));
        }
    }
    if before.is_some_and(|before| before.consistent_snapshot != root.consistent_snapshot) {
        lines.push(format!("consistent_snapshot: {}", root.consistent_snapshot));
    }
    for (id, key) in before.iter().flat_map(|before| &before.keys) {
        if root.keys.get(id).is_some_and(|now| now != key) {
            lines.push(format!("ANOTHER KEY under the id {}", short(id)));
        }
    }
    lines
}

fn keys_changes(was: Option<&RoleKeys>, is: &RoleKeys) -> Vec<String> {
    let mut lines = Vec::new();
    let old: BTreeSet<&KeyId> = was.iter().flat_map(|was| &was.key_ids).collect();
    let new: BTreeSet<&KeyId> = is.key_ids.iter().collect();
    lines.extend(new.difference(&old).map(|id| format!("+ key {}", short(id))));
    lines.extend(old.difference(&new).map(|id| format!("- key {}", short(id))));
    let (now, keys) = (is.threshold.get(), is.key_ids.len());
    match was.map(|was| was.threshold.get()) {
        Some(before) if before != now => {
            lines.push(format!("{now} of {keys} keys must sign, before {before}"));
        }
        None => lines.push(format!("{now} of {keys} keys must sign")),
        Some(_) => {}
    }
    lines
}

fn targets_changes(before: Option<&Targets>, targets: &Targets, texts: &Texts) -> Vec<String> {
    let mut lines = Vec::new();
    let none = BTreeMap::new();
    let was = before.map_or(&none, |before| &before.targets);
    let deltas = deltas::names(&targets.targets);
    for (path, file) in &targets.targets {
        let name = path.escape_debug();
        let file_words = |path, file| file_words(path, file, deltas.contains(path));
        match was.get(path) {
            None => lines.push(format!("+ {name}: {}", file_words(path, file))),
            Some(old) if old != file => {
                lines.push(format!("~ {name}: {}", file_words(path, file)));
                lines.push(format!("  before: {}", file_words(path, old)));
            }
            Some(_) => continue,
        }
        lines.extend(layer_text::lines(path, file, was.get(path), texts));
        lines.extend(lowered(was, file));
    }
    for path in was.keys().filter(|path| !targets.targets.contains_key(*path)) {
        lines.push(format!("- {}", path.escape_debug()));
    }
    lines.extend(delegations_changes(before, targets));
    lines
}

/// A kiosk may go back only where signers lower the least number; they are to see that they do.
fn lowered(was: &BTreeMap<String, TargetFile>, file: &TargetFile) -> Option<String> {
    let release = file.custom::<Release>()?.ok()?;
    let others = was.values().filter_map(|other| other.custom::<Release>()?.ok());
    let least = others.filter(|other| other.rivals(&release)).map(|it| it.fields().min_release_seq).max()?;
    let now = release.fields().min_release_seq;
    (now < least).then(|| format!("  LOWERS the number that kiosks go not below, from {least} to {now}"))
}

fn delegations_changes(before: Option<&Targets>, targets: &Targets) -> Vec<String> {
    let roles = |targets: &Targets| -> Vec<Delegation> {
        targets.delegations.iter().flat_map(|it| it.roles.clone()).collect()
    };
    let (was, is) = (before.map(roles).unwrap_or_default(), roles(targets));
    let mut lines = Vec::new();
    for role in &is {
        let old = was.iter().find(|old| old.name == role.name);
        let name = role.name.escape_debug();
        if old.is_none_or(|old| (&old.paths, old.terminating) != (&role.paths, role.terminating)) {
            let terminating = if role.terminating { ", nobody else is asked" } else { "" };
            lines.push(format!("the role {name} may list {}{terminating}", paths_words(&role.paths)));
        }
        let keys = keys_changes(old.map(|old| &old.signers), &role.signers);
        lines.extend(keys.into_iter().map(|line| format!("the role {name}: {line}")));
    }
    for old in was.iter().filter(|old| is.iter().all(|role| role.name != old.name)) {
        lines.push(format!("the role {} is no more", old.name.escape_debug()));
    }
    let order = |roles: &[Delegation], other: &[Delegation]| -> Vec<String> {
        let both = roles.iter().filter(|role| other.iter().any(|it| it.name == role.name));
        both.map(|role| role.name.clone()).collect()
    };
    if order(&was, &is) != order(&is, &was) {
        lines.push("the order in which roles are asked".to_owned());
    }
    lines
}

fn paths_words(paths: &Paths) -> String {
    match paths {
        Paths::Patterns(patterns) => patterns.join(" ").escape_debug().to_string(),
        Paths::HashPrefixes(prefixes) => format!("paths by digest: {}", prefixes.join(" ")),
    }
}

fn file_words(path: &str, file: &TargetFile, is_delta: bool) -> String {
    if let (true, Some(Ok(permit))) = (Permit::is_path(path), file.custom::<Permit>()) {
        return permit_words(&permit);
    }
    let digest = file.hashes.get("sha256").unwrap_or_else(|| file.hashes.preferred());
    let what = match file.custom::<Release>() {
        None => bare_words(is_delta).to_owned(),
        Some(Ok(release)) => release_words(&release),
        Some(Err(_)) => {
            let custom = file.custom.as_ref().map(Value::to_string).unwrap_or_default();
            format!("NOT UNDERSTOOD: {}", custom.escape_debug())
        }
    };
    format!("{what}; {} bytes, sha256 {}", file.length, digest.escape_debug())
}

/// A permit in one line.
pub fn permit_words(permit: &Permit) -> String {
    let it = permit.fields();
    let mut words = format!("permit {} for", it.id);
    for (what, names) in [("kiosks", &it.devices), ("sites", &it.sites)] {
        if !names.is_empty() {
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            let _ = write!(words, " {what} {}", names.join(" "));
        }
    }
    let _ = write!(words, ", until {}, {} times on each", it.not_after, it.uses);
    words.push_str(match it.staff_card {
        StaffCard::Required => ", with a technician",
        StaffCard::IfStale => ", WITHOUT A TECHNICIAN while it is fresh",
    });
    for release in &it.releases {
        let (name, version) = (release.name.escape_debug(), release.version.escape_debug());
        let _ = write!(words, ", {} ({name} {version})", release.target);
    }
    words
}

/// A target of which nothing is said. It is a delta where a release names it so.
pub(crate) fn bare_words(is_delta: bool) -> &'static str {
    if is_delta { "a delta" } else { "no release" }
}

/// A release in one line.
pub fn release_words(release: &Release) -> String {
    let it = release.fields();
    let boards: Vec<_> = it.hw.iter().map(release::Hardware::as_str).collect();
    let (kind, seq, least) = (it.kind.as_str(), it.release_seq, it.min_release_seq);
    let mut words = format!("{kind} release {seq} for {}, kiosks go not below {least}", boards.join(" "));
    if let Some(schema) = it.data_schema {
        let back = if schema.reversible { "can go back" } else { "CANNOT GO BACK" };
        let _ = write!(words, ", data {} to {} ({back})", schema.from, schema.to);
    }
    if it.security {
        words.push_str(", security");
    }
    if let Some(deadline) = it.deadline {
        let _ = write!(words, ", in force by {deadline}");
    }
    if let Some(image) = it.image {
        let Compression::Zstd = image.compression;
        let sha256 = String::from(image.sha256);
        let _ = write!(words, ", zstd of {} bytes, sha256 {sha256}", image.length);
    }
    if let Some(hash) = it.rauc_manifest_hash {
        let _ = write!(words, ", RAUC manifest {}", String::from(hash));
    }

    for delta in &it.delta {
        let (from, name) = (String::from(delta.from_sha256), delta.name.escape_debug());
        let _ = write!(words, ", {} bytes by {name} for kiosks with image {from}", delta.length);
    }
    for wave in it.waves.iter().flat_map(release::Waves::all) {
        let _ = write!(words, ", {} % from {}", wave.share, wave.starts);
    }
    words
}

/// The first half of a key id is enough to tell keys apart by eye.
fn short(id: &KeyId) -> String {
    id.as_str().chars().take(16).collect::<String>().escape_debug().to_string()
}

/// Fields of the body that this program does not know.
fn unknown(request: &Request) -> Vec<String> {
    const KNOWN: [&str; 9] = [
        "_type",
        "spec_version",
        "version",
        "expires",
        "targets",
        "delegations",
        "keys",
        "roles",
        "consistent_snapshot",
    ];
    let fields = request.draft["signed"].as_object().into_iter().flatten();
    let odd = fields.filter(|(name, _)| !KNOWN.contains(&name.as_str()));
    odd.map(|(name, value)| {
        format!("NOT UNDERSTOOD: {} = {}", name.escape_debug(), value.to_string().escape_debug())
    })
    .collect()
}
