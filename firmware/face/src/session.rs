//! One try before the camera: compares good frames until it knows enough, then asks for
//! movements and watches them, then compares once more. It knows a template, not a person;
//! what binds the answer to an identity is [`crate::Attempt`].

use std::{slice::from_ref, time::Duration};

use devices::Frame;
use faults::Fault;
use identity::Picture;
use screen::{FaceHint, Glow};

use crate::{
    FaceConfig, FaceError,
    align::PREPROCESSING,
    comparisons::Comparisons,
    config::QualityLimits,
    detect::Face,
    engine::Engine,
    evidence::{CameraEvidence, Score},
    liveness::{
        Came, Challenge, Draw, Frames, LivenessEvidence, NotLive, OwnLight, PassiveEvidence, PassiveModel,
        PatternEvidence, Rest, Said, Seen, Skin, Task, Tempo, Tint, Trial, prominence,
    },
    mesh::Mesh,
    mounting::TurnedLooks,
    picture::decode_frame,
    quality::Quality,
    template::Template,
    timing::{Timings, timed},
};

/// What came of looking at one frame.
#[derive(Clone, Debug)]
pub struct Look {
    /// What to tell the person now.
    pub hint: FaceHint,
    /// How much of what is needed was seen, in per cent.
    pub percent: u8,
    /// The colour in which the page should light the face.
    pub glow: Glow,
    /// The face was compared and is the holder's so far; what is left is to see it move.
    pub moving: bool,
    /// Nothing more is needed: call `decide`.
    pub finished: bool,
    /// What the frame is like, where it shows a face.
    pub quality: Option<Quality>,
    /// How long it took.
    pub timings: Timings,
}

/// The try ended without a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct NoMatch {
    /// Why.
    pub why: Why,
    /// The score, where enough frames were compared. No personal data.
    pub score: Option<Score>,
    /// Frames that were looked at.
    pub frames_seen: u32,
    /// Frames that were compared.
    pub frames_compared: u32,
}

/// Why there is no match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// The score is below the grey zone.
    #[error("the face is not the one on the card")]
    Different,
    /// The score stayed in the grey zone.
    #[error("the face could not be told with enough certainty")]
    Uncertain,
    /// Too few good frames in the time given; the last hint says what was wrong.
    #[error("the face was not seen well enough in time ({0:?})")]
    TookTooLong(FaceHint),
    /// The movements took longer than anybody is asked for them.
    #[error("the movements took too long")]
    MovedTooLong,
    /// The camera showed the same picture over and over.
    #[error("the camera shows a frozen picture")]
    Frozen,
    /// Most of the camera's pictures could not be read.
    #[error("the camera sends damaged pictures")]
    Damaged,
    /// The camera's rhythm broke too often.
    #[error("the camera's pictures come with gaps")]
    Unsteady,
    /// Somebody is seen the right way up only when the camera's picture is turned by 180 degrees.
    #[error("the camera hangs upside down")]
    UpsideDown,
    /// Nobody living was seen.
    #[error("nobody living was seen: {0}")]
    NotLive(NotLive),
    /// The machine must have the passive model and has it not.
    #[error("the passive liveness model that this machine must have is not installed")]
    NoPassiveModel,
    /// `decide` was asked before the try was finished.
    #[error("the try is not finished")]
    NotFinished,
}

impl Why {
    /// A word for logs, stable; never anything about the person.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Different => "different",
            Self::Uncertain => "uncertain",
            Self::TookTooLong(_) => "took-too-long",
            Self::MovedTooLong => "moved-too-long",
            Self::Frozen => "frozen",
            Self::Damaged => "damaged",
            Self::Unsteady => "unsteady",
            Self::UpsideDown => "upside-down",
            Self::NotLive(why) => why.word(),
            Self::NoPassiveModel => "no-passive-model",
            Self::NotFinished => "not-finished",
        }
    }
}

