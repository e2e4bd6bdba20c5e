//! What `kioskd` has to do with updates and commands: it holds the lease while somebody is served,
//! shows when the machine closes or is locked and what the operator says, and says how it is. Without
//! `fleetd` nothing of this shows.

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use audit::Event;
use badge::Challenge;
use devices::{Device, State};
use faults::chain;
use jiff::Timestamp;
use screen::StickNote;
use tokio::time::Instant;
use upkeep::{DeviceHealth, Folder, Lease, Opening, SignedIn, StickState, Vitals, Words};

use crate::{audited, clock, counting::Counting, from_afar::FromAfar};

/// A page that was sent is drawn within this, or the touchscreen is not well.
const DRAWN_WITHIN: Duration = Duration::from_secs(10);
/// How often the kiosk says how it is.
const TELL_EVERY: Duration = Duration::from_secs(5);

/// The kiosk's end of the folder.
pub struct UpkeepDesk {
    folder: Folder,
    lease: Option<Lease>,
    /// `fleetd` had the lease when somebody wanted to begin.
    refused: Option<Opening>,
    announced: Opening,
    message: Option<Words>,
    started: Timestamp,
    idle_since: Timestamp,
    screen: Screen,
    told: Option<Instant>,
    /// Who is signed in on the staff page, and what their badge signed.
    staff: Option<(String, Option<String>)>,
    events: BTreeMap<String, u64>,
    counting: Counting,
    from_afar: Option<Arc<FromAfar>>,
}

/// The touchscreen.
enum Screen {
    /// Not connected.
    Gone,
    /// Sent a page then, and has not said that it drew it.
    Owes(Instant),
    /// Has drawn everything.
    Drew,
}

impl Screen {
    fn draws(&self) -> bool {
        match self {
            Self::Gone => false,
            Self::Owes(since) => since.elapsed() < DRAWN_WITHIN,
            Self::Drew => true,
        }
    }
}

impl UpkeepDesk {
    /// A kiosk that has just started, with these settings from afar.
    pub fn new(folder: &Path, from_afar: Option<Arc<FromAfar>>) -> Self {
        Self {
            folder: Folder::new(folder),
            lease: None,
            refused: None,
            announced: Opening::Open,
            message: None,
            started: clock::now(),
            idle_since: clock::now(),
            screen: Screen::Gone,
            told: None,
            staff: None,
            events: BTreeMap::new(),
            counting: Counting::default(),
            from_afar,
        }
    }

    /// Whether the machine is open.
    pub fn opening(&self) -> Opening {
        self.refused.unwrap_or(self.announced)
    }

    /// What the operator says on the first page, if anything.
    pub fn message(&self) -> Option<&Words> {
        self.message.as_ref()
    }

    /// Looks whether something is announced, locked or to be said.
    pub fn look(&mut self) {
        let now = clock::now();
        // What somebody says today goes before what was settled long ago.
        self.message = self.folder.message(now).or_else(|| self.from_afar.as_ref()?.notice(now).cloned());
        self.announced = self.folder.opening(now);
        self.refused = None;
    }

