//! The VNeID way.

use std::time::Duration;

use gateway::{VneidRequest, VneidState};
use keys::{AnswerContext, Signature, canonical};

use crate::site::{READY, Site};

const AT_ONCE: Duration = Duration::ZERO;
const IDENTITY: [u8; 32] = [0xA5; 32];

async fn request(site: &Site, number: &str) -> VneidRequest {
    site.gateway.request_vneid(number, &IDENTITY).await.unwrap()
}

#[tokio::test]
async fn an_approval_is_waited_for_and_comes() {
    let site = Site::new().await;
    let request = request(&site, READY.0).await;
    assert!(request.qr.starts_with("https://") && !request.qr.contains(READY.0));
    assert_eq!(request.expires_at, "2026-11-21T08:10:00Z".parse().unwrap());
    assert_eq!(site.gateway.vneid_state(&request.id, AT_ONCE).await.unwrap(), VneidState::Waiting);
    site.later(2);
    let state = site.gateway.vneid_state(&request.id, Duration::from_secs(20)).await.unwrap();
    assert!(matches!(state, VneidState::Approved(_)));
}

// The bytes of the contract, checked by hand: `face` has its own reading of them.
#[tokio::test]
async fn an_approval_names_the_card_and_the_request_and_is_signed() {
    let site = Site::new().await;
    let request = request(&site, READY.0).await;
    site.later(2);
    let VneidState::Approved(word) = site.gateway.vneid_state(&request.id, AT_ONCE).await.unwrap() else {
        panic!("not approved");
    };
    let whole = canonical::parse(&word).unwrap();
    let approval = whole.get("approval").unwrap();
    let text = |name| approval.get(name).unwrap().as_text().unwrap();
    assert_eq!(text("authorization"), request.id.as_str());
    assert_eq!(text("identity"), "a5".repeat(32));
    assert_eq!(text("at"), "2026-11-21T08:00:02Z");
    let signature: Signature = whole.get("signature").unwrap().as_text().unwrap().parse().unwrap();
    site.platform_key()
        .verify(AnswerContext::VneidApproval, &approval.to_bytes(), &signature)
        .expect("the platform signed the approval");
}

#[tokio::test]
async fn a_long_poll_ends_when_the_citizen_answers() {
    let site = Site::new().await;
    let request = request(&site, READY.0).await;
    let asking = site.gateway.vneid_state(&request.id, Duration::from_secs(20));
    let (state, ()) = tokio::join!(asking, async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        site.later(2);
    });
    assert!(matches!(state.unwrap(), VneidState::Approved(_)));
}

#[tokio::test]
async fn no_is_no_and_silence_expires() {
    let site = Site::new().await;
    let refused = request(&site, "001185000009").await;
    let ignored = request(&site, "001185000010").await;
    site.later(3);
    assert_eq!(site.gateway.vneid_state(&refused.id, AT_ONCE).await.unwrap(), VneidState::Rejected);
    assert_eq!(site.gateway.vneid_state(&ignored.id, AT_ONCE).await.unwrap(), VneidState::Waiting);
    site.later(600);
    assert_eq!(site.gateway.vneid_state(&ignored.id, AT_ONCE).await.unwrap(), VneidState::Expired);
}
