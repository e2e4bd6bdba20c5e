//! What the person is asked to do: drawn anew for each try, so that a film that was made
//! beforehand must be lucky.

use std::collections::VecDeque;

use screen::FaceHint;
use serde::Serialize;

use super::{Draw, NotLive};

/// One movement that a living person can make when asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// Turn the head to the person's own left.
    TurnLeft,
    /// Turn the head to the person's own right.
    TurnRight,
    /// Close both eyes, then open them.
    CloseEyes,
    /// Come closer to the camera.
    ComeCloser,
    /// Open the mouth, then close it.
    OpenMouth,
}

impl Task {
    pub(super) const ALL: [Self; 5] =
        [Self::TurnLeft, Self::TurnRight, Self::CloseEyes, Self::ComeCloser, Self::OpenMouth];

    /// Whether it shows the relief of a head.
    pub fn is_turn(self) -> bool {
        matches!(self, Self::TurnLeft | Self::TurnRight)
    }

    /// What the screen says.
    pub fn hint(self) -> FaceHint {
        match self {
            Self::TurnLeft => FaceHint::TurnLeft,
            Self::TurnRight => FaceHint::TurnRight,
            Self::CloseEyes => FaceHint::CloseEyes,
            Self::ComeCloser => FaceHint::ComeCloser,
            Self::OpenMouth => FaceHint::OpenMouth,
        }
    }

    /// What the screen says once it was shown, of a movement in which the face cannot be compared
    /// well: it is looked at after it.
    pub(super) fn back(self) -> Option<FaceHint> {
        match self {
            Self::CloseEyes => Some(FaceHint::OpenEyes),
            Self::OpenMouth => Some(FaceHint::CloseMouth),
            Self::TurnLeft | Self::TurnRight | Self::ComeCloser => None,
        }
    }
}

/// How the person is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tempo {
    /// Each movement in its time.
    #[default]
    Usual,
    /// Slowly; what does not come is left out from then on, and another movement asked for
    /// instead. For people who cannot turn the head, shut the eyes or come closer.
    Gentle,
}

/// So many movements must be shown.
const MOVEMENTS: usize = 4;
/// So many of them are turns, left or right, where the person can turn at all. One more is the mouth,
/// where they can open it: a mask's does not.
const TURNS: usize = 2;
/// So many kinds are asked for at least: gently, two may be left out.
const KINDS_MIN: usize = 3;
/// So many mistakes are a film, not a fidget.
const MISTAKES_MAX: u8 = 3;

/// The movements of one try that are still to be asked for, in their order. Each is drawn without
/// regard to the others: a film that goes on from one to the next must meet them all by luck.
pub(crate) struct Challenge {
    pub(crate) tempo: Tempo,
    /// There is no passive model: nothing else shows what a turn and the mouth show.
    alone: bool,
    /// What the person can do, as far as is known.
    kinds: Vec<Task>,
    tasks: VecDeque<Task>,
    /// Turns that were asked for and shown.
    turns: usize,
    /// Whether the mouth was.
    mouth: bool,
    /// Movements that nobody asked for, and times that the face was lost.
    mistakes: u8,
}

impl Challenge {
    /// `alone`: without a passive model.
    pub(crate) fn draw(tempo: Tempo, alone: bool, draw: &mut Draw) -> Self {
        let kinds = Task::ALL.to_vec();
        let tasks = VecDeque::new();
        let mut challenge = Self { tempo, alone, kinds, tasks, turns: 0, mouth: false, mistakes: 0 };
        challenge.draw_rest(MOVEMENTS, draw);
        challenge
    }

    /// The same person once more, after the face was lost from sight. It counts as a mistake: else
    /// whoever knows by the first movement that luck is not with them covers the lens. None after
    /// too many.
    pub(crate) fn begin_anew(mut self, draw: &mut Draw) -> Option<Self> {
        self.mistakes += 1;
        (self.turns, self.mouth) = (0, false);
        self.draw_rest(MOVEMENTS + usize::from(self.mistakes), draw);
        (self.mistakes < MISTAKES_MAX).then_some(self)
    }

