//! Data objects of one tag, one length, one value, as secure messaging and the
//! files' first bytes have them. ISO/IEC 7816-4, 6.3. Certificates and other
//! deep structures are for `der`.

/// Why bytes are no data object; the words go into an error as they are.
pub(crate) type Flaw = &'static str;

/// The first data object: its tag, its value and what follows it.
pub(crate) fn split(bytes: &[u8]) -> Result<(u32, &[u8], &[u8]), Flaw> {
    let (tag, start, length) = header(bytes)?.ok_or("a data object is cut off")?;
    let end = start.checked_add(length).ok_or("a data object is cut off")?;
    if end > bytes.len() {
        return Err("a data object is cut off");
    }
    Ok((tag, &bytes[start..end], &bytes[end..]))
}

/// The value of the first object, which must have this tag.
pub(crate) fn expect(bytes: &[u8], tag: u32) -> Result<(&[u8], &[u8]), Flaw> {
    let (found, value, rest) = split(bytes)?;
    if found == tag { Ok((value, rest)) } else { Err("another data object was due") }
}

/// Tag, place and length of the first object's value; `None` where more bytes are
/// needed to tell. The value itself need not be there yet.
pub(crate) fn header(bytes: &[u8]) -> Result<Option<(u32, usize, usize)>, Flaw> {
    let mut bytes = bytes.iter().copied().enumerate();
    let Some((_, first)) = bytes.next() else { return Ok(None) };
    let mut tag = u32::from(first);
    if first & 0x1F == 0x1F {
        loop {
            let Some((at, next)) = bytes.next() else { return Ok(None) };
            if at > 2 {
                return Err("a tag is too long");
            }
            tag = tag << 8 | u32::from(next);
            if next & 0x80 == 0 {
                break;
            }
        }
    }
    let Some((mut at, first)) = bytes.next() else { return Ok(None) };
    let mut length = usize::from(first);
    if first & 0x80 != 0 {
        let count = usize::from(first & 0x7F);
        if !(1..=4).contains(&count) {
            return Err("a length is not definite");
        }
        length = 0;
        for _ in 0..count {
            let Some((here, next)) = bytes.next() else { return Ok(None) };
            (at, length) = (here, length << 8 | usize::from(next));
        }
    }
    Ok(Some((tag, at + 1, length)))
}

/// Writes a data object whose tag has one byte, or two.
pub(crate) fn push(out: &mut Vec<u8>, tag: u16, value: &[u8]) {
    if tag > 0xFF {
        out.push((tag >> 8) as u8);
    }
    out.push(tag as u8);
    match value.len() {
        length @ 0..=0x7F => out.push(length as u8),
        length @ 0x80..=0xFF => out.extend_from_slice(&[0x81, length as u8]),
        length => out.extend_from_slice(&[0x82, (length >> 8) as u8, length as u8]),
    }
    out.extend_from_slice(value);
}

/// A data object as bytes of its own.
pub(crate) fn object(tag: u16, value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len() + 6);
    push(&mut out, tag, value);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_every_form_are_read() {
        for (hex, expected) in [
            ("6114", (0x61, 2, 0x14)),
            ("7781F2", (0x77, 3, 0xF2)),
            ("75824650", (0x75, 4, 0x4650)),
            ("7583010000", (0x75, 5, 0x1_0000)),
            ("75847FFFFFFF", (0x75, 6, 0x7FFF_FFFF)),
            ("7F660A", (0x7F66, 3, 10)),
        ] {
            assert_eq!(header(&hex::decode(hex).unwrap()), Ok(Some(expected)), "{hex}");
        }
    }

    #[test]
    fn a_header_that_is_cut_off_asks_for_more() {
        for hex in ["", "61", "7F", "7782", "778201"] {
            assert_eq!(header(&hex::decode(hex).unwrap()), Ok(None), "{hex}");
        }
    }

    #[test]
    fn indefinite_and_endless_lengths_are_refused() {
        for hex in ["7780", "7785FFFFFFFFFF", "7FFFFFFF01"] {
            assert!(header(&hex::decode(hex).unwrap()).is_err(), "{hex}");
        }
        assert!(split(&[0x99, 2, 0x90]).is_err(), "the value is cut off");
    }

    #[test]
    fn what_is_written_is_read_back() {
        for length in [0, 1, 0x7F, 0x80, 0xFF, 0x100, 0x1234] {
            let value = vec![0x5A; length];
            let bytes = object(0x87, &value);
            assert_eq!(expect(&bytes, 0x87), Ok((value.as_slice(), &[][..])), "{length}");
        }
    }
}
