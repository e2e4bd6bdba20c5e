//! The search for a target: who is asked, in which order, and who is believed (TUF 1.0.34,
//! section 5.6.7).

use std::collections::BTreeMap;

use tuf::{
    ClientError, Distrust,
    metadata::{Delegation, MetaFile, Paths, RoleKeys, Snapshot, TargetFile, Targets, Threshold, Timestamp},
    repository::Signer as _,
    store::MemoryStore,
    transport::HttpsTransport,
};

use crate::common::{self, Machine, Site, World, chain, days, key, now, path, threshold, version};

/// `delegator > role`, `delegator > role!` if terminating, `delegator > role *.md` for patterns
/// other than `*`. Every role has a key of its own, named by its first letter.
fn graph(lines: &[&str], listing: &[(&str, &str)]) -> BTreeMap<String, Targets> {
    let mut roles = BTreeMap::from([("targets".to_owned(), Targets::first(now() + days(90)))]);
    for line in lines {
        let (delegator, rest) = line.split_once(" > ").unwrap();
        let (name, patterns) = rest.split_once(' ').unwrap_or((rest, "*"));
        let (name, terminating) = name.strip_suffix('!').map_or((name, false), |name| (name, true));
        let public = own_key(name).key();
        let delegation = Delegation {
            name: name.to_owned(),
            signers: RoleKeys::new(Threshold::ONE, &[&public]),
            terminating,
            paths: Paths::Patterns(patterns.split(' ').map(str::to_owned).collect()),
        };
        let delegations = roles.get_mut(delegator).unwrap().delegations.get_or_insert_default();
        delegations.keys.insert(public.usual_id(), public);
        delegations.roles.push(delegation);
        roles.entry(name.to_owned()).or_insert_with(|| Targets::first(now() + days(90)));
    }
    for (role, name) in listing {
        roles.get_mut(*role).unwrap().list(&path(name), TargetFile::of(role.as_bytes()));
    }
    roles
}

fn own_key(role: &str) -> tuf::repository::Ed25519Signer {
    key(role.bytes().fold(100, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte)))
}

/// A server with these roles.
async fn serving(roles: &BTreeMap<String, Targets>) -> (Site, Machine<HttpsTransport, MemoryStore>) {
    let (site, mut world) = (Site::http().await, World::new());
    carry(&site, &mut world, roles, 1);
    let machine = Machine::over_http(site.address(), world.first_root());
    (site, machine)
}

fn carry(site: &Site, world: &mut World, roles: &BTreeMap<String, Targets>, number: u64) {
    for (role, body) in roles {
        let bytes = if role == "targets" {
            World::sign(body, &[4, 5])
        } else {
            tuf::repository::Draft::signed_by(body, &[&own_key(role)]).unwrap().bytes()
        };
        world.files.insert(format!("metadata/{}.{role}.json", body.version.get()), bytes);
    }
    let listed = roles.iter().map(|(role, body)| (role.clone(), MetaFile::of_version(body.version)));
    let snapshot = Snapshot::of(version(number), now() + days(7), listed);
    let snapshot_meta = MetaFile::of_version(version(number));
    let timestamp = Timestamp::of(version(number), now() + days(7), now(), snapshot_meta);
    world.files.insert(format!("metadata/{number}.snapshot.json"), World::sign(&snapshot, &[7]));
    world.files.insert("metadata/timestamp.json".into(), World::sign(&timestamp, &[8]));
    site.carry(&world.files);
}

