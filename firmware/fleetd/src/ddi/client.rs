//! The calls. Addresses come from the server's links, and are followed on the server itself
//! only: the kiosk's secret goes to nobody else, whatever a message says.

use std::{collections::BTreeMap, time::Duration};

use reqwest::{
    Client, Method, RequestBuilder, Response, StatusCode, Url,
    header::{ACCEPT, AUTHORIZATION, ETAG, HeaderValue, IF_NONE_MATCH, RETRY_AFTER},
};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    messages::{Base, CancelBase, ConfigData, Consent, DeploymentBase, Feedback, InstalledVersion},
    pace::Failure,
};
use crate::{
    commands::CommandOrder,
    update::{ActionId, NotAllowed, Order, Report},
};

/// The longest message that is read, in bytes.
const LONGEST_MESSAGE: usize = 1 << 20;

/// Whom we are to the server. Made only of names and a secret that can be used.
#[derive(Clone)]
pub struct Account {
    base: Url,
    controller: String,
    authorization: Option<HeaderValue>,
}

impl Account {
    /// An account at a server: the tenant, as `DEFAULT`, the kiosk's name in the fleet, and what
    /// proves it where that is not the TLS certificate.
    pub fn new(
        server: &Url,
        tenant: &str,
        controller: &str,
        secret: Option<&Secret>,
    ) -> Result<Self, AccountFault> {
        let plain = |name: &str| {
            let sign = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            (1..=128).contains(&name.len()) && name.bytes().all(sign) && !name.starts_with('.')
        };
        if !plain(tenant) || !plain(controller) {
            return Err(AccountFault::Name);
        }
        if !matches!(server.scheme(), "http" | "https") || server.query().is_some() {
            return Err(AccountFault::Server);
        }
        let mut base = server.clone();
        base.path_segments_mut().map_err(|()| AccountFault::Server)?.pop_if_empty().extend([
            tenant,
            "controller",
            "v1",
            controller,
        ]);
        let authorization = secret.map(Secret::header).transpose()?;
        Ok(Self { base, controller: controller.to_owned(), authorization })
    }

    /// The kiosk's name in the fleet.
    pub fn controller(&self) -> &str {
        &self.controller
    }
}

/// A secret of the fleet server.
#[derive(Clone)]
pub enum Secret {
    /// Of this kiosk alone.
    Target(String),
    /// Of a gateway for many; the server believes any name.
    Gateway(String),
}

/// What the server wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Nothing.
    Nothing,
    /// This is to be installed.
    Install(Order),
    /// A command is handed on.
    Command(CommandOrder),
    /// The kiosk is asked whether this may be installed.
    Consent(Order),
    /// This is to be called off.
    CallOff(ActionId),
}

/// What came of a poll.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Polled {
    /// How long to wait until the next.
    pub sleep: Duration,
    /// What the server wants.
    pub asked: Asked,
    /// It wants to know what this kiosk is.
    pub wants_attributes: bool,
}

/// Why a call did not go through.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DdiError {
    /// No connection, or a broken one.
    #[error("the fleet server cannot be reached")]
    Unreachable(#[source] reqwest::Error),
    /// The server does not know us, or does not believe us.
    #[error("the fleet server does not accept this kiosk (status {code})")]
    NotAccepted {
        /// The HTTP status.
        code: u16,
    },
    /// It wants to hear no more of this action.
    #[error("the fleet server has forgotten the action")]
    Gone,
    /// It has too much to do.
    #[error("the fleet server is busy")]
    Busy {
        /// How long it wants to be left alone.
        retry_after: Duration,
    },
    /// Another status.
    #[error("the fleet server answered with status {code}")]
    Status {
        /// The HTTP status.
        code: u16,
    },
    /// A message that cannot be read as one.
    #[error("the fleet server's message cannot be understood")]
    Garbled,
    /// A link to somewhere else.
    #[error("the fleet server's message leads to another server")]
    OtherServer,
}

impl DdiError {
    /// How long to stay away.
    pub fn failure(&self) -> Failure {
        match self {
            Self::Busy { retry_after } => Failure::Busy(*retry_after),
            _ => Failure::Trouble,
        }
    }
}

/// This kiosk at the fleet server.
pub struct Controller {
    client: Client,
    account: Account,
    /// What the server said last, and its mark of it.
    newest: Option<(HeaderValue, Polled)>,
}

/// Why an account cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountFault {
    /// Not the address of a server.
    #[error("not an http or https address without a query")]
    Server,
    /// Not a name.
    #[error("tenant and controller are letters, digits, '-', '_' and '.'")]
    Name,
    /// Not a secret.
    #[error("the secret holds more than printable letters")]
    Secret,
}

impl Controller {
    /// The client brings the trust, certificates and proxies of its owner. It must follow no
    /// redirects: they would take the secret along.
    pub fn new(client: Client, account: Account) -> Self {
        Self { client, account, newest: None }
    }

