//! Active authentication (ICAO 9303-11, 6.1): the chip signs a challenge with the
//! key of DG15. RSA signs by ISO/IEC 9796-2, scheme 1, where the signature holds part
//! of the message; curves sign plainly, `r || s` (BSI TR-03111, 5.2.1).

use const_oid::ObjectIdentifier;
use openssl::{bn::BigNum, ecdsa::EcdsaSig};

use super::ProofFault;
use crate::{
    algorithm::Digest,
    public_key::{KeyKind, PublicKey},
};

/// ecdsa-plain-signatures (TR-03111, 5.2.1.1) by the digest that they name.
const PLAIN: [(&str, Digest); 5] = [
    ("0.4.0.127.0.7.1.1.4.1.1", Digest::Sha1),
    ("0.4.0.127.0.7.1.1.4.1.2", Digest::Sha224),
    ("0.4.0.127.0.7.1.1.4.1.3", Digest::Sha256),
    ("0.4.0.127.0.7.1.1.4.1.4", Digest::Sha384),
    ("0.4.0.127.0.7.1.1.4.1.5", Digest::Sha512),
];

/// Trailers of ISO/IEC 9796-2 that name a digest (ISO/IEC 10118-3).
const TRAILERS: [(u8, Digest); 5] = [
    (0x33, Digest::Sha1),
    (0x38, Digest::Sha224),
    (0x34, Digest::Sha256),
    (0x36, Digest::Sha384),
    (0x35, Digest::Sha512),
];

/// Whether this key signed this challenge. `scheme` is what DG14 says of curves;
/// where it says nothing, which old chips do, any digest of the table is tried.
pub(crate) fn check(
    key: &PublicKey,
    scheme: Option<ObjectIdentifier>,
    challenge: [u8; 8],
    response: &[u8],
) -> Result<(), ProofFault> {
    let right = match key.description() {
        KeyKind::Rsa { .. } => {
            let opened = key.open_raw(response).ok_or(ProofFault::Wrong)?;
            opened.iter().any(|representative| recovers(representative, &challenge))
        }
        KeyKind::Ec { .. } => {
            let signature = plain(response, key.order_length()).ok_or(ProofFault::Wrong)?;
            let named = scheme.map(|name| name.to_string());
            let fits = |oid: &str| named.as_deref().is_none_or(|named| named == oid);
            PLAIN
                .iter()
                .any(|(oid, digest)| fits(oid) && key.made_plainly(&signature, &digest.of(&challenge)))
        }
    };
    if right { Ok(()) } else { Err(ProofFault::Wrong) }
}

/// The two numbers of a plain signature; also of one in DER, which some chips send
/// though the standard has the plain one.
fn plain(response: &[u8], length: usize) -> Option<EcdsaSig> {
    if response.len() != 2 * length {
        return EcdsaSig::from_der(response).ok();
    }
    let (r, s) = response.split_at(length);
    EcdsaSig::from_private_components(BigNum::from_slice(r).ok()?, BigNum::from_slice(s).ok()?).ok()
}

/// ISO/IEC 9796-2, scheme 1: header `01`, more-data bit, padding up to the first `A`,
/// part of the message, digest, trailer. The rest of the message is the challenge,
/// and the digest is over both.
fn recovers(representative: &[u8], challenge: &[u8]) -> bool {
    let Some((body, digest)) = without_trailer(representative) else { return false };
    let Some(message) = without_header(body) else { return false };
    let Some(at) = message.len().checked_sub(digest.length()) else { return false };
    let (part, signed) = message.split_at(at);
    // A chip that puts nothing of its own into the message signs what others choose.
    !part.is_empty() && digest.of(&[part, challenge].concat()) == signed
}

fn without_trailer(representative: &[u8]) -> Option<(&[u8], Digest)> {
    match representative {
        [body @ .., 0xBC] => Some((body, Digest::Sha1)),
        [body @ .., named, 0xCC] => {
            TRAILERS.iter().find(|(trailer, _)| trailer == named).map(|(_, digest)| (body, *digest))
        }
        _ => None,
    }
}

