//! The walk itself: views in, pictures kept, presses on the real pages out.

use std::{
    cell::RefCell,
    io::{self, Write},
    iter,
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    rc::Rc,
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use gallery::{Stage, StageError};
use kiosk_ui::link::{Heard, Link, Listening};
use screen::{Over, Screen, View, wire::FromScreen};

use crate::{
    arguments::Arguments,
    labels::{self, Label},
    robot::{Act, Somebody},
    walk::{self, Shown, TapMade, Walk},
};

/// Where the emblem stands on every page, and for how long it is held (`bars.slint`).
const EMBLEM: (f32, f32) = (60.0, 48.0);
const EMBLEM_HELD: Duration = Duration::from_millis(2100);
/// How long a card is off the reader that is lifted and laid down again: a reader looks at its
/// field a few times a second, and no hand is faster than that.
const HAND: Duration = Duration::from_secs(1);

/// Why a walk could not be walked.
#[derive(Debug, thiserror::Error)]
pub enum WalkError {
    /// The pages cannot be drawn or kept.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// A simulator's control socket cannot be reached.
    #[error("cannot tell {} to {line}: {source}", path.display())]
    Control {
        /// Whose socket.
        path: PathBuf,
        /// What it should have heard.
        line: String,
        /// Why.
        source: io::Error,
    },
    /// The visit does not go on.
    #[error("stuck at the page {page}: {why}")]
    Stuck {
        /// Where.
        page: String,
        /// Why.
        why: String,
    },
}

/// A citizen before the pages.
pub struct Visit<'a> {
    arguments: &'a Arguments,
    stage: Stage,
    somebody: Box<dyn Somebody>,
    link: Link,
    walk: Rc<RefCell<Walk>>,
    page: Rc<RefCell<String>>,
    start: Instant,
    pictured: Option<Look>,
    preview_seen: bool,
    lifted: Option<Instant>,
}

/// What makes a page look different enough for another picture.
#[derive(Clone, PartialEq)]
struct Look {
    page: String,
    language: screen::Language,
    over: Option<std::mem::Discriminant<Over>>,
    /// What the camera asks for, as the record has it.
    hint: Option<String>,
    special: String,
}

impl<'a> Visit<'a> {
    /// Opens the pages and the socket.
    pub fn new(
        arguments: &'a Arguments,
        somebody: Box<dyn Somebody>,
    ) -> Result<(Self, mpsc::Receiver<Heard>), WalkError> {
        let stage = Stage::open(arguments.size.0, arguments.size.1)?;
        let (tell, told) = mpsc::channel();
        let link = Link::keep(arguments.socket.clone(), move |_, heard| match tell.send(heard) {
            Ok(()) => Listening::On,
            Err(_) => Listening::Over,
        });
        let walk = Rc::new(RefCell::new(Walk::default()));
        let page = Rc::new(RefCell::new(String::new()));
        let start = Instant::now();
        let (sink_link, sink_walk, sink_page) = (link.clone(), walk.clone(), page.clone());
        kiosk_ui::on_tap(stage.app(), move |tap| {
            sink_walk.borrow_mut().taps.push(TapMade {
                page: sink_page.borrow().clone(),
                at_ms: start.elapsed().as_millis() as u64,
                tap: format!("{tap:?}"),
            });
            sink_link.say(&FromScreen::Tap(tap));
        });
        let visit = Self {
            arguments,
            stage,
            somebody,
            link,
            walk,
            page,
            start,
            pictured: None,
            preview_seen: false,
            lifted: None,
        };
        Ok((visit, told))
    }

    /// Walks until the machine waits for the next citizen; the record is complete
    /// whatever comes.
    pub fn walk(mut self, told: &mpsc::Receiver<Heard>) -> (Walk, Result<(), WalkError>) {
        let ended = self.go(told);
        let mut walk = self.walk.take();
        walk.outcome = self.somebody.outcome();
        walk.finished = ended.is_ok();
        walk.stuck = ended.as_ref().err().map(ToString::to_string);
        (walk, ended)
    }

