//! One virtual card, read by four programs through one counting transport. Every
//! reading must give the very bytes that were written to the card, or the run ends.

use std::{path::Path, time::Duration};

use card::{AccessKey, AccessPolicy, Can, CardFiles, FileId, MrzKey};
use identity::{Grounds, Identity, TrustList};
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
    /// By the virtual card's model: turn-around, radio, and the blocks of long answers.
    pub seconds_at_106: f64,
    /// The same at 424 kbit/s.
    pub seconds_at_424: f64,
    /// The same at 848 kbit/s.
    pub seconds_at_848: f64,
    /// Times in one reading that the transport answered in the chip's place.
    pub refusals_hidden: u32,
    /// What must be known to read this line; empty where nothing.
    pub note: String,
}

/// What was measured.
pub struct Chip {
    /// The table.
    pub rows: Vec<Row>,
    /// Bytes of all files read, CardAccess not among them.
    pub file_bytes: usize,
    /// Bytes of the portrait's file among them.
    pub portrait_bytes: usize,
}

/// Reads the card with everybody.
pub fn measure(people: &Path) -> Result<Chip, Failure> {
    let issuer = Issuer::generate(TODAY, &mut SeededChance::new(1))?;
    let (newer, pace_only) = issue(&issuer, people, "khue", &CardScript::default())?;
    let (older, bac_only) =
        issue(&issuer, people, "khue", &CardScript { only_bac: true, ..CardScript::default() })?;
    let access_number = AccessKey::Can(Can::new(newer.can())?);
    let zone = AccessKey::Mrz(MrzKey::from_mrz(older.mrz())?);
    let short = pace_only.short_only();
    let bac_short = bac_only.short_only();

    let pace = Kind { access: "PACE-CAN", issued: &newer };
    let bac = Kind { access: "BAC", issued: &older };
    let rows = compare(vec![
        pace.contender("card, extended length", &pace_only, || {
            ours(&pace_only, &access_number, AccessPolicy::PaceOnly)
        }),
        pace.contender("card, short length", &short, || ours(&short, &access_number, AccessPolicy::PaceOnly)),
        with_help(pace.contender("dmrtd 0.3.5", &pace_only, || peers::dmrtd(&pace_only, newer.can()))),
        bac.contender("card, extended length", &bac_only, || {
            ours(&bac_only, &zone, AccessPolicy::PaceOrBacWhenNotOffered)
        }),
        bac.contender("card, short length", &bac_short, || {
            ours(&bac_short, &zone, AccessPolicy::PaceOrBacWhenNotOffered)
        }),
        Contender {
            note: "it knows no PACE, so this card was issued with BAC only".to_owned(),
            ..bac.contender("emrtd 0.0.2", &bac_only, || peers::emrtd(&bac_only, older.mrz()))
        },
    ])?;
    let written = written(&newer);
    Ok(Chip {
        rows,
        file_bytes: written.iter().map(Vec::len).sum(),
        portrait_bytes: written.last().map_or(0, Vec::len),
    })
}

/// Where a row of ours is not ahead of every peer that opened the card the same way, a line
/// for each of these columns.
pub fn behind(rows: &[Row], columns: &[Column]) -> Vec<String> {
    let mut lines = Vec::new();
    let (ours, peers): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.reader.starts_with("card"));
    for (one, peer) in ours.iter().flat_map(|one| peers.iter().map(move |peer| (*one, *peer))) {
        if one.access != peer.access {
            continue;
        }
        for (column, value) in columns {
            let (one_has, peer_has) = (value(one), value(peer));
            if one_has >= peer_has {
                let (reader, access) = (one.reader, one.access);
                lines.push(format!("{reader}, {access}: {column} {one_has}, {} {peer_has}", peer.reader));
            }
        }
    }
    lines
}

/// A column of the table, and what stands in it.
pub type Column = (&'static str, fn(&Row) -> f64);

/// What is counted: the same in every run but for a few bytes. Less is better in each.
pub const COUNTED: [Column; 6] = [
    ("commands", |row| row.apdus.into()),
    ("bytes up", |row| row.bytes_up as f64),
    ("bytes down", |row| row.bytes_down as f64),
    ("s at 106 kbit/s", |row| row.seconds_at_106),
    ("s at 424 kbit/s", |row| row.seconds_at_424),
    ("s at 848 kbit/s", |row| row.seconds_at_848),
];

/// What is timed, and so is another number in every run.
pub const TIMED: [Column; 1] = [("own CPU, ms", |row| row.own_cpu_ms)];

/// A card and how it is opened.
struct Kind<'a> {
    access: &'static str,
    issued: &'a Personalised,
}

/// A reader before a card.
struct Contender<'a> {
    reader: &'static str,
    access: &'static str,
    expected: Read,
    line: &'a Counting,
    helped: bool,
    note: String,
    read: Box<dyn Fn() -> Result<Read, Failure> + 'a>,
    own: Vec<Duration>,
    in_card: Vec<Duration>,
    counts: Counts,
}

impl<'a> Kind<'a> {
    fn contender(
        &self,
        reader: &'static str,
        line: &'a Counting,
        read: impl Fn() -> Result<Read, Failure> + 'a,
    ) -> Contender<'a> {
        Contender {
            reader,
            access: self.access,
            expected: written(self.issued),
            line,
            helped: false,
            note: String::new(),
            read: Box::new(read),
            own: Vec::new(),
            in_card: Vec::new(),
            counts: Counts::default(),
        }
    }
}

