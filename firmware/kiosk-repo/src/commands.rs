//! One function a command: reads the command line, calls the library, says what came of it.
//! The number that comes back is the exit code.

use std::{
    io::{self, BufRead as _, Write as _},
    num::NonZeroU64,
    path::Path,
};

use configuration::Whose;
use getrandom::{SysRng, rand_core::UnwrapErr};
use jiff::Timestamp;
use kiosk_repo::{
    Mistake, Repository,
    area::Area,
    changes::{self, FirstKeys, Packing, Rotation, TopRole},
    check, config,
    publish::Published,
    request::{self, Progress, Request, SignatureFile},
    sticks, token, words,
};
use lexopt::{Arg, Parser, ValueExt as _};
use release::{DataSchema, Hardware, Kind, Release, ReleaseFile, Wave, Waves};
use stick::{PermitFile, PermittedRelease, StaffCard};
use tuf::{
    key::{Key, KeyId},
    metadata::{Role as _, Root},
    repository::Signer as _,
};

use crate::{
    arguments::{Given, from_text, time},
    help, key_commands,
    key_commands::{key_ring, public_key},
    orders,
};

/// All is well, but something expires soon.
const EXPIRES_SOON: u8 = 4;

/// One command: what was given, and the time. The number is the exit code.
type Does = fn(&Given, Timestamp) -> Result<u8, Mistake>;

/// Does what was asked.
pub fn run(mut parser: Parser, clock: Timestamp) -> Result<u8, Mistake> {
    let command = match parser.next()? {
        None => return Err(Mistake::Usage("a command is missing".to_owned())),
        Some(Arg::Long("help") | Arg::Short('h')) => return Ok(say(help::ALL)),
        Some(Arg::Long("version") | Arg::Short('V')) => return Ok(say(help::VERSION)),
        Some(Arg::Value(word)) => word.string()?,
        Some(other) => return Err(other.unexpected().into()),
    };
    let parse = |words, valued, switches| Given::parse(parser, words, valued, switches);
    let (given, does, help): (_, Does, _) = match command.as_str() {
        "new-key" => {
            (parse(1..=1, &["passphrase-file", "algorithm"], &[])?, key_commands::new_key, help::KEYS)
        }
        "public-key" => (parse(2..=2, &["passphrase-file"], &[])?, key_commands::public_key_file, help::KEYS),
        "init" => (parse(1..=1, INIT, &[])?, init, help::KEYS),
        "rotate" => (parse(1..=1, &["add", "drop", "threshold"], &[])?, rotate, help::KEYS),
        "renew" => (parse(2..=2, &[], &[])?, renew, help::SIGNING),
        "discard" => (parse(2..=2, &[], &[])?, discard, help::SIGNING),
        "status" => (parse(1..=1, &[], &[])?, status, help::SIGNING),
        "draft" => (parse(3..=3, &["bytes"], &[])?, draft, help::SIGNING),
        "sign" => (parse(1..=1, &["key", "out", "root", "passphrase-file"], &["yes"])?, sign, help::SIGNING),
        "merge" => (parse(1..=usize::MAX, &["raw", "role", "key"], &[])?, merge, help::SIGNING),
        "publish" => (parse(1..=1, ONLINE, &[])?, publish, help::PUBLISHING),
        "refresh" => (parse(1..=1, ONLINE, &[])?, refresh, help::PUBLISHING),
        "check" => (parse(1..=1, &["root"], &[])?, check_all, help::PUBLISHING),
        "add-release" => (parse(2..=2, RELEASE, &["security", "zstd", "rauc"])?, add_release, help::RELEASES),
        "add-file" => (parse(2..=2, &["target"], &[])?, add_file, help::RELEASES),
        "add-config" => (parse(2..=2, &["layer", "with"], &[])?, add_config, help::RELEASES),
        "remove" => (parse(1..=1, &["target"], &[])?, remove, help::RELEASES),
        "waves" => (parse(1..=1, &["target", "wave"], &["none"])?, waves, help::RELEASES),
        "least" => (parse(1..=1, &["target", "min-release-seq"], &[])?, least, help::RELEASES),
        "permit" => (parse(1..=1, PERMIT, &["without-technician"])?, permit, help::STICKS),
        "stick" => (parse(2..=2, &["permit"], &[])?, stick, help::STICKS),
        "new-log-key" => (parse(1..=1, &[], &[])?, new_log_key, help::STICKS),
        "open-logs" => (parse(2..=usize::MAX, &["key"], &[])?, open_logs, help::STICKS),
        "delegate" => (parse(2..=2, &["key", "threshold"], &[])?, delegate, help::RELEASES),
        "command" => {
            (parse(1..=1, orders::VALUED, &["unlock", "reboot", "yes"])?, orders::command, help::ORDERS)
        }
        "countersign" => {
            let valued = &["key", "out", "passphrase-file"];
            (parse(1..=1, valued, &["yes"])?, orders::countersign, help::ORDERS)
        }
        "command-signer" => (parse(1..=1, &[], &[])?, orders::signer, help::ORDERS),
        other => return Err(Mistake::Usage(format!("{other:?} is no command"))),
    };
    match given {
        Some(given) => does(&given, given.now(clock)?),
        None => Ok(say(help)),
    }
}

