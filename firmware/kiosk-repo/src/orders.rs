//! Commands to kiosks: signed on a machine without a network, shown word for word before that.

use std::{collections::BTreeSet, io::Read as _, path::Path};

use command::{Command, CommandId, For, LONGEST_ENVELOPE, Name, Signed, What};
use ed25519_dalek::VerifyingKey;
use jiff::Timestamp;
use kiosk_repo::{Mistake, keys};
use tuf::repository::Signer as _;
use upkeep::{Line, Lock, LockReason, Words};

use crate::{
    arguments::{Given, from_text, time},
    commands::confirmed,
    key_commands::key_ring,
};

/// Options of `command` that take a value.
pub const VALUED: &[&str] = &[
    "key",
    "passphrase-file",
    "kiosk",
    "site",
    "from",
    "until",
    "number",
    "lock",
    "reason",
    "logs",
    "message-vi",
    "message-en",
    "shown-until",
];

/// Makes a command and signs it.
pub fn command(given: &Given, now: Timestamp) -> Result<u8, Mistake> {
    let mut drawn = [0; 16];
    getrandom::fill(&mut drawn).map_err(|_| Mistake::Chance)?;
    let not_before = given.text("from")?.map_or(Ok(now), time)?;
    let seconds = u64::try_from(now.as_second()).unwrap_or_default();
    let asked = Command {
        id: CommandId::new(drawn),
        r#for: whom(given)?,
        what: what(given)?,
        not_before: Timestamp::from_second(not_before.as_second()).unwrap_or(not_before),
        not_after: time(given.needed("until")?)?,
        sequence: given.read("number")?.unwrap_or(seconds),
    };
    let signed = Signed::draft(asked).map_err(|source| Mistake::CommandOutOfBounds { source })?;
    sign(given, signed, given.word(0)?)
}

/// Adds a second signature.
pub fn countersign(given: &Given, _: Timestamp) -> Result<u8, Mistake> {
    let path = given.word(0)?;
    let file = std::fs::File::open(path).map_err(|source| Mistake::File { path: path.into(), source })?;
    let mut bytes = Vec::new();
    // One more than is taken: a longer one is refused, and not cut off.
    let mut file = file.take(LONGEST_ENVELOPE as u64 + 1);
    file.read_to_end(&mut bytes).map_err(|source| Mistake::File { path: path.into(), source })?;
    let signed = Signed::parse(bytes.trim_ascii_end());
    let signed = signed.map_err(|source| Mistake::NotACommand { path: path.into(), source })?;
    sign(given, signed, &given.needed_path("out")?)
}

/// Shows a public key as kiosks' settings have it.
pub fn signer(given: &Given, _: Timestamp) -> Result<u8, Mistake> {
    let path = given.word(0)?;
    let key = key_ring(given)?.public(path)?;
    println!("{}", hex::encode(ed25519(path, key.as_ed25519())?.as_bytes()));
    Ok(0)
}

fn sign(given: &Given, mut signed: Signed, out: &Path) -> Result<u8, Mistake> {
    println!("You are asked to sign a command:");
    for line in signed.command().lines() {
        println!("  {line}");
    }
    let (ring, path) = (key_ring(given)?, given.needed_path("key")?);
    let secret = ring.secret(&path)?;
    let key = *ed25519(&path, secret.ed25519())?;
    if !given.has("yes") && !confirmed()? {
        return Err(Mistake::NotConfirmed);
    }
    let refused = |source| Mistake::CommandOutOfBounds { source };
    let signature = secret.sign(&signed.message().map_err(refused)?);
    let signature = signature.map_err(|source| Mistake::Sign { source })?;
    let signature = signature.try_into().expect("an Ed25519 signature, looked at by whoever made it");
    signed.attach(&key, signature).map_err(refused)?;
    let text = signed.to_text().map_err(refused)?;
    keys::write_public(out, format!("{text}\n").as_bytes())?;
    println!(
        "{}: the command, signed by {}; put it into the metadata `command` of a software module",
        out.display(),
        hex::encode(key.as_bytes())
    );
    Ok(0)
}

fn ed25519<'a>(path: &Path, key: Option<&'a VerifyingKey>) -> Result<&'a VerifyingKey, Mistake> {
    key.ok_or_else(|| Mistake::NotEd25519 { path: path.to_owned() })
}

fn names(given: &Given, option: &str) -> Result<BTreeSet<Name>, Mistake> {
    let name = |text: &str| {
        let name = Name::try_from(text.to_owned());
        name.map_err(|why| Mistake::Usage(format!("--{option} {text:?}: {why}")))
    };
    given.texts(option)?.into_iter().map(name).collect()
}

fn whom(given: &Given) -> Result<For, Mistake> {
    let (kiosks, mut sites) = (names(given, "kiosk")?, names(given, "site")?);
    match (kiosks.is_empty(), sites.pop_first(), sites.is_empty()) {
        (false, None, _) => Ok(For::Kiosks(kiosks)),
        (true, Some(site), true) => Ok(For::Site(site)),
        _ => Err(Mistake::Usage("a command is for --kiosk NAME… or for one --site NAME".to_owned())),
    }
}

fn what(given: &Given) -> Result<What, Mistake> {
    let logs = names(given, "logs")?;
    let lock = given.text("lock")?;
    let message = (given.text("message-vi")?, given.text("message-en")?, given.text("shown-until")?);
    let mut all = Vec::new();
    if let Some(minutes) = lock {
        let minutes = from_text("lock", minutes)?;
        if !(1..=Lock::MOST_MINUTES).contains(&minutes) {
            return Err(Mistake::Usage(format!("--lock takes 1 to {} minutes", Lock::MOST_MINUTES)));
        }
        all.push(What::Lock { minutes, reason: reason(given)? });
    }
    if given.has("unlock") {
        all.push(What::Unlock {});
    }
    if given.has("reboot") {
        all.push(What::Reboot {});
    }
    if !logs.is_empty() {
        all.push(What::CollectLogs { which: logs });
    }
    match message {
        (Some(vi), Some(en), Some(until)) => {
            let words = Words { vi: line("message-vi", vi)?, en: line("message-en", en)? };
            all.push(What::Message { words, until: time(until)? });
        }
        (None, None, None) => {}
        _ => {
            let text = "a message wants --message-vi, --message-en and --shown-until";
            return Err(Mistake::Usage(text.to_owned()));
        }
    }
    let [one] = all.try_into().map_err(|_| {
        Mistake::Usage("a command is one of --lock, --unlock, --reboot, --logs and a message".to_owned())
    })?;
    Ok(one)
}

fn reason(given: &Given) -> Result<LockReason, Mistake> {
    let Some(text) = given.text("reason")? else { return Ok(LockReason::Operator) };
    let reason = LockReason::ALL.into_iter().find(|reason| reason.word() == text);
    reason.ok_or_else(|| Mistake::Usage("--reason is operator, repair, check or office-closed".to_owned()))
}

fn line(option: &str, text: &str) -> Result<Line, Mistake> {
    Line::try_from(text.to_owned()).map_err(|why| Mistake::Usage(format!("--{option}: {why}")))
}
