//! kiosk-face
fn main() {}
