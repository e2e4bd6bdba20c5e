//! A kiosk with slots and `fleetd`, its fleet server and its repository.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use rehearsal::{Running, Stage, ask, events};
use serde_json::{Value, json};

use super::{
    repository::{Repository, serve},
    supervisor::Supervisor,
};
use crate::{demo, project};

/// `admin:admin`, the login of a pretend fleet server.
const LOGIN: &str = "YWRtaW46YWRtaW4=";
const KIOSK: &str = "demo-kiosk";
const TOKEN: &str = "demo-kiosk-token";

/// The longest that a release may take from its order to its end, two visits included.
const RELEASE: Duration = Duration::from_mins(6);
/// The longest that all records may take to be handed over.
const HAND_OVER: Duration = Duration::from_mins(20);

/// How a release behaves.
#[derive(Clone, Copy)]
pub enum Release {
    Well,
    WithoutPrinter,
}

/// The stage, and what updates its kiosk.
pub struct Site {
    // Ended in this order.
    fleetd: Option<Running>,
    supervisor: Option<Supervisor>,
    _web: Running,
    stage: Stage,
    repository: Repository,
    sets: u64,
    notes: Vec<Value>,
    faults: Vec<String>,
    /// What each visit left in the audit log.
    stored: usize,
}

impl Site {
    pub fn set(stage: Stage) -> Result<Self> {
        let folder = stage.folder().to_owned();
        for name in ["slots", "fleet-state", "release"] {
            fs::create_dir(folder.join(name))?;
        }
        let repository = Repository::new(folder.join("release"))?;
        let (web, port) = serve(&folder.join("release/repository"), &stage.out().join("logs/web.log"))?;
        let site = Self {
            fleetd: None,
            supervisor: None,
            _web: web,
            repository,
            sets: 0,
            notes: Vec::new(),
            faults: Vec::new(),
            stored: 0,
            stage,
        };
        write_image(&site.image(6, Release::Well), &folder.join("slots/app-a.img"))?;
        symlink("app-a.img", folder.join("slots/current"))?;
        site.write_settings(port)?;
        Self::lay_out_release(&folder.join("release/image"))?;
        let made = json!([{ "controllerId": KIOSK, "securityToken": TOKEN }]);
        site.manage("POST", "targets", &made)?;
        Ok(site)
    }

    /// Puts that many records into the outbox of a kiosk that does not run yet.
    pub fn put_backlog(&self, records: usize) -> Result<BTreeSet<String>> {
        let folder = self.stage.folder();
        let begun = Instant::now();
        let output = Command::new(project::target().join("debug/examples/backlog"))
            .arg(folder.join("data"))
            .arg(folder.join("platform/platform-seal.pub"))
            .args([KIOSK, &records.to_string()])
            .output()
            .context("cannot start backlog")?;
        ensure!(output.status.success(), "backlog: {}", String::from_utf8_lossy(&output.stderr).trim());
        let ids: BTreeSet<_> = String::from_utf8(output.stdout)?.lines().map(str::to_owned).collect();
        ensure!(ids.len() == records, "{} records instead of {records}", ids.len());
        println!("{records} records wait, put in within {} ms", begun.elapsed().as_millis());
        Ok(ids)
    }

    /// Starts what a kiosk starts; the platform takes no record from now on.
    pub fn start(&mut self) -> Result<()> {
        let down = json!({ "at": "submitTransaction", "does": "down", "times": 4_000_000_000_u32 });
        ask(self.stage.control(), "POST", "/control/fault", None, &down.to_string())?;
        self.supervisor = Some(Supervisor::start(self.stage.folder(), self.stage.out())?);
        self.until("kioskd listens", Duration::from_mins(1), |site| Ok(site.stage.screen_socket().exists()))?;
        let fleetd = demo::places()
            .program("fleetd")
            .arg("--config")
            .arg(self.stage.folder().join("fleetd.toml"))
            .stderr(fs::File::create(self.stage.out().join("logs/fleetd.log"))?)
            .spawn()
            .context("cannot start fleetd")?;
        self.fleetd = Some(Running(fleetd));
        Ok(())
    }

