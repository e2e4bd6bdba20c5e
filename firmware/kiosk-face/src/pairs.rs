//! The list of labelled pairs, as a person or a script wrote it.

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
};

/// What the name of a column with another program's scores begins with.
const SCORE: &str = "score.";

/// A list that can be evaluated.
pub struct Pairs {
    pub pairs: Vec<Pair>,
    /// The scores of other programs, a score for each pair; none: no face was found.
    pub others: BTreeMap<String, Vec<Option<f64>>>,
}

pub struct Pair {
    pub files: [PathBuf; 2],
    pub same: bool,
    /// Of a cross-validation.
    pub fold: Option<u32>,
    /// Of people, or of pictures: its rates are told apart.
    pub group: Option<String>,
    /// Who is on either picture, as far as the pairs of one person tell, counted from 0.
    pub persons: [u32; 2],
}

#[derive(Debug, thiserror::Error)]
pub enum PairsError {
    #[error("cannot read the pairs: {0}")]
    Table(#[from] csv::Error),
    #[error("the pairs have no column '{0}'")]
    Column(&'static str),
    #[error("line {line}: '{value}' in the column '{column}' is not {wanted}")]
    Value { line: u64, column: String, value: String, wanted: &'static str },
    #[error("the pairs need at least one of one person and one of two")]
    OneKind,
    #[error("'{0}' and '{1}' are of two persons in one pair, and of one by others")]
    Contradiction(PathBuf, PathBuf),
}

/// A pair as a list says it.
pub struct Labelled {
    pub files: [PathBuf; 2],
    pub same: bool,
    pub fold: Option<u32>,
    pub group: Option<String>,
}

impl Pairs {
    /// Reads a list; its files are named from its folder on.
    pub fn read(path: &Path) -> Result<Self, PairsError> {
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut table = csv::ReaderBuilder::new().trim(csv::Trim::All).from_path(path)?;
        let header = table.headers()?.clone();
        let place = |name: &str| header.iter().position(|column| column == name);
        let needed = |name: &'static str| place(name).ok_or(PairsError::Column(name));
        let (a, b, same) = (needed("a")?, needed("b")?, needed("same")?);
        let (fold, group) = (place("fold"), place("group"));
        let scores: Vec<(usize, &str)> = header
            .iter()
            .enumerate()
            .filter_map(|(at, name)| Some((at, name.strip_prefix(SCORE)?)))
            .collect();
        let (mut pairs, mut others) = (Vec::new(), BTreeMap::<String, Vec<_>>::new());
        for row in table.records() {
            let row = row?;
            let cell = |at: usize| row.get(at).unwrap_or_default();
            let wrong = |at: usize, wanted| PairsError::Value {
                line: row.position().map_or(0, csv::Position::line),
                column: header.get(at).unwrap_or_default().to_owned(),
                value: cell(at).to_owned(),
                wanted,
            };
            let same = match cell(same) {
                "1" => true,
                "0" => false,
                _ => return Err(wrong(same, "1 or 0")),
            };
            let fold = match fold.filter(|at| !cell(*at).is_empty()) {
                Some(at) => Some(cell(at).parse().map_err(|_| wrong(at, "a number"))?),
                None => None,
            };
            for (at, name) in &scores {
                let score = match cell(*at) {
                    "" => None,
                    text => Some(
                        text.parse()
                            .ok()
                            .filter(|it: &f64| it.is_finite())
                            .ok_or_else(|| wrong(*at, "a score"))?,
                    ),
                };
                others.entry((*name).to_owned()).or_default().push(score);
            }
            let group = group.map(cell).filter(|name| !name.is_empty()).map(str::to_owned);
            let files = [folder.join(cell(a)), folder.join(cell(b))];
            pairs.push(Labelled { files, same, fold, group });
        }
        Self::of(pairs, others)
    }

    /// Finds out which pictures are of one person, and refuses what cannot be.
    pub fn of(
        labelled: Vec<Labelled>,
        others: BTreeMap<String, Vec<Option<f64>>>,
    ) -> Result<Self, PairsError> {
        let of_one = labelled.iter().filter(|pair| pair.same).count();
        if of_one == 0 || of_one == labelled.len() {
            return Err(PairsError::OneKind);
        }
        let persons = persons(&labelled);
        let pairs = labelled.into_iter().map(|Labelled { files, same, fold, group }| {
            let persons = [persons[&files[0]], persons[&files[1]]];
            if !same && persons[0] == persons[1] {
                let [one, other] = files;
                return Err(PairsError::Contradiction(one, other));
            }
            Ok(Pair { files, same, fold, group, persons })
        });
        Ok(Self { pairs: pairs.collect::<Result<_, _>>()?, others })
    }
}

/// Whose picture each file is: pictures that pairs of one person link are of one person.
fn persons(pairs: &[Labelled]) -> HashMap<PathBuf, u32> {
    let mut places = HashMap::new();
    for file in pairs.iter().flat_map(|pair| &pair.files) {
        let next = places.len();
        places.entry(file).or_insert(next);
    }
    let mut parents: Vec<usize> = (0..places.len()).collect();
    for pair in pairs.iter().filter(|pair| pair.same) {
        let [one, other] = [&pair.files[0], &pair.files[1]].map(|file| root(&mut parents, places[file]));
        parents[one] = other;
    }
    let mut numbers = HashMap::new();
    let of = |(file, place): (&PathBuf, usize)| {
        let next = numbers.len() as u32;
        (file.clone(), *numbers.entry(root(&mut parents, place)).or_insert(next))
    };
    let mut in_order: Vec<_> = places.into_iter().collect();
    in_order.sort_unstable_by_key(|(_, place)| *place);
    in_order.into_iter().map(of).collect()
}

/// Whom a picture is linked to in the end; the way there gets shorter.
fn root(parents: &mut [usize], mut place: usize) -> usize {
    while parents[place] != place {
        parents[place] = parents[parents[place]];
        place = parents[place];
    }
    place
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn read(text: &str) -> Result<Pairs, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pairs.csv");
        fs::write(&path, text).unwrap();
        Pairs::read(&path).map_err(|error| error.to_string())
    }

    #[test]
    fn columns_are_found_by_name_and_unknown_ones_ignored() {
        let pairs =
            read("b, a, note, fold, same, score.peer\n2.jpg,1.jpg,x,3,1,0.5\n1.jpg,3.jpg,y,,0,\n").unwrap();
        assert!(pairs.pairs[0].files[0].ends_with("1.jpg") && pairs.pairs[0].files[0].is_absolute());
        assert_eq!(
            pairs.pairs.iter().map(|pair| (pair.same, pair.fold)).collect::<Vec<_>>(),
            [(true, Some(3)), (false, None)]
        );
        assert_eq!(pairs.others["peer"], [Some(0.5), None]);
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_its_line_and_column() {
        let check = |text: &str, reason: &str| {
            let error = read(text).err().unwrap();
            assert!(error.contains(reason), "{error}");
        };
        check("a,b\n1,2\n", "no column 'same'");
        check("a,b,same\n1,2,1\n1,3,yes\n", "line 3: 'yes' in the column 'same' is not 1 or 0");
        check("a,b,same,score.x\n1,2,1,NaN\n", "is not a score");
        check("a,b,same,fold\n1,2,1,first\n", "is not a number");
        check("a,b,same\n1,2,1\n1,3\n", "cannot read the pairs");
        check("a,b,same\n1,2,1\n", "at least one");
        check("a,b,same\n", "at least one");
    }

    #[test]
    fn pictures_that_pairs_link_are_of_one_person_and_of_no_other() {
        let linked = read("a,b,same,group\n1,2,1,x\n4,3,1,\n2,3,1,x\n1,9,0,\n").unwrap();
        let persons: Vec<_> = linked.pairs.iter().map(|pair| pair.persons).collect();
        assert!(persons[..3].iter().flatten().all(|person| *person == persons[0][0]), "{persons:?}");
        assert_ne!(persons[3][0], persons[3][1]);
        assert_eq!(linked.pairs[0].group.as_deref(), Some("x"));
        assert_eq!(linked.pairs[1].group, None);
        let error = read("a,b,same\n1,2,1\n2,3,1\n1,3,0\n").err().unwrap();
        assert!(error.contains("of one by others"), "{error}");
    }
}
