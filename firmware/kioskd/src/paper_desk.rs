//! The receipt printer's task: prints one slip after the other, and asks the printer
//! how it is while it has nothing to do.

use std::{future::Future, time::Duration};

use devices::{Device, Paper, PrinterFault, Raster, ReceiptPrinter, State};
use faults::Fault;
use journey::Event;
use screen::StaffNote;
use tokio::{sync::mpsc, time};

use crate::happened::{Happened, Job, Tell};

const LOOK_EVERY: Duration = Duration::from_secs(3);

/// The loop's end of the task.
pub struct PaperDesk {
    orders: mpsc::UnboundedSender<Order>,
}

struct Order {
    job: Job,
    picture: Raster,
    slip: audit::SlipKind,
}

impl PaperDesk {
    /// Starts the task. `open` is called again whenever the printer has gone.
    pub fn start<P, O>(open: O, tell: Tell) -> Self
    where
        P: ReceiptPrinter + 'static,
        O: Fn() -> Result<P, PrinterFault> + Send + 'static,
    {
        let (orders, taken) = mpsc::unbounded_channel();
        tokio::spawn(Desk { printer: None, state: State::Starting, open, tell }.serve(taken));
        Self { orders }
    }

    /// Prints a slip.
    pub fn print(&self, job: Job, picture: Raster, slip: audit::SlipKind) {
        _ = self.orders.send(Order { job, picture, slip });
    }
}

struct Desk<P, O> {
    printer: Option<P>,
    state: State,
    open: O,
    tell: Tell,
}

impl<P: ReceiptPrinter, O: Fn() -> Result<P, PrinterFault>> Desk<P, O> {
    async fn serve(mut self, mut orders: mpsc::UnboundedReceiver<Order>) {
        loop {
            self.look().await;
            match time::timeout(LOOK_EVERY, orders.recv()).await {
                Ok(Some(order)) => self.print(order).await,
                Ok(None) => return,
                Err(_) => {}
            }
        }
    }

    async fn look(&mut self) {
        let answered = self.with_printer(async |printer| printer.status().await).await;
        self.note(answered);
    }

    async fn print(&mut self, order: Order) {
        let answered = self.with_printer(async |printer| printer.print(&order.picture).await).await;
        self.note(answered);
        let is_test = order.slip == audit::SlipKind::Test;
        let event = match answered {
            Ok(_) => {
                self.tell.tell(Happened::PaperUsed(order.picture));
                self.tell.audit(if is_test {
                    audit::Event::TestPrinted
                } else {
                    audit::Event::SlipPrinted { slip: order.slip }
                });
                if is_test { Event::StaffDone(StaffNote::TestPrinted) } else { Event::Printed }
            }
            Err(fault) => {
                let fault = fault.fault();
                self.tell.audit(audit::Event::SlipFailed { slip: order.slip, fault });
                if is_test {
                    Event::StaffDone(StaffNote::TestPrintFailed(fault))
                } else {
                    Event::PrintFailed(fault)
                }
            }
        };
        self.tell.work(order.job, event);
    }

    async fn with_printer<T>(
        &mut self,
        ask: impl AsyncFnOnce(&mut P) -> Result<T, PrinterFault>,
    ) -> Result<T, PrinterFault> {
        if self.printer.is_none() {
            self.printer = Some((self.open)()?);
        }
        let printer = self.printer.as_mut().expect("it was just opened");
        let answered = ask(printer).await;
        if matches!(answered, Err(PrinterFault::Unplugged)) {
            self.printer = None;
        }
        answered
    }

    fn note(&mut self, answered: Result<Paper, PrinterFault>) {
        let state = match answered {
            Ok(Paper::Enough) => State::Ready,
            Ok(Paper::Low) => State::Degraded(Fault::PaperLow),
            Err(fault) => State::Failed(fault.fault()),
        };
        if self.state != state {
            self.state = state;
            self.tell.tell(Happened::Device(Device::ReceiptPrinter, state));
        }
    }
}

/// For a board without a printer: nothing is ever printed, and that is known.
pub struct NoPrinter;

impl ReceiptPrinter for NoPrinter {
    fn dots_across(&self) -> u32 {
        576
    }

    fn status(&mut self) -> impl Future<Output = Result<Paper, PrinterFault>> + Send {
        std::future::ready(Err(PrinterFault::Unplugged))
    }

    fn print(&mut self, _picture: &Raster) -> impl Future<Output = Result<Paper, PrinterFault>> + Send {
        std::future::ready(Err(PrinterFault::Unplugged))
    }
}
