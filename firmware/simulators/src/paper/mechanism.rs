//! The printer's inside: what each byte does to it.

use std::collections::VecDeque;

use super::Picture;
use crate::scenario::PrinterScript;

/// Height of a line of text, which `ESC d` feeds by, in dots.
const LINE: usize = 30;
/// Dots from the print head to the cutter.
const TO_THE_CUTTER: usize = 96;

/// `DLE DC4` with function 8 and its fixed parameters: clear the buffers.
const CLEAR: [u8; 10] = [0x10, 0x14, 8, 1, 3, 20, 1, 6, 2, 8];

/// What came of some bytes.
#[derive(Default)]
pub(super) struct Reaction {
    /// What the printer sends back.
    pub answer: Vec<u8>,
    /// What it cut, with its number.
    pub receipts: Vec<(u32, Picture)>,
}

/// The printer without its plug.
pub(super) struct Mechanism {
    dots: u32,
    script: PrinterScript,
    offline: bool,
    hangs: bool,
    rows_until_paper_ends: Option<u32>,
    /// The last bytes that came, for commands that are obeyed wherever they stand.
    recent: VecDeque<u8>,
    buffer: VecDeque<u8>,
    paper: Vec<Vec<bool>>,
    cut: u32,
    unknown: Vec<String>,
}

/// What the front of the buffer is.
enum Command {
    Incomplete,
    /// Nothing to do, that many bytes long.
    Skip(usize),
    Feed(usize),
    Raster {
        across: usize,
        down: usize,
        mode: u8,
    },
    Cut,
    Report(u8),
    Unknown,
}

impl Mechanism {
    pub fn new(dots: u32, script: &PrinterScript) -> Self {
        Self {
            dots,
            script: script.clone(),
            offline: false,
            hangs: false,
            rows_until_paper_ends: None,
            recent: VecDeque::new(),
            buffer: VecDeque::new(),
            paper: Vec::new(),
            cut: 0,
            unknown: Vec::new(),
        }
    }

    pub fn set(&mut self, script: &PrinterScript) -> Reaction {
        self.script = script.clone();
        let mut reaction = Reaction::default();
        self.work(&mut reaction);
        reaction
    }

    pub fn set_offline(&mut self, offline: bool) -> Reaction {
        self.offline = offline;
        let mut reaction = Reaction::default();
        self.work(&mut reaction);
        reaction
    }

    pub fn end_paper_after(&mut self, rows: u32) {
        self.rows_until_paper_ends = Some(rows);
    }

    pub fn hang(&mut self) {
        self.hangs = true;
    }

    pub fn cut(&self) -> u32 {
        self.cut
    }

    pub fn hanging_rows(&self) -> usize {
        self.paper.len()
    }

    pub fn unknown(&self) -> &[String] {
        &self.unknown
    }

    /// Takes bytes off the line.
    pub fn take(&mut self, bytes: &[u8]) -> Reaction {
        let mut reaction = Reaction::default();
        if self.hangs {
            return reaction;
        }
        for &byte in bytes {
            self.buffer.push_back(byte);
            if self.recent.len() == CLEAR.len() {
                self.recent.pop_front();
            }
            self.recent.push_back(byte);
            self.obey_at_once(&mut reaction);
            self.work(&mut reaction);
        }
        reaction
    }

    fn blocked(&self) -> bool {
        self.script.paper_out || self.script.cover_open || self.offline
    }

    /// Real-time commands are seen as they arrive, even inside other data.
    fn obey_at_once(&mut self, reaction: &mut Reaction) {
        let ends_with = |tail: &[u8]| self.recent.iter().rev().zip(tail.iter().rev()).all(|(a, b)| a == b);
        if self.recent.len() == CLEAR.len() && ends_with(&CLEAR) {
            self.buffer.clear();
            reaction.answer.extend([0x37, 0x25, 0x00]);
        } else if self.recent.len() >= 3 {
            let last = *self.recent.back().unwrap_or(&0);
            if (1..=4).contains(&last) && ends_with(&[0x10, 0x04, last]) {
                reaction.answer.push(self.status(last));
            }
        }
    }

