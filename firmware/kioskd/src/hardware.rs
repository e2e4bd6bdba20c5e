//! The only place that names a driver or a simulator. A production build has no
//! simulators: the feature that brings them does not compile without debug checks.

use std::{sync::Mutex, time::Duration};

use boards::Board;
use card_faults::Listed as _;
use devices::{CameraFault, CardReader, FrameSource, Light, PrinterFault, ScannerFault};
use drivers::{
    code_scanner::SerialScanner,
    escpos::EscPosPrinter,
    gpio::Lamp,
    pcsc::{PcscReader, SlotChoice, SlotKind},
    v4l::{CameraSettings, Mains, UsbProduct, V4lCamera},
};
use faults::Fault;
use screen::Glow;

use crate::{
    card_desk::{self, CardDesk},
    face_desk::{self, FaceDesk},
    happened::Tell,
    paper_desk::{NoPrinter, PaperDesk},
    scanner_desk,
};

#[cfg(all(feature = "simulators", not(debug_assertions)))]
compile_error!("simulators are never linked into a production build");

/// Starts the card reader's thread.
pub fn card(board: &Board, tools: card_desk::Tools) -> CardDesk {
    #[cfg(feature = "simulators")]
    if let Some(reader) = crate::pretend::card() {
        return CardDesk::start(move || Ok(Box::new(reader.clone())), tools);
    }
    let slot = card_slot(board);
    CardDesk::start(move || Ok(Box::new(PcscReader::open(slot.clone())?)), tools)
}

/// The card reader, once.
pub fn open_reader(board: &Board) -> card_desk::Opened {
    #[cfg(feature = "simulators")]
    if let Some(reader) = crate::pretend::card() {
        return Ok(Box::new(reader));
    }
    Ok(Box::new(PcscReader::open(card_slot(board))?))
}

/// The citizen lays the card on a field; a reader's slots for inserted cards are not meant.
fn card_slot(board: &Board) -> SlotChoice {
    SlotChoice::named(board.reader.name.as_str()).of_kind(SlotKind::Contactless)
}

/// Starts the camera's thread.
pub fn face(board: &Board, tools: face_desk::Tools) -> FaceDesk {
    let part = board.camera.clone();
    let device = part.device.clone();
    let is_there = move || {
        #[cfg(feature = "simulators")]
        if crate::pretend::is_camera() {
            return true;
        }
        device.path().exists()
    };
    let open = move || -> face_desk::Opened {
        #[cfg(feature = "simulators")]
        if let Some(camera) = crate::pretend::camera() {
            return camera;
        }
        if !part.device.path().exists() {
            return Err(CameraFault::Unplugged);
        }
        Ok(Box::new(V4lCamera::new(part.device.path(), camera_settings(&part))))
    };
    FaceDesk::start(open, is_there, tools)
}

/// What the page of the face shines on whoever stands before it. A pretended camera cannot
/// see it, so it is told.
pub fn shine(glow: Glow) {
    #[cfg(feature = "simulators")]
    crate::pretend::shine(glow);
    tracing::trace!(?glow, "the page's light");
}

fn camera_settings(part: &boards::Camera) -> CameraSettings {
    CameraSettings {
        driver: part.driver.as_str().to_owned(),
        product: part.usb.numbers().map(|(vendor, product)| UsbProduct { vendor, product }),
        width: part.width.get(),
        height: part.height.get(),
        frames_per_second: part.frames_per_second.get(),
        mains: if part.mains_hertz.get() == 60 { Mains::Hertz60 } else { Mains::Hertz50 },
        backlight: part.backlight_compensation.get(),
    }
}

/// Starts the printer's task.
pub fn paper(board: &Board, tell: Tell) -> PaperDesk {
    match board.receipt_printer.clone() {
        None => PaperDesk::start(|| Ok(NoPrinter), tell),
        Some(part) => {
            let open = move || -> Result<_, PrinterFault> {
                EscPosPrinter::open(part.port.path(), part.baud.get(), part.dots.get())
            };
            PaperDesk::start(open, tell)
        }
    }
}

/// Starts the scanner's task, where there is a scanner.
pub fn scanner(board: &Board, tell: Tell) {
    if let Some(part) = board.code_scanner.clone() {
        let open =
            move || -> Result<_, ScannerFault> { SerialScanner::open(part.port.path(), part.baud.get()) };
        scanner_desk::start(open, tell);
    }
}

/// The lamp that fills a dark face, where there is one.
pub fn fill_light(board: &Board) -> Option<Mutex<Box<dyn Light>>> {
    #[cfg(feature = "simulators")]
    if let Some(lamp) = crate::pretend::fill_light() {
        return Some(Mutex::new(lamp));
    }
    let pin = board.lights.as_ref()?.fill_pin.get() as u8;
    match Lamp::open(pin) {
        Ok(lamp) => Some(Mutex::new(Box::new(lamp))),
        Err(error) => {
            tracing::warn!(%error, "no fill light");
            None
        }
    }
}

/// Opens every device once and says how each is; the first that fails is the error.
pub fn check(board: &Board) -> Result<(), Fault> {
    let reader = PcscReader::open(card_slot(board)).and_then(|mut reader| {
        // A reader that is there but has no card answers this too.
        reader.wait_for_card(Duration::ZERO).map(drop)
    });
    let part = &board.camera;
    let camera = V4lCamera::new(part.device.path(), camera_settings(part)).start();
    let printer = board.receipt_printer.as_ref().map(|part| {
        let port = EscPosPrinter::open(part.port.path(), part.baud.get(), part.dots.get());
        port.map(drop).map_err(PrinterFault::fault)
    });
    let scanner = board.code_scanner.as_ref().map(|part| {
        let port = SerialScanner::open(part.port.path(), part.baud.get());
        port.map(drop).map_err(ScannerFault::fault)
    });
    let checked = [
        ("card reader", Some(reader.map_err(|fault| fault.fault()))),
        ("camera", Some(camera.map_err(CameraFault::fault))),
        ("receipt printer", printer),
        ("code scanner", scanner),
    ];
    let mut failed = None;
    for (name, answer) in checked {
        match answer {
            None => println!("{name}: none on this machine"),
            Some(Ok(())) => println!("{name}: works"),
            Some(Err(fault)) => {
                println!("{name}: {fault}");
                failed = failed.or(Some(fault));
            }
        }
    }
    failed.map_or(Ok(()), Err)
}
