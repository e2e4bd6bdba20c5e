//! Files that claim too much, and files that say nothing of their length.

use super::*;

// 2,147,483,647 bytes, the greatest length that four bytes write with a sign; and each
// file's own bound.
#[test]
fn an_absurd_length_takes_no_memory() {
    for (id, head) in [
        (FileId::Dg2, "75847FFFFFFF"),
        (FileId::Com, "60821000"),
        (FileId::Sod, "7783010000"),
        (FileId::CardAccess, "31847FFFFFFF"),
    ] {
        let mut chip = Chip { id, ..Chip::new(300) };
        let head = hex::decode(head).unwrap();
        chip.file[..head.len()].copy_from_slice(&head);
        let error = read_with(&mut chip, 1).err().unwrap();
        assert!(matches!(error, ReadError::TooLong { file, .. } if file == id), "{error}");
        assert_eq!(chip.asked.len(), 1, "{id}");
    }
}

// The odd instruction's answer is framed, which must not make a short answer too long.
#[test]
fn short_answers_stay_short_past_32767_bytes() {
    let mut chip = Chip::new(40_000);
    let (mut wire, _) = Wire::open(&mut chip).ok().unwrap();
    let mut files = Files::within(&wire, 258);
    let bytes = files.read(&mut wire, FileId::Dg2, &mut |_, _| ()).ok().unwrap();
    assert_eq!(*bytes, file_of(40_000));
    let odd: Vec<_> = chip.asked.iter().filter(|command| command[1] == 0xB1).collect();
    assert_eq!(odd.len(), 7232_usize.div_ceil(252));
    // Class, instruction, parameters, Lc, four bytes of data, one of Le.
    assert!(odd.iter().all(|command| command.len() == 10));
}

// EF.ATR/INFO is several data objects and does not say how long it is.
#[test]
fn a_file_without_a_length_is_read_to_its_end_from_every_chip() {
    for at_end in HABITS {
        for limit in [16, 224, 65_536] {
            for total in [9, 20, 223, 224, 256, 600, 4000] {
                let mut chip = Chip { id: FileId::AtrInfo, at_end, limit, ..Chip::new(300) };
                chip.file = (0..total).map(|at| at as u8 | 1).collect();
                match read_with(&mut chip, 1) {
                    Ok((bytes, _)) => assert!(*bytes == chip.file, "{at_end:?} {limit} {total}"),
                    Err(error) => panic!("{at_end:?} {limit} {total}: {error}"),
                }
            }
        }
    }
}

#[test]
fn a_file_without_an_end_is_refused() {
    let mut chip = Chip { id: FileId::AtrInfo, ..Chip::new(300) };
    chip.file = vec![0x43; 30_000];
    let error = read_with(&mut chip, 1).err().unwrap();
    assert!(matches!(error, ReadError::TooLong { file: FileId::AtrInfo, .. }), "{error}");
}
