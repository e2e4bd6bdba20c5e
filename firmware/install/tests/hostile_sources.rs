//! The source is not trusted: whatever it hands out, the spare slot never counts as whole, no
//! byte beyond what was signed is written, and the good slot is not touched.

mod common;

use std::{
    num::NonZeroU8,
    sync::{Arc, atomic::Ordering},
};

use common::{CutPlace, Handed, Sample, chain, cut_disk::CutDisk, machine_with, noise};
use install::{
    Content, ImageDigest, InstallBackend as _, InstallError, Slot,
    error::Wrong,
    frames::{self, FRAME, FrameFault},
    slots::Packing,
};

fn good() -> Sample {
    Sample::plain(6, 3_000)
}

/// Writes from this source, which must fail; what the spare slot holds then.
async fn refused(place: &CutPlace, content: &Content, source: &mut Handed) -> (InstallError, Vec<u8>) {
    let mut slots = place.slots().syncing_every(2_000);
    let error = slots.write(content, source).await.expect_err("it is refused");
    assert_eq!(place.disk.bytes(Slot::A.image()), good().image, "the good slot was touched");
    let status = slots.status().unwrap();
    assert_eq!(status.whole, None, "{}", status.line);
    slots.try_out(NonZeroU8::MIN).expect_err("nothing whole can be tried");
    let spare = place.disk.bytes(Slot::B.image());
    assert!(spare.len() as u64 <= content.image.length, "more was written than was signed");
    (error, spare)
}

fn wrong(error: &InstallError) -> Wrong {
    match error {
        InstallError::Wrong(wrong) => *wrong,
        other => panic!("{}", chain(other)),
    }
}

#[tokio::test]
async fn whatever_is_not_what_was_signed_is_refused() {
    let plain = Sample::plain(7, 9_000);
    let packed = Sample::packed(7, 9_000, 1_500);
    let longer = Wrong::TargetTooLong { listed: 9_000 };
    let packed_longer = Wrong::TargetTooLong { listed: packed.content.listed.length };
    let with = |sample: &Sample, change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = sample.target.clone();
        change(&mut bytes);
        Handed::of(&bytes)
    };
    let endless = |sample: &Sample| Handed { endless: true, ..Handed::of(&sample.target) };
    let flip = |at: usize| move |bytes: &mut Vec<u8>| bytes[at] ^= 1;
    let cases: [(&str, &Sample, Handed, &[Wrong]); 9] = [
        ("endless", &plain, endless(&plain), &[longer]),
        ("endless, packed", &packed, endless(&packed), &[packed_longer]),
        ("a byte more", &plain, with(&plain, &|bytes| bytes.push(0)), &[longer]),
        ("a byte more, packed", &packed, with(&packed, &|bytes| bytes.push(0)), &[packed_longer]),
        ("the first byte", &plain, with(&plain, &flip(0)), &[Wrong::TargetDigest]),
        ("the last byte", &plain, with(&plain, &flip(8_999)), &[Wrong::TargetDigest]),
        ("another release", &plain, Handed::of(&noise(8, 9_000)), &[Wrong::TargetDigest]),
        ("no zstd", &packed, with(&packed, &flip(0)), &[Wrong::Frames(FrameFault::NotAFrame)]),
        // Either the frame does not hold together, or it unpacks to something else.
        (
            "a byte within a frame",
            &packed,
            with(&packed, &flip(4_000)),
            &[Wrong::Frames(FrameFault::NotAFrame), Wrong::TargetDigest],
        ),
    ];
    for (what, sample, mut source, expected) in cases {
        let place = machine_with(&good());
        let (error, _) = refused(&place, &sample.content, &mut source).await;
        assert!(expected.contains(&wrong(&error)), "{what}: {}", chain(&error));
        assert!(!error.resumes());
        let given = source.given.load(Ordering::SeqCst);
        // What waits in the channel, and no more.
        assert!(given <= sample.content.listed.length + 40 * 700, "{what}: {given} bytes were taken");
        // What came is worth nothing. The right source, asked for the first byte, is taken.
        let mut right = Handed::of(&sample.target);
        place.slots().write(&sample.content, &mut right).await.unwrap();
        assert_eq!(right.asked_from, 0, "{what}");
        assert_eq!(place.disk.bytes(Slot::B.image()), sample.image, "{what}");
    }
}

