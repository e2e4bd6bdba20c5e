//! The site's hours for upkeep, on the site's clock.

use jiff::{Timestamp, civil::Time, tz::Offset};
use serde::Deserialize;

/// When a machine may be closed for upkeep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hours {
    offset: Offset,
    windows: Vec<(Time, Time)>,
}

/// As they stand in the settings.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct HoursFile {
    /// The site's clock beside UTC, in minutes: 420 in Viet Nam, which knows no summer time.
    pub utc_offset_minutes: i32,
    /// Times of the day, as `"22:00-05:00"`; none: never but for what is forced.
    pub windows: Vec<String>,
}

/// Why settings make no hours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HoursFault {
    /// Further from UTC than any place.
    #[error("no place has a clock {0} minutes beside UTC")]
    Offset(i32),
    /// Not two times.
    #[error("'{0}' is not HH:MM-HH:MM with two different times")]
    Window(String),
}

impl Hours {
    /// Reads the settings.
    pub fn new(file: &HoursFile) -> Result<Self, HoursFault> {
        let minutes = file.utc_offset_minutes;
        let within = (-14 * 60..=14 * 60).contains(&minutes);
        let offset = within.then(|| Offset::from_seconds(minutes * 60).ok()).flatten();
        let windows = file.windows.iter().map(|text| window(text)).collect::<Result<_, _>>()?;
        Ok(Self { offset: offset.ok_or(HoursFault::Offset(minutes))?, windows })
    }

    /// The site's clock beside UTC, in minutes.
    pub fn utc_offset_minutes(&self) -> i32 {
        self.offset.seconds() / 60
    }

    /// Whether the machine may be closed at that moment.
    pub fn are_open(&self, now: Timestamp) -> bool {
        let time = self.offset.to_datetime(now).time();
        self.windows.iter().any(|(from, to)| {
            if from < to { (*from..*to).contains(&time) } else { time >= *from || time < *to }
        })
    }
}

fn window(text: &str) -> Result<(Time, Time), HoursFault> {
    let time = |text: &str| {
        let (hour, minute) = text.split_once(':')?;
        let two = |digits: &str| (digits.len() == 2).then(|| digits.parse().ok()).flatten();
        Time::new(two(hour)?, two(minute)?, 0, 0).ok()
    };
    let both = text.split_once('-').and_then(|(from, to)| Some((time(from)?, time(to)?)));
    both.filter(|(from, to)| from != to).ok_or_else(|| HoursFault::Window(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(minutes: i32, windows: &[&str]) -> Result<Hours, HoursFault> {
        let windows = windows.iter().map(|text| (*text).to_owned()).collect();
        Hours::new(&HoursFile { utc_offset_minutes: minutes, windows })
    }

    #[test]
    fn a_night_in_viet_nam_is_an_afternoon_and_evening_in_utc() {
        let hours = hours(420, &["22:00-05:00"]).unwrap();
        for (time, open) in [
            ("2026-12-01T14:59:59Z", false),
            ("2026-12-01T15:00:00Z", true),
            ("2026-12-01T17:00:00Z", true),
            ("2026-12-01T21:59:59Z", true),
            ("2026-12-01T22:00:00Z", false),
            ("2026-12-02T03:00:00Z", false),
        ] {
            assert_eq!(hours.are_open(time.parse().unwrap()), open, "{time}");
        }
    }

    #[test]
    fn several_windows_and_none() {
        let noon = hours(420, &["12:00-13:00", "20:30-21:00"]).unwrap();
        assert!(noon.are_open("2026-12-01T05:30:00Z".parse().unwrap()));
        assert!(noon.are_open("2026-12-01T13:45:00Z".parse().unwrap()));
        assert!(!noon.are_open("2026-12-01T06:00:00Z".parse().unwrap()));
        assert!(!hours(420, &[]).unwrap().are_open("2026-12-01T17:00:00Z".parse().unwrap()));
    }

    #[test]
    fn what_is_no_window_is_refused() {
        for text in ["", "22:00", "22:00-22:00", "24:00-05:00", "22:60-05:00", "9:00-10:00", "22:00–05:00"]
        {
            assert_eq!(hours(420, &[text]), Err(HoursFault::Window(text.to_owned())));
        }
        assert_eq!(hours(900, &[]), Err(HoursFault::Offset(900)));
    }
}
