//! Badges on the pretended reader: right ones, others, cards that are none, cards that go away.

use std::{collections::VecDeque, time::Duration};

use badge::{BadgeError, BadgeKey, Badges, Challenge, Claim, Present};
use devices::{CardReader, Presence, ReaderFault};
use faults::Fault;
use simulators::{chip::Chip, in_memory::InMemoryReader, staff_badge::StaffBadge};

const HOLDER: &str = "kt-01";
const KIOSK: &str = "kiosk-1";

fn list(badge: &StaffBadge) -> Badges {
    toml::from_str(&badge.list(HOLDER).unwrap()).unwrap()
}

fn laid(chip: impl Chip + 'static) -> InMemoryReader {
    let mut reader = InMemoryReader::new(chip);
    reader.lay();
    reader.wait_for_card(Duration::ZERO).unwrap().unwrap();
    reader
}

fn claim(challenge: Option<u8>) -> Claim {
    Claim {
        kiosk: KIOSK.to_owned(),
        holder: HOLDER.to_owned(),
        nonce: Challenge([3; 32]),
        challenge: challenge.map(|byte| Challenge([byte; 32])),
    }
}

/// What a machine with that list makes of the card on the reader.
fn show(reader: &mut dyn CardReader, badges: &Badges, claim: &Claim) -> Result<Present, BadgeError> {
    let proof = badge::sign(reader, badges.of(&claim.holder).unwrap(), claim)?;
    badges.believe(&claim.kiosk, &claim.holder, claim.challenge, proof)
}

#[test]
fn badges_of_both_kinds_prove_their_holder() {
    for badge in [StaffBadge::p256().unwrap(), StaffBadge::rsa().unwrap()] {
        let badges = list(&badge);
        let mut reader = laid(badge);
        for claim in [claim(None), claim(Some(4))] {
            let present = show(&mut reader, &badges, &claim).unwrap();
            assert_eq!(present.holder(), HOLDER);
        }
        assert_eq!(badge::read_key(&mut reader).unwrap().to_string(), badges.of(HOLDER).unwrap().to_string());
    }
}

#[test]
fn a_proof_is_worth_nothing_for_anything_else() {
    let badge = StaffBadge::p256().unwrap();
    let badges = list(&badge);
    let mut reader = laid(badge);
    let asked = claim(Some(4));
    let proof = badge::sign(&mut reader, badges.of(HOLDER).unwrap(), &asked).unwrap();
    assert!(badges.believe(KIOSK, HOLDER, asked.challenge, proof.clone()).is_ok());
    let not_theirs = Err(BadgeError::NotTheirs { holder: HOLDER.to_owned() });
    assert_eq!(badges.believe("kiosk-2", HOLDER, asked.challenge, proof.clone()), not_theirs);
    assert_eq!(badges.believe(KIOSK, HOLDER, None, proof.clone()), not_theirs);
    assert_eq!(badges.believe(KIOSK, HOLDER, Some(Challenge([5; 32])), proof.clone()), not_theirs);
    let mut another_nonce = proof.clone();
    another_nonce.nonce.0[0] ^= 1;
    assert_eq!(badges.believe(KIOSK, HOLDER, asked.challenge, another_nonce), not_theirs);
    for place in 0..proof.signature.len() {
        let mut bent = proof.clone();
        bent.signature[place] ^= 1;
        assert_eq!(badges.believe(KIOSK, HOLDER, asked.challenge, bent), not_theirs, "{place}");
    }
    let unlisted = badges.believe(KIOSK, "kt-02", asked.challenge, proof).unwrap_err();
    assert_eq!(
        (unlisted.fault(), unlisted),
        (Fault::BadgeWrong, BadgeError::Unlisted { holder: "kt-02".into() })
    );
}

#[test]
fn another_badge_is_refused() {
    let known = [StaffBadge::p256().unwrap(), StaffBadge::rsa().unwrap()];
    for badges in known.iter().map(list) {
        for shown in [StaffBadge::p256().unwrap(), StaffBadge::rsa().unwrap()] {
            let error = show(&mut laid(shown), &badges, &claim(None)).unwrap_err();
            // A key of another kind is not there to be asked.
            assert!(
                matches!(error, BadgeError::NotTheirs { .. } | BadgeError::Refused { status: 0x6A86, .. }),
                "{error}"
            );
        }
    }
}

