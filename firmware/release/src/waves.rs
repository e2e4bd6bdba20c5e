//! Waves: a plain web server staggers a release too, since each kiosk draws its own turn from
//! its id and the release. Anybody can work out whose turn is when; nobody must be told.

use std::num::NonZeroU8;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// From this time on, this share of all kiosks takes the release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wave {
    /// Of all kiosks, those of the waves before included, in percent.
    pub share: NonZeroU8,
    /// From when on.
    pub starts: Timestamp,
}

/// Waves in order; the last one is everybody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Wave>", into = "Vec<Wave>")]
pub struct Waves(Vec<Wave>);

/// Why a list makes no waves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WaveFault {
    /// The share does not grow.
    #[error("the shares of waves grow, up to 100")]
    ShareFalls,
    /// The time does not grow.
    #[error("each wave starts later than the one before")]
    TimeFalls,
    /// Some kiosks would never take it.
    #[error("the last wave is everybody, a share of 100")]
    NotEverybody,
}

impl Waves {
    /// Checks the order.
    pub fn new(waves: Vec<Wave>) -> Result<Self, WaveFault> {
        for pair in waves.windows(2) {
            if pair[0].share >= pair[1].share {
                return Err(WaveFault::ShareFalls);
            }
            if pair[0].starts >= pair[1].starts {
                return Err(WaveFault::TimeFalls);
            }
        }
        match waves.last() {
            Some(last) if last.share.get() == 100 => Ok(Self(waves)),
            _ => Err(WaveFault::NotEverybody),
        }
    }

    /// The waves in order.
    pub fn all(&self) -> &[Wave] {
        &self.0
    }

    /// When the turn of this kiosk comes. `release` is anything that is another text for each
    /// release, as the SHA-256 of its target: the same kiosk is not always the first.
    pub fn turn(&self, device_id: &str, release: &str) -> Timestamp {
        let place = place(device_id, release);
        let mut waves = self.0.iter().filter(|wave| place < u64::from(wave.share.get()) * PLACES / 100);
        // `new` has seen to it that the last wave has every place.
        waves.next().or(self.0.last()).map_or(Timestamp::MAX, |wave| wave.starts)
    }
}

const PLACES: u64 = 1 << 32;

/// The first four bytes of SHA-256 over the length of the id (eight bytes, big-endian), the
/// id and the release.
fn place(device_id: &str, release: &str) -> u64 {
    let mut digest = Sha256::new();
    digest.update((device_id.len() as u64).to_be_bytes());
    digest.update(device_id);
    digest.update(release);
    let digest = digest.finalize();
    u64::from(u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]))
}

impl TryFrom<Vec<Wave>> for Waves {
    type Error = WaveFault;

    fn try_from(waves: Vec<Wave>) -> Result<Self, WaveFault> {
        Self::new(waves)
    }
}

impl From<Waves> for Vec<Wave> {
    fn from(waves: Waves) -> Self {
        waves.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waves(list: &[(u8, i64)]) -> Result<Waves, WaveFault> {
        let wave = |(share, starts): &(u8, i64)| Wave {
            share: NonZeroU8::new(*share).unwrap(),
            starts: Timestamp::from_second(*starts).unwrap(),
        };
        Waves::new(list.iter().map(wave).collect())
    }

    #[test]
    fn each_wave_takes_its_share_and_every_release_draws_anew() {
        let waves = waves(&[(1, 10), (10, 20), (100, 30)]).unwrap();
        let turns = |release: &str| -> Vec<i64> {
            (0..20_000).map(|id| waves.turn(&format!("kiosk-{id}"), release).as_second()).collect()
        };
        let (seven, eight) = (turns("seven"), turns("eight"));
        for (starts, expected) in [(10, 200), (20, 1_800), (30, 18_000)] {
            let found = seven.iter().filter(|turn| **turn == starts).count();
            assert!(found.abs_diff(expected) < 200, "{found} of {expected} at {starts}");
        }
        let first = |turns: &[i64]| turns.iter().position(|turn| *turn == 10);
        assert_ne!(first(&seven), first(&eight));
        assert_eq!(seven, turns("seven"));
    }

    /// Worked out with Python's hashlib: another implementation draws the same.
    #[test]
    fn a_place_is_drawn_as_described() {
        assert_eq!(place("kiosk-1", "seven"), PLACE_OF_KIOSK_1);
    }

    const PLACE_OF_KIOSK_1: u64 = 3_750_434_006;

    #[test]
    fn waves_that_leave_somebody_out_or_go_back_are_refused() {
        assert_eq!(waves(&[]), Err(WaveFault::NotEverybody));
        assert_eq!(waves(&[(10, 1)]), Err(WaveFault::NotEverybody));
        assert_eq!(waves(&[(100, 1), (100, 2)]), Err(WaveFault::ShareFalls));
        assert_eq!(waves(&[(10, 2), (100, 2)]), Err(WaveFault::TimeFalls));
        assert_eq!(waves(&[(100, 1), (101, 2)]), Err(WaveFault::NotEverybody));
    }
}
