//! The whole way of an update: a fleet server that speaks DDI, a signed repository behind a web
//! server, `fleetd` itself, the real launcher, and programs in two slots that are well or not.

use std::time::Duration;

use pretend_platform::fleet::Status;

use crate::site::{Program, Site};

/// The longest that anything here may take.
const LIMIT: Duration = Duration::from_mins(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_release_is_fetched_tried_and_committed() {
    let mut site = Site::new().await;
    site.kiosk.start().await;
    let action = site.order(7, Program::Well);
    site.until("the action ends", LIMIT, |site| site.status(action) == Status::Finished).await;
    assert_eq!(site.kiosk.runs(), "7");
    assert!(site.kiosk.line().contains("release 7, is good"), "{}", site.kiosk.line());
    let said = site.said(action);
    for word in ["spare slot", "rehearsed", "nobody is served", "on trial", "committed"] {
        assert!(said.iter().any(|line| line.contains(word)), "nothing of '{word}' in {said:#?}");
    }
    assert!(!site.kiosk.closed(), "the machine is open again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_release_that_is_ill_is_rolled_back_and_never_tried_again() {
    let mut site = Site::new().await;
    site.kiosk.start().await;
    let action = site.order(7, Program::WithoutReader);
    site.until("the action fails", LIMIT, |site| site.status(action) == Status::Error).await;
    assert_eq!(site.kiosk.runs(), "6");
    let last = site.said(action).pop().unwrap();
    assert!(last.contains("rolled-back: card-reader"), "{last}");

    let again = site.order_again(7);
    site.until("it is refused", LIMIT, |site| site.status(again) == Status::Error).await;
    let last = site.said(again).pop().unwrap();
    assert!(last.contains("not-allowed: it failed on this kiosk before"), "{last}");
    assert_eq!(site.kiosk.runs(), "6");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_release_that_never_comes_up_is_left_without_fleetd() {
    let mut site = Site::new().await;
    site.kiosk.start().await;
    let action = site.order(7, Program::Crashes);
    site.until("the action fails", LIMIT, |site| site.status(action) == Status::Error).await;
    assert_eq!(site.kiosk.runs(), "6");
    let last = site.said(action).pop().unwrap();
    assert!(last.contains("never-came-up"), "{last}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn during_a_visit_nothing_is_changed() {
    let mut site = Site::new().await;
    site.kiosk.start().await;
    let visit = site.kiosk.begin_visit();
    let action = site.order(7, Program::Well);
    site.until("it waits", LIMIT, |site| site.kiosk.closed()).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(site.kiosk.runs(), "6");
    assert!(![Status::Finished, Status::Error].contains(&site.status(action)));
    drop(visit);
    site.until("the action ends", LIMIT, |site| site.status(action) == Status::Finished).await;
    assert_eq!(site.kiosk.runs(), "7");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_signed_is_not_even_fetched() {
    let mut site = Site::new().await;
    site.kiosk.start().await;
    let action = site.order_unsigned(7);
    site.until("it is refused", LIMIT, |site| site.status(action) == Status::Error).await;
    let last = site.said(action).pop().unwrap();
    assert!(last.contains("not-allowed: nobody who may has signed"), "{last}");
    assert!(site.kiosk.line().contains("slot b holds nothing"), "{}", site.kiosk.line());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fleetd_that_is_killed_again_and_again_still_brings_it_to_its_end() {
    let mut site = Site::new().await;
    site.kiosk.start().await;
    let action = site.order(7, Program::Well);
    for _ in 0..6 {
        tokio::time::sleep(Duration::from_millis(1_300)).await;
        site.kiosk.kill_fleetd();
        site.kiosk.start_fleetd();
    }
    site.until("the action ends", LIMIT, |site| site.status(action) == Status::Finished).await;
    assert_eq!(site.kiosk.runs(), "7");
}
