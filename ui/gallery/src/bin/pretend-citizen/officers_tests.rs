use screen::{Fault, Language, Look, Offers};

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

fn confirm(signed: Option<&str>) -> View {
    view(Screen::OfficersConfirm { name: "X".into(), birth_year: 1990, signed: signed.map(str::to_owned) })
}

fn turn(number: &str, pins: &[&str]) -> Turn {
    Turn { number: number.to_owned(), pins: pins.iter().map(|&pin| pin.to_owned()).collect() }
}

/// Types on a page until a button is pressed, and says what.
fn types(officers: &mut Officers, page: impl Fn(&str) -> View) -> String {
    let mut typed = String::new();
    loop {
        match officers.act(&page(&typed)) {
            Act::Type(digit) => typed.push(digit),
            Act::Press(_) => return typed,
            other => panic!("{other:?}"),
        }
    }
}

fn number(fault: Option<Fault>) -> impl Fn(&str) -> View {
    move |digits| {
        let fault = fault.filter(|_| digits.is_empty());
        view(Screen::OfficerNumber { officer: 1, digits: digits.to_owned(), fault })
    }
}

fn pin(fault: Option<Fault>) -> impl Fn(&str) -> View {
    move |digits| {
        let fault = fault.filter(|_| digits.is_empty());
        let entered = digits.len() as u8;
        view(Screen::OfficerPin { number: "1".into(), name: "X".into(), birth_year: 1990, entered, fault })
    }
}

#[test]
fn officers_are_called_once() {
    let mut officers = Officers::new(Script::default());
    assert_eq!((officers.are_called(), officers.are_called()), (true, false));
}

#[test]
fn one_signs_after_the_other_and_wrong_pins_come_first() {
    let turns = [turn("1001", &["11111111", "22222222"]), turn("1002", &["33333333"])];
    let mut officers = Officers::new(Script { turns: turns.into() });
    assert_eq!(officers.act(&confirm(None)), Act::Press(labels::FIRST_OFFICER));
    assert_eq!(types(&mut officers, number(None)), "1001");
    assert_eq!(types(&mut officers, pin(None)), "11111111");
    assert_eq!(types(&mut officers, pin(Some(Fault::PinWrong))), "22222222");
    assert_eq!(officers.act(&confirm(Some("1001"))), Act::Press(labels::SECOND_OFFICER));
    assert_eq!(types(&mut officers, number(None)), "1002");
    assert_eq!(types(&mut officers, pin(None)), "33333333");
}

#[test]
fn a_number_without_a_pin_must_be_refused() {
    let turns = || [turn("9999", &[]), turn("1001", &["11111111"])].into();
    let mut officers = Officers::new(Script { turns: turns() });
    assert_eq!(types(&mut officers, number(None)), "9999");
    assert_eq!(types(&mut officers, number(Some(Fault::OfficerUnknown))), "1001");
    let mut officers = Officers::new(Script { turns: turns() });
    assert_eq!(types(&mut officers, number(None)), "9999");
    assert_eq!(officers.act(&pin(None)("")), Act::Stuck("this officer should have been refused"));
}

#[test]
fn an_officer_who_should_sign_and_is_refused_is_not_passed_over() {
    let mut officers = Officers::new(Script { turns: [turn("1001", &["11111111"])].into() });
    assert_eq!(types(&mut officers, number(None)), "1001");
    let act = officers.act(&number(Some(Fault::OfficerTwice))(""));
    assert_eq!(act, Act::Stuck("an officer was refused who should sign"));
}
