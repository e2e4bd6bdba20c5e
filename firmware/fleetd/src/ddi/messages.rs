//! The messages, as the server writes them. Fields that we do not need are passed over, so that
//! a newer server does no harm; those that we need are read strictly.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    commands::CommandOrder,
    update::{ActionId, Execution, Finished, Handling, MaintenanceWindow, Order, Report},
};

/// The key under which a software module's metadata (visible to targets) names the path of the
/// signed target.
pub const TARGET_KEY: &str = "tuf-target";

/// The key under which it holds a signed command (crate `command`).
pub const COMMAND_KEY: &str = "command";

/// What a `deploymentBase` asks for; `None`: it is none.
pub fn order_in(body: &[u8]) -> Option<Order> {
    serde_json::from_slice::<DeploymentBase>(body).ok()?.order()
}

/// A report as a body of `feedback`.
pub fn feedback(report: &Report) -> Vec<u8> {
    serde_json::to_vec(&Feedback::of(report)).expect("text keys only")
}

/// `GET {tenant}/controller/v1/{id}`.
#[derive(Debug, Deserialize)]
pub(super) struct Base {
    pub config: Config,
    #[serde(rename = "_links", default)]
    pub links: Links,
}

#[derive(Debug, Deserialize)]
pub(super) struct Config {
    pub polling: Polling,
}

