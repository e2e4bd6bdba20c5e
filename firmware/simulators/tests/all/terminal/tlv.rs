//! As much of BER-TLV as a terminal needs.

/// Tag, length, value.
pub fn object(tag: u32, value: &[u8]) -> Vec<u8> {
    let mut out: Vec<u8> = tag.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
    match value.len() {
        short @ ..0x80 => out.push(short as u8),
        middle @ 0x80..0x100 => out.extend([0x81, middle as u8]),
        long => out.extend([0x82, (long >> 8) as u8, long as u8]),
    }
    out.extend(value);
    out
}

/// The value of the first object of that tag in a row of objects.
pub fn value(bytes: &[u8], wanted: u32) -> Option<&[u8]> {
    let mut rest = bytes;
    while !rest.is_empty() {
        let (tag, header, length) = header(rest)?;
        let end = header.checked_add(length)?;
        if tag == wanted {
            return rest.get(header..end);
        }
        rest = rest.get(end..)?;
    }
    None
}

/// How long a file is by its own header.
pub fn whole_length(bytes: &[u8]) -> Option<usize> {
    let (_, header, length) = header(bytes)?;
    Some(header + length)
}

/// The value bytes of an object identifier.
pub fn oid(dotted: &str) -> Vec<u8> {
    let arcs: Vec<u32> = dotted.split('.').map(|arc| arc.parse().unwrap()).collect();
    let mut out = vec![(arcs[0] * 40 + arcs[1]) as u8];
    for arc in &arcs[2..] {
        let mut groups = vec![(arc & 0x7F) as u8];
        let mut left = arc >> 7;
        while left > 0 {
            groups.push(0x80 | (left & 0x7F) as u8);
            left >>= 7;
        }
        groups.reverse();
        out.extend(groups);
    }
    out
}

fn header(bytes: &[u8]) -> Option<(u32, usize, usize)> {
    let mut at = 1;
    let mut tag = u32::from(*bytes.first()?);
    if tag & 0x1F == 0x1F {
        tag = tag << 8 | u32::from(*bytes.get(1)?);
        at = 2;
    }
    let first = usize::from(*bytes.get(at)?);
    at += 1;
    if first < 0x80 {
        return Some((tag, at, first));
    }
    let count = first & 0x7F;
    let length = bytes.get(at..at + count)?.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
    Some((tag, at + count, length))
}
