//! The issuer of virtual cards: an authority that the trust list holds, one that it
//! does not hold, one of another country, and their document signers.

use jiff::{ToSpan, civil::Date};
use openssl::error::ErrorStack;
use rand_core::CryptoRng;

use super::{
    CurveForm,
    authority::{CountryDraft, CountrySigner, DocumentSigner, SignerDraft},
    certificate::{CertificateUse, Period, State},
};
use crate::{
    card_profile::{Curve, Hash, SignerFault, SigningKey},
    chance::SeededChance,
};

/// An authority with its usual document signer.
#[derive(Clone)]
pub(super) struct Office {
    pub csca: CountrySigner,
    pub signer: DocumentSigner,
}

/// The usual key and hash of an authority.
pub(super) fn country_key(form: CurveForm) -> (SigningKey, Hash) {
    let curve = Curve::try_from(16).expect("brainpoolP384r1");
    (SigningKey::Ecdsa { curve, form }, Hash::Sha384)
}

/// The usual key and hash of a document signer.
pub(super) fn signer_key(form: CurveForm) -> (SigningKey, Hash) {
    (SigningKey::Ecdsa { curve: Curve::BRAINPOOL_P256, form }, Hash::Sha256)
}

/// Ten years back and twenty ahead, so that every card that somebody may show on
/// `today` falls into it.
pub(super) fn usual_validity(today: Date) -> Period {
    Period { from: today.saturating_sub(10.years()), to: today.saturating_add(20.years()) }
}

impl Office {
    pub(super) fn generate(
        state: State,
        name: &str,
        form: CurveForm,
        today: Date,
        chance: &mut dyn CryptoRng,
    ) -> Result<Self, ErrorStack> {
        let (key, hash) = country_key(form);
        let draft = CountryDraft { state, name, key, hash, validity: usual_validity(today) };
        let csca = CountrySigner::generate(&draft, chance)?;
        let name = format!("Document Signer {name} 01");
        let signer = csca.issue(&usual_signer(&name, signer_key(form), today), chance)?;
        Ok(Self { csca, signer })
    }

    /// A signer with a key or a fault of its own, the same for the same seed.
    pub(super) fn special_signer(
        &self,
        key: Option<(SigningKey, Hash)>,
        fault: Option<SignerFault>,
        (issued, today): (Date, Date),
        seed: u64,
    ) -> Result<DocumentSigner, ErrorStack> {
        let key = key.unwrap_or_else(|| signer_key(CurveForm::Named));
        let mut draft = usual_signer("Document Signer 02", key, today);
        let before_issue = issued.saturating_sub(1.day());
        match fault {
            Some(SignerFault::Expired) => {
                draft.validity.to = before_issue;
                draft.key_period.to = before_issue;
            }
            Some(SignerFault::NotYetValid) => draft.validity.from = today.saturating_add(1.day()),
            Some(SignerFault::KeyPeriodOver) => draft.key_period.to = before_issue,
            Some(SignerFault::WrongUsage) => draft.usage = CertificateUse::DocumentsByMistake,
            Some(SignerFault::Revoked | SignerFault::Foreign) | None => {}
        }
        self.csca.issue(&draft, &mut SeededChance::new(seed))
    }
}

fn usual_signer(name: &str, (key, hash): (SigningKey, Hash), today: Date) -> SignerDraft<'_> {
    let authority = usual_validity(today);
    let validity =
        Period { from: authority.from.saturating_add(1.month()), to: authority.to.saturating_sub(1.month()) };
    SignerDraft { name, usage: CertificateUse::Documents, key, hash, validity, key_period: validity }
}