    /// Asks what the server wants.
    pub async fn poll(&mut self) -> Result<Polled, DdiError> {
        let mut request = self.request(Method::GET, self.account.base.clone());
        if let Some((mark, _)) = &self.newest {
            request = request.header(IF_NONE_MATCH, mark);
        }
        let response = request.send().await.map_err(DdiError::Unreachable)?;
        if response.status() == StatusCode::NOT_MODIFIED
            && let Some((_, polled)) = &self.newest
        {
            return Ok(polled.clone());
        }
        self.newest = None;
        let mark = response.headers().get(ETAG).cloned();
        let base: Base = read(response).await?;
        let asked = if let Some(link) = &base.links.cancel_action {
            let cancel: CancelBase = self.get(&link.href).await?;
            let stopped = ActionId(cancel.cancel_action.stop_id.parse().map_err(|_| DdiError::Garbled)?);
            if stopped.is_of_stick() {
                return Err(DdiError::Garbled);
            }
            Asked::CallOff(stopped)
        } else if let Some(link) = &base.links.deployment_base {
            self.deployment(&link.href).await?
        } else if let Some(link) = &base.links.confirmation_base {
            // The link leads to an overview; without an action in it nothing is asked.
            match link.href.split(['?', '#']).next().and_then(|path| path.rsplit('/').next()) {
                Some(last) if last.bytes().all(|byte| byte.is_ascii_digit()) => {
                    Asked::Consent(self.order(&link.href).await?)
                }
                _ => Asked::Nothing,
            }
        } else {
            Asked::Nothing
        };
        let polled =
            Polled { sleep: base.sleep(), asked, wants_attributes: base.links.config_data.is_some() };
        // An order's urgency may change while the links stay: only quiet is remembered.
        self.newest = mark.filter(|_| polled.asked == Asked::Nothing).map(|mark| (mark, polled.clone()));
        Ok(polled)
    }

    /// Tells how an action goes.
    pub async fn report(&self, report: &Report) -> Result<(), DdiError> {
        let kind = if report.of_cancel { "cancelAction" } else { "deploymentBase" };
        let path = [kind, &report.action.0.to_string(), "feedback"];
        self.send(Method::POST, &path, &Feedback::of(report)).await
    }

    /// Answers a question for consent.
    pub async fn consent(&self, action: ActionId, answer: Result<(), &NotAllowed>) -> Result<(), DdiError> {
        let refused = answer.err().map(ToString::to_string);
        let confirmation = if refused.is_some() { "denied" } else { "confirmed" };
        let details = [refused.as_deref().unwrap_or("it may be installed here")];
        let path = ["confirmationBase", &action.0.to_string(), "feedback"];
        self.send(Method::POST, &path, &Consent { confirmation, details }).await
    }

    /// Tells what this kiosk is.
    pub async fn tell_attributes(&self, attributes: &BTreeMap<String, String>) -> Result<(), DdiError> {
        let data = ConfigData { mode: "replace", data: attributes };
        self.send(Method::PUT, &["configData"], &data).await
    }

    async fn deployment(&self, href: &str) -> Result<Asked, DdiError> {
        let deployment: DeploymentBase = self.get(href).await?;
        if let Some(command) = deployment.command() {
            return Ok(Asked::Command(command));
        }
        deployment.order().map(Asked::Install).ok_or(DdiError::Garbled)
    }

    /// Tells that a distribution set is installed here that the server did not order.
    pub async fn tell_installed(&self, name: &str, version: &str) -> Result<(), DdiError> {
        self.send(Method::PUT, &["installedBase"], &InstalledVersion { name, version }).await
    }

    async fn order(&self, href: &str) -> Result<Order, DdiError> {
        let deployment: DeploymentBase = self.get(href).await?;
        deployment.order().ok_or(DdiError::Garbled)
    }

    async fn get<T: DeserializeOwned>(&self, href: &str) -> Result<T, DdiError> {
        let address = self.account.base.join(href).map_err(|_| DdiError::Garbled)?;
        if address.origin() != self.account.base.origin() {
            return Err(DdiError::OtherServer);
        }
        let request = self.request(Method::GET, address);
        read(request.send().await.map_err(DdiError::Unreachable)?).await
    }

    async fn send(&self, method: Method, path: &[&str], body: &impl Serialize) -> Result<(), DdiError> {
        let mut address = self.account.base.clone();
        address.path_segments_mut().expect("an http address has a path").extend(path);
        let request = self.request(method, address).json(body);
        let response = request.send().await.map_err(DdiError::Unreachable)?;
        check(&response)
    }

    fn request(&self, method: Method, address: Url) -> RequestBuilder {
        let request = self.client.request(method, address).header(ACCEPT, "application/json");
        match &self.account.authorization {
            Some(secret) => request.header(AUTHORIZATION, secret),
            None => request,
        }
    }
}

impl Secret {
    fn header(&self) -> Result<HeaderValue, AccountFault> {
        let text = match self {
            Self::Target(token) => format!("TargetToken {token}"),
            Self::Gateway(token) => format!("GatewayToken {token}"),
        };
        let mut value = HeaderValue::try_from(text).map_err(|_| AccountFault::Secret)?;
        value.set_sensitive(true);
        Ok(value)
    }
}

fn check(response: &Response) -> Result<(), DdiError> {
    match response.status() {
        status if status.is_success() => Ok(()),
        StatusCode::GONE => Err(DdiError::Gone),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            let seconds =
                response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
            Err(DdiError::Busy { retry_after: Duration::from_secs(seconds.unwrap_or(0)) })
        }
        status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
            Err(DdiError::NotAccepted { code: status.as_u16() })
        }
        status => Err(DdiError::Status { code: status.as_u16() }),
    }
}

async fn read<T: DeserializeOwned>(mut response: Response) -> Result<T, DdiError> {
    check(&response)?;
    let mut bytes = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(DdiError::Unreachable)? {
        if bytes.len() + piece.len() > LONGEST_MESSAGE {
            return Err(DdiError::Garbled);
        }
        bytes.extend_from_slice(&piece);
    }
    serde_json::from_slice(&bytes).map_err(|_| DdiError::Garbled)
}
