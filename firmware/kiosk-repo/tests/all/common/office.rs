//! A desk with tokens: Debian's SoftHSM 2, in a folder of the test.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use opponents::Opponent;

use super::Desk;

/// Of every token.
pub const PIN: &str = "27182818";

/// A desk with SoftHSM plugged in.
pub struct Office {
    pub desk: Desk,
    /// The folder that it was unpacked into.
    pub softhsm: PathBuf,
}

impl Office {
    pub fn new() -> Option<Self> {
        let softhsm = Opponent::SoftHsm.find()?;
        let mut office = Self { desk: Desk::with_keys(), softhsm };
        let (conf, tokens) = (office.desk.path("softhsm.conf"), office.desk.path("tokens"));
        fs::create_dir(&tokens).unwrap();
        let settings = format!("directories.tokendir = {}\nlog.level = ERROR\n", tokens.display());
        fs::write(&conf, settings).unwrap();
        office.set("SOFTHSM2_CONF", conf.to_str().unwrap());
        office.set("PKCS11_MODULE_PATH", office.module().to_str().unwrap());
        for (name, pin) in [("pin", PIN), ("wrong-pin", "31415926")] {
            office.desk.write(name, format!("{pin}\n").as_bytes());
            fs::set_permissions(office.desk.path(name), fs::Permissions::from_mode(0o600)).unwrap();
        }
        Some(office)
    }

    pub fn module(&self) -> PathBuf {
        self.softhsm.join("root/usr/lib/softhsm/libsofthsm2.so")
    }

    pub fn set(&mut self, name: &str, value: &str) {
        self.desk.environment.insert(name.to_owned(), value.into());
    }

    pub fn softhsm(&self, arguments: &[&str]) {
        let mut run = Command::new(self.softhsm.join("run"));
        run.arg("--module").arg(self.module()).args(arguments).envs(&self.desk.environment);
        let ran = run.current_dir(self.desk.path("")).output().unwrap();
        assert!(ran.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
    }

    pub fn token(&self, label: &str) {
        self.softhsm(&["--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", "16180339"]);
    }

    /// A key that OpenSSL made, and its public half as OpenSSL writes it.
    pub fn import(&self, token: &str, label: &str, id: &str, kind: &[&str]) -> Vec<u8> {
        let file = format!("{label}-{id}.pem");
        self.openssl(&[&["genpkey", "-out", &file], kind].concat());
        self.openssl(&["pkey", "-in", &file, "-pubout", "-out", &format!("{label}-{id}.pub")]);
        self.softhsm(&["--import", &file, "--token", token, "--label", label, "--id", id, "--pin", PIN]);
        self.desk.read(&format!("{label}-{id}.pub"))
    }

    pub fn openssl(&self, arguments: &[&str]) {
        let ran = Command::new("openssl").args(arguments).current_dir(self.desk.path("")).output().unwrap();
        assert!(ran.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
    }

    /// The name of a key, with the PIN in a file.
    pub fn key(&self, token: &str, label: &str) -> String {
        format!("pkcs11:token={token};object={label}?pin-source=file:{}", self.desk.path("pin").display())
    }

    /// The program's own key in a token, and its public half in a file.
    pub fn new_key(&self, token: &str, label: &str, algorithm: &str) -> String {
        let key = self.key(token, label);
        self.desk.done(&["new-key", &key, "--algorithm", algorithm]);
        self.desk.done(&["public-key", &format!("pkcs11:token={token};object={label}"), label]);
        key
    }

    /// Puts the other module in front; `how` it is ill.
    pub fn ill(&mut self, how: &str) {
        let module = self.desk.path("ill.so");
        if !module.exists() {
            let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ill_token/module.c");
            let mut compiler = Command::new("cc");
            compiler.args(["-std=c99", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o"]);
            let ran = compiler.arg(&module).arg(source).arg("-ldl").output().unwrap();
            assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        }
        let _ = fs::remove_file(self.desk.path("logins"));
        let behind = self.module();
        let logins = self.desk.path("logins");
        for (name, value) in [
            ("PKCS11_MODULE_PATH", module.to_str().unwrap()),
            ("ILL_TOKEN_BEHIND", behind.to_str().unwrap()),
            ("ILL_TOKEN_LOGINS", logins.to_str().unwrap()),
            ("ILL_TOKEN_PIN", PIN),
            ("ILL_TOKEN", how),
        ] {
            self.set(name, value);
        }
    }

    pub fn logins(&self) -> usize {
        fs::read(self.desk.path("logins")).unwrap_or_default().len()
    }

    /// A root in draft that a key of this name may sign, and the words to sign it with.
    pub fn wanting(&mut self, public: &str, key: &str) -> Vec<String> {
        let targets = ["--targets-key", "keys/targets-1.pub", "--targets-threshold", "1"];
        let online = ["--snapshot-key", "keys/snapshot.pub", "--timestamp-key", "keys/timestamp.pub"];
        let root = ["init", "repo", "--root-key", public, "--root-threshold", "1"];
        self.desk.done(&[&root[..], &targets, &online].concat());
        let request = self.desk.request("root");
        ["sign", &request, "--yes", "--out", "signature", "--key", key].map(str::to_owned).to_vec()
    }
}
