//! Window sizes on command lines.

/// `1280x800`; a window that nobody can use is none.
pub fn parse_size(text: &str) -> Option<(u32, u32)> {
    let (width, height) = text.split_once('x')?;
    let side = |text: &str| text.parse().ok().filter(|side| (320..=16384).contains(side));
    Some((side(width)?, side(height)?))
}
