//! The camera and the face engine, on a thread each: the engine always looks at the
//! newest frame, the preview never waits for it. The camera streams only while a
//! face is looked for.

use std::{
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use devices::{CameraFault, Device, Frame, FrameSource, Light, State};
use face::{Attempt, Engine, FaceConfig, Reference, Rhythm, Tempo};
use journey::Event;
use rand_core::Rng;
use screen::{FaceHint, Glow, StaffNote, wire::Preview};

use crate::{
    audited,
    chance::Chance,
    happened::{Happened, Job, Tell},
    hardware,
    screen_link::Previews,
};

/// Dots of the preview: portrait, as the page shows it.
const PREVIEW: (u32, u32) = (480, 640);
/// How long a frame may take before the camera counts as silent.
const FRAME_LIMIT: Duration = Duration::from_secs(2);
/// How often an absent camera is looked for, and a present one looked after.
const LOOK_EVERY: Duration = Duration::from_secs(3);

/// Each stage has a bound by the size of what it is given; one look that takes longer than this
/// all the same is a machine too slow or too busy, and is said once a try. Looks twice as far apart
/// (`gap-max-milliseconds`) show no movement.
const SLOW: Duration = Duration::from_millis(350);

/// The loop's end of the threads.
pub struct FaceDesk {
    orders: mpsc::Sender<Order>,
    newest: Arc<AtomicU64>,
}

/// What opening a camera gives.
pub type Opened = Result<Box<dyn FrameSource>, CameraFault>;

enum Order {
    Watch { job: Job, reference: Arc<Reference>, attempt: u8, tempo: Tempo },
    Test { job: Job },
}

/// What the threads work with.
pub struct Tools {
    /// The models.
    pub engine: Arc<Engine>,
    /// The thresholds.
    pub config: FaceConfig,
    /// Where pictures for the screen go.
    pub previews: Previews,
    /// Lights a dark face, where the machine has such a lamp.
    pub light: Option<Mutex<Box<dyn Light>>>,
    /// The way to the loop.
    pub tell: Tell,
}

impl Tools {
    fn shine(&self, on: bool) {
        if let Some(light) = &self.light {
            light.lock().unwrap_or_else(PoisonError::into_inner).shine(on);
        }
    }
}

impl FaceDesk {
    /// Starts the camera's thread. `open` is called again whenever the camera has gone, which
    /// `is_there` says of one that nobody films with.
    pub fn start(
        open: impl Fn() -> Opened + Send + 'static,
        is_there: impl Fn() -> bool + Send + 'static,
        tools: Tools,
    ) -> Self {
        let (orders, taken) = mpsc::channel();
        let newest = Arc::new(AtomicU64::new(0));
        let desk = Desk { source: None, state: State::Starting, newest: Arc::clone(&newest), tools };
        thread::Builder::new()
            .name("camera".into())
            .spawn(move || desk.serve(&open, &is_there, &taken))
            .expect("a thread can be started");
        Self { orders, newest }
    }

    /// Looks for the face of that portrait. Ends whatever was looked for.
    pub fn watch(&self, job: Job, reference: Arc<Reference>, attempt: u8, tempo: Tempo) {
        self.newest.store(job.number, Ordering::Relaxed);
        _ = self.orders.send(Order::Watch { job, reference, attempt, tempo });
    }

    /// Stops the camera.
    pub fn stop(&self, newer: Job) {
        self.newest.store(newer.number, Ordering::Relaxed);
    }

    /// Asks the camera for one picture.
    pub fn test(&self, job: Job) {
        self.newest.store(job.number, Ordering::Relaxed);
        _ = self.orders.send(Order::Test { job });
    }
}

struct Desk {
    source: Option<Box<dyn FrameSource>>,
    state: State,
    newest: Arc<AtomicU64>,
    tools: Tools,
}

impl Desk {
    fn serve(
        mut self,
        open: &dyn Fn() -> Opened,
        is_there: &dyn Fn() -> bool,
        orders: &mpsc::Receiver<Order>,
    ) {
        loop {
            if self.source.is_none() {
                match open() {
                    Ok(source) => {
                        self.source = Some(source);
                        self.note_state(State::Ready);
                    }
                    Err(fault) => self.note_state(State::Failed(fault.fault())),
                }
            }
            match orders.recv_timeout(LOOK_EVERY) {
                Ok(Order::Watch { job, reference, attempt, tempo }) => {
                    self.watch(job, &reference, attempt, tempo);
                }
                Ok(Order::Test { job }) => self.test(job),
                // Pulled while nobody was filmed: better known now than with the next citizen there.
                Err(RecvTimeoutError::Timeout) if self.source.is_some() && !is_there() => {
                    self.lost(CameraFault::Unplugged);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn note_state(&mut self, state: State) {
        if self.state != state {
            self.state = state;
            self.tools.tell.tell(Happened::Device(Device::Camera, state));
        }
    }

    fn lost(&mut self, fault: CameraFault) {
        self.note_state(State::Failed(fault.fault()));
        self.source = None;
    }

    fn test(&mut self, job: Job) {
        let answered = match &mut self.source {
            None => Err(CameraFault::Unplugged),
            Some(source) => {
                let frame = source.start().and_then(|()| source.next_frame(FRAME_LIMIT));
                source.stop();
                frame.map(drop)
            }
        };
        let note = match answered {
            Ok(()) => StaffNote::CameraAnswered,
            Err(fault) => {
                self.lost(fault);
                StaffNote::CameraFailed(fault.fault())
            }
        };
        self.tools.tell.work(job, Event::StaffDone(note));
    }

    fn watch(&mut self, job: Job, reference: &Reference, attempt: u8, tempo: Tempo) {
        let Some(source) = self.source.as_deref_mut() else {
            let fault = self.state.fault().unwrap_or(CameraFault::Unplugged.fault());
            self.tools.tell.work(job, Event::FaceMissed(fault));
            return;
        };
        let wanted = || self.newest.load(Ordering::Relaxed) == job.number;
        let slot = Slot::default();
        let filmed = thread::scope(|scope| {
            scope.spawn(|| {
                // Chance is drawn here, where each try begins: no film can know it.
                let mut seed = [0; 32];
                Chance.fill_bytes(&mut seed);
                let attempt =
                    Attempt::new(&self.tools.engine, reference, &self.tools.config, attempt, (tempo, seed));
                look(&slot, job, attempt, &self.tools, &wanted);
            });
            let rhythm = Rhythm::new(&self.tools.config.liveness);
            let show = |preview| self.tools.previews.show(Some(preview));
            let filmed = film(source, &slot, rhythm, &show, &wanted);
            slot.close();
            filmed
        });
        source.stop();
        self.tools.shine(false);
        self.tools.previews.show(None);
        if let Err(fault) = filmed {
            tracing::warn!(code = fault.fault().code(), %fault, "camera failed");
            self.tools.tell.audit(audit::Event::Fault { fault: fault.fault() });
            self.tools.tell.work(job, Event::FaceMissed(fault.fault()));
            self.lost(fault);
        }
    }
}

/// Films until the engine knows enough, nobody wants it any more, or the camera fails.
fn film(
    source: &mut dyn FrameSource,
    slot: &Slot,
    mut rhythm: Rhythm,
    show: &dyn Fn(Preview),
    wanted: &dyn Fn() -> bool,
) -> Result<(), CameraFault> {
    source.start()?;
    let mut held = false;
    while wanted() && !slot.is_closed() {
        let frame = source.next_frame(FRAME_LIMIT)?;
        if let Ok(rgb) = face::preview(&frame, PREVIEW.0, PREVIEW.1) {
            let (width, height) = (PREVIEW.0 as u16, PREVIEW.1 as u16);
            show(Preview { width, height, rgb });
        }
        let broken = rhythm.is_broken_by(frame.taken);
        slot.put(Newest { frame, broken });
        // What changes in the pictures from now on is to be the light on the face, not the camera's
        // answer to it.
        let lit = slot.is_lit();
        if lit != held {
            held = lit;
            if lit {
                // Not within the macro: it looks at its fields only where somebody listens.
                let what = source.hold();
                tracing::debug!(?what, "camera held");
            } else {
                source.release();
            }
        }
    }
    Ok(())
}

/// Looks at the newest frame until the try is decided, or nobody wants it any more.
fn look(slot: &Slot, job: Job, mut attempt: Attempt<'_>, tools: &Tools, wanted: &dyn Fn() -> bool) {
    let number = attempt.number();
    let (mut told, mut slow, mut moved, mut finished) = (None, false, false, false);
    while let Some(Newest { frame, broken }) = slot.take() {
        if broken {
            tracing::warn!("the camera's frames have a gap; the try begins anew");
            attempt.interrupt(frame.taken);
        }
        let look = match attempt.look(&frame) {
            Ok(look) => look,
            // Damaged frames are passed over; this is the engine itself.
            Err(error) => {
                tracing::error!(code = error.fault().code(), %error, "face engine");
                slot.close();
                tools.tell.audit(audit::Event::Fault { fault: error.fault() });
                tools.tell.work(job, Event::FaceMissed(error.fault()));
                return;
            }
        };
        slot.light(look.glow != Glow::Off);
        let seen = (look.hint, look.percent, look.glow);
        if told != Some(seen) {
            told = Some(seen);
            if look.hint == FaceHint::TooDark {
                tools.shine(true);
            }
            hardware::shine(look.glow);
            tools.tell.work(job, Event::FaceSeen(look.hint, look.percent, look.glow));
        }
        tracing::debug!(?look.timings, "face");
        if look.timings.total() > SLOW && !slow {
            slow = true;
            tracing::warn!(?look.timings, "a frame takes too long to look at");
        }
        moved |= look.moving;
        if look.finished {
            finished = true;
            break;
        }
    }
    if !wanted() {
        // Who breaks off once they know what is asked for, time and again, waits for luck.
        if moved {
            tools.tell.audit(audited::face_left(number));
        }
        return;
    }
    if !finished {
        return;
    }
    slot.close();
    let event = match attempt.decide() {
        Ok(matched) => {
            tools.tell.audit(audited::face_tried(number, Ok(&matched)));
            tools.tell.audit(audit::Event::FaceMatched { attempts: number.into() });
            Event::FaceMatched(Box::new(matched))
        }
        Err(no) => {
            tracing::info!(why = no.why.word(), frames = no.frames_seen, "face not matched");
            tools.tell.audit(audited::face_tried(number, Err(&no)));
            if no.why.is_of_the_camera() {
                tools.tell.audit(audit::Event::Fault { fault: no.fault() });
            }
            Event::FaceMissed(no.fault())
        }
    };
    tools.tell.work(job, event);
}

/// A frame, and whether the rhythm broke since the one before that was looked at.
struct Newest {
    frame: Frame,
    broken: bool,
}

/// Room for one frame: the newest wins.
#[derive(Default)]
struct Slot {
    frame: Mutex<Option<Newest>>,
    filled: Condvar,
    closed: AtomicBool,
    /// The page lights the face.
    lit: AtomicBool,
}

impl Slot {
    fn put(&self, mut newest: Newest) {
        let mut frame = self.frame.lock().unwrap_or_else(PoisonError::into_inner);
        newest.broken |= frame.as_ref().is_some_and(|unseen| unseen.broken);
        *frame = Some(newest);
        drop(frame);
        self.filled.notify_one();
    }

    /// Waits for a frame; none once the slot is closed.
    fn take(&self) -> Option<Newest> {
        let mut frame = self.frame.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if self.is_closed() {
                return None;
            }
            if let Some(newest) = frame.take() {
                return Some(newest);
            }
            frame = self.filled.wait(frame).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn close(&self) {
        let _frame = self.frame.lock().unwrap_or_else(PoisonError::into_inner);
        self.closed.store(true, Ordering::Relaxed);
        self.filled.notify_all();
    }

    fn light(&self, on: bool) {
        self.lit.store(on, Ordering::Relaxed);
    }

    fn is_lit(&self) -> bool {
        self.lit.load(Ordering::Relaxed)
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use card::{AccessKey, AccessPolicy, Can, FileId};
    use devices::{CardReader as _, Held, Pixels};
    use identity::{Grounds, Identity, TrustList};
    use jiff::civil::{Date, date};
    use simulators::{
        chance::SeededChance,
        citizen_card::CitizenCard,
        face_camera::{CameraSetup, FaceCamera, Pace},
        in_memory::InMemoryReader,
        people::People,
        personalise::Issuer,
        presentation::{Presentation, Prompter},
        scenario::CardScript,
    };

    use super::*;
    use crate::happened::Kind;

    /// A camera that does nothing but say what it is told, and when.
    struct Obedient<'a> {
        slot: &'a Slot,
        frames: u64,
        told: Vec<(u64, &'static str)>,
    }

    impl FrameSource for Obedient<'_> {
        fn start(&mut self) -> Result<(), CameraFault> {
            self.told.push((self.frames, "start"));
            Ok(())
        }

        /// The page lights the face from the third frame to the sixth, and again from the eighth;
        /// the try ends with the tenth.
        fn next_frame(&mut self, _: Duration) -> Result<Frame, CameraFault> {
            self.frames += 1;
            match self.frames {
                3 | 8 => self.slot.light(true),
                6 => self.slot.light(false),
                10 => self.slot.close(),
                _ => {}
            }
            Ok(Frame {
                taken: Duration::from_millis(66) * self.frames as u32,
                width: 3,
                height: 4,
                pixels: Pixels::Rgb8,
                data: vec![90; 36].into(),
            })
        }

        fn hold(&mut self) -> Held {
            self.told.push((self.frames, "hold"));
            Held::default()
        }

        fn release(&mut self) {
            self.told.push((self.frames, "release"));
        }

        fn stop(&mut self) {
            self.told.push((self.frames, "stop"));
        }
    }

    #[test]
    fn the_camera_is_held_while_the_page_lights_the_face_and_no_longer() {
        let slot = Slot::default();
        let mut camera = Obedient { slot: &slot, frames: 0, told: Vec::new() };
        let shown = AtomicU64::new(0);
        let show = |preview: Preview| {
            assert_eq!(preview.rgb.len(), 3 * 480 * 640);
            shown.fetch_add(1, Ordering::Relaxed);
        };
        let rhythm = Rhythm::new(&FaceConfig::documented().liveness);
        film(&mut camera, &slot, rhythm, &show, &|| true).unwrap();
        assert_eq!(camera.told, [(0, "start"), (3, "hold"), (6, "release"), (8, "hold")]);
        assert_eq!(shown.into_inner(), 10, "every frame is shown, lit or not");
    }

    #[test]
    fn whoever_is_not_wanted_any_more_is_not_filmed() {
        let slot = Slot::default();
        let mut camera = Obedient { slot: &slot, frames: 0, told: Vec::new() };
        let rhythm = Rhythm::new(&FaceConfig::documented().liveness);
        film(&mut camera, &slot, rhythm, &|_| (), &|| false).unwrap();
        assert_eq!(camera.frames, 0);
    }

    fn frame(number: u32, taken: Duration) -> Frame {
        let data = vec![number as u8; 36].into();
        Frame { taken, width: 3, height: 4, pixels: Pixels::Rgb8, data }
    }

    /// What is not looked at is thrown away, but that the rhythm broke on the way is not.
    #[test]
    fn the_newest_frame_wins_and_knows_of_a_gap_before_it() {
        let slot = Slot::default();
        for (number, broken) in [(1, false), (2, true), (3, false)] {
            slot.put(Newest { frame: frame(number, Duration::ZERO), broken });
        }
        let Newest { frame: newest, broken } = slot.take().unwrap();
        assert_eq!((newest.data[0], broken), (3, true));
        slot.put(Newest { frame: frame(4, Duration::ZERO), broken: false });
        assert!(!slot.take().unwrap().broken, "a gap is told once");
        slot.close();
        slot.put(Newest { frame: frame(5, Duration::ZERO), broken: false });
        assert!(slot.take().is_none());
    }

    /// A camera whose second frame comes nearly a second after the first.
    struct Stumbling<'a> {
        slot: &'a Slot,
        frames: u32,
        gaps: Vec<bool>,
    }

    impl FrameSource for Stumbling<'_> {
        fn start(&mut self) -> Result<(), CameraFault> {
            Ok(())
        }

        fn next_frame(&mut self, _: Duration) -> Result<Frame, CameraFault> {
            if self.frames > 0 {
                self.gaps.push(self.slot.take().expect("the frame before").broken);
            }
            self.frames += 1;
            if self.frames == 4 {
                self.slot.close();
            }
            let gap = if self.frames > 1 { Duration::from_millis(900) } else { Duration::ZERO };
            Ok(frame(self.frames, gap + Duration::from_millis(66) * self.frames))
        }

        fn hold(&mut self) -> Held {
            Held::default()
        }

        fn release(&mut self) {}

        fn stop(&mut self) {}
    }

    #[test]
    fn a_gap_between_two_frames_goes_with_the_later_one() {
        let slot = Slot::default();
        let mut camera = Stumbling { slot: &slot, frames: 0, gaps: Vec::new() };
        let rhythm = Rhythm::new(&FaceConfig::documented().liveness);
        film(&mut camera, &slot, rhythm, &|_| (), &|| true).unwrap();
        assert_eq!(camera.gaps, [false, true, false]);
    }

    const TODAY: Date = date(2026, 11, 27);

    fn people() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../simulators/people")
    }

    /// Khue, off the chip of a virtual card.
    fn khue() -> Identity {
        let person = People::load(&people()).unwrap().person("khue").unwrap().clone();
        let script = CardScript::default();
        let issuer = Issuer::generate(TODAY, &mut SeededChance::new(1)).unwrap();
        let card = issuer.personalise(&person, &people(), &script, TODAY).unwrap();
        let key = AccessKey::Can(Can::new(card.can()).unwrap());
        let mut reader = InMemoryReader::new(CitizenCard::new(card, &script, 7));
        reader.lay();
        reader.wait_for_card(Duration::ZERO).unwrap().unwrap();
        let mut session =
            card::open(&mut reader, &key, AccessPolicy::PaceOnly, &mut Chance, &mut |_| ()).unwrap();
        for file in [FileId::Sod, FileId::Dg1, FileId::Dg13, FileId::Dg14, FileId::Dg15, FileId::Dg2] {
            session.read(file, &mut |_| ()).unwrap();
        }
        let trust = TrustList::from_pem(&issuer.csca_pem()).unwrap();
        let judged = identity::verify(session.finish(), &Grounds::trusting(&trust), TODAY);
        judged.unwrap_or_else(|error| panic!("{error:?}"))
    }

    /// A camera that holds its third frame back, for less time than a face may be out of sight,
    /// and gives none before the one before it was taken.
    struct Hesitant<'a> {
        camera: FaceCamera,
        slot: &'a Slot,
        frames: u32,
    }

    impl FrameSource for Hesitant<'_> {
        fn start(&mut self) -> Result<(), CameraFault> {
            self.camera.start()
        }

        fn next_frame(&mut self, limit: Duration) -> Result<Frame, CameraFault> {
            while !self.slot.is_closed() && self.slot.frame.lock().unwrap().is_some() {
                thread::yield_now();
            }
            self.frames += 1;
            let mut frame = self.camera.next_frame(limit)?;
            if self.frames >= 3 {
                frame.taken += Duration::from_millis(800);
            }
            Ok(frame)
        }

        fn hold(&mut self) -> Held {
            self.camera.hold()
        }

        fn release(&mut self) {
            self.camera.release();
        }

        fn stop(&mut self) {
            self.camera.stop();
        }
    }

    /// Three frames tell that it is not Khue who stands there. The third one came too late: it is
    /// the first of three, and neither the last of them nor lost.
    #[test]
    fn what_was_seen_before_a_gap_does_not_count_with_the_frame_after_it() {
        let engine = Engine::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../face/models")).unwrap();
        let reference = engine.reference(&khue()).unwrap();
        let (tell, mut happened) = Tell::new();
        let config = FaceConfig::documented();
        let (engine, light, previews) = (Arc::new(engine), None, Previews::unseen());
        let tools = Tools { engine, config, previews, light, tell };

        let dat = People::load(&people()).unwrap().person("dat").unwrap().clone();
        let (live, features) = (people().join(&dat.live), dat.live_features);
        let setup = CameraSetup { pace: Pace::Instant, frames_per_second: 10, ..CameraSetup::default() };
        let prompter = Prompter::default();
        let camera = FaceCamera::presenting(&live, features, Presentation::Living, prompter, setup).unwrap();

        let slot = Slot::default();
        let mut camera = Hesitant { camera, slot: &slot, frames: 0 };
        let job = Job { kind: Kind::Face, number: 1 };
        let drawn = (Tempo::Usual, [5; 32]);
        let attempt = Attempt::new(&tools.engine, &reference, &tools.config, 1, drawn);
        thread::scope(|scope| {
            let rhythm = Rhythm::new(&tools.config.liveness);
            scope.spawn(|| film(&mut camera, &slot, rhythm, &|_| (), &|| true));
            look(&slot, job, attempt, &tools, &|| true);
        });

        let (mut percents, mut missed) = (Vec::new(), None);
        while let Ok(happened) = happened.try_recv() {
            match happened {
                Happened::Work(_, Event::FaceSeen(_, percent, _)) => percents.push(percent),
                Happened::Work(_, Event::FaceMissed(fault)) => missed = Some(fault),
                _ => {}
            }
        }
        assert_eq!(percents, [13, 26, 13, 26, 40]);
        assert_eq!(missed, Some(faults::Fault::FaceNotMatched));
    }
}
