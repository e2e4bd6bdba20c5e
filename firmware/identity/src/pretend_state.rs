//! A pretend issuing state for the tests. Its keys, certificates and security
//! objects are made by OpenSSL, the library and the command line, so that a mistake
//! in how we read them cannot agree with itself.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path, process::Command};

use card::FileId;
use jiff::civil::{Date, date};
use openssl::{
    asn1::{Asn1Integer, Asn1Object, Asn1OctetString, Asn1Time},
    bn::BigNum,
    ec::{Asn1Flag, EcGroup, EcKey},
    hash::MessageDigest,
    nid::Nid,
    pkey::{PKey, Private},
    rsa::Rsa,
    x509::{
        X509, X509Builder, X509Extension, X509NameBuilder,
        extension::{
            AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectKeyIdentifier,
        },
    },
};
use sha2::{Digest as _, Sha256};

use crate::{IdentityError, TrustList, identity::Identity, tlv::object};

pub(crate) const TODAY: Date = date(2026, 11, 21);

/// A key and the certificate for it.
pub(crate) struct Holder {
    pub key: PKey<Private>,
    pub certificate: X509,
}

/// What a certificate is to say.
#[derive(Clone)]
pub(crate) struct Wanted {
    pub name: &'static str,
    pub country: &'static str,
    pub serial: u32,
    pub valid: (Date, Date),
    pub digest: MessageDigest,
    pub role: Role,
    /// Names the issuer's key.
    pub authority_key: bool,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Role {
    Authority,
    AuthorityWithoutUsage,
    Signer,
    SignerWithoutUsage,
    MasterListSigner,
    /// Its documents are passports.
    PassportSigner,
    /// With a critical extension that nobody knows.
    UnknownSigner,
}

/// The issuing state's own certificate, as tests want it unless they say otherwise.
/// The security object says that it was signed when the test runs, so its signer
/// is valid for longer than any test will.
pub(crate) const AUTHORITY: fn() -> Wanted = || Wanted {
    name: "Test CSCA",
    country: "VN",
    serial: 1,
    valid: (date(2020, 1, 1), date(2300, 1, 1)),
    digest: MessageDigest::sha256(),
    role: Role::Authority,
    authority_key: true,
};

/// A document signer's certificate.
pub(crate) const SIGNER: fn() -> Wanted = || Wanted {
    name: "Test document signer",
    serial: 2,
    valid: (date(2020, 1, 1), date(2290, 1, 1)),
    role: Role::Signer,
    ..AUTHORITY()
};

/// How a curve is written into a certificate.
#[derive(Clone, Copy)]
pub(crate) enum Written {
    ByName,
    Out,
}

pub(crate) fn curve(nid: Nid, written: Written) -> PKey<Private> {
    let mut group = EcGroup::from_curve_name(nid).unwrap();
    group.set_asn1_flag(match written {
        Written::ByName => Asn1Flag::NAMED_CURVE,
        Written::Out => Asn1Flag::EXPLICIT_CURVE,
    });
    PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
}

pub(crate) fn p256() -> PKey<Private> {
    curve(Nid::X9_62_PRIME256V1, Written::ByName)
}

pub(crate) fn rsa(bits: u32) -> PKey<Private> {
    PKey::from_rsa(Rsa::generate(bits).unwrap()).unwrap()
}

impl Holder {
    /// Signed by its own key.
    pub fn root(key: PKey<Private>, wanted: &Wanted) -> Self {
        let certificate = certificate(&key, wanted, None);
        Self { key, certificate }
    }

    /// Signed by another's.
    pub fn under(issuer: &Self, key: PKey<Private>, wanted: &Wanted) -> Self {
        let certificate = certificate(&key, wanted, Some(issuer));
        Self { key, certificate }
    }

