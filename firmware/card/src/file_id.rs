//! The files of an eMRTD chip and where they lie. ICAO Doc 9303-10, 3.11, 4.6
//! and 4.7.

use std::fmt;

/// A file that can be read from the chip (9303-10, 3.11, 4.6 and 4.7). (DG6 is reserved and
/// has no contents.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum FileId {
    /// EF.ATR/INFO: what the chip can do, such as long answers (9303-10, 3.11.1).
    AtrInfo,
    /// EF.DIR: which applications there are (9303-10, 3.11.2).
    Dir,
    /// Which access protocols the chip speaks; free to read (9303-10, 3.11.3).
    CardAccess,
    /// The keys and protocols of the whole chip, signed (9303-10, 3.11.4).
    CardSecurity,
    /// Which data groups are there; not signed (9303-10, 4.6.1).
    Com,
    /// The issuer's signature over the data groups (9303-10, 4.6.2).
    Sod,
    /// The machine readable zone (9303-10, 4.7.1).
    Dg1,
    /// The portrait (9303-10, 4.7.2).
    Dg2,
    /// Fingerprints; needs terminal authentication (9303-10, 4.7.3).
    Dg3,
    /// Irises; needs terminal authentication (9303-10, 4.7.4).
    Dg4,
    /// The portrait as it is printed (9303-10, 4.7.5).
    Dg5,
    /// The signature or usual mark as it is printed (9303-10, 4.7.7).
    Dg7,
    /// Features of the data (9303-10, 4.7.8).
    Dg8,
    /// Features of the structure (9303-10, 4.7.9).
    Dg9,
    /// Features of the substance (9303-10, 4.7.10).
    Dg10,
    /// Further personal details (9303-10, 4.7.11).
    Dg11,
    /// Further document details (9303-10, 4.7.12).
    Dg12,
    /// What the issuer adds: on Vietnamese cards the citizen's details (9303-10, 4.7.13).
    Dg13,
    /// Keys and protocols for chip authentication (9303-10, 4.7.14).
    Dg14,
    /// The key for active authentication (9303-10, 4.7.15).
    Dg15,
    /// Persons to notify (9303-10, 4.7.16).
    Dg16,
}

/// The most bytes of a file that holds a picture or scanned papers.
const LONG: usize = 1 << 20;

/// Where a file lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Outside the applications; the current place after a reset.
    MasterFile,
    /// In the identity application, LDS1.
    Application,
}

