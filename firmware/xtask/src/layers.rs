//! Who may depend on whom. A crate may depend only on crates in columns to its
//! left; tests may depend on anything.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use serde_json::Value;

use crate::project;

/// The columns, left to right.
const COLUMNS: &[&[&str]] = &[
    &["faults", "chip-reader"],
    &["keys", "devices", "screen", "boards", "tuf", "release", "upkeep"],
    &["audit", "card", "drivers", "install", "metrics", "simulators", "configuration", "command"],
    &["identity"],
    &["card-faults"],
    &["badge"],
    &["stick"],
    &["face"],
    &["services"],
    &["transaction"],
    &["outbox"],
    &["gateway", "printing", "journey", "staff", "rauc"],
    &["kioskd", "pretend-platform", "kiosk-card", "kiosk-face", "kiosk-repo", "fleetd"],
];

/// The touchscreen sees of the firmware only `screen`.
const UI: &[(&str, &[&str])] = &[("kiosk-ui", &["screen"]), ("gallery", &["screen", "kiosk-ui"])];

/// Programs that may name a driver or a simulator.
const NAME_HARDWARE: &[&str] = &["kioskd", "pretend-platform", "kiosk-card"];

/// Tools that stand outside the layers: they measure or drive the others.
const OUTSIDE: &[&str] = &["xtask", "bench", "fuzz", "fleet-sim", "rehearsal", "opponents"];

/// Checks the layers of the workspace.
pub fn run() -> Result<()> {
    let metadata = project::metadata()?;
    let faults = faults(&dependencies(&metadata));
    for fault in &faults {
        eprintln!("layers: {fault}");
    }
    if !faults.is_empty() {
        bail!("{} dependencies cross the layers", faults.len());
    }
    println!("layers: every dependency points to the left");
    Ok(())
}

type Dependencies = BTreeMap<String, Vec<String>>;

/// The workspace's crates and which of each other they use outside tests.
fn dependencies(metadata: &Value) -> Dependencies {
    let members = metadata["workspace_members"].as_array().into_iter().flatten().collect::<Vec<_>>();
    let packages = || {
        let all = metadata["packages"].as_array().into_iter().flatten();
        all.filter(|package| members.contains(&&package["id"]))
    };
    let name = |package: &Value| package["name"].as_str().unwrap_or_default().to_owned();
    let names: Vec<_> = packages().map(name).collect();
    packages()
        .map(|package| {
            let uses = package["dependencies"].as_array().into_iter().flatten();
            let uses = uses.filter(|use_| use_["kind"].as_str() != Some("dev")).map(name);
            (name(package), uses.filter(|other| names.contains(other)).collect())
        })
        .collect()
}

fn column(name: &str) -> Option<usize> {
    COLUMNS.iter().position(|column| column.contains(&name))
}

fn faults(dependencies: &Dependencies) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, uses) in dependencies {
        if OUTSIDE.contains(&name.as_str()) {
            continue;
        }
        let in_ui = UI.iter().find(|(ui, _)| ui == name);
        if in_ui.is_none() && column(name).is_none() {
            faults.push(format!("{name} stands in no column"));
        }
        for used in uses {
            let allowed = match in_ui {
                Some((_, allowed)) => allowed.contains(&used.as_str()),
                None => column(used) < column(name) && column(used).is_some(),
            };
            if !allowed {
                faults.push(format!("{name} may not depend on {used}"));
            }
            let hardware = ["drivers", "simulators"].contains(&used.as_str());
            if hardware && !NAME_HARDWARE.contains(&name.as_str()) {
                faults.push(format!("{name} names {used}; only a daemon may"));
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, uses: &[&str]) -> Vec<String> {
        faults(&BTreeMap::from([(name.into(), uses.iter().map(|&used| used.into()).collect())]))
    }

    #[test]
    fn the_workspace_keeps_its_layers() {
        assert_eq!(faults(&dependencies(&project::metadata().unwrap())), Vec::<String>::new());
    }

    #[test]
    fn a_dependency_to_the_right_is_a_fault() {
        assert_eq!(check("card", &["identity"]), ["card may not depend on identity"]);
    }

    #[test]
    fn neighbours_in_a_column_may_not_know_each_other() {
        assert_eq!(check("simulators", &["card"]), ["simulators may not depend on card"]);
    }

    #[test]
    fn the_touchscreen_knows_only_the_screen() {
        assert_eq!(check("kiosk-ui", &["screen", "keys"]), ["kiosk-ui may not depend on keys"]);
    }

    #[test]
    fn only_a_daemon_names_a_simulator() {
        assert_eq!(check("journey", &["simulators"]), ["journey names simulators; only a daemon may"]);
    }

    #[test]
    fn a_crate_without_a_column_is_a_fault() {
        assert_eq!(check("helper", &[]), ["helper stands in no column"]);
    }
}
