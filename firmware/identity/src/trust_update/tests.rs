//! What an import changes in a trust list, and what it refuses.

use jiff::civil::{Date, date};

use super::*;
use crate::{
    Grounds,
    pretend_state::{
        AUTHORITY, Holder, Wanted,
        lists::{authority, list_signer, master_list},
        rsa,
    },
};

const LATER: Date = date(2250, 1, 1);

/// A state's master list of these certificates.
fn list_by(root: &Holder, certificates: &[&Holder]) -> MasterList {
    let mut all = vec![&root.certificate];
    all.extend(certificates.iter().map(|it| &it.certificate));
    let roots = TrustList::from_pem(&root.pem()).unwrap();
    let grounds = Grounds::trusting(&roots);
    MasterList::open(&master_list(&all, &list_signer(root)), &grounds, LATER).unwrap()
}

fn plan(present: Option<TrustList>, list: &MasterList) -> TrustUpdate {
    TrustUpdate::plan(present, list, OlderList::Refuse).unwrap_or_else(|fault| panic!("{fault}"))
}

/// As it is after it was written and read again.
fn kept(list: &TrustList) -> TrustList {
    TrustList::from_pem(&list.to_pem()).unwrap()
}

/// The common names, in alphabetical order.
fn names(list: &[Named]) -> Vec<&str> {
    let name = |it: &'_ Named| it.subject.strip_prefix("CN=").unwrap().find(',').unwrap();
    let mut names: Vec<&str> = list.iter().map(|it| &it.subject[3..3 + name(it)]).collect();
    names.sort_unstable();
    names
}

#[test]
fn a_first_import_adds_everything_and_survives_the_file() {
    let root = authority("DE", "german");
    let list = list_by(&root, &[&authority("VN", "one"), &authority("UT", "two")]);
    let update = plan(None, &list);
    assert_eq!(names(&update.added), ["german", "one", "two"]);
    assert!(update.gone.is_empty() && update.kept.is_empty() && update.left_out.is_empty());
    let read = kept(update.list());
    assert_eq!((read.count(), read.digest()), (3, update.list().digest()));
    assert_eq!(read.sources(), update.list().sources());
    assert_eq!(read.sources()[0].country, "DE");
    assert_eq!(read.sources()[0].signed_at, list.signed_at());
    assert!(read.entries().iter().all(|entry| entry.listed_by.contains("DE") && entry.anchor()));
}

#[test]
fn what_no_list_has_any_longer_goes_and_the_operators_own_stays() {
    let (german, dutch) = (authority("DE", "german"), authority("NL", "dutch"));
    let (one, two, own) = (authority("VN", "one"), authority("UT", "two"), authority("VN", "own"));
    let mine = TrustList::from_pem(&own.pem()).unwrap();
    let first = plan(Some(mine), &list_by(&german, &[&one, &two, &own])).into_list();
    let second = plan(Some(kept(&first)), &list_by(&dutch, &[&two]));
    assert_eq!(names(&second.added), ["dutch"]);
    let second = kept(second.list());
    assert_eq!(second.sources().len(), 2);
    // The German list drops everything; `two` is still in the Dutch one.
    let third = plan(Some(second), &list_by(&german, &[]));
    assert_eq!(names(&third.gone), ["one"]);
    assert_eq!(names(&third.kept), ["dutch", "german", "own", "two"]);
    assert!(third.added.is_empty());
}

#[test]
fn a_list_older_than_the_present_one_is_refused_unless_said_otherwise() {
    let root = authority("DE", "german");
    let list = list_by(&root, &[]);
    let text = plan(None, &list).list().to_pem();
    let newer = text.replacen(&list.signed_at().to_string(), "2240-01-01T00:00:00", 1);
    assert_ne!(newer, text);
    let present = || Some(TrustList::from_pem(&newer).unwrap());
    let fault = TrustUpdate::plan(present(), &list, OlderList::Refuse).err().expect("it is refused");
    assert!(matches!(&fault, ImportFault::Older { country, .. } if country == "DE"), "{fault}");
    let update = TrustUpdate::plan(present(), &list, OlderList::Accept).unwrap();
    assert_eq!(update.list().sources()[0].signed_at, list.signed_at());
    // Another state's list has another age.
    let other = authority("NL", "dutch");
    assert!(TrustUpdate::plan(present(), &list_by(&other, &[]), OlderList::Refuse).is_ok());
}

#[test]
fn a_certificate_whose_key_is_of_no_use_is_left_out_by_name() {
    let root = authority("DE", "german");
    let short = Holder::root(rsa(1024), &Wanted { name: "short", ..AUTHORITY() });
    let update = plan(None, &list_by(&root, &[&short]));
    assert_eq!(update.left_out.len(), 1);
    let (name, why) = &update.left_out[0];
    assert_eq!(name.subject, "CN=short,C=VN");
    assert_eq!(why, "an RSA key below 2048 bits is too weak");
    assert_eq!(kept(update.list()).count(), 1);
}

#[test]
fn a_damaged_line_of_an_import_is_an_error() {
    let root = authority("DE", "german");
    let text = plan(None, &list_by(&root, &[])).list().to_pem();
    let damaged = text.replacen("Master-list: DE ", "Master-list: ", 1);
    let fault = TrustList::from_pem(&damaged).err().expect("the file is refused");
    assert!(format!("{fault:?}").contains("line 1 begins as an import writes it"), "{fault:?}");
}
