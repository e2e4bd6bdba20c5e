//! Keys from the specimen documents of ICAO Doc 9303-4 to -6 and from an invented
//! citizen's card.

use super::*;

fn zone(text: &str) -> Result<String, KeyError> {
    MrzKey::from_mrz(text).map(|key| String::from_utf8(key.0.clone()).unwrap())
}

#[test]
fn the_zone_of_every_size_gives_its_key() {
    for (text, key) in [
        (
            "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10",
            "L898902C3674081221204159",
        ),
        (
            "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<",
            "D23145890774081221204159",
        ),
        (
            "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nD231458907UTO7408122F1204159<<<<<<<6",
            "D23145890774081221204159",
        ),
        (
            "IDVNM0950123455001095012345<<6\n9509023F3509021VNM<<<<<<<<<<<2\nNGUYEN<<THI<BICH<NGOC<<<<<<<<<",
            "095012345595090233509021",
        ),
    ] {
        assert_eq!(zone(text).as_deref(), Ok(key));
    }
}

// 9303-5, 4.2.2.1: the number goes on in the optional data, after a < in the place of
// its check digit.
#[test]
fn a_long_document_number_is_put_together() {
    let text =
        "I<UTOD23145890<7349<<<<<<<<<<<\n3407127M9507122UTO<<<<<<<<<<<2\nSTEVENSON<<PETER<JOHN<<<<<<<<<";
    assert_eq!(zone(text).as_deref(), Ok("D23145890734934071279507122"));
    let misread = text.replace("<7349<", "<7449<");
    assert_eq!(zone(&misread), Err(KeyError::CheckDigit { field: "document number" }));
}

// ICAO Doc 9303-11, appendix D.2: TD1 and TD2, each with a long number and with one that is
// filled up.
#[test]
fn the_zones_of_appendix_d_give_their_keys() {
    for (text, key) in [
        (
            "I<UTOSTEVENSON<<PETER<JOHN<<<<<<<<<<\nD23145890<UTO3407127M95071227349<<<8",
            "D23145890734934071279507122",
        ),
        (
            "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nL898902C<3UTO6908061F9406236<<<<<<<8",
            "L898902C<369080619406236",
        ),
        (
            "I<UTOD23145890<7349<<<<<<<<<<<\n3407127M9507122UTO<<<<<<<<<<<2\nSTEVENSON<<PETER<JOHN<<<<<<<<<",
            "D23145890734934071279507122",
        ),
        (
            "I<UTOL898902C<3<<<<<<<<<<<<<<<\n6908061F9406236UTO<<<<<<<<<<<1\nERIKSSON<<ANNA<MARIA<<<<<<<<<<",
            "L898902C<369080619406236",
        ),
    ] {
        assert_eq!(zone(text).as_deref(), Ok(key));
    }
}

#[test]
fn a_pin_and_a_puk_are_digits_of_a_sensible_number() {
    for digits in ["12345", "123456", "1234567890", "1234567890123456"] {
        assert!(Pin::new(digits).is_ok() && Puk::new(digits).is_ok(), "{digits}");
    }
    for wrong in ["", "123", "12345678901234567", "12345a", "１２３４"] {
        assert_eq!(Pin::new(wrong).err(), Some(KeyError::NotSecretDigits), "{wrong}");
        assert_eq!(Puk::new(wrong).err(), Some(KeyError::NotSecretDigits), "{wrong}");
    }
}

// ICAO Doc 9303-11, appendix D.2: a number of eight characters, filled with <.
#[test]
fn fields_give_the_key_of_the_standard() {
    let key = MrzKey::new("L898902C", "690806", "940623").unwrap();
    assert_eq!(key.0, b"L898902C<369080619406236");
}

#[test]
fn a_misread_character_is_found() {
    let text =
        "IDVNM0950123455001095012345<<6\n9509023F3509021VNM<<<<<<<<<<<2\nNGUYEN<<THI<BICH<NGOC<<<<<<<<<";
    for (wrong, field) in
        [("IDVNM0950123465", "document number"), ("9509033F", "day of birth"), ("F3509031", "day of expiry")]
    {
        let right = text.find(&wrong[..5]).unwrap();
        let mut misread = text.to_owned();
        misread.replace_range(right..right + wrong.len(), wrong);
        assert_eq!(zone(&misread), Err(KeyError::CheckDigit { field }));
    }
}

#[test]
fn what_is_no_zone_is_refused_with_the_reason() {
    assert_eq!(zone("IDVNM095"), Err(KeyError::NotMrzLength { length: 8 }));
    assert_eq!(zone(""), Err(KeyError::NotMrzLength { length: 0 }));
    assert_eq!(zone(&"Đ".repeat(45)), Err(KeyError::NotMrzText));
    assert_eq!(zone(&"i".repeat(90)), Err(KeyError::NotMrzText));
    let birth = MrzKey::new("L898902C", "6908061", "940623").err();
    assert_eq!(birth, Some(KeyError::NotADay { field: "day of birth" }));
    assert_eq!(MrzKey::new("thẻ", "690806", "940623").err(), Some(KeyError::NotMrzText));
}

#[test]
fn a_card_access_number_is_the_last_six_digits() {
    assert_eq!(Can::from_number("001095012345").ok().map(|can| can.0), Some(*b"012345"));
    assert_eq!(Can::new("012345").ok().map(|can| can.0), Some(*b"012345"));
    for wrong in ["", "01234", "0123456", "01234a", "０１"] {
        assert_eq!(Can::new(wrong).err(), Some(KeyError::NotSixDigits), "{wrong}");
    }
    for wrong in ["012345", "00109501234x", "0010950123456"] {
        assert_eq!(Can::from_number(wrong).err(), Some(KeyError::NotTwelveDigits), "{wrong}");
    }
}