    pub fn pem(&self) -> String {
        String::from_utf8(self.certificate.to_pem().unwrap()).unwrap()
    }
}

fn certificate(key: &PKey<Private>, wanted: &Wanted, issuer: Option<&Holder>) -> X509 {
    let mut builder = X509Builder::new().unwrap();
    builder.set_version(2).unwrap();
    let serial = BigNum::from_u32(wanted.serial).unwrap();
    builder.set_serial_number(&Asn1Integer::from_bn(&serial).unwrap()).unwrap();
    let mut name = X509NameBuilder::new().unwrap();
    name.append_entry_by_text("C", wanted.country).unwrap();
    name.append_entry_by_text("CN", wanted.name).unwrap();
    let name = name.build();
    builder.set_subject_name(&name).unwrap();
    builder.set_issuer_name(issuer.map_or(&name, |issuer| issuer.certificate.subject_name())).unwrap();
    builder.set_pubkey(key).unwrap();
    let time = |day: Date| Asn1Time::from_str(&day.strftime("%Y%m%d000000Z").to_string()).unwrap();
    builder.set_not_before(&time(wanted.valid.0)).unwrap();
    builder.set_not_after(&time(wanted.valid.1)).unwrap();
    extend(&mut builder, wanted, issuer);
    builder.sign(issuer.map_or(key, |issuer| &issuer.key), wanted.digest).unwrap();
    builder.build()
}

fn extend(builder: &mut X509Builder, wanted: &Wanted, issuer: Option<&Holder>) {
    let subject_key = {
        let context = builder.x509v3_context(issuer.map(|issuer| &*issuer.certificate), None);
        SubjectKeyIdentifier::new().build(&context).unwrap()
    };
    builder.append_extension(subject_key).unwrap();
    if let (true, Some(issuer)) = (wanted.authority_key, issuer) {
        let authority_key = {
            let context = builder.x509v3_context(Some(&issuer.certificate), None);
            AuthorityKeyIdentifier::new().keyid(true).build(&context).unwrap()
        };
        builder.append_extension(authority_key).unwrap();
    }
    if matches!(wanted.role, Role::Authority | Role::AuthorityWithoutUsage) {
        builder.append_extension(BasicConstraints::new().critical().ca().build().unwrap()).unwrap();
    }
    let usage = match wanted.role {
        Role::Authority => KeyUsage::new().critical().key_cert_sign().crl_sign().build(),
        Role::AuthorityWithoutUsage => KeyUsage::new().critical().crl_sign().build(),
        Role::SignerWithoutUsage => KeyUsage::new().critical().key_agreement().build(),
        Role::Signer | Role::MasterListSigner | Role::PassportSigner | Role::UnknownSigner => {
            KeyUsage::new().critical().digital_signature().build()
        }
    };
    builder.append_extension(usage.unwrap()).unwrap();
    // documentTypeList is SEQUENCE { 0, SET { "P" } }.
    let further = match wanted.role {
        Role::PassportSigner => {
            Some(("2.23.136.1.1.6.2", false, &[0x30, 8, 2, 1, 0, 0x31, 3, 0x13, 1, b'P'][..]))
        }
        Role::UnknownSigner => Some(("1.3.6.1.4.1.99999.1", true, &[5, 0][..])),
        _ => None,
    };
    if let Some((name, critical, value)) = further {
        let (name, value) = (Asn1Object::from_str(name), Asn1OctetString::new_from_bytes(value));
        let further = X509Extension::new_from_der(&name.unwrap(), critical, &value.unwrap());
        builder.append_extension(further.unwrap()).unwrap();
    }
    if wanted.role == Role::MasterListSigner {
        let usage = ExtendedKeyUsage::new().critical().other("2.23.136.1.1.3").build();
        builder.append_extension(usage.unwrap()).unwrap();
    }
}

/// Runs the OpenSSL command line.
pub(crate) fn openssl(arguments: &[&str]) {
    let done = Command::new("openssl").args(arguments).output().expect("the openssl command is installed");
    assert!(done.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
}

/// How a security object is to be made.
pub(crate) struct Signing<'a> {
    /// What the content claims to be.
    pub content_type: &'static str,
    pub digest: &'static str,
    /// Digest of the data groups.
    pub groups_digest: (&'static str, MessageDigest),
    /// Further arguments of `openssl cms -sign`.
    pub further: &'a [&'a str],
    /// Certificates to put in instead of the signer's own.
    pub instead: Option<&'a [&'a X509]>,
}

