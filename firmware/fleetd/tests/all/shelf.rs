//! Sets on the disk: whole or not there.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use configuration::{Configuration, Layer, Whose, digest, hexadecimal};
use fleetd::configuration::Shelf;
use tempfile::TempDir;

const FILE: &[u8] = b"certificates";

fn set(version: u32) -> Configuration {
    let text = format!(
        "schema = 1\nlayer = \"fleet\"\nversion = {version}\n[files]\ntrust-list = {{ sha256 = \"{hash}\", length = 12 }}\n\
         catalogue = [{{ name = \"a.toml\", sha256 = \"{hash}\", length = 12 }}]\n",
        hash = hexadecimal(digest(FILE))
    );
    Configuration::merge(&[Layer::parse(&Whose::Fleet, text.as_bytes()).unwrap()]).unwrap()
}

fn put(shelf: &Shelf, version: u32) -> release::Sha256Digest {
    shelf.put(&set(version), &[FILE.to_vec(), FILE.to_vec()]).unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn a_set_is_read_as_it_was_put_and_the_group_may_read_it() {
    let place = TempDir::new().unwrap();
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o2750)).unwrap();
    let shelf = Shelf::new(place.path());
    let name = put(&shelf, 1);
    assert_eq!(shelf.read(name), Some(set(1)));
    shelf.point(Shelf::CURRENT, name).unwrap();
    let current = place.path().join("current");
    assert_eq!(fs::read(current.join("catalogue/a.toml")).unwrap(), FILE);
    for folder in ["", "catalogue"] {
        assert_eq!(mode(&current.join(folder)), 0o2750, "{folder}");
    }
    for file in ["configuration.toml", "trust-list.pem", "catalogue/a.toml"] {
        assert_eq!(mode(&current.join(file)), 0o640, "{file}");
    }
}

#[test]
fn a_set_with_a_damaged_file_is_none_and_can_be_put_again() {
    let place = TempDir::new().unwrap();
    let shelf = Shelf::new(place.path());
    let name = put(&shelf, 1);
    let folder = place.path().join("sets").join(hexadecimal(name));
    for file in ["configuration.toml", "trust-list.pem", "catalogue/a.toml"] {
        let whole = fs::read(folder.join(file)).unwrap();
        for damaged in [&whole[..whole.len() - 1], b"", &[&whole[..], b"\n"].concat()] {
            fs::write(folder.join(file), damaged).unwrap();
            assert_eq!(shelf.read(name), None, "{file}");
        }
        fs::remove_file(folder.join(file)).unwrap();
        assert_eq!(shelf.read(name), None, "{file}");
        assert_eq!(put(&shelf, 1), name);
        assert_eq!(shelf.read(name), Some(set(1)));
    }
}

#[test]
fn what_a_cut_left_behind_is_in_nobodys_way() {
    let place = TempDir::new().unwrap();
    let shelf = Shelf::new(place.path());
    let left = place.path().join("sets/.new/catalogue");
    fs::create_dir_all(&left).unwrap();
    fs::write(left.join("b.toml"), "half").unwrap();
    std::os::unix::fs::symlink("sets/nothing", place.path().join(".current.new")).unwrap();
    let name = put(&shelf, 1);
    shelf.point(Shelf::CURRENT, name).unwrap();
    assert_eq!(fs::read_dir(place.path().join("current/catalogue")).unwrap().count(), 1);
}

#[test]
fn links_change_at_once_and_only_the_good_set_is_kept() {
    let place = TempDir::new().unwrap();
    let shelf = Shelf::new(place.path());
    let (old, new) = (put(&shelf, 1), put(&shelf, 2));
    for set in [old, new] {
        shelf.point(Shelf::CURRENT, set).unwrap();
        assert_eq!(
            fs::read_link(place.path().join("current")).unwrap(),
            Path::new("sets").join(hexadecimal(set))
        );
    }
    shelf.keep_only(new).unwrap();
    assert_eq!((shelf.read(old), shelf.read(new)), (None, Some(set(2))));
    shelf.unpoint(Shelf::CURRENT).unwrap();
    shelf.unpoint(Shelf::CURRENT).unwrap();
    assert!(!place.path().join("current").exists());
}