const INIT: &[&str] =
    &["root-key", "targets-key", "snapshot-key", "timestamp-key", "root-threshold", "targets-threshold"];
const ONLINE: &[&str] = &["snapshot-key", "timestamp-key", "passphrase-file"];
const RELEASE: &[&str] =
    &["target", "hw", "kind", "release-seq", "min-release-seq", "data-schema", "deadline", "delta-from"];

const PERMIT: &[&str] = &["target", "device", "site", "not-after", "uses", "release"];

fn say(text: &str) -> u8 {
    // Nobody is there to be told that nobody is there.
    let _ = io::stdout().write_all(text.as_bytes());
    0
}

fn init(given: &Given, now: Timestamp) -> Result<u8, Mistake> {
    let ring = key_ring(given)?;
    let public = |name: &str| -> Result<Vec<Key>, Mistake> {
        let keys: Vec<Key> =
            given.paths(name).map(|path| public_key(&ring, &path)).collect::<Result<_, _>>()?;
        if keys.is_empty() { Err(Mistake::Usage(format!("--{name} is missing"))) } else { Ok(keys) }
    };
    let keys = FirstKeys {
        root: (given.threshold("root-threshold", 2)?, public("root-key")?),
        targets: (given.threshold("targets-threshold", 2)?, public("targets-key")?),
        snapshot: public("snapshot-key")?,
        timestamp: public("timestamp-key")?,
    };
    let repository = changes::init(given.word(0)?, now, &keys)?;
    tell(&repository, "root")?;
    tell(&repository, "targets")
}

fn rotate(given: &Given, now: Timestamp) -> Result<u8, Mistake> {
    let (ring, mut changes) = (key_ring(given)?, Vec::new());
    for option in ["add", "drop", "threshold"] {
        for text in given.texts(option)? {
            let wrong = || Mistake::Usage(format!("--{option} takes ROLE=…, not {text:?}"));
            let (role, value) = text.split_once('=').ok_or_else(wrong)?;
            let role = TopRole::from_name(role).ok_or_else(wrong)?;
            let change = match option {
                "add" => Rotation::Add(Box::new(public_key(&ring, Path::new(value))?)),
                "drop" if value.starts_with(token::SCHEME) || Path::new(value).exists() => {
                    Rotation::Drop(public_key(&ring, Path::new(value))?.usual_id())
                }
                "drop" => Rotation::Drop(KeyId::from(value)),
                _ => {
                    let threshold = tuf::metadata::Threshold::new(from_text(option, value)?);
                    Rotation::Threshold(threshold.ok_or(Mistake::ThresholdTooLow { least: 1 })?)
                }
            };
            changes.push((role, change));
        }
    }
    if changes.is_empty() {
        return Err(Mistake::Usage("rotate wants --add, --drop or --threshold".to_owned()));
    }
    let repository = Repository::open(given.word(0)?)?;
    changes::rotate(&repository, now, &changes)?;
    tell(&repository, Root::TYPE)
}

