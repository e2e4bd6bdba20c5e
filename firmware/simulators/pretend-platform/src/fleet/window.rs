//! When an action may be installed: a Quartz schedule, a duration and an offset from UTC, as
//! hawkBit takes them. Of Quartz: numbers, names of months and days, `*`, `?`, lists, ranges,
//! steps; `L`, `W` and `#` are refused.

use jiff::{SignedDuration, Timestamp, civil::DateTime, tz::Offset};

use super::FleetRefusal;

/// Again and again the same hours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaintenanceWindow {
    second: i8,
    minutes: Set,
    hours: Set,
    days: Set,
    months: Set,
    weekdays: Set,
    years: Set,
    length: SignedDuration,
    offset: Offset,
}

/// Allowed values; `None` allows all.
type Set = Option<Vec<i16>>;

const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

impl MaintenanceWindow {
    /// Of a schedule such as `0 0 22 * * ?` (second, minute, hour, day, month, weekday and perhaps
    /// year), a duration such as `06:00:00` (at most a day), and an offset such as `+07:00`.
    pub fn parse(schedule: &str, duration: &str, timezone: &str) -> Result<Self, FleetRefusal> {
        let refuse = |what: &str, text: &str| FleetRefusal::invalid(format!("'{text}' is no {what}"));
        let fields: Vec<_> = schedule.split_ascii_whitespace().collect();
        let (6 | 7) = fields.len() else { return Err(refuse("schedule", schedule)) };
        let set = |at: usize, low, high, names: &[&str], first| {
            let text: &str = fields.get(at).copied().unwrap_or("*");
            set(text, low, high, names, first).ok_or_else(|| refuse("schedule", schedule))
        };
        let Some([second]) = set(0, 0, 59, &[], 0)?.as_deref().map(<[i16; 1]>::try_from).and_then(Result::ok)
        else {
            return Err(refuse("schedule that begins at one second", schedule));
        };
        Ok(Self {
            second: second as i8,
            minutes: set(1, 0, 59, &[], 0)?,
            hours: set(2, 0, 23, &[], 0)?,
            days: set(3, 1, 31, &[], 1)?,
            months: set(4, 1, 12, &MONTHS, 1)?,
            weekdays: set(5, 1, 7, &WEEKDAYS, 1)?,
            years: set(6, 1970, 2099, &[], 1970)?,
            length: length(duration).ok_or_else(|| refuse("duration", duration))?,
            offset: offset(timezone).ok_or_else(|| refuse("timezone", timezone))?,
        })
    }

    /// Whether it is open at that time.
    pub fn is_open(&self, now: Timestamp) -> bool {
        let local = self.offset.to_datetime(now);
        let begins = local.with().second(self.second).subsec_nanosecond(0).build().ok();
        let Some(mut begins) = begins else { return false };
        if begins > local {
            begins = begins.saturating_sub(SignedDuration::from_mins(1));
        }
        while local.duration_since(begins) < self.length {
            if self.begins_at(begins) {
                return true;
            }
            begins = begins.saturating_sub(SignedDuration::from_mins(1));
        }
        false
    }

    fn begins_at(&self, at: DateTime) -> bool {
        let allows = |set: &Set, value: i16| set.as_ref().is_none_or(|set| set.contains(&value));
        allows(&self.minutes, at.minute().into())
            && allows(&self.hours, at.hour().into())
            && allows(&self.days, at.day().into())
            && allows(&self.months, at.month().into())
            && allows(&self.weekdays, at.weekday().to_sunday_one_offset().into())
            && allows(&self.years, at.year())
    }
}

/// One field of a schedule. The outer `None` is a refusal.
fn set(text: &str, low: i16, high: i16, names: &[&str], first_name: i16) -> Option<Set> {
    if text == "*" || text == "?" {
        return Some(None);
    }
    let value = |text: &str| {
        let named = names.iter().position(|name| name.eq_ignore_ascii_case(text));
        let value = match named {
            Some(at) => i16::try_from(at).ok()? + first_name,
            None if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok()?,
            None => return None,
        };
        (low..=high).contains(&value).then_some(value)
    };
    let mut allowed = Vec::new();
    for item in text.split(',') {
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (range, Some(step.parse::<usize>().ok().filter(|step| *step > 0)?)),
            None => (item, None),
        };
        let (from, to) = match (range, range.split_once('-')) {
            ("*", _) => (low, high),
            (_, Some((from, to))) => (value(from)?, value(to)?),
            (one, None) => (value(one)?, if step.is_some() { high } else { value(one)? }),
        };
        if from > to {
            return None;
        }
        allowed.extend((from..=to).step_by(step.unwrap_or(1)));
    }
    Some(Some(allowed))
}

