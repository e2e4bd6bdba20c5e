//! The citizen's questions to the platform: one at a time, each in a task of its own,
//! each with an answer in bounded time.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use devices::{Device, State};
use face::{FaceMatch, VneidApproval};
use faults::{Fault, chain};
use gateway::{
    ActivationId, Answer, Channel, Credentials, Gateway, GatewayError, Link, ProblemCode, VneidRequest,
    VneidState,
};
use identity::IdentityId;
use jiff::Timestamp;
use journey::{Event, PlatformStep, Secrets};
use keys::PlatformKey;
use services::CodeChannel;
use tokio::{sync::watch, task::AbortHandle};
use zeroize::Zeroizing;

use crate::{
    clock,
    happened::{Happened, Job, Tell},
};

/// How often the platform is asked how it is while nobody is served.
const LOOK_EVERY: Duration = Duration::from_secs(15);
/// How long one question after the citizen's answer in VNeID is held open.
const VNEID_WAIT: Duration = Duration::from_secs(20);
/// The least time between two such questions.
const VNEID_LEAST: Duration = Duration::from_secs(1);

/// Asks the platform on behalf of the visit.
#[derive(Clone)]
pub struct PlatformDesk {
    gateway: Gateway,
    /// The activation under way; forgotten with the visit.
    activation: Arc<Mutex<Option<ActivationId>>>,
    /// The task that waits for the citizen's answer in VNeID.
    waiting: Arc<Mutex<Option<AbortHandle>>>,
    /// Signs what citizens approve.
    platform: PlatformKey,
    tell: Tell,
}

impl PlatformDesk {
    /// Takes the way to the platform and watches over it.
    pub fn start(gateway: Gateway, platform: PlatformKey, heartbeat: gateway::Heartbeat, tell: Tell) -> Self {
        tokio::spawn(watch_over(gateway.clone(), heartbeat, tell.clone()));
        Self { gateway, activation: Arc::default(), waiting: Arc::default(), platform, tell }
    }

    /// How the account stands.
    pub fn look_up(&self, job: Job, number: Zeroizing<String>) {
        self.ask(job, PlatformStep::LookUp, async move |gateway: Gateway, _: Self| {
            Ok(Event::Account(gateway.account(&number).await?))
        });
    }

    /// Begins the activation with number and phone.
    pub fn begin(&self, job: Job, number: Zeroizing<String>, phone: Zeroizing<String>) {
        let activation = Arc::clone(&self.activation);
        self.ask(job, PlatformStep::Phone, async move |gateway: Gateway, _: Self| {
            let begun = gateway.begin_activation(&number, &phone).await?;
            *activation.lock().unwrap_or_else(PoisonError::into_inner) = Some(begun);
            Ok(Event::PhoneAccepted)
        });
    }

    /// Sends a code to the phone.
    pub fn send_code(&self, job: Job, channel: CodeChannel) {
        self.ask(job, PlatformStep::SendCode, async move |gateway: Gateway, desk: Self| {
            let (by, noted) = match channel {
                CodeChannel::Sms => (Channel::Sms, audit::CodeChannel::Sms),
                CodeChannel::Voice => (Channel::Voice, audit::CodeChannel::Voice),
            };
            let sent = gateway.send_code(&desk.begun(), by).await?;
            desk.tell.audit(audit::Event::CodeSent { channel: noted });
            Ok(Event::CodeSent(sent.sent_to))
        });
    }

    /// Checks the code that was typed.
    pub fn check_code(&self, job: Job, code: Zeroizing<String>) {
        self.ask(job, PlatformStep::CheckCode, async move |gateway: Gateway, desk: Self| {
            match gateway.check_code(&desk.begun(), &code).await {
                Ok(()) => Ok(Event::CodeAccepted),
                Err(error) => match refused_code(&error) {
                    Some((fault, tries_left)) => {
                        desk.tell.audit(audit::Event::CodeWrong { fault });
                        Ok(Event::CodeRefused(fault, tries_left))
                    }
                    None => Err(error),
                },
            }
        });
    }

    /// Hands over the secrets, sealed.
    pub fn set_secrets(&self, job: Job, secrets: Secrets, questions: Vec<String>) {
        self.ask(job, PlatformStep::Secrets, async move |gateway: Gateway, desk: Self| {
            let mut answers = secrets
                .answers
                .into_iter()
                .map(|(at, answer)| Answer { question: questions[usize::from(at)].clone(), answer });
            let mut next = || answers.next().expect("two questions were answered");
            let credentials = Credentials {
                password: secrets.password,
                passcode: secrets.passcode,
                answers: [next(), next()],
            };
            gateway.set_credentials(&desk.begun(), credentials).await?;
            desk.tell.audit(audit::Event::SecretsSet);
            Ok(Event::SecretsSet)
        });
    }

