//! Tag, length, value: what every file of the chip is made of (ITU-T X.690 and
//! ISO/IEC 7816-4, annex E). Nothing is copied and nothing is trusted: a length
//! past the end of its surroundings is an error.

use std::borrow::Cow;

/// What breaks a format (ITU-T X.690, 8.1), in words; never any content of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(pub(crate) &'static str);

/// One data object.
#[derive(Clone, Copy)]
pub(crate) struct Tlv<'a> {
    /// All octets of the tag, so `5F2E` is `0x5F2E`.
    pub tag: u32,
    /// The content.
    pub value: &'a [u8],
    /// Tag, length and content.
    pub whole: &'a [u8],
}

impl<'a> Tlv<'a> {
    /// Walks over the objects inside.
    pub fn inside(&self) -> Walk<'a> {
        Walk::new(self.value)
    }
}

/// A walk over data objects that follow each other.
#[derive(Clone)]
pub(crate) struct Walk<'a> {
    rest: &'a [u8],
}

impl<'a> Walk<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next object; none at the end.
    pub fn step(&mut self) -> Result<Option<Tlv<'a>>, Malformed> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let head = Head::read(self.rest)?;
        let length = head.length.ok_or(Malformed("an indefinite length where a definite one must be"))?;
        let end = head.size.checked_add(length).filter(|end| *end <= self.rest.len());
        let end = end.ok_or(Malformed("a length passes the end"))?;
        let (whole, rest) = self.rest.split_at(end);
        self.rest = rest;
        Ok(Some(Tlv { tag: head.tag, value: &whole[head.size..], whole }))
    }

    /// The next object, which must have this tag.
    pub fn take(&mut self, tag: u32, or_else: &'static str) -> Result<Tlv<'a>, Malformed> {
        match self.step()? {
            Some(object) if object.tag == tag => Ok(object),
            _ => Err(Malformed(or_else)),
        }
    }

    /// The next object if it has this tag; it is not consumed if not.
    pub fn take_if(&mut self, tag: u32) -> Result<Option<Tlv<'a>>, Malformed> {
        let before = self.rest;
        match self.step()? {
            Some(object) if object.tag == tag => Ok(Some(object)),
            _ => {
                self.rest = before;
                Ok(None)
            }
        }
    }

    /// All objects that follow.
    pub fn all(mut self) -> Result<Vec<Tlv<'a>>, Malformed> {
        let mut objects = Vec::new();
        while let Some(object) = self.step()? {
            objects.push(object);
        }
        Ok(objects)
    }

    /// The bytes that were not walked over yet.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Nothing may follow.
    pub fn end(&self) -> Result<(), Malformed> {
        if self.rest.is_empty() { Ok(()) } else { Err(Malformed("something follows where nothing may")) }
    }
}

/// The one object that a file is. Chips pad files, so what follows is ignored.
pub(crate) fn only<'a>(file: &'a [u8], tag: u32, or_else: &'static str) -> Result<Tlv<'a>, Malformed> {
    Walk::new(file).take(tag, or_else)
}

/// A small INTEGER that is not negative.
pub(crate) fn small_number(object: Tlv<'_>) -> Result<u32, Malformed> {
    let wrong = Malformed("a number is negative, empty or too large");
    match object.value {
        [] => Err(wrong),
        [first, ..] if first & 0x80 != 0 => Err(wrong),
        bytes if bytes.len() > 5 || (bytes.len() == 5 && bytes[0] != 0) => Err(wrong),
        bytes => Ok(bytes.iter().fold(0_u32, |sum, byte| (sum << 8) | u32::from(*byte))),
    }
}

/// Tag and length of one object.
struct Head {
    tag: u32,
    /// None: indefinite.
    length: Option<usize>,
    /// How many octets tag and length take.
    size: usize,
}

