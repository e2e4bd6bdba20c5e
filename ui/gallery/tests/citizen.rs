//! The robot citizen walks through a small visit that a stand-in for `kioskd`
//! plays over the real socket, by pressing the real buttons.

use std::{
    io::{Read, Write},
    os::unix::net::{UnixListener, UnixStream},
    path::Path,
    process::{Command, Output},
    thread,
};

use screen::{
    Fault, Icon, Language, Look, Offers, Outcome, PaperOutcome, Screen, ServiceTile, Tap, Text, View,
    wire::{FromScreen, Preview, ToScreen, frame_length},
};

/// The other end of the socket.
struct StandIn {
    stream: UnixStream,
    language: Language,
    taps: Vec<Tap>,
}

impl StandIn {
    fn show(&mut self, screen: Screen) {
        let view = View {
            screen,
            language: self.language,
            look: Look::default(),
            step: None,
            over: None,
            offers: Offers { back: true, end: true },
        };
        self.stream.write_all(&ToScreen::Show(Box::new(view)).encode()).unwrap();
    }

    /// The next tap; signs of life are passed over.
    fn tap(&mut self) -> Option<Tap> {
        loop {
            let mut field = [0; 4];
            self.stream.read_exact(&mut field).ok()?;
            let mut message = vec![0; frame_length(field).unwrap()];
            self.stream.read_exact(&mut message).ok()?;
            if let FromScreen::Tap(tap) = FromScreen::decode(message[0], &message[1..]).unwrap() {
                self.taps.push(tap.clone());
                return Some(tap);
            }
        }
    }

    /// Shows a page and expects one tap on it.
    fn ask(&mut self, screen: Screen, expected: &Tap) {
        self.show(screen);
        assert!(self.tap().as_ref() == Some(expected), "{:?} instead of {expected:?}", self.taps.last());
    }
}

fn services(closed: Option<Fault>) -> Screen {
    Screen::ChooseService {
        services: vec![ServiceTile {
            id: "eid.activate".into(),
            icon: Icon::Account,
            title: Text::new("Kích hoạt định danh điện tử", "Activate your e-ID account"),
            about: Text::default(),
            closed,
        }],
    }
}

fn visit(kiosk: &mut StandIn) {
    kiosk.ask(Screen::Attract { closes_in: None, message: None }, &Tap::Language(Language::En));
    kiosk.language = Language::En;
    kiosk.ask(Screen::Attract { closes_in: None, message: None }, &Tap::Touch);
    kiosk.ask(services(None), &Tap::Service("eid.activate".into()));
    kiosk.ask(
        Screen::CardKey {
            digits: String::new(),
            scanner: false,
            tries_left: None,
            fault: Some(Fault::ScannerMissing),
        },
        &Tap::Key('0'),
    );
    kiosk.ask(
        Screen::CardKey { digits: "00015".into(), scanner: false, tries_left: None, fault: None },
        &Tap::Key('8'),
    );
    kiosk.ask(
        Screen::CardKey { digits: "000158".into(), scanner: false, tries_left: None, fault: None },
        &Tap::Continue,
    );
    kiosk.show(Screen::PlaceCard { fault: None });
}

/// After the card was laid.
fn rest_of_visit(kiosk: &mut StandIn) {
    kiosk.show(Screen::Face {
        hint: screen::FaceHint::HoldStill,
        percent: 10,
        attempt: 1,
        attempts: 3,
        gently: false,
        glow: screen::Glow::Off,
    });
    let frame = ToScreen::Preview(Preview { width: 40, height: 30, rgb: vec![120; 3600].into() });
    kiosk.stream.write_all(&frame.encode()).unwrap();
    let otp = |entered| Screen::Otp {
        sent_to: "09x xxx x58".into(),
        entered,
        resend_in: 30,
        tries_left: None,
        fault: None,
    };
    for (entered, digit) in "246813".chars().enumerate() {
        kiosk.ask(otp(entered as u8), &Tap::Key(digit));
    }
    kiosk.ask(otp(6), &Tap::Continue);
    let rules = screen::PasswordRules::default();
    let password = |entered| Screen::Password { entry: screen::Entry::First, entered, rules, fault: None };
    for (entered, letter) in "Ao-Dai-2026".chars().enumerate() {
        kiosk.ask(password(entered as u8), &Tap::Key(letter));
    }
    let outcome = |paper| Screen::Outcome { outcome: Outcome::Activated, reference: None, paper };
    kiosk.ask(outcome(PaperOutcome::Offered), &Tap::Print);
    kiosk.ask(outcome(PaperOutcome::Printed), &Tap::Continue);
    kiosk.ask(Screen::Done { rated: None }, &Tap::Rate(5));
    kiosk.ask(Screen::Done { rated: Some(5) }, &Tap::Continue);
    kiosk.show(Screen::Attract { closes_in: None, message: None });
    assert!(kiosk.tap().is_none(), "after the visit nobody taps any more");
}

