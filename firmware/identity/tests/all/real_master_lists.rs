//! The master lists that states publish, which nobody here made. They are not in
//! this repository: with `MASTER_LISTS=FOLDER`, where the folder has the lists as
//! `*.ml` and the states' roots as `*.cer`, every one of them is opened by
//! `cargo test -p identity --test all real_master_lists -- --ignored`. Every signature is
//! held against OpenSSL's own reading of the same certificates.

use std::{collections::BTreeMap, fs, path::Path};

use identity::{
    Grounds, Inventory, MasterList, TrustList, TrustUpdate,
    inventory::{Finding, Standing, Unverified},
    trust_update::OlderList,
};
use jiff::civil::{Date, date};
use openssl::{hash::MessageDigest, x509::X509};

/// A day on which the lists below are in force.
const TODAY: Date = date(2026, 11, 21);

/// What a list holds.
#[derive(Debug, PartialEq, Eq)]
struct Counts {
    /// As other programs counted them.
    certificates: usize,
    self_signed: usize,
    links: usize,
    issuer_absent: usize,
}

/// What is in the lists that the test was written with.
const COUNTED: [(&str, Counts); 2] = [
    ("DE 2026-05-28", Counts { certificates: 588, self_signed: 375, links: 201, issuer_absent: 12 }),
    ("NL 2026-07-23", Counts { certificates: 411, self_signed: 411, links: 0, issuer_absent: 0 }),
];

fn files(folder: &Path, ending: &str) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).expect("MASTER_LISTS is a folder").map(|it| it.unwrap().path());
    let fits = entries.filter(|path| path.extension().is_some_and(|it| it == ending));
    fits.map(|path| (path.display().to_string(), fs::read(&path).unwrap())).collect()
}

#[test]
#[ignore = "needs MASTER_LISTS, a folder with lists that states published"]
fn every_published_list_is_opened_by_its_states_root_and_by_no_other() {
    let folder = std::env::var_os("MASTER_LISTS").expect("MASTER_LISTS names a folder");
    let folder = Path::new(&folder);
    let root = |(name, der): (String, Vec<u8>)| {
        TrustList::from_der(&der).unwrap_or_else(|error| panic!("{name}: {error:?}"))
    };
    let roots: Vec<TrustList> = files(folder, "cer").into_iter().map(root).collect();
    let lists = files(folder, "ml");
    assert!(!lists.is_empty(), "the folder has lists");
    for (name, file) in lists {
        let open = |trust| {
            let grounds = Grounds::trusting(trust);
            MasterList::open(&file, &grounds, TODAY).ok()
        };
        let opened = roots.iter().filter_map(open);
        let opened: Vec<MasterList> = opened.collect();
        assert_eq!(opened.len(), 1, "{name}");
        look_at(&opened[0]);
    }
}

fn look_at(list: &MasterList) {
    let name = format!("{} {}", list.country(), list.signed_at().date());
    let inventory = Inventory::of(list);
    let issuer_absent = Standing::Unverified { reason: Unverified::IssuerAbsent };
    let counts = Counts {
        certificates: list.count(),
        self_signed: inventory.count(Standing::is_self_signed),
        links: inventory.count(Standing::is_link),
        issuer_absent: inventory.findings.iter().filter(|it| it.standing == issuer_absent).count(),
    };
    println!("{name}: {counts:?}");
    assert!(inventory.unreadable.is_empty(), "{name}: {:?}", inventory.unreadable);
    let certificates = by_openssl(list);
    assert_eq!(certificates.len(), list.count(), "{name}");
    for finding in &inventory.findings {
        assert_told_truly(finding, &certificates);
    }
    if let Some((_, known)) = COUNTED.iter().find(|(known, _)| *known == name) {
        assert_eq!(counts, *known, "{name}");
        let vietnamese: Vec<_> = inventory.findings.iter().filter(|it| it.country == "VN").collect();
        assert_eq!(vietnamese.len(), 1, "{name}");
        assert!(vietnamese[0].subject.contains("CSCA ePassport Vietnam"), "{}", vietnamese[0].subject);
        assert!(vietnamese[0].standing.is_self_signed());
        assert_eq!(vietnamese[0].validity, (date(2022, 6, 29), date(2037, 10, 1)));
    }
}

/// The same certificates by fingerprint.
fn by_openssl(list: &MasterList) -> BTreeMap<String, X509> {
    let imported = TrustUpdate::plan(None, list, OlderList::Refuse).unwrap();
    assert!(imported.left_out.is_empty(), "{:?}", imported.left_out);
    let all = X509::stack_from_pem(imported.list().to_pem().as_bytes()).unwrap();
    let named = |it: X509| (hex::encode(it.digest(MessageDigest::sha256()).unwrap()), it);
    all.into_iter().map(named).collect()
}

/// What is called verified was signed by that key, and what is not was signed by none in
/// the list: the only reason for that is an issuer that is absent.
fn assert_told_truly(finding: &Finding, all: &BTreeMap<String, X509>) {
    let certificate = &all[&finding.fingerprint];
    let signed_by = |issuer: &X509| certificate.verify(&issuer.public_key().unwrap()).unwrap_or(false);
    let what = format!("{}, serial {}: {:?}", finding.subject, finding.serial, finding.standing);
    match &finding.standing {
        Standing::SelfSigned => assert!(signed_by(certificate), "{what}"),
        Standing::Link { by } => assert!(signed_by(&all[by]) && !signed_by(certificate), "{what}"),
        Standing::Unverified { reason } => {
            assert_eq!(*reason, Unverified::IssuerAbsent, "{what}");
            assert!(!all.values().any(signed_by), "{what}");
        }
    }
}