/// `HH:mm:ss`, more than nothing, at most a day.
fn length(text: &str) -> Option<SignedDuration> {
    let mut parts = text.split(':').map(|part| part.parse::<u32>().ok());
    let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
    let fits = parts.next().is_none() && hours <= 24 && minutes < 60 && seconds < 60;
    let length = i64::from(hours) * 3600 + i64::from(minutes) * 60 + i64::from(seconds);
    (fits && (1..=86_400).contains(&length)).then(|| SignedDuration::from_secs(length))
}

/// `+07:00`, `-05:30`, `Z`.
fn offset(text: &str) -> Option<Offset> {
    if text == "Z" {
        return Some(Offset::UTC);
    }
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+')?),
    };
    let (hours, minutes) = digits.split_once(':')?;
    let two = |text: &str| (text.len() == 2).then(|| text.parse::<u8>().ok()).flatten();
    let (hours, minutes) = (two(hours)?, two(minutes).filter(|minutes| *minutes < 60)?);
    Offset::from_seconds(sign * (i32::from(hours) * 3600 + i32::from(minutes) * 60)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_open_from_its_beginning_for_its_length() {
        let nightly = MaintenanceWindow::parse("0 0 22 * * ?", "06:00:00", "+07:00").unwrap();
        let weekend = MaintenanceWindow::parse("30 15 4 ? * SAT,SUN 2026", "00:10:00", "Z").unwrap();
        let often = MaintenanceWindow::parse("0 0/20 8-9 1 NOV ?", "00:05:00", "-00:30").unwrap();
        for (window, at, expected) in [
            (&nightly, "2026-11-26T14:59:59Z", false),
            (&nightly, "2026-11-26T15:00:00Z", true),
            (&nightly, "2026-11-26T20:59:59.999Z", true),
            (&nightly, "2026-11-26T21:00:00Z", false),
            (&weekend, "2026-11-28T04:15:29Z", false),
            (&weekend, "2026-11-28T04:15:30Z", true),
            (&weekend, "2026-11-28T04:25:29Z", true),
            (&weekend, "2026-11-28T04:25:30Z", false),
            (&weekend, "2026-11-27T04:16:00Z", false),
            (&weekend, "2027-11-27T04:16:00Z", false),
            (&often, "2026-11-01T08:50:00Z", true),
            (&often, "2026-11-01T08:55:00Z", false),
            (&often, "2026-11-01T10:14:59Z", true),
            (&often, "2026-11-01T10:30:00Z", false),
            (&often, "2026-11-02T08:50:00Z", false),
        ] {
            assert_eq!(window.is_open(at.parse().unwrap()), expected, "{at}");
        }
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for (schedule, duration, timezone) in [
            ("0 0 22 * *", "06:00:00", "Z"),
            ("0 0 22 * * ? 2026 x", "06:00:00", "Z"),
            ("* 0 22 * * ?", "06:00:00", "Z"),
            ("0 60 22 * * ?", "06:00:00", "Z"),
            ("0 0 22-20 * * ?", "06:00:00", "Z"),
            ("0 0/0 22 * * ?", "06:00:00", "Z"),
            ("0 0 22 L * ?", "06:00:00", "Z"),
            ("0 0 22 * * MONDAY", "06:00:00", "Z"),
            ("0 0 22 * * ?", "00:00:00", "Z"),
            ("0 0 22 * * ?", "24:00:01", "Z"),
            ("0 0 22 * * ?", "6h", "Z"),
            ("0 0 22 * * ?", "06:00:00", "Asia/Ho_Chi_Minh"),
            ("0 0 22 * * ?", "06:00:00", "+7"),
        ] {
            let refused = MaintenanceWindow::parse(schedule, duration, timezone);
            assert!(matches!(refused, Err(FleetRefusal::Invalid(_))), "{schedule} {duration} {timezone}");
        }
    }
}
