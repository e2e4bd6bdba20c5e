//! The tests of `keys`: one program, so that they are linked once.

mod canonical_form;
mod officers;
mod sealing;
mod signatures;
