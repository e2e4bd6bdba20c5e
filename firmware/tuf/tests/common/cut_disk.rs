//! A disk whose power can be cut at any step. It remembers apart what is written and what is
//! durable: bytes become durable by `sync`, names by `sync_folder`.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex},
};

use tuf::store::Disk;

/// What an unlucky cut leaves of things that were not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// Nothing: names and bytes as they were synced last.
    Nothing,
    /// Names came through, bytes that were not synced are gone.
    NamesOnly,
    /// Names came through, half of each file's bytes that were not synced did.
    Half,
    /// Everything came through.
    All,
}

pub const ALL_LEFT: [Left; 4] = [Left::Nothing, Left::NamesOnly, Left::Half, Left::All];

#[derive(Clone, Default)]
struct File {
    bytes: Vec<u8>,
    synced: Option<Vec<u8>>,
}

#[derive(Clone, Default)]
struct State {
    now: BTreeMap<String, File>,
    durable: BTreeMap<String, File>,
    steps: usize,
    cut_at: Option<usize>,
}

/// Shared: a test keeps a handle on the disk that a store owns.
#[derive(Clone, Default)]
pub struct CutDisk(Arc<Mutex<State>>);

impl CutDisk {
    /// How many steps changed the disk so far.
    pub fn steps(&self) -> usize {
        self.0.lock().unwrap().steps
    }

    /// Cuts the power before the step of this number, counted from now.
    pub fn cut_after(&self, steps: usize) {
        let mut state = self.0.lock().unwrap();
        state.cut_at = Some(state.steps + steps);
    }

    /// The disk as the next start finds it.
    pub fn restarted(&self, left: Left) -> Self {
        let state = self.0.lock().unwrap();
        let mut files = BTreeMap::new();
        let names = if left == Left::Nothing { &state.durable } else { &state.now };
        for (name, file) in names {
            let synced = file.synced.clone().unwrap_or_default();
            let bytes = match left {
                Left::Nothing | Left::NamesOnly => synced,
                Left::Half if file.synced.as_ref() == Some(&file.bytes) => synced,
                Left::Half if file.bytes.starts_with(&synced) => {
                    file.bytes[..usize::midpoint(synced.len(), file.bytes.len())].to_vec()
                }
                Left::Half => file.bytes[..file.bytes.len() / 2].to_vec(),
                Left::All => file.bytes.clone(),
            };
            files.insert(name.clone(), File { synced: Some(bytes.clone()), bytes });
        }
        Self(Arc::new(Mutex::new(State { durable: files.clone(), now: files, ..State::default() })))
    }

    pub fn names_now(&self) -> Vec<String> {
        self.0.lock().unwrap().now.keys().cloned().collect()
    }

    pub fn bytes(&self, name: &str) -> Vec<u8> {
        self.0.lock().unwrap().now[name].bytes.clone()
    }

    /// Damages a file where it lies.
    pub fn damage(&self, name: &str, bytes: Option<Vec<u8>>) {
        let mut state = self.0.lock().unwrap();
        match bytes {
            Some(bytes) => state.now.insert(name.to_owned(), File { synced: Some(bytes.clone()), bytes }),
            None => state.now.remove(name),
        };
        state.durable = state.now.clone();
    }

    /// Changes a file in place, and makes it where there is none. What was synced of it stays
    /// synced.
    pub fn change(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        self.step(|state| change(&mut state.now.entry(name.to_owned()).or_default().bytes))
    }

    pub fn copy(&self) -> Self {
        self.restarted(Left::All)
    }

    fn step(&self, change: impl FnOnce(&mut State)) -> io::Result<()> {
        let mut state = self.0.lock().unwrap();
        if state.cut_at.is_some_and(|cut| state.steps >= cut) {
            return Err(io::Error::other("the power is cut"));
        }
        state.steps += 1;
        change(&mut state);
        Ok(())
    }
}

impl Disk for CutDisk {
    fn read(&self, name: &str, most: u64) -> io::Result<Option<Vec<u8>>> {
        let state = self.0.lock().unwrap();
        let bytes = state.now.get(name).map(|file| file.bytes.clone());
        assert!(bytes.as_ref().is_none_or(|bytes| bytes.len() as u64 <= most));
        Ok(bytes)
    }

    fn names(&self) -> io::Result<Vec<String>> {
        Ok(self.names_now())
    }

    fn write(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.step(|state| {
            // Truncated at once; what was synced before is gone with it.
            state.now.insert(name.to_owned(), File { bytes: bytes.to_vec(), synced: None });
        })
    }

    fn sync(&mut self, name: &str) -> io::Result<()> {
        self.step(|state| {
            let file = state.now.get_mut(name).expect("it was written");
            file.synced = Some(file.bytes.clone());
            let file = file.clone();
            // Its bytes are durable under whatever name is.
            if let Some(durable) = state.durable.get_mut(name) {
                *durable = file;
            }
        })
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        self.step(|state| {
            let file = state.now.remove(from).expect("it was written");
            state.now.insert(to.to_owned(), file);
        })
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        self.step(|state| {
            state.now.remove(name);
        })
    }

    fn sync_folder(&mut self) -> io::Result<()> {
        self.step(|state| {
            state.durable = state.now.clone();
        })
    }
}
