//! `bench` as people meet it.

use std::process::Command;

#[test]
fn what_makes_no_sense_is_refused_in_one_line() {
    for arguments in [&["--wrong"][..], &["results"], &["--out"]] {
        let output = Command::new(env!("CARGO_BIN_EXE_bench")).args(arguments).output().unwrap();
        let line = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{line}");
        assert_eq!(line.lines().count(), 1, "{line}");
        assert!(line.contains(arguments[0]), "{line}");
    }
}
