//! The branches of the activation machine, each to its own end.

mod kiosk;

use devices::{Device, State};
use faults::Fault;
use jiff::civil::date;
use journey::{Effect, Event, PlatformStep, SignedIn, SlipOrder, TimeLimits};
use kiosk::{Kiosk, kept, pending, receipt};
use outbox::Standing;
use screen::{Language, Outcome, Over, PaperOutcome, ReadingStage, Screen, StaffTap, Tap};
use services::AccountState;
use upkeep::{LockReason, Opening};

fn outcome(kiosk: &Kiosk) -> (Outcome, PaperOutcome) {
    match kiosk.view().screen {
        Screen::Outcome { outcome, paper, .. } => (outcome, paper),
        other => panic!("no outcome but {other:?}"),
    }
}

fn words(effects: &[Effect]) -> Vec<&'static str> {
    effects.iter().map(Effect::word).collect()
}

#[test]
fn a_pending_account_is_activated() {
    let kiosk = Kiosk::at_state("Ended");
    assert_eq!(outcome(&kiosk), (Outcome::Activated, PaperOutcome::Printed));
}

#[test]
fn each_other_account_ends_in_its_own_outcome() {
    for (state, expected) in [
        (AccountState::None, Outcome::NoAccount),
        (AccountState::LevelOne, Outcome::LevelOne),
        (AccountState::Active, Outcome::AlreadyActive),
        (AccountState::Locked, Outcome::Locked),
        (pending(8), Outcome::Overdue { hotline: "1900 0368".into() }),
    ] {
        let mut kiosk = Kiosk::at_state("LookingUp");
        kiosk.step(Event::Account(state));
        assert_eq!(outcome(&kiosk).0, expected);
    }
}

#[test]
fn an_update_is_announced_and_begins_no_visit_while_it_lasts() {
    let mut kiosk = Kiosk::new();
    kiosk.opening = Opening::ClosesIn(1);
    assert_eq!(kiosk.view().screen, Screen::Attract { closes_in: Some(1), message: None });
    kiosk.opening = Opening::ClosedFor(5);
    let closed = Screen::OutOfService { fault: Fault::Upkeep, minutes: Some(5) };
    assert_eq!(kiosk.view().screen, closed);
    for tap in [Tap::Touch, Tap::OpenStaff] {
        assert!(kiosk.tap(tap).is_empty());
        assert_eq!(kiosk.at(), "Attract");
    }
    kiosk.opening = Opening::Open;
    kiosk.tap(Tap::Touch);
    assert_eq!(kiosk.at(), "ChoosingService");
}

#[test]
fn a_locked_machine_says_why_and_lets_staff_in_alone() {
    let mut kiosk = Kiosk::new();
    for (reason, fault) in [
        (LockReason::Operator, Fault::Locked),
        (LockReason::Repair, Fault::LockedForRepair),
        (LockReason::Check, Fault::LockedForCheck),
        (LockReason::OfficeClosed, Fault::LockedOfficeClosed),
    ] {
        kiosk.opening = Opening::Locked { minutes: Some(30), reason };
        assert_eq!(kiosk.view().screen, Screen::OutOfService { fault, minutes: Some(30) });
        assert!(kiosk.tap(Tap::Touch).is_empty());
        assert_eq!(kiosk.at(), "Attract");
    }
    kiosk.tap(Tap::OpenStaff);
    assert_eq!(kiosk.at(), "SigningInStaff");
}

#[test]
fn the_operators_message_stands_on_the_first_page_alone() {
    let mut kiosk = Kiosk::new();
    let line = |text: &str| upkeep::Line::try_from(text.to_owned()).unwrap();
    kiosk.message = Some(upkeep::Words { vi: line("Nghỉ trưa"), en: line("Lunch") });
    let message = Some(screen::Text::new("Nghỉ trưa", "Lunch"));
    assert_eq!(kiosk.view().screen, Screen::Attract { closes_in: None, message: message.clone() });
    kiosk.opening = Opening::ClosesIn(1);
    assert_eq!(kiosk.view().screen, Screen::Attract { closes_in: Some(1), message });
    kiosk.tap(Tap::Touch);
    assert!(matches!(kiosk.view().screen, Screen::ChooseService { .. }));
}