    fn status(&self, which: u8) -> u8 {
        let bit = |on: bool, bits: u8| if on { bits } else { 0 };
        0x12 | match which {
            1 => bit(self.blocked(), 0x08),
            2 => bit(self.script.cover_open, 0x04) | bit(self.script.paper_out, 0x20),
            4 => bit(self.script.paper_low || self.script.paper_out, 0x0C) | bit(self.script.paper_out, 0x60),
            _ => 0,
        }
    }

    /// Carries out what stands whole in the buffer, in its order.
    fn work(&mut self, reaction: &mut Reaction) {
        while !self.blocked() {
            match self.next() {
                Command::Incomplete => return,
                Command::Skip(length) => self.drop_front(length),
                Command::Feed(lines) => {
                    self.drop_front(3);
                    self.feed(lines * LINE);
                }
                Command::Raster { across, down, mode } => {
                    if mode != 0 {
                        self.unknown.push(format!("GS v 0 in mode {mode}"));
                    }
                    // Row by row, so that paper can end between two.
                    if !self.burn(across, down) {
                        return;
                    }
                }
                Command::Cut => {
                    self.drop_front(4);
                    self.feed(TO_THE_CUTTER);
                    self.cut += 1;
                    let rows = std::mem::take(&mut self.paper);
                    reaction.receipts.push((self.cut, Picture { dots: self.dots, rows }));
                }
                Command::Report(which) => {
                    self.drop_front(3);
                    if which == 1 || which == b'1' {
                        let low = self.script.paper_low;
                        reaction.answer.push(if low { 0x03 } else { 0x00 });
                    } else {
                        self.unknown.push(format!("GS r {which}"));
                    }
                }
                Command::Unknown => {
                    let byte = self.buffer.pop_front().unwrap_or(0);
                    self.unknown.push(format!("{byte:02x}"));
                }
            }
        }
    }

    fn next(&mut self) -> Command {
        let front = self.buffer.make_contiguous();
        match *front {
            [] | [0x10 | 0x1B | 0x1D] | [0x10, 0x04 | 0x14] => Command::Incomplete,
            // Whole, it would have emptied the buffer on arrival.
            [0x10, 0x14, 8, ..] if front.len() < CLEAR.len() => Command::Incomplete,
            [0x1B, b'@', ..] => Command::Skip(2),
            [0x10, 0x04, 1..=4, ..] | [0x1D, b'a', 0, ..] => Command::Skip(3),
            [0x1B, b'd', lines, ..] => Command::Feed(usize::from(lines)),
            [0x1D, b'v', b'0', mode, xl, xh, yl, yh, ref data @ ..] => {
                let across = usize::from(u16::from_le_bytes([xl, xh]));
                let down = usize::from(u16::from_le_bytes([yl, yh]));
                if data.len() < across * down {
                    return Command::Incomplete;
                }
                Command::Raster { across, down, mode }
            }
            [0x1D, b'V', b'B', _, ..] => Command::Cut,
            [0x1D, b'r', which, ..] => Command::Report(which),
            [0x1B, b'd'] | [0x1D, b'a' | b'r'] | [0x1D, b'V' | b'v', ..] if front.len() < 8 => {
                Command::Incomplete
            }
            _ => Command::Unknown,
        }
    }

    fn drop_front(&mut self, length: usize) {
        self.buffer.drain(..length);
    }

    fn feed(&mut self, rows: usize) {
        let blank = vec![false; self.dots as usize];
        self.paper.extend(std::iter::repeat_n(blank, rows));
    }

