//! Looking for a target through delegations (TUF 1.0.34, section 5.6.7): pre-order, in the
//! order in which delegators list their roles.

use std::collections::BTreeSet;

use super::{Client, rules};
use crate::{
    error::ClientError,
    metadata::{Metadata, Role as _, TargetFile, Targets},
    name::TargetPath,
    store::Store,
    transport::Transport,
};

/// A target that somebody with a right to its path has listed.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// Its path.
    pub path: TargetPath,
    /// Its length, digests and `custom`.
    pub file: TargetFile,
    /// The role that lists it.
    pub listed_by: String,
}

/// A role to be visited, and who delegates to it.
struct Step {
    role: String,
    delegator: Metadata<Targets>,
    delegator_name: String,
}

impl<T: Transport, S: Store> Client<T, S> {
    /// The target that this path stands for; `None` if nobody lists it who may. A role on the
    /// way that cannot be trusted is an error: who comes after it may not speak for it.
    pub async fn find(&mut self, path: &TargetPath) -> Result<Option<Target>, ClientError> {
        let fresh = self.fresh.take().ok_or(ClientError::NotRefreshed)?;
        let found = self.search(path, &fresh).await;
        self.fresh = Some(fresh);
        found
    }

    async fn search(
        &mut self,
        path: &TargetPath,
        fresh: &super::Fresh,
    ) -> Result<Option<Target>, ClientError> {
        let mut visited = BTreeSet::from([Targets::TYPE.to_owned()]);
        let mut to_visit = Vec::new();
        let (mut name, mut role) = (Targets::TYPE.to_owned(), fresh.targets.clone());
        loop {
            if let Some(file) = role.signed().targets.get(path.as_str()) {
                return Ok(Some(Target { path: path.clone(), file: file.clone(), listed_by: name }));
            }
            push_children(&mut to_visit, path, &name, &role);
            let step = loop {
                let Some(step) = to_visit.pop() else { return Ok(None) };
                if visited.insert(step.role.clone()) {
                    break step;
                }
            };
            if visited.len() > self.limits.delegations + 1 {
                let most = self.limits.delegations;
                return Err(ClientError::SearchTooLong { target: path.to_string(), most });
            }
            role = self.visit(&step, fresh).await?;
            name = step.role;
        }
    }

    async fn visit(&mut self, step: &Step, fresh: &super::Fresh) -> Result<Metadata<Targets>, ClientError> {
        let delegations = step.delegator.signed().delegations.as_ref();
        let delegation = delegations.and_then(|all| Some((all, all.role(&step.role)?)));
        let (all, delegation) = delegation.expect("a step is made of a delegation");
        let signers = rules::delegator(&step.delegator_name, all, delegation);
        self.role(&step.role, &signers, &fresh.root, &fresh.snapshot, fresh.now).await
    }
}

/// Puts the roles that may list the path on the stack, the first one on top. A terminating one
/// ends the search: what waited before it is dropped.
fn push_children(to_visit: &mut Vec<Step>, path: &TargetPath, name: &str, role: &Metadata<Targets>) {
    let Some(delegations) = &role.signed().delegations else { return };
    let children: Vec<_> = delegations.for_path(path.as_str()).collect();
    if children.last().is_some_and(|last| last.terminating) {
        to_visit.clear();
    }
    to_visit.extend(children.into_iter().rev().map(|child| Step {
        role: child.name.clone(),
        delegator: role.clone(),
        delegator_name: name.to_owned(),
    }));
}
