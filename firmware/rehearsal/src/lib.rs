//! A visit from the first page to the last without a citizen: `kioskd` with every device and the
//! platform pretended, a robot at the screen, and a report of what came of it. The demo is made
//! of it, and so is `kiosk-rehearsal`, which a kiosk runs out of a new release before it trusts
//! its own to it.
//!
//! Everything lies in one scratch folder, with keys made for this run: nothing of the machine it
//! runs on is read but the programs and data of the release.

mod http;
mod places;
mod process;
mod report;
mod script;
mod site;
mod stage;

pub use self::{
    http::ask,
    places::Places,
    process::{Running, first_line, terminate},
    report::{Held, Report, events},
    script::{Expectation, Person, Script},
    site::OFFICERS,
    stage::{BODY, Kiosk, Options, Stage, peak_memory},
};
