//! What the audit log is told of things that other crates know in more detail.

use card::{FileId, Protocol, ReadLog};
use devices::{Device, State};
use face::{FaceEvidence, FaceMatch, NoMatch, NotLive, Score, Why};
use identity::{ChipGenuineness, Identity};

/// Which files of the chip were read, and how it was opened.
pub fn card_read(access: Protocol, log: &ReadLog) -> audit::Event {
    audit::Event::CardRead {
        files: log.files.iter().map(|file| card_file(*file)).collect(),
        access: match access {
            Protocol::Bac => audit::CardAccess::Bac,
            Protocol::Pace { .. } => audit::CardAccess::Pace,
        },
        apdus: log.apdus.try_into().unwrap_or(u16::MAX),
    }
}

fn card_file(file: FileId) -> audit::CardFile {
    match file {
        FileId::AtrInfo => audit::CardFile::AtrInfo,
        FileId::Dir => audit::CardFile::Dir,
        FileId::CardAccess => audit::CardFile::CardAccess,
        FileId::CardSecurity => audit::CardFile::CardSecurity,
        FileId::Com => audit::CardFile::Com,
        FileId::Sod => audit::CardFile::Sod,
        FileId::Dg1 => audit::CardFile::Dg1,
        FileId::Dg2 => audit::CardFile::Dg2,
        FileId::Dg3 => audit::CardFile::Dg3,
        FileId::Dg4 => audit::CardFile::Dg4,
        FileId::Dg5 => audit::CardFile::Dg5,
        FileId::Dg7 => audit::CardFile::Dg7,
        FileId::Dg8 => audit::CardFile::Dg8,
        FileId::Dg9 => audit::CardFile::Dg9,
        FileId::Dg10 => audit::CardFile::Dg10,
        FileId::Dg11 => audit::CardFile::Dg11,
        FileId::Dg12 => audit::CardFile::Dg12,
        FileId::Dg13 => audit::CardFile::Dg13,
        FileId::Dg14 => audit::CardFile::Dg14,
        FileId::Dg15 => audit::CardFile::Dg15,
        FileId::Dg16 => audit::CardFile::Dg16,
        // A file that `card` learns to read later is on record before it has a word here.
        _ => audit::CardFile::Other,
    }
}

/// The card is its issuer's; whether its chip is the original, too.
pub fn identity_verified(who: &Identity) -> audit::Event {
    audit::Event::IdentityVerified {
        chip: match who.evidence().chip {
            ChipGenuineness::Proven { .. } => audit::ChipGenuineness::Proven,
            ChipGenuineness::NotOffered => audit::ChipGenuineness::NotOffered,
            // A chip that failed makes no identity.
            ChipGenuineness::NotChecked { .. } | ChipGenuineness::Failed { .. } => {
                audit::ChipGenuineness::NotChecked
            }
        },
    }
}

/// What one try of the face came to.
pub fn face_tried(number: u8, came_to: Result<&FaceMatch, &NoMatch>) -> audit::Event {
    use face::FaceHint::{HoldStill, NoFace, OnePerson};
    let (decision, reason, score) = match came_to {
        Ok(matched) => {
            let score = match matched.evidence() {
                FaceEvidence::Camera(evidence) => Some(evidence.score),
                FaceEvidence::Officers(_) | FaceEvidence::Vneid(_) => None,
            };
            (audit::FaceDecision::Matched, audit::FaceReason::None, score)
        }
        Err(no) => {
            let decision = match no.why {
                Why::Different => audit::FaceDecision::NotMatched,
                Why::Uncertain => audit::FaceDecision::GreyZone,
                Why::NotLive(_) => audit::FaceDecision::NotLive,
                // The camera's faults, not somebody's attack.
                Why::Frozen => audit::FaceDecision::Frozen,
                Why::Damaged => audit::FaceDecision::Damaged,
                Why::Unsteady => audit::FaceDecision::Unsteady,
                Why::UpsideDown => audit::FaceDecision::UpsideDown,
                Why::TookTooLong(NoFace) => audit::FaceDecision::NoFace,
                Why::TookTooLong(OnePerson) => audit::FaceDecision::SeveralFaces,
                // Nothing was wrong with the picture.
                Why::TookTooLong(HoldStill) | Why::MovedTooLong | Why::NotFinished => {
                    audit::FaceDecision::TooLong
                }
                Why::TookTooLong(_) => audit::FaceDecision::PoorPicture,
                Why::NoPassiveModel => audit::FaceDecision::NoModel,
            };
            (decision, reason(no.why), no.score)
        }
    };
    let bucket = |score: Score| audit::ScoreBucket::of(score.ten_thousandths().into());
    audit::Event::FaceAttempted {
        attempt: number.into(),
        decision,
        reason,
        score: score.map_or(audit::ScoreBucket::None, bucket),
    }
}

/// The citizen left a try in which movements were asked for.
pub fn face_left(number: u8) -> audit::Event {
    audit::Event::FaceAttempted {
        attempt: number.into(),
        decision: audit::FaceDecision::BrokenOff,
        reason: audit::FaceReason::NotFinished,
        score: audit::ScoreBucket::None,
    }
}

