//! What this kiosk may install. The one place where a target of signed metadata becomes
//! something that can be fetched: [`Approved`] has no other constructor.

use std::num::NonZeroU64;

use jiff::Timestamp;
use release::{Hardware, Kind, Release, Sha256Digest};
use serde::{Deserialize, Serialize};
use tuf::Target;

/// What decides about a release, of this kiosk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kiosk {
    /// Its name in the fleet.
    pub id: String,
    /// Its board.
    pub hardware: Hardware,
    /// What is installed here.
    pub kind: Kind,
    /// The highest number that was ever committed here.
    pub floor: u64,
    /// How far back below the floor the signers let it go: `min_release_seq` of what is good, as
    /// it is signed now.
    pub back_to: Option<u64>,
    /// The version of its stored data.
    pub data_schema: Option<u32>,
    /// What runs and is good.
    pub good: Option<Sha256Digest>,
    /// Releases that failed here.
    pub failed_before: Vec<Sha256Digest>,
}

/// A release that this kiosk may install.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approved {
    /// Its path in the repository.
    pub target: String,
    /// Its digest.
    pub digest: Sha256Digest,
    /// Its length in bytes.
    pub length: u64,
    /// What is said of it.
    pub release: Release,
    /// When the turn of this kiosk comes.
    pub turn: Option<Timestamp>,
}

impl Approved {
    /// Its number.
    pub fn seq(&self) -> NonZeroU64 {
        self.release.fields().release_seq
    }

    /// What it replaces.
    pub fn kind(&self) -> Kind {
        self.release.fields().kind
    }

    /// Until when it is to be in force, for a hole that it closes.
    pub fn deadline(&self) -> Option<Timestamp> {
        self.release.fields().deadline
    }
}

/// Why a target may not be installed here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum NotAllowed {
    /// Nobody whose word counts lists it.
    #[error("nobody who may has signed for this target")]
    NotListed,
    /// The name is none of a target.
    #[error("the server names no target of the repository")]
    NoName,
    /// It says nothing that a release says, or something that this kiosk does not know.
    #[error("what is signed of it cannot be understood here")]
    NotARelease,
    /// No SHA-256 is listed.
    #[error("no SHA-256 is signed for it")]
    NoDigest,
    /// It is for other boards.
    #[error("it is for other boards")]
    OtherHardware,
    /// It replaces something that is not replaced here.
    #[error("it brings another part of the system than this kiosk takes")]
    OtherKind,
    /// It is older than this kiosk may go back to.
    #[error("release {seq} is below {floor}, which this kiosk may not go below")]
    BelowFloor {
        /// Its number.
        seq: u64,
        /// The floor.
        floor: u64,
    },
    /// It failed here once.
    #[error("it failed on this kiosk before")]
    FailedBefore,
    /// It cannot take over the data that lies here.
    #[error("the data here have version {here}; it takes over {from} to {to}")]
    OtherData {
        /// The version here.
        here: u32,
        /// The oldest that it takes over.
        from: u32,
        /// What it leaves behind.
        to: u32,
    },
    /// What lies in the slots cannot be read, so nothing can be said of it.
    #[error("the slots' record cannot be read")]
    SlotsUnreadable,
    /// It runs already.
    #[error("it runs already")]
    RunsAlready,
}

