//! A release that comes as what changed since the one that runs lies in the slot as it would
//! have whole. A delta can do no more harm than a download that leads to nothing.

mod common;

use std::num::NonZeroU8;

use common::{CutPlace, Handed, Sample, chain, cut_disk::ALL_LEFT, machine_with, noise};
use install::{
    AppSlots, DeltaFile, ImageDigest, InstallBackend as _, InstallError, Slot,
    delta::{self, DeltaError, DeltaFault, Patched, Spans},
    error::Wrong,
};
use tuf::transport::TransportError;

/// So that a small image has several pieces, and not all of the base is in reach.
const SMALL: Spans = Spans { piece: 1_500, reach: 3_000 };

/// Release 6, which runs.
fn six() -> Sample {
    Sample::plain(6, 9_000)
}

/// Release 7: a few bytes more in front, a few others, a little less behind.
fn seven() -> Sample {
    let mut image = six().image;
    image.splice(700..700, *b"a line that was not there");
    image[5_000..5_040].fill(7);
    image.truncate(8_800);
    let mut packed = Vec::new();
    install::frames::pack(&mut &image[..], &mut packed).unwrap();
    Sample::of(7, image, packed, install::slots::Packing::Zstd)
}

fn made(from: &[u8], image: &[u8], spans: Spans) -> Vec<u8> {
    let mut delta = Vec::new();
    let made = delta::make(from, &mut &image[..], &mut delta, spans).unwrap();
    assert_eq!(made, ImageDigest::of(image));
    delta
}

/// The delta from 6 to 7, as it is listed.
fn six_to_seven() -> (DeltaFile, Vec<u8>) {
    let delta = made(&six().image, &seven().image, SMALL);
    (listed(&six(), &delta), delta)
}

fn listed(from: &Sample, delta: &[u8]) -> DeltaFile {
    DeltaFile { from_sha256: from.content.image.sha256, listed: ImageDigest::of(delta) }
}

fn slots(place: &CutPlace) -> AppSlots<CutPlace> {
    place.slots().spanning(SMALL).syncing_every(2_000)
}

fn patched(
    from: &[u8],
    delta: &[u8],
    length: u64,
    spans: Spans,
    piece: usize,
) -> Result<ImageDigest, DeltaError> {
    let mut patched = Patched::new(from, spans, length).unwrap();
    for piece in delta.chunks(piece) {
        patched.update(piece)?;
    }
    Ok(patched.finish()?)
}

#[test]
fn whatever_changed_the_new_image_comes_out() {
    let old = noise(1, 10_000);
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut image = old.clone();
        change(&mut image);
        image
    };
    for (what, old, new, most) in [
        ("nothing", &old, old.clone(), 400),
        ("one byte", &old, with(&|image| image[4_000] ^= 1), 420),
        ("bytes more in front", &old, with(&|image| drop(image.splice(..0, noise(2, 100)))), 600),
        ("bytes less in front", &old, with(&|image| drop(image.drain(..2_900))), 300),
        ("shorter", &old, with(&|image| image.truncate(1)), 40),
        ("longer", &old, with(&|image| image.extend(noise(3, 9_000))), 9_700),
        ("all of it", &old, noise(4, 9_000), 9_300),
        ("no base", &vec![], old.clone(), 10_300),
        ("one piece", &old, old[..1_500].to_vec(), 50),
    ] {
        let delta = made(old, &new, SMALL);
        assert!(delta.len() <= most, "{what}: {} bytes", delta.len());
        for piece in [1, 7, 100_000] {
            let got = patched(old, &delta, new.len() as u64, SMALL, piece).unwrap();
            assert_eq!(got, ImageDigest::of(&new), "{what}, in pieces of {piece}");
        }
    }
}

/// At the size of real programs: what moved by no more than 8 MiB is found again, and no further.
#[test]
fn what_moved_within_reach_costs_nearly_nothing() {
    const MIB: usize = 1024 * 1024;
    let old = noise(1, 14 * MIB);
    for (moved_by, least, most) in [(8 * MIB, 10, 2_000), (13 * MIB, MIB, MIB + 2_000)] {
        let (new, spans) = (&old[moved_by..moved_by + MIB], Spans::PATCH_1);
        let delta = made(&old, new, spans);
        assert!((least..most).contains(&delta.len()), "moved by {moved_by}: {} bytes", delta.len());
        let got = patched(&old, &delta, new.len() as u64, spans, 70_000).unwrap();
        assert_eq!(got, ImageDigest::of(new), "moved by {moved_by}");
    }
}

