//! The driver against the pretend printer, over a real pseudo-terminal.

use std::{path::Path, time::Duration};

use devices::{Paper, PrinterFault, Raster, ReceiptPrinter};
use drivers::escpos::EscPosPrinter;
use simulators::{
    paper::{PaperKind, PaperPrinter},
    scenario::PrinterScript,
};
use tempfile::TempDir;
use tokio::time::timeout;

const DOTS: u32 = 576;

struct Rig {
    paper: Option<PaperPrinter>,
    folder: TempDir,
}

impl Rig {
    fn new(script: &PrinterScript) -> Self {
        let mut rig = Self { paper: None, folder: TempDir::new().unwrap() };
        rig.plug_in(script);
        rig
    }

    fn plug_in(&mut self, script: &PrinterScript) {
        self.plug_in_at(None, script);
    }

    fn plug_in_at(&mut self, baud: Option<u32>, script: &PrinterScript) {
        let kind = PaperKind { dots: DOTS, baud };
        let receipts = self.folder.path().join("receipts");
        self.paper = Some(PaperPrinter::start(&receipts, &self.port(), &kind, script).unwrap());
    }

    fn port(&self) -> std::path::PathBuf {
        self.folder.path().join("kiosk-receipt")
    }

    fn driver(&self) -> EscPosPrinter {
        EscPosPrinter::open(&self.port(), 115_200, DOTS).unwrap()
    }

    fn paper(&self) -> &PaperPrinter {
        self.paper.as_ref().unwrap()
    }
}

/// White stretches, full rows and a pattern that holds every byte value, those of the
/// printer's commands too.
fn picture() -> Raster {
    let mut picture = Raster::white(DOTS, 700);
    for y in (0..700).filter(|y| y % 100 > 40) {
        for x in (0..DOTS).filter(|x| (x * 7 + y * 13) % 11 < 4 || y % 100 == 99) {
            picture.blacken(x, y);
        }
    }
    // `DLE EOT 1` and `DLE EOT 4` as dots: a printer answers them wherever they stand.
    for (y, bytes) in [(20, [0x10_u8, 0x04, 0x01]), (21, [0x10, 0x04, 0x04])] {
        for (at, byte) in bytes.iter().enumerate() {
            for bit in (0..8).filter(|bit| byte >> (7 - bit) & 1 == 1) {
                picture.blacken(at as u32 * 8 + bit, y);
            }
        }
    }
    picture
}

fn assert_same(path: &Path, picture: &Raster) {
    let decoder = png::Decoder::new(std::io::BufReader::new(std::fs::File::open(path).unwrap()));
    let mut reader = decoder.read_info().unwrap();
    let mut dots = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut dots).unwrap();
    assert_eq!(info.width, picture.width());
    assert!(info.height >= picture.height());
    for y in 0..info.height {
        for x in 0..info.width {
            let black = dots[(y * info.width + x) as usize] == 0;
            assert_eq!(black, picture.is_black(x, y), "dot {x},{y}");
        }
    }
}

#[tokio::test]
async fn every_dot_arrives_and_done_means_cut() {
    let rig = Rig::new(&PrinterScript::default());
    let picture = picture();
    assert_eq!(rig.driver().print(&picture).await, Ok(Paper::Enough));
    // No waiting here: the driver said that it is printed, so it is.
    let receipts = rig.paper().receipts();
    assert_eq!(receipts.len(), 1);
    assert_same(&receipts[0], &picture);
    assert!(rig.paper().unknown().is_empty(), "{:?}", rig.paper().unknown());
}

#[tokio::test]
async fn each_fault_is_told_and_nothing_is_sent() {
    let script = |paper_out, cover_open| PrinterScript { paper_out, cover_open, ..Default::default() };
    for (script, fault) in [
        (script(true, false), PrinterFault::PaperOut),
        (script(false, true), PrinterFault::CoverOpen),
        (script(true, true), PrinterFault::CoverOpen),
    ] {
        let rig = Rig::new(&script);
        let mut driver = rig.driver();
        assert_eq!(driver.status().await, Err(fault));
        assert_eq!(driver.print(&picture()).await, Err(fault));
        rig.paper().set(&PrinterScript::default());
        assert_eq!(driver.status().await, Ok(Paper::Enough));
        assert!(rig.paper().receipts().is_empty() && rig.paper().hanging_rows() == 0);
    }
}

