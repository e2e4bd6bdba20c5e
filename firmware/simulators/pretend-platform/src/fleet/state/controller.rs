//! What kiosks ask and say: the DDI without HTTP. The calls do not look at tokens, `admit` does.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;

use crate::fleet::{
    Action, ActionId, Artifact, AttributeMode, AutoConfirm, Confirmation, Confirmed, Credential, Deployment,
    Entry, Feedback, FleetRefusal, FleetState, Handling, Link, ModuleId, Poll, SoftwareModule, Status,
    UpdateStatus, Urgency, WindowState,
    action::{SERVER, Word},
};

/// Messages of an action's history that a target may read.
const MOST_TOLD: usize = 100;

impl FleetState {
    /// Whether somebody may speak for this target.
    pub fn admit(&self, controller: &str, credential: Credential<'_>) -> Result<(), FleetRefusal> {
        let fits = match credential {
            Credential::Target(token) => self.target(controller).is_ok_and(|target| target.token == token),
            Credential::Gateway(token) => self.settings.gateway_token.as_deref() == Some(token),
        };
        if fits { Ok(()) } else { Err(FleetRefusal::NotAuthorised) }
    }

    /// Makes a target known that plugs itself in.
    pub fn find_or_register(&mut self, controller: &str, now: Timestamp) -> Result<(), FleetRefusal> {
        if !self.names.contains_key(controller) {
            self.create_target(controller, None, now)?.update = UpdateStatus::Registered;
        }
        Ok(())
    }

    /// `GET` of the base resource.
    pub fn poll(&mut self, controller: &str, now: Timestamp) -> Result<Poll, FleetRefusal> {
        let sleep = self.settings.poll_every;
        self.traffic.polls += 1;
        let id = self.target_id(controller)?;
        let target = self.targets.get_mut(&id).expect("named");
        target.polled = Some(now);
        target.traffic.polls += 1;
        if target.update == UpdateStatus::Unknown {
            target.update = UpdateStatus::Registered;
        }
        let link = target.active.first().and_then(|first| self.actions.get(first)).map(|first| {
            let (action, version) = (first.id, version(first, now));
            match first.status {
                Status::WaitForConfirmation => Link::Confirmation { action, version },
                status if status.is_cancel() => Link::Cancel { action },
                _ => Link::Deployment { action, version },
            }
        });
        let (installed, attributes_wanted) = (target.installed_by, target.attributes_wanted);
        Ok(Poll { sleep, link, installed, attributes_wanted })
    }

    /// `PUT configData`.
    pub fn describe(
        &mut self,
        controller: &str,
        mode: AttributeMode,
        said: BTreeMap<String, String>,
    ) -> Result<(), FleetRefusal> {
        self.target_mut(controller)?.describe(mode, said)
    }

    /// `GET deploymentBase/{id}` with so many of the last messages.
    pub fn deployment(
        &mut self,
        controller: &str,
        id: ActionId,
        messages: usize,
        now: Timestamp,
    ) -> Result<Deployment, FleetRefusal> {
        let action = self.action_of(controller, id)?;
        if action.status.is_cancel() || action.status == Status::WaitForConfirmation {
            return Err(FleetRefusal::missing("update", id));
        }
        let deployment = self.describe_action(action, messages, now);
        self.retrieved(id, "Target retrieved update action and should start now the download.", now);
        Ok(deployment)
    }

    /// `GET installedBase/{id}`.
    pub fn installed(
        &self,
        controller: &str,
        id: ActionId,
        messages: usize,
        now: Timestamp,
    ) -> Result<Deployment, FleetRefusal> {
        let action = self.action_of(controller, id)?;
        if action.active || action.status.is_cancel() {
            return Err(FleetRefusal::missing("installed update", id));
        }
        Ok(self.describe_action(action, messages, now))
    }

    /// `POST deploymentBase/{id}/feedback`.
    pub fn feedback(
        &mut self,
        controller: &str,
        id: ActionId,
        feedback: &Feedback,
        now: Timestamp,
    ) -> Result<(), FleetRefusal> {
        let action = self.action_of(controller, id)?;
        if action.status == Status::WaitForConfirmation {
            return Err(FleetRefusal::missing("confirmed update", id));
        }
        if !action.active {
            return Err(FleetRefusal::Gone(id));
        }
        let download_only = action.urgency == Urgency::DownloadOnly;
        let (status, said) = feedback.of_update();
        // "canceled" is noted and closes nothing: only the server's own cancellation does.
        let over = matches!(status, Status::Finished | Status::Error);
        let word = if over { Word::Last } else { Word::OneOfMany };
        self.action_mut(id)?.note(entry(feedback, status, said, now), word)?;
        match status {
            Status::Finished | Status::Error => self.close(id, status, now),
            Status::Downloaded if download_only => self.close(id, status, now),
            _ => {}
        }
        Ok(())
    }

