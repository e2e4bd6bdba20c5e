//! Fetching a target (TUF 1.0.34, section 5.7): streamed, never more than its length, its
//! digests checked at the end. It can be taken up again where it broke off.

use tokio::io::{AsyncWrite, AsyncWriteExt as _};

use super::{Client, Target};
use crate::{
    error::{ClientError, TargetFault},
    metadata::{Digests, DigestsFault},
    store::Store,
    transport::{Body as _, Resource, Transport},
};

/// What has come of a target, and its digests so far. The caller keeps it over a broken
/// connection; after a restart, feed it what was written down.
#[derive(Clone, Debug)]
pub struct TargetCheck {
    listed: u64,
    digests: Digests,
    taken: u64,
    running: crate::metadata::Running,
}

impl TargetCheck {
    /// Nothing has come yet.
    pub fn new(target: &Target) -> Self {
        let (listed, digests) = (target.file.length, target.file.hashes.clone());
        let running = digests.running();
        Self { listed, digests, taken: 0, running }
    }

    /// How many bytes have come.
    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// Takes the next bytes, or refuses all of them where they are too many.
    pub fn update(&mut self, bytes: &[u8]) -> Result<(), TargetFault> {
        let taken = self.taken.saturating_add(bytes.len() as u64);
        if taken > self.listed {
            return Err(TargetFault::TooLong { listed: self.listed });
        }
        self.taken = taken;
        self.running.update(bytes);
        Ok(())
    }

    /// Whether what has come is the target, whole and right.
    pub fn finish(&self) -> Result<(), TargetFault> {
        if self.taken < self.listed {
            return Err(TargetFault::TooShort { listed: self.listed, taken: self.taken });
        }
        self.running.clone().check(&self.digests).map_err(|fault| match fault {
            DigestsFault::NoneKnown => TargetFault::UnknownHashes,
            DigestsFault::Differs(algorithm) => TargetFault::WrongHash { algorithm },
        })
    }
}

impl<T: Transport, S: Store> Client<T, S> {
    /// What the repository calls the file of a target, for whoever streams it by `transport`.
    /// Then it is theirs to hold what comes against the target's length and digests.
    pub fn file_of(&self, target: &Target) -> Result<String, ClientError> {
        let fresh = self.fresh.as_ref().ok_or(ClientError::NotRefreshed)?;
        Ok(if fresh.root.signed().consistent_snapshot {
            target.path.with_digest(target.file.hashes.preferred())
        } else {
            target.path.to_string()
        })
    }

    /// Streams what is missing of a target into `sink`. Until this returns `Ok`, nothing that
    /// was written may be used. After an error that is not the target's own, call it again
    /// with the same check to take it up.
    pub async fn download(
        &self,
        target: &Target,
        check: &mut TargetCheck,
        sink: &mut (impl AsyncWrite + Unpin + Send),
    ) -> Result<(), ClientError> {
        let file = self.file_of(target)?;
        let wrong = |why| ClientError::Target { target: target.path.to_string(), why };
        let unwritten = |source| ClientError::Sink { target: target.path.to_string(), source };
        if check.taken < check.listed || check.listed == 0 {
            let failed = |source| ClientError::Transport { file: file.clone(), source };
            let body = self.transport.fetch(Resource::Target(&file), check.taken).await.map_err(failed)?;
            let mut body = body.ok_or_else(|| ClientError::Missing { file: file.clone() })?;
            // A server that cannot begin in the middle sends again what we have.
            let mut known = check.taken.saturating_sub(body.starts_at());
            while let Some(piece) = body.next().await.map_err(failed)? {
                let skipped = known.min(piece.len() as u64);
                known -= skipped;
                let piece = &piece[skipped as usize..];
                check.update(piece).map_err(wrong)?;
                sink.write_all(piece).await.map_err(unwritten)?;
            }
        }
        check.finish().map_err(wrong)?;
        sink.flush().await.map_err(unwritten)
    }
}
