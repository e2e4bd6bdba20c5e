//! The whole way of settings: signed layers behind a web server, `fleetd` itself, programs that
//! go by them and are well or not.

use std::time::Duration;

use configuration::{Configuration, Level, digest, hexadecimal};
use pretend_platform::fleet::Status;

use crate::site::{ILL, Program, Site, UNSOUND};

/// The longest that anything here may take.
const LIMIT: Duration = Duration::from_mins(1);

fn asks_after(seconds: u32) -> String {
    format!("[idle]\nask-after-seconds = {seconds}\n")
}

/// What is in force of it, and whose it is.
fn in_force(site: &Site) -> Option<(u32, Level)> {
    let said = site.kiosk.settings()?.idle.ask_after_seconds?;
    Some((said.is.get(), said.from))
}

async fn comes_into_force(site: &Site, seconds: u32, from: Level, line: &str) {
    site.until("it is in force", LIMIT, |site| in_force(site) == Some((seconds, from))).await;
    let line = format!("in-force: {line}");
    site.until("the fleet hears of it", LIMIT, |site| site.told() == line).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn layers_come_into_force_by_themselves_and_the_nearest_wins() {
    let mut site = Site::with_settings().await;
    site.layer("fleet", 1, &asks_after(70));
    site.layer("ha-noi", 3, &asks_after(80));
    site.layer("ha-noi/site-tay-ho", 1, &asks_after(200));
    site.kiosk.start().await;
    comes_into_force(&site, 80, Level::Province, "fleet 1, ha-noi 3").await;
    let set = digest(&site.kiosk.settings().unwrap().bytes());
    assert_eq!(site.kiosk.goes_by(), Some(hexadecimal(set)));
    assert!(!site.kiosk.closed(), "the machine is open again");

    site.layer("ha-noi/device-kiosk-1", 1, &asks_after(90));
    comes_into_force(&site, 90, Level::Device, "fleet 1, ha-noi 3, ha-noi/device-kiosk-1 1").await;
    site.repository.take_off("config/ha-noi/device-kiosk-1.toml");
    comes_into_force(&site, 80, Level::Province, "fleet 1, ha-noi 3").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_that_make_it_ill_are_gone_back_on_and_not_tried_again() {
    let mut site = Site::with_settings().await;
    site.layer("fleet", 1, &asks_after(70));
    site.kiosk.start().await;
    comes_into_force(&site, 70, Level::Fleet, "fleet 1").await;
    let good = site.kiosk.goes_by();
    site.layer("ha-noi", 1, &asks_after(ILL));
    site.until("they are tried", LIMIT, |site| in_force(site) == Some((ILL, Level::Province))).await;
    site.until("they are refused", LIMIT, |site| {
        site.told().starts_with("refused: fleet 1, ha-noi 1: it failed")
    })
    .await;
    assert!(site.told().contains("card-reader: worked before"), "{}", site.told());
    assert_eq!(in_force(&site), Some((70, Level::Fleet)));
    site.until("kioskd goes by the ones before", LIMIT, |site| site.kiosk.goes_by() == good).await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(site.kiosk.goes_by(), good, "they are tried again");
    // Another version of the layer is heard.
    site.layer("ha-noi", 2, &asks_after(75));
    comes_into_force(&site, 75, Level::Province, "fleet 1, ha-noi 2").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_that_the_kiosks_own_check_refuses_are_never_in_force() {
    let mut site = Site::with_settings().await;
    site.kiosk.start().await;
    site.layer("fleet", 1, &asks_after(UNSOUND));
    site.until("they are refused", LIMIT, |site| site.told().starts_with("refused: fleet 1")).await;
    assert!(site.kiosk.settings().is_none() && site.kiosk.goes_by().is_none());
    site.layer("fleet", 2, &asks_after(71));
    comes_into_force(&site, 71, Level::Fleet, "fleet 2").await;
}

/// Everything here is well signed, or not even that.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn layers_that_are_wrong_leave_the_last_good_ones_in_force() {
    let mut site = Site::with_settings().await;
    site.layer("fleet", 1, &asks_after(70));
    site.layer("ha-noi", 5, &asks_after(80));
    site.kiosk.start().await;
    comes_into_force(&site, 80, Level::Province, "fleet 1, ha-noi 5").await;
    let here = "schema = 1\nlayer = \"ha-noi/site-tay-ho\"\nversion = 1\n";
    for (path, text, why) in [
        (
            "config/ha-noi/layer.toml",
            "schema = 1\nlayer = \"ha-noi\"\nversion = 4\n",
            "version 4 is older than 5",
        ),
        (
            "config/ha-noi/layer.toml",
            "schema = 1\nlayer = \"ha-noi\"\nversion = 5\n",
            "another version 5 was in force",
        ),
        (
            "config/ha-noi/layer.toml",
            "schema = 1\nlayer = \"ha-noi\"\nversion = 6\n[face]\naccept = 0.5\n",
            "layer ha-noi, face.accept: only a layer of fleet may set it",
        ),
        (
            "config/ha-noi/layer.toml",
            "schema = 1\nlayer = \"ha-noi\"\nversion = 6\n[idel]\n",
            "layer ha-noi, line 4, [idel]: unknown field",
        ),
        (
            "config/ha-noi/site-nghia-do.toml",
            here,
            "layer ha-noi/site-nghia-do: it is for ha-noi/site-tay-ho",
        ),
    ] {
        site.repository.put(path, text.as_bytes());
        site.until(why, LIMIT, |site| site.told().starts_with("refused: ") && site.told().contains(why))
            .await;
        assert_eq!(in_force(&site), Some((80, Level::Province)));
        if path.contains("site") {
            site.repository.take_off(path);
        }
        site.layer("ha-noi", 5, &asks_after(80));
    }
    // Forged on the way: other bytes than were signed.
    site.layer("ha-noi", 6, &asks_after(85));
    let forged = format!("schema = 1\nlayer = \"ha-noi\"\nversion = 6\n{}", asks_after(86));
    site.repository.forge("config/ha-noi/layer.toml", forged.as_bytes());
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(in_force(&site), Some((80, Level::Province)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_travel_with_the_layer_that_names_them() {
    let mut site = Site::with_settings().await;
    let list = b"certificates of countries";
    let hash = hexadecimal(digest(list));
    let names = format!("[files]\ntrust-list = {{ sha256 = \"{hash}\", length = {} }}\n", list.len());
    site.layer("fleet", 1, &names);
    site.kiosk.start().await;
    site.until("the file is missing", LIMIT, |site| site.told().contains("nobody who may has signed for it"))
        .await;
    site.repository.put(&format!("config/fleet/{hash}"), list);
    site.until("it is in force", LIMIT, |site| site.told() == "in-force: fleet 1").await;
    let file = site.kiosk.path("configuration/current").join(Configuration::TRUST_LIST);
    assert_eq!(std::fs::read(file).unwrap(), list);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_for_a_layer_hears_how_it_ended() {
    let mut site = Site::with_settings().await;
    site.layer("fleet", 1, &asks_after(70));
    site.kiosk.start().await;
    let action = site.assign("config/fleet/layer.toml", "11");
    site.until("the action ends", LIMIT, |site| site.status(action) == Status::Finished).await;
    assert_eq!(site.said(action).pop().unwrap(), "in-force: fleet 1");
    site.layer("fleet", 2, &asks_after(ILL));
    let action = site.assign("config/fleet/layer.toml", "12");
    site.until("the action fails", LIMIT, |site| site.status(action) == Status::Error).await;
    let said = site.said(action).pop().unwrap();
    assert!(said.starts_with("went-back: fleet 2") || said.starts_with("refused: fleet 2"), "{said}");
    // An update goes its own way.
    let action = site.order(7, Program::Well);
    site.until("the update ends", LIMIT, |site| site.status(action) == Status::Finished).await;
    assert_eq!(site.kiosk.runs(), "7");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn during_a_visit_no_settings_change_and_a_killed_fleetd_goes_on() {
    let mut site = Site::with_settings().await;
    site.layer("fleet", 1, &asks_after(70));
    site.kiosk.start().await;
    let visit = site.kiosk.begin_visit();
    site.until("it waits", LIMIT, |site| site.kiosk.closed()).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(site.kiosk.settings().is_none());
    drop(visit);
    for _ in 0..4 {
        tokio::time::sleep(Duration::from_millis(1_300)).await;
        site.kiosk.kill_fleetd();
        site.kiosk.start_fleetd();
    }
    comes_into_force(&site, 70, Level::Fleet, "fleet 1").await;
}