impl Why {
    /// Whether the camera was at fault and nobody before it.
    pub fn is_of_the_camera(self) -> bool {
        matches!(self, Self::Frozen | Self::Damaged | Self::Unsteady | Self::UpsideDown)
    }
}

impl NoMatch {
    /// The entry of the fault list that this is.
    pub fn fault(&self) -> Fault {
        match self.why {
            // Asked again, whoever could not show enough cannot either.
            Why::NotLive(NotLive::TooLittle) => Fault::FaceNotConfirmed,
            Why::Different | Why::Uncertain => Fault::FaceNotMatched,
            Why::TookTooLong(_) | Why::MovedTooLong | Why::NotFinished => Fault::FaceTookTooLong,
            Why::Frozen | Why::Damaged | Why::Unsteady => Fault::CameraSilent,
            Why::UpsideDown => Fault::CameraUpsideDown,
            Why::NotLive(_) => Fault::FaceNotLive,
            Why::NoPassiveModel => Fault::ModelMissing,
        }
    }
}

/// Where a try is.
enum Phase {
    /// Comparing until the answer is clear.
    Facing,
    /// Movements are asked for.
    Moving(Trial),
    /// One more frame after them, compared too.
    Closing(Trial),
    /// Done, well or not.
    Finished,
}

/// One uninterrupted try: frames of one face against one template.
pub(crate) struct Session<'e> {
    engine: &'e Engine,
    reference: &'e Template,
    config: &'e FaceConfig,
    limits: QualityLimits,
    number: u8,
    tempo: Tempo,
    draw: Draw,
    /// Since when good frames are waited for.
    waiting_since: Option<Duration>,
    frames: Frames,
    /// When the face was last seen, and how much of the frame it had.
    last_face: Option<(Duration, Face)>,
    seen: u32,
    repeated: u32,
    damaged: u32,
    /// How often the camera's rhythm broke while something was known already.
    interrupts: u32,
    restarts: u32,
    turned_looks: TurnedLooks,
    /// What is asked for next, where the face was lost while movements were asked for.
    challenge: Option<Challenge>,
    phase: Phase,
    compared: Comparisons,
    /// What the compared frames showed of the person at rest.
    resting: Vec<Seen>,
    /// The person's first good frame: whoever moves must be the same.
    first: Option<Template>,
    passive: Vec<f32>,
    /// By how much a pattern stood out of the skin in the compared frames, in decibels.
    pattern: Vec<f32>,
    liveness: Option<LivenessEvidence>,
    why: Option<Why>,
    hint: FaceHint,
    percent: u8,
}

/// So many gaps between frames are a camera that cannot be used.
const INTERRUPTS_MAX: u32 = 3;
/// Levels of 255, the mean of a frame, below which nobody would be found in it.
const DARK: u64 = 12;

/// Shares of the whole that each part of a try is worth, in per cent.
const FACING: usize = 40;
const MOVING: f32 = 50.0;

impl<'e> Session<'e> {
    pub(crate) fn new(
        engine: &'e Engine,
        reference: &'e Template,
        config: &'e FaceConfig,
        number: u8,
        (tempo, seed): (Tempo, [u8; 32]),
    ) -> Self {
        let missing = config.liveness.passive_model == PassiveModel::Required && engine.passive.is_none();
        Self {
            engine,
            reference,
            config,
            limits: config.quality_for(tempo),
            number,
            tempo,
            draw: Draw::new(seed),
            waiting_since: None,
            frames: Frames::default(),
            last_face: None,
            seen: 0,
            repeated: 0,
            damaged: 0,
            interrupts: 0,
            restarts: 0,
            turned_looks: TurnedLooks::default(),
            challenge: None,
            phase: if missing { Phase::Finished } else { Phase::Facing },
            compared: Comparisons::default(),
            resting: Vec::new(),
            first: None,
            passive: Vec::new(),
            pattern: Vec::new(),
            liveness: None,
            why: missing.then_some(Why::NoPassiveModel),
            hint: FaceHint::NoFace,
            percent: 0,
        }
    }

