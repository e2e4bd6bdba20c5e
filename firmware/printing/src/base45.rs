//! Base45 (RFC 9285): bytes in the letters that a QR code packs tightest.

const LETTERS: &[u8; 45] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

/// Writes bytes.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 3 / 2 + 1);
    let mut push = |value: usize| text.push(char::from(LETTERS[value % 45]));
    for pair in bytes.chunks(2) {
        if let [high, low] = *pair {
            let value = usize::from(high) << 8 | usize::from(low);
            push(value);
            push(value / 45);
            push(value / 45 / 45);
        } else {
            let value = usize::from(pair[0]);
            push(value);
            push(value / 45);
        }
    }
    text
}

/// Reads bytes; none where the text is not what `encode` would write.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> = text
        .bytes()
        .map(|letter| LETTERS.iter().position(|&known| known == letter).map(|at| at as u32))
        .collect::<Option<_>>()?;
    let mut bytes = Vec::with_capacity(digits.len() * 2 / 3 + 1);
    for group in digits.chunks(3) {
        match *group {
            [c, d, e] => bytes.extend(u16::try_from(c + d * 45 + e * 2025).ok()?.to_be_bytes()),
            [c, d] => bytes.push(u8::try_from(c + d * 45).ok()?),
            _ => return None,
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_rfc_9285_hold() {
        for (bytes, text) in [
            (&b"AB"[..], "BB8"),
            (b"Hello!!", "%69 VD92EX0"),
            (b"base-45", "UJCLQE7W581"),
            (b"ietf!", "QED8WEX0"),
        ] {
            assert_eq!(encode(bytes), text);
            assert_eq!(decode(text).as_deref(), Some(bytes));
        }
    }

    #[test]
    fn what_nobody_could_have_written_is_refused() {
        // GGW is 65535, the most that two bytes hold; the next is too much.
        assert_eq!(decode("FGW").as_deref(), Some(&[0xFF, 0xFF][..]));
        for text in ["GGW", "ab", "A", ":::", "ẪA", "::"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
