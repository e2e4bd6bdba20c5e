//! What is no layer is refused, by layer, line and key.

use configuration::{AcceptScore, Configuration, Layer, LayerError, Place, Whose, Word, digest, hexadecimal};

use crate::{layer, whose};

fn refused(name: &str, more: &str) -> String {
    layer(name, 1, more).unwrap_err().to_string()
}

#[test]
fn what_is_misspelt_or_of_another_type_is_refused_by_line_and_key() {
    for (more, line, key, reason) in [
        (
            "[idle]\nask-after-second = 90\n",
            "line 5",
            "ask-after-second:",
            "unknown field `ask-after-second`",
        ),
        ("[idel]\n", "line 4", "[idel]:", "unknown field `idel`"),
        ("colour = \"green\"\n", "line 4", "colour:", "unknown field `colour`"),
        ("[idle]\nask-after-seconds = \"90\"\n", "line 5", "ask-after-seconds:", "invalid type"),
        ("[idle]\nask-after-seconds = 5\n", "line 5", "ask-after-seconds:", "not within 20 to 600"),
        ("[idle]\nend-after-seconds = 19\n", "line 5", "end-after-seconds:", "not within 20 to 300"),
        ("[upkeep]\nwindows = [\"22:00-24:00\"]\n", "line 5", "windows:", "not HH:MM-HH:MM"),
        ("[upkeep]\nannounce-seconds = 0\n", "line 5", "announce-seconds:", "not within 30 to 600"),
        ("[services]\nclosed = [\"eid activate\"]\n", "line 5", "closed:", "is no service"),
        (
            "[idle]\nask-after-seconds = 90\nask-after-seconds = 91\n",
            "line 6",
            "ask-after-seconds:",
            "duplicate key",
        ),
    ] {
        let said = refused("ha-noi", more);
        for word in ["layer ha-noi", line, key, reason] {
            assert!(said.contains(word), "{more}: {said}");
        }
    }
}

#[test]
fn nothing_that_is_secret_or_leads_elsewhere_can_be_set() {
    for more in [
        "[gateway]\nurl = \"https://elsewhere.example.vn\"\n",
        "[fleet]\nserver = \"https://elsewhere.example.vn\"\n",
        "[fleet]\ntarget-token = \"x\"\n",
        "[identity]\nchip = \"not-needed\"\n",
        "[face.liveness]\nlive-min = 0.1\n",
        "[outbox]\nage-hours = 1\n",
        "[update]\nrestart = [\"rm\"]\n",
        "[services]\nopen = [\"eid.activate\"]\n",
    ] {
        assert!(refused("fleet", more).contains("unknown field"), "{more}");
    }
}

#[test]
fn a_layer_sets_what_is_its_own() {
    let file = format!("{{ sha256 = \"{}\", length = 9 }}", hexadecimal(digest(b"x")));
    let all = ["fleet", "ha-noi", "ha-noi/site-nghia-do", "ha-noi/device-hn-0017"];
    for (section, key, value, may) in [
        ("idle", "ask-after-seconds", "90", &all[..]),
        ("idle", "end-after-seconds", "40", &all),
        ("face", "accept", "0.5", &all[..1]),
        ("camera", "backlight-compensation", "2", &all[2..]),
        ("upkeep", "windows", "[\"22:00-05:00\"]", &all[..3]),
        ("upkeep", "idle-seconds", "900", &all[..3]),
        ("upkeep", "announce-seconds", "120", &all[..3]),
        ("services", "closed", "[\"eid.activate\"]", &all),
        ("files", "trust-list", &file, &all[..1]),
        ("files", "rules", &file, &all[..1]),
        (
            "files",
            "revocation-lists",
            &format!("[{}]", file.replace("{ ", "{ name = \"vn.crl\", ")),
            &all[..1],
        ),
        ("files", "catalogue", &format!("[{}]", file.replace("{ ", "{ name = \"a.toml\", ")), &all[..1]),
    ] {
        for name in all {
            let read = layer(name, 1, &format!("[{section}]\n{key} = {value}\n"));
            if may.contains(&name) {
                read.unwrap();
                continue;
            }
            let said = read.unwrap_err().to_string();
            let words = [format!("layer {name}, {section}.{key}: only a layer of ")];
            assert!(words.iter().all(|word| said.contains(word)), "{said}");
            assert!(said.contains(whose(may[0]).level().word()), "{said}");
        }
    }
}