    /// Burns a band, or as much of it as there is paper for; the rest stays in the
    /// buffer as a shorter band and waits.
    fn burn(&mut self, across: usize, down: usize) -> bool {
        self.drop_front(8);
        for done in 0..down {
            if self.rows_until_paper_ends == Some(0) {
                self.rows_until_paper_ends = None;
                self.script.paper_out = true;
                let rest = (down - done) as u16;
                let across = across as u16;
                let head = [0x1D, b'v', b'0', 0].into_iter().chain(across.to_le_bytes());
                for byte in head.chain(rest.to_le_bytes()).collect::<Vec<_>>().into_iter().rev() {
                    self.buffer.push_front(byte);
                }
                return false;
            }
            self.rows_until_paper_ends = self.rows_until_paper_ends.map(|rows| rows - 1);
            let bytes: Vec<u8> = self.buffer.drain(..across).collect();
            let row = (0..self.dots as usize)
                .map(|x| bytes.get(x / 8).is_some_and(|byte| byte >> (7 - x % 8) & 1 == 1))
                .collect();
            self.paper.push(row);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printer(change: impl FnOnce(&mut PrinterScript)) -> Mechanism {
        let mut script = PrinterScript::default();
        change(&mut script);
        Mechanism::new(16, &script)
    }

    fn statuses(mechanism: &mut Mechanism) -> Vec<u8> {
        let ask = (1..=4).flat_map(|which| [0x10, 0x04, which]).collect::<Vec<_>>();
        mechanism.take(&ask).answer
    }

    #[test]
    fn every_fault_has_the_status_bytes_of_a_real_printer() {
        assert_eq!(statuses(&mut printer(|_| {})), [0x12, 0x12, 0x12, 0x12]);
        assert_eq!(statuses(&mut printer(|s| s.paper_low = true)), [0x12, 0x12, 0x12, 0x1E]);
        assert_eq!(statuses(&mut printer(|s| s.paper_out = true)), [0x1A, 0x32, 0x12, 0x7E]);
        assert_eq!(statuses(&mut printer(|s| s.cover_open = true)), [0x1A, 0x16, 0x12, 0x12]);
        let mut offline = printer(|_| {});
        offline.set_offline(true);
        assert_eq!(statuses(&mut offline), [0x1A, 0x12, 0x12, 0x12]);
    }

    #[test]
    fn what_comes_without_paper_is_printed_when_paper_is_back() {
        let mut mechanism = printer(|script| script.paper_out = true);
        let band = [0x1D, b'v', b'0', 0, 2, 0, 1, 0, 0xF0, 0x0F, 0x1D, b'V', b'B', 0];
        assert!(mechanism.take(&band).receipts.is_empty());
        let receipts = mechanism.set(&PrinterScript::default()).receipts;
        assert_eq!(receipts.len(), 1);
        let row: String = receipts[0].1.rows[0].iter().map(|b| if *b { '#' } else { '.' }).collect();
        assert_eq!(row, "####........####");
    }

    #[test]
    fn cleared_buffers_print_nothing() {
        let mut mechanism = printer(|script| script.paper_out = true);
        mechanism.take(&[0x1D, b'v', b'0', 0, 2, 0, 1, 0, 0xF0]);
        for _ in 0..2 {
            assert_eq!(mechanism.take(&CLEAR).answer, [0x37, 0x25, 0x00]);
        }
        mechanism.set(&PrinterScript::default());
        assert_eq!(mechanism.take(&CLEAR).answer, [0x37, 0x25, 0x00]);
        assert_eq!(mechanism.hanging_rows(), 0);
        assert!(mechanism.unknown().is_empty());
    }

    #[test]
    fn paper_that_ends_in_a_band_leaves_the_rest_waiting() {
        let mut mechanism = printer(|_| {});
        mechanism.end_paper_after(1);
        mechanism.take(&[0x1D, b'v', b'0', 0, 1, 0, 3, 0, 1, 2, 3, 0x1D, b'r', 1]);
        assert_eq!(mechanism.hanging_rows(), 1);
        assert_eq!(statuses(&mut mechanism)[0], 0x1A);
        let answer = mechanism.set(&PrinterScript { paper_low: true, ..Default::default() }).answer;
        assert_eq!((mechanism.hanging_rows(), &answer[..]), (3, &[0x03][..]));
    }
}