/// What was signed itself does not fit together: a signer's mistake, or a key that was stolen.
#[tokio::test]
async fn a_target_that_unpacks_to_something_else_than_the_image_is_refused() {
    let packed = Sample::packed(7, 9_000, 1_500);
    let image =
        |length: u64, sha256| Content { image: ImageDigest { length, sha256 }, ..packed.content.clone() };
    let right = packed.content.image.sha256;
    for (content, expected) in [
        (image(9_000, [7; 32]), Wrong::ImageDigest),
        (image(8_999, right), Wrong::ImageTooLong { listed: 8_999 }),
        (image(9_001, right), Wrong::ImageTooShort { written: 9_000, listed: 9_001 }),
    ] {
        let place = machine_with(&good());
        let (error, _) = refused(&place, &content, &mut Handed::of(&packed.target)).await;
        assert_eq!(wrong(&error), expected);
    }
}

/// 4 MiB of zeros pack to a few hundred bytes.
#[tokio::test]
async fn a_bomb_ends_at_the_images_length() {
    let mut target = Vec::new();
    for _ in 0..4 {
        frames::pack(&mut &vec![0; FRAME][..], &mut target).unwrap();
    }
    assert!(target.len() < 4_000, "{} bytes are no bomb", target.len());
    let content = Content { image: ImageDigest::of(&[0; 10_000]), ..bomb(&target) };
    let place = machine_with(&good());
    let (error, spare) = refused(&place, &content, &mut Handed::of(&target)).await;
    assert_eq!(wrong(&error), Wrong::ImageTooLong { listed: 10_000 });
    assert!(spare.len() <= 10_000);
}

fn bomb(target: &[u8]) -> Content {
    Sample::of(7, vec![0; 4 * FRAME], target.to_vec(), Packing::Zstd).content
}

/// Frames as other packers make them, which this kiosk has no memory for.
#[tokio::test]
async fn frames_beyond_our_bounds_are_refused() {
    let image = noise(7, 5 * 1024 * 1024);
    let long = zstd::bulk::compress(&image, 1).unwrap();
    let mut streamed = zstd::stream::Encoder::new(Vec::new(), 1).unwrap();
    streamed.window_log(23).unwrap();
    std::io::Write::write_all(&mut streamed, &image[..FRAME]).unwrap();
    let wide = streamed.finish().unwrap();
    let narrow = {
        let mut streamed = zstd::stream::Encoder::new(Vec::new(), 1).unwrap();
        streamed.window_log(20).unwrap();
        std::io::Write::write_all(&mut streamed, &image).unwrap();
        streamed.finish().unwrap()
    };
    let skippable = [&[0x50, 0x2A, 0x4D, 0x18, 4, 0, 0, 0, 1, 2, 3, 4][..]].concat();
    let empty = zstd::bulk::compress(&[], 1).unwrap();
    let whole = Sample::packed(7, 9_000, 1_500);
    let cut = whole.target[..whole.target.len() - 10].to_vec();
    for (what, target, expected) in [
        ("5 MiB in one frame", long, FrameFault::FrameTooLong),
        ("a window of 8 MiB", wide, FrameFault::NotAFrame),
        ("5 MiB in a window of 1 MiB", narrow, FrameFault::FrameTooLong),
        ("a skippable frame", [skippable, whole.target.clone()].concat(), FrameFault::EmptyFrame),
        ("an empty frame", [whole.target.clone(), empty].concat(), FrameFault::EmptyFrame),
        ("a cut frame", cut, FrameFault::CutFrame),
    ] {
        let content = Sample::of(7, image.clone(), target.clone(), Packing::Zstd).content;
        let place = machine_with(&good());
        let mut source = Handed { piece: 60_000, ..Handed::of(&target) };
        let (error, _) = refused(&place, &content, &mut source).await;
        assert_eq!(wrong(&error), Wrong::Frames(expected), "{what}");
    }
}

