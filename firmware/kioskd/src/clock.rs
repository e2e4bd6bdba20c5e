//! The kiosk's clock. Only daemons read it; below them time is an argument.

use jiff::{
    Timestamp,
    civil::Date,
    tz::{Offset, TimeZone},
};

/// The offset of all sites: Viet Nam has one time and no summer time.
const SITE: Offset = Offset::constant(7);

/// The time now.
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// The day at the site.
pub fn today() -> Date {
    now().to_zoned(TimeZone::fixed(SITE)).date()
}
