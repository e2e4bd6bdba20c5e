//! Debian's `rauc` with a bus of its own, two slots that are files, and `kiosk-tryboot` as its boot
//! loader. What a board's firmware would do at a restart is done here.
//!
//! Found at `target/opponents/rauc/run`; unpacked by
//! `firmware/xtask/unpack_debian.py`. Without it these tests are skipped, loudly, unless
//! `KIOSK_OPPONENTS` is set. RAUC mounts bundles: without root they are skipped as well. Where the
//! kernel has no device-mapper, `mapper.c` stands in for it.

use std::{
    env, fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use install::{Content, InstallError, SlotFolder};
use opponents::Opponent;
use rauc::{Bus, Installer, Rauc, updater::Updater as _};
use release::{Hardware, Kind, Release, ReleaseFile, Sha256Digest};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

const COMPATIBLE: &str = "kiosk-pi5-counter";

pub type Back = Rauc<Installer, SlotFolder>;

fn program() -> Option<PathBuf> {
    let program = Opponent::Rauc.find()?.join("run");
    if !nix::unistd::Uid::effective().is_root() {
        eprintln!("SKIPPED: rauc mounts bundles, for which it must be root");
        return None;
    }
    Some(program)
}

/// Built beside the tests, of this crate or of another.
fn chooser_program() -> PathBuf {
    let here = env::current_exe().unwrap();
    let program = here.ancestors().nth(2).unwrap().join("kiosk-tryboot");
    assert!(program.is_file(), "build {} first: cargo build -p rauc", program.display());
    program
}

/// None: the kernel has device-mapper.
fn stands_in_for_the_mapper(folder: &Path) -> Option<PathBuf> {
    if fs::File::open("/dev/mapper/control").is_ok() {
        return None;
    }
    let library = folder.join("mapper.so");
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-o"]).arg(&library);
    let ran = compiler.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../rauc/tests/mapper.c")).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    eprintln!("no device-mapper: what stands in for it holds nothing against a bundle's hash tree");
    Some(library)
}

/// A board.
pub struct Board {
    program: PathBuf,
    folder: TempDir,
    bus: Child,
    mapper: Option<PathBuf>,
    rauc: Option<Child>,
    boots: u32,
    pub slot: &'static str,
}

/// How a bundle is laid out.
#[derive(Clone, Copy)]
pub enum Format {
    /// Signed from outside, held in memory.
    Plain,
    /// Held against its hash tree by device-mapper while it is read.
    Verity,
}

impl Format {
    fn word(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Verity => "verity",
        }
    }
}

/// A bundle as a repository lists it.
pub struct Bundle {
    pub bytes: Vec<u8>,
    pub content: Content,
    pub image: Vec<u8>,
}

