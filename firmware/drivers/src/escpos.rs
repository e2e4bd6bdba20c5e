//! A receipt printer that speaks ESC/POS over a serial port (Epson's command
//! reference; the clones agree on the commands used here).
//!
//! It never says "printed" before the printer itself has, and never prints a slip
//! twice: a job that broke off is cleared out of the printer's buffer before the
//! next one, and whether to print again is the caller's decision.

mod encode;
mod status;

use std::{io, path::Path, time::Duration};

use devices::{Paper, PrinterFault, Raster, ReceiptPrinter};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::{Instant, timeout},
};
use tokio_serial::SerialStream;

use crate::serial::{self, OpenError};

/// How long a printer may take to answer a real-time request.
const ANSWER: Duration = Duration::from_millis(300);
/// Long enough for what has arrived already.
const INSTANT: Duration = Duration::from_millis(1);
/// How often it is asked before it counts as gone.
const TRIES: u32 = 3;
/// The slowest paper that a whole job is waited for, in rows of dots a second.
const ROWS_A_SECOND: u32 = 400;
/// Beyond that, for heating, cutting and the last buffer.
const PATIENCE: Duration = Duration::from_secs(5);

/// An ESC/POS printer. Pulled out and plugged in again, it is found again by itself.
pub struct EscPosPrinter<P = SerialStream> {
    port: Option<P>,
    reopen: Box<dyn FnMut() -> Result<P, PrinterFault> + Send>,
    dots: u32,
    baud: u32,
    /// A job broke off: its rest may wait in the printer's buffer.
    spoiled: bool,
}

impl EscPosPrinter<SerialStream> {
    /// Opens a serial port for this program alone. Needs a tokio runtime.
    pub fn open(path: &Path, baud: u32, dots: u32) -> Result<Self, PrinterFault> {
        let path = path.to_owned();
        let reopen = move || serial::open(&path, baud).map_err(fault_of);
        let port = reopen()?;
        Ok(Self { port: Some(port), reopen: Box::new(reopen), dots, baud, spoiled: false })
    }
}

fn fault_of(error: OpenError) -> PrinterFault {
    match error {
        OpenError::Missing => PrinterFault::Unplugged,
        OpenError::Busy => PrinterFault::PortBusy,
    }
}

impl<P: AsyncRead + AsyncWrite + Unpin + Send> EscPosPrinter<P> {
    /// A printer behind a port that is open already and is lost once it closes.
    pub fn over(port: P, baud: u32, dots: u32) -> Self {
        let reopen = Box::new(|| Err(PrinterFault::Unplugged));
        Self { port: Some(port), reopen, dots, baud, spoiled: false }
    }

    fn port(&mut self) -> Result<&mut P, PrinterFault> {
        if self.port.is_none() {
            self.port = Some((self.reopen)()?);
        }
        self.port.as_mut().ok_or(PrinterFault::Unplugged)
    }

    /// A port that failed is closed, so that the next call opens it anew.
    fn lost(&mut self) -> PrinterFault {
        self.port = None;
        PrinterFault::Unplugged
    }

    /// How long bytes take on the line; a start and a stop bit go with each eight.
    fn on_the_line(&self, bytes: usize) -> Duration {
        Duration::from_secs_f64(bytes as f64 * 10.0 / f64::from(self.baud.max(1)))
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<(), PrinterFault> {
        let limit = self.on_the_line(bytes.len()) * 2 + PATIENCE;
        let port = self.port()?;
        let sent = timeout(limit, async {
            port.write_all(bytes).await?;
            port.flush().await
        });
        match sent.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(self.lost()),
            // It is there but takes nothing: neither unplugged nor printing.
            Err(_) => Err(PrinterFault::Stuck),
        }
    }

    /// Waits for a byte of one kind; others were answers to older questions.
    async fn receive(&mut self, limit: Duration, wanted: fn(u8) -> bool) -> Result<Option<u8>, PrinterFault> {
        let port = self.port()?;
        let answer = timeout(limit, async {
            loop {
                let mut byte = [0];
                match port.read(&mut byte).await? {
                    0 => return Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
                    _ if wanted(byte[0]) => return Ok(byte[0]),
                    _ => {}
                }
            }
        });
        match answer.await {
            Ok(Ok(byte)) => Ok(Some(byte)),
            Ok(Err(_)) => Err(self.lost()),
            Err(_) => Ok(None),
        }
    }

