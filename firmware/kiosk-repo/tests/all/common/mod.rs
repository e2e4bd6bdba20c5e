//! A desk of the fleet team: a folder with keys and a repository, and the program itself.

pub mod office;

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use jiff::Timestamp;
use opponents::Opponent;
use release::Release;
use tempfile::TempDir;
use tuf::{Client, Limits, TargetCheck, TargetPath, store::MemoryStore, transport::FolderTransport};

/// When the tests happen.
pub const NOW: &str = "2026-11-26T03:00:00Z";
pub const ONLINE: [&str; 4] = ["--snapshot-key", "keys/snapshot", "--timestamp-key", "keys/timestamp"];

pub struct Desk {
    folder: TempDir,
    /// The time of every command.
    pub now: String,
    /// What every command finds in its environment besides ours.
    pub environment: BTreeMap<String, OsString>,
    requests: usize,
}

/// What a run of the program came to.
pub struct Run {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Desk {
    /// Keys for everybody, and nothing else.
    pub fn with_keys() -> Self {
        let (folder, environment) = (tempfile::tempdir().unwrap(), BTreeMap::new());
        let desk = Self { folder, now: NOW.to_owned(), environment, requests: 0 };
        fs::create_dir(desk.path("keys")).unwrap();
        for name in ["root-1", "root-2", "root-3", "targets-1", "targets-2", "targets-3"] {
            desk.key(name);
        }
        for name in ["snapshot", "timestamp", "stranger"] {
            desk.key(name);
        }
        desk
    }

    /// A repository whose first root and empty targets are published.
    pub fn published() -> Self {
        let mut desk = Self::with_keys();
        desk.init();
        desk.sign("root", &["root-1", "root-2"]);
        desk.sign("targets", &["targets-1", "targets-2"]);
        desk.publish();
        desk
    }

    pub fn init(&self) -> String {
        let mut arguments = vec!["init".to_owned(), "repo".to_owned()];
        for role in ["root", "targets"] {
            for number in 1..=3 {
                arguments.extend([format!("--{role}-key"), format!("keys/{role}-{number}.pub")]);
            }
        }
        for role in ["snapshot", "timestamp"] {
            arguments.extend([format!("--{role}-key"), format!("keys/{role}.pub")]);
        }
        self.done(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    }

    pub fn key(&self, name: &str) {
        self.done(&["new-key", &format!("keys/{name}")]);
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap();
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Runs the program with nothing to read from.
    pub fn run(&self, arguments: &[&str]) -> Run {
        let output = Command::new(env!("CARGO_BIN_EXE_kiosk-repo"))
            .current_dir(self.folder.path())
            .args(arguments)
            .args(["--now", &self.now])
            .envs(&self.environment)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        Run::of(&output)
    }

    /// Runs it to a good end and returns what it printed.
    pub fn done(&self, arguments: &[&str]) -> String {
        let run = self.run(arguments);
        assert_eq!(run.code, 0, "{arguments:?}: {}{}", run.out, run.err);
        run.out
    }

    /// Runs it and expects a refusal with this code whose words have all of these.
    pub fn refused(&self, arguments: &[&str], code: i32, words: &[&str]) {
        let run = self.run(arguments);
        assert_eq!(run.code, code, "{arguments:?}: {}{}", run.out, run.err);
        for word in words {
            assert!(run.err.contains(word), "{word:?} is not in: {}", run.err);
        }
    }

    /// Sends a draft out; the request's name.
    pub fn request(&mut self, role: &str) -> String {
        self.requests += 1;
        let name = format!("{role}-{}.request", self.requests);
        self.done(&["draft", "repo", role, &name]);
        name
    }

    /// Has a request signed; the signature's name.
    pub fn signature(&self, request: &str, key: &str) -> String {
        let name = format!("{request}.{key}");
        self.done(&["sign", request, "--key", &format!("keys/{key}"), "--out", &name, "--yes"]);
        name
    }

    /// Sends a draft out, has it signed and takes the signatures in.
    pub fn sign(&mut self, role: &str, keys: &[&str]) -> String {
        let request = self.request(role);
        let signatures: Vec<_> = keys.iter().map(|key| self.signature(&request, key)).collect();
        let mut arguments = vec!["merge", "repo"];
        arguments.extend(signatures.iter().map(String::as_str));
        self.done(&arguments)
    }

    pub fn publish(&self) -> String {
        self.done(&[&["publish", "repo"][..], &ONLINE].concat())
    }

    /// Lists a system image in draft.
    pub fn add(&self, path: &str, seq: &str) -> Run {
        self.write("image", format!("image {seq}").as_bytes());
        let kind = path.split('/').next().unwrap();
        let numbers = ["--release-seq", seq, "--min-release-seq", "1"];
        let fixed = ["add-release", "repo", "--target", path, "image", "--hw", "pi5-counter", "--kind", kind];
        self.run(&[&fixed[..], &numbers].concat())
    }

    /// A kiosk that was shipped with the first root.
    pub fn kiosk(&self) -> Kiosk {
        let mut client =
            Client::new(FolderTransport::new(&self.path("repo")), MemoryStore::default(), Limits::default());
        client.trust(&self.read("repo/metadata/1.root.json")).unwrap();
        Kiosk { client }
    }

    pub fn time(&self) -> Timestamp {
        self.now.parse().unwrap()
    }
}

impl Run {
    pub fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let code = output.status.code().expect("the program ends by itself");
        Self { code, out: text(&output.stdout), err: text(&output.stderr) }
    }
}

pub struct Kiosk {
    pub client: Client<FolderTransport, MemoryStore>,
}

impl Kiosk {
    pub async fn refresh(&mut self, now: Timestamp) -> tuf::Refreshed {
        self.client.refresh(now).await.unwrap()
    }

