//! One virtual card, read by four programs through one counting transport. Every
//! reading must give the very bytes that were written to the card, or the run ends.

use std::{path::Path, time::Duration};

use card::{AccessKey, AccessPolicy, Can, FileId, MrzKey};
use identity::{Identity, TrustList};
use jiff::civil::{Date, date};
use serde::Serialize;
use simulators::{
    chance::SeededChance,
    citizen_card::CitizenCard,
    people::People,
    personalise::{Issuer, Personalised},
    scenario::CardScript,
};

use crate::{
    counting::{Counting, Counts, cpu_time},
    peers,
};

/// The day on which the card is read.
const TODAY: Date = date(2026, 11, 21);
/// Readings of each kind; the median counts.
const READINGS: usize = 5;
/// The files that everybody reads after access control, in this order. `open` of our
/// own reader reads COM by itself.
pub const FILES: [FileId; 7] =
    [FileId::Com, FileId::Sod, FileId::Dg1, FileId::Dg13, FileId::Dg14, FileId::Dg15, FileId::Dg2];
/// The chip's turn-around for each command in the model of the radio link.
const TURN_AROUND_SECONDS: f64 = 0.006;
/// Bits for a byte on the air (ISO/IEC 14443-3, type A).
const BITS_A_BYTE: f64 = 9.0;

/// The bytes of the files of one reading, in the order of [`FILES`].
pub type Read = Vec<Vec<u8>>;
/// Anything that goes wrong, in one line.
pub type Failure = Box<dyn std::error::Error>;

/// One line of the table.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// Which program, and how it was set.
    pub reader: &'static str,
    /// Access control that was used.
    pub access: &'static str,
    /// Commands sent.
    pub apdus: u32,
    /// Bytes sent.
    pub bytes_up: u64,
    /// Bytes received.
    pub bytes_down: u64,
    /// CPU time of the reader alone, the card's taken off; median.
    pub own_cpu_ms: f64,
    /// CPU time of the virtual card; median.
    pub card_cpu_ms: f64,
    /// By the model, radio and turn-around only.
    pub seconds_at_106: f64,
    /// The same at 424 kbit/s.
    pub seconds_at_424: f64,
    /// The same at 848 kbit/s.
    pub seconds_at_848: f64,
    /// What must be known to read this line; empty where nothing.
    pub note: String,
}

/// What was measured, and the card's holder for the face stages.
pub struct Chip {
    /// The table.
    pub rows: Vec<Row>,
    /// Bytes of all files read, CardAccess not among them.
    pub file_bytes: usize,
    /// Bytes of the portrait's file among them.
    pub portrait_bytes: usize,
    /// Whose card it is, verified.
    pub holder: Identity,
}

/// Reads the card with everybody.
pub fn measure(people: &Path) -> Result<Chip, Failure> {
    let issuer = Issuer::generate(TODAY, &mut SeededChance::new(1))?;
    let (newer, pace_only) = issue(&issuer, people, &CardScript::default())?;
    let (older, bac_only) = issue(&issuer, people, &CardScript { only_bac: true, ..CardScript::default() })?;
    let access_number = AccessKey::Can(Can::new(newer.can())?);
    let zone = AccessKey::Mrz(MrzKey::from_mrz(older.mrz())?);
    let short = pace_only.short_only();

    let rows = vec![
        row("card, extended length", "PACE-CAN", &newer, &pace_only, false, || {
            ours(&pace_only, &access_number, AccessPolicy::PaceOnly)
        })?,
        row("card, short length", "PACE-CAN", &newer, &short, false, || {
            ours(&short, &access_number, AccessPolicy::PaceOnly)
        })?,
        dmrtd(&newer, &pace_only)?,
        row("card, extended length", "BAC", &older, &bac_only, false, || {
            ours(&bac_only, &zone, AccessPolicy::PaceOrBacWhenNotOffered)
        })?,
        row("card, short length", "BAC", &older, &bac_only.short_only(), false, || {
            ours(&bac_only.short_only(), &zone, AccessPolicy::PaceOrBacWhenNotOffered)
        })?,
        Row {
            note: "cannot PACE, so the card was issued with BAC only".to_owned(),
            ..row("emrtd 0.0.2", "BAC", &older, &bac_only, false, || peers::emrtd(&bac_only, older.mrz()))?
        },
    ];
    let written = written(&newer);
    Ok(Chip {
        rows,
        file_bytes: written.iter().map(Vec::len).sum(),
        portrait_bytes: written.last().map_or(0, Vec::len),
        holder: holder(&issuer, &pace_only, &access_number)?,
    })
}

