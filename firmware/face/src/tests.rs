//! The models and the whole way, on the photographs of the invented citizens.

mod disguises;
mod doctored;
mod faulty;
mod golden;
mod mounting;
mod packs;
mod patterns;
mod people;
mod portraits;
mod presentations;
mod streams;
mod tries;

use std::{path::PathBuf, sync::LazyLock};

use identity::Picture;

use crate::{Engine, read_picture};

/// Loading takes a while, so all tests share one engine.
static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::load(&models()).unwrap());

fn models() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("models")
}

fn photographs() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../simulators/people")
}

fn photograph(name: &str) -> Picture {
    read_picture(&std::fs::read(photographs().join(name)).unwrap()).unwrap()
}
