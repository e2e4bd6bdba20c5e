//! Whether a release on trial is as well as the one before. What did not work before need not
//! work now: a printer that is out of paper fails no update.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use upkeep::{DeviceHealth, Vitals};

/// How the kiosk was before the slot was changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Before {
    /// When `kioskd` had been started.
    started: Option<Timestamp>,
    /// Whether the touchscreen drew.
    screen_drew: bool,
    /// Devices that worked.
    worked: BTreeSet<String>,
}

impl Before {
    /// Of what the kiosk says of itself, if it says anything.
    pub fn of(vitals: Option<&Vitals>) -> Self {
        let Some(vitals) = vitals else { return Self::default() };
        let worked = vitals.devices.iter().filter(|(_, health)| health.works());
        Self {
            started: Some(vitals.started),
            screen_drew: vitals.screen_draws,
            worked: worked.map(|(name, _)| name.clone()).collect(),
        }
    }

    /// What is not well now and was before. `None`: all is well.
    pub(crate) fn ill(&self, vitals: Option<&Vitals>, now: Timestamp) -> Option<Ill> {
        let here = |what: &str| Some(Ill::Here(what.to_owned()));
        let Some(vitals) = vitals.filter(|vitals| vitals.are_fresh(now)) else {
            return here("kioskd: says nothing of itself");
        };
        if self.started == Some(vitals.started) {
            return here("kioskd: was not started anew");
        }
        if self.screen_drew && !vitals.screen_draws {
            return here("screen: draws no page");
        }
        let works = |name: &String| vitals.devices.get(name).is_some_and(DeviceHealth::works);
        let said = |name: &String| format!("{name}: worked before the update and does not now");
        let (way, devices): (Vec<_>, Vec<_>) =
            self.worked.iter().filter(|name| !works(name)).partition(|name| *name == WAY);
        let lost = devices.first().map(|name| Ill::Here(said(name)));
        lost.or_else(|| way.first().map(|name| Ill::CutOff(said(name))))
    }
}

/// The one of the devices that is not in the machine.
const WAY: &str = "network";

/// What is not well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ill {
    /// Something in the machine.
    Here(String),
    /// Only the way to the platform: that may be the release, and it may be a ditch that was dug
    /// somewhere. Citizens can be served meanwhile.
    CutOff(String),
}

impl Ill {
    /// What is not well in the machine itself.
    pub(crate) fn here(self) -> Option<String> {
        match self {
            Self::Here(what) => Some(what),
            Self::CutOff(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn vitals(started: i64) -> Vitals {
        Vitals {
            version: "0.1.0".to_owned(),
            started: at(started),
            written: at(500),
            screen_draws: true,
            devices: [
                ("card-reader".to_owned(), DeviceHealth::Ready),
                ("receipt-printer".to_owned(), DeviceHealth::Failed("PRINT-01".to_owned())),
            ]
            .into(),
            idle_since: None,
            waiting: 0,
            events: [].into(),
            configuration: None,
        }
    }

    #[test]
    fn a_kiosk_that_is_as_it_was_is_well() {
        let before = Before::of(Some(&vitals(0)));
        assert_eq!(before.ill(Some(&vitals(400)), at(510)), None);
        let mut more = vitals(400);
        more.devices.insert("receipt-printer".to_owned(), DeviceHealth::Ready);
        assert_eq!(before.ill(Some(&more), at(510)), None);
    }

    #[test]
    fn what_worked_and_does_not_is_named() {
        let before = Before::of(Some(&vitals(0)));
        let ill = |change: fn(&mut Vitals)| {
            let mut now = vitals(400);
            change(&mut now);
            match before.ill(Some(&now), at(510)).unwrap() {
                Ill::Here(what) => what,
                Ill::CutOff(what) => panic!("{what}"),
            }
        };
        assert!(ill(|now| now.written = at(400)).contains("says nothing"));
        assert!(ill(|now| now.started = at(0)).contains("not started anew"));
        assert!(ill(|now| now.screen_draws = false).contains("draws no page"));
        assert!(ill(|now| drop(now.devices.remove("card-reader"))).contains("card-reader: worked"));
        assert!(
            ill(|now| drop(
                now.devices.insert("card-reader".to_owned(), DeviceHealth::Failed("CARD-09".to_owned()))
            ))
            .contains("card-reader")
        );
        assert_eq!(before.ill(None, at(510)), Some(Ill::Here("kioskd: says nothing of itself".to_owned())));
    }

    #[test]
    fn the_way_to_the_platform_is_another_matter_than_the_machine() {
        let with = |devices: &[(&str, DeviceHealth)]| {
            let devices = devices.iter().map(|(name, health)| ((*name).to_owned(), health.clone())).collect();
            Vitals { devices, ..vitals(0) }
        };
        let lost = || DeviceHealth::Failed("NET-01".to_owned());
        let before =
            Before::of(Some(&with(&[("camera", DeviceHealth::Ready), ("network", DeviceHealth::Ready)])));
        let ill = |camera, network| {
            let now = Vitals { started: at(400), ..with(&[("camera", camera), ("network", network)]) };
            before.ill(Some(&now), at(510))
        };
        assert!(
            matches!(ill(DeviceHealth::Ready, lost()), Some(Ill::CutOff(what)) if what.starts_with("network"))
        );
        assert!(matches!(ill(lost(), lost()), Some(Ill::Here(what)) if what.starts_with("camera")));
        assert_eq!(ill(DeviceHealth::Ready, DeviceHealth::Ready), None);
    }

    #[test]
    fn after_a_kiosk_that_was_down_it_is_enough_to_be_up() {
        let before = Before::of(None);
        assert_eq!(before.ill(Some(&vitals(400)), at(510)), None);
        assert!(before.ill(None, at(510)).is_some());
    }
}
