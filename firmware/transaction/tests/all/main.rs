//! The tests of `transaction`: one program, so that they are linked once.

mod names;
mod proof_to_record;