#[tokio::test]
async fn a_printer_off_line_is_stuck_and_low_paper_prints() {
    let rig = Rig::new(&PrinterScript { paper_low: true, ..Default::default() });
    let mut driver = rig.driver();
    assert_eq!(driver.status().await, Ok(Paper::Low));
    assert_eq!(driver.print(&Raster::white(DOTS, 10)).await, Ok(Paper::Low));
    rig.paper().set_offline(true);
    assert_eq!(driver.status().await, Err(PrinterFault::Stuck));
}

#[tokio::test]
async fn paper_that_ends_in_a_slip_never_gives_two_slips() {
    let rig = Rig::new(&PrinterScript::default());
    let mut driver = rig.driver();
    rig.paper().end_paper_after(300);
    assert_eq!(driver.print(&picture()).await, Err(PrinterFault::PaperOut));
    // Staff puts a new roll in while the slip's rest waits in the printer; then it is
    // printed again on demand, and the rest must not come out of the cutter as well.
    let half = rig.paper().hanging_rows();
    assert!((300..700).contains(&half), "{half} rows hang out");
    assert_eq!(driver.status().await, Err(PrinterFault::PaperOut));
    rig.paper().set(&PrinterScript::default());
    assert_eq!(driver.print(&picture()).await, Ok(Paper::Enough));
    assert_eq!(rig.paper().receipts().len(), 1);
}

#[tokio::test]
async fn paper_that_ends_with_the_last_row_is_not_called_printed() {
    let rig = Rig::new(&PrinterScript::default());
    let mut driver = rig.driver();
    let mut picture = Raster::white(DOTS, 40);
    picture.blacken(0, 39);
    rig.paper().end_paper_after(39);
    assert_eq!(driver.print(&picture).await, Err(PrinterFault::PaperOut));
    assert!(rig.paper().receipts().is_empty());
}

#[tokio::test]
async fn a_pulled_plug_is_told_and_the_same_driver_finds_the_printer_again() {
    let mut rig = Rig::new(&PrinterScript::default());
    let mut driver = rig.driver();
    assert_eq!(driver.status().await, Ok(Paper::Enough));
    rig.paper = None;
    assert_eq!(driver.status().await, Err(PrinterFault::Unplugged));
    assert_eq!(driver.status().await, Err(PrinterFault::Unplugged));
    rig.plug_in(&PrinterScript::default());
    assert_eq!(driver.print(&picture()).await, Ok(Paper::Enough));
    assert_same(&rig.paper().receipts()[0], &picture());
}

#[tokio::test]
async fn a_printer_that_answers_nothing_counts_as_gone_within_seconds() {
    let rig = Rig::new(&PrinterScript::default());
    let mut driver = rig.driver();
    rig.paper().hang();
    let told = timeout(Duration::from_secs(3), driver.status()).await.expect("told in time");
    assert_eq!(told, Err(PrinterFault::Unplugged));
}

#[tokio::test]
async fn a_port_that_another_program_holds_is_busy() {
    let rig = Rig::new(&PrinterScript::default());
    let _holder = rig.driver();
    let second = EscPosPrinter::open(&rig.port(), 115_200, DOTS);
    assert_eq!(second.err(), Some(PrinterFault::PortBusy));
    let missing = EscPosPrinter::open(Path::new("/dev/no-such-port"), 115_200, DOTS);
    assert_eq!(missing.err(), Some(PrinterFault::Unplugged));
}

#[tokio::test]
async fn a_slip_that_was_given_up_half_way_is_cleared_before_the_next() {
    let mut rig = Rig::new(&PrinterScript::default());
    rig.plug_in_at(Some(115_200), &PrinterScript::default());
    let mut driver = rig.driver();
    let given_up = timeout(Duration::from_millis(900), driver.print(&picture())).await;
    assert!(given_up.is_err(), "30 KB went over a slow line in 0.9 s");
    let begun = rig.paper().hanging_rows();
    assert!(begun > 0, "nothing was printed before the caller gave up");
    assert_eq!(driver.print(&picture()).await, Ok(Paper::Enough));
    assert_eq!(rig.paper().receipts().len(), 1);
    assert!(rig.paper().unknown().is_empty(), "{:?}", rig.paper().unknown());
}
