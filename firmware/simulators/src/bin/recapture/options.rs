//! The command line of `recapture`.

use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use lexopt::{Arg, Parser, ValueExt};
use serde::{Deserialize, de::IntoDeserializer};
use simulators::{
    face_camera::CameraSetup,
    people::People,
    presentation::{Features, Presentation, Raster},
    recorded::{Drawing, Source},
};

pub(crate) const HELP: &str = "\
Usage: recapture KIND PICTURE --out FOLDER [options]
       recapture film FRAMES --out FOLDER [options]

Draws what the camera of a kiosk sees when somebody holds up a picture instead of a face, as
JPEG frames in a folder with a manifest. Drawn by us after descriptions of the processes, not
recorded: good for finding what a check cannot see, not for stating how well it does.

KIND, what is held before the camera:
  print         a photograph in print, turned by hand
  bent-print    the same, bent around the attacker's face
  cut-out       a print with holes, behind which eyes open and shut
  mask          a print worn as a mask that fits, the eyes in its holes
  prints        a print for each movement, changed as asked
  screen        a photograph on a screen, turned by hand
  film          a film on a screen; of a PICTURE, one that was made of that person before
  steered-film  a film on a screen that somebody steers
  injected-film a film fed in where the camera's picture should come from
  still         a photograph fed in there
  living        no attack: the living person, to compare with

PICTURE is a photograph of one face. FRAMES is a folder of pictures, which are a film in the
order of their names: each comes to be one frame.

  --out FOLDER        where the frames go: frame-00000.jpg and so on, and manifest.toml;
                      made where it is missing, refused where it is not empty
  --eyes X,Y,X,Y      the middles of the eyes in PICTURE, left and right as seen; may be left
                      out for a picture that the people.toml beside it knows
  --lids N, --brow N  from the middle of an open eye to either lid and to the brow, in distances
                      between the eyes (0.06, 0.19)
  --mouth N           from between the eyes down to where the lips meet, likewise (1.05)
  --seed N            what movements, pauses and noise are drawn from; drawn itself where it is
                      not given, and printed
  --frames N          how many frames of a PICTURE (150)
  --rate N            frames in one second (15)
  --size WxH          pixels of a frame (1280x720)
  --pitch N           from one pixel of the screen, or dot of the print, to the next, in pixels of
                      the frame (0.2 to 20): what the camera makes of them is drawn, moiré where
                      they are nearly as fine as its own. Without it they are coarse: 3 pixels, drawn
                      into the picture
  --askew DEGREES     by which they are turned in the frame (2)
  --blur N            how far the lens spreads a point, in pixels of the frame (0.5)

The same seed and options give the same bytes. A camera of the simulators plays the folder: a
scenario names it as frames = \"FOLDER\" in [camera]. One frame alone is looked at by
kiosk-face quality FOLDER/frame-00000.jpg";

/// What the command line asks for.
pub(crate) enum Asked {
    /// To be told how.
    Help,
    /// To draw into a folder.
    Draw(Box<Drawing>, PathBuf),
}

/// A face of usual measures.
const LIDS: f32 = 0.06;
const BROW: f32 = 0.19;
const MOUTH: f32 = 1.05;
/// What nobody holds straighter, and a lens that suits its sensor.
const ASKEW: f32 = 2.0;
const BLUR: f32 = 0.5;

