//! `kiosk-card read`: reads a chip over PC/SC, in the order of a kiosk, asks it for
//! every proof that it offers, and judges what came.

use std::{fmt::Write as _, fs, path::Path, time::Duration};

use card::{ActiveAuthentication, CardFiles, ChipAuthentication, FileId, Protocol, ReadError, Session};
use devices::{CardReader, ReaderFault};
use drivers::pcsc::{PcscReader, SlotChoice};
use identity::{
    CitizenDetails, Grounds, Identity, Judgement, Malformed, Portrait,
    master_file::{Application, Limits},
};
use serde::Serialize;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{
    arguments::{Personal, ReadOptions, Standing},
    chance::Chance,
    files::{self, Readers},
    mistake::Mistake,
    progress::Teller,
    refusal::Refusal,
    timed_reader::TimedReader,
    verify::{json, revocation_lists},
};

/// How long a card is waited for.
const PATIENCE: Duration = Duration::from_mins(1);

/// Small files first, so that a mistake shows before the long ones are read. Those of
/// fingerprints and irises need rights that no kiosk has.
const FILES: [FileId; 12] = [
    FileId::Dg1,
    FileId::Dg13,
    FileId::Dg11,
    FileId::Dg12,
    FileId::Dg16,
    FileId::Dg8,
    FileId::Dg9,
    FileId::Dg10,
    FileId::Dg7,
    FileId::Dg5,
    FileId::Dg15,
    FileId::Dg2,
];

/// What lies outside the application, in the order of the chip. Nobody signs it.
const MASTER_FILE: [FileId; 2] = [FileId::AtrInfo, FileId::Dir];

/// What the tool says of a reading.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Answer {
    access: String,
    files: Vec<ReadFile>,
    commands: u32,
    bytes_up: u64,
    bytes_down: u64,
    /// None: the chip does not say how long they may be.
    #[serde(skip_serializing_if = "Option::is_none")]
    limits: Option<Longest>,
    /// None: the chip has no list.
    #[serde(skip_serializing_if = "Option::is_none")]
    applications: Option<Vec<Listed>>,
    /// None: there was no trust list.
    judgement: Option<Judgement>,
    #[serde(skip_serializing_if = "Option::is_none")]
    holder: Option<Holder>,
}

/// The longest command and answer in bytes, as EF.ATR/INFO says it.
#[derive(Serialize)]
struct Longest {
    command: u32,
    answer: u32,
}

/// An application, as EF.DIR says it.
#[derive(Serialize)]
struct Listed {
    /// In hexadecimal digits.
    identifier: String,
    label: Option<String>,
    name: Option<&'static str>,
}

/// What the tool says where the chip does not take the password.
#[derive(Serialize)]
struct Refused<'a> {
    refusal: &'a Refusal,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct ReadFile {
    name: &'static str,
    bytes: usize,
}

/// What an authentic card says of its holder. Wiped when dropped; printed only where
/// the caller asked for it by name.
#[derive(Serialize, Zeroize, ZeroizeOnDrop)]
#[serde(rename_all = "kebab-case")]
struct Holder {
    number: String,
    name: String,
    born: String,
    nationality: String,
    address: Option<String>,
    /// Fields of DG13 that nobody here knows, for whoever finds out what they mean.
    unknown_fields: Vec<UnknownField>,
}

#[derive(Serialize, Zeroize, ZeroizeOnDrop)]
#[serde(rename_all = "kebab-case")]
struct UnknownField {
    number: u32,
    /// Data objects, in hexadecimal digits.
    value: String,
}

/// Reads, judges, prints. The exit code says the verdict.
pub fn run(options: &ReadOptions) -> Result<u8, Mistake> {
    let reader = |source| match source {
        ReaderFault::Ambiguous => Mistake::WhichReader { source },
        _ => Mistake::Reader { source },
    };
    let choice = options.reader.as_deref().map_or_else(SlotChoice::only, SlotChoice::named);
    let mut device = PcscReader::open(choice).map_err(reader)?;
    eprintln!("lay the card down");
    if device.wait_for_card(PATIENCE).map_err(reader)?.is_none() {
        return Err(Mistake::NoCard);
    }
    let mut timed = TimedReader::over(&mut device);
    let read = read(&mut timed, options);
    let times = timed.times();
    let read = read.map_err(|source| match Refusal::of(&source, options.key.password(), times) {
        Some(refusal) => refused(refusal, source),
        None => Mistake::Card { source },
    })?;
    keep(&read, options)?;
    let judgement = options.standing.as_ref().map(|standing| judged(&read, standing)).transpose()?;
    let code = judgement.as_ref().map_or(0, |it| it.verdict.number());
    let mut answer = answer(&read, judgement);
    if let (Personal::Shown, Some(standing)) = (options.personal, &options.standing) {
        answer.holder = holder(read, standing)?;
    }
    println!("{}", json(&answer));
    Ok(code)
}

/// A refusal is an answer too, for a script as for a person.
fn refused(refusal: Refusal, source: ReadError) -> Mistake {
    println!("{}", json(&Refused { refusal: &refusal }));
    Mistake::Refused { refusal, source }
}

