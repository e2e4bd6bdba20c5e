//! A release by what changed since the one that runs: fetched and tried like any other; and whole
//! where the delta is no good.

use std::time::Duration;

use pretend_platform::fleet::Status;

use crate::site::{Program, Site};

const LIMIT: Duration = Duration::from_mins(1);

/// A kiosk that runs release 7, and a release 8 with what changed since.
async fn with_seven_and_a_delta() -> (Site, String) {
    let mut site = Site::new().await;
    site.kiosk.start().await;
    let seven = site.order(7, Program::Well);
    site.until("release 7 is good", LIMIT, |site| site.status(seven) == Status::Finished).await;
    let (old, new) = (Program::Well.image(7), Program::Well.image(8));
    let target = site.repository.release_since(8, new.as_bytes(), (7, old.as_bytes()));
    (site, target)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kiosk_fetches_only_what_changed_since_its_release() {
    let (mut site, target) = with_seven_and_a_delta().await;
    // Nobody can fetch the whole one.
    site.repository.lose(&target);
    let eight = site.assign(&target, "8");
    site.until("release 8 is good", LIMIT, |site| site.status(eight) == Status::Finished).await;
    assert_eq!(site.kiosk.runs(), "8");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delta_that_is_not_what_was_signed_is_given_up_for_the_whole_release() {
    let (mut site, target) = with_seven_and_a_delta().await;
    site.repository.forge("app/kiosk-8.from-7", b"not what was signed");
    let eight = site.assign(&target, "8");
    site.until("release 8 is good", LIMIT, |site| site.status(eight) == Status::Finished).await;
    assert_eq!(site.kiosk.runs(), "8");
    let said = site.said(eight);
    let refused = said.iter().filter(|line| line.starts_with("delta-refused: "));
    assert_eq!(refused.count(), 1, "{said:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delta_alone_is_no_release() {
    let (mut site, _) = with_seven_and_a_delta().await;
    let action = site.assign("app/kiosk-8.from-7", "8");
    site.until("it is refused", LIMIT, |site| site.status(action) == Status::Error).await;
    assert_eq!(site.kiosk.runs(), "7");
    let said = site.said(action);
    assert!(said.iter().any(|line| line.starts_with("not-allowed: ")), "{said:#?}");
}
