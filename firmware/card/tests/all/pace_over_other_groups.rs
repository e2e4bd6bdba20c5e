//! PACE over groups, with mappings and ciphers of which the standards print no example,
//! against exchanges that another implementation made.

use card::{AccessKey, AccessPolicy, Can, FileId, Protocol};

use crate::script::{Example, ScriptedChance, ScriptedReader};

/// Plays every example of a text; gives the protocols.
fn reproduce(text: &str) -> Vec<Protocol> {
    let mut protocols = Vec::new();
    for Example { title, chance, steps, .. } in Example::all(text) {
        let mut reader = ScriptedReader::new(&steps);
        let mut chance = ScriptedChance::new(&chance);
        let key = AccessKey::Can(Can::from_number("001095012345").unwrap());
        let session = card::open(&mut reader, &key, AccessPolicy::PaceOnly, &mut chance, &mut |_| ())
            .unwrap_or_else(|error| panic!("{title}: {error}"));
        println!("{title}: {}", session.access());
        assert_eq!(session.file(FileId::Com).map(<[u8]>::len), Some(22), "{title}");
        protocols.push(session.access());
        drop(session);
        assert!(chance.is_used_up(), "{title}");
        reader.assert_finished();
    }
    protocols
}

#[test]
fn every_exchange_of_the_other_implementation_is_reproduced() {
    assert_eq!(reproduce(include_str!("pace_over_other_groups.txt")).len(), 7);
}

#[test]
fn every_exchange_with_integrated_mapping_is_reproduced() {
    assert_eq!(reproduce(include_str!("pace_with_integrated_mapping.txt")).len(), 12);
}

// Each comes up once in 256 exchanges; libeac found the first.
#[test]
fn numbers_that_begin_with_zero_are_written_as_the_standard_says() {
    assert_eq!(reproduce(include_str!("pace_with_leading_zeros.txt")).len(), 3);
}
