//! The citizen's questions to the platform: one at a time, each in a task of its own,
//! each with an answer in bounded time.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use devices::{Device, State};
use faults::Fault;
use gateway::{ActivationId, Answer, Channel, Credentials, Gateway, GatewayError, Link, ProblemCode};
use jiff::Timestamp;
use journey::{Event, PlatformStep, Secrets};
use services::CodeChannel;
use tokio::sync::watch;
use zeroize::Zeroizing;

use crate::{
    clock,
    happened::{Happened, Job, Tell},
    record_desk::report,
};

/// How often the platform is asked how it is while nobody is served.
const LOOK_EVERY: Duration = Duration::from_secs(15);

/// Asks the platform on behalf of the visit.
#[derive(Clone)]
pub struct PlatformDesk {
    gateway: Gateway,
    /// The activation under way; forgotten with the visit.
    activation: Arc<Mutex<Option<ActivationId>>>,
    tell: Tell,
}

impl PlatformDesk {
    /// Takes the way to the platform and watches over it.
    pub fn start(gateway: Gateway, heartbeat: gateway::Heartbeat, tell: Tell) -> Self {
        tokio::spawn(watch_over(gateway.clone(), heartbeat, tell.clone()));
        Self { gateway, activation: Arc::default(), tell }
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

    /// Asks for a VNeID code.
    pub fn ask_vneid(&self, job: Job, number: Zeroizing<String>) {
        self.ask(job, PlatformStep::Vneid, async move |gateway: Gateway, _: Self| {
            let request = gateway.request_vneid(&number).await?;
            let seconds = seconds_until(request.expires_at);
            Ok(Event::VneidOffered(request.qr, seconds))
        });
    }

    /// The activation under way, for the transaction.
    pub fn activation(&self) -> Option<String> {
        let begun = self.activation.lock().unwrap_or_else(PoisonError::into_inner);
        begun.as_ref().map(|id| id.as_str().to_owned())
    }

    /// Forgets the activation.
    pub fn forget(&self) {
        *self.activation.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn begun(&self) -> ActivationId {
        let begun = self.activation.lock().unwrap_or_else(PoisonError::into_inner);
        begun.clone().expect("an activation begins before its code")
    }

    fn ask<Q, A>(&self, job: Job, step: PlatformStep, question: Q)
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
                    tracing::warn!(code = fault.code(), error = report(&error), ?step, "platform");
                    desk.tell.audit(audit::Event::Fault { fault });
                    Event::PlatformFailed(step, fault)
                }
            };
            desk.tell.work(job, event);
        });
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
                    tracing::info!(code = error.fault().code(), error = report(&error), "heartbeat");
                }
            }
        }
    }
}
