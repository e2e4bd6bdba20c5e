//! The record: the audit log, the signed transactions, the outbox, and the task that
//! sends what waits. What a citizen was told is kept is on the disk before it is said.

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use audit::VisitId;
use faults::{Fault, chain};
use gateway::{Gateway, GatewayError};
use journey::{Event, Kept, Request};
use keys::{DeviceKey, PlatformKey, ServerKey};
use outbox::{Item, Outbox, OutboxError, Receipt};
use rand_core::CryptoRng;
use services::Service;
use tokio::{sync::Notify, task, time};
use transaction::{Draft, Form, KioskId, TransactionError, TransactionId};

use crate::{
    chance::Chance,
    clock,
    happened::{Happened, Job, Tell},
};

/// How long the sender sleeps when nothing is due and nobody wakes it.
const SLEEP: Duration = Duration::from_secs(1);
/// So many in a row that the platform does not take for now: it is the way, not they.
const SAME_FATE: u32 = 3;
/// The longest that the sender waits before it tries the way again.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// The keys of the record.
pub struct Keys {
    /// The kiosk's own.
    pub device: DeviceKey,
    /// To which records are sealed.
    pub server: ServerKey,
    /// Which signs receipts.
    pub platform: PlatformKey,
}

/// Signs, stores and sends.
#[derive(Clone)]
pub struct RecordDesk {
    inner: Arc<Inner>,
}

struct Inner {
    outbox: Mutex<Outbox>,
    keys: Arc<Keys>,
    kiosk: KioskId,
    wake: Notify,
    tell: Tell,
}

