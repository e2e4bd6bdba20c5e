//! RAUC over D-Bus (`de.pengutronix.rauc.Installer`). Each call makes a connection of its own: bus
//! and RAUC may go and come back between two calls.

use std::{collections::HashMap, path::Path, thread, time::Duration};

use futures_util::StreamExt as _;
use install::{Slot, UpdaterFault};
use release::Sha256Digest;
use tokio::time::{self, MissedTickBehavior};
use zbus::{Connection, OwnedVariant, Variant, connection::Builder, proxy::CacheProperties};

use crate::{
    said::{call_fault, fault, is_unknown_argument},
    updater::{Bound, Mark, Seen, Updater, index},
};

/// The longest that RAUC may take for an answer.
const ANSWER: Duration = Duration::from_mins(1);
/// The longest that RAUC may take for a bundle.
const WRITE: Duration = Duration::from_hours(2);
/// How often it is asked how far it is.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The argument that binds a bundle to its manifest.
const MANIFEST: &str = "require-manifest-hash";

#[zbus::proxy(
    interface = "de.pengutronix.rauc.Installer",
    default_service = "de.pengutronix.rauc",
    default_path = "/"
)]
trait Rauc {
    fn install_bundle(&self, source: &str, args: HashMap<&str, Variant<'_>>) -> zbus::Result<()>;
    fn mark(&self, state: &str, slot_identifier: &str) -> zbus::Result<(String, String)>;
    fn get_slot_status(&self) -> zbus::Result<Vec<(String, HashMap<String, OwnedVariant>)>>;
    fn get_primary(&self) -> zbus::Result<String>;

    #[zbus(signal)]
    fn completed(&self, result: i32) -> zbus::Result<()>;

    #[zbus(property)]
    fn operation(&self) -> zbus::Result<String>;
    #[zbus(property)]
    fn last_error(&self) -> zbus::Result<String>;
    #[zbus(property)]
    fn progress(&self) -> zbus::Result<(i32, String, i32)>;
}

/// The bus that RAUC is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bus {
    /// The machine's.
    System,
    /// Another one, as `unix:path=/run/test/bus`.
    At(String),
}

/// RAUC on a bus.
#[derive(Clone, Debug)]
pub struct Installer {
    bus: Bus,
}

impl Installer {
    /// RAUC on this bus. Nothing is asked yet.
    pub fn new(bus: Bus) -> Self {
        Self { bus }
    }

    async fn reach(&self) -> Result<RaucProxy<'static>, UpdaterFault> {
        let reached = async {
            let connection: Connection = match &self.bus {
                Bus::System => Connection::system().await?,
                Bus::At(address) => Builder::address(address.as_str()).build().await?,
            };
            RaucProxy::builder(&connection).cache_properties(CacheProperties::No).build().await
        };
        in_time(reached).await
    }

    /// Asks something on a thread of its own: the caller may be in a runtime or in none.
    fn ask<R: Send>(
        &self,
        question: impl AsyncFnOnce(RaucProxy<'static>) -> Result<R, UpdaterFault> + Send,
    ) -> Result<R, UpdaterFault> {
        let asked = || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.map_err(|error| UpdaterFault::Gone { said: error.to_string() })?;
            runtime.block_on(async { question(self.reach().await?).await })
        };
        thread::scope(|scope| match scope.spawn(asked).join() {
            Ok(answer) => answer,
            // A broken promise of our own code.
            Err(panic) => std::panic::resume_unwind(panic),
        })
    }
}

impl Updater for Installer {
    fn look(&self) -> Result<Seen, UpdaterFault> {
        self.ask(async |rauc| {
            let (pair, primary) = (pair(&rauc).await?, in_time(rauc.get_primary()).await?);
            let booted = pair.iter().position(|slot| slot.runs);
            let booted = booted.ok_or(UpdaterFault::NoSuchSlot { said: "the one that runs".to_owned() })?;
            let primary_at = pair.iter().position(|slot| slot.name == primary);
            let primary = primary_at.ok_or(UpdaterFault::NoSuchSlot { said: primary })?;
            let slot = |at| if at == 0 { Slot::A } else { Slot::B };
            let whole = [pair[0].whole, pair[1].whole];
            let names = pair.map(|slot| slot.name);
            Ok(Seen { booted: slot(booted), primary: slot(primary), names, whole })
        })
    }

    fn mark(&self, mark: Mark, slot: Slot) -> Result<(), UpdaterFault> {
        self.ask(async |rauc| {
            let [a, b] = pair(&rauc).await?;
            let name = if index(slot) == 0 { a.name } else { b.name };
            in_time(rauc.mark(mark.as_str(), &name)).await?;
            tracing::info!(slot = name, mark = mark.as_str(), "rauc");
            Ok(())
        })
    }

