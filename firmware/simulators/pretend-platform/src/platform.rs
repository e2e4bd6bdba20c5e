//! One running platform: two listeners and what they share.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{Router, http::HeaderMap};
use getrandom::{SysRng, rand_core::UnwrapErr};
use jiff::Timestamp;
use simulators::scenario::PlatformFault;
use tokio::{net::TcpListener, sync::mpsc, task::JoinHandle};

use crate::{
    Counts, Operation, PlatformError, Seeds, accounts::check_fault, certificates, control, serve,
    world::World,
};

/// Where the platform takes its time from.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How to run.
pub struct Options {
    /// Keys, certificates, `state.json`.
    pub dir: PathBuf,
    /// The name of the one kiosk.
    pub kiosk: String,
    /// Where to listen; port 0 takes any.
    pub listen: SocketAddr,
    /// The time.
    pub clock: Clock,
    /// How long `slow` takes.
    pub slow_by: Duration,
    /// Further routes of the control port, such as a fleet server's.
    pub further_control: Router,
    /// Who wants to see every exchange.
    pub watch: Option<mpsc::UnboundedSender<Exchange>>,
}

impl Options {
    /// On any port of this machine, with its clock, and ten seconds for `slow`.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            kiosk: "demo-kiosk".to_owned(),
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            clock: Arc::new(Timestamp::now),
            slow_by: Duration::from_secs(10),
            further_control: Router::new(),
            watch: None,
        }
    }
}

/// One request and its answer, for the contract test.
#[derive(Debug)]
pub struct Exchange {
    /// Which operation.
    pub operation: Operation,
    /// The path as it was asked.
    pub path: String,
    /// The headers of the request.
    pub asked: HeaderMap,
    /// Its body.
    pub body: Vec<u8>,
    /// What was in its sealed box.
    pub opened: Option<Vec<u8>>,
    /// The status of the answer.
    pub status: u16,
    /// The headers of the answer.
    pub answered: HeaderMap,
    /// Its body.
    pub answer: Vec<u8>,
}

/// A running platform; it stops when this is dropped.
pub struct Platform {
    shared: Arc<Shared>,
    address: SocketAddr,
    control: SocketAddr,
    tasks: [JoinHandle<()>; 2],
}

/// What every connection sees.
pub(crate) struct Shared {
    world: Mutex<World>,
    pub(crate) options: Options,
}

impl Shared {
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the counts for whoever watches the folder.
    pub(crate) fn publish(&self, world: &World) {
        if let Err(error) = world.counts.write(&self.options.dir) {
            eprintln!("pretend-platform: cannot write state.json: {error}");
        }
    }
}

impl Platform {
    /// Makes or reads keys and certificates, and begins to serve.
    pub async fn start(options: Options, seeds: Seeds) -> Result<Self, PlatformError> {
        for fault in &seeds.faults {
            check_fault(fault)?;
        }
        let mut chance = UnwrapErr(SysRng);
        let secrets = certificates::prepare(&options.dir, &options.kiosk, &mut chance)?;
        let tls = secrets.tls.clone();
        let now = (options.clock)();
        let world = World::new(options.dir.clone(), options.kiosk.clone(), secrets, seeds, now, &mut chance);

        let (listener, address) = listen(options.listen).await?;
        let (control_listener, control) = listen((Ipv4Addr::LOCALHOST, 0).into()).await?;
        let further_control = options.further_control.clone();
        let shared = Arc::new(Shared { world: Mutex::new(world), options });
        shared.publish(&shared.world());
        let tasks = [
            tokio::spawn(serve::serve(listener, tls, shared.clone())),
            tokio::spawn(control::serve(control_listener, shared.clone(), further_control)),
        ];
        Ok(Self { shared, address, control, tasks })
    }

    /// Where kiosks connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where tests and the demo connect.
    pub fn control(&self) -> SocketAddr {
        self.control
    }

    /// What happened so far.
    pub fn counts(&self) -> Counts {
        self.shared.world().counts.clone()
    }

    /// Something is to go wrong.
    pub fn add_fault(&self, fault: PlatformFault) -> Result<(), PlatformError> {
        check_fault(&fault)?;
        self.shared.world().add_fault(fault);
        Ok(())
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

pub(crate) async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), PlatformError> {
    let failed = |source| PlatformError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}
