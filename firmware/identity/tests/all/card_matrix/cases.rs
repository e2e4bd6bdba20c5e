//! How a case of the matrix is written: a card, what its reader knows and believes, and
//! what must come of it.

use identity::{
    Policy,
    policy::{AccessOfferPolicy, ChipPolicy, RevocationPolicy, Sha1Policy},
};
use jiff::civil::{Date, date};
use serde::Deserialize;
use simulators::scenario::CardScript;

/// The day of every case that says no other.
pub const TODAY: Date = date(2026, 11, 21);

/// One card and what must come of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Case {
    /// In words, so that a complaint can be read.
    pub name: String,
    /// Whose card, by short name in `people.toml`.
    #[serde(default = "khue")]
    pub person: String,
    /// The card, as in the `[card]` of a scenario.
    #[serde(default)]
    pub card: CardScript,
    /// A card of the same issuer that was read before it, by whose offer it may be opened.
    #[serde(default)]
    pub before: Option<CardScript>,
    /// Another picture of the same person, in the folder of the invented citizens, which
    /// the issuer put on the chip.
    #[serde(default)]
    pub portrait: Option<String>,
    /// With what the chip is opened.
    #[serde(default)]
    pub key: Key,
    /// Who issued the card.
    #[serde(default)]
    pub issuer: Issuers,
    /// Whom the reader believes.
    #[serde(default)]
    pub trust: Trust,
    /// What the reader knows of revoked signers.
    #[serde(default)]
    pub revocation: List,
    /// The day on which the card is shown. It was issued before [`TODAY`].
    #[serde(default = "today")]
    pub today: Date,
    /// What the operator decided; the kiosk's own policy where nothing is said.
    #[serde(default)]
    pub policy: Choices,
    /// What must come of it.
    pub expect: Expected,
}

/// What must come of a case.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum Expected {
    /// No identity.
    #[serde(rename_all = "kebab-case")]
    Refused {
        /// The code that the screen shows and the error in words, or how that begins.
        why: String,
        /// The verdict, where the card was read; `authentic` where the files are, and
        /// something else speaks against the card.
        verdict: Option<String>,
    },
    /// The person's identity.
    Citizen(Evidence),
    /// An authentic document of somebody who is no citizen with a card.
    Document(Evidence),
}

/// What an accepted card's evidence must say.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Evidence {
    /// How the channel was made, as the evidence writes it.
    #[serde(default = "usual_access")]
    pub access: String,
    /// The chip's proofs that succeeded, in the order in which they were given.
    #[serde(default = "usual_proofs")]
    pub chip: Vec<String>,
    /// What EF.CardAccess is beside DG14.
    #[serde(default = "confirmed")]
    pub access_offer: String,
    /// Departures from the profile that must be stated, as `holder what`.
    #[serde(default)]
    pub stated: Vec<String>,
}

/// With what a chip is opened, and how far the reader may go down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Key {
    /// The access number; PACE, or BAC where a chip offers no PACE, as at a kiosk.
    #[default]
    Can,
    /// The machine readable zone, likewise.
    Mrz,
    /// The access number, and PACE alone.
    CanForPaceOnly,
}

/// Who issued a card.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Issuers {
    /// The test issuer of Viet Nam.
    #[default]
    Usual,
    /// One whose curves are written out by their numbers.
    ExplicitCurves,
    /// Its successor, for whose key the usual one vouches in a link certificate.
    Successor,
    /// The same under a new name.
    SuccessorRenamed,
    /// Somebody who uses the name of the usual issuer.
    Impostor,
    /// One whose certificate was not valid yet when it signed its document signer.
    SignedTooEarly,
}

/// Whom the reader believes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trust {
    /// The card's issuer and one of another state.
    #[default]
    IssuerAndForeign,
    /// The usual issuer and one of another state, whoever issued the card.
    UsualAndForeign,
    /// That of the other state alone.
    ForeignOnly,
    /// The usual issuer and its link to the successor, but not the successor itself.
    UsualAndLink,
}

/// What the reader knows of revoked signers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum List {
    /// No list.
    #[default]
    None,
    /// The usual issuer's.
    Usual,
}

/// What the operator decided otherwise than [`Policy::STATING`].
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Choices {
    /// SHA-1 is believed through this day.
    sha1_through: Option<Date>,
    /// What is wanted: `current-list` or `chip-proof`.
    wanted: Vec<Wanted>,
    /// EF.CardAccess is compared with DG14 to be stated only.
    access_offer: AccessOfferChoice,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Wanted {
    CurrentList,
    ChipProof,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum AccessOfferChoice {
    #[default]
    Kiosk,
    StateOnly,
}

/// The sections of a table.
pub fn read(table: &str) -> Vec<Case> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Table {
        case: Vec<Case>,
    }
    toml::from_str::<Table>(table).unwrap_or_else(|error| panic!("{error}")).case
}

impl Case {
    /// Everything of it but its name and what must come of it.
    pub fn fingerprint(&self) -> String {
        let Self {
            name: _,
            expect: _,
            person,
            card,
            before,
            portrait,
            key,
            issuer,
            trust,
            revocation,
            today,
            policy,
        } = self;
        format!(
            "{person} {card:?} {before:?} {portrait:?} {key:?} {issuer:?} {trust:?} {revocation:?} {today} {policy:?}"
        )
    }
}

impl Expected {
    /// An identity, after those proofs of the chip.
    pub fn citizen(proofs: &[&str]) -> Self {
        let chip = proofs.iter().map(|&proof| proof.to_owned()).collect();
        Self::Citizen(Evidence {
            access: usual_access(),
            chip,
            access_offer: confirmed(),
            stated: Vec::new(),
        })
    }

    /// No identity.
    pub fn refused(why: &str) -> Self {
        Self::Refused { why: why.to_owned(), verdict: None }
    }
}

impl Choices {
    pub fn policy(&self) -> Policy {
        let mut policy = Policy::STATING;
        if let Some(last) = self.sha1_through {
            policy.sha1 = Sha1Policy::AcceptedThrough(last);
        }
        for wanted in &self.wanted {
            match wanted {
                Wanted::CurrentList => policy.revocation = RevocationPolicy::CurrentListRequired,
                Wanted::ChipProof => policy.chip = ChipPolicy::ProofRequiredWhereOffered,
            }
        }
        if self.access_offer == AccessOfferChoice::StateOnly {
            policy.access_offer = AccessOfferPolicy::StateOnly;
        }
        policy
    }
}

fn khue() -> String {
    "khue".to_owned()
}

fn today() -> Date {
    TODAY
}

fn usual_access() -> String {
    "PACE-ECDH-GM-AES-CBC-CMAC-128 (13)".to_owned()
}

fn usual_proofs() -> Vec<String> {
    ["chip-authentication", "active-authentication"].map(str::to_owned).to_vec()
}

fn confirmed() -> String {
    "confirmed".to_owned()
}
