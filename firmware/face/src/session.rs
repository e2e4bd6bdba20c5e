//! One try before the camera: takes frames, compares the good ones, stops when it
//! knows enough or when the time is over. It knows a template, not a person; what
//! binds the answer to an identity is [`crate::Attempt`].

use std::time::Duration;

use devices::Frame;
use faults::Fault;
use identity::Picture;
use zeroize::Zeroizing;

use screen::FaceHint;

use crate::{
    FaceConfig, FaceError,
    align::PREPROCESSING,
    engine::Engine,
    evidence::{CameraEvidence, Liveness, Score},
    picture::decode_frame,
    quality::Quality,
    template::Template,
    timing::{Timings, timed},
};

/// The score is the median of this many best frames.
const BEST: usize = 3;

/// What came of looking at one frame.
#[derive(Clone, Debug)]
pub struct Look {
    /// What to tell the person now.
    pub hint: FaceHint,
    /// How much of what is needed was seen, in per cent.
    pub percent: u8,
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
    /// The camera showed the same picture over and over.
    #[error("the camera shows a frozen picture")]
    Frozen,
    /// `decide` was asked before the try was finished.
    #[error("the try is not finished")]
    NotFinished,
}

impl NoMatch {
    /// The entry of the fault list that this is.
    pub fn fault(&self) -> Fault {
        match self.why {
            Why::Different | Why::Uncertain => Fault::FaceNotMatched,
            Why::TookTooLong(_) | Why::NotFinished => Fault::FaceTookTooLong,
            Why::Frozen => Fault::CameraSilent,
        }
    }
}

/// One uninterrupted try: frames of one face against one template.
pub(crate) struct Session<'e> {
    engine: &'e Engine,
    reference: &'e Template,
    config: &'e FaceConfig,
    number: u8,
    began: Option<Duration>,
    previous: Zeroizing<Vec<u8>>,
    seen: u32,
    repeated: u32,
    compared: Vec<Compared>,
    hint: FaceHint,
    percent: u8,
    finished: bool,
}

/// What is kept of a frame that was compared: numbers only.
#[derive(Clone, Copy)]
struct Compared {
    rank: f32,
    likeness: f32,
}

impl<'e> Session<'e> {
    pub(crate) fn new(
        engine: &'e Engine,
        reference: &'e Template,
        config: &'e FaceConfig,
        number: u8,
    ) -> Self {
        Self {
            engine,
            reference,
            config,
            number,
            began: None,
            previous: Zeroizing::new(Vec::new()),
            seen: 0,
            repeated: 0,
            compared: Vec::new(),
            hint: FaceHint::NoFace,
            percent: 0,
            finished: false,
        }
    }

    pub(crate) fn look(&mut self, frame: &Frame) -> Result<Look, FaceError> {
        let mut timings = Timings::default();
        let mut quality = None;
        let began = *self.began.get_or_insert(frame.taken);
        if frame.taken.saturating_sub(began) > self.config.time_limit() {
            self.finished = true;
        }
        if !self.finished && self.is_news(frame) {
            if let Ok(picture) = timed(&mut timings.decode, || decode_frame(frame)) {
                quality = self.examine(&picture, &mut timings)?;
            }
            self.weigh();
        }
        Ok(Look { hint: self.hint, percent: self.percent, finished: self.finished, quality, timings })
    }

    /// Counts the frame, and says whether it differs from the one before. A live
    /// sensor never sends the same bytes twice, so a repeated frame proves nothing new.
    fn is_news(&mut self, frame: &Frame) -> bool {
        self.seen += 1;
        if self.previous.as_slice() == frame.data.as_slice() {
            self.repeated += 1;
            return false;
        }
        self.previous.clone_from(&frame.data);
        true
    }

    /// Measures the face, and compares it where it is good enough.
    fn examine(&mut self, picture: &Picture, timings: &mut Timings) -> Result<Option<Quality>, FaceError> {
        let faces = self.engine.faces(picture, timings)?;
        let Some(face) = faces.first() else {
            self.hint = FaceHint::NoFace;
            return Ok(None);
        };
        let quality = self.engine.quality(picture, &faces, timings)?;
        if let Some(hint) = quality.hint(&self.config.quality) {
            self.hint = hint;
        } else {
            self.hint = FaceHint::HoldStill;
            let template = self.engine.template(picture, face, timings)?;
            let likeness = template.likeness(self.reference);
            self.compared.push(Compared { rank: quality.rank(), likeness });
        }
        Ok(Some(quality))
    }

    /// Whether the frames compared so far are enough for an answer.
    fn weigh(&mut self) {
        let first = usize::from(self.config.frames);
        let all = usize::from(self.config.frames_in_grey);
        let count = self.compared.len();
        let (needed, enough) = match self.score() {
            Some(score) if self.in_grey(score) => (all, count >= all),
            Some(_) => (first, true),
            None => (first, false),
        };
        self.finished |= enough;
        let percent = (100 * count / needed).min(100) as u8;
        self.percent = self.percent.max(percent);
    }

    fn in_grey(&self, score: f32) -> bool {
        (self.config.grey..self.config.accept).contains(&score)
    }

    /// The median of the best frames, once there are enough of them.
    fn score(&self) -> Option<f32> {
        if self.compared.len() < usize::from(self.config.frames) {
            return None;
        }
        let mut best = self.compared.clone();
        best.sort_by(|a, b| b.rank.total_cmp(&a.rank));
        best.truncate(BEST);
        best.sort_by(|a, b| a.likeness.total_cmp(&b.likeness));
        // Of two the lower one: in doubt against a match.
        Some(best[(best.len() - 1) / 2].likeness)
    }

    pub(crate) fn decide(self) -> Result<CameraEvidence, NoMatch> {
        let score = self.score();
        let refused = |why| NoMatch {
            why,
            score: score.map(Score::of),
            frames_seen: self.seen,
            frames_compared: self.compared.len() as u32,
        };
        match score {
            _ if !self.finished => Err(refused(Why::NotFinished)),
            Some(score) if score >= self.config.accept => Ok(self.evidence(score)),
            Some(score) if self.in_grey(score) => Err(refused(Why::Uncertain)),
            Some(_) => Err(refused(Why::Different)),
            None if self.repeated * 2 > self.seen => Err(refused(Why::Frozen)),
            None => Err(refused(Why::TookTooLong(self.hint))),
        }
    }

    fn evidence(&self, score: f32) -> CameraEvidence {
        CameraEvidence {
            score: Score::of(score),
            threshold: Score::of(self.config.accept),
            grey_from: Score::of(self.config.grey),
            attempt: self.number,
            frames_seen: self.seen,
            frames_compared: self.compared.len() as u32,
            frames_repeated: self.repeated,
            liveness: Liveness::NotAssessed,
            detector: self.engine.detector.sha256().to_owned(),
            recogniser: self.engine.recogniser.sha256().to_owned(),
            landmarks: self.engine.landmarks.sha256().to_owned(),
            preprocessing: PREPROCESSING,
        }
    }
}
