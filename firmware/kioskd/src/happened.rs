//! Everything that the threads and tasks tell the one loop that owns the visit.

use devices::{Device, Raster, State};
use jiff::Timestamp;
use journey::Event;
use outbox::Receipt;
use screen::Tap;
use tokio::sync::mpsc;
use transaction::TransactionId;

/// One thing that happened. A closed list, handled in one place.
pub enum Happened {
    /// Somebody tapped the screen.
    Tap(Tap),
    /// The touchscreen program connected; it needs the present page.
    ScreenCame,
    /// It went away.
    ScreenGone,
    /// It has drawn the newest page.
    ScreenDrew,
    /// A job for this visit came to something.
    Work(Job, Event),
    /// A device changed.
    Device(Device, State),
    /// Something for the audit log.
    Audit(audit::Event),
    /// The platform signed for a transaction.
    Acknowledged(Box<Receipt>),
    /// The platform will never take a transaction.
    Rejected(TransactionId, faults::Fault),
    /// How many transactions wait, and since when the oldest does.
    Waiting(u32, Option<Timestamp>),
    /// A slip came out, and took that much paper.
    PaperUsed(Raster),
}

/// The number of a job. Whatever an outdated job says is not heard, so nothing of
/// one visit reaches the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Job {
    /// Which kind of work.
    pub kind: Kind,
    /// Which of that kind, counted from the start.
    pub number: u64,
}

/// Kinds of work, one at a time each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Reading a card.
    Card,
    /// Watching the face.
    Face,
    /// A question to the platform.
    Platform,
    /// Signing and storing.
    Record,
    /// Printing.
    Paper,
    /// A code from the scanner: always heard.
    Scanner,
    /// The staff page.
    Staff,
    /// An officer's signature.
    Officer,
}

/// The way to the loop.
#[derive(Clone)]
pub struct Tell(mpsc::UnboundedSender<Happened>);

impl Tell {
    /// A way and its end.
    pub fn new() -> (Self, mpsc::UnboundedReceiver<Happened>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self(sender), receiver)
    }

    /// Tells; when the loop has ended nobody listens, which is fine.
    pub fn tell(&self, happened: Happened) {
        _ = self.0.send(happened);
    }

    /// Tells what a job came to.
    pub fn work(&self, job: Job, event: Event) {
        self.tell(Happened::Work(job, event));
    }

    /// Tells the audit log.
    pub fn audit(&self, event: audit::Event) {
        self.tell(Happened::Audit(event));
    }
}