/// The peer as it is, then with help where it cannot go on alone.
fn dmrtd(newer: &Personalised, line: &Counting) -> Result<Row, Failure> {
    line.begin(false);
    let alone = peers::dmrtd(line, newer.can());
    let helped = alone.is_err();
    let measured = row("dmrtd 0.3.5", "PACE-CAN", newer, line, helped, || peers::dmrtd(line, newer.can()))?;
    let note = match alone {
        Ok(_) => String::new(),
        Err(error) => format!(
            "alone it cannot read the card ({error}): the chip refuses to SELECT the master file; \
             here the transport answers that command with 9000 in the chip's place"
        ),
    };
    Ok(Row { note, ..measured })
}

fn issue(issuer: &Issuer, people: &Path, script: &CardScript) -> Result<(Personalised, Counting), Failure> {
    let person = People::load(people)?.person("khue")?.clone();
    let issued = issuer.personalise(&person, people, script, TODAY)?;
    let line = Counting::new(CitizenCard::new(issued.clone(), script, 3));
    Ok((issued, line))
}

fn written(issued: &Personalised) -> Read {
    FILES.iter().map(|file| issued.file(file.short_id()).unwrap_or_default().to_vec()).collect()
}

/// Our reader, as the kiosk uses it.
fn ours(line: &Counting, key: &AccessKey, policy: AccessPolicy) -> Result<Read, Failure> {
    let mut reader = line.clone();
    let mut chance = SeededChance::new(2);
    let mut session = card::open(&mut reader, key, policy, &mut chance, &mut |_| {})?;
    for file in FILES {
        session.read(file, &mut |_| {})?;
    }
    let files = session.finish();
    Ok(FILES.iter().map(|file| files.file(*file).unwrap_or_default().to_vec()).collect())
}

fn holder(issuer: &Issuer, line: &Counting, key: &AccessKey) -> Result<Identity, Failure> {
    let mut reader = line.clone();
    let mut chance = SeededChance::new(2);
    let mut session = card::open(&mut reader, key, AccessPolicy::PaceOnly, &mut chance, &mut |_| {})?;
    for file in FILES {
        session.read(file, &mut |_| {})?;
    }
    let trust = TrustList::from_pem(&issuer.csca_pem())?;
    Ok(identity::verify(session.finish(), &trust, TODAY)?)
}

fn row(
    reader: &'static str,
    access: &'static str,
    issued: &Personalised,
    line: &Counting,
    helped: bool,
    read: impl Fn() -> Result<Read, Failure>,
) -> Result<Row, Failure> {
    let expected = written(issued);
    let mut own = Vec::new();
    let mut in_card = Vec::new();
    let mut counts = Counts::default();
    // One reading more, uncounted, warms tables and caches up.
    for reading in 0..=READINGS {
        line.begin(helped);
        let began = cpu_time();
        let found = read().map_err(|error| format!("{reader} ({access}): {error}"))?;
        let spent = cpu_time() - began;
        if found != expected {
            return Err(format!("{reader} ({access}) read other bytes than were written").into());
        }
        counts = line.counts();
        if reading > 0 {
            own.push(spent.saturating_sub(counts.in_card));
            in_card.push(counts.in_card);
        }
    }
    Ok(Row {
        reader,
        access,
        apdus: counts.apdus,
        bytes_up: counts.bytes_up,
        bytes_down: counts.bytes_down,
        own_cpu_ms: milliseconds(median(own)),
        card_cpu_ms: milliseconds(median(in_card)),
        seconds_at_106: seconds(&counts, 106.0),
        seconds_at_424: seconds(&counts, 424.0),
        seconds_at_848: seconds(&counts, 848.0),
        note: String::new(),
    })
}

fn seconds(counts: &Counts, kbps: f64) -> f64 {
    let bytes = (counts.bytes_up + counts.bytes_down) as f64;
    f64::from(counts.apdus) * TURN_AROUND_SECONDS + bytes * BITS_A_BYTE / (kbps * 1000.0)
}

/// The middle one; of an even number the later of the two in the middle.
pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// Milliseconds with fractions.
pub fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