    fn go(&mut self, told: &mpsc::Receiver<Heard>) -> Result<(), WalkError> {
        let mut last_change = Instant::now();
        let mut drawn_at = Instant::now();
        loop {
            let heard = match told.recv_timeout(Duration::from_millis(100)) {
                Ok(heard) => newest(heard, told, |view| self.walk.borrow_mut().hear(&view.screen)),
                Err(RecvTimeoutError::Timeout) => Vec::new(),
                Err(RecvTimeoutError::Disconnected) => return self.stuck("the socket's thread ended"),
            };
            self.stage.pass(drawn_at.elapsed());
            drawn_at = Instant::now();
            for one in heard {
                match one {
                    Heard::View(view) => {
                        if self.on_view(&view)? == Progress::Finished {
                            return Ok(());
                        }
                        last_change = Instant::now();
                    }
                    Heard::Panel(panel) => self.stage.stand_on(panel),
                    Heard::Preview => self.on_preview()?,
                    Heard::Gone => return self.stuck("kioskd closed the socket"),
                }
            }
            if last_change.elapsed() > self.arguments.patience {
                return self.stuck("nothing changed any more");
            }
        }
    }

    fn on_view(&mut self, view: &View) -> Result<Progress, WalkError> {
        let page = name_of(&view.screen);
        if *self.page.borrow() != page {
            self.preview_seen = false;
            self.page.replace(page.clone());
        }
        self.stage.show(view);
        self.link.say(&FromScreen::Drawn);
        self.picture(view)?;
        loop {
            let act = self.somebody.consider(&page, view);
            match act {
                Act::Over => return Ok(Progress::Finished),
                Act::LiftCard => {
                    tell(self.arguments.control_card.as_deref(), "lift")?;
                    self.lifted = Some(Instant::now());
                }
                other => {
                    self.perform(other, view)?;
                    return Ok(Progress::GoesOn);
                }
            }
        }
    }

    fn on_preview(&mut self) -> Result<(), WalkError> {
        let Some(frame) = self.link.newest_preview() else { return Ok(()) };
        kiosk_ui::show_preview(self.stage.app(), &frame);
        if *self.page.borrow() == "face" && !self.preview_seen {
            self.preview_seen = true;
            self.stage.pass(Duration::from_millis(20));
            if let Some(look) = self.pictured.clone() {
                self.keep_picture(&look)?;
            }
        }
        Ok(())
    }

    fn perform(&self, act: Act, view: &View) -> Result<(), WalkError> {
        match act {
            Act::Press(label) => self.press(label.words(view.language)),
            Act::PressText(words) => self.press(&words),
            Act::Type(letter) => self.type_letter(letter, view.language),
            Act::LayCard => {
                let lifted = self.lifted.map_or(HAND, |at| at.elapsed());
                thread::sleep(HAND.saturating_sub(lifted));
                tell(self.arguments.control_card.as_deref(), "lay")
            }
            Act::ShowCode => tell(self.arguments.control_scanner.as_deref(), "scan"),
            Act::Move(hint) => tell(self.arguments.control_body.as_deref(), &hint),
            Act::HoldEmblem => {
                self.stage.hold(EMBLEM, EMBLEM_HELD);
                Ok(())
            }
            Act::PutPaperIn => tell(self.arguments.control_scanner.as_deref(), "paper-enough"),
            Act::Stuck(why) => self.stuck(why),
            Act::Wait | Act::LiftCard | Act::Over => Ok(()),
        }
    }

    fn press(&self, words: &str) -> Result<(), WalkError> {
        match self.stage.button(words) {
            Some(button) => {
                self.stage.press(&button);
                Ok(())
            }
            None => self.stuck(&format!("there is no button '{words}' that can be pressed")),
        }
    }

    /// Finds the key, turning the keyboard over where it must.
    fn type_letter(&self, letter: char, language: screen::Language) -> Result<(), WalkError> {
        let say = |label: Label| label.words(language);
        for _ in 0..4 {
            if let Some(key) = self.stage.button(&letter.to_string()) {
                self.stage.press(&key);
                return Ok(());
            }
            let ways = if letter.is_uppercase() {
                [labels::LETTERS, labels::CAPITALS]
            } else if letter.is_lowercase() {
                [labels::LETTERS, labels::SMALL]
            } else {
                [labels::SIGNS, labels::SIGNS]
            };
            match ways.into_iter().find_map(|way| self.stage.button(say(way))) {
                Some(way) => self.stage.press(&way),
                None => break,
            }
        }
        // which key is a secret
        self.stuck("a key that the citizen needs is not on the keyboard")
    }

