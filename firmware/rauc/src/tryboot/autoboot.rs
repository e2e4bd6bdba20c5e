//! `autoboot.txt`, of which the firmware reads 512 bytes.

/// The longest file that the firmware reads, in bytes.
pub const LONGEST: usize = 512;

/// Which partition is started, and which for one try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Autoboot {
    /// Normally.
    pub all: u8,
    /// After a restart with `0 tryboot`.
    pub tryboot: u8,
}

impl Autoboot {
    /// Reads a file as the firmware does, of which every line must be one that `text` writes:
    /// what somebody else wrote there may mean something that is not understood here. `None`:
    /// garbled.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > LONGEST {
            return None;
        }
        let (mut section, mut all, mut tryboot, mut a_b) = ("", None, None, false);
        for line in std::str::from_utf8(bytes).ok()?.lines().map(str::trim) {
            match line {
                "" => {}
                line if line.starts_with('#') => {}
                "[all]" | "[tryboot]" => section = line,
                "tryboot_a_b=1" if section == "[all]" => a_b = true,
                line => {
                    let number = line.strip_prefix("boot_partition=")?.parse().ok()?;
                    let given = match section {
                        "[all]" => &mut all,
                        "[tryboot]" => &mut tryboot,
                        _ => return None,
                    };
                    if given.replace(number).is_some() {
                        return None;
                    }
                }
            }
        }
        // Without tryboot_a_b the firmware would look for other files, not for another partition.
        let found = Self { all: all?, tryboot: tryboot? };
        (a_b && found.all != found.tryboot).then_some(found)
    }

    /// The file.
    pub fn text(self) -> String {
        let Self { all, tryboot } = self;
        format!("[all]\ntryboot_a_b=1\nboot_partition={all}\n[tryboot]\nboot_partition={tryboot}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_as_it_is_written() {
        let whole = Autoboot { all: 2, tryboot: 3 };
        assert_eq!(Autoboot::parse(whole.text().as_bytes()), Some(whole));
        let by_hand =
            "# by hand\r\n[all]\r\ntryboot_a_b=1\r\nboot_partition=3\r\n\r\n[tryboot]\r\nboot_partition=2";
        assert_eq!(Autoboot::parse(by_hand.as_bytes()), Some(Autoboot { all: 3, tryboot: 2 }));
    }

    #[test]
    fn a_garbled_file_is_none() {
        let whole = Autoboot { all: 2, tryboot: 3 }.text();
        // Torn: no beginning of it is a file, but for the line's end.
        for end in 0..whole.len() - 1 {
            assert_eq!(Autoboot::parse(&whole.as_bytes()[..end]), None, "{end}");
        }
        for (from, to) in [
            ("tryboot_a_b=1\n", ""),
            ("boot_partition=3", "boot_partition=2"),
            ("boot_partition=3", "boot_partition=x"),
            ("boot_partition=3", "boot_partition=300"),
            ("[tryboot]", "[pi4]"),
            ("[all]", ""),
            ("[tryboot]", "[all]"),
            ("tryboot_a_b", "boot_ramdisk"),
            ("[all]\n", "[all]\nboot_partition=2\n"),
        ] {
            let changed = whole.replacen(from, to, 1);
            assert_ne!(changed, whole);
            assert_eq!(Autoboot::parse(changed.as_bytes()), None, "{changed}");
        }
        let long = format!("{whole}#{}", "x".repeat(LONGEST));
        assert_eq!(Autoboot::parse(long.as_bytes()), None);
        assert_eq!(Autoboot::parse(&[0; 64]), None);
        assert_eq!(Autoboot::parse(&[0xff; 64]), None);
    }
}
