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

use screen::{FaceHint, Glow};
use serde::{
    Deserialize as _,
    de::{IntoDeserializer as _, value::StrDeserializer},
};

use super::Turn;

/// What a body can be told.
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
    /// Open the mouth, and keep it open.
    OpenMouth,
    /// Close the mouth.
    CloseMouth,
}

impl Motion {
    /// What whoever reads that hint does; nothing for hints that ask for no motion.
    pub fn asked_by(hint: FaceHint) -> Option<Self> {
        Some(match hint {
            FaceHint::TurnLeft => Self::TurnLeft,
            FaceHint::TurnRight => Self::TurnRight,
            FaceHint::LookStraight => Self::LookStraight,
            FaceHint::CloseEyes => Self::CloseEyes,
            FaceHint::OpenEyes => Self::OpenEyes,
            FaceHint::ComeCloser | FaceHint::BusyBackground => Self::ComeCloser,
            FaceHint::MoveBack => Self::MoveBack,
            FaceHint::OpenMouth => Self::OpenMouth,
            FaceHint::CloseMouth => Self::CloseMouth,
            _ => return None,
        })
    }

    /// The same by the hint's word on the wire to the screen.
    fn of_word(word: &str) -> Option<Self> {
        let word: StrDeserializer<'_, serde::de::value::Error> = word.into_deserializer();
        FaceHint::deserialize(word).ok().and_then(Self::asked_by)
    }
}

/// How a body is held.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pose {
    /// The head, or the picture.
    pub turn: Turn,
    /// 0: open; 1: shut.
    pub lids: f32,
    /// 0: closed; 1: wide open.
    pub mouth: f32,
    /// How much larger than at rest; 0: not at all.
    pub nearer: f32,
    /// The kiosk's light that falls on it.
    pub glow: Glow,
}

impl Pose {
    /// The pose it is nearest to of those at rest and at the end of a movement, where the kiosk's
    /// light falls and how near it is as they are.
    pub(super) fn at_its_end(self) -> Self {
        let whole = |part: f32| if part > 0.5 { 1.0 } else { 0.0 };
        let yaw = TURN * whole(self.turn.yaw.abs() / TURN) * self.turn.yaw.signum();
        let turn = Turn { yaw, ..self.turn };
        Self { turn, lids: whole(self.lids), mouth: whole(self.mouth), ..self }
    }
}

/// What reaches a body from outside the camera; clones share it.
#[derive(Clone, Default)]
pub struct Prompter(Arc<Mutex<Prompts>>);

#[derive(Default)]
struct Prompts {
    told: Vec<Motion>,
    hint: Option<FaceHint>,
    glow: Glow,
}

impl Prompter {
    /// Tells the body.
    pub fn tell(&self, motion: Motion) {
        self.prompts().told.push(motion);
    }

    /// The page shows that hint and glows in that colour, and whoever stands there does as
    /// it says.
    pub fn show(&self, hint: FaceHint, glow: Glow) {
        self.shine(glow);
        let mut prompts = self.prompts();
        if prompts.hint.replace(hint) != Some(hint) {
            prompts.told.extend(Motion::asked_by(hint));
        }
    }

    /// The page glows in that colour from now on.
    pub fn shine(&self, glow: Glow) {
        self.prompts().glow = glow;
    }

    fn prompts(&self) -> std::sync::MutexGuard<'_, Prompts> {
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
    /// Whether it hears what it is told; the light falls on it anyway.
    obeys: bool,
    told: Vec<(Duration, Motion)>,
    aim: Pose,
    pose: Pose,
    at: Duration,
}

impl Body {
    pub(crate) fn new(prompter: Prompter, obeys: bool) -> Self {
        let (aim, pose) = (Pose::default(), Pose::default());
        Self { prompter, obeys, told: Vec::new(), aim, pose, at: Duration::ZERO }
    }

    /// Another one on the same place, from the beginning of the camera's time.
    #[must_use]
    pub(crate) fn begun_anew(&self) -> Self {
        Self::new(self.prompter.clone(), self.obeys)
    }

    /// Moves of its own accord.
    pub(crate) fn act(&mut self, at: Duration, motion: Motion) {
        self.told.push((at + REACTION, motion));
    }

    /// How it is held at that time; times only grow.
    pub(crate) fn pose(&mut self, at: Duration) -> Pose {
        let (told, glow) = {
            let mut prompts = self.prompter.prompts();
            (std::mem::take(&mut prompts.told), prompts.glow)
        };
        if self.obeys {
            self.told.extend(told.into_iter().map(|motion| (at + REACTION, motion)));
        }
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
            mouth: toward(self.pose.mouth, self.aim.mouth, 1.0),
            nearer: toward(self.pose.nearer, self.aim.nearer, NEARER),
            glow,
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
        Motion::OpenMouth => aim.mouth = 1.0,
        Motion::CloseMouth => aim.mouth = 0.0,
    }
    aim
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_moves_after_a_moment_and_stays_until_told_otherwise() {
        let prompter = Prompter::default();
        let mut body = Body::new(prompter.clone(), true);
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
