//! The whole table of states and events, as a committed snapshot: a new state or event,
//! or a changed step, shows as a diff of `table.txt`. After a change that is meant:
//! `KIOSK_BLESS=1 cargo test -p journey --test table`, then read the diff.

mod kiosk;

use std::{env, fmt::Write, fs, path::Path};

use journey::Effect;
use kiosk::Kiosk;

fn table() -> String {
    let mut table = String::from(
        "# state, event -> next state [effects]; what is not listed changes nothing.\n\
         # ~ the page changes, the state stays.\n",
    );
    for state in kiosk::states() {
        writeln!(table, "\n{state}").unwrap();
        let mut at = Kiosk::at_state(state);
        for (name, event) in kiosk::events() {
            let before = at.view();
            let effects = at.step(event());
            let effects: Vec<_> = effects.iter().map(Effect::word).collect();
            let moved = at.at() != state;
            let changed = at.view() != before;
            if moved || changed || !effects.is_empty() {
                let to = if moved {
                    at.at()
                } else if changed {
                    "~"
                } else {
                    "."
                };
                let effects =
                    if effects.is_empty() { String::new() } else { format!(" [{}]", effects.join(" ")) };
                writeln!(table, "  {name} -> {to}{effects}").unwrap();
            }
            // A second may count something that no page shows.
            if moved || changed || !effects.is_empty() || name == "Second" {
                at = Kiosk::at_state(state);
            }
        }
    }
    table
}

#[test]
fn the_table_of_states_and_events_is_the_committed_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/table.txt");
    let now = table();
    if env::var_os("KIOSK_BLESS").is_some() {
        fs::write(&path, &now).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    for (line, (was, is)) in committed.lines().zip(now.lines()).enumerate() {
        assert_eq!(was, is, "line {} of tests/table.txt", line + 1);
    }
    assert_eq!(committed.lines().count(), now.lines().count(), "tests/table.txt has another length");
}
