//! The kiosk's own light. The page of the face glows in colours drawn anew for each try, and
//! the skin of whoever stands there answers in the same order: a picture that is fed in where the
//! camera's should come from does not, and a screen that shines itself hardly does.
//!
//! While a person stands still before each movement, the colour changes once, and what is
//! measured is by how much the skin's tint changes with it: pose, shadows, the camera's white
//! balance and whatever other light there is are the same before and after. Tints are
//! logarithms of the linear channels, their mean taken away: how dark the skin is, how near,
//! and how bright the room do not turn the direction of a change.
//!
//! A colour stays for a whole movement, more than a second: nothing flashes (WCAG 2.2, 2.3.1).

use std::time::Duration;

use screen::Glow;
use serde::Serialize;

use super::{Draw, LivenessConfig};
use crate::evidence::Score;

/// Red, green and blue as natural logarithms, their mean taken away.
pub(crate) type Tint = [f32; 3];

/// The tint of skin that reflects so much red, green and blue, without gamma.
pub(crate) fn tint(linear: [f32; 3]) -> Tint {
    // Below the darkest grey level that a camera tells from black.
    centred(linear.map(|value| value.max(1e-4).ln()))
}

fn centred(values: [f32; 3]) -> Tint {
    let mean = values.iter().sum::<f32>() / 3.0;
    values.map(|value| value - mean)
}

/// Where a tint goes in the light of that colour: a direction of length 1, or none.
fn direction(glow: Glow) -> Tint {
    if glow == Glow::Off {
        return [0.0; 3];
    }
    let away = centred(glow.channels());
    let length = dot(away, away).sqrt();
    away.map(|value| value / length)
}

fn dot(one: Tint, other: Tint) -> f32 {
    one.iter().zip(other).map(|(a, b)| a * b).sum()
}

/// So many frames must show the skin before a change of colour, and so many after it.
const FRAMES: usize = 2;

/// A change of colour, and what the skin's tint did at the same time.
struct Change {
    from: Glow,
    to: Glow,
    by: Tint,
}

impl Change {
    fn expected(&self) -> Tint {
        difference(direction(self.to), direction(self.from))
    }
}

/// What was seen of the skin in this pause.
enum Pause {
    Before(Vec<Tint>),
    After { from: Glow, before: Tint, seen: Vec<Tint> },
    Over,
}

/// The colours of one try, and what the skin did in each.
pub(crate) struct Light {
    glow: Glow,
    /// Since when the page should have it.
    since: Duration,
    pause: Pause,
    changes: Vec<Change>,
}

impl Light {
    pub(crate) fn new(now: Duration, draw: &mut Draw) -> Self {
        let glow = Glow::COLOURS[draw.below(Glow::COLOURS.len())];
        Self { glow, since: now, pause: Pause::Before(Vec::new()), changes: Vec::new() }
    }

    /// The colour that the page should have.
    pub(crate) fn glow(&self) -> Glow {
        self.glow
    }

    /// The person comes to rest once more.
    pub(crate) fn rest(&mut self) {
        self.pause = Pause::Before(Vec::new());
    }

    /// Sees the skin of a face at rest. Says whether the pause has shown what it can.
    pub(crate) fn see(&mut self, at: Duration, skin: Tint, config: &LivenessConfig, draw: &mut Draw) -> bool {
        match &mut self.pause {
            // Until then the page may not be drawn, or not yet be seen by the camera.
            Pause::Before(_) | Pause::After { .. }
                if at.saturating_sub(self.since) < config.light_delay() => {}
            Pause::Before(seen) => {
                seen.push(skin);
                if seen.len() >= FRAMES {
                    let (from, before) = (self.glow, mean(seen));
                    let others = Glow::COLOURS.map(|glow| (glow != from).then_some(glow));
                    let others: Vec<Glow> = others.into_iter().flatten().collect();
                    self.glow = others[draw.below(others.len())];
                    self.since = at;
                    self.pause = Pause::After { from, before, seen: Vec::new() };
                }
            }
            Pause::After { from, before, seen } => {
                seen.push(skin);
                if seen.len() >= FRAMES {
                    let by = difference(mean(seen), *before);
                    self.changes.push(Change { from: *from, to: self.glow, by });
                    self.pause = Pause::Over;
                }
            }
            Pause::Over => {}
        }
        matches!(self.pause, Pause::Over)
    }

    /// How the skin answered to all changes.
    pub(crate) fn evidence(&self, config: &LivenessConfig) -> LightEvidence {
        let sum = |of: fn(&Change) -> f32| self.changes.iter().map(of).sum::<f32>();
        let together = sum(|change| dot(change.by, change.expected()));
        let (seen, expected) = (
            sum(|change| dot(change.by, change.by)),
            sum(|change| dot(change.expected(), change.expected())),
        );
        // The tint's way along the colours, and all of its way, for one step of the light.
        let share = |part: f32, of: f32| if of > 0.0 { part / of } else { 0.0 };
        let (response, way) = (share(together, expected), share(seen, expected).sqrt());
        let agreement = share(together, (seen * expected).sqrt());
        let skin = if response >= config.light_response_min && agreement >= config.light_agreement_min {
            Skin::Answered
        } else if way >= config.light_response_min && agreement < config.light_agreement_min / 2.0 {
            Skin::OtherLight
        } else {
            Skin::TooFaint
        };
        let colours = self.changes.iter().map(|change| [change.from, change.to]).collect();
        LightEvidence { colours, skin, response: Score::of(response), agreement: Score::of(agreement) }
    }
}

