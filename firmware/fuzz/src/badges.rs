//! A staff badge that answers whatever it likes. NIST SP 800-73-4, part 2.

use std::sync::LazyLock;

use badge::{BadgeError, Badges, Challenge, Claim, Present, read_key, sign};
use devices::CardReader;
use simulators::staff_badge::StaffBadge;

use crate::{
    Reached,
    chip::{Chip, Conversation},
};

const HOLDER: &str = "kt-01";
const KIOSK: &str = "kiosk-1";

/// The badge that is known here.
pub fn known_badge() -> StaffBadge {
    StaffBadge::of_secret(&[9; 32]).expect("a number of the curve")
}

/// What a kiosk says to a badge. It draws the same chance each time, so that a recorded answer is
/// good again.
pub fn show_badge(reader: &mut dyn CardReader) -> Result<Present, BadgeError> {
    static BADGES: LazyLock<Badges> = LazyLock::new(|| {
        toml::from_str(&known_badge().list(HOLDER).expect("OpenSSL writes a key")).expect("a badges file")
    });
    let nonce = Challenge([7; 32]);
    let claim = Claim { kiosk: KIOSK.to_owned(), holder: HOLDER.to_owned(), nonce, challenge: None };
    let proof = sign(reader, BADGES.of(HOLDER).expect("it is listed"), &claim)?;
    BADGES.believe(KIOSK, HOLDER, None, proof)
}

/// Answers from the input, to the kiosk and to whoever enters a new badge.
pub(crate) fn badge(bytes: &[u8]) -> Reached {
    let conversation = Conversation::read(bytes);
    drop(read_key(&mut Chip::new(&conversation)));
    Reached::by(show_badge(&mut Chip::new(&conversation)).is_ok())
}
