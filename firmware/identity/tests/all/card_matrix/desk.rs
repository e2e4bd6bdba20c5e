//! Issuers, trust lists and the way of one card over the reader: opened, read and asked
//! in the order in which a kiosk does it, and then judged.

use std::path::{Path, PathBuf};

use card::{AccessKey, AccessPolicy, Can, CardFiles, FileId, MrzKey, Offers, Opening, ReadError, Session};
use identity::{
    Grounds, Identity, IdentityError, Judgement, Policy, RevocationList, RevocationLists, TrustList,
};
use jiff::civil::{Date, date};
use openssl::x509::X509;
use simulators::{
    card_profile::{Curve, Hash, SigningKey},
    chance::SeededChance,
    citizen_card::CitizenCard,
    in_memory::InMemoryReader,
    people::People,
    personalise::{CountryDraft, CountrySigner, CurveForm, Issuer, Period, State},
};

use super::cases::{Case, Issuers, Key, List, TODAY, Trust};

/// Everything that a citizen's card or a passport may have, in the kiosk's order: what
/// says who it is first, the portrait last.
const FILES: [FileId; 8] = [
    FileId::Dg13,
    FileId::Dg7,
    FileId::Dg11,
    FileId::Dg12,
    FileId::Dg14,
    FileId::Dg15,
    FileId::Dg16,
    FileId::Dg2,
];

const USUAL: Period = Period { from: date(2016, 11, 21), to: date(2046, 11, 21) };

/// The issuers of the matrix, made once.
pub struct Desk {
    people: People,
    usual: Issuer,
    explicit: Issuer,
    successor: Issuer,
    renamed: Issuer,
    impostor: Issuer,
    too_early: Issuer,
    /// By which the usual issuer vouches for its successors.
    links: String,
}

/// What came of a card.
pub enum Came {
    /// It could not be read, or not safely.
    Unread(ReadError),
    /// Its DG1 says that it has expired, or nothing at all, and no more was read.
    StoppedAtZone(IdentityError),
    /// It was read, and makes no identity.
    Refused(IdentityError, Judgement),
    /// It was read, and makes an identity.
    Accepted(Box<Identity>, Judgement, String),
}

enum Ended {
    Unread(ReadError),
    AtZone(IdentityError),
}

impl From<ReadError> for Ended {
    fn from(error: ReadError) -> Self {
        Self::Unread(error)
    }
}

impl Desk {
    pub fn new() -> Self {
        let mut chance = SeededChance::new(1);
        let usual = Issuer::generate(TODAY, &mut chance).unwrap();
        let explicit = Issuer::generate_with(CurveForm::Explicit, TODAY, &mut chance).unwrap();
        let (successor, link) = usual.csca().succeed(&draft("Citizen Card", USUAL), &mut chance).unwrap();
        let renamed = usual.csca().succeed(&draft("Citizen Card 2026", USUAL), &mut chance).unwrap();
        let impostor = CountrySigner::generate(&draft("Citizen Card", USUAL), &mut chance).unwrap();
        let late = Period { from: TODAY, ..USUAL };
        let late = CountrySigner::generate(&draft("Late", late), &mut chance).unwrap();
        let mut under = |csca| Issuer::under(csca, TODAY, &mut chance).unwrap();
        Self {
            people: People::load(&folder()).unwrap(),
            successor: under(successor),
            renamed: under(renamed.0),
            impostor: under(impostor),
            too_early: under(late),
            links: [link, renamed.1].iter().map(|der| pem(der)).collect(),
            usual,
            explicit,
        }
    }

    /// The whole way of a case's card.
    pub fn visit(&self, case: &Case) -> Came {
        let issuer = self.issuer(case.issuer);
        let mut offers = Offers::new();
        if let Some(card) = &case.before {
            let before = Case { card: card.clone(), ..case.clone() };
            assert!(self.read(issuer, &before, &mut offers).is_ok(), "{}: the card before it", case.name);
        }
        let files = match self.read(issuer, case, &mut offers) {
            Ok(files) => files,
            Err(Ended::Unread(error)) => return Came::Unread(error),
            Err(Ended::AtZone(error)) => return Came::StoppedAtZone(error),
        };
        let trust = TrustList::from_pem(&self.trusted(issuer, case.trust)).unwrap();
        let policy = case.policy.policy();
        let revoked = self.revoked(case, policy);
        let grounds = Grounds { trust: &trust, revoked: &revoked, policy };
        let judgement = identity::judge(&files, &grounds, case.today);
        match identity::verify(files, &grounds, case.today) {
            Ok(identity) => {
                let number = self.people.person(&case.person).unwrap().number.clone();
                Came::Accepted(Box::new(identity), judgement, number)
            }
            Err(error) => Came::Refused(error, judgement),
        }
    }

