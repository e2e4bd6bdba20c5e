//! kioskd
fn main() {}