    /// A visit from the first page to the last, within which a release is ordered. Gives the
    /// number of the action.
    pub fn serve_while_ordering(&mut self, seq: u64, release: Release, name: &str) -> Result<u64> {
        let target = self.repository.release(seq, self.image(seq, release).as_bytes())?;
        let (before, begun) = (self.runs(), self.count("visit-begun"));
        let mut robot = self.robot(name)?;
        self.until("the visit begins", Duration::from_mins(1), |site| Ok(site.count("visit-begun") > begun))?;
        let action = self.order(&target)?;
        let ended = robot.0.wait()?;
        self.expect(ended.success(), || format!("visit {name} did not get through: {ended}"));
        self.expect(self.runs() == before, || format!("the release changed within visit {name}"));
        self.conclude(name)?;
        Ok(action)
    }

    /// A visit.
    pub fn serve(&mut self, name: &str) -> Result<()> {
        let ended = self.robot(name)?.0.wait()?;
        self.expect(ended.success(), || format!("visit {name} did not get through: {ended}"));
        self.conclude(name)
    }

    fn robot(&self, name: &str) -> Result<Running> {
        let pages = self.stage.out().join(format!("visit-{name}"));
        Ok(Running(self.stage.robot(&pages).spawn().context("cannot start pretend-citizen")?))
    }

    /// What a visit must have come to while the platform takes no record.
    fn conclude(&mut self, name: &str) -> Result<()> {
        let walk = fs::read(self.stage.out().join(format!("visit-{name}/walk.json")));
        let walk: Value = serde_json::from_slice(&walk.context("the robot left no report")?)?;
        let outcome = walk["outcome"].as_str().unwrap_or("none").to_owned();
        self.expect(outcome == "received", || format!("visit {name}: '{outcome}' instead of 'received'"));
        let stored = self.count("transaction-stored");
        let new = stored - self.stored;
        self.expect(new == 1, || format!("visit {name} left {new} records"));
        self.stored = stored;
        let runs = self.runs();
        self.notes.push(json!({ "visit": name, "release": runs, "outcome": outcome }));
        Ok(())
    }

    /// Gives the kiosk a release as an order of the fleet server. Gives the action's number.
    fn order(&mut self, target: &str) -> Result<u64> {
        self.sets += 1;
        let version = self.sets.to_string();
        let named = json!([{ "name": "kiosk", "version": version, "type": "application" }]);
        let module = self.manage("POST", "softwaremodules", &named)?[0]["id"].clone();
        let word = json!([{ "key": "tuf-target", "value": target, "targetVisible": true }]);
        self.manage("POST", &format!("softwaremodules/{module}/metadata"), &word)?;
        let named =
            json!([{ "name": "kiosk", "version": version, "type": "app", "modules": [{ "id": module }] }]);
        let set = self.manage("POST", "distributionsets", &named)?[0]["id"].clone();
        let order = json!({ "id": set, "type": "forced" });
        let answer = self.manage("POST", &format!("targets/{KIOSK}/assignedDS"), &order)?;
        answer["assignedActions"][0]["id"].as_u64().context("nothing was assigned")
    }

    /// Waits for the end of an action, which must be this one.
    pub fn ends(&mut self, action: u64, status: &str, line: &str) -> Result<()> {
        let path = format!("targets/{KIOSK}/actions/{action}");
        self.until("the action ends", RELEASE, |site| {
            Ok(site.manage("GET", &path, &Value::Null)?["active"] == false)
        })?;
        let ended =
            self.manage("GET", &path, &Value::Null)?["detailStatus"].as_str().unwrap_or("").to_owned();
        let history = self.manage("GET", &format!("{path}/status?limit=100"), &Value::Null)?;
        let entries = history["content"].as_array().into_iter().flatten();
        let messages = entries.flat_map(|entry| entry["messages"].as_array().into_iter().flatten());
        let mut said: Vec<_> = messages.filter_map(Value::as_str).map(str::to_owned).collect();
        said.retain(|line| !line.starts_with("Update Server"));
        self.expect(ended == status, || format!("action {action} ended as '{ended}' instead of '{status}'"));
        let as_expected = said.iter().any(|said| said.starts_with(line));
        self.expect(as_expected, || format!("action {action} did not say '{line}': {said:?}"));
        let rehearsed = said.iter().any(|said| said.contains("a rehearsed visit went through"));
        self.expect(rehearsed, || format!("action {action} ran without a rehearsed visit: {said:?}"));
        println!("  {}", said.iter().find(|said| said.starts_with(line)).map_or("?", String::as_str));
        self.notes.push(json!({ "action": action, "status": ended, "said": said }));
        Ok(())
    }

