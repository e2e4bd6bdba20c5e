//! The text of settings on its way to those who sign it. A role lists a layer by its path and
//! digest; the request carries the text as well, and the signer's machine holds it against the
//! digest: what is shown is what is signed.

use std::{collections::BTreeMap, iter};

use configuration::{Layer, MOST_LAYER_BYTES, Whose, digest, hexadecimal};
use tuf::metadata::{TargetFile, Targets};

use crate::{Mistake, Repository, repository::read_file};

/// Texts by their SHA-256 in hexadecimal.
pub type Texts = BTreeMap<String, String>;

/// The texts of the layers that change, before and after. One that cannot be read does not come,
/// and its signers are told so.
pub(crate) fn of_changes(repository: &Repository, draft: &Targets, before: Option<&Targets>) -> Texts {
    let mut texts = Texts::new();
    for (path, file) in &draft.targets {
        let old = before.and_then(|before| before.targets.get(path));
        if Whose::of_target(path).is_none() || old == Some(file) {
            continue;
        }
        for file in iter::once(file).chain(old) {
            if let Some(text) = kept(repository, path, file).ok().and_then(|it| String::from_utf8(it).ok()) {
                texts.insert(file.hashes.preferred().to_owned(), text);
            }
        }
    }
    texts
}

/// A layer's bytes as they were listed.
pub(crate) fn kept(repository: &Repository, path: &str, file: &TargetFile) -> Result<Vec<u8>, Mistake> {
    let (folder, name) = path.rsplit_once('/').unwrap_or((".", path));
    let file = format!("targets/{folder}/{}.{name}", file.hashes.preferred());
    read_file(&repository.folder().join(file), MOST_LAYER_BYTES)
}

/// What a signer is shown of a layer that changes: its text, with marks where it differs from the
/// one before. Nothing for other targets.
pub(crate) fn lines(path: &str, file: &TargetFile, old: Option<&TargetFile>, texts: &Texts) -> Vec<String> {
    let Some(whose) = Whose::of_target(path) else { return Vec::new() };
    let Some(text) = of(file, texts) else {
        return vec!["  NO TEXT OF THIS DIGEST CAME: have it shown before you sign".to_owned()];
    };
    let refused = Layer::parse(&whose, text.as_bytes()).err();
    let refused = refused.map(|error| format!("  KIOSKS REFUSE IT: {}", clean(&error.to_string())));
    let old = old.and_then(|old| of(old, texts)).unwrap_or("");
    compared(old, text)
        .into_iter()
        .map(|(mark, line)| format!("    {mark} {}", clean(line)))
        .chain(refused)
        .collect()
}

/// The text with the digest that is signed, and no other.
fn of<'a>(file: &TargetFile, texts: &'a Texts) -> Option<&'a str> {
    let sha256 = file.hashes.get("sha256")?;
    let text = texts.get(sha256)?;
    (hexadecimal(digest(text.as_bytes())) == *sha256).then_some(text)
}

/// The new lines with `+`, the old ones with `-`, and with `|` what both begin and end with.
fn compared<'a>(old: &'a str, new: &'a str) -> Vec<(char, &'a str)> {
    let (old, new): (Vec<_>, Vec<_>) = (old.lines().collect(), new.lines().collect());
    let same = |pairs: &mut dyn Iterator<Item = (&&str, &&str)>| pairs.take_while(|(a, b)| a == b).count();
    let head = same(&mut old.iter().zip(&new));
    let tail = same(&mut old[head..].iter().rev().zip(new[head..].iter().rev()));
    let marked = |mark, lines: &[&'a str]| lines.iter().map(|line| (mark, *line)).collect::<Vec<_>>();
    [
        marked('|', &new[..head]),
        marked('-', &old[head..old.len() - tail]),
        marked('+', &new[head..new.len() - tail]),
        marked('|', &new[new.len() - tail..]),
    ]
    .concat()
}

/// What would draw, turn or hide letters on a terminal is spelled out.
fn clean(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '"' | '\'' => cleaned.push(letter),
            _ => cleaned.extend(letter.escape_debug()),
        }
    }
    cleaned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_marked_and_nothing_is_left_out() {
        let text = |old, new| -> Vec<String> {
            compared(old, new).into_iter().map(|(mark, line)| format!("{mark}{line}")).collect()
        };
        assert_eq!(text("", "a\nb\n"), ["+a", "+b"]);
        assert_eq!(text("a\nb\nc", "a\nx\ny\nc"), ["|a", "-b", "+x", "+y", "|c"]);
        assert_eq!(text("a\na", "a\na\na"), ["|a", "|a", "+a"]);
        assert_eq!(text("a\nb", "a\nb"), ["|a", "|b"]);
        assert_eq!(text("a\nb", "b"), ["-a", "|b"]);
    }

    #[test]
    fn nothing_draws_on_the_signers_terminal() {
        assert_eq!(clean("vi = \"Nghỉ\u{1b}[2J\u{202e}\tx\\\""), "vi = \"Nghỉ\\u{1b}[2J\\u{202e}\\tx\\\\\"");
    }
}
