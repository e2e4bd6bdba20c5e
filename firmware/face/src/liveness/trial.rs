//! The trial: movements asked for one after the other, and what the frames show of them.
//! Pure: the frames' own clock, and chance that was drawn before.

use std::time::Duration;

use screen::{FaceHint, Glow};

use super::{
    Challenge, Draw, Light, LivenessConfig, LivenessEvidence, NotLive, PassiveEvidence, PatternEvidence,
    Shape, Task, Tint,
};
use crate::evidence::Score;

/// What one frame shows of the face.
pub(crate) struct Seen {
    /// The frame's time.
    pub(crate) at: Duration,
    /// Degrees; positive: turned to the picture's right, the person's left.
    pub(crate) yaw: f32,
    /// Of the eye that is open most, over the distance from eyes to chin.
    pub(crate) eyes_open: f32,
    /// Between the lips, over the same.
    pub(crate) mouth_open: f32,
    /// Pixels.
    pub(crate) eye_distance: f32,
    pub(crate) shape: Shape,
    pub(crate) skin: Tint,
}

/// The person at rest, out of the frames that were compared: medians.
pub(crate) struct Rest {
    yaw: f32,
    eyes_open: f32,
    mouth_open: f32,
    eye_distance: f32,
    shapes: Vec<Shape>,
}

impl Rest {
    pub(crate) fn of(frames: &[Seen]) -> Self {
        let middle = |of: fn(&Seen) -> f32| {
            let mut values: Vec<f32> = frames.iter().map(of).collect();
            values.sort_by(f32::total_cmp);
            values[values.len() / 2]
        };
        Self {
            yaw: middle(|seen| seen.yaw),
            eyes_open: middle(|seen| seen.eyes_open),
            mouth_open: middle(|seen| seen.mouth_open),
            eye_distance: middle(|seen| seen.eye_distance),
            shapes: frames.iter().map(|seen| seen.shape.clone()).collect(),
        }
    }

    fn turned(&self, seen: &Seen) -> f32 {
        seen.yaw - self.yaw
    }

    fn has_eyes_open(&self, seen: &Seen) -> bool {
        seen.eyes_open > self.eyes_open * OPEN
    }

    fn has_mouth_closed(&self, seen: &Seen, config: &LivenessConfig) -> bool {
        seen.mouth_open - self.mouth_open < config.mouth_opening_min * CLOSED
    }

    fn is_near(&self, seen: &Seen, config: &LivenessConfig) -> bool {
        seen.eye_distance > self.eye_distance * f32::midpoint(1.0, config.closer_min)
    }

    /// Whether the frame shows a movement. Of a face that is turned away neither the lids nor the
    /// lips nor the distance are looked at.
    fn shows(&self, task: Task, seen: &Seen, config: &LivenessConfig) -> bool {
        let turned = self.turned(seen);
        let frontal = turned.abs() < config.turn_min;
        match task {
            Task::TurnLeft => turned >= config.turn_min,
            Task::TurnRight => -turned >= config.turn_min,
            Task::CloseEyes => frontal && seen.eyes_open < self.eyes_open * config.eyes_shut_max,
            Task::ComeCloser => frontal && seen.eye_distance >= self.eye_distance * config.closer_min,
            Task::OpenMouth => frontal && seen.mouth_open - self.mouth_open >= config.mouth_opening_min,
        }
    }

    /// Whether what was shut is open again, or the other way about.
    fn is_back(&self, task: Task, seen: &Seen, config: &LivenessConfig) -> bool {
        match task {
            Task::OpenMouth => self.has_mouth_closed(seen, config),
            _ => self.has_eyes_open(seen),
        }
    }

    fn relief(&self, seen: &Seen) -> f32 {
        let sum: f32 = self.shapes.iter().map(|shape| shape.relief_to(&seen.shape)).sum();
        sum / self.shapes.len() as f32
    }
}

/// What follows from a frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Said {
    /// Go on; this is what the person should do.
    Go(FaceHint),
    /// The frame shows a movement that was asked for: see that it is the same face.
    Shown(FaceHint),
    /// It was not.
    Failed(NotLive),
}

/// The person looks straight again within this many degrees.
const STRAIGHT: f32 = 9.0;
/// Eyes are open again from this share of their own opening.
const OPEN: f32 = 0.7;
/// The mouth is closed again below this share of what it was opened by; a smile shows teeth.
const CLOSED: f32 = 0.75;
/// Nobody is asked for anything who has turned away by more degrees than this; between the two
/// angles nothing changes.
const AWAY: f32 = 12.5;
/// So many frames must show a movement, asked for or not, over this time at least.
const FRAMES: usize = 2;
const HELD: Duration = Duration::from_millis(150);
/// Nobody blinks for so long, and hardly a vowel lasts it.
const KEPT: Duration = Duration::from_millis(600);

