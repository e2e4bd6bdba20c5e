//! What takes long, beside the loop. At most one job of a kind is under way; what fails and may
//! go on later is left alone for a while.

use std::{collections::BTreeMap, io, num::NonZeroU8, process::Stdio, sync::Arc, time::Duration};

use faults::chain;
use getrandom::{SysRng, rand_core::UnwrapErr};
use install::{InstallBackend as _, InstallError, Status, boot::Refused};
use jiff::Timestamp;
use stick::logs::{LogsError, carry_out};
use tokio::{
    process::Command,
    sync::{Mutex, mpsc},
    task::{self, AbortHandle},
    time::{self, Instant},
};
use tuf::{ClientError, Refreshed};

use super::{
    backend::Backend,
    slots::{self, Facts},
};
use crate::{
    commands, configuration,
    ddi::{Controller, DdiError, Failure, Pace, Polled},
    machine,
    repository::{Found, Repository, Source},
    stick::{Came, Installed, LogsPart, StickPart, Wanted},
    update::{self, ActionId, Approved, Event, Glance, NotActivated, NotAllowed, Order, Report},
};

/// Kinds of jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Asking the repository.
    Ask,
    /// Writing the spare slot.
    Fetch,
    /// Rehearsing a visit.
    Rehearse,
    /// Changing which slot is started.
    Change,
    /// Asking the fleet server what it wants.
    Poll,
    /// Telling it how things are.
    Report,
    /// Bringing the repository's metadata up to date.
    Refresh,
    /// Telling it what this kiosk is, and whether something may be installed.
    Answer,
    /// Looking settings up in the repository.
    Gather,
    /// Checking settings, and putting them in force.
    Settle,
    /// Carrying out a command.
    Command,
    /// Looking at sticks, and reading them.
    Stick,
    /// Carrying logs out.
    Logs,
    /// Telling the fleet server what was installed without it.
    Installed,
}

/// What came of a job.
pub struct Done {
    kind: Kind,
    number: u64,
    /// What it came to.
    pub came_to: CameTo,
}

/// What a job came to.
pub enum CameTo {
    /// An event of the update, and what metadata said on the way.
    Event(Box<Event>, Option<Refreshed>),
    /// An event of a command.
    Command(Box<commands::Event>),
    /// What the fleet server wants.
    Polled(Result<Polled, DdiError>),
    /// Whether it took this report.
    Reported(Box<Report>, Result<(), DdiError>),
    /// What metadata say now.
    Looked(Result<Refreshed, ClientError>),
    /// An event of settings, and what metadata said on the way.
    Settings(Box<configuration::Event>, Option<Refreshed>),
    /// Whether the fleet server took what this kiosk says of its settings.
    Told(String, bool),
    /// What came of a stick.
    Stick(Box<Came>),
    /// Nothing that changes anything.
    Said,
}

/// The jobs.
pub struct Jobs {
    parts: Parts,
    under_way: BTreeMap<Kind, (u64, AbortHandle)>,
    /// After a failure.
    pauses: BTreeMap<Kind, (Pace, Instant)>,
    newest: u64,
    tell: mpsc::UnboundedSender<Done>,
    heard: mpsc::UnboundedReceiver<Done>,
}

/// What jobs work with.
#[derive(Clone)]
pub(super) struct Parts {
    pub(super) repository: Arc<Mutex<Repository>>,
    pub(super) slots: Arc<Mutex<Backend>>,
    facts: Facts,
    controller: Arc<Mutex<Controller>>,
}

/// The longest that a rehearsed visit may take.
const REHEARSAL: Duration = Duration::from_mins(5);
/// The longest that starting the programs may take.
pub(super) const RESTART: Duration = Duration::from_mins(2);

/// The longest value of an attribute, in characters.
const MOST_ATTRIBUTE: usize = 128;

impl Jobs {
    /// No job is under way.
    pub fn new(repository: Repository, slots: Backend, controller: Controller, facts: Facts) -> Self {
        let (tell, heard) = mpsc::unbounded_channel();
        let parts = Parts {
            repository: Arc::new(Mutex::new(repository)),
            slots: Arc::new(Mutex::new(slots)),
            facts,
            controller: Arc::new(Mutex::new(controller)),
        };
        Self { parts, under_way: BTreeMap::new(), pauses: BTreeMap::new(), newest: 0, tell, heard }
    }

    /// What came of the next job that ends. Never ends while there is none.
    pub async fn next(&mut self) -> Done {
        loop {
            let done = self.heard.recv().await.expect("we hold the other end");
            // A job that was stopped may have ended in the same moment.
            let is_newest = self.under_way.get(&done.kind).is_some_and(|(number, _)| *number == done.number);
            if !is_newest {
                continue;
            }
            self.under_way.remove(&done.kind);
            if matches!(&done.came_to, CameTo::Event(event, _) if matches!(**event, Event::NotNow(_))) {
                let (pace, until) =
                    self.pauses.entry(done.kind).or_insert_with(|| (Pace::default(), Instant::now()));
                *until = Instant::now() + pace.after_failure(Failure::Trouble, machine::chance());
            } else {
                self.pauses.remove(&done.kind);
            }
            return done;
        }
    }

