use screen::{DeviceLine, DeviceName, Look, Offers};

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

fn sign_in(entered: u8, locked_for: Option<u32>) -> View {
    view(Screen::StaffSignIn { entered, locked_for, fault: None })
}

fn staff(note: Option<StaffNote>, printer: Option<Fault>, closed: bool) -> View {
    let works = printer.is_none();
    view(Screen::Staff {
        devices: vec![DeviceLine { device: DeviceName::ReceiptPrinter, works, fault: printer }],
        waiting: 0,
        paper_percent: None,
        stick: None,
        note,
        closed,
        version: "0.1.0".into(),
    })
}

fn technician(wrong_pins: &[&str], serves: &[&[Task]]) -> Technician {
    let script = Script {
        wrong_pins: wrong_pins.iter().map(|&pin| pin.to_owned()).collect(),
        pin: "246800".into(),
        serves: serves.iter().map(|tasks| tasks.to_vec()).collect(),
    };
    Technician::new(script, Language::Vi)
}

/// Types the PIN that comes now and returns it.
fn types(technician: &mut Technician) -> String {
    let mut typed = String::new();
    loop {
        match technician.consider("staff-sign-in", &sign_in(typed.len() as u8, None)) {
            Act::Type(digit) => typed.push(digit),
            Act::Press(label) => {
                assert_eq!(label, labels::SIGN_IN);
                return typed;
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn wrong_pins_come_first_and_the_lock_is_waited_for() {
    let mut one = technician(&["111111", "222222"], &[&[]]);
    assert_eq!(
        one.consider("attract", &view(Screen::Attract { closes_in: None, message: None })),
        Act::HoldEmblem
    );
    assert_eq!(types(&mut one), "111111");
    assert_eq!(types(&mut one), "222222");
    assert_eq!(one.consider("staff-sign-in", &sign_in(0, Some(30))), Act::Wait);
    // the lock took the refused one's place in the row
    assert_eq!(types(&mut one), "246800");
}

#[test]
fn a_sign_in_that_never_locks_is_not_accepted() {
    let mut one = technician(&["111111"], &[&[]]);
    assert_eq!(types(&mut one), "111111");
    let act = one.consider("staff-sign-in", &sign_in(0, None));
    assert_eq!(act, Act::Stuck("so many wrong PINs lock nothing"));
}

#[test]
fn a_note_from_before_the_press_is_no_answer_to_it() {
    let mut one = technician(&[], &[&[Task::TestPrint, Task::Lock]]);
    let printed = Some(StaffNote::TestPrinted);
    assert_eq!(one.consider("staff", &staff(printed, None, false)), Act::Press(labels::TEST_PRINT));
    assert_eq!(one.consider("staff", &staff(None, None, false)), Act::Wait);
    assert_eq!(one.consider("staff", &staff(printed, None, false)), Act::Press(labels::LOCK));
    // said, but not done
    let locked = Some(StaffNote::MachineLocked);
    assert_eq!(one.consider("staff", &staff(locked, None, false)), Act::Wait);
    assert_eq!(one.consider("staff", &staff(locked, None, true)), Act::Press(labels::EXIT));
    assert_eq!(one.consider("attract", &view(Screen::Attract { closes_in: None, message: None })), Act::Over);
}

#[test]
fn a_new_roll_is_put_in_by_hand_and_seen_on_the_page() {
    let mut one = technician(&[], &[&[Task::SeesPaperOut, Task::NewRoll, Task::PaperChanged]]);
    let out = Some(Fault::PaperOut);
    assert_eq!(one.consider("staff", &staff(None, None, false)), Act::Wait);
    assert_eq!(one.consider("staff", &staff(None, out, false)), Act::PutPaperIn);
    assert_eq!(one.consider("staff", &staff(None, out, false)), Act::Wait);
    assert_eq!(one.consider("staff", &staff(None, None, false)), Act::Press(labels::PAPER_CHANGED));
}
