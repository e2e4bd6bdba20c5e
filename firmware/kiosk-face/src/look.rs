//! One or two pictures looked at, and what a kiosk would make of them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use face::{Engine, FaceConfig, Measure, Quality, Timings, read_picture};

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

fn print(file: &Path, quality: &Quality, timings: &Timings, config: &FaceConfig) {
    println!("{}", file.display());
    for measure in quality.measures(&config.quality) {
        println!("{}", line(&measure));
    }
    for pair in quality.ofiq().chunks(2) {
        let each = pair.iter().map(|it| format!("{:28}{:4}", it.name, it.scalar));
        println!("  {}", each.collect::<Vec<_>>().join("   ").trim_end());
    }
    match quality.hint(&config.quality) {
        Some(hint) => println!("  hint: {hint:?}"),
        None => println!("  good enough to compare"),
    }
    println!(
        "  detect {}, landmarks {}, quality {}, align {}, template {}",
        ms(timings.detect),
        ms(timings.landmarks),
        ms(timings.quality),
        ms(timings.align),
        ms(timings.template)
    );
}

/// A measure, its unit, its limits, and whether it keeps them.
fn line(measure: &Measure) -> String {
    let verdict = match measure.fault() {
        Some(hint) => format!("{hint:?}"),
        None => "good".into(),
    };
    let limits = match (measure.least.is_finite(), measure.most.is_finite()) {
        (true, true) => format!("{} to {}", measure.least, measure.most),
        (true, false) => format!("at least {}", measure.least),
        (false, true) => format!("at most {}", measure.most),
        (false, false) => "no limit".into(),
    };
    format!("  {:16}{:10.3} {:24}{limits:18}{verdict}", measure.name, measure.value, measure.unit)
}

pub fn ms(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}
