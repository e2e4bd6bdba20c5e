//! What came of a visit: `result.json`, and whether it is what the scenario
//! expects. Also searches everything for the invented citizen's data.

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Person, Script, http::ask};

/// How long the outbox may take to hand over what the scenario expects.
const HAND_OVER: Duration = Duration::from_mins(2);

/// What a walk left, and where.
pub struct Report {
    /// Where the report goes.
    pub out: PathBuf,
    /// Where the programs ran.
    pub folder: PathBuf,
    /// The pretend platform's control port.
    pub control: u16,
    /// The scenario.
    pub script: Script,
    /// The invented citizen.
    pub person: Person,
    /// How the robot ended.
    pub walked: Result<()>,
    /// The most memory that kioskd held at any moment, in KiB.
    pub kioskd_peak_kib: Option<u64>,
    /// The same of the robot with its window in memory.
    pub screen_peak_kib: Option<u64>,
}

/// What the platform holds.
pub struct Held {
    transactions: Vec<String>,
    counts: Value,
}

#[derive(Serialize)]
struct ResultFile<'a> {
    scenario: &'a str,
    passed: bool,
    faults: Vec<String>,
    outcome: String,
    expected_outcome: &'a str,
    pages: Vec<String>,
    /// What the camera asked for, each time it was something else.
    hints: Vec<String>,
    /// Milliseconds from the first page to each stage's end.
    timings_ms: Vec<(String, u64)>,
    events: Vec<String>,
    transactions: Vec<String>,
    platform: Value,
    slips: Vec<String>,
    /// The most memory that kioskd held at any moment of the visit.
    kioskd_peak_kib: Option<u64>,
    /// The same of the robot citizen, whose window in memory holds the very pages of
    /// kiosk-ui and keeps pictures of them: it stands for kiosk-ui, which needs a display.
    screen_peak_kib: Option<u64>,
    personal_data: PersonalData,
}

/// Where the invented citizen's data were looked for and found.
#[derive(Serialize)]
struct PersonalData {
    searched_files: usize,
    searched_bytes: u64,
    looked_for: &'static str,
    /// Files of the report that are meant to hold them.
    meant_to_hold: Vec<String>,
    /// Anywhere else: must be empty.
    found_elsewhere: Vec<String>,
    /// In the kiosk's own data folder: must be empty.
    found_in_kiosk_data: Vec<String>,
}

#[derive(Deserialize)]
struct Walk {
    pages: Vec<Page>,
    hints: Vec<String>,
    outcome: Option<String>,
}

#[derive(Deserialize)]
struct Page {
    page: String,
    at_ms: u64,
}

impl Report {
    /// Waits until the platform holds what is expected, and fetches it.
    pub fn settle(&self) -> Result<Held> {
        let begun = Instant::now();
        let transactions = loop {
            let ids: Vec<String> = serde_json::from_slice(&self.ask("/control/transactions")?)?;
            if ids.len() >= self.script.expect.transactions as usize || begun.elapsed() > HAND_OVER {
                break ids;
            }
            thread::sleep(Duration::from_millis(250));
        };
        // The receipt comes a moment after the platform has the transaction.
        let acknowledged = || self.events().iter().filter(|e| *e == "transaction-acknowledged").count();
        while acknowledged() < transactions.len() && begun.elapsed() < HAND_OVER {
            thread::sleep(Duration::from_millis(250));
        }
        for (number, id) in transactions.iter().enumerate() {
            let text = self.ask(&format!("/control/transactions/{id}"))?;
            fs::write(self.out.join(format!("transaction-{}.json", number + 1)), text)?;
        }
        let counts = serde_json::from_slice(&self.ask("/control/state")?)?;
        Ok(Held { transactions, counts })
    }

    /// Writes `result.json` and says whether all is as expected.
    pub fn write(&self, held: Held) -> Result<()> {
        let slips = self.keep_slips()?;
        let audit = self.folder.join("data/audit.log");
        fs::copy(&audit, self.out.join("audit.jsonl")).context("there is no audit log")?;
        let walk: Walk = match fs::read(self.out.join("pages/walk.json")) {
            Ok(bytes) => serde_json::from_slice(&bytes)?,
            Err(_) => Walk { pages: Vec::new(), hints: Vec::new(), outcome: None },
        };
        let pages: Vec<String> = walk.pages.iter().map(|page| page.page.clone()).collect();
        let events = self.events();
        let personal_data = self.search()?;

        let expect = &self.script.expect;
        let outcome = walk.outcome.unwrap_or_else(|| "none".to_owned());
        let mut faults = Vec::new();
        let mut check = |holds: bool, fault: String| {
            if !holds {
                faults.push(fault);
            }
        };
        if let Err(error) = &self.walked {
            check(false, format!("the citizen did not get through: {error:#}"));
        }
        check(outcome == expect.outcome, format!("outcome '{outcome}' instead of '{}'", expect.outcome));
        for (what, expected, seen) in [
            ("event", &expect.events, &events),
            ("page", &expect.pages, &pages),
            ("hint", &expect.hints, &walk.hints),
        ] {
            if let Some(missing) = first_missing(expected, seen) {
                check(false, format!("{what} '{missing}' did not come, or not in its place"));
            }
        }
        let count = held.transactions.len();
        check(
            count == expect.transactions as usize,
            format!("the platform holds {count} transactions instead of {}", expect.transactions),
        );
        check(
            slips.is_empty() != expect.paper,
            format!(
                "{} slips came out, expected {}",
                slips.len(),
                if expect.paper { "some" } else { "none" }
            ),
        );
        for (place, found) in [
            ("the report", &personal_data.found_elsewhere),
            ("the kiosk's data", &personal_data.found_in_kiosk_data),
        ] {
            check(found.is_empty(), format!("personal data lie in {place}: {}", found.join(", ")));
        }

        let result = ResultFile {
            scenario: &self.script.title,
            passed: faults.is_empty(),
            outcome,
            expected_outcome: &expect.outcome,
            timings_ms: timings(&walk.pages),
            pages,
            hints: walk.hints,
            events,
            transactions: held.transactions,
            platform: held.counts,
            slips,
            kioskd_peak_kib: self.kioskd_peak_kib,
            screen_peak_kib: self.screen_peak_kib,
            personal_data,
            faults: faults.clone(),
        };
        fs::write(self.out.join("result.json"), serde_json::to_string_pretty(&result)? + "\n")?;
        println!("{}: {}; see {}", self.script.title, result.outcome, self.out.display());
        if !faults.is_empty() {
            bail!("{}", faults.join("; "));
        }
        Ok(())
    }