    pub(crate) fn number(&self) -> u8 {
        self.number
    }

    pub(crate) fn look(&mut self, frame: &Frame) -> Result<Look, FaceError> {
        let mut timings = Timings::default();
        let mut quality = None;
        self.watch_the_clock(frame.taken);
        if !self.is_finished() && self.is_news(frame) {
            match timed(&mut timings.decode, || decode_frame(frame)) {
                Ok(picture) => quality = self.examine(&picture, frame.taken, &mut timings)?,
                Err(_) => self.miss(frame.taken),
            }
        }
        let (moving, finished) = (matches!(self.phase, Phase::Moving(_)), self.is_finished());
        let (hint, percent, glow) = (self.hint, self.percent, self.glow());
        Ok(Look { hint, percent, glow, moving, finished, quality, timings })
    }

    fn glow(&self) -> Glow {
        match &self.phase {
            Phase::Moving(trial) => trial.glow(),
            // The closing frame is compared as those before the movements were.
            Phase::Facing | Phase::Closing(_) | Phase::Finished => Glow::Off,
        }
    }

    fn is_finished(&self) -> bool {
        matches!(self.phase, Phase::Finished)
    }

    /// Good frames must come in time. Movements have times of their own, but a camera that
    /// shows nobody while they are asked for must not hold the person for ever.
    fn watch_the_clock(&mut self, now: Duration) {
        let since = *self.waiting_since.get_or_insert(now);
        let waited = now.saturating_sub(since);
        match self.phase {
            Phase::Facing | Phase::Closing(_) if waited > self.config.time_limit() => {
                self.end(self.fault_of_the_camera(now).unwrap_or(Why::TookTooLong(self.hint)));
            }
            Phase::Moving(_) if waited > self.config.liveness.longest(self.tempo) => {
                self.end(Why::MovedTooLong);
            }
            _ => {}
        }
    }

    /// What was wrong with the camera, where no good frame came in time.
    fn fault_of_the_camera(&self, now: Duration) -> Option<Why> {
        if self.repeated * 2 > self.seen || self.frames.still_for(now) > self.config.liveness.lost_max() {
            Some(Why::Frozen)
        } else {
            (self.damaged * 2 > self.seen).then_some(Why::Damaged)
        }
    }

    fn end(&mut self, why: Why) {
        self.why = Some(why);
        self.phase = Phase::Finished;
    }

    /// Counts the frame, and says whether it is to be looked at. What came before proves nothing new.
    fn is_news(&mut self, frame: &Frame) -> bool {
        self.seen += 1;
        match self.frames.see(frame) {
            Came::New => return true,
            Came::Again => {
                self.repeated += 1;
                self.watch_for_a_freeze(frame.taken);
            }
            Came::Back => self.end(Why::NotLive(NotLive::Looped)),
        }
        false
    }

    /// While movements are asked for, a picture that stands still for longer than a face may be out
    /// of sight ends the try: nobody can show anything, and each movement would be waited for.
    fn watch_for_a_freeze(&mut self, now: Duration) {
        let moving = matches!(self.phase, Phase::Moving(_) | Phase::Closing(_));
        if moving && self.frames.still_for(now) > self.config.liveness.lost_max() {
            self.end(Why::Frozen);
        }
    }

    /// A damaged frame is passed over, and shows nobody.
    fn miss(&mut self, now: Duration) {
        self.damaged += 1;
        if !self.is_still_there(None, now) {
            self.hint = FaceHint::NoFace;
            self.begin_anew(now);
        }
    }

