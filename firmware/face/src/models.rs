//! The model files of a folder, each checked against `manifest.toml` before it is
//! run, and the runtime that runs them. The runtime is named in this file only.
//!
//! A model is data from outside: it is loaded only if its SHA-256 is the one that
//! was installed, and what it gives out is checked for shape before it is read.

use std::{
    fs,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::Arc,
};

use rten::{Model, NodeId, RunOptions, ThreadPool};
use rten_tensor::NdTensorView;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::FaceError;

/// Threads that a model may use in a kiosk. The screen needs the rest of a Raspberry Pi.
pub(crate) const THREADS: NonZeroUsize = NonZeroUsize::new(2).unwrap();

/// What a model is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Role {
    /// Finds faces and five points in each.
    Detector,
    /// Makes a template of an aligned face.
    Recogniser,
    /// Finds 478 points in a face.
    Landmarks,
    /// Tells a living face from a picture by what is near it; only in an operator's pack.
    PassiveNear,
    /// The same by what is further around it.
    PassiveWide,
}

impl Role {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Detector => "detector",
            Self::Recogniser => "recogniser",
            Self::Landmarks => "landmarks",
            Self::PassiveNear => "passive-near",
            Self::PassiveWide => "passive-wide",
        }
    }
}

/// The list of models in a folder.
pub(crate) struct Manifest {
    path: PathBuf,
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listing {
    model: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Entry {
    role: Role,
    file: String,
    sha256: String,
    outputs: Vec<String>,
    // For people, and for the licence report; the engine does not act on them.
    #[serde(rename = "title")]
    _title: String,
    #[serde(rename = "source")]
    _source: String,
    #[serde(rename = "licence")]
    _licence: String,
    #[serde(rename = "licence-file")]
    _licence_file: String,
    #[serde(rename = "input")]
    _input: String,
    #[serde(rename = "output")]
    _output: String,
}

impl Manifest {
    pub(crate) fn read(folder: &Path) -> Result<Self, FaceError> {
        let path = folder.join("manifest.toml");
        let text = fs::read_to_string(&path)
            .map_err(|source| FaceError::ModelUnreadable { path: path.clone(), source })?;
        Self::parse(path, &text)
    }

    /// The list of a folder that somebody else made: it must be the very one that was meant.
    pub(crate) fn read_pinned(folder: &Path, sha256: &str) -> Result<Self, FaceError> {
        let path = folder.join("manifest.toml");
        let text = fs::read_to_string(&path)
            .map_err(|source| FaceError::ModelUnreadable { path: path.clone(), source })?;
        let found = hex::encode(Sha256::digest(&text));
        if found != sha256 {
            return Err(FaceError::ModelAltered { path, found });
        }
        Self::parse(path, &text)
    }

    fn parse(path: PathBuf, text: &str) -> Result<Self, FaceError> {
        let listing: Listing = toml::from_str(text).map_err(|error| FaceError::Manifest {
            path: path.clone(),
            reason: error.message().to_owned(),
        })?;
        Ok(Self { path, entries: listing.model })
    }

    /// Loads the one model of a role.
    pub(crate) fn load(&self, role: Role, threads: &Arc<ThreadPool>) -> Result<Net, FaceError> {
        let mut matching = self.entries.iter().filter(|entry| entry.role == role);
        let (Some(entry), None) = (matching.next(), matching.next()) else {
            let reason = format!("it must list exactly one {}", role.name());
            return Err(FaceError::Manifest { path: self.path.clone(), reason });
        };
        let path = self.path.with_file_name(&entry.file);
        let bytes =
            fs::read(&path).map_err(|source| FaceError::ModelUnreadable { path: path.clone(), source })?;
        let found = hex::encode(Sha256::digest(&bytes));
        if found != entry.sha256 {
            return Err(FaceError::ModelAltered { path, found });
        }
        Net::new(role.name(), bytes, entry, Arc::clone(threads))
    }
}

/// The threads that all models share.
pub(crate) fn threads(count: NonZeroUsize) -> Arc<ThreadPool> {
    Arc::new(ThreadPool::with_num_threads(count.get()))
}

/// One model with one input and named outputs.
pub(crate) struct Net {
    name: &'static str,
    sha256: String,
    model: Model,
    input: NodeId,
    outputs: Vec<NodeId>,
    threads: Arc<ThreadPool>,
}

impl Net {
    fn new(
        name: &'static str,
        bytes: Vec<u8>,
        entry: &Entry,
        threads: Arc<ThreadPool>,
    ) -> Result<Self, FaceError> {
        let unusable = |source| FaceError::ModelUnusable { model: name, source: Some(Box::new(source)) };
        let model = Model::load(bytes)
            .map_err(|error| FaceError::ModelUnusable { model: name, source: Some(Box::new(error)) })?;
        let &[input] = model.input_ids() else {
            return Err(FaceError::ModelUnusable { model: name, source: None });
        };
        let outputs = entry.outputs.iter().map(|output| model.node_id(output)).collect::<Result<_, _>>();
        let outputs = outputs.map_err(unusable)?;
        Ok(Self { name, sha256: entry.sha256.clone(), model, input, outputs, threads })
    }

    pub(crate) fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Runs the model on one picture of three planes and gives its outputs in the
    /// order of the list. They are personal, so they are wiped on drop.
    pub(crate) fn run(
        &self,
        planes: &[f32],
        width: usize,
        height: usize,
    ) -> Result<Vec<Zeroizing<Vec<f32>>>, FaceError> {
        let input = NdTensorView::from_data([1, 3, height, width], planes);
        let mut options = RunOptions::default();
        options.thread_pool = Some(Arc::clone(&self.threads));
        self.model
            .run(vec![(self.input, input.into())], &self.outputs, Some(options))
            .map_err(|error| self.unusable(Some(Box::new(error))))?
            .into_iter()
            .map(|value| {
                let tensor = value.into_tensor::<f32>().ok_or_else(|| self.unusable(None))?;
                Ok(Zeroizing::new(tensor.into_data()))
            })
            .collect()
    }

    /// The model gave something else than its contract says.
    pub(crate) fn unusable(&self, source: Option<Box<dyn std::error::Error + Send + Sync>>) -> FaceError {
        FaceError::ModelUnusable { model: self.name, source }
    }
}