#[test]
fn a_visit_goes_on_when_the_machine_closes_for_others() {
    let mut kiosk = Kiosk::at_state("EnteringPhone");
    kiosk.opening = Opening::ClosedFor(5);
    assert!(matches!(kiosk.view().screen, Screen::Phone { .. }));
    kiosk.type_in("0912345678");
    kiosk.step(Event::Second);
    assert_eq!(kiosk.at(), "EnteringPhone");
}

#[test]
fn the_last_hour_of_the_seventh_day_is_in_time() {
    let mut kiosk = Kiosk::at_state("LookingUp");
    kiosk.step(Event::Account(pending(7)));
    assert_eq!(kiosk.at(), "EnteringPhone");
}

#[test]
fn the_citizen_is_greeted_while_the_portrait_is_read() {
    let mut kiosk = Kiosk::at_state("ReadingCard");
    let page = |kiosk: &Kiosk| match kiosk.view().screen {
        Screen::ReadingCard { name, percent, .. } => (name, percent),
        _ => panic!("{}", kiosk.at()),
    };
    assert_eq!(page(&kiosk).0, None);
    kiosk.step(Event::CardGreets(kiosk::greeting()));
    kiosk.step(Event::CardProgress(ReadingStage::Portrait, 40));
    let name = kiosk::identity().name().to_owned();
    assert_eq!(page(&kiosk), (Some(name), 40));
    // Laid down once more, the card may be another one.
    kiosk.step(Event::CardFailed(Fault::CardLifted));
    kiosk.step(Event::CardLaid);
    assert_eq!(page(&kiosk).0, None);
}

#[test]
fn a_wrong_number_says_how_many_tries_the_chip_has_left_and_a_locked_one_sends_to_staff() {
    let shown = |kiosk: &Kiosk| match kiosk.view().screen {
        Screen::CardKey { digits, fault, tries_left, .. } => (digits, fault, tries_left),
        other => panic!("no key is asked for but {other:?}"),
    };
    let mut kiosk = Kiosk::at_state("ReadingCard");
    assert_eq!(words(&kiosk.step(Event::CardKeyWrong(Some(2)))), ["StopCard"]);
    assert_eq!(shown(&kiosk), (String::new(), Some(Fault::CardKeyWrong), Some(2)));
    // With the first digit of the next the words go.
    kiosk.tap(Tap::Key('1'));
    assert_eq!(shown(&kiosk), ("1".to_owned(), None, None));
    // The last try is gone, or was before.
    for locked in [Event::CardKeyWrong(Some(0)), Event::CardFailed(Fault::CardKeyBlocked)] {
        let mut kiosk = Kiosk::at_state("ReadingCard");
        kiosk.step(locked);
        let refused = Outcome::Refused { fault: Fault::CardKeyBlocked };
        assert_eq!((kiosk.at(), outcome(&kiosk).0), ("Ended", refused));
    }
}

#[test]
fn whoever_does_not_find_what_opens_their_card_is_sent_to_staff() {
    for (event, fault) in [
        (|| Event::CardKeyWrong(None), Fault::CardKeyWrong),
        (|| Event::CardFailed(Fault::CardCodeNeeded), Fault::CardCodeNeeded),
    ] as [(fn() -> Event, Fault); 2]
    {
        let mut kiosk = Kiosk::at_state("ReadingCard");
        for _ in 0..4 {
            kiosk.step(event());
            assert_eq!(kiosk.at(), "EnteringCardKey");
            for digit in "123456".chars() {
                kiosk.tap(Tap::Key(digit));
            }
            kiosk.tap(Tap::Continue);
            kiosk.step(Event::CardLaid);
        }
        kiosk.step(event());
        assert_eq!((kiosk.at(), outcome(&kiosk).0), ("Ended", Outcome::Refused { fault }));
    }
}

