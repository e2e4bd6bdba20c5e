//! The list of pairs of Labeled Faces in the Wild ("View 2"), and the folder it speaks of:
//! NAME/NAME_0001.jpg. The list's first line says how many folds there are and how many pairs
//! of either kind a fold has; then come the pairs of one person and those of two, by folds.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use crate::pairs::{Labelled, Pairs, PairsError};

#[derive(Debug, thiserror::Error)]
pub enum LfwError {
    #[error("{0}: {1}")]
    Unreadable(PathBuf, std::io::Error),
    #[error("line {line}: '{text}' is not {wanted}")]
    Line { line: usize, text: String, wanted: &'static str },
    #[error("the list says {wanted} pairs and has {found}")]
    Length { wanted: usize, found: usize },
    #[error(transparent)]
    Pairs(#[from] PairsError),
}

/// Reads the list; every picture must be in the folder.
pub fn read(folder: &Path, list: &Path) -> Result<Pairs, LfwError> {
    let text = fs::read_to_string(list).map_err(|error| LfwError::Unreadable(list.to_owned(), error))?;
    let labelled = labelled(folder, &text)?;
    for file in labelled.iter().flat_map(|pair| &pair.files) {
        fs::metadata(file).map_err(|error| LfwError::Unreadable(file.clone(), error))?;
    }
    Ok(Pairs::of(labelled, BTreeMap::new())?)
}

fn labelled(folder: &Path, text: &str) -> Result<Vec<Labelled>, LfwError> {
    let mut lines = text.lines().enumerate().map(|(at, line)| (at + 1, line)).collect::<Vec<_>>().into_iter();
    let (line, head) = lines.next().unwrap_or((1, ""));
    let wrong = |line, text: &str, wanted| LfwError::Line { line, text: text.to_owned(), wanted };
    let no_head = || wrong(line, head, "the number of folds and of pairs of either kind in each");
    let [folds, each] = numbers(head).filter(|it| !it.contains(&0)).ok_or_else(no_head)?;
    let pairs: Vec<_> = lines.filter(|(_, text)| !text.trim().is_empty()).collect();
    let wanted = (folds as usize).saturating_mul(each as usize).saturating_mul(2);
    if pairs.len() != wanted {
        return Err(LfwError::Length { wanted, found: pairs.len() });
    }
    let picture = |name: &str, number: &str| {
        let plain = !name.is_empty() && !name.contains(['/', '\\']) && !name.starts_with('.');
        let number: u32 = number.parse().ok().filter(|_| plain)?;
        Some(folder.join(name).join(format!("{name}_{number:04}.jpg")))
    };
    let labelled = pairs.into_iter().enumerate().map(|(at, (line, text))| {
        let place = at / each as usize;
        let same = place.is_multiple_of(2);
        let words: Vec<&str> = text.split_whitespace().collect();
        let (files, wanted) = match (same, words.as_slice()) {
            (true, [name, one, other]) => ([picture(name, one), picture(name, other)], ""),
            (true, _) => ([None, None], "a name and two numbers: a pair of one person"),
            (false, [a, one, b, other]) if a != b => ([picture(a, one), picture(b, other)], ""),
            (false, _) => ([None, None], "two names with a number each: a pair of two persons"),
        };
        let [Some(one), Some(other)] = files else {
            let wanted = if wanted.is_empty() { "names and numbers of pictures" } else { wanted };
            return Err(wrong(line, text, wanted));
        };
        Ok(Labelled { files: [one, other], same, fold: Some(place as u32 / 2), group: None })
    });
    labelled.collect()
}

fn numbers(line: &str) -> Option<[u32; 2]> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [one, other] = words.as_slice() else { return None };
    Some([one.parse().ok()?, other.parse().ok()?])
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO_FOLDS: &str = "2\t1\nAn_Le\t1\t2\nAn_Le\t1\tBo_Vu\t3\nBo_Vu\t3\t12\nBo_Vu\t1\tChi\t1\n";

    fn refused(text: &str) -> String {
        labelled(Path::new("lfw"), text).err().unwrap().to_string()
    }

    #[test]
    fn folds_kinds_and_files_follow_from_the_place_in_the_list() {
        let pairs = labelled(Path::new("lfw"), TWO_FOLDS).unwrap();
        let told: Vec<_> = pairs.iter().map(|pair| (pair.same, pair.fold)).collect();
        assert_eq!(told, [(true, Some(0)), (false, Some(0)), (true, Some(1)), (false, Some(1))]);
        assert_eq!(
            pairs[1].files,
            ["lfw/An_Le/An_Le_0001.jpg", "lfw/Bo_Vu/Bo_Vu_0003.jpg"].map(PathBuf::from)
        );
        assert_eq!(pairs[2].files[1], Path::new("lfw/Bo_Vu/Bo_Vu_0012.jpg"));
    }

    #[test]
    fn a_list_that_is_not_as_it_says_is_refused() {
        assert!(refused("").contains("line 1"), "{}", refused(""));
        assert!(refused("10\n").contains("number of folds"));
        assert!(refused("4294967295 4294967295\n").ends_with("and has 0"));
        assert!(refused("0 300\n").contains("number of folds"));
        assert_eq!(refused("2 1\nA 1 2\nA 1 B 1\n"), "the list says 4 pairs and has 2");
        assert!(refused("1 1\nA 1 B 2\nA 1 2\n").contains("line 2: 'A 1 B 2' is not a name and two"));
        assert!(refused("1 1\nA 1 2\nA 1 A 2\n").contains("line 3"));
        assert!(refused("1 1\nA 1 x\nA 1 B 2\n").contains("names and numbers of pictures"));
        assert!(refused("1 1\n../A 1 2\nA 1 B 2\n").contains("line 2"));
    }
}