    fn examine(
        &mut self,
        picture: &Picture,
        now: Duration,
        timings: &mut Timings,
    ) -> Result<Option<Quality>, FaceError> {
        let faces = self.engine.faces(picture, timings)?;
        if !self.is_still_there(faces.first(), now) {
            self.begin_anew(now);
        }
        if self.is_long_waited_for(now) && self.is_upside_down(picture, &faces, timings)? {
            self.end(Why::UpsideDown);
            return Ok(None);
        }
        let Some(face) = faces.first() else {
            // Somebody may stand in the dark.
            self.hint = if is_dark(picture) { FaceHint::TooDark } else { FaceHint::NoFace };
            return Ok(None);
        };
        self.frames.remember();
        let (quality, mesh, skin) = self.engine.quality(picture, &faces, timings)?;
        let seen = Seen::of(now, &mesh, face, skin);
        match &mut self.phase {
            Phase::Moving(trial) => {
                if quality.second_face > self.config.quality.second_face_max {
                    // Whose movement is it?
                    trial.disturbed(now);
                    self.hint = FaceHint::OnePerson;
                    return Ok(Some(quality));
                }
                let (limits, draw) = (&self.config.liveness, &mut self.draw);
                let said = timed(&mut timings.movement, || trial.see(&seen, limits, draw));
                self.percent = self.percent.max((FACING as f32 + MOVING * trial.share()) as u8);
                self.obey(said, picture, face, now, timings)?;
            }
            Phase::Facing | Phase::Closing(_) => self.face(&quality, seen, picture, face, timings)?,
            Phase::Finished => {}
        }
        Ok(Some(quality))
    }

    /// Whether good frames are waited for so long that the camera may be at fault.
    fn is_long_waited_for(&self, now: Duration) -> bool {
        let waited = now.saturating_sub(self.waiting_since.unwrap_or(now));
        matches!(self.phase, Phase::Facing) && self.turned_looks.are_due(waited, self.config.time_limit())
    }

    fn is_upside_down(
        &mut self,
        picture: &Picture,
        faces: &[Face],
        timings: &mut Timings,
    ) -> Result<bool, FaceError> {
        // Whoever was asked for movements was seen the right way up: nobody gets out of them so.
        if self.challenge.is_some() || !self.turned_looks.are_left() {
            return Ok(false);
        }
        self.turned_looks.count();
        self.engine.is_upside_down(picture, faces, &self.config.quality, timings)
    }

    /// Whether it is the face of the frame before: not gone for long, and not elsewhere at once.
    fn is_still_there(&mut self, face: Option<&Face>, now: Duration) -> bool {
        let lost = self.config.liveness.lost_max();
        let since = |then: Duration| now.saturating_sub(then);
        match (face, &self.last_face) {
            (None, Some((then, _))) => since(*then) <= lost || matches!(self.phase, Phase::Facing),
            (Some(face), Some((then, before))) => {
                let there = since(*then) <= lost && face.overlaps(before);
                self.last_face = Some((now, face.clone()));
                there
            }
            (face, None) => {
                self.last_face = face.map(|face| (now, face.clone()));
                true
            }
        }
    }

    /// What was seen before may be of another camera, or of none. A camera that stumbles time and
    /// again ends the try: it is not the person who was lost from sight.
    pub(crate) fn interrupt(&mut self, now: Duration) {
        if self.is_finished() {
            return;
        }
        self.interrupts += u32::from(self.compared.count() > 0);
        if self.interrupts < INTERRUPTS_MAX { self.begin_anew(now) } else { self.end(Why::Unsteady) }
    }

    /// What was seen before the face was lost may be of somebody else.
    fn begin_anew(&mut self, now: Duration) {
        self.restarts += u32::from(self.compared.count() > 0);
        match std::mem::replace(&mut self.phase, Phase::Facing) {
            Phase::Moving(trial) | Phase::Closing(trial) => {
                self.waiting_since = Some(now);
                self.challenge = trial.into_challenge().begin_anew(&mut self.draw);
                if self.challenge.is_none() {
                    self.end(Why::NotLive(NotLive::Lost));
                }
            }
            Phase::Facing => {}
            Phase::Finished => self.phase = Phase::Finished,
        }
        self.last_face = None;
        self.compared = Comparisons::default();
        self.resting.clear();
        self.first = None;
        self.passive.clear();
        self.pattern.clear();
        self.percent = 0;
    }

