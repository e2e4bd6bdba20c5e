//! What layers come to.

use configuration::{Configuration, Level, NotASet, NotOneSet, Said, digest, hexadecimal};

use crate::layer;

fn merged(layers: &[(&str, &str)]) -> Configuration {
    let layers: Vec<_> = layers.iter().map(|(name, more)| layer(name, 3, more).unwrap()).collect();
    Configuration::merge(&layers).unwrap()
}

#[test]
fn the_nearest_layer_wins_and_each_value_says_whose_it_is() {
    let set = merged(&[
        ("fleet", "[idle]\nask-after-seconds = 60\nend-after-seconds = 30\n[face]\naccept = 0.5\n"),
        ("ha-noi", "[idle]\nask-after-seconds = 70\n[upkeep]\nwindows = [\"21:00-05:00\"]\n"),
        ("ha-noi/site-nghia-do", "[idle]\nask-after-seconds = 80\n[camera]\nbacklight-compensation = 3\n"),
        ("ha-noi/device-hn-0017", "[camera]\nbacklight-compensation = 5\n"),
    ]);
    let number = |said: Option<(u32, Level)>| said.unwrap();
    assert_eq!(number(set.idle.ask_after_seconds.map(|it| (it.is.get(), it.from))), (80, Level::Site));
    assert_eq!(number(set.idle.end_after_seconds.map(|it| (it.is.get(), it.from))), (30, Level::Fleet));
    assert_eq!(
        number(set.camera.backlight_compensation.map(|it| (it.is.get(), it.from))),
        (5, Level::Device)
    );
    assert_eq!(set.face.accept.map(|it| it.from), Some(Level::Fleet));
    let windows = set.upkeep.windows.as_ref().map(|it| (it.is[0].as_str(), it.from));
    assert_eq!(windows, Some(("21:00-05:00", Level::Province)));
    assert_eq!(set.upkeep.idle_seconds, None::<Said<_>>);
    assert_eq!(set.line(), "fleet 3, ha-noi 3, ha-noi/site-nghia-do 3, ha-noi/device-hn-0017 3");
}

#[test]
fn no_layer_opens_what_another_closed() {
    let set = merged(&[
        ("fleet", "[services]\nclosed = [\"eid.activate\"]\n"),
        ("ha-noi", "[services]\nclosed = [\"eid.activate\", \"residence.print\"]\n"),
        ("ha-noi/device-hn-0017", "[services]\nclosed = []\n"),
    ]);
    let closed: Vec<_> = set.closed_services.iter().map(|(name, level)| (name.as_str(), *level)).collect();
    assert_eq!(closed, [("eid.activate", Level::Fleet), ("residence.print", Level::Province)]);
}