/// The delegated roles that were asked for, in order.
fn asked(site: &Site) -> String {
    let names = site.asked().into_iter().skip(4);
    let roles = names.map(|name| name.trim_start_matches("metadata/1.").trim_end_matches(".json").to_owned());
    roles.collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn roles_are_asked_in_pre_order_and_not_past_a_terminating_one() {
    for (lines, expected) in [
        (&["targets > a"][..], "a"),
        (&["targets > a", "targets > b"], "a b"),
        (&["targets > a", "targets > b", "a > c", "a > d"], "a c d b"),
        (&["targets > a", "targets > b", "a > c", "c > d"], "a c d b"),
        (&["targets > a", "targets > b", "a > c!", "a > d"], "a c"),
        (&["targets > a", "targets > b", "a > c!", "c > d"], "a c d"),
        (&["targets > a!", "targets > b"], "a"),
        (&["targets > a *.md", "targets > b", "a > c"], "b"),
        (&["targets > a", "targets > b", "b > c", "c > d", "d > b"], "a b c d"),
        (&["targets > a", "targets > b", "b > c", "a > c"], "a c b"),
        (&["targets > a", "targets > b", "b > c", "a > c *.md"], "a b c"),
        (&["targets > a *.md b/* miss*", "a > c b/* ?*"], "a c"),
    ] {
        let (site, mut machine) = serving(&graph(lines, &[])).await;
        machine.refresh().await.unwrap();
        assert_eq!(machine.find("missing").await.unwrap(), None, "{lines:?}");
        assert_eq!(asked(&site), expected, "{lines:?}");
    }
}

#[tokio::test]
async fn the_first_role_that_lists_a_path_is_believed() {
    let lines = ["targets > a", "targets > b", "a > c"];
    let (site, mut machine) = serving(&graph(&lines, &[("b", "x"), ("c", "x"), ("b", "y")])).await;
    machine.refresh().await.unwrap();
    assert_eq!(machine.find("x").await.unwrap().unwrap().listed_by, "c");
    assert_eq!(asked(&site), "a c");
    assert_eq!(machine.find("y").await.unwrap().unwrap().listed_by, "b");
    // What was fetched once is kept.
    assert_eq!(asked(&site), "a c b");
}

#[tokio::test]
async fn a_search_ends_after_32_delegated_roles_and_says_so() {
    let names: Vec<String> = (0..40).map(|number| format!("role-{number:02}")).collect();
    let lines: Vec<String> = names.iter().map(|name| format!("targets > {name}")).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let (site, mut machine) = serving(&graph(&lines, &[("role-31", "last"), ("role-32", "beyond")])).await;
    machine.refresh().await.unwrap();
    assert_eq!(machine.find("last").await.unwrap().unwrap().listed_by, "role-31");
    let error = machine.find("beyond").await.unwrap_err();
    assert!(matches!(error, ClientError::SearchTooLong { most: 32, .. }), "{}", chain(&error));
    assert_eq!(asked(&site).split(' ').count(), 32);
}

#[tokio::test]
async fn a_kept_role_is_held_against_each_delegator() {
    // `a` and `b` both delegate to `c`; `a` names another key.
    let mut roles =
        graph(&["targets > a *.x", "targets > b *.y", "a > c", "b > c"], &[("c", "1.x"), ("c", "1.y")]);
    let stranger = key(99).key();
    let delegations = roles.get_mut("a").unwrap().delegations.as_mut().unwrap();
    delegations.roles[0].signers = RoleKeys::new(Threshold::ONE, &[&stranger]);
    delegations.keys.insert(stranger.usual_id(), stranger);
    let (_site, mut machine) = serving(&roles).await;
    machine.refresh().await.unwrap();
    assert_eq!(machine.find("1.y").await.unwrap().unwrap().listed_by, "c");
    let error = machine.find("1.x").await.unwrap_err();
    let Some(Distrust::TooFewSignatures { signer, valid: 0, .. }) = error.distrust() else {
        panic!("{}", chain(&error))
    };
    assert_eq!(signer, "the role a");
}

#[tokio::test]
async fn a_delegation_needs_its_own_threshold() {
    let mut roles = graph(&["targets > a"], &[("a", "x")]);
    let second = key(98).key();
    let delegations = roles.get_mut("targets").unwrap().delegations.as_mut().unwrap();
    delegations.roles[0].signers = RoleKeys::new(threshold(2), &[&own_key("a").key(), &second]);
    delegations.keys.insert(second.usual_id(), second);
    let (_site, mut machine) = serving(&roles).await;
    machine.refresh().await.unwrap();
    let error = machine.find("x").await.unwrap_err();
    assert!(matches!(error.distrust(), Some(Distrust::TooFewSignatures { valid: 1, threshold: 2, .. })));
}

#[tokio::test]
async fn role_names_stay_within_their_folder_on_the_way_and_in_the_store() {
    for name in ["?", "#", "/role", "../role", "%2e%2e", "ạ b"] {
        let mut roles = graph(&["targets > odd"], &[]);
        let delegations = roles.get_mut("targets").unwrap().delegations.as_mut().unwrap();
        delegations.roles[0].name = name.to_owned();
        let body = roles.remove("odd").unwrap();
        let (site, mut world) = (Site::http().await, World::new());
        roles.insert(name.to_owned(), body);
        // `carry` signs by the name; the delegation knows the key of "odd".
        let public = own_key(name).key();
        let delegations = roles.get_mut("targets").unwrap().delegations.as_mut().unwrap();
        delegations.roles[0].signers = RoleKeys::new(Threshold::ONE, &[&public]);
        delegations.keys.insert(public.usual_id(), public);
        carry(&site, &mut world, &roles, 1);
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        let store = tuf::store::DurableStore::open(tuf::store::Folder::open(&state).unwrap()).unwrap();
        let mut machine = Machine::new(common::https(site.address()), store, world.first_root());
        machine.refresh().await.unwrap();
        let found = machine.find("missing").await.unwrap_or_else(|error| panic!("{name}: {}", chain(&error)));
        assert_eq!(found, None);
        // The server sees the name itself, decoded once; nothing is beside the state.
        assert_eq!(site.asked().last().unwrap(), &format!("metadata/1.{name}.json"));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "{name}");
    }
    let long = "x".repeat(250);
    let (_site, mut machine) = serving(&graph(&[&format!("targets > {long}")], &[])).await;
    machine.refresh().await.unwrap();
    assert!(matches!(machine.find("missing").await, Err(ClientError::RoleNameTooLong { .. })));
}
