//! The command line, parsed once into what is to be done.

use std::{ffi::OsString, path::PathBuf};

use card::{AccessKey, AccessPolicy, Can, MrzKey, Pin, Puk};
use identity::{
    Policy,
    policy::{ChipPolicy, RevocationPolicy, Sha1Policy},
    trust_update::OlderList,
};
use jiff::civil::Date;
use lexopt::{Arg, Parser, ValueExt};
use zeroize::Zeroizing;

use crate::{help, mistake::Mistake};

/// The day on which the program runs.
#[derive(Clone, Copy)]
pub struct Today(pub Date);

/// What is to be done.
pub enum Command {
    Help(&'static str),
    Read(ReadOptions),
    Verify(VerifyOptions),
    Inspect(ListOptions),
    Import(ImportOptions),
}

/// How the answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Text,
    Json,
}

/// What a judgement stands on.
pub struct Standing {
    pub trust: PathBuf,
    pub revocation_lists: Vec<PathBuf>,
    pub policy: Policy,
    pub today: Date,
}

pub struct VerifyOptions {
    pub path: PathBuf,
    pub standing: Standing,
    pub form: Form,
}

pub struct ListOptions {
    pub path: PathBuf,
    /// Its trust is the root.
    pub standing: Standing,
    pub form: Form,
}

pub struct ImportOptions {
    pub list: ListOptions,
    pub trust: PathBuf,
    pub older: OlderList,
    pub dry_run: bool,
}

/// Whether the answer holds what the card says of its holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Personal {
    LeftOut,
    Shown,
}

pub struct ReadOptions {
    /// Part of the reader's name; none: the only one that is there.
    pub reader: Option<String>,
    pub key: AccessKey,
    /// Which ways to the chip are allowed.
    pub access: AccessPolicy,
    /// None: the files are read and not judged.
    pub standing: Option<Standing>,
    pub personal: Personal,
    pub portrait: Option<PathBuf>,
    pub folder: Option<PathBuf>,
}

/// Options that several commands share, as they come.
struct Common {
    path: Option<PathBuf>,
    trust: Option<PathBuf>,
    root: Option<PathBuf>,
    lists: Vec<PathBuf>,
    policy: Policy,
    today: Date,
    form: Form,
    older: OlderList,
    dry_run: bool,
    reader: Option<String>,
    key: Option<AccessKey>,
    access: AccessPolicy,
    personal: Personal,
    portrait: Option<PathBuf>,
    folder: Option<PathBuf>,
}

/// Which options a command takes.
const VERIFY: &[&str] = &["trust", "crl", "require-crl", "require-chip", "sha1-until", "date", "json"];
const INSPECT: &[&str] = &["root", "crl", "require-crl", "sha1-until", "date", "json"];
const IMPORT: &[&str] =
    &["root", "trust", "crl", "require-crl", "sha1-until", "date", "accept-older", "dry-run"];
const READ: &[&str] = &[
    "reader",
    "can",
    "number",
    "mrz",
    "pin",
    "puk",
    "allow-bac",
    "trust",
    "crl",
    "require-crl",
    "require-chip",
    "sha1-until",
    "date",
    "personal",
    "portrait",
    "files",
];

/// Reads the command line.
pub fn parse(mut parser: Parser, today: Today) -> Result<Command, Mistake> {
    let usage = |text: &str| Mistake::Usage(text.to_owned());
    let first = match parser.next()? {
        Some(Arg::Value(word)) => word.string()?,
        Some(Arg::Long("help") | Arg::Short('h')) => return Ok(Command::Help(help::ALL)),
        Some(Arg::Long("version")) => return Ok(Command::Help(help::VERSION)),
        Some(other) => return Err(other.unexpected().into()),
        None => return Err(usage("no command")),
    };
    let (allowed, text, import) = match first.as_str() {
        "read" => (READ, help::READ, false),
        "verify" => (VERIFY, help::VERIFY, false),
        "masterlist" => match parser.next()? {
            Some(Arg::Value(word)) if word == "inspect" => (INSPECT, help::MASTER_LIST, false),
            Some(Arg::Value(word)) if word == "import" => (IMPORT, help::MASTER_LIST, true),
            Some(Arg::Long("help") | Arg::Short('h')) => return Ok(Command::Help(help::MASTER_LIST)),
            _ => return Err(usage("masterlist wants inspect or import")),
        },
        other => return Err(usage(&format!("no such command: {other}"))),
    };
    let Some(common) = Common::parse(parser, allowed, today)? else { return Ok(Command::Help(text)) };
    match (first.as_str(), import) {
        ("read", _) => common.read().map(Command::Read),
        ("verify", _) => common.verify().map(Command::Verify),
        (_, false) => common.list().map(Command::Inspect),
        (_, true) => common.import().map(Command::Import),
    }
}

impl Common {
    fn new(today: Today) -> Self {
        Self {
            path: None,
            trust: None,
            root: None,
            lists: Vec::new(),
            policy: Policy::STATING,
            today: today.0,
            form: Form::Text,
            older: OlderList::Refuse,
            dry_run: false,
            reader: None,
            key: None,
            access: AccessPolicy::PaceOnly,
            personal: Personal::LeftOut,
            portrait: None,
            folder: None,
        }
    }

    /// None: help was asked for.
    fn parse(mut parser: Parser, allowed: &[&str], today: Today) -> Result<Option<Self>, Mistake> {
        let mut all = Self::new(today);
        while let Some(argument) = parser.next()? {
            let name = match argument {
                Arg::Long("help") | Arg::Short('h') => return Ok(None),
                Arg::Long(name) if allowed.contains(&name) => name.to_owned(),
                Arg::Value(path) if all.path.is_none() => {
                    all.path = Some(path.into());
                    continue;
                }
                other => return Err(other.unexpected().into()),
            };
            if !all.switch(&name) {
                all.take(&name, parser.value()?)?;
            }
        }
        Ok(Some(all))
    }

