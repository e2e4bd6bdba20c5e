//! The tests of `drivers` that start programs: one program, so that they are linked once.

mod emupos;
mod pcsc;
mod private_daemon;
mod shared_readers;
