use super::*;

const FORM: &str = "3012060A04007F0007020204020202010202010D";
const OTHER: &str = "3012060A04007F0007020204020402010202010D";
const CHIP_AUTHENTICATION: &str = "300F060A04007F00070202030202020101";
/// Explicit domain parameters, which stand below id-PACE too.
const DOMAIN: &str = "300F060904007F00070202040230020500";

fn set(infos: &[&str]) -> Vec<u8> {
    tlv::object(0x31, &hex::decode(infos.concat()).unwrap())
}

fn dg14(infos: &[&str]) -> Vec<u8> {
    tlv::object(0x6E, &set(infos))
}

/// ContentInfo, SignedData, its version and digests, EncapsulatedContentInfo; what signs it is
/// not looked at here.
fn card_security(infos: &[&str]) -> Vec<u8> {
    let sequence = |parts: &[Vec<u8>]| tlv::object(0x30, &parts.concat());
    let name = tlv::object(0x06, &[0x2A]);
    let content = tlv::object(0xA0, &tlv::object(0x04, &set(infos)));
    let encapsulated = sequence(&[name.clone(), content]);
    let signed = sequence(&[tlv::object(0x02, &[3]), tlv::object(0x31, &[]), encapsulated]);
    sequence(&[name, tlv::object(0xA0, &signed)])
}

const ATR: [u8; 5] = [0x3B, 0x80, 0x80, 0x01, 0x01];

fn opened(offers: &mut Offers, source: Source) -> Memory<'_> {
    let mut memory = Memory::of(Some(offers), ATR.to_vec());
    memory.opened_by(set(&[CHIP_AUTHENTICATION, FORM]), source);
    memory
}

/// What is known after files were read through a channel by `FORM`, from the chip or not; an
/// error ends the reading.
fn known_after(source: Source, files: &[(FileId, Vec<u8>)]) -> Result<bool, ReadError> {
    let mut offers = Offers::new();
    if source == Source::Memory {
        offers.remember(ATR.to_vec(), set(&[CHIP_AUTHENTICATION, FORM]));
    }
    let mut memory = opened(&mut offers, source);
    for (file, bytes) in files {
        memory.hold_against(*file, bytes)?;
    }
    assert_eq!(memory.finish().is_some(), source == Source::Memory);
    Ok(offers.of(&ATR).is_some())
}

#[test]
fn what_the_chips_own_files_name_decides_what_is_remembered() {
    use FileId::{CardSecurity, Dg1, Dg14};
    let same = || (Dg14, dg14(&[FORM, CHIP_AUTHENTICATION]));
    let same_in_card_security = || (CardSecurity, card_security(&[CHIP_AUTHENTICATION, FORM]));
    let no_pace = || (Dg14, dg14(&[CHIP_AUTHENTICATION]));
    let broken = || (Dg14, vec![0x6E, 0x01]);
    let broken_card_security = || (CardSecurity, vec![0x30, 0x80]);
    let of_person = || (Dg1, dg14(&[OTHER]));
    for (files, from_chip, from_memory) in [
        (vec![], false, Some(true)),
        (vec![of_person()], false, Some(true)),
        (vec![same()], true, Some(true)),
        (vec![same_in_card_security()], true, Some(true)),
        // The chip by which it was guessed had named a form there.
        (vec![no_pace()], false, None),
        (vec![broken()], false, None),
        (vec![broken_card_security(), no_pace()], false, None),
        // DG14 may still speak for it.
        (vec![broken_card_security()], false, Some(true)),
        // One of both is enough.
        (vec![same_in_card_security(), no_pace()], true, Some(true)),
        (vec![broken_card_security(), same()], true, Some(true)),
    ] {
        assert_eq!(known_after(Source::Chip, &files).unwrap(), from_chip, "{files:02X?}");
        assert_eq!(known_after(Source::Memory, &files).ok(), from_memory, "{files:02X?}");
    }
}

#[test]
fn a_guess_wants_proof_until_a_file_of_the_chip_speaks_for_it() {
    let mut offers = Offers::new();
    assert!(!opened(&mut offers, Source::Chip).wants_proof());
    let mut memory = opened(&mut offers, Source::Memory);
    for file in [(FileId::Dg1, dg14(&[FORM])), (FileId::CardSecurity, vec![0x30, 0x80])] {
        assert!(memory.wants_proof());
        memory.hold_against(file.0, &file.1).unwrap();
    }
    assert!(memory.wants_proof(), "however often it is asked");
    memory.hold_against(FileId::Dg14, &dg14(&[FORM])).unwrap();
    assert!(!memory.wants_proof());
}

