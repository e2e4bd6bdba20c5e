//! Blocks, one under the other, on a paper of known width.

use devices::Raster;
use qrcode::{Color, EcLevel, QrCode};

use crate::{
    PrintingError,
    canvas::{Canvas, Ink},
    typeface::{Type, Weight},
};

/// One thing on the paper.
pub(crate) enum Block {
    /// The drawn mark, the product's name, and where the machine stands.
    Head { name: &'static str, site: String },
    /// How it stands, in a box: black for what is final, a frame for what is not.
    Banner { words: &'static str, under: &'static str, fill: Fill },
    /// Something to look up, as large as the paper allows.
    Large { label: String, value: String },
    /// A label, and what it says.
    Fact { label: &'static str, value: String },
    /// What to read first.
    Strong(String),
    /// What to read.
    Words(String),
    /// What to read last.
    Small(String),
    /// A line across.
    Rule,
    /// Nothing, so many tenths of the body size high.
    Gap(u32),
    /// A QR code.
    Qr(String),
    /// Dots in every pattern that shows a worn head, and a ruler.
    Pattern,
}

/// How a banner is filled.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fill {
    /// White words on black.
    Black,
    /// Black words in a frame.
    Frame,
}

/// The paper's measures, in dots.
#[derive(Clone, Copy)]
struct Paper {
    width: u32,
    margin: u32,
    body: f32,
    labels: u32,
}

/// Draws blocks on a paper that many dots wide.
pub(crate) fn draw(blocks: &[Block], dots: u32) -> Result<Raster, PrintingError> {
    if dots < 384 {
        return Err(PrintingError::TooNarrow(dots));
    }
    let paper = Paper::new(dots, blocks);
    let mut height = paper.margin;
    let mut tops = Vec::with_capacity(blocks.len());
    for block in blocks {
        tops.push(height);
        height += paper.height(block)?;
    }
    let mut canvas = Canvas::new(dots, height + paper.margin);
    for (block, top) in blocks.iter().zip(tops) {
        paper.draw(&mut canvas, block, top as i32)?;
    }
    Ok(canvas.finish())
}

impl Paper {
    fn new(dots: u32, blocks: &[Block]) -> Self {
        let wide = dots >= 512;
        let (margin, body) = if wide { (24, 29.0) } else { (10, 25.0) };
        let mut paper = Self { width: dots, margin, body, labels: 0 };
        let labels = blocks.iter().filter_map(|block| match block {
            Block::Fact { label, .. } => Some(paper.medium(0.9).width(label)),
            _ => None,
        });
        // One column for all labels of the slip.
        paper.labels = labels.max().unwrap_or(0) + (body * 0.6) as u32;
        paper
    }

    fn inner(self) -> u32 {
        self.width - 2 * self.margin
    }

    fn medium(self, times: f32) -> Type {
        Type::new(Weight::Medium, self.body * times)
    }

    fn bold(self, times: f32) -> Type {
        Type::new(Weight::Bold, self.body * times)
    }

    fn name(self) -> Type {
        self.bold(1.75)
    }

    fn banner(self, words: &str) -> (Type, Vec<String>) {
        self.bold(1.7).fitting(words, self.inner() - 2 * self.margin, self.body * 1.35)
    }

    fn large(self, value: &str) -> (Type, Vec<String>) {
        self.bold(2.5).fitting(value, self.inner(), self.body * 1.35)
    }

    fn gap(self, tenths: u32) -> u32 {
        (self.body * tenths as f32 / 10.0) as u32
    }

