//! A chip that was opened by what is remembered must confirm it by its own files, which issuers
//! sign, before anything about its holder is read. Nobody has verified the files of the chip by
//! which it was guessed.

use std::sync::Arc;

use card::{CardFiles, FileId, Offers, Protocol, ReadError, Session};
use card_faults::Listed as _;
use simulators::{
    card_profile::{Cipher, Mapping, PaceProtocol, Parameters},
    chance::SeededChance,
    scenario::CardScript,
};

use super::{
    PACE, offering, other_form,
    overheard::{Overheard, assert_asked_again, assert_guessed_no_more, filled, usual},
};

/// Reads what a kiosk does at least, of a chip that may have no DG14.
fn read(card: &mut Overheard, offers: &mut Offers) -> Result<CardFiles, ReadError> {
    let keys = Arc::clone(&card.keys);
    let mut session = card.open(offers, &keys.can, PACE)?;
    for file in [FileId::Sod, FileId::Dg1, FileId::Dg2] {
        session.read(file, &mut |_| ())?;
    }
    Ok(session.finish())
}

fn without_dg14(script: CardScript) -> CardScript {
    let mut script = script;
    script.profile.data_groups.present.retain(|group| group.number() != 14);
    script
}

/// The chip by which it was guessed had one, so it is another kind.
#[test]
fn a_chip_without_dg14_is_not_read_by_a_guess_and_is_asked_next_time() {
    let (mut offers, mut card) = (filled(), Overheard::new(&without_dg14(usual())));
    let keys = Arc::clone(&card.keys);
    let mut session = card.open(&mut offers, &keys.can, PACE).unwrap();
    // That it is not there says nothing yet: who asked may not need it.
    let error = session.read(FileId::Dg14, &mut |_| ()).unwrap_err();
    assert!(matches!(error, ReadError::Absent { file: FileId::Dg14 }), "{error}");
    let error = session.read(FileId::Dg1, &mut |_| ()).unwrap_err();
    assert!(matches!(error, ReadError::OfferDiffers { file: FileId::Dg14 }), "{error}");
    assert_eq!(error.fault().code(), "CARD-06");
    let error = session.read(FileId::Dg1, &mut |_| ()).unwrap_err();
    assert!(matches!(error, ReadError::ChannelLost { .. }), "{error}");
    assert_eq!(session.finish().file(FileId::Dg1), None);

    for _ in 0..2 {
        let files = read(&mut card, &mut offers).unwrap();
        assert!(files.remembered_access().is_none() && card.asked_what_it_offers());
        assert_asked_again(&mut offers);
    }
}

/// Anybody can make a chip with a known answer to reset that shows a weak form and has a DG14 of
/// its own which names it.
#[test]
fn what_a_hostile_chip_brought_in_opens_no_honest_one_for_long() {
    let weak = PaceProtocol::new(Mapping::Gm, Cipher::TripleDes, Parameters::try_from(12).unwrap()).unwrap();
    let both = [weak, other_form()];
    for honest in [offering(&both), without_dg14(offering(&both))] {
        let mut offers = Offers::new();
        Overheard::new(&offering(&[weak])).read(&mut offers, PACE).unwrap();
        let mut honest = Overheard::new(&honest);
        let error = read(&mut honest, &mut offers).err().unwrap();
        assert!(matches!(error, ReadError::OfferDiffers { file: FileId::Dg14 }), "{error}");
        for _ in 0..2 {
            let files = read(&mut honest, &mut offers).unwrap();
            assert_eq!(files.access().to_string(), "PACE-ECDH-GM-AES-CBC-CMAC-256 (16)");
        }
        assert_guessed_no_more(&mut offers);
    }
}

#[test]
fn a_dg14_that_cannot_be_read_is_no_proof_however_often_it_is_tried() {
    let mut script = usual();
    script.faults.oversize = vec![0x0E];
    let (mut offers, mut card) = (filled(), Overheard::new(&script));
    let keys = Arc::clone(&card.keys);
    let mut session = card.open(&mut offers, &keys.can, PACE).unwrap();
    for _ in 0..2 {
        let error = session.read(FileId::Dg1, &mut |_| ()).unwrap_err();
        assert!(matches!(error, ReadError::TooLong { file: FileId::Dg14, .. }), "{error}");
    }
    assert_eq!(session.finish().file(FileId::Dg1), None);
}

/// A chip that knows the remembered form and one more: its issuer says so in DG14.
#[test]
fn a_chip_whose_issuer_signed_another_offer_is_not_read_on_and_is_asked_next_time() {
    let mut offers = filled();
    let mut other = Overheard::new(&offering(&[PaceProtocol::CITIZEN_CARD, other_form()]));
    let keys = Arc::clone(&other.keys);
    let mut session = other.open(&mut offers, &keys.can, PACE).unwrap();
    // Nothing about the holder comes before, nor what tells the card from others.
    let error = session.read(FileId::Sod, &mut |_| ()).unwrap_err();
    assert!(matches!(error, ReadError::OfferDiffers { file: FileId::Dg14 }), "{error}");
    assert_eq!(error.fault().code(), "CARD-06");
    let error = session.read(FileId::Dg2, &mut |_| ()).unwrap_err();
    assert!(matches!(error, ReadError::ChannelLost { .. }), "{error}");
    let files = session.finish();
    assert_eq!(files.log().files, [FileId::Com, FileId::Dg14]);
    assert!(files.file(FileId::Dg14).is_none() && files.remembered_access().is_some());

    let files = other.read(&mut offers, PACE).unwrap();
    assert!(matches!(files.access(), Protocol::Pace { parameters: 16, .. }), "the better one is used");
    assert!(files.remembered_access().is_none());
    // The error comes once, not with every second card of two kinds that take turns.
    for _ in 0..2 {
        assert_asked_again(&mut offers);
        assert!(other.read(&mut offers, PACE).is_ok());
    }
}

#[test]
fn a_chip_that_is_asked_to_prove_itself_is_held_against_its_dg14_too() {
    let mut offers = filled();
    let mut other = Overheard::new(&offering(&[PaceProtocol::CITIZEN_CARD, other_form()]));
    let keys = Arc::clone(&other.keys);
    let mut session = other.open(&mut offers, &keys.can, PACE).unwrap();
    let error = session.authenticate_chip(&mut SeededChance::new(4), &mut |_| ()).unwrap_err();
    assert!(matches!(error, ReadError::OfferDiffers { file: FileId::Dg14 }), "{error}");
}

#[test]
fn chip_authentication_mapping_is_held_against_ef_card_security() {
    let mapping = |parameters: u8| {
        PaceProtocol::new(Mapping::Cam, Cipher::Aes128, Parameters::try_from(parameters).unwrap()).unwrap()
    };
    let open = |card: &mut Overheard, offers: &mut Offers| {
        let keys = Arc::clone(&card.keys);
        card.open(offers, &keys.can, PACE).map(Session::finish)
    };
    let mut offers = Offers::new();
    open(&mut Overheard::new(&offering(&[mapping(13)])), &mut offers).unwrap();
    let mut next = Overheard::new(&offering(&[mapping(13)]));
    let files = open(&mut next, &mut offers).unwrap();
    assert!(!next.asked_what_it_offers() && files.remembered_access().is_some());
    assert_eq!(files.proofs().len(), 1);

    let mut other = Overheard::new(&offering(&[mapping(13), other_form()]));
    let error = open(&mut other, &mut offers).err().unwrap();
    assert!(matches!(error, ReadError::OfferDiffers { file: FileId::CardSecurity }), "{error}");
    assert!(open(&mut other, &mut offers).unwrap().remembered_access().is_none());
}
