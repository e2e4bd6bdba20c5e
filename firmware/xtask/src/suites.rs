//! The workspace's tests: found once, then run in two lanes, for some mostly wait and some mostly
//! count.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Mutex, PoisonError},
    thread,
};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::project;

/// Whose tests mostly wait for daemons: they run beside the others'.
const WAITING: &str = "firmware/fleetd";

/// A test program.
struct Suite {
    /// What it was built from.
    source: PathBuf,
    program: PathBuf,
    /// The folder of its crate, where tests run.
    folder: PathBuf,
}

/// Builds the tests that `cargo` is about and runs all of them, then the examples in
/// documentation. Every program is run, whichever fail.
pub fn run(cargo: impl Fn() -> Result<Command>, of: &[&str], variable: (&str, &Path)) -> Result<()> {
    let suites = find(cargo()?.arg("test").args(of))?;
    ensure!(!suites.is_empty(), "no tests were built");
    let logs = project::target().join("tests");
    fs::create_dir_all(&logs)?;
    let (waiting, counting): (Vec<_>, Vec<_>) =
        suites.iter().enumerate().partition(|(_, suite)| suite.folder.ends_with(WAITING));
    let failed = Mutex::new(Vec::new());
    let saying = Mutex::new(());
    let lane = |suites: &[(usize, &Suite)]| -> Result<()> {
        for (number, suite) in suites {
            let log = logs.join(format!("{number}.log"));
            let passed = suite.run(&log, variable)?;
            let _one_at_a_time = saying.lock().unwrap_or_else(PoisonError::into_inner);
            println!("{}\n{}", suite.title(), fs::read_to_string(&log).unwrap_or_default().trim_end());
            if !passed {
                failed.lock().unwrap_or_else(PoisonError::into_inner).push(suite.title());
            }
        }
        Ok(())
    };
    thread::scope(|scope| {
        let beside = scope.spawn(|| lane(&waiting));
        lane(&counting)?;
        beside.join().expect("a lane that panicked")
    })?;
    let documented = project::run(cargo()?.args(["test", "--doc", "--no-fail-fast"]).args(of));
    let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    if !failed.is_empty() {
        bail!("{} test programs failed:\n{}", failed.len(), failed.join("\n"));
    }
    documented
}

/// Builds the tests and learns from cargo where they lie.
fn find(cargo: &mut Command) -> Result<Vec<Suite>> {
    let built = cargo
        .args(["--no-run", "--message-format=json-render-diagnostics"])
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start cargo")?;
    ensure!(built.status.success(), "the tests cannot be built: {}", built.status);
    let messages = String::from_utf8(built.stdout).context("cargo speaks no UTF-8")?;
    messages.lines().filter_map(|line| suite(line).transpose()).collect()
}

/// The suite that a message of cargo's is about, if it is about one.
fn suite(message: &str) -> Result<Option<Suite>> {
    let message: Value = serde_json::from_str(message).context("cargo speaks no JSON")?;
    let (Some(program), Some(true)) = (message["executable"].as_str(), message["profile"]["test"].as_bool())
    else {
        return Ok(None);
    };
    let text = |value: &Value| value.as_str().map(PathBuf::from).context("a message of cargo's has changed");
    let manifest = text(&message["manifest_path"])?;
    let folder = manifest.parent().context("a manifest without a folder")?.to_owned();
    Ok(Some(Suite { source: text(&message["target"]["src_path"])?, program: PathBuf::from(program), folder }))
}

impl Suite {
    fn run(&self, log: &PathBuf, variable: (&str, &Path)) -> Result<bool> {
        let file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        let status = Command::new(&self.program)
            .current_dir(&self.folder)
            .env(variable.0, variable.1)
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .status()
            .with_context(|| format!("cannot start {}", self.program.display()))?;
        Ok(status.success())
    }

    fn title(&self) -> String {
        let source = self.source.strip_prefix(project::root()).unwrap_or(&self.source);
        format!("     Running {}", source.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_built_to_be_run_as_tests_is_a_suite() {
        let artifact = |test: bool, executable: &str| {
            format!(
                r#"{{"reason":"compiler-artifact","manifest_path":"/p/firmware/fleetd/Cargo.toml",
                "target":{{"kind":["test"],"src_path":"/p/firmware/fleetd/tests/all/main.rs"}},
                "profile":{{"test":{test}}},"executable":{executable}}}"#
            )
        };
        let found = suite(&artifact(true, r#""/p/target/all-1""#)).unwrap().unwrap();
        assert_eq!(found.program, PathBuf::from("/p/target/all-1"));
        assert!(found.folder.ends_with(WAITING));
        for other in [
            artifact(false, r#""/p/target/debug/fleetd""#),
            artifact(true, "null"),
            r#"{"reason":"build-finished","success":true}"#.to_owned(),
        ] {
            assert!(suite(&other).unwrap().is_none(), "{other}");
        }
        assert!(suite("warning: not JSON").is_err());
    }
}
