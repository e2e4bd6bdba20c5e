//! The code scanner's task: hands on what is the QR of a card, and nothing else.

use std::time::Duration;

use devices::{CodeScanner, Device, ScannerFault, State};
use identity::CardCode;
use journey::Event;
use tokio::time;

use crate::happened::{Happened, Job, Kind, Tell};

const LOOK_EVERY: Duration = Duration::from_secs(3);

/// Starts the task. `open` is called again whenever the scanner has gone.
pub fn start<S, O>(open: O, tell: Tell)
where
    S: CodeScanner + 'static,
    O: Fn() -> Result<S, ScannerFault> + Send + 'static,
{
    tokio::spawn(async move {
        let job = Job { kind: Kind::Scanner, number: 0 };
        let mut known = State::Starting;
        loop {
            let mut note = |state: State| {
                if known != state {
                    known = state;
                    tell.tell(Happened::Device(Device::CodeScanner, state));
                }
            };
            match open() {
                Ok(mut scanner) => {
                    note(State::Ready);
                    let fault = listen(&mut scanner, job, &tell).await;
                    note(State::Failed(fault.fault()));
                }
                Err(fault) => note(State::Failed(fault.fault())),
            }
            time::sleep(LOOK_EVERY).await;
        }
    });
}

async fn listen(scanner: &mut impl CodeScanner, job: Job, tell: &Tell) -> ScannerFault {
    loop {
        match scanner.next_code().await {
            Ok(text) => tell.work(
                job,
                match CardCode::parse(&text) {
                    Ok(code) => Event::CodeScanned(code),
                    Err(_) => Event::CodeNotOfCard,
                },
            ),
            Err(fault) => return fault,
        }
    }
}
