//! The scanner's driver against the pretend scanner, over a real pseudo-terminal.

use devices::{CodeScanner, ScannerFault};
use drivers::code_scanner::SerialScanner;
use simulators::code_scanner::PretendScanner;
use tempfile::TempDir;

const CODE: &str = "001190000123|012345678|Nguyễn Thị Khuê|01021990|Nữ|Số 1, Nghĩa Đô, Hà Nội|01012022";

#[tokio::test]
async fn a_cards_code_arrives_with_every_mark_and_twice_if_shown_twice() {
    let folder = TempDir::new().unwrap();
    let port = folder.path().join("kiosk-scanner");
    let pretend = PretendScanner::start(&port).unwrap();
    let mut scanner = SerialScanner::open(&port, 9600).unwrap();
    for _ in 0..2 {
        pretend.scan(CODE).unwrap();
        assert_eq!(*scanner.next_code().await.unwrap(), CODE);
    }
}

#[tokio::test]
async fn a_pulled_scanner_is_told_and_found_again() {
    let folder = TempDir::new().unwrap();
    let port = folder.path().join("kiosk-scanner");
    let pretend = PretendScanner::start(&port).unwrap();
    let mut scanner = SerialScanner::open(&port, 9600).unwrap();
    drop(pretend);
    assert_eq!(scanner.next_code().await, Err(ScannerFault::Unplugged));
    assert_eq!(scanner.next_code().await, Err(ScannerFault::Unplugged));
    let pretend = PretendScanner::start(&port).unwrap();
    let (code, ()) = tokio::join!(scanner.next_code(), async {
        // The driver opens the port when it is asked; what was sent before is lost.
        tokio::task::yield_now().await;
        pretend.scan(CODE).unwrap();
    });
    assert_eq!(*code.unwrap(), CODE);
}
