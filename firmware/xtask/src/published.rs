//! The crates that are for others too: each is made into the package that a registry would get,
//! and that package is built alone, outside the workspace. One that needs a crate of the kiosk,
//! a file that it does not carry or a feature that only the workspace turns on does not build.

use anyhow::Result;

use crate::project;

/// Left to right: each may use those before it.
const CRATES: [&str; 3] = ["chip-reader", "card", "identity"];

/// Makes the packages and builds them.
pub fn build() -> Result<()> {
    let mut cargo = project::cargo();
    // What is not committed yet is looked at too, as by every other check.
    cargo.args(["package", "--quiet", "--locked", "--allow-dirty"]);
    project::run(cargo.args(CRATES.iter().flat_map(|name| ["--package", name])))
}
