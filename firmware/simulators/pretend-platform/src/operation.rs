//! The operations of `firmware/gateway/openapi.yaml`: name, method, path. A test of
//! `gateway` compares this table with the file.

use axum::http::Method;

/// One operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operation {
    /// The kiosk says how it is.
    Heartbeat,
    /// How an account stands.
    LookUpAccount,
    /// A phone number begins an activation.
    BeginActivation,
    /// A code is sent.
    SendCode,
    /// A code is checked.
    CheckCode,
    /// Passcode, answers, password.
    SetCredentials,
    /// The VNeID way begins.
    CreateVneidAuthorization,
    /// How far it is.
    GetVneidAuthorization,
    /// The signed record.
    SubmitTransaction,
    /// Its receipt, again.
    GetReceipt,
}

impl Operation {
    /// All that this platform serves. `enrolDevice` is not among them: the demo's
    /// kiosk finds its certificate in the folder.
    pub const ALL: [Self; 10] = [
        Self::Heartbeat,
        Self::LookUpAccount,
        Self::BeginActivation,
        Self::SendCode,
        Self::CheckCode,
        Self::SetCredentials,
        Self::CreateVneidAuthorization,
        Self::GetVneidAuthorization,
        Self::SubmitTransaction,
        Self::GetReceipt,
    ];

    /// The `operationId`.
    pub fn id(self) -> &'static str {
        match self {
            Self::Heartbeat => "heartbeat",
            Self::LookUpAccount => "lookUpAccount",
            Self::BeginActivation => "beginActivation",
            Self::SendCode => "sendCode",
            Self::CheckCode => "checkCode",
            Self::SetCredentials => "setCredentials",
            Self::CreateVneidAuthorization => "createVneidAuthorization",
            Self::GetVneidAuthorization => "getVneidAuthorization",
            Self::SubmitTransaction => "submitTransaction",
            Self::GetReceipt => "getReceipt",
        }
    }

    /// The operation of this `operationId`.
    pub fn by_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.id() == id)
    }

    /// The path, with names in braces.
    pub fn path(self) -> &'static str {
        match self {
            Self::Heartbeat => "/v1/devices/{kiosk}/heartbeat",
            Self::LookUpAccount => "/v1/eid/accounts:look-up",
            Self::BeginActivation => "/v1/eid/activations",
            Self::SendCode => "/v1/eid/activations/{activation}/codes",
            Self::CheckCode => "/v1/eid/activations/{activation}/codes:check",
            Self::SetCredentials => "/v1/eid/activations/{activation}/credentials",
            Self::CreateVneidAuthorization => "/v1/identity/vneid-authorizations",
            Self::GetVneidAuthorization => "/v1/identity/vneid-authorizations/{authorization}",
            Self::SubmitTransaction => "/v1/transactions",
            Self::GetReceipt => "/v1/transactions/{transaction}/receipt",
        }
    }

    /// The method.
    pub fn method(self) -> Method {
        match self {
            Self::GetVneidAuthorization | Self::GetReceipt => Method::GET,
            _ => Method::POST,
        }
    }
}
