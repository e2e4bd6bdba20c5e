//! The card reader's own thread: waits for a card, reads what the service names,
//! checks who issued it, and makes the portrait's template. A card is half-duplex,
//! so this blocks, and nothing else waits for it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use badge::{BadgeError, Badges, Claim, Present};
use card::{
    AccessPolicy, CardFiles, ChipAuthentication, FileId, Offers, Opening, Progress, Protocol, ReadError,
    Session,
};
use card_faults::Listed as _;
use devices::{CardReader, Device, ReaderFault, ShortLength, State};
use face::{Engine, Reference};
use faults::{Fault, chain};
use identity::{Identity, IdentityError};
use jiff::civil::Date;
use journey::{CardKeys, Event};
use rand_core::Rng as _;
use screen::{ReadingStage, StaffNote};

use crate::{
    audited,
    chance::Chance,
    happened::{Happened, Job, Tell},
    issuers::Issuers,
};

/// How often an idle reader is asked whether it is still there.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How long one wait for a card lasts before it is asked whether anybody still wants it.
const WAIT: Duration = Duration::from_millis(250);

/// The loop's end of the thread.
pub struct CardDesk {
    orders: mpsc::Sender<Order>,
    newest: Arc<AtomicU64>,
}

/// What opening a reader gives.
pub type Opened = Result<Box<dyn CardReader>, ReaderFault>;

enum Order {
    Read { job: Job, keys: Arc<CardKeys>, files: Vec<FileId>, today: Date },
    Badge { job: Job, claim: Claim, badges: Arc<Badges> },
    Test { job: Job },
}

/// What the thread works with.
pub struct Tools {
    /// Whom to believe about cards.
    pub issuers: Arc<Issuers>,
    /// How a chip may be opened.
    pub policy: AccessPolicy,
    /// Makes the portrait's template.
    pub engine: Arc<Engine>,
    /// The way to the loop.
    pub tell: Tell,
}

impl CardDesk {
    /// Starts the thread. `open` is called again whenever the reader has gone.
    pub fn start(open: impl Fn() -> Opened + Send + 'static, tools: Tools) -> Self {
        let (orders, taken) = mpsc::channel();
        let newest = Arc::new(AtomicU64::new(0));
        let desk = Desk {
            reader: None,
            state: State::Starting,
            must_lift: false,
            offers: Offers::new(),
            newest: Arc::clone(&newest),
            tools,
        };
        thread::Builder::new()
            .name("card".into())
            .spawn(move || desk.serve(&open, &taken))
            .expect("a thread can be started");
        Self { orders, newest }
    }

    /// Reads the next card that is laid down. Ends whatever was being read.
    pub fn read(&self, job: Job, keys: Arc<CardKeys>, files: Vec<FileId>, today: Date) {
        self.newest.store(job.number, Ordering::Relaxed);
        _ = self.orders.send(Order::Read { job, keys, files, today });
    }

    /// Has the next card that is laid down sign that claim, if it is the badge of whoever the
    /// claim names. Ends whatever was being read.
    pub fn read_badge(&self, job: Job, claim: Claim, badges: Arc<Badges>) {
        self.newest.store(job.number, Ordering::Relaxed);
        _ = self.orders.send(Order::Badge { job, claim, badges });
    }

    /// Ends whatever is being read or waited for.
    pub fn stop(&self, newer: Job) {
        self.newest.store(newer.number, Ordering::Relaxed);
    }

    /// Asks the reader whether it answers.
    pub fn test(&self, job: Job) {
        _ = self.orders.send(Order::Test { job });
    }
}

struct Desk {
    reader: Option<Box<dyn CardReader>>,
    state: State,
    /// The last reading failed with the card still there: it must be lifted first.
    must_lift: bool,
    /// How chips of each kind are opened. It outlives visits, of which all else is wiped: it is of
    /// batches of chips, not of people.
    offers: Offers,
    newest: Arc<AtomicU64>,
    tools: Tools,
}

/// Why a reading ended without an identity.
enum Ended {
    Reader(ReaderFault),
    Card(ReadError),
    Identity(IdentityError),
    Badge(BadgeError),
    /// Nobody wants it any more.
    Unwanted,
}

fn is_of_the_reader(fault: ReaderFault) -> bool {
    matches!(fault, ReaderFault::Unplugged | ReaderFault::ServiceDown | ReaderFault::Busy)
}

/// A reader that fails in the middle is no fault of the card, which need not be lifted.
impl From<ReadError> for Ended {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::NoAnswer { fault, .. } if is_of_the_reader(fault) => Self::Reader(fault),
            error => Self::Card(error),
        }
    }
}