    fn keep_slips(&self) -> Result<Vec<String>> {
        let to = self.out.join("paper");
        fs::create_dir_all(&to)?;
        let mut names = Vec::new();
        for entry in fs::read_dir(self.folder.join("slips"))?.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            fs::copy(entry.path(), to.join(&name))?;
            names.push(name);
        }
        names.sort();
        Ok(names)
    }

    /// The names of the audit log's events, in order.
    fn events(&self) -> Vec<String> {
        events(&self.folder.join("data/audit.log"))
    }

    /// Looks for the number, the name and the portrait in every file that was written.
    fn search(&self) -> Result<PersonalData> {
        let wanted = self.wanted();
        let mut data = PersonalData {
            searched_files: 0,
            searched_bytes: 0,
            looked_for: "the number, the name in capitals and in title case, 64 bytes out of the middle of the portrait",
            meant_to_hold: vec!["pages/*.png (drawn)".to_owned()],
            found_elsewhere: Vec::new(),
            found_in_kiosk_data: Vec::new(),
        };
        for (base, in_kiosk) in [(self.out.clone(), false), (self.folder.join("data"), true)] {
            for path in files_under(&base)? {
                let bytes = fs::read(&path)?;
                data.searched_files += 1;
                data.searched_bytes += bytes.len() as u64;
                if !wanted.iter().any(|needle| contains(&bytes, needle)) {
                    continue;
                }
                let name = path.strip_prefix(&base).unwrap_or(&path).display().to_string();
                if in_kiosk {
                    data.found_in_kiosk_data.push(name);
                } else if name.starts_with("transaction-") {
                    data.meant_to_hold.push(name);
                } else {
                    data.found_elsewhere.push(name);
                }
            }
        }
        Ok(data)
    }

    fn wanted(&self) -> Vec<Vec<u8>> {
        let mut wanted = vec![
            self.person.number.clone().into_bytes(),
            self.person.name.clone().into_bytes(),
            title_case(&self.person.name).into_bytes(),
        ];
        if let Ok(portrait) = fs::read(self.folder.join("dg2.bin")) {
            let middle = portrait.len() / 2;
            wanted.push(portrait[middle..(middle + 64).min(portrait.len())].to_vec());
        }
        wanted
    }

    /// One request to the control port.
    fn ask(&self, path: &str) -> Result<Vec<u8>> {
        ask(self.control, "GET", path, None, "")
    }
}

/// The names of the events of an audit log, in order.
pub fn events(log: &Path) -> Vec<String> {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter_map(|line| find_event(&line)).collect()
}

/// The event's name, wherever in its line it stands.
fn find_event(line: &Value) -> Option<String> {
    match line {
        Value::Object(map) => match map.get("event") {
            Some(Value::String(name)) => Some(name.clone()),
            _ => map.values().find_map(find_event),
        },
        _ => None,
    }
}

/// The first of `expected` that is not in `seen`, in order.
fn first_missing<'a>(expected: &'a [String], seen: &[String]) -> Option<&'a String> {
    let mut rest = seen.iter();
    expected.iter().find(|wanted| !rest.any(|one| one == *wanted))
}

/// When each page was left, counted from the first.
fn timings(pages: &[Page]) -> Vec<(String, u64)> {
    let first = pages.first().map_or(0, |page| page.at_ms);
    let left = pages.windows(2).map(|pair| (pair[0].page.clone(), pair[1].at_ms - first));
    let mut timings: Vec<(String, u64)> = Vec::new();
    for (page, at) in left {
        match timings.last_mut() {
            Some((last, until)) if *last == page => *until = at,
            _ => timings.push((page, at)),
        }
    }
    timings
}

fn title_case(name: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(String::from).unwrap_or_default();
        first + &letters.as_str().to_lowercase()
    };
    name.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    !needle.is_empty() && memchr::memmem::find(bytes, needle).is_some()
}

fn files_under(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder)?.flatten() {
            let kind = entry.file_type()?;
            if kind.is_dir() {
                open.push(entry.path());
            } else if kind.is_file() {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_must_come_in_their_order() {
        let seen: Vec<String> = ["a", "b", "c"].map(String::from).to_vec();
        let check = |expected: &[&str]| {
            let expected: Vec<String> = expected.iter().map(|&e| e.to_owned()).collect();
            first_missing(&expected, &seen).cloned()
        };
        assert_eq!(check(&["a", "c"]), None);
        assert_eq!(check(&["c", "a"]), Some("a".to_owned()));
        assert_eq!(check(&["d"]), Some("d".to_owned()));
    }

    #[test]
    fn a_name_is_also_looked_for_in_title_case() {
        assert_eq!(title_case("NGUYỄN VĂN KHUÊ"), "Nguyễn Văn Khuê");
    }
}
