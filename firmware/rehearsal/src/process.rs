//! Programs that run beside us.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use serde::Deserialize;

/// A program; ended when dropped.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

/// How long a program may take to end by itself.
const ENDING: Duration = Duration::from_secs(5);

/// Asks a program to end; makes it end when it does not.
pub fn terminate(child: &mut Child) {
    _ = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    let begun = Instant::now();
    while begun.elapsed() < ENDING {
        if matches!(child.try_wait(), Ok(Some(_))) {
            return;
        }
        thread::sleep(Duration::from_millis(20));
    }
    _ = child.kill();
    _ = child.wait();
}

/// The first line that a program says, as JSON; it ends when it cannot start.
pub fn first_line<T: for<'a> Deserialize<'a>>(child: &mut Child, name: &str, log: &Path) -> Result<T> {
    let mut reader = BufReader::new(child.stdout.take().context("its output is not ours to read")?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    // Nothing more is expected, but a closed pipe must not end it.
    thread::spawn(move || std::io::copy(&mut reader, &mut std::io::sink()));
    serde_json::from_str(&line).with_context(|| {
        format!("{name} did not start: {}", std::fs::read_to_string(log).unwrap_or_default().trim())
    })
}
