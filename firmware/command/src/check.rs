//! From an envelope to a command that is to be carried out here and now.

use jiff::Timestamp;

use crate::{AllowList, Command, For, Ledger, Name, Refusal, Signed};

/// Which kiosk this is, and what time it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Here<'a> {
    /// The kiosk's name in the fleet.
    pub kiosk: &'a Name,
    /// The site, if it has one.
    pub site: Option<&'a Name>,
    /// The time.
    pub time: Time,
}

/// What time it is, as far as that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    /// This.
    Known(Timestamp),
    /// The machine's clock is certainly wrong.
    Unknown,
}

/// A command that passed every check. Made nowhere but in [`accept`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    command: Command,
    signers: Vec<Name>,
    at: Timestamp,
}

impl Accepted {
    /// The command.
    pub fn command(&self) -> &Command {
        &self.command
    }

    /// Who signed it, of those who may.
    pub fn signers(&self) -> &[Name] {
        &self.signers
    }

    /// When it was accepted.
    pub fn at(&self) -> Timestamp {
        self.at
    }
}

/// Accepts a command, or says why not. The ledger that comes back is put onto the disk before
/// anything is done: then a power cut loses a command rather than repeats it.
pub fn accept(
    envelope: &[u8],
    allowed: &AllowList,
    here: &Here<'_>,
    ledger: &Ledger,
) -> Result<(Accepted, Ledger), Refusal> {
    let signed = Signed::parse(envelope)?;
    let (command, message) = (signed.command(), signed.message()?);
    let kind = command.what.kind();
    let signers: Vec<_> =
        allowed.who_may(kind).filter(|signer| signed.is_by(&signer.key, &message)).collect();
    let needed = allowed.needed(kind);
    if signers.len() < needed {
        return Err(Refusal::NotSigned { kind, have: signers.len(), needed });
    }
    let is_meant = match &command.r#for {
        For::Kiosks(kiosks) => kiosks.contains(here.kiosk),
        For::Site(site) => here.site == Some(site),
    };
    if !is_meant {
        return Err(Refusal::OtherKiosk);
    }
    let Time::Known(now) = here.time else { return Err(Refusal::TimeUnknown) };
    if now > command.not_after {
        return Err(Refusal::Expired(command.not_after));
    }
    let keys: Vec<_> = signers.iter().map(|signer| &signer.key).collect();
    if !ledger.is_new(command, &keys) {
        return Err(Refusal::Replayed);
    }
    if now < command.not_before {
        return Err(Refusal::NotYet(command.not_before));
    }
    let next = ledger.with(command, &keys, now)?;
    let signers = signers.into_iter().map(|signer| signer.name.clone()).collect();
    Ok((Accepted { command: command.clone(), signers, at: now }, next))
}
