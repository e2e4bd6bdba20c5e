//! One kiosk as the server knows it.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{ActionId, FleetRefusal, SetId, TargetId};

/// Attributes that a target may have.
pub const MOST_ATTRIBUTES: usize = 100;
/// Characters of an attribute's name or value.
const LONGEST_ATTRIBUTE: usize = 128;
/// Characters of a controller's name.
const LONGEST_NAME: usize = 256;

/// One kiosk.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Target {
    /// Its number.
    pub id: TargetId,
    /// Its name in the DDI, and towards people unless another was given.
    pub controller: Arc<str>,
    /// What people call it.
    pub name: String,
    /// Its token, 32 hexadecimal digits unless another was given.
    pub token: String,
    /// What it said of itself.
    pub attributes: BTreeMap<String, String>,
    /// Whether it is to say it again.
    pub attributes_wanted: bool,
    /// What it is to have.
    pub assigned: Option<SetId>,
    /// What it has.
    pub installed: Option<SetId>,
    /// The finished action that installed it.
    pub installed_by: Option<ActionId>,
    /// When it was installed.
    pub installed_at: Option<Timestamp>,
    /// In one word.
    pub update: UpdateStatus,
    /// Unfinished actions, heaviest and then oldest first.
    pub active: Vec<ActionId>,
    /// All actions, oldest first.
    pub actions: Vec<ActionId>,
    /// Whether it confirms by itself what waits for confirmation.
    pub auto_confirm: bool,
    /// When it was made known.
    pub created: Timestamp,
    /// When it was last seen.
    pub polled: Option<Timestamp>,
    /// What it asked for so far.
    pub traffic: Traffic,
}

/// A target in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "hawkBit's words")]
pub enum UpdateStatus {
    Unknown,
    Registered,
    Pending,
    InSync,
    Error,
}

/// What a target, or all of them, asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Traffic {
    /// Polls of the base resource.
    pub polls: u64,
    /// Artifact downloads begun, each range one.
    pub downloads: u64,
    /// Artifact bytes handed to the network.
    pub bytes: u64,
}

/// What to do with attributes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AttributeMode {
    /// Add and overwrite.
    #[default]
    Merge,
    /// Forget the others.
    Replace,
    /// Forget these.
    Remove,
}

impl Target {
    pub(super) fn new(id: TargetId, controller: Arc<str>, token: String, now: Timestamp) -> Self {
        Self {
            id,
            name: controller.to_string(),
            controller,
            token,
            attributes: BTreeMap::new(),
            attributes_wanted: true,
            assigned: None,
            installed: None,
            installed_by: None,
            installed_at: None,
            update: UpdateStatus::Unknown,
            active: Vec::new(),
            actions: Vec::new(),
            auto_confirm: false,
            created: now,
            polled: None,
            traffic: Traffic::default(),
        }
    }

    /// Takes what it says of itself, all or nothing.
    pub(super) fn describe(
        &mut self,
        mode: AttributeMode,
        said: BTreeMap<String, String>,
    ) -> Result<(), FleetRefusal> {
        let long = |text: &String| text.chars().count() > LONGEST_ATTRIBUTE;
        if said.iter().any(|(key, value)| key.is_empty() || long(key) || long(value)) {
            return Err(FleetRefusal::invalid("an attribute is empty or longer than 128 characters"));
        }
        let mut attributes = match mode {
            AttributeMode::Replace => BTreeMap::new(),
            AttributeMode::Merge | AttributeMode::Remove => self.attributes.clone(),
        };
        if mode == AttributeMode::Remove {
            attributes.retain(|key, _| !said.contains_key(key));
        } else {
            attributes.extend(said);
        }
        if attributes.len() > MOST_ATTRIBUTES {
            return Err(FleetRefusal::Quota { of: "attributes of a target", limit: MOST_ATTRIBUTES });
        }
        self.attributes = attributes;
        // Whoever takes something back has not said the rest again.
        self.attributes_wanted &= mode == AttributeMode::Remove;
        Ok(())
    }
}

/// Whether a controller may be called so. Its name stands in a path: no slash, no control character.
pub(super) fn check_name(name: &str) -> Result<(), FleetRefusal> {
    let fits = (1..=LONGEST_NAME).contains(&name.chars().count());
    if fits && !name.contains('/') && !name.chars().any(char::is_control) && name.trim() == name {
        return Ok(());
    }
    Err(FleetRefusal::invalid("this cannot be a controller's name"))
}
