//! Who may act on a stick, and what each missing thing is called.

use std::{collections::BTreeSet, num::NonZeroU16};

use faults::Fault;
use serde_json::json;
use stick::{CardNeeded, PermitFile, StaffCard, StickError};
use tuf::{
    StaleTimestamp,
    clock::{ClockLevel, Reading},
};

use crate::common::{Kiosk, Stick, chain, clock, days, now, technician};

/// A stick with a changed permit, and a kiosk that has staged it.
async fn staged(change: impl FnOnce(&mut PermitFile)) -> (Stick, Kiosk, stick::Staged) {
    let mut stick = Stick::new();
    stick.permit("usb/permit.json", change);
    stick.publish();
    let kiosk = Kiosk::trusting(&stick);
    let staged = kiosk.stage(stick.path()).await.unwrap();
    (stick, kiosk, staged)
}

#[tokio::test]
async fn a_permit_in_time_with_a_technician_admits_and_counts_its_use() {
    let (_, kiosk, staged) = staged(|_| {}).await;
    let admitted = staged.admit(&kiosk.about, clock(now()), 0, Some(technician())).unwrap();
    assert_eq!(admitted.use_to_count(), ("lang-son-12", 1));
    assert_eq!(admitted.release().target, "app/kiosk-7");
    assert_eq!(admitted.technician().unwrap().holder(), "kt-01");
    let again = staged.admit(&kiosk.about, clock(now()), 1, Some(technician())).unwrap();
    assert_eq!(again.use_to_count(), ("lang-son-12", 2));
}

#[tokio::test]
async fn a_permit_is_used_no_more_often_than_it_says() {
    let (_, kiosk, staged) = staged(|_| {}).await;
    for used in [2, 3, u16::MAX] {
        let error = staged.admit(&kiosk.about, clock(now()), used, Some(technician())).unwrap_err();
        assert!(matches!(error, StickError::UsedUp { uses: 2 }));
        assert_eq!(error.fault(), Fault::PermitUsedUp);
    }
}

#[tokio::test]
async fn a_permit_for_another_kiosk_is_for_no_other() {
    let places = |devices: &'static [&str], sites: &'static [&str]| {
        move |permit: &mut PermitFile| {
            let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
            (permit.devices, permit.sites) = (set(devices), set(sites));
        }
    };
    for (devices, sites, may) in [
        (&["ls-0018"][..], &[][..], false),
        (&["ls-001"], &["LS-03"], false),
        (&["ls-03"], &["ls-0017"], false),
        (&["ls-0018"], &["ls-03"], true),
        (&["ls-0018", "ls-0017"], &[], true),
    ] {
        let (_, kiosk, staged) = staged(places(devices, sites)).await;
        let admitted = staged.admit(&kiosk.about, clock(now()), 0, Some(technician()));
        assert_eq!(admitted.is_ok(), may, "{devices:?} {sites:?}");
        if let Err(error) = admitted {
            assert_eq!(error.fault(), Fault::PermitElsewhere);
        }
    }
    // A kiosk that was not told its site is at none.
    let (_, mut kiosk, staged) = staged(places(&[], &["ls-03"])).await;
    kiosk.about.site = None;
    assert!(staged.admit(&kiosk.about, clock(now()), 0, Some(technician())).is_err());
}

#[tokio::test]
async fn a_permit_runs_out_by_the_second_also_while_it_waits_for_the_technician() {
    let (_, kiosk, staged) = staged(|_| {}).await;
    let second = jiff::SignedDuration::from_secs(1);
    assert!(staged.admit(&kiosk.about, clock(now() + days(30) - second), 0, Some(technician())).is_ok());
    let error = staged.admit(&kiosk.about, clock(now() + days(30)), 0, Some(technician())).unwrap_err();
    assert_eq!(error.fault(), Fault::PermitExpired);
}

