//! What RAUC says when something fails, as errors. It has no codes, only English; what is not
//! recognised is carried along as it is.

use install::UpdaterFault;

/// The error that `LastError` tells of.
pub(crate) fn fault(said: &str) -> UpdaterFault {
    let text = said.trim().to_owned();
    let has = |words: &str| text.to_ascii_lowercase().contains(words);
    if has("manifest hash") {
        UpdaterFault::Manifest { said: text }
    } else if has("compatible mismatch") {
        UpdaterFault::Compatible { said: text }
    } else if has("signature verification failed") {
        UpdaterFault::Signature { said: text }
    } else if has("invalid bundle format") || has("invalid identifier") {
        UpdaterFault::NotABundle { said: text }
    } else {
        UpdaterFault::Failed { said: text }
    }
}

/// The error that a call ended with.
pub(crate) fn call_fault(error: &zbus::Error) -> UpdaterFault {
    let said = error.to_string();
    match error {
        zbus::Error::MethodError(_, text, _) => {
            let text = text.as_deref().unwrap_or_default();
            // It answers, and says no.
            if text.contains("Already processing") { UpdaterFault::Busy } else { fault(text) }
        }
        _ => UpdaterFault::Gone { said },
    }
}

/// Whether a call was refused because this RAUC does not know one of its arguments.
pub(crate) fn is_unknown_argument(error: &zbus::Error, name: &str) -> bool {
    let expected = format!("Unsupported key: {name}");
    matches!(error, zbus::Error::MethodError(_, Some(text), _) if text.contains(&expected))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_is_told_apart() {
        // As RAUC 1.8 says it.
        for (said, expected) in [
            ("signature verification failed: error:1700009E:CMS routines::verification failure", "trust"),
            ("Installation error: Compatible mismatch: Expected 'a' but bundle manifest has 'b'", "machines"),
            ("Invalid bundle format: Signature size (15562756966646978011) exceeds bundle size", "no bundle"),
            ("Failed mounting bundle: Failed to open /dev/mapper/control", "it failed: Failed mounting"),
        ] {
            let fault = fault(said);
            assert!(fault.to_string().contains(expected) && fault.to_string().contains(said), "{fault}");
            assert!(!fault.passes());
        }
    }
}