#[test]
fn a_notice_is_a_short_text_in_both_languages_and_ends() {
    let notice = |words: &str, from: &str, until: &str| {
        format!("[[notices]]\nwords = {{ {words} }}\nfrom = \"{from}\"\nuntil = \"{until}\"\n")
    };
    let (words, from, until) =
        ("vi = \"Nghỉ lễ\", en = \"Closed\"", "2027-02-05T00:00:00+07:00", "2027-02-12T00:00:00+07:00");
    let good = notice(words, from, until);
    for level in ["fleet", "ha-noi", "ha-noi/site-nghia-do", "ha-noi/device-hn-0017"] {
        layer(level, 1, &good.repeat(16)).unwrap();
    }
    assert_eq!(refused("fleet", &good.repeat(17)), "layer fleet: more than 16 notices");
    for (bad, expected) in [
        (notice("vi = \"Nghỉ lễ\"", from, until), "missing field `en`"),
        (notice("vi = \"Nghỉ\u{200b} lễ\", en = \"Closed\"", from, until), "no letter of a message"),
        (notice("vi = \"\", en = \"Closed\"", from, until), "1 to 120 letters"),
        (notice(words, until, from), "ends after it begins"),
        (notice(words, from, from), "ends after it begins"),
        (notice(words, from, "2027-06-01T00:00:00+07:00"), "100 days at most"),
        (notice(words, from, "tomorrow"), "line 7, until: failed to parse"),
        (notice(words, from, until).replace("from", "since"), "unknown field `since`"),
    ] {
        let said = refused("fleet", &bad);
        assert!(said.contains(expected), "{expected}: {said}");
    }
}

#[test]
fn a_face_is_never_taken_more_easily_than_by_every_board() {
    assert!(refused("fleet", "[face]\naccept = 0.45\n").contains("not within 0.46"));
    let base = include_str!("../../../../board-configs/base.toml");
    let base: toml::Table = toml::from_str(base).unwrap();
    assert_eq!(base["face"]["accept"].as_float(), Some(AcceptScore::LEAST));
}

#[test]
fn a_layer_is_where_it_says_that_it_is() {
    let here = whose("ha-noi/site-nghia-do");
    let there = b"schema = 1\nlayer = \"ha-noi/site-tay-ho\"\nversion = 1\n";
    let said = Layer::parse(&here, there).unwrap_err().to_string();
    assert_eq!(said, "layer ha-noi/site-nghia-do: it is for ha-noi/site-tay-ho");
}

#[test]
fn another_schema_is_said_to_be_one_before_any_key() {
    let text = b"schema = 2\nlayer = \"fleet\"\nversion = 1\n[new]\nthing = 1\n";
    let error = Layer::parse(&Whose::Fleet, text).unwrap_err();
    assert_eq!(error, LayerError::Schema { layer: Whose::Fleet, schema: 2 });
    for missing in ["schema", "layer", "version"] {
        let mut lines = vec!["schema = 1", "layer = \"fleet\"", "version = 1"];
        lines.retain(|line| !line.starts_with(missing));
        let text = lines.join("\n");
        let said = Layer::parse(&Whose::Fleet, text.as_bytes()).unwrap_err().to_string();
        assert!(said.contains(&format!("missing field `{missing}`")), "{said}");
    }
}

#[test]
fn an_older_layer_and_a_changed_one_of_the_same_version_are_refused() {
    let seen = Some(layer("fleet", 7, "").unwrap().age());
    let age = |version, more| layer("fleet", version, more).unwrap().check_age(seen);
    assert_eq!(age(7, ""), Ok(()));
    assert_eq!(age(8, "[idle]\n"), Ok(()));
    assert_eq!(age(6, ""), Err(LayerError::Older { layer: Whose::Fleet, version: 6, seen: 7 }));
    assert_eq!(age(7, "[idle]\n"), Err(LayerError::Changed { layer: Whose::Fleet, version: 7 }));
    assert_eq!(layer("fleet", 1, "").unwrap().check_age(None), Ok(()));
}

#[test]
fn names_of_files_are_names_and_end_as_they_are_read() {
    let file = |name: &str| {
        format!("{{ name = \"{name}\", sha256 = \"{}\", length = 1 }}", hexadecimal(digest(b"x")))
    };
    let lists = |files: &[String]| format!("[files]\ncatalogue = [{}]\n", files.join(", "));
    assert!(layer("fleet", 1, &lists(&[file("a.toml"), file("b.toml")])).is_ok());
    for (files, why) in [
        (vec![file("a.crl")], "does not end with .toml"),
        (vec![file("a.toml"), file("a.toml")], "stands twice"),
        (vec![file("../a.toml")], "is no name of a file"),
        (vec![file("a/b.toml")], "is no name of a file"),
        (vec![file(".toml")], "is no name of a file"),
        (vec![], "takes everything away"),
    ] {
        let said = refused("fleet", &lists(&files));
        assert!(said.contains(why), "{said}");
    }
}