    /// Ends a job of this kind, if there is one.
    pub fn stop(&mut self, kind: Kind) {
        if let Some((_, job)) = self.under_way.remove(&kind) {
            job.abort();
        }
        self.pauses.remove(&kind);
    }

    /// Asks the repository about a target.
    pub fn ask(&mut self, target: String, source: Source, now: Timestamp) {
        self.begin(Kind::Ask, move |parts| async move {
            match parts.resolve(&target, source, now).await {
                Ok((refreshed, resolved)) => {
                    let resolved = resolved.map(|(approved, _)| Box::new(approved));
                    (Event::Resolved(resolved), Some(refreshed))
                }
                Err(error) => (Event::NotNow(format!("repository: {}", chain(&error))), None),
            }
        });
    }

    /// Brings the repository's metadata up to date.
    pub fn refresh(&mut self, now: Timestamp) {
        self.begin_job(Kind::Refresh, |parts| async move {
            CameTo::Looked(parts.repository.lock().await.refresh(now).await)
        });
    }

    /// Writes a release into the spare slot. What is signed of it is looked up once more.
    pub fn fetch(&mut self, release: Approved, source: Source, now: Timestamp) {
        self.begin(Kind::Fetch, move |parts| async move {
            let found = match parts.repository.lock().await.look_up(&release.target, source, now).await {
                Ok((_, Ok(found))) => found,
                Ok((_, Err(why))) => return (Event::Written(Err(why.to_string())), None),
                Err(error) => return (Event::NotNow(format!("repository: {}", chain(&error))), None),
            };
            (parts.write(&release, found).await, None)
        });
    }

    /// Rehearses a visit with what lies in the spare slot.
    pub fn rehearse(&mut self, command: Option<Vec<String>>) {
        self.begin(Kind::Rehearse, |parts| async move {
            let Some(command) = command else { return (Event::NotRehearsed, None) };
            let image = match parts.slots.lock().await.spare_image() {
                Ok(image) => image,
                Err(error) => return (Event::NotNow(chain(&error)), None),
            };
            let variables = image.iter().map(|image| ("KIOSK_IMAGE", image.as_os_str()));
            let variables: Vec<_> = variables.collect();
            (Event::Rehearsed(run(&command, REHEARSAL, &variables).await), None)
        });
    }

    /// Puts what lies in the spare slot on trial, and starts it.
    pub fn activate(&mut self, release: Approved, tries: NonZeroU8, restart: Vec<String>) {
        self.begin(Kind::Change, |parts| async move {
            let tried = slots::try_out(&mut *parts.slots.lock().await, &release, tries);
            let activated = match tried {
                Ok(()) => parts.restart(&restart).await.map_err(NotActivated::Failed),
                Err(why) => Err(why),
            };
            (Event::Activated(activated), None)
        });
    }

    /// Makes what is on trial good.
    pub fn commit(&mut self, release: Approved) {
        self.begin(Kind::Change, |parts| async move {
            match slots::commit(&mut *parts.slots.lock().await, &release) {
                Ok(()) => (Event::Committed, None),
                Err(error) => (Event::NotNow(chain(&error)), None),
            }
        });
    }

    /// Goes back to what was good, and starts it.
    pub fn roll_back(&mut self, release: Approved, why: String, restart: Vec<String>) {
        self.begin(Kind::Change, |parts| async move {
            match slots::roll_back(&mut *parts.slots.lock().await, &release, &why) {
                Ok(()) => {}
                Err(error @ InstallError::Refused(Refused::Stuck { .. })) => {
                    return (Event::RolledBack(Err(chain(&error))), None);
                }
                Err(error) => return (Event::NotNow(chain(&error)), None),
            }
            match parts.restart(&restart).await {
                Ok(()) => (Event::RolledBack(Ok(())), None),
                Err(why) => (Event::NotNow(why), None),
            }
        });
    }

    /// Puts a release on the list of those that failed.
    pub fn refuse(&mut self, release: Approved, why: String) {
        self.begin(Kind::Change, |parts| async move {
            match parts.slots.lock().await.refuse(&slots::content(&release), &why) {
                Ok(()) => (Event::Refused, None),
                Err(error) => (Event::NotNow(chain(&error)), None),
            }
        });
    }

    /// What decides about a trial; `None`: the slots cannot be read at the moment.
    pub fn glance(&self) -> Option<Glance> {
        self.slots().map(|status| slots::glance(&status))
    }