    /// How many are still to be asked for.
    pub(crate) fn left(&self) -> usize {
        self.tasks.len()
    }

    /// How many mistakes there were.
    pub(crate) fn mistakes(&self) -> u8 {
        self.mistakes
    }

    /// The next one.
    pub(crate) fn next(&self) -> Option<Task> {
        self.tasks.front().copied()
    }

    /// The next one was shown.
    pub(crate) fn shown(&mut self) {
        let shown = self.tasks.pop_front();
        self.turns += usize::from(shown.is_some_and(Task::is_turn));
        self.mouth |= shown == Some(Task::OpenMouth);
    }

    /// Something was shown that nobody asked for: what is left is drawn anew, and one more. False
    /// after too many.
    pub(crate) fn lengthen(&mut self, draw: &mut Draw) -> bool {
        self.mistakes += 1;
        self.draw_rest(self.tasks.len() + 1, draw);
        self.mistakes < MISTAKES_MAX
    }

    /// The next one does not come: it is not asked for again, but others are, and one more: a
    /// film that waits has fewer kinds to meet.
    ///
    /// # Errors
    ///
    /// `NotDone` where each movement is expected, or two kinds were left out already; `TooLittle`
    /// where without it nothing would show relief, or that a mouth moves: nobody is asked for more
    /// who could not pass any more.
    pub(crate) fn leave_out(&mut self, draw: &mut Draw) -> Result<(), NotLive> {
        let task = self.next().ok_or(NotLive::NotDone)?;
        if self.tempo != Tempo::Gentle || self.kinds.len() <= KINDS_MIN {
            return Err(NotLive::NotDone);
        }
        let others = || self.kinds.iter().filter(|&&kind| kind != task);
        let is_last_turn = task.is_turn() && !others().any(|kind| kind.is_turn());
        if self.alone && (is_last_turn || task == Task::OpenMouth) {
            return Err(NotLive::TooLittle);
        }
        self.kinds = others().copied().collect();
        self.draw_rest(self.tasks.len() + 1, draw);
        Ok(())
    }

    /// Draws `count` movements, among them the turns and the mouth that are still to be shown, for
    /// which there is always room: what is left to be asked for holds them already.
    fn draw_rest(&mut self, count: usize, draw: &mut Draw) {
        let can_turn = self.kinds.iter().any(|kind| kind.is_turn());
        let turns = if can_turn { TURNS.saturating_sub(self.turns) } else { 0 };
        let mouth = !self.mouth && self.kinds.contains(&Task::OpenMouth);
        assert!(turns + usize::from(mouth) <= count, "more is needed than is asked for");
        loop {
            self.tasks = (0..count).map(|_| self.kinds[draw.below(self.kinds.len())]).collect();
            let turned = self.tasks.iter().filter(|task| task.is_turn()).count();
            if turned >= turns && (!mouth || self.tasks.contains(&Task::OpenMouth)) {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn four_movements_with_two_turns_and_the_mouth_are_asked_for_in_every_order() {
        let mut counts = BTreeMap::new();
        for number in 0..15_200_u32 {
            let mut seed = [0; 32];
            seed[..4].copy_from_slice(&number.to_be_bytes());
            let challenge = Challenge::draw(Tempo::Usual, true, &mut Draw::new(seed));
            *counts.entry(format!("{:?}", challenge.tasks)).or_insert(0) += 1;
            assert!(challenge.tasks.iter().filter(|task| task.is_turn()).count() >= 2);
            assert!(challenge.tasks.contains(&Task::OpenMouth));
        }
        // Two turns (4) in two of four places (6), elsewhere the mouth at least once (5); or three
        // turns (8) and the mouth in one of four places.
        assert_eq!(counts.len(), 4 * 6 * 5 + 8 * 4);
        assert!(counts.values().all(|&count| (60..140).contains(&count)), "{counts:?}");
    }
}
