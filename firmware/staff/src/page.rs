//! What the staff page says of the devices, and whether the machine is ready.

use std::collections::BTreeMap;

use devices::{Device, State};
use faults::Fault;
use screen::view::{DeviceLine, DeviceName};

/// One line a device, in the order of the list. A device that was not looked at yet
/// does not work and has no fault.
pub fn device_lines(states: &BTreeMap<Device, State>) -> Vec<DeviceLine> {
    states
        .iter()
        .map(|(device, state)| DeviceLine {
            device: name(*device),
            works: state.works(),
            fault: state.fault(),
        })
        .collect()
}

fn name(device: Device) -> DeviceName {
    match device {
        Device::CardReader => DeviceName::CardReader,
        Device::Camera => DeviceName::Camera,
        Device::ReceiptPrinter => DeviceName::ReceiptPrinter,
        Device::CodeScanner => DeviceName::CodeScanner,
        Device::Network => DeviceName::Network,
        Device::Store => DeviceName::Store,
    }
}

/// Whether the machine can serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// Something that every service needs was not looked at yet.
    Starting,
    /// Everything works.
    Ready,
    /// It serves, but somebody should come: these are the reasons.
    Degraded(Vec<Fault>),
    /// Nothing can be served, for the first of these reasons.
    Closed(Fault),
}

/// Sums the devices up. `needed` are those without which no service is open; each of
/// the others closes at most some services.
pub fn readiness(states: &BTreeMap<Device, State>, needed: &[Device]) -> Readiness {
    let state = |device: &Device| states.get(device).copied().unwrap_or(State::Starting);
    let failed = needed.iter().find_map(|device| match state(device) {
        State::Failed(fault) => Some(fault),
        _ => None,
    });
    if let Some(fault) = failed {
        return Readiness::Closed(fault);
    }
    if needed.iter().any(|device| state(device) == State::Starting) {
        return Readiness::Starting;
    }
    let faults: Vec<Fault> = states.values().filter_map(|state| state.fault()).collect();
    if faults.is_empty() { Readiness::Ready } else { Readiness::Degraded(faults) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEEDED: [Device; 2] = [Device::CardReader, Device::Store];

    fn check(states: &[(Device, State)], expected: &Readiness) {
        let states = states.iter().copied().collect();
        assert_eq!(readiness(&states, &NEEDED), *expected);
    }

    #[test]
    fn a_device_that_all_services_need_closes_the_machine_and_others_do_not() {
        let reader = |state| (Device::CardReader, state);
        let printer = |state| (Device::ReceiptPrinter, state);
        let store = (Device::Store, State::Ready);
        check(&[reader(State::Ready), store, printer(State::Ready)], &Readiness::Ready);
        check(&[reader(State::Ready), store, printer(State::Starting)], &Readiness::Ready);
        check(&[reader(State::Starting), store], &Readiness::Starting);
        check(&[reader(State::Ready)], &Readiness::Starting);
        check(
            &[reader(State::Failed(Fault::ReaderMissing)), (Device::Store, State::Starting)],
            &Readiness::Closed(Fault::ReaderMissing),
        );
        check(
            &[reader(State::Ready), store, printer(State::Failed(Fault::PaperOut))],
            &Readiness::Degraded(vec![Fault::PaperOut]),
        );
    }

    #[test]
    fn every_device_has_its_line_with_what_is_wrong() {
        let states = BTreeMap::from([
            (Device::ReceiptPrinter, State::Degraded(Fault::PaperLow)),
            (Device::Camera, State::Starting),
            (Device::CardReader, State::Failed(Fault::ReaderMissing)),
        ]);
        let lines: Vec<_> =
            device_lines(&states).into_iter().map(|line| (line.device, line.works, line.fault)).collect();
        assert_eq!(
            lines,
            [
                (DeviceName::CardReader, false, Some(Fault::ReaderMissing)),
                (DeviceName::Camera, false, None),
                (DeviceName::ReceiptPrinter, true, Some(Fault::PaperLow)),
            ]
        );
    }
}
