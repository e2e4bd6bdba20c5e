//! What the kiosk needs from hardware: one trait a device, plain states, no
//! driver. `drivers` implements the traits over real buses, `simulators` over
//! pretend ones; a daemon chooses between them and nobody else can tell.

pub mod camera;
pub mod contract;
pub mod light;
pub mod printer;
pub mod scanner;
pub mod state;

pub use chip_reader::{CardReader, Presence, ReaderFault, ShortLength};

pub use camera::{CameraFault, Frame, FrameSource, Held, Pixels};
pub use light::Light;
pub use printer::{Paper, PrinterFault, Raster, ReceiptPrinter};
pub use scanner::{CodeScanner, ScannerFault};
pub use state::{Device, State};