/// What is known of a file: tag, short identifier, file identifier, name.
type Row = (Option<u8>, u8, u16, &'static str);

impl FileId {
    /// Every file, in the order of the chip.
    pub const ALL: [Self; 21] = [
        Self::AtrInfo,
        Self::Dir,
        Self::CardAccess,
        Self::CardSecurity,
        Self::Com,
        Self::Sod,
        Self::Dg1,
        Self::Dg2,
        Self::Dg3,
        Self::Dg4,
        Self::Dg5,
        Self::Dg7,
        Self::Dg8,
        Self::Dg9,
        Self::Dg10,
        Self::Dg11,
        Self::Dg12,
        Self::Dg13,
        Self::Dg14,
        Self::Dg15,
        Self::Dg16,
    ];

    fn row(self) -> Row {
        match self {
            Self::AtrInfo => (None, 0x01, 0x2F01, "EF.ATR/INFO"),
            Self::Dir => (None, 0x1E, 0x2F00, "EF.DIR"),
            Self::CardAccess => (Some(0x31), 0x1C, 0x011C, "EF.CardAccess"),
            Self::CardSecurity => (Some(0x30), 0x1D, 0x011D, "EF.CardSecurity"),
            Self::Com => (Some(0x60), 0x1E, 0x011E, "EF.COM"),
            Self::Sod => (Some(0x77), 0x1D, 0x011D, "EF.SOD"),
            Self::Dg1 => (Some(0x61), 0x01, 0x0101, "DG1"),
            Self::Dg2 => (Some(0x75), 0x02, 0x0102, "DG2"),
            Self::Dg3 => (Some(0x63), 0x03, 0x0103, "DG3"),
            Self::Dg4 => (Some(0x76), 0x04, 0x0104, "DG4"),
            Self::Dg5 => (Some(0x65), 0x05, 0x0105, "DG5"),
            Self::Dg7 => (Some(0x67), 0x07, 0x0107, "DG7"),
            Self::Dg8 => (Some(0x68), 0x08, 0x0108, "DG8"),
            Self::Dg9 => (Some(0x69), 0x09, 0x0109, "DG9"),
            Self::Dg10 => (Some(0x6A), 0x0A, 0x010A, "DG10"),
            Self::Dg11 => (Some(0x6B), 0x0B, 0x010B, "DG11"),
            Self::Dg12 => (Some(0x6C), 0x0C, 0x010C, "DG12"),
            Self::Dg13 => (Some(0x6D), 0x0D, 0x010D, "DG13"),
            Self::Dg14 => (Some(0x6E), 0x0E, 0x010E, "DG14"),
            Self::Dg15 => (Some(0x6F), 0x0F, 0x010F, "DG15"),
            Self::Dg16 => (Some(0x70), 0x10, 0x0110, "DG16"),
        }
    }

    /// The tag of the one data object that the file is. `None`: the file is several data
    /// objects, one after the other.
    pub fn tag(self) -> Option<u8> {
        self.row().0
    }

    /// The short identifier, five bits (9303-10, 3.6.3). Files in different places may share one.
    pub fn short_id(self) -> u8 {
        self.row().1
    }

    /// The file identifier that SELECT takes (9303-10, 3.6.2).
    pub fn ef_id(self) -> [u8; 2] {
        self.row().2.to_be_bytes()
    }

    /// What people call it.
    pub fn name(self) -> &'static str {
        self.row().3
    }

    pub(crate) fn place(self) -> Place {
        match self {
            Self::AtrInfo | Self::Dir | Self::CardAccess | Self::CardSecurity => Place::MasterFile,
            _ => Place::Application,
        }
    }

    /// Whether it says something about the holder or tells the card from all others: EF.SOD does
    /// by its hashes, which have no salt, so that whoever knows a person's DG1 knows the card;
    /// DG15 by its key. Not EF.COM; and DG14 must come before the rest, whatever its keys tell.
    pub(crate) fn is_of_the_holder(self) -> bool {
        self.place() == Place::Application && !matches!(self, Self::Com | Self::Dg14)
    }

    /// The most bytes that such a file may claim; beyond it is refused before memory is
    /// taken. Pictures may have a mebibyte, all else is text and keys.
    pub(crate) fn longest(self) -> usize {
        match self {
            Self::Dg2
            | Self::Dg3
            | Self::Dg4
            | Self::Dg5
            | Self::Dg7
            // May hold scanned papers and pages (9303-10, 4.7.11 and 4.7.12).
            | Self::Dg11
            | Self::Dg12
            | Self::Dg13 => LONG,
            Self::AtrInfo | Self::Dir | Self::CardAccess | Self::Com => 1 << 12,
            _ => 1 << 16,
        }
    }
}

impl fmt::Display for FileId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_files_of_one_place_share_an_identifier() {
        for place in [Place::MasterFile, Place::Application] {
            let files: Vec<_> = FileId::ALL.into_iter().filter(|file| file.place() == place).collect();
            let short: BTreeSet<_> = files.iter().map(|file| file.short_id()).collect();
            let long: BTreeSet<_> = files.iter().map(|file| file.ef_id()).collect();
            assert_eq!((short.len(), long.len()), (files.len(), files.len()), "{place:?}");
        }
    }

    #[test]
    fn only_the_list_of_files_and_the_chips_keys_say_nothing_of_a_holder() {
        let application = FileId::ALL.into_iter().filter(|file| file.place() == Place::Application);
        let silent: Vec<_> = application.filter(|file| !file.is_of_the_holder()).collect();
        assert_eq!(silent, [FileId::Com, FileId::Dg14]);
    }

    #[test]
    fn every_file_is_listed_once() {
        let all: BTreeSet<_> = FileId::ALL.into_iter().collect();
        assert_eq!(all.len(), FileId::ALL.len());
        assert!(FileId::ALL.is_sorted());
    }
}
