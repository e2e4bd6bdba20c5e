//! The tests of `simulators`: one program, so that they are linked once.

mod chip_faults;
mod issued_card;
mod issuer_kit;
mod libeac;
mod opened_chip;
mod opensc;
mod other_readers;
mod passports;
mod private_pcscd;
mod recapture;
mod scenarios;
mod terminal;
mod virtual_card;
