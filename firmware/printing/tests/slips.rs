//! What a citizen holds in the hand. Set `SLIPS_OUT` to a folder to look at them.

use std::path::PathBuf;

use devices::Raster;
use ed25519_dalek::{Signature, Signer, SigningKey, Verifier};
use faults::Fault;
use jiff::civil::date;
use printing::{
    CounterReason, MaskedPhone, Matter, PrintingError, Slip, SlipCodeError, SlipFacts, Standing, check_slip,
};
use screen::view::{Language, Text};
use uuid::Uuid;

const REFERENCE: &str = "MC-7F3K-29QD";

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn facts(standing: Standing) -> SlipFacts {
    let transaction = Uuid::from_u128(0x0193_5e2a_7c00_7000_8000_1234_5678_9abc);
    let at = "2026-11-21T07:05:09Z".parse().unwrap();
    SlipFacts::new(standing, transaction, REFERENCE, "HN-CG-DVH-01", at).unwrap()
}

fn request(standing: Standing) -> Matter {
    Matter::Request {
        service: Text::new("Kích hoạt tài khoản định danh điện tử", "Activate your e-ID account"),
        phone: MaskedPhone::parse("09x xxx x23"),
        next: Some(Text::new("Mở ứng dụng VNeID và đăng nhập.", "Open the VNeID app and sign in.")),
        code: facts(standing).sign(&|message| key(7).sign(message).to_bytes()),
    }
}

fn slip(matter: Matter, language: Language) -> Slip {
    Slip {
        matter,
        language,
        kiosk: "HN-CG-DVH-01".into(),
        site: "Trung tâm Phục vụ hành chính công phường Nghĩa Đô".into(),
        at: "2026-11-21T07:05:40Z".parse().unwrap(),
    }
}

fn matters() -> Vec<(&'static str, Matter)> {
    let counter =
        |reason, reference: Option<&str>| Matter::Counter { reason, reference: reference.map(str::to_owned) };
    vec![
        ("received", request(Standing::Received)),
        ("registered", request(Standing::Registered)),
        ("renewal", Matter::PoliceRenewal { expired_on: date(2026, 11, 20) }),
        ("no-account", counter(CounterReason::NoAccount, None)),
        ("level-one", counter(CounterReason::LevelOne, None)),
        ("overdue", counter(CounterReason::Overdue { hotline: "1900 0368".into() }, Some(REFERENCE))),
        ("locked", counter(CounterReason::Locked, Some(REFERENCE))),
        ("another-way", counter(CounterReason::AnotherWay, Some(REFERENCE))),
        ("refused", counter(CounterReason::Refused(Fault::CardLifted), Some(REFERENCE))),
        ("test", Matter::Test),
    ]
}

fn keep(name: &str, picture: &Raster) {
    let Some(folder) = std::env::var_os("SLIPS_OUT").map(PathBuf::from) else { return };
    std::fs::create_dir_all(&folder).unwrap();
    let file = std::fs::File::create(folder.join(format!("{name}.png"))).unwrap();
    let mut encoder = png::Encoder::new(file, picture.width(), picture.height());
    encoder.set_color(png::ColorType::Grayscale);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&luma(picture)).unwrap();
}

fn luma(picture: &Raster) -> Vec<u8> {
    (0..picture.height())
        .flat_map(|y| (0..picture.width()).map(move |x| (x, y)))
        .map(|(x, y)| if picture.is_black(x, y) { 0 } else { 255 })
        .collect()
}

fn scan(picture: &Raster) -> String {
    rxing::helpers::detect_in_luma(
        luma(picture),
        picture.width(),
        picture.height(),
        Some(rxing::BarcodeFormat::QR_CODE),
    )
    .expect("a QR code stands on the slip")
    .getText()
    .to_owned()
}

fn verify(message: &[u8], signature: &[u8; 64]) -> bool {
    key(7).verifying_key().verify(message, &Signature::from_bytes(signature)).is_ok()
}

