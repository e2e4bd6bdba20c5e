//! The few things that a durable store asks of a file system, so that tests can cut the power
//! at each of them.

use std::io;

/// A flat folder. Nothing is durable before it is synced: bytes by `sync`, names by
/// `sync_folder`.
pub trait Disk: Send {
    /// The bytes of a file, at most `most`; a longer one is an error. `None`: no such file.
    fn read(&self, name: &str, most: u64) -> io::Result<Option<Vec<u8>>>;
    /// The names of all files.
    fn names(&self) -> io::Result<Vec<String>>;
    /// Writes a file anew.
    fn write(&mut self, name: &str, bytes: &[u8]) -> io::Result<()>;
    /// Returns when the bytes of a file are on the disk.
    fn sync(&mut self, name: &str) -> io::Result<()>;
    /// Gives a file another name, over whatever had it.
    fn rename(&mut self, from: &str, to: &str) -> io::Result<()>;
    /// Removes a file.
    fn remove(&mut self, name: &str) -> io::Result<()>;
    /// Returns when names that came and went are on the disk.
    fn sync_folder(&mut self) -> io::Result<()>;
}