#[tokio::test]
async fn a_technician_is_needed_by_permit_by_age_and_where_the_time_is_unknown() {
    let needed = |error: StickError| match error {
        StickError::TechnicianNeeded(why) => why,
        error => panic!("{}", chain(&error)),
    };
    let (_, kiosk, staged_required) = staged(|_| {}).await;
    let error = staged_required.admit(&kiosk.about, clock(now()), 0, None).unwrap_err();
    assert_eq!((error.fault(), needed(error)), (Fault::TechnicianNeeded, CardNeeded::ByPermit));

    let (_, kiosk, staged) = staged(|permit| permit.staff_card = StaffCard::IfStale).await;
    let alone = staged.admit(&kiosk.about, clock(now()), 0, None).unwrap();
    assert_eq!((alone.stale(), alone.technician()), (StaleTimestamp::Refused, None));
    // Who need not be there is not written down.
    assert_eq!(staged.admit(&kiosk.about, clock(now()), 0, Some(technician())).unwrap().technician(), None);

    let stale = now() + days(8);
    let error = staged.admit(&kiosk.about, clock(stale), 0, None).unwrap_err();
    assert_eq!(needed(error), CardNeeded::StaleTimestamp);
    let here = technician();
    let admitted = staged.admit(&kiosk.about, clock(stale), 0, Some(here.clone())).unwrap();
    assert_eq!((admitted.stale(), admitted.technician()), (StaleTimestamp::Tolerated, Some(&here)));

    let unknown = Reading { time: now(), level: ClockLevel::Unknown };
    let error = staged.admit(&kiosk.about, unknown, 0, None).unwrap_err();
    assert_eq!(needed(error), CardNeeded::ClockUnknown);
}

#[tokio::test]
async fn a_permit_of_those_who_may_not_sign_it_is_none() {
    // The signers of a province's settings list a permit of their own.
    let permit = json!({"id": "mine", "devices": ["ls-0017"], "not_after": "2099-01-01T00:00:00Z", "uses": 9,
        "staff_card": "if-stale", "releases": [{"target": "app/kiosk-7", "name": "kiosk", "version": "7"}]});
    for name in ["usb/mine", "config/ha-noi/mine"] {
        let mut stick = Stick::new();
        stick.custom("config-ha-noi", name, Some(permit.clone()));
        stick.point_to(name);
        stick.publish();
        let error = Kiosk::trusting(&stick).stage(stick.path()).await.unwrap_err();
        assert_eq!(error.fault(), Fault::PermitMissing, "{}", chain(&error));
    }
    // Signed by a stranger.
    let mut stick = Stick::new();
    stick.usb_key = 66;
    stick.publish();
    let error = Kiosk::trusting(&stick).stage(stick.path()).await.unwrap_err();
    assert_eq!(error.fault(), Fault::StickNotTrusted);
    assert!(chain(&error).contains("0 good signatures"), "{}", chain(&error));
}

#[tokio::test]
async fn what_is_signed_but_not_understood_is_no_permit() {
    let mut stick = Stick::new();
    stick.custom("usb", "usb/none", None);
    stick.custom("usb", "usb/odd", Some(json!({"id": "a", "only_on_mondays": true})));
    stick.publish();
    let kiosk = Kiosk::trusting(&stick);
    for name in ["usb/none", "usb/odd", "usb/nowhere"] {
        stick.point_to(name);
        let error = kiosk.stage(stick.path()).await.unwrap_err();
        assert_eq!(error.fault(), Fault::PermitMissing, "{name}: {}", chain(&error));
    }
}

#[tokio::test]
async fn a_permit_is_judged_before_an_image_is_copied() {
    let mut stick = Stick::new();
    stick.permit("usb/permit.json", |permit| permit.uses = NonZeroU16::MIN);
    stick.publish();
    let kiosk = Kiosk::trusting(&stick);
    let reader = kiosk.open(stick.path()).await.unwrap();
    reader.permit().fits(&kiosk.about, clock(now()), 0).unwrap();
    let error = reader.permit().fits(&kiosk.about, clock(now()), 1).unwrap_err();
    assert_eq!(error.fault(), Fault::PermitUsedUp);
    assert!(!kiosk.staging().join("targets/app").exists());
}
