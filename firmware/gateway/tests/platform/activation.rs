//! From the phone number to the citizen's secrets.

use faults::Fault;
use gateway::{Channel, ProblemCode};

use crate::site::{CODE, READY, Site, credentials, credentials_with};

#[tokio::test]
async fn a_code_may_be_sent_three_times_by_message_or_call() {
    let site = Site::new().await;
    let activation = site.gateway.begin_activation(READY.0, READY.1).await.unwrap();
    for (channel, left) in [(Channel::Sms, 2), (Channel::Voice, 1), (Channel::Sms, 0)] {
        let sent = site.gateway.send_code(&activation, channel).await.unwrap();
        assert_eq!((sent.sends_left, sent.sent_to.as_str()), (left, "09x xxx x001"));
        assert_eq!(sent.expires_at, "2026-11-21T08:05:00Z".parse().unwrap());
    }
    let Err(error) = site.gateway.send_code(&activation, Channel::Voice).await else {
        panic!("a fourth code")
    };
    assert_eq!(error.fault(), Fault::OtpLimit);
    let counts = site.platform.counts();
    assert_eq!((counts.messages, counts.calls), (2, 2));
}

#[tokio::test]
async fn five_wrong_codes_count_down_and_end_the_activation() {
    let site = Site::new().await;
    let activation = site.gateway.begin_activation(READY.0, READY.1).await.unwrap();
    site.gateway.send_code(&activation, Channel::Sms).await.unwrap();
    for left in [4, 3, 2, 1] {
        let error = site.gateway.check_code(&activation, "000000").await.unwrap_err();
        assert_eq!(error.fault(), Fault::OtpWrong);
        assert_eq!(error.problem().unwrap().tries_left, Some(left));
    }
    let error = site.gateway.check_code(&activation, "000000").await.unwrap_err();
    assert_eq!(error.fault(), Fault::OtpLimit);
    let error = site.gateway.check_code(&activation, CODE).await.unwrap_err();
    assert_eq!(error.fault(), Fault::OtpLimit, "the right code comes too late");
}

#[tokio::test]
async fn a_code_dies_after_five_minutes_and_a_new_one_lives() {
    let site = Site::new().await;
    let activation = site.gateway.begin_activation(READY.0, READY.1).await.unwrap();
    site.gateway.send_code(&activation, Channel::Sms).await.unwrap();
    site.later(299);
    let error = site.gateway.check_code(&activation, "000000").await.unwrap_err();
    assert_eq!(error.fault(), Fault::OtpWrong, "still looked at");
    site.later(1);
    let error = site.gateway.check_code(&activation, CODE).await.unwrap_err();
    assert_eq!(error.fault(), Fault::OtpExpired);
    site.gateway.send_code(&activation, Channel::Sms).await.unwrap();
    site.gateway.check_code(&activation, CODE).await.unwrap();
}

#[tokio::test]
async fn no_step_can_be_left_out() {
    let site = Site::new().await;
    let activation = site.gateway.begin_activation(READY.0, READY.1).await.unwrap();
    let code = |error: gateway::GatewayError| error.problem().map(|problem| problem.code);
    let unsent = site.gateway.check_code(&activation, CODE).await.unwrap_err();
    assert_eq!(code(unsent), Some(ProblemCode::WrongStep));
    let unchecked = site.gateway.set_credentials(&activation, credentials(Some("Ao-Dai-2026"))).await;
    assert_eq!(code(unchecked.unwrap_err()), Some(ProblemCode::WrongStep));
}

#[tokio::test]
async fn weak_secrets_are_refused_there_too() {
    let site = Site::new().await;
    let activation = site.gateway.begin_activation(READY.0, READY.1).await.unwrap();
    site.gateway.send_code(&activation, Channel::Sms).await.unwrap();
    site.gateway.check_code(&activation, CODE).await.unwrap();
    for (password, passcode, fault) in [
        (None, "830219", Fault::PasswordPolicy),
        (Some("nocapitals-1"), "830219", Fault::PasswordPolicy),
        (Some("Ao-Dai-2026"), "111111", Fault::PasscodeWeak),
        (Some("Ao-Dai-2026"), "654321", Fault::PasscodeWeak),
    ] {
        let set = credentials_with(password, passcode);
        let error = site.gateway.set_credentials(&activation, set).await.unwrap_err();
        assert_eq!(error.fault(), fault);
    }
    site.gateway.set_credentials(&activation, credentials(Some("Ao-Dai-2026"))).await.unwrap();
}

#[tokio::test]
async fn a_password_is_set_only_where_there_is_none() {
    let site = Site::new().await;
    let activation = site.gateway.begin_activation("001185000008", "0900000008").await.unwrap();
    site.gateway.send_code(&activation, Channel::Sms).await.unwrap();
    site.gateway.check_code(&activation, CODE).await.unwrap();
    let error =
        site.gateway.set_credentials(&activation, credentials(Some("Ao-Dai-2026"))).await.unwrap_err();
    assert_eq!(error.problem().unwrap().code, ProblemCode::SchemaInvalid);
    site.gateway.set_credentials(&activation, credentials(None)).await.unwrap();
}

#[tokio::test]
async fn nothing_about_the_citizen_is_readable_on_the_wire() {
    let mut site = Site::new().await;
    site.activation().await;
    let exchanges = site.exchanges();
    assert_eq!(exchanges.len(), 4);
    let mut boxes = 0;
    for exchange in &exchanges {
        let said =
            format!("{} {:?} {}", exchange.path, exchange.asked, String::from_utf8_lossy(&exchange.body));
        for secret in [READY.0, READY.1, CODE, "830219", "Ao-Dai-2026", "Trường làng"] {
            assert!(!said.contains(secret), "{} shows something", exchange.operation.id());
        }
        boxes += usize::from(exchange.opened.is_some());
    }
    assert_eq!(boxes, 3, "all but the wish for a code are sealed, and the platform opened them");
    let contract = crate::contract::Contract::load();
    for exchange in &exchanges {
        contract.hold(exchange);
    }
}
