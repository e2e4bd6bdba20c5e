//! What a citizen holds in the hand. Set `SLIPS_OUT` to a folder to look at them.

use std::path::PathBuf;

use devices::Raster;
use faults::Fault;
use jiff::{Timestamp, civil::date};
use keys::{DeviceKey, PlatformSecret};
use outbox::{Acknowledgement, Receipt, Standing};
use printing::{CounterReason, MaskedPhone, Matter, PrintingError, Slip, SlipFacts, check_slip};
use rand_core::UnwrapErr;
use screen::view::{Language, Text};
use transaction::{KioskId, TransactionId};

const REFERENCE: &str = "MC-7F3K-29QD";

fn at() -> Timestamp {
    "2026-11-21T07:05:09Z".parse().unwrap()
}

fn kiosk() -> KioskId {
    "hn-nghiado-01".parse().unwrap()
}

fn facts(standing: Standing) -> SlipFacts {
    let chance = &mut UnwrapErr(getrandom::SysRng);
    let transaction = TransactionId::new(at(), chance);
    let reference = REFERENCE.parse().unwrap();
    if standing == Standing::Received {
        return SlipFacts::kept(transaction, reference, kiosk(), at());
    }
    let platform = PlatformSecret::generate(chance);
    let said = Acknowledgement { transaction, kiosk: kiosk(), standing, reference, at: at() };
    let receipt = Receipt::verify(&said.sign(&platform), &platform.public(), &kiosk(), transaction).unwrap();
    SlipFacts::acknowledged(&receipt, kiosk())
}

fn request(facts: SlipFacts, key: &DeviceKey) -> Matter {
    Matter::Request {
        service: Text::new("Kích hoạt tài khoản định danh điện tử", "Activate your e-ID account"),
        phone: MaskedPhone::parse("09x xxx x23"),
        next: Some(Text::new("Mở ứng dụng VNeID và đăng nhập.", "Open the VNeID app and sign in.")),
        code: facts.sign(key),
    }
}

fn device_key() -> DeviceKey {
    DeviceKey::generate(&mut UnwrapErr(getrandom::SysRng))
}

fn slip(matter: Matter, language: Language) -> Slip {
    Slip {
        matter,
        language,
        kiosk: kiosk(),
        site: "Trung tâm Phục vụ hành chính công phường Nghĩa Đô".into(),
        at: "2026-11-21T07:05:40Z".parse().unwrap(),
    }
}

fn matters() -> Vec<(&'static str, Matter)> {
    let counter =
        |reason, reference: Option<&str>| Matter::Counter { reason, reference: reference.map(str::to_owned) };
    vec![
        ("received", request(facts(Standing::Received), &device_key())),
        ("registered", request(facts(Standing::Registered), &device_key())),
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
            let (key, facts) = (device_key(), facts(standing));
            let picture = slip(request(facts.clone(), &key), Language::Vi).draw(dots).unwrap();
            let read = check_slip(&scan(&picture), &key.public()).unwrap();
            assert_eq!(read, facts);
            assert_eq!(read.standing(), standing);
        }
    }
}

#[test]
fn the_longest_names_still_make_a_code_that_narrow_paper_carries() {
    let key = device_key();
    let kiosk: KioskId = "k".repeat(64).parse().unwrap();
    let transaction = TransactionId::new(at(), &mut UnwrapErr(getrandom::SysRng));
    let facts = SlipFacts::kept(transaction, "R".repeat(40).parse().unwrap(), kiosk.clone(), at());
    let slip = Slip { kiosk, ..slip(request(facts.clone(), &key), Language::En) };
    let picture = slip.draw(384).unwrap();
    keep("longest-en-384", &picture);
    assert_eq!(check_slip(&scan(&picture), &key.public()), Ok(facts));
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
