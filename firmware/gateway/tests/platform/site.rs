//! One kiosk and one platform, with clocks of their own.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use gateway::{Answer, Channel, Credentials, Gateway, GatewayConfig, TimeAndChance};
use getrandom::{SysRng, rand_core::UnwrapErr};
use jiff::{SignedDuration, Timestamp};
use keys::{DeviceKey, PlatformKey};
use pretend_platform::{Exchange, Options, Platform, Seeds};
use simulators::scenario::{PlatformFault, PlatformMishap};
use tempfile::TempDir;
use tokio::sync::mpsc;

use crate::contract::Contract;

/// The seeded citizen whose account waits to be activated.
pub const READY: (&str, &str) = ("001185000001", "0900000001");
/// The code that the platform "sends".
pub const CODE: &str = "246813";

/// A clock that a test can move.
#[derive(Clone, Default)]
pub struct Clock(Arc<AtomicI64>);

impl Clock {
    pub fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }

    fn now(&self) -> Timestamp {
        let begin: Timestamp = "2026-11-21T08:00:00Z".parse().unwrap();
        begin + SignedDuration::from_secs(self.0.load(Ordering::SeqCst))
    }
}

struct Source(Clock);

impl TimeAndChance for Source {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).unwrap();
    }
}

pub struct Site {
    pub platform: Platform,
    pub gateway: Gateway,
    pub config: GatewayConfig,
    pub kiosk_clock: Clock,
    pub platform_clock: Clock,
    pub device: DeviceKey,
    pub folder: TempDir,
    exchanges: mpsc::UnboundedReceiver<Exchange>,
}

impl Site {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (kiosk_clock, platform_clock) = (Clock::default(), Clock::default());
        let (watch, exchanges) = mpsc::unbounded_channel();
        let clock = platform_clock.clone();
        let mut options = Options::new(folder.path());
        options.clock = Arc::new(move || clock.now());
        options.slow_by = Duration::from_millis(1500);
        options.watch = Some(watch);
        let platform = Platform::start(options, Seeds::usual()).await.unwrap();

        let device = DeviceKey::generate(&mut UnwrapErr(SysRng));
        std::fs::write(folder.path().join("kiosk-signing.pub"), device.public().to_string()).unwrap();
        let url = format!("https://{}", platform.address());
        let mut config = GatewayConfig::in_folder(&url, "demo-kiosk", folder.path());
        config.answer_timeout_ms = 700;
        config.submit_timeout_ms = 700;
        let gateway = connect(&config, &kiosk_clock);
        Self { platform, gateway, config, kiosk_clock, platform_clock, device, folder, exchanges }
    }

    /// The platform's public key, as the kiosk was given it.
    pub fn platform_key(&self) -> PlatformKey {
        std::fs::read_to_string(&self.config.platform_signing_key).unwrap().trim().parse().unwrap()
    }

    pub fn fault(&self, at: &str, does: PlatformMishap, times: u32) {
        self.platform.add_fault(PlatformFault { at: at.to_owned(), does, times }).unwrap();
    }

    /// Both clocks.
    pub fn later(&self, seconds: i64) {
        self.kiosk_clock.advance(seconds);
        self.platform_clock.advance(seconds);
    }

    /// All that was said since the last look.
    pub fn exchanges(&mut self) -> Vec<Exchange> {
        std::iter::from_fn(|| self.exchanges.try_recv().ok()).collect()
    }

    /// An activation with everything but the record.
    pub async fn activation(&self) -> gateway::ActivationId {
        let (number, phone) = READY;
        let activation = self.gateway.begin_activation(number, phone).await.unwrap();
        self.gateway.send_code(&activation, Channel::Sms).await.unwrap();
        self.gateway.check_code(&activation, CODE).await.unwrap();
        self.gateway.set_credentials(&activation, credentials(Some("Ao-Dai-2026"))).await.unwrap();
        activation
    }
}

/// Whatever a test was about, every exchange of it follows the contract.
impl Drop for Site {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let contract = Contract::load();
        for exchange in self.exchanges() {
            contract.hold(&exchange);
        }
    }
}

pub fn connect(config: &GatewayConfig, clock: &Clock) -> Gateway {
    Gateway::connect(config, Arc::new(Source(clock.clone()))).unwrap()
}

pub fn credentials(password: Option<&str>) -> Credentials {
    credentials_with(password, "830219")
}

pub fn credentials_with(password: Option<&str>, passcode: &str) -> Credentials {
    let answer = |question: &str, answer: &str| Answer {
        question: question.to_owned(),
        answer: answer.to_owned().into(),
    };
    Credentials {
        password: password.map(|password| password.to_owned().into()),
        passcode: passcode.to_owned().into(),
        answers: [answer("first-school", "Trường làng"), answer("childhood-street", "Ngõ Huyện")],
    }
}
