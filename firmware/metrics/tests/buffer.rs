//! The buffer, on a disk whose power is cut at every step.

#[path = "../../tuf/tests/common/cut_disk.rs"]
#[allow(dead_code, reason = "this suite uses a part of it")]
mod cut_disk;

use std::num::NonZeroU64;

use cut_disk::{ALL_LEFT, CutDisk};
use metrics::{Buffer, Lost};
use tuf::store::Folder;

const ROOMY: NonZeroU64 = NonZeroU64::new(1 << 20).unwrap();

fn open(disk: &CutDisk) -> Buffer<CutDisk> {
    Buffer::open(disk.clone(), ROOMY).unwrap()
}

fn text(number: u32) -> String {
    format!("kiosk_up{{kiosk=\"k\"}} 1 {number}\n")
}

/// What waits, oldest first, by its number.
fn waiting(buffer: &mut Buffer<CutDisk>) -> Vec<u32> {
    let Some(batch) = buffer.oldest(usize::MAX, u64::MAX).unwrap() else { return Vec::new() };
    batch.text.lines().map(|line| line.rsplit(' ').next().unwrap().parse().unwrap()).collect()
}

#[test]
fn what_was_put_waits_through_a_restart_until_it_is_taken() {
    let disk = CutDisk::default();
    let mut buffer = open(&disk);
    for number in 1..=5 {
        buffer.put(&text(number)).unwrap();
    }
    let first = buffer.oldest(2, u64::MAX).unwrap().unwrap();
    assert_eq!((first.text.as_str(), first.segments()), (format!("{}{}", text(1), text(2)).as_str(), 2));
    buffer.taken(&first).unwrap();
    let mut buffer = open(&disk.copy());
    assert_eq!(waiting(&mut buffer), [3, 4, 5]);
    // Numbers go on, so that the order holds.
    buffer.put(&text(6)).unwrap();
    assert_eq!(waiting(&mut buffer), [3, 4, 5, 6]);
    assert_eq!(buffer.lost(), Lost::default());
}

#[test]
fn a_batch_has_at_least_one_segment_and_no_more_bytes_than_it_may() {
    let mut buffer = open(&CutDisk::default());
    for number in 1..=3 {
        buffer.put(&text(number)).unwrap();
    }
    assert_eq!(buffer.oldest(9, 1).unwrap().unwrap().segments(), 1);
    assert_eq!(buffer.oldest(9, 130).unwrap().unwrap().segments(), 2);
}

#[test]
fn a_full_buffer_drops_the_oldest_and_counts_them() {
    let disk = CutDisk::default();
    let one = {
        let mut buffer = open(&CutDisk::default());
        buffer.put(&text(1)).unwrap();
        buffer.bytes()
    };
    let three = NonZeroU64::new(one * 3).unwrap();
    let mut buffer = Buffer::open(disk.clone(), three).unwrap();
    for number in 1..=5 {
        buffer.put(&text(number)).unwrap();
        assert!(buffer.bytes() <= three.get());
    }
    assert_eq!(waiting(&mut buffer), [3, 4, 5]);
    assert_eq!(buffer.lost(), Lost { full: 2, ..Lost::default() });
    // A smaller one after a change of the settings keeps to it at once.
    let mut buffer = Buffer::open(disk.copy(), NonZeroU64::new(one).unwrap()).unwrap();
    assert_eq!(waiting(&mut buffer), [5]);
    // One that is longer than the whole buffer drops nothing.
    buffer.put(&"x".repeat(one as usize + 1)).unwrap_err();
    assert_eq!(waiting(&mut buffer), [5]);
    assert_eq!(buffer.lost().disk, 1);
}

#[test]
fn what_the_engine_refuses_is_set_aside_and_a_few_are_kept() {
    let disk = CutDisk::default();
    let mut buffer = open(&disk);
    for number in 1..=7 {
        buffer.put(&text(number)).unwrap();
    }
    for _ in 0..6 {
        let one = buffer.oldest(1, u64::MAX).unwrap().unwrap();
        buffer.refused(&one).unwrap();
    }
    assert_eq!(waiting(&mut buffer), [7]);
    assert_eq!(buffer.lost(), Lost { refused: 6, ..Lost::default() });
    let aside = disk.names_now().into_iter().filter(|name| name.ends_with(".refused")).count();
    assert_eq!(aside, 4);
    // They never go out again, and make room first.
    assert_eq!(waiting(&mut open(&disk.copy())), [7]);
    let mut small = Buffer::open(disk.copy(), NonZeroU64::new(300).unwrap()).unwrap();
    assert_eq!((waiting(&mut small), small.lost()), (vec![7], Lost::default()));
}

