//! What the staff page says of the devices.

use std::collections::BTreeMap;

use devices::{Device, State};
use faults::Fault;
use screen::view::DeviceLine;

/// One line a device, in the order of the list.
pub fn device_lines(states: &BTreeMap<Device, State>) -> Vec<DeviceLine> {
    let _ = states;
    unimplemented!()
}

/// Whether the machine can serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// Some device was not looked at yet.
    Starting,
    /// Everything works.
    Ready,
    /// It serves, but somebody should come.
    Degraded(Vec<Fault>),
    /// Nothing can be served.
    Closed(Fault),
}

/// Sums the devices up; `needed` are those without which no service is open.
pub fn readiness(states: &BTreeMap<Device, State>, needed: &[Device]) -> Readiness {
    let _ = (states, needed);
    unimplemented!()
}
