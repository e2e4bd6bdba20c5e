//! The card's end of the vpcd wire: a TCP connection is the card in the field, a
//! closed one is the card lifted. Messages are a length of two bytes and as many
//! bytes; one byte alone is a command to the card's power.
//!
//! A command during which the card is lifted comes back from Debian's vpcd 3.3 as an
//! empty answer without an error, whether the connection ends or is reset: a reader's
//! driver must take an answer shorter than its status for a lifted card.

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, Shutdown, TcpStream},
    os::linux::net::TcpStreamExt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use crate::chip::Chip;

const POWER_OFF: u8 = 0;
const POWER_ON: u8 = 1;
const RESET: u8 = 2;
const GIVE_ATR: u8 = 4;
/// How long a card that the script lifts stays away: several rounds of the daemon's
/// polling, so that it is noticed.
const AWAY: Duration = Duration::from_millis(1_500);

/// A virtual card and a hand that lays it on the virtual reader.
pub struct VpcdCard {
    port: u16,
    shared: Arc<Shared>,
    serving: Option<JoinHandle<()>>,
}

struct Shared {
    card: Mutex<Box<dyn Chip>>,
    /// The connection, while the card lies on the reader.
    stream: Mutex<Option<TcpStream>>,
    lifted_by_hand: AtomicBool,
}

impl VpcdCard {
    /// A card beside the reader that listens on that port of 127.0.0.1.
    pub fn new(card: Box<dyn Chip>, port: u16) -> Self {
        let shared = Shared {
            card: Mutex::new(card),
            stream: Mutex::new(None),
            lifted_by_hand: AtomicBool::new(false),
        };
        Self { port, shared: Arc::new(shared), serving: None }
    }

    /// Lays the card down; nothing happens where it lies already.
    pub fn lay(&mut self) -> io::Result<()> {
        if self.is_laid() {
            return Ok(());
        }
        self.lift();
        self.shared.lifted_by_hand.store(false, Ordering::SeqCst);
        let stream = self.shared.connect(self.port)?;
        let (shared, port) = (self.shared.clone(), self.port);
        self.serving = Some(thread::spawn(move || shared.serve_all(port, stream)));
        Ok(())
    }

    /// Takes the card away.
    pub fn lift(&mut self) {
        self.shared.lifted_by_hand.store(true, Ordering::SeqCst);
        self.shared.disconnect();
        if let Some(serving) = self.serving.take() {
            serving.thread().unpark();
            let _ = serving.join();
        }
    }

    /// Whether it lies on the reader now.
    pub fn is_laid(&self) -> bool {
        locked(&self.shared.stream).is_some()
    }

    /// Command APDUs that the card has answered.
    pub fn answered(&self) -> u64 {
        locked(&self.shared.card).answered()
    }

    /// The QR printed on the card.
    pub fn printed_code(&self) -> String {
        locked(&self.shared.card).printed_code().unwrap_or_default().to_owned()
    }
}

impl Drop for VpcdCard {
    fn drop(&mut self) {
        self.lift();
    }
}

/// Why a connection is over.
enum End {
    /// The reader closed it, or the hand did.
    Closed,
    /// The script's hand trembles; the card comes back.
    LiftedForAMoment,
}

impl Shared {
    fn connect(&self, port: u16) -> io::Result<TcpStream> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_nodelay(true)?;
        locked(&self.card).reset();
        *locked(&self.stream) = Some(stream.try_clone()?);
        Ok(stream)
    }

    fn disconnect(&self) {
        if let Some(stream) = locked(&self.stream).take() {
            // Already closed by the other side: just as well.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    fn serve_all(&self, port: u16, mut stream: TcpStream) {
        loop {
            let end = self.serve(&mut stream).unwrap_or(End::Closed);
            self.disconnect();
            if matches!(end, End::Closed) {
                return;
            }
            thread::park_timeout(AWAY);
            if self.lifted_by_hand.load(Ordering::SeqCst) {
                return;
            }
            let Ok(again) = self.connect(port) else { return };
            stream = again;
            // A hand that lifted it meanwhile found no connection to close.
            if self.lifted_by_hand.load(Ordering::SeqCst) {
                return self.disconnect();
            }
        }
    }

    fn serve(&self, stream: &mut TcpStream) -> io::Result<End> {
        loop {
            let message = receive(stream)?;
            let mut card = locked(&self.card);
            let answer = match message.as_slice() {
                [POWER_OFF | POWER_ON | RESET] => {
                    card.reset();
                    continue;
                }
                [GIVE_ATR] => card.atr(),
                apdu => card.answer(apdu),
            };
            if card.is_lifted_now() {
                return Ok(End::LiftedForAMoment);
            }
            let time = if message.len() > 1 { card.time_of_last_answer() } else { Duration::ZERO };
            drop(card);
            thread::sleep(time);
            send(stream, &answer)?;
        }
    }
}

