//! Which revocation lists are believed, of whom they speak, and what becomes of a
//! card whose signer stands in one. The lists are made by `openssl ca`.

use jiff::civil::date;

use super::*;
use crate::{
    Grounds, IdentityError, Judgement, Verdict,
    judgement::{Check, Checked, NotDone, Outcome},
    policy::{RevocationPolicy, Sha1Policy},
    pretend_state::{
        AUTHORITY, Card, Holder, Role, SIGNER, Signing, State, TODAY, Wanted,
        lists::{CALLED_BACK, revocation_list, revocation_list_with},
        p256,
    },
    profile,
};

const CURRENT: (Date, Date) = (date(2026, 11, 1), date(2027, 1, 30));
const STALE: (Date, Date) = (date(2026, 5, 1), date(2026, 7, 30));

fn open(file: &[u8], trust: &TrustList) -> Result<RevocationList, RevocationListFault> {
    RevocationList::open(file, trust, &Policy::STATING, TODAY)
}

fn refused(file: &[u8], trust: &TrustList) -> RevocationListFault {
    open(file, trust).err().expect("the list is refused")
}

fn with(lists: &[Vec<u8>], trust: &TrustList) -> RevocationLists {
    let mut all = RevocationLists::default();
    for list in lists {
        all.add(open(list, trust).unwrap_or_else(|fault| panic!("{fault:?}"))).unwrap();
    }
    all
}

/// What a card comes to, as a judgement and as an identity or not.
fn judged(
    card: &Card,
    trust: &TrustList,
    revoked: &RevocationLists,
    revocation: RevocationPolicy,
) -> (Judgement, Result<(), IdentityError>) {
    let policy = Policy { revocation, ..Policy::STATING };
    let grounds = Grounds { trust, revoked, policy };
    let judgement = crate::examination::examine(&card.read(), &grounds, TODAY).judgement;
    (judgement, crate::verdict::reach(&card.read(), &grounds, TODAY).map(|_| ()))
}

fn outcome(judgement: &Judgement) -> &Outcome {
    let of_it = |check: &&Check| check.of == Checked::Revocation;
    &judgement.checks.iter().find(of_it).expect("revocation is looked at").outcome
}

#[test]
fn a_list_says_whose_it_is_when_it_was_signed_and_how_many_it_calls_back() {
    let state = State::new();
    let list = open(&revocation_list(&state.authority, &["02", "7F00"], CURRENT), &state.trusted()).unwrap();
    assert_eq!(list.issuer(), "CN=Test CSCA,C=VN");
    assert_eq!(list.count(), 2);
    assert_eq!(list.updates(), (CURRENT.0.at(0, 0, 0, 0), CURRENT.1.at(0, 0, 0, 0)));
    assert_eq!(open(&revocation_list(&state.authority, &[], CURRENT), &state.trusted()).unwrap().count(), 0);
}

#[test]
fn a_card_whose_signer_was_called_back_is_revoked_and_makes_no_identity() {
    let state = State::new();
    let trust = state.trusted();
    let lists = with(&[revocation_list(&state.authority, &["02"], CURRENT)], &trust);
    let (judgement, identity) = judged(&state.card(), &trust, &lists, RevocationPolicy::StateOnly);
    let whose = profile::Holder::Signer;
    assert_eq!(judgement.verdict, Verdict::Revoked { whose, on: CALLED_BACK });
    assert!(matches!(identity, Err(IdentityError::Revoked { on: CALLED_BACK, .. })), "{identity:?}");
    // An old list is enough: what is called back stays so.
    let old = with(&[revocation_list(&state.authority, &["02"], STALE)], &trust);
    let (judgement, _) = judged(&state.card(), &trust, &old, RevocationPolicy::StateOnly);
    assert_eq!(judgement.verdict, Verdict::Revoked { whose, on: CALLED_BACK });
}

#[test]
fn an_issuer_that_was_called_back_takes_its_signers_along() {
    let state = State::new();
    let trust = state.trusted();
    let lists = with(&[revocation_list(&state.authority, &["01"], CURRENT)], &trust);
    let (judgement, _) = judged(&state.card(), &trust, &lists, RevocationPolicy::StateOnly);
    let whose = profile::Holder::Issuer(1);
    assert_eq!(judgement.verdict, Verdict::Revoked { whose, on: CALLED_BACK });
}

