//! Who is at the machine. `kioskd` says who signed in on its staff page, and is believed in nothing:
//! what counts is that their badge signed the challenge that was drawn here. So neither a `kioskd`
//! that was broken into nor a signature of another day or machine makes a technician.

use std::time::Duration;

use badge::{Badges, Challenge, Present, Proof};
use faults::chain;
use jiff::Timestamp;
use tokio::time::Instant;
use upkeep::{Folder, SignedIn};

use crate::machine;

/// For so long one signature counts, as long as its holder stays signed in.
const COUNTS_FOR: Duration = Duration::from_mins(15);

/// Who is at the machine.
pub struct AtTheMachine {
    badges: Badges,
    kiosk: String,
    upkeep: Folder,
    /// What is to be signed, and by what it was answered.
    challenge: Challenge,
    answer: Answer,
}

/// How the challenge was answered.
enum Answer {
    NotYet,
    /// Nothing of it is tried again.
    Wrong(SignedIn),
    By(Present, Instant),
}

impl AtTheMachine {
    /// Nobody yet: a badge is asked for.
    pub fn new(badges: Badges, kiosk: String, upkeep: Folder) -> Self {
        let challenge = Challenge(machine::challenge());
        let mut this = Self { badges, kiosk, upkeep, challenge, answer: Answer::NotYet };
        this.ask();
        this
    }

    /// Draws what is to be signed next; what answered the one before counts no more.
    fn ask(&mut self) {
        self.challenge = Challenge(machine::challenge());
        self.answer = Answer::NotYet;
        if let Err(error) = self.upkeep.ask_badge(&self.challenge.to_string()) {
            tracing::warn!(error = chain(&error), "a badge cannot be asked for");
        }
    }

    /// Looks who is signed in, at this moment by the machine's own clock.
    pub fn look(&mut self, clock: Timestamp) {
        let signed_in = self.upkeep.signed_in(clock);
        let stays = |holder: &str| signed_in.as_ref().is_some_and(|now| now.id == holder);
        match &self.answer {
            Answer::By(present, since) if since.elapsed() < COUNTS_FOR && stays(present.holder()) => return,
            Answer::By(..) => return self.ask(),
            Answer::NotYet | Answer::Wrong(_) => {}
        }
        let Some(signed_in) = signed_in else { return };
        let Some(proof) = signed_in.badge.as_deref() else { return };
        let tried = |wrong: &SignedIn| (&wrong.id, &wrong.badge) == (&signed_in.id, &signed_in.badge);
        if matches!(&self.answer, Answer::Wrong(wrong) if tried(wrong)) {
            return;
        }
        let believed = proof
            .parse::<Proof>()
            .map_err(|error| chain(&error))
            .and_then(|proof| self.believe(&signed_in.id, proof));
        self.answer = match believed {
            Ok(present) => {
                tracing::info!(technician = present.holder(), "at the machine");
                Answer::By(present, Instant::now())
            }
            Err(why) => {
                // A board that calls the kiosk another name looks the same as another's badge.
                tracing::warn!(id = signed_in.id, kiosk = self.kiosk, why, "nobody whom a badge proved");
                Answer::Wrong(signed_in)
            }
        };
    }

    fn believe(&self, id: &str, proof: Proof) -> Result<Present, String> {
        let believed = self.badges.believe(&self.kiosk, id, Some(self.challenge), proof);
        believed.map_err(|error| chain(&error))
    }

    /// The technician who was at the machine when it was looked last.
    pub fn who(&self) -> Option<&Present> {
        match &self.answer {
            Answer::By(present, _) => Some(present),
            Answer::NotYet | Answer::Wrong(_) => None,
        }
    }
}