    /// Throws away what was answered before the next question.
    async fn forget_answers(&mut self) -> Result<(), PrinterFault> {
        self.receive(INSTANT, |_| false).await.map(|_| ())
    }

    /// Asks one real-time question. `waiting` are bytes that stand before it in line.
    async fn ask(&mut self, which: u8, waiting: usize) -> Result<u8, PrinterFault> {
        self.forget_answers().await?;
        for tried in 0..TRIES {
            self.send(&encode::ask(which)).await?;
            let limit = ANSWER + self.on_the_line(waiting);
            if let Some(byte) = self.receive(limit, status::is_real_time).await? {
                if tried > 0 {
                    // The late answers to the first tries are not the next question's.
                    self.receive(ANSWER, |_| false).await?;
                }
                return Ok(byte);
            }
        }
        Err(self.lost())
    }

    /// Asks everything.
    async fn look(&mut self) -> Result<Paper, PrinterFault> {
        let offline = status::is_offline(self.ask(1, 0).await?);
        let (why, error, sensors) = (self.ask(2, 0).await?, self.ask(3, 0).await?, self.ask(4, 0).await?);
        status::understand(offline, why, error, sensors)
    }

    /// Asks whether the job can go on.
    async fn still_well(&mut self, waiting: usize) -> Result<(), PrinterFault> {
        if status::is_offline(self.ask(1, waiting).await?) {
            self.look().await?;
        }
        Ok(())
    }

    async fn send_job(&mut self, picture: &Raster) -> Result<Paper, PrinterFault> {
        for chunk in encode::job(picture) {
            self.send(&chunk).await?;
            self.still_well(chunk.len()).await?;
        }
        let printing = Duration::from_secs_f64(f64::from(picture.height()) / f64::from(ROWS_A_SECOND));
        self.wait_until_done(printing + PATIENCE).await
    }

    /// Waits for the printer's own word that the job is done, and asks meanwhile
    /// whether it still can be.
    async fn wait_until_done(&mut self, patience: Duration) -> Result<Paper, PrinterFault> {
        let limit = Instant::now() + patience;
        let mut silent = 0;
        self.forget_answers().await?;
        self.send(&encode::REPORT_WHEN_DONE).await?;
        while Instant::now() < limit {
            self.send(&encode::ask(1)).await?;
            let any = |byte| status::is_real_time(byte) || status::is_report(byte);
            match self.receive(ANSWER, any).await? {
                Some(report) if status::is_report(report) => return Ok(status::paper_after(report)),
                Some(state) if status::is_offline(state) => {
                    self.look().await?;
                    // Well again: the question may have been forgotten with the answers.
                    self.send(&encode::REPORT_WHEN_DONE).await?;
                }
                Some(_) => {
                    silent = 0;
                    if let Some(report) = self.receive(ANSWER, status::is_report).await? {
                        return Ok(status::paper_after(report));
                    }
                }
                None => silent += 1,
            }
            if silent == TRIES {
                return Err(self.lost());
            }
        }
        Err(PrinterFault::Stuck)
    }
}

impl<P: AsyncRead + AsyncWrite + Unpin + Send> ReceiptPrinter for EscPosPrinter<P> {
    fn dots_across(&self) -> u32 {
        self.dots
    }

    async fn status(&mut self) -> Result<Paper, PrinterFault> {
        self.look().await
    }

    async fn print(&mut self, picture: &Raster) -> Result<Paper, PrinterFault> {
        assert!(picture.width() <= self.dots, "the picture is wider than the paper");
        // Nothing is sent to a printer that could not print it.
        self.look().await?;
        if self.spoiled {
            self.send(&encode::CLEAR).await?;
            self.look().await?;
        }
        // Also where the caller gives up in the middle of an await.
        self.spoiled = true;
        let paper = self.send_job(picture).await?;
        self.spoiled = false;
        Ok(paper)
    }
}
