//! Writing and walking BER-TLV and DER for the chip's side, which must not share
//! a codec with the reader. Definite lengths only (ISO/IEC 8825-1, 8.1.3).

/// One data object: tag, length, value.
pub(crate) fn object(tag: u32, value: &[u8]) -> Vec<u8> {
    let mut out: Vec<u8> = tag.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
    out.extend(length(value.len()));
    out.extend_from_slice(value);
    out
}

/// A constructed object out of others.
pub(crate) fn group(tag: u32, parts: &[Vec<u8>]) -> Vec<u8> {
    object(tag, &parts.concat())
}

/// SEQUENCE.
pub(crate) fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    group(0x30, parts)
}

/// SET, its members in the order given.
pub(crate) fn set(parts: &[Vec<u8>]) -> Vec<u8> {
    group(0x31, parts)
}

/// SET OF in DER: members in the order of their encodings (X.690, 11.6).
pub(crate) fn sorted_set(mut parts: Vec<Vec<u8>>) -> Vec<u8> {
    parts.sort();
    group(0x31, &parts)
}

/// INTEGER of a small number.
pub(crate) fn integer(value: u8) -> Vec<u8> {
    if value < 0x80 { object(0x02, &[value]) } else { object(0x02, &[0, value]) }
}

/// INTEGER of a number given by its bytes, most significant first, never negative.
pub(crate) fn unsigned(bytes: &[u8]) -> Vec<u8> {
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    let mut value = bytes[start..].to_vec();
    if value.first().is_none_or(|byte| *byte >= 0x80) {
        value.insert(0, 0);
    }
    object(0x02, &value)
}

/// BIT STRING of whole bytes.
pub(crate) fn bits(bytes: &[u8]) -> Vec<u8> {
    object(0x03, &[&[0], bytes].concat())
}

/// OBJECT IDENTIFIER from its dotted text.
pub(crate) fn oid(dotted: &str) -> Vec<u8> {
    object(0x06, &oid_value(dotted))
}

/// The value bytes of an OBJECT IDENTIFIER.
pub(crate) fn oid_value(dotted: &str) -> Vec<u8> {
    let arcs: Vec<u32> = dotted.split('.').map(|arc| arc.parse().expect("an arc is a number")).collect();
    let mut out = base128(arcs[0] * 40 + arcs[1]);
    arcs[2..].iter().for_each(|arc| out.extend(base128(*arc)));
    out
}

/// OCTET STRING.
pub(crate) fn octets(value: &[u8]) -> Vec<u8> {
    object(0x04, value)
}

/// PrintableString.
pub(crate) fn printable(text: &str) -> Vec<u8> {
    object(0x13, text.as_bytes())
}

/// UTF8String.
pub(crate) fn utf8(text: &str) -> Vec<u8> {
    object(0x0C, text.as_bytes())
}

/// Splits the first object off: tag, value, what follows. `None` where the bytes
/// end early or the length is not definite.
pub(crate) fn split(bytes: &[u8]) -> Option<(u32, &[u8], &[u8])> {
    let (first, mut rest) = bytes.split_first()?;
    let mut tag = u32::from(*first);
    if first & 0x1F == 0x1F {
        let (second, after) = rest.split_first()?;
        tag = tag << 8 | u32::from(*second);
        rest = after;
    }
    let (first, mut rest) = rest.split_first()?;
    let mut length = usize::from(*first);
    if length >= 0x80 {
        let count = length - 0x80;
        if count == 0 || count > 3 || rest.len() < count {
            return None;
        }
        length = rest[..count].iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
        rest = &rest[count..];
    }
    (rest.len() >= length).then(|| (tag, &rest[..length], &rest[length..]))
}

/// The value of the first object with that tag among objects in a row.
pub(crate) fn find(mut bytes: &[u8], wanted: u32) -> Option<&[u8]> {
    while let Some((tag, value, rest)) = split(bytes) {
        if tag == wanted {
            return Some(value);
        }
        bytes = rest;
    }
    None
}

fn length(length: usize) -> Vec<u8> {
    if length < 0x80 {
        return vec![length as u8];
    }
    let bytes: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
    let mut out = vec![0x80 | bytes.len() as u8];
    out.extend(bytes);
    out
}

fn base128(mut value: u32) -> Vec<u8> {
    let mut out = vec![(value & 0x7F) as u8];
    while value > 0x7F {
        value >>= 7;
        out.insert(0, 0x80 | (value & 0x7F) as u8);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_take_the_shortest_form() {
        assert_eq!(object(0x04, &[0; 0x7F])[..2], [0x04, 0x7F]);
        assert_eq!(object(0x04, &[0; 0x80])[..3], [0x04, 0x81, 0x80]);
        assert_eq!(object(0x5F1F, &[0; 0x1234])[..5], [0x5F, 0x1F, 0x82, 0x12, 0x34]);
    }

    #[test]
    fn the_identifier_of_pace_is_written_as_in_the_standard() {
        assert_eq!(oid("0.4.0.127.0.7.2.2.4.2.2")[2..], hex::decode("04007F00070202040202").unwrap());
        assert_eq!(oid("2.23.136.1.1.1"), hex::decode("06066781080101 01".replace(' ', "")).unwrap());
    }

    #[test]
    fn what_is_written_can_be_walked() {
        let row = [object(0x80, b"a"), object(0x5F2E, &[7; 300])].concat();
        assert_eq!(find(&row, 0x5F2E), Some(&[7; 300][..]));
        assert_eq!(find(&row, 0x81), None);
        assert_eq!(split(&row[..row.len() - 1]).map(|(tag, ..)| tag), Some(0x80));
        assert_eq!(split(&row[3..row.len() - 1]), None);
    }
}
