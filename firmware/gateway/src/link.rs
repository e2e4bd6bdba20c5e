//! How the connection to the platform is, for the services that need it.

/// How the connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Link {
    /// The platform answers in time.
    Up,
    /// It answers, but slowly, or only after a second try.
    Slow,
    /// It does not answer, cannot be trusted, or refuses this machine.
    Down,
}
