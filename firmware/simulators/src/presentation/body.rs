//! The one before the camera, who moves when told to: as a person does who reads the
//! screen, or as an attacker does who holds a picture.

use std::{
    fs, io,
    io::{BufRead, BufReader, Write},
    os::unix::net::{UnixListener, UnixStream},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use super::Turn;

/// What a body can be told, by the words of the screen's hints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Motion {
    /// Turn the head to its own left, and stay so.
    TurnLeft,
    /// Turn the head to its own right, and stay so.
    TurnRight,
    /// Look straight, eyes open.
    LookStraight,
    /// Shut the eyes, and keep them shut.
    CloseEyes,
    /// Open the eyes.
    OpenEyes,
    /// Come closer, and stay there.
    ComeCloser,
    /// Go back to where it stood.
    MoveBack,
}

impl Motion {
    /// Out of a hint's word; none for hints that ask for no motion.
    pub fn of_word(word: &str) -> Option<Self> {
        Some(match word {
            "turn-left" => Self::TurnLeft,
            "turn-right" => Self::TurnRight,
            "look-straight" => Self::LookStraight,
            "close-eyes" => Self::CloseEyes,
            "open-eyes" => Self::OpenEyes,
            "come-closer" => Self::ComeCloser,
            "move-back" => Self::MoveBack,
            _ => return None,
        })
    }
}

/// How a body is held.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pose {
    /// The head, or the picture.
    pub turn: Turn,
    /// 0: open; 1: shut.
    pub lids: f32,
    /// How much larger than at rest; 0: not at all.
    pub nearer: f32,
}

/// Told from outside the camera; clones share it.
#[derive(Clone, Default)]
pub struct Prompter(Arc<Mutex<Vec<Motion>>>);

impl Prompter {
    /// Tells the body.
    pub fn tell(&self, motion: Motion) {
        self.told().push(motion);
    }

    fn told(&self) -> std::sync::MutexGuard<'_, Vec<Motion>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Obeys words of hints, one a line, on a socket.
    pub fn listen(&self, path: &Path) -> io::Result<()> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(path)?;
        let prompter = self.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                prompter.obey(stream);
            }
        });
        Ok(())
    }

    /// One connection; it ends at the first thing that cannot be read or written.
    fn obey(&self, stream: UnixStream) -> Option<()> {
        let mut out = stream.try_clone().ok()?;
        for word in BufReader::new(stream).lines().map_while(Result::ok) {
            // Hints such as "hold still" ask for no motion.
            if let Some(motion) = Motion::of_word(word.trim()) {
                self.tell(motion);
            }
            writeln!(out, "ok").ok()?;
        }
        Some(())
    }
}

/// How far a head turns when it is told to, in degrees.
const TURN: f32 = 28.0;
/// How much nearer it comes.
const NEARER: f32 = 0.35;
/// From a word to the first movement.
const REACTION: Duration = Duration::from_millis(350);
/// For the whole movement.
const MOVEMENT: f32 = 0.5;

/// A body: where it is on the way to where it was told to be.
pub(crate) struct Body {
    prompter: Prompter,
    told: Vec<(Duration, Motion)>,
    aim: Pose,
    pose: Pose,
    at: Duration,
}

impl Body {
    pub(crate) fn new(prompter: Prompter) -> Self {
        Self { prompter, told: Vec::new(), aim: Pose::default(), pose: Pose::default(), at: Duration::ZERO }
    }

    /// How it is held at that time; times only grow.
    pub(crate) fn pose(&mut self, at: Duration) -> Pose {
        self.told.extend(self.prompter.told().drain(..).map(|motion| (at + REACTION, motion)));
        while self.told.first().is_some_and(|(when, _)| *when <= at) {
            let (_, motion) = self.told.remove(0);
            self.aim = aimed(self.aim, motion);
        }
        let part = at.saturating_sub(self.at).as_secs_f32() / MOVEMENT;
        self.at = at;
        let toward = |from: f32, to: f32, whole: f32| from + (to - from).clamp(-whole * part, whole * part);
        self.pose = Pose {
            turn: Turn { yaw: toward(self.pose.turn.yaw, self.aim.turn.yaw, TURN), pitch: 0.0 },
            lids: toward(self.pose.lids, self.aim.lids, 2.0),
            nearer: toward(self.pose.nearer, self.aim.nearer, NEARER),
        };
        self.pose
    }
}

fn aimed(mut aim: Pose, motion: Motion) -> Pose {
    match motion {
        // Positive is to the picture's right: the left of whoever looks into the camera.
        Motion::TurnLeft => aim.turn.yaw = TURN,
        Motion::TurnRight => aim.turn.yaw = -TURN,
        Motion::LookStraight => (aim.turn.yaw, aim.lids) = (0.0, 0.0),
        Motion::CloseEyes => aim.lids = 1.0,
        Motion::OpenEyes => aim.lids = 0.0,
        Motion::ComeCloser => aim.nearer = NEARER,
        Motion::MoveBack => aim.nearer = 0.0,
    }
    aim
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_moves_after_a_moment_and_stays_until_told_otherwise() {
        let prompter = Prompter::default();
        let mut body = Body::new(prompter.clone());
        let mut yaw = |milliseconds| body.pose(Duration::from_millis(milliseconds)).turn.yaw;
        prompter.tell(Motion::TurnLeft);
        assert!(yaw(0).abs() < f32::EPSILON && yaw(300).abs() < f32::EPSILON);
        let half = yaw(600);
        assert!((1.0..TURN).contains(&half), "{half}");
        assert!((yaw(1200) - TURN).abs() < f32::EPSILON && (yaw(9000) - TURN).abs() < f32::EPSILON);
        prompter.tell(Motion::LookStraight);
        yaw(9010);
        assert!(yaw(10_500).abs() < f32::EPSILON);
    }
}
