//! Command chaining from the chip's side (ISO/IEC 7816-4, 5.3.3): collects the pieces of
//! a command that is too long for one. It knows nothing of channels but whether a piece came
//! through one: what it collects was opened before.

use super::apdu::{Command, Status};
use crate::der;

/// More than any command of a terminal; memory of a chip is small.
const MOST_BYTES: usize = 2_048;

/// Pieces that wait for the rest.
#[derive(Default)]
pub(super) struct Chain {
    begun: Option<Command>,
    /// Those came through the channel.
    secured: bool,
}

/// What a piece comes to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Collected {
    /// The command is whole.
    Whole(Command),
    /// More is to come.
    More,
    /// The chain is broken or not taken, and forgotten.
    Refused(Status),
}

impl Chain {
    /// Takes one command, which may be a piece. `takes_pieces`: whether the chip knows
    /// chaining beyond the rounds of PACE. Pieces in the clear and through the channel are
    /// never one command.
    pub(super) fn take(&mut self, command: &Command, takes_pieces: bool, secured: bool) -> Collected {
        let secured_before = std::mem::replace(&mut self.secured, secured);
        let Some(mut whole) = self.begun.take() else {
            return self.go_on(command.clone(), takes_pieces);
        };
        let same = |command: &Command| (command.class & !0x10, command.instruction, command.parameters());
        if same(&whole) != same(command) || secured_before != secured {
            return Collected::Refused(Status::LAST_OF_CHAIN_EXPECTED);
        }
        whole.data.extend_from_slice(&command.data);
        if whole.data.len() > MOST_BYTES {
            return Collected::Refused(Status::WRONG_LENGTH);
        }
        let data = whole.data;
        self.go_on(Command { data, ..command.clone() }, takes_pieces)
    }

    pub(super) fn forget(&mut self) {
        self.begun = None;
    }

    fn go_on(&mut self, collected: Command, takes_pieces: bool) -> Collected {
        // A round of PACE says that rounds follow, as a piece says that pieces do. It is
        // whole where its data object is.
        let round = collected.is_key_agreement() && der::split(&collected.data).is_some();
        if !collected.is_chained() || round {
            return Collected::Whole(collected);
        }
        if !takes_pieces {
            return Collected::Refused(Status::NO_CHAINING);
        }
        self.begun = Some(collected);
        Collected::More
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(hex: &str) -> Command {
        Command::parse(&hex::decode(hex).unwrap()).unwrap()
    }

    /// What comes of commands one after the other: data of a whole one, or a status.
    fn take(commands: &[&str]) -> Vec<Result<Option<Vec<u8>>, u16>> {
        let mut chain = Chain::default();
        let take = |hex: &&str| match chain.take(&command(hex), true, false) {
            Collected::Whole(command) => Ok(Some(command.data)),
            Collected::More => Ok(None),
            Collected::Refused(status) => Err(status.0),
        };
        commands.iter().map(take).collect()
    }

    #[test]
    fn pieces_are_put_together_in_their_order() {
        let came = take(&["102241A6020102", "102241A60103", "002241A60104"]);
        assert_eq!(came, [Ok(None), Ok(None), Ok(Some(vec![1, 2, 3, 4]))]);
    }

    #[test]
    fn another_command_between_pieces_breaks_the_chain() {
        let came = take(&["102241A60101", "00B0000001", "00B0000001", "002241A60102"]);
        assert_eq!(came, [Ok(None), Err(0x6883), Ok(Some(vec![])), Ok(Some(vec![2]))]);
        let came = take(&["102241A60101", "102241A40102", "002241A60103"]);
        assert_eq!(came, [Ok(None), Err(0x6883), Ok(Some(vec![3]))]);
    }

    #[test]
    fn pieces_in_the_clear_do_not_go_on_through_the_channel() {
        let mut chain = Chain::default();
        assert_eq!(chain.take(&command("102241A60101"), true, false), Collected::More);
        let broken = Collected::Refused(Status::LAST_OF_CHAIN_EXPECTED);
        assert_eq!(chain.take(&command("002241A60102"), true, true), broken);
    }

    #[test]
    fn a_chain_without_end_is_cut_off() {
        let piece = format!("102241A6FF{}", "00".repeat(255));
        let mut chain = Chain::default();
        let came: Vec<_> = (0..9).map(|_| chain.take(&command(&piece), true, false)).collect();
        assert!(came[..8].iter().all(|came| *came == Collected::More));
        assert_eq!(came[8], Collected::Refused(Status::WRONG_LENGTH));
        assert!(chain.begun.is_none());
    }

    #[test]
    fn a_round_of_pace_is_whole_where_its_object_is() {
        let came = take(&["10860000027C0000", "10860000037C0481", "108600000302010200"]);
        assert_eq!(came[0], Ok(Some(vec![0x7C, 0])));
        assert_eq!(came[1..], [Ok(None), Ok(Some(vec![0x7C, 4, 0x81, 2, 1, 2]))]);
    }

    #[test]
    fn a_chip_without_chaining_still_takes_the_rounds_of_pace() {
        let mut chain = Chain::default();
        assert!(matches!(chain.take(&command("10860000027C0000"), false, false), Collected::Whole(_)));
        let piece = chain.take(&command("10860000037C0481"), false, false);
        assert_eq!(piece, Collected::Refused(Status::NO_CHAINING));
        assert!(chain.begun.is_none());
    }
}
