//! Names that become parts of addresses and of file names.

/// As `urllib.parse.quote(name, "")` of Python does: everything but ASCII letters, digits and
/// `_.-~` as percent signs and upper-case hexadecimal, so that no name leaves its folder
/// (TUF leaves it open; other clients do so).
pub(crate) fn quoted(name: &str) -> String {
    quote(name, b"_.-~")
}

/// The same, but folders stay folders.
#[cfg(feature = "https")]
pub(crate) fn quoted_path(path: &str) -> String {
    quote(path, b"_.-~/")
}

fn quote(text: &str, plain: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || plain.contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
    out
}

const HEX: &[u8; 16] = b"0123456789ABCDEF";
/// The longest name of a file on the systems that we know, in bytes.
pub(crate) const LONGEST_FILE_NAME: usize = 255;
/// The longest path of a target, in bytes.
const LONGEST_PATH: usize = 1024;

/// The path of a target: one or more names with `/` between them, none of which is empty, `.`
/// or `..`, and no control characters or `\` in it. Such a path cannot leave the folder that
/// it is put under.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TargetPath(String);

/// A text is no path of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a path of a target")]
pub struct NotATargetPath;

impl TargetPath {
    /// Checks a path.
    pub fn new(path: impl Into<String>) -> Result<Self, NotATargetPath> {
        let path = path.into();
        let odd = |letter: char| letter.is_control() || letter == '\\';
        let part = |part: &str| !matches!(part, "" | "." | "..") && part.len() <= LONGEST_FILE_NAME;
        if path.len() <= LONGEST_PATH && path.split('/').all(part) && !path.contains(odd) {
            Ok(Self(path))
        } else {
            Err(NotATargetPath)
        }
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path of the file of a consistent snapshot: `folder/DIGEST.name` (section 6.2).
    pub(crate) fn with_digest(&self, digest: &str) -> String {
        match self.0.rsplit_once('/') {
            Some((folder, name)) => format!("{folder}/{digest}.{name}"),
            None => format!("{digest}.{}", self.0),
        }
    }
}

impl std::fmt::Display for TargetPath {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_as_other_clients_do() {
        for (name, expected) in [
            ("role-1_a.b~", "role-1_a.b~"),
            ("?", "%3F"),
            ("../delegated role", "..%2Fdelegated%20role"),
            ("ạ", "%E1%BA%A1"),
        ] {
            assert_eq!(quoted(name), expected);
        }
        #[cfg(feature = "https")]
        assert_eq!(quoted_path("os/a b"), "os/a%20b");
    }

    #[test]
    fn a_path_cannot_leave_its_folder() {
        for good in ["a", "os/pi5/image 1.img", "..a/b..", "ạ"] {
            assert!(TargetPath::new(good).is_ok(), "{good}");
        }
        let long = "a".repeat(256);
        for bad in ["", "/a", "a/", "a//b", "../a", "a/../b", "./a", "a\\b", "a\nb", "a\0", &long] {
            assert!(TargetPath::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_digest_stands_before_the_file_name_not_before_the_folder() {
        assert_eq!(TargetPath::new("os/pi5/image").unwrap().with_digest("0a"), "os/pi5/0a.image");
        assert_eq!(TargetPath::new("image").unwrap().with_digest("0a"), "0a.image");
    }
}
