//! A reader that takes the time of every answer. Chips pause after wrong passwords, some
//! at the refusal and some at the next try: so the slowest answer counts, not the last.

use std::time::{Duration, Instant};

use devices::{CardReader, Presence, ReaderFault};
use zeroize::Zeroizing;

/// How long a reading took until it ended, well or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// All of it, the tool's own arithmetic included.
    pub whole: Duration,
    /// From a command to its answer, as the reader's driver sees it.
    pub slowest_answer: Duration,
}

/// Any reader, timed.
pub struct TimedReader<'r> {
    reader: &'r mut dyn CardReader,
    begun: Instant,
    slowest_answer: Duration,
}

impl<'r> TimedReader<'r> {
    /// The time runs from now.
    pub fn over(reader: &'r mut dyn CardReader) -> Self {
        Self { reader, begun: Instant::now(), slowest_answer: Duration::ZERO }
    }

    /// Until now.
    pub fn times(&self) -> Times {
        Times { whole: self.begun.elapsed(), slowest_answer: self.slowest_answer }
    }
}

impl CardReader for TimedReader<'_> {
    fn wait_for_card(&mut self, limit: Duration) -> Result<Option<Presence>, ReaderFault> {
        self.reader.wait_for_card(limit)
    }

    fn exchange(&mut self, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, ReaderFault> {
        let sent = Instant::now();
        let answer = self.reader.exchange(command);
        self.slowest_answer = self.slowest_answer.max(sent.elapsed());
        answer
    }

    fn reset_card(&mut self) -> Result<Presence, ReaderFault> {
        self.reader.reset_card()
    }

    fn wait_for_removal(&mut self, limit: Duration) -> Result<bool, ReaderFault> {
        self.reader.wait_for_removal(limit)
    }

    fn longest_response(&self) -> usize {
        self.reader.longest_response()
    }
}