/// As people write them, on the clock of the site.
const FLEETS: &str = "[[notices]]
words = { vi = \"Từ 1/12 thẻ hết hạn không dùng được ở đây\", en = \"From 1 December no expired card works here\" }
from = \"2026-11-24T00:00:00+07:00\"
until = \"2026-12-08T00:00:00+07:00\"
";
const SITES: &str = "[[notices]]
words = { vi = \"Thứ Bảy mở cửa đến 11:30\", en = \"Open until 11:30 on Saturday\" }
from = \"2026-12-01T00:00:00+07:00\"
until = \"2026-12-05T11:30:00+07:00\"
";

#[test]
fn the_nearest_notice_is_shown_in_its_time_and_hides_no_other_after_it() {
    let set = merged(&[("fleet", FLEETS), ("ha-noi/site-nghia-do", SITES)]);
    let shown = |time: &str| set.notice(time.parse().unwrap()).map(|words| words.en.as_str());
    let (fleets, sites) =
        (Some("From 1 December no expired card works here"), Some("Open until 11:30 on Saturday"));
    for (time, expected) in [
        ("2026-11-23T23:59:59+07:00", None),
        ("2026-11-24T00:00:00+07:00", fleets),
        ("2026-11-30T23:59:59+07:00", fleets),
        ("2026-11-30T17:00:00Z", sites),
        ("2026-12-05T11:29:59+07:00", sites),
        ("2026-12-05T11:30:00+07:00", fleets),
        ("2026-12-08T00:00:00+07:00", None),
    ] {
        assert_eq!(shown(time), expected, "{time}");
    }
    let bytes = set.bytes();
    assert_eq!(Configuration::read(&bytes, digest(&bytes)).unwrap(), set);
}

#[test]
fn layers_of_two_places_make_no_set() {
    let (fleet, hanoi) = (layer("fleet", 1, "").unwrap(), layer("ha-noi", 1, "").unwrap());
    let site = layer("hue/site-phu-hoi", 1, "").unwrap();
    let order = |layers: &[_]| Configuration::merge(layers).map_err(|error| error.to_string());
    assert!(order(&[fleet.clone(), hanoi.clone()]).is_ok());
    assert!(order(&[fleet.clone(), site.clone()]).is_ok());
    for layers in [&[hanoi.clone(), fleet.clone()][..], &[fleet.clone(), fleet], &[hanoi, site.clone()]] {
        let said = order(layers).unwrap_err();
        assert!(said.contains("does not lie over"), "{said}");
    }
}

#[test]
fn a_set_is_read_as_it_was_written_and_no_other() {
    let file = format!("{{ sha256 = \"{}\", length = 9 }}", hexadecimal(digest(b"x")));
    let set = merged(&[
        (
            "fleet",
            &format!("[files]\ntrust-list = {file}\n[face]\naccept = 0.5\n[services]\nclosed = [\"a.b\"]\n"),
        ),
        ("ha-noi", "[idle]\nask-after-seconds = 70\n[upkeep]\nwindows = [\"21:00-05:00\"]\n"),
    ]);
    let bytes = set.bytes();
    let name = digest(&bytes);
    assert_eq!(Configuration::read(&bytes, name).unwrap(), set);
    let text = str::from_utf8(&bytes).unwrap();
    assert!(text.contains("from = \"province\""), "whose a value is can be read: {text}");

    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        assert!(matches!(Configuration::read(&damaged, name), Err(NotASet::OtherBytes(_))), "byte {at}");
    }
    let newer = text.replacen("schema = 1", "schema = 2", 1).into_bytes();
    assert!(matches!(Configuration::read(&newer, digest(&newer)), Err(NotASet::Schema(2))));
    let unknown = format!("{text}\n[new]\nthing = 1\n").into_bytes();
    assert!(matches!(Configuration::read(&unknown, digest(&unknown)), Err(NotASet::Format(_))));
}

#[test]
fn no_layer_is_what_is_built_in() {
    let set = merged(&[]);
    assert!(set.is_built_in());
    assert_eq!(set.line(), "built-in");
    assert!(!merged(&[("fleet", "")]).is_built_in());
}

#[test]
fn files_lie_under_their_digest_beside_the_layer_and_by_name_in_the_set() {
    let hash = hexadecimal(digest(b"x"));
    let set = merged(&[(
        "fleet",
        &format!(
            "[files]\ntrust-list = {{ sha256 = \"{hash}\", length = 1 }}\n\
             catalogue = [{{ name = \"eid.activate.toml\", sha256 = \"{hash}\", length = 1 }}]\n"
        ),
    )]);
    let files = set.wanted_files();
    let paths: Vec<_> = files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["trust-list.pem", "catalogue/eid.activate.toml"]);
    assert!(files.iter().all(|file| file.target == format!("config/fleet/{hash}")));
    assert_eq!(set.folders().into_iter().collect::<Vec<_>>(), ["catalogue"]);
}

#[test]
fn a_layer_cannot_fill_the_disk() {
    let hash = hexadecimal(digest(b"x"));
    let catalogue = |count: usize, length: u64| {
        let file = |at: usize| format!("{{ name = \"s{at}.toml\", sha256 = \"{hash}\", length = {length} }}");
        let files: Vec<_> = (0..count).map(file).collect();
        let layer = layer("fleet", 1, &format!("[files]\ncatalogue = [{}]\n", files.join(", "))).unwrap();
        Configuration::merge(&[layer])
    };
    let mib = 1024 * 1024;
    assert!(catalogue(3, 8 * mib).is_ok());
    for (count, length) in [(1, 8 * mib + 1), (4, 8 * mib), (257, 1), (1, u64::MAX >> 1)] {
        assert!(matches!(catalogue(count, length), Err(NotOneSet::Files { .. })), "{count} of {length}");
    }
}
