//! Words as dots: the embedded font, lines that fit the paper, letters whole.
//! Be Vietnam Pro draws stacked capitals (Ễ, Ắ) up to 1.18 em above the baseline,
//! higher than it declares, so lines keep that room themselves.

use std::sync::LazyLock;

use ab_glyph::{Font as _, FontRef, PxScale, ScaleFont, point};
use unicode_normalization::UnicodeNormalization;

use crate::canvas::{Canvas, Ink};

/// From the top of a line to its baseline, in em.
const ABOVE: f32 = 1.18;
/// From the baseline to the bottom of a line, in em.
const BELOW: f32 = 0.27;
/// How much of a dot a letter must cover: thermal dots bleed, so a little over half.
const COVERED: f32 = 0.52;

/// How strong letters are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Weight {
    /// For reading.
    Medium,
    /// For finding.
    Bold,
}

static MEDIUM: LazyLock<FontRef<'static>> = LazyLock::new(|| {
    FontRef::try_from_slice(include_bytes!("../fonts/BeVietnamPro-Medium.ttf")).expect("the font is whole")
});
static BOLD: LazyLock<FontRef<'static>> = LazyLock::new(|| {
    FontRef::try_from_slice(include_bytes!("../fonts/BeVietnamPro-Bold.ttf")).expect("the font is whole")
});

/// A weight at a size.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Type {
    weight: Weight,
    em: f32,
}

impl Type {
    /// Letters of `em` dots.
    pub fn new(weight: Weight, em: f32) -> Self {
        Self { weight, em }
    }

    fn font(self) -> &'static FontRef<'static> {
        match self.weight {
            Weight::Medium => &MEDIUM,
            Weight::Bold => &BOLD,
        }
    }

    fn scale(self) -> PxScale {
        let font = self.font();
        let units = font.units_per_em().expect("a TrueType font has an em");
        // ab_glyph counts from ascender to descender; we count in em.
        PxScale::from(self.em * font.height_unscaled() / units)
    }

    /// Dots from the top of one line to the top of the next.
    pub fn line_height(self) -> u32 {
        ((ABOVE + BELOW) * self.em).ceil() as u32
    }

    /// Dots from the top of a line to its baseline.
    pub fn baseline(self) -> u32 {
        (ABOVE * self.em).round() as u32
    }

    /// Dots that a line takes across.
    pub fn width(self, line: &str) -> u32 {
        let font = self.font().as_scaled(self.scale());
        let mut last = None;
        let mut across = 0.0;
        for letter in line.chars().map(|c| font.glyph_id(c)) {
            across += last.map_or(0.0, |last| font.kern(last, letter)) + font.h_advance(letter);
            last = Some(letter);
        }
        across.ceil() as u32
    }

    /// The largest size from this one down to `least` em at which a text fits into one
    /// line; if there is none, `least` and as many lines as it takes.
    pub fn fitting(self, text: &str, width: u32, least: f32) -> (Self, Vec<String>) {
        let mut fits = self;
        while fits.em >= least {
            if fits.width(text) <= width {
                return (fits, vec![text.to_owned()]);
            }
            fits.em -= 1.0;
        }
        fits.em = least;
        (fits, fits.balance(text, width))
    }

