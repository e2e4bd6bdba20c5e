//! The targets of `fuzz` under libFuzzer; `cargo xtask fuzz` builds and runs it, once a
//! target. `FUZZ_TARGET` says which: libFuzzer has the command line to itself.

#![no_main]

use std::sync::LazyLock;

use fuzz::Target;
use libfuzzer_sys::fuzz_target;

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_TARGET").expect("FUZZ_TARGET names a target");
    Target::named(&name).expect("FUZZ_TARGET names a target that there is")
});

fuzz_target!(init: fuzz::prepare(), |bytes: &[u8]| {
    // How far an input came is for the replay of the corpus to know.
    let _ = TARGET.run(bytes);
});
