//! Who has the machine. One lock, held by `kioskd` from the first touch to the last page, and
//! by `fleetd` while it changes what runs: so no visit is ever broken, and none begins that
//! would be. The kernel lets go of it when its holder dies.

use std::{
    fs::{File, Permissions, TryLockError},
    io::ErrorKind,
    os::unix::fs::PermissionsExt as _,
};

use crate::{Folder, FolderError};

const NAME: &str = "lease";

/// Held as long as this lives.
#[derive(Debug)]
pub struct Lease {
    _locked: File,
}

impl Folder {
    /// Takes the lease; `None`: the other program has it.
    pub fn lease(&self) -> Result<Option<Lease>, FolderError> {
        let path = self.path.join(NAME);
        let file = match File::options().create_new(true).write(true).open(&path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => File::options().write(true).open(&path),
            made => made.and_then(|file| {
                // The other program, of another user, must open it too.
                file.set_permissions(Permissions::from_mode(0o660)).map(|()| file)
            }),
        };
        let file = file.map_err(self.failed(NAME, "opened"))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Lease { _locked: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(self.failed(NAME, "locked")(source)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holds_the_lease_until_it_is_dropped() {
        let place = tempfile::tempdir().unwrap();
        let (kioskd, fleetd) = (Folder::new(place.path()), Folder::new(place.path()));
        let visit = kioskd.lease().unwrap().expect("nobody has it");
        assert!(fleetd.lease().unwrap().is_none());
        drop(visit);
        let update = fleetd.lease().unwrap().expect("the visit is over");
        assert!(kioskd.lease().unwrap().is_none());
        drop(update);
        assert!(kioskd.lease().unwrap().is_some());
    }

    #[test]
    fn the_other_programs_user_may_open_it() {
        let place = tempfile::tempdir().unwrap();
        let _lease = Folder::new(place.path()).lease().unwrap();
        let mode = std::fs::metadata(place.path().join(NAME)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o660);
    }

    #[test]
    fn without_the_folder_nobody_gets_it() {
        let error = Folder::new("/nowhere/at/all".as_ref()).lease().unwrap_err();
        assert!(error.to_string().contains("lease cannot be opened"), "{error}");
    }
}