    async fn install(&self, bundle: &Path, manifest: Option<Sha256Digest>) -> Result<Bound, UpdaterFault> {
        let rauc = self.reach().await?;
        match time::timeout(WRITE, install(&rauc, bundle, manifest)).await {
            Ok(done) => done,
            Err(_) => Err(UpdaterFault::TooSlow { seconds: WRITE.as_secs() }),
        }
    }
}

/// A slot that can be started, as RAUC tells of it.
struct Told {
    name: String,
    runs: bool,
    whole: bool,
}

/// RAUC's two slots, in the order of the boot loader's names for them.
async fn pair(rauc: &RaucProxy<'_>) -> Result<[Told; 2], UpdaterFault> {
    let mut told: Vec<(String, Told)> = Vec::new();
    for (name, fields) in in_time(rauc.get_slot_status()).await? {
        let text = |key: &str| match fields.get(key).map(|value| &**value) {
            Some(Variant::Str(text)) => Some(text.as_str()),
            _ => None,
        };
        if let Some(boot_name) = text("bootname") {
            let (runs, whole) = (text("state") == Some("booted"), text("status") == Some("ok"));
            told.push((boot_name.to_owned(), Told { name, runs, whole }));
        }
    }
    told.sort_by(|one, other| one.0.cmp(&other.0));
    let slots: Vec<Told> = told.into_iter().map(|(_, slot)| slot).collect();
    slots.try_into().map_err(|slots: Vec<Told>| UpdaterFault::NotTwoSlots { count: slots.len() })
}

async fn install(
    rauc: &RaucProxy<'_>,
    bundle: &Path,
    manifest: Option<Sha256Digest>,
) -> Result<Bound, UpdaterFault> {
    // One of ours that was dropped may still be under way.
    let mut tick = time::interval(LOOK_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while in_time(rauc.operation()).await? != "idle" {
        tick.tick().await;
    }
    let mut completed = in_time(rauc.receive_completed()).await?;
    let mut owners = in_time(rauc.inner().receive_owner_changed()).await?;
    let bound = begin(rauc, bundle, manifest).await?;
    let mut last = None;
    loop {
        tokio::select! {
            ended = completed.next() => {
                let result = match &ended {
                    Some(signal) => signal.args().map_err(|error| call_fault(&error))?.result,
                    None => return Err(gone("the bus ended")),
                };
                if result == 0 {
                    return Ok(bound);
                }
                return Err(fault(&in_time(rauc.last_error()).await?));
            }
            owner = owners.next() => if !matches!(owner, Some(Some(_))) {
                return Err(gone("it ended midway"));
            },
            _ = tick.tick() => {
                let (percent, step, _) = in_time(rauc.progress()).await?;
                if last.as_ref() != Some(&step) {
                    tracing::info!(percent, step, "rauc");
                    last = Some(step);
                }
            }
        }
    }
}

/// Lets RAUC begin; where it does not know the manifest's hash, without that, and says so.
async fn begin(
    rauc: &RaucProxy<'_>,
    bundle: &Path,
    manifest: Option<Sha256Digest>,
) -> Result<Bound, UpdaterFault> {
    let path =
        bundle.to_str().ok_or_else(|| UpdaterFault::NotABundle { said: "no UTF-8 path".to_owned() })?;
    let Some(hash) = manifest.map(String::from) else {
        in_time(rauc.install_bundle(path, HashMap::new())).await?;
        return Ok(Bound::NoneNamed);
    };
    let named = HashMap::from([(MANIFEST, Variant::from(hash.as_str()))]);
    match time::timeout(ANSWER, rauc.install_bundle(path, named)).await {
        Err(_) => Err(UpdaterFault::TooSlow { seconds: ANSWER.as_secs() }),
        Ok(Ok(())) => Ok(Bound::Manifest),
        Ok(Err(error)) if is_unknown_argument(&error, MANIFEST) => {
            tracing::warn!(
                "this RAUC cannot hold a bundle against its manifest's hash: its file alone is bound"
            );
            in_time(rauc.install_bundle(path, HashMap::new())).await?;
            Ok(Bound::TooOld)
        }
        Ok(Err(error)) => Err(call_fault(&error)),
    }
}

async fn in_time<R>(asked: impl Future<Output = zbus::Result<R>>) -> Result<R, UpdaterFault> {
    match time::timeout(ANSWER, asked).await {
        Ok(answer) => answer.map_err(|error| call_fault(&error)),
        Err(_) => Err(UpdaterFault::TooSlow { seconds: ANSWER.as_secs() }),
    }
}

fn gone(said: &str) -> UpdaterFault {
    UpdaterFault::Gone { said: said.to_owned() }
}