fn reason(why: Why) -> audit::FaceReason {
    match why {
        Why::Different => audit::FaceReason::Different,
        Why::Uncertain => audit::FaceReason::Uncertain,
        Why::TookTooLong(_) => audit::FaceReason::TookTooLong,
        Why::MovedTooLong => audit::FaceReason::MovedTooLong,
        Why::Frozen => audit::FaceReason::Frozen,
        Why::Damaged => audit::FaceReason::Damaged,
        Why::Unsteady => audit::FaceReason::Unsteady,
        Why::UpsideDown => audit::FaceReason::UpsideDown,
        Why::NoPassiveModel => audit::FaceReason::NoPassiveModel,
        Why::NotFinished => audit::FaceReason::NotFinished,
        Why::NotLive(NotLive::NotDone) => audit::FaceReason::NotDone,
        Why::NotLive(NotLive::OtherWay) => audit::FaceReason::OtherWay,
        Why::NotLive(NotLive::TooSoon) => audit::FaceReason::TooSoon,
        Why::NotLive(NotLive::Lost) => audit::FaceReason::Lost,
        Why::NotLive(NotLive::Unasked) => audit::FaceReason::Unasked,
        Why::NotLive(NotLive::Flat) => audit::FaceReason::Flat,
        Why::NotLive(NotLive::Looped) => audit::FaceReason::Looped,
        Why::NotLive(NotLive::OtherFace) => audit::FaceReason::OtherFace,
        Why::NotLive(NotLive::Picture) => audit::FaceReason::Picture,
        Why::NotLive(NotLive::Pattern) => audit::FaceReason::Pattern,
        Why::NotLive(NotLive::OtherLight) => audit::FaceReason::OtherLight,
        Why::NotLive(NotLive::Unlit) => audit::FaceReason::Unlit,
        Why::NotLive(NotLive::TooLittle) => audit::FaceReason::TooLittle,
    }
}

/// The audit log's word for a device.
pub fn part(device: Device) -> audit::Part {
    match device {
        Device::CardReader => audit::Part::CardReader,
        Device::Camera => audit::Part::Camera,
        Device::ReceiptPrinter => audit::Part::ReceiptPrinter,
        Device::CodeScanner => audit::Part::CodeScanner,
        Device::Network => audit::Part::Network,
        Device::Store => audit::Part::Store,
    }
}

/// A device changed its state.
pub fn device_changed(device: Device, state: State) -> audit::Event {
    audit::Event::DeviceChanged {
        device: part(device),
        state: match state {
            State::Starting => audit::PartState::Starting,
            State::Ready => audit::PartState::Ready,
            State::Degraded(_) => audit::PartState::Degraded,
            State::Failed(_) => audit::PartState::Failed,
        },
        fault: state.fault(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_file_that_can_be_read_of_a_chip_has_a_word_of_its_own() {
        let words: BTreeSet<_> = FileId::ALL.into_iter().map(|file| card_file(file).word()).collect();
        assert_eq!(words.len(), FileId::ALL.len());
        assert!(!words.contains(audit::CardFile::Other.word()));
        assert_eq!(card_file(FileId::Dg13).word(), "dg13");
    }

    #[test]
    fn what_was_read_is_told_in_its_order() {
        let log = ReadLog { apdus: 70_000, files: vec![FileId::Com, FileId::Dg16], ..ReadLog::default() };
        let audit::Event::CardRead { files, access, apdus } = card_read(Protocol::Bac, &log) else {
            panic!("another event");
        };
        assert_eq!(files, [audit::CardFile::Com, audit::CardFile::Dg16]);
        assert_eq!((access, apdus), (audit::CardAccess::Bac, u16::MAX));
    }

    #[test]
    fn the_log_and_the_journal_give_a_missed_face_the_same_word() {
        let missed = |why| NoMatch { why, score: None, frames_seen: 9, frames_compared: 0 };
        for (why, decision) in [
            (Why::Different, audit::FaceDecision::NotMatched),
            (Why::Uncertain, audit::FaceDecision::GreyZone),
            (Why::TookTooLong(face::FaceHint::NoFace), audit::FaceDecision::NoFace),
            (Why::TookTooLong(face::FaceHint::OnePerson), audit::FaceDecision::SeveralFaces),
            (Why::TookTooLong(face::FaceHint::TooDark), audit::FaceDecision::PoorPicture),
            (Why::TookTooLong(face::FaceHint::HoldStill), audit::FaceDecision::TooLong),
            (Why::MovedTooLong, audit::FaceDecision::TooLong),
            (Why::Frozen, audit::FaceDecision::Frozen),
            (Why::Damaged, audit::FaceDecision::Damaged),
            (Why::Unsteady, audit::FaceDecision::Unsteady),
            (Why::UpsideDown, audit::FaceDecision::UpsideDown),
            (Why::NoPassiveModel, audit::FaceDecision::NoModel),
            (Why::NotFinished, audit::FaceDecision::TooLong),
            (Why::NotLive(NotLive::Looped), audit::FaceDecision::NotLive),
            (Why::NotLive(NotLive::TooLittle), audit::FaceDecision::NotLive),
        ] {
            let event = face_tried(2, Err(&missed(why)));
            let reason = audit::FaceReason::from_word(why.word()).expect("a word of the list");
            let score = audit::ScoreBucket::None;
            assert_eq!(event, audit::Event::FaceAttempted { attempt: 2, decision, reason, score });
        }
    }
}
