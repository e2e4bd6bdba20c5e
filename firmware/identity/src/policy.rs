//! What an operator decides about material that the standard leaves open: SHA-1,
//! revocation lists that are missing or old, chips that were not asked for a proof,
//! and an EF.CardAccess that is not the signed one (ICAO 9303-12, 4.1.6 and 6.1.2; 9303-11, 6
//! and 9.2). Each choice has a name, and none has a default: whoever judges says all of them.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Whether signatures over SHA-1 are believed (ICAO 9303-12, 4.1.6, does not list
/// it for new documents; old ones have it).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sha1Policy {
    /// Never.
    Refused,
    /// Through this day, for states whose documents of the years before still run.
    AcceptedThrough(Date),
}

/// Whether a card is believed whose signer could not be looked up in a current
/// revocation list (ICAO 9303-12, 6.1.2). A signer that stands in a list, however
/// old, is never believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RevocationPolicy {
    /// A list that is missing or stale is stated in the evidence, and accepted.
    StateOnly,
    /// Without a current list there is no identity.
    CurrentListRequired,
}

/// Whether a card is believed whose chip was not asked to prove that it is no copy,
/// though its issuer signed a key for that (ICAO 9303-11, 6). A chip that was asked
/// and failed is never believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChipPolicy {
    /// That nobody asked is stated in the evidence, and accepted.
    StateOnly,
    /// Where the issuer signed a key, one proof must have succeeded.
    ProofRequiredWhereOffered,
}

/// Whether a card is believed whose EF.CardAccess, which nobody signs, offers other
/// forms of PACE than its issuer signed in DG14 (ICAO 9303-11, 9.2: DG14 holds what
/// EF.CardAccess holds). Whoever stands between reader and chip takes the stronger
/// form out of it and is left with the weaker one; after the signature of DG14 was
/// verified that shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccessOfferPolicy {
    /// It is stated in the evidence, and accepted.
    StateOnly,
    /// Such a card is altered. Only where DG14 names PACE at all: chips are issued whose
    /// DG14 does not, against 9.2, and there is nothing to hold their file against.
    RefuseWherePaceIsSigned,
}

/// All choices together. That an operator has them is ours, in no standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Policy {
    /// About SHA-1.
    pub sha1: Sha1Policy,
    /// About revocation lists.
    pub revocation: RevocationPolicy,
    /// About proofs of the chip.
    pub chip: ChipPolicy,
    /// About the unsigned list of ways in.
    pub access_offer: AccessOfferPolicy,
}

impl Policy {
    /// What is missing is stated, and no card refused for it: for tools that show all they
    /// find, and for tests. A kiosk has the stricter choices of its board. No SHA-1 all the
    /// same, and forms of PACE that are not the signed ones are refused.
    pub const STATING: Self = Self {
        sha1: Sha1Policy::Refused,
        revocation: RevocationPolicy::StateOnly,
        chip: ChipPolicy::StateOnly,
        access_offer: AccessOfferPolicy::RefuseWherePaceIsSigned,
    };
}

/// The policy about SHA-1 on one day.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sha1 {
    Refused,
    Accepted,
}

impl Sha1Policy {
    pub(crate) fn on(self, today: Date) -> Sha1 {
        match self {
            Self::AcceptedThrough(last) if today <= last => Sha1::Accepted,
            Self::AcceptedThrough(_) | Self::Refused => Sha1::Refused,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn sha1_is_accepted_through_its_last_day_and_not_longer() {
        let policy = Sha1Policy::AcceptedThrough(date(2027, 6, 30));
        assert!(policy.on(date(2027, 6, 30)) == Sha1::Accepted);
        assert!(policy.on(date(2027, 7, 1)) == Sha1::Refused);
        assert!(Sha1Policy::Refused.on(date(2000, 1, 1)) == Sha1::Refused);
    }
}
