//! The sex that a card states.

/// As the MRZ says (ICAO 9303-5, 4.2.2.2): male, female or unspecified.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Sex {
    /// `M`, Nam.
    Male,
    /// `F`, Nữ.
    Female,
    /// `<` or `X`.
    Unspecified,
}

impl Sex {
    /// The word on a Vietnamese card; none where the card does not say.
    pub fn vietnamese(self) -> &'static str {
        match self {
            Self::Male => "Nam",
            Self::Female => "Nữ",
            Self::Unspecified => "",
        }
    }

    /// From the MRZ's letter.
    pub(crate) fn from_mrz(letter: char) -> Option<Self> {
        match letter {
            'M' => Some(Self::Male),
            'F' => Some(Self::Female),
            '<' | 'X' => Some(Self::Unspecified),
            _ => None,
        }
    }

    /// From the word in DG13 or in the printed code, in composed letters.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        match word.trim().to_lowercase().as_str() {
            "nam" => Some(Self::Male),
            "nữ" => Some(Self::Female),
            _ => None,
        }
    }
}