    /// Who lists a target, its bytes, and what release it is.
    pub async fn install(&mut self, path: &str) -> Option<(String, Vec<u8>, Option<Release>)> {
        let target = self.client.find(&TargetPath::new(path).unwrap()).await.unwrap()?;
        let mut bytes = Vec::new();
        self.client.download(&target, &mut TargetCheck::new(&target), &mut bytes).await.unwrap();
        let release = target.file.custom::<Release>().map(|release| release.unwrap());
        Some((target.listed_by, bytes, release))
    }
}

/// python-tuf's interpreter.
pub fn python() -> Option<PathBuf> {
    Some(Opponent::PythonTuf.find()?.join("bin/python"))
}

/// Serves a folder as the plainest of web servers does, and has python-tuf fetch a target.
pub fn python_fetches(python: &Path, folder: &Path, name: &str) -> Run {
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", server.local_addr().unwrap());
    let root = folder.to_owned();
    // Ends with the test's process.
    std::thread::spawn(move || server.incoming().for_each(|connection| answer(connection.unwrap(), &root)));
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../tuf/tests/python_tuf/opponent.py");
    let folder = folder.to_str().unwrap();
    Run::of(&Command::new(python).args([script, "fetch", folder, &address, name]).output().unwrap())
}

fn answer(mut connection: std::net::TcpStream, root: &Path) {
    use std::io::{BufRead as _, BufReader, Write as _};
    let mut lines = BufReader::new(connection.try_clone().unwrap()).lines();
    let Some(Ok(first)) = lines.next() else { return };
    let path = first.split(' ').nth(1).unwrap().trim_start_matches('/').to_owned();
    while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
    let (status, body) = match fs::read(root.join(path)) {
        Ok(body) => ("200 OK", body),
        Err(_) => ("404 Not Found", Vec::new()),
    };
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    // A client that has gone does not matter to us.
    let _ = connection.write_all(head.as_bytes()).and_then(|()| connection.write_all(&body));
}