    /// `GET cancelAction/{id}`: the number of the action to stop, which is its own.
    pub fn cancellation(
        &mut self,
        controller: &str,
        id: ActionId,
        now: Timestamp,
    ) -> Result<ActionId, FleetRefusal> {
        if !self.action_of(controller, id)?.status.is_cancel() {
            return Err(FleetRefusal::missing("cancellation", id));
        }
        self.retrieved(id, "Target retrieved cancel action and should start now the cancellation.", now);
        Ok(id)
    }

    /// `POST cancelAction/{id}/feedback`.
    pub fn cancel_feedback(
        &mut self,
        controller: &str,
        id: ActionId,
        feedback: &Feedback,
        now: Timestamp,
    ) -> Result<(), FleetRefusal> {
        if self.action_of(controller, id)?.status != Status::Canceling {
            return Err(FleetRefusal::NoCancel(id));
        }
        let (status, said) = feedback.of_cancel();
        let action = self.action_mut(id)?;
        let answer = matches!(status, Status::Canceled | Status::CancelRejected | Status::Error);
        let word = if answer { Word::Last } else { Word::OneOfMany };
        action.note(entry(feedback, status, said, now), word)?;
        match status {
            Status::Canceled => self.close(id, status, now),
            // The target goes on with it.
            Status::CancelRejected | Status::Error => action.status = Status::Running,
            _ => {}
        }
        Ok(())
    }

    /// `GET confirmationBase/{id}`.
    pub fn confirmation(
        &self,
        controller: &str,
        id: ActionId,
        messages: usize,
        now: Timestamp,
    ) -> Result<Deployment, FleetRefusal> {
        let action = self.action_of(controller, id)?;
        if action.status != Status::WaitForConfirmation {
            return Err(FleetRefusal::missing("confirmation", id));
        }
        Ok(self.describe_action(action, messages, now))
    }

    /// `POST confirmationBase/{id}/feedback`. A denied action keeps waiting.
    pub fn confirm(
        &mut self,
        controller: &str,
        id: ActionId,
        confirmation: Confirmation,
        now: Timestamp,
    ) -> Result<(), FleetRefusal> {
        let action = self.action_of(controller, id)?;
        if !action.active {
            return Err(FleetRefusal::Gone(id));
        }
        if action.status != Status::WaitForConfirmation {
            return Err(FleetRefusal::missing("confirmation", id));
        }
        let (status, said) = match confirmation.confirmation {
            Confirmed::Confirmed => (Status::Running, "Target confirmed action."),
            Confirmed::Denied => (Status::WaitForConfirmation, "Target rejected action."),
        };
        let messages = messages(confirmation.details, confirmation.code, said);
        let entry = Entry { status, messages, code: confirmation.code, at: now, said_at: None };
        let action = self.action_mut(id)?;
        action.note(entry, Word::OneOfMany)?;
        action.status = status;
        Ok(())
    }

    /// Whether the target confirms by itself from now on; what waits is confirmed.
    pub fn auto_confirm(
        &mut self,
        controller: &str,
        wanted: AutoConfirm,
        now: Timestamp,
    ) -> Result<(), FleetRefusal> {
        let target = self.target_mut(controller)?;
        target.auto_confirm = wanted == AutoConfirm::On;
        if target.auto_confirm {
            for id in target.active.clone() {
                let Some(action) = self.actions.get_mut(&id) else { continue };
                if action.status == Status::WaitForConfirmation {
                    action.status = Status::Running;
                    action.note_own(Status::Running, "Action was auto-confirmed", now);
                }
            }
        }
        Ok(())
    }

    /// The action that waits for the target's confirmation.
    pub fn waiting(&self, controller: &str) -> Result<Option<ActionId>, FleetRefusal> {
        let first = self.target(controller)?.active.first().and_then(|first| self.actions.get(first));
        Ok(first.filter(|first| first.status == Status::WaitForConfirmation).map(|first| first.id))
    }

    /// A module of something that the target was to install at any time.
    pub fn module_of(&self, controller: &str, id: ModuleId) -> Result<&Arc<SoftwareModule>, FleetRefusal> {
        let target = self.target(controller)?;
        let given = target.actions.iter().rev().filter_map(|id| self.actions.get(id));
        let mut sets = given.filter_map(|action| self.sets.get(&action.set));
        if sets.any(|set| set.modules.contains(&id)) {
            return self.module(id);
        }
        Err(FleetRefusal::missing("software module of this target", id))
    }

