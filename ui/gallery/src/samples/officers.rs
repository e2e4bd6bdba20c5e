//! The pages of whoever the camera does not confirm, and of the officers who do.

use screen::{Fault, Screen};

/// Asked for, come to after three tries, back from VNeID, and without officers.
pub(super) fn another_ways() -> Vec<(&'static str, Screen)> {
    let page = |fault, officers| Screen::FaceAnotherWay { fault, reference: "K7-4Q2M".to_owned(), officers };
    vec![
        ("", page(Some(Fault::FaceNotConfirmed), true)),
        ("asked", page(None, true)),
        ("rejected", page(Some(Fault::VneidRejected), true)),
        ("away", page(Some(Fault::NothingSent), false)),
        ("locked", page(Some(Fault::OfficerLocked), true)),
        ("alone", page(None, false)),
    ]
}

const SHORT: (&str, i16) = ("NGUYỄN THỊ KHUÊ", 1990);
const LONG: (&str, i16) = ("TÔN NỮ HOÀNG THỊ NGUYỆT ẤNH TUYẾT", 1961);

/// For whom they sign, before the first and between the two.
pub(super) fn confirm() -> Vec<(&'static str, Screen)> {
    let page = |(name, birth_year): (&str, i16), signed: Option<&str>| Screen::OfficersConfirm {
        name: name.to_owned(),
        birth_year,
        signed: signed.map(str::to_owned),
    };
    vec![("", page(SHORT, None)), ("signed", page(LONG, Some("100001"))), ("long", page(LONG, None))]
}

/// The service number.
pub(super) fn number() -> Vec<(&'static str, Screen)> {
    let page =
        |officer, digits: &str, fault| Screen::OfficerNumber { officer, digits: digits.to_owned(), fault };
    vec![
        ("", page(1, "1000", None)),
        ("full", page(2, "10000001", None)),
        ("unknown", page(1, "", Some(Fault::OfficerUnknown))),
        ("twice", page(2, "", Some(Fault::OfficerTwice))),
    ]
}

/// The PIN.
pub(super) fn pin() -> Vec<(&'static str, Screen)> {
    let page = |(name, birth_year): (&str, i16), entered, fault| Screen::OfficerPin {
        number: "100001".to_owned(),
        name: name.to_owned(),
        birth_year,
        entered,
        fault,
    };
    vec![
        ("", page(SHORT, 3, None)),
        ("long", page(LONG, 12, None)),
        ("wrong", page(SHORT, 0, Some(Fault::PinWrong))),
        ("long-wrong", page(LONG, 0, Some(Fault::PinWrong))),
    ]
}