pub(crate) fn parse(mut words: Parser, seed: impl FnOnce() -> u64) -> Result<Asked, lexopt::Error> {
    let mut free: Vec<OsString> = Vec::new();
    let (mut out, mut eyes, mut given_seed): (Option<PathBuf>, Option<[f32; 4]>, Option<u64>) =
        (None, None, None);
    let (mut lids, mut brow, mut mouth, mut frames) = (None, None, None, None);
    let (mut pitch, mut askew, mut blur) = (None, None, None);
    let mut setup = CameraSetup::default();
    while let Some(word) = words.next()? {
        match word {
            Arg::Long("help") | Arg::Short('h') => return Ok(Asked::Help),
            Arg::Long("out") => out = Some(words.value()?.into()),
            Arg::Long("eyes") => eyes = Some(words.value()?.parse_with(four)?),
            Arg::Long("lids") => lids = Some(words.value()?.parse_with(share)?),
            Arg::Long("brow") => brow = Some(words.value()?.parse_with(share)?),
            Arg::Long("mouth") => mouth = Some(words.value()?.parse_with(|text| between(text, [0.3, 2.0]))?),
            Arg::Long("seed") => given_seed = Some(words.value()?.parse()?),
            Arg::Long("frames") => frames = Some(words.value()?.parse_with(|text| within(text, 1, 99_999))?),
            Arg::Long("rate") => {
                setup.frames_per_second = words.value()?.parse_with(|text| within(text, 1, 120))?;
            }
            Arg::Long("size") => (setup.width, setup.height) = words.value()?.parse_with(size)?,
            Arg::Long("pitch") => pitch = Some(words.value()?.parse_with(|text| between(text, [0.2, 20.0]))?),
            Arg::Long("askew") => {
                askew = Some(words.value()?.parse_with(|text| between(text, [-90.0, 90.0]))?);
            }
            Arg::Long("blur") => blur = Some(words.value()?.parse_with(|text| between(text, [0.0, 5.0]))?),
            Arg::Value(value) if free.len() < 2 => free.push(value),
            other => return Err(other.unexpected()),
        }
    }
    let [kind, input]: [OsString; 2] =
        free.try_into().map_err(|_| "KIND and a PICTURE, or a folder of FRAMES, are needed".to_owned())?;
    let (kind, input) = (kind.parse_with(presentation)?, PathBuf::from(input));
    let out = out.ok_or("missing option '--out'")?;
    let described = eyes.is_some() || lids.is_some() || brow.is_some() || mouth.is_some();
    let source = if input.is_dir() {
        if kind != Presentation::Film {
            return Err("a folder of frames is a film, and nothing else".into());
        }
        if described || frames.is_some() {
            return Err("--eyes, --lids, --brow, --mouth and --frames are for a PICTURE".into());
        }
        Source::Frames(pictures(&input).map_err(|error| format!("{}: {error}", input.display()))?)
    } else {
        let known = if described { None } else { known(&input) };
        let features = match (eyes, known) {
            (Some([ax, ay, bx, by]), _) => Features {
                left_eye: [ax, ay],
                right_eye: [bx, by],
                lids: lids.unwrap_or(LIDS),
                brow: brow.unwrap_or(BROW),
                mouth: mouth.unwrap_or(MOUTH),
            },
            (None, Some(known)) => known,
            (None, None) => return Err("where the eyes lie must be said with '--eyes'".into()),
        };
        Source::Picture(input, features)
    };
    let bare = matches!(kind, Presentation::Living | Presentation::Still | Presentation::InjectedFilm);
    setup.raster = match pitch {
        Some(_) if bare => return Err("nothing of that KIND has pixels or dots".into()),
        Some(pitch) => Some(Raster { pitch, askew: askew.unwrap_or(ASKEW), blur: blur.unwrap_or(BLUR) }),
        None if askew.is_some() || blur.is_some() => return Err("--askew and --blur need a --pitch".into()),
        None => None,
    };
    setup.seed = given_seed.unwrap_or_else(seed);
    Ok(Asked::Draw(Box::new(Drawing { source, kind, setup, frames: frames.unwrap_or(150) }), out))
}

fn presentation(word: &str) -> Result<Presentation, String> {
    let read: Result<_, serde::de::value::Error> = Presentation::deserialize(word.into_deserializer());
    read.map_err(|_| format!("'{word}' is no KIND"))
}

fn four(text: &str) -> Result<[f32; 4], String> {
    let numbers: Result<Vec<f32>, _> = text.split(',').map(str::parse).collect();
    let four: Option<[f32; 4]> = numbers.ok().and_then(|numbers| numbers.try_into().ok());
    let [ax, ay, bx, by] =
        four.filter(|four| four.iter().all(|it| it.is_finite())).ok_or("four numbers are needed: X,Y,X,Y")?;
    if bx - ax > (by - ay).abs() { Ok([ax, ay, bx, by]) } else { Err("the left eye comes first".to_owned()) }
}

fn share(text: &str) -> Result<f32, String> {
    let number = text.parse().ok().filter(|number: &f32| *number > 0.0 && *number < 1.0);
    number.ok_or_else(|| format!("'{text}' is not between 0 and 1"))
}

fn between(text: &str, [least, most]: [f32; 2]) -> Result<f32, String> {
    let number = text.parse().ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| format!("'{text}' is not within {least} to {most}"))
}

fn within(text: &str, least: u32, most: u32) -> Result<u32, String> {
    let number = text.parse().ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| format!("'{text}' is not within {least} to {most}"))
}

fn size(text: &str) -> Result<(u32, u32), String> {
    let (width, height) = text.split_once('x').ok_or("a size is WIDTHxHEIGHT")?;
    Ok((within(width, 64, 4096)?, within(height, 64, 4096)?))
}

/// Where the features lie in a picture that the `people.toml` beside it knows.
fn known(picture: &Path) -> Option<Features> {
    let people = People::load(picture.parent()?).ok()?;
    let name = picture.file_name()?.to_str()?;
    people.0.values().find(|person| person.live == name).map(|person| person.live_features)
}

/// The pictures of a folder, by name.
fn pictures(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut pictures = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        if ["jpg", "jpeg", "png"].contains(&ending.to_ascii_lowercase().as_str()) {
            pictures.push(path);
        }
    }
    pictures.sort();
    if pictures.is_empty() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "there is no JPEG or PNG picture"));
    }
    Ok(pictures)
}
