//! The fleet team's repository: made by their own tool, served by any web server.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use rehearsal::Running;

use crate::demo;

/// The fleet team's repository, made by their own tool.
pub struct Repository {
    folder: PathBuf,
}

impl Repository {
    /// Makes the keys and the first metadata.
    pub fn new(folder: PathBuf) -> Result<Self> {
        let repository = Self { folder };
        fs::create_dir(repository.folder.join("keys"))?;
        for name in
            ["root-1", "root-2", "root-3", "targets-1", "targets-2", "targets-3", "snapshot", "timestamp"]
        {
            repository.run(&["new-key", &format!("keys/{name}")])?;
        }
        repository.run(&[
            "init",
            "repository",
            "--root-key",
            "keys/root-1.pub",
            "--root-key",
            "keys/root-2.pub",
            "--root-key",
            "keys/root-3.pub",
            "--targets-key",
            "keys/targets-1.pub",
            "--targets-key",
            "keys/targets-2.pub",
            "--targets-key",
            "keys/targets-3.pub",
            "--snapshot-key",
            "keys/snapshot.pub",
            "--timestamp-key",
            "keys/timestamp.pub",
        ])?;
        repository.sign("root", &["root-1", "root-2"])?;
        repository.sign("targets", &["targets-1", "targets-2"])?;
        repository.publish()?;
        fs::copy(
            repository.folder.join("repository/metadata/1.root.json"),
            repository.folder.join("shipped-root.json"),
        )?;
        Ok(repository)
    }

    /// Signs and publishes a release; gives its path.
    pub fn release(&self, seq: u64, image: &[u8]) -> Result<String> {
        let target = format!("app/kiosk-{seq}");
        fs::write(self.folder.join("programs"), image)?;
        self.run(&[
            "add-release",
            "repository",
            "--target",
            &target,
            "programs",
            "--zstd",
            "--hw",
            "pc-dev",
            "--kind",
            "app",
            "--release-seq",
            &seq.to_string(),
            "--min-release-seq",
            "5",
        ])?;
        self.sign("targets", &["targets-2", "targets-3"])?;
        self.publish()?;
        Ok(target)
    }

    fn sign(&self, role: &str, keys: &[&str]) -> Result<()> {
        let request = format!("{role}.request");
        self.run(&["draft", "repository", role, &request])?;
        for key in keys {
            let signature = format!("{key}.signature");
            self.run(&["sign", &request, "--key", &format!("keys/{key}"), "--out", &signature])?;
            self.run(&["merge", "repository", &signature])?;
            fs::remove_file(self.folder.join(&signature))?;
        }
        Ok(fs::remove_file(self.folder.join(request))?)
    }

    fn publish(&self) -> Result<()> {
        self.run(&[
            "publish",
            "repository",
            "--snapshot-key",
            "keys/snapshot",
            "--timestamp-key",
            "keys/timestamp",
        ])
    }

    fn run(&self, words: &[&str]) -> Result<()> {
        let mut tool = demo::places()
            .program("kiosk-repo")
            .args(words)
            .current_dir(&self.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot start kiosk-repo")?;
        // A signer reads what they sign and says yes; other commands ask nothing.
        _ = std::io::Write::write_all(&mut tool.stdin.take().context("no input")?, b"yes\n");
        let output = tool.wait_with_output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "kiosk-repo {}: {}", words.join(" "), said.trim());
        Ok(())
    }
}

/// Serves a folder by any web server; here by Python's.
pub fn serve(folder: &Path, log: &Path) -> Result<(Running, u16)> {
    let server = Command::new("python3")
        .args(["-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory"])
        .arg(folder)
        .stdout(fs::File::create(log)?)
        .stderr(Stdio::null())
        .spawn()
        .context("cannot start python3")?;
    let server = Running(server);
    let begun = Instant::now();
    loop {
        let said = fs::read_to_string(log)?;
        let port = said.split(" port ").nth(1).and_then(|rest| rest.split(' ').next());
        if let Some(port) = port.and_then(|port| port.parse().ok()) {
            return Ok((server, port));
        }
        ensure!(begun.elapsed() < Duration::from_secs(20), "python3 serves nothing: {said}");
        thread::sleep(Duration::from_millis(50));
    }
}
