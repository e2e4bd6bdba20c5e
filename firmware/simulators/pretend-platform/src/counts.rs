//! What an onlooker may know: counts, nobody's data. `state.json` and the control port.

use std::{collections::BTreeMap, fs, io, path::Path};

use serde::Serialize;

/// What happened so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Counts {
    /// Records kept, each once.
    pub transactions: usize,
    /// Records that came again and changed nothing.
    pub duplicates: u32,
    /// Accounts activated.
    pub activations: u32,
    /// Refusals of any kind.
    pub refusals: u32,
    /// Codes "sent" as a message.
    pub messages: u32,
    /// Codes "said" by a call.
    pub calls: u32,
    /// Requests that were worked on, by operation.
    pub requests: BTreeMap<&'static str, u32>,
}

impl Counts {
    /// Replaces `state.json` in the folder, whole or not at all.
    pub fn write(&self, dir: &Path) -> io::Result<()> {
        let text = serde_json::to_string_pretty(self).expect("counts are plain");
        let fresh = dir.join("state.json.new");
        fs::write(&fresh, text + "\n")?;
        fs::rename(fresh, dir.join("state.json"))
    }
}
