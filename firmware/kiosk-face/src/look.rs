//! `kiosk-face`: compares faces and measures pictures, for people who tune and test.
//! It prints measures and scores, never a template; it decides nothing for a kiosk.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use face::{Engine, FaceConfig, Quality, Timings, read_picture};

const USAGE: &str = "usage: kiosk-face compare PICTURE PICTURE [--models DIR]
       kiosk-face quality PICTURE [--models DIR]
Pictures are JPEG or JPEG 2000 files.";

/// Where the models are, in this order, unless `--models` says it.
const MODEL_FOLDERS: [&str; 2] = ["firmware/face/models", "/usr/share/mot-cham/face-models"];

enum Task {
    Help,
    Compare([PathBuf; 2]),
    Quality(PathBuf),
}

struct Order {
    task: Task,
    models: PathBuf,
}

fn main() -> ExitCode {
    let order = match order(env::args_os().skip(1)) {
        Ok(order) => order,
        Err(reason) => {
            eprintln!("kiosk-face: {reason}; try kiosk-face --help");
            return ExitCode::from(2);
        }
    };
    match carry_out(&order) {
        Ok(code) => code,
        Err(reason) => {
            eprintln!("kiosk-face: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn order(arguments: impl Iterator<Item = std::ffi::OsString>) -> Result<Order, String> {
    use lexopt::prelude::*;
    let mut parser = lexopt::Parser::from_args(arguments);
    let (mut words, mut models) = (Vec::new(), None);
    while let Some(argument) = parser.next().map_err(|error| error.to_string())? {
        match argument {
            Long("models") => models = Some(parser.value().map_err(|error| error.to_string())?.into()),
            Long("help") | Short('h') => words.insert(0, "help".into()),
            Value(word) => words.push(word),
            other => return Err(other.unexpected().to_string()),
        }
    }
    let mut words = words.into_iter();
    let verb = words.next().ok_or("no command given")?;
    let files: Vec<PathBuf> = words.map(PathBuf::from).collect();
    let task = match (verb.to_str(), files.as_slice()) {
        (Some("help"), _) => Task::Help,
        (Some("compare"), [one, other]) => Task::Compare([one.clone(), other.clone()]),
        (Some("compare"), _) => return Err("compare takes two pictures".into()),
        (Some("quality"), [one]) => Task::Quality(one.clone()),
        (Some("quality"), _) => return Err("quality takes one picture".into()),
        _ => return Err(format!("unknown command '{}'", verb.display())),
    };
    Ok(Order { task, models: models.unwrap_or_else(default_models) })
}

fn default_models() -> PathBuf {
    let found = MODEL_FOLDERS.iter().find(|folder| Path::new(folder).join("manifest.toml").is_file());
    PathBuf::from(found.unwrap_or(&MODEL_FOLDERS[1]))
}

fn carry_out(order: &Order) -> Result<ExitCode, String> {
    if matches!(order.task, Task::Help) {
        println!("{USAGE}");
        return Ok(ExitCode::SUCCESS);
    }
    let began = Instant::now();
    let engine = Engine::load(&order.models).map_err(|error| format!("{}: {error}", error.fault().code()))?;
    println!("models loaded in {}", ms(began.elapsed()));
    match &order.task {
        Task::Help => Ok(ExitCode::SUCCESS),
        Task::Compare(files) => compare(&engine, files),
        Task::Quality(file) => quality(&engine, file),
    }
}

fn compare(engine: &Engine, files: &[PathBuf; 2]) -> Result<ExitCode, String> {
    let config = FaceConfig::documented();
    let [one, other] = [picture(&files[0])?, picture(&files[1])?];
    let Some(result) = engine.compare(&one, &other).map_err(|error| error.to_string())? else {
        return Err("there is no face in one of the pictures".into());
    };
    for (file, (quality, timings)) in files.iter().zip(result.quality.iter().zip(&result.timings)) {
        print(file, quality, timings, &config);
    }
    let score = f32::from(result.score.ten_thousandths()) / 10_000.0;
    let (verdict, code) = if score >= config.accept {
        ("the same person", ExitCode::SUCCESS)
    } else if score >= config.grey {
        ("uncertain: more frames would be looked at, then no match", ExitCode::FAILURE)
    } else {
        ("not the same person", ExitCode::FAILURE)
    };
    println!("score {score:.4} (accept from {}, uncertain from {}): {verdict}", config.accept, config.grey);
    println!("liveness: not assessed");
    Ok(code)
}

fn quality(engine: &Engine, file: &Path) -> Result<ExitCode, String> {
    let found = engine.quality_of(&picture(file)?).map_err(|error| error.to_string())?;
    let (quality, timings) = found.ok_or("there is no face in the picture")?;
    let config = FaceConfig::documented();
    print(file, &quality, &timings, &config);
    let usable = quality.hint(&config.quality).is_none();
    Ok(if usable { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn picture(file: &Path) -> Result<face::Picture, String> {
    let bytes = fs::read(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    read_picture(&bytes).map_err(|error| format!("{}: {error}", file.display()))
}

fn print(file: &Path, q: &Quality, timings: &Timings, config: &FaceConfig) {
    let limits = &config.quality;
    let most = |max: f32| format!("at most {max}");
    let least = |min: f32| format!("at least {min}");
    println!("{}", file.display());
    let rows = [
        ("certainty", q.certainty, "", least(limits.face_certainty_min)),
        ("second face", q.second_face, " of the first's area", most(limits.second_face_max)),
        ("eye distance", q.eye_distance, " px", least(limits.eye_distance_min)),
        (
            "face height",
            q.face_height,
            " of the picture",
            format!("{} to {}", limits.face_height_min, limits.face_height_max),
        ),
        ("right of centre", q.right_of_centre, " of the height", most(limits.off_centre_max)),
        ("below centre", q.below_centre, " of the height", most(limits.off_centre_max * 1.5)),
        ("yaw", q.yaw, " degrees", most(limits.yaw_max)),
        ("pitch", q.pitch, " degrees", most(limits.pitch_max)),
        ("roll", q.roll, " degrees", most(limits.roll_max)),
        ("brightness", q.brightness, "", format!("{} to {}", limits.brightness_min, limits.brightness_max)),
        ("black", q.black, " of the face", most(limits.black_max)),
        ("white", q.white, " of the face", most(limits.white_max)),
        ("sharpness", q.sharpness, "", least(limits.sharpness_min)),
        ("eye opening", q.eye_opening, " of eyes to chin", least(limits.eye_opening_min)),
        ("mouth opening", q.mouth_opening, " of eyes to chin", most(limits.mouth_opening_max)),
        ("presence", q.presence, "", least(0.5)),
    ];
    for (name, value, unit, limit) in rows {
        println!("  {name:16} {value:8.3}{unit}  ({limit})");
    }
    match q.hint(limits) {
        Some(hint) => println!("  hint: {hint:?}"),
        None => println!("  good enough to compare"),
    }
    println!(
        "  detect {}, landmarks {}, align {}, template {}",
        ms(timings.detect),
        ms(timings.landmarks),
        ms(timings.align),
        ms(timings.template)
    );
}

fn ms(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}
