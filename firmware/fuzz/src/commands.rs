//! What a fleet server hands on as a command.

use command::{
    AllowList, Command, CommandId, For, Here, Kind, Ledger, Name, Refusal, Signed, Signer, Time, What, accept,
};
use ed25519_dalek::SigningKey;
use jiff::Timestamp;

use crate::Reached;

/// The key that the seeds are signed with, and that counts here.
pub const SIGNER: [u8; 32] = [9; 32];

const GOOD_FROM: Timestamp = Timestamp::constant(1_800_000_000, 0);
const GOOD_TO: Timestamp = Timestamp::constant(1_800_003_600, 0);

/// A command to the kiosk of the target, signed.
pub fn seed(id: u8, what: What) -> String {
    let command = Command {
        id: CommandId::new([id; 16]),
        r#for: For::Kiosks([kiosk()].into()),
        what,
        not_before: GOOD_FROM,
        not_after: GOOD_TO,
        sequence: id.into(),
    };
    let mut signed = Signed::draft(command).expect("within bounds");
    signed.sign(&SigningKey::from_bytes(&SIGNER)).expect("the first signature");
    signed.to_text().expect("short enough")
}

/// An envelope, and the way to what it orders. Accepted is what can be read; only what is signed
/// may be obeyed, once.
pub(crate) fn command(bytes: &[u8]) -> Reached {
    let read = Signed::parse(bytes);
    if let Ok(signed) = &read {
        let payload = signed.command().to_bytes().expect("it was just read");
        assert!(Command::parse(&payload).as_ref() == Ok(signed.command()), "another command after writing");
        if let Ok(text) = signed.to_text() {
            assert!(Signed::parse(text.as_bytes()).as_ref() == Ok(signed), "another envelope after writing");
        }
    }
    let kiosk = kiosk();
    let here = Here { kiosk: &kiosk, site: None, time: Time::Known(GOOD_FROM) };
    let mut ledger = Ledger::default();
    ledger.begin(GOOD_FROM);
    if let Ok((accepted, ledger)) = accept(bytes, &allowed(), &here, &ledger) {
        assert!(accepted.command().what.kind() == Kind::Message, "this signer may only show messages");
        let again = accept(bytes, &allowed(), &here, &ledger);
        assert!(again == Err(Refusal::Replayed), "a command is obeyed twice");
    }
    Reached::by(read.is_ok())
}

fn kiosk() -> Name {
    "kiosk-1".to_owned().try_into().expect("a name")
}

fn allowed() -> AllowList {
    let key = SigningKey::from_bytes(&SIGNER).verifying_key();
    let signer = Signer { name: kiosk(), key, may: [Kind::Message].into() };
    AllowList::new(vec![signer], [].into()).expect("one signer")
}
