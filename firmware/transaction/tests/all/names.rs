//! What names a kiosk, a service, a purpose or a transaction has one spelling.

use jiff::Timestamp;
use rand_core::UnwrapErr;
use transaction::{Form, KioskId, Purpose, ServiceRef, TransactionId};

fn id(millisecond: i64) -> TransactionId {
    let at = Timestamp::from_millisecond(millisecond).unwrap();
    TransactionId::new(at, &mut UnwrapErr(getrandom::SysRng))
}

#[test]
fn ids_are_of_version_seven_and_sort_by_time() {
    let mut before = id(1_700_000_000_000);
    for later in 1..200 {
        let next = id(1_700_000_000_000 + later);
        assert!(before < next && before.to_string() < next.to_string());
        assert_eq!(&next.to_string()[14..15], "7");
        before = next;
    }
    assert_ne!(id(5), id(5), "chance keeps two ids of one millisecond apart");
}

#[test]
fn an_id_carries_its_time_as_rfc_9562_says() {
    // RFC 9562, appendix A.6: 2022-02-22 14:22:22.00 GMT-5 is 0x017F22E279B0.
    assert!(id(0x017F_22E2_79B0).to_string().starts_with("017f22e2-79b0-7"));
}

#[test]
fn another_version_or_spelling_is_no_transaction_id() {
    let good = id(1).to_string();
    assert_eq!(good.parse::<TransactionId>().unwrap().to_string(), good);
    let version_four = "919108f7-52d1-4320-9bac-f847db4148a8";
    let capitals = good.to_ascii_uppercase();
    let bare = good.replace('-', "");
    for text in [version_four, &bare, &format!("{{{good}}}"), &capitals, ""] {
        if text != good {
            assert!(text.parse::<TransactionId>().is_err(), "{text}");
        }
    }
    assert!(TransactionId::from_bytes(&[0; 16]).is_err());
    assert!(TransactionId::from_bytes(id(1).as_bytes()).is_ok());
    assert!(TransactionId::from_bytes(&id(1).as_bytes()[1..]).is_err());
}

#[test]
fn names_are_plain_words() {
    let long = "a".repeat(65);
    for text in ["", "-a", "a-", "A", "a b", "a\n", "đ", "a/b", "..", "a\"", long.as_str()] {
        assert!(text.parse::<KioskId>().is_err(), "kiosk {text:?}");
        assert!(text.parse::<Purpose>().is_err(), "purpose {text:?}");
        assert!(ServiceRef::new(text, 1).is_err(), "service {text:?}");
        assert!(Form::new().with(text, "value").is_err(), "form {text:?}");
    }
    assert!("hn-dongda-03".parse::<KioskId>().is_ok());
    assert!(ServiceRef::new("eid.activate", 1).is_ok());
    assert!("compare-face".parse::<Purpose>().is_ok());
    assert!("hn.dongda".parse::<KioskId>().is_err());
}