#[test]
fn every_slip_fits_both_papers_in_both_languages() {
    for (name, matter) in matters() {
        for (language, tag) in [(Language::Vi, "vi"), (Language::En, "en")] {
            for dots in [576, 384] {
                let picture = slip(matter.clone(), language).draw(dots).unwrap();
                keep(&format!("{name}-{tag}-{dots}"), &picture);
                assert_eq!(picture.width(), dots);
                let black = (0..picture.height())
                    .flat_map(|y| (0..dots).map(move |x| (x, y)))
                    .filter(|&(x, y)| picture.is_black(x, y))
                    .count();
                let share = black as f64 / f64::from(picture.width() * picture.height());
                assert!((0.03..0.30).contains(&share), "{name}-{tag}-{dots} is {share:.3} black");
                assert!(picture.height() < 1700, "{name}-{tag}-{dots} is {} dots long", picture.height());
                // The printer burns to the edge, the cutter does not cut there: keep a margin.
                if name != "test" {
                    let edge = (0..picture.height())
                        .any(|y| (0..8).any(|x| picture.is_black(x, y) || picture.is_black(dots - 1 - x, y)));
                    assert!(!edge, "{name}-{tag}-{dots} runs into the margin");
                }
            }
        }
    }
}

#[test]
fn another_machine_can_check_the_printed_code_without_a_network() {
    for dots in [576, 384] {
        for standing in [Standing::Received, Standing::Registered] {
            let picture = slip(request(standing), Language::Vi).draw(dots).unwrap();
            let read = check_slip(&scan(&picture), &verify).unwrap();
            assert_eq!(read, facts(standing));
            assert_eq!(read.standing(), standing);
        }
    }
}

#[test]
fn a_received_slip_cannot_be_turned_into_a_registered_one() {
    let code = facts(Standing::Received).sign(&|message| key(7).sign(message).to_bytes());
    let registered = facts(Standing::Registered).sign(&|_| {
        let Ok(_) = check_slip(code.text(), &verify) else { panic!("the first is genuine") };
        // The signature of the received slip, put under the registered facts.
        signature_of(&code)
    });
    assert_eq!(check_slip(registered.text(), &verify), Err(SlipCodeError::NotSigned));
}

fn signature_of(code: &printing::SlipCode) -> [u8; 64] {
    let found = std::cell::Cell::new([0; 64]);
    let _ = check_slip(code.text(), &|_, signature| {
        found.set(*signature);
        true
    });
    found.get()
}

#[test]
fn a_slip_of_another_kiosk_is_not_believed() {
    let code = facts(Standing::Registered).sign(&|message| key(8).sign(message).to_bytes());
    assert_eq!(check_slip(code.text(), &verify), Err(SlipCodeError::NotSigned));
}

#[test]
fn no_letter_of_a_code_can_change() {
    let code = facts(Standing::Received).sign(&|message| key(7).sign(message).to_bytes());
    let text = code.text();
    for at in 0..text.len() {
        let other = if &text[at..=at] == "A" { "B" } else { "A" };
        let changed = format!("{}{other}{}", &text[..at], &text[at + 1..]);
        assert!(check_slip(&changed, &verify).is_err(), "letter {at} may change");
    }
    for length in 0..text.len() {
        assert!(check_slip(&text[..length], &verify).is_err(), "{length} letters are enough");
    }
}

#[test]
fn a_code_holds_nothing_but_references() {
    let at = "2026-11-21T07:05:09Z".parse().unwrap();
    for wrong in ["", "NGUYỄN THỊ KHUÊ", "a b", "0123456789012345678901234567890123"] {
        let made = SlipFacts::new(Standing::Received, Uuid::nil(), wrong, "HN-01", at);
        assert_eq!(made, Err(SlipCodeError::NotAReference), "{wrong:?}");
    }
}

#[test]
fn a_whole_phone_number_never_gets_on_paper() {
    assert!(MaskedPhone::parse("09x xxx x23").is_some());
    assert!(MaskedPhone::parse("*** *** *23").is_some());
    for wrong in ["0912345623", "09x 345 623", "", "xxx", "số 23"] {
        assert!(MaskedPhone::parse(wrong).is_none(), "{wrong}");
    }
}

#[test]
fn a_paper_too_narrow_to_read_is_refused() {
    let drawn = slip(Matter::Test, Language::Vi).draw(200);
    assert!(matches!(drawn, Err(PrintingError::TooNarrow(200))));
}