pub(crate) const SHA256: (&str, fn() -> MessageDigest) = ("2.16.840.1.101.3.4.2.1", MessageDigest::sha256);

impl Default for Signing<'_> {
    fn default() -> Self {
        Self {
            content_type: "2.23.136.1.1.1",
            digest: "sha256",
            groups_digest: (SHA256.0, SHA256.1()),
            further: &[],
            instead: None,
        }
    }
}

/// The files of one pretend card.
pub(crate) struct Card {
    pub files: BTreeMap<FileId, Vec<u8>>,
}

impl Card {
    /// A citizen's card, not yet signed.
    pub fn of(mrz: &str, details: Option<&[(u8, &str)]>) -> Self {
        let mut files = BTreeMap::new();
        files.insert(FileId::Dg1, object(0x61, &object(0x5F1F, mrz.as_bytes())));
        files.insert(FileId::Dg2, portrait_group(&[0xFF, 0xD8, 0xFF, 0xE0, 7, 7, 7]));
        if let Some(details) = details {
            files.insert(FileId::Dg13, details_group(details));
        }
        Self { files }
    }

    /// The citizen of most tests.
    pub fn citizen() -> Self {
        let mrz = "IDVNM1950123452001195012345<<3\
                   9509023F3509021VNM<<<<<<<<<<<0\
                   NGUYEN<<THI<BICH<NGOC<<<<<<<<<";
        Self::of(
            mrz,
            Some(&[
                (1, "001195012345"),
                (2, "Nguyễn Thị Bích Ngọc"),
                (3, "02/09/1995"),
                (4, "Nữ"),
                (5, "Việt Nam"),
                (9, "Số 1 Đường Mẫu"),
            ]),
        )
    }

    /// With EF.SOD, signed by this signer.
    pub fn signed(mut self, signer: &Holder, signing: &Signing<'_>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let content = digest_list(folder.path(), &self.files, signing);
        let envelope = sign(folder.path(), &content, signer, signing);
        self.files.insert(FileId::Sod, object(0x77, &envelope));
        self
    }

    /// With one octet of a file changed.
    pub fn altered(mut self, file: FileId, at: usize) -> Self {
        let bytes = self.files.get_mut(&file).unwrap();
        bytes[at] ^= 1;
        self
    }

    pub fn verify(&self, trust: &TrustList, today: Date) -> Result<Identity, IdentityError> {
        let bytes = self.files.iter().map(|(file, bytes)| (*file, bytes.as_slice())).collect();
        crate::verdict::reach(&crate::verdict::Files { bytes, access: "test".to_owned() }, trust, today)
    }
}

/// DG2 with one picture in an ISO/IEC 19794-5 record.
pub(crate) fn portrait_group(picture: &[u8]) -> Vec<u8> {
    let block = [&[0; 16][..], &[1, 0, 0, 4, 0, 5, 0, 0, 0, 0, 0, 0], picture].concat();
    let length = block.len() as u32 + 4;
    let record =
        [b"FAC\x00010\x00", &(length + 14).to_be_bytes()[..], &[0, 1], &length.to_be_bytes(), &block]
            .concat();
    let template = object(0x7F60, &object(0x5F2E, &record));
    object(0x75, &object(0x7F61, &[object(0x02, &[1]), template].concat()))
}