fn renew(given: &Given, now: Timestamp) -> Result<u8, Mistake> {
    let repository = Repository::open(given.word(0)?)?;
    let role = given.text_word(1)?;
    changes::renew(&repository, now, role)?;
    tell(&repository, role)
}

fn discard(given: &Given, _: Timestamp) -> Result<u8, Mistake> {
    let role = given.text_word(1)?;
    let repository = Repository::open(given.word(0)?)?;
    // Only by a name that a draft has: it becomes part of a path.
    if !repository.drafts()?.iter().any(|draft| draft == role) {
        return Err(Mistake::NoDraft { role: role.to_owned() });
    }
    repository.discard(role)?;
    println!("the draft of {role} is gone");
    Ok(0)
}

fn status(given: &Given, now: Timestamp) -> Result<u8, Mistake> {
    let repository = Repository::open(given.word(0)?)?;
    let drafts = repository.drafts()?;
    if drafts.is_empty() {
        println!("nothing is in draft");
    }
    for role in drafts {
        print!("{}", words::describe(&Request::of(&repository, &role)?, repository.folder(), now)?);
        tell(&repository, &role)?;
    }
    Ok(0)
}

fn draft(given: &Given, now: Timestamp) -> Result<u8, Mistake> {
    let repository = Repository::open(given.word(0)?)?;
    let (role, path) = (given.text_word(1)?, given.word(2)?);
    let request = Request::of(&repository, role)?;
    request.write(path, given.path("bytes")?.as_deref())?;
    print!("{}", words::describe(&request, path, now)?);
    println!("{}: take it to the signers, who use `kiosk-repo sign`", path.display());
    Ok(0)
}

fn sign(given: &Given, now: Timestamp) -> Result<u8, Mistake> {
    let path = given.word(0)?;
    let (key, out) = (given.needed_path("key")?, given.needed_path("out")?);
    let request = Request::read(path)?;
    print!("{}", words::describe(&request, path, now)?);
    let checked = match given.path("root")? {
        Some(root) => {
            let root = std::fs::read(&root).map_err(|source| Mistake::File { path: root, source })?;
            request.check_before(path, &root)?
        }
        None => false,
    };
    if !checked && request.before.is_some() {
        println!(
            "The version before is as whoever sent this says; --root FILE checks it for root and targets."
        );
    }
    let ring = key_ring(given)?;
    let signer = ring.secret(&key)?;
    if !given.has("yes") && !confirmed()? {
        return Err(Mistake::NotConfirmed);
    }
    let signature = request.sign(path, &signer)?;
    signature.write(&out)?;
    println!("{}: the signature by the key {}", out.display(), signer.key_id());
    Ok(0)
}

/// Whether whoever sits there says yes.
pub fn confirmed() -> Result<bool, Mistake> {
    let failed = |source| Mistake::File { path: "standard input".into(), source };
    print!("Sign this? Type yes: ");
    io::stdout().flush().map_err(failed)?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).map_err(failed)?;
    Ok(line.trim() == "yes")
}

fn merge(given: &Given, _: Timestamp) -> Result<u8, Mistake> {
    let repository = Repository::open(given.word(0)?)?;
    if let Some(path) = given.path("raw")? {
        let key = public_key(&key_ring(given)?, &given.needed_path("key")?)?;
        let role = given.needed("role")?;
        let signature = SignatureFile::of_other_tool(&repository, role, &key, &path)?;
        say_progress(role, &request::merge(&repository, &signature, &path)?);
    } else if given.words_from(1).next().is_none() {
        return Err(Mistake::Usage("merge wants signatures, or --raw".to_owned()));
    }
    for path in given.words_from(1) {
        let signature = SignatureFile::read(path)?;
        say_progress(&signature.role, &request::merge(&repository, &signature, path)?);
    }
    Ok(0)
}