enum Stage {
    /// Back to where the person stood.
    Settling { since: Duration },
    /// Nothing is asked for yet.
    Pausing { until: Duration },
    /// A movement is asked for; how much relief the frames showed that count for it.
    Asked { since: Duration, relief: Vec<f32>, flat: bool },
    /// The eyes were shut or the mouth opened as asked; `back` is what the person is told now.
    Back { task: Task, back: FaceHint, since: Duration },
}

/// Since when, and in how many frames one after the other, a movement is seen.
#[derive(Clone, Copy, Default)]
struct Held {
    since: Duration,
    frames: usize,
}

/// One run through the movements of a challenge.
pub(crate) struct Trial {
    challenge: Challenge,
    rest: Rest,
    stage: Stage,
    light: Light,
    /// Of each kind of movement, whether it is seen.
    held: [Held; Task::ALL.len()],
    /// When a face was last seen.
    last: Duration,
    /// Turns that came, and showed no relief until their time was over.
    flat: u8,
    shown: Vec<Task>,
    relief: Vec<f32>,
}

impl Trial {
    pub(crate) fn new(challenge: Challenge, rest: Rest, now: Duration, draw: &mut Draw) -> Self {
        Self {
            challenge,
            rest,
            stage: Stage::Settling { since: now },
            light: Light::new(now, draw),
            held: Default::default(),
            last: now,
            flat: 0,
            shown: Vec::new(),
            relief: Vec::new(),
        }
    }

    /// Share of what is needed that was shown.
    pub(crate) fn share(&self) -> f32 {
        self.shown.len() as f32 / (self.shown.len() + self.challenge.left()) as f32
    }

    /// Whether all that is needed was shown.
    pub(crate) fn is_over(&self) -> bool {
        self.challenge.left() == 0
    }

    /// How many movements were shown, and how many mistakes were made.
    #[cfg(test)]
    pub(super) fn counts(&self) -> (usize, u8) {
        (self.shown.len(), self.challenge.mistakes())
    }

    /// What was asked for, once the face is lost.
    pub(crate) fn into_challenge(self) -> Challenge {
        self.challenge
    }

    /// The colour in which the page should glow.
    pub(crate) fn glow(&self) -> Glow {
        self.light.glow()
    }

    /// What was shown, for the record.
    pub(crate) fn evidence(
        &self,
        (pattern, passive): (PatternEvidence, PassiveEvidence),
        restarts: u32,
        config: &LivenessConfig,
    ) -> LivenessEvidence {
        LivenessEvidence {
            tempo: self.challenge.tempo,
            tasks: self.shown.clone(),
            mistakes: self.challenge.mistakes(),
            relief: self.relief.iter().map(|&relief| Score::of(relief)).collect(),
            light: self.light.evidence(config),
            pattern,
            passive,
            restarts,
        }
    }

    pub(crate) fn see(&mut self, seen: &Seen, config: &LivenessConfig, draw: &mut Draw) -> Said {
        if seen.at.saturating_sub(self.last) > config.gap_max() {
            self.held = Default::default();
        }
        self.last = seen.at;
        for (task, held) in Task::ALL.into_iter().zip(&mut self.held) {
            *held = match self.rest.shows(task, seen, config) {
                true if held.frames > 0 => Held { frames: held.frames + 1, ..*held },
                true => Held { since: seen.at, frames: 1 },
                false => Held::default(),
            };
        }
        match self.stage {
            Stage::Settling { since } => self.settle(seen, since, config, draw),
            Stage::Pausing { until } => self.pause(seen, until, config, draw),
            Stage::Asked { since, .. } => self.watch(seen, since, config, draw),
            Stage::Back { task, .. } if self.rest.is_back(task, seen, config) => self.done(task, seen.at),
            Stage::Back { since, .. } if seen.at.saturating_sub(since) > self.time(config) => {
                Said::Failed(NotLive::NotDone)
            }
            Stage::Back { back, .. } => Said::Go(back),
        }
    }

    /// Somebody else is in the picture: nothing counts, and the time for what is asked begins anew.
    pub(crate) fn disturbed(&mut self, now: Duration) {
        self.last = now;
        self.held = Default::default();
        if let Stage::Settling { since } | Stage::Asked { since, .. } | Stage::Back { since, .. } =
            &mut self.stage
        {
            *since = now;
        }
    }

    fn time(&self, config: &LivenessConfig) -> Duration {
        config.time_for_task(self.challenge.tempo)
    }

    /// Whether a movement has been seen for long enough, counted from `from` at the earliest.
    fn is_made(&self, task: Task, from: Duration, now: Duration) -> bool {
        let held = self.held[task as usize];
        let least = if task.back().is_some() { KEPT } else { HELD };
        held.frames >= FRAMES && now.saturating_sub(held.since.max(from)) >= least
    }

