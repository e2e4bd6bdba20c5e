//! The operations of `openapi.yaml`, one function each.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use serde::Serialize;
use tokio::sync::watch;
use uuid::Uuid;

use crate::{
    AccountState, ActivationId, Channel, CodeSent, Credentials, GatewayConfig, GatewayError, Link,
    TimeAndChance, VneidId, VneidRequest, VneidState,
};

/// The way to the platform. Cheap to clone: every clone shares the connections.
#[derive(Clone)]
pub struct Gateway {
    _config: GatewayConfig,
}

/// What this machine says of itself, now and then. Nothing about a person.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Heartbeat {
    /// The version of the software.
    pub version: String,
    /// Records that wait to be sent.
    pub queue_depth: u32,
    /// Each device: whether it works.
    pub devices: BTreeMap<String, bool>,
}

impl Gateway {
    /// Reads keys and certificates and makes ready. Sends nothing yet.
    pub fn connect(_config: &GatewayConfig, _source: Arc<dyn TimeAndChance>) -> Result<Self, GatewayError> {
        unimplemented!()
    }

    /// How the connection is.
    pub fn link(&self) -> Link {
        unimplemented!()
    }

    /// Tells whenever the connection changes.
    pub fn watch_link(&self) -> watch::Receiver<Link> {
        unimplemented!()
    }

    /// How a citizen's account stands. `number`: the twelve digits off the chip.
    pub async fn account(&self, _number: &str) -> Result<AccountState, GatewayError> {
        unimplemented!()
    }

    /// Begins an activation with the phone number that the citizen typed.
    pub async fn begin_activation(&self, _number: &str, _phone: &str) -> Result<ActivationId, GatewayError> {
        unimplemented!()
    }

    /// Sends a code to the registered phone.
    pub async fn send_code(&self, _of: &ActivationId, _by: Channel) -> Result<CodeSent, GatewayError> {
        unimplemented!()
    }

    /// Checks the code that the citizen typed.
    pub async fn check_code(&self, _of: &ActivationId, _code: &str) -> Result<(), GatewayError> {
        unimplemented!()
    }

    /// Hands the citizen's secrets over, sealed.
    pub async fn set_credentials(&self, _of: &ActivationId, _set: Credentials) -> Result<(), GatewayError> {
        unimplemented!()
    }

    /// Submits a sealed record and gives the bytes of the signed receipt, for
    /// `outbox::Receipt` to verify. Sending the same record again is harmless.
    pub async fn submit(&self, _id: Uuid, _sealed: &[u8]) -> Result<Vec<u8>, GatewayError> {
        unimplemented!()
    }

    /// The receipt of a record that was submitted before; none if the platform has
    /// never seen it.
    pub async fn receipt(&self, _id: Uuid) -> Result<Option<Vec<u8>>, GatewayError> {
        unimplemented!()
    }

    /// Asks for the citizen's approval in VNeID.
    pub async fn request_vneid(&self, _number: &str) -> Result<VneidRequest, GatewayError> {
        unimplemented!()
    }

    /// How far a request for approval is; waits up to `wait` for a change.
    pub async fn vneid_state(&self, _of: &VneidId, _wait: Duration) -> Result<VneidState, GatewayError> {
        unimplemented!()
    }

    /// Says how this machine is.
    pub async fn heartbeat(&self, _is: &Heartbeat) -> Result<(), GatewayError> {
        unimplemented!()
    }
}
