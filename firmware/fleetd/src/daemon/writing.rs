//! Writing a release into the spare slot: by what changed since the one that runs, where its
//! signers list that. A delta is given up for good at its first fault, and the release fetched
//! whole.

use faults::chain;
use install::{
    Content, DeltaFile, ImageDigest, InstallBackend as _, InstallError, Status, backend::RepositoryFile,
};
use release::{Algorithm, Delta, Release};
use tuf::transport::TransportError;

use super::{jobs::Parts, slots};
use crate::{
    repository::Found,
    update::{Approved, Event},
};

impl Parts {
    /// Writes a release, or goes on with it.
    pub(super) async fn write(&self, release: &Approved, found: Found) -> Event {
        if found.target.file.hashes.get("sha256") != Some(&String::from(release.digest)) {
            return Event::Written(Err("another release is signed under this name now".to_owned()));
        }
        // Approved below the floor: the signers of what runs let it go back that far.
        let why = "signed for what runs now";
        if let Err(error) = self.slots.lock().await.lower_floor(release.seq().get(), why) {
            return Event::NotNow(chain(&error));
        }
        if let Some(event) = self.write_by_delta(release, &found).await {
            return event;
        }
        let mut slots = self.slots.lock().await;
        let mut source = RepositoryFile { transport: &found.way, file: found.file };
        match slots.write(&slots::content(release), &mut source).await {
            Ok(()) => Event::Written(Ok(())),
            Err(error) => not_written(&error),
        }
    }

    /// None: there is no delta for what runs here, and the release is to come whole.
    async fn write_by_delta(&self, release: &Approved, found: &Found) -> Option<Event> {
        // As it is signed now: deltas come and go while a release stays.
        let signed = found.target.file.custom::<Release>()?.ok()?;
        let content = slots::content(release);
        let status = match self.slots.lock().await.status() {
            Ok(status) => status,
            Err(error) => return Some(not_written(&error)),
        };
        let delta = usable(&signed, &content, &status)?;
        let file = self.repository.lock().await.delta(delta).await;
        let mut backend = self.slots.lock().await;
        // RAUC has deltas of its own.
        let slots = backend.app_slots()?;
        let why = match file {
            Err(error) => return Some(Event::NotNow(format!("repository: {}", chain(&error)))),
            Ok(None) => "nobody lists it as its release says".to_owned(),
            Ok(Some(file)) => {
                let mut source = RepositoryFile { transport: &found.way, file };
                match slots.write_by_delta(&content, &listed(delta), &mut source).await {
                    Ok(()) => return Some(Event::Written(Ok(()))),
                    Err(error) if is_given_up(&error) => chain(&error),
                    Err(error) => return Some(not_written(&error)),
                }
            }
        };
        Some(match slots.give_up_delta(&content) {
            Ok(()) => Event::DeltaRefused(why),
            Err(error) => not_written(&error),
        })
    }
}

/// Not now, or never.
fn not_written(error: &InstallError) -> Event {
    if error.resumes() { Event::NotNow(chain(error)) } else { Event::Written(Err(chain(error))) }
}

/// The delta that makes this release out of what is good here. None: there is none, or it was
/// given up, and the release is being written whole.
fn usable<'a>(release: &'a Release, content: &Content, status: &Status) -> Option<&'a Delta> {
    let writing = status.writing.as_ref();
    if writing.is_some_and(|writing| writing.content == *content && writing.delta.is_none()) {
        return None;
    }
    let good = status.good.as_ref()?.image.sha256;
    release.fields().delta.iter().find(|delta| delta.from_sha256.bytes() == good)
}

/// What is to come.
fn listed(delta: &Delta) -> DeltaFile {
    let Algorithm::ZstdPatch1 = delta.algo;
    let listed = ImageDigest { length: delta.length.get(), sha256: delta.sha256.bytes() };
    DeltaFile { from_sha256: delta.from_sha256.bytes(), listed }
}

