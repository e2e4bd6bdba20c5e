//! The VNeID way.

use std::time::Duration;

use gateway::VneidState;

use crate::site::{READY, Site};

const AT_ONCE: Duration = Duration::ZERO;

#[tokio::test]
async fn an_approval_is_waited_for_and_comes() {
    let site = Site::new().await;
    let request = site.gateway.request_vneid(READY.0).await.unwrap();
    assert!(request.qr.starts_with("https://") && !request.qr.contains(READY.0));
    assert_eq!(request.expires_at, "2026-11-21T08:10:00Z".parse().unwrap());
    assert_eq!(site.gateway.vneid_state(&request.id, AT_ONCE).await.unwrap(), VneidState::Waiting);
    site.later(2);
    let at = "2026-11-21T08:00:02Z".parse().unwrap();
    assert_eq!(
        site.gateway.vneid_state(&request.id, Duration::from_secs(20)).await.unwrap(),
        VneidState::Approved { at }
    );
}

#[tokio::test]
async fn a_long_poll_ends_when_the_citizen_answers() {
    let site = Site::new().await;
    let request = site.gateway.request_vneid(READY.0).await.unwrap();
    let asking = site.gateway.vneid_state(&request.id, Duration::from_secs(20));
    let (state, ()) = tokio::join!(asking, async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        site.later(2);
    });
    assert!(matches!(state.unwrap(), VneidState::Approved { .. }));
}

#[tokio::test]
async fn no_is_no_and_silence_expires() {
    let site = Site::new().await;
    let refused = site.gateway.request_vneid("001185000009").await.unwrap();
    let ignored = site.gateway.request_vneid("001185000010").await.unwrap();
    site.later(3);
    assert_eq!(site.gateway.vneid_state(&refused.id, AT_ONCE).await.unwrap(), VneidState::Rejected);
    assert_eq!(site.gateway.vneid_state(&ignored.id, AT_ONCE).await.unwrap(), VneidState::Waiting);
    site.later(600);
    assert_eq!(site.gateway.vneid_state(&ignored.id, AT_ONCE).await.unwrap(), VneidState::Expired);
}
