//! Which of the forms of PACE that a chip offers is used, and what the chip is told of
//! it. ICAO Doc 9303-11, 4.4.3 and 9.2.3.

use crate::{
    Agreement, Cipher, Mapping, Protocol,
    group::{Curve, Group, Primes},
    security_infos::{PaceInfo, SecurityInfos},
};

/// The form of PACE that is used, with what MSE:Set AT must say.
pub(crate) struct Choice {
    /// The object identifier's value.
    pub identifier: Vec<u8>,
    pub mapping: Mapping,
    pub agreement: Agreement,
    pub cipher: Cipher,
    pub parameters: u8,
    /// The size of the group, in bits of its field.
    bits: u32,
    /// Another set of parameters is announced under the same identifier, so the
    /// chip cannot know which is meant unless it is told.
    pub ambiguous: bool,
}

impl Choice {
    /// The best of what the chip offers, in the order that `open` documents. `None`:
    /// nothing known here.
    ///
    /// Chip authentication mapping stands before the cipher on purpose, even over AES-128
    /// where generic mapping is offered over AES-256. What it adds, that the chip is no
    /// copy, no cipher gives; what the longer key would add, nobody can use: the secret is
    /// agreed on over a curve of 256 bits at most as strong as AES-128 is, and a stronger
    /// curve would be offered with a stronger cipher under this mapping, too. Generic
    /// mapping with chip authentication afterwards proves the same for two commands more.
    /// No attacker gains by the order either: what was offered is held against DG14, which
    /// the issuer signed.
    ///
    /// Then the weakest part decides, for whoever attacks chooses it: no cipher makes up for a
    /// small group, nor a large group for triple DES.
    pub fn among(infos: &SecurityInfos) -> Option<Self> {
        let choices: Vec<Self> = infos.pace().filter_map(|info| Self::of(info, infos)).collect();
        let strength = |choice: &Self| {
            (
                choice.mapping == Mapping::ChipAuthentication,
                choice.strength(),
                choice.agreement == Agreement::Ecdh,
                choice.cipher.strength(),
                choice.bits,
                choice.mapping == Mapping::Generic,
            )
        };
        // `max_by_key` takes the last of equals; reversed, that is the chip's first.
        choices.into_iter().rev().max_by_key(strength)
    }

    /// What an announcement says, if it can be done here.
    fn of(info: &PaceInfo, infos: &SecurityInfos) -> Option<Self> {
        let (mapping, agreement, cipher) = info.form()?;
        let parameters = info.parameters?;
        let bits = match agreement {
            Agreement::Dh => Primes::standard(parameters)?.bits(),
            Agreement::Ecdh => Curve::standard(parameters)?.bits(),
        };
        // 9303-11, 9.5.1, note to table 12.
        if mapping == Mapping::Integrated && parameters == NIST_P224 {
            return None;
        }
        let ambiguous = infos.pace().filter(|other| other.protocol == info.protocol).count() > 1;
        let identifier = info.protocol.as_bytes().to_vec();
        Some(Self { identifier, mapping, agreement, cipher, parameters, bits, ambiguous })
    }

    /// The security strength, in bits, of the weaker of group and cipher (NIST SP 800-57 part 1,
    /// table 2). Primes of 1024 bits have 80, those of 2048 bits 112; a curve has half the
    /// bits of its field.
    fn strength(&self) -> u32 {
        let group = match (self.agreement, self.bits) {
            (Agreement::Dh, ..2048) => 80,
            (Agreement::Dh, _) => 112,
            (Agreement::Ecdh, bits) => (bits / 2).min(256),
        };
        group.min(self.cipher.strength())
    }

    /// How long a public key is on the wire, in bytes (9303-11, 9.4.5).
    pub fn key_length(&self) -> usize {
        let field = self.bits.div_ceil(8) as usize;
        match self.agreement {
            Agreement::Dh => field,
            Agreement::Ecdh => 1 + 2 * field,
        }
    }

    /// Its name.
    pub fn protocol(&self) -> Protocol {
        Protocol::Pace {
            mapping: self.mapping,
            agreement: self.agreement,
            cipher: self.cipher,
            parameters: self.parameters,
        }
    }
}