#[derive(Debug, Deserialize)]
pub(super) struct Polling {
    pub sleep: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Links {
    pub deployment_base: Option<Link>,
    pub cancel_action: Option<Link>,
    pub confirmation_base: Option<Link>,
    pub config_data: Option<Link>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Link {
    pub href: String,
}

impl Base {
    /// How long to wait until the next poll: "HH:mm:ss", between 5 seconds and a day. A server
    /// that says anything else is polled every 5 minutes.
    pub fn sleep(&self) -> Duration {
        const USUAL: Duration = Duration::from_mins(5);
        let mut parts = self.config.polling.sleep.split(':').map(str::parse::<u64>);
        let (Some(Ok(hours)), Some(Ok(minutes)), Some(Ok(seconds)), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return USUAL;
        };
        if hours > 24 || minutes > 59 || seconds > 59 {
            return USUAL;
        }
        Duration::from_secs(hours * 3_600 + minutes * 60 + seconds)
            .clamp(Duration::from_secs(5), Duration::from_hours(24))
    }
}

/// `GET deploymentBase/{id}` and `GET confirmationBase/{id}`.
#[derive(Debug, Deserialize)]
pub(super) struct DeploymentBase {
    pub id: String,
    #[serde(alias = "confirmation")]
    pub deployment: Deployment,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Deployment {
    pub download: Handling,
    pub update: Handling,
    pub maintenance_window: Option<MaintenanceWindow>,
    #[serde(default)]
    pub chunks: Vec<Chunk>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Chunk {
    #[serde(default)]
    pub metadata: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Entry {
    pub key: String,
    pub value: String,
}

impl DeploymentBase {
    /// The command that it hands on; `None`: it hands on none. One that names two, or a release
    /// besides, hands on an empty one, which is refused.
    pub fn command(&self) -> Option<CommandOrder> {
        let entries = || self.deployment.chunks.iter().flat_map(|chunk| &chunk.metadata);
        let mut commands = entries().filter(|entry| entry.key == COMMAND_KEY);
        let first = commands.next()?;
        let alone = commands.next().is_none() && !entries().any(|entry| entry.key == TARGET_KEY);
        let envelope = if alone { first.value.clone() } else { String::new() };
        Some(CommandOrder { action: ActionId(self.id.parse().ok()?), envelope })
    }

    /// What it asks for. One that names no target, or two, has an empty name, which the
    /// repository lists nothing under.
    pub fn order(&self) -> Option<Order> {
        let entries = self.deployment.chunks.iter().flat_map(|chunk| &chunk.metadata);
        let mut named = entries.filter(|entry| entry.key == TARGET_KEY).map(|entry| &entry.value);
        let target = match (named.next(), named.next()) {
            (Some(target), None) => target.clone(),
            _ => String::new(),
        };
        let action = ActionId(self.id.parse().ok()?);
        if action.is_of_stick() {
            return None;
        }
        Some(Order {
            action,
            target,
            download: self.deployment.download,
            install: self.deployment.update,
            window: self.deployment.maintenance_window.unwrap_or(MaintenanceWindow::None),
        })
    }
}

/// `GET cancelAction/{id}`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CancelBase {
    pub cancel_action: Cancel,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Cancel {
    pub stop_id: String,
}

/// `POST …/feedback`.
#[derive(Debug, Serialize)]
pub(super) struct Feedback<'a> {
    status: Status<'a>,
}

#[derive(Debug, Serialize)]
struct Status<'a> {
    execution: Execution,
    result: Outcome,
    details: [&'a str; 1],
}

#[derive(Debug, Serialize)]
struct Outcome {
    finished: Finished,
}

impl<'a> Feedback<'a> {
    pub fn of(report: &'a Report) -> Self {
        let (execution, finished) = (report.execution, report.finished);
        Self { status: Status { execution, result: Outcome { finished }, details: [&report.line] } }
    }
}

/// `POST confirmationBase/{id}/feedback`.
#[derive(Debug, Serialize)]
pub(super) struct Consent<'a> {
    pub confirmation: &'static str,
    pub details: [&'a str; 1],
}

/// `PUT installedBase`.
#[derive(Debug, Serialize)]
pub(super) struct InstalledVersion<'a> {
    pub name: &'a str,
    pub version: &'a str,
}

/// `PUT configData`.
#[derive(Debug, Serialize)]
pub(super) struct ConfigData<'a> {
    pub mode: &'static str,
    pub data: &'a BTreeMap<String, String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(sleep: &str) -> Base {
        serde_json::from_str(&format!(r#"{{"config":{{"polling":{{"sleep":"{sleep}"}}}}}}"#)).unwrap()
    }

    #[test]
    fn the_server_says_when_it_is_polled_next_within_reason() {
        for (sleep, seconds) in [
            ("00:05:00", 300),
            ("00:00:30", 30),
            ("23:59:59", 86_399),
            ("00:00:00", 5),
            ("24:30:00", 86_400),
            ("99:00:00", 300),
            ("00:61:00", 300),
            ("5 minutes", 300),
            ("00:05", 300),
            ("00:05:00:00", 300),
            ("", 300),
        ] {
            assert_eq!(base(sleep).sleep().as_secs(), seconds, "{sleep}");
        }
    }

    fn deployment(metadata: &str, more: &str) -> DeploymentBase {
        let text = format!(
            r#"{{"id":"41","deployment":{{"download":"forced","update":"attempt"{more},"chunks":[
                {{"part":"bApp","name":"kiosk","version":"7","metadata":[{metadata}],"artifacts":[]}}]}},
                "actionHistory":{{"status":"RUNNING","messages":[]}}}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn a_deployment_becomes_an_order() {
        let named = r#"{"key":"tuf-target","value":"app/kiosk-7"},{"key":"colour","value":"green"}"#;
        let order = deployment(named, "").order().unwrap();
        assert_eq!((order.action, order.target.as_str()), (ActionId(41), "app/kiosk-7"));
        assert_eq!((order.download, order.install), (Handling::Forced, Handling::Attempt));
        assert_eq!(order.window, MaintenanceWindow::None);
        let shut = deployment(named, r#","maintenanceWindow":"unavailable""#).order().unwrap();
        assert_eq!(shut.window, MaintenanceWindow::Unavailable);
    }

    #[test]
    fn one_that_names_no_target_or_two_names_none() {
        assert_eq!(deployment("", "").order().unwrap().target, "");
        let two = r#"{"key":"tuf-target","value":"app/a"},{"key":"tuf-target","value":"app/b"}"#;
        assert_eq!(deployment(two, "").order().unwrap().target, "");
    }

    #[test]
    fn a_command_is_handed_on_alone_or_not_at_all() {
        let command = r#"{"key":"command","value":"{}"}"#;
        let handed_on = |metadata: &str| deployment(metadata, "").command().map(|command| command.envelope);
        assert_eq!(handed_on(command).as_deref(), Some("{}"));
        assert_eq!(handed_on(&format!("{command},{command}")).as_deref(), Some(""));
        let release = r#"{"key":"tuf-target","value":"app/a"}"#;
        assert_eq!(handed_on(&format!("{command},{release}")).as_deref(), Some(""));
        assert_eq!(handed_on(release), None);
    }

    #[test]
    fn an_action_without_a_number_is_no_order() {
        let mut odd = deployment("", "");
        odd.id = "../41".to_owned();
        assert!(odd.order().is_none());
        // Nor is one with a number that sticks have.
        odd.id = (1_u64 << 63).to_string();
        assert!(odd.order().is_none());
    }

    #[test]
    fn a_confirmation_is_read_like_a_deployment() {
        let text = r#"{"id":"41","confirmation":{"download":"forced","update":"forced","chunks":[
            {"metadata":[{"key":"tuf-target","value":"app/kiosk-7"}]}]}}"#;
        let asked: DeploymentBase = serde_json::from_str(text).unwrap();
        assert_eq!(asked.order().unwrap().target, "app/kiosk-7");
    }

    #[test]
    fn feedback_is_written_as_the_server_reads_it() {
        let report = Report {
            action: ActionId(41),
            of_cancel: false,
            execution: Execution::Closed,
            finished: Finished::Success,
            line: "committed".to_owned(),
        };
        let written = serde_json::to_string(&Feedback::of(&report)).unwrap();
        assert_eq!(
            written,
            r#"{"status":{"execution":"closed","result":{"finished":"success"},"details":["committed"]}}"#
        );
    }
}