    /// How high a block is.
    fn height(self, block: &Block) -> Result<u32, PrintingError> {
        let lines =
            |letters: Type, text: &str| letters.wrap(text, self.inner()).len() as u32 * letters.line_height();
        Ok(match block {
            Block::Head { site, .. } => {
                self.name().line_height() + lines(self.medium(0.9), site) + self.gap(6)
            }
            Block::Banner { words, under, .. } => {
                let (letters, lines) = self.banner(words);
                lines.len() as u32 * letters.line_height()
                    + under_lines(self, under).len() as u32 * self.medium(1.0).line_height()
                    + self.gap(8)
            }
            Block::Large { label, value } => {
                let (letters, values) = self.large(value);
                lines(self.medium(0.9), label) + values.len() as u32 * letters.line_height()
            }
            Block::Fact { value, .. } => {
                self.value_lines(value).len() as u32 * self.bold(1.0).line_height() + self.gap(2)
            }
            Block::Strong(text) => lines(self.bold(1.1), text) + self.gap(2),
            Block::Words(text) => lines(self.medium(1.0), text) + self.gap(2),
            Block::Small(text) => lines(self.medium(0.85), text) + self.gap(1),
            Block::Rule => self.gap(8) + 2,
            Block::Gap(tenths) => self.gap(*tenths),
            Block::Qr(text) => Qr::new(text, self)?.height(),
            Block::Pattern => 120,
        })
    }

    fn draw(self, canvas: &mut Canvas, block: &Block, top: i32) -> Result<(), PrintingError> {
        match block {
            Block::Head { name, site } => self.draw_head(canvas, top, name, site),
            Block::Banner { words, under, fill } => self.draw_banner(canvas, top, words, under, *fill),
            Block::Large { label, value } => {
                let below = self.centred(canvas, top, self.medium(0.9), label, Ink::Black);
                let (letters, lines) = self.large(value);
                self.middle(canvas, below, letters, &lines, Ink::Black);
            }
            Block::Fact { label, value } => {
                let letters = self.bold(1.0);
                let small = self.medium(0.9);
                // The label is smaller; both stand on one baseline.
                let drop = (letters.baseline() - small.baseline()) as i32;
                small.draw(canvas, self.margin as i32, top + drop, label, Ink::Black);
                self.left(canvas, self.labels, top, letters, &self.value_lines(value));
            }
            Block::Strong(text) => self.paragraph(canvas, top, self.bold(1.1), text),
            Block::Words(text) => self.paragraph(canvas, top, self.medium(1.0), text),
            Block::Small(text) => {
                self.centred(canvas, top, self.medium(0.85), text, Ink::Black);
            }
            Block::Rule => {
                let y = top + self.gap(4) as i32;
                canvas.fill(self.margin as i32, y, self.inner(), 2, Ink::Black);
            }
            Block::Gap(_) => {}
            Block::Qr(text) => Qr::new(text, self)?.draw(canvas, self, top),
            Block::Pattern => self.draw_pattern(canvas, top),
        }
        Ok(())
    }

    fn value_lines(self, value: &str) -> Vec<String> {
        self.bold(1.0).wrap(value, self.inner() - self.labels)
    }

    fn paragraph(self, canvas: &mut Canvas, top: i32, letters: Type, text: &str) {
        self.left(canvas, 0, top, letters, &letters.wrap(text, self.inner()));
    }

    fn left(self, canvas: &mut Canvas, indent: u32, top: i32, letters: Type, lines: &[String]) {
        let mut y = top;
        for line in lines {
            letters.draw(canvas, (self.margin + indent) as i32, y, line, Ink::Black);
            y += letters.line_height() as i32;
        }
    }

    fn centred(self, canvas: &mut Canvas, top: i32, letters: Type, text: &str, ink: Ink) -> i32 {
        self.middle(canvas, top, letters, &letters.balance(text, self.inner()), ink)
    }

    /// Draws lines in the middle and says where the next would begin.
    fn middle(self, canvas: &mut Canvas, top: i32, letters: Type, lines: &[String], ink: Ink) -> i32 {
        let mut y = top;
        for line in lines {
            let x = self.width.saturating_sub(letters.width(line)) / 2;
            letters.draw(canvas, x as i32, y, line, ink);
            y += letters.line_height() as i32;
        }
        y
    }

