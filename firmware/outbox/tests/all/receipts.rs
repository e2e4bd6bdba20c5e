//! Only the platform's own word, about this very transaction, is a receipt.

use keys::{AnswerContext, PlatformSecret, canonical::parse};
use outbox::{OutboxError, Receipt, Reference, Standing};

use crate::sample::{self, Sample, chance, id};

#[test]
fn a_receipt_says_what_the_platform_said() {
    let sample = Sample::new();
    for standing in [Standing::Received, Standing::Registered] {
        let receipt = sample.receipt(7, standing);
        assert_eq!((receipt.transaction(), receipt.standing()), (id(7), standing));
        assert_eq!(receipt.reference().as_str(), "EID-7");
        assert_eq!(receipt.at(), sample::at(1));
    }
}

#[test]
fn another_transactions_and_another_kiosks_receipt_are_refused() {
    let sample = Sample::new();
    let bytes = sample.acknowledgement(1, Standing::Received).sign(&sample.platform);
    let key = sample.platform.public();
    let error = Receipt::verify(&bytes, &key, &sample.kiosk, id(2)).unwrap_err();
    assert!(matches!(error, OutboxError::OtherReceipt { what: "transaction" }), "{error}");
    let other = "test-kiosk-2".parse().unwrap();
    let error = Receipt::verify(&bytes, &key, &other, id(1)).unwrap_err();
    assert!(matches!(error, OutboxError::OtherReceipt { what: "kiosk" }), "{error}");
    assert_eq!(error.fault().code(), "NET-04");
}

#[test]
fn anybody_elses_signature_is_refused() {
    let sample = Sample::new();
    let said = sample.acknowledgement(1, Standing::Registered);
    let stranger = PlatformSecret::generate(&mut chance());
    let key = sample.platform.public();
    let error = Receipt::verify(&said.sign(&stranger), &key, &sample.kiosk, id(1)).unwrap_err();
    assert!(matches!(error, OutboxError::Signature(_)), "{error}");
    // The platform's own signature, but given for another kind of answer.
    let bytes = said.sign(&sample.platform);
    let whole = parse(&bytes).ok().unwrap();
    let content = whole.get("receipt").unwrap().to_bytes();
    let signature = sample.platform.sign(AnswerContext::Answer, &content).to_string();
    let text = String::from_utf8(bytes).unwrap();
    let own = whole.get("signature").unwrap().as_text().unwrap();
    let bytes = text.replace(own, &signature).into_bytes();
    let error = Receipt::verify(&bytes, &key, &sample.kiosk, id(1)).unwrap_err();
    assert!(matches!(error, OutboxError::Signature(_)), "{error}");
}

#[test]
fn received_cannot_be_turned_into_registered_nor_any_byte_changed() {
    let sample = Sample::new();
    let bytes = sample.acknowledgement(1, Standing::Received).sign(&sample.platform);
    let key = sample.platform.public();
    let text = String::from_utf8(bytes.clone()).unwrap();
    let better = text.replace("\"received\"", "\"registered\"");
    assert_ne!(better, text);
    assert!(Receipt::verify(better.as_bytes(), &key, &sample.kiosk, id(1)).is_err());
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        assert!(Receipt::verify(&changed, &key, &sample.kiosk, id(1)).is_err(), "byte {at}");
    }
    for length in 0..bytes.len() {
        assert!(Receipt::verify(&bytes[..length], &key, &sample.kiosk, id(1)).is_err());
    }
}

#[test]
fn a_reference_is_of_capitals_digits_and_hyphens() {
    assert!("EID-2026-00017".parse::<Reference>().is_ok());
    for text in ["", "eid-1", "A B", "A\n", "ĐƠN-1", &"A".repeat(41)] {
        assert!(text.parse::<Reference>().is_err(), "{text:?}");
    }
}
