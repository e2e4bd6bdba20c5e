//! What must be shown. The numbers and where they come from: `firmware/face/README.md`.

use std::time::Duration;

use serde::Deserialize;

use super::Tempo;

/// The liveness part of a board's face section.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LivenessConfig {
    /// Whether the passive model must be installed.
    pub passive_model: PassiveModel,
    /// Probability of "live" by that model, median of the frames, from which it agrees.
    pub live_min: f32,
    /// Whether skin must be seen to answer to the kiosk's own light.
    pub own_light: OwnLight,
    /// How far its tint must go with the colours: the logarithm of a ratio of channels.
    pub light_response_min: f32,
    /// How well it must follow their order: a correlation.
    pub light_agreement_min: f32,
    /// From a colour that is asked for until the camera surely sees it; milliseconds.
    pub light_delay_milliseconds: u16,
    /// By how much a pattern of pixels or dots may stand out of the skin; decibels.
    pub pattern_max: f32,
    /// Degrees by which a head must be seen to turn.
    pub turn_min: f32,
    /// How far the nose must leave the plane of the face on a turn, in distances between the
    /// eyes.
    pub relief_min: f32,
    /// Opening of both eyes, as a share of the person's own, below which they are shut.
    pub eyes_shut_max: f32,
    /// How much further the lips of an open mouth are apart than at rest, over the distance from
    /// eyes to chin.
    pub mouth_opening_min: f32,
    /// How much larger a face must become that comes closer.
    pub closer_min: f32,
    /// Seconds for one movement.
    pub task_seconds: f32,
    /// Seconds for one movement, asked gently.
    pub gentle_task_seconds: f32,
    /// Seconds before a movement is asked for: drawn between these two.
    pub pause_seconds: [f32; 2],
    /// A movement that is there sooner after it was asked for was not made for it; milliseconds.
    pub reaction_min_milliseconds: u16,
    /// The face may be out of sight for so long; milliseconds.
    pub lost_max_milliseconds: u16,
    /// Two frames of the camera may be so far apart; milliseconds.
    pub gap_max_milliseconds: u16,
    /// Likeness (cosine) to the person's first frame, in frames that show a movement.
    pub same_face_min: f32,
}

/// Whether a kiosk may judge faces without the passive model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PassiveModel {
    /// Without it the camera is not used, and people are sent the other ways.
    Required,
    /// Without it the movements alone must show it.
    IfInstalled,
}

/// What the kiosk's own light is worth at a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OwnLight {
    /// Nobody passes whose skin was not seen to answer: for rooms where daylight does not
    /// outshine the screen.
    Required,
    /// Skin that answers to another light is refused; where nothing is seen, nothing is said.
    IfSeen,
}

impl LivenessConfig {
    /// The thresholds that `README.md` gives reasons for.
    pub fn documented() -> Self {
        Self {
            passive_model: PassiveModel::IfInstalled,
            live_min: 0.8,
            own_light: OwnLight::IfSeen,
            light_response_min: 0.03,
            light_agreement_min: 0.8,
            light_delay_milliseconds: 350,
            pattern_max: 20.0,
            turn_min: 16.0,
            relief_min: 0.10,
            eyes_shut_max: 0.5,
            mouth_opening_min: 0.12,
            closer_min: 1.2,
            task_seconds: 8.0,
            gentle_task_seconds: 15.0,
            pause_seconds: [0.4, 1.5],
            reaction_min_milliseconds: 150,
            lost_max_milliseconds: 1500,
            gap_max_milliseconds: 700,
            same_face_min: 0.35,
        }
    }

    /// What cannot be meant, if anything.
    pub(crate) fn mistake(&self) -> Option<&'static str> {
        let [from, to] = self.pause_seconds;
        let times = [self.task_seconds, self.gentle_task_seconds, from, to];
        let rules = [
            ((0.5..1.0).contains(&self.live_min), "live-min must lie between 0.5 and 1"),
            (self.light_response_min >= 0.01, "light-response-min below 0.01 is within the camera's noise"),
            (
                (0.6..1.0).contains(&self.light_agreement_min),
                "light-agreement-min must lie between 0.6 and 1",
            ),
            (self.light_delay_milliseconds <= 2000, "light-delay-milliseconds must be at most 2000"),
            (
                (300..=3000).contains(&self.gap_max_milliseconds),
                "gap-max-milliseconds must lie between 300 and 3000",
            ),
            (
                (50..=1000).contains(&self.reaction_min_milliseconds),
                "reaction-min-milliseconds must lie between 50 and 1000",
            ),
            (
                (300..=5000).contains(&self.lost_max_milliseconds),
                "lost-max-milliseconds must lie between 300 and 5000",
            ),
            (
                (18.0..=60.0).contains(&self.pattern_max),
                "pattern-max must lie between 18 decibels, which skin comes near, and 60",
            ),
            (self.turn_min >= 12.0, "turn-min below 12 degrees shows no relief"),
            (self.relief_min >= 0.06, "relief-min below 0.06 lets flat pictures pass"),
            ((0.0..0.8).contains(&self.eyes_shut_max), "eyes-shut-max must lie below 0.8"),
            (
                (0.08..0.5).contains(&self.mouth_opening_min),
                "mouth-opening-min must lie between 0.08, which a word reaches, and 0.5",
            ),
            (self.closer_min > 1.05, "closer-min must be above 1.05"),
            (times.iter().all(|time| (0.0..=60.0).contains(time)), "times must lie between 0 and 60 seconds"),
            (self.task_seconds >= 2.0, "task-seconds must be at least 2"),
            (
                self.gentle_task_seconds >= self.task_seconds,
                "gentle-task-seconds must not be below task-seconds",
            ),
            (from < to, "pause-seconds must be two times, the shorter first"),
            ((0.2..1.0).contains(&self.same_face_min), "same-face-min must lie between 0.2 and 1"),
        ];
        rules.into_iter().find(|(holds, _)| !holds).map(|(_, reason)| reason)
    }

    pub(super) fn time_for_task(&self, tempo: Tempo) -> Duration {
        Duration::from_secs_f32(match tempo {
            Tempo::Usual => self.task_seconds,
            Tempo::Gentle => self.gentle_task_seconds,
        })
    }

    /// Nobody is asked for movements for longer than this, whatever the camera shows: four of
    /// them, two for mistakes, gently two that do not come and two instead of them, each with the way
    /// to where the person stood, its light, its pause, and once more to what was shut or open.
    pub(crate) fn longest(&self, tempo: Tempo) -> Duration {
        let movements = match tempo {
            Tempo::Usual => 6,
            Tempo::Gentle => 10,
        };
        movements * (3 * self.time_for_task(tempo) + self.light_delay() + self.pause()[1])
    }

    pub(super) fn pause(&self) -> [Duration; 2] {
        self.pause_seconds.map(Duration::from_secs_f32)
    }

    pub(super) fn light_delay(&self) -> Duration {
        Duration::from_millis(self.light_delay_milliseconds.into())
    }

    pub(super) fn reaction_min(&self) -> Duration {
        Duration::from_millis(self.reaction_min_milliseconds.into())
    }

    pub(super) fn gap_max(&self) -> Duration {
        Duration::from_millis(self.gap_max_milliseconds.into())
    }

    pub(crate) fn lost_max(&self) -> Duration {
        Duration::from_millis(self.lost_max_milliseconds.into())
    }
}
