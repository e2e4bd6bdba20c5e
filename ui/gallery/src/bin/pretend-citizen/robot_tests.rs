use screen::{Fault, Look, Offers, Text};

use super::*;

fn view(screen: Screen) -> View {
    View {
        screen,
        language: Language::Vi,
        look: Look::default(),
        step: None,
        over: None,
        offers: Offers::default(),
    }
}

fn robot(citizen: Citizen) -> Robot {
    Robot::new(
        citizen,
        None,
        Person {
            language: Language::Vi,
            service: "eid.activate".into(),
            phone: "0912000158".into(),
            otp: "246813".into(),
            card_digits: Some("000158".into()),
            scanner: true,
        },
    )
}

#[test]
fn a_countdown_is_no_reason_to_press_again() {
    let mut robot = robot(Citizen::default());
    let otp = |resend_in| {
        view(Screen::Otp { sent_to: "x".into(), entered: 0, resend_in, tries_left: None, fault: None })
    };
    assert_eq!(robot.consider("otp", &otp(60)), Act::Type('2'));
    assert_eq!(robot.consider("otp", &otp(59)), Act::Wait);
}

#[test]
fn a_wrong_phone_number_is_erased_and_the_next_one_typed() {
    let mut robot = robot(Citizen { phones: vec!["09".into()], ..Citizen::default() });
    let phone = |digits: &str, fault| view(Screen::Phone { digits: digits.into(), fault });
    assert_eq!(robot.consider("phone", &phone("", None)), Act::Type('0'));
    assert_eq!(robot.consider("phone", &phone("0", None)), Act::Type('9'));
    assert_eq!(robot.consider("phone", &phone("09", None)), Act::Press(labels::CONTINUE));
    let wrong = Some(Fault::PhoneMismatch);
    // "09" happens to begin the right number too, so it goes on from there
    assert_eq!(robot.consider("phone", &phone("09", wrong)), Act::Type('1'));
}

#[test]
fn a_weak_passcode_is_followed_by_the_next_pair() {
    let pairs = vec![("111111".to_owned(), "111111".to_owned()), ("830219".to_owned(), "830218".to_owned())];
    let mut robot = robot(Citizen { passcodes: pairs, ..Citizen::default() });
    let passcode = |entry, entered, fault| view(Screen::Passcode { entry, entered, fault });
    assert_eq!(robot.consider("passcode", &passcode(Entry::First, 0, None)), Act::Type('1'));
    assert_eq!(robot.consider("passcode", &passcode(Entry::First, 5, None)), Act::Type('1'));
    let weak = Some(Fault::PasscodeWeak);
    assert_eq!(robot.consider("passcode", &passcode(Entry::First, 0, weak)), Act::Type('8'));
    assert_eq!(robot.consider("passcode", &passcode(Entry::Again, 5, None)), Act::Type('8'));
    let differ = Some(Fault::PasscodeMismatch);
    assert_eq!(robot.consider("passcode", &passcode(Entry::First, 0, differ)), Act::Type('8'));
}

#[test]
fn who_walks_away_presses_nothing_any_more() {
    let mut robot = robot(Citizen { walks_away_at: Some("consent".into()), ..Citizen::default() });
    assert_eq!(
        robot.consider("attract", &view(Screen::Attract { closes_in: None, message: None })),
        Act::Press(labels::START)
    );
    let consent = view(Screen::Consent { service: Text::default(), purposes: vec![], fee: None });
    assert_eq!(robot.consider("consent", &consent), Act::Wait);
    let asked = View { over: Some(Over::StillThere { seconds_left: 20 }), ..consent };
    assert_eq!(robot.consider("consent", &asked), Act::Wait);
    assert_eq!(
        robot.consider("attract", &view(Screen::Attract { closes_in: None, message: None })),
        Act::Over
    );
}

#[test]
fn the_card_is_taken_before_the_last_button() {
    let mut robot = robot(Citizen::default());
    robot.consider("place-card", &view(Screen::PlaceCard { fault: None }));
    let outcome =
        view(Screen::Outcome { outcome: Outcome::Activated, reference: None, paper: PaperOutcome::Printed });
    assert_eq!(robot.consider("outcome", &outcome), Act::LiftCard);
    assert_eq!(robot.consider("outcome", &outcome), Act::Press(labels::FINISH));
    assert_eq!(robot.outcome.as_deref(), Some("activated"));
}

#[test]
fn a_card_that_was_not_read_is_lifted_and_laid_down_again() {
    let mut robot = robot(Citizen::default());
    assert_eq!(robot.consider("place-card", &view(Screen::PlaceCard { fault: None })), Act::LayCard);
    let again = view(Screen::PlaceCard { fault: Some(Fault::CardGarbled) });
    assert_eq!(robot.consider("place-card", &again), Act::LiftCard);
    assert_eq!(robot.consider("place-card", &again), Act::LayCard);
}

#[test]
fn english_is_chosen_before_anything_else() {
    let mut robot = robot(Citizen { switches_to_english_at: Some("consent".into()), ..Citizen::default() });
    let consent = view(Screen::Consent { service: Text::default(), purposes: vec![], fee: None });
    assert_eq!(robot.consider("consent", &consent), Act::Press(labels::TO_ENGLISH));
    let english = View { language: Language::En, ..consent };
    assert_eq!(robot.consider("consent", &english), Act::Press(labels::AGREE));
}
