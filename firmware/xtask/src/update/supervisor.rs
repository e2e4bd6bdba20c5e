//! What systemd does with `Restart=always`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use anyhow::Result;
use rehearsal::Running;

use crate::demo;

/// Starts `kioskd` from its slot, again and again.
pub struct Supervisor {
    stop: Arc<AtomicBool>,
    pid: PathBuf,
    runs: Option<JoinHandle<u32>>,
}

impl Supervisor {
    /// Starts it.
    pub fn start(folder: &Path, out: &Path) -> Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let (pid, log) = (folder.join("kioskd.pid"), fs::File::create(out.join("logs/kioskd.log"))?);
        let (stopped, to, slots, runtime) =
            (Arc::clone(&stop), pid.clone(), folder.join("slots"), folder.to_owned());
        let runs = thread::spawn(move || {
            let mut starts = 0;
            while !stopped.load(Ordering::Relaxed) {
                let Ok(log) = log.try_clone() else { return starts };
                let launched = demo::places()
                    .program("kiosk-launch")
                    .arg("--slots")
                    .arg(&slots)
                    .arg("--runtime")
                    .arg(&runtime)
                    .args(["--", "kioskd"])
                    .stdin(Stdio::null())
                    .stdout(Stdio::null())
                    .stderr(log)
                    .spawn();
                let Ok(child) = launched else { return starts };
                let mut child = Running(child);
                starts += 1;
                // It becomes the program that it starts.
                _ = fs::write(&to, child.0.id().to_string());
                _ = child.0.wait();
                thread::sleep(Duration::from_millis(100));
            }
            starts
        });
        Ok(Self { stop, pid, runs: Some(runs) })
    }

    /// Ends it all, and says how often it started.
    pub fn end(mut self) -> u32 {
        self.stop()
    }

    fn stop(&mut self) -> u32 {
        let Some(runs) = self.runs.take() else { return 0 };
        self.stop.store(true, Ordering::Relaxed);
        let pid = fs::read_to_string(&self.pid).unwrap_or_default();
        _ = Command::new("kill").arg(pid.trim()).status();
        runs.join().unwrap_or(0)
    }
}

/// Nothing is left running where the walk breaks off.
impl Drop for Supervisor {
    fn drop(&mut self) {
        self.stop();
    }
}
