//! Do the models give in our runtime what they give in the peers', on the same file and
//! the same input, number by number? Asked anew in every run that has the peers.

use std::{collections::BTreeMap, fs, path::Path};

use face::{Engine, decode_frame};
use serde::{Deserialize, Serialize};

use crate::{
    chip::Failure,
    stages::{answer, peer, read_frames},
};

/// No number may differ by more, absolutely.
pub const MOST: f64 = 1e-3;

/// The worst of one model beside one peer.
#[derive(Clone, Debug, Serialize)]
pub struct Difference {
    /// The model's role.
    pub model: String,
    /// Beside which runtime.
    pub runtime: String,
    /// Inputs that both were given.
    pub inputs: usize,
    /// Numbers that were compared.
    pub numbers: usize,
    /// The largest of the peer's numbers, without its sign.
    pub largest: f64,
    /// The largest difference.
    pub worst: f64,
}

#[derive(Deserialize)]
struct Version {
    version: String,
}

/// A folder with an operator's passive models, and the SHA-256 of its list.
pub type Pack<'a> = Option<(&'a Path, &'a str)>;

/// Gives every model what it is told of every frame, in our runtime and in both peers.
pub fn compare(
    models: &Path,
    pack: Pack<'_>,
    frames: &[&Path],
    out: &Path,
    python: &Path,
) -> Result<Vec<Difference>, Failure> {
    let mut engine = Engine::load(models)?;
    if let Some((folder, sha256)) = pack {
        engine = engine.with_passive_model(folder, sha256)?;
    }
    let mut found = beside_peers(&engine, models, |model| !is_passive(model), frames, out, python)?;
    if let Some((folder, _)) = pack {
        found.extend(beside_peers(&engine, folder, is_passive, frames, out, python)?);
    }
    Ok(found)
}

fn is_passive(model: &str) -> bool {
    model.starts_with("passive")
}

/// The models of one folder, by their names.
fn beside_peers(
    engine: &Engine,
    models: &Path,
    wanted: fn(&str) -> bool,
    frames: &[&Path],
    out: &Path,
    python: &Path,
) -> Result<Vec<Difference>, Failure> {
    let folder = out.join("inputs");
    _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    let ours = write_inputs(engine, wanted, frames, &folder)?;
    let mut found = Vec::new();
    for word in ["onnxruntime", "opencv"] {
        let Version { version } = answer(peer(python, &["numbers", word], models).arg(&folder))?;
        let mut worst: BTreeMap<&str, Difference> = BTreeMap::new();
        for (name, outputs) in &ours {
            let theirs = floats(&fs::read(folder.join(format!("{name}.{word}")))?);
            let model = name.split('.').next().unwrap_or_default();
            let entry = worst.entry(model).or_insert_with(|| Difference {
                model: model.to_owned(),
                runtime: version.clone(),
                inputs: 0,
                numbers: 0,
                largest: 0.0,
                worst: 0.0,
            });
            entry.add(outputs, &theirs).map_err(|reason| format!("{name}: {reason}"))?;
        }
        found.extend(worst.into_values());
    }
    // Crops of faces, and large.
    fs::remove_dir_all(&folder)?;
    Ok(found)
}

impl Difference {
    fn add(&mut self, ours: &[f32], theirs: &[f32]) -> Result<(), &'static str> {
        if ours.len() != theirs.len() {
            return Err("the runtimes give different counts of numbers");
        }
        if ours.iter().chain(theirs).any(|value| !value.is_finite()) {
            return Err("a runtime gives something that is no number");
        }
        self.inputs += 1;
        self.numbers += ours.len();
        for (own, their) in ours.iter().zip(theirs) {
            self.largest = self.largest.max(f64::from(their.abs()));
            self.worst = self.worst.max((f64::from(*own) - f64::from(*their)).abs());
        }
        Ok(())
    }
}

/// Our outputs by the names of the files that the inputs were written to.
fn write_inputs(
    engine: &Engine,
    wanted: fn(&str) -> bool,
    frames: &[&Path],
    folder: &Path,
) -> Result<BTreeMap<String, Vec<f32>>, Failure> {
    let mut outputs = BTreeMap::new();
    let frames = frames.iter().map(|folder| read_frames(folder)).collect::<Result<Vec<_>, _>>()?.concat();
    for (number, frame) in frames.into_iter().enumerate() {
        let inputs = engine.model_inputs(&decode_frame(&frame)?)?;
        for input in inputs.into_iter().filter(|input| wanted(input.model())) {
            let name = format!("{}.{number}.{}x{}", input.model(), input.width, input.height);
            let bytes: Vec<u8> = input.values.iter().flat_map(|value| value.to_le_bytes()).collect();
            fs::write(folder.join(format!("{name}.in")), bytes)?;
            outputs.insert(name, engine.run_model(&input)?);
        }
    }
    Ok(outputs)
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks().0.iter().map(|four| f32::from_le_bytes(*four)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_difference_is_found_and_nonsense_is_refused() {
        let mut found = Difference {
            model: "detector".to_owned(),
            runtime: "a peer".to_owned(),
            inputs: 0,
            numbers: 0,
            largest: 0.0,
            worst: 0.0,
        };
        found.add(&[1.0, -4.0], &[1.5, -4.25]).unwrap();
        found.add(&[2.0], &[2.0]).unwrap();
        assert_eq!((found.inputs, found.numbers), (2, 3));
        assert!((found.worst - 0.5).abs() < 1e-9 && (found.largest - 4.25).abs() < 1e-9);
        assert!(found.add(&[1.0], &[1.0, 2.0]).is_err());
        assert!(found.add(&[f32::NAN], &[1.0]).is_err());
    }
}
