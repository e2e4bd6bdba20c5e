//! The machine's own clocks and chance. Only the daemon uses them; below it both are arguments.

use std::{fs, io};

use jiff::{SignedDuration, Timestamp};
use tuf::clock::Sources;

/// Time has certainly passed this: when this software was written. Raised with each release.
pub const BUILT: Timestamp = Timestamp::constant(1_795_651_200, 0);

/// What the clocks say.
pub fn clocks() -> Sources {
    let uptime = fs::read_to_string("/proc/uptime").ok();
    let seconds = uptime.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    // Without /proc nothing is known of the uptime; then an authenticated time does not count.
    let uptime = SignedDuration::try_from_secs_f64(seconds.unwrap_or(0.0)).unwrap_or_default();
    Sources { system: Timestamp::now(), uptime }
}

/// Another one after each start of the machine.
pub fn boot_id() -> io::Result<String> {
    Ok(fs::read_to_string("/proc/sys/kernel/random/boot_id")?.trim().to_owned())
}

/// 32 bytes that nobody can guess.
pub fn challenge() -> [u8; 32] {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("the kernel gives chance");
    bytes
}

/// Evenly drawn from all numbers.
pub fn chance() -> u32 {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes).expect("the kernel gives chance");
    u32::from_le_bytes(bytes)
}