    /// The platform takes records again: all of them come, each once.
    pub fn hand_over(&mut self, backlog: &BTreeSet<String>) -> Result<()> {
        let begun = Instant::now();
        let expected = backlog.len() + self.stored;
        let control = self.stage.control();
        let before: Vec<String> =
            serde_json::from_slice(&ask(control, "GET", "/control/transactions", None, "")?)?;
        self.expect(before.is_empty(), || "the platform took records too early".to_owned());
        ask(control, "DELETE", "/control/fault", None, "")?;
        self.until("every record is handed over", HAND_OVER, |site| {
            Ok(site.count("transaction-acknowledged") >= expected)
        })?;
        let seconds = begun.elapsed().as_secs();
        let held: Vec<String> =
            serde_json::from_slice(&ask(control, "GET", "/control/transactions", None, "")?)?;
        let held: BTreeSet<_> = held.into_iter().collect();
        self.expect(held.len() == expected, || {
            format!("the platform holds {} records of {expected}", held.len())
        });
        let lost = backlog.difference(&held).count();
        self.expect(lost == 0, || format!("{lost} records of the backlog are lost"));
        let acknowledged = self.count("transaction-acknowledged");
        self.expect(acknowledged == expected, || {
            format!("{acknowledged} acknowledgements for {expected} records")
        });
        let counts: Value = serde_json::from_slice(&ask(control, "GET", "/control/state", None, "")?)?;
        println!("{expected} records handed over within {seconds} s, {} sent again", counts["duplicates"]);
        self.notes.push(json!({ "records": expected, "seconds": seconds, "platform": counts }));
        Ok(())
    }

    pub fn report(mut self) -> Result<()> {
        drop(self.fleetd.take());
        let restarts = self.supervisor.take().map_or(0, Supervisor::end);
        // The first start, release 7, release 8, and release 7 again.
        self.expect(restarts == 4, || format!("kioskd was started {restarts} times instead of 4"));
        let (passed, out) = (self.faults.is_empty(), self.stage.out());
        let result =
            json!({ "passed": passed, "faults": self.faults, "starts": restarts, "went": self.notes });
        fs::write(out.join("result.json"), serde_json::to_string_pretty(&result)? + "\n")?;
        println!(
            "Update and rollback under visits: {}; see {}",
            if passed { "passed" } else { "failed" },
            out.display()
        );
        ensure!(passed, "{}", self.faults.join("; "));
        Ok(())
    }

    fn expect(&mut self, holds: bool, fault: impl FnOnce() -> String) {
        if !holds {
            let fault = fault();
            println!("  wrong: {fault}");
            self.faults.push(fault);
        }
    }

    fn until(&self, what: &str, limit: Duration, holds: impl Fn(&Self) -> Result<bool>) -> Result<()> {
        let begun = Instant::now();
        while !holds(self)? {
            if begun.elapsed() > limit {
                bail!("not within {} s: {what}; see {}", limit.as_secs(), self.stage.out().display());
            }
            thread::sleep(Duration::from_millis(250));
        }
        Ok(())
    }

    fn count(&self, event: &str) -> usize {
        events(&self.stage.folder().join("data/audit.log")).iter().filter(|it| *it == event).count()
    }

    /// The number of the release that runs.
    pub fn runs(&self) -> String {
        fs::read_to_string(self.stage.folder().join("runs")).unwrap_or_default().trim().to_owned()
    }