/// Whatever a card ended with: nothing is asked for that there is no page for any more.
#[test]
fn a_visit_that_a_card_ended_does_not_ask_for_the_card_again() {
    const OVER: [&str; 6] = ["again", "put it back", "leave it", "check it", "a moment", "scanner"];
    let mut with_other_words = 0;
    for fault in Fault::all() {
        let mut kiosk = Kiosk::at_state("ReadingCard");
        kiosk.devices.insert(Device::CodeScanner, State::Failed(Fault::ScannerMissing));
        for _ in 0..5 {
            let event = if fault == Fault::CardKeyWrong {
                Event::CardKeyWrong(None)
            } else {
                Event::CardFailed(fault)
            };
            kiosk.step(event);
            if kiosk.at() == "EnteringCardKey" {
                "123456".chars().for_each(|digit| _ = kiosk.tap(Tap::Key(digit)));
                kiosk.tap(Tap::Continue);
            }
        }
        assert_eq!(outcome(&kiosk).0, Outcome::Refused { fault }, "{}", fault.code());
        let (page, end) = (fault.citizen(), fault.citizen_at_end());
        let asks = |said: &str| OVER.iter().any(|words| said.contains(words));
        let of_a_card = ["CARD", "READER", "ID"].contains(&fault.code().split('-').next().unwrap());
        assert!(!of_a_card || !asks(end.en), "{}: {}", fault.code(), end.en);
        assert_eq!(page.vi == end.vi, page.en == end.en, "{}", fault.code());
        with_other_words += usize::from(page != end);
    }
    assert_eq!(with_other_words, 8);
}

#[test]
fn a_chip_without_pace_asks_for_the_code_on_the_card() {
    let entering = |kiosk: &Kiosk| match kiosk.view().screen {
        Screen::CardKey { fault, scanner, .. } => (fault, scanner),
        other => panic!("no key is asked for but {other:?}"),
    };
    // The six digits do not open it; the scanner's code may.
    let mut kiosk = Kiosk::at_state("ReadingCard");
    assert_eq!(words(&kiosk.step(Event::CardFailed(Fault::CardCodeNeeded))), ["StopCard"]);
    assert_eq!(entering(&kiosk), (Some(Fault::CardCodeNeeded), true));
    // The code was scanned and did not do: nothing more is asked for.
    let code = identity::CardCode::parse(kiosk::printed_code()).unwrap();
    let effects = kiosk.step(Event::CodeScanned(code));
    let [Effect::ReadCard(keys, _)] = &effects[..] else { panic!("{:?}", words(&effects)) };
    assert!(keys.scanned && !keys.candidates.is_empty(), "{} candidates", keys.candidates.len());
    kiosk.step(Event::CardLaid);
    kiosk.step(Event::CardFailed(Fault::CardCodeNeeded));
    assert_eq!(kiosk.at(), "Ended");
    // Where nothing scans, staff are asked for at once.
    let mut kiosk = Kiosk::at_state("ReadingCard");
    kiosk.devices.insert(Device::CodeScanner, State::Failed(Fault::ScannerMissing));
    kiosk.step(Event::CardFailed(Fault::CardCodeNeeded));
    assert_eq!(kiosk.at(), "Ended");
}

#[test]
fn a_code_with_odd_days_still_opens_the_card_by_its_number() {
    let issued_before_birth = "001095012345||Nguyễn A|02091995|Nữ|Hà Nội|10051990";
    let renewed_after_the_calendars_end = "001095012345||Nguyễn A|01019945|Nữ|Hà Nội|31129999";
    for code in [issued_before_birth, renewed_after_the_calendars_end] {
        let code = identity::CardCode::parse(code).unwrap();
        let mut kiosk = Kiosk::at_state("EnteringCardKey");
        let effects = kiosk.step(Event::CodeScanned(code));
        let [Effect::ReadCard(keys, _)] = &effects[..] else { panic!("{:?}", words(&effects)) };
        assert!(keys.candidates.is_empty() && matches!(keys.key, card::AccessKey::Can(_)));
    }
}

#[test]
fn an_expired_card_stops_the_visit_and_offers_a_slip_for_the_police() {
    let mut kiosk = Kiosk::at_state("ReadingCard");
    kiosk.step(Event::CardExpired(date(2026, 11, 20)));
    assert_eq!(outcome(&kiosk), (Outcome::CardExpired { on: "20/11/2026".into() }, PaperOutcome::Offered));
    let effects = kiosk.tap(Tap::Print);
    let Effect::Print(order, Language::Vi) = &effects[0] else { panic!("{:?}", words(&effects)) };
    assert!(matches!(**order, SlipOrder::Renewal { .. }));
}

