//! EF.CardAccess (and the same structure inside DG14): which protocols the chip
//! speaks. ICAO Doc 9303-11, 9.2. What is not known here is kept, not refused:
//! chips announce more than any reader speaks.

use der::{
    AnyRef, Decode, Reader, SliceReader, Tag, Tagged,
    asn1::{ObjectIdentifier, UintRef},
};

use crate::{Agreement, Cipher, Mapping};

/// What a chip announces, in its order.
pub struct SecurityInfos {
    /// Each announcement.
    pub infos: Vec<SecurityInfo>,
}

/// One announcement.
pub enum SecurityInfo {
    /// PACE.
    Pace(PaceInfo),
    /// Anything else, by its identifier, with its whole encoding.
    Other {
        /// What it is about.
        protocol: ObjectIdentifier,
        /// The sequence as it came, header included.
        encoding: Vec<u8>,
    },
}

/// One form of PACE that a chip offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaceInfo {
    /// The identifier, which names mapping, agreement and cipher.
    pub protocol: ObjectIdentifier,
    /// The version; 2 is the one of the standard.
    pub version: u8,
    /// The number of the standardised domain parameters, where they are standardised.
    pub parameters: Option<u8>,
}

/// The file breaks its format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the security infos break their format")]
pub struct NotSecurityInfos(#[source] der::Error);

/// 0.4.0.127.0.7.2.2.4, id-PACE.
const PACE: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.127.0.7.2.2.4");

impl SecurityInfos {
    /// Reads the set. Its order is the issuer's, whatever DER says of sets.
    pub fn parse(bytes: &[u8]) -> Result<Self, NotSecurityInfos> {
        Self::read(bytes).map_err(NotSecurityInfos)
    }

    fn read(bytes: &[u8]) -> der::Result<Self> {
        let set = AnyRef::from_der(bytes)?;
        set.tag().assert_eq(Tag::Set)?;
        let mut elements = SliceReader::new(set.value())?;
        let mut infos = Vec::new();
        while !elements.is_finished() {
            let encoding = elements.tlv_bytes()?;
            infos.push(SecurityInfo::read(encoding)?);
        }
        Ok(Self { infos })
    }

    /// Every form of PACE, known here or not.
    pub fn pace(&self) -> impl Iterator<Item = &PaceInfo> {
        self.infos.iter().filter_map(|info| match info {
            SecurityInfo::Pace(pace) => Some(pace),
            SecurityInfo::Other { .. } => None,
        })
    }
}

impl SecurityInfo {
    fn read(encoding: &[u8]) -> der::Result<Self> {
        let sequence = AnyRef::from_der(encoding)?;
        sequence.tag().assert_eq(Tag::Sequence)?;
        let mut fields = SliceReader::new(sequence.value())?;
        let protocol = ObjectIdentifier::decode(&mut fields)?;
        // Two arcs below id-PACE: mapping with agreement, then the cipher. One arc
        // alone announces explicit domain parameters, which are not used here.
        if protocol.parent().and_then(|form| form.parent()) != Some(PACE) {
            return Ok(Self::Other { protocol, encoding: encoding.to_vec() });
        }
        let version = small(&mut fields)?;
        let parameters = if fields.is_finished() { None } else { Some(small(&mut fields)?) };
        Ok(Self::Pace(PaceInfo { protocol, version, parameters }))
    }
}

fn small(fields: &mut SliceReader<'_>) -> der::Result<u8> {
    match UintRef::decode(fields)?.as_bytes() {
        &[value] => Ok(value),
        _ => Err(Tag::Integer.value_error().into()),
    }
}

impl PaceInfo {
    /// What the identifier says, where it names a form that is built here.
    pub fn form(&self) -> Option<(Mapping, Agreement, Cipher)> {
        let arcs: Vec<u32> = self.protocol.arcs().collect();
        let (mapping, agreement) = match arcs[arcs.len() - 2] {
            1 => (Mapping::Generic, Agreement::Dh),
            2 => (Mapping::Generic, Agreement::Ecdh),
            _ => return None,
        };
        let cipher = match arcs[arcs.len() - 1] {
            1 => Cipher::TripleDes,
            2 => Cipher::Aes128,
            3 => Cipher::Aes192,
            4 => Cipher::Aes256,
            _ => return None,
        };
        (self.version == 2).then_some((mapping, agreement, cipher))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(hex: &str) -> SecurityInfos {
        SecurityInfos::parse(&hex::decode(hex).unwrap()).unwrap()
    }

    fn forms(hex: &str) -> Vec<(Option<Cipher>, Option<u8>)> {
        parse(hex).pace().map(|info| (info.form().map(|(.., cipher)| cipher), info.parameters)).collect()
    }

    #[test]
    fn the_profile_of_vietnamese_cards_is_read() {
        let infos = parse(
            "3134300D060804007F0007020202020101300F060A04007F000702020302020201013012060A04007F0007020204020202010202010D",
        );
        assert_eq!(infos.infos.len(), 3, "terminal and chip authentication are kept");
        let pace: Vec<_> = infos.pace().collect();
        assert_eq!(pace.len(), 1);
        assert_eq!(pace[0].form(), Some((Mapping::Generic, Agreement::Ecdh, Cipher::Aes128)));
        assert_eq!(pace[0].parameters, Some(13));
    }

    #[test]
    fn other_mappings_are_kept_without_a_form() {
        // Finnish, German and one that offers integrated mapping only.
        assert_eq!(
            forms("31283012060A04007F000702020402040201020201103012060A04007F00070202040604020102020110"),
            [(Some(Cipher::Aes256), Some(16)), (None, Some(16))]
        );
        assert_eq!(
            forms("31283012060A04007F0007020204020202010202010D3012060A04007F0007020204060202010202010D"),
            [(Some(Cipher::Aes128), Some(13)), (None, Some(13))]
        );
        assert_eq!(forms("31143012060A04007F00070202040404020102020112"), [(None, Some(18))]);
        assert_eq!(
            forms("31143012060A04007F0007020204020102010202010D"),
            [(Some(Cipher::TripleDes), Some(13))]
        );
    }

    // As the first BSI test cards announce it: version 1 is another protocol.
    #[test]
    fn an_old_version_is_no_form() {
        let infos = parse("3120300F060A04007F00070202040202020101300D060804007F0007020202020102");
        assert_eq!(infos.pace().map(|info| (info.version, info.form())).collect::<Vec<_>>(), [(1, None)]);
    }

    #[test]
    fn a_broken_file_is_refused() {
        for hex in ["", "3003020101", "3105300306", "310430020500", "3106020101020102"] {
            assert!(SecurityInfos::parse(&hex::decode(hex).unwrap()).is_err(), "{hex}");
        }
    }
}
