//! The socket to the firmware: connects, and again after each loss; hands views
//! and preview frames over as they come, sends taps. It knows no window, so it can
//! be tried without one. Of preview frames only the newest waits to be drawn.

use std::{
    os::unix::net::UnixStream,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use screen::{
    Panel, View,
    wire::{FromScreen, Preview, ToScreen},
};

/// How long between two tries to connect.
const RETRY: Duration = Duration::from_millis(300);
/// A firmware that does not read for so long is gone.
const PATIENCE: Duration = Duration::from_millis(500);

/// What came over the socket.
pub enum Heard {
    /// The pages stand on this glass.
    Panel(Panel),
    /// Show this.
    View(Box<View>),
    /// A preview frame waits; [`Link::newest_preview`] takes it.
    Preview,
    /// The firmware is not there any more.
    Gone,
}

/// The way to the firmware, while there is one.
#[derive(Clone, Default)]
pub struct Link {
    stream: Arc<Mutex<Option<UnixStream>>>,
    preview: Arc<Mutex<Option<Preview>>>,
}

impl Link {
    /// Starts a thread that keeps the socket connected for as long as the program
    /// runs and calls `hear`, on that thread, with all that comes. It ends when
    /// `hear` says that nobody listens any more.
    pub fn keep(socket: PathBuf, hear: impl FnMut(&Self, Heard) -> Listening + Send + 'static) -> Self {
        let link = Self::default();
        let own = link.clone();
        thread::Builder::new()
            .name("firmware socket".into())
            .spawn(move || own.run(&socket, hear))
            .expect("a thread can be started");
        link
    }

    /// Sends; what cannot be sent is lost, like a tap on a screen that is off.
    pub fn say(&self, message: &FromScreen) {
        let mut slot = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(stream) = slot.as_mut()
            && message.write(stream).is_err()
        {
            // The reading side notices, and connects anew.
            let _ = stream.shutdown(std::net::Shutdown::Both);
            *slot = None;
        }
    }

    /// The newest preview frame that nobody took yet.
    pub fn newest_preview(&self) -> Option<Preview> {
        self.preview.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn run(&self, socket: &std::path::Path, mut hear: impl FnMut(&Self, Heard) -> Listening) {
        loop {
            if let Ok(stream) = UnixStream::connect(socket)
                && let Ok(writing) = stream.try_clone()
                && writing.set_write_timeout(Some(PATIENCE)).is_ok()
            {
                *self.stream.lock().unwrap_or_else(PoisonError::into_inner) = Some(writing);
                let listening = self.listen(stream, &mut hear);
                *self.stream.lock().unwrap_or_else(PoisonError::into_inner) = None;
                // A face that was on its way must not wait for the next visit.
                drop(self.newest_preview());
                if listening == Listening::Over || hear(self, Heard::Gone) == Listening::Over {
                    return;
                }
            }
            thread::sleep(RETRY);
        }
    }

    /// Reads until the socket ends or breaks its format.
    fn listen(&self, stream: UnixStream, hear: &mut impl FnMut(&Self, Heard) -> Listening) -> Listening {
        let mut stream = std::io::BufReader::new(stream);
        while let Ok(message) = ToScreen::read(&mut stream) {
            let listening = match message {
                ToScreen::Panel(panel) => hear(self, Heard::Panel(panel)),
                ToScreen::Show(view) => hear(self, Heard::View(view)),
                ToScreen::Preview(frame) => {
                    let waiting =
                        self.preview.lock().unwrap_or_else(PoisonError::into_inner).replace(frame).is_some();
                    if waiting { Listening::On } else { hear(self, Heard::Preview) }
                }
            };
            if listening == Listening::Over {
                return listening;
            }
        }
        Listening::On
    }
}

/// Whether anybody still wants to hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listening {
    /// Yes.
    On,
    /// No; the thread may end.
    Over,
}

#[cfg(test)]
mod tests {
    use std::{os::unix::net::UnixListener, sync::mpsc};

    use screen::{Screen, Tap};

    use super::*;

    fn view(name: &str) -> ToScreen {
        ToScreen::Show(Box::new(View {
            screen: Screen::Hello { name: name.into(), birth_year: 1990 },
            language: screen::Language::Vi,
            look: screen::Look::default(),
            step: None,
            over: None,
            offers: screen::Offers::default(),
        }))
    }

    fn name_in(heard: Heard) -> String {
        match heard {
            Heard::View(view) => match view.screen {
                Screen::Hello { name, .. } => name,
                _ => "another page".into(),
            },
            Heard::Panel(_) => "panel".into(),
            Heard::Preview => "preview".into(),
            Heard::Gone => "gone".into(),
        }
    }

    fn linked() -> (tempfile::TempDir, UnixListener, Link, mpsc::Receiver<String>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("screen.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let (tell, told) = mpsc::channel();
        let link = Link::keep(path, move |_, heard| match tell.send(name_in(heard)) {
            Ok(()) => Listening::On,
            Err(_) => Listening::Over,
        });
        (folder, listener, link, told)
    }

    #[test]
    fn a_firmware_that_restarts_is_found_again() {
        let (_folder, listener, _link, told) = linked();
        for name in ["first", "second"] {
            let (mut firmware, _) = listener.accept().unwrap();
            std::io::Write::write_all(&mut firmware, &view(name).encode()).unwrap();
            assert_eq!(told.recv().unwrap(), name);
            drop(firmware);
            assert_eq!(told.recv().unwrap(), "gone");
        }
    }

    #[test]
    fn a_tap_reaches_the_firmware() {
        let (_folder, listener, link, told) = linked();
        let (mut firmware, _) = listener.accept().unwrap();
        std::io::Write::write_all(&mut firmware, &view("here").encode()).unwrap();
        told.recv().unwrap();
        link.say(&FromScreen::Tap(Tap::Agree));
        let expected = FromScreen::Tap(Tap::Agree).encode();
        let mut bytes = vec![0; expected.len()];
        std::io::Read::read_exact(&mut firmware, &mut bytes).unwrap();
        assert_eq!(bytes, *expected);
    }

    #[test]
    fn of_many_preview_frames_only_the_newest_waits() {
        let (_folder, listener, link, told) = linked();
        let (mut firmware, _) = listener.accept().unwrap();
        for shade in 1..=9 {
            let frame = ToScreen::Preview(Preview { width: 1, height: 1, rgb: vec![shade; 3].into() });
            std::io::Write::write_all(&mut firmware, &frame.encode()).unwrap();
        }
        std::io::Write::write_all(&mut firmware, &view("after").encode()).unwrap();
        assert_eq!(told.recv().unwrap(), "preview");
        // nobody took the first one, so the other eight were not announced
        assert_eq!(told.recv().unwrap(), "after");
        assert_eq!(link.newest_preview().unwrap().rgb.as_slice(), [9, 9, 9]);
        assert!(link.newest_preview().is_none());
    }

    #[test]
    fn a_message_that_breaks_the_format_ends_the_connection() {
        let (_folder, listener, _link, told) = linked();
        let (mut firmware, _) = listener.accept().unwrap();
        std::io::Write::write_all(&mut firmware, b"\0\0\0\x03v{}").unwrap();
        assert_eq!(told.recv().unwrap(), "gone");
    }
}
