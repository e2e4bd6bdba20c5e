//! The lamp that fills a dark face and the one beside the card slot.

/// A lamp. Switching cannot fail in a way that anybody could act on.
pub trait Light: Send {
    /// Switches the lamp.
    fn shine(&mut self, on: bool);
}
