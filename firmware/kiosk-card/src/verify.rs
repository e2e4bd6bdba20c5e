//! `kiosk-card verify`: judges files that came from anywhere.

use std::path::Path;

use identity::{Grounds, RevocationList, RevocationLists, TrustList};

use crate::{
    arguments::{Form, Standing, VerifyOptions},
    files,
    mistake::Mistake,
    report,
};

/// Judges and prints. The exit code says the verdict.
pub fn run(options: &VerifyOptions) -> Result<u8, Mistake> {
    let loose = files::of_chip(&options.path)?;
    let standing = &options.standing;
    let trust = files::trust(&standing.trust)?;
    let revoked = revocation_lists(standing, &trust)?;
    let grounds = Grounds { trust: &trust, revoked: &revoked, policy: standing.policy };
    let judgement = identity::inspect(&loose, &grounds, standing.today);
    match options.form {
        Form::Text => print!("{}", report::lines(&judgement)),
        Form::Json => println!("{}", json(&judgement)),
    }
    Ok(judgement.verdict.number())
}

/// The lists of `--crl`, each verified by the trust list.
pub fn revocation_lists(standing: &Standing, trust: &TrustList) -> Result<RevocationLists, Mistake> {
    let mut all = RevocationLists::default();
    for path in &standing.revocation_lists {
        let fault = |source| Mistake::RevocationList { path: Path::to_owned(path), source };
        let list = RevocationList::open(&files::der(path)?, trust, &standing.policy, standing.today);
        all.add(list.map_err(fault)?).map_err(fault)?;
    }
    Ok(all)
}

/// As one JSON object.
pub fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(value).expect("what the tool prints has a form in JSON")
}
