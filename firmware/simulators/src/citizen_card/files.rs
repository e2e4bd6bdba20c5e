//! Which file may be read by whom, and the bytes that READ BINARY takes out of it
//! (ISO/IEC 7816-4, 7.2.3; ICAO Doc 9303-10, 3.6).

use super::apdu::{Answer, Command, Expected, Status};
use crate::{der, personalise::Personalised};

const CARD_ACCESS: u8 = 0x1C;
const FINGERPRINTS: u8 = 3;
/// Short identifier of the portrait.
pub(super) const PORTRAIT: u8 = 2;

/// Where the terminal stands in the file system.
#[derive(Clone, Copy, Default)]
pub(super) struct Place {
    /// The identity application is selected, else the master file.
    pub application: bool,
    /// The current elementary file, by short identifier.
    pub current: Option<u8>,
}

/// A stretch of a file and the answer that carries it.
pub(super) struct Stretch {
    pub file: u8,
    pub bytes: usize,
    pub answer: Answer,
}

impl Place {
    /// A file that is there and open to whoever asks.
    pub(super) fn reach(self, content: &Personalised, file: u8, secured: bool) -> Result<&[u8], Status> {
        if !self.application {
            let found = (file == CARD_ACCESS).then(|| content.file(file)).flatten();
            return found.ok_or(Status::NOT_FOUND);
        }
        // An outsider does not learn which files there are.
        if !secured || file == FINGERPRINTS {
            return Err(Status::NOT_ALLOWED);
        }
        content.elementary.get(&file).map(Vec::as_slice).ok_or(Status::NOT_FOUND)
    }

    /// READ BINARY, even or odd. `room` is what an answer can carry.
    pub(super) fn read(
        &mut self,
        content: &Personalised,
        command: &Command,
        room: usize,
        secured: bool,
    ) -> Result<Stretch, Status> {
        let odd = command.instruction == 0xB1;
        let (file, offset) = self.target(command, odd)?;
        let bytes = self.reach(content, file, secured)?;
        self.current = Some(file);
        let expected = command.expected.ok_or(Status::WRONG_LENGTH)?;
        let left = bytes.get(offset..).filter(|left| !left.is_empty()).ok_or(Status::WRONG_OFFSET)?;
        // An odd READ BINARY counts the tag and length around the data, too.
        let wrapping = if odd { 4 } else { 0 };
        let wanted = left.len().min(expected.limit().saturating_sub(wrapping));
        let fits = room.saturating_sub(wrapping);
        let count = match expected {
            Expected::Exactly(_) if wanted > fits => return Err(Status::WRONG_LENGTH),
            Expected::Exactly(_) | Expected::UpTo(_) => wanted.min(fits),
        };
        let short = matches!(expected, Expected::Exactly(limit) if limit - wrapping.min(limit) > left.len());
        let data = if odd { der::object(0x53, &left[..count]) } else { left[..count].to_vec() };
        let status = if short { Status::END_OF_FILE } else { Status::OK };
        Ok(Stretch { file, bytes: count, answer: Answer { data, status } })
    }

    fn target(self, command: &Command, odd: bool) -> Result<(u8, usize), Status> {
        if odd {
            let offset = der::find(&command.data, 0x54).ok_or(Status::WRONG_DATA)?;
            let offset = offset.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
            let file = match command.parameters() {
                0 => self.current.ok_or(Status::NO_CURRENT_FILE)?,
                short @ 1..=0x1E => short as u8,
                _ => return Err(Status::NOT_FOUND),
            };
            return Ok((file, offset));
        }
        if command.p1 & 0x80 != 0 {
            return Ok((command.p1 & 0x1F, command.p2.into()));
        }
        Ok((self.current.ok_or(Status::NO_CURRENT_FILE)?, command.parameters().into()))
    }
}
