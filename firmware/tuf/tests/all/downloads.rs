//! Downloads break off and go on; whatever server there is, only the listed bytes count.

use tuf::{
    ClientError, Target, TargetCheck, TargetFault,
    metadata::{Digests, TargetFile},
    store::MemoryStore,
    transport::HttpsTransport,
};

use crate::common::{self, Machine, Odd, Site, World, chain, everywhere, target_file};

const IMAGE: &[u8] = b"an image of the system";

async fn ready() -> (Site, Machine<HttpsTransport, MemoryStore>, Target, String) {
    let (site, world) = (Site::http().await, World::new());
    site.carry(&world.files);
    let mut machine = Machine::over_http(site.address(), world.first_root());
    machine.refresh().await.unwrap();
    let target = machine.find("os/image").await.unwrap().unwrap();
    let file = target_file("os/image", target.file.hashes.preferred());
    (site, machine, target, file)
}

#[tokio::test]
async fn a_broken_download_goes_on_where_it_broke() {
    for ranges in [true, false] {
        let (site, machine, target, file) = ready().await;
        site.make_odd(&file, Odd::CutAfter(9));
        let (mut check, mut bytes) = (TargetCheck::new(&target), Vec::new());
        let error = machine.client.download(&target, &mut check, &mut bytes).await.unwrap_err();
        assert!(matches!(error, ClientError::Transport { .. }), "{}", chain(&error));
        assert_eq!((check.taken(), bytes.as_slice()), (9, &IMAGE[..9]));
        if !ranges {
            site.make_odd(&file, Odd::NoRanges);
        }
        machine.client.download(&target, &mut check, &mut bytes).await.unwrap();
        assert_eq!(bytes, IMAGE, "ranges: {ranges}");
        // What is whole is not fetched again.
        let asked = site.asked().len();
        machine.client.download(&target, &mut check, &mut bytes).await.unwrap();
        assert_eq!(site.asked().len(), asked);
    }
}

#[tokio::test]
async fn after_a_restart_the_bytes_on_the_disk_are_counted_first() {
    let (_site, machine, target, _) = ready().await;
    let mut check = TargetCheck::new(&target);
    check.update(&IMAGE[..5]).unwrap();
    let mut rest = Vec::new();
    machine.client.download(&target, &mut check, &mut rest).await.unwrap();
    assert_eq!(rest, &IMAGE[5..]);
    // Bytes that changed on the disk are found out at the end.
    let mut check = TargetCheck::new(&target);
    check.update(b"an emoji").unwrap();
    let error = machine.client.download(&target, &mut check, &mut Vec::new()).await.unwrap_err();
    assert!(matches!(error, ClientError::Target { why: TargetFault::WrongHash { .. }, .. }));
}

#[tokio::test]
async fn every_listed_digest_that_we_can_make_must_fit() {
    let both: std::collections::BTreeMap<String, String> = Digests::of(IMAGE).into();
    let wrong: std::collections::BTreeMap<String, String> = Digests::of(b"something else").into();
    let pick =
        |from: &std::collections::BTreeMap<String, String>, name: &str| (name.to_owned(), from[name].clone());
    let odd = ("sha3".to_owned(), "00".to_owned());
    for (hashes, expected) in [
        (vec![pick(&both, "sha256")], None),
        (vec![pick(&both, "sha512")], None),
        (vec![pick(&both, "sha512"), odd.clone()], None),
        (
            vec![pick(&both, "sha256"), pick(&wrong, "sha512")],
            Some(TargetFault::WrongHash { algorithm: "sha512" }),
        ),
        (
            vec![pick(&wrong, "sha256"), pick(&both, "sha512")],
            Some(TargetFault::WrongHash { algorithm: "sha256" }),
        ),
        (vec![odd], Some(TargetFault::UnknownHashes)),
    ] {
        everywhere!(|world, site, machine| {
            let digests =
                Digests::try_from(hashes.iter().cloned().collect::<std::collections::BTreeMap<_, _>>());
            let file = TargetFile { hashes: digests.unwrap(), ..TargetFile::of(IMAGE) };
            world.files.insert(target_file("os/other", file.hashes.preferred()), IMAGE.to_vec());
            world.body("os").list(&common::path("os/other"), file);
            world.release();
            site.carry(&world.files);
            match (machine.install("os/other").await, &expected) {
                (Ok(bytes), None) => assert_eq!(bytes, IMAGE),
                (Err(ClientError::Target { why, .. }), Some(expected)) => assert_eq!(why, *expected),
                (result, _) => panic!("{hashes:?}: {:?}", result.map_err(|error| chain(&error))),
            }
        });
    }
}

#[tokio::test]
async fn an_empty_target_is_a_target() {
    everywhere!(|world, site, machine| {
        world.target("os", "os/empty", b"");
        world.release();
        site.carry(&world.files);
        assert_eq!(machine.install("os/empty").await.unwrap(), b"");
    });
}

#[tokio::test]
async fn custom_fields_reach_the_application_in_its_own_type() {
    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Custom {
        release_seq: u64,
    }
    everywhere!(|world, site, machine| {
        let mut file = TargetFile::of(IMAGE);
        file.custom = Some(serde_json::json!({ "release_seq": 7 }));
        world.body("os").list(&common::path("os/image"), file);
        world.release();
        site.carry(&world.files);
        machine.refresh().await.unwrap();
        let target = machine.find("os/image").await.unwrap().unwrap();
        assert_eq!(target.file.custom::<Custom>().unwrap().unwrap(), Custom { release_seq: 7 });
        assert!(target.file.custom::<u8>().unwrap().is_err());
        let plain = machine.find("welcome.txt").await.unwrap().unwrap();
        assert!(plain.file.custom::<Custom>().is_none());
    });
}
