//! `kiosk-card masterlist`: looks into a CSCA master list, and takes one into the
//! trust list.

use std::{collections::BTreeMap, fmt::Write as _};

use identity::{
    Grounds, Inventory, MasterList, TrustList, TrustUpdate,
    inventory::{Finding, Standing},
    trust_update::Named,
};
use jiff::civil::Date;
use serde::Serialize;

use crate::{
    arguments::{Form, ImportOptions, ListOptions},
    files::{self, Readers},
    mistake::Mistake,
    verify::{json, revocation_lists},
};

/// What `masterlist inspect` says.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Summary<'a> {
    publisher: &'a str,
    signed_at: String,
    age_days: i32,
    sha256: &'a str,
    signer: &'a identity::SignerEvidence,
    certificates: usize,
    self_signed: usize,
    links_of_the_same_name: usize,
    links_of_another_name: usize,
    unverified: Vec<&'a Finding>,
    unreadable: &'a [(usize, &'static str)],
    countries: BTreeMap<&'a str, usize>,
    signatures: BTreeMap<String, usize>,
    keys: BTreeMap<String, usize>,
    validity: BTreeMap<&'static str, usize>,
    departures: BTreeMap<String, usize>,
    vietnamese: Vec<&'a Finding>,
}

/// Prints what is in a list.
pub fn inspect(options: &ListOptions) -> Result<u8, Mistake> {
    let list = open(options)?;
    let inventory = Inventory::of(&list);
    let summary = Summary::of(&list, &inventory, options.standing.today);
    match options.form {
        Form::Text => print!("{}", summary.lines()),
        Form::Json => println!("{}", json(&summary)),
    }
    Ok(0)
}

/// Opens the list with the root, or with the trust list where no root was given.
fn open(options: &ListOptions) -> Result<MasterList, Mistake> {
    let file = files::der(&options.path)?;
    let standing = &options.standing;
    let trust = files::trust(&standing.trust)?;
    let revoked = revocation_lists(standing, &trust)?;
    let grounds = Grounds { trust: &trust, revoked: &revoked, policy: standing.policy };
    let fault = |source| Mistake::MasterList { path: options.path.clone(), source };
    MasterList::open(&file, &grounds, standing.today).map_err(fault)
}

/// Takes a list into a trust list, and prints what that changes.
pub fn import(options: &ImportOptions) -> Result<u8, Mistake> {
    let master = open(&options.list)?;
    let present = if options.trust.exists() { Some(files::trust(&options.trust)?) } else { None };
    let update = TrustUpdate::plan(present, &master, options.older)
        .map_err(|source| Mistake::Import { path: options.list.path.clone(), source })?;
    print!("{}", changes(&update));
    if options.dry_run {
        println!("nothing was written (--dry-run)");
        return Ok(0);
    }
    let text = TrustUpdate::list(&update).to_pem();
    // What cannot be read back is no trust list.
    TrustList::from_pem(&text).map_err(|source| Mistake::Trust { path: options.trust.clone(), source })?;
    files::write(&options.trust, text.as_bytes(), Readers::Everybody)?;
    println!("{}: {} certificates", options.trust.display(), update.list().count());
    Ok(0)
}

fn changes(update: &TrustUpdate) -> String {
    let mut text = String::new();
    let mut each = |sign: &str, list: &[Named]| {
        for name in list {
            writeln!(text, "{sign} {}  {}", name.fingerprint, name.subject).expect("a string takes all");
        }
    };
    each("+", &update.added);
    each("-", &update.gone);
    for (name, why) in &update.left_out {
        writeln!(text, "! {}  {}: left out: {why}", name.fingerprint, name.subject)
            .expect("a string takes all");
    }
    let (added, gone, kept) = (update.added.len(), update.gone.len(), update.kept.len());
    writeln!(text, "{added} added, {gone} gone, {kept} kept, {} left out", update.left_out.len())
        .expect("a string takes all");
    text
}

