//! A running fleet server: one listener, and what its connections share.

use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{Router, middleware};
use getrandom::{SysRng, rand_core::UnwrapErr};
use jiff::Timestamp;
use rand_core::Rng as _;
use tokio::{net::TcpListener, task::JoinHandle, task::JoinSet};
use tokio_rustls::{TlsAcceptor, rustls};

use super::{ConfirmationFlow, FleetSettings, FleetState, Heard, Scheme, control, ddi, exchange, management};
use crate::{Clock, PlatformError, connection, platform::listen};

/// How to run a fleet server.
pub struct FleetOptions {
    /// Where artifacts that are uploaded lie.
    pub dir: PathBuf,
    /// Where to listen; port 0 takes any.
    pub listen: SocketAddr,
    /// TLS; plain HTTP without it, as behind a proxy.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// The time.
    pub clock: Clock,
    /// The one tenant.
    pub tenant: String,
    /// Who may use the management REST.
    pub login: Login,
    /// What the state is made with.
    pub settings: FleetSettings,
    /// Who hears every exchange with a kiosk, if anybody.
    pub heard: Option<Heard>,
}

/// Name and password of the management REST.
#[derive(Clone)]
#[allow(missing_docs, reason = "a login")]
pub struct Login {
    pub user: String,
    pub password: String,
}

impl FleetOptions {
    /// On any port of this machine, with its clock; tenant `DEFAULT`, `admin`/`admin` and five
    /// minutes between polls, as hawkBit begins; no gateway token.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        let mut secret = [0; 32];
        UnwrapErr(SysRng).fill_bytes(&mut secret);
        Self {
            dir: dir.into(),
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            tls: None,
            clock: Arc::new(Timestamp::now),
            tenant: "DEFAULT".to_owned(),
            login: Login { user: "admin".to_owned(), password: "admin".to_owned() },
            settings: FleetSettings {
                poll_every: Duration::from_mins(5),
                gateway_token: None,
                confirmation: ConfirmationFlow::Off,
                secret,
            },
            heard: None,
        }
    }
}

/// A running fleet server; it stops when this is dropped.
pub struct Fleet {
    shared: Arc<Shared>,
    address: SocketAddr,
    task: JoinHandle<()>,
}

/// What every connection sees.
pub(super) struct Shared {
    state: Mutex<FleetState>,
    uploads: AtomicU64,
    pub options: FleetOptions,
}

impl Shared {
    pub fn state(&self) -> MutexGuard<'_, FleetState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn now(&self) -> Timestamp {
        (self.options.clock)()
    }

    /// Where the next upload lies; no other has the name in this folder.
    pub fn new_file(&self) -> PathBuf {
        let number = self.uploads.fetch_add(1, Ordering::Relaxed);
        self.options.dir.join(format!("artifact-{}-{number}", std::process::id()))
    }

    pub fn scheme(&self) -> Scheme {
        if self.options.tls.is_some() { Scheme::Https } else { Scheme::Http }
    }
}

impl Fleet {
    /// Begins to serve.
    pub async fn start(options: FleetOptions) -> Result<Self, PlatformError> {
        let file = |source| PlatformError::File { path: options.dir.clone(), source };
        std::fs::create_dir_all(&options.dir).map_err(file)?;
        let (listener, address) = listen(options.listen).await?;
        let state = Mutex::new(FleetState::new(options.settings.clone()));
        let shared = Arc::new(Shared { state, uploads: AtomicU64::new(0), options });
        let task = tokio::spawn(serve(listener, shared.clone()));
        Ok(Self { shared, address, task })
    }

    /// Where kiosks and the management REST connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it knows. Nobody is served while this is held.
    pub fn state(&self) -> MutexGuard<'_, FleetState> {
        self.shared.state()
    }

    /// Its part of the control port: `GET /control/fleet/state`, `POST /control/fleet/fault`.
    pub fn control(&self) -> Router {
        control::router(self.shared.clone())
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for Fleet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fleet").field("address", &self.address).finish_non_exhaustive()
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let acceptor = shared.options.tls.clone().map(TlsAcceptor::from);
    let mut kiosks = ddi::router(shared.clone());
    if let Some(heard) = shared.options.heard.clone() {
        kiosks = kiosks.layer(middleware::from_fn_with_state(heard, exchange::hear));
    }
    let router = kiosks.merge(management::router(shared));
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        while connections.try_join_next().is_some() {}
        let (acceptor, router) = (acceptor.clone(), router.clone());
        connections.spawn(async move {
            match acceptor {
                None => connection::serve(stream, &router).await,
                Some(acceptor) => {
                    // Whoever does not speak TLS gets no further.
                    if let Ok(stream) = acceptor.accept(stream).await {
                        connection::serve(stream, &router).await;
                    }
                }
            }
        });
    }
}