#[test]
fn a_wrong_phone_may_be_typed_again() {
    let mut kiosk = Kiosk::at_state("CheckingPhone");
    kiosk.step(Event::PlatformFailed(PlatformStep::Phone, Fault::PhoneMismatch));
    let Screen::Phone { digits, fault } = kiosk.view().screen else { panic!() };
    assert_eq!((digits.as_str(), fault), (kiosk::PHONE, Some(Fault::PhoneMismatch)));
}

#[test]
fn a_wrong_code_says_how_many_tries_are_left_and_the_last_ends_the_visit() {
    let mut kiosk = Kiosk::at_state("CheckingCode");
    kiosk.step(Event::CodeRefused(Fault::OtpWrong, Some(4)));
    let Screen::Otp { entered, tries_left, fault, .. } = kiosk.view().screen else { panic!() };
    assert_eq!((entered, tries_left, fault), (0, Some(4), Some(Fault::OtpWrong)));

    let mut kiosk = Kiosk::at_state("CheckingCode");
    kiosk.step(Event::CodeRefused(Fault::OtpLimit, Some(0)));
    assert_eq!(outcome(&kiosk).0, Outcome::Refused { fault: Fault::OtpLimit });
}

#[test]
fn another_code_may_be_asked_for_after_a_minute_and_three_times_in_all() {
    let mut kiosk = Kiosk::at_state("EnteringCode");
    for _ in 0..2 {
        assert!(kiosk.tap(Tap::ResendCode).is_empty(), "too soon");
        for _ in 0..60 {
            kiosk.step(Event::Second);
            kiosk.tap(Tap::MoreTime);
        }
        assert_eq!(words(&kiosk.tap(Tap::CallWithCode)), ["SendCode"]);
        kiosk.step(Event::CodeSent("09x xxx x158".into()));
    }
    for _ in 0..60 {
        kiosk.step(Event::Second);
        kiosk.tap(Tap::MoreTime);
    }
    assert!(kiosk.tap(Tap::ResendCode).is_empty(), "a fourth code");
}

#[test]
fn a_weak_passcode_is_refused_before_anything_is_sent() {
    for weak in ["111111", "123456", "071168"] {
        let mut kiosk = Kiosk::at_state("SettingPasscode");
        kiosk.type_in(weak);
        assert!(kiosk.tap(Tap::Continue).is_empty());
        let Screen::Passcode { entered, fault, .. } = kiosk.view().screen else { panic!() };
        assert_eq!((entered, fault), (0, Some(Fault::PasscodeWeak)), "{weak}");
    }
}

#[test]
fn two_different_passcodes_begin_again() {
    let mut kiosk = Kiosk::at_state("SettingPasscode");
    for passcode in ["830219", "830218"] {
        kiosk.type_in(passcode);
        kiosk.tap(Tap::Continue);
    }
    let Screen::Passcode { entry, entered, fault } = kiosk.view().screen else { panic!() };
    assert_eq!((entry, entered, fault), (screen::Entry::First, 0, Some(Fault::PasscodeMismatch)));
}

#[test]
fn a_face_that_is_missed_three_times_goes_another_way_without_blame() {
    let mut kiosk = Kiosk::at_state("TakingPhoto");
    for attempt in 1..=2 {
        kiosk.step(Event::FaceMissed(Fault::FaceNotMatched));
        let Screen::FaceNotMatched { attempt: shown, attempts, .. } = kiosk.view().screen else { panic!() };
        assert_eq!((shown, attempts), (attempt, 3));
        assert_eq!(words(&kiosk.tap(Tap::TryAgain)), ["WatchFace"]);
    }
    kiosk.step(Event::FaceMissed(Fault::FaceNotMatched));
    let Screen::FaceAnotherWay { fault, .. } = kiosk.view().screen else { panic!() };
    assert_eq!(fault, Some(Fault::FaceNotConfirmed));
    assert!(Fault::FaceNotConfirmed.citizen().en.contains("not your fault"));
}