impl From<BadgeError> for Ended {
    fn from(error: BadgeError) -> Self {
        match error {
            BadgeError::Reader(fault) if is_of_the_reader(fault) => Self::Reader(fault),
            error => Self::Badge(error),
        }
    }
}

impl Ended {
    /// Whether the card must be lifted before it is tried again: it lies there still, and nothing
    /// but the card can have changed by then. Whom the chip asks for another key leaves it there.
    fn wants_it_lifted(&self) -> bool {
        !matches!(
            self,
            Self::Reader(_)
                | Self::Card(
                    ReadError::NoAnswer { fault: ReaderFault::CardGone | ReaderFault::CardReset, .. }
                        | ReadError::KeyWrong { .. }
                        | ReadError::KeyNotForBac
                )
                | Self::Badge(BadgeError::Reader(ReaderFault::CardGone | ReaderFault::CardReset))
        )
    }
}

impl Desk {
    fn serve(mut self, open: &dyn Fn() -> Opened, orders: &mpsc::Receiver<Order>) {
        loop {
            if self.reader.is_none() {
                match open() {
                    Ok(reader) => {
                        self.reader = Some(reader);
                        self.look();
                    }
                    Err(fault) => self.note_state(State::Failed(fault.fault())),
                }
            }
            match orders.recv_timeout(LOOK_EVERY) {
                Ok(Order::Read { job, keys, files, today }) => self.read(job, &keys, &files, today),
                Ok(Order::Badge { job, claim, badges }) => self.read_badge(job, &claim, &badges),
                Ok(Order::Test { job }) => self.test(job),
                Err(RecvTimeoutError::Timeout) => self.look(),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Whether the reader is there, for the open services and the staff page.
    fn look(&mut self) {
        let Some(reader) = &mut self.reader else { return };
        match reader.wait_for_removal(Duration::ZERO) {
            Ok(_) | Err(ReaderFault::CardGone | ReaderFault::CardMute) => self.note_state(State::Ready),
            Err(fault) => self.lost(fault),
        }
    }

    fn lost(&mut self, fault: ReaderFault) {
        self.note_state(State::Failed(fault.fault()));
        if fault != ReaderFault::Busy {
            self.reader = None;
        }
    }

    fn note_state(&mut self, state: State) {
        if self.state != state {
            self.state = state;
            self.tools.tell.tell(Happened::Device(Device::CardReader, state));
        }
    }

    fn test(&mut self, job: Job) {
        self.look();
        let note = match self.state.fault() {
            None => StaffNote::ReaderAnswered,
            Some(fault) => StaffNote::ReaderFailed(fault),
        };
        self.tools.tell.work(job, Event::StaffDone(note));
    }

    fn read(&mut self, job: Job, keys: &CardKeys, files: &[FileId], today: Date) {
        let Some(reader) = self.reader.as_deref_mut() else {
            let fault = self.state.fault().unwrap_or(Fault::ReaderMissing);
            self.tools.tell.work(job, Event::CardFailed(fault));
            return;
        };
        let wanted = Wanted { job, newest: &self.newest };
        let outcome = wait(reader, &mut self.must_lift, &wanted).and_then(|()| {
            self.tools.tell.audit(audit::Event::CardLaid);
            self.tools.tell.work(job, Event::CardLaid);
            let begun = Instant::now();
            let came = with_any_length(reader, |reader| {
                read(reader, &mut self.offers, keys, files, today, &self.tools, &wanted)
            });
            if let Err(Ended::Card(ReadError::KeyWrong { tries_left })) = came {
                // Chips answer later after each wrong key; a technician sees one that makes people wait.
                let took = begun.elapsed().as_millis();
                tracing::info!(?tries_left, took, "the chip refused the key; milliseconds");
            }
            came
        });
        match outcome {
            Ok((who, reference)) => {
                self.tools.tell.audit(audited::identity_verified(&who));
                self.tools.tell.work(job, Event::CardRead(who, reference));
            }
            Err(Ended::Unwanted) => {}
            Err(ended) => {
                self.must_lift = ended.wants_it_lifted();
                self.tell_why(job, &ended, Event::CardFailed);
                if let Ended::Reader(fault) = ended {
                    self.lost(fault);
                }
            }
        }
    }

    fn read_badge(&mut self, job: Job, claim: &Claim, badges: &Badges) {
        let Some(reader) = self.reader.as_deref_mut() else {
            let fault = self.state.fault().unwrap_or(Fault::ReaderMissing);
            self.tools.tell.work(job, Event::NoBadgeReader(fault));
            return;
        };
        let wanted = Wanted { job, newest: &self.newest };
        let shown = wait(reader, &mut self.must_lift, &wanted)
            .and_then(|()| show_badge(reader, claim, badges).map_err(Ended::from));
        match shown {
            Ok(present) => self.tools.tell.work(job, Event::BadgeShown(Box::new(present))),
            Err(Ended::Unwanted) => {}
            Err(ended) => {
                self.must_lift = ended.wants_it_lifted();
                self.tell_why(job, &ended, Event::NoBadgeReader);
                if let Ended::Reader(fault) = ended {
                    self.lost(fault);
                }
            }
        }
    }

    /// `no_reader`: what it is to the visit that the reader itself failed.
    fn tell_why(&self, job: Job, ended: &Ended, no_reader: fn(Fault) -> Event) {
        let tell = &self.tools.tell;
        let event = match ended {
            Ended::Identity(IdentityError::Expired { on }) => {
                tell.audit(audit::Event::CardExpired);
                Event::CardExpired(*on)
            }
            Ended::Identity(error) => {
                tracing::warn!(code = error.fault().code(), %error, "identity refused");
                tell.audit(audit::Event::IdentityRefused { fault: error.fault() });
                Event::CardFailed(error.fault())
            }
            Ended::Card(error) => {
                tracing::warn!(code = error.fault().code(), %error, "card not read");
                tell.audit(match error.fault() {
                    Fault::CardLifted => audit::Event::CardLifted,
                    fault => audit::Event::CardRefused { fault },
                });
                match error {
                    ReadError::KeyWrong { tries_left } => Event::CardKeyWrong(*tries_left),
                    error => Event::CardFailed(error.fault()),
                }
            }
            Ended::Reader(fault) => {
                tracing::warn!(code = fault.fault().code(), %fault, "reader failed");
                tell.audit(audit::Event::Fault { fault: fault.fault() });
                no_reader(fault.fault())
            }
            Ended::Badge(error) => {
                tracing::warn!(code = error.fault().code(), error = chain(error), "badge refused");
                tell.audit(audit::Event::StaffRefused { fault: error.fault() });
                Event::BadgeRefused(error.fault())
            }
            Ended::Unwanted => return,
        };
        tell.work(job, event);
    }
}

/// Whether a job is still the newest.
struct Wanted<'a> {
    job: Job,
    newest: &'a AtomicU64,
}

impl Wanted<'_> {
    fn check(&self) -> Result<(), Ended> {
        if self.newest.load(Ordering::Relaxed) == self.job.number { Ok(()) } else { Err(Ended::Unwanted) }
    }
}

/// Waits for a card; one whose reading failed must first be lifted.
fn wait(reader: &mut dyn CardReader, must_lift: &mut bool, wanted: &Wanted<'_>) -> Result<(), Ended> {
    while *must_lift {
        wanted.check()?;
        *must_lift = !reader.wait_for_removal(WAIT).map_err(Ended::Reader)?;
    }
    loop {
        wanted.check()?;
        match reader.wait_for_card(WAIT) {
            Ok(Some(_)) => return Ok(()),
            // A card that is just being put down may not answer at once.
            Ok(None) | Err(ReaderFault::CardGone | ReaderFault::CardMute) => {}
            Err(fault) => return Err(Ended::Reader(fault)),
        }
    }
}

fn show_badge(reader: &mut dyn CardReader, claim: &Claim, badges: &Badges) -> Result<Present, BadgeError> {
    let holder = &claim.holder;
    let key = badges.of(holder).ok_or_else(|| BadgeError::Unlisted { holder: holder.clone() })?;
    let proof = badge::sign(reader, key, claim)?;
    badges.believe(&claim.kiosk, holder, claim.challenge, proof)
}

/// Reads, and where the chip may have broken off over a long answer, once more with short ones:
/// the card lies there still, and lifting it would change nothing.
fn with_any_length<T>(
    reader: &mut dyn CardReader,
    mut read: impl FnMut(&mut dyn CardReader) -> Result<T, Ended>,
) -> Result<T, Ended> {
    match read(reader) {
        Err(Ended::Card(error)) if error.may_be_of_a_long_answer() => {
            tracing::warn!(%error, "read once more, with short answers");
            read(&mut ShortLength::of(reader))
        }
        came => came,
    }
}

type Person = (Box<Identity>, Result<Arc<Reference>, Fault>);

/// Reads and checks. The card's expiry is looked at before anything else of it; the
/// portrait comes last, because it is the longest.
fn read(
    reader: &mut dyn CardReader,
    offers: &mut Offers,
    keys: &CardKeys,
    files: &[FileId],
    today: Date,
    tools: &Tools,
    wanted: &Wanted<'_>,
) -> Result<Person, Ended> {
    let tell = |stage, percent| tools.tell.work(wanted.job, Event::CardProgress(stage, percent));
    let mut progress = |progress: Progress| match progress {
        Progress::Opening => tell(ReadingStage::Opening, 0),
        Progress::Secured(_) => tell(ReadingStage::Opening, 100),
        Progress::Reading { file, done, total } => {
            let stage = if file == FileId::Dg2 { ReadingStage::Portrait } else { ReadingStage::Details };
            tell(stage, (done * 100 / total.max(1)).min(100) as u8);
        }
    };
    let CardKeys { key, candidates, scanned: _ } = keys;
    let opening = Opening { key, candidates, policy: tools.policy, offers: Some(offers) };
    let opened = card::open_with(reader, opening, &mut Chance, &mut progress);
    let mut session = opened.map_err(Ended::from)?;
    if session.access() == Protocol::Bac {
        tracing::warn!("the chip offers no PACE and was opened with BAC, as the board allows");
    }
    let greet = |so_far: &CardFiles| {
        // What speaks against the card is said when all of it is known.
        if let Ok(greeting) = identity::greet(so_far, &tools.issuers.grounds(), today) {
            tools.tell.work(wanted.job, Event::CardGreets(greeting));
        }
    };
    let came = read_files(&mut session, files, today, &greet, wanted, &mut progress);
    // However it ended: what was read of somebody is on record.
    tools.tell.audit(audited::card_read(session.access(), session.log()));
    came?;
    tell(ReadingStage::Checking, 0);
    let who = identity::verify(session.finish(), &tools.issuers.grounds(), today).map_err(Ended::Identity)?;
    tell(ReadingStage::Checking, 50);
    let reference = tools.engine.reference(&who).map(Arc::new).map_err(|error| {
        // Numbers about the picture, never the picture.
        tracing::warn!(code = error.fault().code(), %error, "no face to compare with");
        error.fault()
    });
    tell(ReadingStage::Checking, 100);
    Ok((Box::new(who), reference))
}

/// What every card is asked for, its proof, then the files that the service names. The
/// portrait takes longer than all the rest, so it comes last, and `greet` is called with what
/// came before while it does.
fn read_files(
    session: &mut Session<'_>,
    files: &[FileId],
    today: Date,
    greet: &(dyn Fn(&CardFiles) + Sync),
    wanted: &Wanted<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), Ended> {
    for file in [FileId::Com, FileId::Sod, FileId::Dg1] {
        wanted.check()?;
        session.read(file, progress).map_err(Ended::from)?;
    }
    let dg1 = session.file(FileId::Dg1).expect("DG1 was read");
    identity::check_expiry(dg1, today).map_err(Ended::Identity)?;
    wanted.check()?;
    prove(session, progress)?;
    let (portrait, others): (Vec<_>, Vec<_>) = files.iter().partition(|file| **file == FileId::Dg2);
    read_all(session, &others, progress, wanted)?;
    let so_far = session.so_far();
    thread::scope(|scope| {
        scope.spawn(|| greet(&so_far));
        read_all(session, &portrait, progress, wanted)
    })
}

fn read_all(
    session: &mut Session<'_>,
    files: &[FileId],
    progress: &mut dyn FnMut(Progress),
    wanted: &Wanted<'_>,
) -> Result<(), Ended> {
    for &file in files {
        wanted.check()?;
        match session.read(file, progress) {
            // Which data groups a batch of cards carries is not published; what the
            // issuer signed says whether one is missing that should be there.
            Ok(()) | Err(ReadError::Absent { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Lets the chip prove that it is no copy (ICAO 9303-11, 6): by chip authentication, after
/// which the channel's new keys protect the files to come; by its signature over a challenge
/// where it cannot. One proof is enough, and PACE may have given it. `identity` judges it.
fn prove(session: &mut Session<'_>, progress: &mut dyn FnMut(Progress)) -> Result<(), ReadError> {
    if !session.proofs().is_empty() {
        return Ok(());
    }
    match session.authenticate_chip(&mut Chance, progress) {
        Ok(ChipAuthentication::Started) => return Ok(()),
        // A key that does not fit between this reader and this chip leaves the other proof.
        Ok(ChipAuthentication::NotOffered | ChipAuthentication::Unknown)
        | Err(ReadError::CommandTooLong { .. }) => {}
        Err(error) => return Err(error),
    }
    let mut challenge = [0; 8];
    Chance.fill_bytes(&mut challenge);
    session.authenticate_actively(challenge, progress)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::{path::Path, sync::mpsc};

    use card::{AccessKey, AccessPolicy, Can};
    use jiff::civil::date;
    use simulators::{
        card_profile::BeyondLongest, chance::SeededChance, citizen_card::CitizenCard,
        in_memory::InMemoryReader, people::People, personalise::Issuer, scenario::CardScript,
    };

    use super::*;
    use crate::happened::Kind;

    const TODAY: Date = date(2026, 11, 27);

    #[test]
    fn a_card_stays_where_it_is_when_only_the_key_was_wrong() {
        let lifted = |error| Ended::Card(error).wants_it_lifted();
        assert!(!lifted(ReadError::KeyWrong { tries_left: Some(2) }) && !lifted(ReadError::KeyNotForBac));
        assert!(lifted(ReadError::ChannelLost { step: card::Step::File(FileId::Dg2) }));
        assert!(Ended::Badge(BadgeError::Refused { step: "select", status: 0x6A82 }).wants_it_lifted());
    }

    /// A reader on which khue's card lies, and what opens it.
    fn lay(script: &CardScript) -> (InMemoryReader, AccessKey) {
        let people = Path::new(env!("CARGO_MANIFEST_DIR")).join("../simulators/people");
        let person = People::load(&people).unwrap();
        let issuer = Issuer::generate(TODAY, &mut SeededChance::new(1)).unwrap();
        let card = issuer.personalise(person.person("khue").unwrap(), &people, script, TODAY).unwrap();
        let key = AccessKey::Can(Can::new(card.can()).unwrap());
        let mut reader = InMemoryReader::new(CitizenCard::new(card, script, 7));
        reader.lay();
        reader.wait_for_card(Duration::ZERO).unwrap().unwrap();
        (reader, key)
    }

    #[test]
    fn a_chip_that_breaks_off_over_a_long_answer_is_read_with_short_ones() {
        let mut script = CardScript::default();
        script.faults.reading.longest = Some(2000);
        script.faults.reading.beyond_longest = BeyondLongest::ChannelDroppedByAnswer;
        let (mut reader, key) = lay(&script);
        let mut lengths = Vec::new();
        let came = with_any_length(&mut reader, |reader| {
            lengths.push(reader.longest_response());
            let mut session = card::open(reader, &key, AccessPolicy::PaceOnly, &mut Chance, &mut |_| ())?;
            session.read(FileId::Dg2, &mut |_| ())?;
            Ok(session.file(FileId::Dg2).unwrap().len())
        });
        assert!(came.is_ok_and(|portrait| portrait > 10_000));
        assert_eq!(lengths, [65_538, 258]);
    }

    /// With the portrait in the middle of what the service names.
    #[test]
    fn the_citizen_is_greeted_while_the_portrait_is_read_last() {
        let (mut reader, key) = lay(&CardScript::default());
        let policy = AccessPolicy::PaceOnly;
        let mut session = card::open(&mut reader, &key, policy, &mut Chance, &mut |_| ()).unwrap();

        let (say, hear) = mpsc::channel();
        let hear = std::sync::Mutex::new(hear);
        let greeted = std::sync::Mutex::new(None);
        // Greets only once the portrait is under way: a greeting that is waited for would wait in vain.
        let greet = |so_far: &CardFiles| {
            let under_way = hear.lock().unwrap().recv_timeout(Duration::from_secs(20)).is_ok();
            let has = |file| so_far.file(file).is_some();
            let seen = (under_way, has(FileId::Dg1), has(FileId::Dg13), has(FileId::Dg2));
            *greeted.lock().unwrap() = Some(seen);
        };
        let mut progress = |progress| {
            if let Progress::Reading { file: FileId::Dg2, .. } = progress {
                _ = say.send(());
            }
        };
        let newest = AtomicU64::new(4);
        let wanted = Wanted { job: Job { kind: Kind::Card, number: 4 }, newest: &newest };
        let files = [FileId::Dg13, FileId::Dg2, FileId::Dg15];
        let came = read_files(&mut session, &files, TODAY, &greet, &wanted, &mut progress);
        assert!(came.is_ok());
        assert_eq!(*greeted.lock().unwrap(), Some((true, true, true, false)));
        assert_eq!(session.log().files.last(), Some(&FileId::Dg2));
    }
}
