//! What goes wrong on the way, and that nothing is lost or done twice by it.

use faults::Fault;
use gateway::{AccountState, Channel, GatewayError, Link};
use simulators::scenario::PlatformMishap;

use crate::site::{CODE, READY, Site};

#[tokio::test]
async fn a_platform_that_is_down_for_a_moment_is_asked_again() {
    let site = Site::new().await;
    site.fault("lookUpAccount", PlatformMishap::Down, 1);
    assert!(matches!(site.gateway.account(READY.0).await, Ok(AccountState::Pending { .. })));
}

#[tokio::test]
async fn a_platform_that_stays_down_closes_the_link_and_opens_it_again() {
    let site = Site::new().await;
    let mut link = site.gateway.watch_link();
    assert_eq!(*link.borrow_and_update(), Link::Down, "nothing was said yet");
    assert!(site.gateway.account(READY.0).await.is_ok());
    assert!(link.has_changed().unwrap());
    assert_eq!(*link.borrow_and_update(), Link::Up);

    site.fault("lookUpAccount", PlatformMishap::Down, 2);
    let Err(error) = site.gateway.account(READY.0).await else { panic!("it is down") };
    assert!(matches!(error, GatewayError::ProxySaysDown { status: 503 }));
    assert_eq!(error.fault(), Fault::PlatformUnreachable);
    assert!(error.retryable());
    assert_eq!(*link.borrow_and_update(), Link::Down);

    assert!(site.gateway.account(READY.0).await.is_ok());
    assert_eq!(site.gateway.link(), Link::Up);
}

#[tokio::test]
async fn a_platform_that_stays_slow_is_given_up_in_time() {
    let site = Site::new().await;
    site.fault("lookUpAccount", PlatformMishap::Slow, 2);
    let begun = std::time::Instant::now();
    let Err(error) = site.gateway.account(READY.0).await else { panic!("it is slow") };
    assert!(matches!(error, GatewayError::Slow), "{error}");
    assert_eq!(error.fault(), Fault::PlatformSlow);
    assert!(begun.elapsed().as_millis() >= 1400, "both tries waited");
    assert_eq!(site.gateway.link(), Link::Down, "twice no answer");
}

#[tokio::test]
async fn one_slow_answer_is_fetched_by_the_second_try_and_the_work_is_done_once() {
    let site = Site::new().await;
    let activation = site.gateway.begin_activation(READY.0, READY.1).await.unwrap();
    site.fault("sendCode", PlatformMishap::Slow, 1);
    let sent = site.gateway.send_code(&activation, Channel::Sms).await.unwrap();
    assert_eq!(sent.sends_left, 2);
    assert_eq!(site.platform.counts().messages, 1, "one message, though asked twice");
    assert_eq!(site.platform.counts().requests["sendCode"], 2);
}

#[tokio::test]
async fn a_lost_answer_does_not_cost_the_citizen_a_try() {
    let mut site = Site::new().await;
    let activation = site.gateway.begin_activation(READY.0, READY.1).await.unwrap();
    site.gateway.send_code(&activation, Channel::Sms).await.unwrap();
    site.fault("checkCode", PlatformMishap::DoneButSilent, 1);
    let error = site.gateway.check_code(&activation, "000000").await.unwrap_err();
    assert_eq!(error.problem().unwrap().tries_left, Some(4), "asked twice, counted once");
    let error = site.gateway.check_code(&activation, "000000").await.unwrap_err();
    assert_eq!(error.problem().unwrap().tries_left, Some(3));
    site.gateway.check_code(&activation, CODE).await.unwrap();

    let exchanges = site.exchanges();
    let replayed = exchanges.iter().filter(|exchange| exchange.answered.contains_key("idempotent-replayed"));
    assert_eq!(replayed.count(), 1);
}
