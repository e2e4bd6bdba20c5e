//! Every dependency's licence is compatible with ours: `firmware/` must stay
//! usable under MIT or Apache-2.0, `ui/` may also use what GPL-3.0 allows.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};
use serde_json::Value;

use crate::project;

/// Licences that either side may link.
const PERMISSIVE: &[&str] = &[
    "MIT",
    "MIT-0",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "0BSD",
    "ISC",
    "Zlib",
    "Unicode-3.0",
    "Unicode-DFS-2016",
    "CC0-1.0",
    "Unlicense",
    "BSL-1.0",
    "CDLA-Permissive-2.0",
    "MPL-2.0",
    "OFL-1.1",
];

/// Licences that only `ui/` may link.
const COPYLEFT: &[&str] = &["GPL-3.0-only", "GPL-3.0-or-later", "LGPL-3.0-or-later", "LGPL-2.1-or-later"];

/// Packages whose manifest names no licence but whose licence text was read.
const READ: &[(&str, &str)] = &[];

/// Checks the licences of everything that our programs link.
pub fn run() -> Result<()> {
    let metadata = project::metadata()?;
    let faults = faults(&metadata);
    for fault in &faults {
        eprintln!("licences: {fault}");
    }
    if !faults.is_empty() {
        bail!("{} dependencies are under a licence that we cannot use", faults.len());
    }
    println!("licences: every dependency is compatible");
    Ok(())
}

fn faults(metadata: &Value) -> BTreeSet<String> {
    let packages: BTreeMap<&str, &Value> = array(&metadata["packages"])
        .map(|package| (package["id"].as_str().unwrap_or_default(), package))
        .collect();
    let nodes: BTreeMap<&str, Vec<&str>> = array(&metadata["resolve"]["nodes"])
        .map(|node| {
            let linked = array(&node["deps"])
                .filter(|dep| array(&dep["dep_kinds"]).any(|kind| kind["kind"].is_null()));
            let linked = linked.filter_map(|dep| dep["pkg"].as_str()).collect();
            (node["id"].as_str().unwrap_or_default(), linked)
        })
        .collect();

    let mut faults = BTreeSet::new();
    for member in array(&metadata["workspace_members"]).filter_map(Value::as_str) {
        let ours = packages[member];
        let in_ui = ours["manifest_path"].as_str().unwrap_or_default().contains("/ui/");
        for id in reach(member, &nodes) {
            let package = packages[id];
            let name = package["name"].as_str().unwrap_or_default();
            let read = READ.iter().find(|(read, _)| *read == name).map(|(_, licence)| *licence);
            let licence = read.or(package["license"].as_str()).unwrap_or("none named");
            let allowed =
                |licence: &str| PERMISSIVE.contains(&licence) || in_ui && COPYLEFT.contains(&licence);
            if !satisfied(licence, &allowed) {
                let side = if in_ui { "ui" } else { "firmware" };
                faults.insert(format!("{side} links {name}, which is under {licence}"));
            }
        }
    }
    faults
}

fn array(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn reach<'a>(from: &'a str, nodes: &BTreeMap<&'a str, Vec<&'a str>>) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::from([from]);
    let mut open = vec![from];
    while let Some(id) = open.pop() {
        for &next in &nodes[id] {
            if seen.insert(next) {
                open.push(next);
            }
        }
    }
    seen
}

/// Whether an SPDX expression allows us one of its ways. `AND` binds tighter than
/// `OR`; a bracketed part is judged by itself first.
fn satisfied(expression: &str, allowed: &impl Fn(&str) -> bool) -> bool {
    let mut text = expression.replace('/', " OR ");
    while let Some(close) = text.find(')') {
        let Some(open) = text[..close].rfind('(') else { return false };
        let word = if satisfied(&text[open + 1..close], allowed) { "0BSD" } else { "refused" };
        text.replace_range(open..=close, word);
    }
    text.split(" OR ").any(|way| way.split(" AND ").all(|licence| allowed(licence.trim())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dependency_is_compatible() {
        assert_eq!(faults(&project::metadata().unwrap()), BTreeSet::new());
    }

    #[test]
    fn expressions_are_read_as_spdx_says() {
        let permissive = |licence: &str| PERMISSIVE.contains(&licence);
        for (expression, expected) in [
            ("MIT OR Apache-2.0", true),
            ("MIT/Apache-2.0", true),
            ("GPL-3.0-only", false),
            ("GPL-3.0-only OR MIT", true),
            ("MIT AND GPL-2.0-only", false),
            ("(MIT OR GPL-2.0-only) AND Unicode-3.0", true),
            ("none named", false),
        ] {
            assert_eq!(satisfied(expression, &permissive), expected, "{expression}");
        }
    }
}
