//! PACE over groups and with ciphers of which the standards print no example, against
//! exchanges that another implementation made (`pace_over_other_groups.txt`).

mod script;

use card::{AccessKey, AccessPolicy, Can, FileId};
use script::{ScriptedChance, ScriptedReader};

#[test]
fn every_exchange_of_the_other_implementation_is_reproduced() {
    let text = include_str!("pace_over_other_groups.txt");
    let examples: Vec<&str> = text.split("\n\n").skip(1).collect();
    assert_eq!(examples.len(), 7);
    for example in examples {
        let of = |mark| example.lines().filter_map(move |line| line.strip_prefix(mark)).map(str::trim);
        let title = of("#").next().unwrap();
        let steps: Vec<(&str, &str)> = of(">").zip(of("<")).collect();
        let mut reader = ScriptedReader::new(&steps);
        let mut chance = ScriptedChance::new(&of("?").collect::<Vec<_>>());
        let key = AccessKey::Can(Can::from_number("001095012345").unwrap());
        let session = card::open(&mut reader, &key, AccessPolicy::PaceOnly, &mut chance, &mut |_| ())
            .unwrap_or_else(|error| panic!("{title}: {error}"));
        println!("{title}: {}", session.access());
        assert_eq!(session.file(FileId::Com).map(<[u8]>::len), Some(22), "{title}");
        drop(session);
        assert!(chance.is_used_up(), "{title}");
        reader.assert_finished();
    }
}
