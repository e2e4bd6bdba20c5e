//! The test country signing authority (CSCA) and its document signer, as the
//! certificate profile of ICAO Doc 9303-12, 7.1 has them.

use jiff::{ToSpan, civil::Date};
use openssl::{
    asn1::{Asn1Integer, Asn1Object, Asn1OctetString, Asn1Time},
    bn::BigNum,
    error::ErrorStack,
    hash::MessageDigest,
    nid::Nid,
    pkey::{PKey, Private},
    x509::{
        X509, X509Builder, X509Extension, X509Name, X509NameBuilder,
        extension::{AuthorityKeyIdentifier, BasicConstraints, KeyUsage, SubjectKeyIdentifier},
    },
};
use rand_core::CryptoRng;

use super::{CurveForm, chip_keys::generate_key};
use crate::der;

/// A CSCA with one document signer.
pub(super) struct Authority {
    pub csca: X509,
    pub csca_key: PKey<Private>,
    pub signer: X509,
    pub signer_key: PKey<Private>,
}

impl Authority {
    /// Both certificates hold ten years back and twenty ahead, so that every card
    /// that somebody may show on `today` falls into them.
    pub(super) fn generate(
        name: &str,
        form: CurveForm,
        today: Date,
        chance: &mut dyn CryptoRng,
    ) -> Result<Self, ErrorStack> {
        let csca_key = generate_key(Nid::BRAINPOOL_P384R1, form, chance)?;
        let signer_key = generate_key(Nid::BRAINPOOL_P256R1, form, chance)?;
        let from = today.saturating_sub(10.years());
        let to = today.saturating_add(20.years());
        let subject = distinguished_name(&format!("TEST CSCA {name}"))?;
        let csca = Draft { subject: &subject, issuer: &subject, key: &csca_key, from, to };
        let csca = csca.country_signer(chance)?;
        let subject = distinguished_name(&format!("TEST Document Signer {name} 01"))?;
        let signer = Draft {
            subject: &subject,
            issuer: csca.subject_name(),
            key: &signer_key,
            from: from.saturating_add(1.month()),
            to: to.saturating_sub(1.month()),
        };
        let signer = signer.document_signer(&csca, &csca_key, chance)?;
        Ok(Self { csca, csca_key, signer, signer_key })
    }
}

struct Draft<'a> {
    subject: &'a openssl::x509::X509NameRef,
    issuer: &'a openssl::x509::X509NameRef,
    key: &'a PKey<Private>,
    from: Date,
    to: Date,
}

impl Draft<'_> {
    fn country_signer(&self, chance: &mut dyn CryptoRng) -> Result<X509, ErrorStack> {
        let mut draft = self.begin(chance)?;
        draft.append_extension(BasicConstraints::new().critical().ca().pathlen(0).build()?)?;
        draft.append_extension(KeyUsage::new().critical().key_cert_sign().crl_sign().build()?)?;
        let own = SubjectKeyIdentifier::new().build(&draft.x509v3_context(None, None))?;
        draft.append_extension(own)?;
        // Self-signed: the authority's key identifier is its own, which the library
        // finds only once the extension above stands.
        let identifier = key_identifier(self.key)?;
        let authority = der::sequence(&[der::object(0x80, &identifier)]);
        draft.append_extension(extension("2.5.29.35", &authority)?)?;
        draft.sign(self.key, MessageDigest::sha384())?;
        Ok(draft.build())
    }

    fn document_signer(
        &self,
        csca: &X509,
        csca_key: &PKey<Private>,
        chance: &mut dyn CryptoRng,
    ) -> Result<X509, ErrorStack> {
        let mut draft = self.begin(chance)?;
        draft.append_extension(KeyUsage::new().critical().digital_signature().build()?)?;
        let context = draft.x509v3_context(Some(csca), None);
        let authority = AuthorityKeyIdentifier::new().keyid(true).build(&context)?;
        let own = SubjectKeyIdentifier::new().build(&context)?;
        draft.append_extension(authority)?;
        draft.append_extension(own)?;
        // documentTypeList (Doc 9303-12, 7.1.1.6): identity cards whose zone begins `ID`.
        let types = der::sequence(&[der::integer(0), der::set(&[der::printable("ID")])]);
        draft.append_extension(extension("2.23.136.1.1.6.2", &types)?)?;
        draft.sign(csca_key, MessageDigest::sha384())?;
        Ok(draft.build())
    }

    fn begin(&self, chance: &mut dyn CryptoRng) -> Result<X509Builder, ErrorStack> {
        let mut serial = [0; 16];
        chance.fill_bytes(&mut serial);
        // Positive, and as long on every card.
        serial[0] = serial[0] & 0x7F | 0x40;
        let mut draft = X509::builder()?;
        draft.set_version(2)?;
        draft.set_serial_number(&*Asn1Integer::from_bn(&*BigNum::from_slice(&serial)?)?)?;
        draft.set_subject_name(self.subject)?;
        draft.set_issuer_name(self.issuer)?;
        draft.set_pubkey(self.key)?;
        draft.set_not_before(&*moment(self.from)?)?;
        draft.set_not_after(&*moment(self.to)?)?;
        let period = der::sequence(&[
            der::object(0x80, self.from.strftime("%Y%m%d000000Z").to_string().as_bytes()),
            der::object(0x81, self.to.strftime("%Y%m%d000000Z").to_string().as_bytes()),
        ]);
        draft.append_extension(extension("2.5.29.16", &period)?)?;
        Ok(draft)
    }
}

fn distinguished_name(common: &str) -> Result<X509Name, ErrorStack> {
    let mut name = X509NameBuilder::new()?;
    name.append_entry_by_text("C", "VN")?;
    name.append_entry_by_text("O", "TEST, issued by no authority")?;
    name.append_entry_by_text("CN", common)?;
    Ok(name.build())
}

fn moment(day: Date) -> Result<Asn1Time, ErrorStack> {
    Asn1Time::from_str_x509(&day.strftime("%Y%m%d000000Z").to_string())
}

fn extension(oid: &str, value: &[u8]) -> Result<X509Extension, ErrorStack> {
    X509Extension::new_from_der(
        &*Asn1Object::from_str(oid)?,
        false,
        &*Asn1OctetString::new_from_bytes(value)?,
    )
}

/// SHA-1 over the public key's bits (RFC 5280, 4.2.1.2, method 1).
fn key_identifier(key: &PKey<Private>) -> Result<[u8; 20], ErrorStack> {
    let key = key.ec_key()?;
    let mut context = openssl::bn::BigNumContext::new()?;
    let form = openssl::ec::PointConversionForm::UNCOMPRESSED;
    Ok(openssl::sha::sha1(&key.public_key().to_bytes(key.group(), form, &mut context)?))
}
