//! Active authentication: the chip signs a challenge with a key that no copy of its files
//! holds. ICAO Doc 9303-11, 6.1. The signature is carried out, not judged.

use der::{
    AnyRef, Decode, SliceReader, Tag, Tagged,
    asn1::{BitStringRef, UintRef},
};

use crate::{
    ChipProof, ReadError, Step,
    apdu::{Command, DONE, SHORT_ANSWER, WRONG_LENGTH},
    secure_messaging::SHORT_PLAIN,
    tlv,
    wire::Wire,
};

/// What came of asking the chip to sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActiveAuthentication {
    /// The chip gave an answer, which is among the proofs.
    Answered,
    /// The chip has no key for it: there is no DG15.
    NotOffered,
}

const STEP: Step = Step::ActiveAuthentication;

/// INTERNAL AUTHENTICATE, 9303-11, 6.1.3.
pub(crate) fn challenge(wire: &mut Wire<'_>, dg15: &[u8], challenge: [u8; 8]) -> Result<(), ReadError> {
    let size = signature_size(dg15);
    // A short command does for a short signature, and every chip can do it.
    let expected = if size > SHORT_ANSWER { 65_536 } else { SHORT_ANSWER };
    let ask = |expected, size| {
        Command::carrying([0x00, 0x88, 0x00, 0x00], challenge.to_vec(), Some(expected)).answered_with(size)
    };
    let mut answer = wire.send(STEP, &ask(expected, size))?;
    match answer.status.to_be_bytes() {
        // It names the length; or our guess from its key was too small.
        [0x6C, named] if named != 0 => answer = wire.send(STEP, &ask(named.into(), named.into()))?,
        _ if answer.status == WRONG_LENGTH => answer = wire.send(STEP, &ask(65_536, 65_536))?,
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
        challenge(&mut wire, &[], sent).unwrap();
        let response = vec![0x5A; 128];
        assert_eq!(wire.proofs, [ChipProof::ActiveAuthentication { challenge: sent, response }]);
        reader.assert_finished();
    }

    #[test]
    fn the_size_of_a_signature_is_that_of_the_modulus() {
        for bytes in [128_usize, 224, 256, 512] {
            let modulus = [&[0][..], &vec![0x9D; bytes]].concat();
            let key = tlv::object(0x30, &[tlv::object(2, &modulus), tlv::object(2, &[1, 0, 1])].concat());
            let algorithm = tlv::object(0x30, &hex::decode("06092A864886F70D0101010500").unwrap());
            let string = tlv::object(0x03, &[&[0][..], &key].concat());
            let dg15 = tlv::object(0x6F, &tlv::object(0x30, &[algorithm, string].concat()));
            assert_eq!(signature_size(&dg15), bytes);
        }
        assert_eq!(signature_size(&[]), SHORT_PLAIN);
    }
}
