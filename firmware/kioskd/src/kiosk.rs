//! The one loop that owns the visit. Everything that happens comes through here, one
//! thing after the other; everything that is to be done goes out from here.

use std::{collections::BTreeMap, time::Duration};

use audit::VisitId;
use devices::{Device, State};
use faults::{Fault, chain};
use jiff::Timestamp;
use journey::{Desk, Effect, Event, Journey, World};
use rand_core::Rng;
use screen::{StaffNote, Tap};
use services::RulesOfDay;
use staff::{Lockout, Roll};
use tokio::{sync::mpsc, time};
use transaction::TransactionId;

use crate::{
    audited,
    card_desk::CardDesk,
    chance::Chance,
    clock,
    face_desk::FaceDesk,
    happened::{Happened, Job, Kind, Tell},
    officer_desk::OfficerDesk,
    paper_desk::PaperDesk,
    platform_desk::PlatformDesk,
    record_desk::{AuditLog, RecordDesk},
    screen_link::ScreenLink,
    settings::Settings,
    upkeep_desk::UpkeepDesk,
};

/// How long a citizen waits for the platform before the slip says *received*.
const ANSWER_WITHIN: Duration = Duration::from_secs(9);
/// How often the kiosk signs its audit log.
const CHECKPOINT_EVERY: u32 = 600;

/// Everything that the loop works with.
pub struct Parts {
    /// The card reader's thread.
    pub card: CardDesk,
    /// The camera's threads.
    pub face: FaceDesk,
    /// The platform.
    pub platform: PlatformDesk,
    /// The outbox.
    pub record: RecordDesk,
    /// The printer.
    pub paper: PaperDesk,
    /// The officers who confirm.
    pub officers: OfficerDesk,
    /// The touchscreen.
    pub screen: ScreenLink,
    /// The audit log.
    pub log: AuditLog,
}

/// The kiosk.
pub struct Kiosk {
    pub(crate) settings: Settings,
    pub(crate) parts: Parts,
    pub(crate) tell: Tell,
    journey: Option<Journey>,
    devices: BTreeMap<Device, State>,
    desk: Desk,
    rules: RulesOfDay,
    pub(crate) roll: Roll,
    pub(crate) lockout: Lockout,
    /// The visit under way, for the audit log.
    pub(crate) visit: VisitId,
    /// Its short code for staff.
    pub(crate) reference: String,
    /// The newest job of each kind; what an older one says is not heard.
    jobs: BTreeMap<Kind, u64>,
    /// The transaction whose answer the citizen waits for.
    awaited: Option<(TransactionId, Timestamp)>,
    seconds: u32,
    pub(crate) upkeep: UpkeepDesk,
}

