//! One or two pictures looked at, and what a kiosk would make of them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use face::{Engine, FaceConfig, Quality, Timings, read_picture};

pub fn compare(engine: &Engine, files: &[PathBuf; 2]) -> Result<ExitCode, String> {
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

pub fn quality(engine: &Engine, file: &Path) -> Result<ExitCode, String> {
    let found = engine.quality_of(&picture(file)?).map_err(|error| error.to_string())?;
    let (quality, timings) = found.ok_or("there is no face in the picture")?;
    let config = FaceConfig::documented();
    print(file, &quality, &timings, &config);
    let usable = quality.hint(&config.quality).is_none();
    Ok(if usable { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

pub fn picture(file: &Path) -> Result<face::Picture, String> {
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
        ("one-sided", q.one_sided, " of the brighter cheek", most(limits.one_sided_max)),
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

pub fn ms(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}
