//! Master lists and revocation lists of the pretend state, signed by the OpenSSL
//! command line.

use std::{fmt::Write as _, fs};

use jiff::civil::{Date, date};
use openssl::{nid::Nid, x509::X509};

use super::{AUTHORITY, Holder, Role, SIGNER, Signing, Wanted, envelope, openssl, p256, path};
use crate::tlv::object;

pub(crate) const MASTER_LIST: &str = "2.23.136.1.1.2";

/// CscaMasterList with these certificates.
pub(crate) fn list_of(certificates: &[&X509]) -> Vec<u8> {
    let all: Vec<u8> = certificates.iter().flat_map(|it| it.to_der().unwrap()).collect();
    object(0x30, &[object(0x02, &[0]), object(0x31, &all)].concat())
}

/// A signed master list.
pub(crate) fn master_list(certificates: &[&X509], signer: &Holder) -> Vec<u8> {
    envelope(&list_of(certificates), signer, &Signing { content_type: MASTER_LIST, ..Signing::default() })
}

/// A signer of master lists under this authority of Germany or the Netherlands.
pub(crate) fn list_signer(authority: &Holder) -> Holder {
    let name = authority.certificate.subject_name();
    let country = name.entries_by_nid(Nid::COUNTRYNAME).next().unwrap().data();
    let country = if country.as_slice() == b"NL" { "NL" } else { "DE" };
    let wanted = Wanted {
        name: "Test master list signer",
        country,
        serial: 77,
        role: Role::MasterListSigner,
        ..SIGNER()
    };
    Holder::under(authority, p256(), &wanted)
}

/// An authority of its own, in this country.
pub(crate) fn authority(country: &'static str, name: &'static str) -> Holder {
    Holder::root(p256(), &Wanted { name, country, ..AUTHORITY() })
}

/// The day on which every called back certificate of the tests was.
pub(crate) const CALLED_BACK: Date = date(2026, 3, 4);

/// A revocation list of this issuer, by `openssl ca`.
pub(crate) fn revocation_list(issuer: &Holder, serials: &[&str], days: (Date, Date)) -> Vec<u8> {
    revocation_list_with(issuer, serials, days, "authorityKeyIdentifier=keyid\n", "sha256")
}

/// The same with other extensions and another digest.
pub(crate) fn revocation_list_with(
    issuer: &Holder,
    serials: &[&str],
    days: (Date, Date),
    extensions: &str,
    digest: &str,
) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let file = folder.path().join(name);
        fs::write(&file, bytes).unwrap();
        path(&file).to_owned()
    };
    let called_back = CALLED_BACK.strftime("%y%m%d000000Z");
    let mut index = String::new();
    for serial in serials {
        writeln!(index, "R\t391231000000Z\t{called_back}\t{serial}\tunknown\t/CN=called back").unwrap();
    }
    let index = file("index.txt", index.as_bytes());
    file("index.txt.attr", b"unique_subject = no\n");
    let number = file("number", b"05\n");
    let plan = format!(
        "[ca]\ndefault_ca=it\n[it]\ndatabase={index}\ncrlnumber={number}\ncrl_extensions=extensions\n\
         [extensions]\n{extensions}"
    );
    let (plan, pem, der) = (file("ca.cnf", plan.as_bytes()), file("list.pem", &[]), file("list.der", &[]));
    let certificate = file("issuer.pem", &issuer.certificate.to_pem().unwrap());
    let key = file("issuer.key", &issuer.key.private_key_to_pem_pkcs8().unwrap());
    let time = |day: Date| day.strftime("%Y%m%d000000Z").to_string();
    let make = ["ca", "-gencrl", "-config", &plan, "-cert", &certificate, "-keyfile", &key, "-out", &pem];
    let (from, until) = (time(days.0), time(days.1));
    let when = ["-crl_lastupdate", &from, "-crl_nextupdate", &until, "-md", digest];
    openssl(&[&make[..], &when].concat());
    openssl(&["crl", "-in", &pem, "-outform", "DER", "-out", &der]);
    fs::read(der).unwrap()
}