/// Everything that the chip gives.
fn read(reader: &mut dyn CardReader, options: &ReadOptions) -> Result<CardFiles, ReadError> {
    let mut teller = Teller::on_stderr();
    let mut session =
        card::open(reader, &options.key, options.access, &mut Chance, &mut |step| teller.tell(step))?;
    if session.access() == Protocol::Bac {
        teller.say("the chip offers no PACE: opened with BAC, whose key can be found by trying");
    }
    optional(&mut session, FileId::Sod, &mut teller)?;
    let chip = session.authenticate_chip(&mut Chance, &mut |step| teller.tell(step))?;
    if chip == ChipAuthentication::Unknown {
        teller.say("the chip offers chip authentication in a way that is not known here");
    }
    for file in FILES {
        optional(&mut session, file, &mut teller)?;
    }
    let mut challenge = [0; 8];
    getrandom::fill(&mut challenge).expect("the kernel gives chance");
    match session.authenticate_actively(challenge, &mut |step| teller.tell(step))? {
        ActiveAuthentication::Answered => teller.say("the chip signed a challenge"),
        ActiveAuthentication::NotOffered => {}
    }
    // Last, and at no cost: chips that will not leave the application may end the channel.
    for file in MASTER_FILE {
        if let Err(error) = optional(&mut session, file, &mut teller) {
            teller.say(format_args!("{file}: {}", faults::chain(&error)));
        }
    }
    Ok(session.finish())
}

/// A file that is not there, or not for us, is no mistake.
fn optional(session: &mut Session<'_>, file: FileId, teller: &mut Teller) -> Result<(), ReadError> {
    match session.read(file, &mut |step| teller.tell(step)) {
        Ok(()) | Err(ReadError::Absent { .. }) => Ok(()),
        Err(ReadError::Refused { file, status }) => {
            teller.say(format_args!("{file}: refused with {status:04X}"));
            Ok(())
        }
        Err(error) => Err(error),
    }
}

fn judged(read: &CardFiles, standing: &Standing) -> Result<Judgement, Mistake> {
    let trust = files::trust(&standing.trust)?;
    let revoked = revocation_lists(standing, &trust)?;
    let grounds = Grounds { trust: &trust, revoked: &revoked, policy: standing.policy };
    Ok(identity::judge(read, &grounds, standing.today))
}

fn answer(read: &CardFiles, judgement: Option<Judgement>) -> Answer {
    let files = FileId::ALL
        .into_iter()
        .filter_map(|file| read.file(file).map(|bytes| ReadFile { name: file.name(), bytes: bytes.len() }));
    let log = read.log();
    Answer {
        access: read.access().to_string(),
        files: files.collect(),
        commands: log.apdus,
        bytes_up: log.bytes_up,
        bytes_down: log.bytes_down,
        limits: limits(read),
        applications: applications(read),
        judgement,
        holder: None,
    }
}

fn limits(read: &CardFiles) -> Option<Longest> {
    let file = FileId::AtrInfo;
    let Limits { command, answer } = understood(file, Limits::of(read.file(file)?)).flatten()?;
    Some(Longest { command, answer })
}

fn applications(read: &CardFiles) -> Option<Vec<Listed>> {
    let file = FileId::Dir;
    let listed = |it: &Application| Listed {
        identifier: hexadecimal(it.identifier()),
        label: it.label().map(str::to_owned),
        name: it.name(),
    };
    Some(understood(file, Application::list(read.file(file)?))?.iter().map(listed).collect())
}

/// A file that cannot be understood is said, and is nothing to end for.
fn understood<T>(file: FileId, parsed: Result<T, Malformed>) -> Option<T> {
    parsed.inspect_err(|problem| eprintln!("{file} is not understood: {problem}")).ok()
}

fn hexadecimal(bytes: &[u8]) -> String {
    // Never grown: it may be of a person, and copies would stay behind.
    let mut digits = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        write!(digits, "{byte:02X}").expect("a string takes all");
    }
    digits
}

/// Only an authentic card has a holder.
fn holder(read: CardFiles, standing: &Standing) -> Result<Option<Holder>, Mistake> {
    let trust = files::trust(&standing.trust)?;
    let revoked = revocation_lists(standing, &trust)?;
    let grounds = Grounds { trust: &trust, revoked: &revoked, policy: standing.policy };
    let holder = |it: &Identity| Holder {
        number: it.number().as_str().to_owned(),
        name: it.name().to_owned(),
        born: it.birth().written().to_string(),
        nationality: it.nationality().to_owned(),
        address: it.address().map(str::to_owned),
        unknown_fields: it.details().map(unknown_fields).unwrap_or_default(),
    };
    match identity::verify(read, &grounds, standing.today) {
        Ok(identity) => Ok(Some(holder(&identity))),
        Err(error) => {
            eprintln!("no holder is named: {error}");
            Ok(None)
        }
    }
}

fn unknown_fields(details: &CitizenDetails) -> Vec<UnknownField> {
    let field =
        |it: &identity::UnknownField| UnknownField { number: it.number(), value: hexadecimal(it.value()) };
    details.unknown().iter().map(field).collect()
}

/// Writes the portrait and the files where they were asked for.
fn keep(read: &CardFiles, options: &ReadOptions) -> Result<(), Mistake> {
    if let (Some(path), Some(dg2)) = (&options.portrait, read.file(FileId::Dg2)) {
        let portrait = Portrait::of_group(dg2).map_err(Mistake::Portrait)?;
        files::write(path, &portrait.bytes, Readers::Owner)?;
    }
    let Some(folder) = &options.folder else { return Ok(()) };
    fs::create_dir_all(folder).map_err(|source| Mistake::File { path: folder.clone(), source })?;
    for file in FileId::ALL {
        if let Some(bytes) = read.file(file) {
            let path = folder.join(Path::new(&file.name().replace('/', "")));
            files::write(&path, bytes, Readers::Owner)?;
        }
    }
    Ok(())
}