/// Why a request did not become a stored transaction.
#[derive(Debug, thiserror::Error)]
enum StoreError {
    #[error("the transaction cannot be made")]
    Transaction(#[source] TransactionError),
    #[error("the transaction cannot be stored")]
    Outbox(#[source] OutboxError),
}

impl RecordDesk {
    /// Takes the outbox and starts the sender.
    pub fn start(outbox: Outbox, keys: Arc<Keys>, kiosk: KioskId, gateway: Gateway, tell: Tell) -> Self {
        let inner = Inner { outbox: Mutex::new(outbox), keys, kiosk, wake: Notify::new(), tell };
        let desk = Self { inner: Arc::new(inner) };
        tokio::spawn(desk.clone().send(gateway));
        desk
    }

    /// Whether the outbox was made anew at this start: the first one, or somebody
    /// took the old one away.
    pub fn was_made(&self) -> bool {
        self.outbox().was_made()
    }

    /// The kiosk's signing key, for slips and checkpoints.
    pub fn device_key(&self) -> &DeviceKey {
        &self.inner.keys.device
    }

    /// Makes the transaction of a request, signs it, seals it and stores it; only then
    /// says so. The parts that were personal are wiped on the way.
    pub fn sign_and_store(&self, job: Job, service: Service, request: Request, activation: String) {
        let desk = self.clone();
        task::spawn_blocking(move || {
            let tell = &desk.inner.tell;
            match desk.store(&service, request, &activation) {
                Ok(kept) => {
                    tell.audit(audit::Event::TransactionStored { transaction: kept.transaction.uuid() });
                    tell.work(job, Event::Stored(kept));
                    desk.inner.wake.notify_one();
                }
                Err(error) => {
                    let fault = match &error {
                        StoreError::Transaction(why) => why.fault(),
                        StoreError::Outbox(why) => why.fault(),
                    };
                    tracing::error!(code = fault.code(), error = chain(&error), "not stored");
                    tell.audit(audit::Event::Fault { fault });
                    tell.work(job, Event::StoreFailed(fault));
                }
            }
        });
    }

    fn store(&self, service: &Service, request: Request, activation: &str) -> Result<Kept, StoreError> {
        let at = clock::now();
        let id = TransactionId::new(at, &mut Chance);
        let made = self.make(id, service, request, activation, at).map_err(StoreError::Transaction)?;
        self.outbox().put(&made, at).map_err(StoreError::Outbox)?;
        Ok(Kept { transaction: id, reference: reference(id), at })
    }

    fn make(
        &self,
        id: TransactionId,
        service: &Service,
        request: Request,
        activation: &str,
        at: jiff::Timestamp,
    ) -> Result<transaction::Sealed, TransactionError> {
        let Request { who, face, consent, phone, .. } = request;
        let form = Form::new().with("activation", activation)?.with("phone", &phone)?;
        let draft = Draft::new(id, service, &who, &face, &consent, &form)?;
        let signed = draft.sign(&self.inner.keys.device, &self.inner.kiosk, at)?;
        signed.seal(&self.inner.keys.server, &mut Chance)
    }

    fn outbox(&self) -> MutexGuard<'_, Outbox> {
        self.inner.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends what is due, one after the other; one that fails waits its turn again and
    /// holds up no other. Where one after the other fails, all wait: thousands that are tried
    /// on a way that is shut would wear out the disk and fill the audit log.
    async fn send(self, gateway: Gateway) {
        let mut failures = 0;
        loop {
            if let Some(pause) = pause(failures, &mut Chance) {
                _ = time::timeout(pause, self.inner.wake.notified()).await;
            }
            let desk = self.clone();
            let due = task::spawn_blocking(move || desk.next()).await.expect("the store does not panic");
            match due {
                Ok(Some(item)) => match self.submit(&gateway, item).await {
                    Taken::NotForNow => failures += 1,
                    Taken::Yes | Taken::Never => failures = 0,
                },
                Ok(None) => _ = time::timeout(SLEEP, self.inner.wake.notified()).await,
                Err(error) => {
                    tracing::error!(code = error.fault().code(), error = chain(&error), "outbox");
                    self.inner.tell.tell(Happened::Device(
                        devices::Device::Store,
                        devices::State::Failed(error.fault()),
                    ));
                    time::sleep(SLEEP * 10).await;
                }
            }
        }
    }

    fn next(&self) -> Result<Option<Item>, OutboxError> {
        let mut outbox = self.outbox();
        let counts = outbox.counts()?;
        let waiting = counts.waiting.try_into().unwrap_or(u32::MAX);
        self.inner.tell.tell(Happened::Waiting(waiting, counts.oldest));
        outbox.due(clock::now())
    }

    async fn submit(&self, gateway: &Gateway, item: Item) -> Taken {
        let (id, attempt) = (item.id, item.attempt.try_into().unwrap_or(u16::MAX));
        self.inner.tell.audit(audit::Event::TransactionSent { transaction: id.uuid(), attempt });
        let answer = gateway.submit(id.uuid(), &item.bytes).await;
        let desk = self.clone();
        task::spawn_blocking(move || desk.conclude(id, attempt, answer))
            .await
            .expect("the store does not panic")
    }

    /// A receipt ends it; anything else puts it back.
    fn conclude(&self, id: TransactionId, attempt: u16, answer: Result<Vec<u8>, GatewayError>) -> Taken {
        let tell = &self.inner.tell;
        let receipt = answer.map_err(|error| (error.fault(), error.retryable())).and_then(|bytes| {
            Receipt::verify(&bytes, &self.inner.keys.platform, &self.inner.kiosk, id)
                .map_err(|_| (Fault::PlatformNotTrusted, true))
        });
        let taken = match &receipt {
            Ok(_) => Taken::Yes,
            Err((_, true)) => Taken::NotForNow,
            Err((_, false)) => Taken::Never,
        };
        let result = match receipt {
            Ok(receipt) => self.outbox().acknowledge(&receipt, clock::now()).map(|_| {
                tell.audit(audit::Event::TransactionAcknowledged {
                    transaction: id.uuid(),
                    standing: match receipt.standing() {
                        outbox::Standing::Received => audit::Standing::Received,
                        outbox::Standing::Registered => audit::Standing::Registered,
                    },
                });
                tell.tell(Happened::Acknowledged(Box::new(receipt)));
            }),
            Err((fault, retryable)) => {
                tell.audit(audit::Event::TransactionRetried { transaction: id.uuid(), attempt, fault });
                if !retryable {
                    tell.tell(Happened::Rejected(id, fault));
                }
                self.outbox().retry_later(id, clock::now(), &mut Chance).map(|_| ())
            }
        };
        if let Err(error) = result {
            tracing::error!(code = error.fault().code(), error = chain(&error), "outbox");
            tell.tell(Happened::Device(devices::Device::Store, devices::State::Failed(error.fault())));
        }
        taken
    }
}

/// What the platform did with a transaction.
#[derive(Clone, Copy)]
enum Taken {
    /// It has it.
    Yes,
    /// It may take it later.
    NotForNow,
    /// It refused it.
    Never,
}

/// How long to wait before the next one, after so many in a row that were not taken for now:
/// twice as long each time, and of that a random part between half and all.
fn pause(failures: u32, chance: &mut dyn CryptoRng) -> Option<Duration> {
    let doublings = failures.checked_sub(SAME_FATE)?;
    let longest = Duration::from_secs(1 << doublings.min(10)).min(LONGEST_PAUSE);
    let half = longest.as_millis() as u64 / 2;
    Some(Duration::from_millis(half + chance.next_u64() % (half + 1)))
}

/// What a slip calls a transaction until the platform gives it a name: the end of its
/// random id, in two groups.
fn reference(id: TransactionId) -> outbox::Reference {
    let bytes = id.as_bytes();
    let end = u32::from_be_bytes([bytes[12], bytes[13], bytes[14], bytes[15]]);
    let word = format!("{end:08X}");
    format!("{}-{}", &word[..4], &word[4..]).parse().expect("capitals, digits and a hyphen")
}

/// The audit log, written by the one loop.
pub struct AuditLog {
    log: audit::Log,
}

impl AuditLog {
    /// Opens the log; a last line torn by a power cut is cut off and noted.
    pub fn open(path: &Path) -> Result<Self, audit::LogError> {
        Ok(Self { log: audit::Log::open(path, clock::now())? })
    }

    /// Writes one line. A kiosk that cannot write its log must not go on.
    pub fn write(&mut self, visit: Option<VisitId>, event: &audit::Event) -> Result<(), audit::LogError> {
        self.log.append(clock::now(), visit, event).map(|_| ())
    }

    /// The kiosk signs all lines so far.
    pub fn checkpoint(&mut self, key: &DeviceKey) -> Result<(), audit::LogError> {
        self.log.checkpoint(key, clock::now()).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_that_is_shut_is_tried_less_and_less_often() {
        let between = |failures| {
            let pauses: Vec<_> =
                (0..100).map(|_| pause(failures, &mut Chance).unwrap().as_millis()).collect();
            (*pauses.iter().min().unwrap(), *pauses.iter().max().unwrap())
        };
        assert_eq!((pause(0, &mut Chance), pause(2, &mut Chance)), (None, None));
        for (failures, longest) in [(3, 1_000), (4, 2_000), (8, 32_000), (9, 60_000), (u32::MAX, 60_000)] {
            let (least, most) = between(failures);
            assert!(least >= longest / 2 && most <= longest, "{failures}: {least} to {most} ms");
        }
    }
}
