//! A stick that means harm. Whatever it holds, nothing outside it is read, nothing waits for
//! ever, and what can be had is had.

use std::{fs, os::unix::fs::symlink};

use tuf::{
    ClientError,
    transport::{Body as _, FolderTransport, Resource, Transport as _, TransportError},
};

use crate::common::{Machine, Odd, Site, World, chain};

fn stick() -> (Site, World) {
    let (site, world) = (Site::stick(), World::new());
    site.carry(&world.files);
    (site, world)
}

async fn fetch(site: &Site, resource: Resource<'_>) -> Result<Option<u64>, TransportError> {
    let Some(mut body) = FolderTransport::new(&site.folder()).fetch(resource, 0).await? else {
        return Ok(None);
    };
    let mut length = 0;
    while let Some(piece) = body.next().await? {
        length += piece.len() as u64;
    }
    Ok(Some(length))
}

#[tokio::test]
async fn links_are_not_followed_wherever_they_stand() {
    let (site, world) = stick();
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("timestamp.json"), &world.files["metadata/timestamp.json"]).unwrap();
    let place = site.folder().join("metadata/timestamp.json");
    fs::remove_file(&place).unwrap();
    symlink(outside.path().join("timestamp.json"), &place).unwrap();
    let mut machine = Machine::from_stick(&site.folder(), world.first_root());
    let error = machine.refresh().await.unwrap_err();
    let ClientError::Transport { source: TransportError::NotAFile, .. } = &error else {
        panic!("{}", chain(&error))
    };
    // The folder itself as a link.
    fs::rename(site.folder().join("metadata"), outside.path().join("metadata")).unwrap();
    symlink(outside.path().join("metadata"), site.folder().join("metadata")).unwrap();
    let refused = fetch(&site, Resource::Metadata("1.snapshot.json")).await.unwrap_err();
    assert!(matches!(refused, TransportError::NotAFile), "{}", chain(&refused));
    // A link that leads nowhere is a link too, not a missing file.
    symlink("/nowhere", site.folder().join("targets/gone")).unwrap();
    assert!(fetch(&site, Resource::Target("gone")).await.is_err());
}

#[tokio::test]
async fn names_that_lead_elsewhere_or_are_huge_are_refused() {
    let (site, _) = stick();
    let long = "a".repeat(256);
    let deep = "a/".repeat(600);
    for name in ["../secret", "a/../../secret", "/etc/passwd", "a//b", "", ".", "a\0b", &long, &deep] {
        let refused = fetch(&site, Resource::Target(name)).await.unwrap_err();
        assert!(matches!(refused, TransportError::UnusableName), "{name:.20}: {}", chain(&refused));
    }
    assert_eq!(fetch(&site, Resource::Target("not/there")).await.unwrap(), None);
}

#[tokio::test]
async fn pipes_folders_and_devices_are_no_files() {
    let (site, _) = stick();
    for (name, odd) in [("pipe", Odd::Silent), ("folder", Odd::Broken)] {
        site.make_odd(&format!("targets/{name}"), odd);
        let refused = fetch(&site, Resource::Target(name)).await.unwrap_err();
        assert!(matches!(refused, TransportError::NotAFile), "{name}: {}", chain(&refused));
    }
    let socket = site.folder().join("targets/socket");
    let _listener = std::os::unix::net::UnixListener::bind(socket).unwrap();
    assert!(matches!(fetch(&site, Resource::Target("socket")).await, Err(TransportError::NotAFile)));
}

#[tokio::test]
async fn a_stick_that_was_pulled_is_an_error_and_not_an_empty_one() {
    let (site, world) = stick();
    let folder = site.folder();
    let mut machine = Machine::from_stick(&folder, world.first_root());
    machine.refresh().await.unwrap();
    fs::remove_dir_all(&folder).unwrap();
    let error = machine.refresh().await.unwrap_err();
    assert!(
        matches!(&error, ClientError::Transport { file, .. } if file == "2.root.json"),
        "{}",
        chain(&error)
    );
    fs::create_dir(folder).unwrap();
}

#[tokio::test]
async fn a_target_that_is_shorter_or_longer_than_listed_is_refused() {
    for (bytes, listed) in [(&b"an image"[..], "8 of 22"), (&[b'x'; 23], "longer than the listed 22")] {
        let (site, world) = stick();
        for name in world.files.keys().filter(|name| name.starts_with("targets/os/")) {
            fs::write(site.folder().join(name), bytes).unwrap();
        }
        let mut machine = Machine::from_stick(&site.folder(), world.first_root());
        let error = machine.install("os/image").await.unwrap_err();
        assert!(chain(&error).contains(listed), "{}", chain(&error));
    }
}