/// Why the loop ended, other than by order.
#[derive(Debug, thiserror::Error)]
#[error("the audit log cannot be written")]
pub struct LogLost(#[source] audit::LogError);

impl LogLost {
    /// The entry of the fault list that this is.
    pub fn fault(&self) -> Fault {
        self.0.fault()
    }
}

impl Kiosk {
    /// Puts the parts together.
    pub fn new(settings: Settings, parts: Parts, tell: Tell, rules: RulesOfDay, lockout: Lockout) -> Self {
        let known = [Device::CardReader, Device::Camera, Device::Network];
        let mut devices: BTreeMap<_, _> = known.into_iter().map(|device| (device, State::Starting)).collect();
        devices.insert(Device::Store, State::Ready);
        let metres =
            settings.board.receipt_printer.as_ref().map_or(0, |printer| printer.roll_metres.get() as u16);
        Self {
            desk: Desk { version: env!("CARGO_PKG_VERSION").to_owned(), ..Desk::default() },
            journey: Some(Journey::default()),
            visit: VisitId::new(&mut Chance),
            reference: reference(),
            roll: Roll::new(metres),
            jobs: BTreeMap::new(),
            awaited: None,
            seconds: 0,
            upkeep: UpkeepDesk::new(settings.board.files.upkeep.path(), settings.from_afar.clone()),
            settings,
            parts,
            tell,
            devices,
            rules,
            lockout,
        }
    }

    /// Runs until told to stop.
    pub async fn run(
        mut self,
        mut happened: mpsc::UnboundedReceiver<Happened>,
        mut stop: tokio::sync::oneshot::Receiver<()>,
    ) -> Result<(), LogLost> {
        let version = env!("CARGO_PKG_VERSION").parse().expect("our version is three numbers");
        self.write(&audit::Event::KioskStarted { version })?;
        if self.parts.record.was_made() {
            self.write(&audit::Event::OutboxMade)?;
        }
        let mut second = time::interval(Duration::from_secs(1));
        self.show();
        _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
        loop {
            tokio::select! {
                Some(what) = happened.recv() => self.hear(what)?,
                _ = second.tick() => self.second()?,
                _ = &mut stop => break,
            }
            self.show();
        }
        self.write(&audit::Event::KioskStopped)?;
        self.parts.log.checkpoint(self.parts.record.device_key()).map_err(LogLost)
    }

    fn hear(&mut self, what: Happened) -> Result<(), LogLost> {
        match what {
            Happened::Tap(tap) => self.tap(tap),
            Happened::ScreenCame => {
                self.upkeep.screen_came();
                Ok(())
            }
            Happened::ScreenDrew => {
                self.upkeep.screen_drew();
                Ok(())
            }
            Happened::ScreenGone => {
                self.upkeep.screen_gone();
                tracing::warn!(code = Fault::ScreenLost.code(), "the touchscreen program has gone");
                Ok(())
            }
            Happened::Work(job, event) => {
                let heard = job.kind == Kind::Scanner || self.jobs.get(&job.kind) == Some(&job.number);
                if heard { self.step(event) } else { Ok(()) }
            }
            Happened::Device(device, state) => {
                if self.devices.insert(device, state) == Some(state) {
                    return Ok(());
                }
                tracing::info!(?device, ?state, "device");
                self.write(&audited::device_changed(device, state))
            }
            Happened::Audit(event) => self.write(&event),
            Happened::Acknowledged(receipt) => {
                if self.is_awaited(receipt.transaction()) {
                    self.step(Event::Acknowledged(receipt))?;
                }
                Ok(())
            }
            Happened::Rejected(id, fault) => {
                if self.is_awaited(id) {
                    self.step(Event::Rejected(fault))?;
                }
                Ok(())
            }
            Happened::Waiting(count, oldest) => {
                self.desk.waiting = count;
                self.upkeep.oldest_waits_since(oldest);
                Ok(())
            }
            Happened::PaperUsed(picture) => {
                self.roll.printed(&picture);
                Ok(())
            }
        }
    }

    fn tap(&mut self, tap: Tap) -> Result<(), LogLost> {
        tracing::debug!(?tap, "tap");
        self.step(Event::Tap(tap))
    }

    fn second(&mut self) -> Result<(), LogLost> {
        _ = sd_notify::notify(&[sd_notify::NotifyState::Watchdog]);
        self.seconds += 1;
        if self.seconds.is_multiple_of(CHECKPOINT_EVERY) {
            self.parts.log.checkpoint(self.parts.record.device_key()).map_err(LogLost)?;
        }
        if !self.journey().is_under_way() {
            self.renew_rules();
        }
        if let Some((_, until)) = self.awaited
            && clock::now() >= until
        {
            self.awaited = None;
            self.step(Event::NotAnswered)?;
        }
        self.upkeep.look();
        self.upkeep.tell(&self.devices, self.desk.waiting);
        self.step(Event::Second)
    }

    /// The numbers of a new day count from its first visit.
    fn renew_rules(&mut self) {
        match self.settings.rules.on(clock::today()) {
            Ok(rules) => self.rules = rules,
            Err(error) => tracing::error!(code = error.fault().code(), error = chain(&error), "rules"),
        }
    }

    fn is_awaited(&mut self, id: TransactionId) -> bool {
        self.awaited.take_if(|(awaited, _)| *awaited == id).is_some()
    }

    /// Moves the visit and does what it wants done.
    pub(crate) fn step(&mut self, event: Event) -> Result<(), LogLost> {
        if let Event::Stored(kept) = &event {
            let until = clock::now() + jiff::SignedDuration::try_from(ANSWER_WITHIN).expect("seconds");
            self.awaited = Some((kept.transaction, until));
        }
        if let Event::StaffDone(StaffNote::PaperRefilled) = &event {
            self.roll.refilled();
        }
        if !self.journey().is_under_way() && matches!(event, Event::Tap(_)) {
            // Whatever the tap begins, an update must not break it.
            self.upkeep.take();
        }
        let word = event.word();
        let journey = self.journey.take().expect("a step ends before the next begins");
        let before = journey.word();
        let (journey, effects) = journey.step(event, &self.world());
        if journey.word() != before {
            tracing::info!(from = before, on = word, to = journey.word(), "visit");
        }
        if !journey.is_under_way() {
            self.upkeep.let_go();
        }
        self.journey = Some(journey);
        for effect in effects {
            self.carry_out(effect)?;
        }
        Ok(())
    }

    /// Ends everything that works for this visit, and takes new names for the next.
    pub(crate) fn wipe(&mut self) -> Result<(), LogLost> {
        let kinds =
            [Kind::Card, Kind::Face, Kind::Platform, Kind::Officer, Kind::Record, Kind::Paper, Kind::Staff];
        for kind in kinds {
            self.job(kind);
        }
        self.parts.card.stop(self.newest(Kind::Card));
        self.parts.face.stop(self.newest(Kind::Face));
        self.parts.platform.forget();
        self.parts.screen.previews().show(None);
        self.awaited = None;
        self.write(&audit::Event::MemoryWiped)?;
        self.visit = VisitId::new(&mut Chance);
        self.reference = reference();
        Ok(())
    }

    /// The next job of a kind; from now on the one before is not heard.
    pub(crate) fn job(&mut self, kind: Kind) -> Job {
        let number = self.jobs.entry(kind).or_default();
        *number += 1;
        Job { kind, number: *number }
    }

    pub(crate) fn newest(&self, kind: Kind) -> Job {
        Job { kind, number: self.jobs.get(&kind).copied().unwrap_or_default() }
    }

    /// Writes into the audit log, under the visit if there is one.
    pub(crate) fn write(&mut self, event: &audit::Event) -> Result<(), LogLost> {
        let under_way = self.journey.as_ref().is_none_or(Journey::is_under_way);
        let of_visit =
            under_way || matches!(event, audit::Event::VisitEnded { .. } | audit::Event::MemoryWiped);
        self.upkeep.count(event);
        self.parts.log.write(of_visit.then_some(self.visit), event).map_err(LogLost)
    }

    fn show(&mut self) {
        self.desk.paper_percent = self.settings.board.receipt_printer.as_ref().map(|_| {
            let sensor = match self.devices.get(&Device::ReceiptPrinter) {
                Some(State::Degraded(Fault::PaperLow)) => Some(devices::Paper::Low),
                _ => None,
            };
            self.roll.percent_left(sensor)
        });
        self.desk.stick = self.upkeep.stick();
        let view = self.journey().view(&self.world());
        if self.parts.screen.show(view) {
            self.upkeep.page_sent();
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.journey.as_ref().is_some_and(Journey::is_closed)
    }

    fn journey(&self) -> &Journey {
        self.journey.as_ref().expect("a step ends before anything else is asked")
    }

    fn world(&self) -> World<'_> {
        World {
            now: clock::now(),
            today: clock::today(),
            opening: self.upkeep.opening(),
            message: self.upkeep.message(),
            catalogue: &self.settings.catalogue,
            rules: &self.rules,
            devices: &self.devices,
            officers: self.parts.officers.keys(),
            limits: self.settings.limits,
            reference: &self.reference,
            desk: &self.desk,
        }
    }
}

/// A short code that can be said aloud: no letter that looks like a digit.
fn reference() -> String {
    const SIGNS: &[u8] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";
    let sign = || char::from(SIGNS[Chance.next_u32() as usize % SIGNS.len()]);
    let word = |count| (0..count).map(|_| sign()).collect::<String>();
    format!("{}-{}", word(3), word(3))
}

impl Kiosk {
    fn carry_out(&mut self, effect: Effect) -> Result<(), LogLost> {
        crate::effects::carry_out(self, effect)
    }
}
