//! One byte range of a download (RFC 9110, 14). Several ranges at once are answered with the
//! whole, as 14.2 allows.

use axum::http::{HeaderMap, header};

/// What part of an artifact is to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of it: 200.
    Whole,
    /// From the first to the last byte, both included: 206.
    Range {
        /// The first byte.
        first: u64,
        /// The last byte.
        last: u64,
    },
    /// Nothing of what was asked is there: 416.
    Unsatisfiable,
    /// `If-Match` names other bytes: 412.
    OtherBytes,
}

/// What these headers ask for of `size` bytes with this entity tag (with its quotes).
pub fn part(headers: &HeaderMap, size: u64, tag: &str) -> Part {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(wanted) = text(header::IF_MATCH)
        && !names(wanted, tag)
    {
        return Part::OtherBytes;
    }
    // If-Range with a date never matches: artifacts have no dates here (RFC 9110, 13.1.5).
    if text(header::IF_RANGE).is_some_and(|wanted| wanted.trim() != tag) {
        return Part::Whole;
    }
    text(header::RANGE).and_then(|range| one_range(range, size)).unwrap_or(Part::Whole)
}

/// Whether a list of entity tags names this one.
pub(super) fn names(list: &str, tag: &str) -> bool {
    list.split(',').map(str::trim).any(|named| named == "*" || named.trim_start_matches("W/") == tag)
}

/// `None` for what is no single range of bytes: it is as if it were not there.
fn one_range(text: &str, size: u64) -> Option<Part> {
    let (first, last) = text.trim().strip_prefix("bytes=")?.split_once('-')?;
    let (first, last) = (first.trim(), last.trim());
    if first.is_empty() {
        let tail = number(last)?;
        return Some(if tail == 0 {
            Part::Unsatisfiable
        } else {
            cut(size.saturating_sub(tail), u64::MAX, size)
        });
    }
    let first = number(first)?;
    let last = if last.is_empty() { u64::MAX } else { number(last)? };
    (first <= last).then(|| cut(first, last, size))
}

fn cut(first: u64, last: u64, size: u64) -> Part {
    if first < size { Part::Range { first, last: last.min(size - 1) } } else { Part::Unsatisfiable }
}

fn number(digits: &str) -> Option<u64> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(headers: &[(header::HeaderName, &str)], size: u64) -> Part {
        let headers = headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect();
        part(&headers, size, "\"ab\"")
    }

    #[test]
    fn one_range_is_cut_to_what_is_there() {
        for (range, expected) in [
            ("bytes=0-0", Part::Range { first: 0, last: 0 }),
            ("bytes=2-5", Part::Range { first: 2, last: 5 }),
            ("bytes=2-", Part::Range { first: 2, last: 9 }),
            ("bytes=2-999", Part::Range { first: 2, last: 9 }),
            ("bytes=-3", Part::Range { first: 7, last: 9 }),
            ("bytes=-99", Part::Range { first: 0, last: 9 }),
            ("bytes=9-", Part::Range { first: 9, last: 9 }),
            ("bytes=10-", Part::Unsatisfiable),
            ("bytes=10-20", Part::Unsatisfiable),
            ("bytes=-0", Part::Unsatisfiable),
            ("bytes=5-2", Part::Whole),
            ("bytes=0-1,3-4", Part::Whole),
            ("bytes=-", Part::Whole),
            ("bytes=+1-", Part::Whole),
            ("bytes=99999999999999999999-", Part::Whole),
            ("lines=0-1", Part::Whole),
        ] {
            assert_eq!(asked(&[(header::RANGE, range)], 10), expected, "{range}");
        }
        assert_eq!(asked(&[(header::RANGE, "bytes=0-")], 0), Part::Unsatisfiable);
    }

    #[test]
    fn other_bytes_are_never_continued() {
        let range = (header::RANGE, "bytes=2-5");
        let part = Part::Range { first: 2, last: 5 };
        for (header, expected) in [
            ((header::IF_RANGE, "\"ab\""), part),
            ((header::IF_RANGE, "\"cd\""), Part::Whole),
            ((header::IF_RANGE, "W/\"ab\""), Part::Whole),
            ((header::IF_RANGE, "Wed, 21 Oct 2015 07:28:00 GMT"), Part::Whole),
            ((header::IF_MATCH, "\"ab\""), part),
            ((header::IF_MATCH, "\"cd\", \"ab\""), part),
            ((header::IF_MATCH, "*"), part),
            ((header::IF_MATCH, "\"cd\""), Part::OtherBytes),
        ] {
            assert_eq!(asked(&[range.clone(), header.clone()], 10), expected, "{header:?}");
        }
    }
}
