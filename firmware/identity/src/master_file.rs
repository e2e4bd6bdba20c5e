//! What a chip says of itself outside its applications: EF.DIR, which lists them, and
//! EF.ATR/INFO, which says how long commands and answers may be (ICAO 9303-10, 3.11.1 and
//! 3.11.2; ISO/IEC 7816-4, 12.2 and 12.7.1). Nobody signs either file: it is for people
//! who look into cards, and no judgement stands on it.

use crate::tlv::{Malformed, Tlv, Walk};

/// The template of one application.
const TEMPLATE: u32 = 0x61;
const IDENTIFIER: u32 = 0x4F;
const LABEL: u32 = 0x50;
/// Extended length information.
const LIMITS: u32 = 0x7F66;
const INTEGER: u32 = 0x02;
/// An application identifier and a label have as many bytes at most.
const LONGEST: usize = 16;

/// An application that EF.DIR lists (ICAO 9303-10, 3.11.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    identifier: Vec<u8>,
    label: Option<String>,
}

impl Application {
    /// Reads EF.DIR: templates, or identifiers alone, in the chip's order. Objects of other
    /// kinds are passed over, and so is what fills the file up between and behind them.
    pub fn list(file: &[u8]) -> Result<Vec<Self>, Malformed> {
        let mut all = Vec::new();
        for object in objects(file)? {
            match object.tag {
                TEMPLATE => all.push(Self::of_template(object)?),
                IDENTIFIER => all.push(Self { identifier: identifier(object)?, label: None }),
                _ => {}
            }
        }
        Ok(all)
    }

    fn of_template(template: Tlv<'_>) -> Result<Self, Malformed> {
        let (mut named, mut label) = (None, None);
        for object in objects(template.value)? {
            match object.tag {
                IDENTIFIER if named.is_none() => named = Some(identifier(object)?),
                IDENTIFIER => return Err(Malformed("an application in EF.DIR has two identifiers")),
                LABEL if object.value.len() > LONGEST => {
                    return Err(Malformed("a label in EF.DIR is too long"));
                }
                LABEL => label = Some(String::from_utf8_lossy(object.value).into_owned()),
                _ => {}
            }
        }
        let identifier = named.ok_or(Malformed("an application in EF.DIR has no identifier"))?;
        Ok(Self { identifier, label })
    }

    /// Its identifier (AID), 1 to 16 bytes.
    pub fn identifier(&self) -> &[u8] {
        &self.identifier
    }

    /// What it calls itself, for people; letters that are not UTF-8 are replaced.
    pub fn label(&self) -> Option<&str> {
        self.label.as_deref()
    }

    /// What it is, where ICAO 9303-10, 3.11.2 (table 31), or BSI TR-03110 names it. The
    /// applications of LDS2 are specified in 9303-10, 5.1 (travel records), 5.2 (visa
    /// records) and 5.3 (additional biometrics).
    pub fn name(&self) -> Option<&'static str> {
        Some(match self.identifier[..] {
            [0xA0, 0x00, 0x00, 0x02, 0x47, 0x10, 0x01] => "eMRTD (LDS1)",
            [0xA0, 0x00, 0x00, 0x02, 0x47, 0x20, 0x01] => "travel records (LDS2)",
            [0xA0, 0x00, 0x00, 0x02, 0x47, 0x20, 0x02] => "visa records (LDS2)",
            [0xA0, 0x00, 0x00, 0x02, 0x47, 0x20, 0x03] => "additional biometrics (LDS2)",
            [0xE8, 0x07, 0x04, 0x00, 0x7F, 0x00, 0x07, 0x03, 0x02] => "eID (TR-03110)",
            _ => return None,
        })
    }
}

/// How long commands and answers may be, as EF.ATR/INFO says it (ICAO 9303-10, 3.11.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest command, in bytes.
    pub command: u32,
    /// The longest answer, in bytes.
    pub answer: u32,
}

impl Limits {
    /// Reads EF.ATR/INFO. None: it does not say.
    pub fn of(file: &[u8]) -> Result<Option<Self>, Malformed> {
        let Some(limits) = objects(file)?.into_iter().find(|object| object.tag == LIMITS) else {
            return Ok(None);
        };
        let mut numbers = limits.inside();
        let mut next = || number(numbers.take(INTEGER, "EF.ATR/INFO has no two limits")?);
        Ok(Some(Self { command: next()?, answer: next()? }))
    }
}

fn identifier(object: Tlv<'_>) -> Result<Vec<u8>, Malformed> {
    match object.value.len() {
        1..=LONGEST => Ok(object.value.to_vec()),
        _ => Err(Malformed("an identifier in EF.DIR has not 1 to 16 bytes")),
    }
}

