//! The files of an eMRTD chip and where they lie. ICAO Doc 9303-10, 3.5 to 4.7.

use std::fmt;

/// A file that can be read from the chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FileId {
    /// Which access protocols the chip speaks; lies in the master file, free to read.
    CardAccess,
    /// Which data groups are there; not signed.
    Com,
    /// The issuer's signature over the data groups.
    Sod,
    /// The machine readable zone.
    Dg1,
    /// The portrait.
    Dg2,
    /// Fingerprints; needs terminal authentication.
    Dg3,
    /// Further personal details.
    Dg11,
    /// Further document details.
    Dg12,
    /// What the issuer adds: on Vietnamese cards the citizen's details.
    Dg13,
    /// Keys and protocols for chip authentication.
    Dg14,
    /// The key for active authentication.
    Dg15,
}

impl FileId {
    /// The tag of the one data object that the file is.
    pub fn tag(self) -> u8 {
        match self {
            Self::CardAccess => 0x31,
            Self::Com => 0x60,
            Self::Sod => 0x77,
            Self::Dg1 => 0x61,
            Self::Dg2 => 0x75,
            Self::Dg3 => 0x63,
            Self::Dg11 => 0x6B,
            Self::Dg12 => 0x6C,
            Self::Dg13 => 0x6D,
            Self::Dg14 => 0x6E,
            Self::Dg15 => 0x6F,
        }
    }

    /// The short identifier, five bits.
    pub fn short_id(self) -> u8 {
        match self {
            Self::CardAccess => 0x1C,
            Self::Com => 0x1E,
            Self::Sod => 0x1D,
            Self::Dg1 => 0x01,
            Self::Dg2 => 0x02,
            Self::Dg3 => 0x03,
            Self::Dg11 => 0x0B,
            Self::Dg12 => 0x0C,
            Self::Dg13 => 0x0D,
            Self::Dg14 => 0x0E,
            Self::Dg15 => 0x0F,
        }
    }

    /// The file identifier that SELECT takes: `01` and the short identifier.
    pub fn ef_id(self) -> [u8; 2] {
        [0x01, self.short_id()]
    }

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::CardAccess => "EF.CardAccess",
            Self::Com => "EF.COM",
            Self::Sod => "EF.SOD",
            Self::Dg1 => "DG1",
            Self::Dg2 => "DG2",
            Self::Dg3 => "DG3",
            Self::Dg11 => "DG11",
            Self::Dg12 => "DG12",
            Self::Dg13 => "DG13",
            Self::Dg14 => "DG14",
            Self::Dg15 => "DG15",
        }
    }
}

impl fmt::Display for FileId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}
