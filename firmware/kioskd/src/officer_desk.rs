//! The officers who confirm a person. Opening an officer's key takes its time, on
//! purpose, so it is done on a thread of its own; the key is wiped as soon as it has
//! signed, the PIN as soon as it was tried.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use face::{FaceMatch, FirstSigned, OfficerKeys, OfficersApproval, Signed, Statement};
use faults::Fault;
use journey::{Event, OfficerTry};
use staff::{ConfirmingOfficers, Lockouts};
use tokio::task;
use uuid::Uuid;

use crate::{
    Refusal, clock,
    happened::{Job, Tell},
    settings::Settings,
    wrong_pins,
};

/// Lets officers sign.
#[derive(Clone)]
pub struct OfficerDesk {
    officers: Arc<ConfirmingOfficers>,
    keys: OfficerKeys,
    /// Held while one officer's PIN is tried: tries come one after the other.
    lockouts: Arc<Mutex<Lockouts>>,
    kept: PathBuf,
    tell: Tell,
}

impl OfficerDesk {
    /// Takes the officers of the site and their wrong PINs so far.
    pub fn open(settings: &Settings, tell: Tell) -> Result<Self, Refusal> {
        let kept = wrong_pins::of_officers(settings.board.files.data.path());
        let lockouts = Arc::new(Mutex::new(wrong_pins::read(&kept)?));
        let officers = Arc::clone(&settings.confirming);
        Ok(Self { keys: officers.keys(), officers, lockouts, kept, tell })
    }

    /// Who may sign.
    pub fn keys(&self) -> &OfficerKeys {
        &self.keys
    }

    /// An officer tries to sign for the person of this visit.
    pub fn sign(&self, job: Job, visit: Uuid, attempt: OfficerTry) {
        let desk = self.clone();
        task::spawn_blocking(move || {
            let event = desk.come_to(visit, attempt);
            desk.tell.work(job, event);
        });
    }

    fn come_to(&self, visit: Uuid, attempt: OfficerTry) -> Event {
        let officer = attempt.officer.as_str().parse().expect("a service number is one in the log too");
        // Both sign for the moment of the first signature.
        let at = attempt.first.as_ref().map_or_else(clock::now, |first| first.at);
        let statement = Statement::new(visit, attempt.identity, at);
        let first = attempt.first.clone();
        match self.signed(&statement, attempt) {
            Ok(signed) => {
                self.tell.audit(audit::Event::OfficerSigned { officer });
                match first {
                    None => Event::OfficerSigned(FirstSigned { at, signed }),
                    Some(first) => self.approved(&statement, [first.signed, signed]),
                }
            }
            Err(fault) => {
                self.tell.audit(audit::Event::OfficerRefused { officer, fault });
                Event::OfficerRefused(fault)
            }
        }
    }

    /// The count of wrong PINs is on the disk before the answer is given.
    fn signed(&self, statement: &Statement, attempt: OfficerTry) -> Result<Signed, Fault> {
        let mut lockouts = self.lockouts.lock().unwrap_or_else(PoisonError::into_inner);
        let OfficerTry { officer, pin, .. } = attempt;
        let signed = self.officers.sign(&officer, &pin, statement, &mut lockouts, clock::now());
        wrong_pins::keep(&self.kept, &*lockouts).map_err(|error| {
            tracing::error!(code = Fault::StoreFailed.code(), %error, "lock-out not kept");
            Fault::StoreFailed
        })?;
        signed.map_err(staff::NotSigned::fault)
    }

    /// Two signatures count only together, of two officers, over this very statement.
    fn approved(&self, statement: &Statement, signed: [Signed; 2]) -> Event {
        match OfficersApproval::verify(statement, signed, &self.keys) {
            Ok(approval) => Event::OfficersApproved(Box::new(FaceMatch::by_officers(approval))),
            Err(error) => {
                let fault = error.fault();
                tracing::error!(code = fault.code(), %error, "officers");
                self.tell.audit(audit::Event::Fault { fault });
                Event::OfficerRefused(fault)
            }
        }
    }
}
