//! What the command line asks for.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

pub const HELP: &str = "\
kiosk-face: compares faces and measures pictures

usage: kiosk-face compare PICTURE PICTURE
       kiosk-face quality PICTURE
       kiosk-face evaluate PAIRS.csv [--plot OUT.png] [--json OUT.json]
       kiosk-face evaluate --lfw FOLDER --pairs pairs.txt [--plot OUT.png] [--json OUT.json]

Pictures are JPEG or JPEG 2000 files.

compare   The score of two faces and what a kiosk would make of it. Ends with 0 where it
          would take both for one person.
quality   Every measure of a picture beside its limit. Ends with 0 where it is good enough.
evaluate  Error rates over labelled pairs. PAIRS.csv has a header and the columns
            a, b        two picture files, from the folder of PAIRS.csv on
            same        1: one person; 0: two
            fold        optional: which of the folds of a cross-validation
            group       optional: of people or of pictures; rates are told for each
            score.NAME  optional: the score of another program, higher for more alike; it is
                        evaluated beside ours on the same pairs. Empty: it found no face.
          Other columns are ignored. A pair without a face in a picture counts as refused.

          With --lfw the pairs are those of Labeled Faces in the Wild: its list and its folder.

  --plot FILE   ROC and DET curves as PNG
  --json FILE   the figures
  --models DIR  the models' folder";

/// Where the models are, in this order, unless `--models` says it.
const MODEL_FOLDERS: [&str; 2] = ["firmware/face/models", "/usr/share/mot-cham/face-models"];

pub struct Order {
    pub task: Task,
    pub models: PathBuf,
}

pub enum Task {
    Help,
    Compare([PathBuf; 2]),
    Quality(PathBuf),
    Evaluate(Evaluation),
}

pub struct Evaluation {
    pub list: List,
    pub plot: Option<PathBuf>,
    pub json: Option<PathBuf>,
}

pub enum List {
    Table(PathBuf),
    /// Labeled Faces in the Wild: the folder of its pictures and its own list.
    Lfw {
        folder: PathBuf,
        pairs: PathBuf,
    },
}

/// What only `evaluate` has.
#[derive(Default)]
struct Options {
    plot: Option<PathBuf>,
    json: Option<PathBuf>,
    lfw: Option<PathBuf>,
    pairs: Option<PathBuf>,
}

impl Order {
    pub fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Self, String> {
        use lexopt::prelude::*;
        let mut parser = lexopt::Parser::from_args(arguments);
        let (mut words, mut models, mut options) = (Vec::new(), None, Options::default());
        let mut help = false;
        while let Some(argument) = parser.next().map_err(|error| error.to_string())? {
            let option = match argument {
                Long("help") | Short('h') => {
                    help = true;
                    continue;
                }
                Value(word) => {
                    words.push(word);
                    continue;
                }
                Long("models") => &mut models,
                Long("plot") => &mut options.plot,
                Long("json") => &mut options.json,
                Long("lfw") => &mut options.lfw,
                Long("pairs") => &mut options.pairs,
                other => return Err(other.unexpected().to_string()),
            };
            *option = Some(PathBuf::from(parser.value().map_err(|error| error.to_string())?));
        }
        let task = if help { Task::Help } else { task(words, options)? };
        Ok(Self { task, models: models.unwrap_or_else(default_models) })
    }
}

fn task(words: Vec<OsString>, options: Options) -> Result<Task, String> {
    let mut words = words.into_iter();
    let verb = words.next().ok_or("no command given")?;
    let files: Vec<PathBuf> = words.map(PathBuf::from).collect();
    let Options { plot, json, lfw, pairs } = options;
    let evaluates = [&plot, &json, &lfw, &pairs].into_iter().any(Option::is_some);
    match (verb.to_str(), files.as_slice()) {
        (Some("help"), _) => Ok(Task::Help),
        (Some("evaluate"), files) => {
            let list = match (files, lfw, pairs) {
                ([table], None, None) => List::Table(table.clone()),
                ([], Some(folder), Some(pairs)) => List::Lfw { folder, pairs },
                _ => return Err("evaluate takes one list of pairs, or --lfw and --pairs".into()),
            };
            Ok(Task::Evaluate(Evaluation { list, plot, json }))
        }
        (Some("compare" | "quality"), _) if evaluates => {
            Err("only evaluate has --plot, --json, --lfw and --pairs".into())
        }
        (Some("compare"), [one, other]) => Ok(Task::Compare([one.clone(), other.clone()])),
        (Some("compare"), _) => Err("compare takes two pictures".into()),
        (Some("quality"), [one]) => Ok(Task::Quality(one.clone())),
        (Some("quality"), _) => Err("quality takes one picture".into()),
        _ => Err(format!("unknown command '{}'", verb.display())),
    }
}

fn default_models() -> PathBuf {
    let found = MODEL_FOLDERS.iter().find(|folder| Path::new(folder).join("manifest.toml").is_file());
    PathBuf::from(found.unwrap_or(&MODEL_FOLDERS[1]))
}