    /// Keeps a picture where a person would notice the difference.
    fn picture(&mut self, view: &View) -> Result<(), WalkError> {
        let look = Look {
            page: self.page.borrow().clone(),
            language: view.language,
            over: view.over.as_ref().map(std::mem::discriminant),
            hint: walk::hint(&view.screen),
            special: special(&view.screen),
        };
        if self.pictured.as_ref() != Some(&look) {
            self.keep_picture(&look)?;
            self.pictured = Some(look);
        }
        Ok(())
    }

    fn keep_picture(&self, look: &Look) -> Result<(), WalkError> {
        let mut walk = self.walk.borrow_mut();
        let picture = walk.picture_name(&look.page, look.hint.as_deref());
        self.stage.save(&self.arguments.out.join(&picture))?;
        walk.pages.push(Shown {
            page: look.page.clone(),
            at_ms: self.start.elapsed().as_millis() as u64,
            language: look.language,
            picture,
        });
        Ok(())
    }

    fn stuck<T>(&self, why: &str) -> Result<T, WalkError> {
        Err(WalkError::Stuck { page: self.page.borrow().clone(), why: why.to_owned() })
    }
}

/// Writes a line to a simulator's control socket, where there is one.
fn tell(socket: Option<&Path>, line: &str) -> Result<(), WalkError> {
    let Some(path) = socket else { return Ok(()) };
    let failed = |source| WalkError::Control { path: path.to_owned(), line: line.to_owned(), source };
    let mut stream = UnixStream::connect(path).map_err(failed)?;
    stream.write_all(format!("{line}\n").as_bytes()).map_err(failed)
}

/// Whether the walk goes on.
#[derive(PartialEq)]
enum Progress {
    GoesOn,
    Finished,
}

/// All that waits, but of several views in a row only the newest: the ones before
/// are history that nobody can press on any more. Each is noted, history too.
fn newest(first: Heard, told: &mpsc::Receiver<Heard>, mut note: impl FnMut(&View)) -> Vec<Heard> {
    let mut all: Vec<Heard> = Vec::new();
    for next in iter::once(first).chain(told.try_iter()) {
        if let Heard::View(view) = &next {
            note(view);
        }
        if matches!((all.last(), &next), (Some(Heard::View(old)), Heard::View(new))
            if std::mem::discriminant(&old.screen) == std::mem::discriminant(&new.screen))
        {
            all.pop();
        }
        all.push(next);
    }
    all
}

/// The page's name on the wire.
fn name_of(screen: &Screen) -> String {
    let value = serde_json::to_value(screen).expect("a screen is plain data");
    value["page"].as_str().expect("a screen has a page").to_owned()
}

/// What, beside the page itself, is worth another picture.
fn special(screen: &Screen) -> String {
    match screen {
        Screen::CardKey { fault, .. }
        | Screen::PlaceCard { fault }
        | Screen::Phone { fault, .. }
        | Screen::Otp { fault, .. }
        | Screen::OfficerNumber { fault, .. }
        | Screen::OfficerPin { fault, .. }
        | Screen::StaffBadge { fault } => format!("{fault:?}"),
        Screen::OfficersConfirm { signed, .. } => format!("{signed:?}"),
        Screen::StaffSignIn { fault, locked_for, .. } => format!("{fault:?} {}", locked_for.is_some()),
        Screen::Staff { note, devices, .. } => format!("{note:?} {devices:?}"),
        Screen::Password { entry, fault, .. } | Screen::Passcode { entry, fault, .. } => {
            format!("{entry:?} {fault:?}")
        }
        Screen::ReadingCard { stage, .. } => format!("{stage:?}"),
        Screen::FaceNotMatched { attempt, .. } => format!("{attempt}"),
        Screen::Working { work } => format!("{work:?}"),
        Screen::Question { number, chosen, fault, .. } => format!("{number} {chosen:?} {fault:?}"),
        Screen::Outcome { outcome, paper, .. } => format!("{outcome:?} {paper:?}"),
        Screen::Done { rated } => format!("{rated:?}"),
        _ => String::new(),
    }
}
