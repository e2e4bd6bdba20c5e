//! An ESC/POS receipt printer on a pseudo-terminal, written from the command
//! reference and not from the driver: it takes its own view of every byte. It keeps
//! each receipt that it cuts as a picture, and answers status requests at once even
//! while it cannot print, as the real ones do. What was sent meanwhile waits in its
//! buffer and is printed when paper is back: a driver that forgets this doubles slips.

mod mechanism;

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use mechanism::{Mechanism, Reaction};

use crate::{
    scenario::PrinterScript,
    terminal::{Terminal, TerminalError},
};

/// The printer. Runs on a thread of its own; unplugged when dropped.
pub struct PaperPrinter {
    inside: Arc<Inside>,
    thread: Option<JoinHandle<()>>,
}

struct Inside {
    terminal: Terminal,
    folder: PathBuf,
    baud: Option<u32>,
    unplugged: AtomicBool,
    mechanism: Mutex<Mechanism>,
}

/// What kind of printer it is.
#[derive(Clone, Debug)]
pub struct PaperKind {
    /// Dots across the paper.
    pub dots: u32,
    /// The serial line's speed, if bytes shall take their time.
    pub baud: Option<u32>,
}

/// Why there is no pretend printer.
#[derive(Debug, thiserror::Error)]
pub enum PaperError {
    /// The port cannot be made.
    #[error("the pretend printer has no port")]
    Terminal(#[source] TerminalError),
    /// The folder for receipts cannot be made.
    #[error("cannot make the folder {}", folder.display())]
    Folder {
        /// Which.
        folder: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl PaperPrinter {
    /// Starts a printer that keeps each cut receipt as a PNG in `folder` and can be
    /// opened at `link`.
    pub fn start(
        folder: &Path,
        link: &Path,
        kind: &PaperKind,
        script: &PrinterScript,
    ) -> Result<Self, PaperError> {
        fs::create_dir_all(folder)
            .map_err(|source| PaperError::Folder { folder: folder.to_owned(), source })?;
        let inside = Arc::new(Inside {
            terminal: Terminal::open(link).map_err(PaperError::Terminal)?,
            folder: folder.to_owned(),
            baud: kind.baud,
            unplugged: AtomicBool::new(false),
            mechanism: Mutex::new(Mechanism::new(kind.dots, script)),
        });
        let thread = thread::spawn({
            let inside = Arc::clone(&inside);
            move || inside.run()
        });
        Ok(Self { inside, thread: Some(thread) })
    }

    /// Changes how the printer is. Waiting data are printed once nothing hinders.
    pub fn set(&self, script: &PrinterScript) {
        let reaction = self.inside.mechanism().set(script);
        self.inside.react(&reaction);
    }

    /// Switches the printer off line, or on again, by its button.
    pub fn set_offline(&self, offline: bool) {
        let reaction = self.inside.mechanism().set_offline(offline);
        self.inside.react(&reaction);
    }

    /// Lets the paper end after that many more rows of dots.
    pub fn end_paper_after(&self, rows: u32) {
        self.inside.mechanism().end_paper_after(rows);
    }

    /// Lets the printer fall silent: it takes data and answers nothing.
    pub fn hang(&self) {
        self.inside.mechanism().hang();
    }

    /// The receipts cut so far, oldest first.
    pub fn receipts(&self) -> Vec<PathBuf> {
        let cut = self.inside.mechanism().cut();
        (1..=cut).map(|number| self.inside.receipt(number)).collect()
    }

    /// Rows of dots printed since the last cut: half a receipt that hangs out.
    pub fn hanging_rows(&self) -> usize {
        self.inside.mechanism().hanging_rows()
    }

    /// Commands that the printer does not know, in the order in which they came.
    pub fn unknown(&self) -> Vec<String> {
        self.inside.mechanism().unknown().to_vec()
    }
}

impl Drop for PaperPrinter {
    fn drop(&mut self) {
        self.inside.unplugged.store(true, Ordering::SeqCst);
        self.inside.terminal.wake();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Inside {
    fn mechanism(&self) -> MutexGuard<'_, Mechanism> {
        self.mechanism.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        let mut bytes = [0; 4096];
        while let Ok(count) = self.terminal.read(&mut bytes) {
            if self.unplugged.load(Ordering::SeqCst) || count == 0 {
                return;
            }
            if let Some(baud) = self.baud {
                // Ten bits a byte: start, eight, stop.
                thread::sleep(Duration::from_secs_f64(count as f64 * 10.0 / f64::from(baud)));
            }
            let reaction = self.mechanism().take(&bytes[..count]);
            self.react(&reaction);
        }
    }

    fn receipt(&self, number: u32) -> PathBuf {
        self.folder.join(format!("receipt-{number:03}.png"))
    }

    fn react(&self, reaction: &Reaction) {
        for (number, picture) in &reaction.receipts {
            let path = self.receipt(*number);
            if let Err(error) = write_png(&path, picture) {
                // A test rig: the run is worth nothing without its paper.
                panic!("cannot write {}: {error}", path.display());
            }
        }
        let _ = self.terminal.write(&reaction.answer);
    }
}

/// One receipt: rows of `true` where black.
struct Picture {
    dots: u32,
    rows: Vec<Vec<bool>>,
}

fn write_png(path: &Path, picture: &Picture) -> Result<(), Box<dyn std::error::Error>> {
    let half = path.with_extension("part");
    let file = io::BufWriter::new(fs::File::create(&half)?);
    let mut encoder = png::Encoder::new(file, picture.dots, picture.rows.len() as u32);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let grey: Vec<u8> = picture.rows.iter().flatten().map(|black| if *black { 0 } else { 255 }).collect();
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&grey)?;
    writer.finish()?;
    // Whoever watches the folder sees a whole receipt or none.
    fs::rename(half, path)?;
    Ok(())
}
