//! Which services are open now: a device that fails closes the services that
//! need it, and only those (invariant 10).

use std::collections::BTreeMap;

use devices::{Device, State};
use faults::Fault;

use crate::catalogue::Service;

/// Why a service is closed, if it is: the operator closed it, or the fault of the first
/// device that it needs and that does not work.
pub fn closed_by(service: &Service, devices: &BTreeMap<Device, State>) -> Option<Fault> {
    if service.closed {
        return Some(Fault::ServiceClosed);
    }
    service.needs.iter().find_map(|device| match devices.get(device) {
        Some(state) if state.works() => None,
        Some(state) => Some(state.fault().unwrap_or(Fault::ServiceClosed)),
        None => Some(Fault::ServiceClosed),
    })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::catalogue::Catalogue;

    fn catalogue() -> Catalogue {
        let text = include_str!("../catalogue/eid.activate.toml").to_owned();
        Catalogue::parse([(PathBuf::new(), text)]).unwrap()
    }

    fn closed(states: &[(Device, State)]) -> Option<Fault> {
        closed_in(&catalogue(), states)
    }

    fn closed_in(catalogue: &Catalogue, states: &[(Device, State)]) -> Option<Fault> {
        let all = [Device::CardReader, Device::Camera, Device::Network, Device::Store];
        let mut devices: BTreeMap<_, _> = all.into_iter().map(|device| (device, State::Ready)).collect();
        devices.extend(states.iter().copied());
        closed_by(catalogue.service("eid.activate").unwrap(), &devices)
    }

    #[test]
    fn a_lack_of_paper_closes_nothing_here() {
        assert_eq!(closed(&[(Device::ReceiptPrinter, State::Failed(Fault::PaperOut))]), None);
    }

    #[test]
    fn a_missing_reader_closes_it_and_says_why() {
        let gone = State::Failed(Fault::ReaderMissing);
        assert_eq!(closed(&[(Device::CardReader, gone)]), Some(Fault::ReaderMissing));
    }

    #[test]
    fn a_slow_network_is_still_a_network() {
        assert_eq!(closed(&[(Device::Network, State::Degraded(Fault::PlatformSlow))]), None);
    }

    #[test]
    fn the_operator_closes_a_service_whose_devices_all_work() {
        let mut catalogue = catalogue();
        assert!(!catalogue.close("eid.activat"));
        assert_eq!(closed_in(&catalogue, &[]), None);
        assert!(catalogue.close("eid.activate"));
        assert_eq!(closed_in(&catalogue, &[]), Some(Fault::ServiceClosed));
    }

    #[test]
    fn a_device_nobody_has_looked_at_yet_closes_it() {
        assert_eq!(closed(&[(Device::Camera, State::Starting)]), Some(Fault::ServiceClosed));
    }
}
