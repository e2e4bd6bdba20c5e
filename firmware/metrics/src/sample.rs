//! What a kiosk says at one moment, and it as text.

use std::{collections::BTreeMap, fmt::Write as _};

use jiff::Timestamp;

use crate::{Family, Kind, KioskName, families};

/// What a kiosk says at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    families: BTreeMap<&'static str, BTreeMap<Vec<String>, Value>>,
}

#[derive(Clone, Debug, PartialEq)]
enum Value {
    Number(f64),
    Histogram(Histogram),
}

/// Counts by size.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    /// The upper bounds of all buckets but the last, which has none; rising.
    pub bounds: Vec<f64>,
    /// How many fell into each bucket and no lower one; one more than bounds.
    pub counts: Vec<u64>,
    /// All together.
    pub sum: f64,
}

/// Why something is not said. What was to be said is not repeated: it may be anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// A label's value is none that it takes, or there is one too many or too few.
    #[error("{family} has no such label value")]
    Label {
        /// The family's name.
        family: &'static str,
    },
    /// The family has as many series as it may.
    #[error("{family} has too many series")]
    TooMany {
        /// The family's name.
        family: &'static str,
    },
    /// Not a finite number, not of the family's kind, or not what a histogram is.
    #[error("{family} cannot have this value")]
    Value {
        /// The family's name.
        family: &'static str,
    },
}

/// The most buckets that a histogram may have.
const MOST_BUCKETS: usize = 20;

impl Sample {
    /// Says a number. Said again, the newer one counts.
    pub fn set(&mut self, family: &'static Family, labels: &[&str], value: f64) -> Result<(), Refused> {
        let fits = match family.kind {
            Kind::Counter => value.is_finite() && value >= 0.0,
            Kind::Gauge => value.is_finite(),
            Kind::Histogram => false,
        };
        if !fits {
            return Err(Refused::Value { family: family.name });
        }
        self.put(family, labels, Value::Number(value))
    }

    /// Says a histogram.
    pub fn set_histogram(&mut self, family: &'static Family, histogram: Histogram) -> Result<(), Refused> {
        let Histogram { bounds, counts, sum } = &histogram;
        let rises = bounds.is_sorted_by(|lower, upper| lower < upper);
        let fits = family.kind == Kind::Histogram
            && rises
            && bounds.iter().all(|bound| bound.is_finite())
            && counts.len() == bounds.len() + 1
            && counts.len() <= MOST_BUCKETS
            && sum.is_finite();
        if !fits {
            return Err(Refused::Value { family: family.name });
        }
        self.put(family, &[], Value::Histogram(histogram))
    }

    fn put(&mut self, family: &'static Family, labels: &[&str], value: Value) -> Result<(), Refused> {
        let name = family.name;
        let allowed = labels.len() == family.labels.len()
            && labels.iter().zip(family.labels).all(|(value, (_, values))| values.allow(value));
        if !allowed {
            return Err(Refused::Label { family: name });
        }
        let series = self.families.entry(name).or_default();
        let key: Vec<String> = labels.iter().map(|value| (*value).to_owned()).collect();
        if series.len() >= family.most && !series.contains_key(&key) {
            return Err(Refused::TooMany { family: name });
        }
        series.insert(key, value);
        Ok(())
    }

    /// As lines for an engine, without comments. Lines without a time get that of their arrival.
    pub fn lines(&self, kiosk: &KioskName, at: Option<Timestamp>) -> String {
        let mut text = String::new();
        for family in families::ALL {
            self.write(family, kiosk, at, &mut text);
        }
        text
    }

    /// As a page to be fetched: with help and types, without times.
    pub fn page(&self, kiosk: &KioskName) -> String {
        let mut text = String::new();
        for family in families::ALL.iter().filter(|family| self.families.contains_key(family.name)) {
            let (name, help) = (family.name, escaped(family.help, Place::Help));
            line(&mut text, format_args!("# HELP {name} {help}"));
            line(&mut text, format_args!("# TYPE {name} {}", family.kind.word()));
            self.write(family, kiosk, None, &mut text);
        }
        text
    }

    fn write(&self, family: &Family, kiosk: &KioskName, at: Option<Timestamp>, text: &mut String) {
        let time = at.map(|at| format!(" {}", at.as_millisecond())).unwrap_or_default();
        for (values, value) in self.families.get(family.name).into_iter().flatten() {
            let mut labels = format!("kiosk=\"{}\"", escaped(kiosk.as_str(), Place::Value));
            for ((label, _), value) in family.labels.iter().zip(values) {
                _ = write!(labels, ",{label}=\"{}\"", escaped(value, Place::Value));
            }
            let name = family.name;
            match value {
                Value::Number(number) => line(text, format_args!("{name}{{{labels}}} {number}{time}")),
                Value::Histogram(Histogram { bounds, counts, sum }) => {
                    let mut so_far = 0_u64;
                    for (at, count) in counts.iter().enumerate() {
                        so_far = so_far.saturating_add(*count);
                        let bound = bounds.get(at).map_or_else(|| "+Inf".to_owned(), ToString::to_string);
                        line(text, format_args!("{name}_bucket{{{labels},le=\"{bound}\"}} {so_far}{time}"));
                    }
                    line(text, format_args!("{name}_sum{{{labels}}} {sum}{time}"));
                    line(text, format_args!("{name}_count{{{labels}}} {so_far}{time}"));
                }
            }
        }
    }
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    _ = writeln!(text, "{line}");
}

