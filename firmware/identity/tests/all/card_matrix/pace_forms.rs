//! Every mapping, agreement and cipher of PACE that the standard allows, and every group
//! of its table at least once with each mapping that can use it (ICAO 9303-11, 4.4.3 and
//! 9.5.1).

use super::cases::{Case, read};

const AES: [(&str, &str); 3] =
    [("aes-128", "AES-CBC-CMAC-128"), ("aes-192", "AES-CBC-CMAC-192"), ("aes-256", "AES-CBC-CMAC-256")];
const TRIPLE_DES: (&str, &str) = ("3des", "3DES-CBC-CBC");

/// A mapping over one kind of group.
struct Family {
    mapping: &'static str,
    agreement: &'static str,
    /// The numbers of the groups.
    parameters: &'static [u8],
    ciphers: &'static [(&'static str, &'static str)],
}

const ALL: [(&str, &str); 4] = [TRIPLE_DES, AES[0], AES[1], AES[2]];

const FAMILIES: [Family; 5] = [
    Family { mapping: "gm", agreement: "dh", parameters: &[0, 1, 2], ciphers: &ALL },
    Family { mapping: "im", agreement: "dh", parameters: &[0, 1, 2], ciphers: &ALL },
    Family {
        mapping: "gm",
        agreement: "ecdh",
        parameters: &[8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18],
        ciphers: &ALL,
    },
    // Over P-224, number 10, integrated mapping cannot be computed.
    Family {
        mapping: "im",
        agreement: "ecdh",
        parameters: &[8, 9, 11, 12, 13, 14, 15, 16, 17, 18],
        ciphers: &ALL,
    },
    Family {
        mapping: "cam",
        agreement: "ecdh",
        parameters: &[8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18],
        ciphers: &AES,
    },
];

/// Each group with one cipher, the ciphers in turn: as many cards as there are groups
/// or ciphers, whichever are more.
pub fn cases() -> Vec<Case> {
    FAMILIES.iter().flat_map(of_family).collect()
}

fn of_family(family: &Family) -> Vec<Case> {
    let count = family.parameters.len().max(family.ciphers.len());
    let groups = family.parameters.iter().cycle();
    // Not the citizen's card itself, which is generic mapping, AES-128 and group 13.
    let pairs = groups.zip(family.ciphers.iter().cycle().skip(1)).take(count);
    pairs.flat_map(|(group, cipher)| read(&section(family, *group, *cipher))).collect()
}

fn section(family: &Family, group: u8, (cipher, written): (&str, &str)) -> String {
    let Family { mapping, agreement, .. } = family;
    let name = format!("PACE-{}-{}-{written}", agreement.to_uppercase(), mapping.to_uppercase());
    let proof = if *mapping == "cam" { "'chip-authentication-mapping', " } else { "" };
    format!(
        "[[case]]
        name = '{name} over group {group}'
        [[case.card.profile.access.pace]]
        mapping = '{mapping}'
        agreement = '{agreement}'
        cipher = '{cipher}'
        parameters = {group}
        [case.expect.citizen]
        access = '{name} ({group})'
        chip = [{proof}'chip-authentication', 'active-authentication']"
    )
}
