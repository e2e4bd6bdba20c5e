//! Which of two partitions a Raspberry Pi starts from: the boot chooser that RAUC calls on boards
//! whose firmware knows `tryboot`.
//!
//! The firmware reads `autoboot.txt` on the first partition. It starts `[all] boot_partition`,
//! unless the machine was restarted with the one-shot argument `0 tryboot`: then it starts
//! `[tryboot] boot_partition`, once. So a try that fails in whatever way ends with the committed
//! partition, and the file is rewritten only when a release was found good.
//!
//! How many tries are left stands in a record of ours (`install::Record`), on another partition,
//! and is counted before the machine is restarted. Where the two do not agree after a power cut,
//! the file counts: it is what the firmware does.
//!
//! - `state`: what is legal; pure. `autoboot`: the file, as text.
//! - `chooser`: both on a disk whose power may go at any write. `machine`: on a machine.

mod autoboot;
mod chooser;
mod machine;
mod state;

pub use self::{
    autoboot::{Autoboot, LONGEST},
    chooser::{AUTOBOOT, Chooser, TrybootError},
    machine::{FirmwareFolder, MachineFault, Settings},
    state::{Booted, Next, NotNow, Partitions, State, Trial},
};