/// By the page before, and by the card laid anew.
#[test]
fn going_back_from_the_camera_gives_no_tries_back() {
    let attempt = |kiosk: &Kiosk| match kiosk.view().screen {
        Screen::Face { attempt, .. } => attempt,
        _ => 0,
    };
    let mut kiosk = Kiosk::at_state("TakingPhoto");
    kiosk.tap(Tap::Back);
    kiosk.tap(Tap::Continue);
    assert_eq!(attempt(&kiosk), 2);
    kiosk.tap(Tap::Back);
    kiosk.tap(Tap::Back);
    kiosk.type_in("000158");
    kiosk.tap(Tap::Continue);
    kiosk.step(Event::CardLaid);
    kiosk.step(kiosk::card_read());
    kiosk.tap(Tap::Continue);
    assert_eq!(attempt(&kiosk), 3);
    kiosk.tap(Tap::Back);
    kiosk.tap(Tap::Continue);
    let Screen::FaceAnotherWay { fault, .. } = kiosk.view().screen else { panic!() };
    assert_eq!(fault, Some(Fault::FaceNotConfirmed));
}

#[test]
fn whoever_asks_for_another_way_is_not_told_of_a_failure() {
    let mut kiosk = Kiosk::at_state("TakingPhoto");
    assert_eq!(words(&kiosk.tap(Tap::AskStaff)), ["Note", "StopFace"]);
    assert!(matches!(kiosk.view().screen, Screen::FaceAnotherWay { fault: None, .. }));
}

#[test]
fn the_citizens_own_approval_stands_in_for_the_camera() {
    let mut kiosk = Kiosk::at_state("ShowingVneid");
    let effects = kiosk.step(Event::VneidApproved(kiosk::face_match()));
    assert_eq!(words(&effects), ["LookUpAccount", "Note"]);
    assert_eq!(kiosk.at(), "LookingUp");
}

#[test]
fn a_no_in_vneid_leaves_the_other_ways_open() {
    let mut kiosk = Kiosk::at_state("ShowingVneid");
    kiosk.step(Event::VneidRefused(Fault::VneidRejected));
    assert!(matches!(kiosk.view().screen, Screen::FaceAnotherWay { fault: Some(Fault::VneidRejected), .. }));
}

#[test]
fn a_vneid_code_whose_time_is_over_is_waited_for_no_longer() {
    let mut kiosk = Kiosk::at_state("ShowingVneid");
    let effects: Vec<_> = (0..120).flat_map(|_| kiosk.step(Event::Second)).collect();
    assert_eq!(words(&effects), ["StopVneid"]);
    assert!(matches!(kiosk.view().screen, Screen::FaceAnotherWay { fault: Some(Fault::VneidExpired), .. }));
    kiosk.step(Event::VneidApproved(kiosk::face_match()));
    assert_eq!(kiosk.at(), "AnotherWay", "an approval that comes too late changes nothing");
}

#[test]
fn a_lifted_card_may_be_laid_down_again() {
    let mut kiosk = Kiosk::at_state("ReadingCard");
    assert_eq!(words(&kiosk.step(Event::CardFailed(Fault::CardLifted))), ["ReadCard"]);
    assert!(matches!(kiosk.view().screen, Screen::PlaceCard { fault: Some(Fault::CardLifted) }));
}

#[test]
fn a_platform_that_is_away_before_signing_promises_nothing() {
    let mut kiosk = Kiosk::at_state("LookingUp");
    kiosk.step(Event::PlatformFailed(PlatformStep::LookUp, Fault::PlatformUnreachable));
    assert_eq!(outcome(&kiosk).0, Outcome::Refused { fault: Fault::NothingSent });
}

#[test]
fn a_platform_that_does_not_answer_leaves_the_paper_at_received() {
    let mut kiosk = Kiosk::at_state("Sending");
    kiosk.step(Event::Stored(kept()));
    let effects = kiosk.step(Event::NotAnswered);
    let Effect::Print(order, _) = &effects[0] else { panic!("{:?}", words(&effects)) };
    assert!(matches!(**order, SlipOrder::Kept { .. }));
    kiosk.step(Event::Printed);
    assert_eq!(outcome(&kiosk).0, Outcome::Received);
}