    /// Compares the face where it is good enough, and goes on when that is clear.
    fn face(
        &mut self,
        quality: &Quality,
        seen: Seen,
        picture: &Picture,
        face: &Face,
        timings: &mut Timings,
    ) -> Result<(), FaceError> {
        if let Some(hint) = quality.hint(&self.limits) {
            self.hint = hint;
            return Ok(());
        }
        self.hint = FaceHint::HoldStill;
        let template = self.engine.template(picture, face, timings)?;
        let likeness = timed(&mut timings.compare, || template.likeness(self.reference));
        self.compared.add(quality.rank(), likeness);
        self.passive.extend(self.engine.live(picture, face, timings)?);
        self.pattern.extend(timed(&mut timings.pattern, || prominence(picture, face)));
        let now = seen.at;
        if matches!(self.phase, Phase::Closing(_)) {
            let same = self.first.as_ref().is_some_and(|first| self.is_same(first, &template));
            match std::mem::replace(&mut self.phase, Phase::Finished) {
                // It may be left out of the best ones, whose median is the score.
                Phase::Closing(_) if same && likeness < self.config.grey => self.end(Why::Different),
                Phase::Closing(trial) if same => self.finish(&trial),
                _ => self.end(Why::NotLive(NotLive::OtherFace)),
            }
            return Ok(());
        }
        self.resting.push(seen);
        self.first.get_or_insert(template);
        let part = FACING * self.compared.count() / self.compared.needed(self.config);
        self.percent = self.percent.max(part.min(FACING) as u8);
        if self.compared.are_enough(self.config) {
            self.weigh(picture, face, now, timings)?;
        }
        Ok(())
    }

    /// Whoever is not the holder is not asked to move.
    fn weigh(
        &mut self,
        picture: &Picture,
        face: &Face,
        now: Duration,
        timings: &mut Timings,
    ) -> Result<(), FaceError> {
        if let Some(why) = self.not_the_holder() {
            // Seen the wrong way up the holder is not like the portrait either.
            let is_upside_down = self.is_upside_down(picture, from_ref(face), timings)?;
            self.end(if is_upside_down { Why::UpsideDown } else { why });
            return Ok(());
        }
        let drawn = self.challenge.take();
        let challenge = drawn
            .unwrap_or_else(|| Challenge::draw(self.tempo, self.engine.passive.is_none(), &mut self.draw));
        self.phase = Phase::Moving(Trial::new(challenge, Rest::of(&self.resting), now, &mut self.draw));
        self.waiting_since = Some(now);
        Ok(())
    }

    /// What the compared frames say against it, once there are enough of them.
    fn not_the_holder(&self) -> Option<Why> {
        let score = self.compared.score(self.config).expect("enough frames were compared");
        match score {
            _ if score >= self.config.accept => None,
            _ if self.config.is_grey(score) => Some(Why::Uncertain),
            _ => Some(Why::Different),
        }
    }

    fn is_same(&self, first: &Template, other: &Template) -> bool {
        first.likeness(other) >= self.config.liveness.same_face_min
    }

    fn obey(
        &mut self,
        said: Said,
        picture: &Picture,
        face: &Face,
        now: Duration,
        timings: &mut Timings,
    ) -> Result<(), FaceError> {
        match said {
            Said::Go(hint) => self.hint = hint,
            Said::Failed(why) => self.end(Why::NotLive(why)),
            Said::Shown(hint) => {
                self.hint = hint;
                let moved = self.engine.template(picture, face, timings)?;
                if !self.first.as_ref().is_some_and(|first| self.is_same(first, &moved)) {
                    self.end(Why::NotLive(NotLive::OtherFace));
                    return Ok(());
                }
                self.phase = match std::mem::replace(&mut self.phase, Phase::Finished) {
                    Phase::Moving(trial) if trial.is_over() => {
                        self.waiting_since = Some(now);
                        Phase::Closing(trial)
                    }
                    same => same,
                };
            }
        }
        Ok(())
    }