/// `6A`, or `6B BB … BA` where the message is shorter than there is room for.
fn without_header(body: &[u8]) -> Option<&[u8]> {
    match body {
        [0x6A, message @ ..] => Some(message),
        [0x6B, rest @ ..] => {
            let padding = rest.iter().take_while(|octet| **octet == 0xBB).count();
            rest[padding..].strip_prefix(&[0xBA])
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        hex::decode(text).unwrap()
    }

    /// ICAO 9303-11, appendix F: RND.IFD, and the representative F.
    const CHALLENGE: &str = "F173589974BF40C6";
    const REPRESENTATIVE: &str = "6A9D2784A67F8E7C659973EA1AEA25D95B6C8F91E5002F369F0FBDCE8A3CEC1991B543F1696546C5\
524CF23A5303CD6C98599F40B79F377B5F3A1406B3B4D8F96784D23AA88DB7E1032A405E69325FA91A6E86F5C71AEA978264C4A207446DAD4E72\
92E2DCDA3024B47DA8C063AA1E6D22FBD976AB0FE73D94D2D9C6D88127BC";

    #[test]
    fn the_standards_example_is_recovered() {
        let (representative, challenge) = (hex(REPRESENTATIVE), hex(CHALLENGE));
        assert_eq!(representative.len(), 128);
        assert!(recovers(&representative, &challenge));
        for at in 0..representative.len() {
            let mut changed = representative.clone();
            changed[at] ^= 1;
            assert!(!recovers(&changed, &challenge), "octet {at}");
        }
        assert!(!recovers(&representative, &hex("F173589974BF40C7")));
    }

    /// A representative as the standard describes it, for any digest and any room.
    fn representative(room: usize, padding: usize, digest: Digest, trailer: &[u8]) -> Vec<u8> {
        let part = vec![0x5A; room - padding - 1 - digest.length() - trailer.len()];
        let header = match padding {
            0 => vec![0x6A],
            more => [&[0x6B][..], &vec![0xBB; more - 1], &[0xBA]].concat(),
        };
        let signed = digest.of(&[&part[..], &hex(CHALLENGE)].concat());
        [header, part, signed, trailer.to_vec()].concat()
    }

    #[test]
    fn every_trailer_means_its_digest_and_no_other() {
        let named = [0x33, 0x38, 0x34, 0x36, 0x35].into_iter();
        let digests = [Digest::Sha1, Digest::Sha224, Digest::Sha256, Digest::Sha384, Digest::Sha512];
        for (trailer, digest) in named.zip(digests) {
            for padding in [0, 1, 2, 9] {
                let whole = representative(256, padding, digest, &[trailer, 0xCC]);
                assert_eq!(whole.len(), 256);
                assert!(recovers(&whole, &hex(CHALLENGE)), "{digest:?}, {padding}");
            }
            for other in digests.into_iter().filter(|other| *other != digest) {
                let whole = representative(256, 0, other, &[trailer, 0xCC]);
                assert!(!recovers(&whole, &hex(CHALLENGE)), "{other:?} under {digest:?}");
            }
        }
        assert!(recovers(&representative(128, 0, Digest::Sha1, &[0xBC]), &hex(CHALLENGE)));
        assert!(!recovers(&representative(128, 0, Digest::Sha256, &[0xBC]), &hex(CHALLENGE)));
    }

    #[test]
    fn what_is_no_representative_is_refused_and_never_a_panic() {
        for text in ["", "BC", "6ABC", "6BBBBC", "6A33CC", "CC", "33CC", "4BBBBABC", "6BBBBBBB"] {
            assert!(!recovers(&hex(text), &hex(CHALLENGE)), "{text}");
        }
        // A chip that signs the bare challenge: nothing of its own is in the message.
        let signed = Digest::Sha1.of(&hex(CHALLENGE));
        let bare = [&[0x6A][..], &signed, &[0xBC]].concat();
        assert!(!recovers(&bare, &hex(CHALLENGE)));
    }
}