    /// What is in the slots; `None`: they cannot be read at the moment.
    pub fn slots(&self) -> Option<Status> {
        let status = self.parts.slots.try_lock().ok()?.status();
        let error = match status {
            Ok(status) => return Some(status),
            Err(error) => error,
        };
        tracing::error!(error = chain(&error), "slots");
        None
    }

    /// Asks the fleet server what it wants.
    pub fn poll(&mut self) {
        self.begin_job(Kind::Poll, |parts| async move {
            CameTo::Polled(parts.controller.lock().await.poll().await)
        });
    }

    /// Sends a report.
    pub fn report(&mut self, report: Report) {
        self.begin_job(Kind::Report, |parts| async move {
            let sent = parts.controller.lock().await.report(&report).await;
            CameTo::Reported(Box::new(report), sent)
        });
    }

    /// Something about settings.
    pub fn settings<F>(&mut self, kind: Kind, job: impl FnOnce(Arc<Mutex<Repository>>) -> F)
    where
        F: Future<Output = (configuration::Event, Option<Refreshed>)> + Send + 'static,
    {
        self.begin_job(kind, |parts| {
            let job = job(parts.repository);
            async move {
                let (event, refreshed) = job.await;
                CameTo::Settings(Box::new(event), refreshed)
            }
        });
    }

    /// Says that the settings which an action asks for may be looked up here.
    pub fn consent_to_settings(&mut self, action: ActionId) {
        self.begin_job(Kind::Answer, |parts| async move {
            said("consent", parts.controller.lock().await.consent(action, Ok(())).await)
        });
    }

    /// Tells the fleet server what this kiosk is.
    pub fn tell_attributes(&mut self, settings: String) {
        self.begin_job(Kind::Answer, |parts| async move {
            let slots = parts.slots.lock().await.status();
            let slots = slots.map_or_else(|error| chain(&error), |status| status.line);
            let attributes = BTreeMap::from([
                ("hardware".to_owned(), parts.facts.hardware.as_str().to_owned()),
                ("fleetd".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
                ("slots".to_owned(), slots),
                ("configuration".to_owned(), fitting(&settings)),
            ]);
            let told = parts.controller.lock().await.tell_attributes(&attributes).await;
            let took = told.is_ok();
            said("attributes", told);
            CameTo::Told(settings, took)
        });
    }

    /// Answers whether something may be installed here.
    pub fn consent(&mut self, order: Order, now: Timestamp) {
        self.begin_job(Kind::Answer, |parts| async move {
            match parts.resolve(&order.target, Source::Network, now).await {
                Ok((_, resolved)) => {
                    let answer = resolved.as_ref().map(|_| ());
                    said("consent", parts.controller.lock().await.consent(order.action, answer).await)
                }
                Err(error) => {
                    tracing::warn!(error = chain(&error), "consent");
                    CameTo::Said
                }
            }
        });
    }

    /// Carries out a command.
    pub fn command(&mut self, job: impl Future<Output = commands::Event> + Send + 'static) {
        self.begin_job(Kind::Command, |_| async move { CameTo::Command(Box::new(job.await)) });
    }

    /// What does not change of this kiosk.
    pub fn facts(&self) -> &Facts {
        &self.parts.facts
    }

    /// Looks whether sticks are in.
    pub fn look_at_sticks(&mut self, part: &StickPart) {
        let update = part.path.clone();
        let logs = part.logs.as_ref().map(|logs| logs.path.clone());
        self.begin_stick(Kind::Stick, |_| async move {
            let look = move || Came::Looked {
                update: stick::is_there(&update),
                logs: logs.is_some_and(|logs| stick::logs::wants_logs(&logs)),
            };
            // A thread that broke down has seen nothing.
            task::spawn_blocking(look).await.unwrap_or(Came::Looked { update: false, logs: false })
        });
    }

    /// Reads a stick. Whether that has begun.
    pub fn read_stick(&mut self, wanted: Wanted) -> bool {
        self.begin_stick(Kind::Stick, |parts| async move {
            let memory = match parts.repository.lock().await.memory() {
                Ok(memory) => memory,
                Err(error) => return Came::Read(Err(error.into())),
            };
            let status = match parts.slots.lock().await.status() {
                Ok(status) => status,
                Err(error) => return Came::Read(Err(error.into())),
            };
            Came::Read(wanted.read(&parts.facts, memory, &status).await)
        })
    }

    /// Carries logs out. Whether that has begun.
    pub fn carry_logs(&mut self, part: LogsPart, clock: Timestamp) -> bool {
        self.begin_stick(Kind::Logs, |parts| async move {
            let device = parts.facts.id.clone();
            let carry = move || {
                let (whose, mut chance) = ((device.as_str(), clock), UnwrapErr(SysRng));
                let carried = carry_out(&part.path, &part.files, part.most, whose, &part.key, &mut chance);
                Came::Carried(carried)
            };
            let broken =
                |error| LogsError::Stick { name: "logs".to_owned(), source: io::Error::other(error) };
            task::spawn_blocking(carry).await.unwrap_or_else(|error| Came::Carried(Err(broken(error))))
        })
    }

    /// Tells the fleet server what was installed without it.
    pub fn tell_installed(&mut self, installed: Installed) {
        self.begin_stick(Kind::Installed, |parts| async move {
            let controller = parts.controller.lock().await;
            let told = controller.tell_installed(&installed.name, &installed.version).await;
            Came::Told(installed, told)
        });
    }

    fn begin_stick<F>(&mut self, kind: Kind, job: impl FnOnce(Parts) -> F) -> bool
    where
        F: Future<Output = Came> + Send + 'static,
    {
        if self.under_way.contains_key(&kind) {
            return false;
        }
        self.begin_job(kind, |parts| {
            let job = job(parts);
            async move { CameTo::Stick(Box::new(job.await)) }
        });
        self.under_way.contains_key(&kind)
    }

    fn begin<F>(&mut self, kind: Kind, job: impl FnOnce(Parts) -> F)
    where
        F: Future<Output = (Event, Option<Refreshed>)> + Send + 'static,
    {
        self.begin_job(kind, |parts| {
            let job = job(parts);
            async move {
                let (event, refreshed) = job.await;
                CameTo::Event(Box::new(event), refreshed)
            }
        });
    }

    fn begin_job<F>(&mut self, kind: Kind, job: impl FnOnce(Parts) -> F)
    where
        F: Future<Output = CameTo> + Send + 'static,
    {
        let waits = self.pauses.get(&kind).is_some_and(|(_, until)| Instant::now() < *until);
        if waits || self.under_way.contains_key(&kind) {
            return;
        }
        self.newest += 1;
        let (number, tell) = (self.newest, self.tell.clone());
        let job = job(self.parts.clone());
        let task = tokio::spawn(async move {
            let came_to = job.await;
            // The loop that listens may have ended.
            _ = tell.send(Done { kind, number, came_to });
        });
        self.under_way.insert(kind, (number, task.abort_handle()));
    }
}

impl Parts {
    /// Starts what the slots say, unless that was done.
    async fn restart(&self, command: &[String]) -> Result<(), String> {
        // The slots are not held while the command runs, which may take minutes.
        let wanted = self.slots.lock().await.wants_restart();
        match wanted {
            Ok(true) => run(command, RESTART, &[]).await,
            Ok(false) => Ok(()),
            Err(error) => Err(chain(&error)),
        }
    }

