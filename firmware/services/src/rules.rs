//! Legal numbers as dated data: ages, windows, tries. A rule counts from its
//! first day; the newest that has begun wins, so a change of law is a line.

use std::collections::BTreeMap;

use card::{KeyError, RenewalAges};
use faults::Fault;
use jiff::civil::Date;
use serde::Deserialize;

/// Every dated rule.
#[derive(Clone, Debug)]
pub struct Rules(BTreeMap<Name, Vec<Rule>>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    rule: Vec<Rule>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    name: Name,
    from: Date,
    value: u32,
    /// Where the number stands; read by people.
    #[serde(rename = "basis")]
    _basis: String,
    /// False while only a draft or a secondary source says so.
    #[serde(rename = "confirmed")]
    _confirmed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Name {
    GuardianBelowYears,
    ActivationWindowDays,
    OtpTries,
    OtpSends,
    OtpLifeSeconds,
    OtpResendSeconds,
    FaceAttempts,
    PasswordLeast,
    PasswordMost,
    #[serde(rename = "card-renewal-age-1")]
    CardRenewalAge1,
    #[serde(rename = "card-renewal-age-2")]
    CardRenewalAge2,
    #[serde(rename = "card-renewal-age-3")]
    CardRenewalAge3,
    #[serde(rename = "card-renewal-age-4")]
    CardRenewalAge4,
    CardRenewalEarlyYears,
    CardWithoutExpirySays,
}

/// The numbers that hold on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RulesOfDay {
    /// Below this age in years a guardian must take part.
    pub guardian_below_years: u32,
    /// Days after the notice within which an account is to be activated.
    pub activation_window_days: u32,
    /// Wrong codes that are borne.
    pub otp_tries: u32,
    /// Codes that may be asked for in one visit.
    pub otp_sends: u32,
    /// Seconds that a code lives.
    pub otp_life_seconds: u32,
    /// Seconds before another code may be asked for.
    pub otp_resend_seconds: u32,
    /// Tries of the face comparison.
    pub face_attempts: u32,
    /// Fewest characters of a password.
    pub password_least: u32,
    /// Most characters of a password.
    pub password_most: u32,
    /// When cards are renewed, and expire.
    pub card_renewal: RenewalAges,
}

/// Why the rules cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    /// The text breaks its format.
    #[error("the rules break their format")]
    Format(#[source] Box<toml::de::Error>),
    /// No rule of that name has begun on that day.
    #[error("no rule {name} holds on {day}")]
    NoneHolds {
        /// Its name in the file.
        name: String,
        /// The day asked for.
        day: Date,
    },
    /// The ages of renewal of that day cannot be.
    #[error("the ages at which cards are renewed on {day} cannot be")]
    Renewal {
        /// From when they would hold.
        day: Date,
        /// What is wrong with them.
        #[source]
        why: KeyError,
    },
}

impl RulesError {
    /// The entry of the fault list that this is.
    pub fn fault(&self) -> Fault {
        Fault::ConfigBroken
    }
}

