//! Puts the parts together.

use std::{fs, io, path::PathBuf};

use faults::chain;
use install::{InstallError, SlotFolder};
use tokio::time::Instant;
use tuf::clock::TrustedClock;

use super::{Daemon, commands::Commands, configure::Configure, hold::Hold, jobs::Jobs, slots::Facts};
use crate::{
    ddi::{Controller, Pace},
    eyes::{Eyes, Place},
    http::{self, HttpError},
    kept::{KeepError, Keeper},
    machine,
    repository::{Repository, RepositoryError},
    settings::Settings,
    stick::{AtTheMachine, Desk},
};

/// Why the daemon does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The way to the servers.
    #[error("[tls]")]
    Http(#[from] HttpError),
    /// The root metadata of the machine.
    #[error("cannot read {}", path.display())]
    Root {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// What is remembered of the repository.
    #[error("[repository]")]
    Repository(#[from] RepositoryError),
    /// What is remembered of updates.
    #[error("[files] state")]
    Keep(#[from] KeepError),
    /// The slots.
    #[error("[files] slots")]
    Slots(#[from] InstallError),
}

/// A daemon, ready to run.
pub fn start(settings: Settings) -> Result<Daemon, StartError> {
    let http = http::client(&settings.tls)?;
    let controller = Controller::new(http.clone(), settings.account.clone());
    let root = &settings.repository.root;
    let root = fs::read(root).map_err(|source| StartError::Root { path: root.clone(), source })?;
    let folder = settings.files.state.join("repository");
    let eyes = eyes(&settings, http.clone());
    let repository = Repository::open(&folder, &settings.repository, http, &root)?;
    let (keeper, kept) = Keeper::open(&settings.files.state)?;
    let place = SlotFolder::new(&settings.files.slots);
    let slots = settings.install.open(&place, kept.floor)?;
    let facts = Facts {
        id: settings.account.controller().to_owned(),
        hardware: settings.hardware.clone(),
        kind: settings.install.kind(),
    };
    let pace = Pace::new(settings.poll_every);
    let upkeep = upkeep::Folder::new(&settings.files.upkeep);
    let configure = Configure::open(&settings, &upkeep)?;
    let commands = Commands::open(&settings.files.state, &upkeep)?;
    let log = settings.files.state.join("audit.log");
    let stick = settings.stick.clone().map(|part| {
        let technician = AtTheMachine::new(part.badges.clone(), facts.id.clone(), upkeep.clone());
        Desk::new(part, &log, technician, upkeep.clone(), machine::clocks().system)
    });
    Ok(Daemon {
        commands,
        clock: TrustedClock::new(machine::BUILT, kept.clock),
        hold: Hold::new(&upkeep),
        upkeep,
        configure,
        stick,
        jobs: Jobs::new(repository, slots, controller, facts),
        poll_at: Instant::now() + pace.after_start(machine::chance()),
        report_at: Instant::now(),
        report_pace: Pace::default(),
        pace,
        ticked: Instant::now(),
        settings,
        keeper,
        kept,
        eyes,
    })
}

/// Updates go on where nothing can be measured.
fn eyes(settings: &Settings, http: reqwest::Client) -> Option<Eyes> {
    let push = settings.metrics.as_ref()?;
    let kiosk = settings.account.controller().parse().expect("an account's name is a kiosk's name");
    let files = &settings.files;
    let place = Place { state: &files.state, upkeep: &files.upkeep, slots: &files.slots };
    match Eyes::open(push, kiosk, &place, http) {
        Ok(eyes) => Some(eyes),
        Err(error) => {
            tracing::error!(error = chain(&error), "[metrics]");
            None
        }
    }
}