    async fn resolve(
        &self,
        target: &str,
        source: Source,
        now: Timestamp,
    ) -> Result<(Refreshed, Result<(Approved, Found), NotAllowed>), ClientError> {
        let mut repository = self.repository.lock().await;
        let (refreshed, found) = repository.look_up(target, source, now).await?;
        let Ok(status) = self.slots.lock().await.status() else {
            return Ok((refreshed, Err(NotAllowed::SlotsUnreadable)));
        };
        let back_to = match &status.good {
            Some(good) => repository.least(good).await?,
            None => None,
        };
        let resolved = found.and_then(|found| {
            let kiosk = slots::kiosk(&self.facts, &status, back_to);
            Ok((update::allow(&found.target, &kiosk)?, found))
        });
        Ok((refreshed, resolved))
    }
}

/// As much of a line as an attribute may have (hawkBit: 128 characters).
fn fitting(line: &str) -> String {
    if line.chars().count() <= MOST_ATTRIBUTE {
        return line.to_owned();
    }
    line.chars().take(MOST_ATTRIBUTE - 1).chain(['…']).collect()
}

fn said(what: &str, said: Result<(), DdiError>) -> CameTo {
    if let Err(error) = said {
        tracing::warn!(error = chain(&error), what, "not said");
    }
    CameTo::Said
}

/// Runs a command; what it says last is why it failed.
pub(super) async fn run(
    command: &[String],
    limit: Duration,
    variables: &[(&str, &std::ffi::OsStr)],
) -> Result<(), String> {
    let [program, arguments @ ..] = command else { return Err("no program".to_owned()) };
    let mut child = Command::new(program);
    child.args(arguments).envs(variables.iter().copied()).stdin(Stdio::null()).kill_on_drop(true);
    let output = match time::timeout(limit, child.output()).await {
        Ok(output) => output.map_err(|error| format!("{program}: {error}"))?,
        Err(_) => return Err(format!("{program}: no end after {} s", limit.as_secs())),
    };
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("").trim();
    Err(format!("{program}: {}: {last}", output.status))
}
