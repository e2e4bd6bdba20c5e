//! Who has an account here: the scenario's citizen, and one invented citizen for
//! each way to be refused (`accounts.toml`).

use std::{collections::BTreeMap, path::Path};

use serde::Deserialize;
use simulators::{
    people::People,
    scenario::{AccountScript, PlatformFault, PlatformScript, Scenario, VneidScript},
};

use crate::{Code, Operation, PlatformError};

/// One account and its owner.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Account {
    /// Who this is, in a few words.
    #[serde(default)]
    pub about: String,
    /// The twelve digits.
    pub number: String,
    /// The registered phone.
    pub phone: String,
    /// How it stands.
    pub account: AccountScript,
    /// Days since the owner was told that it is ready.
    #[serde(default = "two")]
    pub notice_days_ago: u32,
    /// The code that is "sent".
    #[serde(default = "usual_code")]
    pub otp: String,
    /// A password exists.
    #[serde(default)]
    pub has_password: bool,
    /// The operator knows the phone under another name.
    #[serde(default)]
    pub phone_is_anothers: bool,
    /// What the owner does when asked in VNeID.
    #[serde(default)]
    pub vneid: VneidScript,
    /// One operation is refused, whatever was asked.
    pub refuses: Option<Refuses>,
}

/// One operation is refused.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Refuses {
    /// The `operationId`.
    pub at: String,
    /// With this code.
    pub code: Code,
}

impl Account {
    /// The code with which this account refuses an operation, if it does.
    pub fn refuses(&self, operation: Operation) -> Option<Code> {
        self.refuses.as_ref().filter(|refuses| refuses.at == operation.id()).map(|refuses| refuses.code)
    }

    /// The phone with all but the first two and the last three digits hidden.
    pub fn phone_masked(&self) -> String {
        let (head, tail) = (&self.phone[..2], &self.phone[self.phone.len() - 3..]);
        format!("{head}x xxx x{tail}")
    }
}

/// Everything that a platform begins with.
#[derive(Clone, Debug)]
pub struct Seeds {
    /// By number.
    pub accounts: BTreeMap<String, Account>,
    /// What goes wrong, in this order.
    pub faults: Vec<PlatformFault>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountsFile {
    account: Vec<Account>,
}

impl Seeds {
    /// The invented citizens of `accounts.toml` and no fault.
    pub fn usual() -> Self {
        let file: AccountsFile =
            toml::from_str(include_str!("../accounts.toml")).expect("accounts.toml follows its format");
        let accounts = file.account.into_iter().map(|account| (account.number.clone(), account)).collect();
        Self { accounts, faults: Vec::new() }
    }

    /// Those, and a scenario's citizen and faults.
    pub fn from_scenario(scenario: &Path, people: &Path) -> Result<Self, PlatformError> {
        let Scenario { person, platform, .. } = Scenario::load(scenario)?;
        let people = People::load(people)?;
        let person = people.person(&person)?;
        let mut seeds = Self::usual();
        let PlatformScript { account, notice_days_ago, otp, has_password, vneid, faults } = platform;
        seeds.accounts.insert(
            person.number.clone(),
            Account {
                about: "is the scenario's citizen".to_owned(),
                number: person.number.clone(),
                phone: person.phone.clone(),
                account,
                notice_days_ago,
                otp,
                has_password,
                phone_is_anothers: false,
                vneid,
                refuses: None,
            },
        );
        for fault in &faults {
            check_fault(fault)?;
        }
        seeds.faults = faults;
        Ok(seeds)
    }
}

/// A fault names an operation that exists.
pub fn check_fault(fault: &PlatformFault) -> Result<(), PlatformError> {
    match Operation::by_id(&fault.at) {
        Some(_) => Ok(()),
        None => Err(PlatformError::NoSuchOperation(fault.at.clone())),
    }
}

fn two() -> u32 {
    2
}

fn usual_code() -> String {
    "246813".to_owned()
}