/// Debian's vpcd sends length and bytes apart, so its second packet waits for our
/// delayed acknowledgement: 50 ms a command, unless we acknowledge at once.
fn receive(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut length = [0; 2];
    stream.set_quickack(true)?;
    stream.read_exact(&mut length)?;
    let mut message = vec![0; u16::from_be_bytes(length).into()];
    stream.set_quickack(true)?;
    stream.read_exact(&mut message)?;
    Ok(message)
}

/// Length and bytes in one packet.
fn send(stream: &mut TcpStream, message: &[u8]) -> io::Result<()> {
    let length = u16::try_from(message.len()).map_err(io::Error::other)?;
    stream.write_all(&[&length.to_be_bytes(), message].concat())
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, net::TcpListener};

    use super::*;
    use crate::{
        card_profile::CardProfile, citizen_card::CitizenCard, personalise::Personalised, scenario::CardScript,
    };

    fn laid() -> (VpcdCard, TcpListener, TcpStream) {
        let content = Personalised::for_tests("X", "123456", BTreeMap::new(), &CardProfile::default());
        let card = CitizenCard::new(content, &CardScript::default(), 1);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut card = VpcdCard::new(Box::new(card), listener.local_addr().unwrap().port());
        card.lay().unwrap();
        let (reader, _) = listener.accept().unwrap();
        (card, listener, reader)
    }

    fn ask(reader: &mut TcpStream, message: &[u8]) -> Vec<u8> {
        send(reader, message).unwrap();
        receive(reader).unwrap()
    }

    #[test]
    fn the_card_answers_power_atr_and_commands() {
        let (card, _listener, mut reader) = laid();
        send(&mut reader, &[POWER_ON]).unwrap();
        assert_eq!(ask(&mut reader, &[GIVE_ATR])[..2], [0x3B, 0x85]);
        assert_eq!(ask(&mut reader, &[0, 0xB0, 0x9C, 0, 1]), [0x31, 0x90, 0x00]);
        send(&mut reader, &[RESET]).unwrap();
        assert_eq!(ask(&mut reader, &[0, 0xB0, 0, 0, 1]), [0x69, 0x86], "the reset forgot the file");
        assert_eq!(card.answered(), 2);
    }

    #[test]
    fn lifting_closes_the_connection_and_laying_opens_another() {
        let (mut card, listener, mut reader) = laid();
        assert!(card.is_laid());
        card.lift();
        assert!(!card.is_laid());
        assert_eq!(reader.read(&mut [0; 1]).unwrap(), 0);
        card.lay().unwrap();
        let (mut reader, _) = listener.accept().unwrap();
        assert_eq!(ask(&mut reader, &[GIVE_ATR])[0], 0x3B);
    }

    #[test]
    fn a_reader_that_goes_away_leaves_the_card_lifted_and_ready_to_be_laid_again() {
        let (mut card, listener, reader) = laid();
        drop(reader);
        while card.is_laid() {
            thread::yield_now();
        }
        card.lay().unwrap();
        assert!(listener.accept().is_ok());
    }

    #[test]
    fn no_reader_is_an_error_of_laying() {
        let (mut card, listener, reader) = laid();
        drop((listener, reader));
        card.lift();
        assert_eq!(card.lay().unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
    }
}