#[test]
fn registered_is_only_said_of_a_receipt_that_says_so() {
    let mut kiosk = Kiosk::at_state("Sending");
    kiosk.step(Event::Stored(kept()));
    kiosk.step(Event::Acknowledged(receipt(Standing::Received)));
    kiosk.step(Event::Printed);
    assert_eq!(outcome(&kiosk).0, Outcome::Received);
}

#[test]
fn nothing_is_promised_before_the_disk_has_it() {
    let mut kiosk = Kiosk::at_state("Sending");
    kiosk.step(Event::Acknowledged(receipt(Standing::Registered)));
    assert!(matches!(kiosk.view().screen, Screen::Working { .. }));
    kiosk.step(Event::StoreFailed(Fault::StoreFull));
    assert_eq!(outcome(&kiosk).0, Outcome::Refused { fault: Fault::StoreFull });
}

#[test]
fn a_visit_that_belongs_to_the_outbox_cannot_be_ended() {
    let mut kiosk = Kiosk::at_state("Sending");
    for _ in 0..600 {
        kiosk.step(Event::Second);
        kiosk.tap(Tap::End);
    }
    assert_eq!(kiosk.at(), "Sending");
}

#[test]
fn without_paper_the_code_stands_for_the_slip() {
    let mut kiosk = Kiosk::at_state("Sending");
    kiosk.devices.insert(Device::ReceiptPrinter, State::Failed(Fault::PaperOut));
    kiosk.step(Event::Stored(kept()));
    assert!(kiosk.step(Event::Acknowledged(receipt(Standing::Registered))).is_empty());
    assert_eq!(outcome(&kiosk), (Outcome::Activated, PaperOutcome::Failed(Fault::PaperOut)));
}

#[test]
fn a_language_may_be_switched_at_any_moment_and_goes_back_after_the_visit() {
    for state in kiosk::states() {
        let mut kiosk = Kiosk::at_state(state);
        kiosk.tap(Tap::Language(Language::En));
        assert_eq!(kiosk.view().language, Language::En, "{state}");
    }
    let mut kiosk = Kiosk::at_state("Ended");
    kiosk.tap(Tap::Language(Language::En));
    kiosk.tap(Tap::End);
    assert_eq!((kiosk.at(), kiosk.view().language), ("Attract", Language::Vi));
}

/// Wherever the citizen walks away, the machine warns, ends and wipes by itself.
#[test]
fn from_every_page_that_waits_for_the_citizen_silence_ends_the_visit() {
    let busy = [
        "Attract",
        "ReadingCard",
        "TakingPhoto",
        "AskingVneid",
        "OfficerSigning",
        "LookingUp",
        "CheckingPhone",
        "SendingCode",
        "CheckingCode",
        "SettingSecrets",
        "Sending",
        "Printing",
    ];
    for state in kiosk::states().into_iter().filter(|state| !busy.contains(state)) {
        let mut kiosk = Kiosk::at_state(state);
        let mut wiped = false;
        let mut warned = false;
        for _ in 0..600 {
            let effects = kiosk.step(Event::Second);
            wiped |= words(&effects).contains(&"Wipe");
            warned |= matches!(kiosk.view().over, Some(Over::StillThere { .. }));
        }
        let staff = state.contains("Staff") || state == "ShowingBadge";
        let closing = ["Ended", "Thanking"].contains(&state);
        assert_eq!(kiosk.at(), "Attract", "{state}");
        assert_eq!((wiped, warned), (!staff, !staff && !closing), "{state}");
    }
}

