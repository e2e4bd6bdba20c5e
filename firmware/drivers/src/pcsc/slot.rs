//! Which slot of the PC/SC service is the kiosk's. A device with several interfaces is
//! several slots there (PC/SC part 4), told apart by nothing but their names; so is a
//! second device. What is not said clearly is refused, never taken by chance: the first
//! of two slots may be another one after the next start.

use std::ffi::CString;

use devices::ReaderFault;

/// How a slot reaches the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotKind {
    /// By a field (ISO/IEC 14443).
    Contactless,
    /// By contacts (ISO/IEC 7816-3).
    Contact,
}

/// What is known of the slot that is meant. Exactly one slot must fit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SlotChoice {
    /// Part of its name, in lower case.
    name: Option<String>,
    kind: Option<SlotKind>,
}

impl SlotChoice {
    /// The only slot that is there.
    #[must_use]
    pub fn only() -> Self {
        Self::default()
    }

    /// The slot whose name contains this, whatever its case.
    #[must_use]
    pub fn named(part: &str) -> Self {
        Self { name: Some(part.to_lowercase()), kind: None }
    }

    /// Where several slots fit, the one of this kind. A slot whose name does not say its
    /// kind counts only where no other slot's name says it is of the kind asked for.
    #[must_use]
    pub fn of_kind(self, kind: SlotKind) -> Self {
        Self { kind: Some(kind), ..self }
    }

    /// The one slot that fits.
    pub(super) fn pick(&self, names: Vec<CString>) -> Result<CString, ReaderFault> {
        let named: Vec<(CString, Told)> = names
            .into_iter()
            .filter_map(|name| {
                let text = name.to_string_lossy().to_lowercase();
                let fits = self.name.as_ref().is_none_or(|part| text.contains(part));
                fits.then(|| (name, told_by(&text)))
            })
            .collect();
        let Some(kind) = self.kind else {
            return one(named.into_iter().filter(|(_, told)| *told != Told::SecurityModule));
        };
        let (certain, others): (Vec<_>, Vec<_>) =
            named.into_iter().partition(|(_, told)| *told == Told::Kind(kind));
        if certain.is_empty() {
            one(others.into_iter().filter(|(_, told)| *told == Told::Nothing))
        } else {
            one(certain.into_iter())
        }
    }
}

fn one(mut slots: impl Iterator<Item = (CString, Told)>) -> Result<CString, ReaderFault> {
    let (name, _) = slots.next().ok_or(ReaderFault::Unplugged)?;
    if slots.next().is_some() { Err(ReaderFault::Ambiguous) } else { Ok(name) }
}

/// What a slot's name says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Kind(SlotKind),
    /// It holds a security module, never a citizen's card.
    SecurityModule,
    Nothing,
}

/// The words by which vendors name their slots: PICC, ICC and SAM at ACS, `5422CL` at
/// HID, plain words elsewhere.
fn told_by(name: &str) -> Told {
    let words = || name.split(|letter: char| !letter.is_alphanumeric());
    let number_and_cl = |word: &str| {
        word.strip_suffix("cl").is_some_and(|front| front.chars().all(|letter| letter.is_ascii_digit()))
    };
    if words().any(|word| word == "sam") {
        Told::SecurityModule
    } else if words().any(|word| matches!(word, "picc" | "contactless" | "nfc") || number_and_cl(word)) {
        Told::Kind(SlotKind::Contactless)
    } else if words().any(|word| matches!(word, "icc" | "contact" | "contacted")) {
        Told::Kind(SlotKind::Contact)
    } else {
        Told::Nothing
    }
}

#[cfg(test)]
mod tests {
    use super::{SlotKind::*, *};

    const ACS: [&str; 3] = [
        "ACS ACR1281 1S Dual Reader [ACR1281 1S Dual Reader ICC] 00 00",
        "ACS ACR1281 1S Dual Reader [ACR1281 1S Dual Reader PICC] 00 01",
        "ACS ACR1281 1S Dual Reader [ACR1281 1S Dual Reader SAM] 00 02",
    ];
    const HID: [&str; 2] = [
        "HID Global OMNIKEY 5422 Smartcard Reader [OMNIKEY 5422 Smartcard Reader] 00 00",
        "HID Global OMNIKEY 5422 Smartcard Reader [OMNIKEY 5422CL Smartcard Reader] 01 00",
    ];
    const PLAIN: [&str; 2] = ["Virtual PCD 00 00", "Virtual PCD 00 01"];

    fn check(names: &[&str], choice: &SlotChoice, expected: Result<&str, ReaderFault>) {
        let names = names.iter().map(|name| CString::new(*name).unwrap()).collect();
        let picked = choice.pick(names);
        assert_eq!(
            picked.as_ref().map(|name| name.to_str().unwrap()),
            expected.as_ref().copied(),
            "{choice:?}"
        );
    }

    #[test]
    fn a_dual_reader_has_one_slot_of_each_kind() {
        check(&ACS, &SlotChoice::only().of_kind(Contactless), Ok(ACS[1]));
        check(&ACS, &SlotChoice::only().of_kind(Contact), Ok(ACS[0]));
        check(&HID, &SlotChoice::named("omnikey").of_kind(Contactless), Ok(HID[1]));
        check(&HID, &SlotChoice::named("omnikey").of_kind(Contact), Ok(HID[0]));
    }

    #[test]
    fn a_single_slot_that_says_nothing_is_of_the_kind_asked_for() {
        check(&PLAIN[..1], &SlotChoice::only().of_kind(Contactless), Ok(PLAIN[0]));
        check(&PLAIN, &SlotChoice::named("PCD 00 01").of_kind(Contactless), Ok(PLAIN[1]));
    }

    #[test]
    fn two_slots_that_fit_are_refused() {
        check(&PLAIN, &SlotChoice::named("virtual pcd"), Err(ReaderFault::Ambiguous));
        check(&PLAIN, &SlotChoice::only().of_kind(Contactless), Err(ReaderFault::Ambiguous));
        check(&[ACS[1], HID[1]], &SlotChoice::only().of_kind(Contactless), Err(ReaderFault::Ambiguous));
        check(&ACS, &SlotChoice::only(), Err(ReaderFault::Ambiguous));
    }

    #[test]
    fn a_slot_of_the_other_kind_or_name_is_no_reader() {
        check(&ACS[..1], &SlotChoice::only().of_kind(Contactless), Err(ReaderFault::Unplugged));
        check(&ACS, &SlotChoice::named("omnikey"), Err(ReaderFault::Unplugged));
        check(&[], &SlotChoice::only(), Err(ReaderFault::Unplugged));
    }

    #[test]
    fn a_slot_for_security_modules_is_never_taken() {
        check(&ACS[2..], &SlotChoice::only(), Err(ReaderFault::Unplugged));
        check(&ACS[1..], &SlotChoice::only(), Ok(ACS[1]));
        check(&ACS[2..], &SlotChoice::named("sam").of_kind(Contact), Err(ReaderFault::Unplugged));
    }
}
