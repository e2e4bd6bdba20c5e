//! Everything that the fleet server knows. Pure: no clock, no chance, no network; a call costs
//! what the thing that it names costs, never what all targets cost.

mod controller;
mod deploy;
mod rollouts;
mod told;

pub use deploy::Assignment;
pub use told::{AutoConfirm, Credential, Deployment, Handling, Link, Poll, WindowState};

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::{
    Action, ActionId, Artifact, ArtifactId, Call, Content, DistributionSet, FleetFault, FleetRefusal,
    Metadata, Mishap, ModuleId, Rollout, RolloutId, SetId, SoftwareModule, Target, TargetId, Traffic,
    faults::Faults, ids::Sequences, software::LARGEST_ARTIFACT, target,
};

/// What is decided before the server starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetSettings {
    /// What kiosks are told to sleep between polls; whole seconds below a day.
    pub poll_every: Duration,
    /// Who has it may speak for every target and makes unknown ones known.
    pub gateway_token: Option<String>,
    /// Whether actions wait until the kiosk confirms them.
    pub confirmation: ConfirmationFlow,
    /// What tokens of targets are derived from.
    pub secret: [u8; 32],
}

/// Whether actions wait until the kiosk confirms them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConfirmationFlow {
    /// They do not.
    #[default]
    Off,
    /// They do, unless whoever assigns says otherwise.
    On,
}

/// Everything that the fleet server knows.
#[derive(Debug)]
pub struct FleetState {
    settings: FleetSettings,
    next: Sequences,
    targets: BTreeMap<TargetId, Target>,
    names: HashMap<Arc<str>, TargetId>,
    modules: BTreeMap<ModuleId, Arc<SoftwareModule>>,
    sets: BTreeMap<SetId, DistributionSet>,
    actions: BTreeMap<ActionId, Action>,
    rollouts: BTreeMap<RolloutId, Rollout>,
    traffic: Traffic,
    faults: Faults,
}

impl FleetState {
    /// A server that knows nobody.
    pub fn new(settings: FleetSettings) -> Self {
        Self {
            settings,
            next: Sequences::default(),
            targets: BTreeMap::new(),
            names: HashMap::new(),
            modules: BTreeMap::new(),
            sets: BTreeMap::new(),
            actions: BTreeMap::new(),
            rollouts: BTreeMap::new(),
            traffic: Traffic::default(),
            faults: Faults::default(),
        }
    }

    /// What was decided before.
    pub fn settings(&self) -> &FleetSettings {
        &self.settings
    }

    /// Makes a target known; its token is derived from its name where none is given.
    pub fn create_target(
        &mut self,
        controller: &str,
        token: Option<&str>,
        now: Timestamp,
    ) -> Result<&mut Target, FleetRefusal> {
        target::check_name(controller)?;
        if self.names.contains_key(controller) {
            return Err(FleetRefusal::Exists { what: "target", name: controller.to_owned() });
        }
        let token = match token {
            Some("") => return Err(FleetRefusal::invalid("an empty token is none")),
            Some(token) => token.to_owned(),
            None => self.derive_token(controller),
        };
        let id = TargetId(self.next.targets.next());
        let controller: Arc<str> = controller.into();
        self.names.insert(controller.clone(), id);
        Ok(self.targets.entry(id).or_insert(Target::new(id, controller, token, now)))
    }

    fn derive_token(&self, controller: &str) -> String {
        let hash = Sha256::new().chain_update(self.settings.secret).chain_update(controller);
        hex::encode(&hash.finalize()[..16])
    }

    /// Forgets a target and its actions. A rollout that meant it goes on without it.
    pub fn delete_target(&mut self, controller: &str, now: Timestamp) -> Result<(), FleetRefusal> {
        let id = self.target_id(controller)?;
        let target = self.targets[&id].clone();
        for action in target.active {
            self.close(action, super::Status::Canceled, now);
        }
        for action in target.actions {
            self.actions.remove(&action);
        }
        self.targets.remove(&id);
        self.names.remove(controller);
        Ok(())
    }

    /// A target by its name.
    pub fn target(&self, controller: &str) -> Result<&Target, FleetRefusal> {
        Ok(&self.targets[&self.target_id(controller)?])
    }

    /// A target that may be changed. Its actions are changed by calls of their own.
    pub fn target_mut(&mut self, controller: &str) -> Result<&mut Target, FleetRefusal> {
        let id = self.target_id(controller)?;
        self.targets.get_mut(&id).ok_or_else(|| FleetRefusal::missing("target", controller))
    }

    fn target_id(&self, controller: &str) -> Result<TargetId, FleetRefusal> {
        self.names.get(controller).copied().ok_or_else(|| FleetRefusal::missing("target", controller))
    }

    /// A target by its number.
    pub fn target_by_id(&self, id: TargetId) -> Option<&Target> {
        self.targets.get(&id)
    }

    /// All targets, oldest first.
    pub fn targets(&self) -> impl ExactSizeIterator<Item = &Target> {
        self.targets.values()
    }

    /// Makes a software module.
    pub fn create_module(&mut self, kind: &str, name: &str, version: &str) -> Result<ModuleId, FleetRefusal> {
        named(&[kind, name, version])?;
        let same = |module: &Arc<SoftwareModule>| {
            module.kind == kind && module.name == name && module.version == version
        };
        if self.modules.values().any(same) {
            return Err(FleetRefusal::Exists { what: "software module", name: format!("{name}:{version}") });
        }
        let id = ModuleId(self.next.modules.next());
        let (kind, name, version) = (kind.to_owned(), name.to_owned(), version.to_owned());
        let module = SoftwareModule { id, kind, name, version, artifacts: Vec::new(), metadata: Vec::new() };
        self.modules.insert(id, Arc::new(module));
        Ok(id)
    }

