//! Active authentication: the chip signs a challenge with a key that no copy of its files
//! holds. ICAO Doc 9303-11, 6.1. The signature is carried out, not judged.

use der::{
    AnyRef, Decode, SliceReader, Tag, Tagged,
    asn1::{BitStringRef, UintRef},
};

use crate::{
    ChipProof, ReadError, Step,
    apdu::{Command, DONE, SHORT_ANSWER, WRONG_LENGTH},
    limits,
    secure_messaging::SHORT_PLAIN,
    tlv,
    wire::Wire,
};

/// What came of asking the chip to sign (9303-11, 6.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActiveAuthentication {
    /// The chip gave an answer, which is among the proofs.
    Answered,
    /// The chip has no key for it: there is no DG15.
    NotOffered,
}

const STEP: Step = Step::ActiveAuthentication;

/// INTERNAL AUTHENTICATE, 9303-11, 6.1.3. `longest_answer`: of reader and chip, as far as
/// they say, with status.
pub(crate) fn challenge(
    wire: &mut Wire<'_>,
    dg15: &[u8],
    longest_answer: usize,
    challenge: [u8; 8],
) -> Result<(), ReadError> {
    let ask = |expected, likely| {
        let header = [0x00, 0x88, 0x00, 0x00];
        Command::carrying(header, challenge.to_vec(), Some(expected)).answered_with(likely)
    };
    // Every chip can do a short command, and gives what does not fit into its answer in
    // pieces, if at all (ISO/IEC 7816-4, 5.3.4).
    let short = ask(SHORT_ANSWER, SHORT_PLAIN);
    let size = signature_size(dg15);
    let as_short = size <= SHORT_PLAIN || longest_answer <= limits::SHORT;
    let long = ask(if size > SHORT_ANSWER { 65_536 } else { SHORT_ANSWER }, size);
    let first = if as_short { &short } else { &long };
    let mut answer = wire.send(STEP, first)?;
    match answer.status.to_be_bytes() {
        [0x6C, named] if named != 0 => answer = wire.send(STEP, &ask(named.into(), named.into()))?,
        // Our guess from its key was too small, or it does not know extended length.
        _ if answer.status == WRONG_LENGTH && as_short => {
            answer = wire.send(STEP, &ask(65_536, 65_536))?;
        }
        _ if answer.status == WRONG_LENGTH => answer = wire.send(STEP, &short)?,
        _ => {}
    }
    match answer.status {
        DONE if !answer.data.is_empty() => {
            let response = answer.data.to_vec();
            wire.proofs.push(ChipProof::ActiveAuthentication { challenge, response });
            Ok(())
        }
        status => Err(ReadError::ChipRefused { step: STEP, status }),
    }
}

/// How long the signature will be by the key in DG15. A key that is not understood is
/// taken for a short one: the chip says if it is not.
fn signature_size(dg15: &[u8]) -> usize {
    let size = || {
        let (info, _) = tlv::expect(dg15, 0x6F).ok()?;
        let mut fields = SliceReader::new(AnyRef::from_der(info).ok()?.value()).ok()?;
        AnyRef::decode(&mut fields).ok()?;
        let key = BitStringRef::decode(&mut fields).ok()?.as_bytes()?;
        // RSAPublicKey begins as a sequence; a point of a curve does not.
        let key = AnyRef::from_der(key).ok().filter(|key| key.tag() == Tag::Sequence)?;
        Some(UintRef::decode(&mut SliceReader::new(key.value()).ok()?).ok()?.as_bytes().len())
    };
    size().unwrap_or(SHORT_PLAIN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::ScriptedReader;

    // ICAO Doc 9303-11, appendix F, whose chip is asked without a channel.
    #[test]
    fn the_command_is_that_of_the_standard() {
        let signature = "5A".repeat(128) + "9000";
        let mut reader = ScriptedReader::new(&[("0088000008F173589974BF40C600", &signature)]);
        let (mut wire, _) = Wire::open(&mut reader).ok().unwrap();
        let sent = [0xF1, 0x73, 0x58, 0x99, 0x74, 0xBF, 0x40, 0xC6];
        challenge(&mut wire, &[], 65_538, sent).unwrap();
        let response = vec![0x5A; 128];
        assert_eq!(wire.proofs, [ChipProof::ActiveAuthentication { challenge: sent, response }]);
        reader.assert_finished();
    }

    /// DG15 with an RSA key of so many bytes.
    fn dg15(bytes: usize) -> Vec<u8> {
        let modulus = [&[0][..], &vec![0x9D; bytes]].concat();
        let key = tlv::object(0x30, &[tlv::object(2, &modulus), tlv::object(2, &[1, 0, 1])].concat());
        let algorithm = tlv::object(0x30, &hex::decode("06092A864886F70D0101010500").unwrap());
        let string = tlv::object(0x03, &[&[0][..], &key].concat());
        tlv::object(0x6F, &tlv::object(0x30, &[algorithm, string].concat()))
    }

    // ISO/IEC 7816-4, 5.3.4: 61xx, and GET RESPONSE for the rest.
    #[test]
    fn a_chip_without_extended_length_gives_a_long_signature_in_pieces() {
        let first = "A5".repeat(256) + "6180";
        let rest = "5A".repeat(128) + "9000";
        let pieces = [("0088000008010203040506070800", first.as_str()), ("00C0000080", rest.as_str())];
        let refused = [("0088000000000801020304050607080000", "6700")];
        // It said so before, or it is found out.
        for (longest, steps) in [(limits::SHORT, pieces.to_vec()), (65_538, [&refused[..], &pieces].concat())]
        {
            let mut reader = ScriptedReader::new(&steps);
            let (mut wire, _) = Wire::open(&mut reader).ok().unwrap();
            challenge(&mut wire, &dg15(384), longest, [1, 2, 3, 4, 5, 6, 7, 8]).unwrap();
            let [ChipProof::ActiveAuthentication { response, .. }] = wire.proofs.as_slice() else { panic!() };
            assert_eq!(*response, [vec![0xA5; 256], vec![0x5A; 128]].concat());
            reader.assert_finished();
        }
    }

    #[test]
    fn the_size_of_a_signature_is_that_of_the_modulus() {
        for bytes in [128_usize, 224, 256, 512] {
            assert_eq!(signature_size(&dg15(bytes)), bytes);
        }
        assert_eq!(signature_size(&[]), SHORT_PLAIN);
    }
}
