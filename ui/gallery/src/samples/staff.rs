//! The pages for staff.

use screen::{DeviceLine, DeviceName, Fault, Screen, StaffNote, StickNote};

/// Signing in.
pub(super) fn sign_in() -> Vec<(&'static str, Screen)> {
    let page = |entered, locked_for, fault| Screen::StaffSignIn { entered, locked_for, fault };
    vec![
        ("", page(2, None, None)),
        ("wrong", page(0, None, Some(Fault::PinWrong))),
        ("locked", page(0, Some(240), Some(Fault::PinLocked))),
    ]
}

/// Showing a badge.
pub(super) fn badge() -> Vec<(&'static str, Screen)> {
    let page = |fault| Screen::StaffBadge { fault };
    vec![("", page(None)), ("wrong", page(Some(Fault::BadgeWrong)))]
}

/// The page of the person who services the machine.
pub(super) fn serving() -> Vec<(&'static str, Screen)> {
    let line = |device, fault: Option<Fault>| DeviceLine { device, works: fault.is_none(), fault };
    let with_stick = |note, stick| Screen::Staff {
        devices: vec![
            line(DeviceName::CardReader, None),
            line(DeviceName::Camera, Some(Fault::CameraSilent)),
            line(DeviceName::ReceiptPrinter, Some(Fault::PaperLow)),
            line(DeviceName::CodeScanner, None),
            line(DeviceName::Network, Some(Fault::PlatformUnreachable)),
            line(DeviceName::Store, None),
        ],
        waiting: 3,
        paper_percent: Some(12),
        stick,
        closed: note == Some(StaffNote::MachineLocked),
        note,
        version: "0.1.0".into(),
    };
    let page = |note| with_stick(note, None);
    vec![
        ("", page(None)),
        ("stick", with_stick(None, Some(StickNote::Admitted))),
        ("stick-refused", with_stick(None, Some(StickNote::Refused(Fault::PermitMissing)))),
        ("tested", page(Some(StaffNote::ReaderAnswered))),
        ("failed", page(Some(StaffNote::TestPrintFailed(Fault::PrinterCoverOpen)))),
        ("locked", page(Some(StaffNote::MachineLocked))),
    ]
}