impl<'a> Summary<'a> {
    fn of(list: &'a MasterList, inventory: &'a Inventory, today: Date) -> Self {
        let all = &inventory.findings;
        let links = |same_name: bool| {
            all.iter().filter(|it| it.standing.is_link() && it.same_name == same_name).count()
        };
        let days = |it: &&Finding| match it.validity {
            (from, _) if today < from => "not yet",
            (_, until) if today > until => "expired",
            _ => "today",
        };
        let words = |result: &Result<String, String>| result.clone().unwrap_or_else(|why| why);
        Self {
            publisher: list.country(),
            signed_at: list.signed_at().to_string(),
            age_days: list.age(today),
            sha256: list.digest(),
            signer: list.signer(),
            certificates: list.count(),
            self_signed: inventory.count(Standing::is_self_signed),
            links_of_the_same_name: links(true),
            links_of_another_name: links(false),
            unverified: all.iter().filter(|it| it.standing.is_unverified()).collect(),
            unreadable: &inventory.unreadable,
            countries: counted(all.iter().map(|it| it.country.as_str())),
            signatures: counted(all.iter().map(|it| words(&it.signature))),
            keys: counted(all.iter().map(|it| words(&it.key.clone().map(|key| key.to_string())))),
            validity: counted(all.iter().map(|it| days(&it))),
            departures: counted(
                all.iter().flat_map(|it| it.departures.iter().map(|what| format!("{what:?}"))),
            ),
            vietnamese: all.iter().filter(|it| it.country == "VN").collect(),
        }
    }

    fn lines(&self) -> String {
        let mut text = String::new();
        let mut line = |line: String| writeln!(text, "{line}").expect("a string takes all");
        line(format!(
            "master list of {}, signed at {} ({} days ago)",
            self.publisher, self.signed_at, self.age_days
        ));
        line(format!("sha256 {}", self.sha256));
        line(format!(
            "signer: {}, serial {}, {}",
            self.signer.issuer, self.signer.serial, self.signer.algorithm
        ));
        line(format!(
            "{} certificates of {} countries: {} self-signed, {} links of the same name, {} links of another name, \
             {} unverified, {} unreadable",
            self.certificates,
            self.countries.len(),
            self.self_signed,
            self.links_of_the_same_name,
            self.links_of_another_name,
            self.unverified.len(),
            self.unreadable.len()
        ));
        for (what, counts) in
            [("signatures", &self.signatures), ("keys", &self.keys), ("departures", &self.departures)]
        {
            line(format!("{what}: {}", listed(counts)));
        }
        line(format!("valid: {}", listed(&self.validity)));
        line(format!("countries: {}", listed(&self.countries)));
        text + &self.particulars()
    }

    /// The certificates that deserve a line of their own.
    fn particulars(&self) -> String {
        let mut text = String::new();
        let mut line = |line: String| writeln!(text, "{line}").expect("a string takes all");
        for (place, problem) in self.unreadable {
            line(format!("unreadable: number {place}: {problem}"));
        }
        for finding in &self.unverified {
            let Standing::Unverified { reason } = &finding.standing else { continue };
            line(format!("unverified: {}, serial {}: {reason}", finding.subject, finding.serial));
        }
        for finding in &self.vietnamese {
            let (from, until) = finding.validity;
            let key = finding.key.as_ref().map_or_else(Clone::clone, ToString::to_string);
            line(format!("Viet Nam: {}, {from} to {until}, {key}, {}", finding.subject, finding.fingerprint));
        }
        text
    }
}

fn counted<T: Ord>(all: impl Iterator<Item = T>) -> BTreeMap<T, usize> {
    let mut counts = BTreeMap::new();
    for one in all {
        *counts.entry(one).or_insert(0) += 1;
    }
    counts
}

/// `most 9, less 3`.
fn listed<T: std::fmt::Display + Ord>(counts: &BTreeMap<T, usize>) -> String {
    let mut all: Vec<_> = counts.iter().collect();
    all.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    all.iter().map(|(what, count)| format!("{what} {count}")).collect::<Vec<_>>().join(", ")
}