/// Who has a badge gets in with it, and with no other; but a reader that is broken keeps nobody out
/// who is to mend it.
#[test]
fn who_has_a_badge_shows_it() {
    let words_and_place = |kiosk: &mut Kiosk, event| (words(&kiosk.step(event)), kiosk.at());
    let mut kiosk = Kiosk::at_state("SigningInStaff");
    let wanted = words_and_place(&mut kiosk, Event::BadgeWanted(kiosk::STAFF.into()));
    assert_eq!(wanted, (vec!["ReadBadge"], "ShowingBadge"));
    let another = words_and_place(&mut kiosk, Event::BadgeShown(kiosk::present("kt-02")));
    assert_eq!(another, (vec![], "ShowingBadge"), "whose PIN was typed");
    let refused = words_and_place(&mut kiosk, Event::BadgeRefused(Fault::BadgeWrong));
    assert_eq!(refused, (vec!["ReadBadge"], "ShowingBadge"));
    assert_eq!(kiosk.view().screen, Screen::StaffBadge { fault: Some(Fault::BadgeWrong) });
    let right = kiosk.step(Event::BadgeShown(kiosk::present(kiosk::STAFF)));
    assert!(
        matches!(&right[..], [Effect::AdmitStaff(SignedIn::ByBadge(who))] if who.holder() == kiosk::STAFF)
    );
    assert_eq!(kiosk.at(), "ServingStaff");

    let mut kiosk = Kiosk::at_state("ShowingBadge");
    let by_pin = kiosk.step(Event::NoBadgeReader(Fault::ReaderMissing));
    assert!(matches!(&by_pin[..], [Effect::AdmitStaff(SignedIn::ByPin(id))] if id == kiosk::STAFF));
    let Screen::Staff { note, .. } = kiosk.view().screen else { panic!("{}", kiosk.at()) };
    assert_eq!(note, Some(screen::StaffNote::ReaderFailed(Fault::ReaderMissing)));

    for leaves in [Event::Tap(Tap::Back), Event::Tap(Tap::End)] {
        let mut kiosk = Kiosk::at_state("ShowingBadge");
        assert_eq!(words_and_place(&mut kiosk, leaves), (vec!["StopCard"], "Attract"));
    }
}

/// However staff leave their page, the audit log hears of it; and a machine that they
/// closed says so to the next who signs in.
#[test]
fn whoever_leaves_the_staff_page_has_left_it_in_the_log_too() {
    for silently in [false, true] {
        let mut kiosk = Kiosk::at_state("ServingStaff");
        kiosk.tap(Tap::Staff(StaffTap::LockMachine));
        kiosk.tap(Tap::Language(Language::En));
        let mut said = Vec::new();
        if silently {
            (0..600).for_each(|_| said.extend(kiosk.step(Event::Second)));
        } else {
            said.extend(kiosk.tap(Tap::Staff(StaffTap::Exit)));
        }
        assert_eq!((kiosk.at(), words(&said)), ("Attract", vec!["StaffDo"]), "silently: {silently}");
        assert_eq!(kiosk.view().language, Language::Vi, "the next citizen's");
        kiosk.tap(Tap::OpenStaff);
        kiosk.step(Event::StaffSignedIn(kiosk::STAFF.into()));
        assert!(matches!(kiosk.view().screen, Screen::Staff { closed: true, note: None, .. }));
    }
}

#[test]
fn the_warning_comes_twenty_seconds_before_the_end_and_one_touch_extends() {
    let limits = TimeLimits::default();
    let mut kiosk = Kiosk::at_state("EnteringPhone");
    for _ in 0..limits.idle - limits.warning {
        assert_eq!(kiosk.view().over, None);
        kiosk.step(Event::Second);
    }
    assert_eq!(kiosk.view().over, Some(Over::StillThere { seconds_left: limits.warning }));
    kiosk.tap(Tap::Key('0'));
    assert!(kiosk.view().over.is_some(), "a key behind the warning must not be taken");
    kiosk.tap(Tap::MoreTime);
    assert_eq!((kiosk.at(), kiosk.view().over), ("EnteringPhone", None));
}

/// After the end nothing of the citizen is left on any page.
#[test]
fn the_page_after_a_visit_knows_nothing_of_it() {
    for state in kiosk::states() {
        let mut kiosk = Kiosk::at_state(state);
        for tap in [Tap::End, Tap::End] {
            kiosk.tap(tap);
        }
        if kiosk.at() == "Attract" {
            assert!(kiosk.view() == Kiosk::new().view(), "{state}");
        }
    }
}