    fn issuer(&self, which: Issuers) -> &Issuer {
        match which {
            Issuers::Usual => &self.usual,
            Issuers::ExplicitCurves => &self.explicit,
            Issuers::Successor => &self.successor,
            Issuers::SuccessorRenamed => &self.renamed,
            Issuers::Impostor => &self.impostor,
            Issuers::SignedTooEarly => &self.too_early,
        }
    }

    fn trusted(&self, issuer: &Issuer, trust: Trust) -> String {
        let (usual, foreign) = (self.usual.csca_pem(), self.usual.foreign_csca().certificate_pem().unwrap());
        // Every issuer has a foreign one of its own: each could have signed the card.
        let foreign = [foreign, issuer.foreign_csca().certificate_pem().unwrap()].concat();
        match trust {
            Trust::IssuerAndForeign => [issuer.csca_pem(), foreign].concat(),
            Trust::UsualAndForeign => [usual, foreign].concat(),
            Trust::ForeignOnly => foreign,
            Trust::UsualAndLink => [usual, self.links.clone()].concat(),
        }
    }

    fn revoked(&self, case: &Case, policy: Policy) -> RevocationLists {
        let mut lists = RevocationLists::default();
        if case.revocation == List::Usual {
            let trust = TrustList::from_pem(&self.usual.csca_pem()).unwrap();
            let list = self.usual.revocation_list().unwrap();
            lists.add(RevocationList::open(&list, &trust, &policy, case.today).unwrap()).unwrap();
        }
        lists
    }

    /// As a kiosk reads: expiry first, the chip's key before the person's files, the
    /// portrait and the challenge last.
    fn read(&self, issuer: &Issuer, case: &Case, offers: &mut Offers) -> Result<CardFiles, Ended> {
        let mut person = self.people.person(&case.person).unwrap().clone();
        if let Some(picture) = &case.portrait {
            person.portrait.clone_from(picture);
        }
        let issued = issuer.personalise(&person, &folder(), &case.card, TODAY).unwrap();
        let (key, policy) = match case.key {
            Key::Can => {
                (AccessKey::Can(Can::new(issued.can()).unwrap()), AccessPolicy::PaceOrBacWhenNotOffered)
            }
            Key::CanForPaceOnly => (AccessKey::Can(Can::new(issued.can()).unwrap()), AccessPolicy::PaceOnly),
            Key::Mrz => {
                let zone = MrzKey::from_mrz(issued.mrz()).unwrap();
                (AccessKey::Mrz(zone), AccessPolicy::PaceOrBacWhenNotOffered)
            }
        };
        let mut reader = InMemoryReader::new(CitizenCard::new(issued, &case.card, 3));
        reader.lay();
        let mut chance = SeededChance::new(2);
        let mut session = card::open_with(
            &mut reader,
            Opening { key: &key, candidates: &[], policy, offers: Some(offers) },
            &mut chance,
            &mut |_| {},
        )?;
        for file in [FileId::Sod, FileId::Dg1] {
            session.read(file, &mut |_| {})?;
        }
        not_expired(&session, case.today)?;
        // What came of both stands in the judgement.
        _ = session.authenticate_chip(&mut chance, &mut |_| {})?;
        for file in FILES {
            match session.read(file, &mut |_| {}) {
                Ok(()) | Err(ReadError::Absent { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        _ = session.authenticate_actively([1, 2, 3, 4, 5, 6, 7, 8], &mut |_| {})?;
        Ok(session.finish())
    }
}

fn not_expired(session: &Session<'_>, today: Date) -> Result<(), Ended> {
    let dg1 = session.file(FileId::Dg1).expect("it was read");
    identity::check_expiry(dg1, today).map_err(Ended::AtZone)
}

fn draft(name: &str, validity: Period) -> CountryDraft<'_> {
    let key = SigningKey::Ecdsa { curve: Curve::try_from(16).unwrap(), form: CurveForm::Explicit };
    CountryDraft { state: State::VIET_NAM, name, key, hash: Hash::Sha384, validity }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../simulators/people")
}

fn pem(der: &[u8]) -> String {
    String::from_utf8(X509::from_der(der).unwrap().to_pem().unwrap()).unwrap()
}
