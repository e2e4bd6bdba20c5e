//! Makes a badge's entry for the badges file: its public key, and only of a card that signs with it.

use std::time::Duration;

use badge::{BadgeError, Badges, Claim};
use boards::Board;
use card_faults::Listed as _;
use devices::{CardReader, ReaderFault};
use faults::{Fault, chain};

use crate::{Refusal, chance::Chance, hardware};

/// For so long a badge is waited for.
const PATIENCE: Duration = Duration::from_mins(1);

/// The entry of that person's badge, which is laid on the board's reader now.
pub fn make(board: &Board, holder: &str) -> Result<String, Refusal> {
    let no_reader = |fault: ReaderFault| Refusal { fault: fault.fault(), what: fault.to_string() };
    let mut reader = hardware::open_reader(board).map_err(no_reader)?;
    eprintln!("Lay {holder}'s badge on the reader.");
    if reader.wait_for_card(PATIENCE).map_err(no_reader)?.is_none() {
        return Err(Refusal { fault: Fault::BadgeUnreadable, what: "no badge was laid down".into() });
    }
    entry(&mut *reader, holder).map_err(|error| Refusal { fault: error.fault(), what: chain(&error) })
}

fn entry(reader: &mut dyn CardReader, holder: &str) -> Result<String, BadgeError> {
    let key = badge::read_key(reader)?;
    let entry = format!("[[badge]]\nholder = {holder:?}\nkey = \"{key}\"\n");
    let badges: Badges = toml::from_str(&entry).expect("what is written here is a badges file");
    let nonce = Chance.challenge();
    let claim = Claim { kiosk: String::new(), holder: holder.to_owned(), nonce, challenge: None };
    let proof = badge::sign(reader, &key, &claim)?;
    badges.believe(&claim.kiosk, holder, None, proof).map(|_| entry)
}

#[cfg(test)]
mod tests {
    use simulators::{in_memory::InMemoryReader, staff_badge::StaffBadge};

    use super::*;

    #[test]
    fn the_entry_is_what_the_badge_itself_would_have_written() {
        for badge in [StaffBadge::p256().unwrap(), StaffBadge::rsa().unwrap()] {
            let list = badge.list("kt-01").unwrap();
            let mut reader = InMemoryReader::new(badge);
            reader.lay();
            reader.wait_for_card(Duration::ZERO).unwrap().unwrap();
            assert_eq!(entry(&mut reader, "kt-01").unwrap(), list);
        }
    }
}