impl Head {
    fn read(bytes: &[u8]) -> Result<Self, Malformed> {
        const CUT: Malformed = Malformed("a tag or length is cut short");
        let mut at = bytes.iter().copied();
        let mut next = || at.next().ok_or(CUT);
        let mut size = 1;
        let mut tag = u32::from(next()?);
        if tag & 0x1F == 0x1F {
            loop {
                let octet = next()?;
                size += 1;
                if size > 3 {
                    return Err(Malformed("a tag is too long"));
                }
                tag = (tag << 8) | u32::from(octet);
                if octet & 0x80 == 0 {
                    break;
                }
            }
        }
        let first = next()?;
        size += 1;
        let length = match first {
            0x00..=0x7F => Some(usize::from(first)),
            0x80 => None,
            0x81..=0x84 => {
                let mut length = 0_usize;
                for _ in 0x80..first {
                    length = (length << 8) | usize::from(next()?);
                    size += 1;
                }
                Some(length)
            }
            _ => return Err(Malformed("a length is too long")),
        };
        Ok(Self { tag, length, size })
    }

    fn is_constructed(&self) -> bool {
        let mut leading = self.tag;
        while leading > 0xFF {
            leading >>= 8;
        }
        leading & 0x20 != 0
    }
}

/// How deep objects may lie in each other where indefinite lengths are rewritten.
const DEEPEST: usize = 16;
const CONSTRUCTED_OCTET_STRING: u32 = 0x24;

/// Rewrites indefinite lengths and octet strings in pieces (BER), as some states'
/// security objects have them, to definite lengths and whole octet strings. What
/// has neither is passed on bit by bit: a certificate inside keeps its signature.
pub(crate) fn definite(bytes: &[u8]) -> Result<Cow<'_, [u8]>, Malformed> {
    let (object, _) = rewrite(bytes, DEEPEST)?;
    Ok(object)
}

/// As [`definite`], and nothing may follow.
pub(crate) fn definite_whole(bytes: &[u8]) -> Result<Cow<'_, [u8]>, Malformed> {
    match rewrite(bytes, DEEPEST)? {
        (object, taken) if taken == bytes.len() => Ok(object),
        _ => Err(Malformed("something follows where nothing may")),
    }
}

/// The first object of `bytes` in definite form, and how many octets it took.
fn rewrite(bytes: &[u8], deeper: usize) -> Result<(Cow<'_, [u8]>, usize), Malformed> {
    let head = Head::read(bytes)?;
    let body = &bytes[head.size..];
    let limit = match head.length {
        Some(length) if length > body.len() => return Err(Malformed("a length passes the end")),
        Some(length) => Some(length),
        None if head.is_constructed() => None,
        None => return Err(Malformed("an indefinite length on something that has no parts")),
    };
    if let (Some(length), false) = (limit, head.is_constructed()) {
        let whole = &bytes[..head.size + length];
        return Ok((Cow::Borrowed(whole), whole.len()));
    }
    if deeper == 0 {
        return Err(Malformed("objects lie too deep in each other"));
    }
    let (parts, taken) = parts(body, limit, deeper)?;
    let used = head.size + taken;
    let in_pieces = head.tag == CONSTRUCTED_OCTET_STRING;
    if limit.is_some() && !in_pieces && parts.iter().all(|part| matches!(part, Cow::Borrowed(_))) {
        return Ok((Cow::Borrowed(&bytes[..used]), used));
    }
    let content = if in_pieces { joined(&parts)? } else { parts.concat() };
    let tag = if in_pieces { 0x04 } else { head.tag };
    Ok((Cow::Owned(object(tag, &content)), used))
}

type Parts<'a> = Vec<Cow<'a, [u8]>>;

/// The objects in a body that ends after `limit` octets or with two zero octets.
fn parts(body: &[u8], limit: Option<usize>, deeper: usize) -> Result<(Parts<'_>, usize), Malformed> {
    let mut parts = Vec::new();
    let mut at = 0;
    loop {
        match limit {
            Some(length) if at == length => return Ok((parts, at)),
            Some(length) if at > length => return Err(Malformed("a part passes the end of its whole")),
            None if body[at..].starts_with(&[0, 0]) => return Ok((parts, at + 2)),
            _ => {
                let (part, taken) = rewrite(&body[at..], deeper - 1)?;
                parts.push(part);
                at += taken;
            }
        }
    }
}

