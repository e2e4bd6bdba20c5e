//! x
#[allow(missing_docs)]
mod pages { slint::include_modules!(); }