fn details_group(details: &[(u8, &str)]) -> Vec<u8> {
    let field = |(number, text): &(u8, &str)| {
        object(0x30, &[object(0x02, &[*number]), object(0x0C, text.as_bytes())].concat())
    };
    let fields: Vec<u8> = details.iter().flat_map(field).collect();
    let encoding = [0x06, 0x06, 0x28, 0xD3, 0x16, 0x01, 0x00, 0x08];
    let list = [&object(0x02, &[1]), &encoding[..], &object(0x31, &fields)].concat();
    object(0x6D, &object(0x30, &list))
}

/// LDSSecurityObject, encoded by OpenSSL.
fn digest_list(folder: &Path, files: &BTreeMap<FileId, Vec<u8>>, signing: &Signing<'_>) -> Vec<u8> {
    let (name, digest) = signing.groups_digest;
    let mut list = String::new();
    let mut entries = String::new();
    for (file, bytes) in files {
        let Some(group) = file.tag().and_then(crate::data_groups::directory::group_of) else { continue };
        let digest = hex::encode(openssl::hash::hash(digest, bytes).unwrap());
        writeln!(list, "dg{group}=SEQUENCE:dg{group}").unwrap();
        writeln!(entries, "[dg{group}]\nnumber=INTEGER:{group}\ndigest=FORMAT:HEX,OCTETSTRING:{digest}")
            .unwrap();
    }
    let plan = format!(
        "asn1=SEQUENCE:lds\n[lds]\nversion=INTEGER:0\nalgorithm=SEQUENCE:algorithm\nlist=SEQUENCE:list\n\
         [algorithm]\nname=OID:{name}\nnothing=NULL\n[list]\n{list}{entries}"
    );
    let (plan_path, out) = (folder.join("lds.cnf"), folder.join("lds.der"));
    fs::write(&plan_path, plan).unwrap();
    openssl(&["asn1parse", "-genconf", path(&plan_path), "-noout", "-out", path(&out)]);
    fs::read(out).unwrap()
}

fn sign(folder: &Path, content: &[u8], signer: &Holder, signing: &Signing<'_>) -> Vec<u8> {
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let content = file("content.der", content);
    let certificate = file("signer.pem", &signer.certificate.to_pem().unwrap());
    let key = file("signer.key", &signer.key.private_key_to_pem_pkcs8().unwrap());
    let out = file("sod.der", &[]);
    let mut arguments = vec![
        "cms",
        "-sign",
        "-binary",
        "-nodetach",
        "-nosmimecap",
        "-econtent_type",
        signing.content_type,
        "-md",
        signing.digest,
        "-in",
        &content,
        "-signer",
        &certificate,
        "-inkey",
        &key,
        "-outform",
        "DER",
        "-out",
        &out,
    ];
    arguments.extend(signing.further);
    let others: String;
    if let Some(instead) = signing.instead {
        let pem: Vec<u8> = instead.iter().flat_map(|it| it.to_pem().unwrap()).collect();
        others = file("others.pem", &pem);
        arguments.extend(["-nocerts", "-certfile", &others]);
    }
    openssl(&arguments);
    fs::read(out).unwrap()
}

pub(crate) fn path(path: &Path) -> &str {
    path.to_str().expect("the test's folder has a plain name")
}

/// A state with one authority and one document signer.
pub(crate) struct State {
    pub authority: Holder,
    pub signer: Holder,
}

impl State {
    pub fn new() -> Self {
        Self::with(&AUTHORITY(), &SIGNER())
    }

    pub fn with(authority: &Wanted, signer: &Wanted) -> Self {
        let authority = Holder::root(p256(), authority);
        let signer = Holder::under(&authority, p256(), signer);
        Self { authority, signer }
    }

    /// A trust list with this state's authority.
    pub fn trusted(&self) -> TrustList {
        TrustList::from_pem(&self.authority.pem()).unwrap()
    }

    pub fn card(&self) -> Card {
        Card::citizen().signed(&self.signer, &Signing::default())
    }
}

pub(crate) fn fingerprint(certificate: &X509) -> String {
    hex::encode(Sha256::digest(certificate.to_der().unwrap()))
}
