//! Whom the kiosk believes about cards: the trust list, who was called back, and what the
//! operator decided. Read once, before the kiosk starts.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use boards::Board;
use faults::Fault;
use identity::{
    Grounds, IdentityError, Policy, RevocationList, RevocationListFault, RevocationLists, TrustList,
};
use jiff::civil::Date;

/// Everything that a card is judged by.
pub struct Issuers {
    trust: TrustList,
    revoked: RevocationLists,
    policy: Policy,
}

/// Why nobody can be believed, and so no kiosk starts.
#[derive(Debug, thiserror::Error)]
pub enum IssuersError {
    /// A file or folder that a setting names.
    #[error("{setting}: cannot read {}", path.display())]
    Read {
        /// Which setting.
        setting: &'static str,
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The trust list.
    #[error(transparent)]
    Trust(IdentityError),
    /// A revocation list; one that cannot be believed must not be passed over in silence.
    #[error("{}", path.display())]
    Revoked {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: RevocationListFault,
    },
    /// What the operator decided breaks its format.
    #[error("[identity]")]
    Policy(#[source] toml::de::Error),
}

impl IssuersError {
    /// The entry of the fault list that this is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Policy(_) => Fault::ConfigBroken,
            Self::Read { .. } | Self::Trust(_) | Self::Revoked { .. } => Fault::TrustListMissing,
        }
    }
}

impl Issuers {
    /// Reads what a board names.
    pub fn load(board: &Board, today: Date) -> Result<Self, IssuersError> {
        let policy: Policy = board.identity.clone().try_into().map_err(IssuersError::Policy)?;
        let path = board.files.trust_list.path();
        let unread =
            |source| IssuersError::Read { setting: "files.trust-list", path: path.to_owned(), source };
        let trust = TrustList::from_pem(&fs::read_to_string(path).map_err(unread)?);
        let trust = trust.map_err(IssuersError::Trust)?;
        let revoked = revoked(board.files.revocation_lists.path(), &trust, &policy, today)?;
        Ok(Self { trust, revoked, policy })
    }

    /// Writes into the journal whom the kiosk believes, and how old the lists are that say so.
    pub fn log(&self, today: Date) {
        let (oldest, newest) = self.trust.oldest_and_newest();
        tracing::info!(certificates = self.trust.count(), %oldest, %newest, "issuers of cards");
        for list in self.trust.sources() {
            tracing::info!(state = list.country, days = list.age(today), "master list");
        }
    }

    /// What a judgement stands on.
    pub fn grounds(&self) -> Grounds<'_> {
        Grounds { trust: &self.trust, revoked: &self.revoked, policy: self.policy }
    }
}

/// Every `*.crl` of the folder. No folder is no list, which the evidence of each card says.
fn revoked(
    folder: &Path,
    trust: &TrustList,
    policy: &Policy,
    today: Date,
) -> Result<RevocationLists, IssuersError> {
    let unread = |path: &Path| {
        let path = path.to_owned();
        move |source| IssuersError::Read { setting: "files.revocation-lists", path, source }
    };
    let mut all = RevocationLists::default();
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(all),
        entries => entries.map_err(unread(folder))?,
    };
    for entry in entries {
        let path = entry.map_err(unread(folder))?.path();
        if path.extension().is_none_or(|extension| extension != "crl") {
            continue;
        }
        let bytes = fs::read(&path).map_err(unread(&path))?;
        let added = RevocationList::open(&bytes, trust, policy, today).and_then(|list| all.add(list));
        added.map_err(|source| IssuersError::Revoked { path, source })?;
    }
    Ok(all)
}