impl Rules {
    /// Reads a rules file. What a later day brings must be right today: at midnight nobody
    /// is there to mend it.
    pub fn parse(text: &str) -> Result<Self, RulesError> {
        let file: File = toml::from_str(text).map_err(|error| RulesError::Format(Box::new(error)))?;
        let mut rules = BTreeMap::<Name, Vec<Rule>>::new();
        for rule in file.rule {
            rules.entry(rule.name).or_default().push(rule);
        }
        let rules = Self(rules);
        for day in rules.0.values().flatten().map(|rule| rule.from) {
            match rules.on(day) {
                // Not every rule is as old as the oldest.
                Ok(_) | Err(RulesError::NoneHolds { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(rules)
    }

    /// The numbers of one day.
    pub fn on(&self, day: Date) -> Result<RulesOfDay, RulesError> {
        let value = |name: Name| {
            self.0
                .get(&name)
                .into_iter()
                .flatten()
                .filter(|rule| rule.from <= day)
                .max_by_key(|rule| rule.from)
                .map(|rule| rule.value)
                .ok_or_else(|| RulesError::NoneHolds { name: format!("{name:?}"), day })
        };
        Ok(RulesOfDay {
            guardian_below_years: value(Name::GuardianBelowYears)?,
            activation_window_days: value(Name::ActivationWindowDays)?,
            otp_tries: value(Name::OtpTries)?,
            otp_sends: value(Name::OtpSends)?,
            otp_life_seconds: value(Name::OtpLifeSeconds)?,
            otp_resend_seconds: value(Name::OtpResendSeconds)?,
            face_attempts: value(Name::FaceAttempts)?,
            password_least: value(Name::PasswordLeast)?,
            password_most: value(Name::PasswordMost)?,
            card_renewal: {
                let ages = [
                    value(Name::CardRenewalAge1)?,
                    value(Name::CardRenewalAge2)?,
                    value(Name::CardRenewalAge3)?,
                    value(Name::CardRenewalAge4)?,
                ];
                let early = value(Name::CardRenewalEarlyYears)?;
                renewal(ages, early, value(Name::CardWithoutExpirySays)?)
                    .map_err(|why| RulesError::Renewal { day, why })?
            },
        })
    }
}

/// `never` reads as `yyMMdd`.
fn renewal(ages: [u32; 4], early_years: u32, never: u32) -> Result<RenewalAges, KeyError> {
    let years = |years: u32| u8::try_from(years).map_err(|_| KeyError::NotRenewalAges);
    let [first, second, third, last] = ages;
    let ages = [years(first)?, years(second)?, years(third)?, years(last)?];
    RenewalAges::new(&ages, years(early_years)?, Some(&format!("{never:06}")))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const SHIPPED: &str = include_str!("../rules.toml");

    #[test]
    fn the_shipped_rules_hold_today() {
        let rules = Rules::parse(SHIPPED).unwrap().on(date(2026, 11, 21)).unwrap();
        assert_eq!((rules.activation_window_days, rules.guardian_below_years), (7, 14));
    }

    #[test]
    fn a_change_of_law_counts_from_its_first_day() {
        let text = format!(
            "{SHIPPED}\n[[rule]]\nname = \"activation-window-days\"\nfrom = \"2027-01-01\"\nvalue = 30\nbasis = \"x\"\nconfirmed = false\n"
        );
        let rules = Rules::parse(&text).unwrap();
        let window = |day| rules.on(day).unwrap().activation_window_days;
        assert_eq!((window(date(2026, 12, 31)), window(date(2027, 1, 1))), (7, 30));
    }

    #[test]
    fn a_day_before_every_rule_is_an_error() {
        let error = Rules::parse(SHIPPED).unwrap().on(date(2001, 1, 1)).unwrap_err();
        assert!(matches!(error, RulesError::NoneHolds { .. }), "{error}");
    }

    #[test]
    fn ages_that_cannot_be_are_refused_when_the_file_comes_not_when_they_begin() {
        let later = |name: &str, value: u32| {
            let text = format!(
                "{SHIPPED}\n[[rule]]\nname = \"{name}\"\nfrom = \"2031-01-01\"\nvalue = {value}\nbasis = \"x\"\nconfirmed = false\n"
            );
            Rules::parse(&text)
        };
        assert!(later("card-renewal-age-1", 16).is_ok());
        for (name, value) in [
            ("card-renewal-age-1", 25),
            ("card-renewal-age-4", 30),
            ("card-renewal-age-4", 256),
            ("card-renewal-early-years", 15),
            ("card-without-expiry-says", 9_912_310),
        ] {
            let refused = later(name, value);
            let on = date(2031, 1, 1);
            assert!(matches!(refused, Err(RulesError::Renewal { day, .. }) if day == on), "{name} {value}");
        }
    }
}
