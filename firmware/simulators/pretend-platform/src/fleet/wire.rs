//! What kiosks are told, as JSON of the DDI.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::{Artifact, Deployment, Handling, Link, ModuleId, Poll, SoftwareModule, WindowState};

/// What is not written as it is in a path: all but RFC 3986's unreserved characters.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Under what names artifacts are linked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// `download` and `md5sum`.
    Https,
    /// Beside these `download-http` and `md5sum-http`, as old clients look for them.
    Http,
}

impl Poll {
    /// The base resource; `base` is its own URL.
    pub fn body(&self, base: &str) -> Value {
        let mut links = Map::new();
        let mut link = |name: &str, path: String| {
            links.insert(name.to_owned(), json!({ "href": format!("{base}/{path}") }));
        };
        match self.link {
            Some(Link::Deployment { action, version }) => {
                link("deploymentBase", format!("deploymentBase/{action}?c={version}"));
            }
            Some(Link::Confirmation { action, version }) => {
                link("confirmationBase", format!("confirmationBase/{action}?c={version}"));
            }
            Some(Link::Cancel { action }) => link("cancelAction", format!("cancelAction/{action}")),
            None => {}
        }
        if let Some(action) = self.installed {
            link("installedBase", format!("installedBase/{action}"));
        }
        if self.attributes_wanted {
            link("configData", "configData".to_owned());
        }
        let seconds = self.sleep.as_secs().min(86_399);
        let sleep = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
        json!({ "config": { "polling": { "sleep": sleep } }, "_links": links })
    }
}

impl Deployment {
    /// `deploymentBase` or `installedBase`.
    pub fn body(&self, base: &str, scheme: Scheme) -> Value {
        self.named("deployment", base, scheme)
    }

    /// `confirmationBase`.
    pub fn confirmation_body(&self, base: &str, scheme: Scheme) -> Value {
        self.named("confirmation", base, scheme)
    }

    fn named(&self, name: &str, base: &str, scheme: Scheme) -> Value {
        let chunks: Vec<_> = self.modules.iter().map(|module| chunk(module, base, scheme)).collect();
        let mut deployment = json!({
            "download": self.download.word(),
            "update": self.update.word(),
            "chunks": chunks,
        });
        if let Some(window) = self.window {
            deployment["maintenanceWindow"] = window.word().into();
        }
        let mut body = json!({ "id": self.action.to_string(), name: deployment });
        if !self.messages.is_empty() {
            let status = format!("{:?}", self.status).to_uppercase();
            body["actionHistory"] = json!({ "status": status, "messages": self.messages });
        }
        body
    }
}

fn chunk(module: &SoftwareModule, base: &str, scheme: Scheme) -> Value {
    let artifacts: Vec<_> =
        module.artifacts.iter().map(|artifact| described(artifact, module.id, base, scheme)).collect();
    let mut chunk = json!({
        "part": module.part(),
        "name": module.name,
        "version": module.version,
        "artifacts": artifacts,
    });
    let visible = module.metadata.iter().filter(|metadata| metadata.target_visible);
    let visible: Vec<_> =
        visible.map(|metadata| json!({ "key": metadata.key, "value": metadata.value })).collect();
    if !visible.is_empty() {
        chunk["metadata"] = visible.into();
    }
    chunk
}

fn described(artifact: &Artifact, module: ModuleId, base: &str, scheme: Scheme) -> Value {
    let hashes = artifact.content.hashes();
    json!({
        "filename": artifact.filename,
        "hashes": { "sha1": hashes.sha1, "md5": hashes.md5, "sha256": hashes.sha256 },
        "size": artifact.content.size(),
        "_links": artifact_links(artifact, module, base, scheme),
    })
}

fn artifact_links(artifact: &Artifact, module: ModuleId, base: &str, scheme: Scheme) -> Value {
    let filename = utf8_percent_encode(&artifact.filename, ENCODED);
    let url = format!("{base}/softwaremodules/{module}/artifacts/{filename}");
    let (file, sum) = (json!({ "href": url }), json!({ "href": format!("{url}.MD5SUM") }));
    match scheme {
        Scheme::Https => json!({ "download": file, "md5sum": sum }),
        Scheme::Http => {
            json!({ "download": file, "md5sum": sum, "download-http": file, "md5sum-http": sum })
        }
    }
}

impl Handling {
    /// The DDI's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::Attempt => "attempt",
            Self::Forced => "forced",
        }
    }
}

impl WindowState {
    /// The DDI's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Unavailable => "unavailable",
        }
    }
}

/// `GET softwaremodules/{id}/artifacts`.
pub(super) fn artifacts(module: &SoftwareModule, base: &str, scheme: Scheme) -> Value {
    module.artifacts.iter().map(|artifact| described(artifact, module.id, base, scheme)).collect()
}