fn publish(given: &Given, now: Timestamp) -> Result<u8, Mistake> {
    let repository = Repository::open(given.word(0)?)?;
    let ring = key_ring(given)?;
    let secret = |name: &str| ring.secret(&given.needed_path(name)?);
    let published = repository.publish(now, &secret("snapshot-key")?, &secret("timestamp-key")?)?;
    judged(&repository, &published, now)
}

fn refresh(given: &Given, now: Timestamp) -> Result<u8, Mistake> {
    let repository = Repository::open(given.word(0)?)?;
    let ring = key_ring(given)?;
    let timestamp = ring.secret(&given.needed_path("timestamp-key")?)?;
    let snapshot = given.path("snapshot-key")?.map(|path| ring.secret(&path)).transpose()?;
    let snapshot = snapshot.as_ref().map(|signer| signer as &dyn tuf::repository::Signer);
    let published = repository.refresh(now, snapshot, &timestamp)?;
    judged(&repository, &published, now)
}

/// Says what was published, once a kiosk's own code has taken it.
fn judged(repository: &Repository, published: &Published, now: Timestamp) -> Result<u8, Mistake> {
    wait(check::check(repository, None, now))?;
    for (role, version) in &published.roles {
        println!("published {role} version {version}");
    }
    println!("published snapshot version {}, timestamp version {}", published.snapshot, published.timestamp);
    Ok(0)
}

fn check_all(given: &Given, now: Timestamp) -> Result<u8, Mistake> {
    let repository = Repository::open(given.word(0)?)?;
    let root = given.path("root")?;
    let report = wait(check::check(&repository, root.as_deref(), now))?;
    if root.is_none() {
        println!("by the folder's own first root; --root FILE, as kiosks were shipped with, checks that too");
    }
    println!("{:<24} {:>7}  {:<8} {:<10} {:>9}", "role", "version", "signers", "good until", "days left");
    for state in &report.roles {
        let (signers, day) =
            (format!("{} of {}", state.threshold, state.keys), state.expires.strftime("%Y-%m-%d"));
        println!("{:<24} {:>7}  {signers:<8} {day}  {:>9}", state.role, state.version, state.days_left);
    }
    for (path, role, words) in &report.targets {
        println!("{path} (by {role}): {words}");
    }
    for warning in &report.warnings {
        println!("WARNING: {warning}");
    }
    Ok(if report.warnings.is_empty() { 0 } else { EXPIRES_SOON })
}

/// The client of `tuf` is asynchronous; there is nothing else to do here meanwhile.
fn wait<T>(work: impl Future<Output = Result<T, Mistake>>) -> Result<T, Mistake> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let failed = |source| Mistake::File { path: "a thread".into(), source };
    runtime.map_err(failed)?.block_on(work)
}

fn add_release(given: &Given, now: Timestamp) -> Result<u8, Mistake> {
    let kind = given.needed("kind")?;
    let kind = Kind::from_name(kind);
    let kind = kind.ok_or_else(|| Mistake::Usage("--kind is app or os".to_owned()))?;
    let number = |name: &str| -> Result<NonZeroU64, Mistake> {
        given.needed(name)?;
        given.read(name)?.ok_or_else(|| Mistake::Usage(format!("--{name} is missing")))
    };
    let release = Release::new(ReleaseFile {
        hw: given.texts("hw")?.into_iter().map(Hardware::new).collect::<Result<_, _>>()?,
        kind,
        release_seq: number("release-seq")?,
        min_release_seq: number("min-release-seq")?,
        data_schema: given.text("data-schema")?.map(data_schema).transpose()?,
        security: given.has("security"),
        deadline: given.text("deadline")?.map(time).transpose()?,
        waves: None,
        image: None,
        rauc_manifest_hash: None,
        delta: vec![],
    })?;
    let repository = Repository::open(given.word(0)?)?;
    let packing = match (given.has("zstd"), given.has("rauc")) {
        (false, false) => Packing::AsItIs,
        (true, false) => Packing::Zstd,
        (false, true) => Packing::RaucBundle,
        (true, true) => {
            return Err(Mistake::Usage("--rauc: RAUC reads no packed bundle, without --zstd".to_owned()));
        }
    };
    let (target, file) = (given.needed("target")?, given.word(1)?);
    let from = given.texts("delta-from")?;
    let role = changes::add_release(&repository, now, target, file, packing, &from, release)?;
    tell(&repository, &role)
}

