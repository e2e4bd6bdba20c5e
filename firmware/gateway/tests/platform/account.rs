//! How accounts stand, and every way in which the platform says no.

use faults::Fault;
use gateway::{AccountState, GatewayError, Heartbeat, ProblemCode};

use crate::site::{READY, Site, connect};

fn word(state: &AccountState) -> &'static str {
    match state {
        AccountState::None => "none",
        AccountState::LevelOne => "level-one",
        AccountState::Pending { .. } => "pending",
        AccountState::Active => "active",
        AccountState::Locked => "locked",
    }
}

#[tokio::test]
async fn each_account_stands_as_it_stands() {
    let site = Site::new().await;
    for (number, expected) in [
        ("001185000001", "pending"),
        ("001185000002", "none"),
        ("001185000003", "level-one"),
        ("001185000004", "active"),
        ("001185000005", "locked"),
        ("999999999999", "none"),
    ] {
        let state = site.gateway.account(number).await.unwrap();
        assert_eq!(word(&state), expected, "{number}");
    }
}

#[tokio::test]
async fn an_account_that_waits_says_since_when_and_shows_no_whole_number() {
    let site = Site::new().await;
    let AccountState::Pending { ready_since, has_password, phone_masked } =
        site.gateway.account(READY.0).await.unwrap()
    else {
        panic!("it waits");
    };
    assert_eq!(ready_since, "2026-11-19T08:00:00Z".parse().unwrap());
    assert!(!has_password);
    assert_eq!(phone_masked, "09x xxx x001");
}

#[tokio::test]
async fn an_activation_is_refused_by_how_the_account_stands() {
    let site = Site::new().await;
    for (number, phone, code, fault) in [
        ("999999999999", "0900000001", ProblemCode::AccountNotFound, Fault::AccountNotFound),
        ("001185000002", "0900000002", ProblemCode::AccountNotFound, Fault::AccountNotFound),
        ("001185000003", "0900000003", ProblemCode::AccountLevelLow, Fault::AccountLevelLow),
        ("001185000004", "0900000004", ProblemCode::AccountAlreadyActive, Fault::AccountAlreadyActive),
        ("001185000005", "0900000005", ProblemCode::AccountLocked, Fault::AccountLocked),
        ("001185000006", "0900000006", ProblemCode::ActivationOverdue, Fault::ActivationOverdue),
        ("001185000001", "0911111111", ProblemCode::PhoneMismatch, Fault::PhoneMismatch),
        ("001185000007", "0900000007", ProblemCode::PhoneNotOwned, Fault::PhoneNotOwned),
        ("001185000016", "0900000016", ProblemCode::SchemaInvalid, Fault::PlatformRefused),
    ] {
        let error = site.gateway.begin_activation(number, phone).await.unwrap_err();
        assert_eq!(error.problem().map(|problem| problem.code), Some(code), "{number}");
        assert_eq!(error.fault(), fault);
        assert!(!error.retryable());
    }
}

#[tokio::test]
async fn five_wrong_phones_close_the_account_to_guessing() {
    let site = Site::new().await;
    for _ in 0..5 {
        let error = site.gateway.begin_activation(READY.0, "0911111111").await.unwrap_err();
        assert_eq!(error.fault(), Fault::PhoneMismatch);
    }
    let error = site.gateway.begin_activation(READY.0, READY.1).await.unwrap_err();
    assert_eq!(error.problem().unwrap().code, ProblemCode::RateLimited);
}

#[tokio::test]
async fn troubles_behind_the_platform_are_told_apart() {
    let site = Site::new().await;
    for (number, code, fault) in [
        ("001185000011", ProblemCode::UpstreamDown, Fault::PlatformUnreachable),
        ("001185000012", ProblemCode::UpstreamTimeout, Fault::PlatformSlow),
        ("001185000013", ProblemCode::RateLimited, Fault::PlatformRefused),
        ("001185000014", ProblemCode::DeviceSuspended, Fault::DeviceNotEnrolled),
        ("001185000015", ProblemCode::ClockSkew, Fault::ClockSkew),
    ] {
        let Err(error) = site.gateway.account(number).await else { panic!("{number} is refused") };
        assert_eq!(error.problem().map(|problem| problem.code), Some(code));
        assert_eq!(error.fault(), fault);
    }
}

#[tokio::test]
async fn a_number_that_is_none_is_refused_as_malformed() {
    let site = Site::new().await;
    let Err(GatewayError::Refused(problem)) = site.gateway.account("12345678901X").await else {
        panic!("no such number")
    };
    assert_eq!(problem.code, ProblemCode::SchemaInvalid);
    let mut site = site;
    site.exchanges(); // the box broke the contract, as was asked of it
}

#[tokio::test]
async fn a_heartbeat_is_answered_and_another_kiosks_is_not() {
    let site = Site::new().await;
    let beat = Heartbeat {
        version: "0.1.0".to_owned(),
        queue_depth: 3,
        devices: [("card-reader".to_owned(), true)].into(),
    };
    assert_eq!(site.gateway.heartbeat(&beat).await.unwrap().as_secs(), 60);

    let mut config = site.config.clone();
    config.kiosk = "another-kiosk".to_owned();
    let error = connect(&config, &site.kiosk_clock).heartbeat(&beat).await.unwrap_err();
    assert_eq!(error.fault(), Fault::DeviceNotEnrolled);
}
