//! EF.SOD: the hashes of all data groups under the document signer's signature
//! (ICAO Doc 9303-10, 4.6.2), and EF.CardSecurity, signed alike (9303-11, 9.2.11).

use jiff::civil::Date;
use openssl::{error::ErrorStack, hash::hash};

use super::{authority::DocumentSigner, signed_data::SignedData, signing::hash_identifier};
use crate::{
    card_profile::{Hash, SecurityObject, SecurityObjectPart, SecurityObjectVersion},
    der,
};

const LDS_SECURITY_OBJECT: &str = "2.23.136.1.1.1";
/// id-SecurityObject of TR-03110-3, A.1.2.5.
const SECURITY_INFOS: &str = "0.4.0.127.0.7.3.2.1";
/// Version of Unicode, as EF.COM has it.
pub(super) const UNICODE_VERSION: &str = "040000";

/// Version of the LDS, as EF.COM has it: with 1.8 came the security object that
/// says so under its signature (9303-10, 4.6.2.3).
pub(super) fn lds_version(version: SecurityObjectVersion) -> &'static str {
    match version {
        SecurityObjectVersion::V0 => "0107",
        SecurityObjectVersion::V1 => "0108",
    }
}

/// How files are signed.
pub(super) struct Signing<'a> {
    pub profile: &'a SecurityObject,
    pub signer: &'a DocumentSigner,
    pub signed_on: Date,
    pub altered: Option<SecurityObjectPart>,
}

impl Signing<'_> {
    /// EF.SOD over data groups by number.
    pub(super) fn security_object(&self, groups: &[(u8, &[u8])]) -> Result<Vec<u8>, ErrorStack> {
        let content = self.hash_list(groups)?;
        let signed = self.signed(LDS_SECURITY_OBJECT, &content, self.altered)?;
        Ok(der::object(0x77, &signed))
    }

    /// EF.CardSecurity over security infos.
    pub(super) fn card_security(&self, infos: &[u8]) -> Result<Vec<u8>, ErrorStack> {
        self.signed(SECURITY_INFOS, infos, None)
    }

    fn signed(
        &self,
        content_type: &str,
        content: &[u8],
        altered: Option<SecurityObjectPart>,
    ) -> Result<Vec<u8>, ErrorStack> {
        SignedData {
            content_type,
            content,
            signer: &self.signer.holder,
            hash: self.hash(),
            further_certificates: Vec::new(),
            identifier: self.profile.signer,
            signed_on: self.signed_on,
            encoding: self.profile.encoding,
            altered,
        }
        .encode()
    }

    fn hash(&self) -> Hash {
        self.profile.hash
    }

    /// LDSSecurityObject (9303-10, 4.6.2.3).
    fn hash_list(&self, groups: &[(u8, &[u8])]) -> Result<Vec<u8>, ErrorStack> {
        let mut hashes = Vec::new();
        for (number, file) in groups {
            let value = hash(self.hash().digest(), file)?;
            hashes.push(der::sequence(&[der::integer(*number), der::octets(&value)]));
        }
        let version = self.profile.version;
        let mut list =
            vec![der::integer(version as u8), hash_identifier(self.hash()), der::sequence(&hashes)];
        if version == SecurityObjectVersion::V1 {
            let versions = [der::printable(lds_version(version)), der::printable(UNICODE_VERSION)];
            list.push(der::sequence(&versions));
        }
        Ok(der::sequence(&list))
    }
}