    /// Breaks a text into lines that fit, between words; a word that is longer than
    /// the paper is broken where the paper ends.
    pub fn wrap(self, text: &str, width: u32) -> Vec<String> {
        let mut lines = Vec::new();
        let mut line = String::new();
        for word in whole(text).split_whitespace() {
            let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
            if self.width(&longer) <= width {
                line = longer;
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            line = self.break_word(word, width, &mut lines);
        }
        if !line.is_empty() {
            lines.push(line);
        }
        lines
    }

    /// Breaks a text into as few lines as `wrap`, but of about one length: a single
    /// last word under a centred line looks lost.
    pub fn balance(self, text: &str, width: u32) -> Vec<String> {
        let mut lines = self.wrap(text, width);
        let most = lines.len();
        let mut narrower = width;
        while narrower > width / 2 {
            narrower -= width / 32;
            let tried = self.wrap(text, narrower);
            if tried.len() > most {
                break;
            }
            lines = tried;
        }
        lines
    }

    fn break_word(self, word: &str, width: u32, lines: &mut Vec<String>) -> String {
        let mut line = String::new();
        for letter in word.chars() {
            line.push(letter);
            if self.width(&line) > width && line.chars().count() > 1 {
                line.pop();
                lines.push(std::mem::replace(&mut line, letter.to_string()));
            }
        }
        line
    }

    /// Draws one line with its top left corner there.
    pub fn draw(self, canvas: &mut Canvas, x: i32, y: i32, line: &str, ink: Ink) {
        let font = self.font().as_scaled(self.scale());
        let baseline = y as f32 + ABOVE * self.em;
        let mut last = None;
        let mut across = x as f32;
        for letter in whole(line).chars() {
            let id = font.glyph_id(letter);
            across += last.map_or(0.0, |last| font.kern(last, id));
            // On whole dots, or the same letter looks different in one word.
            let glyph = id.with_scale_and_position(self.scale(), point(across.round(), baseline.round()));
            if let Some(outline) = font.outline_glyph(glyph) {
                let corner = outline.px_bounds().min;
                outline.draw(|dx, dy, covered| {
                    if covered >= COVERED {
                        canvas.dot(corner.x as i32 + dx as i32, corner.y as i32 + dy as i32, ink);
                    }
                });
            }
            across += font.h_advance(id);
            last = Some(id);
        }
    }
}

/// Letters with their marks in one: chips and keyboards may send them apart.
fn whole(text: &str) -> String {
    text.nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const VOWELS: &str = "aăâeêioôơuưyAĂÂEÊIOÔƠUƯY";
    const TONES: [&str; 6] = ["", "\u{300}", "\u{301}", "\u{303}", "\u{309}", "\u{323}"];

    #[test]
    fn both_weights_have_every_letter_of_vietnamese() {
        for weight in [Weight::Medium, Weight::Bold] {
            let font = Type::new(weight, 20.0).font();
            let letters = VOWELS
                .chars()
                .flat_map(|vowel| TONES.map(|tone| whole(&format!("{vowel}{tone}"))))
                .chain(["đĐ".to_owned(), (' '..='~').collect()]);
            for text in letters {
                for letter in text.chars() {
                    assert_ne!(font.glyph_id(letter).0, 0, "{weight:?} lacks {letter}");
                }
                let composed = text.chars().count() == 1 || text.len() > 3;
                assert!(composed, "{text} did not compose");
            }
        }
    }

    fn drawn(text: &str) -> devices::Raster {
        let letters = Type::new(Weight::Bold, 56.0);
        let mut canvas = Canvas::new(letters.width(text) + 4, letters.line_height());
        letters.draw(&mut canvas, 2, 0, text, Ink::Black);
        canvas.finish()
    }

    #[test]
    fn the_tilde_of_nguyen_is_drawn_whole() {
        let with = drawn("NGUYỄN");
        let without = drawn("NGUYÊN");
        let differ = (0..with.height())
            .filter(|&y| (0..with.width()).any(|x| with.is_black(x, y) != without.is_black(x, y)));
        let rows: Vec<u32> = differ.collect();
        assert!(rows.len() >= 6, "the tilde takes rows {rows:?}");
        assert!((0..with.width()).all(|x| !with.is_black(x, 0)), "the tilde touches the top of its line");
    }

    #[test]
    fn marks_that_come_apart_print_the_same() {
        assert_eq!(drawn("NGUYÊ\u{303}N"), drawn("NGUYỄN"));
    }

    #[test]
    fn lines_break_between_words_and_fit() {
        let letters = Type::new(Weight::Medium, 28.0);
        let text = "Máy đã ký và giữ yêu cầu của quý vị và sẽ tự gửi đi khi có kết nối";
        let lines = letters.wrap(text, 300);
        assert!(lines.len() > 2);
        assert_eq!(lines.join(" "), text);
        assert!(lines.iter().all(|line| letters.width(line) <= 300));
    }

    #[test]
    fn a_word_longer_than_the_paper_is_broken_and_loses_nothing() {
        let letters = Type::new(Weight::Medium, 28.0);
        let lines = letters.wrap("xin https://example.invalid/a-very-long-address-that-nobody-types", 200);
        assert!(lines.iter().all(|line| letters.width(line) <= 200), "{lines:?}");
        assert_eq!(lines.concat(), "xinhttps://example.invalid/a-very-long-address-that-nobody-types");
    }
}