fn send_citizen(folder: &Path, more: &[&str]) -> Output {
    let scenario = folder.join("scenario.toml");
    std::fs::write(&scenario, "title = 'x'\nperson = 'khue'\n[expect]\noutcome = 'activated'\n").unwrap();
    let path = |name: &str| folder.join(name).display().to_string();
    Command::new(env!("CARGO_BIN_EXE_pretend-citizen"))
        .args(["--socket", &path("screen.sock"), "--scenario", &path("scenario.toml")])
        .args(["--person-phone", "0912000158", "--otp", "246813", "--out", &path("out")])
        .args(["--card-digits", "000158", "--control-card", &path("card.sock")])
        .args(more)
        .output()
        .unwrap()
}

fn accept(listener: &UnixListener) -> StandIn {
    let (stream, _) = listener.accept().unwrap();
    StandIn { stream, language: Language::Vi, taps: Vec::new() }
}

#[test]
fn a_whole_visit_is_walked_by_pressing_real_buttons() {
    let folder = tempfile::tempdir().unwrap();
    let listener = UnixListener::bind(folder.path().join("screen.sock")).unwrap();
    let card = UnixListener::bind(folder.path().join("card.sock")).unwrap();
    let heard = |card: &UnixListener| {
        let mut line = String::new();
        card.accept().unwrap().0.read_to_string(&mut line).unwrap();
        line
    };
    let kioskd = thread::spawn(move || {
        let mut kiosk = accept(&listener);
        visit(&mut kiosk);
        assert_eq!(heard(&card), "lay\n");
        let lift = thread::spawn(move || heard(&card));
        rest_of_visit(&mut kiosk);
        assert_eq!(lift.join().unwrap(), "lift\n");
    });
    let output = send_citizen(folder.path(), &["--lang", "en"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    kioskd.join().unwrap();

    let text = std::fs::read_to_string(folder.path().join("out/walk.json")).unwrap();
    let walk: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(walk["outcome"], "activated");
    assert_eq!(walk["finished"], true);
    let pages: Vec<_> = walk["pages"].as_array().unwrap().iter().map(|page| page["page"].clone()).collect();
    for page in ["attract", "choose-service", "card-key", "place-card", "face", "otp", "outcome", "done"] {
        assert!(pages.contains(&page.into()), "{page} is missing in {pages:?}");
    }
    for page in walk["pages"].as_array().unwrap() {
        let picture = folder.path().join("out").join(page["picture"].as_str().unwrap());
        assert!(std::fs::metadata(&picture).unwrap().len() > 2000, "{}", picture.display());
    }
    assert!(text.contains("-face-hold-still.png"), "a picture does not say what the camera asks for: {text}");
    assert!(!text.contains("246813") && !text.contains("Ao-Dai"), "the record holds a secret");
}

#[test]
fn a_button_that_is_not_there_stops_the_citizen_with_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let listener = UnixListener::bind(folder.path().join("screen.sock")).unwrap();
    let kioskd = thread::spawn(move || {
        let mut kiosk = accept(&listener);
        kiosk.ask(Screen::Attract { closes_in: None, message: None }, &Tap::Touch);
        kiosk.show(services(Some(Fault::ReaderMissing)));
        assert!(kiosk.tap().is_none());
    });
    let output = send_citizen(folder.path(), &[]);
    assert!(!output.status.success());
    let line = String::from_utf8(output.stderr).unwrap();
    assert_eq!(line, "pretend-citizen: stuck at the page choose-service: the service is closed\n");
    kioskd.join().unwrap();
}

#[test]
fn a_machine_that_hangs_is_told_from_one_that_works() {
    let folder = tempfile::tempdir().unwrap();
    let listener = UnixListener::bind(folder.path().join("screen.sock")).unwrap();
    let kioskd = thread::spawn(move || {
        let mut kiosk = accept(&listener);
        kiosk.ask(Screen::Attract { closes_in: None, message: None }, &Tap::Touch);
        kiosk.show(Screen::Working { work: screen::Work::Sending });
        assert!(kiosk.tap().is_none());
    });
    let output = send_citizen(folder.path(), &["--patience", "1"]);
    assert_eq!(output.status.code(), Some(1));
    let line = String::from_utf8(output.stderr).unwrap();
    assert!(line.contains("stuck at the page working"), "{line}");
    kioskd.join().unwrap();
}

#[test]
fn an_unknown_option_is_said_in_one_line() {
    let output = Command::new(env!("CARGO_BIN_EXE_pretend-citizen")).arg("--sokcet").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let line = String::from_utf8(output.stderr).unwrap();
    assert!(line.starts_with("pretend-citizen: CONF-03:") && line.trim_end().lines().count() == 1, "{line}");
}
