//! Master lists of the pretend state, signed by the OpenSSL command line.

use openssl::{nid::Nid, x509::X509};

use super::{AUTHORITY, Holder, Role, SIGNER, Signing, Wanted, envelope, p256};
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
