//! A child process that cannot outlive us: killed with its group when dropped, and
//! by the kernel where we are killed ourselves.

use std::{
    io,
    os::unix::process::CommandExt,
    process::{Child, ChildStdout, Command},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread::{self, JoinHandle},
};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};

/// What to put before a program so that the kernel kills it when its parent dies.
/// It must come last of all prefixes: a change of user or namespace undoes it.
pub(crate) const DIE_WITH_PARENT: [&str; 4] = ["setpriv", "--pdeathsig", "KILL", "--"];

/// A running child and the thread that waits for it. The kernel takes the death of
/// the *thread* that started a child for the parent's, so that thread stays.
pub(crate) struct Kept {
    pid: i32,
    ended: Arc<AtomicBool>,
    keeper: Option<JoinHandle<()>>,
}

impl Kept {
    /// Starts a command in a process group of its own.
    pub(crate) fn start(mut command: Command) -> io::Result<(Self, Option<ChildStdout>)> {
        let ended = Arc::new(AtomicBool::new(false));
        let (tell, told) = mpsc::channel();
        let end = ended.clone();
        let keeper = thread::spawn(move || {
            match command.process_group(0).spawn() {
                Err(error) => drop(tell.send(Err(error))),
                Ok(mut child) => {
                    let started = (child.id() as i32, child.stdout.take());
                    // A child that nobody is told of is not kept.
                    if tell.send(Ok(started)).is_ok() {
                        wait(&mut child);
                    }
                }
            }
            end.store(true, Ordering::SeqCst);
        });
        let (pid, output) = told.recv().map_err(io::Error::other)??;
        Ok((Self { pid, ended, keeper: Some(keeper) }, output))
    }

    pub(crate) fn pid(&self) -> i32 {
        self.pid
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::SeqCst)
    }
}

fn wait(child: &mut Child) {
    // Only a child that somebody else waited for fails here: it has ended as well.
    let _ = child.wait();
}

impl Drop for Kept {
    fn drop(&mut self) {
        if !self.has_ended() {
            let _ = killpg(Pid::from_raw(self.pid), Signal::SIGKILL);
        }
        if let Some(keeper) = self.keeper.take() {
            let _ = keeper.join();
        }
    }
}