#[tokio::test]
async fn a_release_comes_by_a_delta_and_lies_in_the_slot_whole() {
    let (place, (file, delta)) = (machine_with(&six()), six_to_seven());
    assert!(delta.len() * 10 < seven().target.len(), "{} bytes", delta.len());
    let mut slots = slots(&place);
    slots.write_by_delta(&seven().content, &file, &mut Handed::of(&delta)).await.unwrap();
    assert_eq!(place.disk.bytes(Slot::B.image()), seven().image);
    assert_eq!(place.disk.bytes(Slot::A.image()), six().image);
    let status = slots.status().unwrap();
    assert_eq!((status.whole, status.writing), (Some(seven().content), None));
    // It is there: neither the delta nor the target is asked for again.
    let mut source = Handed { fails_after: Some(0), ..Handed::of(&delta) };
    slots.write_by_delta(&seven().content, &file, &mut source).await.unwrap();
    slots.write(&seven().content, &mut source).await.unwrap();
    slots.try_out(NonZeroU8::MIN).unwrap();
}

/// Refused for good, nothing can be tried, and the whole release is taken afterwards.
async fn refused(place: &CutPlace, file: &DeltaFile, source: &mut Handed) -> InstallError {
    let mut slots = slots(place);
    let seven = seven();
    let error = slots.write_by_delta(&seven.content, file, source).await.expect_err("it is refused");
    assert!(!error.resumes(), "{}", chain(&error));
    assert_eq!(place.disk.bytes(Slot::A.image()), six().image, "the good slot was touched");
    assert_eq!(slots.status().unwrap().whole, None);
    slots.try_out(NonZeroU8::MIN).expect_err("nothing whole can be tried");
    let mut whole = Handed::of(&seven.target);
    slots.write(&seven.content, &mut whole).await.unwrap();
    assert_eq!((whole.asked_from, place.disk.bytes(Slot::B.image())), (0, seven.image));
    error
}

fn fault(error: &InstallError) -> DeltaFault {
    match error {
        InstallError::Wrong(Wrong::Delta(fault)) => *fault,
        other => panic!("{}", chain(other)),
    }
}

/// Somebody between the repository and the kiosk.
#[tokio::test]
async fn a_delta_that_is_not_what_was_signed_is_refused() {
    let (file, delta) = six_to_seven();
    for at in 0..delta.len() {
        let (place, mut altered) = (machine_with(&six()), delta.clone());
        altered[at] ^= 0x55;
        let error = refused(&place, &file, &mut Handed::of(&altered)).await;
        let InstallError::Wrong(wrong) = error else { panic!("byte {at}: {}", chain(&error)) };
        // A frame that is none, or that takes in the next one's bytes.
        let expected = matches!(
            wrong,
            Wrong::TargetDigest
                | Wrong::Delta(
                    DeltaFault::NotAFrame
                        | DeltaFault::FrameLength { .. }
                        | DeltaFault::WrongPiece
                        | DeltaFault::CutFrame
                )
        );
        assert!(expected, "byte {at}: {wrong:?}");
    }
    let place = machine_with(&six());
    let mut endless = Handed { endless: true, ..Handed::of(&delta) };
    let error = refused(&place, &file, &mut endless).await;
    let longer = Wrong::TargetTooLong { listed: delta.len() as u64 };
    let past = Wrong::Delta(DeltaFault::TooLong);
    assert!(matches!(&error, InstallError::Wrong(wrong) if [longer, past].contains(wrong)), "{error:?}");
}

