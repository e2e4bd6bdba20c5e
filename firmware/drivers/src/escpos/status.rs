//! What the printer's status bytes mean. Each kind has fixed bits of its own, so an
//! answer to another question is never taken for the one that is awaited.

use devices::{Paper, PrinterFault};

/// Is it an answer to `DLE EOT`?
pub(super) fn is_real_time(byte: u8) -> bool {
    byte & 0x93 == 0x12
}

/// Is it an answer to `GS r 1`?
pub(super) fn is_report(byte: u8) -> bool {
    byte & 0xF0 == 0x00
}

/// `DLE EOT 1`: off line, for whatever reason?
pub(super) fn is_offline(byte: u8) -> bool {
    byte & 0x08 != 0
}

/// `DLE EOT 2`, `3` and `4`: how the printer is, and why it is off line if it is.
pub(super) fn understand(offline: bool, why: u8, error: u8, sensors: u8) -> Result<Paper, PrinterFault> {
    if why & 0x04 != 0 {
        // An open cover also looks like missing paper; closing it comes first.
        Err(PrinterFault::CoverOpen)
    } else if why & 0x20 != 0 || sensors & 0x60 != 0 {
        Err(PrinterFault::PaperOut)
    } else if offline || why & 0x40 != 0 || error & 0x68 != 0 {
        Err(PrinterFault::Stuck)
    } else if sensors & 0x0C != 0 {
        Ok(Paper::Low)
    } else {
        Ok(Paper::Enough)
    }
}

/// `GS r 1`: how much paper is left after the job.
pub(super) fn paper_after(report: u8) -> Paper {
    if report & 0x03 != 0 { Paper::Low } else { Paper::Enough }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Status bytes as a TM-T20III gives them.
    #[test]
    fn each_fault_is_told_from_the_others() {
        let check = |bytes: [u8; 4], expected| {
            assert!(bytes.iter().all(|byte| is_real_time(*byte) && !is_report(*byte)));
            let offline = is_offline(bytes[0]);
            assert_eq!(understand(offline, bytes[1], bytes[2], bytes[3]), expected);
        };
        check([0x12, 0x12, 0x12, 0x12], Ok(Paper::Enough));
        check([0x12, 0x12, 0x12, 0x1E], Ok(Paper::Low));
        check([0x1A, 0x32, 0x12, 0x7E], Err(PrinterFault::PaperOut));
        check([0x1A, 0x16, 0x12, 0x12], Err(PrinterFault::CoverOpen));
        check([0x1A, 0x36, 0x12, 0x7E], Err(PrinterFault::CoverOpen));
        check([0x1A, 0x12, 0x12, 0x12], Err(PrinterFault::Stuck));
        check([0x1A, 0x52, 0x1A, 0x12], Err(PrinterFault::Stuck));
    }

    #[test]
    fn flow_control_is_no_status() {
        for byte in [0x11, 0x13] {
            assert!(!is_real_time(byte));
        }
    }
}
