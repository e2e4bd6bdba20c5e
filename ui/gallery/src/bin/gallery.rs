//! `gallery`: every page in every language, text size and contrast, as pictures
//! for people to look at, and what a machine finds wrong with them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};

use gallery::{Glass, Stage, StageError, album::Album, glasses, looks, samples};
use lexopt::{Arg, ValueExt};
use screen::{Fault, Language};

const HELP: &str = "\
gallery --out DIR [--page NAME] [--size WxH[@MM]]... [--lang vi|en] [--no-pictures]
  --out DIR       where the pictures, index.html and faults.json go
  --page NAME     only pages whose name begins so
  --size WxH[@MM] a window, on a panel MM millimetres wide that is read from half a metre;
                  the panels of the boards, by default
  --lang vi|en    only that language
  --no-pictures   only measure
Ends with 1 where a fault was found.";

struct Arguments {
    out: PathBuf,
    page: String,
    glasses: Vec<Glass>,
    language: Option<Language>,
    pictures: bool,
}

fn main() -> ExitCode {
    let arguments = match read(lexopt::Parser::from_env()) {
        Ok(Some(arguments)) => arguments,
        Ok(None) => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(reason) => {
            eprintln!("gallery: {}: {reason}; see --help", Fault::UsageWrong.code());
            return ExitCode::from(2);
        }
    };
    match draw(&arguments) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("gallery: {error}");
            ExitCode::FAILURE
        }
    }
}

fn read(mut parser: lexopt::Parser) -> Result<Option<Arguments>, String> {
    let (mut out, mut page, mut sizes) = (None, String::new(), Vec::new());
    let (mut language, mut pictures) = (None, true);
    let plain = |error: lexopt::Error| error.to_string();
    while let Some(argument) = parser.next().map_err(plain)? {
        match argument {
            Arg::Long("out") => out = Some(parser.value().map_err(plain)?.into()),
            Arg::Long("page") => page = parser.value().and_then(ValueExt::string).map_err(plain)?,
            Arg::Long("size") => {
                let text = parser.value().and_then(ValueExt::string).map_err(plain)?;
                let wrong = || format!("'{text}' is no size such as 1280x800 or 1280x800@320");
                sizes.push(gallery::parse_glass(&text).ok_or_else(wrong)?);
            }
            Arg::Long("lang") => {
                language = match parser.value().and_then(ValueExt::string).map_err(plain)?.as_str() {
                    "vi" => Some(Language::Vi),
                    "en" => Some(Language::En),
                    other => return Err(format!("'{other}' is no language of the pages: vi, en")),
                };
            }
            Arg::Long("no-pictures") => pictures = false,
            Arg::Long("help") | Arg::Short('h') => return Ok(None),
            other => return Err(plain(other.unexpected())),
        }
    }
    if sizes.is_empty() {
        sizes = glasses().to_vec();
    }
    Ok(Some(Arguments { out: out.ok_or("--out is needed")?, page, glasses: sizes, language, pictures }))
}

/// Draws and measures; how many faults there are.
fn draw(arguments: &Arguments) -> Result<usize, StageError> {
    let begun = Instant::now();
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| StageError::Write { path, source }
    };
    fs::create_dir_all(&arguments.out).map_err(failed(&arguments.out))?;
    let stage = Stage::open(1280, 800)?;
    let mut album = Album::default();
    for &glass in &arguments.glasses {
        stage.take(glass);
        for sample in samples().iter().filter(|sample| sample.name.starts_with(&arguments.page)) {
            for look in
                looks().into_iter().filter(|look| arguments.language.is_none_or(|one| one == look.language))
            {
                stage.show(&sample.view(look.language, look.text, look.contrast));
                let flaws = gallery::flaws(&stage, glass.width as f32, glass.height as f32);
                let name = album.add(sample, look, glass, flaws);
                if arguments.pictures {
                    stage.save(&arguments.out.join(&name))?;
                }
            }
        }
    }
    for (name, text) in [("faults.json", album.faults_json()), ("index.html", album.html(arguments.pictures))]
    {
        let path = arguments.out.join(name);
        fs::write(&path, text).map_err(failed(&path))?;
    }
    for line in album.fault_lines() {
        println!("{line}");
    }
    println!(
        "{} pages drawn in {:.1} s, {} faults",
        album.len(),
        begun.elapsed().as_secs_f32(),
        album.faults()
    );
    Ok(album.faults())
}