/// Where a text stands: in a label's value the quotation mark is escaped as well.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Help,
    Value,
}

fn escaped(text: &str, place: Place) -> String {
    let mut escaped = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '\\' => escaped.push_str(r"\\"),
            '\n' => escaped.push_str(r"\n"),
            '"' if place == Place::Value => escaped.push_str("\\\""),
            sign => escaped.push(sign),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kiosk() -> KioskName {
        "ha-noi-0017".parse().unwrap()
    }

    fn at() -> Timestamp {
        Timestamp::from_millisecond(1_800_000_000_123).unwrap()
    }

    #[test]
    fn a_sample_is_text_with_the_time_in_milliseconds() {
        let mut sample = Sample::default();
        sample.set(&families::UP, &[], 1.0).unwrap();
        sample.set(&families::VISITS, &["eid.activate", "received"], 12.0).unwrap();
        sample.set(&families::VISITS, &["none", "none"], 3.0).unwrap();
        sample.set(&families::TEMPERATURE, &[], 51.5).unwrap();
        let histogram = Histogram { bounds: vec![30.0, 60.5], counts: vec![1, 0, 2], sum: 200.25 };
        sample.set_histogram(&families::VISIT_SECONDS, histogram).unwrap();
        assert_eq!(
            sample.lines(&kiosk(), Some(at())),
            r#"kiosk_up{kiosk="ha-noi-0017"} 1 1800000000123
kiosk_visits_total{kiosk="ha-noi-0017",service="eid.activate",outcome="received"} 12 1800000000123
kiosk_visits_total{kiosk="ha-noi-0017",service="none",outcome="none"} 3 1800000000123
kiosk_visit_duration_seconds_bucket{kiosk="ha-noi-0017",le="30"} 1 1800000000123
kiosk_visit_duration_seconds_bucket{kiosk="ha-noi-0017",le="60.5"} 1 1800000000123
kiosk_visit_duration_seconds_bucket{kiosk="ha-noi-0017",le="+Inf"} 3 1800000000123
kiosk_visit_duration_seconds_sum{kiosk="ha-noi-0017"} 200.25 1800000000123
kiosk_visit_duration_seconds_count{kiosk="ha-noi-0017"} 3 1800000000123
kiosk_temperature_celsius{kiosk="ha-noi-0017"} 51.5 1800000000123
"#
        );
    }

    #[test]
    fn a_page_has_help_and_types_and_no_times() {
        let mut sample = Sample::default();
        sample.set(&families::POLLS, &["answer"], 2.0).unwrap();
        assert_eq!(
            sample.page(&kiosk()),
            "# HELP kiosk_polls_total Polls of the fleet server\n# TYPE kiosk_polls_total counter\n\
             kiosk_polls_total{kiosk=\"ha-noi-0017\",came_to=\"answer\"} 2\n"
        );
    }

    #[test]
    fn what_has_a_meaning_in_the_format_is_escaped() {
        assert_eq!(escaped("a\\b\"c\nd", Place::Value), r#"a\\b\"c\nd"#);
        assert_eq!(escaped("a\\b\"c\nd", Place::Help), "a\\\\b\"c\\nd");
    }

    #[test]
    fn a_value_that_is_in_no_list_is_refused_and_not_repeated() {
        let mut sample = Sample::default();
        let refused = sample.set(&families::FAULTS, &["001204012345"], 1.0).unwrap_err();
        assert_eq!(refused, Refused::Label { family: "kiosk_faults_total" });
        assert!(!refused.to_string().contains("001204012345"));
        for labels in [&[][..], &["CARD-01", "CARD-02"]] {
            assert!(matches!(sample.set(&families::FAULTS, labels, 1.0), Err(Refused::Label { .. })));
        }
        assert_eq!(sample, Sample::default());
    }

    #[test]
    fn a_family_cannot_fill_the_engine() {
        let mut sample = Sample::default();
        for number in 0..families::FAULTS.most {
            let area = ["AA", "BB"][number / 100];
            sample.set(&families::FAULTS, &[&format!("{area}-{:02}", number % 100)], 1.0).unwrap();
        }
        let more = sample.set(&families::FAULTS, &["CC-01"], 1.0);
        assert_eq!(more, Err(Refused::TooMany { family: "kiosk_faults_total" }));
        sample.set(&families::FAULTS, &["AA-00"], 2.0).unwrap();
    }

    #[test]
    fn what_is_no_value_of_the_family_is_refused() {
        let mut sample = Sample::default();
        for (family, value) in [
            (&families::UP, f64::NAN),
            (&families::UP, f64::INFINITY),
            (&families::POLLS, -1.0),
            (&families::VISIT_SECONDS, 1.0),
        ] {
            let refused = Err(Refused::Value { family: family.name });
            let labels = vec!["answer"; family.labels.len()];
            assert_eq!(sample.set(family, &labels, value), refused, "{} {value}", family.name);
        }
        for (bounds, counts) in
            [(vec![1.0, 1.0], vec![0; 3]), (vec![1.0], vec![0; 3]), (vec![f64::NAN], vec![0; 2])]
        {
            let histogram = Histogram { bounds, counts, sum: 0.0 };
            assert!(
                sample.set_histogram(&families::VISIT_SECONDS, histogram.clone()).is_err(),
                "{histogram:?}"
            );
        }
    }
}
