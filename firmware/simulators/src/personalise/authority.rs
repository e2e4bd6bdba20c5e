//! The issuers' kit: test country signing authorities (CSCA) with every kind of
//! key, their successors, document signers, revocation lists and master lists
//! (ICAO Doc 9303-12). Made over OpenSSL alone, never with the code that checks it.

use jiff::civil::Date;
use openssl::{
    error::ErrorStack,
    pkey::{PKey, Private},
    x509::X509,
};
use rand_core::CryptoRng;

use super::{
    certificate::{
        CertificateDraft, CertificateUse, Period, State, authority_key, distinguished_name, extension,
        moment, signed,
    },
    signed_data::SignedData,
    signing::SigningPair,
};
use crate::{
    card_profile::{ContentEncoding, Hash, SignerIdentifier, SigningKey},
    der,
};

/// A country signing authority with its private key.
#[derive(Clone)]
pub struct CountrySigner {
    pub(super) holder: Holder,
    state: State,
}

/// What a new authority is to be like.
#[derive(Clone, Copy, Debug)]
pub struct CountryDraft<'a> {
    /// Its state.
    pub state: State,
    /// Its common name, after the words TEST CSCA.
    pub name: &'a str,
    /// Its key.
    pub key: SigningKey,
    /// The hash of what it signs.
    pub hash: Hash,
    /// When its certificate holds.
    pub validity: Period,
}

/// A document or master list signer with its private key.
#[derive(Clone)]
pub struct DocumentSigner {
    pub(super) holder: Holder,
}

/// What a new signer is to be like.
#[derive(Clone, Copy, Debug)]
pub struct SignerDraft<'a> {
    /// Its common name, after the word TEST.
    pub name: &'a str,
    /// What it signs.
    pub usage: CertificateUse,
    /// Its key.
    pub key: SigningKey,
    /// The hash of what it signs.
    pub hash: Hash,
    /// When its certificate holds.
    pub validity: Period,
    /// When its key may sign.
    pub key_period: Period,
}

/// A certificate and the key that belongs to it.
#[derive(Clone)]
pub(super) struct Holder {
    pub certificate: Vec<u8>,
    pub pair: SigningPair,
}

impl Holder {
    fn parsed(&self) -> Result<X509, ErrorStack> {
        X509::from_der(&self.certificate)
    }

    /// The subject's name in DER.
    pub(super) fn subject(&self) -> Result<Vec<u8>, ErrorStack> {
        self.parsed()?.subject_name().to_der()
    }

    /// The issuer's name in DER.
    pub(super) fn issuer(&self) -> Result<Vec<u8>, ErrorStack> {
        self.parsed()?.issuer_name().to_der()
    }

    pub(super) fn serial(&self) -> Result<Vec<u8>, ErrorStack> {
        Ok(self.parsed()?.serial_number().to_bn()?.to_vec())
    }
}

impl CountrySigner {
    /// A new authority, which signs itself.
    pub fn generate(draft: &CountryDraft<'_>, chance: &mut dyn CryptoRng) -> Result<Self, ErrorStack> {
        let pair = SigningPair::generate(draft.key, draft.hash, chance)?;
        let name = distinguished_name(draft.state, &format!("TEST CSCA {}", draft.name));
        let certificate = country(draft, &name, &name, &pair, pair.key_identifier()?).sign(&pair, chance)?;
        Ok(Self { holder: Holder { certificate, pair }, state: draft.state })
    }

    /// An authority kept as certificate and key.
    pub(super) fn kept(
        state: State,
        certificate: Vec<u8>,
        scheme: SigningKey,
        hash: Hash,
        key: PKey<Private>,
    ) -> Self {
        Self { holder: Holder { certificate, pair: SigningPair { scheme, hash, key } }, state }
    }

    /// Its certificate in DER.
    pub fn certificate(&self) -> &[u8] {
        &self.holder.certificate
    }

    /// Its certificate as PEM.
    pub fn certificate_pem(&self) -> Result<String, ErrorStack> {
        let pem = self.holder.parsed()?.to_pem()?;
        Ok(String::from_utf8(pem).expect("PEM is text"))
    }

    /// The next authority of the state, and the link certificate by which the old
    /// one vouches for it (9303-12, 4.1.4). Another name makes it a change of name.
    pub fn succeed(
        &self,
        draft: &CountryDraft<'_>,
        chance: &mut dyn CryptoRng,
    ) -> Result<(Self, Vec<u8>), ErrorStack> {
        let next = Self::generate(draft, chance)?;
        let (issuer, subject) = (self.holder.subject()?, next.holder.subject()?);
        let authority = self.holder.pair.key_identifier()?;
        let link = country(draft, &issuer, &subject, &next.holder.pair, authority);
        let link = link.sign(&self.holder.pair, chance)?;
        Ok((next, link))
    }

