//! Vietnamese names as the machine readable zone and the printed code write them.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Capitals without diacritics: `NGUYỄN` becomes `NGUYEN`, `Đ` becomes `D`.
pub(super) fn without_diacritics(name: &str) -> String {
    name.to_uppercase()
        .nfd()
        .filter(|sign| !is_combining_mark(*sign))
        .map(|sign| if sign == 'Đ' { 'D' } else { sign })
        .collect()
}

/// First letters in capitals, as chip and printed code have it.
pub(super) fn in_title_case(name: &str) -> String {
    let word = |word: &str| {
        let mut signs = word.chars();
        signs.next().map_or_else(String::new, |first| {
            first.to_uppercase().chain(signs.flat_map(char::to_lowercase)).collect()
        })
    };
    name.nfc().collect::<String>().split_whitespace().map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stacked_diacritics_come_off_and_the_barred_d_is_a_d() {
        assert_eq!(without_diacritics("NGUYỄN ĐẮC THƯỢNG Ử"), "NGUYEN DAC THUONG U");
    }

    #[test]
    fn title_case_keeps_the_diacritics() {
        assert_eq!(in_title_case("NGUYỄN THỊ KHUÊ"), "Nguyễn Thị Khuê");
        assert_eq!(in_title_case("ĐỖ  Ý"), "Đỗ Ý");
    }
}