#[test]
fn a_damaged_segment_is_thrown_away_and_holds_up_no_other() {
    for damage in ["", "kiosk_up 1 2\n", "kiosk_up{kiosk=\"k\"} 1 2\n# sha256 00\n"] {
        let disk = CutDisk::default();
        let mut buffer = open(&disk);
        for number in 1..=3 {
            buffer.put(&text(number)).unwrap();
        }
        disk.damage(&format!("{:020}.prom", 2), Some(damage.as_bytes().to_vec()));
        let mut again = open(&disk.copy());
        assert_eq!((waiting(&mut again), again.lost().damaged), (vec![1, 3], 1), "{damage:.30}");
        // While it is open, too.
        assert_eq!((waiting(&mut buffer), buffer.lost().damaged), (vec![1, 3], 1));
    }
}

#[test]
fn a_file_that_cannot_be_read_as_a_segment_holds_up_nothing_on_a_real_disk() {
    let place = tempfile::tempdir().unwrap();
    let path = |number: u32| place.path().join(format!("{number:020}.prom"));
    let open = || Buffer::open(Folder::open(place.path()).unwrap(), ROOMY).unwrap();
    let mut buffer = open();
    for number in 1..=4 {
        buffer.put(&text(number)).unwrap();
    }
    std::fs::write(path(1), "x".repeat(300_000)).unwrap();
    std::fs::remove_file(path(2)).unwrap();
    let batch = buffer.oldest(9, u64::MAX).unwrap().unwrap();
    assert_eq!(batch.text, format!("{}{}", text(3), text(4)));
    assert_eq!(buffer.lost(), Lost { damaged: 2, ..Lost::default() });
    drop(buffer);
    std::fs::write(path(3), "x".repeat(300_000)).unwrap();
    let mut buffer = open();
    assert_eq!(buffer.oldest(9, u64::MAX).unwrap().unwrap().text, text(4));
}

#[test]
fn names_of_other_files_are_left_alone() {
    let disk = CutDisk::default();
    for name in ["notes.txt", "1.prom", "0000000000000000000x.prom"] {
        disk.damage(name, Some(b"something".to_vec()));
    }
    let mut buffer = open(&disk);
    assert_eq!(waiting(&mut buffer), [0_u32; 0]);
    assert_eq!(disk.names_now().len(), 3);
}

/// Puts six, takes two, sets one aside. Returns what is certain when the power goes: the newest
/// that was kept, and the oldest that is not gone.
fn work(buffer: &mut Buffer<CutDisk>) -> (u32, u32) {
    let (mut kept, mut gone) = (0, 0);
    for number in 1..=6 {
        if buffer.put(&text(number)).is_err() {
            return (kept, gone);
        }
        kept = number;
        if number % 2 == 0 {
            let Ok(Some(one)) = buffer.oldest(1, u64::MAX) else { return (kept, gone) };
            let went = if number == 4 { buffer.refused(&one) } else { buffer.taken(&one) };
            if went.is_err() {
                return (kept, gone);
            }
            gone += 1;
        }
    }
    (kept, gone)
}

#[test]
fn at_any_cut_nothing_is_lost_and_nothing_comes_back() {
    let mut cuts = 0;
    for cut in 0.. {
        let disk = CutDisk::default();
        let mut buffer = open(&disk);
        disk.cut_after(cut);
        let (kept, gone) = work(&mut buffer);
        for left in ALL_LEFT {
            let mut buffer = open(&disk.restarted(left));
            let waits = waiting(&mut buffer);
            assert_eq!(buffer.lost(), Lost::default(), "cut {cut}, {left:?}");
            let (Some(first), Some(last)) = (waits.first(), waits.last()) else {
                // The one that was left may have gone without a word of it.
                assert!(kept - gone <= 1, "cut {cut}, {left:?}: nothing of {kept}, {gone} gone");
                continue;
            };
            // In a row, all that was kept, and at most the one more whose end was not heard of.
            assert!(waits.is_sorted_by(|one, next| one + 1 == *next), "cut {cut}, {left:?}: {waits:?}");
            assert!((kept..=kept + 1).contains(last), "cut {cut}, {left:?}: {waits:?} of {kept}");
            assert!((gone + 1..=gone + 2).contains(first), "cut {cut}, {left:?}: {waits:?}, {gone} gone");
            buffer.put(&text(99)).unwrap();
            assert_eq!(waiting(&mut buffer).last(), Some(&99));
        }
        if kept == 6 && gone == 3 {
            break;
        }
        cuts += 1;
    }
    assert!(cuts > 20, "{cuts}");
}
