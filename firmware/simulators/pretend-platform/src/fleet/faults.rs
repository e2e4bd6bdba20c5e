//! What goes wrong on request.

use serde::{Deserialize, Serialize};

/// Something that is to go wrong, as the control port takes it:
/// `{"at":"download","target":"kiosk-1","does":{"drop-after":1000},"times":2}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FleetFault {
    /// With which call.
    pub at: Call,
    /// Of which target; of any, without one.
    #[serde(default)]
    pub target: Option<String>,
    /// What goes wrong.
    pub does: Mishap,
    /// With how many calls.
    pub times: u32,
}

/// The calls of the DDI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Call {
    /// `GET` of the base resource.
    Poll,
    /// `PUT configData`.
    ConfigData,
    /// `GET deploymentBase`, `GET installedBase/{id}`.
    Deployment,
    /// `POST deploymentBase/{id}/feedback`.
    Feedback,
    /// Both calls of `cancelAction`.
    Cancel,
    /// All calls of `confirmationBase`.
    Confirmation,
    /// `PUT installedBase`.
    Installed,
    /// An artifact or its `.MD5SUM`.
    Download,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mishap {
    /// A download breaks off after so many bytes of its body.
    DropAfter(u64),
    /// 429 with `Retry-After` in seconds.
    TooManyRequests(u32),
    /// 500.
    ServerError,
    /// 503, as of a proxy before a stopped server.
    Down,
    /// The connection ends without an answer; the call was not worked on.
    HangUp,
    /// The connection ends without an answer; the call *was* worked on.
    DoneButSilent,
    /// The answer comes after so many milliseconds.
    Slow(u64),
    /// The server forgot the action: 410, for this call.
    Gone,
    /// A download has its right length and other bytes.
    OtherBytes,
}

/// Everything that is still to go wrong.
#[derive(Clone, Debug, Default)]
pub(super) struct Faults(Vec<FleetFault>);

impl Faults {
    pub fn add(&mut self, fault: FleetFault) {
        self.0.push(fault);
    }

    /// What goes wrong with this call, if anything; used up by asking.
    pub fn take(&mut self, call: Call, target: &str) -> Option<Mishap> {
        let meant = |fault: &FleetFault| {
            fault.at == call && fault.times > 0 && fault.target.as_deref().is_none_or(|name| name == target)
        };
        let at = self.0.iter().position(meant)?;
        self.0[at].times -= 1;
        let does = self.0[at].does;
        if self.0[at].times == 0 {
            self.0.remove(at);
        }
        Some(does)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_for_its_call_its_target_and_its_times() {
        let text = r#"{"at":"download","target":"k1","does":{"drop-after":1000},"times":2}"#;
        let mut faults = Faults::default();
        faults.add(serde_json::from_str(text).unwrap());
        assert_eq!(faults.take(Call::Poll, "k1"), None);
        assert_eq!(faults.take(Call::Download, "k2"), None);
        assert_eq!(faults.take(Call::Download, "k1"), Some(Mishap::DropAfter(1000)));
        assert_eq!(faults.take(Call::Download, "k1"), Some(Mishap::DropAfter(1000)));
        assert_eq!(faults.take(Call::Download, "k1"), None);
        assert!(serde_json::from_str::<FleetFault>(&text.replace("times", "often")).is_err());
    }
}
