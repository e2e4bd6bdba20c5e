//! Files in and outside the application, through one channel.

use card::{AccessKey, AccessPolicy, Can, ChipAuthentication, FileId, ReadError, Session};

use crate::script::{Example, ScriptedChance, ScriptedReader};

/// Opens the example's chip and hands the session to the test.
fn in_session(
    example: &Example<'_>,
    longest: usize,
    test: impl FnOnce(&mut Session<'_>, &mut ScriptedChance),
) {
    let mut reader = ScriptedReader::new(&example.steps).with_longest_response(longest);
    let mut chance = ScriptedChance::new(&example.chance);
    let key = AccessKey::Can(Can::new("012345").unwrap());
    let mut session =
        card::open(&mut reader, &key, AccessPolicy::PaceOnly, &mut chance, &mut |_| ()).unwrap();
    test(&mut session, &mut chance);
    drop(session);
    reader.assert_finished();
}

#[test]
fn the_master_file_is_gone_to_and_come_back_from() {
    let [there, _] = &Example::all(include_str!("master_file.txt"))[..] else { panic!("two examples") };
    in_session(there, 65_538, |session, _| {
        let files = [
            (FileId::Dir, 22),
            // Several data objects, which have no length of their own.
            (FileId::AtrInfo, 22),
            (FileId::Dg1, 95),
            (FileId::CardSecurity, 304),
        ];
        for (file, length) in files {
            session.read(file, &mut |_| ()).unwrap();
            assert_eq!(session.file(file).map(<[u8]>::len), Some(length), "{file}");
        }
    });
}

#[test]
fn a_master_file_that_cannot_be_gone_to_costs_only_its_files() {
    let [_, refused] = &Example::all(include_str!("master_file.txt"))[..] else { panic!("two examples") };
    in_session(refused, 65_538, |session, _| {
        let error = session.read(FileId::CardSecurity, &mut |_| ()).unwrap_err();
        assert!(
            matches!(error, ReadError::Refused { file: FileId::CardSecurity, status: 0x6D00 }),
            "{error}"
        );
        session.read(FileId::Dg1, &mut |_| ()).unwrap();
    });
}

#[test]
fn answers_stay_short_when_the_cipher_changes() {
    let example = &Example::all(include_str!("short_answers.txt"))[0];
    in_session(example, 258, |session, chance| {
        let came_to = session.authenticate_chip(chance, &mut |_| ()).unwrap();
        assert_eq!(came_to, ChipAuthentication::Started);
        session.read(FileId::Dg13, &mut |_| ()).unwrap();
        assert_eq!(session.file(FileId::Dg13).map(<[u8]>::len), Some(604));
        assert_eq!(session.proofs().len(), 1);
    });
}