    /// A software module.
    pub fn module(&self, id: ModuleId) -> Result<&Arc<SoftwareModule>, FleetRefusal> {
        self.modules.get(&id).ok_or_else(|| FleetRefusal::missing("software module", id))
    }

    /// All software modules, oldest first.
    pub fn modules(&self) -> impl ExactSizeIterator<Item = &SoftwareModule> {
        self.modules.values().map(AsRef::as_ref)
    }

    /// Says something of a module, once for each key.
    pub fn add_metadata(&mut self, module: ModuleId, new: Metadata) -> Result<(), FleetRefusal> {
        if !(1..=128).contains(&new.key.len()) || new.value.len() > 4000 {
            return Err(FleetRefusal::invalid("a key has 1 to 128 bytes, a value at most 4000"));
        }
        let held =
            self.modules.get_mut(&module).ok_or_else(|| FleetRefusal::missing("software module", module))?;
        if held.metadata.iter().any(|known| known.key == new.key) {
            return Err(FleetRefusal::Exists { what: "metadata", name: new.key });
        }
        Arc::make_mut(held).metadata.push(new);
        Ok(())
    }

    /// Adds a file to a module.
    pub fn add_artifact(
        &mut self,
        module: ModuleId,
        filename: &str,
        content: Content,
    ) -> Result<ArtifactId, FleetRefusal> {
        named(&[filename])?;
        if filename.contains(['/', '\\']) || filename.starts_with('.') || filename.ends_with(".MD5SUM") {
            return Err(FleetRefusal::invalid(format!("'{filename}' cannot be an artifact's name")));
        }
        if content.size > LARGEST_ARTIFACT {
            let limit = LARGEST_ARTIFACT as usize;
            return Err(FleetRefusal::Quota { of: "bytes of an artifact", limit });
        }
        let held =
            self.modules.get_mut(&module).ok_or_else(|| FleetRefusal::missing("software module", module))?;
        if held.artifact(filename).is_some() {
            return Err(FleetRefusal::Exists { what: "artifact", name: filename.to_owned() });
        }
        let id = ArtifactId(self.next.artifacts.next());
        let artifact = Artifact { id, filename: filename.to_owned(), content };
        Arc::make_mut(held).artifacts.push(artifact);
        Ok(id)
    }

    /// Makes a distribution set of modules.
    pub fn create_set(
        &mut self,
        name: &str,
        version: &str,
        modules: &[ModuleId],
    ) -> Result<SetId, FleetRefusal> {
        named(&[name, version])?;
        if self.set_named(name, version).is_some() {
            return Err(FleetRefusal::Exists { what: "distribution set", name: format!("{name}:{version}") });
        }
        let id = SetId(self.next.sets.next());
        let (name, version) = (name.to_owned(), version.to_owned());
        self.sets.insert(id, DistributionSet { id, name, version, modules: Vec::new() });
        self.add_modules(id, modules).inspect_err(|_| {
            self.sets.remove(&id);
        })?;
        Ok(id)
    }

    /// Adds modules to a set. A set that was given to somebody stays as it is.
    pub fn add_modules(&mut self, id: SetId, modules: &[ModuleId]) -> Result<(), FleetRefusal> {
        for module in modules {
            self.module(*module)?;
        }
        let given = self.actions.values().any(|action| action.set == id);
        let set = self.sets.get_mut(&id).ok_or_else(|| FleetRefusal::missing("distribution set", id))?;
        if given {
            return Err(FleetRefusal::invalid("the distribution set was assigned and stays as it is"));
        }
        for module in modules {
            if !set.modules.contains(module) {
                set.modules.push(*module);
            }
        }
        Ok(())
    }

    /// A distribution set.
    pub fn set(&self, id: SetId) -> Result<&DistributionSet, FleetRefusal> {
        self.sets.get(&id).ok_or_else(|| FleetRefusal::missing("distribution set", id))
    }

    /// All distribution sets, oldest first.
    pub fn sets(&self) -> impl ExactSizeIterator<Item = &DistributionSet> {
        self.sets.values()
    }

    fn set_named(&self, name: &str, version: &str) -> Option<SetId> {
        self.sets.values().find(|set| set.name == name && set.version == version).map(|set| set.id)
    }

    /// An action.
    pub fn action(&self, id: ActionId) -> Result<&Action, FleetRefusal> {
        self.actions.get(&id).ok_or_else(|| FleetRefusal::missing("action", id))
    }

    /// All actions, oldest first.
    pub fn actions(&self) -> impl ExactSizeIterator<Item = &Action> {
        self.actions.values()
    }

    /// A rollout.
    pub fn rollout(&self, id: RolloutId) -> Result<&Rollout, FleetRefusal> {
        self.rollouts.get(&id).ok_or_else(|| FleetRefusal::missing("rollout", id))
    }

    /// All rollouts, oldest first.
    pub fn rollouts(&self) -> impl ExactSizeIterator<Item = &Rollout> {
        self.rollouts.values()
    }

    /// What all targets together asked for.
    pub fn traffic(&self) -> Traffic {
        self.traffic
    }

    /// Something is to go wrong.
    pub fn add_fault(&mut self, fault: FleetFault) {
        self.faults.add(fault);
    }

    /// What goes wrong with this call, if anything; used up by asking.
    pub fn mishap(&mut self, call: Call, controller: &str) -> Option<Mishap> {
        self.faults.take(call, controller)
    }
}

/// Names and versions of things: something, and not too much.
fn named(texts: &[&str]) -> Result<(), FleetRefusal> {
    let fits = |text: &&str| (1..=128).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if texts.iter().all(fits) {
        return Ok(());
    }
    Err(FleetRefusal::invalid("a name or version is empty or longer than 128 characters"))
}
