//! Pretend hardware for the demo and tests; not in a production build. A scenario is
//! named in the environment, because a board file must not know of such things.
//!
//! `KIOSK_PRETEND_SCENARIO` and `KIOSK_PRETEND_PEOPLE`: the camera shows whom the
//! scenario says, and the fill lamp is pretended too; `KIOSK_PRETEND_BODY`: a socket on which
//! that body is told to move. `KIOSK_PRETEND_ISSUER`: also the card is pretended, in memory, for
//! machines where no private pcscd can be started.

use std::{
    env,
    path::PathBuf,
    sync::{
        LazyLock,
        atomic::{AtomicU32, Ordering},
    },
};

use devices::{CameraFault, FrameSource, Light};
use rand_core::Rng;
use screen::Glow;
use simulators::{
    citizen_card::CitizenCard,
    face_camera::{CameraSetup, FaceCamera, Pace},
    in_memory::InMemoryReader,
    people::People,
    personalise::Issuer,
    presentation::Prompter,
    recorded::FrameFolder,
    scenario::{LampScript, Scenario},
    sensor::FillLamp,
    staff_badge::StaffBadge,
};

use crate::{chance::Chance, clock};

fn named(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).map(PathBuf::from)
}

fn script() -> Option<(Scenario, People, PathBuf)> {
    let scenario = Scenario::load(&named("KIOSK_PRETEND_SCENARIO")?).expect("the demo's own scenario");
    let folder = named("KIOSK_PRETEND_PEOPLE").expect("a scenario comes with its people");
    let people = People::load(&folder).expect("the demo's own people");
    Some((scenario, people, folder))
}

/// Whoever stands before the camera; told to move from outside.
fn body() -> Prompter {
    static BODY: LazyLock<Prompter> = LazyLock::new(|| {
        let prompter = Prompter::default();
        if let Some(socket) = named("KIOSK_PRETEND_BODY") {
            prompter.listen(&socket).expect("the demo's own socket");
        }
        prompter
    });
    BODY.clone()
}

/// What the page shows falls on whoever stands before it.
pub fn shine(glow: Glow) {
    body().shine(glow);
}

/// Whether a scenario names the camera.
pub fn is_camera() -> bool {
    named("KIOSK_PRETEND_SCENARIO").is_some()
}

/// The camera of the scenario, if one is named.
pub fn camera() -> Option<Result<Box<dyn FrameSource>, CameraFault>> {
    static LOOKED_FOR: AtomicU32 = AtomicU32::new(0);
    let (mut scenario, people, folder) = script()?;
    if LOOKED_FOR.fetch_add(1, Ordering::Relaxed) > 0 && scenario.camera.put_back {
        scenario.camera.mishap = None;
    }
    if let Some(frames) = &scenario.camera.frames {
        let player = FrameFolder::open(frames, Pace::RealTime).expect("a folder that recapture wrote");
        return Some(Ok(Box::new(player)));
    }
    let camera = FaceCamera::of_scenario(&scenario, &people, &folder, body(), CameraSetup::default());
    let camera = camera.expect("the demo's own photographs");
    Some(Ok(match scenario.camera.lamp {
        LampScript::Works => Box::new(camera.lit_by(lamp())),
        LampScript::Broken => Box::new(camera),
    }))
}

/// The lamp before the pretend camera, if a scenario is named.
pub fn fill_light() -> Option<Box<dyn Light>> {
    named("KIOSK_PRETEND_SCENARIO").map(|_| Box::new(lamp()) as Box<dyn Light>)
}

fn lamp() -> FillLamp {
    static LAMP: LazyLock<FillLamp> = LazyLock::new(FillLamp::default);
    LAMP.clone()
}

/// A card in memory, laid down already, if an issuer is named.
pub fn card() -> Option<InMemoryReader> {
    let issuer = named("KIOSK_PRETEND_ISSUER")?;
    let (scenario, people, folder) = script()?;
    if let Some(badge) = &scenario.card.badge {
        let badge = StaffBadge::kept(&issuer, badge).expect("the demo's own badge");
        let reader = InMemoryReader::new(badge);
        reader.lay();
        return Some(reader);
    }
    let person = people.person(&scenario.person).expect("the scenario's person");
    let issuer = Issuer::open(&issuer, clock::today(), &mut Chance).expect("the demo's own issuer");
    let personalised =
        issuer.personalise(person, &folder, &scenario.card, clock::today()).expect("the demo's own card");
    let reader = InMemoryReader::new(CitizenCard::new(personalised, &scenario.card, Chance.next_u64()));
    reader.lay();
    Some(reader)
}
