//! The demo's site: its board file, its officers, its enrolment.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, Result, bail, ensure};

use crate::{
    Places,
    stage::{DeskReady, Options},
};

/// Writes the demo's board: the developer's computer, with every path of this run.
pub fn write_board(
    places: &Places,
    options: &Options,
    folder: &Path,
    ready: &DeskReady,
    platform: &Path,
    port: u16,
) -> Result<()> {
    let data = folder.join("data");
    let upkeep = folder.join("upkeep");
    fs::create_dir_all(&data)?;
    fs::create_dir_all(&upkeep)?;
    fs::write(folder.join("staff.toml"), STAFF)?;
    write_officers(places, &folder.join("officers.toml"))?;
    let path = |path: &Path| format!("{:?}", path.display().to_string());
    let reader = options.reader.as_deref().unwrap_or("Virtual PCD 00 00");
    let screen = screen(&options.size)?;
    let camera = options.camera.clone().unwrap_or_else(|| PathBuf::from("/dev/video0"));
    let text = format!(
        "inherit = {}\n\n[kiosk]\nid = \"demo-kiosk\"\nsite = \"Bàn trình diễn\"\n\n[files]\ndata = {}\n\
         trust-list = {}\nrevocation-lists = {}\nmodels = {}\ncatalogue = {}\nrules = {}\nstaff = {}\nscreen-socket = {}\nupkeep = {}\n\n{screen}\n\
         [officers]\nlist = {}\n\n[reader]\nname = {reader:?}\n\n[camera]\ndevice = {}\n\n[receipt-printer]\nport = {}\n\n\
         [code-scanner]\nport = {}\n\n[gateway]\nurl = \"https://127.0.0.1:{port}\"\nca = {}\nclient-cert = {}\n\
         client-key = {}\nsigning-key = {}\nsealing-key = {}\n",
        path(&places.boards.join("pc-dev")),
        path(&data),
        path(&ready.trust_list),
        path(&ready.revocation_lists),
        path(&places.models),
        path(&places.catalogue),
        path(&places.rules),
        path(&folder.join("staff.toml")),
        path(&folder.join("screen.sock")),
        path(&upkeep),
        path(&folder.join("officers.toml")),
        path(&camera),
        path(&ready.printer),
        path(&ready.scanner),
        path(&platform.join("platform-ca.pem")),
        path(&platform.join("kiosk-client.pem")),
        path(&platform.join("kiosk-client.key")),
        path(&platform.join("platform-signing.pub")),
        path(&platform.join("platform-seal.pub")),
    );
    let badges = folder.join("badges.toml");
    let badges = badges.exists().then(|| format!("[badges]\nlist = {}\n", path(&badges)));
    fs::write(folder.join("demo.toml"), text + &badges.unwrap_or_default())?;
    let slips = folder.join("slips");
    ensure!(ready.slips == slips, "the slips are not where they should be");
    Ok(())
}

/// Two invented officers, made as real ones are, each with their PIN.
fn write_officers(places: &Places, path: &Path) -> Result<()> {
    let mut list =
        String::from("# Two invented officers of the demo; their keys are made anew for each run.\n");
    for (number, pin) in OFFICERS {
        let mut made = places
            .program("kioskd")
            .args(["--new-officer", number])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start kioskd")?;
        writeln!(made.stdin.take().context("kioskd has no input")?, "{pin}")?;
        let output = made.wait_with_output()?;
        ensure!(output.status.success(), "kioskd --new-officer {number} failed");
        list.push_str(&String::from_utf8(output.stdout)?);
    }
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    Ok(file.write_all(list.as_bytes())?)
}

/// The window of the demo as a panel: a desk monitor with four dots a millimetre.
fn screen(size: &str) -> Result<String> {
    let wrong = || format!("CONF-03: '{size}' is no size such as 1280x800");
    let (width, height) = size.split_once('x').with_context(wrong)?;
    let width: u32 = width.parse().with_context(wrong)?;
    let mm = width / 4;
    Ok(format!("[screen]\nwidth = {width}\nheight = {height}\nmm-wide = {mm}\n"))
}

/// The pretend platform learns the kiosk's key, as a real one does when a technician
/// enrols the machine.
pub fn enrol(places: &Places, folder: &Path, platform: &Path) -> Result<()> {
    let output = places
        .program("kioskd")
        .args(["--public-key", "--board"])
        .arg(folder.join("demo.toml"))
        .output()
        .context("cannot start kioskd")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(fs::write(platform.join("kiosk-signing.pub"), output.stdout)?)
}

/// A real reader that was asked for must be there.
pub fn look_for_reader(places: &Places, folder: &Path, name: &str) -> Result<()> {
    let output = places
        .program("kioskd")
        .args(["--check-devices", "--board"])
        .arg(folder.join("demo.toml"))
        .output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    let line = said.lines().find_map(|line| line.strip_prefix("card reader: "));
    match line {
        Some("works") => Ok(()),
        Some(fault) => bail!("{fault} (asked for: {name})"),
        None => bail!("{}", String::from_utf8_lossy(&output.stderr).trim()),
    }
}

/// The service numbers and PINs of the demo's officers; the scenarios know them too.
pub const OFFICERS: [(&str, &str); 2] = [("100001", "80246137"), ("100002", "57913508")];

/// One invented officer for the demo's staff page.
const STAFF: &str = include_str!("demo-staff.toml");
