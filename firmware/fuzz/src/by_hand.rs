//! What the fleet team signs and a stick or a server brings: settings from afar, permits.

use configuration::{Configuration, Layer, Whose, digest};
use stick::Permit;

use crate::Reached;

/// A layer of settings, for the whole fleet.
pub(crate) fn layer(bytes: &[u8]) -> Reached {
    let Ok(layer) = Layer::parse(&Whose::Fleet, bytes) else { return Reached::Refused };
    let Ok(set) = Configuration::merge(std::slice::from_ref(&layer)) else { return Reached::Refused };
    let written = set.bytes();
    let read = Configuration::read(&written, digest(&written)).expect("we wrote it");
    assert!(read == set, "another set after writing");
    assert!(written.len() as u64 <= Configuration::MOST_BYTES, "longer than a kiosk reads");
    Reached::Accepted
}

/// A permit, as it stands in signed metadata.
pub(crate) fn permit(bytes: &[u8]) -> Reached {
    let Ok(permit) = serde_json::from_slice::<Permit>(bytes) else { return Reached::Refused };
    let written = serde_json::to_vec(&permit).expect("its fields are texts and numbers");
    let read: Permit = serde_json::from_slice(&written).expect("we wrote it");
    assert!(read == permit, "another permit after writing");
    Reached::Accepted
}