fn data_schema(text: &str) -> Result<DataSchema, Mistake> {
    let number = |text: &str| from_text("data-schema", text);
    let (from, to, reversible) = match text.split(':').collect::<Vec<_>>()[..] {
        [from, to] => (from, to, false),
        [from, to, "reversible"] => (from, to, true),
        _ => {
            return Err(Mistake::Usage(format!(
                "--data-schema is FROM:TO or FROM:TO:reversible, not {text:?}"
            )));
        }
    };
    Ok(DataSchema { from: number(from)?, to: number(to)?, reversible })
}

fn add_file(given: &Given, now: Timestamp) -> Result<u8, Mistake> {
    let repository = Repository::open(given.word(0)?)?;
    let role = changes::add_file(&repository, now, given.needed("target")?, given.word(1)?)?;
    tell(&repository, &role)
}

fn add_config(given: &Given, now: Timestamp) -> Result<u8, Mistake> {
    let layer = Whose::try_from(given.needed("layer")?.to_owned());
    let layer = layer.map_err(|error| Mistake::Usage(error.to_string()))?;
    let repository = Repository::open(given.word(0)?)?;
    let with: Vec<_> = given.paths("with").collect();
    let role = config::add_config(&repository, now, &layer, given.word(1)?, &with)?;
    tell(&repository, &role)
}

fn remove(given: &Given, now: Timestamp) -> Result<u8, Mistake> {
    let repository = Repository::open(given.word(0)?)?;
    let role = changes::remove(&repository, now, given.needed("target")?)?;
    tell(&repository, &role)
}

fn waves(given: &Given, now: Timestamp) -> Result<u8, Mistake> {
    let mut all = Vec::new();
    for text in given.texts("wave")? {
        let wrong = || Mistake::Usage(format!("--wave is SHARE@TIME, as 10@2026-12-01, not {text:?}"));
        let (share, starts) = text.split_once('@').ok_or_else(wrong)?;
        all.push(Wave { share: share.parse().map_err(|_| wrong())?, starts: time(starts)? });
    }
    let waves = match (all.is_empty(), given.has("none")) {
        (true, true) => None,
        (false, false) => Some(Waves::new(all)?),
        _ => return Err(Mistake::Usage("waves wants --wave SHARE@TIME …, or --none".to_owned())),
    };
    let repository = Repository::open(given.word(0)?)?;
    let role = changes::waves(&repository, now, given.needed("target")?, waves)?;
    tell(&repository, &role)
}

fn least(given: &Given, now: Timestamp) -> Result<u8, Mistake> {
    let least = from_text("min-release-seq", given.needed("min-release-seq")?)?;
    let repository = Repository::open(given.word(0)?)?;
    let role = changes::least(&repository, now, given.needed("target")?, least)?;
    tell(&repository, &role)
}