/// What was signed itself is wrong: a mistake of ours, or a stolen key.
#[tokio::test]
async fn a_signed_delta_that_does_not_fit_is_refused() {
    let (_, delta) = six_to_seven();
    let head = |delta: &[u8], length: u32| [&length.to_le_bytes()[..], &delta[4..]].concat();
    let frame = 4 + u32::from_le_bytes(delta[..4].try_into().unwrap()) as usize;
    let cut = delta[..delta.len() - 1].to_vec();
    let skippable = [&12_u32.to_le_bytes()[..], &[0x50, 0x2A, 0x4D, 0x18, 4, 0, 0, 0, 1, 2, 3, 4]].concat();
    let piece = |image: &[u8]| made(&six().image, image, SMALL);
    let two = made(&six().image, &seven().image, Spans { piece: 750, ..SMALL });
    let other = made(&[&[1; 5], &six().image[..]].concat(), &seven().image, SMALL);
    let bomb = {
        let frame = zstd::bulk::compress(&vec![0; 50_000_000], 1).unwrap();
        [&(frame.len() as u32).to_le_bytes()[..], &frame].concat()
    };
    let bomb_length = u32::from_le_bytes(bomb[..4].try_into().unwrap());
    let cases: [(&str, Vec<u8>, &[DeltaFault]); 9] = [
        ("a frame of nothing", head(&delta, 0), &[DeltaFault::FrameLength { length: 0 }]),
        ("a frame of 4 GiB", head(&delta, u32::MAX), &[DeltaFault::FrameLength { length: u32::MAX }]),
        ("a byte more", [&delta[..], &[0]].concat(), &[DeltaFault::TooLong]),
        ("a byte less", cut, &[DeltaFault::CutFrame]),
        ("a skippable frame", skippable, &[DeltaFault::WrongPiece]),
        ("a piece of another length", piece(&seven().image[..1_000]), &[DeltaFault::WrongPiece]),
        // Cut otherwise, they have other references too.
        ("pieces of another length", two, &[DeltaFault::NotAFrame]),
        ("a bomb", bomb, &[DeltaFault::NotAFrame, DeltaFault::FrameLength { length: bomb_length }]),
        ("two frames as one", head(&delta, delta.len() as u32 - 4), &[DeltaFault::NotAFrame]),
    ];
    for (what, delta, expected) in cases {
        let place = machine_with(&six());
        let error = refused(&place, &listed(&six(), &delta), &mut Handed::of(&delta)).await;
        let found = fault(&error);
        assert!(expected.contains(&found), "{what}: {found:?}");
    }
    // Made on another base than it says: no frame fits, or what comes out is another image.
    let place = machine_with(&six());
    let error = refused(&place, &listed(&six(), &other), &mut Handed::of(&other)).await;
    assert!(matches!(error, InstallError::Wrong(Wrong::Delta(DeltaFault::NotAFrame) | Wrong::ImageDigest)));
    // Whole pieces, but not all of them.
    let (place, short) = (machine_with(&six()), &delta[..frame]);
    let error = refused(&place, &listed(&six(), short), &mut Handed::of(short)).await;
    let (written, listed_length) = (1_500, seven().image.len() as u64);
    let wrong = Wrong::ImageTooShort { written, listed: listed_length };
    assert!(matches!(error, InstallError::Wrong(found) if found == wrong), "{error:?}");
    // Another image of the same length.
    let mut image = seven().image;
    image[8_000] ^= 1;
    let (place, delta) = (machine_with(&six()), made(&six().image, &image, SMALL));
    let error = refused(&place, &listed(&six(), &delta), &mut Handed::of(&delta)).await;
    assert!(matches!(error, InstallError::Wrong(Wrong::ImageDigest)), "{error:?}");
}

/// The flash has lost a bit of the good slot since, or somebody has put another image there.
#[tokio::test]
async fn on_another_base_nothing_is_begun() {
    let (file, delta) = six_to_seven();
    let nothing = CutPlace::default();
    for image in [Some(noise(5, 9_000)), Some(vec![]), None] {
        let place = machine_with(&six());
        place.disk.damage(Slot::B.image(), Some(b"an old image".to_vec()));
        let before = place.boot();
        place.disk.damage(Slot::A.image(), image.clone());
        let mut source = Handed::of(&delta);
        let written = slots(&place).write_by_delta(&seven().content, &file, &mut source).await;
        let error = written.expect_err("it is refused");
        let expected = match image {
            Some(_) => matches!(error, InstallError::OtherBase),
            None => matches!(error, InstallError::BaseUnreadable(_)),
        };
        assert!(expected && !error.resumes(), "{}", chain(&error));
        assert_eq!((place.boot(), source.given.load(std::sync::atomic::Ordering::SeqCst)), (before, 0));
        assert_eq!(place.disk.bytes(Slot::B.image()), b"an old image");
    }
    let written = slots(&nothing).write_by_delta(&seven().content, &file, &mut Handed::of(&delta)).await;
    assert!(matches!(written, Err(InstallError::OtherBase)), "a machine without a good slot: {written:?}");
}

