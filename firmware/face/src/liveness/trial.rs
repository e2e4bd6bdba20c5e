//! The trial: movements asked for one after the other, and what the frames show of them.
//! Pure: the frames' own clock, and chance that was drawn before.

use std::time::Duration;

use screen::{FaceHint, Glow};

use super::{
    Challenge, Draw, Light, LivenessConfig, LivenessEvidence, NotLive, PassiveEvidence, PatternEvidence,
    Shape, Task, Tempo, Tint,
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
    /// Pixels.
    pub(crate) eye_distance: f32,
    pub(crate) shape: Shape,
    pub(crate) skin: Tint,
}

/// The person at rest, out of the frames that were compared: medians.
pub(crate) struct Rest {
    yaw: f32,
    eyes_open: f32,
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
            eye_distance: middle(|seen| seen.eye_distance),
            shapes: frames.iter().map(|seen| seen.shape.clone()).collect(),
        }
    }

    fn turned(&self, seen: &Seen) -> f32 {
        seen.yaw - self.yaw
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
/// So many frames must show a movement.
const FRAMES: usize = 2;
/// So many turns that nobody asked for are a film, not a fidget.
const UNASKED_MAX: u8 = 3;

enum Stage {
    /// Back to where the person stood.
    Settling { since: Duration },
    /// Nothing is asked for yet.
    Pausing { until: Duration },
    /// A movement is asked for. What is counted are frames that show it; of a turn those with
    /// relief, and for them how much.
    Asked { task: Task, since: Duration, seen: Vec<f32>, flat: bool },
}

/// One run through the movements of a challenge.
pub(crate) struct Trial {
    challenge: Challenge,
    rest: Rest,
    stage: Stage,
    light: Light,
    unasked: u8,
    shown: Vec<Task>,
    relief: Vec<f32>,
}

impl Trial {
    pub(crate) fn new(challenge: Challenge, rest: Rest, now: Duration, draw: &mut Draw) -> Self {
        let (stage, light) = (Stage::Settling { since: now }, Light::new(draw));
        Self { challenge, rest, stage, light, unasked: 0, shown: Vec::new(), relief: Vec::new() }
    }

    /// Share of what is needed that was shown.
    pub(crate) fn share(&self) -> f32 {
        self.shown.len() as f32 / self.challenge.needed as f32
    }

    /// Whether all that is needed was shown.
    pub(crate) fn is_over(&self) -> bool {
        self.shown.len() >= self.challenge.needed
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
            relief: self.relief.iter().map(|&relief| Score::of(relief)).collect(),
            light: self.light.evidence(config),
            pattern,
            passive,
            restarts,
        }
    }

    pub(crate) fn see(&mut self, seen: &Seen, config: &LivenessConfig, draw: &mut Draw) -> Said {
        match self.stage {
            Stage::Settling { since } => self.settle(seen, since, config, draw),
            Stage::Pausing { until } => self.pause(seen, until, config, draw),
            Stage::Asked { .. } => self.watch(seen, config),
        }
    }

    /// Waits until the person looks straight, eyes open, and no nearer than can be come closer from.
    fn settle(&mut self, seen: &Seen, since: Duration, config: &LivenessConfig, draw: &mut Draw) -> Said {
        let straight = self.rest.turned(seen).abs() < STRAIGHT;
        let open = seen.eyes_open > self.rest.eyes_open * OPEN;
        let near = seen.eye_distance > self.rest.eye_distance * f32::midpoint(1.0, config.closer_min);
        let too_near = near && self.challenge.tasks.front() == Some(&Task::ComeCloser);
        if straight && open && !too_near {
            self.stage = Stage::Pausing { until: seen.at + draw.time(config.pause()) };
            self.light.rest();
            return Said::Go(FaceHint::HoldStill);
        }
        if seen.at.saturating_sub(since) > config.time_for_task(self.challenge.tempo) {
            return Said::Failed(NotLive::NotDone);
        }
        Said::Go(if too_near { FaceHint::MoveBack } else { FaceHint::LookStraight })
    }

    /// Nothing is asked for until the light changed, and then not at once.
    fn pause(&mut self, seen: &Seen, until: Duration, config: &LivenessConfig, draw: &mut Draw) -> Said {
        let turned = self.rest.turned(seen).abs();
        if turned >= config.turn_min {
            return self.moved_unasked(seen.at);
        }
        if turned < STRAIGHT && self.light.see(seen.at, seen.skin, config, draw) && seen.at >= until {
            return self.ask(seen.at);
        }
        Said::Go(FaceHint::HoldStill)
    }

    fn moved_unasked(&mut self, now: Duration) -> Said {
        self.unasked += 1;
        if self.unasked >= UNASKED_MAX {
            return Said::Failed(NotLive::Unasked);
        }
        self.stage = Stage::Settling { since: now };
        Said::Go(FaceHint::LookStraight)
    }

    fn ask(&mut self, now: Duration) -> Said {
        let Some(task) = self.challenge.tasks.pop_front() else {
            return Said::Failed(NotLive::NotDone);
        };
        self.stage = Stage::Asked { task, since: now, seen: Vec::new(), flat: false };
        Said::Go(task.hint())
    }

    /// Looks for the movement that was asked for.
    fn watch(&mut self, now: &Seen, config: &LivenessConfig) -> Said {
        let Stage::Asked { task, since, seen, flat } = &mut self.stage else {
            unreachable!("only called while a movement is asked for")
        };
        let (task, waited) = (*task, now.at.saturating_sub(*since));
        let turned = self.rest.turned(now);
        // Positive where the head turns the way it should.
        let the_right_way = if task == Task::TurnRight { -turned } else { turned };
        let shut = now.eyes_open < self.rest.eyes_open * config.eyes_shut_max;
        let shows = match task {
            Task::TurnLeft | Task::TurnRight => the_right_way >= config.turn_min,
            Task::CloseEyes => shut,
            Task::ComeCloser => now.eye_distance >= self.rest.eye_distance * config.closer_min,
        };
        if shows && waited < config.reaction_min() {
            // Everybody blinks now and then.
            let blink = task == Task::CloseEyes;
            return if blink { Said::Go(task.hint()) } else { Said::Failed(NotLive::TooSoon) };
        }
        if shows {
            let relief = self.rest.relief(now);
            if task.is_turn() && relief < config.relief_min {
                // It may come as the head turns further.
                *flat = true;
                return self.in_time(waited, config);
            }
            seen.push(relief);
            let enough = seen.len() >= FRAMES;
            return match task {
                // Shut eyes show no face to compare well; it is looked at once they open.
                Task::CloseEyes if enough => Said::Go(FaceHint::OpenEyes),
                _ if enough => self.done(task, now.at),
                _ => Said::Go(task.hint()),
            };
        }
        if task == Task::CloseEyes && seen.len() >= FRAMES {
            let open = now.eyes_open > self.rest.eyes_open * OPEN;
            return if open { self.done(task, now.at) } else { Said::Go(FaceHint::OpenEyes) };
        }
        let away = if task.is_turn() { -the_right_way } else { turned.abs() };
        if away >= config.turn_min {
            return self.missed(NotLive::OtherWay, now.at);
        }
        self.in_time(waited, config)
    }

    /// The movement has not come yet.
    fn in_time(&mut self, waited: Duration, config: &LivenessConfig) -> Said {
        let Stage::Asked { task, since, flat, .. } = self.stage else {
            unreachable!("only called while a movement is asked for")
        };
        if waited <= config.time_for_task(self.challenge.tempo) {
            return Said::Go(task.hint());
        }
        self.missed(if flat { NotLive::Flat } else { NotLive::NotDone }, since + waited)
    }

    fn done(&mut self, task: Task, now: Duration) -> Said {
        if let (true, Stage::Asked { seen, .. }) = (task.is_turn(), &self.stage) {
            self.relief.push(seen.iter().copied().fold(f32::INFINITY, f32::min));
        }
        self.shown.push(task);
        self.stage = Stage::Settling { since: now };
        Said::Shown(FaceHint::LookStraight)
    }

    /// Gently, another movement is asked for as long as there is one.
    fn missed(&mut self, why: NotLive, now: Duration) -> Said {
        let left = self.challenge.tasks.len() + self.shown.len();
        if self.challenge.tempo == Tempo::Usual || left < self.challenge.needed {
            return Said::Failed(why);
        }
        self.stage = Stage::Settling { since: now };
        Said::Go(FaceHint::LookStraight)
    }
}
