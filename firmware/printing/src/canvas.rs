//! Dots on white paper, any of which may still change.

use devices::Raster;

/// A sheet of dots.
pub(crate) struct Canvas {
    width: u32,
    height: u32,
    black: Vec<bool>,
}

/// What a dot becomes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ink {
    /// Burnt.
    Black,
    /// Left as paper, for words in a black box.
    White,
}

impl Canvas {
    /// A white sheet.
    pub fn new(width: u32, height: u32) -> Self {
        Self { width, height, black: vec![false; (width * height) as usize] }
    }

    /// Sets one dot; a dot outside the sheet is left out.
    pub fn dot(&mut self, x: i32, y: i32, ink: Ink) {
        if let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y))
            && x < self.width
            && y < self.height
        {
            self.black[(y * self.width + x) as usize] = ink == Ink::Black;
        }
    }

    /// Fills a box.
    pub fn fill(&mut self, x: i32, y: i32, width: u32, height: u32, ink: Ink) {
        for down in 0..height as i32 {
            for across in 0..width as i32 {
                self.dot(x + across, y + down, ink);
            }
        }
    }

    /// Draws the edge of a box, `thick` dots inwards.
    pub fn frame(&mut self, x: i32, y: i32, width: u32, height: u32, thick: u32) {
        self.fill(x, y, width, thick, Ink::Black);
        self.fill(x, y + (height - thick) as i32, width, thick, Ink::Black);
        self.fill(x, y, thick, height, Ink::Black);
        self.fill(x + (width - thick) as i32, y, thick, height, Ink::Black);
    }

    /// Draws a ring around a centre, from radius `inner` to `outer`.
    pub fn ring(&mut self, x: i32, y: i32, inner: f32, outer: f32) {
        let reach = outer.ceil() as i32;
        for down in -reach..=reach {
            for across in -reach..=reach {
                let away = ((across * across + down * down) as f32).sqrt();
                if away >= inner && away <= outer {
                    self.dot(x + across, y + down, Ink::Black);
                }
            }
        }
    }

    /// The finished picture.
    pub fn finish(self) -> Raster {
        let mut raster = Raster::white(self.width, self.height);
        for (y, row) in self.black.chunks_exact(self.width as usize).enumerate() {
            for (x, _) in row.iter().enumerate().filter(|(_, black)| **black) {
                raster.blacken(x as u32, y as u32);
            }
        }
        raster
    }
}
