//! How long a page waits for the citizen (WCAG 2.2.1: warn, extend by one touch).

/// Seconds that pages wait. They come from the board's settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeLimits {
    /// Without any tap, until the visit ends.
    pub idle: u16,
    /// Of these, how long the warning stands; at least 20.
    pub warning: u16,
    /// How long an outcome stands that nobody closes.
    pub outcome: u16,
    /// How long "thank you" stands.
    pub thanks: u16,
}

impl Default for TimeLimits {
    fn default() -> Self {
        Self { idle: 60, warning: 20, outcome: 45, thanks: 8 }
    }
}
