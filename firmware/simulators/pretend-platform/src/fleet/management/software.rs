//! Software modules with their artifacts, and distribution sets.

use std::{path::PathBuf, sync::Arc};

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Multipart, Path, Query as Asked, State, multipart::Field},
    http::StatusCode,
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{
    fs,
    io::{AsyncWriteExt as _, BufWriter},
};

use super::{Answer, How, Made, Page, Sees, Wish, assigned};
use crate::fleet::{
    Artifact, Content, DistributionSet, FleetRefusal, LARGEST_ARTIFACT, Metadata, ModuleId, SetId,
    SoftwareModule,
    server::Shared,
    software::{Hashing, Held},
};

pub(super) fn routes() -> Router<Arc<Shared>> {
    const MODULES: &str = "/rest/v1/softwaremodules";
    const SETS: &str = "/rest/v1/distributionsets";
    // Artifacts are larger than any body; their own limit is checked while they come.
    let files = get(artifacts).post(upload).layer(DefaultBodyLimit::disable());
    Router::new()
        .route(MODULES, get(modules).post(create_modules))
        .route(&format!("{MODULES}/{{module}}"), get(one_module))
        .route(&format!("{MODULES}/{{module}}/artifacts"), files)
        .route(&format!("{MODULES}/{{module}}/metadata"), get(metadata).post(add_metadata))
        .route(SETS, get(sets).post(create_sets))
        .route(&format!("{SETS}/{{set}}"), get(one_set))
        .route(&format!("{SETS}/{{set}}/assignedSM"), get(modules_of).post(add_modules))
        .route(&format!("{SETS}/{{set}}/assignedTargets"), post(assign))
}

fn module(module: &SoftwareModule) -> Value {
    json!({ "id": module.id, "type": module.kind, "name": module.name, "version": module.version })
}

fn artifact(artifact: &Artifact) -> Value {
    let hashes = artifact.content.hashes();
    json!({
        "id": artifact.id,
        "providedFilename": artifact.filename,
        "size": artifact.content.size(),
        "hashes": { "sha1": hashes.sha1, "md5": hashes.md5, "sha256": hashes.sha256 },
    })
}

fn set(set: &DistributionSet) -> Value {
    let modules: Vec<_> = set.modules.iter().map(|id| json!({ "id": id })).collect();
    json!({ "id": set.id, "name": set.name, "version": set.version, "modules": modules })
}

async fn modules(State(shared): Sees, Asked(page): Asked<Page>) -> Answer {
    Ok(page.of(shared.state().modules().map(module)))
}

