//! A pretend issuing state for the tests. Its keys, certificates and security
//! objects are made by OpenSSL, the library and the command line, so that a mistake
//! in how we read them cannot agree with itself.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path, process::Command};

use card::FileId;
use jiff::civil::{Date, date};
use openssl::{hash::MessageDigest, x509::X509};
use sha2::{Digest as _, Sha256};

use crate::{Grounds, IdentityError, TrustList, examination::Files, identity::Identity, tlv::object};

pub(crate) mod certificates;
pub(crate) mod lists;

pub(crate) use certificates::*;

pub(crate) const TODAY: Date = date(2026, 11, 21);

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
        let envelope = envelope(&content, signer, signing);
        self.files.insert(FileId::Sod, object(0x77, &envelope));
        self
    }

    /// With one octet of a file changed.
    pub fn altered(mut self, file: FileId, at: usize) -> Self {
        let bytes = self.files.get_mut(&file).unwrap();
        bytes[at] ^= 1;
        self
    }

    /// As if read from a chip.
    pub fn read(&self) -> Files<'_> {
        let bytes = self.files.iter().map(|(file, bytes)| (*file, bytes.as_slice())).collect();
        Files { bytes, proofs: &[], access: None, remembered: None }
    }

    pub fn verify(&self, trust: &TrustList, today: Date) -> Result<Identity, IdentityError> {
        let grounds = Grounds::trusting(trust);
        crate::verdict::reach(&self.read(), &grounds, today)
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
        let Some(group) = crate::judgement::group(*file) else { continue };
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

/// A content in a CMS envelope.
pub(crate) fn envelope(content: &[u8], signer: &Holder, signing: &Signing<'_>) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
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