    /// An option without a value.
    fn switch(&mut self, name: &str) -> bool {
        match name {
            "json" => self.form = Form::Json,
            "require-crl" => self.policy.revocation = RevocationPolicy::CurrentListRequired,
            "require-chip" => self.policy.chip = ChipPolicy::ProofRequiredWhereOffered,
            "accept-older" => self.older = OlderList::Accept,
            "dry-run" => self.dry_run = true,
            "allow-bac" => self.access = AccessPolicy::PaceOrBacWhenNotOffered,
            "personal" => self.personal = Personal::Shown,
            _ => return false,
        }
        true
    }

    /// An option with a value.
    fn take(&mut self, name: &str, value: OsString) -> Result<(), Mistake> {
        match name {
            "trust" => self.trust = Some(value.into()),
            "root" => self.root = Some(value.into()),
            "crl" => self.lists.push(value.into()),
            "portrait" => self.portrait = Some(value.into()),
            "files" => self.folder = Some(value.into()),
            "date" => self.today = day(value)?,
            "sha1-until" => self.policy.sha1 = Sha1Policy::AcceptedThrough(day(value)?),
            "reader" => self.reader = Some(value.string()?),
            secret => {
                if self.key.is_some() {
                    return Err(Mistake::Usage("one key is enough".to_owned()));
                }
                self.key = Some(key(secret, &secret_value(value)?)?);
            }
        }
        Ok(())
    }

    fn standing(&mut self) -> Option<Standing> {
        Some(Standing {
            trust: self.trust.take()?,
            revocation_lists: std::mem::take(&mut self.lists),
            policy: self.policy,
            today: self.today,
        })
    }

    fn verify(mut self) -> Result<VerifyOptions, Mistake> {
        let missing = |what: &str| Mistake::Usage(format!("verify wants {what}"));
        let path = self.path.take().ok_or_else(|| missing("a folder or EF.SOD"))?;
        let standing = self.standing().ok_or_else(|| missing("--trust FILE"))?;
        Ok(VerifyOptions { path, standing, form: self.form })
    }

    fn list(self) -> Result<ListOptions, Mistake> {
        let missing = |what: &str| Mistake::Usage(format!("masterlist wants {what}"));
        // A list of a state whose certificates are trusted already needs no other root.
        let root = self.root.or_else(|| self.trust.clone());
        Ok(ListOptions {
            path: self.path.ok_or_else(|| missing("a file"))?,
            standing: Standing {
                trust: root.ok_or_else(|| missing("--root FILE"))?,
                revocation_lists: self.lists,
                policy: self.policy,
                today: self.today,
            },
            form: self.form,
        })
    }

    fn import(self) -> Result<ImportOptions, Mistake> {
        let trust = self.trust.clone();
        let trust = trust.ok_or_else(|| Mistake::Usage("import wants --trust FILE".to_owned()))?;
        let (older, dry_run) = (self.older, self.dry_run);
        Ok(ImportOptions { list: self.list()?, trust, older, dry_run })
    }

    fn read(mut self) -> Result<ReadOptions, Mistake> {
        let usage = |text: &str| Mistake::Usage(text.to_owned());
        if self.path.is_some() {
            return Err(usage("read takes options only"));
        }
        let key =
            self.key.take().ok_or_else(|| usage("read wants --can, --number, --mrz, --pin or --puk"))?;
        let standing = self.standing();
        let Self { reader, access, personal, portrait, folder, .. } = self;
        Ok(ReadOptions { reader, key, access, standing, personal, portrait, folder })
    }
}

fn day(value: OsString) -> Result<Date, Mistake> {
    let text = value.string()?;
    text.parse().map_err(|_| Mistake::Usage(format!("{text} is no day (2026-11-21)")))
}

/// The value itself, or the first line of the standard input where it is `-`: what
/// stands on a command line can be seen by everybody on the machine.
fn secret_value(value: OsString) -> Result<Zeroizing<String>, Mistake> {
    if value != "-" {
        return Ok(Zeroizing::new(value.string()?));
    }
    let mut line = Zeroizing::new(String::new());
    let read = std::io::stdin().read_line(&mut line);
    read.map_err(|source| Mistake::File { path: "standard input".into(), source })?;
    Ok(Zeroizing::new(line.trim().to_owned()))
}

fn key(name: &str, text: &str) -> Result<AccessKey, Mistake> {
    let fault = |source| Mistake::Key { source };
    match name {
        "can" => Can::new(text).map(AccessKey::Can).map_err(fault),
        "number" => Can::from_number(text).map(AccessKey::Can).map_err(fault),
        "pin" => Pin::new(text).map(AccessKey::Pin).map_err(fault),
        "puk" => Puk::new(text).map(AccessKey::Puk).map_err(fault),
        _ => match text.split(',').collect::<Vec<_>>()[..] {
            [number, birth, expiry] => MrzKey::new(number, birth, expiry).map(AccessKey::Mrz).map_err(fault),
            _ => MrzKey::from_mrz(text).map(AccessKey::Mrz).map_err(fault),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_of_a_command_tells_every_option_that_it_takes() {
        for (options, page) in [
            (READ, help::READ),
            (VERIFY, help::VERIFY),
            (INSPECT, help::MASTER_LIST),
            (IMPORT, help::MASTER_LIST),
        ] {
            for option in options {
                assert!(page.contains(&format!("--{option}")), "--{option} is not in\n{page}");
            }
            assert!(page.contains("EXAMPLES\n"), "{page}");
        }
    }
}