#[test]
fn a_missing_or_stale_list_is_stated_and_refused_only_where_the_operator_wants() {
    let state = State::new();
    let trust = state.trusted();
    let check = |lists: &[Vec<u8>], expected: Revocation, stated: &Outcome| {
        let lists = with(lists, &trust);
        let (judgement, identity) = judged(&state.card(), &trust, &lists, RevocationPolicy::StateOnly);
        assert_eq!((judgement.revocation, &judgement.verdict), (expected, &Verdict::Authentic));
        assert_eq!(outcome(&judgement), stated);
        assert!(identity.is_ok());
        let (judgement, identity) =
            judged(&state.card(), &trust, &lists, RevocationPolicy::CurrentListRequired);
        assert_eq!(judgement.revocation, expected);
        assert_eq!(identity.is_ok(), *stated == Outcome::Passed, "{identity:?}");
        assert_eq!(judgement.verdict == Verdict::RevocationUnknown, *stated != Outcome::Passed);
    };
    let not_done = |because| Outcome::NotDone { because };
    check(&[], Revocation::NotChecked, &not_done(NotDone::NoList));
    let current = revocation_list(&state.authority, &["03"], CURRENT);
    check(&[current], Revocation::CheckedOn { list: CURRENT.0 }, &Outcome::Passed);
    let stale = revocation_list(&state.authority, &[], STALE);
    check(&[stale], Revocation::Stale { list: STALE.0, due: STALE.1 }, &not_done(NotDone::StaleList));
    // Another state's list says nothing of this one's cards.
    let other = Holder::root(p256(), &Wanted { country: "UT", name: "Other", ..AUTHORITY() });
    let both = TrustList::from_pem(&[state.authority.pem(), other.pem()].concat()).unwrap();
    let lists = with(&[revocation_list(&other, &["02"], CURRENT)], &both);
    let (judgement, _) = judged(&state.card(), &both, &lists, RevocationPolicy::StateOnly);
    assert_eq!((judgement.revocation, judgement.verdict), (Revocation::NotChecked, Verdict::Authentic));
}

#[test]
fn the_last_day_of_a_list_is_its_next_update() {
    let state = State::new();
    let trust = state.trusted();
    let until = |last| with(&[revocation_list(&state.authority, &[], (CURRENT.0, last))], &trust);
    let status = |lists: &RevocationLists| {
        judged(&state.card(), &trust, lists, RevocationPolicy::StateOnly).0.revocation
    };
    assert!(matches!(status(&until(TODAY)), Revocation::CheckedOn { .. }));
    assert!(matches!(status(&until(date(2026, 11, 20))), Revocation::Stale { .. }));
}

#[test]
fn a_list_signed_by_the_newer_key_speaks_of_the_older_ones_signers() {
    let old = Holder::root(p256(), &AUTHORITY());
    let signer = Holder::under(&old, p256(), &SIGNER());
    let card = Card::citizen().signed(&signer, &Signing::default());
    // The state changed its name with its key.
    let new_key = p256();
    let new = Wanted { name: "New CSCA", serial: 9, ..AUTHORITY() };
    let link = Holder::under(&old, new_key.clone(), &new);
    let root = Holder::root(new_key, &new);
    let list = revocation_list(&root, &["02"], CURRENT);
    for trusted in [vec![&old, &link], vec![&old, &link, &root]] {
        let trust = TrustList::from_pem(&trusted.iter().map(|it| it.pem()).collect::<String>()).unwrap();
        let lists = with(std::slice::from_ref(&list), &trust);
        let (judgement, _) = judged(&card, &trust, &lists, RevocationPolicy::StateOnly);
        assert!(matches!(judgement.verdict, Verdict::Revoked { .. }), "{:?}", judgement.verdict);
    }
    // Without the link nobody knows that both are one state's authority.
    let trust = TrustList::from_pem(&[old.pem(), root.pem()].concat()).unwrap();
    let lists = with(&[list], &trust);
    let (judgement, _) = judged(&card, &trust, &lists, RevocationPolicy::StateOnly);
    assert_eq!((judgement.revocation, judgement.verdict), (Revocation::NotChecked, Verdict::Authentic));
}