async fn one_module(State(shared): Sees, Path(id): Path<ModuleId>) -> Answer {
    Ok(Json(module(shared.state().module(id)?)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "hawkBit's users send description and vendor; nobody here reads them")]
struct NewModule {
    r#type: String,
    name: String,
    version: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    vendor: Option<String>,
}

async fn create_modules(State(shared): Sees, Wish(new): Wish<Vec<NewModule>>) -> Made {
    let mut state = shared.state();
    let mut made = Vec::new();
    for new in new {
        let id = state.create_module(&new.r#type, &new.name, &new.version)?;
        made.push(module(state.module(id)?));
    }
    Ok((StatusCode::CREATED, Json(made.into())))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct NewMetadata {
    key: String,
    value: String,
    #[serde(default)]
    target_visible: bool,
}

fn word(metadata: &Metadata) -> Value {
    json!({ "key": metadata.key, "value": metadata.value, "targetVisible": metadata.target_visible })
}

async fn metadata(State(shared): Sees, Path(id): Path<ModuleId>, Asked(page): Asked<Page>) -> Answer {
    Ok(page.of(shared.state().module(id)?.metadata.iter().map(word)))
}

async fn add_metadata(
    State(shared): Sees,
    Path(id): Path<ModuleId>,
    Wish(new): Wish<Vec<NewMetadata>>,
) -> Made {
    let mut state = shared.state();
    for NewMetadata { key, value, target_visible } in new {
        state.add_metadata(id, Metadata { key, value, target_visible })?;
    }
    Ok((StatusCode::CREATED, Json(state.module(id)?.metadata.iter().map(word).collect())))
}

async fn artifacts(State(shared): Sees, Path(id): Path<ModuleId>) -> Answer {
    Ok(Json(shared.state().module(id)?.artifacts.iter().map(artifact).collect()))
}

/// What the uploader says of the file, in the query.
#[derive(Default, Deserialize)]
struct Said {
    filename: Option<String>,
    md5sum: Option<String>,
    sha1sum: Option<String>,
    sha256sum: Option<String>,
}

/// `multipart/form-data` with one part `file`, kept in the folder as it comes.
async fn upload(
    State(shared): Sees,
    Path(id): Path<ModuleId>,
    Asked(said): Asked<Said>,
    mut form: Multipart,
) -> Made {
    shared.state().module(id)?;
    while let Some(field) = form.next_field().await.map_err(FleetRefusal::invalid)? {
        if field.name() != Some("file") {
            continue;
        }
        let filename = said.filename.as_deref().or(field.file_name()).unwrap_or_default().to_owned();
        let path = shared.new_file();
        let kept = match keep(field, path.clone()).await {
            Ok(content) => said.check(&content).and_then(|()| {
                let mut state = shared.state();
                let new = state.add_artifact(id, &filename, content)?;
                let held = state.module(id)?.artifacts.iter().find(|held| held.id == new).map(artifact);
                Ok((StatusCode::CREATED, Json(held.unwrap_or_default())))
            }),
            Err(refusal) => Err(refusal),
        };
        if kept.is_err() {
            // It may never have been made.
            let _ = fs::remove_file(path).await;
        }
        return kept;
    }
    Err(FleetRefusal::invalid("there is no part called 'file'"))
}

async fn keep(mut field: Field<'_>, path: PathBuf) -> Result<Content, FleetRefusal> {
    let storage = |_| FleetRefusal::Storage;
    let mut file = BufWriter::new(fs::File::create_new(&path).await.map_err(storage)?);
    let mut hashing = Hashing::default();
    while let Some(piece) = field.chunk().await.map_err(FleetRefusal::invalid)? {
        hashing.take(&piece);
        if hashing.size() > LARGEST_ARTIFACT {
            return Err(FleetRefusal::Quota { of: "bytes of an artifact", limit: LARGEST_ARTIFACT as usize });
        }
        file.write_all(&piece).await.map_err(storage)?;
    }
    file.flush().await.map_err(storage)?;
    Ok(hashing.finish(Held::InFile(Arc::new(path))))
}

impl Said {
    fn check(&self, content: &Content) -> Result<(), FleetRefusal> {
        let hashes = content.hashes();
        let pairs =
            [(&self.md5sum, &hashes.md5), (&self.sha1sum, &hashes.sha1), (&self.sha256sum, &hashes.sha256)];
        let same = |(said, is): &(&Option<String>, &String)| {
            said.as_ref().is_none_or(|said| said.eq_ignore_ascii_case(is))
        };
        if pairs.iter().all(same) {
            return Ok(());
        }
        Err(FleetRefusal::invalid("the file has another hash than was said"))
    }
}

async fn sets(State(shared): Sees, Asked(page): Asked<Page>) -> Answer {
    Ok(page.of(shared.state().sets().map(set)))
}

async fn one_set(State(shared): Sees, Path(id): Path<SetId>) -> Answer {
    Ok(Json(set(shared.state().set(id)?)))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(dead_code, reason = "hawkBit's users send the other members; nobody here reads them")]
struct NewSet {
    name: String,
    version: String,
    #[serde(default)]
    modules: Vec<Numbered>,
    #[serde(default)]
    r#type: Option<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    required_migration_step: Option<bool>,
}

#[derive(Deserialize)]
struct Numbered {
    id: ModuleId,
}

fn numbers(modules: &[Numbered]) -> Vec<ModuleId> {
    modules.iter().map(|module| module.id).collect()
}

async fn create_sets(State(shared): Sees, Wish(new): Wish<Vec<NewSet>>) -> Made {
    let mut state = shared.state();
    let mut made = Vec::new();
    for new in new {
        let id = state.create_set(&new.name, &new.version, &numbers(&new.modules))?;
        made.push(set(state.set(id)?));
    }
    Ok((StatusCode::CREATED, Json(made.into())))
}

async fn modules_of(State(shared): Sees, Path(id): Path<SetId>, Asked(page): Asked<Page>) -> Answer {
    let state = shared.state();
    let modules = state.set(id)?.modules.iter();
    Ok(page.of(modules.filter_map(|id| state.module(*id).ok()).map(|held| module(held))))
}

async fn add_modules(
    State(shared): Sees,
    Path(id): Path<SetId>,
    Wish(modules): Wish<Vec<Numbered>>,
) -> Result<StatusCode, FleetRefusal> {
    shared.state().add_modules(id, &numbers(&modules)).map(|()| StatusCode::OK)
}

/// All targets or none.
async fn assign(State(shared): Sees, Path(id): Path<SetId>, Wish(targets): Wish<Vec<How<String>>>) -> Answer {
    let (mut state, now) = (shared.state(), shared.now());
    let mut checked = Vec::new();
    for how in &targets {
        state.target(&how.id)?;
        checked.push((&how.id, how.assignment(id, &state)?));
    }
    let mut new = Vec::new();
    for (controller, assignment) in checked {
        new.push(state.assign(controller, &assignment, now)?);
    }
    Ok(Json(assigned(&new)))
}
