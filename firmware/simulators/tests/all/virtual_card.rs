//! The program `virtual-card` from the outside: its options and its errors.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    os::unix::net::UnixStream,
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use simulators::people::People;

const PORTRAIT: &str = "khue-portrait.jpg";

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_virtual-card"))
}

/// A program that does not outlive a failed test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn options(command: &mut Command, folder: &Path, port: u16) {
    let people = Path::new(env!("CARGO_MANIFEST_DIR")).join("people");
    fs::copy(people.join("people.toml"), folder.join("people.toml")).unwrap();
    fs::copy(people.join(PORTRAIT), folder.join(PORTRAIT)).unwrap();
    let scenario = folder.join("scenario.toml");
    fs::write(&scenario, "title = \"T\"\nperson = \"khue\"\n[expect]\noutcome = \"none\"\n").unwrap();
    command.arg("--scenario").arg(scenario).arg("--people").arg(folder);
    command.arg("--issuer-dir").arg(folder.join("issuer")).arg("--control").arg(folder.join("control"));
    command.args(["--today", "2026-11-21", "--seed", "7", "--vpcd-port", &port.to_string()]);
}

fn only_line(output: &Output) -> String {
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    text
}

#[test]
fn an_unknown_flag_is_one_line_and_exit_2() {
    let output = program().arg("--vpcd-prot=7").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(only_line(&output).contains("--vpcd-prot"));
}

#[test]
fn a_missing_option_is_named() {
    let output = program().args(["--vpcd-port", "7"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(only_line(&output).contains("--scenario"));
}

#[test]
fn a_missing_portrait_is_one_line_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = program();
    options(&mut command, folder.path(), 1);
    fs::remove_file(folder.path().join(PORTRAIT)).unwrap();
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let line = only_line(&output);
    assert!(line.contains(PORTRAIT) && line.contains("No such file"), "{line}");
}

#[test]
fn the_program_obeys_words_on_its_control_socket() {
    let folder = tempfile::tempdir().unwrap();
    let reader = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut command = program();
    options(&mut command, folder.path(), reader.local_addr().unwrap().port());
    let mut child = Running(command.stdout(Stdio::piped()).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(child.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    let mut control = UnixStream::connect(folder.path().join("control")).unwrap();
    let mut answers = BufReader::new(control.try_clone().unwrap()).lines();
    let mut ask = |word: &str| {
        writeln!(control, "{word}").unwrap();
        answers.next().unwrap().unwrap()
    };
    assert_eq!(ask("status"), "lifted 0");
    assert_eq!(ask("lay"), "ok");
    reader.accept().unwrap();
    let number = &People::load(folder.path()).unwrap().person("khue").unwrap().number.clone();
    assert!(ask("code").starts_with(&format!("{number}||")));
    assert!(ask("dance").starts_with("error: 'dance'"));
    assert_eq!(ask("lift"), "ok");
    drop(reader);
    assert!(ask("lay").starts_with("error: no virtual reader"));
    assert_eq!(ask("quit"), "ok");
    assert!(child.0.wait().unwrap().success());
    assert!(!folder.path().join("control").exists());
    assert!(folder.path().join("issuer/csca.pem").exists());
}