    /// Asks for a VNeID code, and tells what the citizen answers.
    pub fn ask_vneid(&self, job: Job, number: Zeroizing<String>, identity: IdentityId) {
        let waiting = self.ask(job, PlatformStep::Vneid, async move |gateway: Gateway, desk: Self| {
            let request = gateway.request_vneid(&number, identity.as_bytes()).await?;
            drop(number);
            let offered = Event::VneidOffered(request.qr.clone(), seconds_until(request.expires_at));
            desk.tell.work(job, offered);
            desk.vneid_answer(&request, identity).await
        });
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = Some(waiting);
    }

    /// Waits for the citizen's answer no longer.
    pub fn stop_vneid(&self) {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(waiting) = waiting {
            waiting.abort();
        }
    }

    /// Holds one question open after the other until the citizen has answered. A
    /// connection that breaks meanwhile is no answer: the code stays on the page.
    async fn vneid_answer(
        &self,
        request: &VneidRequest,
        identity: IdentityId,
    ) -> Result<Event, GatewayError> {
        while clock::now() < request.expires_at {
            let asked = tokio::time::Instant::now();
            match self.gateway.vneid_state(&request.id, VNEID_WAIT).await {
                Ok(VneidState::Approved(word)) => return Ok(self.approved(&word, request, identity)),
                Ok(VneidState::Rejected) => return Ok(Event::VneidRefused(Fault::VneidRejected)),
                Ok(VneidState::Expired) => return Ok(Event::VneidRefused(Fault::VneidExpired)),
                Ok(VneidState::Waiting) => {}
                Err(error) if error.retryable() => {
                    tracing::info!(code = error.fault().code(), error = chain(&error), "vneid");
                }
                Err(error) => return Err(error),
            }
            // A platform that does not hold the question open must not be rushed.
            tokio::time::sleep_until(asked + VNEID_LEAST).await;
        }
        Ok(Event::VneidRefused(Fault::VneidExpired))
    }

    /// The platform's word counts only if it is signed, of this card and this request.
    fn approved(&self, word: &[u8], request: &VneidRequest, identity: IdentityId) -> Event {
        match VneidApproval::verify(word, &self.platform, identity, request.id.as_str()) {
            Ok(approval) => Event::VneidApproved(Box::new(FaceMatch::by_vneid(approval))),
            Err(error) => {
                tracing::error!(code = error.fault().code(), %error, "vneid");
                Event::VneidRefused(error.fault())
            }
        }
    }

    /// The activation under way, for the transaction.
    pub fn activation(&self) -> Option<String> {
        let begun = self.activation.lock().unwrap_or_else(PoisonError::into_inner);
        begun.as_ref().map(|id| id.as_str().to_owned())
    }

    /// Forgets the visit.
    pub fn forget(&self) {
        self.stop_vneid();
        *self.activation.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn begun(&self) -> ActivationId {
        let begun = self.activation.lock().unwrap_or_else(PoisonError::into_inner);
        begun.clone().expect("an activation begins before its code")
    }

    fn ask<Q, A>(&self, job: Job, step: PlatformStep, question: Q) -> AbortHandle
    where
        Q: FnOnce(Gateway, Self) -> A + Send + 'static,
        A: Future<Output = Result<Event, GatewayError>> + Send,
    {
        let desk = self.clone();
        tokio::spawn(async move {
            let event = match question(desk.gateway.clone(), desk.clone()).await {
                Ok(event) => event,
                Err(error) => {
                    let fault = error.fault();
                    tracing::warn!(code = fault.code(), error = chain(&error), ?step, "platform");
                    desk.tell.audit(audit::Event::Fault { fault });
                    Event::PlatformFailed(step, fault)
                }
            };
            desk.tell.work(job, event);
        })
        .abort_handle()
    }
}

/// A code that was refused is an answer, not a failure.
fn refused_code(error: &GatewayError) -> Option<(Fault, Option<u8>)> {
    let problem = error.problem()?;
    match problem.code {
        ProblemCode::OtpWrong => Some((Fault::OtpWrong, problem.tries_left)),
        ProblemCode::OtpExpired => Some((Fault::OtpExpired, None)),
        ProblemCode::OtpLimit => Some((Fault::OtpLimit, Some(0))),
        _ => None,
    }
}

fn seconds_until(end: Timestamp) -> u16 {
    end.duration_since(clock::now()).as_secs().clamp(0, 600) as u16
}

/// Tells how the connection is, and asks now and then when nothing else does.
async fn watch_over(gateway: Gateway, heartbeat: gateway::Heartbeat, tell: Tell) {
    let mut link: watch::Receiver<Link> = gateway.watch_link();
    link.mark_changed();
    let mut look = tokio::time::interval(LOOK_EVERY);
    loop {
        tokio::select! {
            changed = link.changed() => {
                if changed.is_err() {
                    return;
                }
                let state = match *link.borrow_and_update() {
                    Link::Up => State::Ready,
                    Link::Slow => State::Degraded(Fault::PlatformSlow),
                    Link::Down => State::Failed(Fault::PlatformUnreachable),
                };
                tell.tell(Happened::Device(Device::Network, state));
            }
            _ = look.tick() => {
                if let Err(error) = gateway.heartbeat(&heartbeat).await {
                    tracing::info!(code = error.fault().code(), error = chain(&error), "heartbeat");
                }
            }
        }
    }
}
