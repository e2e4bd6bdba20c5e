//! What the person is asked to do: drawn anew for each try, so that no film can be made
//! beforehand.

use std::collections::VecDeque;

use screen::FaceHint;
use serde::Serialize;

use super::Draw;

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
}

impl Task {
    const ALL: [Self; 4] = [Self::TurnLeft, Self::TurnRight, Self::CloseEyes, Self::ComeCloser];

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
    /// Slowly; another movement is asked for instead of one that does not come. For people
    /// who cannot turn the head, shut the eyes or come closer.
    Gentle,
}

/// The movements of one try, in their order.
pub(crate) struct Challenge {
    pub(crate) tempo: Tempo,
    /// Still to be asked for.
    pub(crate) tasks: VecDeque<Task>,
    /// So many must be shown.
    pub(crate) needed: usize,
}

impl Challenge {
    /// Both turns and one more: with fewer, a film that was made before has too good a chance to
    /// show the right ones. A gentle challenge offers all four and needs two of them.
    pub(crate) fn draw(tempo: Tempo, draw: &mut Draw) -> Self {
        let mut tasks = Task::ALL.to_vec();
        let needed = match tempo {
            Tempo::Gentle => 2,
            Tempo::Usual => {
                let left_out = [Task::CloseEyes, Task::ComeCloser][draw.below(2)];
                tasks.retain(|task| *task != left_out);
                tasks.len()
            }
        };
        draw.shuffle(&mut tasks);
        Self { tempo, tasks: tasks.into(), needed }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// How often each order of tasks comes in so many draws.
    fn counted(tempo: Tempo) -> BTreeMap<String, u32> {
        let mut counts = BTreeMap::new();
        for number in 0..6000_u32 {
            let mut seed = [0; 32];
            seed[..4].copy_from_slice(&number.to_be_bytes());
            let challenge = Challenge::draw(tempo, &mut Draw::new(seed));
            *counts.entry(format!("{:?}", challenge.tasks)).or_insert(0) += 1;
        }
        counts
    }

    #[test]
    fn both_turns_and_one_more_are_asked_for_in_every_order() {
        let counts = counted(Tempo::Usual);
        // Three places for the third movement, two kinds of it, two orders of the turns.
        assert_eq!(counts.len(), 12);
        assert!(counts.values().all(|&count| (400..600).contains(&count)), "{counts:?}");
        assert!(counts.keys().all(|key| key.contains("TurnLeft") && key.contains("TurnRight")));
    }

    #[test]
    fn a_gentle_challenge_offers_all_in_every_order_and_needs_two() {
        assert_eq!(counted(Tempo::Gentle).len(), 24);
        let challenge = Challenge::draw(Tempo::Gentle, &mut Draw::new([7; 32]));
        assert_eq!((challenge.needed, challenge.tasks.len()), (2, 4));
    }
}
