//! Every key that may be set from afar, and by whom. The one list; `README.md` shows it.

use boards::Within;

use crate::{
    section::section,
    value::{AcceptScore, File, NamedFile, Window},
    whose::Level::{self, Device, Fleet, Province, Site},
};

/// Any layer.
pub(crate) const ALL: &[Level] = &[Fleet, Province, Site, Device];
/// What protects citizens: those who sign for all.
const FLEET: &[Level] = &[Fleet];
/// What an office lives by.
const UP_TO_SITE: &[Level] = &[Fleet, Province, Site];
/// What depends on where one machine stands.
const ON_THE_SPOT: &[Level] = &[Site, Device];

/// Before a machine closes for upkeep nobody must have been served for so long.
pub type IdleSeconds = Within<60, 7200>;
/// So long before it closes that is announced.
pub type AnnounceSeconds = Within<30, 600>;

section! {
    /// After how long a visit ends by itself; as on a board.
    Idle said by IdlePart {
        /// Without a tap, until "Are you still there?"
        ask_after_seconds: Within<20, 600> => "ask-after-seconds" by ALL,
        /// From then, until the visit is wiped. At least 20 seconds (WCAG 2.2.1).
        end_after_seconds: Within<20, 300> => "end-after-seconds" by ALL,
    }
}

section! {
    /// The comparison of faces.
    Face said by FacePart {
        /// Likeness from which a face is the holder's; only stricter than the board's.
        accept: AcceptScore => "accept" by FLEET,
    }
}

section! {
    /// The camera.
    Camera said by CameraPart {
        /// How much of a face before a bright window is brightened.
        backlight_compensation: Within<0, 10> => "backlight-compensation" by ON_THE_SPOT,
    }
}

section! {
    /// When the machine may be closed for upkeep; for `fleetd`.
    Upkeep said by UpkeepPart {
        /// Hours of the day on the site's clock; none: never but for what is forced.
        windows: Vec<Window> => "windows" by UP_TO_SITE,
        /// How long nobody must have been served.
        idle_seconds: IdleSeconds => "idle-seconds" by UP_TO_SITE,
        /// How long before it closes that is announced.
        announce_seconds: AnnounceSeconds => "announce-seconds" by UP_TO_SITE,
    }
}

section! {
    /// Whole files in place of the board's, each by its digest.
    Files said by FilesPart {
        /// Country certificates that are believed, PEM.
        trust_list: File => "trust-list" by FLEET,
        /// The issuers' revocation lists, DER, `*.crl`.
        revocation_lists: Vec<NamedFile> => "revocation-lists" by FLEET,
        /// The service catalogue, `*.toml`.
        catalogue: Vec<NamedFile> => "catalogue" by FLEET,
        /// The dated legal numbers.
        rules: File => "rules" by FLEET,
    }
}
