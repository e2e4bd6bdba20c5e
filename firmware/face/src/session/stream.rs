//! What the stream of frames must be for a try to go on: in time, new, of one face that stays,
//! and the right way up.

use std::time::Duration;

use devices::Frame;
use identity::Picture;
use screen::FaceHint;

use super::{Phase, Session};
use crate::{
    FaceError, Why,
    comparisons::Comparisons,
    detect::Face,
    liveness::{Came, NotLive},
    timing::Timings,
};

/// So many gaps between frames are a camera that cannot be used.
const INTERRUPTS_MAX: u32 = 3;

impl Session<'_> {
    /// Good frames must come in time. Movements have times of their own, but a camera that
    /// shows nobody while they are asked for must not hold the person for ever.
    pub(super) fn watch_the_clock(&mut self, now: Duration) {
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

    /// Whether good frames are waited for so long that the camera may be at fault.
    pub(super) fn is_long_waited_for(&self, now: Duration) -> bool {
        let waited = now.saturating_sub(self.waiting_since.unwrap_or(now));
        matches!(self.phase, Phase::Facing) && self.turned_looks.are_due(waited, self.config.time_limit())
    }

    pub(super) fn is_upside_down(
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

    /// Counts the frame, and says whether it is to be looked at. What came before proves nothing new.
    pub(super) fn is_news(&mut self, frame: &Frame) -> bool {
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
    pub(super) fn miss(&mut self, now: Duration) {
        self.damaged += 1;
        if !self.is_still_there(None, now) {
            self.hint = FaceHint::NoFace;
            self.begin_anew(now);
        }
    }

    /// Whether it is the face of the frame before: not gone for long, and not elsewhere at once.
    pub(super) fn is_still_there(&mut self, face: Option<&Face>, now: Duration) -> bool {
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
    pub(super) fn begin_anew(&mut self, now: Duration) {
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
}