    /// A signer under this authority.
    pub fn issue(
        &self,
        draft: &SignerDraft<'_>,
        chance: &mut dyn CryptoRng,
    ) -> Result<DocumentSigner, ErrorStack> {
        let pair = SigningPair::generate(draft.key, draft.hash, chance)?;
        let subject = distinguished_name(self.state, &format!("TEST {}", draft.name));
        let certificate = CertificateDraft {
            issuer: &self.holder.subject()?,
            subject: &subject,
            state: self.state,
            key: &pair,
            usage: draft.usage,
            validity: draft.validity,
            key_period: draft.key_period,
            authority: self.holder.pair.key_identifier()?,
            renamed: false,
        };
        let certificate = certificate.sign(&self.holder.pair, chance)?;
        Ok(DocumentSigner { holder: Holder { certificate, pair } })
    }

    /// A revocation list in DER that names those signers (9303-12, 7.1.4).
    pub fn revocation_list(
        &self,
        revoked: &[&DocumentSigner],
        validity: Period,
        number: u8,
    ) -> Result<Vec<u8>, ErrorStack> {
        let mut entries = Vec::new();
        for signer in revoked {
            let serial = der::unsigned(&signer.holder.serial()?);
            entries.push(der::sequence(&[serial, moment(validity.from)]));
        }
        let extensions = der::sequence(&[
            authority_key(&self.holder.pair.key_identifier()?),
            extension("2.5.29.20", &der::integer(number)),
        ]);
        let mut list = vec![
            der::integer(1),
            self.holder.pair.algorithm(),
            self.holder.subject()?,
            moment(validity.from),
            moment(validity.to),
        ];
        // An empty list of entries is left out (RFC 5280, 5.1.2.6).
        list.extend((!entries.is_empty()).then(|| der::sequence(&entries)));
        list.push(der::object(0xA0, &extensions));
        signed(&der::sequence(&list), &self.holder.pair)
    }

    /// A master list in DER: certificates under the signature of a list signer, with
    /// that signer's certificate and its authority's (9303-12, 9).
    pub fn master_list(
        &self,
        certificates: &[&[u8]],
        signer: &DocumentSigner,
        signed_on: Date,
    ) -> Result<Vec<u8>, ErrorStack> {
        let certificates: Vec<Vec<u8>> = certificates.iter().map(|der| der.to_vec()).collect();
        let content = der::sequence(&[der::integer(0), der::sorted_set(certificates)]);
        SignedData {
            content_type: "2.23.136.1.1.2",
            content: &content,
            signer: &signer.holder,
            hash: signer.holder.pair.hash,
            further_certificates: vec![self.holder.certificate.clone()],
            identifier: SignerIdentifier::KeyIdentifier,
            signed_on,
            encoding: ContentEncoding::Der,
            altered: None,
        }
        .encode()
    }
}

impl DocumentSigner {
    /// A signer kept as certificate and key.
    pub(super) fn kept(certificate: Vec<u8>, scheme: SigningKey, hash: Hash, key: PKey<Private>) -> Self {
        Self { holder: Holder { certificate, pair: SigningPair { scheme, hash, key } } }
    }

    /// Its certificate in DER.
    pub fn certificate(&self) -> &[u8] {
        &self.holder.certificate
    }

    /// An LDS security object, or anything else, under its signature: CMS SignedData
    /// in DER (RFC 5652) with the hash of `hash` throughout.
    pub fn sign(
        &self,
        content_type: &str,
        content: &[u8],
        hash: Hash,
        signed_on: Date,
    ) -> Result<Vec<u8>, ErrorStack> {
        SignedData {
            content_type,
            content,
            signer: &self.holder,
            hash,
            further_certificates: Vec::new(),
            identifier: SignerIdentifier::IssuerAndSerial,
            signed_on,
            encoding: ContentEncoding::Der,
            altered: None,
        }
        .encode()
    }
}

fn country<'a>(
    draft: &CountryDraft<'_>,
    issuer: &'a [u8],
    subject: &'a [u8],
    key: &'a SigningPair,
    authority: [u8; 20],
) -> CertificateDraft<'a> {
    CertificateDraft {
        issuer,
        subject,
        state: draft.state,
        key,
        usage: CertificateUse::Country,
        validity: draft.validity,
        key_period: draft.validity,
        authority,
        renamed: issuer != subject,
    }
}