/// Decides whether this kiosk may install a target.
pub fn allow(target: &Target, kiosk: &Kiosk) -> Result<Approved, NotAllowed> {
    let listed = target.file.hashes.get("sha256").ok_or(NotAllowed::NoDigest)?;
    let digest = Sha256Digest::try_from(listed.to_owned()).map_err(|_| NotAllowed::NoDigest)?;
    let release = target.file.custom::<Release>().and_then(Result::ok).ok_or(NotAllowed::NotARelease)?;
    let fields = release.fields();
    if !fields.hw.contains(&kiosk.hardware) {
        return Err(NotAllowed::OtherHardware);
    }
    if fields.kind != kiosk.kind {
        return Err(NotAllowed::OtherKind);
    }
    if kiosk.good == Some(digest) {
        return Err(NotAllowed::RunsAlready);
    }
    if kiosk.failed_before.contains(&digest) {
        return Err(NotAllowed::FailedBefore);
    }
    let seq = fields.release_seq.get();
    if seq < kiosk.floor && kiosk.back_to.is_none_or(|back_to| seq < back_to) {
        return Err(NotAllowed::BelowFloor { seq, floor: kiosk.floor });
    }
    if let (Some(here), Some(schema)) = (kiosk.data_schema, fields.data_schema)
        && !(schema.from..=schema.to).contains(&here)
    {
        return Err(NotAllowed::OtherData { here, from: schema.from, to: schema.to });
    }
    let turn = fields.waves.as_ref().map(|waves| waves.turn(&kiosk.id, listed));
    Ok(Approved { target: target.path.to_string(), digest, length: target.file.length, release, turn })
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tuf::TargetPath;

    use super::*;

    const BYTES: &[u8] = b"a release";

    fn kiosk() -> Kiosk {
        Kiosk {
            id: "kiosk-1".to_owned(),
            hardware: Hardware::new("pi5-counter").unwrap(),
            kind: Kind::App,
            floor: 5,
            back_to: None,
            data_schema: Some(2),
            good: None,
            failed_before: vec![],
        }
    }

    fn target(custom: serde_json::Value) -> Target {
        let mut file = tuf::metadata::TargetFile::of(BYTES);
        file.custom = Some(custom);
        Target { path: TargetPath::new("app/kiosk-7").unwrap(), file, listed_by: "app".to_owned() }
    }

    fn custom() -> serde_json::Value {
        json!({"hw": ["pi4-wall", "pi5-counter"], "kind": "app", "release_seq": 7, "min_release_seq": 6})
    }

    #[test]
    fn a_release_for_this_board_above_the_floor_may_be_installed() {
        let approved = allow(&target(custom()), &kiosk()).unwrap();
        assert_eq!((approved.target.as_str(), approved.length), ("app/kiosk-7", BYTES.len() as u64));
        assert_eq!((approved.seq().get(), approved.kind(), approved.turn), (7, Kind::App, None));
        let listed = target(custom()).file.hashes.get("sha256").unwrap().to_owned();
        assert_eq!(String::from(approved.digest), listed);
    }

    #[test]
    fn everything_else_is_refused_for_its_own_reason() {
        let with = |key: &str, value: serde_json::Value| {
            let mut custom = custom();
            custom[key] = value;
            allow(&target(custom), &kiosk()).unwrap_err()
        };
        assert_eq!(with("hw", json!(["pc-dev"])), NotAllowed::OtherHardware);
        assert_eq!(with("kind", json!("os")), NotAllowed::OtherKind);
        assert_eq!(with("kind", json!("toy")), NotAllowed::NotARelease);
        assert_eq!(with("only_on_mondays", json!(true)), NotAllowed::NotARelease);
        let old = json!({"hw": ["pi5-counter"], "kind": "app", "release_seq": 4, "min_release_seq": 1});
        assert_eq!(allow(&target(old), &kiosk()), Err(NotAllowed::BelowFloor { seq: 4, floor: 5 }));
        let schema = |from, to| with("data_schema", json!({"from": from, "to": to, "reversible": true}));
        assert_eq!(schema(3, 4), NotAllowed::OtherData { here: 2, from: 3, to: 4 });
        assert_eq!(schema(0, 1), NotAllowed::OtherData { here: 2, from: 0, to: 1 });

        let mut bare = target(custom());
        bare.file.custom = None;
        assert_eq!(allow(&bare, &kiosk()), Err(NotAllowed::NotARelease));
        let digest = allow(&target(custom()), &kiosk()).unwrap().digest;
        let failed = Kiosk { failed_before: vec![digest], ..kiosk() };
        assert_eq!(allow(&target(custom()), &failed), Err(NotAllowed::FailedBefore));
        let there = Kiosk { good: Some(digest), ..kiosk() };
        assert_eq!(allow(&target(custom()), &there), Err(NotAllowed::RunsAlready));
    }

    #[test]
    fn below_the_floor_a_kiosk_goes_as_far_as_the_signers_of_what_runs_let_it() {
        let old = json!({"hw": ["pi5-counter"], "kind": "app", "release_seq": 4, "min_release_seq": 1});
        let may = |back_to| allow(&target(old.clone()), &Kiosk { back_to, ..kiosk() }).is_ok();
        assert!(may(Some(3)) && may(Some(4)));
        assert!(!may(Some(5)) && !may(None));
    }

    #[test]
    fn data_that_it_can_take_over_are_no_hindrance() {
        let mut custom = custom();
        custom["data_schema"] = json!({"from": 1, "to": 3, "reversible": false});
        assert!(allow(&target(custom.clone()), &kiosk()).is_ok());
        let new = Kiosk { data_schema: None, ..kiosk() };
        assert!(allow(&target(custom), &new).is_ok());
    }

    #[test]
    fn the_turn_is_drawn_from_the_kiosks_name_and_the_release() {
        let mut custom = custom();
        custom["waves"] = json!([
            {"share": 50, "starts": "2027-01-01T00:00:00Z"},
            {"share": 100, "starts": "2027-01-02T00:00:00Z"}
        ]);
        let turns: std::collections::BTreeSet<_> = (0..20)
            .map(|number| Kiosk { id: format!("kiosk-{number}"), ..kiosk() })
            .map(|kiosk| allow(&target(custom.clone()), &kiosk).unwrap().turn.unwrap())
            .collect();
        assert_eq!(turns.len(), 2);
    }
}
