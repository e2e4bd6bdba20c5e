//! The pretend state's keys and certificates, made by the OpenSSL library.

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
    /// It may sign certificates and no revocation lists.
    AuthorityOfCertificatesOnly,
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
    if matches!(
        wanted.role,
        Role::Authority | Role::AuthorityWithoutUsage | Role::AuthorityOfCertificatesOnly
    ) {
        builder.append_extension(BasicConstraints::new().critical().ca().build().unwrap()).unwrap();
    }
    let usage = match wanted.role {
        Role::Authority => KeyUsage::new().critical().key_cert_sign().crl_sign().build(),
        Role::AuthorityOfCertificatesOnly => KeyUsage::new().critical().key_cert_sign().build(),
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
