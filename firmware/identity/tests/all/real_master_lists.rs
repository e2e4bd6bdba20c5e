//! The master lists that states publish, which nobody here made. They are not in
//! this repository: with `MASTER_LISTS=FOLDER`, where the folder has the lists as
//! `*.ml` and the states' roots as `*.cer`, every one of them is opened; without it
//! the test says that it was skipped.

use std::{fs, path::Path};

use identity::{Grounds, Inventory, MasterList, TrustList, inventory::Standing};
use jiff::civil::{Date, date};

/// A day on which the lists below are in force.
const TODAY: Date = date(2026, 11, 21);

/// How many certificates other programs counted in these lists.
const COUNTED: [(&str, usize); 2] = [("DE 2026-05-28", 588), ("NL 2026-07-23", 411)];

fn files(folder: &Path, ending: &str) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).expect("MASTER_LISTS is a folder").map(|it| it.unwrap().path());
    let fits = entries.filter(|path| path.extension().is_some_and(|it| it == ending));
    fits.map(|path| (path.display().to_string(), fs::read(&path).unwrap())).collect()
}

#[test]
fn every_published_list_is_opened_by_its_states_root_and_by_no_other() {
    let Some(folder) = std::env::var_os("MASTER_LISTS") else {
        println!("skipped: MASTER_LISTS names no folder with published lists");
        return;
    };
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
    let [own, links, unverified] =
        [Standing::is_self_signed, Standing::is_link, Standing::is_unverified].map(|is| inventory.count(is));
    println!(
        "{name}: {} certificates, {own} self-signed, {links} links, {unverified} unverified",
        list.count()
    );
    assert!(inventory.unreadable.is_empty(), "{name}: {:?}", inventory.unreadable);
    assert_eq!(own + links + unverified, list.count(), "{name}");
    if let Some((_, count)) = COUNTED.iter().find(|(known, _)| *known == name) {
        assert_eq!(list.count(), *count, "{name}");
        let vietnamese: Vec<_> = inventory.findings.iter().filter(|it| it.country == "VN").collect();
        assert_eq!(vietnamese.len(), 1, "{name}");
        assert!(vietnamese[0].subject.contains("CSCA ePassport Vietnam"), "{}", vietnamese[0].subject);
        assert!(vietnamese[0].standing.is_self_signed());
        assert_eq!(vietnamese[0].validity, (date(2022, 6, 29), date(2037, 10, 1)));
    }
}
