//! An officer's entry for the officers file: made with a PIN out of the input, which
//! stands nowhere in it.

use std::{
    io::Write as _,
    process::{Command, Output, Stdio},
};

use staff::ConfirmingOfficers;

const PIN: &str = "80246137";

fn new_officer(number: &str, input: &str) -> Output {
    let mut kioskd = Command::new(env!("CARGO_BIN_EXE_kioskd"))
        .args(["--new-officer", number])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Whoever is refused for the number does not read on.
    _ = kioskd.stdin.take().unwrap().write_all(input.as_bytes());
    kioskd.wait_with_output().unwrap()
}

#[test]
fn two_entries_make_a_list_and_hold_no_pin() {
    let made = ["100001", "100002"].map(|number| {
        let output = new_officer(number, &format!("{PIN}\n"));
        assert!(output.status.success() && output.stderr.is_empty());
        String::from_utf8(output.stdout).unwrap()
    });
    let list = made.concat();
    assert!(toml::from_str::<ConfirmingOfficers>(&list).is_ok(), "{list}");
    assert!(!list.contains(PIN));
    let keys: Vec<_> = list.lines().filter(|line| line.contains("key = ")).collect();
    assert_eq!(keys.len(), 4);
    assert!(keys[0] != keys[2] && keys[1] != keys[3], "each has a key of their own");
}

#[test]
fn a_number_or_a_pin_that_is_none_is_said_in_one_line_without_it() {
    for (number, input, words) in [
        ("CB-1", PIN, "four to eight digits"),
        ("0912000158", PIN, "four to eight digits"),
        ("100001", "1234567", "8 to 12 digits"),
        ("100001", "8024613a", "8 to 12 digits"),
        ("100001", "", "8 to 12 digits"),
    ] {
        let output = new_officer(number, input);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), said.lines().count()), (Some(2), 1), "{said}");
        assert!(said.starts_with("kioskd: CONF-03: ") && said.contains(words), "{said}");
        assert!(input.is_empty() || !said.contains(input), "{said}");
        assert!(output.stdout.is_empty());
    }
}
