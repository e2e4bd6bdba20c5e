//! The driver against a printer emulator of other people (PyPI `emupos`), which knows
//! nothing of our encoder: what it draws from the bytes must be what we drew.
//!
//! Found at `target/opponents/emupos/bin/emupos`; installed by
//! `tests/emupos/install.py`. Without it these tests are skipped, loudly, unless
//! `KIOSK_OPPONENTS` is set.

use std::{
    fs,
    io::{BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use devices::{Paper, PrinterFault, Raster, ReceiptPrinter};
use drivers::escpos::EscPosPrinter;
use keys::DeviceKey;
use opponents::Opponent;
use printing::{MaskedPhone, Matter, Slip, SlipFacts, check_slip};
use rand_core::UnwrapErr;
use screen::view::{Language, Text};
use tempfile::TempDir;
use transaction::TransactionId;

const DOTS: u32 = 576;

/// An emulator that runs, with one printer on a pseudo-terminal.
struct Emulator {
    process: Child,
    folder: TempDir,
    control: u16,
}

impl Emulator {
    fn start() -> Option<Self> {
        let program = program()?;
        let folder = TempDir::new().unwrap();
        let control = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config = format!(
            "schema: 1\napi: {{ host: 127.0.0.1, port: {control} }}\ndevices:\n  - id: receipt\n    \
             type: printer\n    profile: epson-tm-t20iii\n    connections: [{{ serial: {{ pty: true }} }}]\n    \
             receipts_dir: ./receipts\n"
        );
        fs::write(folder.path().join("emupos.yaml"), config).unwrap();
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let process = Command::new(program)
            .arg("run")
            .current_dir(folder.path())
            .env("TMPDIR", folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut emulator = Self { process, folder, control };
        emulator.wait_until_it_listens();
        Some(emulator)
    }

    fn wait_until_it_listens(&mut self) {
        let limit = Instant::now() + Duration::from_mins(1);
        while !(self.port().exists() && TcpStream::connect(("127.0.0.1", self.control)).is_ok()) {
            let ended = self.process.try_wait().unwrap();
            assert!(ended.is_none() && Instant::now() < limit, "emupos does not start:\n{}", self.log());
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn port(&self) -> PathBuf {
        self.folder.path().join("emupos/receipt")
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// The driver, once the emulator answers: it publishes its port before it reads it.
    async fn driver(&self) -> EscPosPrinter {
        // The speed of its own profile; a pseudo-terminal has none.
        let mut driver = EscPosPrinter::open(&self.port(), 9600, DOTS).unwrap();
        for _ in 0..20 {
            if driver.status().await != Err(PrinterFault::Unplugged) {
                return driver;
            }
        }
        panic!("emupos never answers:\n{}", self.log());
    }

    fn set(&self, fault: &str, method: &str) {
        let mut wire = TcpStream::connect(("127.0.0.1", self.control)).unwrap();
        write!(
            wire,
            "{method} /api/v1/devices/receipt/faults/{fault} HTTP/1.1\r\nHost: 127.0.0.1\r\n\
             Content-Type: application/json\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        wire.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    }

    /// The one receipt it has completed.
    fn receipt(&self) -> Grey {
        let pictures: Vec<PathBuf> = fs::read_dir(self.folder.path().join("receipts"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|kind| kind == "png"))
            .collect();
        let [picture] = &pictures[..] else { panic!("one receipt, not {pictures:?}") };
        Grey::read(picture)
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn program() -> Option<PathBuf> {
    Some(Opponent::Emupos.find()?.join("bin/emupos"))
}

struct Grey {
    width: u32,
    height: u32,
    dots: Vec<u8>,
}

impl Grey {
    fn read(path: &std::path::Path) -> Self {
        let mut decoder = png::Decoder::new(BufReader::new(fs::File::open(path).unwrap()));
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let mut dots = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut dots).unwrap();
        assert_eq!(info.color_type, png::ColorType::Grayscale);
        Self { width: info.width, height: info.height, dots }
    }

    fn assert_same(&self, picture: &Raster) {
        assert_eq!((self.width, self.height), (picture.width(), picture.height()));
        for (at, grey) in self.dots.iter().enumerate() {
            let (x, y) = (at as u32 % self.width, at as u32 / self.width);
            assert_eq!(*grey == 0, picture.is_black(x, y), "dot {x},{y}");
        }
    }
}

fn slip(key: &DeviceKey) -> Slip {
    let at = "2026-11-21T07:05:09Z".parse().unwrap();
    let transaction = TransactionId::new(at, &mut UnwrapErr(getrandom::SysRng));
    let kiosk: transaction::KioskId = "hn-nghiado-01".parse().unwrap();
    let facts = SlipFacts::kept(transaction, "MC-7F3K-29QD".parse().unwrap(), kiosk.clone(), at);
    Slip {
        matter: Matter::Request {
            service: Text::new("Kích hoạt tài khoản định danh điện tử", "Activate your e-ID account"),
            phone: MaskedPhone::parse("09x xxx x23"),
            next: None,
            code: facts.sign(key),
        },
        language: Language::Vi,
        kiosk,
        site: "Trung tâm Phục vụ hành chính công phường Nghĩa Đô".into(),
        at,
    }
}

#[tokio::test]
async fn another_peoples_printer_draws_our_slip_dot_by_dot() {
    let Some(emulator) = Emulator::start() else { return };
    let key = DeviceKey::generate(&mut UnwrapErr(getrandom::SysRng));
    let slip = slip(&key);
    let picture = slip.draw(DOTS).unwrap();
    assert_eq!(emulator.driver().await.print(&picture).await, Ok(Paper::Enough));
    let receipt = emulator.receipt();
    receipt.assert_same(&picture);
    // And what a second machine reads off that paper is what we signed.
    let code = rxing::helpers::detect_in_luma(
        receipt.dots.clone(),
        receipt.width,
        receipt.height,
        Some(rxing::BarcodeFormat::QR_CODE),
    )
    .unwrap();
    let facts = check_slip(code.getText(), &key.public()).unwrap();
    assert_eq!(facts.reference().as_str(), "MC-7F3K-29QD");
    let log = emulator.log();
    assert!(!log.contains("unknown"), "a command of ours is unknown to it:\n{log}");
}

#[tokio::test]
async fn another_peoples_printer_tells_each_fault_as_we_understand_it() {
    let Some(emulator) = Emulator::start() else { return };
    let mut driver = emulator.driver().await;
    for (fault, told) in [
        ("paper-near-end", Ok(Paper::Low)),
        ("paper-out", Err(PrinterFault::PaperOut)),
        ("cover-open", Err(PrinterFault::CoverOpen)),
        ("offline", Err(PrinterFault::Stuck)),
    ] {
        assert_eq!(driver.status().await, Ok(Paper::Enough));
        emulator.set(fault, "PUT");
        assert_eq!(driver.status().await, told, "{fault}");
        assert_eq!(driver.print(&Raster::white(DOTS, 8)).await, told, "{fault}");
        emulator.set(fault, "DELETE");
    }
}
