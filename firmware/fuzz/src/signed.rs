//! What issuers and states sign: EF.SOD, EF.CardSecurity, certificates and the lists of
//! them. ICAO Doc 9303-10, 4.6.2; 9303-11, 9.2.11; 9303-12, 7 to 9; RFC 5652.

use std::str;

use card::FileId;
use identity::{
    ChipGenuineness, Grounds, Inventory, LooseFiles, MasterList, Policy, RevocationList, RevocationLists,
    TrustList, TrustUpdate, Verdict, inspect, trust_update::OlderList,
};
use simulators::card_profile::Hash;
use zeroize::Zeroizing;

use crate::{Reached, TODAY, files::object, test_state};

/// EF.SOD beside the genuine data groups that it may or may not fit.
pub(crate) fn security_object(bytes: &[u8]) -> Reached {
    let files = with(&test_state::citizen_card().files, FileId::Sod, bytes);
    Reached::by(verdict(&files, test_state::trust()) == Verdict::Authentic)
}

/// The list of digests, genuinely signed whatever it says (9303-10, 4.6.2.3).
pub(crate) fn hash_list(bytes: &[u8]) -> Reached {
    let signed = test_state::document_signer().sign("2.23.136.1.1.1", bytes, Hash::Sha256, TODAY);
    let file = object(&[0x77], &signed.expect("OpenSSL signs"));
    let files = with(&test_state::citizen_card().files, FileId::Sod, &file);
    Reached::by(verdict(&files, test_state::trust()) == Verdict::Authentic)
}

/// EF.CardSecurity beside a genuine proof that leads to its key.
pub(crate) fn card_security(bytes: &[u8]) -> Reached {
    let chip = test_state::mapping_chip();
    let mut files = with(&chip.files, FileId::CardSecurity, bytes);
    files.proofs.clone_from(&chip.proofs);
    let judgement = inspect(&files, &grounds(test_state::trust(), &RevocationLists::default()), TODAY);
    Reached::by(matches!(judgement.chip, ChipGenuineness::Proven { .. }))
}

/// A root certificate in DER, then trusted with a genuine card before it.
pub(crate) fn certificate(bytes: &[u8]) -> Reached {
    let Ok(list) = TrustList::from_der(bytes) else { return Reached::Refused };
    drop((list.oldest_and_newest(), list.to_pem()));
    drop(verdict(&test_state::citizen_card().files, &list));
    Reached::Accepted
}

/// A trust list in PEM.
pub(crate) fn trust_list(bytes: &[u8]) -> Reached {
    let Ok(text) = str::from_utf8(bytes) else { return Reached::Refused };
    let Ok(list) = TrustList::from_pem(text) else { return Reached::Refused };
    assert!(TrustList::from_pem(&list.to_pem()).is_ok(), "a trust list that does not read what it writes");
    drop(verdict(&test_state::citizen_card().files, &list));
    Reached::Accepted
}

/// A certificate revocation list.
pub(crate) fn revocation_list(bytes: &[u8]) -> Reached {
    let Ok(list) = RevocationList::open(bytes, test_state::trust(), &Policy::STATING, TODAY) else {
        return Reached::Refused;
    };
    let mut lists = RevocationLists::default();
    lists.add(list).expect("the first list of its issuer");
    let grounds = grounds(test_state::trust(), &lists);
    drop(inspect(&test_state::citizen_card().files, &grounds, TODAY));
    Reached::Accepted
}

/// A master list, then imported.
pub(crate) fn master_list(bytes: &[u8]) -> Reached {
    let none = RevocationLists::default();
    let Ok(list) = MasterList::open(bytes, &grounds(test_state::trust(), &none), TODAY) else {
        return Reached::Refused;
    };
    drop(Inventory::of(&list));
    Reached::by(TrustUpdate::plan(None, &list, OlderList::Refuse).is_ok())
}

fn grounds<'a>(trust: &'a TrustList, revoked: &'a RevocationLists) -> Grounds<'a> {
    Grounds { trust, revoked, policy: Policy::STATING }
}

fn verdict(files: &LooseFiles, trust: &TrustList) -> Verdict {
    inspect(files, &grounds(trust, &RevocationLists::default()), TODAY).verdict
}

/// Genuine files but for one.
fn with(genuine: &LooseFiles, file: FileId, bytes: &[u8]) -> LooseFiles {
    let mut files = genuine.files.clone();
    files.insert(file, Zeroizing::new(bytes.to_vec()));
    LooseFiles { files, proofs: Vec::new() }
}
