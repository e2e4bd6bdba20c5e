//! Invented citizens with generated pictures, for tests.

use std::{fs, path::Path};

use simulators::people::People;

/// Two invented citizens with generated pictures.
pub fn people(folder: &Path) -> People {
    let entry = |name: &str, portrait: &str| {
        format!(
            "[{portrait}]\nnumber = \"001190000158\"\nname = \"{name}\"\nborn = \"1990-11-07\"\nsex = \"Nữ\"\n\
             hometown = \"Xã Mẫu\"\naddress = \"Số 1, xã Ví Dụ\"\nfather = \"A\"\nmother = \"B\"\nphone = \"0\"\n\
             portrait = \"{portrait}.png\"\nlive = \"none.jpg\"\n"
        )
    };
    let text = entry("NGUYỄN THỊ ĐOAN", "one") + &entry("LÊ Ý", "two");
    fs::write(folder.join("people.toml"), text).unwrap();
    for (name, shade) in [("one", 40), ("two", 200)] {
        let picture = image::RgbImage::from_fn(480, 640, |x, y| image::Rgb([shade, x as u8, y as u8]));
        picture.save(folder.join(format!("{name}.png"))).unwrap();
    }
    People::load(folder).unwrap()
}