    /// Waits until the person looks straight, eyes open and mouth closed, and stands where they stood.
    fn settle(&mut self, seen: &Seen, since: Duration, config: &LivenessConfig, draw: &mut Draw) -> Said {
        let straight = self.rest.turned(seen).abs() < STRAIGHT;
        let (near, open) = (self.rest.is_near(seen, config), self.rest.has_eyes_open(seen));
        if straight && open && !near && self.rest.has_mouth_closed(seen, config) {
            self.stage = Stage::Pausing { until: seen.at + draw.time(config.pause()) };
            self.light.rest();
            return Said::Go(FaceHint::HoldStill);
        }
        if seen.at.saturating_sub(since) > self.time(config) {
            return Said::Failed(NotLive::NotDone);
        }
        Said::Go(match (straight, near, open) {
            (false, _, _) => FaceHint::LookStraight,
            (true, true, _) => FaceHint::MoveBack,
            (true, false, false) => FaceHint::OpenEyes,
            (true, false, true) => FaceHint::CloseMouth,
        })
    }

    /// Nothing is asked for until the light changed, and then not at once.
    fn pause(&mut self, seen: &Seen, until: Duration, config: &LivenessConfig, draw: &mut Draw) -> Said {
        if Task::ALL.into_iter().any(|task| self.is_made(task, Duration::ZERO, seen.at)) {
            return self.moved_unasked(NotLive::Unasked, seen.at, draw);
        }
        if Task::ALL.into_iter().any(|task| self.rest.shows(task, seen, config)) {
            // What has begun is not answered by being asked for.
            return Said::Go(FaceHint::HoldStill);
        }
        if self.rest.turned(seen).abs() > AWAY {
            return self.settle_from(seen.at);
        }
        if self.light.see(seen.at, seen.skin, config, draw) && seen.at >= until {
            return self.ask(seen.at);
        }
        Said::Go(FaceHint::HoldStill)
    }

    /// Everybody fidgets, or takes left for right. A film does so all the time: each time it must
    /// show one more movement.
    fn moved_unasked(&mut self, why: NotLive, now: Duration, draw: &mut Draw) -> Said {
        if self.challenge.lengthen(draw) { self.settle_from(now) } else { Said::Failed(why) }
    }

    fn settle_from(&mut self, now: Duration) -> Said {
        self.stage = Stage::Settling { since: now };
        Said::Go(FaceHint::LookStraight)
    }

    fn ask(&mut self, now: Duration) -> Said {
        self.stage = Stage::Asked { since: now, relief: Vec::new(), flat: false };
        Said::Go(self.asked().hint())
    }

    fn asked(&self) -> Task {
        self.challenge.next().expect("a trial that is not over has something to ask for")
    }

    /// Looks for the movement that was asked for.
    fn watch(&mut self, now: &Seen, since: Duration, config: &LivenessConfig, draw: &mut Draw) -> Said {
        let (task, earliest) = (self.asked(), since + config.reaction_min());
        if Task::ALL.into_iter().any(|other| other != task && self.is_made(other, since, now.at)) {
            return self.moved_unasked(NotLive::OtherWay, now.at, draw);
        }
        if !self.rest.shows(task, now, config) {
            return self.wait(since, now.at, config, draw);
        }
        if let Some(back) = task.back() {
            // Everybody blinks and speaks now and then: it counts from when it could have been meant.
            if self.is_made(task, earliest, now.at) {
                self.stage = Stage::Back { task, back, since: now.at };
                return Said::Go(back);
            }
            return Said::Go(task.hint());
        }
        if now.at < earliest {
            return self.moved_unasked(NotLive::TooSoon, now.at, draw);
        }
        let made = self.is_made(task, earliest, now.at);
        let shown = self.rest.relief(now);
        let Stage::Asked { relief, flat, .. } = &mut self.stage else {
            unreachable!("only called while a movement is asked for")
        };
        if task.is_turn() && shown < config.relief_min {
            // It may come as the head turns further.
            *flat = true;
            return self.wait(since, now.at, config, draw);
        }
        relief.push(shown);
        if made && relief.len() >= FRAMES {
            return self.done(task, now.at);
        }
        Said::Go(task.hint())
    }

    /// The movement has not come yet.
    fn wait(&mut self, since: Duration, now: Duration, config: &LivenessConfig, draw: &mut Draw) -> Said {
        if now.saturating_sub(since) <= self.time(config) {
            return Said::Go(self.asked().hint());
        }
        let flat = matches!(self.stage, Stage::Asked { flat: true, .. });
        self.flat += u8::from(flat);
        // Of somebody's turns one may be too small to show relief; a picture's are all flat.
        let left_out = if self.flat < 2 { self.challenge.leave_out(draw) } else { Err(NotLive::Flat) };
        match left_out {
            Ok(()) => self.settle_from(now),
            Err(_) if flat => Said::Failed(NotLive::Flat),
            Err(why) => Said::Failed(why),
        }
    }

    fn done(&mut self, task: Task, now: Duration) -> Said {
        if let (true, Stage::Asked { relief, .. }) = (task.is_turn(), &self.stage) {
            self.relief.push(relief.iter().copied().fold(f32::INFINITY, f32::min));
        }
        self.shown.push(task);
        self.challenge.shown();
        self.stage = Stage::Settling { since: now };
        Said::Shown(FaceHint::LookStraight)
    }
}