    fn manage(&self, method: &str, path: &str, body: &Value) -> Result<Value> {
        let port = self.stage.fleet().context("the platform serves no fleet")?;
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = ask(port, method, &format!("/rest/v1/{path}"), Some(LOGIN), &body)?;
        if answer.is_empty() { Ok(Value::Null) } else { Ok(serde_json::from_slice(&answer)?) }
    }

    /// A release: it says which it is, and becomes `kioskd`.
    fn image(&self, seq: u64, release: Release) -> String {
        let folder = self.stage.folder();
        let board = match release {
            Release::Well => self.stage.board(),
            Release::WithoutPrinter => folder.join("without-printer.toml"),
        };
        let exports = self.stage.environment().into_iter();
        let exports: Vec<_> =
            exports.map(|(name, value)| format!("export {name}='{}'", value.display())).collect();
        let kioskd = demo::places().programs.join("kioskd");
        format!(
            "#!/bin/sh\n{}\necho {seq} > '{}'\nexec '{}' --board '{}'\n",
            exports.join("\n"),
            folder.join("runs").display(),
            kioskd.display(),
            board.display()
        )
    }

    /// Nobody may be served for twelve seconds before a change: by then `kioskd` has said that the
    /// robot, and with it the screen, is gone. A touchscreen would stay.
    fn write_settings(&self, port: u16) -> Result<()> {
        let folder = self.stage.folder();
        let path = |name: &str| format!("{:?}", folder.join(name).display().to_string());
        fs::write(folder.join("fleet-token"), TOKEN)?;
        fs::write(
            folder.join("without-printer.toml"),
            format!("inherit = {}\n\n[receipt-printer]\nport = {}\n", path("demo"), path("no-such-printer")),
        )?;
        let fleet = self.stage.fleet().context("the platform serves no fleet")?;
        let rehearsal = demo::places().programs.join("kiosk-rehearsal");
        let settings = format!(
            r#"[fleet]
server = "http://127.0.0.1:{fleet}"
tenant = "DEFAULT"
controller = "{KIOSK}"
poll-seconds = 1
target-token = {token}

[tls]

[repository]
metadata = "http://127.0.0.1:{port}/metadata"
targets = "http://127.0.0.1:{port}/targets"
root = {root}

[kiosk]
hardware = "pc-dev"

[files]
state = {state}
slots = {slots}
upkeep = {upkeep}

[hours]
utc-offset-minutes = 420
windows = []

[update]
idle-seconds = 12
idle-forced-seconds = 12
announce-seconds = 2
well-seconds = 5
ill-seconds = 8
cut-off-seconds = 300
tries = 2
restart = ["/bin/sh", "-c", "kill $(cat {pid})"]
rehearse = ["{rehearsal}", "--image", {image}]
"#,
            token = path("fleet-token"),
            root = path("release/shipped-root.json"),
            state = path("fleet-state"),
            slots = path("slots"),
            upkeep = path("upkeep"),
            pid = folder.join("kioskd.pid").display(),
            rehearsal = rehearsal.display(),
            image = path("release/image"),
        );
        Ok(fs::write(folder.join("fleetd.toml"), settings)?)
    }

    /// What a slot's image would hold for `kiosk-rehearsal`, as links into the project.
    fn lay_out_release(image: &Path) -> Result<()> {
        let places = demo::places();
        let share = image.join("share/kiosk");
        fs::create_dir_all(image.join("lib"))?;
        fs::create_dir_all(share.join("rehearsal"))?;
        for (what, at) in [
            (places.programs, image.join("lib/rehearsal")),
            (places.boards, share.join("boards")),
            (places.models, share.join("models")),
            (places.catalogue, share.join("catalogue")),
            (places.rules, share.join("rules.toml")),
            (places.people, share.join("rehearsal/people")),
            (places.scenarios, share.join("rehearsal/scenarios")),
        ] {
            symlink(what, at)?;
        }
        Ok(())
    }
}

fn write_image(image: &str, path: &Path) -> Result<()> {
    fs::write(path, image)?;
    Ok(fs::set_permissions(path, fs::Permissions::from_mode(0o755))?)
}