    /// Whether a module is of something that the target is to install now.
    pub fn is_due(&self, controller: &str, id: ModuleId) -> Result<(), FleetRefusal> {
        let active = self.target(controller)?.active.iter().filter_map(|id| self.actions.get(id));
        let mut due = active.filter(|action| !action.status.is_cancel());
        if due.any(|action| self.sets.get(&action.set).is_some_and(|set| set.modules.contains(&id))) {
            return Ok(());
        }
        Err(FleetRefusal::missing("software module of an active action", id))
    }

    /// A file of such a module.
    pub fn artifact(
        &self,
        controller: &str,
        module: ModuleId,
        filename: &str,
    ) -> Result<&Artifact, FleetRefusal> {
        let module = self.module_of(controller, module)?;
        module.artifact(filename).ok_or_else(|| FleetRefusal::missing("artifact", filename))
    }

    /// A download of such a file begins. Only one of the whole file is noted with the action, as
    /// ranges may be many.
    pub fn download_begins(
        &mut self,
        controller: &str,
        module: ModuleId,
        whole: Option<&str>,
        now: Timestamp,
    ) {
        self.traffic.downloads += 1;
        let Ok(target) = self.target_mut(controller) else { return };
        target.traffic.downloads += 1;
        let active = target.active.clone();
        let (Some(path), true) = (whole, !active.is_empty()) else { return };
        let due = active.iter().find(|id| {
            let set = self.actions.get(id).and_then(|action| self.sets.get(&action.set));
            set.is_some_and(|set| set.modules.contains(&module))
        });
        if let Some(action) = due.and_then(|id| self.actions.get_mut(id)) {
            action.note_own(Status::Download, &format!("Target downloads {path}"), now);
        }
    }

    /// So many bytes of artifacts were handed to the network.
    pub fn downloaded(&mut self, controller: &str, bytes: u64) {
        self.traffic.bytes += bytes;
        if let Ok(target) = self.target_mut(controller) {
            target.traffic.bytes += bytes;
        }
    }

    fn describe_action(&self, action: &Action, messages: usize, now: Timestamp) -> Deployment {
        let wished = if action.urgency.is_forced(now) { Handling::Forced } else { Handling::Attempt };
        let window = action.window.as_ref().map(|window| {
            if window.is_open(now) { WindowState::Available } else { WindowState::Unavailable }
        });
        let update = match (action.urgency, window) {
            (Urgency::DownloadOnly, _) | (_, Some(WindowState::Unavailable)) => Handling::Skip,
            _ => wished,
        };
        let modules = self.modules_of(action.set);
        let said = action.history.iter().rev().flat_map(|entry| entry.messages.iter().rev());
        // The server's own words are not for targets.
        let said = said.filter(|message| !message.starts_with(SERVER));
        let messages = said.take(messages.min(MOST_TOLD)).cloned().collect();
        Deployment {
            action: action.id,
            download: wished,
            update,
            window,
            modules,
            status: action.status,
            messages,
        }
    }

    fn retrieved(&mut self, id: ActionId, message: &str, now: Timestamp) {
        let Some(action) = self.actions.get_mut(&id) else { return };
        // Asking again and again is no news.
        if action.history.last().is_some_and(|last| last.status == Status::Retrieved) {
            return;
        }
        if action.status == Status::Running {
            action.status = Status::Retrieved;
        }
        action.note_own(Status::Retrieved, message, now);
    }
}

/// Changes when soft becomes forced.
fn version(action: &Action, now: Timestamp) -> u64 {
    action.id.0 * 2 + u64::from(action.urgency.is_forced(now))
}

fn entry(feedback: &Feedback, status: Status, said: &str, now: Timestamp) -> Entry {
    let details = feedback.status.details.clone();
    let messages = messages(details, feedback.status.code, said);
    Entry { status, messages, code: feedback.status.code, at: now, said_at: feedback.said_at() }
}

/// The kiosk's words, or ours where it has none.
fn messages(details: Option<Vec<String>>, code: Option<i32>, said: &str) -> Vec<String> {
    let mut messages = details.unwrap_or_default();
    if let Some(code) = code {
        messages.push(format!("Device reported status code: {code}"));
    }
    if messages.is_empty() {
        messages.push(format!("{SERVER}{said}"));
    }
    messages
}