    fn draw_head(self, canvas: &mut Canvas, top: i32, name: &str, site: &str) {
        let letters = self.name();
        let mark = self.body * 0.62;
        let space = (self.body * 0.55) as u32;
        let whole = 2 * mark as u32 + space + letters.width(name);
        let x = ((self.width - whole.min(self.width)) / 2) as i32;
        // One touch: a fingertip's dot and the ring that answers it.
        let middle = top + (self.body * 1.75 * 0.83) as i32;
        canvas.ring(x + mark as i32, middle, 0.0, mark * 0.42);
        canvas.ring(x + mark as i32, middle, mark * 0.74, mark);
        letters.draw(canvas, x + (2.0 * mark) as i32 + space as i32, top, name, Ink::Black);
        self.centred(canvas, top + letters.line_height() as i32, self.medium(0.9), site, Ink::Black);
    }

    fn draw_banner(self, canvas: &mut Canvas, top: i32, words: &str, under: &str, fill: Fill) {
        let (letters, words) = self.banner(words);
        let (below, under) = (self.medium(1.0), under_lines(self, under));
        let height = words.len() as u32 * letters.line_height()
            + under.len() as u32 * below.line_height()
            + self.gap(8);
        let ink = match fill {
            Fill::Black => {
                canvas.fill(self.margin as i32, top, self.inner(), height, Ink::Black);
                Ink::White
            }
            Fill::Frame => {
                canvas.frame(self.margin as i32, top, self.inner(), height, 4);
                Ink::Black
            }
        };
        let y = self.middle(canvas, top + self.gap(2) as i32, letters, &words, ink);
        self.middle(canvas, y, below, &under, ink);
    }

    fn draw_pattern(self, canvas: &mut Canvas, top: i32) {
        for x in 0..self.width as i32 {
            let long = if x % 80 == 0 { 24 } else { 12 };
            if x % 8 == 0 {
                canvas.fill(x, top, 2, long, Ink::Black);
            }
            for y in 0..32 {
                if (x / 4 + y / 4) % 2 == 0 {
                    canvas.dot(x, top + 34 + y, Ink::Black);
                }
                if (x + y) % 16 < 2 {
                    canvas.dot(x, top + 76 + y, Ink::Black);
                }
            }
        }
    }
}

fn under_lines(paper: Paper, under: &str) -> Vec<String> {
    paper.medium(1.0).balance(under, paper.inner() - 2 * paper.margin)
}

/// A QR code at the size at which it will be printed.
struct Qr {
    modules: Vec<Color>,
    across: u32,
    dots: u32,
}

impl Qr {
    /// White modules that the standard (ISO/IEC 18004) wants around a code.
    const QUIET: u32 = 4;

    fn new(text: &str, paper: Paper) -> Result<Self, PrintingError> {
        let code =
            QrCode::with_error_correction_level(text, EcLevel::M).map_err(|_| PrintingError::CodeTooLong)?;
        let across = code.width() as u32;
        let room = paper.width * 7 / 10;
        let dots = (room / (across + 2 * Self::QUIET)).min(8);
        // Under 4 dots (half a millimetre) old phones no longer read it.
        if dots < 4 {
            return Err(PrintingError::CodeTooLong);
        }
        Ok(Self { modules: code.to_colors(), across, dots })
    }

    fn height(&self) -> u32 {
        (self.across + 2 * Self::QUIET) * self.dots
    }

    fn draw(&self, canvas: &mut Canvas, paper: Paper, top: i32) {
        let left = ((paper.width - self.across * self.dots) / 2) as i32;
        let top = top + (Self::QUIET * self.dots) as i32;
        for (at, _) in self.modules.iter().enumerate().filter(|(_, colour)| **colour == Color::Dark) {
            let (x, y) = (at as u32 % self.across, at as u32 / self.across);
            let dots = self.dots;
            canvas.fill(left + (x * dots) as i32, top + (y * dots) as i32, dots, dots, Ink::Black);
        }
    }
}