/// Not negative: chips write 8000 for 32,768 and add no zero in front.
fn number(object: Tlv<'_>) -> Result<u32, Malformed> {
    match object.value {
        [] => Err(Malformed("a limit in EF.ATR/INFO is empty")),
        bytes if bytes.len() > 4 => Err(Malformed("a limit in EF.ATR/INFO is too large")),
        bytes => Ok(bytes.iter().fold(0, |sum, byte| (sum << 8) | u32::from(*byte))),
    }
}

/// The objects of a file or template. 00 and FF may fill up before, between and
/// behind them, as ISO/IEC 7816-4 allows.
fn objects(bytes: &[u8]) -> Result<Vec<Tlv<'_>>, Malformed> {
    let mut all = Vec::new();
    let mut rest = filled(bytes);
    while !rest.is_empty() {
        let mut walk = Walk::new(rest);
        all.extend(walk.step()?);
        rest = filled(walk.rest());
    }
    Ok(all)
}

fn filled(bytes: &[u8]) -> &[u8] {
    let begin = bytes.iter().position(|byte| !matches!(byte, 0x00 | 0xFF)).unwrap_or(bytes.len());
    &bytes[begin..]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(hex: &str) -> Result<Vec<Application>, Malformed> {
        Application::list(&bytes(hex))
    }

    fn bytes(hex: &str) -> Vec<u8> {
        hex::decode(hex.replace(' ', "")).unwrap()
    }

    #[test]
    fn templates_and_bare_identifiers_are_listed_in_the_chips_order() {
        let applications = list(
            "6109 4F07A0000002471001 00 6113 5004 65494431 4F09E80704007F00070302 53 00 \
             4F06D27600012401 0000 5F5000 FFFF",
        );
        // 5300 and 5F5000: discretionary data and an address, both empty.
        let applications = applications.unwrap_or_else(|problem| panic!("{problem}"));
        let said: Vec<_> = applications
            .iter()
            .map(|it| (hex::encode_upper(it.identifier()), it.label(), it.name()))
            .collect();
        let expected = [
            ("A0000002471001".to_owned(), None, Some("eMRTD (LDS1)")),
            ("E80704007F00070302".to_owned(), Some("eID1"), Some("eID (TR-03110)")),
            ("D27600012401".to_owned(), None, None),
        ];
        assert_eq!(said, expected);
    }

    #[test]
    fn the_applications_of_the_standard_have_names() {
        for (hex, name) in [
            ("A0000002472001", "travel records (LDS2)"),
            ("A0000002472002", "visa records (LDS2)"),
            ("A0000002472003", "additional biometrics (LDS2)"),
        ] {
            assert_eq!(list(&format!("6109 4F07 {hex}")).unwrap()[0].name(), Some(name));
        }
    }

    #[test]
    fn an_empty_directory_lists_nothing() {
        assert_eq!(list(""), Ok(Vec::new()));
        assert_eq!(list("0000FF"), Ok(Vec::new()));
    }

    #[test]
    fn a_broken_directory_is_refused_and_never_panics() {
        for hex in [
            "6109 4F07A00000024710",                   // Cut off.
            "6102 4F00",                               // An empty identifier.
            "4F11 0102030405060708090A0B0C0D0E0F1011", // One of seventeen bytes.
            "6104 5002 6549",                          // None at all.
            "6106 4F0101 4F0102",                      // Two.
            "6180",                                    // An indefinite length.
            "6116 4F0101 5011 0102030405060708090A0B0C0D0E0F1011",
        ] {
            assert!(list(hex).is_err(), "{hex}");
        }
        let label = list("6108 4F0101 5003 41FF42").unwrap();
        assert_eq!(label[0].label(), Some("A\u{FFFD}B"));
    }

    #[test]
    fn the_limits_are_those_of_commands_and_answers() {
        let limits = |hex: &str| Limits::of(&bytes(hex));
        let said = |command, answer| Ok(Some(Limits { command, answer }));
        assert_eq!(limits("430101 4703800140 7F6608 02020400 02028000"), said(0x400, 0x8000));
        assert_eq!(limits("7F660A 0203010000 0203010001"), said(0x1_0000, 0x1_0001));
        assert_eq!(limits("430101 4703800140"), Ok(None));
        assert_eq!(limits(""), Ok(None));
        for hex in ["7F6604 02020400", "7F66", "7F6607 0200 020100 00", "7F660A 02050000000001 020101"] {
            assert!(limits(hex).is_err(), "{hex}");
        }
    }
}
