//! The demo's site: its board file, its officer, its enrolment.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};

use crate::{
    demo::Options,
    project,
    stage::{DeskReady, program},
};

/// Writes the demo's board: the developer's computer, with every path of this run.
pub fn write_board(
    options: &Options,
    folder: &Path,
    ready: &DeskReady,
    platform: &Path,
    port: u16,
) -> Result<()> {
    let data = folder.join("data");
    fs::create_dir_all(&data)?;
    fs::write(folder.join("staff.toml"), STAFF)?;
    let root = project::root();
    let path = |path: &Path| format!("{:?}", path.display().to_string());
    let reader = options.reader.as_deref().unwrap_or("Virtual PCD 00 00");
    let screen = screen(&options.size)?;
    let camera = options.camera.clone().unwrap_or_else(|| PathBuf::from("/dev/video0"));
    let text = format!(
        "inherit = {}\n\n[kiosk]\nid = \"demo-kiosk\"\nsite = \"Bàn trình diễn\"\n\n[files]\ndata = {}\n\
         trust-list = {}\nrevocation-lists = {}\nmodels = {}\ncatalogue = {}\nrules = {}\nstaff = {}\nscreen-socket = {}\n\n{screen}\n\
         [reader]\nname = {reader:?}\n\n[camera]\ndevice = {}\n\n[receipt-printer]\nport = {}\n\n\
         [code-scanner]\nport = {}\n\n[gateway]\nurl = \"https://127.0.0.1:{port}\"\nca = {}\nclient-cert = {}\n\
         client-key = {}\nsigning-key = {}\nsealing-key = {}\n",
        path(&root.join("board-configs/pc-dev")),
        path(&data),
        path(&ready.trust_list),
        path(&ready.revocation_lists),
        path(&root.join("firmware/face/models")),
        path(&root.join("firmware/services/catalogue")),
        path(&root.join("firmware/services/rules.toml")),
        path(&folder.join("staff.toml")),
        path(&folder.join("screen.sock")),
        path(&camera),
        path(&ready.printer),
        path(&ready.scanner),
        path(&platform.join("platform-ca.pem")),
        path(&platform.join("kiosk-client.pem")),
        path(&platform.join("kiosk-client.key")),
        path(&platform.join("platform-signing.pub")),
        path(&platform.join("platform-seal.pub")),
    );
    fs::write(folder.join("demo.toml"), text)?;
    let slips = folder.join("slips");
    ensure!(ready.slips == slips, "the slips are not where they should be");
    Ok(())
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
pub fn enrol(folder: &Path, platform: &Path) -> Result<()> {
    let output = program("kioskd")
        .args(["--public-key", "--board"])
        .arg(folder.join("demo.toml"))
        .output()
        .context("cannot start kioskd")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(fs::write(platform.join("kiosk-signing.pub"), output.stdout)?)
}

/// A real reader that was asked for must be there.
pub fn look_for_reader(folder: &Path, name: &str) -> Result<()> {
    let output =
        program("kioskd").args(["--check-devices", "--board"]).arg(folder.join("demo.toml")).output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    let line = said.lines().find_map(|line| line.strip_prefix("card reader: "));
    match line {
        Some("works") => Ok(()),
        Some(fault) => bail!("{fault} (asked for: {name})"),
        None => bail!("{}", String::from_utf8_lossy(&output.stderr).trim()),
    }
}

/// One invented officer for the demo.
const STAFF: &str = include_str!("demo-staff.toml");