    /// All was seen; what it comes to together.
    fn finish(&mut self, trial: &Trial) {
        let seen = (PatternEvidence::of(&self.pattern), self.passive());
        let liveness = trial.evidence(seen, self.restarts, &self.config.liveness);
        let unlit = match liveness.light.skin {
            Skin::Answered => None,
            Skin::OtherLight => Some(NotLive::OtherLight),
            Skin::TooFaint => {
                (self.config.liveness.own_light == OwnLight::Required).then_some(NotLive::Unlit)
            }
        };
        let pattern = liveness.pattern.is_no_skin(&self.config.liveness).then_some(NotLive::Pattern);
        let against = unlit.or(pattern).or(match &liveness.passive {
            PassiveEvidence::Installed { live, .. } if *live < Score::of(self.config.liveness.live_min) => {
                Some(NotLive::Picture)
            }
            // A picture with holes for the eyes shows all but relief, and a mask all but its mouth.
            PassiveEvidence::NotInstalled
                if liveness.relief.is_empty() || !liveness.tasks.contains(&Task::OpenMouth) =>
            {
                Some(NotLive::TooLittle)
            }
            _ => None,
        });
        self.why = against.map(Why::NotLive).or_else(|| self.not_the_holder());
        self.liveness = Some(liveness);
        self.percent = 100;
    }

    /// The median of what the passive model said, where it is installed.
    fn passive(&self) -> PassiveEvidence {
        let Some(model) = &self.engine.passive else { return PassiveEvidence::NotInstalled };
        let mut said = self.passive.clone();
        said.sort_by(f32::total_cmp);
        let live = Score::of(said.get((said.len().max(1) - 1) / 2).copied().unwrap_or(0.0));
        PassiveEvidence::Installed { live, files: model.files() }
    }

    pub(crate) fn decide(self) -> Result<CameraEvidence, NoMatch> {
        let score = self.compared.score(self.config);
        let why = if self.is_finished() { self.why } else { Some(Why::NotFinished) };
        match (why, score, self.liveness) {
            (None, Some(score), Some(liveness)) => Ok(CameraEvidence {
                score: Score::of(score),
                threshold: Score::of(self.config.accept),
                grey_from: Score::of(self.config.grey),
                attempt: self.number,
                frames_seen: self.seen,
                frames_compared: self.compared.count() as u32,
                frames_repeated: self.repeated,
                liveness,
                detector: self.engine.detector.sha256().to_owned(),
                recogniser: self.engine.recogniser.sha256().to_owned(),
                landmarks: self.engine.landmarks.sha256().to_owned(),
                preprocessing: PREPROCESSING,
            }),
            (why, score, _) => Err(NoMatch {
                why: why.expect("a try without a reason has all that a match needs"),
                score: score.map(Score::of),
                frames_seen: self.seen,
                frames_compared: self.compared.count() as u32,
            }),
        }
    }
}

fn is_dark(picture: &Picture) -> bool {
    // Green alone, of every 16th pixel.
    let levels = picture.rgb.iter().skip(1).step_by(48);
    let (sum, count) =
        levels.fold((0_u64, 0_u64), |(sum, count), &level| (sum + u64::from(level), count + 1));
    sum < DARK * count
}

impl Seen {
    fn of(at: Duration, mesh: &Mesh, face: &Face, skin: Tint) -> Self {
        Self {
            at,
            yaw: mesh.yaw(),
            eyes_open: mesh.widest_eye_opening(),
            mouth_open: mesh.mouth_opening(),
            eye_distance: face.eye_distance(),
            shape: mesh.shape(),
            skin,
        }
    }
}
