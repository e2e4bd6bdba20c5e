//! The tests of `identity`: one program, so that they are linked once.

mod card_matrix;
mod chips_and_signers;
mod lists_of_another_hand;
mod real_master_lists;
mod virtual_card;
