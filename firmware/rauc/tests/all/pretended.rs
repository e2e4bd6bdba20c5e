//! A machine with a pretended RAUC and boot loader, whose power can be cut before each of their
//! steps as before each write of ours.

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use install::{Slot, UpdaterFault};
use rauc::{
    Rauc,
    updater::{Bound, Mark, Seen, Updater},
};
use release::Sha256Digest;

use crate::common::{CutPlace, chain, cut_disk::Left};

/// What is durable beside our disk.
#[derive(Clone)]
pub struct Loader {
    pub booted: Slot,
    pub primary: Slot,
    pub bad: [bool; 2],
    pub slots: [Vec<u8>; 2],
    pub whole: [bool; 2],
    pub boots: u32,
    /// What RAUC says of the next bundle.
    pub refuses: Option<UpdaterFault>,
    pub asked_for: Option<Sha256Digest>,
    /// RAUC's settings let it activate what it writes.
    pub activates: bool,
    /// The boot loader's back end is broken.
    pub marks_fail: bool,
}

#[derive(Clone)]
pub struct Machine {
    pub place: CutPlace,
    pub loader: Arc<Mutex<Loader>>,
}

pub fn at(slot: Slot) -> usize {
    usize::from(slot == Slot::B)
}

impl Machine {
    /// It came with this in slot a.
    pub fn with(image: &[u8]) -> Self {
        let loader = Loader {
            booted: Slot::A,
            primary: Slot::A,
            bad: [false; 2],
            slots: [image.to_vec(), Vec::new()],
            whole: [true, false],
            boots: 1,
            refuses: None,
            asked_for: None,
            activates: false,
            marks_fail: false,
        };
        Self { place: CutPlace::default(), loader: Arc::new(Mutex::new(loader)) }
    }

    pub fn loader<R>(&self, look: impl FnOnce(&mut Loader) -> R) -> R {
        look(&mut self.loader.lock().unwrap())
    }

    /// The same machine, apart from this one.
    pub fn copy(&self) -> Self {
        let loader = self.loader(|loader| loader.clone());
        Self { place: CutPlace::on(self.place.disk.copy()), loader: Arc::new(Mutex::new(loader)) }
    }

    /// Starts anew after a cut; the boot loader starts what it shall.
    pub fn restarted(&self, left: Left) -> Self {
        let again = Self { place: CutPlace::on(self.place.disk.restarted(left)), ..self.copy() };
        again.loader(|loader| {
            loader.boots += 1;
            loader.booted = loader.primary;
        });
        again
    }

    pub fn open(&self) -> Result<Rauc<Self, CutPlace>, install::InstallError> {
        let boot_id = self.loader(|loader| loader.boots.to_string());
        Rauc::open(self.place.clone(), self.clone(), &boot_id)
    }

    pub fn opened(&self) -> Rauc<Self, CutPlace> {
        self.open().unwrap_or_else(|error| panic!("{}", chain(&error)))
    }

    /// One step that the power may fail before.
    fn step(&self, change: impl FnOnce(&mut Loader)) -> Result<(), UpdaterFault> {
        let powered = self.place.disk.change("a step of another program", |_| ());
        powered.map_err(|error| UpdaterFault::Gone { said: error.to_string() })?;
        self.loader(change);
        Ok(())
    }
}

impl Updater for Machine {
    fn look(&self) -> Result<Seen, UpdaterFault> {
        let loader = self.loader(|loader| loader.clone());
        let names = ["rootfs.0".to_owned(), "rootfs.1".to_owned()];
        Ok(Seen { booted: loader.booted, primary: loader.primary, names, whole: loader.whole })
    }

    async fn install(&self, bundle: &Path, manifest: Option<Sha256Digest>) -> Result<Bound, UpdaterFault> {
        let spare = self.loader(|loader| loader.booted.other());
        if let Some(fault) = self.loader(|loader| loader.refuses.clone()) {
            return Err(fault);
        }
        let bytes = self.place.disk.bytes(bundle.to_str().unwrap());
        self.step(|loader| {
            loader.bad[at(spare)] = true;
            loader.whole[at(spare)] = false;
            loader.slots[at(spare)] = b"half".to_vec();
            loader.asked_for = manifest;
        })?;
        self.step(|loader| {
            loader.slots[at(spare)] = bytes;
            loader.whole[at(spare)] = true;
            if loader.activates {
                loader.primary = spare;
            }
        })?;
        self.step(|_| ())?;
        Ok(if manifest.is_some() { Bound::Manifest } else { Bound::NoneNamed })
    }

    fn mark(&self, mark: Mark, slot: Slot) -> Result<(), UpdaterFault> {
        if self.loader(|loader| loader.marks_fail) {
            return Err(UpdaterFault::Failed { said: "the back end failed with exit code 1".to_owned() });
        }
        self.step(|loader| match mark {
            Mark::Active => (loader.primary, loader.bad[at(slot)]) = (slot, false),
            Mark::Good => loader.bad[at(slot)] = false,
            Mark::Bad => loader.bad[at(slot)] = true,
        })
    }
}