#[test]
fn another_signed_offer_ends_a_reading_by_memory_and_is_never_remembered() {
    for infos in [&[OTHER][..], &[FORM, OTHER], &[FORM, DOMAIN]] {
        let files = [(FileId::Dg14, dg14(infos)), (FileId::CardSecurity, card_security(infos))];
        for (file, bytes) in files {
            let read = [(file, bytes.clone())];
            let error = known_after(Source::Memory, &read).unwrap_err();
            assert!(matches!(error, ReadError::OfferDiffers { file: of } if of == file), "{error}");
            // Another file that names the same makes it no better.
            let then_same = [(file, bytes), (FileId::Dg14, dg14(&[FORM]))];
            assert!(!known_after(Source::Chip, &then_same).unwrap());
        }
    }
    let mut offers = Offers::new();
    offers.remember(ATR.to_vec(), set(&[FORM]));
    let mut memory = opened(&mut offers, Source::Memory);
    assert!(memory.hold_against(FileId::Dg14, &dg14(&[OTHER])).is_err());
    assert!(memory.recall().is_none());
}

/// A chip that was opened with BAC says nothing of PACE.
#[test]
fn without_pace_nothing_is_held_against_anything() {
    let mut offers = Offers::new();
    let mut memory = Memory::of(Some(&mut offers), ATR.to_vec());
    memory.hold_against(FileId::Dg14, &dg14(&[FORM])).unwrap();
    assert!(memory.finish().is_none() && offers.of(&ATR).is_none());
    let mut memory = opened(&mut offers, Source::Chip);
    memory.start_over();
    memory.hold_against(FileId::Dg14, &dg14(&[FORM])).unwrap();
    assert!(memory.finish().is_none() && offers.of(&ATR).is_none());
}

#[test]
fn beyond_its_bound_the_one_not_read_for_the_longest_goes() {
    let atr = |number: usize| vec![0x3B, number as u8];
    let mut offers = Offers::new();
    for number in 0..Offers::MOST {
        offers.remember(atr(number), vec![number as u8]);
    }
    // Read again, so 1 is now the oldest.
    offers.remember(atr(0), vec![0xFF]);
    assert_eq!(offers.known.len(), Offers::MOST);
    offers.remember(atr(Offers::MOST), vec![0x10]);
    assert_eq!(offers.known.len(), Offers::MOST);
    assert_eq!(offers.of(&atr(0)), Some(&[0xFF][..]));
    assert_eq!(offers.of(&atr(1)), None);
    assert_eq!(offers.of(&atr(2)), Some(&[2][..]));
    assert_eq!(offers.of(&atr(Offers::MOST)), Some(&[0x10][..]));
    assert_eq!(offers.of(&[0x3B]), None, "only a whole answer to reset is one");
    offers.forget(&atr(2));
    assert_eq!(offers.of(&atr(2)), None);
}

#[test]
fn an_answer_to_reset_that_several_kinds_share_is_not_guessed_by_again() {
    let mut offers = Offers::new();
    offers.remember(ATR.to_vec(), set(&[FORM]));
    let mut memory = opened(&mut offers, Source::Memory);
    assert!(memory.hold_against(FileId::Dg14, &dg14(&[OTHER])).is_err());
    // Neither a reading in order nor one that fails changes that.
    let mut memory = opened(&mut offers, Source::Chip);
    memory.hold_against(FileId::Dg14, &dg14(&[FORM])).unwrap();
    assert!(memory.finish().is_none() && offers.of(&ATR).is_none());
    Memory::of(Some(&mut offers), ATR.to_vec()).forget();
    offers.remember(ATR.to_vec(), set(&[FORM]));
    assert_eq!(offers.of(&ATR), None);
    // It is no more than one of the bounded number.
    for number in 0..Offers::MOST {
        offers.remember(vec![0x3B, number as u8], Vec::new());
    }
    offers.remember(ATR.to_vec(), set(&[FORM]));
    assert!(offers.of(&ATR).is_some());
}
