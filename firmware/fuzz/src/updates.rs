//! What a repository of updates says. TUF 1.0.34, section 4.

use std::sync::LazyLock;

use install::{
    ImageDigest,
    delta::{Patched, Spans},
    frames::{FRAME, Unpacked},
};
use tuf::{
    metadata::{Metadata, Role, Root, Snapshot, Targets, Timestamp},
    repository::Draft,
};

use crate::Reached;

/// What an installer may hold at once: two frames.
const MOST_UNPACKED: u64 = 2 * FRAME as u64;

/// A target that holds a packed image. However it comes in pieces, it is the same image.
pub(crate) fn packed_image(bytes: &[u8]) -> Reached {
    let image = unpack(bytes, 512);
    assert!(image == unpack(bytes, 7), "pieces of 7 bytes give another image than pieces of 512");
    Reached::by(image.is_some_and(|image| image.length > 0))
}

/// How images are cut here: small, so that small inputs have many pieces.
pub const SPANS: Spans = Spans { piece: 64, reach: 128 };

/// The image that deltas are for.
pub fn base() -> &'static [u8] {
    static BASE: LazyLock<Vec<u8>> =
        LazyLock::new(|| (0..1_000_u32).map(|place| ((place * place) >> 7) as u8).collect());
    &BASE
}

/// A delta; first, in two bytes, how long its image is. However it comes in pieces, it is the same
/// image.
pub(crate) fn delta(bytes: &[u8]) -> Reached {
    let Some((length, delta)) = bytes.split_first_chunk() else { return Reached::Refused };
    let length = u16::from_be_bytes(*length).into();
    let image = patch(delta, length, 512);
    assert!(image == patch(delta, length, 7), "pieces of 7 bytes give another image than pieces of 512");
    assert!(image.is_none_or(|image| image.length <= length), "an image longer than what was signed");
    Reached::by(image.is_some_and(|image| image.length == length && length > 0))
}

/// None: refused.
fn patch(delta: &[u8], length: u64, piece: usize) -> Option<ImageDigest> {
    let mut patched = Patched::new(base(), SPANS, length).expect("a base in memory");
    for piece in delta.chunks(piece) {
        patched.update(piece).ok()?;
    }
    patched.finish().ok()
}

/// None: refused, or more than is looked at here.
fn unpack(bytes: &[u8], piece: usize) -> Option<ImageDigest> {
    let mut unpacked = Unpacked::new().expect("memory for one frame");
    for piece in bytes.chunks(piece) {
        unpacked.update(piece).ok()?;
        if unpacked.length() > MOST_UNPACKED {
            return None;
        }
    }
    unpacked.finish().ok()
}

/// Metadata of one of the four kinds.
pub(crate) fn tuf_metadata(bytes: &[u8]) -> Reached {
    let root = read::<Root>(bytes);
    if let Some(root) = &root {
        let _ = root.verify("itself", &root.signed().keys, &root.signed().roles.root);
    }
    let targets = read::<Targets>(bytes);
    for delegations in targets.iter().filter_map(|targets| targets.signed().delegations.as_ref()) {
        for role in &delegations.roles {
            role.paths.covers("os/pi5/image");
        }
    }
    let kinds = [
        root.is_some(),
        targets.is_some(),
        read::<Snapshot>(bytes).is_some(),
        read::<Timestamp>(bytes).is_some(),
    ];
    let taken = kinds.into_iter().filter(|taken| *taken).count();
    assert!(taken <= 1, "one file is metadata of {taken} kinds");
    Reached::by(taken == 1)
}

/// Reads it, and reads it again as we would write it: nothing that is signed may differ.
fn read<T: Role + PartialEq>(bytes: &[u8]) -> Option<Metadata<T>> {
    let metadata = Metadata::<T>::parse(bytes).ok()?;
    assert!(metadata.bytes() == bytes, "not kept as received");
    let draft = Draft::resume::<T>(bytes).expect("it was just read");
    let again = Metadata::<T>::parse(&draft.bytes()).expect("we wrote it");
    assert!(again.signed() == metadata.signed(), "another body after writing");
    let resumed = Draft::resume::<T>(&draft.bytes()).expect("we wrote it");
    assert!(resumed.to_sign() == draft.to_sign(), "something else would be signed");
    Some(metadata)
}