/// The point encoding of the integrated mapping does not work over its prime.
const NIST_P224: u8 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(infos: &[&str]) -> Option<String> {
        let content: String = infos.concat();
        let bytes = hex::decode(format!("31{:02X}{content}", content.len() / 2)).unwrap();
        Choice::among(&SecurityInfos::parse(&bytes).unwrap()).map(|choice| choice.protocol().to_string())
    }

    const GENERIC: &str = "3012060A04007F0007020204020202010202010D";
    const GENERIC_3DES: &str = "3012060A04007F0007020204020102010202010D";
    const GENERIC_256: &str = "3012060A04007F00070202040204020102020110";
    const GENERIC_P256: &str = "3012060A04007F0007020204020202010202010C";
    const GENERIC_P521: &str = "3012060A04007F00070202040202020102020112";
    const GENERIC_DH: &str = "3012060A04007F00070202040104020102020102";
    const INTEGRATED: &str = "3012060A04007F0007020204040202010202010D";
    const INTEGRATED_P224: &str = "3012060A04007F0007020204040202010202010A";
    const GENERIC_3DES_P192: &str = "3012060A04007F00070202040201020102020108";
    const GENERIC_256_P192: &str = "3012060A04007F00070202040204020102020108";
    const GENERIC_P192: &str = "3012060A04007F00070202040202020102020108";
    const GENERIC_P224: &str = "3012060A04007F0007020204020202010202010A";
    const GENERIC_256_P256: &str = "3012060A04007F0007020204020402010202010C";
    const GENERIC_3DES_P521: &str = "3012060A04007F00070202040201020102020112";
    const GENERIC_DH_256: &str = "3012060A04007F00070202040104020102020102";
    const GENERIC_DH_1024: &str = "3012060A04007F00070202040104020102020100";
    const CAM: &str = "3012060A04007F0007020204060202010202010D";
    const CAM_256: &str = "3012060A04007F00070202040604020102020110";
    const CAM_3DES: &str = "3012060A04007F0007020204060102010202010D";

    #[test]
    fn the_best_form_is_chosen_whatever_the_order() {
        for (worse, better, name) in [
            (GENERIC_256, CAM, "PACE-ECDH-CAM-AES-CBC-CMAC-128 (13)"),
            (GENERIC_P521, CAM, "PACE-ECDH-CAM-AES-CBC-CMAC-128 (13)"),
            (CAM, CAM_256, "PACE-ECDH-CAM-AES-CBC-CMAC-256 (16)"),
            (GENERIC_DH, GENERIC, "PACE-ECDH-GM-AES-CBC-CMAC-128 (13)"),
            (GENERIC_3DES, GENERIC, "PACE-ECDH-GM-AES-CBC-CMAC-128 (13)"),
            (GENERIC, GENERIC_256, "PACE-ECDH-GM-AES-CBC-CMAC-256 (16)"),
            (GENERIC, GENERIC_P521, "PACE-ECDH-GM-AES-CBC-CMAC-128 (18)"),
            (INTEGRATED, GENERIC, "PACE-ECDH-GM-AES-CBC-CMAC-128 (13)"),
            (INTEGRATED_P224, INTEGRATED, "PACE-ECDH-IM-AES-CBC-CMAC-128 (13)"),
            // The weakest part decides.
            (GENERIC_3DES_P192, GENERIC_DH_256, "PACE-DH-GM-AES-CBC-CMAC-256 (2)"),
            (GENERIC_256_P192, GENERIC_P521, "PACE-ECDH-GM-AES-CBC-CMAC-128 (18)"),
            (GENERIC_256_P192, GENERIC_P224, "PACE-ECDH-GM-AES-CBC-CMAC-128 (10)"),
            (GENERIC_256_P192, GENERIC_3DES, "PACE-ECDH-GM-3DES-CBC-CBC (13)"),
            (GENERIC_3DES_P521, GENERIC_P256, "PACE-ECDH-GM-AES-CBC-CMAC-128 (12)"),
            (GENERIC_DH_1024, GENERIC_3DES_P192, "PACE-ECDH-GM-3DES-CBC-CBC (8)"),
            // Where it is the same: curves, then the cipher, then the size.
            (GENERIC_DH_256, GENERIC_P224, "PACE-ECDH-GM-AES-CBC-CMAC-128 (10)"),
            (GENERIC_P192, GENERIC_256_P192, "PACE-ECDH-GM-AES-CBC-CMAC-256 (8)"),
            (GENERIC_P521, GENERIC_256_P256, "PACE-ECDH-GM-AES-CBC-CMAC-256 (12)"),
            (GENERIC_3DES, GENERIC_3DES_P521, "PACE-ECDH-GM-3DES-CBC-CBC (18)"),
        ] {
            assert_eq!(chosen(&[worse, better]).as_deref(), Some(name));
            assert_eq!(chosen(&[better, worse]).as_deref(), Some(name));
        }
    }

    // NIST SP 800-57 part 1, table 2, by the parameters of 9303-11, table 12, under AES-256.
    #[test]
    fn every_group_has_its_strength_and_no_cipher_more() {
        let strength = |cipher: u8, dh: bool, parameters: u8| {
            let agreement = if dh { 1 } else { 2 };
            let info = format!("31143012060A04007F000702020402{cipher:02X}0201020201{parameters:02X}");
            let info = info.replacen("0402", &format!("040{agreement}"), 1);
            let infos = SecurityInfos::parse(&hex::decode(info).unwrap()).unwrap();
            Choice::among(&infos).unwrap().strength()
        };
        for (parameters, bits) in [(0, 80), (1, 112), (2, 112)] {
            assert_eq!(strength(4, true, parameters), bits, "{parameters}");
        }
        let curves = [96, 96, 112, 112, 128, 128, 160, 192, 192, 256, 256];
        for (parameters, bits) in (8..).zip(curves) {
            assert_eq!(strength(4, false, parameters), bits, "{parameters}");
        }
        for (cipher, bits) in [(1, 112), (2, 128), (3, 192), (4, 256)] {
            assert_eq!(strength(cipher, false, 18), bits, "{cipher}");
        }
    }

    #[test]
    fn among_equals_the_chips_first_is_chosen() {
        assert_eq!(chosen(&[GENERIC, GENERIC_P256]).as_deref(), Some("PACE-ECDH-GM-AES-CBC-CMAC-128 (13)"));
        assert_eq!(chosen(&[GENERIC_P256, GENERIC]).as_deref(), Some("PACE-ECDH-GM-AES-CBC-CMAC-128 (12)"));
    }

    #[test]
    fn what_the_standard_does_not_have_is_not_chosen() {
        assert_eq!(chosen(&[INTEGRATED_P224]), None);
        assert_eq!(chosen(&[CAM_3DES]), None, "this mapping has AES only");
        assert_eq!(
            chosen(&["3012060A04007F0007020204020202010202010E"]).as_deref(),
            Some("PACE-ECDH-GM-AES-CBC-CMAC-128 (14)")
        );
        assert_eq!(chosen(&["3012060A04007F00070202040202020102020113"]), None, "no such parameters");
    }
}