impl Board {
    /// It has been started from slot A. `None`: skipped.
    pub fn new() -> Option<Self> {
        let program = program()?;
        let folder = TempDir::new().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        for made in ["firmware", "tree", "slots"] {
            fs::create_dir(folder.path().join(made)).unwrap();
        }
        fs::write(at("a.img"), b"the system as it came").unwrap();
        fs::write(at("b.img"), b"").unwrap();
        fs::write(at("firmware/autoboot.txt"), rauc::tryboot::Autoboot { all: 2, tryboot: 3 }.text())
            .unwrap();
        let settings = format!(
            "firmware = {:?}\nstate = {:?}\ndevice-tree = {:?}\npartition-a = 2\npartition-b = 3\ntries = 3\n",
            at("firmware"),
            at("tryboot"),
            at("tree")
        );
        fs::write(at("tryboot.toml"), settings).unwrap();
        fs::write(
            at("system.conf"),
            format!(
                "[system]\ncompatible={COMPATIBLE}\nbootloader=custom\nstatusfile={}\nmountprefix={}\n\
                 bundle-formats=plain verity\nactivate-installed=false\n\
                 [handlers]\nbootloader-custom-backend={}\npre-install={}\npost-install={}\n\
                 [keyring]\npath={}\n\
                 [slot.rootfs.0]\ndevice={}\ntype=raw\nbootname=A\n\
                 [slot.rootfs.1]\ndevice={}\ntype=raw\nbootname=B\n",
                at("status"),
                at("mnt"),
                at("loader"),
                at("pre-install"),
                at("post-install"),
                at("trusted.crt"),
                at("a.img"),
                at("b.img")
            ),
        )
        .unwrap();
        let bus_settings = format!(
            "<busconfig><listen>unix:path={}</listen><auth>EXTERNAL</auth><policy context=\"default\">\
             <allow send_destination=\"*\"/><allow receive_sender=\"*\"/><allow own=\"*\"/><allow user=\"*\"/>\
             </policy></busconfig>",
            at("bus")
        );
        fs::write(at("bus.conf"), bus_settings).unwrap();
        let mut bus = Command::new("dbus-daemon");
        bus.arg(format!("--config-file={}", at("bus.conf"))).args(["--nofork", "--nopidfile"]);
        let bus = bus.stderr(Stdio::null()).spawn().unwrap();
        let mapper = stands_in_for_the_mapper(folder.path());
        let mut board = Self { program, folder, bus, mapper, rauc: None, boots: 0, slot: "A" };
        let path = board.path("bus");
        until("the bus", || path.exists());
        // Handlers through which a test cuts rauc off: before its first write, after its last, and
        // where it tells the boot loader that it is about to write.
        let chooser = chooser_program().display().to_string();
        for (name, then) in [
            ("pre-install", String::new()),
            ("post-install", String::new()),
            ("loader", format!("echo \"$@\" >> {}\nexec {chooser} \"$@\"\n", board.show("loader.log"))),
        ] {
            let cut = format!(
                "if [ -e {0} ]; then rm {0}; kill -9 $PPID; fi\n",
                board.show(&format!("cut-{name}"))
            );
            let cut = if name == "loader" { format!("if [ \"$3\" = bad ]; then\n{cut}fi\n") } else { cut };
            fs::write(board.path(name), format!("#!/bin/sh\n{cut}{then}")).unwrap();
            fs::set_permissions(board.path(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
        board.authority("trusted");
        board.authority("stranger");
        board.start(2, false);
        Some(board)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn show(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_default()
    }

    /// A slot's first bytes.
    pub fn holds(&self, image: &str, bytes: &[u8]) -> bool {
        self.read(image).starts_with(bytes)
    }

    fn openssl(&self, arguments: &str) {
        let mut openssl = Command::new("openssl");
        let ran = openssl.args(arguments.split(' ')).current_dir(self.folder.path()).output().unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    }

    /// Makes `NAME.key` and `NAME.crt`, an authority that signs bundles itself.
    fn authority(&self, name: &str) {
        self.openssl(&format!(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout {name}.key -out {name}.crt \
             -days 2 -subj /CN={name}"
        ));
    }

    /// Makes a bundle's file.
    pub fn pack(&self, seq: u64, image: &[u8], signer: &str, compatible: &str, format: Format) -> PathBuf {
        let (input, output) = (self.path(&format!("in-{seq}")), self.path(&format!("{seq}-{signer}.raucb")));
        fs::remove_dir_all(&input).ok();
        fs::create_dir(&input).unwrap();
        fs::write(input.join("rootfs.img"), image).unwrap();
        let format = format.word();
        let manifest = format!(
            "[update]\ncompatible={compatible}\nversion={seq}\n[bundle]\nformat={format}\n\
             [image.rootfs]\nfilename=rootfs.img\n"
        );
        fs::write(input.join("manifest.raucm"), manifest).unwrap();
        let mut rauc = Command::new(&self.program);
        rauc.args(["bundle", "--cert", &format!("{signer}.crt"), "--key", &format!("{signer}.key")]);
        let ran = rauc.arg(&input).arg(&output).current_dir(self.folder.path()).output().unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        output
    }

    /// A bundle as a repository would list it.
    pub fn bundle(&self, seq: u64, signer: &str, compatible: &str, format: Format) -> Bundle {
        let image: Vec<u8> = (0..2_000_000_u64).map(|at| (at.wrapping_mul(seq + 7) >> 3) as u8).collect();
        let bytes = fs::read(self.pack(seq, &image, signer, compatible, format)).unwrap();
        // RAUC has written the image's digest into it.
        let manifest = self.read(&format!("in-{seq}/manifest.raucm"));
        let manifest = Sha256::digest(manifest);
        let number = |number: u64| number.try_into().unwrap();
        let release = ReleaseFile {
            hw: [Hardware::new("pi5-counter").unwrap()].into(),
            kind: Kind::Os,
            release_seq: number(seq),
            min_release_seq: number(1),
            data_schema: None,
            security: false,
            deadline: None,
            waves: None,
            image: None,
            rauc_manifest_hash: Some(Sha256Digest::new(manifest.into())),
            delta: vec![],
        };
        let (length, digest) = (bytes.len() as u64, Sha256::digest(&bytes).into());
        let release = Release::new(release).unwrap();
        let content = Content::of(&format!("os/kiosk-{seq}"), length, digest, &release);
        Bundle { bytes, content, image }
    }

    pub fn compatible() -> &'static str {
        COMPATIBLE
    }

    /// The address of its bus.
    pub fn bus(&self) -> String {
        format!("unix:path={}", self.show("bus"))
    }

    fn installer(&self) -> Installer {
        Installer::new(Bus::At(self.bus()))
    }

    /// Starts `rauc`, as after a start of the machine from this partition.
    fn start(&mut self, partition: u32, tryboot: bool) {
        self.boots += 1;
        self.slot = if partition == 2 { "A" } else { "B" };
        fs::write(self.path("tree/partition"), partition.to_be_bytes()).unwrap();
        fs::write(self.path("tree/tryboot"), u32::from(tryboot).to_be_bytes()).unwrap();
        self.start_rauc();
    }

    pub fn start_rauc(&mut self) {
        self.kill_rauc();
        let mut rauc = Command::new(&self.program);
        rauc.arg(format!("--conf={}", self.show("system.conf")));
        // What the kernel's command line says by rauc.slot=.
        rauc.args([&format!("--override-boot-slot={}", self.slot), "service"]);
        rauc.env("DBUS_STARTER_BUS_TYPE", "session");
        rauc.env("DBUS_SESSION_BUS_ADDRESS", self.bus());
        rauc.env("KIOSK_TRYBOOT", self.path("tryboot.toml"));
        rauc.envs(self.mapper.iter().map(|mapper| ("LD_PRELOAD", mapper)));
        let log = fs::File::options().create(true).append(true).open(self.path("rauc.log")).unwrap();
        rauc.stdout(log.try_clone().unwrap()).stderr(log);
        self.rauc = Some(rauc.spawn().unwrap());
        let installer = self.installer();
        until("rauc", || installer.look().is_ok());
    }

    pub fn kill_rauc(&mut self) {
        if let Some(mut rauc) = self.rauc.take() {
            // It may be dead already.
            _ = rauc.kill();
            rauc.wait().unwrap();
        }
    }

    /// `kiosk-tryboot`, as a unit would call it.
    pub fn chooser(&self, arguments: &[&str]) -> String {
        let mut chooser = Command::new(chooser_program());
        let ran = chooser.args(arguments).env("KIOSK_TRYBOOT", self.path("tryboot.toml")).output().unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8(ran.stdout).unwrap().trim().to_owned()
    }

    /// Restarts the machine as its unit does; returns the argument.
    pub fn restart(&mut self) -> String {
        let argument = self.chooser(&["restart"]);
        self.power_on(argument == "0 tryboot");
        argument
    }

    /// What the firmware does.
    pub fn power_on(&mut self, tryboot: bool) {
        self.kill_rauc();
        let file = rauc::tryboot::Autoboot::parse(&self.read("firmware/autoboot.txt"));
        let partition = file.map_or(2, |file| if tryboot { file.tryboot } else { file.all });
        self.start(partition.into(), tryboot);
    }

    /// fleetd's back end after the start of the machine.
    pub fn open(&self) -> Back {
        let since = Instant::now();
        loop {
            let place = SlotFolder::new(&self.path("slots"));
            match Rauc::open(place, self.installer(), &self.boot_id()) {
                Ok(back) => return back,
                // A child that another thread's test starts holds the lock of the one before until
                // it becomes its program.
                Err(InstallError::Lock(_)) if since.elapsed() < Duration::from_secs(5) => {
                    thread::sleep(Duration::from_millis(20));
                }
                Err(error) => panic!("{error:?}; {}", self.log()),
            }
        }
    }

    /// What the kernel would say.
    pub fn boot_id(&self) -> String {
        format!("boot {}", self.boots)
    }

    /// RAUC's.
    pub fn version(&self) -> String {
        let said = Command::new(&self.program).arg("--version").output().unwrap().stdout;
        String::from_utf8(said).unwrap().trim_start_matches("rauc ").to_owned()
    }

    pub fn log(&self) -> String {
        String::from_utf8_lossy(&self.read("rauc.log")).into_owned()
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        self.kill_rauc();
        // A rauc that was killed leaves its bundle mounted, once for each time.
        let unmount = || Command::new("umount").arg(self.path("mnt/bundle")).stderr(Stdio::null()).status();
        while unmount().is_ok_and(|status| status.success()) {}
        _ = self.bus.kill();
        _ = self.bus.wait();
    }
}

fn until(what: &str, holds: impl Fn() -> bool) {
    let since = Instant::now();
    while !holds() {
        assert!(since.elapsed() < Duration::from_secs(20), "{what} does not come up");
        thread::sleep(Duration::from_millis(20));
    }
}
