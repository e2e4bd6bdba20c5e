//! What is wrong with a card or odd about it, each a field of `[card.faults]`.
//! Some are attacks, some are what honest chips in the field do.

use serde::Deserialize;

use super::{contents::GroupNumber, protocols::PaceProtocol};

/// Everything that a card may do wrong; nothing, by default.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct CardFaults {
    /// PACE goes wrong on the chip's side.
    pub pace: Option<PaceFault>,
    /// One protected answer is not what it should be.
    pub channel: Option<ChannelFault>,
    /// How READ BINARY answers where more is asked for than can be had.
    pub reading: ReadingFaults,
    /// How the chip takes a command whose data do not fit into short length.
    pub long_commands: LongCommands,
    /// How a wrong password is answered.
    pub wrong_password: WrongPassword,
    /// Whether the chip takes passwords at all.
    pub passwords: PasswordState,
    /// What the chip thinks of DO 84 when PACE is chosen.
    pub pace_reference: PaceReference,
    /// The card is lifted once, at that command, which gets no answer.
    pub gone_at_command: Option<u64>,
    /// Files whose length says 2 147 483 647 bytes, by short identifier.
    pub oversize: Vec<u8>,
    /// Data groups that EF.COM and EF.SOD list but the chip does not have.
    pub absent: Vec<GroupNumber>,
    /// Data groups that were changed after signing.
    pub altered: Vec<GroupNumber>,
    /// Data groups of another genuine card in place of this card's.
    pub spliced: Option<Splice>,
    /// What was changed in EF.SOD itself.
    pub altered_security_object: Option<SecurityObjectPart>,
    /// The files of this card on another chip, which has its own keys.
    pub cloned: Option<CloneKind>,
    /// EF.CardAccess shows only this protocol; EF.DG14 is signed with the right ones.
    pub weaker_card_access: Option<PaceProtocol>,
    /// EF.CardAccess is not shown, so that BAC seems to be the only way in; EF.DG14 is
    /// signed with the forms of PACE.
    pub hidden_card_access: bool,
    /// EF.CardAccess is there, but this status answers who selects or reads it, such as
    /// 0x6982 or 0x6F00.
    pub card_access_status: Option<u16>,
    /// What is wrong with the certificate of the document signer.
    pub signer: Option<SignerFault>,
}

/// How the chip breaks PACE.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PaceFault {
    /// Its key for the mapping is no good.
    MappingKey(BadKey),
    /// Its key on the mapped generator is no good.
    AgreementKey(BadKey),
    /// It sends the same nonce every time.
    StaleNonce,
    /// Its token is wrong, but it goes on.
    WrongToken,
    /// Its chip authentication data lead to another key.
    WrongChipData,
    /// It refuses every token, as if the password were wrong.
    Fails,
}

/// A public key that no terminal may accept (9303-11, 4.4.1; TR-03111, 3.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BadKey {
    /// The terminal's own.
    Echoed,
    /// Not on the curve, or not in the subgroup.
    OutsideGroup,
    /// The point at infinity, or the number one.
    Neutral,
}

/// One protected answer that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ChannelFault {
    /// Which protected answer since the card was laid down, from 1.
    pub at: u64,
    /// What happens to it.
    pub does: ChannelMishap,
}

/// What happens to a protected answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChannelMishap {
    /// A bit of its MAC is flipped.
    CorruptMac,
    /// It is made with the counter of the answer before.
    StaleCounter,
    /// The answer before is sent once more.
    Replayed,
    /// It has no MAC.
    NoMac,
    /// It comes in plain.
    Plain,
}

/// How READ BINARY answers where more is asked for than can be had.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct ReadingFaults {
    /// Where the file ends before the length that was asked for.
    pub at_the_end: ShortFile,
    /// The most bytes that one answer brings; none: as many as fit.
    pub longest: Option<usize>,
    /// What comes where more than those are asked for.
    pub beyond_longest: BeyondLongest,
}

/// An answer where the file ends early.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ShortFile {
    /// What is left, with 6282.
    #[default]
    Warning,
    /// What is left, with 9000.
    Silent,
    /// Nothing but 6Cxx with the right length.
    ExactLength,
    /// Nothing but 6700.
    WrongLength,
    /// Nothing but 6B00: offset and length together lie outside the file.
    WrongOffset,
}

