//! A code on a page must be read by a phone: drawn pages are read back by somebody
//! else's reader.

use gallery::{Stage, looks, samples};

const CODE: &str = "https://vneid.test/a/0123456789abcdef0123456789abcdef";

fn read_back(stage: &Stage) -> String {
    let picture = stage.picture().unwrap();
    let (width, height) = (picture.width(), picture.height());
    let luma = picture.as_bytes().chunks_exact(4).map(|pixel| pixel[1]).collect();
    let format = Some(rxing::BarcodeFormat::QR_CODE);
    rxing::helpers::detect_in_luma(luma, width, height, format).expect("a code is found").getText().to_owned()
}

#[test]
fn the_code_for_vneid_is_read_off_the_page_at_every_size_and_contrast() {
    let stage = Stage::open(1280, 800).unwrap();
    let sample = samples().into_iter().find(|sample| sample.name == "vneid-code").unwrap();
    for (width, height) in [(1280, 800), (1080, 1920)] {
        stage.resize(width, height);
        for look in looks() {
            let mut view = sample.view(look.language, look.text, look.contrast);
            let screen::Screen::VneidCode { qr, .. } = &mut view.screen else { panic!("another page") };
            CODE.clone_into(qr);
            stage.show(&view);
            assert_eq!(read_back(&stage), CODE, "{width} {look:?}");
        }
    }
}
