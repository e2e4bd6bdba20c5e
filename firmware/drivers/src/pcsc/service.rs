//! What is asked of the PC/SC service and of a card's power, and how its states are read.

use std::ffi::{CStr, CString};

use devices::ReaderFault;
use pcsc::{Card, Context, Disposition, Error, Protocols, ShareMode, State};

use super::failure::certain;

/// Power off and on: some readers answer a mere reset from memory.
pub(super) fn power(card: &mut Card) -> Result<(), Error> {
    card.reconnect(ShareMode::Exclusive, Protocols::ANY, Disposition::UnpowerCard)
}

/// Powers whatever lies there, though the service sees no card that talks.
pub(super) fn power_unseen(context: &Context, name: &CStr) -> Result<Card, Error> {
    let mut card = context.connect(name, ShareMode::Direct, Protocols::UNDEFINED)?;
    power(&mut card).map(|()| card)
}

/// Every slot of the service.
pub(super) fn names(context: &Context) -> Result<Vec<CString>, ReaderFault> {
    match context.list_readers_owned() {
        Ok(names) => Ok(names),
        Err(Error::NoReadersAvailable) => Ok(Vec::new()),
        Err(error) => Err(certain(error)),
    }
}

/// A card lies there.
pub(super) fn is_present(state: State) -> bool {
    state.contains(State::PRESENT)
}

/// No card lies there.
pub(super) fn is_empty(state: State) -> bool {
    !state.contains(State::PRESENT)
}

/// No program holds the card, or there is none to hold.
pub(super) fn is_free(state: State) -> bool {
    is_empty(state) || !state.intersects(State::INUSE | State::EXCLUSIVE)
}
