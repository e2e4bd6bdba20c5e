//! A code scanner on a serial port, never a keyboard: a keyboard could type into the
//! kiosk. A code ends with CR, LF or both.
//!
//! It hands on whole codes of printable UTF-8 and silently drops the rest: too long,
//! broken off, not text. Codes are personal and wiped.

use std::{io, path::Path, time::Duration};

use devices::{CodeScanner, ScannerFault};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    time::timeout,
};
use tokio_serial::SerialStream;
use zeroize::{Zeroize, Zeroizing};

use crate::serial;

/// The longest code; a card's QR has some 200 bytes.
const LONGEST: usize = 1024;
/// The longest pause inside one code.
const PAUSE: Duration = Duration::from_millis(200);

/// A scanner. Pulled out and plugged in again, it is found again by itself.
pub struct SerialScanner<P = SerialStream> {
    port: Option<P>,
    reopen: Box<dyn FnMut() -> Result<P, ScannerFault> + Send>,
    code: Zeroizing<Vec<u8>>,
    /// The code is longer than any real one: nothing counts until it ends.
    overlong: bool,
}

impl SerialScanner<SerialStream> {
    /// Opens a serial port for this program alone. Needs a tokio runtime.
    pub fn open(path: &Path, baud: u32) -> Result<Self, ScannerFault> {
        let path = path.to_owned();
        // A port that somebody else holds gives us no codes either.
        let reopen = move || serial::open(&path, baud).map_err(|_| ScannerFault::Unplugged);
        let port = reopen()?;
        Ok(Self::new(Some(port), Box::new(reopen)))
    }
}

impl<P: AsyncRead + Unpin + Send> SerialScanner<P> {
    /// A scanner behind a port that is open already and is lost once it closes.
    pub fn over(port: P) -> Self {
        Self::new(Some(port), Box::new(|| Err(ScannerFault::Unplugged)))
    }
}

impl<P> SerialScanner<P> {
    fn new(port: Option<P>, reopen: Box<dyn FnMut() -> Result<P, ScannerFault> + Send>) -> Self {
        // Reserved whole: a vector that grows leaves copies behind.
        Self { port, reopen, code: Zeroizing::new(Vec::with_capacity(LONGEST)), overlong: false }
    }

    fn forget(&mut self) {
        self.code.zeroize();
        self.overlong = false;
    }

    /// Takes one byte; gives the code that it ends, if that is one.
    fn take(&mut self, byte: u8) -> Option<Zeroizing<String>> {
        if !matches!(byte, b'\r' | b'\n') {
            self.overlong |= self.code.len() == LONGEST;
            if !self.overlong {
                self.code.push(byte);
            }
            return None;
        }
        let whole = !self.overlong && !self.code.is_empty();
        let text = std::str::from_utf8(&self.code)
            .ok()
            .filter(|text| whole && !text.chars().any(char::is_control))
            .map(|text| Zeroizing::new(text.to_owned()));
        self.forget();
        text
    }
}

impl<P: AsyncRead + Unpin + Send> CodeScanner for SerialScanner<P> {
    /// May be dropped in the middle: what came so far is kept for the next call.
    async fn next_code(&mut self) -> Result<Zeroizing<String>, ScannerFault> {
        if self.port.is_none() {
            self.port = Some((self.reopen)()?);
        }
        loop {
            let waiting = !self.code.is_empty() || self.overlong;
            let port = self.port.as_mut().ok_or(ScannerFault::Unplugged)?;
            match next_byte(port, waiting).await {
                Ok(Some(byte)) => {
                    if let Some(code) = self.take(byte) {
                        return Ok(code);
                    }
                }
                Ok(None) => self.forget(),
                Err(_) => {
                    self.forget();
                    self.port = None;
                    return Err(ScannerFault::Unplugged);
                }
            }
        }
    }
}

/// The next byte; none where a code broke off.
async fn next_byte(port: &mut (impl AsyncRead + Unpin), waiting: bool) -> io::Result<Option<u8>> {
    let byte = port.read_u8();
    if waiting { timeout(PAUSE, byte).await.ok().transpose() } else { byte.await.map(Some) }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncWriteExt, DuplexStream, duplex};

    use super::*;

    fn scanner() -> (SerialScanner<DuplexStream>, DuplexStream) {
        let (ours, theirs) = duplex(8192);
        (SerialScanner::over(ours), theirs)
    }

    async fn check(sent: &[u8], code: &str) {
        let (mut scanner, mut wire) = scanner();
        wire.write_all(sent).await.unwrap();
        assert_eq!(*scanner.next_code().await.unwrap(), code);
    }

    #[tokio::test]
    async fn a_code_ends_with_cr_lf_or_both() {
        check("00109|NGUYỄN|X\r".as_bytes(), "00109|NGUYỄN|X").await;
        check(b"\n\nA\n", "A").await;
        check(b"\r\nA\r\nB\r", "A").await;
    }

    #[tokio::test]
    async fn what_is_no_text_is_dropped_and_the_next_code_counts() {
        check(b"\xFF\xFE\rGOOD\r", "GOOD").await;
        check(b"A\x1B[31mB\rGOOD\r", "GOOD").await;
    }

    #[tokio::test]
    async fn a_code_of_1024_bytes_is_taken_and_one_more_is_not() {
        let longest = "x".repeat(LONGEST);
        check(format!("{longest}\rGOOD\r").as_bytes(), &longest).await;
        check(format!("{longest}x\rGOOD\r").as_bytes(), "GOOD").await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_code_that_breaks_off_is_not_glued_to_the_next() {
        let (mut scanner, mut wire) = scanner();
        let sending = async {
            wire.write_all(b"00109|HALF").await.unwrap();
            tokio::time::sleep(PAUSE * 2).await;
            wire.write_all(b"WHOLE\r").await.unwrap();
        };
        let (code, ()) = tokio::join!(scanner.next_code(), sending);
        assert_eq!(*code.unwrap(), "WHOLE");
    }

    #[tokio::test]
    async fn a_caller_that_gives_up_loses_nothing() {
        let (mut scanner, mut wire) = scanner();
        wire.write_all(b"00109").await.unwrap();
        assert!(timeout(Duration::from_millis(20), scanner.next_code()).await.is_err());
        wire.write_all(b"|KHUE\r").await.unwrap();
        assert_eq!(*scanner.next_code().await.unwrap(), "00109|KHUE");
    }

    #[tokio::test]
    async fn a_pulled_plug_is_its_own_error() {
        let (mut scanner, wire) = scanner();
        drop(wire);
        assert_eq!(scanner.next_code().await, Err(ScannerFault::Unplugged));
    }
}