fn difference(one: Tint, other: Tint) -> Tint {
    std::array::from_fn(|channel| one[channel] - other[channel])
}

fn mean(tints: &[Tint]) -> Tint {
    std::array::from_fn(|channel| tints.iter().map(|tint| tint[channel]).sum::<f32>() / tints.len() as f32)
}

/// How skin answered to the colours of the kiosk's light.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct LightEvidence {
    /// The changes of colour in which skin was seen, in their order.
    pub colours: Vec<[Glow; 2]>,
    /// What it did.
    pub skin: Skin,
    /// How far its tint went with them: the logarithm of a ratio of channels, in
    /// ten-thousandths.
    pub response: Score,
    /// How well it followed their order: a correlation, in ten-thousandths.
    pub agreement: Score,
}

/// What skin did in coloured light.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Skin {
    /// It took on the colours in their order.
    Answered,
    /// Other light is so much brighter that nothing can be said; or nothing is there to be lit.
    TooFaint,
    /// Its colour changed, and not as the light did.
    OtherLight,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Skin in a room's light, lit by a share of it in the channels of the glow.
    fn skin(glow: Glow, share: f32) -> Tint {
        let room = [0.42, 0.27, 0.19];
        let lit = direction(glow).map(|value| if value > 0.0 { 1.0 + share } else { 1.0 });
        tint(std::array::from_fn(|channel| room[channel] * lit[channel]))
    }

    /// A try with three pauses, each of which shows the skin as it is in that light.
    fn tried(seed: u8, of: impl Fn(usize, Glow) -> Tint) -> LightEvidence {
        let config = LivenessConfig::documented();
        let mut draw = Draw::new([seed; 32]);
        let mut light = Light::new(Duration::ZERO, &mut draw);
        let mut shown = 0;
        // The page has no colour yet.
        for milliseconds in [0, 150, 300] {
            assert!(!light.see(Duration::from_millis(milliseconds), of(0, Glow::Off), &config, &mut draw));
        }
        for number in 1..=3 {
            light.rest();
            let from = Duration::from_secs(number);
            let mut over = false;
            for (place, milliseconds) in [0, 100, 150, 600, 700].into_iter().enumerate() {
                assert!(!over, "before the last frame");
                // The third frame still shows the colour of before: the page is not drawn yet.
                shown += usize::from(place == 3);
                let colour = if place == 2 { Glow::Off } else { light.glow() };
                over = light.see(
                    from + Duration::from_millis(milliseconds),
                    of(shown, colour),
                    &config,
                    &mut draw,
                );
            }
            assert!(over);
        }
        light.evidence(&config)
    }

    #[test]
    fn skin_answers_in_the_order_of_the_colours() {
        let found = tried(3, |_, glow| skin(glow, 0.08));
        assert_eq!((found.skin, found.colours.len()), (Skin::Answered, 3));
        assert!(found.agreement.ten_thousandths() > 9800, "{found:?}");
        // Half of it in a room twice as bright.
        let fainter = tried(3, |_, glow| skin(glow, 0.04)).response.ten_thousandths();
        let share = f32::from(fainter) / f32::from(found.response.ten_thousandths());
        assert!((0.45..0.55).contains(&share), "{share}");
    }

    #[test]
    fn what_is_not_lit_says_nothing() {
        let found = tried(3, |shown, _| [0.004 * shown as f32, 0.0, -0.004 * shown as f32]);
        assert_eq!(found.skin, Skin::TooFaint);
        assert_eq!(tried(3, |_, _| [0.0; 3]).skin, Skin::TooFaint);
    }

    /// Of films made under other colours, so many would answer, and so many say nothing.
    #[test]
    fn few_other_orders_of_colours_pass() {
        let (mut answered, mut faint) = (0, 0);
        for seed in 1..=250 {
            let mut draw = Draw::new([seed; 32]);
            draw.below(7);
            let mut film = vec![Glow::COLOURS[draw.below(6)]];
            while film.len() < 4 {
                let next = Glow::COLOURS[draw.below(6)];
                if film.last() != Some(&next) {
                    film.push(next);
                }
            }
            match tried(seed, |shown, _| skin(film[shown], 0.08)).skin {
                Skin::Answered => answered += 1,
                Skin::TooFaint => faint += 1,
                Skin::OtherLight => {}
            }
        }
        assert!((1..=20).contains(&answered) && faint <= 60, "{answered} answered, {faint} faint");
    }

    #[test]
    fn no_colour_follows_itself_and_each_is_drawn() {
        let config = LivenessConfig::documented();
        let mut draw = Draw::new([5; 32]);
        let mut light = Light::new(Duration::ZERO, &mut draw);
        for number in 1..=100 {
            light.rest();
            for frame in 0..4 {
                light.see(Duration::from_secs(number * 10 + frame), [0.0; 3], &config, &mut draw);
            }
        }
        assert_eq!(light.changes.len(), 100);
        assert!(light.changes.iter().all(|change| change.from != change.to));
        assert!(Glow::COLOURS.iter().all(|glow| light.changes.iter().any(|change| change.to == *glow)));
    }
}