#[test]
fn only_a_trusted_issuing_key_signs_lists() {
    let (state, stranger) = (State::new(), State::new());
    let trust = state.trusted();
    let forged = revocation_list(&stranger.authority, &["02"], CURRENT);
    assert!(matches!(refused(&forged, &trust), RevocationListFault::UnknownIssuer { .. }));
    let mut changed = revocation_list(&state.authority, &["02"], CURRENT);
    *changed.last_mut().unwrap() ^= 1;
    let expected = RevocationListFault::SignerNotValid(SignerFault::NotSignedByItsIssuer);
    assert_eq!(refused(&changed, &trust), expected);
    let without = Wanted { role: Role::AuthorityOfCertificatesOnly, ..AUTHORITY() };
    let only = Holder::root(p256(), &without);
    let list = revocation_list(&only, &[], CURRENT);
    let fault = refused(&list, &TrustList::from_pem(&only.pem()).unwrap());
    let expected = RevocationListFault::SignerNotValid(SignerFault::WrongPurpose(Purpose::RevocationLists));
    assert_eq!(fault, expected);
}

#[test]
fn every_octet_of_a_list_counts() {
    let state = State::new();
    let trust = state.trusted();
    let file = revocation_list(&state.authority, &["02", "03"], CURRENT);
    for at in 0..file.len() {
        let mut changed = file.clone();
        changed[at] ^= 1;
        assert!(open(&changed, &trust).is_err(), "octet {at}");
        assert!(open(&file[..at], &trust).is_err(), "{at} octets");
    }
}

#[test]
fn a_list_of_a_day_that_has_not_come_or_on_which_its_issuer_was_not_valid_is_refused() {
    let state = State::new();
    let trust = state.trusted();
    let early = revocation_list(&state.authority, &[], (date(2027, 1, 1), date(2027, 3, 1)));
    let expected = RevocationListFault::FromTheFuture { on: date(2027, 1, 1) };
    assert_eq!(refused(&early, &trust), expected);
    let before = revocation_list(&state.authority, &[], (date(2019, 1, 1), date(2027, 3, 1)));
    let fault = refused(&before, &trust);
    assert!(
        matches!(fault, RevocationListFault::SignerNotValid(SignerFault::IssuerOutsideValidity { .. })),
        "{fault:?}"
    );
}

#[test]
fn an_older_list_does_not_take_the_place_of_a_newer_one() {
    let state = State::new();
    let trust = state.trusted();
    let list = |days| open(&revocation_list(&state.authority, &[], days), &trust).unwrap();
    let mut lists = RevocationLists::default();
    lists.add(list(STALE)).unwrap();
    lists.add(list(CURRENT)).unwrap();
    assert_eq!(lists.count(), 1);
    let fault = lists.add(list(STALE)).unwrap_err();
    assert!(matches!(fault, RevocationListFault::Older { .. }), "{fault:?}");
}

#[test]
fn a_list_that_is_only_a_part_is_refused() {
    let state = State::new();
    let point = "issuingDistributionPoint=critical,@point\n[point]\nonlyuser=TRUE\n";
    let list = revocation_list_with(&state.authority, &[], CURRENT, point, "sha256");
    let problem = Malformed("a revocation list has an extension that is not understood");
    assert_eq!(refused(&list, &state.trusted()), RevocationListFault::Malformed(problem));
}

#[test]
fn a_list_with_sha1_is_believed_only_as_long_as_the_operator_says() {
    let state = State::new();
    let trust = state.trusted();
    let extensions = "authorityKeyIdentifier=keyid\n";
    let list = revocation_list_with(&state.authority, &["02"], CURRENT, extensions, "sha1");
    let expected = RevocationListFault::SignerNotValid(SignerFault::Weak("SHA-1"));
    assert_eq!(refused(&list, &trust), expected);
    let policy = Policy { sha1: Sha1Policy::AcceptedThrough(TODAY), ..Policy::STATING };
    assert_eq!(RevocationList::open(&list, &trust, &policy, TODAY).unwrap().count(), 1);
    let late = RevocationList::open(&list, &trust, &policy, date(2026, 11, 22));
    assert_eq!(late.err(), Some(expected));
}