/// A connection that breaks, or ends early, costs what came since the last frame at most.
#[tokio::test]
async fn a_source_that_breaks_off_is_taken_up_where_it_stopped() {
    for sample in [Sample::plain(7, 9_000), Sample::packed(7, 9_000, 1_500)] {
        for limit in (0..sample.target.len() - 700).step_by(350) {
            let place = machine_with(&good());
            let mut cable = Handed { fails_after: Some(limit), ..Handed::of(&sample.target) };
            let (error, _) = refused(&place, &sample.content, &mut cable).await;
            assert!(matches!(error, InstallError::Source { .. }), "{}", chain(&error));
            assert!(error.resumes());
            let mut early = Handed::of(&sample.target[..limit]);
            let (error, _) = refused(&place, &sample.content, &mut early).await;
            let InstallError::TooShort { taken, .. } = error else { panic!("{}", chain(&error)) };
            // The piece in which the cable broke came whole.
            assert!((limit as u64..limit as u64 + 700).contains(&taken), "{taken} of {limit}");
            // One server begins where it is asked to, another cannot.
            for always_from_start in [false, true] {
                let place = CutPlace::on(place.disk.copy());
                let mut right = Handed { always_from_start, ..Handed::of(&sample.target) };
                place.slots().write(&sample.content, &mut right).await.unwrap();
                assert!(right.asked_from + 1_600 + 700 >= limit as u64, "{} of {limit}", right.asked_from);
                assert_eq!(place.disk.bytes(Slot::B.image()), sample.image);
            }
        }
    }
}

/// The daemon lets go of a write, to answer something more urgent.
#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_is_dropped_keeps_what_came() {
    let sample = Sample::plain(7, 400_000);
    let place = machine_with(&good());
    let mut slots = place.slots().syncing_every(50_000);
    let mut source = Handed { endless: false, piece: 4_000, ..Handed::of(&sample.target) };
    let given = Arc::clone(&source.given);
    let enough = async {
        while given.load(Ordering::SeqCst) < 200_000 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        () = enough => {}
        written = slots.write(&sample.content, &mut source) => panic!("{written:?} before it was dropped"),
    }
    let mut again = Handed::of(&sample.target);
    slots.write(&sample.content, &mut again).await.unwrap();
    assert!(again.asked_from >= 100_000, "it went on from {}", again.asked_from);
    assert_eq!(place.disk.bytes(Slot::B.image()), sample.image);
}

#[tokio::test]
async fn what_does_not_fit_is_refused_before_the_first_byte() {
    let place = machine_with(&good());
    place.disk.damage(Slot::B.image(), Some(b"an old image".to_vec()));
    let sample = Sample::plain(7, 9_000);
    place.full.store(u64::from(u32::MAX) - 1_000_000, Ordering::SeqCst);
    let mut source = Handed::of(&sample.target);
    let before = place.boot();
    let error = place.slots().write(&sample.content, &mut source).await.unwrap_err();
    assert!(matches!(error, InstallError::NoRoom { .. }), "{}", chain(&error));
    assert_eq!(source.given.load(Ordering::SeqCst), 0);
    assert_eq!(place.disk.bytes(Slot::B.image()), b"an old image", "given up before there was room");
    assert_eq!(place.boot(), before);
}

/// A flash cell that does not hold what was written to it.
#[tokio::test]
async fn a_slot_that_gives_back_other_bytes_is_never_tried() {
    for sample in [Sample::plain(7, 9_000), Sample::packed(7, 9_000, 1_500)] {
        for bad_at in [0, 4_000, 8_999] {
            let place = CutPlace { bad_at: Some(bad_at), ..machine_with(&good()) };
            let (error, _) = refused(&place, &sample.content, &mut Handed::of(&sample.target)).await;
            assert!(matches!(error, InstallError::BadFlash), "{}", chain(&error));
            assert_eq!(place.boot().fields().writing.as_ref().unwrap().checkpoint.taken, 0);
        }
    }
}

/// An image that was cut behind the record's back is not gone on with.
#[tokio::test]
async fn an_image_shorter_than_its_checkpoint_is_written_from_its_beginning() {
    let sample = Sample::plain(7, 9_000);
    let place = machine_with(&good());
    let mut source = Handed { fails_after: Some(7_000), ..Handed::of(&sample.target) };
    refused(&place, &sample.content, &mut source).await;
    let disk: &CutDisk = &place.disk;
    disk.damage(Slot::B.image(), Some(sample.image[..3_000].to_vec()));
    let mut again = Handed::of(&sample.target);
    place.slots().write(&sample.content, &mut again).await.unwrap();
    assert_eq!(again.asked_from, 0);
    assert_eq!(place.disk.bytes(Slot::B.image()), sample.image);
}
