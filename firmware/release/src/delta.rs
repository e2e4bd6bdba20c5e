//! What changed since an earlier release, as a file of its own.

use std::num::NonZeroU64;

use serde::{Deserialize, Serialize};

use super::{Kind, ReleaseFault, ReleaseFile, Sha256Digest};

/// The most deltas of one release: to it from the three before.
pub const MOST_DELTAS: usize = 3;

/// A delta: a target of its own, which is no release. What it gives is the release's image, so a
/// bad one can only waste bandwidth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delta {
    /// The SHA-256 of the image that it is for, unpacked.
    pub from_sha256: Sha256Digest,
    /// How it is made.
    pub algo: Algorithm,
    /// Its path in the repository.
    pub name: String,
    /// Its length in bytes.
    pub length: NonZeroU64,
    /// Its SHA-256.
    pub sha256: Sha256Digest,
}

/// How a delta is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Algorithm {
    /// For each 4 MiB of the image a frame of zstd (RFC 8878), packed with what the image before
    /// has there and 8 MiB around it. `install::delta` says it exactly.
    #[serde(rename = "zstd-patch/1")]
    ZstdPatch1,
}

/// Refuses deltas that fit neither each other nor the release.
pub(crate) fn check(file: &ReleaseFile) -> Result<(), ReleaseFault> {
    let deltas = &file.delta;
    if !deltas.is_empty() && file.kind != Kind::App {
        return Err(ReleaseFault::DeltaOfOs);
    }
    if file.image.is_some_and(|image| deltas.iter().any(|delta| delta.from_sha256 == image.sha256)) {
        return Err(ReleaseFault::DeltaOfItself);
    }
    let twice = deltas.iter().enumerate().any(|(at, delta)| {
        deltas[..at].iter().any(|other| other.from_sha256 == delta.from_sha256 || other.name == delta.name)
    });
    if twice || deltas.len() > MOST_DELTAS || deltas.iter().any(|delta| delta.name.is_empty()) {
        return Err(ReleaseFault::Deltas);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::Release;

    const ONE: &str = r#"{"from_sha256":"66112233445566778899aabbccddeeff00112233445566778899aabbccddee66","algo":"zstd-patch/1","name":"app/kiosk-7.from-6","length":30,"sha256":"67112233445566778899aabbccddeeff00112233445566778899aabbccddee67"}"#;

    fn release(deltas: &str) -> String {
        format!(
            r#"{{"hw":["pc-dev"],"kind":"app","release_seq":7,"min_release_seq":5,"image":{{"compression":"zstd","length":300,"sha256":"77112233445566778899aabbccddeeff00112233445566778899aabbccddee77"}},"delta":[{deltas}]}}"#
        )
    }

    /// Another one: for another image, under another name.
    fn other(number: u32) -> String {
        ONE.replace("-6\"", &format!("-{number}\"")).replace("\"66", &format!("\"5{number}"))
    }

    #[test]
    fn deltas_are_written_as_they_are_read() {
        let text = release(&[ONE, &other(5), &other(4)].join(","));
        let read: Release = serde_json::from_str(&text).unwrap();
        assert_eq!(read.fields().delta.len(), 3);
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
        let none = read.with_deltas(vec![]).unwrap();
        assert!(!serde_json::to_string(&none).unwrap().contains("delta"));
    }

    #[test]
    fn deltas_that_do_not_fit_are_refused() {
        let two = |second: String| release(&[ONE.to_owned(), second].join(","));
        let own = ONE.replace("\"66", "\"77").replace("ee66", "ee77");
        for (text, why) in [
            (release(&[ONE, &other(5), &other(4), &other(3)].join(",")), "at most 3"),
            (two(other(5).replace("-5\"", "-6\"")), "another image and name"),
            (two(other(5).replace("\"55", "\"66")), "another image and name"),
            (release(&ONE.replace("app/kiosk-7.from-6", "")), "not empty"),
            (release(&ONE.replace(":30", ":0")), "nonzero"),
            (release(&ONE.replace("patch/1", "patch/2")), "unknown variant"),
            (release(&ONE.replace("\"algo\"", "\"level\":3,\"algo\"")), "unknown field"),
            (release(&ONE.replace("\"66", "\"")), "64 lower-case"),
            (release(&own), "release's own"),
            (release(ONE).replace("\"kind\":\"app\"", "\"kind\":\"os\""), "kind app only"),
        ] {
            assert_ne!(text, release(ONE));
            let error = serde_json::from_str::<Release>(&text).unwrap_err().to_string();
            assert!(error.contains(why), "{why}: {error}");
        }
    }
}
