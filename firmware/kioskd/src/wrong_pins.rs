//! The counts of wrong PINs on the disk. They are there before anybody is told what came
//! of a try: a restart forgives nothing.

use std::{
    fs, io,
    io::Write as _,
    path::{Path, PathBuf},
};

use faults::Fault;
use serde::{Serialize, de::DeserializeOwned};

use crate::Refusal;

/// Where the count of the staff page is kept.
pub fn of_staff(data: &Path) -> PathBuf {
    data.join("staff-lockout.json")
}

/// Where the counts of the officers who confirm are kept.
pub fn of_officers(data: &Path) -> PathBuf {
    data.join("officer-lockouts.json")
}

/// Reads a count; none where nobody has typed a wrong PIN yet.
pub fn read<T: DeserializeOwned + Default>(path: &Path) -> Result<T, Refusal> {
    match fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| Refusal {
            fault: Fault::StoreDamaged,
            what: format!("{}: {error}", path.display()),
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(T::default()),
        Err(error) => Err(Refusal {
            fault: Fault::StoreFailed,
            what: format!("cannot read {}: {error}", path.display()),
        }),
    }
}

/// Writes a count, whole or not at all.
pub fn keep(path: &Path, count: &impl Serialize) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = fs::File::create(&new)?;
    file.write_all(&serde_json::to_vec(count).expect("a count is plain data"))?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    fs::File::open(path.parent().expect("it lies in the data folder"))?.sync_all()
}