    /// Takes the lease, as somebody is about to be served. If `fleetd` has it, the machine is
    /// closed. Where there is no folder, there is no `fleetd` either.
    pub fn take(&mut self) {
        if self.lease.is_some() {
            return;
        }
        self.look();
        match self.folder.lease() {
            Ok(Some(lease)) => self.lease = Some(lease),
            Ok(None) if !matches!(self.announced, Opening::ClosedFor(_)) => {
                self.refused = Some(Opening::ClosedFor(1));
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(error = chain(&error), "lease"),
        }
    }

    /// Somebody signed in on the staff page: what only a person with a badge beside the machine
    /// may start (an update from a stick) may be started until they leave.
    pub fn staff_came(&mut self, who: &journey::SignedIn) {
        self.staff = Some(match who {
            journey::SignedIn::ByPin(id) => (id.clone(), None),
            journey::SignedIn::ByBadge(present) => {
                (present.holder().to_owned(), Some(present.proof().to_string()))
            }
        });
        self.tell_staff();
    }

    /// What a badge is to sign for `fleetd`, if it asks.
    pub fn badge_is_asked(&self) -> Option<Challenge> {
        let asked = self.folder.badge_is_asked()?;
        asked.parse().inspect_err(|error| tracing::warn!(error = chain(error), "fleetd's challenge")).ok()
    }

    fn tell_staff(&self) {
        let Some((id, badge)) = self.staff.clone() else { return };
        if let Err(error) = self.folder.sign_in(&SignedIn { id, badge, written: clock::now() }) {
            tracing::debug!(error = chain(&error), "technician");
        }
    }

    /// The USB stick that is in, for whoever is signed in on the staff page.
    pub fn stick(&self) -> Option<StickNote> {
        self.staff.as_ref()?;
        Some(match self.folder.stick()? {
            StickState::Reading => StickNote::Reading,
            StickState::Admitted => StickNote::Admitted,
            StickState::Installed => StickNote::Installed,
            StickState::NotInstalled => StickNote::NotInstalled,
            StickState::LogsTaken => StickNote::LogsTaken,
            StickState::Refused(fault) => StickNote::Refused(fault),
        })
    }

    /// Nobody is served.
    pub fn let_go(&mut self) {
        if self.staff.take().is_some()
            && let Err(error) = self.folder.sign_out()
        {
            tracing::warn!(error = chain(&error), "technician");
        }
        if self.lease.take().is_some() {
            self.idle_since = clock::now();
        }
    }

    /// The touchscreen has come, and is being sent a page.
    pub fn screen_came(&mut self) {
        self.screen = Screen::Owes(Instant::now());
    }

    /// A page was sent to it.
    pub fn page_sent(&mut self) {
        if let Screen::Drew = self.screen {
            self.screen = Screen::Owes(Instant::now());
        }
    }

    /// It drew what it was sent.
    pub fn screen_drew(&mut self) {
        self.screen = Screen::Drew;
    }

    /// It has gone.
    pub fn screen_gone(&mut self) {
        self.screen = Screen::Gone;
    }

    /// Counts an event of the audit log.
    pub fn count(&mut self, event: &Event) {
        *self.events.entry(event.name().to_owned()).or_default() += 1;
        self.counting.happened(event, Instant::now().into_std());
    }

    /// The oldest transaction that waits was stored then.
    pub fn oldest_waits_since(&mut self, oldest: Option<Timestamp>) {
        self.counting.figures.oldest = oldest;
    }

    /// Says how the kiosk is, every few seconds.
    pub fn tell(&mut self, devices: &BTreeMap<Device, State>, waiting: u32) {
        if self.told.is_some_and(|told| told.elapsed() < TELL_EVERY) {
            return;
        }
        self.told = Some(Instant::now());
        self.tell_staff();
        let vitals = Vitals {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started: self.started,
            written: clock::now(),
            screen_draws: self.screen.draws(),
            devices: devices
                .iter()
                .map(|(device, state)| (audited::part(*device).word().to_owned(), health(*state)))
                .collect(),
            idle_since: self.lease.is_none().then_some(self.idle_since),
            waiting,
            events: self.events.clone(),
            configuration: self.from_afar.as_ref().map(|settings| settings.set.clone()),
        };
        let told = self.folder.tell(&vitals).and_then(|()| self.folder.tell_figures(&self.counting.figures));
        if let Err(error) = told {
            tracing::debug!(error = chain(&error), "vitals");
        }
    }
}

fn health(state: State) -> DeviceHealth {
    match state {
        State::Starting => DeviceHealth::Starting,
        State::Ready => DeviceHealth::Ready,
        State::Degraded(fault) => DeviceHealth::Degraded(fault.code().to_owned()),
        State::Failed(fault) => DeviceHealth::Failed(fault.code().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use badge::{Badges, Claim};
    use configuration::{Configuration, Layer, Whose};
    use devices::CardReader as _;
    use jiff::SignedDuration;
    use simulators::{in_memory::InMemoryReader, staff_badge::StaffBadge};
    use upkeep::{Line, Message};

    use super::*;

    fn desk(folder: &Path, from: Timestamp, until: Timestamp) -> UpkeepDesk {
        let text = format!(
            "schema = 1\nlayer = \"fleet\"\nversion = 1\n[[notices]]\nwords = {{ vi = \"Mai nghỉ\", en = \"Closed \
             tomorrow\" }}\nfrom = \"{from}\"\nuntil = \"{until}\"\n"
        );
        let layer = Layer::parse(&Whose::Fleet, text.as_bytes()).unwrap();
        let settings = FromAfar::of(Configuration::merge(&[layer]).unwrap());
        UpkeepDesk::new(folder, Some(Arc::new(settings)))
    }

    fn says(desk: &mut UpkeepDesk) -> Option<&str> {
        desk.look();
        desk.message().map(|words| words.vi.as_str())
    }

    #[test]
    fn a_notice_is_said_in_its_time_and_a_message_of_today_before_it() {
        let place = tempfile::tempdir().unwrap();
        let (now, hour) = (clock::now(), SignedDuration::from_hours(1));
        let mut desk = desk(place.path(), now - hour, now + hour);
        assert_eq!(says(&mut desk), Some("Mai nghỉ"));
        let line = |text: &str| Line::try_from(text.to_owned()).unwrap();
        let words = Words { vi: line("Máy in hỏng"), en: line("The printer is broken") };
        let folder = Folder::new(place.path());
        folder.show(&Message { words, until: now + hour }).unwrap();
        assert_eq!(says(&mut desk), Some("Máy in hỏng"));
        folder.show_none().unwrap();
        assert_eq!(says(&mut desk), Some("Mai nghỉ"));
    }

    /// From `fleetd`'s challenge to what it believes, through the folder and a badge.
    #[test]
    fn what_a_badge_signed_for_fleetd_is_handed_on_until_its_holder_leaves() {
        let place = tempfile::tempdir().unwrap();
        let (folder, mut desk) = (Folder::new(place.path()), UpkeepDesk::new(place.path(), None));
        let chip = StaffBadge::p256().unwrap();
        let badges: Badges = toml::from_str(&chip.list("4711").unwrap()).unwrap();
        let mut reader = InMemoryReader::new(chip);
        reader.lay();
        reader.wait_for_card(Duration::ZERO).unwrap().unwrap();
        assert_eq!(desk.badge_is_asked(), None, "no fleetd asks");
        let asked = Challenge([5; 32]);
        folder.ask_badge(&asked.to_string()).unwrap();
        let claim = Claim {
            kiosk: "kiosk-1".to_owned(),
            holder: "4711".to_owned(),
            nonce: Challenge([6; 32]),
            challenge: desk.badge_is_asked(),
        };
        let proof = badge::sign(&mut reader, badges.of("4711").unwrap(), &claim).unwrap();
        let present = badges.believe("kiosk-1", "4711", Some(asked), proof).unwrap();
        desk.staff_came(&journey::SignedIn::ByBadge(Box::new(present)));
        let told = folder.signed_in(clock::now()).unwrap();
        let handed_on = told.badge.unwrap().parse().unwrap();
        assert!(badges.believe("kiosk-1", &told.id, Some(asked), handed_on).is_ok());

        desk.staff_came(&journey::SignedIn::ByPin("4711".to_owned()));
        assert_eq!(folder.signed_in(clock::now()).unwrap().badge, None);
        desk.let_go();
        assert_eq!(folder.signed_in(clock::now()), None);
    }

    #[test]
    fn a_notice_to_come_and_one_that_is_over_say_nothing() {
        let place = tempfile::tempdir().unwrap();
        let (now, hour) = (clock::now(), SignedDuration::from_hours(1));
        assert_eq!(says(&mut desk(place.path(), now + hour, now + hour + hour)), None);
        assert_eq!(says(&mut desk(place.path(), now - hour - hour, now - hour)), None);
    }
}
