//! Artifacts as kiosks fetch them: over HTTP, in parts, and when something goes wrong.

// A program of its own: the most memory that it ever held is measured.
#[path = "all/fleet_state/mod.rs"]
#[allow(dead_code, reason = "the other tests use the rest")]
mod fleet_state;

use fleet_state::http::{Served, path};
use pretend_platform::fleet::{Call, FleetFault, Mishap};

/// A server with one kiosk that is to fetch 1 000 000 bytes, their URL, and the bytes.
fn offering() -> (Served, String, Vec<u8>) {
    let served = Served::start();
    let content: Vec<u8> = (0..1_000_000_u32).map(|at| (at / 7 + at % 251) as u8).collect();
    served.release("kiosk 1", "app 1.img", &content);
    let poll = served.kiosk("GET", "kiosk%201", "").json();
    let deployment = served.get(&path(&poll["_links"]["deploymentBase"]), &[]).json();
    let links = &deployment["deployment"]["chunks"][0]["artifacts"][0]["_links"];
    (served, path(&links["download"]), content)
}

#[test]
fn a_download_can_be_continued() {
    let (served, url, content) = offering();
    let whole = served.get(&url, &[]);
    assert_eq!((whole.status, whole.header("accept-ranges")), (200, "bytes"));
    assert!(whole.body == content);
    let tag = whole.header("etag").to_owned();
    let sha1 = served.manage("GET", "softwaremodules/1/artifacts", "")[0]["hashes"]["sha1"].clone();
    assert_eq!(tag, format!("\"{}\"", sha1.as_str().unwrap()));

    let looked = served.send("HEAD", &url, &[("authorization", "GatewayToken gate")], b"").unwrap();
    assert_eq!((looked.status, looked.header("content-length")), (200, "1000000"));

    let ranged = |range: &str, more: &[(&str, &str)]| {
        let mut headers = vec![("range", range)];
        headers.extend(more);
        served.get(&url, &headers)
    };
    let part = ranged("bytes=65530-65545", &[("if-range", &tag), ("if-match", &tag)]);
    assert_eq!((part.status, part.header("content-range")), (206, "bytes 65530-65545/1000000"));
    assert!(part.body == content[65530..65546]);
    let tail = ranged("bytes=999990-", &[]);
    assert!(tail.status == 206 && tail.body == content[999_990..]);
    let past = ranged("bytes=1000000-", &[]);
    assert_eq!((past.status, past.header("content-range")), (416, "bytes */1000000"));
    assert_eq!(ranged("bytes=5-9", &[("if-match", "\"x\"")]).status, 412);
    let other = ranged("bytes=5-9", &[("if-range", "\"x\"")]);
    assert!(other.status == 200 && other.body == content);

    // Only the download of the whole is in the action's history; all are counted.
    let status = served.manage("GET", "targets/kiosk%201/actions/1/status", "");
    let noted = status["content"].as_array().unwrap().iter().filter(|entry| entry["type"] == "download");
    assert_eq!(noted.count(), 1);
    let traffic = served.fleet.state().target("kiosk 1").unwrap().traffic;
    assert_eq!((traffic.downloads, traffic.bytes), (4, 2_000_026));
    assert_eq!(served.fleet.state().traffic(), traffic);
}

#[test]
fn downloads_go_wrong_on_request() {
    let (served, url, content) = offering();
    let spoilt = |does| {
        served.fleet.state().add_fault(FleetFault { at: Call::Download, target: None, does, times: 1 });
        served.get(&url, &[])
    };
    let dropped = spoilt(Mishap::DropAfter(100_000));
    assert_eq!((dropped.status, dropped.header("content-length")), (200, "1000000"));
    assert!(dropped.body == content[..100_000], "{} bytes", dropped.body.len());
    let other = spoilt(Mishap::OtherBytes);
    assert!(other.status == 200 && other.body.len() == content.len() && other.body != content);
    let rest = served.get(&url, &[("range", "bytes=100000-")]);
    assert!(rest.status == 206 && rest.body == content[100_000..]);
    assert_eq!(spoilt(Mishap::Down).status, 503);
}

#[test]
fn a_large_artifact_is_streamed_and_not_held() {
    let served = Served::start();
    let path = served.dir.path().join("large.img");
    let size = 300_u64 << 20;
    // Sparse: it takes no room on the disk.
    std::fs::File::create(&path).unwrap().set_len(size).unwrap();
    let content = pretend_platform::fleet::Content::file(&path).unwrap();
    assert_eq!(content.hashes().sha1, "7a8bf8efc28275f9957f283c4dea66cc98b0c29b");
    {
        let mut state = served.fleet.state();
        let now = "2026-11-26T00:00:00Z".parse().unwrap();
        state.create_target("kiosk-1", None, now).unwrap();
        let module = state.create_module("os", "kiosk", "1").unwrap();
        state.add_artifact(module, "large.img", content).unwrap();
        let set = state.create_set("kiosk", "1", &[module]).unwrap();
        state.assign("kiosk-1", &fleet_state::forced(set), now).unwrap();
    }
    let before = memory();
    let url = "/DEFAULT/controller/v1/kiosk-1/softwaremodules/1/artifacts/large.img";
    let tail = served.get(url, &[("range", "bytes=314572795-")]);
    assert_eq!((tail.status, tail.body.as_slice()), (206, &[0; 5][..]));
    let mut stream = std::net::TcpStream::connect(served.address()).unwrap();
    let ask = format!(
        "GET {url} HTTP/1.1\r\nhost: x\r\nauthorization: GatewayToken gate\r\nconnection: close\r\n\r\n"
    );
    std::io::Write::write_all(&mut stream, ask.as_bytes()).unwrap();
    let read = std::io::copy(&mut stream, &mut std::io::sink()).unwrap();
    assert!(read > size, "{read}");
    let grown = memory().saturating_sub(before);
    assert!(grown < 32 << 10, "{grown} KiB more at the most");
}

/// The most KiB that this process ever held.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