fn delegate(given: &Given, now: Timestamp) -> Result<u8, Mistake> {
    let area = Area::new(given.text_word(1)?)?;
    let ring = key_ring(given)?;
    let keys: Vec<Key> = given.paths("key").map(|path| public_key(&ring, &path)).collect::<Result<_, _>>()?;
    let threshold = given.threshold("threshold", area.least_threshold())?;
    let repository = Repository::open(given.word(0)?)?;
    let role = changes::delegate(&repository, now, &area, threshold, &keys)?;
    tell(&repository, "targets")?;
    tell(&repository, &role)
}

fn permit(given: &Given, now: Timestamp) -> Result<u8, Mistake> {
    let target = given.needed("target")?;
    let names = |option: &str| -> Result<_, Mistake> {
        Ok(given.texts(option)?.into_iter().map(str::to_owned).collect())
    };
    let mut releases = Vec::new();
    for text in given.texts("release")? {
        let wrong = || Mistake::Usage(format!("--release is TARGET=NAME:VERSION, not {text:?}"));
        let (target, set) = text.split_once('=').ok_or_else(wrong)?;
        let (name, version) = set.split_once(':').ok_or_else(wrong)?;
        let [target, name, version] = [target, name, version].map(str::to_owned);
        releases.push(PermittedRelease { target, name, version });
    }
    let uses = given.read("uses")?;
    let file = PermitFile {
        // The path is the permit's alone, whatever is signed under it later.
        id: target.rsplit('/').next().unwrap_or(target).to_owned(),
        devices: names("device")?,
        sites: names("site")?,
        not_after: time(given.needed("not-after")?)?,
        uses: uses.ok_or_else(|| Mistake::Usage("--uses is missing".to_owned()))?,
        staff_card: if given.has("without-technician") { StaffCard::IfStale } else { StaffCard::Required },
        releases,
    };
    let repository = Repository::open(given.word(0)?)?;
    let role = sticks::permit(&repository, now, target, file)?;
    tell(&repository, &role)
}

fn stick(given: &Given, _: Timestamp) -> Result<u8, Mistake> {
    let repository = Repository::open(given.word(0)?)?;
    let out = given.word(1)?;
    for release in sticks::write_stick(&repository, out, given.needed("permit")?)? {
        println!("{release}");
    }
    println!("{}: copy this onto a stick with the label KIOSK-UPDATE", out.display());
    Ok(0)
}

fn new_log_key(given: &Given, _: Timestamp) -> Result<u8, Mistake> {
    let path = given.word(0)?;
    let public = sticks::new_log_key(path, &mut UnwrapErr(SysRng))?;
    println!("{}: the secret; keep it where nobody else can read it", path.display());
    println!("{public}: for [stick.logs] key of kiosks");
    Ok(0)
}

fn open_logs(given: &Given, _: Timestamp) -> Result<u8, Mistake> {
    let (key, out) = (given.needed_path("key")?, given.word(0)?);
    for sealed in given.words_from(1) {
        let (place, head) = sticks::open_log(&key, sealed, out)?;
        let (device, name) = (head.device.escape_debug(), head.name.escape_debug());
        println!("{}: {name} of {device}, taken {}", place.display(), head.taken);
    }
    Ok(0)
}

/// Says how far a role's draft has come.
fn tell(repository: &Repository, role: &str) -> Result<u8, Mistake> {
    say_progress(role, &request::progress(repository, role)?);
    Ok(0)
}

fn say_progress(role: &str, progress: &Progress) {
    println!("draft of {role} version {}:", progress.version);
    let several = progress.groups.len() > 1;
    for (at, (signed, missing, threshold)) in progress.groups.iter().enumerate() {
        let whose = match (several, at) {
            (true, 0) => " by the published root's keys",
            (true, _) => " by its own keys",
            (false, _) => "",
        };
        println!("  {} of {threshold} signatures{whose}", signed.len());
        if (signed.len() as u64) < *threshold {
            let ids: Vec<_> = missing.iter().map(KeyId::as_str).collect();
            println!("  may sign: {}", ids.join("\n            "));
        }
    }
    if progress.whole() {
        println!("  whole; `kiosk-repo publish` publishes it");
    }
}
