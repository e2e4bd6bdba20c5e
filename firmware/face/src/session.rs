//! One try before the camera: compares good frames until it knows enough, then asks for
//! movements and watches them, then compares once more. It knows a template, not a person;
//! what binds the answer to an identity is [`crate::Attempt`].

mod stream;

use std::{slice::from_ref, time::Duration};

use devices::Frame;
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
        Challenge, Draw, Frames, LivenessEvidence, NotLive, OwnLight, PassiveEvidence, PassiveModel,
        PatternEvidence, Rest, Said, Seen, Skin, Task, Tempo, Tint, Trial, prominence,
    },
    mesh::Mesh,
    mounting::TurnedLooks,
    picture::decode_frame,
    quality::Quality,
    template::Template,
    timing::{Timings, timed},
    why::{NoMatch, Why},
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

    fn end(&mut self, why: Why) {
        self.why = Some(why);
        self.phase = Phase::Finished;
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
            // Without a model the challenge leaves neither out: this is what a match rests on, once more.
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
