//! How the chip was opened: names only, nothing secret.

use std::fmt;

/// Which access protocols the caller allows (9303-11, 4.2).
///
/// None of them turns a PACE that the chip offers and that failed into BAC. A caller that
/// wants this for a certain card must ask for it by name, with [`AccessPolicy::BacOnly`],
/// and can log it: [`CardFiles::access`](crate::CardFiles::access) says what was used, and
/// EF.CardAccess among the files says what was on offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessPolicy {
    /// Only PACE; a chip that does not offer it is not read.
    PaceOnly,
    /// PACE where the chip offers it, BAC where it does not: where it has no EF.CardAccess
    /// (6A82), or none with PACE in it. Any other answer to that file is an error.
    PaceOrBacWhenNotOffered,
    /// BAC even where the chip offers PACE: for chips whose PACE is known to be broken.
    /// Who hears it and knows the machine readable zone can read along.
    BacOnly,
}

/// The access protocol that made the secure channel, with its choices (9303-11, 4.3 and 4.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// Password Authenticated Connection Establishment, 9303-11, 4.4.
    Pace {
        /// How the nonce becomes a generator.
        mapping: Mapping,
        /// Over which group the keys are agreed.
        agreement: Agreement,
        /// The cipher of the secure channel.
        cipher: Cipher,
        /// The standardised domain parameters, 9303-11, 9.5.1.
        parameters: u8,
    },
    /// Basic Access Control, 9303-11, 4.3.
    Bac,
}

/// How PACE maps the nonce (9303-11, 4.4.3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mapping {
    /// Generic mapping: one more key agreement (9303-11, 4.4.3.3.1).
    Generic,
    /// Integrated mapping: a second nonce and a block cipher (9303-11, 4.4.3.3.2).
    Integrated,
    /// Chip authentication mapping: generic, and the chip proves itself (9303-11,
    /// 4.4.3.3.3).
    ChipAuthentication,
}

/// The kind of group (9303-11, 9.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Agreement {
    /// Numbers modulo a prime.
    Dh,
    /// Points on an elliptic curve.
    Ecdh,
}

/// A cipher of secure messaging, with the MAC that goes with it (9303-11, 9.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cipher {
    /// Two-key triple DES with the retail MAC (9303-11, 9.8.6).
    TripleDes,
    /// AES-128 with CMAC (9303-11, 9.8.7).
    Aes128,
    /// AES-192 with CMAC (9303-11, 9.8.7).
    Aes192,
    /// AES-256 with CMAC (9303-11, 9.8.7).
    Aes256,
}

impl fmt::Display for Protocol {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Pace { mapping, agreement, cipher, parameters } = self else {
            return out.write_str("BAC");
        };
        let agreement = match agreement {
            Agreement::Dh => "DH",
            Agreement::Ecdh => "ECDH",
        };
        let mapping = match mapping {
            Mapping::Generic => "GM",
            Mapping::Integrated => "IM",
            Mapping::ChipAuthentication => "CAM",
        };
        write!(out, "PACE-{agreement}-{mapping}-{cipher} ({parameters})")
    }
}

impl fmt::Display for Cipher {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::TripleDes => "3DES-CBC-CBC",
            Self::Aes128 => "AES-CBC-CMAC-128",
            Self::Aes192 => "AES-CBC-CMAC-192",
            Self::Aes256 => "AES-CBC-CMAC-256",
        })
    }
}