/// Tries the reader as it is; where it cannot go on alone, helps it and says so.
fn with_help(contender: Contender<'_>) -> Contender<'_> {
    contender.line.begin(false);
    let Err(error) = (contender.read)() else { return contender };
    let note = format!(
        "alone it cannot read this card ({error}): the chip refuses to SELECT the master file; here \
         the transport answers that one command with 9000 in the chip's place"
    );
    Contender { helped: true, note, ..contender }
}

/// In turns, so that a busy moment of the machine hits everybody alike. One round
/// more, which does not count, warms tables and caches up.
fn compare(mut contenders: Vec<Contender<'_>>) -> Result<Vec<Row>, Failure> {
    for round in 0..=READINGS {
        for contender in &mut contenders {
            contender.take_turn(round > 0)?;
        }
    }
    Ok(contenders.into_iter().map(Contender::row).collect())
}

fn issue(
    issuer: &Issuer,
    people: &Path,
    name: &str,
    script: &CardScript,
) -> Result<(Personalised, Counting), Failure> {
    let person = People::load(people)?.person(name)?.clone();
    let issued = issuer.personalise(&person, people, script, TODAY)?;
    let line = Counting::new(CitizenCard::new(issued.clone(), script, 3));
    Ok((issued, line))
}

fn written(issued: &Personalised) -> Read {
    FILES.iter().map(|file| issued.file(file.short_id()).unwrap_or_default().to_vec()).collect()
}

/// Our reader, as the kiosk uses it.
fn files(line: &Counting, key: &AccessKey, policy: AccessPolicy) -> Result<CardFiles, Failure> {
    let mut reader = line.clone();
    let mut chance = SeededChance::new(2);
    let mut session = card::open(&mut reader, key, policy, &mut chance, &mut |_| {})?;
    for file in FILES {
        session.read(file, &mut |_| {})?;
    }
    Ok(session.finish())
}

fn ours(line: &Counting, key: &AccessKey, policy: AccessPolicy) -> Result<Read, Failure> {
    let files = files(line, key, policy)?;
    Ok(FILES.iter().map(|file| files.file(*file).unwrap_or_default().to_vec()).collect())
}

/// The holder of an invented citizen's card, verified: for the face stages.
pub fn holder_of(people: &Path, name: &str) -> Result<Identity, Failure> {
    let issuer = Issuer::generate(TODAY, &mut SeededChance::new(1))?;
    let (issued, line) = issue(&issuer, people, name, &CardScript::default())?;
    let key = AccessKey::Can(Can::new(issued.can())?);
    let files = files(&line, &key, AccessPolicy::PaceOnly)?;
    let trust = TrustList::from_pem(&issuer.csca_pem())?;
    Ok(identity::verify(files, &Grounds::trusting(&trust), TODAY)?)
}

impl Contender<'_> {
    fn take_turn(&mut self, counts: bool) -> Result<(), Failure> {
        let who = format!("{} ({})", self.reader, self.access);
        self.line.begin(self.helped);
        let began = cpu_time();
        let found = (self.read)().map_err(|error| format!("{who}: {error}"))?;
        let spent = cpu_time().saturating_sub(began);
        if found != self.expected {
            return Err(format!("{who} read other bytes than were written").into());
        }
        if counts {
            self.counts = self.line.counts();
            self.own.push(spent.saturating_sub(self.counts.in_card));
            self.in_card.push(self.counts.in_card);
        }
        Ok(())
    }

    fn row(self) -> Row {
        let counts = self.counts;
        let [at_106, at_424, at_848] = counts.projected.map(|time| time.as_secs_f64());
        Row {
            reader: self.reader,
            access: self.access,
            apdus: counts.apdus,
            bytes_up: counts.bytes_up,
            bytes_down: counts.bytes_down,
            own_cpu_ms: milliseconds(median(self.own)),
            card_cpu_ms: milliseconds(median(self.in_card)),
            seconds_at_106: at_106,
            seconds_at_424: at_424,
            seconds_at_848: at_848,
            refusals_hidden: counts.refusals_hidden,
            note: self.note,
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_the_middle_one() {
        let times = [5, 1, 9].map(Duration::from_millis).to_vec();
        assert_eq!(median(times), Duration::from_millis(5));
        assert_eq!(median(Vec::new()), Duration::ZERO);
    }

    #[test]
    fn our_reader_is_ahead_of_the_peers_in_all_that_is_counted_and_needs_no_help() {
        let people = Path::new(env!("CARGO_MANIFEST_DIR")).join("../simulators/people");
        let rows = measure(&people).unwrap().rows;
        assert_eq!(behind(&rows, &COUNTED), [""; 0]);
        let extended = rows.iter().filter(|row| row.reader == "card, extended length");
        assert_eq!(extended.filter(|row| row.apdus <= 20).count(), 2);
        assert!(rows.iter().all(|row| !row.reader.starts_with("card") || row.note.is_empty()));
    }

    #[test]
    fn a_column_in_which_a_peer_is_ahead_is_named() {
        let row = |reader, apdus, own_cpu_ms| Row {
            reader,
            access: "BAC",
            apdus,
            bytes_up: 1,
            bytes_down: 1,
            own_cpu_ms,
            card_cpu_ms: 1.0,
            seconds_at_106: 1.0,
            seconds_at_424: 1.0,
            seconds_at_848: 1.0,
            refusals_hidden: 0,
            note: String::new(),
        };
        let peer = Row { bytes_up: 2, bytes_down: 2, seconds_at_106: 2.0, ..row("emrtd", 20, 1.5) };
        let peer = Row { seconds_at_424: 2.0, seconds_at_848: 2.0, ..peer };
        let rows = [row("card", 20, 2.0), Row { access: "PACE-CAN", ..row("other", 1, 0.1) }, peer];
        assert_eq!(behind(&rows, &COUNTED), ["card, BAC: commands 20, emrtd 20"]);
        assert_eq!(behind(&rows, &TIMED), ["card, BAC: own CPU, ms 2, emrtd 1.5"]);
    }
}
