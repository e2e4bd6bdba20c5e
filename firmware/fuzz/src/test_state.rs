//! The invented state, citizen and cards that the inputs are put beside. All keys come out
//! of a fixed seed, so that what was once recorded still fits.

use std::{
    path::{Path, PathBuf},
    sync::LazyLock,
    time::Duration,
};

use card::{AccessKey, AccessPolicy, Can, FileId, MrzKey};
use devices::CardReader;
use identity::{LooseFiles, TrustList};
use jiff::civil::{Date, date};
use simulators::{
    card_profile::{CardProfile, Hash},
    chance::SeededChance,
    citizen_card::CitizenCard,
    in_memory::InMemoryReader,
    people::People,
    personalise::{CertificateUse, DocumentSigner, Issuer, Period, Personalised, SignerDraft},
    scenario::{self, CardScript},
};
use zeroize::Zeroizing;

use crate::chip;

/// The day on which everything is looked at.
pub const TODAY: Date = date(2026, 11, 21);

/// The smallest picture that is a portrait: 24 × 32 pixels.
const SMALL_PICTURE: &[u8] = include_bytes!("../../identity/tests/pictures/rgb.jpg");

/// A card and how its chip behaves.
pub struct VirtualCard {
    /// What is on it.
    pub card: Personalised,
    /// What is special about it.
    pub script: CardScript,
}

impl VirtualCard {
    /// A reader on which it lies.
    pub fn laid(&self) -> InMemoryReader {
        let mut reader = InMemoryReader::new(CitizenCard::new(self.card.clone(), &self.script, 7));
        reader.lay();
        reader.wait_for_card(Duration::ZERO).expect("the card was laid down");
        reader
    }
}

/// The issuer.
pub fn issuer() -> &'static Issuer {
    static ISSUER: LazyLock<Issuer> = LazyLock::new(|| {
        Issuer::generate(TODAY, &mut SeededChance::new(1)).expect("OpenSSL makes an issuer")
    });
    &ISSUER
}

/// Makes everything that inputs are put beside, so that no input is blamed for the time.
pub fn prepare() {
    let _ = (trust(), document_signer(), citizen_card(), mapping_chip(), small_card());
}

/// The trust list with that issuer alone.
pub(crate) fn trust() -> &'static TrustList {
    static TRUST: LazyLock<TrustList> =
        LazyLock::new(|| TrustList::from_pem(&issuer().csca_pem()).expect("the issuer's own certificate"));
    &TRUST
}

/// A document signer of that issuer.
pub(crate) fn document_signer() -> &'static DocumentSigner {
    static SIGNER: LazyLock<DocumentSigner> = LazyLock::new(|| {
        let day = Period { from: TODAY, to: date(2027, 11, 21) };
        let profile: CardProfile = profile("passport-im");
        let draft = SignerDraft {
            name: "Fuzzing",
            usage: CertificateUse::Documents,
            key: profile.security_object.key.expect("the profile names a key"),
            hash: Hash::Sha256,
            validity: day,
            key_period: day,
        };
        issuer().csca().issue(&draft, &mut SeededChance::new(5)).expect("OpenSSL makes a signer")
    });
    &SIGNER
}

/// A chip of one kind, as the issuer gives it to the invented citizen.
pub fn chip_of(script: CardScript) -> VirtualCard {
    let people = simulators_folder().join("people");
    let person = People::load(&people).expect("the invented citizens");
    let person = person.person("khue").expect("an invented citizen");
    let card = issuer().personalise(person, &people, &script, TODAY).expect("the issuer makes a card");
    VirtualCard { card, script }
}

/// A chip of one of the simulators' profiles.
pub fn passport(name: &str) -> VirtualCard {
    chip_of(CardScript { profile: profile(name), ..CardScript::default() })
}

fn profile(name: &str) -> CardProfile {
    let file = simulators_folder().join("profiles").join(name).with_extension("toml");
    scenario::read_toml(&file).expect("the simulators' profiles can be read")
}

fn simulators_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../simulators")
}

/// The files of a usual card, as they would be read.
pub(crate) fn citizen_card() -> &'static ReadCard {
    static CARD: LazyLock<ReadCard> = LazyLock::new(|| ReadCard::of(&chip_of(CardScript::default())));
    &CARD
}

/// A chip that proves itself by its mapping, and its proof.
pub(crate) fn mapping_chip() -> &'static ReadCard {
    static CARD: LazyLock<ReadCard> = LazyLock::new(|| ReadCard::of(&passport("passport-cam")));
    &CARD
}

/// A card with basic access and a small portrait: quickly read.
pub(crate) fn small_card() -> &'static VirtualCard {
    static CARD: LazyLock<VirtualCard> = LazyLock::new(|| {
        let issued = chip_of(CardScript { only_bac: true, ..CardScript::default() });
        let portrait = crate::files::portrait_group(SMALL_PICTURE);
        let card = issuer().rewrite(&issued.card, &[(FileId::Dg2.short_id(), &portrait)]);
        VirtualCard { card: card.expect("OpenSSL signs"), script: issued.script }
    });
    &CARD
}

/// The card access number of the invented citizen.
pub(crate) fn number_key() -> AccessKey {
    AccessKey::Can(Can::new(small_card().card.can()).expect("six digits"))
}

/// The zone of the invented citizen's card.
pub(crate) fn zone_key() -> AccessKey {
    AccessKey::Mrz(MrzKey::from_mrz(small_card().card.mrz()).expect("a zone"))
}

/// What a reading brought.
pub(crate) struct ReadCard {
    pub files: LooseFiles,
    pub proofs: Vec<card::ChipProof>,
}

impl ReadCard {
    fn of(card: &VirtualCard) -> Self {
        let mut reader = card.laid();
        let policy = AccessPolicy::PaceOrBacWhenNotOffered;
        let Ok(read) = chip::converse(&mut reader, &number_key(), policy) else {
            panic!("the virtual card cannot be read");
        };
        let bytes = FileId::ALL.iter().filter_map(|file| Some((*file, read.file(*file)?)));
        let files = bytes.map(|(file, bytes)| (file, Zeroizing::new(bytes.to_vec()))).collect();
        Self { files: LooseFiles { files, proofs: Vec::new() }, proofs: read.proofs().to_vec() }
    }
}