/// A card that answers what it is told to, one after the other.
struct Scripted(VecDeque<Vec<u8>>);

impl Chip for Scripted {
    fn answer(&mut self, _: &[u8]) -> Vec<u8> {
        self.0.pop_front().unwrap_or_else(|| vec![0x6F, 0x00])
    }

    fn reset(&mut self) {}

    fn atr(&self) -> Vec<u8> {
        vec![0x3B, 0x80, 0x80, 0x01, 0x01]
    }

    fn answered(&self) -> u64 {
        0
    }
}

#[test]
fn a_card_that_is_no_badge_says_so_or_is_found_out() {
    let badges = list(&StaffBadge::p256().unwrap());
    let opened: &[u8] = &[0x90, 0x00];
    let says = |answers: &[&[u8]]| {
        let card = Scripted(answers.iter().map(|answer| answer.to_vec()).collect());
        show(&mut laid(card), &badges, &claim(None)).unwrap_err()
    };
    // A citizen's card knows no PIV.
    let refused = says(&[&[0x6A, 0x82]]);
    assert_eq!(refused.fault(), Fault::BadgeUnreadable);
    assert!(matches!(refused, BadgeError::Refused { status: 0x6A82, .. }), "{refused}");
    for answer in [
        &[][..],
        &[0x90],
        &[0x90, 0x00],
        &[0x7C, 0x00, 0x90, 0x00],
        &[0x7C, 0x05, 0x82, 0x90, 0x00],
        &[0x7C, 0x84, 0xFF, 0xFF, 0xFF, 0xFF, 0x90, 0x00],
        &[0x7C, 0x80, 0x82, 0x00, 0x00, 0x00, 0x90, 0x00],
        &[0x30, 0x02, 0x82, 0x00, 0x90, 0x00],
    ] {
        let error = says(&[opened, answer]);
        assert!(matches!(error, BadgeError::Odd(_)), "{answer:02X?}: {error}");
    }
    // A signature of nothing is one that does not fit.
    let empty = says(&[opened, &[0x7C, 0x02, 0x82, 0x00, 0x90, 0x00]]);
    assert_eq!(empty, BadgeError::NotTheirs { holder: HOLDER.to_owned() });
    // An answer that never ends.
    let endless = [&[0x61, 0x10][..]; 100];
    assert!(matches!(says(&endless), BadgeError::Refused { status: 0x6110, .. }));
}

#[test]
fn a_badge_that_is_lifted_is_the_readers_to_tell() {
    struct Lifted;
    impl CardReader for Lifted {
        fn wait_for_card(&mut self, _: Duration) -> Result<Option<Presence>, ReaderFault> {
            Ok(None)
        }
        fn exchange(&mut self, _: &[u8]) -> Result<zeroize::Zeroizing<Vec<u8>>, ReaderFault> {
            Err(ReaderFault::CardGone)
        }
        fn reset_card(&mut self) -> Result<Presence, ReaderFault> {
            Err(ReaderFault::CardGone)
        }
        fn wait_for_removal(&mut self, _: Duration) -> Result<bool, ReaderFault> {
            Ok(true)
        }
        fn longest_response(&self) -> usize {
            258
        }
    }
    let badges = list(&StaffBadge::p256().unwrap());
    let error = show(&mut Lifted, &badges, &claim(None)).unwrap_err();
    assert_eq!((error.fault(), error), (Fault::CardLifted, BadgeError::Reader(ReaderFault::CardGone)));
}

#[test]
fn a_badges_file_that_means_two_things_is_refused() {
    let entry = StaffBadge::p256().unwrap().list(HOLDER).unwrap();
    let told = |text: &str| toml::from_str::<Badges>(text).err().map(|error| error.to_string());
    assert_eq!(told(""), None);
    assert_eq!(told(&entry), None);
    assert!(told(&entry.repeat(2)).unwrap().contains("two badges of kt-01"));
    assert!(told(&entry.replace("key = \"M", "key = \"N")).unwrap().contains("SubjectPublicKeyInfo"));
    assert!(told(&format!("{entry}until = 2027")).is_some());
    // Strong, but nothing that a PIV card authenticates with.
    let ed25519 = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=";
    assert!(BadgeKey::try_from(ed25519.to_owned()).is_err());
}