/// An answer where more is asked for than the chip sends at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BeyondLongest {
    /// Fewer bytes, with 9000.
    #[default]
    Shortened,
    /// Fewer bytes, with 6282, though the file goes on.
    Warning,
    /// 6700.
    WrongLength,
    /// 6Cxx with the longest length; 6C00 for 256.
    ExactLength,
    /// 6700 in plain, before the channel sees the command: it goes on as if nothing had
    /// been asked.
    PlainWrongLength,
    /// 6700 in plain, and the channel is gone.
    ChannelDropped,
    /// The same, but it does not mind what is asked for: only an answer that would be longer, of
    /// a file that has so much to give.
    ChannelDroppedByAnswer,
}

impl ReadingFaults {
    /// Whether the channel breaks over an answer with so many bytes of data.
    pub(crate) fn break_the_channel(&self, answered: usize) -> bool {
        self.beyond_longest == BeyondLongest::ChannelDroppedByAnswer
            && self.longest.is_some_and(|longest| answered > longest)
    }
}

/// How a chip takes a command whose data do not fit into short length. Without a fault it
/// takes it in pieces, says so in its historical bytes, and takes extended length besides
/// where it knows more than short length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LongCommands {
    /// As said above.
    #[default]
    Taken,
    /// It knows no command chaining, and says so: 6884.
    NoChaining,
    /// It says that it knows command chaining, and does not: 6884.
    ChainingDenied,
    /// It says that it knows extended length, but not with long data: 6700, through the
    /// channel where there is one.
    ExtendedRefused,
    /// The same in plain, before the channel sees the command: it goes on as if nothing had
    /// been asked.
    ExtendedRefusedOutside,
}

impl LongCommands {
    /// Whether the chip puts pieces of a command together.
    pub(crate) fn takes_pieces(self) -> bool {
        !matches!(self, Self::NoChaining | Self::ChainingDenied)
    }

    /// Whether the chip refuses a command with so many bytes of data for their number.
    pub(crate) fn refuses(self, data: usize) -> bool {
        matches!(self, Self::ExtendedRefused | Self::ExtendedRefusedOutside) && data > 255
    }
}

/// Whether the chip takes a password (TR-03110-3, B.11.1), as it says to MSE:Set AT.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PasswordState {
    /// It does.
    #[default]
    Usable,
    /// 63C1: one try is left. PACE goes on.
    LastTry,
    /// 6983: none is left.
    Blocked,
    /// 6984: not until another password was given.
    Suspended,
}

/// Status words after a wrong password. Pauses grow in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WrongPassword {
    /// 63C2, 63C1, 63C0 for the access number, 6300 for the zone.
    #[default]
    AccessNumberCounted,
    /// Always 6300.
    Plain,
    /// 63Cx for every password.
    Counted,
}

/// What MSE:Set AT must say about the domain parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PaceReference {
    /// DO 84 only where they are ambiguous (9303-11, 4.4.4.1).
    #[default]
    AsNeeded,
    /// Always; else 6A87.
    Required,
    /// Never; else 6A87.
    Refused,
}

/// Data groups out of another card of the same issuer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Splice {
    /// Whose card, by short name in `people.toml`.
    pub from: String,
    /// Which of its data groups.
    pub groups: Vec<GroupNumber>,
}

/// A part of EF.SOD.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecurityObjectPart {
    /// A bit of the signature.
    Signature,
    /// A hash of a data group.
    HashList,
    /// The signed attributes, while the hash list is right.
    Attributes,
}

/// How much of a copied card was hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CloneKind {
    /// EF.DG14 and EF.DG15 are copied, but the private keys are others.
    KeysMissing,
    /// Both are left out of the chip and of EF.COM, which nobody signs.
    ProtocolsHidden,
    /// Both are written anew with keys that the other chip does hold.
    KeysReplaced,
}

/// What is wrong with the document signer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignerFault {
    /// Its certificate ended before the card was signed.
    Expired,
    /// Its certificate begins tomorrow.
    NotYetValid,
    /// It stands on the issuer's revocation list.
    Revoked,
    /// A trusted authority of another country issued it.
    Foreign,
    /// Its key may sign certificates, not documents.
    WrongUsage,
    /// Its key may sign only within a time that was over when it signed the card.
    KeyPeriodOver,
}
