//! Whole readings of a virtual card on which the issuer put nonsense, and signed it: the
//! only way to what is looked at behind the secure channel and the signature.

use card::{AccessKey, AccessPolicy, CardFiles, FileId, ReadError};
use devices::CardReader;
use identity::{Details, Grounds, Identity, verify};

use crate::{
    Reached, TODAY, chip,
    test_state::{self, VirtualCard},
};

/// The files that the first byte of an input chooses among; the rest is the file.
pub const CHOICES: [FileId; 10] = [
    FileId::Com,
    FileId::Dg1,
    FileId::Dg2,
    FileId::Dg5,
    FileId::Dg7,
    FileId::Dg11,
    FileId::Dg12,
    FileId::Dg13,
    FileId::Dg14,
    FileId::Dg15,
];

/// DG13, the citizen's details. What nobody understands makes no card false; accepted
/// is what was understood.
pub(crate) fn dg13(bytes: &[u8]) -> Reached {
    let identity = read(FileId::Dg13, bytes, chip::read_identity);
    Reached::by(identity.is_some_and(|it| it.evidence().details == Details::Agrees))
}

/// Any of [`CHOICES`].
pub(crate) fn any_group(bytes: &[u8]) -> Reached {
    let Some((choice, file)) = bytes.split_first() else { return Reached::Refused };
    let chosen = CHOICES.get(usize::from(*choice));
    Reached::by(chosen.is_some_and(|chosen| read(*chosen, file, chip::converse).is_some()))
}

/// A way of reading a card.
type Reading = fn(&mut dyn CardReader, &AccessKey, AccessPolicy) -> Result<CardFiles, ReadError>;

/// Reads the card that the input is on, and who its holder is.
fn read(file: FileId, bytes: &[u8], reading: Reading) -> Option<Identity> {
    let issued = test_state::small_card();
    let written = test_state::issuer().rewrite(&issued.card, &[(file.short_id(), bytes)]);
    let card = VirtualCard { card: written.expect("OpenSSL signs"), script: issued.script.clone() };
    let files = reading(&mut card.laid(), &test_state::zone_key(), AccessPolicy::BacOnly).ok()?;
    verify(files, &Grounds::trusting(test_state::trust()), TODAY).ok()
}