/// The content of the pieces of an octet string.
fn joined(parts: &[Cow<'_, [u8]>]) -> Result<Vec<u8>, Malformed> {
    let mut content = Vec::new();
    for part in parts {
        content.extend_from_slice(only(part, 0x04, "a piece of an octet string is none")?.value);
    }
    Ok(content)
}

/// An object with a tag and a length before its content.
pub(crate) fn object(tag: u32, content: &[u8]) -> Vec<u8> {
    let mut bytes: Vec<u8> = tag.to_be_bytes().into_iter().skip_while(|octet| *octet == 0).collect();
    let length = content.len().to_be_bytes();
    let length: Vec<u8> = length.into_iter().skip_while(|octet| *octet == 0).collect();
    if content.len() > 0x7F {
        bytes.push(0x80 | length.len() as u8);
        bytes.extend(length);
    } else {
        bytes.push(content.len() as u8);
    }
    bytes.extend_from_slice(content);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_of_two_octets_and_long_lengths_are_read() {
        let mut bytes = vec![0x5F, 0x2E, 0x82, 0x01, 0x00];
        bytes.extend([7; 256]);
        let object = only(&bytes, 0x5F2E, "?").ok().unwrap();
        assert_eq!(object.value, [7; 256]);
        assert_eq!(super::object(0x5F2E, &[7; 256]), bytes);
    }

    #[test]
    fn a_length_past_the_end_is_refused() {
        for bytes in [
            &[0x04, 0x02, 0x00][..],
            &[0x04],
            &[0x5F],
            &[0x04, 0x84, 0x7F, 0xFF, 0xFF, 0xFF, 0x00],
            &[0x04, 0x85, 0, 0, 0, 0, 1, 0],
            &[0x1F, 0x81, 0x82, 0x01, 0x00],
            &[0x30, 0x80, 0x00, 0x00],
        ] {
            assert!(Walk::new(bytes).step().is_err(), "{bytes:02X?}");
        }
    }

    #[test]
    fn indefinite_lengths_become_definite_and_pieces_become_whole() {
        let ber = hex::decode("30802480040201020401030000A0800000050000000000").unwrap();
        assert_eq!(hex::encode_upper(definite(&ber).unwrap()), "30090403010203A0000500");
    }

    #[test]
    fn what_is_definite_already_is_passed_on_bit_by_bit() {
        // Lengths longer than they need be stay as they are: they may be signed.
        let bytes = hex::decode("3081050401000500").unwrap();
        assert!(matches!(definite(&bytes), Ok(Cow::Borrowed(same)) if same == bytes));
        let cut = hex::decode("3081060401000500").unwrap();
        assert!(definite(&cut).is_err());
    }

    #[test]
    fn nesting_and_missing_ends_are_refused() {
        assert!(definite(&[0x30, 0x80].repeat(40)).is_err());
        assert!(definite(&[0x30, 0x80, 0x05, 0x00]).is_err());
        assert!(definite(&[0x04, 0x80, 0x00, 0x00]).is_err());
    }

    #[test]
    fn numbers_are_small_and_not_negative() {
        let number = |bytes: &[u8]| small_number(only(bytes, 0x02, "?").unwrap());
        assert_eq!(number(&[2, 2, 0x01, 0x00]), Ok(256));
        assert_eq!(number(&[2, 5, 0, 0xFF, 0xFF, 0xFF, 0xFF]), Ok(u32::MAX));
        assert!(number(&[2, 1, 0x80]).is_err());
        assert!(number(&[2, 0]).is_err());
        assert!(number(&[2, 5, 1, 0, 0, 0, 0]).is_err());
    }
}