#[tokio::test]
async fn a_delta_that_breaks_off_is_taken_up_where_it_stopped() {
    let (file, delta) = six_to_seven();
    let seven = seven();
    let mut went_on = 0;
    for limit in 0..delta.len() {
        let place = machine_with(&six());
        let mut cable = Handed { fails_after: Some(limit), piece: 1, ..Handed::of(&delta) };
        let error = slots(&place).write_by_delta(&seven.content, &file, &mut cable).await.unwrap_err();
        assert!(matches!(&error, InstallError::Source { source: TransportError::Connection(_), .. }));
        let progress = slots(&place).status().unwrap().writing.unwrap();
        assert_eq!((progress.content, progress.delta), (seven.content.clone(), Some(file)));
        let other = CutPlace::on(place.disk.copy());
        let mut right = Handed::of(&delta);
        slots(&place).write_by_delta(&seven.content, &file, &mut right).await.unwrap();
        went_on += usize::from(right.asked_from > 0);
        assert_eq!(place.disk.bytes(Slot::B.image()), seven.image);
        // What came by the delta is no part of the target.
        slots(&other).give_up_delta(&seven.content).unwrap();
        let progress = slots(&other).status().unwrap().writing.unwrap();
        assert_eq!((progress.delta, progress.taken), (None, 0));
        let mut whole = Handed::of(&seven.target);
        slots(&other).write(&seven.content, &mut whole).await.unwrap();
        assert_eq!((whole.asked_from, other.disk.bytes(Slot::B.image())), (0, seven.image.clone()));
    }
    assert!(went_on * 3 > delta.len(), "only {went_on} of {} went on", delta.len());
}

/// The power goes at any step of a write by a delta, the finish included.
#[tokio::test]
async fn a_write_by_a_delta_goes_on_after_a_cut_at_any_step() {
    let (file, delta) = six_to_seven();
    let seven = seven();
    let write = async |place: &CutPlace, source: &mut Handed| {
        let slots = AppSlots::open(place.clone())?.spanning(SMALL).syncing_every(2_000);
        let mut slots = slots;
        slots.write_by_delta(&seven.content, &file, source).await
    };
    let place = machine_with(&six());
    place.disk.damage(Slot::B.image(), Some(b"an old image".to_vec()));
    place.boot();
    let steps = {
        let whole = CutPlace::on(place.disk.copy());
        let begun = whole.disk.steps();
        write(&whole, &mut Handed::of(&delta)).await.unwrap();
        whole.disk.steps() - begun
    };
    let (mut went_on, mut whole) = (0, 0);
    for step in 0..=steps {
        for left in ALL_LEFT {
            let cut = CutPlace::on(place.disk.copy());
            cut.disk.cut_after(step);
            let done = write(&cut, &mut Handed::of(&delta)).await.is_ok();
            assert_eq!(done, step == steps, "cut at {step}");
            let again = CutPlace::on(cut.disk.restarted(left));
            let at = format!("cut at {step}, {left:?}");
            assert_eq!(again.disk.bytes(Slot::A.image()), six().image, "{at}");
            let boot = again.boot();
            assert_eq!(boot.fields().good, Some(Slot::A), "{at}");
            let finished = boot.content(Slot::B).is_some();
            assert!(finished || !done, "{at}: an acknowledged write is lost");
            if finished {
                assert_eq!(again.disk.bytes(Slot::B.image()), seven.image, "{at}: whole, but is not");
            }
            let mut source = Handed::of(&delta);
            write(&again, &mut source).await.unwrap_or_else(|error| panic!("{at}: {}", chain(&error)));
            assert_eq!(again.disk.bytes(Slot::B.image()), seven.image, "{at}");
            whole += u32::from(finished);
            went_on += u32::from(!finished && source.asked_from > 0);
        }
    }
    assert!(went_on > 50 && whole > 0, "{went_on} writes went on from a checkpoint, {whole} were done");
}