#[test]
fn too_long_or_no_text_is_refused_before_it_is_read() {
    let long = vec![b'#'; 64 * 1024 + 1];
    assert_eq!(Layer::parse(&Whose::Fleet, &long), Err(LayerError::TooLong { layer: Whose::Fleet }));
    assert_eq!(Layer::parse(&Whose::Fleet, &[0xff]), Err(LayerError::NotText { layer: Whose::Fleet }));
}

#[test]
fn a_path_says_for_whom_a_layer_is_and_nothing_else_does() {
    for (name, target) in [
        ("fleet", "config/fleet/layer.toml"),
        ("ha-noi", "config/ha-noi/layer.toml"),
        ("ha-noi/site-nghia-do", "config/ha-noi/site-nghia-do.toml"),
        ("ha-noi/device-hn-0017", "config/ha-noi/device-hn-0017.toml"),
    ] {
        assert_eq!(whose(name).target(), target);
        assert_eq!(Whose::of_target(target), Some(whose(name)));
    }
    for target in [
        "config/ha-noi.toml",
        "config/fleet/site-x.toml",
        "config/fleet/device-x.toml",
        "config/ha-noi/site-.toml",
        "config/ha-noi/hours.toml",
        "config/Ha-noi/layer.toml",
        "config/a/b/layer.toml",
        "os/layer.toml",
    ] {
        assert_eq!(Whose::of_target(target), None, "{target}");
    }
}

#[test]
fn a_kiosk_has_four_layers() {
    let word = |text: &str| Word::try_from(text.to_owned()).unwrap();
    let place = Place { province: word("ha-noi"), site: word("nghia-do"), device: word("hn-0017") };
    let names = place.layers().map(|layer| layer.to_string());
    assert_eq!(names, ["fleet", "ha-noi", "ha-noi/site-nghia-do", "ha-noi/device-hn-0017"]);
}

#[test]
fn the_layer_of_the_readme_is_one() {
    let readme = include_str!("../../README.md");
    let block = |number| readme.split("```toml\n").nth(number).unwrap().split("```").next().unwrap();
    let text = format!("{}{}", block(1), block(2));
    let layer = Layer::parse(&whose("ha-noi/site-nghia-do"), text.as_bytes()).unwrap();
    assert_eq!(layer.version, 4);
    let set = Configuration::merge(&[layer]).unwrap();
    assert!(set.notice("2027-02-01T00:00:00+07:00".parse().unwrap()).is_some());
}

/// Whatever comes, it is refused or it is a layer that makes a set which can be read again.
#[test]
fn a_changed_byte_or_a_missing_end_is_a_layer_or_none() {
    let hash = hexadecimal(digest(b"x"));
    let text = format!(
        "schema = 1\nlayer = \"fleet\"\nversion = 12\n[idle]\nask-after-seconds = 90\n[face]\naccept = 0.5\n\
         [upkeep]\nwindows = [\"22:00-05:00\"]\n[services]\nclosed = [\"eid.activate\"]\n[files]\n\
         catalogue = [{{ name = \"a.toml\", sha256 = \"{hash}\", length = 1 }}]\n\
         [[notices]]\nwords = {{ vi = \"Nghỉ\", en = \"Closed\" }}\n\
         from = \"2027-02-05T00:00:00+07:00\"\nuntil = \"2027-02-12T00:00:00+07:00\"\n"
    );
    let (mut taken, mut refused) = (0, 0);
    let mut try_it = |bytes: &[u8]| match Layer::parse(&Whose::Fleet, bytes) {
        Ok(layer) => {
            let set = Configuration::merge(&[layer]).unwrap();
            let bytes = set.bytes();
            assert_eq!(Configuration::read(&bytes, digest(&bytes)).unwrap(), set);
            taken += 1;
        }
        Err(error) => {
            assert!(error.to_string().starts_with("layer fleet"), "{error}");
            refused += 1;
        }
    };
    for at in 0..text.len() {
        try_it(&text.as_bytes()[..at]);
        for byte in [0, b'"', b'[', b'=', b'\n', b'9', b'x', 0xff] {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = byte;
            try_it(&bytes);
        }
    }
    assert!(taken > 50 && refused > 1000, "{taken} taken, {refused} refused");
}