/// Whether the release can still come whole after this error, and by this delta cannot, or
/// perhaps never: a server that has it not, or only a part, may have the rest.
fn is_given_up(error: &InstallError) -> bool {
    match error {
        InstallError::Wrong(_)
        | InstallError::OtherBase
        | InstallError::BaseUnreadable(_)
        | InstallError::TooShort { .. } => true,
        InstallError::Source { source, .. } => {
            matches!(source, TransportError::Status { code: 400..500 } | TransportError::WrongPart)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use install::{Boot, error::Wrong};
    use serde_json::json;

    use super::*;

    /// Release 7, with deltas from 6 and 5.
    fn seven() -> (Release, Content) {
        let delta = |from: u8| {
            let from_sha256 = hex::encode([from; 32]);
            json!({"from_sha256": from_sha256, "algo": "zstd-patch/1", "name": format!("app/kiosk-7.from-{from}"),
                   "length": 10, "sha256": hex::encode([from + 100; 32])})
        };
        let release = json!({"hw": ["pc-dev"], "kind": "app", "release_seq": 7, "min_release_seq": 1,
                             "delta": [delta(6), delta(5)]});
        let release: Release = serde_json::from_value(release).unwrap();
        let content = Content::of("app/kiosk-7", 100, [7; 32], &release);
        (release, content)
    }

    /// A kiosk on which this release was committed.
    fn kiosk_with(seq: u8) -> Boot {
        let image = ImageDigest { length: 100, sha256: [seq; 32] };
        let release_seq = u64::from(seq).try_into().unwrap();
        let content = Content { listed: image, image, release_seq, ..seven().1 };
        let mut boot = Boot::default();
        boot.begin(&content).unwrap();
        boot.finish(&content).unwrap();
        boot.try_out(1).unwrap();
        boot.count_start().unwrap();
        boot.commit().unwrap();
        boot
    }

    #[test]
    fn a_delta_is_for_exactly_the_image_that_runs() {
        let (release, content) = seven();
        let name =
            |boot: &Boot| usable(&release, &content, &Status::of(boot)).map(|delta| delta.name.clone());
        assert_eq!(name(&kiosk_with(6)).as_deref(), Some("app/kiosk-7.from-6"));
        assert_eq!(name(&kiosk_with(5)).as_deref(), Some("app/kiosk-7.from-5"));
        assert_eq!(name(&kiosk_with(4)), None);
        assert_eq!(name(&Boot::default()), None);
    }

    #[test]
    fn what_was_given_up_is_not_tried_again() {
        let (release, content) = seven();
        let mut boot = kiosk_with(6);
        let delta = listed(&release.fields().delta[0]);
        boot.begin_by(&content, Some(&delta)).unwrap();
        assert!(usable(&release, &content, &Status::of(&boot)).is_some());
        let mut wrong = boot.clone();
        wrong.start_over(&content, "the delta cannot be used").unwrap();
        boot.begin(&content).unwrap();
        for given_up in [wrong, boot] {
            assert_eq!(usable(&release, &content, &Status::of(&given_up)), None);
        }
    }

    #[test]
    fn a_cable_that_was_pulled_is_no_fault_of_the_delta() {
        let source = |source| InstallError::Source { taken: 3, source };
        for error in [
            InstallError::Wrong(Wrong::TargetDigest),
            InstallError::OtherBase,
            InstallError::BaseUnreadable(io::ErrorKind::Other.into()),
            InstallError::TooShort { taken: 3, listed: 10 },
            source(TransportError::Status { code: 404 }),
            source(TransportError::WrongPart),
        ] {
            assert!(is_given_up(&error), "{error}");
        }
        for error in [
            source(TransportError::Status { code: 503 }),
            source(TransportError::Silent { seconds: 30 }),
            source(TransportError::Connection("the cable was pulled".into())),
            InstallError::NoRoom { needed: 2, free: 1 },
            InstallError::BadFlash,
        ] {
            assert!(!is_given_up(&error), "{error}");
        }
    }
}
