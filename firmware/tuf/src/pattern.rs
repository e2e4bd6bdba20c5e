//! Path patterns of delegations: shell wildcards, folder by folder (TUF 1.0.34, section 4.5).
//!
//! `*`, `?`, `[abc]`, `[a-z]` and `[!abc]`, as Python's `fnmatch` has them, since that is what
//! other repositories' tools were tried with. None of them matches a `/`.

/// Whether the pattern matches the whole path.
pub(crate) fn matches(pattern: &str, path: &str) -> bool {
    let (mut patterns, mut folders) = (pattern.split('/'), path.split('/'));
    loop {
        match (patterns.next(), folders.next()) {
            (None, None) => return true,
            (Some(pattern), Some(folder)) if part_matches(pattern, folder) => {}
            _ => return false,
        }
    }
}

/// One wildcard or letter of a pattern.
enum Piece<'a> {
    Many,
    One,
    Of { set: &'a [char], inverted: bool },
    Letter(char),
}

/// Tries each `*` as short as it can be and goes back to the last one only: at most
/// pattern times text steps, whatever a signer writes.
fn part_matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut seen) = (0, 0);
    let mut last_many = None;
    while seen < text.len() {
        let piece = (at < pattern.len()).then(|| piece(&pattern[at..]));
        match piece {
            Some((Piece::Many, length)) => {
                at += length;
                last_many = Some((at, seen));
            }
            Some((piece, length)) if piece.takes(text[seen]) => {
                at += length;
                seen += 1;
            }
            _ => {
                let Some((after, from)) = last_many else { return false };
                last_many = Some((after, from + 1));
                (at, seen) = (after, from + 1);
            }
        }
    }
    pattern[at..].iter().all(|letter| *letter == '*')
}

/// The first piece of a pattern that is not empty, and how many letters it has.
fn piece(pattern: &[char]) -> (Piece<'_>, usize) {
    match pattern[0] {
        '*' => (Piece::Many, 1),
        '?' => (Piece::One, 1),
        '[' => set(pattern).unwrap_or((Piece::Letter('['), 1)),
        letter => (Piece::Letter(letter), 1),
    }
}

/// A set ends at the first `]` that is not its first letter; without one the `[` is a letter.
fn set(pattern: &[char]) -> Option<(Piece<'_>, usize)> {
    let inverted = pattern.get(1) == Some(&'!');
    let start = if inverted { 2 } else { 1 };
    let length = pattern.get(start + 1..)?.iter().position(|letter| *letter == ']')? + 1;
    Some((Piece::Of { set: &pattern[start..start + length], inverted }, start + length + 1))
}

impl Piece<'_> {
    fn takes(&self, letter: char) -> bool {
        match self {
            Self::Many => false,
            Self::One => true,
            Self::Of { set, inverted } => contains(set, letter) != *inverted,
            Self::Letter(own) => *own == letter,
        }
    }
}

fn contains(mut set: &[char], letter: char) -> bool {
    while let Some(first) = set.first() {
        if let [from, '-', to, ..] = set {
            if (from..=to).contains(&&letter) {
                return true;
            }
            set = &set[3..];
        } else {
            if *first == letter {
                return true;
            }
            set = &set[1..];
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_shells_do_and_stay_within_a_folder() {
        for (pattern, path, expected) in [
            ("*", "a", true),
            ("*", "", true),
            ("*", "a/b", false),
            ("*/*", "a/b", true),
            ("os/*", "os/image", true),
            ("os/*", "os/pi5/image", false),
            ("os/*", "os", false),
            ("os/*.img", "os/a.img.img", true),
            ("os/*.img", "os/a.img.sig", false),
            ("a*b*c", "aXbXbXc", true),
            ("a*b*c", "aXbXbX", false),
            ("foo-?.tgz", "foo-1.tgz", true),
            ("foo-?.tgz", "foo-.tgz", false),
            ("foo-?.tgz", "foo-ạ.tgz", true),
            ("v[0-9].img", "v7.img", true),
            ("v[0-9].img", "vx.img", false),
            ("v[!0-9].img", "vx.img", true),
            ("v[!0-9].img", "v7.img", false),
            ("[]a]", "]", true),
            ("[ab-]", "-", true),
            ("[a", "[a", true),
            ("[", "[", true),
            ("?", "/", false),
            ("[!a]", "/", false),
            ("exact", "exact", true),
            ("exact", "Exact", false),
            ("", "", true),
            ("", "a", false),
            ("**", "", true),
        ] {
            assert_eq!(matches(pattern, path), expected, "{pattern} on {path}");
        }
    }

    #[test]
    fn many_stars_take_no_longer_than_their_product() {
        let pattern = "a*".repeat(2_000) + "b";
        assert!(!matches(&pattern, &"a".repeat(4_000)));
    }
}
