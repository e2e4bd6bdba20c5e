//! Delegations: which other role may list which paths (TUF 1.0.34, section 4.5).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Extra, RoleKeys};
use crate::{
    key::{Key, KeyId},
    pattern,
};

const TOP_LEVEL: [&str; 4] = ["root", "targets", "snapshot", "timestamp"];

/// The keys of delegated roles, and the roles in the order in which they are asked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "DelegationsFile")]
pub struct Delegations {
    /// Every key by its id.
    pub keys: BTreeMap<KeyId, Key>,
    /// The first has priority. Each name once.
    pub roles: Vec<Delegation>,
    /// Fields that we do not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// One delegated role.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "DelegationFile", into = "DelegationFile")]
pub struct Delegation {
    /// Its name; none of the four top-level ones.
    pub name: String,
    /// Who signs for it.
    pub signers: RoleKeys,
    /// Whether a path of it is looked for nowhere else, found or not.
    pub terminating: bool,
    /// What it may list.
    pub paths: Paths,
}

/// Which target paths a role is trusted for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Paths {
    /// Those that match one of these patterns; `*` and `?` stay within one folder.
    Patterns(Vec<String>),
    /// Those whose SHA-256, in hexadecimal, begins with one of these.
    HashPrefixes(Vec<String>),
}

impl Paths {
    /// Whether the role is trusted for this path.
    pub fn covers(&self, path: &str) -> bool {
        match self {
            Self::Patterns(patterns) => patterns.iter().any(|it| pattern::matches(it, path)),
            Self::HashPrefixes(prefixes) => {
                let digest = hex::encode(Sha256::digest(path));
                prefixes.iter().any(|prefix| digest.starts_with(prefix))
            }
        }
    }
}

impl Delegations {
    /// The roles that are asked for this path, in order, up to the first terminating one.
    pub(crate) fn for_path(&self, path: &str) -> impl Iterator<Item = &Delegation> {
        let mut over = false;
        let covering = self.roles.iter().filter(move |role| role.paths.covers(path));
        covering.take_while(move |role| !std::mem::replace(&mut over, role.terminating))
    }

    /// The delegation of that name.
    pub fn role(&self, name: &str) -> Option<&Delegation> {
        self.roles.iter().find(|role| role.name == name)
    }
}

#[derive(Deserialize)]
struct DelegationsFile {
    keys: BTreeMap<KeyId, Key>,
    roles: Option<Vec<Delegation>>,
    #[serde(flatten)]
    extra: Extra,
}

impl TryFrom<DelegationsFile> for Delegations {
    type Error = String;

    fn try_from(file: DelegationsFile) -> Result<Self, String> {
        // TAP 15 is not part of the specification. Passing it over would lose targets silently.
        if file.extra.contains_key("succinct_roles") {
            return Err("succinct_roles are not part of TUF 1.0".to_owned());
        }
        let roles = file.roles.ok_or("no roles")?;
        let mut names = BTreeSet::new();
        if let Some(twice) = roles.iter().find(|role| !names.insert(&role.name)) {
            return Err(format!("the role {:.40} stands twice", twice.name));
        }
        Ok(Self { keys: file.keys, roles, extra: file.extra })
    }
}

#[derive(Serialize, Deserialize)]
struct DelegationFile {
    name: String,
    terminating: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    paths: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    path_hash_prefixes: Option<Vec<String>>,
    #[serde(flatten)]
    signers: RoleKeys,
}

impl TryFrom<DelegationFile> for Delegation {
    type Error = String;

    fn try_from(file: DelegationFile) -> Result<Self, String> {
        if file.name.is_empty() || TOP_LEVEL.contains(&file.name.as_str()) {
            return Err(format!("a delegated role may not be named {:?}", file.name));
        }
        let paths = match (file.paths, file.path_hash_prefixes) {
            (Some(patterns), None) => Paths::Patterns(patterns),
            (None, Some(prefixes)) => {
                let hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
                if let Some(odd) = prefixes.iter().find(|prefix| !prefix.bytes().all(hex)) {
                    return Err(format!("{odd:.40} is no beginning of a digest"));
                }
                Paths::HashPrefixes(prefixes)
            }
            _ => return Err("one of paths and path_hash_prefixes, not both".to_owned()),
        };
        Ok(Self { name: file.name, signers: file.signers, terminating: file.terminating, paths })
    }
}

impl From<Delegation> for DelegationFile {
    fn from(role: Delegation) -> Self {
        let (paths, path_hash_prefixes) = match role.paths {
            Paths::Patterns(patterns) => (Some(patterns), None),
            Paths::HashPrefixes(prefixes) => (None, Some(prefixes)),
        };
        let (name, terminating, signers) = (role.name, role.terminating, role.signers);
        Self { name, terminating, paths, path_hash_prefixes, signers }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(name: &str, fields: &str) -> String {
        format!(r#"{{"name":"{name}","keyids":[],"threshold":1,"terminating":false{fields}}}"#)
    }

    fn read(roles: &[String]) -> Result<Delegations, String> {
        let text = format!(r#"{{"keys":{{}},"roles":[{}]}}"#, roles.join(","));
        serde_json::from_str(&text).map_err(|error| error.to_string())
    }

    #[test]
    fn a_delegation_has_paths_or_prefixes_and_a_name_of_its_own() {
        let paths = r#","paths":["os/*"]"#;
        let os = read(&[role("os", paths)]).unwrap();
        assert_eq!(os.roles[0].paths, Paths::Patterns(vec!["os/*".to_owned()]));
        assert!(os.roles[0].signers.extra.is_empty());
        let prefixes = r#","path_hash_prefixes":["0a"]"#;
        for (roles, why) in [
            (vec![role("os", "")], "not both"),
            (vec![role("os", &format!("{paths}{prefixes}"))], "not both"),
            (vec![role("os", r#","path_hash_prefixes":["0G"]"#)], "no beginning of a digest"),
            (vec![role("snapshot", paths)], "may not be named"),
            (vec![role("", paths)], "may not be named"),
            (vec![role("os", paths), role("os", prefixes)], "stands twice"),
        ] {
            let error = read(&roles).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
        let error = serde_json::from_str::<Delegations>(r#"{"keys":{},"succinct_roles":{}}"#).unwrap_err();
        assert!(error.to_string().contains("succinct_roles"), "{error}");
    }

    #[test]
    fn prefixes_cover_by_the_digest_of_the_path() {
        // printf os/image | sha256sum
        const DIGEST: &str = "bd4f556663bd62180a0895155530ca1c3514e7eee3a3df4c5af6462f00c48c22";
        let covers = |prefix: &str| Paths::HashPrefixes(vec![prefix.to_owned()]).covers("os/image");
        assert!(covers(&DIGEST[..2]) && covers(DIGEST) && covers(""));
        assert!(!covers(&format!("{DIGEST}0")) && !covers(&DIGEST[1..3]));
    }

    #[test]
    fn the_first_terminating_role_is_the_last_one_asked() {
        let mut roles: Vec<_> = ["a", "b", "c"].iter().map(|name| role(name, r#","paths":["*"]"#)).collect();
        roles[1] = roles[1].replace("false", "true");
        let all = read(&roles).unwrap();
        let asked: Vec<_> = all.for_path("x").map(|role| role.name.as_str()).collect();
        assert_eq!(asked, ["a", "b"]);
    }
}
